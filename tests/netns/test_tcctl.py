# SPDX-License-Identifier: ISC
"""`tcctl serve` against the real kernel, driven by an encoder of the messages
that shares no code with it, judged by tc and by where packets go."""

import errno
import json
import os
import re
import signal
import struct

import pytest

import lab
import tcctl_peer as tp

LINK_BPS = 12_500_000
A4, B4, B4_OTHER = "10.8.0.1", "10.8.0.2", "10.8.0.3"
A6, B6 = "2001:db8:8::1", "2001:db8:8::2"
PYTHON = "/usr/bin/python3"

# count, family, source port, destination, port, IPv4 options in hexadecimal,
# octets of payload, TCLASS/flow label
SEND = """
import socket, struct, sys
count, family, sport, dst, port, options, size, label = sys.argv[1:]
v6 = family == "6"
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if options and not v6:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes.fromhex(options))
if options and v6:
    s.setsockopt(socket.IPPROTO_IPV6, 59, bytes.fromhex(options))
if int(label):
    a = socket.inet_pton(socket.AF_INET6, dst)
    s.setsockopt(socket.IPPROTO_IPV6, 32, a + struct.pack(
        "!I", int(label)) + struct.pack("BBHHH", 0, 255, 1, 0, 0) + bytes(4))
    s.setsockopt(socket.IPPROTO_IPV6, 33, 1)
s.bind(("::" if v6 else "0.0.0.0", int(sport)))
to = (dst, int(port), int(label), 0) if v6 else (dst, int(port))
for i in range(int(count)):
    s.sendto(bytes(int(size)), to)
"""


UNITS = {"": 1, "K": 1000, "M": 1000_000, "G": 1000_000_000,
         "b": 1, "Kb": 1024, "Mb": 1024 * 1024}


def rate(text):
    """Octets a second from tc's bits."""
    number, prefix = re.fullmatch(r"(\d+)([KMG]?)bit", text).groups()
    return int(number) * UNITS[prefix] / 8


def size(text):
    number, unit = re.fullmatch(r"(\d+)(\w*)", text).groups()
    return int(number) * UNITS[unit]


def parse_class(text):
    """One class of `tc -s -d class show`: this tc has no JSON for them."""
    found = {}
    words = text.split()
    found["handle"] = words[2]
    found["parent"] = words[words.index("parent") + 1] \
        if "parent" in words else "root"
    for key, convert in (("prio", int), ("rate", rate), ("ceil", rate),
                         ("burst", lambda t: size(t.split("/")[0])),
                         ("quantum", int), ("overhead", int)):
        if key in words:
            found[key] = convert(words[words.index(key) + 1])
    sent = re.search(r"Sent (\d+) bytes (\d+) pkt \(dropped (\d+)", text)
    queue = re.search(r"backlog (\w+) (\d+)p", text)
    found["stats"] = {
        "bytes": int(sent[1]), "packets": int(sent[2]),
        "drops": int(sent[3]), "backlog": size(queue[1]),
        "qlen": int(queue[2])}
    return found


