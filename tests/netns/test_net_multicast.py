# SPDX-License-Identifier: ISC
"""Multicast RSVP and the real kernel: net_probe in a router between a and b
that routes multicast, and what the kernel does when nobody listens."""

import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP, IPOption
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop, RouterAlert

import lab
import mroute
import needs
import neighbour as nb
from probe import Probe, index

CONF = """
interfaces = (
	{ name = "ra"; enabled = true; },
	{ name = "rb"; enabled = true; }
);
"""
A = {4: "10.1.0.10", 6: "2001:db8:1::10"}
RA = {4: "10.1.0.1", 6: "2001:db8:1::1"}
RB = {4: "10.2.0.1", 6: "2001:db8:2::1"}
B = {4: "10.2.0.20", 6: "2001:db8:2::20"}
GROUP = {4: "239.1.1.1", 6: "ff1e::77"}


@pytest.fixture(scope="module")
def bed():
    lab.require_root()
    with lab.Lab("netm") as bench:
        a, r, b = (bench.node(n, forward=n == "r") for n in "arb")
        bench.link(a, "a0", r, "ra", (A[4], RA[4], 24), (A[6], RA[6], 64))
        bench.link(b, "b0", r, "rb", (B[4], RB[4], 24), (B[6], RB[6], 64))
        for node, via in ((a, RA), (b, RB)):
            node.ip("route", "add", "default", "via", via[4])
            node.ip("route", "add", "default", "via", via[6])
        routing = mroute.Router(r, "ra", "rb")
        for family in (4, 6) if routing.s6 else (4,):
            routing.route(A[family], GROUP[family], "ra", "rb")
        bench.routing = routing
        yield bench
        routing.close()


@pytest.fixture(params=[4, 6])
def family(bed, request):
    bed.routing.require(request.param)
    return request.param


def path(family, port, dst=None, ttl=63, more=0):
    extra = [nb.obj(0xFF, 1, bytes(more))] if more else []
    return nb.message(nb.PATH, ttl, nb.session(dst or GROUP[family], port),
                      nb.hop(A[family], 1), nb.time_values(30000),
                      nb.template(A[family], 5000), nb.tspec(), *extra)


def member(node, interface, group):
    """Join the group on that interface, as an application would."""
    def join():
        number = socket.if_nametoindex(interface)
        if ":" in group:
            s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            s.setsockopt(41, socket.IPV6_JOIN_GROUP,
                         nb.packed(group) + struct.pack("@I", number))
        else:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.setsockopt(0, socket.IP_ADD_MEMBERSHIP,
                         nb.packed(group) + struct.pack("@4xi", number))
        return s
    return nb.in_namespace(node.ns, join)


def guard(node):
    return node.run("nft", "list", "ruleset").stdout


@pytest.fixture
def guarded(bed, probe):
    """What makes no sense without the rule, which some kernels cannot have."""
    needs.require(needs.nf_tables)


def test_a_path_to_a_group_is_taken_out_of_forwarding(bed, probe, guarded,
                                                      left, right, family):
    """Once, whether or not somebody here has joined the group and where."""
    r = bed.nodes["r"]
    for port, joined in ((1, None), (2, "ra"), (3, "rb")):
        s = member(r, joined, GROUP[family]) if joined else None
        left.send(A[family], GROUP[family], path(family, port), ttl=61,
                  alert=True)
        seen = probe.expect("packet")
        assert seen["ifindex"] == index(r, "ra")
        assert (seen["src"], seen["dst"]) == (A[family], GROUP[family])
        assert (seen["ttl"], seen["send_ttl"], seen["type"]) == (61, 63,
                                                                 nb.PATH)
        assert (seen["local"], seen["fault"]) == (0, "ok")
        if s:
            s.close()
    assert probe.packets() == []
    assert probe.counters()["received"] == 3
    # What the probe sends itself gets through.
    probe.ask("send", index(r, "rb"), A[family], GROUP[family], 9, 1, 100)
    assert hear(right, nb.PATH).ttl == 9
    assert right.drain(0.1) == []


def test_a_path_to_a_group_may_come_in_fragments(bed, probe, guarded, left,
                                                 right, family):
    r = bed.nodes["r"]
    for port, joined in ((5, None), (6, "ra"), (7, "rb")):
        s = member(r, joined, GROUP[family]) if joined else None
        left.send(A[family], GROUP[family], path(family, port, more=60000),
                  ttl=61, alert=True)
        seen = probe.expect("packet")
        assert (seen["fault"], seen["ttl"]) == ("ok", 61)
        if s:
            s.close()
    assert probe.packets() == []
    assert probe.counters()["not_rsvp"] == 0
    assert right.drain(0.1) == []


