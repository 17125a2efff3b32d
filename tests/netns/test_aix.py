# SPDX-License-Identifier: ISC
"""The commands and files of AIX against real daemons and the real kernel."""

import difflib
import re
import subprocess

import lab
import needs
import pytest

CLASSIC = """\
# The administrator's own words.
interface 10.1.1.10 { trafficControl }
"""
MINE = "# No policy yet.\n"
SENDER = "10.1.1.10"
RECEIVER = "10.1.1.20"


class Host:
    """A host with rsvpd on the files of AIX, and a neighbour."""

    def __init__(self, name, policy=MINE):
        self.lab = lab.Lab(name)
        try:
            self.s = self.lab.node("s")
            self.c = self.lab.node("c")
            self.lab.link(self.s, "eth0", self.c, "eth0",
                          (SENDER, RECEIVER, 24),
                          ("2001:db8:1::10", "2001:db8:1::20", 64))
            self.daemon = lab.Daemon(self.s, CLASSIC, policy, wait=False)
            self.daemon.wait_ready()
        except BaseException:
            self.lab.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.lab.close()

    @property
    def file(self):
        return self.daemon.policy

    def qos(self, command, *argv, check=True):
        """One of the commands by its name, on this host."""
        link = self.lab.dir / command
        if not link.is_symlink():
            link.symlink_to(lab.program("qosstat"))
        options = [] if command in ("mkqos", "rmqos") else [
            "--socket", self.daemon.control, "--file", self.file]
        return self.s.run(link, *options, *argv, check=check)

    def rules(self):
        return [r["name"] for r in
                self.daemon.ctl_json("show", "policy")["rules"]]


@pytest.fixture(scope="module")
def host():
    with Host("aix") as h:
        yield h


def test_the_classic_file_configures_the_interface(host):
    found = host.daemon.ctl_json("show", "interfaces")["interfaces"]
    enabled = [i["name"] for i in found if i["enabled"]]
    assert enabled == ["eth0"]
    assert [i["traffic_control"] for i in found if i["enabled"]] == [True]


def test_an_edit_is_in_force_when_the_command_ends(host):
    host.qos("qosadd", "-s", "sc01", "-t", "10000000", "-b", "81", "-f",
             "ControlledLoad", "-m", "41", "service")
    done = host.qos("qosadd", "-s", "sc01", "-r", "pr01", "-n", "udp", "-p",
                    "5004-5004", "policy")
    assert "in force" in done.stdout
    assert host.rules() == ["pr01"]
    rule = host.daemon.ctl_json("show", "policy")["rules"][0]
    assert rule["category"] == "sc01" and rule["priority"] == 0
    host.qos("qosmod", "-r", "pr01", "-l", "7", "policy")
    assert host.daemon.ctl_json("show", "policy")["rules"][0]["priority"] == 7
    host.qos("qosremove", "pr01", "policy")
    assert host.rules() == []
    host.qos("qosremove", "sc01", "service")
    assert host.file.read_text() == MINE
    # The last section leaves a file that is read as one without any.
    host.file.write_text("ServiceCategories last { MaxRate 5 }\n")
    host.qos("qosremove", "last", "service")
    assert host.file.read_text().startswith("# edited by ")
    assert "in force" in host.qos("qosremove", "all").stdout


def test_qosstat_has_the_published_layout(host):
    host.qos("qosadd", "-s", "gold", "-t", "11100000", "-b", "80", "-m", "800",
             "service")
    host.qos("qosadd", "-s", "gold", "-r", "voice", "-n", "udp", "-A",
             f"{SENDER}-{SENDER}", "-p", "5004-5010", "policy")
    shown = host.qos("qosstat", "-na").stdout
    assert shown.startswith(
        "Action:\n"
        " Token bucket rate (B/sec): 100000\n"
        " Token bucket depth (B): 10000\n"
        " Peak rate (B/sec): 100000\n"
        " Outgoing TOS (compliant): 0xe0\n"
        " Outgoing TOS (non-compliant): 0x00\n"
        " Flags: 0x00001011 (POLICE,MARK)\n"
        " Type: DS\n"
        "\n"
        " Statistics:\n"
        "  Compliant packets: 0 (0 bytes)\n"
        "  Non-compliant packets: 0 (0 bytes)\n"
        "\n"
        " Conditions:\n"
        "  Source address         Dest address           Protocol\n"
        "  10.1.1.10:*            *:5004-5010            udp    "
        "(0 connections)\n")
    assert host.qos("qosstat", "-n").stdout == ""
    host.qos("qosremove", "all")
    assert host.qos("qosstat", "-na").stdout == ""


