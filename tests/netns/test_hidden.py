# SPDX-License-Identifier: ISC
"""Packets of reserved flows whose ports are hidden, by a fragment or by an
extension header of IPv6, are best effort, and counted one by one."""

import json
import socket

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (ICMPv6EchoRequest, IPv6,
                                IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

import bed as beds
import lab
import neighbour as nb
import tcctl_peer as tp
from tcctl_bench import (A4, A6, B4, B4_OTHER, B6, each_classifier,
                         fixture_bench)

assert fixture_bench  # pytest finds it here

V4 = [{"dst": B4, "src": A4, "dst_port": 5004, "src_port": 6000}]
V6 = [{"dst": B6, "src": A6, "dst_port": 5004, "src_port": 6000}]
HOP, DST, ROUTE = (IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt, IPv6ExtHdrRouting)


def send(bench, packets):
    """Each as it is, past the host's own idea of headers."""
    def body():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
            s.bind(("eth0", 0))
            for packet in packets:
                s.send(bytes(Ether(src="02:00:00:00:00:01",
                                   dst="02:00:00:00:00:02") / packet))
    nb.in_namespace(bench.a.ns, body)


def told(peer, flow_id=None):
    """(fragments, with extension headers) of a flow, or of the interface;
    None: not counted."""
    _, counters = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 0})
    one = next(c for c in counters if c["flow_id"] == (flow_id or 0))
    return (one["hidden_fragments"], one["hidden_extensions"]) \
        if one["hidden_counted"] else None


def counts(peer, flow_id=1):
    lab.wait_for(lambda: told(peer, flow_id) is not None,
                 "the flow to have a counter")


def whole4(sport=6000, dport=5004, dst=B4, src=A4):
    return IP(src=src, dst=dst) / UDP(sport=sport, dport=dport) / Raw(
        bytes(100))


def fragment4(offset, more, dst=B4, src=A4, proto=17):
    return IP(src=src, dst=dst, proto=proto, id=7, frag=offset,
              flags="MF" if more else 0) / Raw(bytes(64))


def behind(*headers, dst=B6, src=A6, nh=17):
    """A datagram of the flow, or what looks like it, behind headers."""
    packet = IPv6(src=src, dst=dst)
    for header in headers:
        packet = packet / header
    data = UDP(sport=6000, dport=5004) / Raw(bytes(80))
    if nh != 17:
        packet.lastlayer().nh = nh
        data = Raw(bytes(data))
    return packet / data


def pad(octets):
    """Options that make the header so long."""
    return [PadN(optdata=bytes(octets - 4))]


def check(bench, peer, flow_id, packets, expected, classid=None):
    """Counted as expected and best effort, or else in the class."""
    before, all_before = told(peer, flow_id), told(peer)
    into = bench.packets(classid or 0x520005)
    send(bench, packets)
    lab.wait_for(lambda: bench.packets(classid or 0x520005)
                 >= into + len(packets), "the packets in their class")
    for now, then in ((told(peer, flow_id), before),
                      (told(peer), all_before)):
        assert (now[0] - then[0], now[1] - then[1]) == expected


@each_classifier
def test_fragments_of_ipv4_are_counted(bench):
    peer = bench.serve()
    classid = bench.add(peer, filters=V4)
    counts(peer)
    # Each bit of the offset alone, and the flag.
    pieces = ([fragment4(0, True), fragment4(185, True), fragment4(8191, False)]
              + [fragment4(1 << bit, False) for bit in range(13)])
    check(bench, peer, 1, pieces, (len(pieces), 0))
    # What the kernel itself makes of a datagram that is too large.
    bench.a.run("ip", "route", "flush", "cache")
    into = bench.packets(0x520005)
    before = told(peer, 1)
    bench.send(5, size=4000)
    lab.wait_for(lambda: bench.packets(0x520005) >= into + 15, "the pieces")
    assert told(peer, 1) == (before[0] + 15, 0)
    # The flow's own, whole; with options, and with "don't fragment".
    check(bench, peer, 1, [whole4()] * 5 + [
        IP(src=A4, dst=B4, flags="DF", options=[]) / UDP(
            sport=6000, dport=5004) / Raw(bytes(9))], (0, 0), classid)


@each_classifier
def test_others_between_the_hosts_are_not(bench):
    peer = bench.serve()
    bench.add(peer, filters=V4)
    counts(peer)
    check(bench, peer, 1, [
        whole4(dport=5005), whole4(sport=1), whole4(dst=B4_OTHER),
        fragment4(9, True, dst=B4_OTHER), fragment4(9, True, src="10.8.0.9"),
        fragment4(9, True, dst="10.9.0.2"), fragment4(9, True, proto=6),
        fragment4(0, True, src=B4, dst=A4)], (0, 0))


