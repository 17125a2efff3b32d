# SPDX-License-Identifier: ISC
"""Multicast sessions through a network of real daemons, kernels and RAPI
applications: one sender, three routers, four receivers.

	s - r1 - r2 - c1, c2
	     |   |			(r2 - r3: a second way to c3 and c4)
	     +-- r3 - c3, c4

The routers' multicast entries are set by the test (mroute.py)."""

import re

import pytest

import lab
import mroute
import neighbour as nb

UID = 30001
LINKS = (("s", "eth0", "r1", "eth0", 1), ("r1", "eth1", "r2", "eth0", 12),
         ("r1", "eth2", "r3", "eth0", 13), ("r2", "eth1", "r3", "eth1", 23),
         ("r2", "eth2", "c1", "eth0", 21), ("r2", "eth3", "c2", "eth0", 22),
         ("r3", "eth2", "c3", "eth0", 33), ("r3", "eth3", "c4", "eth0", 34))
NETS = {"s": 1, "c1": 21, "c2": 22, "c3": 33, "c4": 34}
HOSTS = tuple(NETS)
ROUTERS = ("r1", "r2", "r3")
# Link rates in Mbit/s; three quarters can be reserved.
SLOW = {("r1", "eth1"): 5}
# What is reserved, in octets a second.
RATE = {"c1": 100000, "c2": 200000, "c3": 150000}
TSPEC = ("--rate", 50000, "--bucket", 5000, "--min", 1000, "--max", 1000)


def address(family, net, side):
    return f"10.{net}.0.{side}" if family == 4 else f"2001:db8:{net}::{side}"


def host(family, name):
    return address(family, NETS[name], 1 if name == "s" else 2)


def conf(node, names):
    return "interfaces = (\n" + ",\n".join(
        f'  {{ name = "{n}"; enabled = true; trafficControl = true; '
        f'bandwidth = "{SLOW.get((node, n), 10)} Mbit"; refresh = "1 s"; }}'
        for n in names) + "\n);\n"


class Bed:
    def __init__(self):
        self.lab = lab.Lab("rsvpmc")
        try:
            self.build()
        except BaseException:
            self.lab.close()
            raise

    def build(self):
        self.nodes = {name: self.lab.node(name, forward=name in ROUTERS)
                      for name in HOSTS + ROUTERS}
        self.names = {name: [] for name in self.nodes}
        for a, if_a, b, if_b, net in LINKS:
            self.lab.link(self.nodes[a], if_a, self.nodes[b], if_b,
                          (address(4, net, 1), address(4, net, 2), 24),
                          (address(6, net, 1), address(6, net, 2), 64))
            self.names[a].append(if_a)
            self.names[b].append(if_b)
        for name, net in NETS.items():
            self.default(name, net, 2 if name == "s" else 1)
        self.default("r2", 12, 1)
        self.default("r3", 13, 1)
        for net, via in ((21, 12), (22, 12), (33, 13), (34, 13)):
            self.nodes["r1"].ip("route", "add", f"10.{net}.0.0/24", "via",
                                address(4, via, 2))
            self.nodes["r1"].ip("route", "add", f"2001:db8:{net}::/64", "via",
                                address(6, via, 2))
        self.routing = {name: mroute.Router(self.nodes[name],
                                            *self.names[name])
                        for name in ROUTERS}
        self.daemons = {name: lab.Daemon(node, conf(name, self.names[name]),
                                         wait=False)
                        for name, node in self.nodes.items()}
        for daemon in self.daemons.values():
            daemon.wait_ready()
        for daemon in self.daemons.values():
            daemon.wait_traffic_control()

    def default(self, name, net, side):
        for family in (4, 6):
            self.nodes[name].ip("route", "add", "default", "via",
                                address(family, net, side))

    def route(self, family, group):
        """The trees of (s, group) and (c4, group)."""
        s, c4 = host(family, "s"), host(family, "c4")
        r = self.routing
        r["r1"].route(s, group, "eth0", "eth1", "eth2")
        r["r2"].route(s, group, "eth0", "eth2", "eth3")
        r["r3"].route(s, group, "eth0", "eth2", "eth3")
        r["r3"].route(c4, group, "eth3", "eth2", "eth0")
        r["r1"].route(c4, group, "eth2", "eth1")
        r["r2"].route(c4, group, "eth0", "eth2", "eth3")

    # ---- applications ----------------------------------------------------

    def start(self, name, program, *argv):
        env = {"RAPI_SOCKET": str(self.daemons[name].rapi)}
        return self.nodes[name].start(
            lab.program(program), *argv, uid=UID, env=env,
            name=f"{program}-{len(self.lab.processes)}")

    def sender(self, name, family, group, port):
        return self.start(name, "rapi_send", "--dst", group, "--port", port,
                          "--src-addr", host(family, name), "--src-port",
                          port, *TSPEC)

    def receiver(self, name, group, port, style, rate):
        return self.start(name, "rapi_recv", "--dst", group, "--port", port,
                          "--style", style, "--service", "gs", "--rate", rate,
                          "--confirm")

    # ---- looking ---------------------------------------------------------

    def reservations(self):
        """(node, what its daemon says) of all that is installed."""
        return [(name, resv) for name, daemon in self.daemons.items()
                for resv in daemon.ctl_json(
                    "show", "reservations")["reservations"]
                if resv["state"] == "installed"]

    def reserved(self, group):
        """{(node, interface): {(senders, R)}}; WF names no sender."""
        found = {}
        for name, resv in self.reservations():
            if resv["session"]["dst"] == group:
                found.setdefault((name, resv["interface"]), set()).add(
                    (frozenset(f["src"] for f in resv.get("filters", ())),
                     resv["flowspec"]["R"]))
        return found

    def classes(self, group):
        """{(node, interface, senders): classid}, and the kernel has them:
        with the rate that the daemon says, and a filter for each sender."""
        found = {}
        for name, resv in self.reservations():
            if resv["session"]["dst"] != group:
                continue
            node, ifname = self.nodes[name], resv["interface"]
            classid, senders = resv["classid"], resv.get("filters", ())
            kernel = {c["handle"]: c["text"] for c in node.tc_classes(ifname)}
            assert abs(bits(kernel[classid]) / resv["rate_bps"] - 1) < 0.001
            filters = node.tc("filter", "show", "dev", ifname).stdout
            assert len(re.findall(rf"flowid {classid}\b", filters)) == max(
                1, len(senders)), filters
            found[name, ifname, frozenset(
                f["src"] for f in senders)] = classid
        return found

    def wait_reserved(self, group, want, timeout=lab.PATIENCE_S):
        try:
            lab.wait_for(lambda: self.reserved(group) == want, "", timeout)
        except TimeoutError:
            have = self.reserved(group)
            assert have == want


