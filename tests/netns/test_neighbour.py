# SPDX-License-Identifier: ISC
"""A router between two neighbours that share no code with it (RFC 2205)."""

import math
import struct
import time

import pytest

import lab
import neighbour as nb

CONF = """
interfaces = (
	{ name = "eth0"; enabled = true; trafficControl = true;
	  bandwidth = "100 Mbit"; refresh = "1 s"; },
	{ name = "eth1"; enabled = true; trafficControl = true;
	  bandwidth = "10 Mbit"; refresh = "1 s"; }
);
"""
POLICY = """
policy = {
	categories = ( { name = "all"; } );
	rules = (
		{ name = "closed"; scope = "RSVP"; priority = 9;
		  permission = "deny"; destPorts = [ "6666" ];
		  category = "all"; },
		{ name = "open"; scope = "RSVP"; priority = 1;
		  category = "all"; }
	);
};
"""
ADDR = {  # upstream, router's side of both links, downstream
    4: ("10.1.1.10", "10.1.1.1", "10.2.2.1", "10.2.2.20"),
    6: ("2001:db8:1::10", "2001:db8:1::1", "2001:db8:2::1",
        "2001:db8:2::20"),
}
R_MS = 1000
# Small, because what earlier tests left is still counted for a lifetime.
SMALL = nb.controlled_load(r=20000.0, p=40000.0)
LIFETIME_S = 3.5 * 1.5 * R_MS / 1000


class Bench:
    def __init__(self):
        self.lab = lab.Lab("rsvpnb")
        try:
            a = self.lab.node("a")
            r = self.lab.node("r", forward=True)
            b = self.lab.node("b")
            for x, if_x, y, if_y, i in ((a, "eth0", r, "eth0", 0),
                                        (r, "eth1", b, "eth0", 2)):
                self.lab.link(x, if_x, y, if_y,
                              (ADDR[4][i], ADDR[4][i + 1], 24),
                              (ADDR[6][i], ADDR[6][i + 1], 64))
            for node, i in ((a, 1), (b, 2)):
                node.ip("route", "add", "default", "via", ADDR[4][i])
                node.ip("-6", "route", "add", "default", "via", ADDR[6][i])
            self.daemon = lab.Daemon(r, CONF, POLICY)
            self.daemon.wait_traffic_control()
            lab.wait_for(lambda: len(self.daemon.ctl_json(
                "show", "policy").get("rules", [])) == 2, "policy")
            self.router = r
            self.up = nb.Neighbour(a, "eth0")
            self.down = nb.Neighbour(b, "eth0")
        except BaseException:
            self.lab.close()
            raise
        self.next_port = 7000

    def port(self):
        self.next_port += 1
        return self.next_port

    def close(self):
        self.up.close()
        self.down.close()
        self.lab.close()

    # ---- what the neighbours say -------------------------------------------

    def path(self, v, port, *extra, ttl=63, lih=77, right=True, tspec=None,
             refresh_ms=R_MS, **options):
        src, _, _, dst = ADDR[v]
        data = nb.message(nb.PATH, ttl, nb.session(dst, port),
                          nb.hop(src, lih), nb.time_values(refresh_ms), *extra,
                          nb.template(src, port), tspec or nb.tspec(),
                          nb.adspec(), right=right)
        self.up.send(src, dst, data, ttl, alert=True, **options)

    def resv(self, v, port, lih, flowspec=None, *extra, right=True,
             bits=nb.FF, source=None, refresh_ms=R_MS):
        src, _, via, dst = ADDR[v]
        data = nb.message(nb.RESV, 63, nb.session(dst, port),
                          nb.hop(dst, lih), nb.time_values(refresh_ms), *extra,
                          nb.style(bits), flowspec or SMALL,
                          nb.filter_spec(source or src, port), right=right)
        self.down.send(dst, via, data, alert=v == 6)

    def reserved_path(self, v, port, **options):
        """A Path through the router; the LIH it told downstream."""
        self.path(v, port, **options)
        return self.down.expect(nb.PATH, port).hop()[1]

    def path_tear(self, v, port, lih=77):
        src, _, _, dst = ADDR[v]
        self.up.send(src, dst, nb.message(
            nb.PATH_TEAR, 63, nb.session(dst, port), nb.hop(src, lih),
            nb.template(src, port)), 63, alert=True)

    def counter(self, name):
        return self.daemon.ctl_json("show", "counters")["counters"][name]

    def flows(self):
        return next(i["flows"] for i in self.daemon.ctl_json(
            "show", "interfaces")["interfaces"] if i["name"] == "eth1")

    def reservation(self, port):
        for resv in self.daemon.ctl_json(
                "show", "reservations")["reservations"]:
            if resv["session"]["port"] == port:
                return resv
        return None


