# SPDX-License-Identifier: ISC
"""The guarantees, measured end to end over three routers (RFC 2212, RFC 2211):
at 10 and 100 Mbit/s, everything loaded.  RSVPD_BOUND_S: seconds of it at each
rate (ten minutes in tests/long)."""

import os

import pytest

import judge
import lab
import line
import needs

pytestmark = pytest.mark.measured

SECONDS = float(os.environ.get("RSVPD_BOUND_S", "15"))
EMPTY_S = 4
SLOW_S = 4
SLOW = 0.95  # of what the tree is told


class Run:
    def __init__(self, bed):
        self.bed = bed
        bed.reserve(line.GS + line.CL + (line.GREEDY_GS, line.GREEDY_CL))
        self.empty = bed.run(line.CL, EMPTY_S, flooded=False)
        self.before = {n: bed.counters(n) for n in line.CHAIN[:-1]}
        self.wires = {n: bed.wire_drops(n) for n in line.CHAIN[1:]}
        best = {n: bed.best_effort(n)[1] for n in line.CHAIN[:-1]}
        self.flows = bed.run(tuple(bed.apps), SECONDS)
        self.crowded = {n: bed.best_effort(n)[1] - best[n] for n in best}
        self.after = {n: bed.counters(n) for n in line.CHAIN[:-1]}
        self.print()

    def print(self):
        print(f"\n{self.bed.speed.name}, {SECONDS:g} s; times in ms")
        print("flow  service      sent  lost    p50  99.99 %     max   bound"
              "  late excused")
        for port, r in sorted(self.flows.items()):
            d = r["delay_us"]
            kind = "GS" if port in line.GS + (line.GREEDY_GS,) else "CL"
            note = (" x3" if port in (line.GREEDY_GS, line.GREEDY_CL) else
                    " clumps" if port in line.CLUMPS else "")
            bound = f"{r['bound_us'] / 1000:8.2f}" if r["bound_us"] else (
                "       -")
            print(f"{port}  {kind + note:9}{r['sent']:8}{r['lost']:6}"
                  f"{d['p50'] / 1000:7.2f}{d['p9999'] / 1000:9.2f}"
                  f"{d['max'] / 1000:8.2f}{bound}{r['late']:6}"
                  f"{r['excused']:8}")
        for port, r in self.flows.items():
            for number, delay in r["excused_packets"]:
                print(f"excused: {port} packet {number}, {delay / 1e6:.2f} ms")

    def handled(self, node, port):
        """(packets, drops) of the class there meanwhile."""
        return tuple(a - b for a, b in zip(self.after[node][port],
                                           self.before[node][port]))


@pytest.fixture(scope="module", params=list(line.SPEEDS), name="bed")
def make_bed(request):
    lab.require_root()
    needs.require(needs.real_time)
    with line.Line(line.SPEEDS[request.param]) as bed:
        yield bed


@pytest.fixture(scope="module", name="loaded")
def load(bed):
    return Run(bed)


def test_no_guaranteed_packet_is_lost(loaded):
    for port in line.GS:
        result = loaded.flows[port]
        assert result["lost"] == 0, (port, result)
        assert result["sent"] > 0.9 * SECONDS * (
            loaded.bed.speed.gs_r / line.PACKET)


def test_every_guaranteed_packet_keeps_the_end_to_end_bound(loaded):
    for port in line.GS:
        assert judge.within_bound(loaded.flows[port]), loaded.flows[port]


def test_every_hop_served_all_of_them_in_their_own_class(loaded):
    """Or the delays would be another queue's."""
    for port in line.GS + line.CL:
        for node in line.CHAIN[:-1]:
            assert loaded.handled(node, port) == (
                loaded.flows[port]["sent"], 0), (node, port)


def test_best_effort_was_too_much_for_every_link(loaded):
    for node, drops in loaded.crowded.items():
        assert drops > 100 * SECONDS * loaded.bed.speed.rest_Bps / 3e6, node


def test_the_bound_says_something(bed, loaded):
    """D of each hop stays below its ceiling."""
    for node in line.CHAIN[:-1]:
        terms = next(i for i in bed.daemons[node].ctl_json(
            "show", "interfaces")["interfaces"] if i["name"] == "d0")
        assert 0 < terms["D_us"] <= bed.speed.ceiling_us, node


def test_controlled_load_is_as_on_an_empty_link(bed, loaded):
    """No loss, and a median not more than a packet a hop above."""
    hops = len(line.CHAIN) - 1
    more_us = hops * line.MTU_WIRE / bed.speed.link_Bps * 1e6
    for port in line.CL:
        empty, full = loaded.empty[port], loaded.flows[port]
        assert full["lost"] == 0 and empty["lost"] == 0
        print(f"{port}: median {empty['delay_us']['p50']} us empty, "
              f"{full['delay_us']['p50']} us loaded, {more_us:.0f} allowed")
        assert full["delay_us"]["p50"] <= empty["delay_us"]["p50"] + more_us


def test_who_sends_three_times_as_much_was_held_at_the_first_hop(loaded):
    """And so hurt nobody else, which the other tests show."""
    packets, drops = loaded.handled("s", line.GREEDY_GS)
    assert drops > loaded.flows[line.GREEDY_GS]["sent"] // 4
    assert packets <= 1.05 * (SECONDS + 1) * (
        loaded.bed.speed.gs_R / line.PACKET) + 50


def test_nothing_was_lost_behind_the_trees(bed, loaded):
    for node, before in loaded.wires.items():
        assert bed.wire_drops(node) == before, node


def test_a_far_end_that_is_slower_than_configured_shows(bed, loaded):
    """What is lost behind our trees is not hidden: it is missing at the
    receiver, no class dropped it, and the wire did."""
    before = {n: bed.counters(n) for n in line.CHAIN[:-1]}
    lost_before = bed.wire_drops("r2")
    bed.wire("r2", int(SLOW * bed.speed.link_Bps))
    try:
        flows = bed.run(line.GS + line.CL, SLOW_S)
    finally:
        bed.wire("r2", bed.speed.wire_Bps)
    lost = sum(flows[p]["lost"] for p in line.GS + line.CL)
    gone = bed.wire_drops("r2") - lost_before
    print(f"far end of r1 at {SLOW:.0%}: {lost} of "
          f"{sum(flows[p]['sent'] for p in flows)} reserved packets lost, "
          f"{gone} packets dropped on the wire behind r1")
    for node in line.CHAIN[:-1]:
        after = bed.counters(node)
        for port in line.GS + line.CL:
            assert after[port][1] == before[node][port][1], (node, port)
    assert 0 < lost <= gone
    assert not all(judge.within_bound(flows[p]) for p in line.GS)
