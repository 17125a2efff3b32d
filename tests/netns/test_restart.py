# SPDX-License-Identifier: ISC
"""What a death means: of the engine, tcctl, policyd and the supervisor, while
reserved traffic runs through a flooded link."""

import json
import os
import signal
import time

import pytest

import bed as beds
import lab
import needs

PORTS = {"gs": 5004, "cl": 5006, "gs6": 5008, "cl6": 5010}
FLOW = {"gs": 1, "cl": 2, "gs6": 3, "cl6": 4}


def family_of(name):
    return "ipv6" if name.endswith("6") else "ipv4"


class Running:
    """Four reserved flows through the flood, from before to after a fault."""

    def __init__(self, bed):
        self.bed = bed
        self.apps = {}
        for name, port in PORTS.items():
            options = ["--service", name[:2], "--confirm"]
            if name.startswith("gs"):
                options += ["--bound-us", 65000]
            family = family_of(name)
            self.apps[name] = (bed.sender_app(family, port),
                               bed.receiver_app(family, port, *options))
        for name, port in PORTS.items():
            beds.wait_event(self.apps[name][1], "resv_confirm")
            lab.wait_for(lambda p=port: bed.installed(bed.r, "eth1", p),
                         f"class for port {port}")

    def start(self):
        bed = self.bed
        # The ports are of the user who reserved: RAPI clients that come back
        # after a restart may reserve for flows of their own only.
        self.receivers = [
            lab.Receiver(bed.c, beds.RECEIVER[family],
                         [p for n, p in PORTS.items()
                          if family_of(n) == family], f"flows-{family}",
                         uid=beds.ALLOWED_UID)
            for family in ("ipv4", "ipv6")]
        self.flood = lab.Sender(bed.s, "flood", beds.RECEIVER["ipv4"], 9,
                                flows=32, src_port=20000, flow=1000,
                                rate=3750000, packet=1400, bucket=28000)
        self.senders = {
            name: lab.Sender(bed.s, f"flow-{name}",
                             beds.RECEIVER[family_of(name)], port, src_port=port, flow=FLOW[name],
                             rate=beds.FLOW_RATE_BPS,
                             bucket=beds.FLOW_BUCKET,
                             packet=beds.FLOW_PACKET, uid=beds.ALLOWED_UID)
            for name, port in PORTS.items()}
        lab.wait_for(lambda: all(r.path.stat().st_size > 3200
                                 for r in self.receivers), "traffic")

    def stop(self):
        """Packets sent, and the numbers of those lost, by flow."""
        sent = {name: s.stop() for name, s in self.senders.items()}
        self.flood.stop()
        lab.wait_for(self.drained, "the router's queue to drain")
        seen = [r for receiver in self.receivers for r in receiver.stop()]
        return {name: (sent[name], sorted(
            set(range(sent[name])) - {r[1] for r in seen
                                      if r[0] == FLOW[name]}))
                for name in PORTS}

    def drained(self):
        """Nothing queued on the way, nor in the wire at its end."""
        bed = self.bed
        queues = (bed.s.tc_classes("eth0") + bed.r.tc_classes("eth1") +
                  bed.c.tc_json("qdisc", "show", "dev", "wire0"))
        return all(q.get("backlog", 0) == 0 for q in queues)

    def stop_apps(self):
        for pair in self.apps.values():
            for app in pair:
                app.stop()

    def classes(self):
        """classid and packets of each reserved flow, from the kernel."""
        kernel = {c["handle"]: c for c in
                  self.bed.r.tc_classes("eth1")}
        found = {}
        for name, port in PORTS.items():
            resv = self.bed.installed(self.bed.r, "eth1", port)
            if resv is None:
                return None
            found[name] = (resv["classid"],
                           kernel[resv["classid"]]["packets"])
        return found


@pytest.fixture(scope="module")
def bed():
    with beds.Bed("rsvpkill", refresh="2 s") as b:
        yield b


