# SPDX-License-Identifier: ISC
"""Three routers in line, each link with an independent serialiser behind it,
and everything on it that guaranteed flows have to stand.

    s - r1 - r2 - r3 - c       probe: s - c, an unloaded link of its own

Guaranteed flows send their full Tspec, half of them in clumps of a whole
bucket; flows of both services send three times what they reserved; controlled
load conforms; best effort offers three times what is left, at every hop."""

import re

import judge
import lab

CHAIN = ("s", "r1", "r2", "r3", "c")
SHARE = 0.97        # of the wire: what the trees are told
FLOOD = 32          # flows of best effort at each hop
FLOOD_FLOW = 1000
FLOOD_PORT = 9
PROBE = 99
PROBE_ADDR = "10.9.9.20"
DST = "10.14.0.2"
PACKET = 1000       # IP octets, of all reserved flows
HEADER = 14         # of the link
MTU_WIRE = 1514
GS = tuple(range(5001, 5009))
CL = (5021, 5022)
GREEDY_GS, GREEDY_CL = 5009, 5029  # send three times their rate
CLUMPS = GS[4:]


class Speed:
    """What there is on a link of that rate."""

    def __init__(self, mbit, ceiling_us, bucket):
        self.name = f"{mbit}mbit"
        self.wire_Bps = mbit * 125_000
        self.link_Bps = int(self.wire_Bps * SHARE)
        self.ceiling_us = ceiling_us   # of D, a hop
        self.bucket = bucket
        self.gs_r = mbit * 8_000       # IP octets a second
        self.gs_R = mbit * 8_500
        self.cl_r = mbit * 4_000
        # The budget of bursts that D is made of stands in the wire's buffer.
        self.wire_buffer = int(ceiling_us * self.wire_Bps / 1e6) + 6_000
        reserved = (9 * self.gs_R + 3 * self.cl_r) * (
            (PACKET + HEADER) / PACKET)
        self.rest_Bps = self.link_Bps - reserved


SPEEDS = {s.name: s for s in (Speed(10, 25_000, 5_000),
                              Speed(100, 5_000, 20_000))}


def address(hop, side):
    return f"10.{hop}.0.{side}"


