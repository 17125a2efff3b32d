# SPDX-License-Identifier: ISC
"""`tcctl serve` against the real kernel, driven by an encoder of the messages
that shares no code with it, judged by tc and by where packets go."""

import pytest

import lab
import tcctl_peer as tp
from tcctl_bench import (A4, A6, B4, B4_OTHER, B6, LINK_BPS, PYTHON,
                         fixture_both)

assert fixture_both  # pytest finds it here


# ---- set-up and removal -----------------------------------------------------


def test_a_flow_is_a_class_and_a_filter(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    c = bench.classes()[bench.name(classid)]
    leaf = bench.leaves()[bench.name(classid)]
    assert (c["parent"], c["rate"], c["ceil"], c["prio"]) == (
        "52:2", 250_000, 250_000, 0)
    assert c["burst"] == pytest.approx(1538 + 50, abs=2)
    assert (leaf["kind"], leaf["options"]["limit"]) == ("bfifo", 30_000 + 2 * 1538)
    (node,) = bench.nodes(classid)
    # 5004 & 15 is c, the last octet of B4 2
    assert node == {"u32": "2c:2:1", "flower": "0x1"}[bench.by()]


def test_controlled_load_may_borrow_up_to_its_peak(bench):
    peer = bench.serve()
    free = bench.add(peer, service=tp.CL, bucket_bytes=10_000)
    capped = bench.add(peer, flow_id=2, port=5005, service=tp.CL,
                       peak_Bps=500_000, bucket_bytes=10_000)
    classes = bench.classes()
    assert classes[bench.name(free)]["ceil"] == LINK_BPS
    assert classes[bench.name(capped)]["ceil"] == 500_000
    for classid in (free, capped):
        c = classes[bench.name(classid)]
        assert (c["parent"], c["rate"], c["prio"]) == ("52:3", 250_000, 7)
        assert c["burst"] == pytest.approx(10_000, abs=2)


@pytest.mark.parametrize("packet, filters", [
    ({}, None),
    ({"options": "01010101"}, None),           # ihl 6
    ({"options": "01" * 40}, None),            # ihl 15
    ({"dst": B6}, [{"dst": B6, "src": A6, "dst_port": 5004,
                    "src_port": 6000}]),
    ({"dst": B6}, [{"dst": B6, "dst_port": 5004}]),        # any source
    ({}, [{"dst": B4, "src": None, "dst_port": 5004}]),
    ({}, [{"dst": B4, "src": A4}]),                        # any port
    ({"dst": B6}, [{"dst": B6, "src": A6}]),
    ({"size": 4000}, [{"dst": B4, "src": A4}]),            # fragments too
    ({"dst": B6, "label": 0xABCDE}, [
        {"dst": B6, "src": A6, "by_label": 1, "flow_label": 0xABCDE}]),
], ids=["v4", "v4-options", "v4-40-octets-of-options", "v6", "v6-any-source",
        "v4-any-source", "v4-any-port", "v6-any-port", "v4-fragments",
        "v6-label"])
def test_packets_of_the_flow_land_in_its_class(bench, packet, filters):
    peer = bench.serve()
    classid = bench.add(peer, filters=filters, max_packet_bytes=1538,
                        rate_Bps=1_000_000, buffer_bytes=100_000)
    count = 10 if packet.get("size", 0) < 1500 else 30  # of three fragments
    into, _ = bench.lands(classid, count, sends=10, **packet)
    assert into == count


@pytest.mark.parametrize("packet", [
    {"port": 5005}, {"port": 5004 + 16}, {"sport": 6001},
    {"dst": B4_OTHER}, {"dst": B6}, {"dst": B6, "options": "1100010400000000"},
], ids=["port", "port-of-the-same-bucket", "source-port", "destination",
        "family", "v6-options"])
def test_other_packets_land_in_best_effort(bench, packet):
    peer = bench.serve()
    classid = bench.add(peer, filters=[
        {"dst": B4, "src": A4, "dst_port": 5004, "src_port": 6000},
        {"dst": "2001:db8:8::9", "dst_port": 5004}])
    assert bench.lands(classid, 10, **packet) == (0, 10)


@pytest.mark.parametrize("packet, filters", [
    ({"options": "1100010400000000"}, [
        {"dst": B6, "src": A6, "dst_port": 5004, "src_port": 6000}]),
    ({"options": "1100010400000000"}, [{"dst": B6, "src": A6}]),
    ({"size": 4000}, [{"dst": B6, "src": A6}]),
], ids=["ports-behind-an-extension", "protocol-behind-an-extension",
        "fragments"])
def test_flower_sees_behind_ipv6_extensions(bench, packet, filters):
    peer = bench.serve()
    classid = bench.add(peer, filters=filters, rate_Bps=1_000_000,
                        buffer_bytes=100_000)
    count = 30 if "size" in packet else 10
    into, other = bench.lands(classid, count, sends=10, dst=B6, **packet)
    assert (into, other) == ((count, 0) if bench.by() == "flower"
                             else (0, count))


def test_v4_fragments_miss_a_filter_with_ports(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    into, other = bench.lands(classid, 30, sends=10, size=4000)
    assert (into, other) == (0, 30)


def test_protocols_with_equal_ports_are_told_apart(bench):
    peer = bench.serve()
    bench.add(peer, filters=[{"dst": B4, "dst_port": 5004, "proto": 6}])
    classid = bench.add(peer, flow_id=2, filters=[
        {"dst": B4, "dst_port": 5004, "proto": 17}])
    assert bench.lands(classid, 10) == (10, 0)


IPSEC = """
import socket, struct, sys
dst, proto, spi = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
v6 = ":" in dst
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                  proto)
head = struct.pack("!BBH", 17, 4, 0) if proto == 51 else b""
for i in range(10):
    s.sendto(head + struct.pack("!II", spi, i) + bytes(64), (dst, 0))
"""


@pytest.mark.parametrize("dst", [B4, B6])
@pytest.mark.parametrize("proto", [50, 51], ids=["esp", "ah"])
def test_ipsec_goes_by_its_spi(bench, dst, proto):
    """RFC 2207."""
    peer = bench.serve()
    src = A6 if ":" in dst else A4
    classids = [bench.add(peer, flow_id=i, filters=[
        {"dst": dst, "src": src, "proto": proto, "spi": 0x1000 + 16 * i}])
        for i in range(1, 40)]  # one bucket, which is split
    for i in (1, 25):
        before = bench.packets(classids[i - 1])
        bench.a.run(PYTHON, "-c", IPSEC, dst, proto, 0x1000 + 16 * i)
        lab.wait_for(lambda c=classids[i - 1], n=before + 10:
                     bench.packets(c) == n, "the packets in the class")
    peer.kill()
    assert bench.serve().adopted[7]["filters"][0]["spi"] == 0x1070


def test_counters_are_those_of_the_flow(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    bench.lands(classid, 10)
    done, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert done["error"] == 0
    # Where the kernel can, that is counted from a moment after it was asked for
    # (test_hidden).
    del told[0]["hidden_counted"]
    assert told == [{"flow_id": 1, "ifindex": bench.ifindex,
                     "classid": classid, "bytes": 10 * 242, "packets": 10,
                     "drops": 0, "backlog_bytes": 0, "demoted": 0,
                     "marks_out": 0, "hidden_fragments": 0,
                     "hidden_extensions": 0}]
    _, told = peer.ask(tp.COUNTERS, {"ifindex": bench.ifindex, "flow_id": 0})
    assert {c["flow_id"] for c in told} == {0, 1}
    # A class that has been used begins again at zero.
    for flow_id in range(2, 60):
        done, _ = peer.ask(tp.FLOW_DEL, {"flow_id": flow_id - 1,
                                         "ifindex": bench.ifindex})
        assert done["error"] == 0
        again = bench.add(peer, flow_id=flow_id)
        _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": flow_id})
        assert told[0]["packets"] == 0 and told[0]["bytes"] == 0
        if again == classid:
            break
    assert again == classid, "the class never came round"
    assert bench.packets(classid) == 10
    bench.lands(classid, 5)
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": flow_id})
    assert told[0]["packets"] == 5


def test_a_change_keeps_queue_and_counters(bench):
    peer = bench.serve()
    classid = bench.add(peer, rate_Bps=2_000, max_packet_bytes=1538)
    bench.send(20, size=1000)
    def stats():
        return bench.classes()[bench.name(classid)]["stats"]
    # 20 packets at 2 kB/s: most are queued now, and would be for ten seconds.
    before = stats()
    assert before["qlen"] >= 10
    done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(
        rate_Bps=3_000, buffer_bytes=40_000))
    assert (done["error"], done["classid"]) == (0, classid)
    after = stats()
    assert after["packets"] + after["qlen"] == 20
    assert after["drops"] == 0
    done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(rate_Bps=10_000_000))
    assert done["error"] == 0
    lab.wait_for(lambda: stats()["packets"] == 20, "the queue to drain")
    assert stats()["drops"] == 0


def test_changed_filters_leave_no_gap_and_no_rest(bench):
    peer = bench.serve()
    classid = bench.add(peer, filters=[{"dst": B4, "dst_port": p}
                                       for p in (5004, 5005, 5006)])
    assert len(bench.nodes(classid)) == 3
    done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(
        filters=[{"dst": B4, "dst_port": p} for p in (5006, 5007)]))
    assert (done["error"], done["classid"]) == (0, classid)
    assert len(bench.nodes(classid)) == 2
    assert bench.lands(classid, 5, port=5006) == (5, 0)
    assert bench.lands(classid, 5, port=5007) == (5, 0)
    assert bench.lands(classid, 5, port=5004) == (0, 5)


