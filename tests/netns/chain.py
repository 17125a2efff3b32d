# SPDX-License-Identifier: ISC
"""A chain of real daemons with a second way, for the faults of peers, links
and routes.

    s - r1 - r2 - r3 - c
         |         |
         +---------+	(alt)

Its state lives LIFETIME_S without a refresh (RFC 2205 3.7)."""

import re
import signal

import lab
import mroute
import needs

R_MS = 1000
LIFETIME_S = 3.5 * 1.5 * R_MS / 1000
LINKS = (("s", "eth0", "r1", "u0", 1), ("r1", "d0", "r2", "u0", 12),
         ("r2", "d0", "r3", "u0", 23), ("r1", "alt", "r3", "alt", 13),
         ("r3", "d0", "c", "eth0", 3))
S, C = "10.1.0.1", "10.3.0.2"
ROUTES = {"s": (("default", 1, 2),), "c": (("default", 3, 1),),
          "r1": (("10.3.0.0/24", 12, 2), ("10.23.0.0/24", 12, 2)),
          "r2": (("10.1.0.0/24", 12, 1), ("10.3.0.0/24", 23, 2),
                 ("10.13.0.0/24", 12, 1)),
          "r3": (("10.1.0.0/24", 23, 1), ("10.12.0.0/24", 23, 1))}
WAY = (("s", "eth0"), ("r1", "d0"), ("r2", "d0"), ("r3", "d0"))
DETOUR = (("s", "eth0"), ("r1", "alt"), ("r3", "d0"))
FAST = "100 Mbit"  # of the last link; the others have 10 Mbit/s
RATE = 100000      # octets a second


def address(net, side):
    return f"10.{net}.0.{side}"


def section(name, bandwidth="10 Mbit", more=""):
    return (f'{{ name = "{name}"; bandwidth = "{bandwidth}"; '
            f'refresh = "{R_MS} ms"; {more} }}')


def conf(*sections):
    return "interfaces = (\n" + ",\n".join(sections) + "\n);\n"


class Flow:
    """A sender at s and a receiver at c (or elsewhere)."""

    def __init__(self, chain, sender, receiver, port, dst, way):
        self.chain, self.sender, self.receiver = chain, sender, receiver
        self.port, self.dst, self.way = port, dst, way

    def places(self):
        return self.chain.installed(self.port)

    def wait(self, way=None, timeout=lab.PATIENCE_S):
        """Until it is installed there and nowhere else."""
        want = set(self.way if way is None else way)
        try:
            lab.wait_for(lambda: set(self.places()) == want, "", timeout)
        except TimeoutError:
            assert set(self.places()) == want
        return self

    def gone(self, timeout=lab.PATIENCE_S):
        return self.wait((), timeout)

    def errors(self):
        return [e for app in (self.sender, self.receiver) if app
                for e in app.events() if "error" in e["event"]]

    def stop(self):
        for app in (self.sender, self.receiver):
            if app:
                app.stop()


