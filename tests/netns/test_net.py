# SPDX-License-Identifier: ISC
"""The engine's network side against the real kernel: net_probe in a router
between a and b, with a third link to c on which RSVP is not enabled."""

import os
import signal
import socket
import struct
import time

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop, RouterAlert)

import lab
import needs
import neighbour as nb
from probe import UID, Probe, address, index

CONF = """
interfaces = (
	{ name = "ra"; enabled = true; trafficControl = true;
	  bandwidth = "10 Mbit"; },
	{ name = "rb"; enabled = true; trafficControl = true; },
	{ name = "rn"; enabled = true; },
	{ name = "rslow"; enabled = true; packetsPerSecond = 10; }
);
"""
A = {4: "10.1.0.10", 6: "2001:db8:1::10"}
RA = {4: "10.1.0.1", 6: "2001:db8:1::1"}
RB = {4: "10.2.0.1", 6: "2001:db8:2::1"}
B = {4: "10.2.0.20", 6: "2001:db8:2::20"}


@pytest.fixture(scope="module")
def bed():
    lab.require_root()
    with lab.Lab("netp") as bench:
        a, r, b, c = (bench.node(n, forward=n == "r") for n in "arbc")
        bench.link(a, "a0", r, "ra", (A[4], RA[4], 24), (A[6], RA[6], 64))
        bench.link(b, "b0", r, "rb", (B[4], RB[4], 24), (B[6], RB[6], 64))
        bench.link(c, "c0", r, "rc", ("10.3.0.30", "10.3.0.1", 24),
                   ("2001:db8:3::30", "2001:db8:3::1", 64))
        for node, via in ((a, RA), (b, RB)):
            node.ip("route", "add", "default", "via", via[4])
            node.ip("route", "add", "default", "via", via[6])
        c.ip("route", "add", "default", "via", "10.3.0.1")
        c.ip("route", "add", "default", "via", "2001:db8:3::1")
        yield bench


@pytest.fixture(params=[4, 6])
def family(request):
    return request.param


def path(family, port, ttl=63):
    return nb.message(nb.PATH, ttl, nb.session(B[family], port),
                      nb.hop(A[family], 1), nb.time_values(30000),
                      nb.template(A[family], 5000), nb.tspec())


def resv(family, port, ttl=63):
    return nb.message(nb.RESV, ttl, nb.session(B[family], port),
                      nb.hop(A[family], 1), nb.time_values(30000),
                      nb.style(nb.FF), nb.controlled_load(),
                      nb.filter_spec(A[family], 5000))


def settled(probe, counter, value):
    """Wait until a counter has risen to a value."""
    lab.wait_for(lambda: probe.counters()[counter] >= value,
                 f"{counter} = {value}: {probe.counters()}")
    assert probe.counters()[counter] == value


# ---- in ----------------------------------------------------------------------

def test_transit_path_is_taken_out_of_forwarding(bed, probe, left, right,
                                                 family):
    left.send(A[family], B[family], path(family, 1001), ttl=61, alert=True)
    seen = probe.expect("packet")
    assert seen["ifindex"] == index(bed.nodes["r"], "ra")
    assert (seen["src"], seen["dst"]) == (A[family], B[family])
    assert (seen["ttl"], seen["send_ttl"], seen["type"]) == (61, 63, nb.PATH)
    assert (seen["local"], seen["fault"]) == (0, "ok")
    # One without Router Alert follows; only that one gets through.
    left.send(A[family], B[family], path(family, 1002), alert=False)
    right.expect(nb.PATH, 1002)
    assert right.drain() == []
    assert probe.packets() == []
    assert probe.counters()["received"] == 1


def test_messages_to_the_router_arrive_once(bed, probe, left, family):
    for alert in (False, True):
        left.send(A[family], RB[family], resv(family, 1003), ttl=5,
                  alert=alert)
        seen = probe.expect("packet")
        assert (seen["src"], seen["dst"]) == (A[family], RB[family])
        assert (seen["local"], seen["ttl"], seen["type"]) == (1, 5, nb.RESV)
        assert seen["ifindex"] == index(bed.nodes["r"], "ra")
    assert probe.packets() == []