def test_another_service_is_another_class(bench):
    peer = bench.serve()
    first = bench.add(peer, service=tp.CL)
    done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(service=tp.GS))
    assert done["error"] == 0 and done["classid"] != first
    assert bench.classes()[bench.name(done["classid"])]["parent"] == "52:2"
    assert not bench.nodes(first)
    assert bench.lands(done["classid"], 5) == (5, 0)


def test_removal_returns_the_class_to_the_pool(bench):
    peer = bench.serve()
    bench.pool_filled()
    classid = bench.add(peer, rate_Bps=20_000)
    bench.pool_refilled(1)
    count = len(bench.classes())
    done, _ = peer.ask(tp.FLOW_DEL, {"flow_id": 1, "ifindex": bench.ifindex})
    assert done["error"] == 0 and done["flow_id"] == 1
    assert not bench.nodes(classid) and not bench.note(classid)
    c = bench.classes()[bench.name(classid)]
    assert c["rate"] >= 125_000 and c["ceil"] >= 125_000
    assert len(bench.classes()) == count
    # It is gone already: done again.
    done, _ = peer.ask(tp.FLOW_DEL, {"flow_id": 1, "ifindex": bench.ifindex})
    assert done["error"] == 0


def test_removal_lets_the_queue_out_and_blocks_nobody(bench):
    peer = bench.serve()
    classid = bench.add(peer, rate_Bps=5_000)
    bench.send(20, size=1000)
    # The removal has to wait for the queue; the other flow has not.
    (removal, addition) = peer.send(
        (tp.FLOW_DEL, {"flow_id": 1, "ifindex": bench.ifindex}),
        (tp.FLOW_ADD, bench.flow(flow_id=2, port=5010)))
    done, _ = peer.done([addition])
    assert done[0]["error"] == 0
    assert not any(s == removal for _, s, _ in peer.answers)
    done, _ = peer.done([removal])
    assert done[0]["error"] == 0
    # 20 kB at 5 kB/s do not go out in 100 ms: the rest was thrown away, and
    # told.
    peer.wait_note("threw")
    stats = bench.classes()[bench.name(classid)]["stats"]
    assert stats["qlen"] == 0 and stats["backlog"] == 0
    assert bench.leaves()[bench.name(classid)]["kind"] == "bfifo"


