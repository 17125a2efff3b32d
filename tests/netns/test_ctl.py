# SPDX-License-Identifier: ISC
"""rsvpctl as an operator types it: mistakes, and what is said of events."""

import json
import os
import re
import select
import signal
import socket
import struct
import subprocess

import pytest

import lab
import needs

CONF = 'interfaces = ( { name = "eth0"; bandwidth = "10 Mbit/s"; } );\n'
DST, PORT = "10.0.0.2", "5004"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def rsvpctl(*argv):
    return lab.run(lab.program("rsvpctl"), *argv, check=False)


@pytest.mark.parametrize("words,said", [
    (("show",), "show what? One of: interfaces sessions reservations policy "
                "rules counters status"),
    (("show", "foo"), "show what? One of: interfaces"),
    (("show", "sesions"), 'no command "show sesions"; did you mean "show '
                          'sessions"?'),
    (("xyzzy",), 'no command "xyzzy"; rsvpctl --help lists them'),
    (("show", "sessions", "--socket", "x"), "--socket: options but --json "
                                            "stand before the command"),
    (("reserve", DST, PORT, "--rate", "1 Mbit"), "--rate, --bound-us and "
                                                 "--delay-us go with "
                                                 "--service gs"),
    (("reserve", DST, PORT, "--bound-us", "5"), "--rate, --bound-us and "
                                                "--delay-us go with "),
    (("reserve", DST, PORT, "--delay-us", "5"), "--rate, --bound-us and "
                                                "--delay-us go with "),
    (("reserve", DST, PORT, "--service", "gs", "--delay-us", "5",
      "--bound-us", "5"), "--bound-us or --delay-us, not both"),
    (("send", DST, PORT, "--rate", "1 Mbps"), "--rate 1 Mbps: not a rate"),
    (("send", DST, PORT, "--src", "2001:db8::1"), "--src 2001:db8::1: not an "
                                                  "address of the"),
    (("reserve", DST, PORT, "--service", "be"), "--service be: not gs or cl"),
    (("reserve", DST, PORT, "--style", "sf"), "--style sf: not ff, se or wf"),
])
def test_mistake_is_named(words, said):
    done = rsvpctl(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("rsvpctl: " + said), done.stderr


LOOKS = {("show", "interfaces"): "interfaces",
         ("show", "sessions"): "sessions",
         ("show", "reservations"): "reservations",
         ("show", "policy"): "rules",
         ("show", "counters"): "counters",
         ("show", "status"): "version",
         ("explain",): "refusals"}


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_without_a_daemon_nothing_is_told(words, tmp_path):
    for json_too in ((), ("--json",)):
        done = rsvpctl("--socket", tmp_path / "none", *json_too, *words)
        assert done.returncode == 3
        assert done.stdout == ""    # an empty list would be an answer
        assert "is rsvpd running" in done.stderr


def test_without_a_daemon_nothing_is_reserved(tmp_path):
    for words in (("send", DST, PORT), ("reserve", DST, PORT, "--once")):
        done = rsvpctl("--rapi-socket", tmp_path / "none", *words)
        assert done.returncode == 3 and "is it running?" in done.stderr


def test_what_cannot_be_printed_is_no_success():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([lab.program("rsvpctl"), "--help"], stdout=full,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"cannot print: No space left" in done.stderr


def strict(text):
    """As a parser that knows no NaN and takes no key twice."""
    def constant(name):
        raise ValueError(name)

    def pairs(found):
        keys = [key for key, _ in found]
        assert len(keys) == len(set(keys)), keys
        return dict(found)

    return json.loads(text, parse_constant=constant, object_pairs_hook=pairs)


@pytest.fixture(scope="module")
def daemons():
    with lab.Lab("rsvpctl") as where:
        a, b = where.node("a"), where.node("b")
        where.link(a, "eth0", b, "eth0", v4=("10.0.0.1", DST, 24),
                   v6=("2001:db8::1", "2001:db8::2", 64))
        found = [lab.Daemon(node, CONF) for node in (a, b)]
        for daemon in found:
            daemon.wait_traffic_control()
        yield found


@needs_root
def test_json_stands_anywhere(daemons):
    daemon = daemons[0]
    for words in (("--json", "show", "status"), ("show", "--json", "status"),
                  ("show", "status", "--json")):
        assert json.loads(daemon.ctl(*words).stdout)["version"]
    assert "uptime: " in daemon.ctl("show", "status").stdout


CONNECTIONS, RESERVATIONS, COUNTERS = 32, 3, 5


def connections(daemon):
    """As many as there may be."""
    many = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for _ in range(CONNECTIONS)]
    for one in many:
        one.settimeout(lab.PATIENCE_S)
        one.connect(str(daemon.control))
    return many


def is_open(one):
    one.send(struct.pack("<IHHI", 12, 1, COUNTERS, 7))
    return one.recv(65536) != b""


@needs_root
def test_who_is_idle_for_longest_gives_way(daemons):
    many = connections(daemons[0])
    try:
        assert is_open(many[0])  # it is not the one that is idle for longest
        assert daemons[0].ctl("show", "status").returncode == 0
        gone = []
        for at, one in enumerate(many):
            try:
                if not is_open(one):
                    gone.append(at)
            except (BrokenPipeError, ConnectionResetError):
                gone.append(at)
        assert gone == [1]
    finally:
        for one in many:
            one.close()
    assert "an idle connection gives way (32 are open)" in \
        daemons[0].process.output()


def turned_away(daemon):
    """What somebody is told while as many as there may be wait for counters of
    tcctl, which does not answer; None if one of them was answered before."""
    many = connections(daemon)
    tcctl = daemon.workers()["tcctl"]
    os.kill(tcctl, signal.SIGSTOP)
    try:
        for one in many:
            one.send(struct.pack("<IHHI", 12, 1, RESERVATIONS, 1))
        done = daemon.ctl("show", "status", check=False)
        answered = select.select(many, [], [], 0)[0]
    finally:
        os.kill(tcctl, signal.SIGCONT)
        for one in many:
            one.close()
    return None if answered else done


@needs_root
def test_who_is_turned_away_is_told_to_try_again(daemons):
    # They are answered without counters after 2 s.
    done = lab.wait_for(lambda: turned_away(daemons[0]), "32 that wait")
    assert done.returncode == 3 and done.stdout == ""
    assert done.stderr == (
        "rsvpctl: the daemon ended the connection (it was started again, or "
        "has too many of them: try again)\n")
    lab.wait_for(lambda: daemons[0].ctl("show", "status", check=False)
                 .returncode == 0, "room again")


@needs_root
@pytest.mark.parametrize("what", ["interfaces", "reservations", "rules"])
def test_a_listing_does_not_wait_for_the_kernel(daemons, what):
    tcctl = daemons[0].workers()["tcctl"]
    whole = daemons[0].ctl("--json", "show", what)
    os.kill(tcctl, signal.SIGSTOP)
    try:
        done = daemons[0].ctl("show", what, check=False)
    finally:
        os.kill(tcctl, signal.SIGCONT)
    assert done.returncode == 1
    assert done.stderr.startswith("rsvpctl: counters are missing: traffic "
                                  "control has not answered within 2 s")
    assert what != "interfaces" or "eth0" in done.stdout
    # What comes late is nobody's, and the next listing is whole.
    assert daemons[0].workers()["tcctl"] == tcctl
    assert strict(whole.stdout).keys() == strict(
        daemons[0].ctl("--json", "show", what).stdout).keys()


@needs_root
def test_every_listing_is_json_empty_and_full(daemons):
    a, b = daemons

    def look():
        found = {}
        for words, key in LOOKS.items():
            done = a.ctl("--json", *words)
            found[key] = strict(done.stdout)
            assert found[key]["schema"] == 1, words
            assert key in found[key], words
            assert a.ctl(*words).stdout, words
        return found

    empty = look()
    assert empty["sessions"]["sessions"] == []
    assert empty["reservations"]["reservations"] == []
    assert empty["refusals"]["refusals"] == []
    assert empty["rules"]["rules"] == []
    port = "5008"
    sender = a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                          "--json", "send", DST, port, name="send3")
    receiver = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                            "--json", "reserve", DST, port, "--confirm",
                            "--service", "gs", name="recv3")
    receiver.wait_output("confirm")
    # More than the link has: refused here, on the way to the sender.
    big = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                       "--json", "reserve", DST, port, "--service", "gs",
                       "--rate", "50 Mbit", "--once", name="recv4")
    lab.wait_for(lambda: big.popen.poll() is not None, "the refusal")
    assert big.popen.returncode == 1, big.output()
    full = look()
    session, = full["sessions"]["sessions"]
    assert session["dst"] == DST and session["port"] == int(port)
    path, = session["paths"]
    assert path["tspec"]["p"] is None       # infinite
    reservation, = full["reservations"]["reservations"]
    assert reservation["state"] == "installed"
    assert reservation["classid"].startswith("52:")
    assert reservation["flowspec"]["R"] >= 125000
    said = a.ctl("explain").stdout      # whose request, and what it was
    assert said.startswith(f"{DST}:{port} protocol 17 from 10.0.0.1:{port}: "
                           "Resv refused"), said
    assert "  eth0 FF GS r 125000 B/s b 3000 B R 6250000 B/s, for 10.0.0.2\n" \
        in said
    refusal = full["refusals"]["refusals"][0]
    assert refusal["code"] == 1 and "Mbit/s" in refusal["reason"]
    # By the name it has in events, and by its own.
    assert refusal["value"] == refusal["error_value"] == 2
    assert full["counters"]["counters"]["tc_requests"] >= 1
    for process in (sender, receiver, big):
        for line in process.output().splitlines():
            if line.startswith("{"):
                assert strict(line)["schema"] == 1, line
    receiver.stop()
    sender.stop()
    lab.wait_for(lambda: a.ctl_json("show", "sessions")["sessions"] == [],
                 "an end")


