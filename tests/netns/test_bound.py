# SPDX-License-Identifier: ISC
"""The guarantees, measured end to end over three routers (RFC 2212, RFC 2211):
at 10 and 100 Mbit/s, everything loaded.  RSVPD_BOUND_S: seconds of it at each
rate (ten minutes in tests/long), in runs of RSVPD_BOUND_RUN_S at most."""

import math
import os

import pytest

import host
import judge
import lab
import line
import needs

pytestmark = pytest.mark.measured

SECONDS = float(os.environ.get("RSVPD_BOUND_S", "15"))
RUN_S = float(os.environ.get("RSVPD_BOUND_RUN_S", "30"))
COUNT = math.ceil(SECONDS / RUN_S)
EMPTY_S = 4
SLOW_S = 4
SLOW = 0.95  # of what the tree is told


class Run:
    """Everything at once for a while: what became of the flows, and what was
    counted on the way."""

    def __init__(self, bed):
        self.bed = bed
        before = {n: bed.counters(n) for n in line.CHAIN[:-1]}
        wires = {n: bed.wire_drops(n) for n in line.CHAIN[1:]}
        best = {n: bed.best_effort(n)[1] for n in line.CHAIN[:-1]}
        self.flows = bed.run(tuple(bed.apps), SECONDS / COUNT)
        self.wires = {n: bed.wire_drops(n) - wires[n] for n in wires}
        self.crowded = {n: bed.best_effort(n)[1] - best[n] for n in best}
        after = {n: bed.counters(n) for n in line.CHAIN[:-1]}
        # (packets, drops) of each port's class at each node meanwhile
        self.handled = {n: {port: tuple(
            now - then for now, then in zip(after[n][port], counts))
            for port, counts in before[n].items()} for n in before}

    def good(self):
        """Or void, if the host disturbed it."""
        return (all(judge.within_bound(self.flows[p]) for p in line.GS) and
                not any(self.flows[p]["lost"] for p in line.CL) and
                not any(self.wires.values()))


class Measured:
    """As many runs as make up the time."""

    def __init__(self, bed):
        self.bed = bed
        bed.reserve(line.GS + line.CL + (line.GREEDY_GS, line.GREEDY_CL))
        self.empty = host.measured(
            lambda: bed.run(line.CL, EMPTY_S, flooded=False),
            lambda flows: not any(f["lost"] for f in flows.values()))
        # When the host leaves no calm, not for ever.
        self.tries = host.TRIES + 2 * (COUNT - 1)
        self.runs = []
        while len(self.runs) < COUNT:
            self.runs.append(host.measured(self.run, Run.good,
                                           max(1, self.tries)))
            print(end="." if len(self.runs) < COUNT else "\n", flush=True)
        self.print()

    def run(self):
        self.tries -= 1
        return Run(self.bed)

    def all(self, port):
        return [run.flows[port] for run in self.runs]

    def print(self):
        print(f"{self.bed.speed.name}, {COUNT} x {SECONDS / COUNT:g} s; times "
              "in ms, of the run where each was worst")
        print("flow  service      sent  lost    p50  99.99 %     max   bound"
              "  late excused")
        for port in sorted(self.bed.apps):
            kind = "GS" if port in line.GS + (line.GREEDY_GS,) else "CL"
            note = (" x3" if port in (line.GREEDY_GS, line.GREEDY_CL) else
                    " clumps" if port in line.CLUMPS else "")
            results = self.all(port)
            sent, lost, late, excused = (
                sum(r[k] for r in results)
                for k in ("sent", "lost", "late", "excused"))
            p50, most, top = (max(r["delay_us"][k] for r in results) / 1000
                              for k in ("p50", "p9999", "max"))
            bound = results[0]["bound_us"]
            told = f"{bound / 1000:8.2f}" if bound else "       -"
            print(f"{port}  {kind + note:9}{sent:8}{lost:6}{p50:7.2f}"
                  f"{most:9.2f}{top:8.2f}{told}{late:6}{excused:8}")
            for number, delay in (e for r in results
                                  for e in r["excused_packets"]):
                print(f"excused: {port} packet {number}, {delay / 1e6:.2f} ms")


@pytest.fixture(scope="module", params=list(line.SPEEDS), name="bed")
def make_bed(request):
    lab.require_root()
    needs.require(needs.real_time)
    with line.Line(line.SPEEDS[request.param]) as bed:
        yield bed


@pytest.fixture(scope="module", name="loaded")
def load(bed):
    return Measured(bed)


def test_no_guaranteed_packet_is_lost(loaded):
    for port in line.GS:
        for result in loaded.all(port):
            assert result["lost"] == 0, (port, result)
            assert result["sent"] > 0.9 * SECONDS / COUNT * (
                loaded.bed.speed.gs_r / line.PACKET)


def test_every_guaranteed_packet_keeps_the_end_to_end_bound(loaded):
    for port in line.GS:
        for result in loaded.all(port):
            assert judge.within_bound(result), (port, result)


def test_every_hop_served_all_of_them_in_their_own_class(loaded):
    """Or the delays would be another queue's."""
    for run in loaded.runs:
        for port in line.GS + line.CL:
            for node in line.CHAIN[:-1]:
                assert run.handled[node][port] == (
                    run.flows[port]["sent"], 0), (node, port)


def test_best_effort_was_too_much_for_every_link(loaded):
    rest_Bps = loaded.bed.speed.rest_Bps
    for run in loaded.runs:
        for node, drops in run.crowded.items():
            assert drops > 100 * SECONDS / COUNT * rest_Bps / 3e6, node


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
        empty = loaded.empty[port]
        assert empty["lost"] == 0
        print(f"{port}: median {empty['delay_us']['p50']} us empty, "
              f"{max(f['delay_us']['p50'] for f in loaded.all(port))} us "
              f"loaded, {more_us:.0f} more allowed")
        for full in loaded.all(port):
            assert full["lost"] == 0
            assert full["delay_us"]["p50"] <= (
                empty["delay_us"]["p50"] + more_us)


def test_who_sends_three_times_as_much_was_held_at_the_first_hop(loaded):
    """And so hurt nobody else, which the other tests show."""
    for run in loaded.runs:
        packets, drops = run.handled["s"][line.GREEDY_GS]
        assert drops > run.flows[line.GREEDY_GS]["sent"] // 4
        assert packets <= 1.05 * (SECONDS / COUNT + 1) * (
            loaded.bed.speed.gs_R / line.PACKET) + 50


def test_nothing_was_lost_behind_the_trees(loaded):
    for run in loaded.runs:
        assert not any(run.wires.values()), run.wires


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
