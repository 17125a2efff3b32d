# SPDX-License-Identifier: ISC
"""What the services promise, on the real kernel with real traffic (RFC 2211 7,
RFC 2212): conforming flows keep their delay and lose nothing while others
misbehave, best effort floods the link, and nobody upstream polices."""

import re
import signal
import struct

import pytest

import bed as beds
import host
import judge
import lab
import needs

pytestmark = pytest.mark.measured

GS4, GS6, CL4, CL6 = 5004, 5008, 5006, 5010  # conforming flows, by port
BAD_CL, BAD_GS = 5012, 5014                  # these send far too much
SMALL = 5016                                 # this one smaller than its m
LATE = 5018                                  # asked for in the flood
GOOD = (GS4, GS6, CL4, CL6)
FAMILY = {GS4: "ipv4", GS6: "ipv6", CL4: "ipv4", CL6: "ipv6",
          BAD_CL: "ipv4", BAD_GS: "ipv6", SMALL: "ipv4", LATE: "ipv6"}
SERVICE = {GS4: "gs", GS6: "gs", BAD_GS: "gs"}
BOUND_US = 80_000
SECONDS = 8
LINK_BPS = 9_700_000 // 8
BAD_RATE = LINK_BPS        # each of the two, of a flow that has a tenth
FLOOD = 32
FLOOD_FLOW = 1000
PROBE = 99
SMALL_PACKET = 200


