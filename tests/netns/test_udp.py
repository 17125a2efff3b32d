# SPDX-License-Identifier: ISC
"""RSVP in UDP (RFC 2205 Appendix C): a host without raw sockets, a router that
serves it, a host that has them, and a neighbour that shares no code with us.

    u (no raw sockets) - r - h (raw sockets)
                         |
                         n (scapy, UDP only)
"""

import pathlib
import select
import signal
import socket
import struct
import time

import pytest
from scapy.layers.inet import IP, UDP

import lab
import neighbour as nb

R_MS = 1000
LIFETIME_S = 3.5 * 1.5 * R_MS / 1000
U, RU, RU2 = "10.1.1.10", "10.1.1.1", "10.1.1.2"
RH, H = "10.2.2.1", "10.2.2.20"
RN, N = "10.3.3.1", "10.3.3.30"
ALL = "224.0.0.14"
GROUP = "239.1.1.1"
FROM_HOST, TO_HOST = 1698, 1699


def section(name, *more, bandwidth="10 Mbit"):
    return ("{ " + f'name = "{name}"; bandwidth = "{bandwidth}"; '
            f'refresh = "{R_MS} ms"; ' + " ".join(more) + " }")


def conf(*sections, raw=True):
    return (("" if raw else "raw = false;\n") + "interfaces = (\n" +
            ",\n".join(sections) + ");\n")


POLICY = """
policy = { rules = ( { name = "open"; scope = "Both"; } ); };
"""


def raw_sockets(daemon):
    """How many raw sockets there are in the network namespace."""
    pid = daemon.workers()["engine"]
    return sum(len(pathlib.Path(f"/proc/{pid}/net/{t}").read_text()
                   .splitlines()) - 1 for t in ("raw", "raw6"))


def udp_ports(daemon):
    pid = daemon.workers()["engine"]
    lines = pathlib.Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]
    return sorted(int(line.split()[1].split(":")[1], 16) for line in lines)


def members(daemon):
    """Interfaces on which somebody joined 224.0.0.14."""
    pid = daemon.workers()["engine"]
    found, name = set(), None
    for line in pathlib.Path(f"/proc/{pid}/net/igmp").read_text().splitlines():
        fields = line.split()
        if not line.startswith("\t"):
            name = fields[1]
        elif int(fields[0], 16) == struct.unpack(
                "=I", socket.inet_aton(ALL))[0]:
            found.add(name)
    return found


class Tap:
    """The RSVP messages that arrive at an interface, raw and in UDP."""

    def __init__(self, node, interface):
        def tap():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                              socket.htons(nb.ETH_P_ALL))
            s.bind((interface, nb.ETH_P_ALL))
            return s
        self.tap = nb.in_namespace(node.ns, tap)
        self.kept = []

    def close(self):
        self.tap.close()

    def _poll(self, wait):
        ready, _, _ = select.select([self.tap], [], [], wait)
        if not ready:
            return
        data, address = self.tap.recvfrom(65535)
        if address[2] == nb.OUTGOING or address[1] != 0x0800:
            return
        packet = IP(data)
        if packet.proto == nb.RSVP:
            heard = nb.Heard(packet, bytes(packet[IP].payload))
            heard.port_to = None
        elif UDP in packet and packet[UDP].dport in (FROM_HOST, TO_HOST):
            heard = nb.Heard(packet, bytes(packet[UDP].payload))
            heard.port_to = packet[UDP].dport
        else:
            return
        self.kept.append(heard)

    def expect(self, number, udp_port, session_port,
               timeout=lab.PATIENCE_S):
        """The next message of that type in UDP to that port (None: raw)."""
        deadline = time.monotonic() + timeout
        while True:
            for i, heard in enumerate(self.kept):
                if (heard.type, heard.port_to, heard.port()) == (
                        number, udp_port, session_port):
                    del self.kept[i]
                    return heard
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"no message {number} at {udp_port} for {session_port}: "
                    f"{[(h.type, h.port_to, h.port()) for h in self.kept]}")
            self._poll(left)

    def heard_until(self, number, udp_port, session_port):
        """What came before that message, and it."""
        last = self.expect(number, udp_port, session_port)
        before, self.kept = self.kept, []
        return before, last