class Line:
    def __init__(self, speed, kind="rsvpline"):
        self.speed = speed
        self.lab = lab.Lab(kind)
        self.apps = {}
        try:
            self._build()
            self._start()
        except BaseException:
            self.lab.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.lab.close()

    def _build(self):
        self.nodes = {n: self.lab.node(n, forward=n.startswith("r"))
                      for n in CHAIN}
        for hop, (a, b) in enumerate(zip(CHAIN, CHAIN[1:]), 11):
            self.lab.link(self.nodes[a], "d0", self.nodes[b], "u0",
                          (address(hop, 1), address(hop, 2), 24))
            self.nodes[b].serialise("u0", "wire0", self.speed.name)
            self.wire(b, self.speed.wire_Bps)
        for at, name in enumerate(CHAIN):
            for hop in range(11, 15):
                if hop < 10 + at:
                    via = address(10 + at, 1)
                elif hop > 11 + at:
                    via = address(11 + at, 2)
                else:
                    continue
                self.nodes[name].ip("route", "add", f"10.{hop}.0.0/24", "via",
                                    via)
        self.lab.link(self.nodes["s"], "probe", self.nodes["c"], "probe",
                      ("10.9.9.10", PROBE_ADDR, 24))
        # Best effort ends here, without an answer.
        self.nodes["c"].run(
            "nft", "add table ip sink; add chain ip sink input { type filter "
            "hook input priority 0; }; add rule ip sink input udp dport "
            f"{FLOOD_PORT} drop")

    def wire(self, node, Bps):
        """The rate of the wire that ends at that node."""
        self.nodes[node].tc("qdisc", "change", "dev", "wire0", "root", "tbf",
                            "rate", f"{Bps * 8}bit", "burst", 1600, "limit",
                            self.speed.wire_buffer)

    def conf(self, names):
        return "interfaces = (\n" + ",\n".join(
            f'  {{ name = "{n}"; bandwidth = "{self.speed.link_Bps * 8} bit"; '
            f'refresh = "5 s"; }}' for n in names) + "\n);\n"

    def _start(self):
        self.daemons = {}
        for name, node in self.nodes.items():
            names = [n for n in ("u0", "d0")
                     if not (name, n) in (("s", "u0"), ("c", "d0"))]
            self.daemons[name] = lab.Daemon(node, self.conf(names), wait=False)
        for daemon in self.daemons.values():
            daemon.wait_ready()
        for daemon in self.daemons.values():
            daemon.wait_traffic_control()

    # ---- reservations ----------------------------------------------------

    def app(self, node, *argv):
        return self.nodes[node].start(
            lab.program("rsvpctl"), "--json", "--rapi-socket",
            self.daemons[node].rapi, *argv, name=f"{argv[0]}-{argv[2]}")

    def tspec(self, port):
        """Rate and bucket, IP octets."""
        if port in CL + (GREEDY_CL,):
            return self.speed.cl_r, 3 * PACKET
        return self.speed.gs_r, self.speed.bucket

    def reserve(self, ports):
        for port in ports:
            rate, bucket = self.tspec(port)
            service = (["cl"] if port in CL + (GREEDY_CL,) else
                       ["gs", "--rate", self.speed.gs_R])
            self.app("s", "send", DST, port, "--src-port", port, "--rate",
                     rate, "--bucket", bucket, "--min", PACKET, "--max",
                     PACKET)
            self.apps[port] = self.app("c", "reserve", DST, port, "--service",
                                       *service, "--confirm")
        for port, app in self.apps.items():
            lab.wait_for(lambda a=app: self.event(a, "resv_confirm"),
                         f"{port} confirmed: {app.output()[-1500:]}")

    @staticmethod
    def event(app, kind):
        return next((e for e in app.events() if e["event"] == kind), None)

    def bound_us(self, port):
        """RFC 2212 with p infinite, from the ADSPEC as it was delivered."""
        path = self.event(self.apps[port], "path_event")["flows"][0]
        R = self.speed.gs_R
        return ((self.speed.bucket + path["Ctot"]) / R * 1e6 + path["Dtot"])

    def counters(self, node):
        """Port: (packets, drops) of its class at that node."""
        found = {}
        for resv in self.daemons[node].ctl_json(
                "show", "reservations")["reservations"]:
            classes = {c["handle"]: c for c in
                       self.nodes[node].tc_classes("d0")}
            mine = classes.get(resv.get("classid"))
            if mine:
                found[resv["session"]["port"]] = (mine["packets"],
                                                  mine["drops"])
        return found

    def best_effort(self, node):
        """(packets, drops) of the default class at that node."""
        mine = next(c for c in self.nodes[node].tc_classes("d0")
                    if c["handle"] == "52:5")
        return mine["packets"], mine["drops"]

    def wire_drops(self, node):
        """What was lost on the wire that ends at that node."""
        text = self.nodes[node].tc("-s", "qdisc", "show", "dev",
                                   "wire0").stdout
        return int(re.search(r"qdisc tbf .*?dropped (\d+)", text, re.S)[1])

    # ---- traffic ---------------------------------------------------------

    def flood(self):
        return [lab.Sender(self.nodes[n], "flood", DST, FLOOD_PORT,
                           flows=FLOOD, src_port=20000, flow=FLOOD_FLOW,
                           rate=int(3 * self.speed.rest_Bps), packet=1400,
                           bucket=28000)
                for n in CHAIN[:-1]]

    def send(self, port, seconds):
        rate, bucket = self.tspec(port)
        times = 3 if port in (GREEDY_GS, GREEDY_CL) else 1
        options = {"clump": None} if port in CLUMPS else {}
        return lab.Sender(self.nodes["s"], f"traffic-{port}", DST, port,
                          src_port=port, flow=port, rate=times * rate,
                          bucket=bucket, packet=PACKET,
                          duration_ms=int(seconds * 1000), **options)

    def run(self, ports, seconds, flooded=True):
        """Send; what became of each flow, by port."""
        receiver = lab.Receiver(self.nodes["c"], DST, ports, "all")
        probe_recv = lab.Receiver(self.nodes["c"], PROBE_ADDR, [5999], "probe")
        probe = lab.Sender(self.nodes["s"], "probe", PROBE_ADDR, 5999,
                           flow=PROBE, rate=100_000, packet=100)
        noise = self.flood() if flooded else []
        if flooded:
            before = {n: self.best_effort(n)[0] for n in CHAIN[:-1]}
            for name, packets in before.items():
                lab.wait_for(lambda n=name, p=packets:
                             self.best_effort(n)[0] > p + FLOOD,
                             f"best effort at {name}")
        senders = {port: self.send(port, seconds) for port in ports}
        sent = {port: s.wait(seconds + 60) for port, s in senders.items()}
        size = [-1]

        def quiet():
            last, size[0] = size[0], receiver.path.stat().st_size
            return size[0] == last
        lab.wait_for(quiet, "silence", 30, 0.5)
        for sender in noise:
            sender.stop()
        probe.stop()
        stalls = judge.Probe(probe_recv.stop())
        flows = judge.split(receiver.stop())
        return {port: judge.flow(
            flows.get(port, []), port, sent[port],
            self.bound_us(port) if port in GS else None, stalls,
            PACKET - 28) for port in ports}