@each_classifier
def test_a_flow_without_ports_misses_no_fragment(bench):
    """Of IPv4: each says its protocol."""
    peer = bench.serve()
    filters = [{"dst": B4, "src": A4, "proto": 47}]
    classid = bench.add(peer, filters=filters)
    bench.add(peer, flow_id=2, filters=V4)
    counts(peer, 2)
    assert told(peer, 1) is None
    check(bench, peer, 2, [fragment4(0, True, proto=47),
                           fragment4(9, False, proto=47),
                           IP(src=A4, dst=B4, proto=47) / Raw(bytes(20))],
          (0, 0), classid)


def test_fragments_and_headers_of_ipv6_are_counted(bench):
    """By u32; flower finds the ports behind extension headers."""
    peer = bench.serve()
    classid = bench.add(peer, filters=V6)
    counts(peer)
    check(bench, peer, 1, [behind(IPv6ExtHdrFragment(offset=o, m=m, id=9))
                           for o, m in ((0, 1), (1, 1), (8191, 0))], (3, 0))
    check(bench, peer, 1, [
        behind(HOP()), behind(HOP(options=pad(22))), behind(DST()),
        behind(DST(options=pad(62))), behind(ROUTE(addresses=[B6], segleft=0)),
        behind(HOP(), DST()), behind(HOP(options=pad(14)), DST()),
        behind(DST(), ROUTE(addresses=[B6], segleft=0)),
    ], (0, 8))
    check(bench, peer, 1, [
        behind(HOP(), IPv6ExtHdrFragment(offset=8, m=1, id=9)),
        behind(DST(options=pad(22)), IPv6ExtHdrFragment(offset=0, m=1, id=9)),
    ], (2, 0))
    check(bench, peer, 1, [
        behind(IPv6ExtHdrFragment(offset=9, m=1, id=9), nh=6),
        behind(HOP(), nh=6), behind(HOP(), IPv6ExtHdrFragment(id=9), nh=6),
        behind(HOP(), dst="2001:db8:8::3"), behind(HOP(), src="2001:db8:8::3"),
        behind(DST(), dst="2001:db8:8::102"),
        IPv6(src=A6, dst=B6) / ICMPv6EchoRequest(),
        IPv6(src=A6, dst=B6) / HOP() / ICMPv6EchoRequest(),
        IPv6(src=A6, dst=B6) / UDP(sport=6000, dport=5005)], (0, 0))
    check(bench, peer, 1, [behind()] * 7, (0, 0), classid)


def test_a_flow_by_its_label_misses_nothing(bench):
    peer = bench.serve()
    classid = bench.add(peer, filters=[{"dst": B6, "src": A6, "dst_port": 5004,
                                        "by_label": 1, "flow_label": 0x12345}])
    bench.add(peer, flow_id=2, filters=V6)
    counts(peer, 2)
    assert told(peer, 1) is None
    packets = [behind(HOP()), behind(IPv6ExtHdrFragment(m=1, id=9))]
    for packet in packets:
        packet.fl = 0x12345
    check(bench, peer, 2, packets, (0, 0), classid)


@pytest.mark.parametrize("bench", ["flower"], indirect=True)
def test_flower_misses_fragments_alone(bench):
    peer = bench.serve()
    classid = bench.add(peer, filters=V6)
    counts(peer)
    check(bench, peer, 1, [behind(HOP()), behind(DST())], (0, 0), classid)
    check(bench, peer, 1, [behind(IPv6ExtHdrFragment(offset=o, m=1, id=9))
                           for o in (0, 5)], (2, 0))


def test_flows_of_the_same_pair_share_a_counter(bench):
    """Which of them a fragment is of is what cannot be seen."""
    peer = bench.serve()
    bench.add(peer, filters=V4)
    bench.add(peer, flow_id=2, filters=[{**V4[0], "dst_port": 5005}])
    bench.add(peer, flow_id=3, filters=[{**V4[0], "src": None, "src_port": 0,
                                         "dst": B4_OTHER}, V6[0]])
    for flow in (1, 2, 3):
        counts(peer, flow)
    send(bench, [fragment4(9, True), fragment4(9, True, dst=B4_OTHER),
                 behind(HOP())])
    lab.wait_for(lambda: told(peer) == (2, 1), "all of them")
    assert told(peer, 1) == told(peer, 2) == (1, 0)
    assert told(peer, 3) == (1, 1)
    # The last one takes it along; what was counted stays the interface's.
    for flow in (1, 2, 3):
        done, _ = peer.ask(tp.FLOW_DEL, {"flow_id": flow,
                                         "ifindex": bench.ifindex})
        assert done["error"] == 0
    lab.wait_for(lambda: not nodes(bench), "the counters to go")
    assert told(peer) == (2, 1)


def nodes(bench):
    """Handles of the nodes that count."""
    text = bench.a.tc("filter", "show", "dev", "eth0", "parent", "52:").stdout
    return [word for word in text.split()
            if word.split(":")[0] in ("60", "160", "161")
            and not word.endswith(":") and word.count(":") == 2]