class UdpNeighbour(Tap):
    """A host that can only UDP."""

    def __init__(self, node, interface, address):
        super().__init__(node, interface)
        self.address = address

        def sockets():
            found = []
            for port in (FROM_HOST, TO_HOST):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                             socket.inet_aton(address))
                s.bind(("", port))
                found.append(s)
            return found
        self.low, self.high = nb.in_namespace(node.ns, sockets)

    def close(self):
        super().close()
        self.low.close()
        self.high.close()

    def join(self, group):
        self.high.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                             socket.inet_aton(group) +
                             socket.inet_aton(self.address))

    def send(self, dst, data, port=FROM_HOST):
        self.low.sendto(data, (dst, port))


class Bench:
    def __init__(self):
        self.lab = lab.Lab("rsvpu")
        try:
            self.build()
        except BaseException:
            self.lab.close()
            raise
        self.next_port = 8000

    def build(self):
        self.node = {n: self.lab.node(n, forward=n == "r") for n in "urhn"}
        u, r, h, n = (self.node[i] for i in "urhn")
        self.lab.link(u, "eth0", r, "eth0", (U, RU, 24),
                      ("2001:db8:1::10", "2001:db8:1::1", 64))
        self.lab.link(h, "eth0", r, "eth1", (H, RH, 24))
        self.lab.link(n, "eth0", r, "eth2", (N, RN, 24))
        for node, via in ((u, RU), (h, RH), (n, RN)):
            node.ip("route", "add", "default", "via", via)
        r.ip("addr", "add", RU2 + "/24", "dev", "eth0")
        self.daemon = {
            "u": lab.Daemon(u, conf(section("eth0"), raw=False), POLICY,
                            wait=False),
            "r": lab.Daemon(r, conf(section("eth0"), section("eth1"),
                                    section("eth2")), POLICY, wait=False),
            "h": lab.Daemon(h, conf(section("eth0")), POLICY, wait=False)}
        for daemon in self.daemon.values():
            daemon.wait_ready()
        for daemon in self.daemon.values():
            daemon.wait_traffic_control()
            lab.wait_for(lambda d=daemon: d.ctl_json("show", "policy")[
                "rules"], "policy")
        self.far = UdpNeighbour(n, "eth0", N)

    def close(self):
        if hasattr(self, "far"):
            self.far.close()
        self.lab.close()

    def port(self):
        self.next_port += 1
        return self.next_port

    def counter(self, name, node="r"):
        return self.daemon[node].ctl_json("show", "counters")["counters"][name]

    def iface(self, name, node="r"):
        return next(i for i in self.daemon[node].ctl_json(
            "show", "interfaces")["interfaces"] if i["name"] == name)

    def session(self, port, node="r"):
        return next((s for s in self.daemon[node].ctl_json(
            "show", "sessions")["sessions"] if s["port"] == port), None)

    def path(self, port, node="r"):
        found = self.session(port, node)
        return found["paths"][0] if found and found["paths"] else None

    def reservation(self, port, ifname, node="r"):
        """Once it is installed and its class has been counted."""
        for resv in self.daemon[node].ctl_json(
                "show", "reservations")["reservations"]:
            if (resv["session"]["port"] == port and
                    resv["interface"] == ifname and
                    resv["state"] == "installed" and "classid" in resv):
                return resv
        return None

    def send(self, node, dst, port, *more):
        return self.node[node].start(
            lab.program("rsvpctl"), "--json", "--rapi-socket",
            self.daemon[node].rapi, "send", dst, port, "--src-port", port,
            "--rate", 20000, "--bucket", 3000, "--min", 100, "--max", 1000,
            *more, name=f"send-{port}")

    def reserve(self, node, dst, port, *more):
        return self.node[node].start(
            lab.program("rsvpctl"), "--json", "--rapi-socket",
            self.daemon[node].rapi, "reserve", dst, port, *more,
            name=f"recv-{port}")

    def reload(self, node, text):
        daemon = self.daemon[node]
        before = self.counter("reloads", node)
        daemon.conf.write_text(text)
        daemon.process.popen.send_signal(signal.SIGHUP)
        lab.wait_for(lambda: self.counter("reloads", node) == before + 1,
                     f"the reload: {daemon.process.output()[-500:]}")

    def quiet(self, ifname):
        """Until nobody there is known to need UDP."""
        def is_quiet():
            iface = self.iface(ifname)
            return not iface["udp_seen"] and iface["udp_neighbours"] == 0
        lab.wait_for(is_quiet, f"quiet on {ifname}")

    def routers(self):
        """The test plays the multicast routing daemon of the router."""
        r = self.node["r"]
        control = nb.in_namespace(r.ns, lambda: socket.socket(
            socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP))
        control.setsockopt(0, 200, struct.pack("i", 1))  # MRT_INIT
        for vif, name in enumerate(("eth0", "eth1", "eth2")):
            control.setsockopt(0, 202, struct.pack(
                "=HBBIi4s", vif, 8, 1, 0, self.iface(name)["ifindex"],
                bytes(4)))
        return control

    def far_path(self, port, *extra, dst=H, to=RN, ttl=63, kind=nb.PATH,
                 hop=N):
        self.far.send(to, nb.message(
            kind, ttl, nb.session(dst, port), nb.hop(hop, 5),
            *([nb.time_values(R_MS)] if kind == nb.PATH else []), *extra,
            nb.template(N, port), nb.tspec(r=20000.0, p=40000.0),
            *([nb.adspec()] if kind == nb.PATH else [])))