@pytest.fixture(scope="module")
def bench():
    b = Bench()
    yield b
    b.close()


@pytest.mark.parametrize("v", (4, 6))
def test_path_is_forwarded_as_the_rfc_has_it(bench, v):
    port = bench.port()
    bench.path(v, port, ttl=40)
    heard = bench.down.expect(nb.PATH, port)
    src, _, out, dst = ADDR[v]
    assert (heard.src, heard.dst) == (src, dst)
    assert heard.sound()
    assert heard.ttl == heard.send_ttl == 39
    assert heard.router_alert
    assert heard.hop()[0] == out
    assert heard.get(nb.TSPEC) == nb.tspec()[4:]
    assert heard.get(nb.TEMPLATE) == nb.template(src, port)[4:]
    assert heard.tos == 0xC0
    general = heard.get(nb.ADSPEC)
    assert struct.unpack("!I", general[12:16])[0] == 2  # one more hop
    assert struct.unpack("!f", general[20:24])[0] <= 1.25e6


@pytest.mark.parametrize("v", (4, 6))
def test_resv_is_installed_and_forwarded(bench, v):
    port = bench.port()
    src, mine, _, dst = ADDR[v]
    lih = bench.reserved_path(v, port, lih=1234)
    bench.resv(v, port, lih, None, nb.confirm(dst))
    heard = bench.up.expect(nb.RESV, port)
    assert heard.sound()
    assert (heard.src, heard.dst) == (mine, src)
    assert heard.hop() == (mine, 1234)
    assert heard.get(nb.FLOWSPEC) == SMALL[4:]
    assert heard.get(nb.FILTER) == nb.filter_spec(src, port)[4:]
    assert heard.get(nb.CONFIRM) == nb.packed(dst)
    assert struct.unpack("!I", heard.get(nb.STYLE))[0] == nb.FF
    resv = bench.reservation(port)
    assert resv["state"] == "installed"
    assert resv["rule"] == "open"
    classes = bench.router.tc_classes("eth1")
    assert any(c["handle"] == resv["classid"] for c in classes)


@pytest.mark.parametrize("v", (4, 6))
def test_confirmation_passes_down(bench, v):
    port = bench.port()
    src, _, _, dst = ADDR[v]
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih)
    bench.up.expect(nb.RESV, port)
    data = nb.message(
        nb.RESV_CONF, 63, nb.session(dst, port),
        nb.obj(nb.ERROR, nb.kind(src), nb.packed(src) + bytes(4)),
        nb.confirm(dst), nb.style(nb.FF), SMALL, nb.filter_spec(src, port))
    bench.up.send(src, dst, data, alert=True)
    heard = bench.down.expect(nb.RESV_CONF, port)
    assert heard.sound() and heard.dst == dst and heard.router_alert
    assert heard.error()[2:] == (0, 0)


@pytest.mark.parametrize("v", (4, 6))
def test_resv_before_path_is_answered_with_code_3(bench, v):
    port = bench.port()
    lih = bench.reserved_path(v, bench.port())
    bench.resv(v, port, lih)
    heard = bench.down.expect(nb.RESV_ERR, port)
    assert heard.sound()
    assert heard.error()[2] == 3
    assert heard.dst == ADDR[v][3]
    assert bench.reservation(port) is None