def bits(text):
    """The rate in a line of tc."""
    number, unit = re.search(r" rate (\d+)([KMG]?)bit", text).groups()
    return int(number) * {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}[unit]


# Which receivers are behind each outgoing interface of a sender's tree.
TREES = {
    "s": {("s", "eth0"): {"c1", "c2", "c3"}, ("r1", "eth1"): {"c1", "c2"},
          ("r1", "eth2"): {"c3"}, ("r2", "eth2"): {"c1"},
          ("r2", "eth3"): {"c2"}, ("r3", "eth2"): {"c3"}},
    "c4": {("c4", "eth0"): {"c1", "c2", "c3"}, ("r3", "eth0"): {"c1", "c2"},
           ("r1", "eth1"): {"c1", "c2"}, ("r3", "eth2"): {"c3"},
           ("r2", "eth2"): {"c1"}, ("r2", "eth3"): {"c2"}},
}


def expected(family, style, rates, senders, trees=None):
    """What should be reserved where, from the trees alone."""
    trees = trees or TREES
    want = {}
    for place in {p for sender in senders for p in trees[sender]}:
        here = {sender: max((rates[c] for c in trees[sender][place]
                             if c in rates), default=0)
                for sender in senders if place in trees[sender]}
        here = {sender: R for sender, R in here.items() if R}
        names = frozenset(host(family, sender) for sender in here)
        if not here:
            continue
        if style == "ff":
            want[place] = {(frozenset([host(family, sender)]), R)
                           for sender, R in here.items()}
        else:
            want[place] = {(names if style == "se" else frozenset(),
                            max(here.values()))}
    return want


@pytest.fixture(scope="module")
def network():
    lab.require_root()
    b = Bed()
    yield b
    b.lab.close()


@pytest.fixture
def bed(network):
    """The network; what a test starts in it is stopped behind it."""
    before = len(network.lab.processes)
    yield network
    for process in network.lab.processes[before:]:
        process.stop()
    lab.wait_for(lambda: not network.reservations(), "all to be released")


@pytest.fixture(params=(4, 6))
def family(request):
    return request.param


def group_of(family, number):
    return f"239.1.0.{number}" if family == 4 else f"ff1e::1:{number:x}"


def events(app, kind):
    return [e for e in app.events() if e["event"] == kind]


def no_errors(*apps):
    for app in apps:
        assert app.popen.poll() is None, app.output()
        assert not [e for e in app.events() if "error" in e["event"] or
                    e["event"] == "problem"], app.output()


# ---- styles ------------------------------------------------------------------