@pytest.fixture(scope="module")
def bench():
    lab.require_root()
    b = Bench()
    yield b
    b.close()


def wait_event(app, kind, **fields):
    def found():
        app.died()
        return next((e for e in app.events() if e.get("event") == kind and
                     all(e.get(k) == v for k, v in fields.items())), None)
    return lab.wait_for(found, f"{kind} at {app.name}: {app.output()[-1500:]}")


def test_a_host_without_raw_sockets_has_none(bench):
    assert raw_sockets(bench.daemon["u"]) == 0
    assert udp_ports(bench.daemon["u"]) == [FROM_HOST, TO_HOST]
    assert raw_sockets(bench.daemon["r"]) == 3
    assert udp_ports(bench.daemon["r"]) == [FROM_HOST]


def test_a_host_without_raw_sockets_sends_and_is_reserved_for(bench):
    port = bench.port()
    assert not bench.iface("eth0")["udp_seen"]
    sender = bench.send("u", H, port)
    path = lab.wait_for(lambda: bench.path(port), "path state at the router")
    assert path["hop"] == U
    assert not path["non_rsvp_hop"]
    assert not lab.wait_for(lambda: bench.path(port, "h"),
                            "path state at the receiver")["non_rsvp_hop"]
    assert bench.iface("eth0") | {"udp": "auto", "udp_seen": True,
                                  "udp_neighbours": 1} == bench.iface("eth0")
    receiver = bench.reserve("h", H, port, "--confirm")
    resv = lab.wait_for(lambda: bench.reservation(port, "eth1"),
                        "the reservation at the router")
    assert any(c["handle"] == resv["classid"]
               for c in bench.node["r"].tc_classes("eth1"))
    # The host's own link: its reservation came back to it in UDP.
    lab.wait_for(lambda: bench.reservation(port, "eth0", "u"),
                 "the reservation at the sender")
    wait_event(sender, "resv_event")
    wait_event(receiver, "resv_confirm")
    receiver.stop()
    lab.wait_for(lambda: not bench.reservation(port, "eth0", "u"),
                 "ResvTear at the sender")
    lab.wait_for(lambda: bench.iface("eth1")["flows"] == 0, "its end")
    sender.stop()
    lab.within(LIFETIME_S / 2, lambda: not bench.session(port),
               "PathTear at the router")
    assert raw_sockets(bench.daemon["u"]) == 0


