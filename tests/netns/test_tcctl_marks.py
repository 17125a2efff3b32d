# SPDX-License-Identifier: ISC
"""Marks of reservations: the DS field of what is reserved, as the other end
gets it off the wire, whoever writes it in this kernel."""

import errno
import json
import subprocess

import pytest

import ear as ears
import lab
import needs
import tcctl_peer as tp
from tcctl_bench import A4, A6, B4, B6, fixture_bench

assert fixture_bench  # pytest finds it here

EF, AF41, CS1 = 46, 34, 8
ECT0, CE = 2, 3
PORT, OTHER, SPORT = 5004, 5006, 6000

# The octet of each packet to one of these ports, from the wire itself.
WIRE = """
import collections, json, select, socket, struct, sys, time
expected, wait = int(sys.argv[1]), float(sys.argv[2])
s = socket.socket(17, 3, socket.htons(3))
s.bind(("eth0", 0))
print("ready", flush=True)
seen, end = collections.Counter(), time.monotonic() + wait
while sum(seen.values()) < expected and time.monotonic() < end:
    if not select.select([s], [], [], 0.2)[0]:
        continue
    packet = s.recv(3000)
    kind = struct.unpack("!H", packet[12:14])[0]
    ip = packet[14:]
    if kind == 0x0800 and ip[9] == 17:
        # The sum over the header, mark included, is right.
        words = struct.unpack("!10H", ip[:20])
        total = sum(words)
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        tos, ports = (ip[1] if total == 0xffff else -1), ip[20:24]
    elif kind == 0x86dd and ip[6] == 17:
        tos, ports = (ip[0] & 15) << 4 | ip[1] >> 4, ip[40:44]
    else:
        continue
    port = struct.unpack("!HH", ports)[1]
    if port in (%d, %d):
        seen["%%d %%d" %% (port, tos)] += 1
print(json.dumps(seen))
""" % (PORT, OTHER)


class Wire:
    def __init__(self, node, expected):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", node.ns, ears.PYTHON, "-c", WIRE,
             str(expected), str(lab.PATIENCE_S)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def seen(self):
        out, _ = self.process.communicate(timeout=60)
        return {tuple(map(int, key.split())): n
                for key, n in json.loads(out).items()}


def mark(bench, peer, flow_id=1, **how):
    done, _ = peer.ask(tp.FLOW_MARK, {
        "flow_id": flow_id, "ifindex": bench.ifindex, "marks": 0, "dscp": 0,
        "marks_out": 0, "dscp_out": 0, **how})
    return done


def filters(dst, sport=SPORT, port=PORT):
    return [{"dst": dst, "src": A6 if dst == B6 else A4, "dst_port": port,
             "src_port": sport}]


def send(bench, dst, tos=0, count=10, ports=(PORT,), **more):
    ears.send(bench.a, count, dst, ports=ports, tos=tos, size=200, sport=SPORT,
              **more)


def fields(bench, dst, tos=0, ports=(PORT,), count=10):
    wire = Wire(bench.b, count * len(ports))
    send(bench, dst, tos, count * len(ports), ports)
    return wire.seen()


def settled(bench, dst, expected):
    """Until packets are marked so: where nftables marks, a moment later."""
    lab.wait_for(lambda: fields(bench, dst, count=1) == {(PORT, expected): 1},
                 f"the mark {expected}")


def ruleset(bench):
    return bench.a.run("nft", "-s", "list", "ruleset", check=False).stdout


@pytest.mark.parametrize("service", [tp.GS, tp.CL], ids=["gs", "cl"])
@pytest.mark.parametrize("dst", [B4, B6], ids=["v4", "v6"])
def test_what_is_reserved_is_marked_and_nothing_else(bench, dst, service):
    peer = bench.serve()
    before = ruleset(bench)
    classid = bench.add(peer, service=service, filters=filters(dst),
                        bucket_bytes=20000)
    assert fields(bench, dst, CS1 << 2) == {(PORT, CS1 << 2): 10}
    assert mark(bench, peer, marks=1, dscp=EF)["error"] == 0
    settled(bench, dst, EF << 2)
    for ecn in (0, ECT0, CE):
        assert fields(bench, dst, CS1 << 2 | ecn, (PORT, OTHER)) == {
            (PORT, EF << 2 | ecn): 10, (OTHER, CS1 << 2 | ecn): 10}
    # It has its class as before, and the class its count.
    before_packets = bench.packets(classid)
    send(bench, dst)
    lab.wait_for(lambda: bench.packets(classid) == before_packets + 10,
                 "10 packets in its class")
    # Another mark; none.
    assert mark(bench, peer, marks=1, dscp=AF41)["error"] == 0
    settled(bench, dst, AF41 << 2)
    assert mark(bench, peer)["error"] == 0
    settled(bench, dst, 0)
    assert "rsvpd_mark" not in ruleset(bench) and ruleset(bench) == before
    assert not peer.drifts and not peer.notes


def test_a_mark_stays_through_a_change_and_goes_with_the_flow(bench):
    peer = bench.serve()
    bench.add(peer)
    mark(bench, peer, marks=1, dscp=EF)
    settled(bench, B4, EF << 2)
    done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(
        rate_Bps=500_000, filters=filters(B4) + filters(B4, SPORT + 2)))
    assert done["error"] == 0
    settled(bench, B4, EF << 2)
    done, _ = peer.ask(tp.FLOW_DEL, {"flow_id": 1, "ifindex": bench.ifindex})
    assert done["error"] == 0
    settled(bench, B4, 0)
    assert "rsvpd_mark" not in ruleset(bench)
    # The next one with its filters is not marked.
    bench.add(peer, flow_id=2)
    settled(bench, B4, 0)