@needs_root
def test_events_are_told_in_words(daemons):
    a, b = daemons
    sender = a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                          "send", DST, PORT, name="send")
    receiver = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                            "reserve", DST, PORT, "--confirm", name="recv")
    receiver.wait_output("reserving for what is announced to 10.0.0.2")
    receiver.wait_output("path: 10.0.0.1:5004 [T [125K(3K) p=Inf m=64 "
                         "M=1500]]\n")
    receiver.wait_output("confirmed: 10.0.0.1:5004 [CL [125K(3K)")
    sender.wait_output("announced to 10.0.0.2")
    sender.wait_output("reservation: 10.0.0.1:5004 [CL [125K(3K)")
    # 78 octets with the header of Ethernet for each 64 of IP.
    said = a.ctl("show", "reservations", DST, PORT).stdout
    assert "r 125000 B/s" in said and "1.219 Mbit/s on the wire" in said
    receiver.stop()
    sender.wait_output("reservation: none")
    sender.stop()


@needs_root
def test_a_classifier_that_the_kernel_lacks_costs_no_reservation(daemons):
    """The rest of the file is in force; the next one as well."""
    if needs.has(needs.flower):
        pytest.skip("this kernel has cls_flower")
    a, b = daemons
    sender = a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                          "send", DST, "5007", name="send3")
    receiver = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                            "reserve", DST, "5007", "--confirm", name="recv3")
    receiver.wait_output("confirmed: 10.0.0.1:5007")

    def installed():
        """And the nodes that lead to their classes, each by its handle: what
        counts their hidden packets comes half a second later."""
        flows = [(r["flow_id"], r.get("classid"), r["state"])
                 for r in a.ctl_json("show", "reservations")["reservations"]]
        return flows, [(node, classid) for node, classid in re.findall(
            r" fh (\S+) .*flowid (\S+)", a.node.tc(
                "filter", "show", "dev", "eth0").stdout)
            if classid in [flow[1] for flow in flows]]

    def iface():
        return next(i for i in a.ctl_json("show", "interfaces")["interfaces"]
                    if i["name"] == "eth0")

    lab.wait_for(lambda: installed()[1], "the reservation with its class")
    before = installed()
    try:
        a.conf.write_text(CONF.replace(
            '"10 Mbit/s"', '"9 Mbit/s"; classifier = "flower"'))
        os.kill(a.supervisor(), signal.SIGHUP)
        a.process.wait_output(
            "eth0: the classifier stays as it is, and so do the reservations "
            '(eth0: classifier = "flower" is refused: this kernel has no '
            "cls_flower; use u32")
        lab.wait_for(lambda: "rate 9Mbit" in a.node.tc(
            "class", "show", "dev", "eth0").stdout, "the rest of the file")
        assert installed() == before
        assert iface()["tc_ready"]
        assert "has no cls_flower" in iface()["tc_refused"]
        assert "goes on as before: eth0: classifier = " in a.ctl(
            "show", "interfaces").stdout
        assert "cannot be managed" not in a.process.output()
        # Read again, it is asked for again: a kernel may have it by then.
        os.kill(a.supervisor(), signal.SIGHUP)
        lab.wait_for(lambda: a.process.output().count(
            "eth0: the classifier stays as it is") == 2, "a second refusal")
        lab.wait_for(lambda: "tc_refused" in iface(), "why")
        assert installed() == before
    finally:
        a.conf.write_text(CONF)
        os.kill(a.supervisor(), signal.SIGHUP)
    lab.wait_for(lambda: "tc_refused" not in iface(), "the file as it was")
    assert installed() == before
    receiver.stop()
    sender.stop()


