# SPDX-License-Identifier: ISC
"""Two hosts, and `tcctl serve` that manages the link between them."""

import json
import os
import re

import pytest

import lab
import needs
import tcctl_peer as tp

CLASSIFIERS = {"auto": 0, "u32": 1, "flower": 2}
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
        self.classifier = 0
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
        peer = tp.Peer(lab.program("tcctl"), self.a.ns, life=life,
                       env=iface.pop("env", None))
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
                "pool_low": 8, "pool_high": 32, "take_over": 0, "atm": 0,
                "classifier": self.classifier, "ingress_Bps": 0,
                **changes}

    def flow(self, flow_id=1, port=5004, filters=None, **changes):
        return {"flow_id": flow_id, "ifindex": self.ifindex,
                "service": tp.GS, "rate_Bps": 250_000, "peak_Bps": 0,
                "bucket_bytes": 3000, "max_packet_bytes": 1538,
                "min_packet_bytes": 84, "buffer_bytes": 30_000, "token_Bps": 0,
                "filters": filters or [{"dst": B4, "src": A4,
                                        "dst_port": port,
                                        "src_port": 6000}], **changes}

    def add(self, peer, **changes):
        done, _ = peer.ask(tp.FLOW_ADD, self.flow(**changes))
        assert done["error"] == 0, done["text"]
        assert done["classid"] >> 16 == 0x52
        return done["classid"]

    def by(self):
        """The classifier of ordinary filters."""
        return "flower" if self.classifier == CLASSIFIERS["flower"] else "u32"

    def name(self, classid):
        return f"{classid >> 16:x}:{classid & 0xffff:x}"

    def classes(self):
        """By name.  A list that comes in parts may lack some while classes are
        made or removed: two of them agree."""
        found = self.listed_classes()

        def agreed():
            nonlocal found
            last, found = found, self.listed_classes()
            return found.keys() == last.keys()
        lab.wait_for(agreed, "two lists of classes that agree")
        return found

    def listed_classes(self):
        text = lab.run("tc", "-n", self.a.ns, "-s", "-d", "class", "show",
                       "dev", "eth0").stdout
        # A leaf with queues of its own (fq_codel) lists them as classes, too.
        found = [parse_class(c) for c in text.split("\n\n")
                 if c.startswith("class htb")]
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
        name = self.name(classid)
        return re.findall(rf"fh (?!40:)(\S+) .* \*?flowid {name} ", text) + \
            re.findall(rf"flower .*handle (\S+) classid {name} ", text)

    def node_words(self, classid):
        """For each of them what a tc command names it by."""
        text = self.a.tc("filter", "show", "dev", "eth0", "parent",
                         "52:").stdout
        return [["protocol", protocol, "pref", pref, "handle", handle, kind]
                for handle in self.nodes(classid)
                for protocol, pref, kind in re.findall(
                    rf"filter protocol (\S+) pref (\d+) (\S+) .*"
                    rf"(?:fh|handle) {handle} ", text)]

    def note(self, classid):
        """Handle of what says whose the class is where its nodes do not; or
        None."""
        text = self.a.tc("filter", "show", "dev", "eth0", "parent",
                         "52:").stdout
        found = re.search(
            rf"fh (40:\S+) .* \*flowid {self.name(classid)} ", text)
        return found and found[1]

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
            # The leaf of the last one comes last.
            leaves = self.leaves()
            made = [c for c in self.classes()
                    if int(c.split(":")[1], 16) >= 0x100]
            return len(made) >= 2 * idle and all(c in leaves for c in made)
        lab.wait_for(idle_classes, "the pool to fill")

    def pool_refilled(self, flows, idle=8):
        """The same, beside the classes of so many flows."""
        self.pool_filled(idle)
        lab.wait_for(lambda: len([
            c for c in self.classes() if int(c.split(":")[1], 16) >= 0x100])
            == 2 * idle + flows, "the pool to be full again")


COUNTED = re.compile(r"direct_packets_stat \d+ |refcnt \d+ ")


def untouched(bench):
    """Classes, leaves and filters, without their counters, and without what
    fq_codel lists as classes: packets that wait."""
    def words(*what):
        return sorted(COUNTED.sub("", line.strip()) for line in bench.a.tc(
            "-d", *what).stdout.splitlines()
            if line.strip() and not line.startswith("class fq_codel"))
    return (words("class", "show", "dev", "eth0") +
            words("filter", "show", "dev", "eth0", "parent", "52:") +
            words("qdisc", "show", "dev", "eth0"))


def at_rest(bench):
    """Nothing is done in the background any more: the same five times, and
    what counts hidden packets of flows is there, half a second behind."""
    seen = []

    def still():
        seen.append(untouched(bench))
        text = "\n".join(seen[-1])
        return seen[-5:] == [seen[-1]] * 5 and (
            not re.search(r" fh 1?2\w:\w+:\w+ | flower ", text)
            or re.search(r" fh (60|160):\w+:\w+ ", text))
    lab.wait_for(still, "the tree at rest")


def fixture(request):
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    classifier = getattr(request, "param", "auto")
    if classifier == "flower":
        needs.require(needs.flower)
    bench = Bench()
    bench.classifier = CLASSIFIERS[classifier]
    yield bench
    bench.close()


# By u32, but for the tests that ask for each classifier ...
fixture_bench = pytest.fixture(fixture, name="bench")
each_classifier = pytest.mark.parametrize("bench", ["u32", "flower"],
                                          indirect=True)
# ... and all of a file with each.
fixture_both = pytest.fixture(fixture, name="bench", params=["u32", "flower"])