class Bed(beds.Bed):
    """The demo's, and x: a way into the router that no daemon guards, from
    which the packets of the misbehaving flows come."""

    def build(self):
        super().build()
        self.senders = {}
        # Room for what a stall of this host makes of it; a link that was sold
        # twice fills this too.
        self.c.tc("qdisc", "change", "dev", "wire0", "root", "tbf", "rate",
                  "10mbit", "burst", "1600", "limit", "60000")
        self.x = self.lab.node("x")
        self.lab.link(self.x, "eth0", self.r, "eth2",
                      ("10.4.4.40", "10.4.4.1", 24),
                      ("2001:db8:4::40", "2001:db8:4::1", 64))
        for family, via in ((4, "10.4.4.1"), (6, "2001:db8:4::1")):
            mine = beds.SENDER[f"ipv{family}"]
            length = 32 if family == 4 else 128
            self.x.ip("addr", "add", f"{mine}/{length}", "dev", "lo",
                      *(["nodad"] if family == 6 else []))
            self.x.ip(f"-{family}", "route", "add", "default", "via", via,
                      "src", mine)

    def reserve(self, port):
        family, service = FAMILY[port], SERVICE.get(port, "cl")
        options = ["--service", service, "--confirm"]
        if service == "gs":
            options += ["--bound-us", BOUND_US]
        if port not in self.senders:
            self.senders[port] = self.sender_app(family, port)
        app = self.receiver_app(family, port, *options)
        beds.wait_event(app, "resv_confirm")
        lab.wait_for(lambda: self.installed(self.r, "eth1", port),
                     f"class for port {port} at the router")
        return app

    def release(self, app, port):
        app.stop()
        lab.wait_for(lambda: not self.installed(self.r, "eth1", port),
                     f"the end of port {port}")

    def send(self, node, port, rate=beds.FLOW_RATE_BPS, flow=None,
             bucket=beds.FLOW_BUCKET, packet=beds.FLOW_PACKET, seconds=None):
        options = {"duration_ms": int(seconds * 1000)} if seconds else {}
        return lab.Sender(node, f"traffic-{port}", beds.RECEIVER[FAMILY[port]],
                          port, src_port=port, flow=flow or port, rate=rate,
                          bucket=bucket, packet=packet, **options)

    def receive(self, *ports):
        """Receivers of both families, for these ports."""
        return [lab.Receiver(self.c, beds.RECEIVER[family],
                             [p for p in ports if FAMILY.get(p, family) ==
                              family], f"{family}-{ports[0]}")
                for family in ("ipv4", "ipv6")
                if any(FAMILY.get(p, family) == family for p in ports)]

    def flood(self):
        """Best effort of three times the link, in both families."""
        return [lab.Sender(self.s, f"flood-{family}", beds.RECEIVER[family], 9,
                           flows=FLOOD // 2, src_port=20000, flow=FLOOD_FLOW,
                           rate=3 * LINK_BPS // 2, packet=1400, bucket=28000)
                for family in ("ipv4", "ipv6")]

    def port_class(self, port):
        """The class of a flow at the router, with its counters."""
        classid = self.installed(self.r, "eth1", port)["classid"]
        return self.one_class(classid)

    def one_class(self, classid):
        text = self.r.tc("-s", "class", "show", "dev", "eth1").stdout
        part = next(p for p in text.split("\nclass ") if classid in
                    p.split(" parent")[0])
        numbers = {name: int(value) for name, value in re.findall(
            r"(lended|borrowed|dropped):? (\d+)", part)}
        sent = re.search(r"Sent (\d+) bytes (\d+) pkt", part)
        return {**numbers, "bytes": int(sent[1]), "packets": int(sent[2])}


class Tap:
    """When the packets of the conforming flows came to and left the router."""

    def __init__(self, bed):
        self.files = []
        ports = " or ".join(f"udp port {p}" for p in GOOD)
        for interface, side in (("eth0", "in"), ("eth1", "out")):
            path = bed.lab.dir / f"tap-{interface}.pcap"
            process = bed.r.start(
                "tcpdump", "-i", interface, "-Q", side, "-U", "-Z", "root",
                "-s", "128", "--immediate-mode",
                "--time-stamp-precision=nano", "-w", path, ports,
                name=f"tap-{interface}")
            process.wait_output("listening on")
            self.files.append((path, process))

    def records(self):
        """(flow, number, ns in, ns out), as traffic_recv has them."""
        for _, process in self.files:
            process.stop(signal.SIGINT)
        came, left = (dict(packets(path)) for path, _ in self.files)
        return [(*key, came[key], at) for key, at in left.items()
                if key in came]


def packets(path):
    """((flow, number), ns) of each; see send_one() in traffic_send.c."""
    data = path.read_bytes()
    at = 24
    while at + 16 <= len(data):
        seconds, ns, size, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + size]
        start = 14 + (20 if frame[12:14] == b"\x08\x00" else 40) + 8
        _, flow, number = struct.unpack_from("<IIQ", frame, start)
        yield (flow, number), seconds * 10**9 + ns
        at += 16 + size


