# SPDX-License-Identifier: ISC
"""Rates beyond 32 bits of octets a second, and links of cells, in the kernel
and back."""

import re

import pytest

import lab
import tcctl_peer as tp
from tcctl_bench import fixture_bench

assert fixture_bench  # pytest finds it here

GBIT = 125_000_000


def detail(bench, classid):
    text = bench.a.tc("-d", "class", "show", "dev", "eth0", "classid",
                      bench.name(classid)).stdout
    return text.splitlines()[0]


@pytest.mark.parametrize("gbit", [34, 35, 40, 100, 400])
def test_fast_links_keep_their_rates(bench, gbit):
    """34.36 Gbit/s are 2^32 octets a second."""
    link = gbit * GBIT
    settings = {"link_Bps": link, "best_effort_Bps": link // 20,
                "control_Bps": link // 100}
    peer = bench.serve(**settings)
    large = link * 9 // 10
    flow = {"rate_Bps": large, "bucket_bytes": 1_000_000,
            "buffer_bytes": 4_000_000}
    gs = bench.add(peer, **flow)
    cl = bench.add(peer, flow_id=2, port=5005, service=tp.CL,
                   **{**flow, "rate_Bps": GBIT})
    classes = bench.classes()
    assert classes["52:1"]["rate"] == classes["52:1"]["ceil"] == link
    assert classes["52:5"]["ceil"] == link
    assert classes[bench.name(cl)]["ceil"] == link
    # tc shows whole megabits.
    assert abs(classes[bench.name(gs)]["rate"] - large) <= 125_000
    # One packet and what the rate earns in 200 us, and no less: a tick of
    # 64 ns is 800 octets at 100 Gbit/s.
    burst = classes[bench.name(gs)]["burst"]
    assert burst >= (1538 + large * 200 // 1_000_000) * 0.99
    assert burst <= (1538 + large * 200 // 1_000_000) * 1.01 + 4000
    assert bench.lands(gs, 10) == (10, 0)
    peer.kill()
    again = bench.serve(**settings)
    assert again.adopted[1]["rate_Bps"] == large
    assert again.adopted[2]["rate_Bps"] == GBIT
    assert again.adopted[2]["peak_Bps"] == 0
    assert again.adopted[2]["bucket_bytes"] == pytest.approx(1_000_000,
                                                             abs=800)
    done, _ = again.ask(tp.FLOW_CHANGE, bench.flow(
        **{**flow, "rate_Bps": link // 2}))
    assert (done["error"], done["classid"]) == (0, gs)
    assert bench.lands(gs, 10) == (10, 0)


def test_a_faster_link_crosses_32_bits_in_place(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    for gbit in (40, 0.1, 400):
        done, _ = peer.ask(tp.IFACE, bench.iface(link_Bps=int(gbit * GBIT)))
        assert done["error"] == 0, done["text"]
        assert bench.classes()["52:1"]["rate"] == gbit * GBIT
    assert bench.lands(classid, 10) == (10, 0)


def test_a_clump_that_meets_the_one_before_finds_room(bench):
    """A whole token bucket at once fills the buffer of RFC 2212; while the
    timer is late nothing leaves, and the next packets come."""
    bucket = 20
    late = 10  # packets that R earns in 10 ms
    flow = {"rate_Bps": 1_000_000, "max_packet_bytes": 1000,
            "bucket_bytes": bucket * 1000, "buffer_bytes": bucket * 1000}
    classid = bench.add(bench.serve(**bench.iface()), **flow)

    def passes(count):
        sent = bucket + late + count
        before = bench.classes()[bench.name(classid)]["stats"]
        bench.send(sent, size=1000 - 38 - 28)

        def through():
            now = bench.classes()[bench.name(classid)]["stats"]
            seen = [now[k] - before[k] for k in ("packets", "drops")]
            return seen if sum(seen) == sent else None
        return lab.wait_for(through, "the packets to leave or be lost")
    # But for the few times that the timer is later still: others run as well.
    assert sum(passes(0)[1] > 0 for _ in range(20)) <= 5
    assert passes(100)[1] > 0  # and yet the room has an end


def test_cells_are_charged_by_the_kernel(bench):
    peer = bench.serve(atm=1, overhead_bytes=18, min_frame_bytes=0)
    classid = bench.add(peer, min_packet_bytes=3 * 53)
    for each in (0x520001, 0x520005, classid):
        assert "linklayer atm" in detail(bench, each)
        assert "overhead 18" in detail(bench, each)
    assert "mpu 144" in detail(bench, classid)
    peer.kill()
    again = bench.serve(atm=1, overhead_bytes=18, min_frame_bytes=0)
    assert again.adopted[1]["min_packet_bytes"] == 3 * 53
    # Another layer, in place.
    done, _ = again.ask(tp.IFACE, bench.iface())
    assert done["error"] == 0, done["text"]
    assert not re.search("linklayer atm", detail(bench, classid))
    assert "overhead 24" in detail(bench, classid)
    assert bench.lands(classid, 10) == (10, 0)
