# SPDX-License-Identifier: ISC
"""Static rules of `tcctl serve` in the real kernel, judged by what the other
host receives: how much, and with which DS field."""

import errno
import json
import subprocess

import pytest

import ear as ears
import lab
import needs
import tcctl_peer as tp
from ear import PYTHON, SEND
from tcctl_bench import A4, B4, B6, each_classifier, fixture_bench

assert fixture_bench  # pytest finds it here

EF, AF41 = 46, 34
ECT0, CE = 2, 3

def match(first, last=None, **more):
    return {"dst_port_first": first, "dst_port_last": last or first, **more}


def both(first, last=None, **more):
    """That match for IPv4 and IPv6."""
    return [match(first, last, family=4, **more),
            match(first, last, family=6, **more)]


def send(bench, count, dst=B4, **more):
    return ears.send(bench.a, count, dst, **more)


def kernel(bench):
    """What traffic control and nftables hold, without figures that move."""
    ns = bench.a.ns
    return [sorted(lab.run(*argv, check=False).stdout.splitlines())
            for argv in (
        ("tc", "-n", ns, "qdisc", "show", "dev", "eth0"),
        ("tc", "-n", ns, "filter", "show", "dev", "eth0", "parent", "52:"),
        ("ip", "netns", "exec", ns, "nft", "-s", "list", "ruleset"))]


def classes(bench):
    return sorted((h, c["rate"], c["ceil"]) for h, c in bench.classes().items()
                  if c["parent"] == "52:4")


def refused(answer):
    return answer["error"], answer["text"]


# ---- the four combinations --------------------------------------------------


@pytest.mark.parametrize("dst", [B4, B6], ids=["v4", "v6"])
@pytest.mark.parametrize("ecn", [0, ECT0, CE])
def test_a_mark_leaves_the_ecn_bits(bench, dst, ecn):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "marks": 1, "dscp": AF41,
        "matches": both(9000, 9003)})["error"] == 0
    ear = ears.Ear(bench.b, range(8999, 9005), 60)
    send(bench, 60, dst, ports=range(8999, 9005), tos=8 << 2 | ecn)
    assert ear.fields() == {
        (port, (AF41 if 9000 <= port < 9004 else 8) << 2 | ecn): 10
        for port in range(8999, 9005)}
    assert peer.rule_counts()[4]["in_packets"] == 40


def test_shaped_traffic_arrives_at_its_rate_and_whole(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 250_000, "bucket_bytes": 10_000,
        "excess": tp.DELAY, "matches": [match(9000)]})["error"] == 0
    ear = ears.Ear(bench.b, [9000], 100)
    send(bench, 100)  # 1066 octets each on the wire, overhead included
    heard = ear.heard()
    assert [(p, t) for p, t, *_ in heard] == [(9000, 0)] * 100
    took = heard[-1][3] - heard[0][3]
    # The first of them leave with the bucket.
    assert (100 * 1066 - 13_000) / took <= 1.05 * 250_000
    if needs.has(needs.real_time):
        assert 100 * 1066 / took >= 0.9 * 250_000
    assert peer.rule_counts()[4]["in_packets"] == 100


def test_marked_and_shaped(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 500_000, "bucket_bytes": 5000, "marks": 1,
        "dscp": EF, "excess": tp.DELAY, "matches": both(9000)})["error"] == 0
    ear = ears.Ear(bench.b, [9000, 9001], 60)
    send(bench, 60, ports=(9000, 9001), tos=ECT0)
    assert ear.fields() == {(9000, EF << 2 | ECT0): 30, (9001, ECT0): 30}


def judged(peer, count):
    """So many have left, or are lost."""
    def counts():
        one = peer.rule_counts()[4]
        return one["in_packets"] + one["out_packets"] == count and one
    return lab.wait_for(counts, "all of them to be judged")


@pytest.mark.parametrize("guaranteed", [0, 1])
def test_policed_traffic_has_its_bucket_and_no_more(bench, guaranteed):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 50_000, "bucket_bytes": 30_000,
        "guaranteed": guaranteed, "excess": tp.DROP,
        "matches": [match(9000)]})["error"] == 0
    ear = ears.Ear(bench.b, [9000], 300)
    took = send(bench, 300, size=958, pause=1000)  # 1024 octets on the wire
    judged(peer, 300)
    octets = 1024 * len(ear.heard_until_now(bench.a, B4))
    # A packet waits at most in the class' queue of one.
    assert 30_000 + 50_000 * took - 2048 <= octets
    assert octets <= 30_000 + 50_000 * took + 3 * 1024
    counts = peer.rule_counts()[4]
    assert counts["in_packets"] + counts["out_packets"] == 300
    assert counts["in_packets"] == octets // 1024