def test_messages_in_udp_have_the_class_of_control_traffic(bench):
    """Or best effort would starve the refreshes of what is reserved."""
    def packets(handle):
        return next(c["packets"] for c in bench.node["u"].tc_classes("eth0")
                    if c["handle"] == handle)
    control, sent = packets("52:6"), bench.counter("udp_sent", "u")
    port = bench.port()
    sender = bench.send("u", H, port)
    lab.wait_for(lambda: bench.path(port), "path state at the router")
    sender.stop()
    lab.wait_for(lambda: not bench.path(port), "PathTear at the router")
    sent = bench.counter("udp_sent", "u") - sent
    assert sent >= 2
    assert packets("52:6") - control >= sent


def test_a_host_without_raw_sockets_receives_and_reserves(bench):
    """Once it has sent a Path, the router speaks UDP on its network."""
    other = bench.send("u", H, bench.port())
    lab.wait_for(lambda: bench.iface("eth0")["udp_seen"], "UDP on eth0")
    port = bench.port()
    sender = bench.send("h", U, port)
    path = lab.wait_for(lambda: bench.path(port, "u"), "Path in UDP")
    assert path["hop"] == RU
    assert not path["non_rsvp_hop"]
    receiver = bench.reserve("u", U, port, "--confirm")
    resv = lab.wait_for(lambda: bench.reservation(port, "eth0"),
                        "the reservation at the router")
    assert any(c["handle"] == resv["classid"]
               for c in bench.node["r"].tc_classes("eth0"))
    wait_event(sender, "resv_event")
    wait_event(receiver, "resv_confirm")
    receiver.stop()
    lab.within(LIFETIME_S / 2, lambda: not bench.reservation(port, "eth0"),
               "ResvTear from the host")
    sender.stop()
    lab.within(LIFETIME_S / 2, lambda: not bench.session(port, "u"),
               "PathTear at the host")
    other.stop()


def test_a_multicast_path_comes_through_the_well_known_group(bench):
    port = bench.port()
    control = bench.routers()
    control.setsockopt(0, 204, socket.inet_aton(U) +  # MRT_ADD_MFC
                       socket.inet_aton(GROUP) + struct.pack("=H", 0) +
                       bytes([0, 0, 1]) + bytes(29) + bytes(2) + bytes(16))
    bench.far.join(GROUP)
    bench.far_path(bench.port())  # now the router speaks UDP there
    lab.wait_for(lambda: bench.iface("eth2")["udp_seen"], "UDP on eth2")
    sender = bench.send("u", GROUP, port)
    assert lab.wait_for(lambda: bench.path(port), "path state")["hop"] == U
    raw = bench.far.expect(nb.PATH, None, port)
    copy = bench.far.expect(nb.PATH, TO_HOST, port)
    assert raw.data == copy.data
    assert (raw.dst, copy.dst) == (GROUP, GROUP)
    assert raw.ttl == raw.send_ttl == 62
    assert (copy.src, copy.ttl) == (RN, 1)
    assert copy.hop()[0] == RN
    bench.far.send(RN, nb.message(
        nb.RESV, 63, nb.session(GROUP, port), nb.hop(N, copy.hop()[1]),
        nb.time_values(R_MS), nb.style(nb.FF),
        nb.controlled_load(r=20000.0, p=40000.0), nb.filter_spec(U, port)))
    lab.wait_for(lambda: bench.reservation(port, "eth2"),
                 "the reservation towards the neighbour")
    wait_event(sender, "resv_event")
    sender.stop()
    assert bench.far.expect(nb.PATH_TEAR, TO_HOST, port).dst == GROUP
    lab.wait_for(lambda: bench.iface("eth2")["flows"] == 0, "no flow")
    control.close()