class Ordeal:
    """One run of everything at once; the tests look at what came of it."""

    def __init__(self, bed, apps):
        self.bed = bed
        self.apps = apps
        receivers = bed.receive(*GOOD, BAD_CL, BAD_GS, 9)
        probe_recv = lab.Receiver(bed.c, beds.PROBE_ADDR, [5999], "probe")
        probe = lab.Sender(bed.s, "probe", beds.PROBE_ADDR, 5999, flow=PROBE,
                           rate=100_000, packet=100)
        tap = Tap(bed)
        noise = bed.flood() + [bed.send(bed.x, port, rate=BAD_RATE,
                                        bucket=28000)
                               for port in (BAD_CL, BAD_GS)]
        lab.wait_for(lambda: any(c.get("backlog", 0) > 5000 for c in
                                 bed.r.tc_classes("eth1")), "a queue")
        before = {port: bed.port_class(port) for port in (BAD_CL, BAD_GS)}
        control = bed.one_class("52:6")
        senders = {port: bed.send(bed.s, port, seconds=SECONDS)
                   for port in GOOD}
        self.late = bed.reserve(LATE)  # signalling in the middle of it
        self.sent = {port: s.wait(SECONDS + 20) for port, s in senders.items()}
        self.after = {port: bed.port_class(port) for port in before}
        self.before = before
        self.control = (control, bed.one_class("52:6"))
        for sender in noise:
            sender.stop()
        probe.stop()
        lab.wait_for(lambda: self.quiet(receivers), "silence", 10, 0.1)
        self.stalls = judge.Probe(probe_recv.stop())
        self.seen = [r for receiver in receivers for r in receiver.stop()]
        self.inside = tap.records()
        self.size = -1

    def quiet(self, receivers):
        last = getattr(self, "size", -1)
        self.size = sum(r.path.stat().st_size for r in receivers)
        return self.size == last

    def path(self, port):
        return beds.wait_event(self.apps[port], "path_event")

    def result(self, port):
        bound = self.path(port)["bound_us"] if port in (GS4, GS6) else None
        return judge.flow(self.seen, port, self.sent[port], bound,
                          self.stalls)

    def own(self, port):
        """Of the router alone: b/R + C/R + D with what it exports (RFC
        2212)."""
        own = next(i for i in beds.interfaces(self.bed.daemons["r"])
                   if i["name"] == "eth1")
        assert 0 < own["D_us"] <= 25_000  # and the bound says something
        bound = ((beds.FLOW_BUCKET + own["C_bytes"]) / self.path(port)["R"] *
                 1e6 + own["D_us"])
        return judge.flow(self.inside, port, self.sent[port], bound,
                          self.stalls)

    def good(self):
        """Or void, if the host disturbed it."""
        return (all(judge.within_bound(r) for p in (GS4, GS6)
                    for r in (self.result(p), self.own(p))) and
                not any(self.result(p)["lost"] for p in GOOD))

    def span(self):
        """When the conforming flows were there."""
        times = [r[3] for r in self.seen if r[0] in GOOD]
        return min(times), max(times)

    def rate(self, wanted, packet):
        """IP octets a second that arrived of some flows meanwhile."""
        start, end = self.span()
        count = sum(1 for flow, _, _, at in self.seen
                    if wanted(flow) and start <= at <= end)
        return count * packet * 1e9 / (end - start)


@pytest.fixture(scope="module", name="bed")
def make_bed():
    lab.require_root()
    b = Bed("rsvpsvc")
    yield b
    b.close()


@pytest.fixture(scope="module", name="ordeal")
def suffer(bed):
    needs.require(needs.real_time)
    apps = {port: bed.reserve(port) for port in (*GOOD, BAD_CL, BAD_GS)}
    last = []

    def run():
        if last:
            bed.release(last.pop().late, LATE)
        last.append(Ordeal(bed, apps))
        return last[0]
    return host.measured(run, Ordeal.good)


@pytest.mark.parametrize("port", (GS4, GS6), ids=("ipv4", "ipv6"))
def test_guaranteed_flows_keep_their_end_to_end_bound(ordeal, port):
    result = ordeal.result(port)
    print(result)
    assert result["sent"] > 100 * SECONDS
    assert result["bound_us"] <= BOUND_US
    assert judge.within_bound(result), result


@pytest.mark.parametrize("port", (GS4, GS6), ids=("ipv4", "ipv6"))
def test_the_router_keeps_its_own_part_of_the_bound(ordeal, port):
    result = ordeal.own(port)
    print(result)
    assert judge.within_bound(result), result


@pytest.mark.parametrize("port", GOOD)
def test_conforming_flows_lose_nothing_beside_those_that_misbehave(ordeal,
                                                                   port):
    result = ordeal.result(port)
    assert result["lost"] == 0 and result["sent"] > 100 * SECONDS, result


def test_misbehaving_flows_came_to_the_router_unpoliced(ordeal):
    """Or the other tests would show nothing."""
    for port in (BAD_CL, BAD_GS):
        before, after = ordeal.before[port], ordeal.after[port]
        handled = sum(after[k] - before[k] for k in ("packets", "dropped"))
        assert handled * beds.FLOW_PACKET > 0.7 * BAD_RATE * SECONDS, port
        assert after["dropped"] > before["dropped"], port