@pytest.fixture
def running(bed):
    needs.require(needs.real_time)
    r = Running(bed)
    yield r
    r.stop_apps()
    lab.wait_for(lambda: all(
        i["flows"] == 0 for i in beds.interfaces(bed.daemons["r"])),
        "release")


def kill_worker(daemon, name):
    """kill -9; how long until a new one is there and the daemon answers."""
    old = daemon.workers()[name]
    start = time.monotonic()
    os.kill(old, signal.SIGKILL)
    lab.wait_for(lambda: daemon.workers().get(name) not in (None, old),
                 f"a new {name}")
    daemon.wait_ready()
    daemon.wait_traffic_control()
    return time.monotonic() - start


@pytest.mark.measured
@pytest.mark.parametrize("worker", ("engine", "tcctl", "policyd"))
@pytest.mark.parametrize("host", ("r", "s", "c"))
def test_killed_worker_costs_no_packet(bed, running, worker, host):
    daemon = bed.daemons[host]
    before = running.classes()
    running.start()
    took = kill_worker(daemon, worker)
    assert took < 5, f"{took:.1f} s"
    # The engine relearns from its neighbours and the clients.
    after = lab.wait_for(running.classes, "reservations again")
    for name, (classid, packets) in before.items():
        assert after[name][0] == classid, "another class"
        assert after[name][1] >= packets, "the counter went back"
    for name, (sent, lost) in running.stop().items():
        assert not lost, f"{name}: {lost} of {sent} lost"
    after = lab.wait_for(running.classes, "reservations at the end")
    for name in PORTS:
        resv = bed.installed(bed.r, "eth1", PORTS[name])
        assert resv["drops"] == 0
    assert len([c for c in bed.r.tc_classes("eth1")
                if c["handle"] in {v[0] for v in after.values()}]) == 4


def test_clients_reservations_are_renewed_without_a_call(bed, running):
    kill_worker(bed.daemons["c"], "engine")
    kill_worker(bed.daemons["s"], "engine")
    lab.within(10, lambda: bed.installed(bed.s, "eth0", PORTS["gs"]),
               "the sender's host to know it again")
    lab.within(10, lambda: {
        r["session"]["port"] for r in bed.reservations(bed.c)
        if r["state"] == "local"} == set(PORTS.values()),
        "the receiver's requests")


@pytest.mark.measured
def test_supervisor_killed_leaves_the_kernel_and_is_adopted(bed, running):
    daemon = bed.daemons["r"]
    before = running.classes()
    running.start()
    workers = daemon.workers()
    os.kill(daemon.supervisor(), signal.SIGKILL)
    daemon.process.popen.wait(lab.PATIENCE_S)
    lab.wait_for(lambda: not any(os.path.exists(f"/proc/{p}")
                                 for p in workers.values()),
                 "the workers to stop")
    handles = {c["handle"] for c in
               bed.r.tc_classes("eth1")}
    assert {v[0] for v in before.values()} <= handles
    start = time.monotonic()
    daemon.start()
    assert time.monotonic() - start < 5
    after = lab.wait_for(running.classes, "reservations again")
    for name, (classid, packets) in before.items():
        assert after[name][0] == classid
        assert after[name][1] >= packets
    for name, (sent, lost) in running.stop().items():
        assert not lost, f"{name}: {lost} of {sent} lost"


@pytest.mark.measured
def test_hung_engine_is_killed_and_replaced(bed, running):
    daemon = bed.daemons["r"]
    old = daemon.workers()["engine"]
    os.kill(old, signal.SIGSTOP)
    start = time.monotonic()
    lab.wait_for(lambda: daemon.workers().get("engine") not in (None, old),
                 "a new engine", 12)
    took = time.monotonic() - start
    daemon.wait_ready()
    assert took < 10, f"{took:.1f} s"
    lab.wait_for(running.classes, "reservations again")