def test_a_host_without_raw_sockets_receives_a_multicast_path(bench):
    port = bench.port()
    control = bench.routers()
    control.setsockopt(0, 204, socket.inet_aton(N) +
                       socket.inet_aton(GROUP) + struct.pack("=H", 2) +
                       bytes([1, 0, 0]) + bytes(29) + bytes(2) + bytes(16))
    member = nb.in_namespace(bench.node["u"].ns, lambda: socket.socket(
        socket.AF_INET, socket.SOCK_DGRAM))
    member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                      socket.inet_aton(GROUP) + socket.inet_aton(U))
    other = bench.send("u", H, bench.port())
    lab.wait_for(lambda: bench.iface("eth0")["udp_seen"], "UDP on eth0")
    bench.far_path(port, dst=GROUP, to=ALL)
    assert lab.wait_for(lambda: bench.path(port, "u"),
                        "the Path at the host")["hop"] == RU
    assert bench.path(port)["hop"] == N
    other.stop()
    member.close()
    control.close()


def test_a_neighbour_in_udp_is_answered_in_udp(bench):
    port = bench.port()
    bench.far_path(port)
    path = lab.wait_for(lambda: bench.path(port), "path state")
    assert path["hop"] == N
    # The TTL of the datagram was 64, that of the message 63.
    assert (path["ttl"], path["non_rsvp_hop"]) == (63, False)
    assert lab.wait_for(lambda: bench.path(port, "h"), "Path at h")["ttl"] < 63
    receiver = bench.reserve("h", H, port)
    before, resv = bench.far.heard_until(nb.RESV, TO_HOST, port)
    assert not [h for h in before if h.type == nb.RESV]
    assert (resv.src, resv.dst) == (RN, N)
    assert resv.sound()
    assert resv.hop() == (RN, 5)
    receiver.stop()
    bench.far.expect(nb.RESV_TEAR, TO_HOST, port)
    # A Path that cannot be: its port zero goes with no other sender's.
    bench.far_path(0)
    bench.far.send(RN, nb.message(
        nb.PATH, 63, nb.session(H, 0), nb.hop(N, 5), nb.time_values(R_MS),
        nb.template(N, port), nb.tspec(), nb.adspec()))
    error = bench.far.expect(nb.PATH_ERR, TO_HOST, 0)
    assert (error.src, error.dst) == (RN, N)
    bench.far_path(port, kind=nb.PATH_TEAR)
    lab.within(LIFETIME_S / 2, lambda: not bench.session(port),
               "PathTear")


def test_a_host_in_udp_gets_path_and_error_in_udp(bench):
    port = bench.port()
    bench.far_path(bench.port())
    lab.wait_for(lambda: bench.iface("eth2")["udp_seen"], "UDP on eth2")
    sender = bench.send("h", N, port)
    raw = bench.far.expect(nb.PATH, None, port)
    copy = bench.far.expect(nb.PATH, TO_HOST, port)
    assert (raw.data, copy.dst, copy.ttl) == (copy.data, N, 1)
    bench.far.send(RN, nb.message(
        nb.RESV, 63, nb.session(N, port), nb.hop(N, copy.hop()[1]),
        nb.time_values(R_MS), nb.style(nb.FF),
        nb.guaranteed(9e6, r=20000.0, b=3000.0, p=40000.0),
        nb.filter_spec(H, port)))
    before, error = bench.far.heard_until(nb.RESV_ERR, TO_HOST, port)
    assert not [h for h in before if h.type == nb.RESV_ERR]
    assert (error.dst, error.error()[2]) == (N, 1)
    sender.stop()
    bench.far.expect(nb.PATH_TEAR, TO_HOST, port)


def test_a_neighbour_that_falls_silent_is_forgotten(bench):
    bench.far_path(bench.port())
    lab.wait_for(lambda: bench.iface("eth2")["udp_neighbours"] == 1, "known")
    assert bench.iface("eth2")["udp_seen"]
    lab.wait_for(lambda: not bench.iface("eth2")["udp_seen"],
                 "the lifetime of its state to end")
    assert bench.iface("eth2")["udp_neighbours"] == 0