def test_two_thousand_flows(bench):
    peer = bench.serve(pool_low=100, pool_high=4000)
    serials = []
    for first in range(1, 2001, 100):
        serials += peer.send(*[
            (tp.FLOW_ADD, bench.flow(
                flow_id=i, service=tp.GS if i % 2 else tp.CL, rate_Bps=1000,
                filters=[{"dst": B4 if i % 4 < 2 else B6,
                          "dst_port": 1000 + i}]))
            for i in range(first, first + 100)])
    done, _ = peer.done(serials, timeout=60)
    assert {d["error"] for d in done} == {0}
    assert len({d["classid"] for d in done}) == 2000
    assert [d["flow_id"] for d in done] == list(range(1, 2001))
    some = done[1232]["classid"]  # flow 1233: B4
    assert bench.lands(some, 5, port=2233, size=50) == (5, 0)
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 0})
    assert len(told) == 2001
    serials = peer.send(*[(tp.FLOW_DEL, {"flow_id": i,
                                         "ifindex": bench.ifindex})
                          for i in range(1, 2001)])
    done, _ = peer.done(serials, timeout=60)
    assert {d["error"] for d in done} == {0}
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 0})
    assert [c["flow_id"] for c in told] == [0]


def test_one_datagram_may_speak_of_a_flow_more_than_once(bench):
    peer = bench.serve()
    named = {"flow_id": 1, "ifindex": bench.ifindex}
    serials = peer.send(
        (tp.FLOW_ADD, bench.flow()),
        (tp.FLOW_CHANGE, bench.flow(rate_Bps=300_000)),
        (tp.FLOW_DEL, named),
        (tp.FLOW_ADD, bench.flow(rate_Bps=400_000)),
        (tp.FLOW_CHANGE, bench.flow(port=5010, rate_Bps=500_000)))
    done, _ = peer.done(serials)
    assert [d["error"] for d in done] == [0] * 5
    last = done[4]["classid"]
    assert bench.classes()[bench.name(last)]["rate"] == 500_000
    assert bench.lands(last, 5, port=5010) == (5, 0)
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 0})
    assert len(told) == 2