class Bench:
    """Two hosts; eth0 of the first is what tcctl manages."""

    def __init__(self):
        self.lab = lab.Lab("tcctlt")
        self.peers = []
        try:
            self.a = self.lab.node("a")
            self.b = self.lab.node("b")
            self.lab.link(self.a, "eth0", self.b, "eth0", (A4, B4, 24),
                          (A6, B6, 64))
            self.b.ip("addr", "add", B4_OTHER + "/24", "dev", "eth0")
            link = json.loads(lab.run("ip", "-n", self.a.ns, "-j", "link",
                                      "show", "eth0").stdout)[0]
            self.ifindex = link["ifindex"]
            # Both ends know each other, so that only the test's packets run.
            macs = json.loads(lab.run("ip", "-n", self.b.ns, "-j", "link",
                                      "show", "eth0").stdout)[0]["address"]
            for address in (B4, B4_OTHER, B6):
                self.a.ip("neigh", "replace", address, "lladdr", macs, "dev",
                          "eth0", "nud", "permanent")
        except BaseException:
            self.lab.close()
            raise

    def close(self):
        for peer in self.peers:
            peer.close()
        self.lab.close()

    def serve(self, **iface):
        """A tcctl, with eth0 announced to it unless iface is off=True."""
        off = iface.pop("off", False)
        life = iface.pop("life", False)
        peer = tp.Peer(lab.program("tcctl"), self.a.ns, life=life)
        self.peers.append(peer)
        if not off:
            done, told = peer.ask(tp.IFACE, self.iface(**iface))
            assert done["error"] == 0, done["text"]
            peer.adopted = {flow["flow_id"]: flow for flow in told}
        return peer

    def iface(self, **changes):
        return {"ifindex": self.ifindex, "name": "eth0",
                "link_Bps": LINK_BPS, "best_effort_Bps": 625_000,
                "control_Bps": 125_000, "mtu": 1500, "header_bytes": 14,
                "overhead_bytes": 24, "min_frame_bytes": 84, "timer_us": 200,
                "pool_low": 8, "pool_high": 32, "take_over": 0, **changes}

    def flow(self, flow_id=1, port=5004, filters=None, **changes):
        return {"flow_id": flow_id, "ifindex": self.ifindex,
                "service": tp.GS, "rate_Bps": 250_000, "peak_Bps": 0,
                "bucket_bytes": 3000, "max_packet_bytes": 1538,
                "min_packet_bytes": 84, "buffer_bytes": 30_000,
                "filters": filters or [{"dst": B4, "src": A4,
                                        "dst_port": port,
                                        "src_port": 6000}], **changes}

    def add(self, peer, **changes):
        done, _ = peer.ask(tp.FLOW_ADD, self.flow(**changes))
        assert done["error"] == 0, done["text"]
        assert done["classid"] >> 16 == 0x52
        return done["classid"]

    def name(self, classid):
        return f"{classid >> 16:x}:{classid & 0xffff:x}"

    def classes(self):
        text = lab.run("tc", "-n", self.a.ns, "-s", "-d", "class", "show",
                       "dev", "eth0").stdout
        found = [parse_class(c) for c in text.split("\n\n") if c.strip()]
        return {c["handle"]: c for c in found}

    def qdiscs(self):
        return json.loads(lab.run("tc", "-n", self.a.ns, "-j", "qdisc",
                                  "show", "dev", "eth0").stdout)

    def leaves(self):
        return {q["parent"]: q for q in
                self.qdiscs() if "parent" in q}

    def nodes(self, classid):
        """Handles of the filters that lead to the class."""
        text = self.a.tc("filter", "show", "dev", "eth0", "parent",
                         "52:").stdout
        return re.findall(rf"fh (\S+) .* \*?flowid {self.name(classid)} ",
                          text)

    def packets(self, classid):
        return self.classes()[self.name(classid)]["stats"]["packets"]

    def send(self, count, dst=B4, port=5004, sport=6000, options="",
             size=200, label=0):
        self.a.run(PYTHON, "-c", SEND, count, 6 if ":" in dst else 4, sport,
                   dst, port, options, size, label)

    def lands(self, classid, count, **packet):
        """Packets sent, and how many came into the class and into best
        effort."""
        before = self.packets(classid), self.packets(0x520005)
        self.send(packet.pop("sends", count), **packet)

        def arrived():
            now = self.packets(classid), self.packets(0x520005)
            into = now[0] - before[0], now[1] - before[1]
            return into if max(into) >= count else None
        into, other = lab.wait_for(arrived, "the packets in a class")
        # The host's own multicast (MLD) is best effort as well.
        return into, other - other % count if other < 2 * count else other

    def pool_filled(self, idle=8):
        """Both pools hold that many idle classes and nobody changes them."""
        def idle_classes():
            return len([c for c in self.classes()
                        if int(c.split(":")[1], 16) >= 0x100]) >= 2 * idle
        lab.wait_for(idle_classes, "the pool to fill")


@pytest.fixture(name="bench")
def fixture_bench():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    bench = Bench()
    yield bench
    bench.close()


# ---- set-up and removal -----------------------------------------------------