def test_what_exceeds_is_sent_with_another_mark(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 20_000, "bucket_bytes": 20_000, "marks": 1,
        "dscp": AF41, "marks_out": 1, "dscp_out": 0,
        "matches": both(9000)})["error"] == 0
    ear = ears.Ear(bench.b, [9000], 200)
    send(bench, 200, size=1000, tos=10 << 2 | CE)
    fields = ear.fields()
    counts = peer.rule_counts()[4]
    assert set(fields) == {(9000, AF41 << 2 | CE), (9000, CE)}
    assert sum(fields.values()) == 200
    assert fields[9000, AF41 << 2 | CE] == counts["in_packets"]
    assert fields[9000, CE] == counts["out_packets"]
    # The bucket alone (act_police), or it and one second of the rate (nftables).
    assert counts["in_packets"] in (18, 19, 20, 37, 38, 39, 40)


def test_a_peak_rate_spreads_the_bucket(bench):
    """All of it could go at once."""
    peer = bench.serve()
    rule = {"rule_id": 4, "rate_Bps": 50_000, "bucket_bytes": 80_000,
            "excess": tp.DELAY, "matches": [match(9000)]}
    assert peer.rules(bench.ifindex,
                      {**rule, "peak_Bps": 250_000})["error"] == 0
    ear = ears.Ear(bench.b, [9000], 60)
    send(bench, 60)  # 1066 octets each on the wire
    heard = ear.heard()
    assert len(heard) == 60
    took = heard[-1][3] - heard[0][3]
    assert (60 * 1066 - 3 * 1066) / took <= 1.05 * 250_000
    # In place; and another way of queueing without it.
    for peak in (125_000, 0):
        assert peer.rules(bench.ifindex,
                          {**rule, "peak_Bps": peak})["error"] == 0
        (leaf,) = [q for q in bench.qdiscs() if q["kind"] == "tbf"] or [None]
        assert bool(leaf) == (peak != 0)
        assert not leaf or leaf["options"]["rate"] == peak
    peer.kill()
    peer = bench.serve()
    assert peer.rules(bench.ifindex, rule)["error"] == 0


# So many octets of payload in so many packets of 1000, handed down as one.
SEND_LARGE = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 103, 1000)
for _ in range(int(sys.argv[2])):
    s.sendto(bytes(1000 * int(sys.argv[3])), (sys.argv[1], 9000))
    time.sleep(0.05)
"""

SINK = """
import socket
s = socket.create_server(("", 9000))
print("ready", flush=True)
c, octets = s.accept()[0], 0
while (n := len(c.recv(1 << 16))) > 0:
    octets += n