STYLES = ("wf", "ff", "se")


@pytest.mark.parametrize("style", STYLES)
def test_a_tree_is_reserved_where_it_runs_with_the_merged_rate(bed, family,
                                                               style):
    group = group_of(family, 1 + STYLES.index(style))
    bed.route(family, group)
    taps = {name: nb.Neighbour(bed.nodes[name], "eth0")
            for name in ("c1", "c3", "r2")}
    apps = [bed.sender(name, family, group, 5000) for name in ("s", "c4")]
    apps += [bed.receiver(name, group, 5000, style, rate)
             for name, rate in RATE.items()]
    bed.wait_reserved(group, expected(family, style, RATE, ("s", "c4")))
    no_errors(*apps)
    assert bed.classes(group)
    # The senders hear of the most that anybody reserved.
    for app in apps[:2]:
        lab.wait_for(lambda a=app: events(a, "resv_event")[-1]["flowspec"]["R"]
                     == max(RATE.values()), "the largest")
    # One Path from each sender reaches a link, from the node next to it.
    for name, hop in (("c1", address(family, 21, 1)),
                      ("c3", address(family, 33, 1)),
                      ("r2", address(family, 12, 1))):
        for path in heard_paths(taps[name], group,
                                {host(family, n) for n in ("s", "c4")}):
            assert path.hop()[0] == hop and path.router_alert
            assert path.ttl == path.send_ttl
        taps[name].close()


def heard_paths(tap, group, senders):
    """Paths to the group, until one of each sender was heard."""
    heard = []

    def complete():
        heard.extend(h for h in tap.drain(0.01)
                     if h.type == nb.PATH and h.dst == group)
        return {h.src for h in heard} == senders
    lab.wait_for(complete, f"Path from {senders}")
    return heard


# ---- what changes ------------------------------------------------------------

class Stream:
    """Numbered packets of the reserved flow of s, and what becomes of them."""

    def __init__(self, bed, family, group, port, receivers):
        self.receivers = {
            name: lab.Receiver(bed.nodes[name], group, [port],
                               f"data-{family}-{port}", uid=UID)
            for name in receivers}
        self.sender = lab.Sender(bed.nodes["s"], f"data-{family}-{port}",
                                 group, port, src_port=port, flow=port,
                                 rate=50000, packet=1000, bucket=2000, uid=UID)
        lab.wait_for(lambda: all(r.path.stat().st_size > 0
                                 for r in self.receivers.values()),
                     "the data")

    def arrived(self, name):
        return {number for _, number, _, _ in
                lab.records(self.receivers[name].path)}

    def stop(self):
        """The numbers of the packets lost, by receiver."""
        sent = self.sender.stop()
        lab.wait_for(lambda: all(sent - 1 in self.arrived(name)
                                 for name in self.receivers), "the last one")
        self.receivers = {name: r.stop() and r
                          for name, r in self.receivers.items()}
        return {name: sorted(set(range(sent)) - self.arrived(name))
                for name in self.receivers}


def session(bed, family, number, style="ff", rates=None):
    """One sender, and receivers with these rates; all reserved."""
    group = group_of(family, number)
    rates = rates or RATE
    bed.route(family, group)
    apps = {"s": bed.sender("s", family, group, 5000)}
    for name, rate in rates.items():
        apps[name] = bed.receiver(name, group, 5000, style, rate)
    bed.wait_reserved(group, expected(family, style, rates, ("s",)))
    return group, apps


def test_a_receiver_that_leaves_takes_its_branch_alone(bed, family):
    group, apps = session(bed, family, 10)
    before = bed.classes(group)
    stream = Stream(bed, family, group, 5000, ("c1", "c3"))
    apps.pop("c2").stop()
    rest = {name: rate for name, rate in RATE.items() if name != "c2"}
    bed.wait_reserved(group, expected(family, "ff", rest, ("s",)))
    after = bed.classes(group)
    left = before.pop(("r2", "eth3", frozenset([host(family, "s")])))
    assert left and after == before, "the others keep their classes"
    assert stream.stop() == {"c1": [], "c3": []}
    no_errors(*apps.values())
    # And the last one takes all.
    for name in ("c1", "c3"):
        apps[name].stop()
    bed.wait_reserved(group, {})