def test_a_flow_is_a_class_and_a_filter(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    c = bench.classes()[bench.name(classid)]
    leaf = bench.leaves()[bench.name(classid)]
    assert (c["parent"], c["rate"], c["ceil"], c["prio"]) == (
        "52:2", 250_000, 250_000, 0)
    assert c["burst"] == pytest.approx(1538 + 50, abs=2)
    assert (leaf["kind"], leaf["options"]["limit"]) == ("bfifo", 30_000)
    (node,) = bench.nodes(classid)
    assert node == "2c:2:1"  # 5004 & 15 is c, the last octet of B4 2


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
        assert (c["parent"], c["rate"], c["prio"]) == ("52:3", 250_000, 1)
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


def test_counters_are_those_of_the_flow(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    bench.lands(classid, 10)
    done, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert done["error"] == 0
    assert told == [{"flow_id": 1, "ifindex": bench.ifindex,
                     "classid": classid, "bytes": 10 * 242, "packets": 10,
                     "drops": 0, "backlog_bytes": 0}]
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
    classid = bench.add(peer, rate_Bps=20_000, max_packet_bytes=1538)
    bench.send(20, size=1000)
    def stats():
        return bench.classes()[bench.name(classid)]["stats"]
    # 20 packets at 20 kB/s: most are queued now, and would be for a second.
    before = stats()
    assert before["qlen"] >= 10
    done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(
        rate_Bps=30_000, buffer_bytes=40_000))
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
    count = len(bench.classes())
    done, _ = peer.ask(tp.FLOW_DEL, {"flow_id": 1, "ifindex": bench.ifindex})
    assert done["error"] == 0 and done["flow_id"] == 1
    assert not bench.nodes(classid)
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


# ---- restart ----------------------------------------------------------------


def same_flow(told, sent):
    keys = ("flow_id", "service", "rate_Bps", "peak_Bps", "max_packet_bytes",
            "buffer_bytes")
    assert {k: told[k] for k in keys} == {k: sent[k] for k in keys}
    filters = [{**tp.FILTER, **f} for f in sent["filters"]]
    assert sorted(map(str, told["filters"])) == sorted(map(str, filters))


def test_a_restart_adopts_flows_and_their_counters(bench):
    peer = bench.serve()
    flows = [bench.flow(flow_id=1),
             bench.flow(flow_id=2, service=tp.CL, rate_Bps=100_000,
                        peak_Bps=400_000, bucket_bytes=9000, filters=[
                            {"dst": B6, "src": A6, "dst_port": 7000},
                            {"dst": B6, "src": A6, "dst_port": 7001,
                             "src_port": 9}])]
    # Flow 1 takes a class that has carried another flow.
    first = bench.add(peer, flow_id=99)
    bench.lands(first, 7)
    for flow_id in range(100, 200):
        peer.ask(tp.FLOW_DEL, {"flow_id": flow_id - 1,
                               "ifindex": bench.ifindex})
        if bench.add(peer, flow_id=flow_id) == first:
            break
    peer.ask(tp.FLOW_DEL, {"flow_id": flow_id, "ifindex": bench.ifindex})
    spin = 1000
    while True:  # and again round, this time for flow 1
        classid = bench.add(peer, flow_id=spin)
        if classid == first:
            break
        peer.ask(tp.FLOW_DEL, {"flow_id": spin, "ifindex": bench.ifindex})
        spin += 1
    flows[0]["flow_id"] = spin
    classes = {spin: first}
    done, _ = peer.ask(tp.FLOW_ADD, flows[1])
    classes[2] = done["classid"]
    bench.lands(first, 10)
    before = bench.classes()

    peer.kill()
    assert bench.lands(first, 5) == (5, 0)  # nobody there, and it goes on
    peer = bench.serve()
    assert set(peer.adopted) == {spin, 2}
    same_flow(peer.adopted[spin], flows[0])
    same_flow(peer.adopted[2], flows[1])
    assert peer.adopted[2]["bucket_bytes"] == pytest.approx(9000, abs=2)
    assert set(before) <= set(bench.classes())
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": spin})
    assert (told[0]["packets"], told[0]["classid"]) == (15, first)
    assert bench.lands(first, 5) == (5, 0)
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": spin})
    assert told[0]["packets"] == 20
    # It is ours again: change and remove.
    done, _ = peer.ask(tp.FLOW_CHANGE, {**flows[1], "rate_Bps": 200_000})
    assert (done["error"], done["classid"]) == (0, classes[2])
    for flow_id in (spin, 2):
        done, _ = peer.ask(tp.FLOW_DEL, {"flow_id": flow_id,
                                         "ifindex": bench.ifindex})
        assert done["error"] == 0
    assert not bench.nodes(first) and not bench.nodes(classes[2])


def test_a_restart_makes_no_class_anew(bench):
    peer = bench.serve()
    bench.pool_filled()
    before = bench.qdiscs()
    filters = bench.a.tc("filter", "show", "dev", "eth0").stdout
    peer.kill()
    bench.serve()
    bench.pool_filled()
    after = bench.qdiscs()
    assert [q["handle"] for q in after] == [q["handle"] for q in before]
    assert bench.a.tc("filter", "show", "dev", "eth0").stdout == filters


def test_an_interrupted_set_up_is_cleared_away(bench):
    peer = bench.serve()
    bench.pool_filled()
    kept = bench.add(peer)
    half = bench.add(peer, flow_id=2, port=5010, rate_Bps=20_000)
    (node,) = bench.nodes(half)
    peer.kill()
    # As if it had died between class and filter; and a node whose class never
    # came to be.
    bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:", "pref", "10",
               "handle", node, "protocol", "ip", "u32")
    bench.a.tc("filter", "add", "dev", "eth0", "parent", "52:", "pref", "10",
               "protocol", "ip", "handle", "21:5:77", "u32", "ht", "21:5:",
               "match", "u32", "0", "0", "flowid", "52:4711")
    peer = bench.serve()
    assert set(peer.adopted) == {1}
    assert not bench.nodes(0x524711)
    lab.wait_for(lambda: bench.classes()[bench.name(half)]["rate"] >= 125_000,
                 "the class to return to the pool")
    assert bench.classes()[bench.name(kept)]["rate"] == 250_000