@pytest.mark.parametrize("family,port", (("ipv4", 5040), ("ipv6", 5042)))
def test_vanished_sender_is_forgotten_after_the_lifetime(bed, family, port):
    """kill -9 of all that speaks RSVP on the sending host: no tear."""
    sender = bed.sender_app(family, port)
    receiver = bed.receiver_app(family, port, "--service", "cl")
    for node, ifname in ((bed.s, "eth0"), (bed.r, "eth1")):
        lab.wait_for(lambda n=node, i=ifname: bed.installed(n, i, port),
                     "the class")
    classid = bed.installed(bed.r, "eth1", port)["classid"]
    daemon = bed.daemons["s"]
    os.kill(daemon.supervisor(), signal.SIGKILL)
    daemon.process.popen.wait(lab.PATIENCE_S)
    died = time.monotonic()
    try:
        # R = 2 s: L = 10.5 s; the tear of the first hop may come first.
        for node in (bed.r, bed.c):
            lab.wait_for(lambda n=node: not [
                s for s in bed.daemons[n.name].ctl_json(
                    "show", "sessions")["sessions"] if s["port"] == port
                and (s["paths"] or [r for r in s["reservations"]
                                    if not r["local"]])],
                f"state at {node.name} to end")
        assert time.monotonic() - died > 5, "before its lifetime"
        lab.wait_for(lambda: all(
            i["flows"] == 0 and i["reserved_bps"] == 0
            for i in beds.interfaces(bed.daemons["r"])), "the ledger")
        lab.wait_for(lambda: not filters_to(bed.r, "eth1", classid),
                     "the filter to go")
    finally:
        sender.stop()
        receiver.stop()
        daemon.start()
        daemon.wait_traffic_control()
    # The host that came back removes what nobody claims.
    lab.wait_for(lambda: all(i["flows"] == 0 for i in
                             beds.interfaces(daemon)), "its own class")


# The router, as its neighbours know it.
ROUTER = {"ipv4": {"s": "10.1.1.1", "c": "10.2.2.1"},
          "ipv6": {"s": "2001:db8:1::1", "c": "2001:db8:2::1"}}


@pytest.mark.parametrize("family,port", (("ipv4", 5044), ("ipv6", 5046)))
def test_stop_that_tears_leaves_nothing(bed, family, port):
    """stop = "tear" on the router: neighbours and kernel hear of it."""
    daemon = bed.daemons["r"]
    before = daemon.conf.read_text()
    daemon.conf.write_text('stop = "tear";\n' + before)
    daemon.stop()
    daemon.start()
    daemon.wait_traffic_control()
    sender = bed.sender_app(family, port)
    receiver = bed.receiver_app(family, port, "--service", "cl")
    for node, ifname in ((bed.s, "eth0"), (bed.r, "eth1")):
        lab.wait_for(lambda n=node, i=ifname: bed.installed(n, i, port),
                     "the class")
    classid = bed.installed(bed.r, "eth1", port)["classid"]
    for node in "sc":
        assert knows(bed.daemons[node], port, ROUTER[family][node])
    daemon.stop()
    try:
        assert "withdrawing everything first" in daemon.process.output()
        assert "the kernel stays" not in daemon.process.output()
        assert not filters_to(bed.r, "eth1", classid)
        # Before the lifetime of 10.5 s: it was torn, it did not time out.  A
        # router without RSVP forwards what the ends go on to tell each other.
        for node, what in (("s", "the ResvTear at the sender"),
                           ("c", "the PathTear at the receiver")):
            lab.wait_for(lambda n=node: not knows(
                bed.daemons[n], port, ROUTER[family][n]), what, 8)
    finally:
        sender.stop()
        receiver.stop()
        daemon.conf.write_text(before)
        daemon.start()
        daemon.wait_traffic_control()


def knows(daemon, port, hop):
    """Is that address the hop of anything in the session?"""
    return [s for s in daemon.ctl_json("show", "sessions")["sessions"]
            if s["port"] == port and json.dumps(hop) in json.dumps(s)]


def filters_to(node, ifname, classid):
    text = node.tc("filter", "show", "dev", ifname).stdout
    return [line for line in text.splitlines()
            if line.rstrip().endswith(f"flowid {classid}") or
            f"flowid {classid} " in line]