@pytest.mark.parametrize("v", (4, 6))
def test_unknown_sender_is_answered_with_code_4(bench, v):
    port = bench.port()
    lih = bench.reserved_path(v, port)
    other = "10.1.1.99" if v == 4 else "2001:db8:1::99"
    bench.resv(v, port, lih, source=other)
    assert bench.down.expect(nb.RESV_ERR, port).error()[2:] == (4, 0)


@pytest.mark.parametrize("v", (4, 6))
def test_wrong_checksum_is_dropped_and_counted(bench, v):
    port = bench.port()
    before = bench.counter("checksum")
    bench.path(v, port, right=False)
    lab.wait_for(lambda: bench.counter("checksum") == before + 1,
                 "the counter")
    assert not [h for h in bench.down.drain() if h.port() == port]


@pytest.mark.parametrize("v", (4, 6))
def test_unknown_ctype_is_answered_with_code_14(bench, v):
    port = bench.port()
    bench.path(v, port, nb.obj(14, 99, bytes(4)))
    heard = bench.up.expect(nb.PATH_ERR, port)
    assert heard.error()[2:] == (14, 14 << 8 | 99)
    assert heard.dst == ADDR[v][0]
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih, None, nb.obj(14, 98, bytes(4)))
    assert bench.down.expect(nb.RESV_ERR, port).error()[2:] == (
        14, 14 << 8 | 98)


@pytest.mark.parametrize("v", (4, 6))
def test_unknown_class_by_its_two_top_bits(bench, v):
    port = bench.port()
    bench.path(v, port, nb.obj(99, 1, bytes(4)))
    assert bench.up.expect(nb.PATH_ERR, port).error()[2:] == (13, 99 << 8 | 1)
    bench.path(v, port, nb.obj(130, 1, b"drop"), nb.obj(220, 3, b"keep"))
    heard = bench.down.expect(nb.PATH, port)
    assert heard.get(130) is None
    assert heard.get(220) == b"keep"


@pytest.mark.parametrize("v", (4, 6))
def test_crazy_rates_are_answered_with_code_21(bench, v):
    port = bench.port()
    bench.path(v, port, tspec=nb.tspec(r=math.nan))
    assert bench.up.expect(nb.PATH_ERR, port).error()[2:] == (21, 4)
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih, nb.controlled_load(r=math.nan))
    assert bench.down.expect(nb.RESV_ERR, port).error()[2:] == (21, 3)
    bench.resv(v, port, lih, nb.guaranteed(R=100.0))  # below r
    assert bench.down.expect(nb.RESV_ERR, port).error()[2:] == (21, 3)


@pytest.mark.parametrize("v", (4, 6))
def test_too_much_is_refused_and_the_old_one_stays(bench, v):
    port = bench.port()
    lih = bench.reserved_path(v, port, tspec=nb.tspec(r=2e6, p=2e6))
    bench.resv(v, port, lih)
    bench.up.expect(nb.RESV, port)
    before = bench.reservation(port)["rate_bps"]
    bench.resv(v, port, lih, nb.controlled_load(r=1.9e6, p=2e6))
    heard = bench.down.expect(nb.RESV_ERR, port)
    _, flags, code, value = heard.error()
    assert (code, value) == (1, 2)
    assert flags & 1  # in place
    assert bench.reservation(port)["rate_bps"] == before


@pytest.mark.parametrize("v", (4, 6))
def test_packet_larger_than_the_link_is_refused_with_1_3(bench, v):
    port = bench.port()
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih, nb.controlled_load(M=1600))
    code, value = bench.down.expect(nb.RESV_ERR, port).error()[2:]
    # M beyond the path's MTU is read as the MTU (deployed routers send it).
    assert (code, value) == (1, 3)


@pytest.mark.parametrize("v", (4, 6))
def test_policy_refusal_is_code_2_and_explained(bench, v):
    port = 6666
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih)
    assert bench.down.expect(nb.RESV_ERR, port).error()[2:] == (2, 3)
    why = bench.daemon.ctl_json("explain")["refusals"][0]
    assert why["rule"] == "closed" and why["session"]["port"] == port


