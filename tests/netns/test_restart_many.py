# SPDX-License-Identifier: ISC
"""Thousands of reservations through one router, while its engine, its tcctl,
both, and all of it are killed or replaced: numbered probe packets all along,
none lost, each in its own class, and the counters go on.

RSVPD_MANY is the number of reservations (tests/long: 10 000)."""

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
PROBES = 5_000 if needs.EMULATED else 60_000  # at least
RATE = 500 if needs.EMULATED else 4_000  # probes a second
FIRST_PORT = 2000
SRC, DST = "10.1.0.10", "10.2.0.20"
CONF = """
limits = {{ sessionsPerNeighbour = 1000000; }};
trafficControl = {{ poolLow = {pool}; poolHigh = {pool}; }};
interfaces = (
	{{ name = "eth0"; enabled = true; trafficControl = false;
	   packetsPerSecond = 1000000; maxFlows = 60000; refresh = "300 s"; }},
	{{ name = "eth1"; enabled = true; trafficControl = true;
	   bandwidth = "10 Gbit"; packetsPerSecond = 1000000;
	   maxFlows = 60000; refresh = "300 s"; }}
);
"""


def ports():
    return range(FIRST_PORT, FIRST_PORT + COUNT)


class Probes:
    """UDP packets with a number, in turn for each reservation; and who got
    them."""

    def __init__(self, wire):
        def sockets():
            out = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                socket.IPPROTO_RAW)
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                socket.htons(0x0800))
            tap.setsockopt(socket.SOL_SOCKET, 33, 64 * 1024 * 1024)
            tap.settimeout(0.2)
            return out, tap
        self.out, unused = nb.in_namespace(wire.a.ns, sockets)
        unused.close()
        unused, self.tap = nb.in_namespace(wire.b.ns, sockets)
        unused.close()
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
                           socket.inet_aton(SRC), socket.inet_aton(DST))
        start = time.monotonic()
        while self.sent < PROBES or not self.enough.is_set():
            port = FIRST_PORT + self.sent % COUNT
            self.out.sendto(head + struct.pack("!HHHHI", port, port, 12, 0,
                                               self.sent), (DST, 0))
            self.sent += 1
            if self.sent % 50 == 0:
                ahead = start + self.sent / RATE - time.monotonic()
                if ahead > 0:  # the pace, not a wait for anything
                    self.done.wait(ahead)

    def receive(self):
        while not self.done.is_set():
            try:
                data = self.tap.recv(2048)
            except TimeoutError:
                continue
            if len(data) >= 32 and data[9] == 17:
                port, number = struct.unpack_from("!2xH4xI", data, 20)
                if port == FIRST_PORT + number % COUNT:
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
            None, old[n]), f"a new {name}", 10)
    daemon.wait_ready(10)
    daemon.wait_traffic_control(20)


def kill_all(daemon):
    """The supervisor as well; the next one is another version for all that
    it knows."""
    workers = daemon.workers()
    os.kill(daemon.supervisor(), signal.SIGKILL)
    daemon.process.popen.wait(10)
    lab.wait_for(lambda: not any(os.path.exists(f"/proc/{p}")
                                 for p in workers.values()), "their end", 30)
    daemon.start()
    daemon.wait_traffic_control(20)


def upgrade(daemon):
    daemon.stop()
    daemon.start()
    daemon.wait_traffic_control(20)


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
        daemon.wait_traffic_control()
        wire.set_up(COUNT, FIRST_PORT)
        classes = lab.wait_for(lambda: installed(daemon), "all reservations",
                               60)
        before = packets(wire)
        probes = Probes(wire)
        lab.wait_for(lambda: probes.sent > 1000, "probes under way")
        for restart in (lambda: kill_worker(daemon, "engine"),
                        lambda: kill_worker(daemon, "tcctl"),
                        lambda: kill_worker(daemon, "engine", "tcctl"),
                        lambda: upgrade(daemon),
                        lambda: kill_all(daemon)):
            restart()
            wire.refresh(list(ports()), False)
            assert lab.wait_for(lambda: installed(daemon),
                                "all reservations again", 60) == classes
        lost = probes.finish()
        assert not lost, f"{len(lost)} of {probes.sent} lost, {lost[:10]} ..."
        after = packets(wire)
        wrong = {p: after[classes[p]] - before[classes[p]] for p in ports()
                 if after[classes[p]] - before[classes[p]] != len(
                     range(p - FIRST_PORT, probes.sent, COUNT))}
        assert not wrong, f"{len(wrong)} classes: {list(wrong.items())[:5]}"
    finally:
        wire.close()