def test_an_edit_that_changes_nothing_is_answered(host):
    host.qos("qosadd", "-s", "same", "-m", "5", "service")
    done = host.qos("qosmod", "-s", "same", "-m", "5", "service")
    assert "in force" in done.stdout
    host.qos("qosremove", "same", "service")


def test_a_refused_edit_says_why_and_changes_nothing(host):
    before = host.file.read_text()
    done = host.qos("qosadd", "-s", "none", "-r", "x", "-n", "6", "policy",
                    check=False)
    assert done.returncode == 1 and "does not exist" in done.stderr
    assert host.file.read_text() == before
    assert host.rules() == []


def test_another_file_than_the_daemons_is_noticed(host):
    other = host.lab.dir / "other.conf"
    done = host.qos("qosadd", "--file", other, "--wait", "1", "-s", "a", "-m",
                    "1", "service", check=False)
    assert done.returncode == 1
    assert "is it the file that it reads" in done.stderr


def test_many_at_once_are_all_in_force(host):
    running = [subprocess.Popen(
        ["ip", "netns", "exec", host.s.ns, host.lab.dir / "qosadd",
         "--socket", host.daemon.control, "--file", host.file, "-s", f"s{i}",
         "-m", str(i), "service"], stdout=subprocess.PIPE)
        for i in range(1, 9)]
    for process in running:
        out, _ = process.communicate(timeout=2 * lab.PATIENCE_S)
        assert process.returncode == 0 and b"in force" in out
    assert host.file.read_text().count("ServiceCategories") == 8
    host.qos("qosremove", "all")


RECEIVE = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
s.bind(("", int(sys.argv[1])))
print("ready", flush=True)
while True:
    data, aux, _, _ = s.recvmsg(2048, 64)
    print(int(data[:8]), aux[0][2][0] if aux else -1, flush=True)
"""
SEND = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
s.connect((sys.argv[2], int(sys.argv[3])))
count, size, rate = int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6])
start = time.monotonic()
i = 0
while count == 0 or i < count:
    s.send(b"%08d" % i + b"." * (size - 8))
    i += 1
    time.sleep(max(0, start + i / rate - time.monotonic()))
print("sent", i, flush=True)
"""


class Traffic:
    """Numbered datagrams to a port, and the TOS each arrives with."""

    def __init__(self, host, port, count=0, size=500, rate=1000):
        self.host = host
        self.receiver = host.c.start("/usr/bin/python3", "-c", RECEIVE, port,
                                     name=f"receive-{port}")
        lab.wait_for(lambda: "ready" in self.receiver.output(), "a receiver")
        self.sender = host.s.start("/usr/bin/python3", "-c", SEND, SENDER,
                                   RECEIVER, port, count, size, rate,
                                   name=f"send-{port}")

    def seen(self):
        """(number, TOS) of each datagram so far."""
        return [tuple(map(int, line.split()))
                for line in self.receiver.output().splitlines()
                if re.fullmatch(r"\d+ -?\d+", line)]

    def tos(self):
        return [tos for _, tos in self.seen()]

    def wait(self, condition, what):
        lab.wait_for(condition, f"{what}: {self.seen()[-3:]}")

    def sent(self):
        return lab.wait_for(
            lambda: re.search(r"sent (\d+)", self.sender.output()),
            "the end of the sender")

    def stop(self):
        self.sender.stop()
        self.receiver.stop()


def kernel(host):
    """All that traffic control and netfilter hold, without counters and the
    queues of fq_codel, which it lists as classes."""
    parts = []
    for what in ("qdisc", "class", "filter"):
        parts.append(host.s.run("tc", "-d", what, "show", "dev",
                                "eth0").stdout)
    for parent in ("1:", "1:1"):
        parts.append(host.s.run("tc", "filter", "show", "dev", "eth0",
                                "parent", parent, check=False).stdout)
    parts.append(host.s.run("nft", "-s", "list", "ruleset").stdout)
    return "\n".join(sorted(line for part in parts
                            for line in part.splitlines()
                            if not line.startswith("class fq_codel")))


def wait_kernel(host, want):
    lab.wait_for(lambda: kernel(host) == want, "the kernel as it was: "
                 + "\n".join(difflib.unified_diff(
                     want.splitlines(), kernel(host).splitlines(), n=0)))


def statistics(host):
    """Compliant and other packets and octets, as qosstat has them."""
    text = host.qos("qosstat", "-na").stdout
    return [tuple(map(int, found)) for found in re.findall(
        r"ompliant packets: (\d+) \((\d+) bytes\)", text)]


