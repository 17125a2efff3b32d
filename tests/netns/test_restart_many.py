# SPDX-License-Identifier: ISC
"""Thousands of reservations through one router, while its engine, its tcctl,
both, and all of it are killed or replaced: numbered probe packets all along,
none lost, each in its own class, and the counters go on.

Most are held by neighbours without a daemon; a part by applications on the
router itself, which announce flows through its daemon, and others that reserve
for them at the daemon of the next host.  These do nothing about the restarts:
librapi does.

RSVPD_MANY is the number of reservations (tests/long: 10 000)."""

import collections
import contextlib
import os
import signal
import socket
import struct
import threading
import time

import pytest

import lab
import many
import needs
import neighbour as nb

pytestmark = pytest.mark.measured

COUNT = int(os.environ.get("RSVPD_MANY", 200 if needs.EMULATED else 1000))
APPS = min(COUNT // 4, 1000)  # of applications, the last ones
EACH = -(-APPS // 2)  # of one of them
PROBES = 5_000 if needs.EMULATED else 60_000  # at least
RATE = 500 if needs.EMULATED else 4_000  # probes a second
FIRST_PORT = 2000
SRC, DST = "10.1.0.10", "10.2.0.20"
ROUTER = "10.2.0.1"
CONF = """
limits = {{ sessionsPerNeighbour = 1000000; sessionsPerUser = 20000; }};
trafficControl = {{ poolLow = {pool}; poolHigh = {pool}; }};
interfaces = (
	{{ name = "eth0"; enabled = true; trafficControl = false;
	   packetsPerSecond = 1000000; maxFlows = 60000; refresh = "300 s"; }},
	{{ name = "eth1"; enabled = true; trafficControl = true;
	   bandwidth = "10 Gbit"; packetsPerSecond = 1000000;
	   maxFlows = 60000; refresh = "300 s"; }}
);
"""


HOST_CONF = """
limits = { sessionsPerNeighbour = 1000000; sessionsPerUser = 20000; };
interfaces = (
	{ name = "eth0"; enabled = true; trafficControl = false;
	  packetsPerSecond = 1000000; maxFlows = 60000; refresh = "3 s"; }
);
"""


def ports():
    return range(FIRST_PORT, FIRST_PORT + COUNT)


def neighbours():
    """Of the reservations that have no application."""
    return ports()[:COUNT - APPS]


def applications():
    return ports()[COUNT - APPS:]


class Probes:
    """UDP packets with a number from one host, in turn for each of the
    reservations for what it sends; and which arrived."""

    def __init__(self, node, source, wire, some):
        def sockets():
            out = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                socket.IPPROTO_RAW)
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                socket.htons(0x0800))
            tap.setsockopt(socket.SOL_SOCKET, 33, 64 * 1024 * 1024)
            tap.settimeout(0.2)
            return out, tap
        self.out, unused = nb.in_namespace(node.ns, sockets)
        unused.close()
        unused, self.tap = nb.in_namespace(wire.b.ns, sockets)
        unused.close()
        self.source, self.ports = source, some
        self.least = -(-PROBES * len(some) // COUNT)
        self.rate = RATE * len(some) / COUNT
        self.sent = 0
        self.seen = set()
        self.enough = threading.Event()
        self.done = threading.Event()
        self.threads = [threading.Thread(target=self.send, daemon=True),
                        threading.Thread(target=self.receive, daemon=True)]
        for thread in self.threads:
            thread.start()

    def send(self):
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 32, 0, 0, 64, 17, 0,
                           socket.inet_aton(self.source),
                           socket.inet_aton(DST))
        start = time.monotonic()
        while self.sent < self.least or not self.enough.is_set():
            port = self.ports[self.sent % len(self.ports)]
            self.out.sendto(head + struct.pack("!HHHHI", port, port, 12, 0,
                                               self.sent), (DST, 0))
            self.sent += 1
            if self.sent % 50 == 0:
                ahead = start + self.sent / self.rate - time.monotonic()
                if ahead > 0:  # the pace, not a wait for anything
                    self.done.wait(ahead)

    def receive(self):
        while not self.done.is_set():
            try:
                data = self.tap.recv(2048)
            except TimeoutError:
                continue
            if len(data) >= 32 and data[9] == 17 and (
                    data[12:16] == socket.inet_aton(self.source)):
                port, number = struct.unpack_from("!2xH4xI", data, 20)
                if port == self.ports[number % len(self.ports)]:
                    self.seen.add(number)

    def finish(self):
        """End after so many at least: the numbers that did not arrive."""
        self.enough.set()
        self.threads[0].join(120)
        try:
            lab.wait_for(lambda: len(self.seen) == self.sent, "all probes",
                         10)
        except TimeoutError:
            pass  # who is missing is told by what is returned
        self.done.set()
        self.threads[1].join(5)
        self.out.close()
        self.tap.close()
        return sorted(set(range(self.sent)) - self.seen)

    def of(self, port):
        """How many were sent to that port."""
        return len(range(self.ports.index(port), self.sent, len(self.ports)))


