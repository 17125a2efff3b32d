# SPDX-License-Identifier: ISC
"""Long hash buckets are split while packets go through them: each probe packet
is counted in its own flow's class, whatever happens meanwhile.  With flower
there are no buckets, and the rest is the same."""

import collections
import json
import re
import time

import pytest

import lab
import tcctl_peer as tp
from tcctl_bench import (A4, B4, B6, PYTHON, each_classifier,
                         fixture_bench)

assert fixture_bench  # pytest finds it here

PROBED = 100
KILLS = (0.0, 0.002, 0.004, 0.008, 0.012, 0.02, 0.04)  # seconds
RATE = {"rate_Bps": 20_000, "buffer_bytes": 60_000, "max_packet_bytes": 400}

# Round robin over sources and ports until SIGTERM; then how many each was
# sent.  Numbers are in the payload.
ROUND = """
import json, signal, socket, sys
dst, flows = sys.argv[1], json.loads(sys.argv[2])
family = socket.AF_INET6 if ":" in dst else socket.AF_INET
sockets = {}
for sport, dport in flows:
    if sport not in sockets:
        s = sockets[sport] = socket.socket(family, socket.SOCK_DGRAM)
        s.bind(("", sport))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
sent = [0] * len(flows)
number = 0
print("begun", flush=True)
while signal.sigtimedwait([signal.SIGTERM], 0.02) is None:
    for i, (sport, dport) in enumerate(flows):
        sockets[sport].sendto(number.to_bytes(8, "big") * 8, (dst, dport))
        sent[i] += 1
        number += 1
print(json.dumps(sent))
"""


def by_port(i):
    """All of one bucket of the fixed tables, told apart by a port."""
    return 6000, 16 * i + 4


def by_source_port(i):
    return 2000 + i, 5004


def request(bench, i, pattern, dst):
    sport, dport = pattern(i)
    src = "2001:db8:8::1" if ":" in dst else A4
    return bench.flow(flow_id=i + 1, filters=[
        {"dst": dst, "src": src, "dst_port": dport, "src_port": sport}],
        **RATE)


def add_flows(peer, flows):
    classids = []
    for first in range(0, len(flows), 16):
        done, _ = peer.done(peer.send(*[
            (tp.FLOW_ADD, f) for f in flows[first:first + 16]]))
        for d in done:
            assert d["error"] == 0, d["text"]
            classids.append(d["classid"])
    return classids


def del_flows(peer, bench, ids):
    for first in range(0, len(ids), 16):
        done, _ = peer.done(peer.send(*[
            (tp.FLOW_DEL, {"flow_id": i, "ifindex": bench.ifindex})
            for i in ids[first:first + 16]]))
        assert all(d["error"] == 0 for d in done)


def buckets(bench):
    """Leaf nodes by bucket."""
    text = bench.a.tc("filter", "show", "dev", "eth0", "parent", "52:").stdout
    return collections.Counter(
        m[1] for m in re.finditer(
            r"fh ([0-9a-f]+:[0-9a-f]+):[0-9a-f]+ .*flowid 52:[0-9a-f]{3}",
            text))


def wait_short(bench):
    def short():
        found = buckets(bench)
        return found and max(found.values()) <= 17
    lab.wait_for(short, "short buckets", every=0.1)


@each_classifier
@pytest.mark.parametrize("pattern, dst", [
    (by_port, B4), (by_source_port, B4), (by_port, B6)],
    ids=["v4-port", "v4-source-port", "v6-port"])
def test_no_packet_is_misclassified_while_buckets_are_split(
        bench, pattern, dst):
    peer = bench.serve(pool_low=150, pool_high=600)
    bench.pool_filled(150)
    probed = add_flows(peer, [request(bench, i, pattern, dst)
                              for i in range(PROBED)])
    flows = [pattern(i) for i in range(PROBED)]
    # Both ends of the split are among the packets: it begins only now.
    sender = bench.a.start(PYTHON, "-c", ROUND, dst, json.dumps(flows),
                           name="sender")
    sender.wait_output("begun")
    best = bench.packets(0x520005)
    others = [request(bench, i, pattern, dst) for i in range(PROBED, 700)]
    add_flows(peer, others)
    wait_short(bench)
    # Killed at any moment while nodes come, move and go, the next one goes on.
    for pause in KILLS:
        del_flows(peer, bench, [f["flow_id"] for f in others])
        for first in range(0, len(others), 40):
            peer.send(*[(tp.FLOW_ADD, f) for f in others[first:first + 40]])
        time.sleep(pause)
        peer.kill()
        peer = bench.serve(pool_low=150, pool_high=600)
        assert set(range(1, PROBED + 1)) <= set(peer.adopted)
        add_flows(peer, others)
        wait_short(bench)
    del_flows(peer, bench, [f["flow_id"] for f in others])
    assert sender.stop() == 0
    sent = json.loads(sender.output().splitlines()[-1])
    assert sum(sent) > 5 * PROBED

    def arrived():
        classes = bench.classes()
        names = [bench.name(c) for c in probed]
        # While classes are made, the kernel's list may lack some.
        return all(n in classes for n in names) and [
            classes[n]["stats"]["packets"] for n in names] == sent
    lab.wait_for(arrived, "each packet in its class")
    # The host's own multicast (MLD) is best effort as well.
    assert bench.packets(0x520005) - best < 20


def tables(bench):
    text = bench.a.tc("filter", "show", "dev", "eth0", "parent", "52:").stdout
    return len(re.findall(r"fh [2-7][0-9a-f]{2}: .*divisor 256", text))


def test_empty_tables_go_again(bench):
    peer = bench.serve(pool_low=100, pool_high=400)
    flows = [request(bench, i, by_port, B4) for i in range(200)]
    add_flows(peer, flows)
    lab.wait_for(lambda: tables(bench) >= 1, "a further table")
    wait_short(bench)
    del_flows(peer, bench, [f["flow_id"] for f in flows])
    lab.wait_for(lambda: tables(bench) == 0, "no further table")
    add_flows(peer, flows)
    wait_short(bench)


def test_signalling_goes_on_while_a_bucket_is_split(bench):
    """2 000 nodes move; a request in the middle waits for a slice only."""
    peer = bench.serve(pool_low=100, pool_high=4000)
    flows = [request(bench, i, by_port, B4) for i in range(2000)]
    for f in flows:
        f["rate_Bps"] = 1000
    add_flows(peer, flows)
    slowest = 0
    for i in range(50):
        before = time.monotonic()
        bench.add(peer, flow_id=5000, port=7)
        slowest = max(slowest, time.monotonic() - before)
        del_flows(peer, bench, [5000])
    wait_short(bench)
    print(f"slowest set-up while splitting: {1000 * slowest:.1f} ms")
    assert slowest < 5  # no gauge, a guard against a stall