def hear(neighbour, number):
    """expect() wants a session in the message; these have none."""
    def poll():
        neighbour._poll(0.05)
        return next((h for h in neighbour.kept if h.type == number), None)
    heard = lab.wait_for(poll, f"message {number}")
    neighbour.kept.remove(heard)
    return heard


def data_arrives(bed, family):
    """A datagram to the group crosses the router."""
    s = member(bed.nodes["b"], "b0", GROUP[family])
    s.bind(("", 4000))
    s.settimeout(lab.PATIENCE_S)

    def send():
        out = socket.socket(s.family, socket.SOCK_DGRAM)
        level, ttl = ((0, socket.IP_MULTICAST_TTL) if family == 4 else
                      (41, socket.IPV6_MULTICAST_HOPS))
        out.setsockopt(level, ttl, 9)
        out.sendto(b"data", (GROUP[family], 4000))
        out.close()
    nb.in_namespace(bed.nodes["a"].ns, send)
    try:
        return s.recv(100) == b"data"
    finally:
        s.close()


def test_other_traffic_of_groups_is_let_through(bed, probe, family):
    assert data_arrives(bed, family)
    assert probe.packets() == []


def test_the_rule_lives_as_long_as_somebody_listens(bed, probe, guarded, left,
                                                    right, family):
    r = bed.nodes["r"]
    assert "flags owner" in guard(r)
    # Nobody but its owner can take it away.
    r.run("nft", "flush", "ruleset")
    assert "table inet rsvpd" in guard(r)
    assert r.run("nft", "delete", "table", "inet", "rsvpd",
                 check=False).returncode != 0
    left.send(A[family], GROUP[family], path(family, 10), alert=True)
    probe.expect("packet")
    probe.popen.kill()
    probe.popen.wait()
    assert guard(r) == "", "the rule goes with its owner"
    # The kernel forwards as if RSVP had never been there.
    left.send(A[family], GROUP[family], path(family, 11), alert=True)
    assert right.expect(nb.PATH, 11).hop()[0] == A[family]
    assert right.drain(0.1) == []
    # A successor begins anew.
    again = Probe(r, CONF)
    left.send(A[family], GROUP[family], path(family, 12), alert=True)
    again.expect("packet")
    assert right.drain(0.1) == []
    again.stop()
    assert guard(r) == ""


def test_only_rsvp_comes_through_the_packet_socket(bed, probe, left):
    """Other protocols to groups stay where they are."""
    bed.routing.require(6)
    head = IPv6(src=A[6], dst=GROUP[6], hlim=9)
    alert = IPv6ExtHdrHopByHop(options=[RouterAlert(value=1)])
    for packet in (head / UDP(dport=9) / b"x", head / alert / UDP(dport=9)):
        left.s6.sendto(bytes(packet), (GROUP[6], 0))
    left.send(A[6], GROUP[6], path(6, 20))
    probe.expect("packet")
    assert probe.packets() == []
    assert probe.counters()["received"] == 1


def test_unknown_router_alert_values_are_ignored(bed, probe, left, right):
    """RFC 5350 2: the packet is forwarded as if it had none."""
    option = IPOption(b"\x94\x04\x00\x01")
    left.send_raw4(bytes(IP(src=A[4], dst=B[4], ttl=9, proto=46,
                            options=[option]) / path(4, 30, B[4])))
    assert right.expect(nb.PATH, 30).hop()[0] == A[4]
    for value in (0, 2, 65535):
        packet = IPv6(src=A[6], dst=B[6], hlim=9) / IPv6ExtHdrHopByHop(
            nh=46, options=[RouterAlert(value=value)]) / path(6, 31, B[6])
        left.s6.sendto(bytes(packet), (B[6], 0))
        assert right.expect(nb.PATH, 31).hop()[0] == A[6]
    assert probe.packets() == []


def test_an_entry_for_every_source_is_a_route_too(bed, probe, family):
    """(*,G), as dense tables and bidirectional trees have it."""
    r = bed.nodes["r"]
    group = {4: "239.7.7.7", 6: "ff1e::7777"}[family]
    ra, rb = index(r, "ra"), index(r, "rb")
    assert probe.ask("route", ra, A[family], group)["out"] == []
    probe.forget()
    bed.routing.route({4: "0.0.0.0", 6: "::"}[family], group, "ra", "ra", "rb")
    probe.expect("routes")
    answer = probe.ask("route", ra, A[family], group)
    assert (answer["in"], sorted(answer["out"])) == (0, sorted([ra, rb]))
    # One for the source is better, however late it came.
    bed.routing.route(A[family], group, "ra", "rb")
    answer = probe.ask("route", ra, A[family], group)
    assert (answer["in"], answer["out"]) == (ra, [rb])
    bed.routing.forget(A[family], group, "ra")
    bed.routing.forget({4: "0.0.0.0", 6: "::"}[family], group, "ra")