print("got", octets, flush=True)
"""

STREAM = """
import socket, sys
s = socket.create_connection((sys.argv[1], 9000))
s.sendall(bytes(int(sys.argv[2])))
"""


def peaked(bench, bucket):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 1_250_000, "bucket_bytes": bucket,
        "peak_Bps": 2_500_000, "excess": tp.DROP,
        "matches": [match(9000), match(9000, proto=6)]})["error"] == 0
    return peer


@pytest.mark.parametrize("bucket, packets, passes", [
    (200_000, 40, True), (60_000, 28, True), (60_000, 30, False),
    (4000, 1, True), (4000, 2, False)])
def test_half_of_the_bucket_may_come_in_one_piece(bench, bucket, packets,
                                                  passes):
    """At a peak rate: packets as a program of this host hands them down, of
    1028 octets and 14 each for the header, and 24 once."""
    needs.require(needs.act_police)
    peer = peaked(bench, bucket)
    bench.a.run(PYTHON, "-c", SEND_LARGE, B4, 5, packets)
    counts = judged(peer, 5 * packets)
    assert counts["in_packets"] == (5 * packets if passes else 0)


def test_a_stream_of_this_host_is_not_starved_by_a_peak_rate(bench):
    """It is handed down in pieces of several packets, all above the MTU."""
    needs.require(needs.act_police)
    peer = peaked(bench, 60_000)
    sink = bench.b.start(PYTHON, "-c", SINK, name="sink")
    lab.wait_for(lambda: "ready" in sink.output(), "the sink")
    bench.a.run(PYTHON, "-c", STREAM, B4, 500_000)
    lab.wait_for(lambda: "got 500000" in sink.output(), "all of it", 20)
    counts = peer.rule_counts()[4]
    assert counts["in_packets"] > 2 * counts["out_packets"]


@pytest.mark.parametrize("excess", [tp.DELAY, tp.DROP])
def test_packets_above_the_largest_do_not_pass(bench, excess):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 500_000, "bucket_bytes": 60_000,
        "max_packet_bytes": 600, "excess": excess,
        "matches": both(9000)})["error"] == 0
    for sent, (dst, header) in enumerate(((B4, 28), (B6, 48)), 1):
        ear = ears.Ear(bench.b, [9000], 40)
        send(bench, 20, dst, size=601 - header, pause=200)
        send(bench, 20, dst, size=600 - header, pause=200)
        judged(peer, 40 * sent)
        assert {size for _, _, size, *_ in ear.heard_until_now(
            bench.a, dst)} == {600 - header}
    counts = peer.rule_counts()[4]
    passed, lost = counts["in_packets"], counts["out_packets"]
    assert passed + lost == 80 and 0 < passed <= 40
    # Policed by a queue of one packet, more of a clump is lost.
    assert passed == 40 or excess == tp.DROP


def test_packets_above_the_largest_are_out_of_profile(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 500_000, "bucket_bytes": 60_000,
        "max_packet_bytes": 600, "marks": 1, "dscp": AF41, "marks_out": 1,
        "dscp_out": 10, "matches": both(9000)})["error"] == 0
    for dst, header in ((B4, 28), (B6, 48)):
        ear = ears.Ear(bench.b, [9000], 40)
        send(bench, 20, dst, size=601 - header)
        send(bench, 20, dst, size=600 - header)
        assert {(tos >> 2, size) for _, tos, size, *_ in ear.heard()} == {
            (AF41, 600 - header), (10, 601 - header)}


def test_small_packets_count_as_the_smallest(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 100_000, "bucket_bytes": 10_000,
        "min_packet_bytes": 962, "excess": tp.DROP,
        "matches": [match(9000)]})["error"] == 0
    send(bench, 100, size=20)  # 1000 octets each, where 86 are sent
    counts = judged(peer, 100)
    # With the class' queue, which a small one does not fill.
    assert 10 <= counts["in_packets"] <= 14 + 1538 // 62


def test_denied_traffic_is_dropped(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "deny": 1, "matches": both(9000)})["error"] == 0
    ear = ears.Ear(bench.b, [9000, 9001], 10)
    # What a local sender is told of a drop is no matter here.
    bench.a.run(PYTHON, "-c", SEND.replace(
        "    s.sendto", "    try:\n     s.sendto").replace(
            "    due =", "    except OSError: pass\n    due ="),
        20, B4, "[9000, 9001]", 0, 100, 0, 0)
    assert ear.fields() == {(9001, 0): 10}


# ---- order ------------------------------------------------------------------


def test_the_first_rule_that_matches_decides(bench):
    peer = bench.serve()
    assert peer.rules(
        bench.ifindex,
        {"rule_id": 4, "marks": 1, "dscp": EF, "matches": [match(9000)]},
        {"rule_id": 8, "rate_Bps": 500_000, "bucket_bytes": 9000,
         "excess": tp.DELAY, "marks": 1, "dscp": AF41,
         "matches": [match(9000, 9001)]})["error"] == 0
    ear = ears.Ear(bench.b, [9000, 9001], 40)
    send(bench, 40, ports=(9000, 9001))
    assert ear.fields() == {(9000, EF << 2): 20, (9001, AF41 << 2): 20}
    counts = peer.rule_counts()
    assert (counts[4]["in_packets"], counts[8]["in_packets"]) == (20, 20)


def field(bench, port):
    """DS field of a reserved packet as it arrives."""
    ear = ears.Ear(bench.b, [port], 1)
    send(bench, 1, ports=[port], sport=6000, size=200)
    return ear.heard()[0][1]


@each_classifier
@pytest.mark.parametrize("later", [0, 1])
@pytest.mark.parametrize("before", [0, 1])
def test_reservation_or_rule_first(bench, before, later):
    peer = bench.serve()
    rule = {"rule_id": 4, "before": before, "rate_Bps": 500_000,
            "bucket_bytes": 9000, "excess": tp.DELAY, "marks": 1, "dscp": EF,
            "matches": [match(9000, 9010)]}
    if before and bench.by() == "flower":
        answer = refused(peer.rules(bench.ifindex, rule))
        assert answer[0] == 22 and "which is ahead of all rules" in answer[1]
        return
    if later:
        assert peer.rules(bench.ifindex, rule)["error"] == 0
    reserved = bench.add(peer, port=9000)
    if not later:
        assert peer.rules(bench.ifindex, rule)["error"] == 0
    # Marks follow a reservation within a moment.
    lab.wait_for(lambda: field(bench, 9000) == (EF << 2 if before else 0),
                 "the mark")
    shaped = peer.rule_counts()[4]["classid"]
    ear = ears.Ear(bench.b, [9000], 10)
    start = [bench.packets(c) for c in (reserved, shaped)]
    send(bench, 10, sport=6000, size=200)
    assert ear.fields() == {(9000, EF << 2 if before else 0): 10}
    got = [bench.packets(c) - s for c, s in zip((reserved, shaped), start)]
    assert got == ([0, 10] if before else [10, 0])


# ---- life -------------------------------------------------------------------


FIREWALL = """
table ip mine {
    chain out {
        type filter hook output priority mangle; policy accept;
        udp dport 7777 counter packets 3 bytes 9 ip dscp set cs1
    }
}
"""


def test_removal_leaves_the_kernel_as_before(bench):
    firewall = lab.run("ip", "netns", "exec", bench.a.ns, "nft", "-f", "-",
                       stdin=FIREWALL, check=False).returncode == 0
    peer = bench.serve()
    bench.pool_filled()
    before = kernel(bench), classes(bench)
    assert peer.rules(
        bench.ifindex,
        {"rule_id": 4, "marks": 1, "dscp": EF, "matches": both(9000)},
        {"rule_id": 8, "rate_Bps": 500_000, "bucket_bytes": 9000,
         "excess": tp.DELAY, "before": 1, "matches": both(9001)},
    )["error"] == 0
    assert kernel(bench) != before[0]
    assert peer.rules(bench.ifindex)["error"] == 0
    lab.wait_for(lambda: classes(bench) == before[1], "the class to go")
    assert kernel(bench) == before[0]
    assert not firewall or "packets 3 bytes 9" in lab.run(
        "ip", "netns", "exec", bench.a.ns, "nft", "list", "ruleset").stdout


def test_an_interface_that_is_given_up_takes_the_marks_along(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "marks": 1, "dscp": EF,
        "matches": both(9000)})["error"] == 0
    done, _ = peer.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    assert done["error"] == 0
    assert "rsvpd" not in lab.run("ip", "netns", "exec", bench.a.ns, "nft",
                                  "list", "ruleset", check=False).stdout


RULES = [
    {"rule_id": 4, "marks": 1, "dscp": AF41, "matches": both(9000)},
    {"rule_id": 8, "rate_Bps": 4_000_000, "bucket_bytes": 50_000,
     "excess": tp.DELAY, "marks": 1, "dscp": EF, "matches": both(9001)},
    {"rule_id": 12, "rate_Bps": 100_000, "bucket_bytes": 9000,
     "excess": tp.DROP, "matches": both(9002)}]


def test_rules_outlive_tcctl_and_count_on(bench):
    first = bench.serve()
    bench.pool_filled()
    assert first.rules(bench.ifindex, *RULES)["error"] == 0
    ear = ears.Ear(bench.b, [9000, 9001], 40)
    send(bench, 40, ports=(9000, 9001))
    ear.heard()
    before = first.rule_counts()
    picture = kernel(bench), classes(bench)
    first.kill()
    assert (kernel(bench), classes(bench)) == picture
    ear = ears.Ear(bench.b, [9000, 9001], 40)
    send(bench, 40, ports=(9000, 9001))
    assert ear.fields() == {(9000, AF41 << 2): 20, (9001, EF << 2): 20}
    second = bench.serve()
    assert (kernel(bench), classes(bench)) == picture
    assert second.rules(bench.ifindex, *RULES)["error"] == 0
    assert (kernel(bench), classes(bench)) == picture
    after = second.rule_counts()
    for rule in (4, 8):
        assert before[rule]["in_packets"] == 20
        assert after[rule]["in_packets"] == 40
        assert after[rule]["classid"] == before[rule]["classid"]


def test_a_changed_set_loses_and_mismarks_nothing(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, *RULES)["error"] == 0
    count = 4000
    ear = ears.Ear(bench.b, [9000, 9001], count, 30)
    sender = subprocess.Popen(
        ["ip", "netns", "exec", bench.a.ns, PYTHON, "-c", SEND, str(count),
         B4, "[9000, 9001]", "0", "200", "1000", "0"],
        stdout=subprocess.PIPE, text=True)
    changes, counts = 0, {4: 0, 8: 0}
    while sender.poll() is None:
        other = {"rule_id": 16 + 4 * (changes % 3), "marks": 1, "dscp": 8,
                 "matches": [match(9100 + changes % 7, 9200)]}
        slower = {**RULES[1], "rate_Bps": 4_000_000 + 1000 * (changes % 5)}
        answer = peer.rules(bench.ifindex, *(
            (other, RULES[0], slower) if changes % 2 else
            (RULES[0], slower, RULES[2], other)))
        assert answer["error"] == 0, answer["text"]
        changes += 1
        now = peer.rule_counts()
        for rule in counts:
            assert now[rule]["in_packets"] >= counts[rule]
            counts[rule] = now[rule]["in_packets"]
    sender.stdout.close()
    assert changes >= 20
    assert ear.fields() == {(9000, AF41 << 2): count // 2,
                            (9001, EF << 2): count // 2}
    now = peer.rule_counts()
    assert [now[r]["in_packets"] for r in counts] == [count // 2] * 2


def test_a_class_that_is_not_needed_any_more_sends_its_queue(bench):
    peer = bench.serve()
    rule = {"rule_id": 4, "rate_Bps": 100_000, "bucket_bytes": 2000,
            "excess": tp.DELAY, "matches": [match(9000)]}
    assert peer.rules(bench.ifindex, rule)["error"] == 0
    ear = ears.Ear(bench.b, [9000], 50)
    send(bench, 50)
    assert peer.rules(bench.ifindex, {"rule_id": 4, "marks": 1, "dscp": EF,
                                      "matches": [match(9000)]})["error"] == 0
    assert len(ear.heard()) == 50
    lab.wait_for(lambda: len(classes(bench)) == 1, "the class to go")


def test_a_set_with_one_bad_rule_changes_nothing(bench):
    peer = bench.serve()
    bench.pool_filled()
    assert peer.rules(bench.ifindex, *RULES)["error"] == 0
    picture = kernel(bench), classes(bench)
    answer = peer.rules(bench.ifindex, RULES[0], {
        "rule_id": 20, "rate_Bps": 10 ** 9, "bucket_bytes": 9000,
        "excess": tp.DELAY, "matches": [match(9000)]})
    assert refused(answer) == (22, "the rate is more than the link has")
    assert answer["flow_id"] == 20
    assert (kernel(bench), classes(bench)) == picture


def test_a_tree_that_was_removed_comes_back_with_its_rules(bench):
    peer = bench.serve()
    assert peer.rules(bench.ifindex, *RULES)["error"] == 0
    before = [(rate, ceil) for _, rate, ceil in classes(bench)]
    bench.a.tc("qdisc", "del", "dev", "eth0", "root")
    peer.wait_drift("made again")
    assert [(rate, ceil) for _, rate, ceil in classes(bench)] == before
    ear = ears.Ear(bench.b, [9000, 9001], 20)
    send(bench, 20, ports=(9000, 9001))
    assert ear.fields() == {(9000, AF41 << 2): 10, (9001, EF << 2): 10}


def test_addresses_as_ranges_and_a_dscp_select(bench):
    peer = bench.serve()
    assert peer.rules(
        bench.ifindex,
        {"rule_id": 4, "marks": 1, "dscp": EF, "matches": [
            match(9000, src_first=A4, src_last="10.8.0.77",
                  dst_first="10.8.0.1", dst_last="10.8.0.2",
                  dscp=10, dscp_mask=63)]})["error"] == 0
    ear = ears.Ear(bench.b, [9000], 20)
    send(bench, 10, tos=10 << 2)
    send(bench, 5, tos=12 << 2)
    send(bench, 5, dst="10.8.0.3", tos=10 << 2)
    assert ear.fields() == {(9000, EF << 2): 10, (9000, 12 << 2): 5,
                            (9000, 10 << 2): 5}


def test_probe_says_what_each_function_is_done_with(bench):
    found = json.loads(bench.a.run(lab.program("tcctl"), "probe",
                                   "--json").stdout)["functions"]
    full = found["mark"] == "act_pedit"
    assert found["shape"] == "an HTB class"
    assert found["ingress"] == "act_mirred to an ifb"
    assert found["police"] == ("act_police" if full else
                               "an HTB class with a queue of one packet")
    assert found["remark"].startswith("act_police" if full else
                                      "nftables limit")
    assert found["connmark"] == ("act_connmark" if full else None)
    # What serve does is what probe says.
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "marks": 1, "dscp": EF,
        "matches": both(9000)})["error"] == 0
    marked = "pedit" in bench.a.tc("filter", "show", "dev", "eth0",
                                   "parent", "52:").stdout
    assert marked == full


# ---- the interface that packets came in by ----------------------------------


class Router:
    """The bench's host forwards from two others to b."""

    def __init__(self, bench):
        self.bench = bench
        self.c = bench.lab.node("c")
        self.d = bench.lab.node("d")
        bench.a.run("sysctl", "-qw", "net.ipv4.ip_forward=1",
                    "net.ipv6.conf.all.forwarding=1")
        bench.lab.link(self.c, "eth0", bench.a, "eth1",
                       ("10.7.1.2", "10.7.1.1", 24),
                       ("2001:db8:71::2", "2001:db8:71::1", 64))
        bench.lab.link(self.d, "eth0", bench.a, "eth2",
                       ("10.7.2.2", "10.7.2.1", 24),
                       ("2001:db8:72::2", "2001:db8:72::1", 64))
        for node, net in ((self.c, 1), (self.d, 2)):
            node.ip("route", "add", "default", "via", f"10.7.{net}.1")
            node.ip("-6", "route", "add", "default", "via",
                    f"2001:db8:7{net}::1")

    def index(self, name):
        return json.loads(self.bench.a.run("ip", "-j", "link", "show",
                                           name).stdout)[0]["ifindex"]

    def incoming(self, name):
        return {"in": name, "in_ifindex": self.index(name)}

    def fields(self, dst, count=10):
        """Marks of what c, d and the router itself send."""
        ear = ears.Ear(self.bench.b, [9000, 9001, 9002], 3 * count)
        for node, port in ((self.c, 9000), (self.d, 9001),
                           (self.bench.a, 9002)):
            ears.send(node, count, dst, ports=[port], tos=ECT0)
        return ear.fields()