def test_what_was_broken_in_the_tree_is_repaired(bench):
    peer = bench.serve()
    kept = bench.add(peer)
    peer.kill()
    bench.a.tc("class", "change", "dev", "eth0", "parent", "52:1", "classid",
               "52:5", "htb", "rate", "8kbit", "ceil", "8kbit", "quantum",
               "1500")
    bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:", "pref", "10",
               "handle", "800::1", "protocol", "ip", "u32")
    bench.a.tc("class", "add", "dev", "eth0", "parent", "52:1", "classid",
               "52:77", "htb", "rate", "8kbit", "quantum", "1500")
    peer = bench.serve()
    classes = bench.classes()
    assert classes["52:5"]["rate"] == 625_000
    assert "52:77" not in classes
    assert "800::1 " in bench.a.tc("filter", "show", "dev", "eth0").stdout
    assert bench.lands(kept, 5) == (5, 0)


def test_stop_leaves_the_kernel_as_it_is(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    peer.process.send_signal(signal.SIGTERM)
    assert peer.process.wait(10) == 0
    assert bench.lands(classid, 5) == (5, 0)
    peer = bench.serve()
    peer.socket.close()
    assert peer.process.wait(10) == 0
    assert bench.lands(classid, 5) == (5, 0)


# ---- refusals ---------------------------------------------------------------


def test_a_foreign_tree_is_refused_and_taken_over_only_on_request(bench):
    bench.a.tc("qdisc", "add", "dev", "eth0", "root", "handle", "7:", "tbf",
               "rate", "1mbit", "burst", "5kb", "latency", "50ms")
    peer = bench.serve(off=True)
    done, _ = peer.ask(tp.IFACE, bench.iface())
    assert done["error"] == errno.EBUSY
    assert "tbf 7:" in done["text"] and "take_over" in done["text"]
    assert bench.qdiscs()[0]["kind"] == "tbf"
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow())
    assert done["error"] == errno.ENODEV
    done, _ = peer.ask(tp.IFACE, bench.iface(take_over=1))
    assert done["error"] == 0, done["text"]
    classid = bench.add(peer)
    assert bench.lands(classid, 5) == (5, 0)


def test_iface_off_brings_the_default_back(bench):
    peer = bench.serve()
    bench.add(peer)
    done, _ = peer.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    assert done["error"] == 0
    assert bench.qdiscs()[0]["kind"] == "noqueue"
    done, _ = peer.ask(tp.IFACE, bench.iface())
    assert done["error"] == 0
    bench.add(peer)


def test_a_refusal_is_explained_and_undone(bench):
    peer = bench.serve()
    bench.pool_filled()
    classid = bench.add(peer)
    # The node that the next flow wants is taken by somebody else.
    bench.a.tc("filter", "add", "dev", "eth0", "parent", "52:", "pref", "10",
               "protocol", "ip", "handle", "2d:2:1", "u32", "ht", "2d:2:",
               "match", "u32", "0", "ffffffff", "flowid", "52:5")
    before = bench.classes()
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow(flow_id=2, port=5005))
    assert done["error"] == errno.EEXIST
    assert done["flow_id"] == 2 and done["classid"] == 0
    assert "add filter 10 2d:2:1 on eth0" in done["text"]
    assert done["text"].endswith("; undone")

    def shape(classes):
        return {h: (c["rate"], c["ceil"]) for h, c in classes.items()
                if int(h.split(":")[1], 16) >= 0x100}
    assert shape(bench.classes()) == shape(before)
    # The same of a change: the old reservation stands.
    done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(
        rate_Bps=777_000, filters=[{"dst": B4, "dst_port": 5004 + 1 + 16}]))
    assert done["error"] in (0, errno.EEXIST)
    assert bench.add(peer, flow_id=3, port=5006)
    assert bench.nodes(classid)