@pytest.fixture(scope="module")
def live():
    """A host that has traffic control."""
    with Host("aixtc") as h:
        h.daemon.wait_traffic_control()
        # Idle classes are made in the background, 64 for each service, each
        # with its leaf behind it.
        lab.wait_for(lambda: kernel(h).count("qdisc bfifo") >= 2 * 64,
                     "the pool to fill")
        yield h


def test_traffic_is_marked_as_the_rule_says_and_marked_anew(live):
    before = kernel(live)
    traffic = Traffic(live, 5004)
    try:
        traffic.wait(lambda: len(traffic.seen()) > 50, "traffic")
        assert set(traffic.tos()) == {0}
        live.qos("qosadd", "-s", "mark", "-t", "11100000", "service")
        added = live.qos("qosadd", "-s", "mark", "-r", "voice", "-n", "udp",
                         "-A", f"{SENDER}-{SENDER}", "-p", "5004-5010",
                         "policy")
        assert "voice: installed on eth0" in added.stdout
        traffic.wait(lambda: traffic.tos()[-1] == 0xe0, "the mark")
        assert re.search(r"  10.1.1.10:\* +\*:5004-5010 +udp +"
                         r"\(1 connection\)",
                         live.qos("qosstat", "-n").stdout)
        live.qos("qosmod", "-s", "mark", "-t", "10111000", "service")
        traffic.wait(lambda: traffic.tos()[-1] == 0xb8, "the other mark")
        live.qos("qosremove", "voice", "policy")
        traffic.wait(lambda: traffic.tos()[-1] == 0, "no mark")
        live.qos("qosremove", "mark", "service")
    finally:
        traffic.stop()
    seen = traffic.seen()
    # No packet is lost (but where the receiver waits for its turn longer than
    # its socket holds), and each change is one: never back and forth.
    if not needs.EMULATED:
        assert [number for number, _ in seen] == list(range(len(seen)))
    changes = [tos for i, (_, tos) in enumerate(seen)
               if i == 0 or tos != seen[i - 1][1]]
    assert changes == [0, 0xe0, 0xb8, 0]
    wait_kernel(live, before)


def test_qosstat_counts_what_arrives(live):
    before = kernel(live)
    live.qos("qosadd", "-s", "police", "-t", "11100000", "-b", "40", "-m",
             "400", "service")
    live.qos("qosadd", "-s", "police", "-r", "fast", "-n", "udp", "-p",
             "6000-6000", "policy")
    traffic = Traffic(live, 6000, count=1000, size=472, rate=500)
    try:
        sent = int(traffic.sent().group(1))
        traffic.wait(lambda: len(traffic.seen()) == sent, "all of it")
    finally:
        traffic.stop()
    marked = traffic.tos().count(0xe0)
    plain = traffic.tos().count(0)
    assert marked + plain == sent
    assert marked > 0 and plain > 0
    (good, good_bytes), (bad, bad_bytes) = statistics(live)
    assert (good, bad) == (marked, plain)
    assert good_bytes == marked * 500 and bad_bytes == plain * 500
    live.qos("qosmod", "-s", "police", "-m", "500", "service")
    assert [n for n, _ in statistics(live)] == [marked, plain]
    live.qos("qosremove", "all")
    wait_kernel(live, before)


def test_every_combination_of_the_chapter_is_installed(live):
    before = kernel(live)
    live.file.write_text((lab.TOP / "tests/golden/aix/chapter-complete.conf")
                         .read_text())
    live.qos("qosmod", "-r", "tcp_79_flt", "-l", "1", "policy")
    found = live.daemon.ctl_json("show", "rules")["rules"]
    assert {r["name"]: r["state"] for r in found} == {
        name: "installed" for name in (
            "tcp_513_514_flt", "udp_9000_flt", "tcp_79_flt", "tcp_20_flt")}
    flags = re.findall(r"Flags: (0x\w+ \([A-Z,]*\))",
                       live.qos("qosstat", "-na").stdout)
    assert flags == ["0x00001011 (POLICE,MARK)", "0x00001031 "
                     "(POLICE,SHAPE,MARK)", "0x00001001 (POLICE,SHAPE)",
                     "0x00001010 (MARK)"]
    live.qos("qosremove", "all")
    assert "#loglevel 511" in live.file.read_text()
    # A class goes when its queue is empty.
    wait_kernel(live, before)
    live.file.write_text(MINE)


def test_without_a_daemon_the_file_is_written_and_it_is_said():
    with Host("aixoff") as h:
        h.daemon.stop()
        done = h.qos("qosadd", "-s", "a", "-m", "1", "service")
        assert "rsvpd does not run" in done.stdout
        assert "ServiceCategories a" in h.file.read_text()
        h.daemon.start()
        h.qos("qosadd", "-s", "a", "-r", "b", "-n", "6", "policy")
        assert h.rules() == ["b"]