@pytest.mark.parametrize("dst", [B4, B6], ids=["v4", "v6"])
def test_a_restart_takes_no_mark_away(bench, dst):
    peer = bench.serve()
    bench.add(peer, filters=filters(dst))
    bench.add(peer, flow_id=2, filters=filters(dst, port=OTHER))
    mark(bench, peer, marks=1, dscp=EF)
    settled(bench, dst, EF << 2)
    peer.kill()
    peer = bench.serve()
    # Also when others are told anew, before anybody says anything of it.
    mark(bench, peer, flow_id=2, marks=1, dscp=AF41)
    lab.wait_for(lambda: fields(bench, dst, ports=(PORT, OTHER), count=5) == {
        (PORT, EF << 2): 5, (OTHER, AF41 << 2): 5}, "both marks")
    assert mark(bench, peer)["error"] == 0
    settled(bench, dst, 0)


def shown(bench):
    """Flow to what its packets are given, and those beyond its bucket."""
    out = json.loads(bench.a.run(lab.program("tcctl"), "show", "--json",
                                 "eth0").stdout)
    return {f["id"]: (f["dscp"], f["dscp_out"])
            for f in out["interfaces"][0]["flows"]}


@pytest.mark.parametrize("dst", [B4, B6], ids=["v4", "v6"])
def test_a_restart_takes_no_mark_from_any_sender_away(bench, dst):
    """As with the style WF: nothing of the sender is in the filter."""
    any_sender = [{"dst": dst, "src": None, "dst_port": PORT}]
    peer = bench.serve()
    bench.add(peer, filters=any_sender)
    bench.add(peer, flow_id=2, filters=filters(dst, port=OTHER))
    mark(bench, peer, marks=1, dscp=EF)
    settled(bench, dst, EF << 2)
    peer.kill()
    peer = bench.serve()
    assert shown(bench) == {1: (EF, None), 2: (None, None)}
    mark(bench, peer, flow_id=2, marks=1, dscp=AF41)
    lab.wait_for(lambda: fields(bench, dst, ports=(PORT, OTHER), count=5) == {
        (PORT, EF << 2): 5, (OTHER, AF41 << 2): 5}, "both marks")
    assert shown(bench) == {1: (EF, None), 2: (AF41, None)}
    text = bench.a.run(lab.program("tcctl"), "show", "eth0").stdout
    assert f"; DSCP {EF}" in text and f"; DSCP {AF41}" in text
    assert mark(bench, peer)["error"] == 0
    settled(bench, dst, 0)
    assert shown(bench)[1] == (None, None)


def test_rules_and_reservations_are_marked_beside_each_other(bench):
    peer = bench.serve()
    bench.add(peer)
    mark(bench, peer, marks=1, dscp=EF)
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "marks": 1, "dscp": AF41,
        "matches": [{"dst_port_first": PORT, "dst_port_last": OTHER}]
    })["error"] == 0
    settled(bench, B4, EF << 2)
    assert fields(bench, B4, ECT0, (PORT, OTHER)) == {
        (PORT, EF << 2 | ECT0): 10, (OTHER, AF41 << 2 | ECT0): 10}
    assert peer.rules(bench.ifindex)["error"] == 0
    assert fields(bench, B4, 0, (PORT, OTHER)) == {
        (PORT, EF << 2): 10, (OTHER, 0): 10}


@pytest.mark.parametrize("dst", [B4, B6], ids=["v4", "v6"])
@pytest.mark.parametrize("service", [tp.GS, tp.CL], ids=["gs", "cl"])
def test_what_exceeds_the_bucket_has_the_other_mark(bench, dst, service):
    """20 packets fit into the bucket; the rest is out of profile, goes to best
    effort when the service is guaranteed, and in its class when it is not."""
    needs.require(needs.act_police)
    peer = bench.serve()
    gs = service == tp.GS
    classid = bench.add(peer, service=service, filters=filters(dst),
                        rate_Bps=2_000, bucket_bytes=20 * 290,
                        token_Bps=2_000 if gs else 0)
    assert mark(bench, peer, marks=1, dscp=EF, marks_out=1,
                dscp_out=CS1)["error"] == 0
    before = bench.packets(classid)
    wire = Wire(bench.b, 60)
    send(bench, dst, CE, 60)
    seen = wire.seen()
    assert set(seen) == {(PORT, EF << 2 | CE), (PORT, CS1 << 2 | CE)}
    assert 18 <= seen[PORT, EF << 2 | CE] <= 26
    assert sum(seen.values()) == 60
    into = bench.packets(classid) - before
    assert into == (seen[PORT, EF << 2 | CE] if gs else 60)
    # A restart knows all of it again.
    peer.kill()
    peer = bench.serve()
    assert not peer.notes and not peer.drifts
    assert peer.adopted[1]["token_Bps"] == (2_000 if gs else 0)


def test_a_node_without_its_mark_is_repaired(bench):
    needs.require(needs.act_police)
    peer = bench.serve()
    classid = bench.add(peer)
    mark(bench, peer, marks=1, dscp=EF)
    node = bench.nodes(classid)[0]
    bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:", "pref", "10",
               "protocol", "ip", "handle", node, "u32")
    assert peer.wait_drift("repaired")["flow_id"] == 1
    settled(bench, B4, EF << 2)


def test_bad_marks_are_refused_with_the_reason(bench):
    peer = bench.serve()
    bench.add(peer)
    done = mark(bench, peer, marks=1, dscp=64)
    assert (done["error"], done["text"]) == (errno.EINVAL, "a DSCP above 63")
    done = mark(bench, peer, flow_id=9, marks=1, dscp=EF)
    assert (done["error"], done["text"]) == (errno.ENOENT, "no such flow")