def test_a_neighbour_that_speaks_raw_needs_no_udp(bench):
    port = bench.port()
    bench.far_path(port)
    lab.wait_for(lambda: bench.iface("eth2")["udp_neighbours"] == 1, "known")
    raw = nb.Neighbour(bench.node["n"], "eth0")
    raw.send(N, H, nb.message(
        nb.PATH, 63, nb.session(H, port), nb.hop(N, 5), nb.time_values(R_MS),
        nb.template(N, port), nb.tspec(), nb.adspec()), 63, alert=True)
    lab.within(LIFETIME_S / 2,
               lambda: bench.iface("eth2")["udp_neighbours"] == 0,
               "forgotten at once")
    raw.close()


def test_a_receiver_in_udp_is_remembered_too(bench):
    """It sends no Path: UDP has to be configured."""
    bench.quiet("eth2")
    bench.reload("r", conf(section("eth0"), section("eth1"),
                           section("eth2", 'udp = "on";')))
    port = bench.port()
    sender = bench.send("h", N, port)
    copy = bench.far.expect(nb.PATH, TO_HOST, port)
    bench.far.send(RN, nb.message(
        nb.RESV, 63, nb.session(N, port), nb.hop(N, copy.hop()[1]),
        nb.time_values(R_MS), nb.style(nb.FF),
        nb.controlled_load(r=20000.0, p=40000.0), nb.filter_spec(H, port)))
    lab.wait_for(lambda: bench.reservation(port, "eth2"), "the reservation")
    # The doubt about who was heard without UDP may outlast the quiet a moment.
    lab.within(LIFETIME_S / 2,
               lambda: bench.iface("eth2")["udp_neighbours"] == 1,
               "known")
    assert not bench.iface("eth2")["udp_seen"]
    text = bench.daemon["r"].ctl("show", "interfaces").stdout
    assert "RSVP in UDP: on, not heard, 1 neighbours need it" in text
    sender.stop()
    bench.reload("r", conf(section("eth0"), section("eth1"),
                           section("eth2")))


def test_the_router_of_a_host_may_be_named(bench):
    bench.reload("u", conf(section(
        "eth0", f'udpRouter = "{RU2}"; udpTtl = 3;'), raw=False))
    tap = Tap(bench.node["r"], "eth0")
    port, near = bench.port(), bench.port()
    senders = [bench.send("u", H, port), bench.send("u", RU, near)]
    heard = tap.expect(nb.PATH, FROM_HOST, port)
    assert (heard.dst, heard.ttl) == (RU2, 3)
    heard = tap.expect(nb.PATH, FROM_HOST, near)
    assert (heard.dst, heard.ttl) == (RU, 1)
    lab.wait_for(lambda: bench.path(port), "path state")
    for sender in senders:
        sender.stop()
    tap.close()
    bench.reload("u", conf(section("eth0"), raw=False))


def test_ipv6_has_no_way_without_raw_sockets(bench):
    """The application hears of it; there is nothing to send."""
    names = "udp_sent", "send_failed"
    before = [bench.counter(name, "u") for name in names]
    sender = bench.send("u", "2001:db8:1::1", bench.port())
    error = wait_event(sender, "path_error", code=20, value=254)
    assert "raw = false in rsvpd.conf" in error["text"], error
    assert [bench.counter(name, "u") for name in names] == before
    sender.stop()


def test_a_neighbour_that_names_another_is_not_believed(bench):
    bench.quiet("eth2")
    port = bench.port()
    bench.far_path(port, hop="10.3.3.77")
    lab.wait_for(lambda: bench.path(port), "path state")
    assert not bench.iface("eth2")["udp_seen"]
    assert bench.iface("eth2")["udp_neighbours"] == 0


