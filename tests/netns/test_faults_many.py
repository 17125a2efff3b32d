# SPDX-License-Identifier: ISC
"""Ten thousand reservations at one router, all torn within a second, and made
again; between neighbours that share no code with it."""

import time

import pytest

import chain as chains
import lab
import needs
import neighbour as nb

COUNT = 10000
BURST = 100  # messages that an emulated machine gets at once
DSTS = 40  # addresses of the receiving network, by ports
RECEIVED = {nb.PATH: "path_in", nb.RESV: "resv_in",
            nb.RESV_TEAR: "tear_in"}
A, RA, RB = "10.1.0.2", "10.1.0.1", "10.2.0.1"
B = "10.2.0.2"
R_MS = 300000
SECTION = ('{{ name = "{}"; bandwidth = "10 Gbit"; reservable = 90; '
           'gsBudget = "100 MB"; maxFlows = 10000; refresh = "300 s"; '
           'packetsPerSecond = 1000000; }}')
CONF = ('limits = { sessionsPerNeighbour = 20000; };\n'
        'trafficControl = { wait = "60 s"; };\ninterfaces = (\n' +
        ",\n".join(SECTION.format(n) for n in ("u0", "d0")) + "\n);\n")


class Bench:
    def __init__(self):
        self.lab = lab.Lab("rsvpfm")
        try:
            a, r, b = (self.lab.node(n, forward=n == "r") for n in "arb")
            self.lab.link(a, "eth0", r, "u0", (A, RA, 24))
            self.lab.link(b, "eth0", r, "d0", (B, RB, 16))
            a.ip("route", "add", "default", "via", RA)
            self.router = r
            self.daemon = lab.Daemon(r, CONF)
            self.daemon.wait_traffic_control()
            self.up = nb.Neighbour(a, "eth0")
            self.down = nb.Neighbour(b, "eth0")
        except BaseException:
            self.lab.close()
            raise

    def close(self):
        self.up.close()
        self.down.close()
        self.lab.close()

    def say(self, number, count=COUNT, first=0):
        """That message of each session, from the side that it is of.  An
        emulated machine runs nobody while this sends: it is waited for, or
        its socket would be full."""
        bursts = -(-count // BURST) if needs.EMULATED else 1
        for n in range(bursts):
            before = self.counter(RECEIVED[number])
            part = min(BURST, count - n * BURST) if bursts > 1 else count
            self.burst(number, part, first + n * BURST)
            if bursts > 1:
                lab.wait_for(lambda b=before, p=part: self.counter(
                    RECEIVED[number]) >= b + p, "messages taken")

    def burst(self, number, count, first):
        path = number in (nb.PATH, nb.PATH_TEAR)
        refresh = [nb.time_values(R_MS)] if number in (nb.PATH,
                                                       nb.RESV) else []
        for i in range(first, first + count):
            dst, port = f"10.2.1.{1 + i % DSTS}", 1000 + i // DSTS
            session = nb.session(dst, port)
            if path:
                last = [nb.template(A, port), nb.tspec(r=1000.0, b=1500.0,
                                                       p=2000.0)]
                data = nb.message(number, 63, session, nb.hop(A, 1), *refresh,
                                  *last, *([nb.adspec()] if refresh else []))
                self.up.send_raw4(packet(A, dst, data, alert=True))
                continue
            data = nb.message(
                number, 63, session, nb.hop(B, self.lih), *refresh,
                nb.style(nb.FF), nb.controlled_load(r=1000.0, b=1500.0,
                                                    p=2000.0),
                nb.filter_spec(A, port))
            self.down.send_raw4(packet(B, RB, data))

    def counter(self, name):
        return self.daemon.ctl_json("show", "counters")["counters"][name]

    def iface(self):
        """As it is shown, but for counters that are known a moment later."""
        told = next(i for i in self.daemon.ctl_json(
            "show", "interfaces")["interfaces"] if i["name"] == "d0")
        hidden = {told.pop("hidden_fragments", 0),
                  told.pop("hidden_extensions", 0)}
        assert hidden == {0}, told
        return told

    def wait_flows(self, count, timeout):
        lab.wait_for(lambda: self.iface()["flows"] == count,
                     f"{count} flows: {self.iface()}", timeout, 0.2)


def packet(src, dst, data, alert=False):
    """An IPv4 packet around a message; scapy takes too long for so many."""
    options = b"\x94\x04\x00\x00" if alert else b""
    size = 20 + len(options)
    return (bytes([0x40 | size // 4, 0xC0]) +
            (size + len(data)).to_bytes(2, "big") + bytes(4) +
            bytes([63, nb.RSVP, 0, 0]) + nb.packed(src) + nb.packed(dst) +
            options + data)


@pytest.fixture(scope="module")
def bench():
    lab.require_root()
    b = Bench()
    yield b
    b.close()


def test_ten_thousand_are_reserved_torn_in_a_second_and_reserved_again(bench):
    bench.lih = bench.iface()["ifindex"]
    bench.say(nb.PATH)
    lab.wait_for(lambda: bench.counter("path_in") == COUNT, "Paths")
    empty = bench.iface()
    assert (empty["flows"], empty["reserved_bps"]) == (0, 0)
    for turn in range(2):
        bench.say(nb.RESV)
        lab.wait_for(lambda n=turn + 1: bench.counter("admitted") ==
                     n * COUNT, "all to be installed",
                 8 * lab.PATIENCE_S, 0.2)
        full = bench.iface()
        assert full["flows"] == COUNT
        assert len(chains.kernel(bench.router, "d0")) == COUNT
        assert full["reserved_bps"] > 0
        # One more than there may be is refused with a clear reason.
        paths = bench.counter("path_in")
        bench.say(nb.PATH, 1, COUNT)
        lab.wait_for(lambda: bench.counter("path_in") == paths + 1, "Path")
        ear = nb.Neighbour(bench.lab.nodes["b"], "eth0")
        bench.say(nb.RESV, 1, COUNT)
        assert ear.expect(nb.RESV_ERR, 1000 + COUNT // DSTS).error()[2] == 1
        ear.close()
        assert "10000" in bench.daemon.ctl("explain", f"10.2.1.{1}",
                                           1000 + COUNT // DSTS).stdout
        start = time.monotonic()
        bench.say(nb.RESV_TEAR)
        took = time.monotonic() - start
        bench.wait_flows(0, 8 * lab.PATIENCE_S)
        assert chains.kernel(bench.router, "d0") == set()
        assert bench.iface() == empty
        print(f"turn {turn}: torn in {took:.1f} s")
    assert bench.counter("bug") == 0
    assert bench.counter("tc_refused") == 0
