# SPDX-License-Identifier: ISC
"""Routes and interfaces that change under a reservation: a sender with two
ways to its receiver, through real daemons and a real kernel.

        +-- b --+
     a -+       +- d
        +-- c --+
"""

import pytest

import lab
import needs

DST, PORT, OTHER = "10.9.9.9", "5004", "5006"
CONF = """interfaces = (
	{ name = "eth0"; bandwidth = "10 Mbit/s"; repairWait = "300 ms"; },
	{ name = "eth1"; bandwidth = "10 Mbit/s"; repairWait = "300 ms"; }
);
"""

pytestmark = pytest.mark.usefixtures("root")


@pytest.fixture(scope="module", name="root")
def fixture_root():
    lab.require_root()


class Diamond:
    def __init__(self, where):
        self.lab = where
        self.nodes = {name: where.node(name, forward=True) for name in "abcd"}
        a, b, c, d = self.nodes.values()
        where.link(a, "eth0", b, "eth0", v4=("10.0.1.1", "10.0.1.2", 24))
        where.link(a, "eth1", c, "eth0", v4=("10.0.2.1", "10.0.2.2", 24))
        where.link(b, "eth1", d, "eth0", v4=("10.0.3.1", "10.0.3.2", 24))
        where.link(c, "eth1", d, "eth1", v4=("10.0.4.1", "10.0.4.2", 24))
        d.ip("addr", "add", DST + "/32", "dev", "lo")
        self.by("b", "add")
        b.ip("route", "add", DST, "via", "10.0.3.2")
        c.ip("route", "add", DST, "via", "10.0.4.2")
        d.ip("route", "add", "10.0.1.0/24", "via", "10.0.3.1")
        d.ip("route", "add", "10.0.2.0/24", "via", "10.0.4.1")
        # What answers comes back another way than its route would have it.
        for node in self.nodes.values():
            for key in ("all", "default", "eth0", "eth1"):
                node.sysctl(f"net.ipv4.conf.{key}.rp_filter", 0)
        self.daemons = {name: lab.Daemon(node, CONF, wait=False)
                        for name, node in self.nodes.items()}
        for daemon in self.daemons.values():
            daemon.wait_ready()
            daemon.wait_traffic_control()

    def by(self, node, how="replace"):
        """The way from a to the receiver."""
        via = {"b": "10.0.1.2", "c": "10.0.2.2"}[node]
        self.nodes["a"].ip("route", how, DST, "via", via)

    def reservations(self, node, port=PORT):
        found = self.daemons[node].ctl_json("show", "reservations")
        return [r for r in found["reservations"]
                if r["session"]["port"] == int(port)]

    def ready(self, node, ifname):
        """Its index, once the daemon knows it and has its traffic control."""
        found = self.daemons[node].ctl_json("show", "interfaces")["interfaces"]
        return next((i["ifindex"] for i in found
                     if i["name"] == ifname and i["up"] and i["tc_ready"]), None)

    def installed(self, node, ifname, port=PORT):
        return [r for r in self.reservations(node, port)
                if r["interface"] == ifname and r["state"] == "installed"]

    def path(self, node, port=PORT):
        found = self.daemons[node].ctl_json("show", "sessions")["sessions"]
        paths = [p for s in found if s["port"] == int(port)
                 for p in s["paths"]]
        return paths[0] if paths else None

    def apps(self, port=PORT):
        sender = self.nodes["a"].start(
            lab.program("rsvpctl"), "--rapi-socket", self.daemons["a"].rapi,
            "send", DST, port, "--src", "10.0.1.1", name=f"send-{port}")
        receiver = self.nodes["d"].start(
            lab.program("rsvpctl"), "--rapi-socket", self.daemons["d"].rapi,
            "reserve", DST, port, "--confirm", name=f"recv-{port}")
        receiver.wait_output("confirmed")
        lab.wait_for(lambda: self.installed("a", "eth0", port), "a")
        return sender, receiver


@pytest.fixture(name="net")
def fixture_net():
    with lab.Lab("rsvproute") as where:
        yield Diamond(where)


def test_a_reservation_follows_its_route(net):
    sender, receiver = net.apps()
    net.by("c")
    lab.wait_for(lambda: net.installed("a", "eth1") and
                 net.installed("c", "eth1"), "the other way")
    # Long before its lifetime of 157 s.
    lab.wait_for(lambda: not net.reservations("b") and not net.path("b"),
                 "the end of the first way")
    lab.wait_for(lambda: not net.installed("a", "eth0"), "its end at a")
    for app in (sender, receiver):
        assert "error" not in app.output(), app.output()
    assert "reservation: none" not in sender.output()
    net.by("b")
    lab.wait_for(lambda: net.installed("a", "eth0") and
                 net.installed("b", "eth1"), "the first way again")
    assert "error" not in receiver.output(), receiver.output()