def test_the_three_router_messages_are_handed_over(probe, left, family):
    tear = nb.message(nb.PATH_TEAR, 63, nb.session(B[family], 1004),
                      nb.hop(A[family], 1), nb.template(A[family], 5000))
    left.send(A[family], B[family], tear, alert=True)
    assert probe.expect("packet")["type"] == nb.PATH_TEAR
    conf = nb.message(nb.RESV_CONF, 63, nb.session(B[family], 1004),
                      nb.obj(nb.ERROR, nb.kind(A[family]),
                             nb.packed(A[family]) + bytes(4)),
                      nb.confirm(B[family]), nb.style(nb.FF),
                      nb.controlled_load(), nb.filter_spec(A[family], 5000))
    left.send(A[family], B[family], conf, alert=True)
    assert probe.expect("packet")["type"] == nb.RESV_CONF


def test_other_diverted_messages_are_sent_on(bed, probe, left, right, family):
    data = resv(family, 1005)
    left.send(A[family], B[family], data, ttl=9, alert=True)
    heard = right.expect(nb.RESV, 1005)
    assert heard.data == data
    assert (heard.ttl, heard.src, heard.dst) == (8, A[family], B[family])
    assert heard.router_alert and heard.tos == 0xC0
    assert probe.packets() == []
    # Not where there is no way,
    nowhere = {4: "192.0.2.1", 6: "2001:db8:99::1"}[family]
    bed.nodes["r"].ip("route", "add", nowhere, "via", B[family])
    left.send(A[family], nowhere, data, ttl=9, alert=True)
    right.expect(nb.RESV, 1005)
    before = probe.counters()["sent_packets"]
    bed.nodes["r"].ip("route", "replace", "blackhole", nowhere)
    left.send(A[family], nowhere, data, ttl=9, alert=True)
    left.send(A[family], B[family], data, ttl=9, alert=True)
    right.expect(nb.RESV, 1005)
    bed.nodes["r"].ip("route", "del", "blackhole", nowhere)
    assert probe.counters()["sent_packets"] == before + 1
    # and not for ever.
    left.send(A[family], B[family], data, ttl=1, alert=True)
    settled(probe, "not_rsvp", 1)
    assert right.drain() == []


def test_a_message_of_60000_octets_is_taken_whole(probe, left, family):
    big = nb.message(nb.PATH, 63, nb.session(RA[family], 1006),
                     nb.hop(A[family], 1), nb.time_values(30000),
                     nb.template(A[family], 5000), nb.tspec(),
                     nb.obj(0xFF, 1, bytes(60000)))
    probe.forget()
    in_pieces(left, A[family], RA[family], big)
    assert probe.expect("packet")["fault"] == "ok"


def test_a_path_in_fragments_is_taken_in_transit(probe, left, right, family):
    """IPv6 fragments reach us one by one; those of IPv4 are put together."""
    big = nb.message(nb.PATH, 63, nb.session(B[family], 1016),
                     nb.hop(A[family], 1), nb.time_values(30000),
                     nb.template(A[family], 5000), nb.tspec(),
                     nb.obj(0xFF, 1, bytes(60000)))
    left.send(A[family], B[family], big, ttl=9, alert=True)
    seen = probe.expect("packet")
    assert (seen["fault"], seen["type"], seen["ttl"]) == ("ok", nb.PATH, 9)
    assert probe.packets() == [] and right.drain() == []
    assert probe.counters()["not_rsvp"] == 0