@needs_root
def test_reload_below_what_is_reserved_preempts(daemons):
    a, b = daemons
    port = "5006"
    sender = a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                          "send", DST, port, name="send2")
    receiver = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                            "reserve", DST, port, "--confirm", name="recv2")
    receiver.wait_output("confirmed: 10.0.0.1:5006")
    a.conf.write_text(CONF.replace("10 Mbit", "2 Mbit"))
    os.kill(a.supervisor(), signal.SIGHUP)
    lab.wait_for(lambda: "bandwidth: 10 Mbit/s -> 2 Mbit/s" in
                 a.process.output(), "first reload")
    a.conf.write_text(CONF.replace("10 Mbit", "1 Mbit"))
    os.kill(a.supervisor(), signal.SIGHUP)
    lab.wait_for(lambda: "are reserved, more than the 750 kbit/s that may" in
                 a.process.output(), "warning")
    assert a.process.output().count("more than the 750") == 1
    receiver.wait_output("service preempted")
    assert not a.ctl_json("show", "reservations")["reservations"]
    refusals = a.ctl_json("explain", DST, port)["refusals"]
    assert [r["code"] for r in refusals] == [12]
    assert "reservation preempted (code 12), " in a.process.output()
    assert "refused: code 12" not in a.process.output()
    assert "were reserved on" in refusals[0]["reason"]
    receiver.stop()
    sender.stop()


