# SPDX-License-Identifier: ISC
"""What a guaranteed flow sends beyond its token bucket (RFC 2212, Policing):
where it enters the network it is best effort, if the kernel can police; else,
and at every other node, it waits in the flow's class.

    s - r - c	(s has no traffic control: r is the first that can police)"""

import json
import os
import signal

import pytest

import host
import lab
import needs

pytestmark = pytest.mark.measured

RATE = 50_000  # octets a second of IP
BUCKET = 5_000
PACKET = 1_000
SECONDS = 5
GREEDY, MODEST, CL = 5004, 5006, 5008
C = "10.2.0.2"


def conf(*names, traffic_control=True):
    return "interfaces = (\n" + ",\n".join(
        f'{{ name = "{name}"; bandwidth = "9 Mbit"; refresh = "1 s"; '
        f'trafficControl = {str(traffic_control).lower()}; }}'
        for name in names) + "\n);\n"


class Bed:
    def __init__(self):
        self.lab = lab.Lab("rsvpexc")
        try:
            self.build()
        except BaseException:
            self.lab.close()
            raise

    def build(self):
        self.s = self.lab.node("s")
        self.r = self.lab.node("r", forward=True)
        self.c = self.lab.node("c")
        self.lab.link(self.s, "eth0", self.r, "eth0",
                      ("10.1.0.1", "10.1.0.2", 24))
        self.lab.link(self.r, "eth1", self.c, "eth0", ("10.2.0.1", C, 24))
        self.s.ip("route", "add", "default", "via", "10.1.0.2")
        self.c.ip("route", "add", "default", "via", "10.2.0.1")
        self.daemons = {
            self.s: lab.Daemon(self.s, conf("eth0", traffic_control=False),
                               wait=False),
            self.r: lab.Daemon(self.r, conf("eth0", "eth1"), wait=False),
            self.c: lab.Daemon(self.c, conf("eth0"), wait=False)}
        for daemon in self.daemons.values():
            daemon.wait_ready()
        self.daemons[self.r].wait_traffic_control()

    def app(self, node, command, port, *more):
        return node.start(
            lab.program("rsvpctl"), "--json", "--rapi-socket",
            self.daemons[node].rapi, command, C, port, *more,
            name=f"{command}-{port}")

    def sender(self, node, port, src_port=None, rate=RATE):
        return self.app(node, "send", port, "--src-port", src_port or port,
                        "--rate", rate, "--bucket", BUCKET, "--min", PACKET,
                        "--max", PACKET)

    def reserve(self, port, service="gs"):
        more = ("--rate", RATE) if service == "gs" else ()
        apps = (self.sender(self.s, port),
                self.app(self.c, "reserve", port, "--service", service, *more))
        lab.wait_for(lambda: self.resv(port), f"port {port} at the router")
        return apps

    def resv(self, port):
        for resv in self.daemons[self.r].ctl_json(
                "show", "reservations")["reservations"]:
            if (resv["interface"] == "eth1" and "classid" in resv and
                    resv["session"]["port"] == port and
                    resv["state"] == "installed"):
                return resv
        return None

    def flow(self, port):
        """The same as tcctl shows it."""
        iface = json.loads(self.r.run(
            lab.program("tcctl"), "show", "eth1", "--json").stdout)
        wanted = self.resv(port)["flow_id"]
        return next(f for f in iface["interfaces"][0]["flows"]
                    if f["id"] == wanted)

    def best(self):
        """Packets and drops of best effort at the router."""
        found = next(c for c in self.r.tc_classes("eth1")
                     if c["handle"] == "52:5")
        return found["packets"], found["drops"]

    def send(self, port, rate):
        return lab.Sender(self.s, f"traffic-{port}", C, port, src_port=port,
                          flow=port, rate=rate, bucket=BUCKET, packet=PACKET,
                          duration_ms=SECONDS * 1000)

    def policers(self):
        return self.r.tc("filter", "show", "dev", "eth1").stdout.count(
            "police 0x")