@pytest.mark.parametrize("changes, word", [
    ({"service": 7}, "service"), ({"rate_Bps": 0}, "rate"),
    ({"rate_Bps": LINK_BPS + 1}, "link"), ({"max_packet_bytes": 0}, "packet"),
    ({"filters": [{"dst": None}]}, "destination"),
    ({"filters": [{"dst": B4, "src": A6}]}, "families"),
    ({"filters": [{"dst": B4, "proto": 50, "dst_port": 1}]}, "ports"),
    ({"filters": [{"dst": B4, "src_port": 1}]}, "source port"),
    ({"filters": [{"dst": B4, "by_label": 1, "flow_label": 1}]}, "label"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_senseless_flows_are_refused(bench, changes, word):
    peer = bench.serve()
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow(**changes))
    assert done["error"] == errno.EINVAL
    assert word in done["text"]


def test_malformed_messages_are_refused_and_survived(bench):
    peer = bench.serve()
    for data in (b"", b"\0", b"\xff" * 100, tp.message(99, 7, {}),
                 tp.message(tp.FLOW_ADD, 8, {"flow_id": 1}),
                 tp.message(tp.IFACE, 9, {}),
                 struct.pack("<IHHI", 12, 2, tp.COUNTERS, 10)):
        if data:
            peer.socket.send(data)
    done, _ = peer.done([7, 8, 9, 10])
    assert [d["error"] for d in done] == [
        errno.EOPNOTSUPP, errno.EBADMSG, errno.EBADMSG,
        errno.EPROTONOSUPPORT]
    peer.serial = 100
    bench.add(peer)


def test_an_interface_that_is_not_there(bench):
    peer = bench.serve(off=True)
    done, _ = peer.ask(tp.IFACE, bench.iface(ifindex=4711))
    assert done["error"] == errno.ENODEV
    done, _ = peer.ask(tp.IFACE, bench.iface(link_Bps=0))
    assert done["error"] == errno.EINVAL and "link rate" in done["text"]


# ---- life -------------------------------------------------------------------


def test_signs_of_life_and_the_end_of_the_supervisor(bench):
    peer = bench.serve(life=True)
    peer.life.settimeout(5)
    peer.life.send(struct.pack("<IHHI", 12, 1, 1, 42))
    assert struct.unpack("<IHHI", peer.life.recv(100)) == (12, 1, 2, 42)
    classid = bench.add(peer)
    peer.life.close()
    assert peer.process.wait(10) == 0
    assert bench.lands(classid, 5) == (5, 0)


def test_a_reader_that_does_not_read_blocks_nothing(bench):
    peer = bench.serve(life=True, pool_low=0)
    peer.socket.settimeout(2)
    # Questions without end, and no answer is read: soon none is taken.
    with pytest.raises(TimeoutError):
        for _ in range(500):
            peer.send(*[(tp.COUNTERS, {"ifindex": 0, "flow_id": 99})] * 500)
    peer.life.settimeout(5)
    peer.life.send(struct.pack("<IHHI", 12, 1, 1, 1))
    assert peer.life.recv(100)


def test_the_sandbox_is_on(bench):
    peer = bench.serve()
    status = lab.process_status(peer.process.pid)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"


def test_a_tree_that_vanishes_is_told(bench):
    peer = bench.serve()
    bench.add(peer)
    bench.a.tc("qdisc", "del", "dev", "eth0", "root")
    peer.wait_note("removed by another program", timeout=3)
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow(flow_id=2))
    assert done["error"] == errno.ENODEV
    done, told = peer.ask(tp.IFACE, bench.iface())
    assert done["error"] == 0 and not told
    assert bench.lands(bench.add(peer), 5) == (5, 0)


# ---- settings that change ---------------------------------------------------


def test_a_changed_link_is_followed(bench):
    peer = bench.serve()
    gs = bench.add(peer)
    cl = bench.add(peer, flow_id=2, port=5006, service=tp.CL)
    bench.pool_filled()
    bench.lands(gs, 5)
    done, told = peer.ask(tp.IFACE, bench.iface(
        link_Bps=6_000_000, overhead_bytes=30))
    assert done["error"] == 0 and not told
    classes = bench.classes()
    assert classes["52:1"]["rate"] == 6_000_000
    assert classes[bench.name(cl)]["ceil"] == 6_000_000
    assert classes[bench.name(gs)]["ceil"] == 250_000
    assert classes[bench.name(gs)]["overhead"] == 30
    lab.wait_for(lambda: all(
        c.get("overhead") == 30 for c in bench.classes().values()),
        "the idle classes to follow")
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert told[0]["packets"] == 5