@pytest.mark.parametrize("dst", [B4, B6], ids=["v4", "v6"])
def test_a_rule_is_for_what_came_in_by_its_interface(bench, dst):
    router = Router(bench)
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "marks": 1, "dscp": EF,
        "matches": both(9000, 9002, **router.incoming("eth1"))
    })["error"] == 0
    assert router.fields(dst) == {(9000, EF << 2 | ECT0): 10,
                                  (9001, ECT0): 10, (9002, ECT0): 10}
    assert peer.rule_counts()[4]["in_packets"] == 10
    before = kernel(bench)
    peer.kill()
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "marks": 1, "dscp": EF,
        "matches": both(9000, 9002, **router.incoming("eth1"))
    })["error"] == 0
    assert kernel(bench) == before


def test_a_class_is_for_what_came_in_by_its_interface(bench):
    router = Router(bench)
    peer = bench.serve()
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 1_000_000, "bucket_bytes": 20_000,
        "excess": tp.DELAY,
        "matches": [match(9000, 9002, **router.incoming("eth2"))]
    })["error"] == 0
    assert router.fields(B4) == {(9000, ECT0): 10, (9001, ECT0): 10,
                                 (9002, ECT0): 10}
    assert peer.rule_counts()[4]["in_packets"] == 10
    # The same name, another interface.
    for name, other in (("eth2", "old0"), ("eth1", "eth2")):
        bench.a.ip("link", "set", name, "down")
        bench.a.ip("link", "set", name, "name", other)
        bench.a.ip("link", "set", other, "up")
    assert peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 1_000_000, "bucket_bytes": 20_000,
        "excess": tp.DELAY,
        "matches": [match(9000, 9002, **router.incoming("eth2"))]
    })["error"] == 0
    before = peer.rule_counts()[4]["in_packets"]
    ear = ears.Ear(bench.b, [9000], 10)
    ears.send(router.c, 10, B4, ports=[9000])
    assert len(ear.heard()) == 10
    assert peer.rule_counts()[4]["in_packets"] == before + 10


def test_an_incoming_interface_that_is_not_there_is_refused(bench):
    peer = bench.serve()
    before = classes(bench)
    done = peer.rules(bench.ifindex, {
        "rule_id": 4, "rate_Bps": 1_000_000, "bucket_bytes": 20_000,
        "excess": tp.DELAY,
        "matches": [match(9000, **{"in": "ppp7", "in_ifindex": 99})]})
    assert done["error"] == errno.EINVAL and classes(bench) == before