class Run:
    """One flow sends three times what it may, another what it may."""

    def __init__(self, bed):
        receiver = lab.Receiver(bed.c, C, [GREEDY, MODEST], "traffic")
        best = bed.best()
        before = {p: bed.resv(p) for p in (GREEDY, MODEST)}
        senders = {GREEDY: bed.send(GREEDY, 3 * RATE),
                   MODEST: bed.send(MODEST, RATE // 2)}
        self.sent = {p: s.wait() for p, s in senders.items()}
        self.size = -1
        lab.wait_for(lambda: self.quiet(receiver), "silence", 10, 0.2)
        after = {p: bed.resv(p) for p in before}
        self.classes = {p: {k: after[p][k] - before[p][k] for k in
                            ("packets", "drops")} for p in before}
        self.best = [b - a for a, b in zip(best, bed.best())]
        seen = receiver.stop()
        self.seen = {p: sum(r[0] == p for r in seen) for p in before}

    def good(self):
        """Or void, if the host disturbed it."""
        return self.seen[MODEST] == self.sent[MODEST]

    def quiet(self, receiver):
        last, self.size = self.size, receiver.path.stat().st_size
        return self.size == last


@pytest.fixture(scope="module", name="bed")
def a_bed():
    lab.require_root()
    bed = Bed()
    bed.apps = {GREEDY: bed.reserve(GREEDY), MODEST: bed.reserve(MODEST),
                CL: bed.reserve(CL, "cl")}
    yield bed
    bed.lab.close()


@pytest.fixture(scope="module", name="run")
def a_run(bed):
    return host.measured(lambda: Run(bed), Run.good)


def test_what_becomes_of_it_is_shown(bed):
    word = "demoted" if needs.has(needs.act_police) else "reshaped"
    for port in (GREEDY, MODEST):
        assert bed.resv(port)["excess"] == word
        assert bed.flow(port)["excess"] == word
    text = bed.daemons[bed.r].ctl("show", "reservations").stdout
    assert f"excess {word}" in text
    assert f"excess {word}" in bed.r.run(
        lab.program("tcctl"), "show", "eth1").stdout
    assert "excess" not in bed.resv(CL)  # it borrows
    probe = json.loads(lab.run(lab.program("tcctl"), "probe",
                               "--json").stdout)
    assert word in probe["functions"]["excess"]


def test_a_modest_flow_loses_nothing_and_keeps_its_class(run):
    assert run.classes[MODEST] == {"packets": run.sent[MODEST], "drops": 0}
    assert run.seen[MODEST] == run.sent[MODEST]


def test_the_excess_is_best_effort_and_arrives(run):
    needs.require(needs.act_police)
    sent, inside = run.sent[GREEDY], run.classes[GREEDY]
    may = (RATE * SECONDS + BUCKET) / PACKET
    assert sent > 2.5 * may
    assert inside["drops"] == 0 and run.seen[GREEDY] == sent
    assert 0.8 * may < inside["packets"] < 1.1 * may
    # Some packets of others may be best effort too.
    assert sent - inside["packets"] <= run.best[0] < sent
    assert run.best[1] == 0


def test_where_the_kernel_cannot_the_excess_waits(run):
    if needs.has(needs.act_police):
        pytest.skip("this kernel can")
    inside = run.classes[GREEDY]
    assert inside["packets"] + inside["drops"] == run.sent[GREEDY]
    assert inside["drops"] > 0 and run.best[0] < run.sent[GREEDY] / 10


def test_a_new_tcctl_goes_on_with_the_policers(bed, run):
    needs.require(needs.act_police)
    before = bed.policers()
    daemon = bed.daemons[bed.r]
    old = daemon.workers()["tcctl"]
    assert run and before == 2
    os.kill(old, signal.SIGKILL)
    lab.wait_for(lambda: daemon.workers().get("tcctl", old) != old,
                 "a new tcctl")
    lab.wait_for(lambda: bed.resv(GREEDY), "its class")
    assert bed.resv(GREEDY)["excess"] == "demoted"
    assert bed.policers() == before


def test_a_node_behind_one_that_polices_reshapes(bed):
    needs.require(needs.act_police)
    daemon = bed.daemons[bed.s]
    bed.apps[MODEST][1].stop()
    lab.wait_for(lambda: not bed.resv(MODEST), "its end")
    assert bed.policers() == 1
    daemon.conf.write_text(conf("eth0"))
    daemon.process.popen.send_signal(signal.SIGHUP)
    # Now s polices, and says so to r.
    lab.wait_for(lambda: bed.resv(GREEDY) and
                 bed.resv(GREEDY)["excess"] == "reshaped", "a change")
    assert bed.policers() == 0
    assert not bed.r.tc("actions", "ls", "action", "police").stdout.count(
        "police 0x")