def test_what_one_datagram_asks_is_answered_in_order(bench):
    """Counters are those of the flows that stand before the question."""
    peer = bench.serve()
    serials = peer.send(
        (tp.FLOW_ADD, bench.flow()),
        (tp.COUNTERS, {"ifindex": 0, "flow_id": 1}),
        (tp.FLOW_DEL, {"flow_id": 1, "ifindex": bench.ifindex}),
        (tp.COUNTERS, {"ifindex": 0, "flow_id": 1}))
    told = [[values["flow_id"] for _, values in peer.done([serial])[1]]
            for serial in serials]
    assert told[1] == [1] and told[3] == []


# ---- control traffic --------------------------------------------------------


def control_packets(bench):
    return bench.packets(0x520006)


def test_arp_and_neighbour_discovery_have_the_control_class(bench):
    bench.serve()
    bench.a.ip("neigh", "del", B4, "dev", "eth0")
    bench.a.ip("neigh", "del", B6, "dev", "eth0")
    before = control_packets(bench)
    bench.send(1)
    lab.wait_for(lambda: control_packets(bench) > before, "ARP")
    before = control_packets(bench)
    bench.send(1, dst=B6)
    lab.wait_for(lambda: control_packets(bench) > before, "a solicitation")


RAW = """
import socket, sys
v6, options = sys.argv[1] == "6", sys.argv[3]
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                  int(sys.argv[4]))
if options:
    s.setsockopt(socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP,
                 54 if v6 else socket.IP_OPTIONS, bytes.fromhex(options))
for i in range(20):
    s.sendto(bytes.fromhex(sys.argv[5]) + bytes(12), (sys.argv[2], 0))
"""


@pytest.mark.parametrize("family, dst, options, proto, head, control", [
    (4, B4, "", 46, "10", True),
    (4, B4, "94040000", 46, "10", True),          # Router Alert
    (6, B6, "", 46, "10", True),
    (6, B6, "0000050200000100", 46, "10", True),  # behind hop-by-hop
    (6, B6, "", 58, "85", True),                  # router solicitation
    (6, B6, "", 58, "89", True),                  # redirect
    (6, B6, "", 58, "80", False),                 # echo request
    (6, B6, "", 58, "8a", False),                 # 138: not ND
    (4, B4, "", 47, "00", False),
], ids=["rsvp4", "rsvp4-alert", "rsvp6", "rsvp6-alert", "rs", "redirect",
        "ping", "138", "gre"])
def test_control_class(bench, family, dst, options, proto, head, control):
    bench.serve()
    before = control_packets(bench), bench.packets(0x520005)
    bench.a.run(PYTHON, "-c", RAW, family, dst, options, proto, head)

    def landed():
        now = control_packets(bench), bench.packets(0x520005)
        into = now[0] - before[0], now[1] - before[1]
        return into if max(into) >= 20 else None
    into = lab.wait_for(landed, "the packets in a class")
    assert (into[0] >= 20) == control  # less is the host's own noise
