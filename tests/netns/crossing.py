# SPDX-License-Identifier: ISC
"""One router between several neighbours that share no code with it.

    a, b: previous hops on u0      d: next hop on d0, and the unicast receiver
    c:    previous hop on u1       e: another next hop on d0
                                   f: next hop on d1 (for groups)

Its own refreshes are so far apart that what is heard within a test was sent
because of what the test did."""

import math
import re
import struct
import struct

import lab
import mroute
import neighbour as nb

CONF = "interfaces = (\n" + ",\n".join(
    f'  {{ name = "{name}"; enabled = true; trafficControl = true; '
    f'bandwidth = "{rate}"; refresh = "300 s"; }}'
    for name, rate in (("u0", "1 Gbit"), ("u1", "1 Gbit"), ("d0", "400 Mbit"),
                       ("d1", "100 Mbit"))) + "\n);\n"
REFRESH_MS = 300000
HEADER = 14  # what the kernel counts before the IP header of a veth
LINKS = {"u0": 1, "u1": 2, "d0": 3, "d1": 4}
HOPS = {  # name: (interface of the router, host part of the address, LIH)
    "a": ("u0", 10, 1001), "b": ("u0", 11, 1002), "c": ("u1", 10, 1003),
    "d": ("d0", 20, 0), "e": ("d0", 21, 0), "f": ("d1", 20, 0)}
UPS, DOWNS = "abc", "def"


def address(v, net, host):
    return f"10.{net}.1.{host}" if v == 4 else f"2001:db8:{net}::{host}"


class Hop:
    """A neighbour: an address on a link, heard by the tap of that link."""

    def __init__(self, name, tap):
        self.name = name
        self.interface, self.host, self.lih = HOPS[name]
        self.tap = tap

    def addr(self, v):
        return address(v, LINKS[self.interface], self.host)

    def router(self, v):
        return address(v, LINKS[self.interface], 1)


class Crossing:
    def __init__(self, conf=CONF, policy=None, kind="rsvpx"):
        self.lab = lab.Lab(kind)
        self.port_used = 20000
        try:
            self._build()
            self.daemon = lab.Daemon(self.router, conf, policy)
            self.daemon.wait_traffic_control()
        except BaseException:
            self.lab.close()
            raise
        self.markers = {v: Call(self, v) for v in (4, 6)}
        self.rate = 1000.0

    def _build(self):
        self.router = self.lab.node("r", forward=True)
        self.taps = {}
        for interface, net in LINKS.items():
            node = self.lab.node(interface)
            self.lab.link(node, "eth0", self.router, interface,
                          (address(4, net, 250), address(4, net, 1), 24),
                          (address(6, net, 250), address(6, net, 1), 64))
            self.taps[interface] = nb.Neighbour(node, "eth0")
            node.ip("route", "add", "default", "via", address(4, net, 1))
            node.ip("-6", "route", "add", "default", "via", address(6, net, 1))
            for hop_if, host, _ in HOPS.values():
                if hop_if == interface:
                    node.ip("addr", "add", f"{address(4, net, host)}/24",
                            "dev", "eth0")
                    node.ip("addr", "add", f"{address(6, net, host)}/64",
                            "dev", "eth0", "nodad")
        self.hops = {name: Hop(name, self.taps[at[0]])
                     for name, at in HOPS.items()}
        self.routing = mroute.Router(self.router, *LINKS)

    def group(self, v, *ups):
        """A group of its own, routed from these to both links downstream."""
        self.routing.require(v)
        number = self.port() - 20000
        group = (f"239.7.{number >> 8}.{number & 255}" if v == 4 else
                 f"ff3e::7:{number:x}")
        for up in ups:
            self.routing.route(self.hops[up].addr(v), group,
                               HOPS[up][0], "d0", "d1")
        return group

    def close(self):
        self.routing.close()
        for tap in self.taps.values():
            tap.close()
        self.lab.close()

    def port(self):
        self.port_used += 1
        return self.port_used

    def settle(self, v):
        """Until all that follows from what was said so far has been heard: a
        change of another reservation passes behind it, through the kernel."""
        mark = self.markers[v]
        if not mark.lih:
            mark.open(*UPS)
        self.rate += 1.0
        mark.ff("d", *((nb.controlled_load(r=self.rate), up) for up in UPS))
        for up in UPS:
            while mark.hear(up, nb.RESV).flows()[0][0].r != self.rate:
                pass
        tspec = nb.tspec(r=200000.0 + self.rate)
        mark.path("a", tspec=tspec)
        while mark.hear("d", nb.PATH).get(nb.TSPEC) != tspec[4:]:
            pass

    def counter(self, name):
        return self.daemon.ctl_json("show", "counters")["counters"][name]

    # ---- the kernel ----------------------------------------------------------

    def kernel(self, interface, v):
        """classid to the filters of the flow: (source or None, source port,
        destination, destination port)."""
        found = {}
        text = self.router.tc("filter", "show", "dev", interface).stdout
        for part in re.split(r"\nfilter ", "\n" + text):
            head = re.search(r"flowid (\w+:\w+)", part)
            words = {int(at): (int(value, 16), int(mask, 16))
                     for value, mask, at in re.findall(
                         r"match (\w{8})/(\w{8}) at (\d+)", part)}
            ports = re.search(r"match (\w{8})/(\w{8}) at nexthdr", part)
            if not head or ("protocol ipv6" in part) != (v == 6):
                continue
            at = (12, 16, 4) if v == 4 else (8, 24, 16)
            src, dst = (field(words, start, at[2]) for start in at[:2])
            if v == 6 and not ports:  # behind a header of fixed length
                ports = re.search(r"match (\w{8})/(\w{8}) at 40", part)
            if dst is None or ports is None:
                continue
            value, mask = (int(g, 16) for g in ports.groups())
            found.setdefault(head.group(1), set()).add(
                (src, value >> 16 if mask >> 16 else None, dst,
                 value & 0xFFFF if mask & 0xFFFF else None))
        return found