class Apps:
    """Two applications on the router that announce flows, two on the next host
    that reserve for them."""

    def __init__(self, wire, router, host):
        self.all = []
        some = applications()
        for first in some[::EACH]:
            count = min(EACH, some[-1] + 1 - first)
            for node, daemon, name, extra in (
                    (wire.b, host, "reserve", ()),
                    (wire.r, router, "announce", (ROUTER,))):
                self.all.append((node.start(
                    lab.program("rapi_many"), DST, first, count, *extra,
                    name=f"{name}-{first}",
                    env={"RAPI_SOCKET": str(daemon.rapi)}), node, count))

    def heard(self, app, kind):
        return [e for e in app.events() if e["event"] == kind]

    def wait_heard(self, node, times):
        """Those on that host have been told of each flow's reservation, or
        path, so often at least."""
        kind = "resv_event" if node.name == "r" else "path_event"
        for app, count in ((a, c) for a, n, c in self.all if n is node):
            def all_told(a=app, n=count):
                told = collections.Counter(
                    e["port"] for e in self.heard(a, kind))
                return a.died() or (len(told) == n and
                                    min(told.values()) >= times)
            lab.wait_for(all_told, f"every {kind} of {app.name}, {times} "
                         "times", 60)

    def reconnected(self, node, times):
        """Those on that host have lost their daemon so often, and are connected
        again to one that knows their flows; nobody has told them of anything
        worse."""
        for app in (a for a, n, _ in self.all if n is node):
            lab.wait_for(lambda a=app: a.died() or len(
                self.heard(a, "reconnect")) >= times,
                f"{app.name} to reconnect")
        self.wait_heard(node, times + 1)
        self.untroubled()

    def untroubled(self):
        for app, _, _ in self.all:
            app.died()
            assert not [e for e in app.events() if e["event"] in (
                "problem", "resv_error", "path_error") or
                e.get("flowspecs") == 0], app.output()[-2000:]


def installed(daemon):
    """Class of each port's reservation; None: not all are there."""
    found = {r["session"]["port"]: r["classid"] for r in daemon.ctl_json(
        "show", "reservations")["reservations"]
        if r["state"] == "installed" and r.get("classid")}
    return found if set(found) >= set(ports()) else None


def packets(wire):
    return {c["handle"]: c["packets"] for c in wire.r.tc_classes("eth1")}


def kill_worker(daemon, *names):
    old = {name: daemon.workers()[name] for name in names}
    for pid in old.values():
        # The others may end by themselves when the first has gone.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for name in names:
        lab.wait_for(lambda n=name: daemon.workers().get(n) not in (
            None, old[n]), f"a new {name}")
    daemon.wait_ready()
    daemon.wait_traffic_control(2 * lab.PATIENCE_S)


def kill_all(daemon):
    """The supervisor as well; the next one is another version for all that
    it knows."""
    workers = daemon.workers()
    os.kill(daemon.supervisor(), signal.SIGKILL)
    daemon.process.popen.wait(10)
    lab.wait_for(lambda: not any(os.path.exists(f"/proc/{p}")
                                 for p in workers.values()), "their end")
    daemon.start()
    daemon.wait_traffic_control(2 * lab.PATIENCE_S)


def upgrade(daemon):
    daemon.stop()
    daemon.start()
    daemon.wait_traffic_control(2 * lab.PATIENCE_S)


def probe_all(wire):
    probes = [Probes(wire.a, SRC, wire, neighbours()),
              Probes(wire.r, ROUTER, wire, applications())]
    lab.wait_for(lambda: sum(p.sent for p in probes) > 1000,
                 "probes under way")
    return probes


def all_arrived(probes):
    for one in probes:
        lost = one.finish()
        assert not lost, (f"{len(lost)} of {one.sent} from {one.source} "
                          f"lost, {lost[:10]} ...")


def all_counted(wire, probes, classes, before):
    after = packets(wire)
    wrong = {port: (after[classes[port]] - before[classes[port]],
                    one.of(port)) for one in probes for port in one.ports
             if after[classes[port]] - before[classes[port]] != one.of(port)}
    assert not wrong, f"{len(wrong)} classes: {list(wrong.items())[:5]}"


def test_thousands_of_reservations_outlive_every_restart():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    wire = many.Wire()
    try:
        # Neither side asks who the other is in the middle of it, and nobody
        # answers the probes.
        for node in (wire.a, wire.b):
            node.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=100000")
        daemon = lab.Daemon(wire.r, CONF.format(pool=min(COUNT + 200, 10_000)))
        host = lab.Daemon(wire.b, HOST_CONF)
        daemon.wait_traffic_control()
        wire.set_up(len(neighbours()), FIRST_PORT)
        apps = Apps(wire, daemon, host)
        classes = lab.wait_for(lambda: installed(daemon), "all reservations",
                               60)
        apps.wait_heard(wire.r, 1)
        apps.wait_heard(wire.b, 1)
        before = packets(wire)
        probes = probe_all(wire)
        lost = 0
        for restart, of, loses in (
                (lambda: kill_worker(daemon, "engine"), wire.r, 1),
                (lambda: kill_worker(host, "engine"), wire.b, 1),
                (lambda: kill_worker(daemon, "tcctl"), wire.r, 0),
                (lambda: kill_worker(daemon, "engine", "tcctl"), wire.r, 1),
                (lambda: upgrade(daemon), wire.r, 1),
                (lambda: kill_all(daemon), wire.r, 1)):
            restart()
            lost += loses if of is wire.r else 0
            wire.refresh(list(neighbours()), False)
            apps.reconnected(of, lost if of is wire.r else loses)
            assert lab.wait_for(lambda: installed(daemon),
                                "all reservations again", 60) == classes
        all_arrived(probes)
        all_counted(wire, probes, classes, before)
        apps.untroubled()
    finally:
        wire.close()
