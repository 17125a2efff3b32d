# SPDX-License-Identifier: ISC
"""The commands and files of AIX against real daemons and the real kernel."""

import subprocess

import lab
import pytest

CLASSIC = """\
# The administrator's own words.
interface 10.1.1.10 { trafficControl }
"""
SENDER = "10.1.1.10"
RECEIVER = "10.1.1.20"


class Host:
    """A host with rsvpd on the files of AIX, and a neighbour."""

    def __init__(self, name, policy=""):
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
    assert host.file.read_text() == ""


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
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0 and b"in force" in out
    assert host.file.read_text().count("ServiceCategories") == 8
    host.qos("qosremove", "all")


def test_without_a_daemon_the_file_is_written_and_it_is_said():
    with Host("aixoff") as h:
        h.daemon.stop()
        done = h.qos("qosadd", "-s", "a", "-m", "1", "service")
        assert "rsvpd does not run" in done.stdout
        assert "ServiceCategories a" in h.file.read_text()
        h.daemon.start()
        h.qos("qosadd", "-s", "a", "-r", "b", "-n", "6", "policy")
        assert h.rules() == ["b"]