def field(words, start, size):
    """The address matched at that offset of the header, or None."""
    value = b""
    for at in range(start, start + size, 4):
        word, mask = words.get(at, (0, 0))
        if mask != 0xFFFFFFFF:
            return None
        value += struct.pack("!I", word)
    return nb.address_of(value)


class Call:
    """One session: its senders behind a, b and c, its receivers d, e and f."""

    def __init__(self, bench, v, port=None, dst=None):
        self.bench = bench
        self.v = v
        self.port = port or bench.port()
        self.dst = dst or bench.hops["d"].addr(v)
        self.lih = {}

    # Senders "a", "a1", "a2" are on one host, which is their previous hop too.

    def hop(self, name):
        return self.bench.hops[name[0]]

    def sender(self, name):
        """(address, source port)"""
        return self.hop(name).addr(self.v), self.port + int(name[1:] or 0)

    def session(self, flags=0):
        return nb.session(self.dst, self.port, flags=flags)

    def filter(self, name):
        return nb.filter_spec(*self.sender(name))

    def filters(self, *names):
        return sorted(self.sender(n) for n in names)

    # ---- what the neighbours say -----------------------------------------------

    def path(self, up, *extra, number=nb.PATH, ttl=63, sent_ttl=None, flags=0,
             refresh_ms=REFRESH_MS, tspec=None, adspec=None):
        hop = self.hop(up)
        last = [nb.template(*self.sender(up))]
        if number == nb.PATH:
            last += [tspec or nb.tspec(), adspec or nb.adspec()]
        body = [self.session(flags), nb.hop(hop.addr(self.v), hop.lih)]
        if number == nb.PATH:
            body.append(nb.time_values(refresh_ms))
        data = nb.message(number, sent_ttl or ttl, *body, *extra, *last)
        hop.tap.send(hop.addr(self.v), self.dst, data, ttl, alert=True)

    def open(self, *ups, heard_by="d", **options):
        """Path of each, heard downstream; tells the router's LIHs."""
        for up in ups:
            self.path(up, **options)
            for down in heard_by:
                heard = self.hear(down, nb.PATH)
                assert heard.src == self.hop(up).addr(self.v)
                self.lih[self.hop(down).interface] = heard.hop()[1]
        return self

    def down(self, number, name, *objects, refresh_ms=REFRESH_MS, ttl=63):
        """A Resv or ResvTear from a next hop."""
        hop = self.hop(name)
        body = [self.session(), nb.hop(hop.addr(self.v),
                                       self.lih[hop.interface])]
        if number == nb.RESV:
            body.append(nb.time_values(refresh_ms))
        data = nb.message(number, ttl, *body, *objects)
        hop.tap.send(hop.addr(self.v), hop.router(self.v), data, ttl)

    def ff(self, name, *flows, extra=(), number=nb.RESV, **options):
        """flows: (flowspec, sender)"""
        objects = [o for spec, up in flows for o in (spec, self.filter(up))]
        self.down(number, name, *extra, nb.style(nb.FF), *objects, **options)

    def se(self, name, spec, ups, extra=(), number=nb.RESV, **options):
        self.down(number, name, *extra, nb.style(nb.SE), spec,
                  *map(self.filter, ups), **options)

    def wf(self, name, spec, extra=(), number=nb.RESV, **options):
        self.down(number, name, *extra, nb.style(nb.WF),
                  *([spec] if spec else []), **options)

    def ask(self, bits, name, spec, ups, extra=(), number=nb.RESV, **options):
        """The same for each style: spec for these senders."""
        if bits == nb.FF:
            self.ff(name, *((spec, up) for up in ups), extra=extra,
                    number=number, **options)
        elif bits == nb.SE:
            self.se(name, spec, ups, extra, number, **options)
        else:
            self.wf(name, spec, extra, number, **options)

    def up_error(self, up, bits, error, flows, extra=()):
        """A ResvErr from a previous hop; flows: objects after STYLE."""
        hop = self.hop(up)
        data = nb.message(
            nb.RESV_ERR, 63, self.session(),
            nb.hop(hop.addr(self.v), hop.lih), error, *extra, nb.style(bits),
            *flows)
        hop.tap.send(hop.addr(self.v), hop.router(self.v), data)

    # ---- what they hear --------------------------------------------------------

    def hear(self, name, number, timeout=lab.PATIENCE_S):
        hop = self.hop(name)
        dst = None if number in (nb.PATH, nb.PATH_TEAR) else hop.addr(self.v)
        heard = hop.tap.expect(number, self.port, timeout, dst)
        assert heard.sound()
        return heard

    def heard(self, name):
        """All that came for it and was not yet asked for; settle() first."""
        hop = self.hop(name)
        mine = [h for h in hop.tap.kept if h.port() == self.port and
                h.dst in (hop.addr(self.v), self.dst)]
        for h in mine:
            hop.tap.kept.remove(h)
        return mine

    def silent(self, *names):
        self.bench.settle(self.v)
        for name in names:
            said = [(h.type, h.objects) for h in self.heard(name)]
            assert not said, f"{name} heard {said}"

    # ---- what is reserved -------------------------------------------------------

    def reservations(self, interface="d0"):
        return [r for r in self.bench.daemon.ctl_json(
            "show", "reservations")["reservations"]
                if r["session"]["port"] == self.port and
                r["session"]["dst"] == self.dst and
                r["interface"] == interface]

    def classes(self, interface="d0"):
        """[(rate in bit/s, filters)] of the session's flows in the kernel."""
        ids = {r["classid"] for r in self.reservations(interface)
               if "classid" in r}
        texts = {c["handle"]: c["text"]
                 for c in self.bench.router.tc_classes(interface)}
        filters = self.bench.kernel(interface, self.v)
        return sorted((bits(re.search(r"rate (\S+)", texts[i]).group(1)),
                       sorted(filters.get(i, ()), key=str)) for i in ids)

    def expect_classes(self, *wanted, interface="d0"):
        """wanted: (r, m, senders) of each class; None for from anywhere."""
        def want(r, m, ups):
            rate = math.ceil(r * (m + HEADER) / m) * 8
            sources = [(None, None)] if ups is None else map(self.sender, ups)
            return rate, sorted(((s, p, self.dst, self.port)
                                 for s, p in sources), key=str)
        there = sorted(want(*w) for w in wanted)
        lab.wait_for(lambda: self.classes(interface) == there or None,
                     f"{there} in the kernel; there is "
                     f"{self.classes(interface)}")


def bits(text):
    """ "10Kbit" as tc prints a rate """
    number, unit = re.fullmatch(r"([\d.]+)([KMG]?)bit", text).groups()
    return round(float(number) * {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}[unit])