@pytest.mark.parametrize("v", (4, 6))
def test_conflicting_style_is_code_5(bench, v):
    port = bench.port()
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih)
    bench.up.expect(nb.RESV, port)
    bench.resv(v, port, lih, bits=nb.SE)
    assert bench.down.expect(nb.RESV_ERR, port).error()[2:] == (5, nb.FF)
    bench.resv(v, port, lih, bits=0x1F)
    assert bench.down.expect(nb.RESV_ERR, port).error()[2] == 6


@pytest.mark.parametrize("v", (4, 6))
def test_tears_pass_and_release(bench, v):
    port = bench.port()
    src, _, via, dst = ADDR[v]
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih)
    bench.up.expect(nb.RESV, port)
    data = nb.message(nb.RESV_TEAR, 63, nb.session(dst, port),
                      nb.hop(dst, lih), nb.style(nb.FF),
                      nb.filter_spec(src, port))
    bench.down.send(dst, via, data, alert=v == 6)
    heard = bench.up.expect(nb.RESV_TEAR, port)
    assert heard.sound() and heard.dst == src
    lab.wait_for(lambda: bench.reservation(port) is None, "release")
    bench.path_tear(v, port)
    heard = bench.down.expect(nb.PATH_TEAR, port)
    assert heard.sound() and heard.src == src and heard.router_alert
    assert heard.ttl == heard.send_ttl == 62


@pytest.mark.parametrize("v", (4, 6))
def test_silence_ends_state_after_the_lifetime(bench, v):
    port = bench.port()
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih)
    bench.up.expect(nb.RESV, port)
    heard = bench.down.expect(nb.PATH_TEAR, port)
    assert heard.src == ADDR[v][0]
    lab.wait_for(lambda: bench.reservation(port) is None, "the end")


@pytest.mark.parametrize("v", (4, 6))
def test_refreshes_keep_state_and_are_not_forwarded_at_once(bench, v):
    port = bench.port()
    lih = bench.reserved_path(v, port)
    bench.resv(v, port, lih)
    bench.up.expect(nb.RESV, port)
    bench.up.drain()
    start = time.monotonic()
    for _ in range(20):
        bench.path(v, port)
        bench.resv(v, port, lih)
    seen = [h for h in bench.up.drain(1.0)
            if h.type == nb.RESV and h.port() == port]
    # Its own refresh runs once in 0.5 to 1.5 s.
    assert len(seen) <= 1 + 2 * (time.monotonic() - start)


def test_many_reservations_are_listed_with_their_counters(bench):
    """A listing sorts and sends more than one message can hold."""
    dst = ADDR[4][3]
    tiny = nb.controlled_load(r=1000.0, b=1500.0, p=2000.0)
    ports = [bench.port() for _ in range(150)]
    lih = bench.reserved_path(4, ports[0])
    for port in ports:  # none is to end before the last is there
        bench.path(4, port, refresh_ms=300000)
        bench.down.expect(nb.PATH, port)
        bench.resv(4, port, lih, tiny, refresh_ms=300000)
        bench.up.expect(nb.RESV, port)
    listed = {r["session"]["port"]: r for r in bench.daemon.ctl_json(
        "show", "reservations", dst)["reservations"]}
    assert set(ports) <= set(listed)
    classes = {listed[p]["classid"] for p in ports}
    assert len(classes) == len(ports)
    assert all(listed[p]["packets"] == 0 for p in ports)
    for port in ports:
        bench.path_tear(4, port)
        bench.down.expect(nb.PATH_TEAR, port)


def test_all_is_released_in_the_end(bench):
    lab.wait_for(lambda: bench.flows() == 0, "an empty ledger")
    info = next(i for i in bench.daemon.ctl_json(
        "show", "interfaces")["interfaces"] if i["name"] == "eth1")
    assert info["reserved_bps"] == 0