def test_a_route_that_is_gone_is_waited_for(net):
    sender, receiver = net.apps()
    net.nodes["a"].ip("route", "del", DST)
    lab.wait_for(lambda: not net.installed("a", "eth0"), "no way")
    assert net.path("a")
    net.by("b", "add")
    lab.wait_for(lambda: net.installed("a", "eth0"), "the way again")
    assert "error" not in receiver.output(), receiver.output()
    assert "reservation: none" not in sender.output()


def test_a_broken_link_is_passed_by(net):
    sender, receiver = net.apps()
    net.nodes["a"].ip("link", "set", "eth0", "down")
    net.by("c")
    lab.wait_for(lambda: net.installed("a", "eth1"), "the other way")
    assert "error" not in receiver.output(), receiver.output()
    assert "reservation: none" not in sender.output()


def test_a_way_that_was_there_before_a_link_broke_is_taken(net):
    net.nodes["a"].ip("route", "add", DST, "via", "10.0.2.2", "metric", "100")
    sender, receiver = net.apps()
    net.nodes["a"].ip("link", "set", "eth0", "down")
    lab.wait_for(lambda: net.installed("a", "eth1"), "the other way")
    for app in (sender, receiver):
        assert "error" not in app.output(), app.output()
    assert "reservation: none" not in sender.output()


@pytest.mark.parametrize("how", ["at once", "when it was down"])
def test_a_link_that_is_deleted_is_passed_by(net, how):
    a = net.nodes["a"]
    a.ip("route", "add", DST, "via", "10.0.2.2", "metric", "100")
    a.ip("addr", "add", "10.0.1.1/32", "dev", "lo")
    sender, receiver = net.apps()
    if how == "when it was down":
        a.ip("link", "set", "eth0", "down")
        lab.wait_for(lambda: not net.installed("a", "eth0"), "seen at a")
    a.ip("link", "del", "eth0")
    lab.wait_for(lambda: net.installed("a", "eth1"), "the other way")
    for app in (sender, receiver):
        assert "error" not in app.output(), app.output()
    assert "reservation: none" not in sender.output()


def test_a_renamed_interface_keeps_its_reservations(net):
    needs.require(needs.rename_running)
    net.apps()
    before, = net.installed("b", "eth1")
    classes = net.nodes["b"].tc_classes("eth1")
    net.nodes["b"].ip("link", "set", "eth1", "name", "uplink")
    lab.wait_for(lambda: net.installed("b", "uplink"), "its new name")
    after, = net.installed("b", "uplink")
    assert after["classid"] == before["classid"]
    assert len(net.nodes["b"].tc_classes("uplink")) == len(classes)
    # Somebody new is served there too.
    net.apps(OTHER)
    assert net.installed("b", "uplink", OTHER)
    assert net.installed("b", "uplink")


def test_a_new_address_is_heard_at_once(net):
    net.apps()
    assert net.path("b")["hop"] == "10.0.1.1"
    net.nodes["a"].sysctl("net.ipv4.conf.eth0.promote_secondaries", 1)
    net.nodes["a"].ip("addr", "add", "10.0.1.100/24", "dev", "eth0")
    net.nodes["a"].ip("addr", "del", "10.0.1.1/24", "dev", "eth0")
    net.nodes["a"].ip("addr", "add", "10.0.1.1/32", "dev", "lo")
    net.by("b")
    # The next refresh would come after 15 s at least.
    lab.wait_for(lambda: net.path("b")["hop"] == "10.0.1.100", "new HOP")
    lab.wait_for(lambda: net.installed("a", "eth0"), "it lives on")


def test_an_interface_made_again_starts_anew(net):
    net.apps()
    old = {end: net.ready(*end) for end in (("b", "eth1"), ("d", "eth0"))}
    net.nodes["b"].ip("link", "del", "eth1")
    lab.wait_for(lambda: not net.reservations("b"), "what it carried is gone")
    net.lab.link(net.nodes["b"], "eth1", net.nodes["d"], "eth0",
                 v4=("10.0.3.1", "10.0.3.2", 24))
    # What comes before it is known there waits for the next refresh.
    for end, index in old.items():
        lab.wait_for(lambda e=end, i=index: net.ready(*e) not in (None, i),
                     f"the new {end}")
    net.nodes["d"].ip("route", "add", "10.0.1.0/24", "via", "10.0.3.1")
    net.nodes["b"].ip("route", "add", DST, "via", "10.0.3.2")
    lab.wait_for(lambda: net.installed("b", "eth1"), "it is there again")
    lab.wait_for(lambda: net.installed("a", "eth0"), "all the way")