@each_classifier
def test_counters_outlive_tcctl(bench):
    peer = bench.serve()
    bench.add(peer, filters=V4 + V6)
    counts(peer)
    check(bench, peer, 1, [fragment4(9, True), behind(
        IPv6ExtHdrFragment(m=1, id=9))], (2, 0))
    before = sorted(nodes(bench))
    assert len(before) == 3
    peer.kill()
    again = bench.serve()
    assert again.adopted.keys() == {1}
    assert told(again, 1) == (2, 0)
    check(bench, again, 1, [fragment4(9, True)], (1, 0))
    assert sorted(nodes(bench)) == before
    # A flow that nobody claims goes with its counter; the tree goes with all.
    bench.add(again, flow_id=2, filters=[{**V4[0], "dst_port": 5005}])
    done, _ = again.ask(tp.FLOW_DEL, {"flow_id": 1, "ifindex": bench.ifindex})
    assert done["error"] == 0
    lab.wait_for(lambda: len(nodes(bench)) == 1, "those of IPv6 to go")
    done, _ = again.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    assert done["error"] == 0
    assert not any(q["kind"] == "htb" for q in bench.qdiscs())


def test_a_counter_that_somebody_removed_is_made_again(bench):
    peer = bench.serve()
    bench.add(peer, filters=V4 + V6)
    counts(peer)
    check(bench, peer, 1, [fragment4(9, True)] * 3, (3, 0))
    before = sorted(nodes(bench))
    handle = next(n for n in before if n.startswith("60:"))
    bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:", "protocol",
               "ip", "pref", "10", "handle", handle, "u32")
    peer.wait_drift("repaired")
    lab.wait_for(lambda: sorted(nodes(bench)) == before, "it to be there")
    assert told(peer, 1) == (3, 0)
    check(bench, peer, 1, [fragment4(9, True)] * 2, (2, 0))
    # The whole tree, and one that is not ours among them.
    bench.a.tc("qdisc", "del", "dev", "eth0", "root")
    lab.wait_for(lambda: len(nodes(bench)) == 3, "all to be there")
    check(bench, peer, 1, [fragment4(9, True)] * 2, (2, 0))
    before = sorted(nodes(bench))
    bench.a.tc("filter", "add", "dev", "eth0", "parent", "52:", "protocol",
               "ip", "pref", "10", "handle", "60:2:777", "u32", "ht", "60:2:",
               "match", "ip", "dst", B4, "flowid", "52:6")
    peer.wait_drift("repaired")
    assert sorted(nodes(bench)) == before


def test_the_operator_is_told_once(bench):
    peer = bench.serve()
    bench.add(peer, flow_id=77, filters=V4 + V6)
    counts(peer, 77)
    send(bench, [fragment4(9, True)] * 5 + [behind(HOP())] * 4)
    peer.wait_note("extension headers")
    peer.wait_note("fragments")
    about = [n for n in peer.notes if "flow 77" in n]
    assert len(about) == 2
    assert any("path MTU" in n and A4 in n and B4 in n for n in about)
    assert any("flow label" in n and A6 in n and B6 in n for n in about)
    send(bench, [fragment4(9, True)] * 5)
    shown = json.loads(bench.a.run(lab.program("tcctl"), "show", "--json",
                                   "eth0").stdout)["interfaces"][0]
    assert shown["hidden_fragments"] == shown["flows"][0][
        "hidden_fragments"] == 10
    assert shown["flows"][0]["hidden_extensions"] == 4
    text = bench.a.run(lab.program("tcctl"), "show", "eth0").stdout
    assert "10 fragments as best effort; 4 packets with extension" in text


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_rsvpctl_shows_them(family):
    with beds.Bed("rsvphid") as bed:
        bed.sender_app(family, 5010)
        bed.receiver_app(family, 5010, "--service", "cl")
        lab.wait_for(lambda: (bed.installed(bed.s, "eth0", 5010) or {}).get(
            "hidden_fragments") == 0, "the counter")
        bed.s.run("/usr/bin/python3", "-c",
                  "import socket; s = socket.socket(socket.AF_INET"
                  f"{'6' if family == 'ipv6' else ''}, socket.SOCK_DGRAM); "
                  f"[s.sendto(bytes(4000), ('{beds.RECEIVER[family]}', 5010)) "
                  "for i in range(4)]")
        lab.wait_for(lambda: bed.installed(bed.s, "eth0", 5010)[
            "hidden_fragments"] == 12, "all pieces")
        daemon = bed.daemons["s"]
        eth0 = next(i for i in beds.interfaces(daemon) if i["name"] == "eth0")
        assert (eth0["hidden_fragments"], eth0["hidden_extensions"]) == (12, 0)
        for what in ("interfaces", "reservations"):
            assert ("ports not seen, so best effort: 12 fragments, 0 packets "
                    "with extension headers") in daemon.ctl(
                        "show", what).stdout