class Chain:
    def __init__(self, kind):
        self.lab = lab.Lab(kind)
        self.port_used = 9000
        self.tables = set()
        try:
            self._build()
            self._start()
        except BaseException:
            self.lab.close()
            raise

    def _build(self):
        self.nodes = {n: self.lab.node(n, forward=n.startswith("r"))
                      for n in ("s", "r1", "r2", "r3", "c")}
        self.names = {n: [] for n in self.nodes}
        for link in LINKS:
            self.connect(link)
            self.names[link[0]].append(link[1])
            self.names[link[2]].append(link[3])
        for node in self.nodes:
            self.restore_routes(node)

    def connect(self, link):
        a, if_a, b, if_b, net = link
        self.lab.link(self.nodes[a], if_a, self.nodes[b], if_b,
                      (address(net, 1), address(net, 2), 24))

    def restore_routes(self, node):
        for dst, net, side in ROUTES[node]:
            self.nodes[node].ip("route", "replace", dst, "via",
                                address(net, side))

    def conf(self, node, more=(), bandwidth=None):
        """The configuration of a node; more: sections beside the usual."""
        speeds = {"r3": {"d0": FAST}, "c": {"eth0": FAST}}.get(node, {})
        speeds |= bandwidth or {}
        return conf(*(section(n, speeds.get(n, "10 Mbit"))
                      for n in self.names[node]), *more)

    def _start(self):
        self.daemons = {n: lab.Daemon(node, self.conf(n), wait=False)
                        for n, node in self.nodes.items()}
        for daemon in self.daemons.values():
            daemon.wait_ready()
        for daemon in self.daemons.values():
            daemon.wait_traffic_control()

    def close(self):
        self.lab.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # ---- what is done ----------------------------------------------------

    def reload(self, node, text):
        daemon = self.daemons[node]
        before = self.counter(node, "reloads")
        daemon.conf.write_text(text)
        daemon.process.popen.send_signal(signal.SIGHUP)
        lab.wait_for(lambda: self.counter(node, "reloads") == before + 1,
                     f"the reload: {daemon.process.output()[-500:]}")

    def lose(self, node, rule, hooks=("input", "output")):
        """Drop RSVP as the rule says on its way in and out of a node."""
        needs.require(needs.nf_tables)
        table = f"loss{len(self.tables)}"
        self.tables.add((node, table))
        for hook in hooks:
            self.nodes[node].run(
                "nft", f"add table ip {table}; add chain ip {table} {hook} "
                f"{{ type filter hook {hook} priority -100; }}; add rule ip "
                f"{table} {hook} ip protocol 46 {rule} drop")

    def lose_nothing(self):
        for node, table in self.tables:
            self.nodes[node].run("nft", f"delete table ip {table}")
        self.tables.clear()

    def mend(self):
        """What a test that failed may have left."""
        self.lose_nothing()
        for link in LINKS:
            ends = ((self.nodes[link[0]], link[1]),
                    (self.nodes[link[2]], link[3]))
            have = [name in mroute.interfaces(node) for node, name in ends]
            for (node, name), there in zip(ends, have):
                if there and not all(have):
                    node.ip("link", "del", name)
                elif there:
                    node.ip("link", "set", name, "mtu", 1500, "up")
            if not all(have):
                self.connect(link)
        for node in self.nodes:
            self.restore_routes(node)
            if self.daemons[node].conf.read_text() != self.conf(node):
                self.reload(node, self.conf(node))

    def app(self, node, *argv):
        return self.nodes[node].start(
            lab.program("rsvpctl"), "--json", "--rapi-socket",
            self.daemons[node].rapi, *argv, name=f"app-{argv[0]}-{argv[2]}")

    def send(self, port, node="s", dst=C, rate=RATE, *more):
        return self.app(node, "send", dst, port, "--src-port", port,
                        "--rate", rate, "--bucket", 5000, "--min", 100,
                        "--max", 1000, *more)

    def reserve(self, port, node="c", dst=C, rate=RATE, *more):
        return self.app(node, "reserve", dst, port, "--service", "gs",
                        "--rate", rate, *more)

    def flow(self, rate=RATE, way=WAY, sender="s", receiver="c", dst=C,
             wait=True):
        self.port_used += 1
        flow = Flow(self, self.send(self.port_used, sender, dst, rate),
                    self.reserve(self.port_used, receiver, dst, rate),
                    self.port_used, dst, way)
        return flow.wait() if wait else flow

    # ---- what is seen ----------------------------------------------------

    def counter(self, node, name):
        return self.daemons[node].ctl_json("show", "counters")["counters"][
            name]

    def iface(self, node, name):
        return next((i for i in self.daemons[node].ctl_json(
            "show", "interfaces")["interfaces"] if i["name"] == name), None)

    def names_of(self, node):
        """The interfaces where RSVP is spoken."""
        return {i["name"] for i in self.daemons[node].ctl_json(
            "show", "interfaces")["interfaces"] if i["enabled"]}

    def path(self, node, port):
        for session in self.daemons[node].ctl_json(
                "show", "sessions")["sessions"]:
            if session["port"] == port and session.get("paths"):
                return session["paths"][0]
        return None

    def reservations(self, node):
        return [r for r in self.daemons[node].ctl_json(
            "show", "reservations")["reservations"]
            if r["state"] in ("installed", "increase-failed")]

    def installed(self, port):
        """{(node, interface): reservation} of a session."""
        return {(name, r["interface"]): r for name in self.daemons
                for r in self.reservations(name)
                if r["session"]["port"] == port}

    # ---- the kernel ------------------------------------------------------

    def disagreement(self, node):
        """What kernel and daemon see otherwise on that node, or None."""
        daemon = self.daemons[node]
        said = {}
        for resv in self.reservations(node):
            said.setdefault(resv["interface"], set()).add(resv["classid"])
        for iface in daemon.ctl_json("show", "interfaces")["interfaces"]:
            name = iface["name"]
            if not iface["traffic_control"]:
                continue
            have = kernel(self.nodes[node], name)
            want = said.get(name, set())
            if have != want or iface["flows"] != len(want):
                return f"{node} {name}: kernel {have}, daemon {iface}, {want}"
            if (iface["reserved_bps"] == 0) != (not want):
                return f"{node} {name}: {iface['reserved_bps']} for {want}"
        return None

    def agree(self):
        for node in self.daemons:
            try:
                lab.wait_for(lambda n=node: self.disagreement(n) is None, "")
            except TimeoutError:
                assert False, self.disagreement(node)
            assert self.counter(node, "bug") == 0

    def empty(self):
        for node in self.daemons:
            lab.wait_for(lambda n=node: not self.daemons[n].ctl_json(
                "show", "sessions")["sessions"], f"no session at {node}")


def kernel(node, ifname):
    """The classes of flows that a filter leads to."""
    text = node.tc("filter", "show", "dev", ifname).stdout
    return {c for c in re.findall(r"flowid (52:\w+)", text)
            if int(c[3:], 16) >= 0x100}


def events(app, kind):
    return [e for e in app.events() if e["event"] == kind]


def wait_event(app, kind, timeout=lab.PATIENCE_S):
    return lab.wait_for(lambda: events(app, kind),
                        f"{kind}: {app.output()[-1500:]}", timeout)[0]