def in_pieces(neighbour, src, dst, data, size=1200):
    """Send as IP fragments made here."""
    for at in range(0, len(data), size):
        part, more = data[at:at + size], at + size < len(data)
        if ":" in dst:
            packet = bytes(IPv6(src=src, dst=dst, hlim=63) /
                           IPv6ExtHdrFragment(nh=46, offset=at // 8,
                                              m=int(more), id=77) / part)
            neighbour.s6.sendto(packet, (dst, 0))
        else:
            packet = bytes(IP(src=src, dst=dst, ttl=63, proto=46, id=77,
                              flags="MF" if more else 0, frag=at // 8) / part)
            neighbour.s4.sendto(packet, (dst, 0))


def test_a_disabled_interface_is_deaf(bed, probe, family):
    c = nb.Neighbour(bed.nodes["c"], "c0")
    src = {4: "10.3.0.30", 6: "2001:db8:3::30"}[family]
    c.send(src, B[family], path(family, 1007), alert=True)
    c.send(src, "10.3.0.1" if family == 4 else "2001:db8:3::1",
           resv(family, 1007))
    settled(probe, "no_interface", 2)
    assert probe.packets() == []
    c.close()


@pytest.mark.parametrize("source", [RA[6], RB[6], "::", "ff02::1", "::1"])
def test_forged_sources_are_dropped(probe, left, right, source):
    """IPv6 only: such IPv4 sources are martians to the kernel."""
    left.send(source, B[6], path(6, 1008), alert=True)
    left.send(A[6], B[6], path(6, 1009), alert=True)
    probe.expect("packet", src=A[6])
    assert probe.packets() == []
    assert right.drain() == []
    counters = probe.counters()
    # Some of them the kernel refuses before us.
    assert counters["not_rsvp"] == counters["received"] - 1
    assert source not in (RA[6], RB[6]) or counters["received"] == 2


def test_what_router_alert_drags_along_is_counted(probe, left):
    alert = IPv6ExtHdrHopByHop(options=[RouterAlert(value=1)])
    head = IPv6(src=A[6], dst=B[6], hlim=9)
    for packet in (head / alert / UDP(dport=9) / b"x",
                   head / alert / IPv6ExtHdrDestOpt() / UDP(dport=9) / b"x",
                   head / alert / IPv6ExtHdrFragment(nh=17, m=1, id=5) /
                   path(6, 1010)[:64]):
        left.s6.sendto(bytes(packet), (B[6], 0))
    settled(probe, "not_rsvp", 3)
    assert probe.packets() == []


def test_broken_messages_are_told_apart(probe, left, right, family):
    good = path(family, 1011)
    wrong = bytearray(good)
    wrong[-1] ^= 1
    left.send(A[family], B[family], bytes(wrong), alert=True)
    settled(probe, "checksum", 1)
    left.send(A[family], B[family],
              nb.message(nb.PATH, 63, nb.session(B[family], 1011)),
              alert=True)
    left.send(A[family], B[family], good[:4], alert=True)
    settled(probe, "malformed", 2)
    # Nor are they sent on, when they are not for routers.
    other = bytearray(resv(family, 1011))
    other[-1] ^= 1
    left.send(A[family], B[family], bytes(other), alert=True)
    settled(probe, "checksum", 2)
    assert right.drain() == []
    assert probe.packets() == []
    unknown = nb.message(nb.PATH, 63, nb.session(B[family], 1011),
                         nb.hop(A[family], 1), nb.time_values(30000),
                         nb.template(A[family], 5000), nb.tspec(),
                         nb.obj(0x70, 1, bytes(4)))
    left.send(A[family], B[family], unknown, alert=True)
    assert probe.expect("packet")["fault"] == "unknown object class"


def test_a_flood_is_cut_before_the_parser(bed, probe):
    r, a = bed.nodes["r"], bed.nodes["a"]
    bed.link(a, "as", r, "rslow", ("10.9.0.2", "10.9.0.1", 24))
    probe.expect("iface", name="rslow", up=1, v4="10.9.0.1")
    n = nb.Neighbour(a, "as")
    start = time.monotonic()
    for _ in range(500):
        n.send("10.9.0.2", "10.9.0.1", resv(4, 1012))
    n.close()
    lab.wait_for(lambda: probe.counters()["received"] >= 500, "500 received")
    passed = len(probe.packets())
    # Half of 10 as a burst, one as a stranger, and what the time gave.
    assert 6 <= passed <= 10 + 11 * (time.monotonic() - start)
    assert probe.counters()["rate_limited"] == 500 - passed
    r.ip("link", "del", "rslow")
    probe.expect("gone")


# ---- out -----------------------------------------------------------------------

def internet_sum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_a_sent_path_is_right_as_others_see_it(bed, probe, right, family):
    rb = index(bed.nodes["r"], "rb")
    foreign = {4: "203.0.113.7", 6: "2001:db8:77::7"}[family]
    sent = probe.ask("send", rb, foreign, B[family], 17, 1, 100)
    assert sent["error"] == "Success"
    heard = hear(right, nb.PATH)
    assert (heard.src, heard.dst) == (foreign, B[family])
    assert (heard.ttl, heard.send_ttl, heard.tos) == (17, 17, 0xC0)
    assert heard.router_alert and heard.sound()
    assert len(heard.data) == 100
    if family == 4:
        head = bytes(heard.packet)[:heard.packet.ihl * 4]
        assert heard.packet.ihl == 6
        assert internet_sum(head) == 0xFFFF
        assert heard.packet.len == 124
        assert heard.packet.options[0].copy_flag == 1
    else:
        assert heard.packet.plen == 108


def hear(neighbour, number):
    """expect() wants a session in the message; these have none."""
    def poll():
        neighbour._poll(0.05)
        return next((h for h in neighbour.kept if h.type == number), None)
    heard = lab.wait_for(poll, f"message {number}")
    neighbour.kept.remove(heard)
    return heard


def test_without_router_alert_ipv4_has_no_options(bed, probe, right, family):
    rb = index(bed.nodes["r"], "rb")
    probe.ask("send", rb, RB[family], B[family], 255, 0, 100)
    heard = hear(right, nb.PATH)
    assert (heard.ttl, heard.src) == (255, RB[family])
    assert heard.router_alert == (family == 6)  # RFC 2711: always


def test_without_an_interface_the_route_decides(probe, right, family):
    sent = probe.ask("send", 0, RA[family], B[family], 9, 0, 100)
    assert sent["error"] == "Success"
    assert hear(right, nb.PATH).src == RA[family]
    nowhere = {4: "192.0.2.1", 6: "2001:db8:99::1"}[family]
    sent = probe.ask("send", 0, RA[family], nowhere, 9, 0, 100)
    assert sent["error"] == "Network is unreachable"
    # Without a source ours is taken.
    probe.ask("send", 0, "-", B[family], 9, 0, 100)
    assert hear(right, nb.PATH).src == RB[family]
    counters = probe.counters()
    assert (counters["sent_packets"], counters["send_failed"]) == (2, 1)


def test_the_interface_is_the_one_asked_for(bed, probe, left, right, family):
    """Multicast has no route of its own here: only the interface decides."""
    r = bed.nodes["r"]
    group = {4: "239.9.9.9", 6: "ff1e::99"}[family]
    for name, there, elsewhere in (("ra", left, right), ("rb", right, left)):
        sent = probe.ask("send", index(r, name), A[family], group, 9, 1, 100)
        assert sent["error"] == "Success"
        assert hear(there, nb.PATH).dst == group
        assert elsewhere.drain() == []


@pytest.mark.parametrize("size", [1476, 1480, 3000, 60000])
def test_long_messages_are_put_together_by_the_receiver(bed, probe, family,
                                                        size):
    """The receiver's kernel is the judge: it hands over whole datagrams."""
    fam = socket.AF_INET if family == 4 else socket.AF_INET6
    s = nb.in_namespace(bed.nodes["b"].ns, lambda: socket.socket(
        fam, socket.SOCK_RAW, 46))
    s.settimeout(lab.PATIENCE_S)
    rb = index(bed.nodes["r"], "rb")
    for alert in (0, 1):
        sent = probe.ask("send", rb, RA[family], B[family], 9, alert, size)
        assert sent["error"] == "Success"
        data = s.recv(65536)
        if family == 4:
            data = data[(data[0] & 15) * 4:]
        assert len(data) == size and nb.checksum(data) == 0
    s.close()


# ---- links and addresses ---------------------------------------------------------

def test_the_first_reading_tells_all(bed):
    probe = Probe(bed.nodes["r"], CONF)
    events = probe.forget()
    ifaces = {e["name"]: e for e in events if e["event"] == "iface"}
    assert set(ifaces) >= {"lo", "ra", "rb", "rc"}
    ra, rb, rc = ifaces["ra"], ifaces["rb"], ifaces["rc"]
    assert (ra["v4"], ra["v6"]) == (RA[4], RA[6])
    assert (ra["up"], ra["enabled"], ra["mtu"]) == (1, 1, 1500)
    assert (ra["header"], ra["link"]) == (14, 1250000)
    assert rc["enabled"] == 0
    # A veth tells 10 Gbit/s; the tree stays 2 % below.
    assert rb["link"] == 1225000000
    tc = {e["name"]: e for e in events if e["event"] == "tc"}
    assert set(tc) == {"ra", "rb"}
    assert (tc["ra"]["link"], tc["ra"]["control"]) == (1250000, 12500)
    probe.stop()


def test_it_runs_without_privileges(probe):
    pid = lab.run("pgrep", "-P", probe.popen.pid, check=False).stdout.split()
    pid = pid[0] if pid else probe.popen.pid
    with open(f"/proc/{pid}/status", encoding="ascii") as handle:
        status = dict(line.split(":\t", 1) for line in handle)
    assert status["Uid"].split() == [str(UID)] * 4
    assert int(status["CapEff"], 16) == 0
    assert int(status["CapPrm"], 16) == 0


def test_links_and_addresses_are_followed(bed, probe):
    r, a = bed.nodes["r"], bed.nodes["a"]
    probe.forget()
    bed.link(a, "an", r, "rn", mtu=1400)
    new = probe.expect("iface", name="rn", up=1, mtu=1400, enabled=1,
                       v6=lambda a: a.startswith("fe80::"))
    assert new["v4"] == ""
    r.ip("addr", "add", "10.7.0.1/24", "dev", "rn")
    probe.expect("iface", name="rn", v4="10.7.0.1")
    r.ip("addr", "add", "10.7.0.2/24", "dev", "rn")  # a secondary one
    r.ip("addr", "add", "2001:db8:7::1/64", "dev", "rn", "nodad")
    got = probe.expect("iface", name="rn", v6="2001:db8:7::1")
    assert got["v4"] == "10.7.0.1"
    # A deprecated one, though newer and thus first in the kernel's list.
    r.ip("addr", "add", "2001:db8:7::2/64", "dev", "rn", "nodad",
         "preferred_lft", "0")
    r.ip("link", "set", "rn", "mtu", "1350")
    probe.expect("iface", name="rn", mtu=1350, v6="2001:db8:7::1")
    r.ip("addr", "del", "2001:db8:7::2/64", "dev", "rn")
    probe.forget()
    r.ip("addr", "del", "2001:db8:7::1/64", "dev", "rn")
    probe.expect("iface", name="rn", v6=lambda a: a.startswith("fe80::"))
    r.ip("link", "set", "rn", "mtu", "1300")
    probe.expect("iface", name="rn", mtu=1300)
    r.ip("link", "set", "rn", "down")
    probe.expect("iface", name="rn", up=0)
    r.ip("link", "set", "rn", "up")
    probe.expect("iface", name="rn", up=1)
    if not needs.has(needs.rename_running):
        r.ip("link", "set", "rn", "down")
        probe.expect("iface", name="rn", up=0)
    # By another name it is the same interface with the same section,
    r.ip("link", "set", "rn", "name", "rm")
    got = probe.expect("iface", name="rm")
    assert (got["ifindex"], got["enabled"]) == (new["ifindex"], 1)
    # until somebody else has the name of that.
    probe.forget()
    r.ip("link", "add", "rn", "type", "bridge")
    probe.expect("iface", name="rn", enabled=1)
    assert probe.expect("iface", name="rm")["enabled"] == 0
    r.ip("link", "del", "rn")
    assert probe.expect("gone")["ifindex"] != new["ifindex"]
    r.ip("link", "del", "rm")
    assert probe.expect("gone")["ifindex"] == new["ifindex"]


def test_the_first_message_by_a_link_finds_it_up(bed, probe):
    """Though what was told just before made the next wait for 100 ms; else it
    would be dropped, and the next one comes a refresh period later."""
    r, a = bed.nodes["r"], bed.nodes["a"]
    bed.link(a, "an", r, "rn", ("10.7.0.10", "10.7.0.1", 24))
    try:
        probe.expect("iface", name="rn", up=1, v4="10.7.0.1")
        near = nb.Neighbour(a, "an")
        to = address(r, "rn")
        r.ip("link", "set", "rn", "down")
        probe.expect("iface", name="rn", up=0)
        r.ip("link", "set", "rb", "mtu", "1400")
        probe.expect("iface", name="rb", mtu=1400)
        probe.forget()
        r.ip("link", "set", "rn", "up")
        near.send_frame(to, IP(src="10.7.0.10", dst="10.7.0.1",
                               proto=nb.RSVP) / resv(4, 1015))
        near.close()
        events = []
        lab.wait_for(lambda: events.extend(probe.forget()) or any(
            e["event"] == "packet" for e in events), "the message")
        assert [e["event"] for e in events if e["event"] == "packet" or
                (e.get("name"), e.get("up")) == ("rn", 1)][:2] == [
                    "iface", "packet"]
    finally:
        r.ip("link", "set", "rb", "mtu", "1500")
        r.ip("link", "del", "rn")


def test_our_own_addresses_are_known_at_once(bed, probe, left):
    """A Path to an address that came after the start is for us."""
    r = bed.nodes["r"]
    left.send(A[4], "10.2.0.99", resv(4, 1013))
    r.ip("addr", "add", "10.2.0.99/32", "dev", "rb")
    lab.wait_for(lambda: probe.ask("route", 0, "-", "10.2.0.99")["local"],
                 "the address")
    probe.expect("routes")
    left.send(A[4], "10.2.0.99", resv(4, 1014))
    assert probe.expect("packet")["local"] == 1
    r.ip("addr", "del", "10.2.0.99/32", "dev", "rb")


# ---- routes -----------------------------------------------------------------------

def test_routes_are_asked_as_the_flow_would_go(bed, probe, family):
    r = bed.nodes["r"]
    ra, rb = index(r, "ra"), index(r, "rb")
    far = {4: "198.51.100.9", 6: "2001:db8:50::9"}[family]
    net = {4: "198.51.100.0/24", 6: "2001:db8:50::/64"}[family]
    foreign = {4: "203.0.113.7", 6: "2001:db8:77::7"}[family]

    def out(iif, src, dst):
        answer = probe.ask("route", iif, src, dst)
        assert answer["in"] == 0
        return answer["local"], answer["out"]
    assert out(ra, foreign, B[family]) == (0, [rb])
    assert out(0, "-", B[family]) == (0, [rb])
    assert out(0, foreign, B[family]) == (0, [rb])
    assert out(rb, foreign, A[family]) == (0, [ra])
    assert out(ra, foreign, RB[family]) == (1, [])
    assert out(0, "-", RA[family]) == (1, [])
    assert out(ra, foreign, far) == (0, [])
    probe.forget()
    r.ip("route", "add", net, "via", B[family])
    probe.expect("routes", dst=net)
    assert out(ra, foreign, far) == (0, [rb])
    r.ip("route", "replace", net, "via", A[family])
    probe.expect("routes", dst=net)
    assert out(0, "-", far) == (0, [ra])
    assert probe.ask("source", far)["src"] == RA[family]
    assert probe.ask("source", B[family])["src"] == RB[family]
    r.ip("route", "replace", "blackhole", net)
    lab.wait_for(lambda: out(ra, foreign, far) == (0, []), "the blackhole")
    r.ip("route", "del", "blackhole", net)
    probe.expect("routes", dst=net)
    assert probe.ask("source", far)["src"] == ""


def while_stopped(probe, node, batch):
    """Let all of it reach the probe at once."""
    pids = lab.run("pgrep", "-P", probe.popen.pid, check=False).stdout.split()
    pid = int(pids[0]) if pids else probe.popen.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        lab.run("ip", "-n", node.ns, "-batch", "-", stdin=batch)
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_flapping_route_is_told_once(bed, probe):
    probe.forget()
    while_stopped(probe, bed.nodes["r"], "".join(
        f"route replace 198.51.100.0/24 via {via}\n"
        for _ in range(20) for via in (A[4], B[4])) +
        "route del 198.51.100.0/24\n"
        "route add 198.51.100.0/25 via 10.1.0.10\n")
    probe.expect("routes", dst="198.51.100.0/25")
    assert [e["dst"] for e in probe.forget() if e["event"] == "routes"] == [
        "198.51.100.0/24"]
    bed.nodes["r"].ip("route", "del", "198.51.100.0/25")


def test_many_routes_are_told_as_all(bed, probe):
    for count, told in ((32, 32), (33, 1)):
        probe.forget()
        while_stopped(probe, bed.nodes["r"], "".join(
            f"route add 198.18.{i}.0/24 via {B[4]}\n" for i in range(count)))
        probe.expect("routes")
        events = probe.forget()
        assert len([e for e in events if e["event"] == "routes"]) == told - 1
        while_stopped(probe, bed.nodes["r"], "".join(
            f"route del 198.18.{i}.0/24\n" for i in range(count)))
        probe.expect("routes")


def test_policy_routing_is_followed(bed, probe):
    r = bed.nodes["r"]
    ra, rb, rc = (index(r, n) for n in ("ra", "rb", "rc"))
    probe.forget()
    r.ip("route", "add", "default", "via", "10.3.0.30", "table", "77")
    r.ip("rule", "add", "from", A[4], "lookup", "77", "pref", "10")
    probe.expect("routes", dst="all")
    assert probe.ask("route", ra, A[4], B[4])["out"] == [rc]
    assert probe.ask("route", ra, "10.1.0.11", B[4])["out"] == [rb]
    r.ip("rule", "del", "pref", "10")
    probe.expect("routes", dst="all")
    r.ip("route", "flush", "table", "77")


def test_a_lost_link_means_all_routes(bed, probe):
    r, a = bed.nodes["r"], bed.nodes["a"]
    bed.link(a, "an", r, "rn", ("10.7.0.9", "10.7.0.1", 24))
    probe.expect("iface", name="rn", up=1, v4="10.7.0.1")
    r.ip("route", "add", "198.51.100.0/24", "via", "10.7.0.9")
    lab.wait_for(lambda: probe.ask("route", 0, "-", "198.51.100.9")["out"],
                 "the route")
    probe.forget()
    r.ip("link", "del", "rn")
    probe.expect("gone")
    probe.expect("routes", dst="all")


def test_lost_notifications_are_made_good(bed, probe):
    """Stopped while more happens than its socket holds: it reads all again."""
    r = bed.nodes["r"]
    probe.forget()
    # Each notification takes about a kilobyte of the buffer.
    batch = "".join(f"route {verb} 198.18.{i // 256}.{i % 256}/32 via {B[4]}\n"
                    for verb in ("add", "del") for i in range(8000))
    while_stopped(probe, r, batch + "addr add 10.2.0.77/32 dev rb\n"
                  f"addr del {RB[4]}/24 dev rb\n")
    probe.expect("iface", name="rb", v4="10.2.0.77")
    probe.expect("routes", dst="all")
    log = (bed.dir / "probe.log").read_text()
    assert "notifications were lost" in log
    r.ip("addr", "flush", "dev", "rb", "scope", "global")
    r.ip("addr", "add", f"{RB[4]}/24", "dev", "rb")
    r.ip("addr", "add", f"{RB[6]}/64", "dev", "rb", "nodad")
    probe.expect("iface", name="rb", v4=RB[4], v6=RB[6])


def test_multicast_routes_are_read_from_the_kernel(bed, probe):
    """The test plays the multicast routing daemon."""
    needs.require(needs.mroute6)
    r = bed.nodes["r"]
    ra, rb, rc = (index(r, n) for n in ("ra", "rb", "rc"))
    group, group6 = "239.1.2.3", "ff3e::1234"

    def routers():
        s4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, 2)
        s4.setsockopt(0, 200, struct.pack("i", 1))  # MRT_INIT
        s6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
        s6.setsockopt(41, 200, struct.pack("i", 1))
        return s4, s6
    s4, s6 = nb.in_namespace(r.ns, routers)
    for vif, ifindex in enumerate((ra, rb, rc)):
        s4.setsockopt(0, 202, struct.pack("=HBBIi4s", vif, 8, 1, 0, ifindex,
                                          bytes(4)))
        s6.setsockopt(41, 202, struct.pack("=HBBHxxI", vif, 0, 1, ifindex, 0))
    assert probe.ask("route", ra, A[4], group)["out"] == []
    probe.forget()
    s4.setsockopt(0, 204, socket.inet_aton(A[4]) + socket.inet_aton(group) +
                  struct.pack("=H", 0) + bytes([0, 1, 1]) + bytes(29) +
                  bytes(2) + bytes(16))
    probe.expect("routes", dst=f"{group}/32")
    answer = probe.ask("route", ra, A[4], group)
    assert (answer["in"], sorted(answer["out"])) == (ra, sorted([rb, rc]))
    assert probe.ask("route", ra, "10.1.0.11", group)["out"] == []

    def sin6(text):
        return struct.pack("=HHI16sI", socket.AF_INET6, 0, 0,
                           socket.inet_pton(socket.AF_INET6, text), 0)
    s6.setsockopt(41, 204, sin6(A[6]) + sin6(group6) + struct.pack("=HH", 0, 0)
                  + struct.pack("=I", 0b110) + bytes(28))
    probe.expect("routes", dst=f"{group6}/128")
    answer = probe.ask("route", ra, A[6], group6)
    assert (answer["in"], sorted(answer["out"])) == (ra, sorted([rb, rc]))
    s4.close()
    s6.close()
    probe.expect("routes")


def test_a_socket_that_fails_for_good_ends_the_process(probe):
    """Trying again would spin: the supervisor shall start a new one."""
    probe.popen.stdin.write("break\n")
    assert probe.popen.wait(lab.PATIENCE_S) == 0
    log = (probe.node.lab.dir / "probe.log").read_text()
    assert "raw socket: cannot receive: Socket operation on non-socket" in log


# ---- ports ------------------------------------------------------------------------

UDP_NUMBER, TCP_NUMBER = 17, 6


def as_user(node, uid, make):
    """Open a socket in the namespace as another user."""
    def body():
        libc_setresuid(uid)
        try:
            return make()
        finally:
            libc_setresuid(0)
    return nb.in_namespace(node.ns, body)


def libc_setresuid(uid):
    """Of this thread only; os.setresuid() would change all of them."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(117, -1, uid, -1) != 0:  # setresuid, x86-64
        raise OSError(ctypes.get_errno(), "setresuid")


def bound(kind, family, address, port, only6=None, listen=False, to=None):
    def make():
        s = socket.socket(family, kind)
        if only6 is not None:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only6)
        s.bind((address, port))
        if listen:
            s.listen()
        if to:
            s.connect(to)
        return s
    return make


V4, V6 = socket.AF_INET, socket.AF_INET6
DGRAM, STREAM = socket.SOCK_DGRAM, socket.SOCK_STREAM


@pytest.mark.parametrize("make, proto, found, not_found", [
    (bound(DGRAM, V4, RA[4], 4001), UDP_NUMBER,
     [RA[4]], [RB[4], RA[6]]),
    (bound(DGRAM, V4, "0.0.0.0", 4001), UDP_NUMBER,
     [RA[4], RB[4]], [RA[6]]),
    (bound(DGRAM, V6, RA[6], 4001), UDP_NUMBER,
     [RA[6]], [RB[6], RA[4]]),
    (bound(DGRAM, V6, "::", 4001, only6=0), UDP_NUMBER,
     [RA[4], RB[4], RA[6], RB[6]], []),
    (bound(DGRAM, V6, "::", 4001, only6=1), UDP_NUMBER,
     [RA[6], RB[6]], [RA[4]]),
    (bound(DGRAM, V6, f"::ffff:{RA[4]}", 4001, only6=0), UDP_NUMBER,
     [RA[4]], [RB[4], RA[6]]),
    (bound(DGRAM, V4, RA[4], 4001, to=(B[4], 9)), UDP_NUMBER,
     [RA[4]], [RB[4]]),
    (bound(STREAM, V4, RA[4], 4001, listen=True), TCP_NUMBER,
     [RA[4]], [RB[4], RA[6]]),
    (bound(STREAM, V6, "::", 4001, only6=0, listen=True), TCP_NUMBER,
     [RA[4], RA[6]], []),
    (bound(STREAM, V6, "::", 4001, only6=1, listen=True), TCP_NUMBER,
     [RA[6]], [RA[4]]),
])
def test_the_holder_of_a_port_is_found(bed, probe, make, proto, found,
                                       not_found):
    s = as_user(bed.nodes["r"], 4242, make)
    other = TCP_NUMBER if proto == UDP_NUMBER else UDP_NUMBER
    for address in found:
        answer = probe.ask("owner", proto, address, 4001)
        assert (answer["found"], answer["uid"]) == (1, 4242), address
        assert probe.ask("owner", proto, address, 4002)["found"] == 0
        assert probe.ask("owner", other, address, 4001)["found"] == 0
        assert probe.ask("owner", 47, address, 4001)["found"] == 0
    for address in not_found:
        assert probe.ask("owner", proto, address, 4001)["found"] == 0, address
    s.close()
    assert probe.ask("owner", proto, found[0], 4001)["found"] == 0


def test_the_exact_address_wins_over_a_wildcard(bed, probe):
    r = bed.nodes["r"]

    def reuse(address):
        def make():
            s = socket.socket(V4, DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, 4003))
            return s
        return make
    held = [as_user(r, 4242, reuse(RA[4])), as_user(r, 4243, reuse("0.0.0.0"))]
    assert probe.ask("owner", UDP_NUMBER, RA[4], 4003)["uid"] == 4242
    assert probe.ask("owner", UDP_NUMBER, RB[4], 4003)["uid"] == 4243
    for s in held:
        s.close()