def test_a_guaranteed_flow_that_sends_too_much_is_shaped_to_its_rate(ordeal):
    R = ordeal.path(BAD_GS)["R"]
    rate = ordeal.rate(lambda flow: flow == BAD_GS, beds.FLOW_PACKET)
    assert 0.9 * R < rate < 1.02 * R


def test_excess_leaves_best_effort_its_share(ordeal):
    """One flow beyond its Tspec takes no more of what is left over than all of
    best effort together (RFC 2211 7)."""
    excess = ordeal.rate(lambda flow: flow == BAD_CL, beds.FLOW_PACKET) - (
        beds.FLOW_RATE_BPS)
    best = ordeal.rate(lambda flow: FLOOD_FLOW <= flow < FLOOD_FLOW + FLOOD,
                       1400)
    print(f"excess {excess:.0f} B/s, best effort {best:.0f} B/s")
    assert best > 0.8 * excess


def test_signalling_passes_the_flood_in_a_class_of_its_own(bed, ordeal):
    """A reservation was made in the middle of it; nothing was dropped."""
    assert beds.event(ordeal.late, "resv_confirm")
    before, after = ordeal.control
    assert after["packets"] > before["packets"]
    assert after["dropped"] == 0
    for port in (*GOOD, BAD_CL, BAD_GS):
        assert bed.installed(bed.r, "eth1", port)


def test_excess_is_forwarded_while_the_link_has_room(bed, ordeal):
    """As best effort: nothing else is on the link now (RFC 2211 7)."""
    receivers = bed.receive(BAD_CL)
    before = bed.port_class(BAD_CL)
    sender = bed.send(bed.x, BAD_CL, rate=5 * beds.FLOW_RATE_BPS, seconds=2)
    sent = sender.wait()
    lab.wait_for(lambda: receivers[0].path.stat().st_size >=
                 sent * lab.RECORD.size, "all of it")
    after = bed.port_class(BAD_CL)
    assert len(receivers[0].stop()) == sent > 1000
    assert after["dropped"] == before["dropped"]
    # More than half of it not by its own right.
    assert after["borrowed"] - before["borrowed"] > sent // 2


def test_a_packet_smaller_than_m_counts_as_m(bed, ordeal):
    bed.release(ordeal.late, LATE)
    bed.release(ordeal.apps[BAD_GS], BAD_GS)
    bed.reserve(SMALL)
    receivers = bed.receive(SMALL)
    before = bed.port_class(SMALL)
    # At its r in octets, five times the packets that are conforming.
    sent = bed.send(bed.x, SMALL, packet=SMALL_PACKET, seconds=2).wait()
    lab.wait_for(lambda: receivers[0].path.stat().st_size >=
                 sent * lab.RECORD.size, "all of it")
    records = receivers[0].stop()
    seconds = (records[-1][3] - records[0][3]) / 1e9
    after = bed.port_class(SMALL)
    own = after["lended"] - before["lended"]
    conforming = (beds.FLOW_RATE_BPS * seconds + beds.FLOW_BUCKET) / (
        beds.FLOW_PACKET)
    assert sent > 4 * conforming
    assert 0.8 * conforming < own < 1.1 * conforming + 5


def test_packets_larger_than_the_mtu_are_not_the_flows(bed, ordeal):
    """In fragments they have no ports: best effort."""
    before = bed.port_class(CL4)
    receivers = bed.receive(CL4)
    sent = bed.send(bed.x, CL4, packet=3000, seconds=1).wait()
    lab.wait_for(lambda: receivers[0].path.stat().st_size >=
                 sent * lab.RECORD.size, "all of it")
    receivers[0].stop()
    assert bed.port_class(CL4)["packets"] == before["packets"]