def test_a_route_that_changes_is_healed_in_3_s(bed, family):
    """c3 is served by r3 through r2 from now on."""
    group, apps = session(bed, family, 11)
    before = bed.classes(group)
    stream = Stream(bed, family, group, 5000, tuple(RATE))
    s, r = host(family, "s"), bed.routing
    tree = dict(TREES["s"])
    tree[("r2", "eth1")] = tree.pop(("r1", "eth2"))
    tree[("r1", "eth1")] = {"c1", "c2", "c3"}
    changed = stream.arrived("c3")
    r["r3"].route(s, group, "eth1", "eth2", "eth3")
    r["r2"].route(s, group, "eth0", "eth1", "eth2", "eth3")
    r["r1"].route(s, group, "eth0", "eth1")
    want = expected(family, "ff", RATE, ("s",), {"s": tree})
    lab.within(3, lambda: bed.reserved(group) == want, "the other way")
    now = stream.arrived("c3")
    lab.wait_for(lambda: stream.arrived("c3") - now, "data at c3")
    lost = stream.stop()
    assert lost["c1"] == [] and lost["c2"] == []
    # While three routers changed, one after the other: not after it.
    assert not [n for n in lost["c3"] if n > max(changed) + 50]
    # But for the link that is left nothing was touched, not even on the way
    # to c3.
    after = bed.classes(group)
    for place, classid in before.items():
        assert place[:2] == ("r1", "eth2") or after[place] == classid, place
    no_errors(*apps.values())


def test_a_path_waits_for_its_route(bed, family):
    group = group_of(family, 12)
    s = bed.sender("s", family, group, 5000)
    apps = [bed.receiver(name, group, 5000, "ff", rate)
            for name, rate in RATE.items()]

    def paths(name):
        return [p for session in bed.daemons[name].ctl_json(
            "show", "sessions")["sessions"]
                if session["dst"] == group for p in session["paths"]]
    lab.wait_for(lambda: paths("r1"), "the Path at r1")
    assert bed.reserved(group) == {}
    bed.route(family, group)
    bed.wait_reserved(group, expected(family, "ff", RATE, ("s",)))
    no_errors(s, *apps)


def test_a_path_from_a_wrong_interface_goes_no_further(bed, family):
    """Neither does our own when it comes back."""
    group, apps = session(bed, family, 13)
    node, port = bed.nodes["r3"], 5001
    wrong = nb.Neighbour(node, "eth1")  # towards r2, which expects eth0
    tap = nb.Neighbour(bed.nodes["c1"], "eth0")
    r2, r3 = address(family, 23, 1), address(family, 23, 2)

    def path(hop):
        return nb.message(nb.PATH, 9, nb.session(group, 5000), nb.hop(hop, 1),
                          nb.time_values(1000),
                          nb.template(host(family, "s"), port), nb.tspec())

    def senders(name):
        return {(p["sender"]["port"], p.get("in"))
                for s in bed.daemons[name].ctl_json(
                    "show", "sessions")["sessions"] if s["dst"] == group
                for p in s["paths"]}
    for hop in (r2, r3):
        wrong.send(host(family, "s"), group, path(hop), ttl=9, alert=True)
    lab.wait_for(lambda: len(senders("r2")) == 2, "the Path at r2")
    heard = heard_paths(tap, group, {host(family, "s")})
    heard += heard_paths(tap, group, {host(family, "s")})
    assert {h.get(nb.TEMPLATE)[-1] for h in heard} == {5000 & 255}
    wrong.close()
    tap.close()
    # Nor is a Path looped back to the application that sends.
    assert not events(apps["s"], "path_event")


@pytest.mark.parametrize("first", ("large", "small"))
def test_a_killer_reservation_does_not_hurt_the_small_ones(bed, family,
                                                           first):
    """c2 asks for more than the link from r1 to r2 has, again and again."""
    group = group_of(family, 14 + (first == "large"))
    small = {name: RATE[name] for name in ("c1", "c3")}
    bed.route(family, group)
    apps = {"s": bed.sender("s", family, group, 5000)}

    def start_large():
        killer = bed.receiver("c2", group, 5000, "ff", 700000)
        lab.wait_for(lambda: events(killer, "resv_error"), "the refusal")
        return killer

    def others():
        return {place: what for place, what in bed.reserved(group).items()
                if place != ("r2", "eth3")}
    killer = start_large() if first == "large" else None
    for name, rate in small.items():
        apps[name] = bed.receiver(name, group, 5000, "ff", rate)
    want = expected(family, "ff", small, ("s",))
    lab.wait_for(lambda: others() == want, "the small ones")
    before = bed.classes(group)
    killer = killer or start_large()
    # The blockade ends after four periods, and the large one fails again.
    lab.wait_for(lambda: len(events(killer, "resv_error")) >= 2,
                 "another refusal")
    error = events(killer, "resv_error")[-1]
    assert error["code"] == 1
    assert others() == want
    after = bed.classes(group)
    assert all(after[place] == before[place] for place in before
               if place[:2] != ("r2", "eth3"))
    no_errors(*apps.values())