@needs_root
@pytest.mark.parametrize("wanted,said", [
    (["--delay-us", "1"], "--bound-us asks for a queueing delay without it"),
    (["--bound-us", "1"],
     r"no rate bounds the delay to 1 us: \d+ us of it do not depend on"),
    (["--bound-us", "1", "--rate", "2 Mbit"],
     r"that rate keeps the queueing delay within \d+ us on this path, not "
     "within 1 us"),
    (["--bound-us", "900000", "--rate", "100 kbit"],
     "R = 12500 is less than r = 125000"),
])
def test_once_ends_when_the_path_cannot_keep_the_delay(daemons, wanted, said):
    a, b = daemons
    sender = a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                          "send", DST, "5010", name="send5")
    sender.wait_output("announced to")
    once = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                        "reserve", DST, "5010", "--service", "gs", *wanted,
                        "--once", name="once")
    lab.wait_for(lambda: once.popen.poll() is not None, "an end")
    assert once.popen.returncode == 1, once.output()
    assert re.search(said, once.output()), once.output()
    sender.stop()


@needs_root
def test_once_interrupted_before_the_answer_is_not_done(daemons):
    b = daemons[1]
    once = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                        "reserve", DST, "5012", "--once", name="early")
    once.wait_output("reserving for what is announced")
    once.popen.send_signal(signal.SIGINT)
    lab.wait_for(lambda: once.popen.poll() is not None, "an end")
    assert once.popen.returncode == 1, once.output()


def groups(node):
    return node.run("ip", "maddress", "show", "dev", "eth0").stdout


@needs_root
def test_a_receiver_that_cannot_join_its_group_is_told(daemons):
    b = daemons[1]
    receiver = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                            "reserve", "239.1.2.3", PORT, name="group")
    receiver.wait_output("cannot join 239.1.2.3: No such device (the interface "
                         "is that of the route to it)")
    receiver.wait_output("unless a program of this host has joined it")
    receiver.stop()


@needs_root
@pytest.mark.parametrize("group,port", [("239.1.2.4", "5020"),
                                        ("ff3e::1234", "5022")])
def test_a_receiver_of_a_group_is_its_member_while_it_runs(daemons, group,
                                                           port):
    a, b = daemons
    if ":" not in group:
        for daemon in daemons:
            daemon.node.run("ip", "route", "add", f"{group}/32", "dev", "eth0")
    receiver = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                            "reserve", group, port, "--style", "wf",
                            "--confirm", name="member")
    lab.wait_for(lambda: group in groups(b.node), "membership")
    sender = a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                          "send", group, port, "--rate", "64 kbit",
                          name="togroup")
    receiver.wait_output("confirmed: [CL [8K(3K)")
    sender.wait_output("reservation: any sender")
    assert "cannot join" not in receiver.output()
    receiver.stop()
    assert group not in groups(b.node)
    sender.stop()