def test_port_1699_is_not_for_a_router(bench):
    before = bench.counter("udp_received")
    port = bench.port()
    data = nb.message(nb.PATH, 63, nb.session(H, port), nb.hop(N, 5),
                      nb.time_values(R_MS), nb.template(N, port),
                      nb.tspec(), nb.adspec())
    bench.far.send(RN, data, TO_HOST)
    bench.far.send(GROUP, data)  # nobody's: not the well-known group
    bench.far.send(RN, data)
    lab.wait_for(lambda: bench.path(port), "the third one")
    assert bench.counter("udp_received") == before + 1


def test_rubbish_in_udp_is_dropped_and_counted(bench):
    names = ("malformed", "checksum", "udp_received", "bug")
    before = {n: bench.counter(n) for n in names}
    whole = nb.message(nb.PATH, 63, nb.session(H, bench.port()),
                       nb.hop(N, 5), nb.time_values(R_MS),
                       nb.template(N, 1), nb.tspec(), nb.adspec())
    rubbish = [b"", b"\0", bytes(2000), whole[:-1], whole + b"\0" * 4,
               whole[:7], b"\x20" + whole[1:]]
    rubbish += [whole[:i] for i in range(8, len(whole), 4)]
    for data in rubbish:
        bench.far.send(RN, data)
    bench.far.send(RN, whole[:2] + bytes([whole[2] ^ 1]) + whole[3:])
    bench.far.send(ALL, bytes(64))
    total = len(rubbish) + 2
    lab.wait_for(lambda: bench.counter("udp_received") ==
                 before["udp_received"] + total, "all of it read")
    after = {n: bench.counter(n) for n in names}
    assert after["bug"] == before["bug"]
    assert (after["malformed"] + after["checksum"] == before["malformed"] +
            before["checksum"] + total)
    port = bench.port()
    bench.far_path(port)
    lab.wait_for(lambda: bench.path(port), "an honest Path after it")


def test_an_interface_may_be_without_udp_or_always_with_it(bench):
    """Reloaded; then the router has no socket for it at all."""
    daemon = bench.daemon["r"]

    def reload(*modes, raw=True):
        bench.reload("r", conf(*(section(f"eth{i}", f'udp = "{mode}";')
                                 for i, mode in enumerate(modes)), raw=raw))
        assert [bench.iface(f"eth{i}")["udp"]
                for i in range(3)] == list(modes)

    assert members(daemon) == {"eth0", "eth1", "eth2"}
    reload("auto", "auto", "off")
    lost, port = bench.port(), bench.port()
    before = bench.counter("udp_ignored")
    bench.far_path(lost)
    lab.wait_for(lambda: bench.counter("udp_ignored") == before + 1, "drop")
    assert not bench.path(lost)
    assert members(daemon) == {"eth0", "eth1"}
    reload("auto", "auto", "on")
    sender = bench.send("h", N, port)
    bench.far.expect(nb.PATH, TO_HOST, port)
    reload("off", "off", "off")
    lab.wait_for(lambda: udp_ports(daemon) == [], "no socket")
    reload("auto", "auto", "auto", raw=False)
    lab.wait_for(lambda: (raw_sockets(daemon), udp_ports(daemon)) ==
                 (0, [FROM_HOST, TO_HOST]), "no raw socket")
    reload("auto", "auto", "auto")
    lab.wait_for(lambda: (raw_sockets(daemon), udp_ports(daemon)) ==
                 (3, [FROM_HOST]), "raw sockets again")
    sender.stop()
    again = bench.port()
    bench.far_path(again, dst="10.2.2.20", to=ALL)
    lab.wait_for(lambda: bench.path(again), "the group joined again")


def test_a_flood_in_udp_meets_the_limit_of_the_interface(bench):
    bench.reload("r", conf(section("eth0"), section("eth1"),
                           section("eth2", "packetsPerSecond = 10;")))
    before = bench.counter("rate_limited")
    for _ in range(200):
        bench.far_path(bench.next_port)
    lab.wait_for(lambda: bench.counter("rate_limited") > before + 100,
                 "the bucket to empty")