@needs_root
@pytest.mark.parametrize("words,styles,filters", [
    ((), ["FF", "FF"], 1),
    (("--style", "ff"), ["FF", "FF"], 1),
    (("--style", "se"), ["SE"], 2),
    (("--style", "wf"), ["WF"], 0),
])
def test_a_style_shares_or_not(daemons, words, styles, filters):
    """A shared reservation is enough for either sender (RFC 2205 1.3)."""
    a, b = daemons
    port = "5018"

    def send(src_port, rate, bucket, least, most):
        return a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                            "send", DST, port, "--src-port", src_port,
                            "--rate", rate, "--bucket", bucket, "--min", least,
                            "--max", most, name=f"send{src_port}")

    def reservations():
        return a.ctl_json("show", "reservations", DST, port)["reservations"]

    def specs():
        return sorted(tuple(r["flowspec"][k] for k in "rbmMR")
                      for r in reservations())

    senders = [send("7001", "64 kbit", "3000", "200", "1000"),
               send("7002", "96 kbit", "2000", "100", "600")]
    receiver = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                            "reserve", DST, port, "--service", "gs", *words,
                            name="styled")
    wanted = ([(8000, 3000, 200, 1000, 8000), (12000, 2000, 100, 600, 12000)]
              if len(styles) == 2 else [(12000, 3000, 100, 1000, 12000)])
    lab.wait_for(lambda: specs() == wanted, "what is asked for")
    assert [r["style"] for r in reservations()] == styles
    assert [sum("src" in f for f in r.get("filters", []))
            for r in reservations()] == [filters] * len(styles)
    for process in (receiver, *senders):
        process.stop()
    lab.wait_for(lambda: not reservations(), "an end")


@needs_root
def test_a_wildcard_reservation_is_for_any_sender(daemons):
    a, b = daemons
    sender = a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                          "send", DST, "5014", "--rate", "64 kbit",
                          name="send6")
    receiver = b.node.start(lab.program("rapi_recv"), "--dst", DST, "--port",
                            "5014", "--style", "wf", name="wildcard",
                            env={"RAPI_SOCKET": str(b.rapi)})
    sender.wait_output("reservation: any sender [CL [8K(3K)")
    receiver.stop()
    sender.stop()


@needs_root
def test_what_another_program_did_is_logged_once(daemons):
    b = daemons[1]
    b.node.tc("qdisc", "del", "dev", "eth0", "root")
    said = "eth0: the tree was removed by another program"
    lab.wait_for(lambda: re.search(rf"rsvpd-engine\[.*{said}",
                                   b.process.output()), "a word of it")
    assert b.process.output().count(said) == 1, b.process.output()


def test_a_refusal_without_figures_is_explained_once(daemons):
    """The text of the code is all there is: not again as the reason."""
    a, b = daemons
    sender = a.node.start(lab.program("rsvpctl"), "--rapi-socket", a.rapi,
                          "send", DST, "5016", "--rate", "64 kbit",
                          name="send7")
    first = b.node.start(lab.program("rsvpctl"), "--rapi-socket", b.rapi,
                         "reserve", DST, "5016", "--confirm", name="fixed")
    first.wait_output("confirmed")
    other = b.node.start(lab.program("rapi_recv"), "--dst", DST, "--port",
                         "5016", "--style", "wf", name="other",
                         env={"RAPI_SOCKET": str(b.rapi)})
    other.wait_output("resv_error")
    said = b.ctl("explain", DST, "5016").stdout
    assert said.count("conflicting reservation style") == 1, said
    for process in (other, first, sender):
        process.stop()


@needs_root
def test_a_refused_sender_is_explained():
    deny = ('policy = { rules = ( { name = "nothing"; scope = "RSVP"; '
            'permission = "deny"; } ); };\n')
    with lab.Lab("rsvpctldeny") as where:
        a, b = where.node("a"), where.node("b")
        where.link(a, "eth0", b, "eth0", v4=("10.0.0.1", DST, 24))
        daemon = lab.Daemon(a, CONF, deny)
        daemon.wait_traffic_control()
        sender = a.start(lab.program("rsvpctl"), "--rapi-socket", daemon.rapi,
                         "send", DST, PORT, name="denied")
        sender.wait_output("path error")
        said = daemon.ctl("explain").stdout
        assert "protocol 17 from 10.0.0.1:5004: Path refused" in said, said
        assert "\n  application r 125000 B/s b 3000 B\n" in said
        assert "rule nothing denies" in said
