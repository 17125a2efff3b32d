# SPDX-License-Identifier: ISC
"""An RSVP neighbour that shares no code with ours: objects packed by hand after
RFC 2205 Appendix A and RFC 2210, IP by scapy, raw packets in a namespace."""

import collections
import ctypes
import os
import select
import socket
import struct
import threading
import time

from scapy.layers.inet import IP, IPOption_Router_Alert
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop, RouterAlert

import lab

PATH, RESV, PATH_ERR, RESV_ERR, PATH_TEAR, RESV_TEAR, RESV_CONF = range(1, 8)
NULL, SESSION, HOP, TIME, ERROR, SCOPE, STYLE = 0, 1, 3, 5, 6, 7, 8
FLOWSPEC, FILTER, TEMPLATE, TSPEC, ADSPEC = 9, 10, 11, 12, 13
POLICY, CONFIRM = 14, 15
WF, FF, SE = 0x11, 0x0A, 0x12
RSVP = 46
ETH_P_ALL = 3
SOL_PACKET, PACKET_IGNORE_OUTGOING, PACKET_QDISC_BYPASS = 263, 23, 20
OUTGOING = 4  # packet type of what this interface sends
FRAGMENT = 1400  # octets of a message in one packet; a multiple of eight


def in_namespace(ns, function):
    """Call a function inside a namespace and return what it returns; the
    sockets it opens stay there."""
    box = {}

    def body():
        try:
            with open(f"/run/netns/{ns}", encoding="ascii") as handle:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(handle.fileno(), 0x40000000) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            box["value"] = function()
        except OSError as error:
            box["error"] = error
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if "error" in box:
        raise box["error"]
    return box["value"]


# ---- bytes -----------------------------------------------------------------

def packed(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address)


def kind(address):
    return 2 if ":" in address else 1


def obj(number, ctype, body):
    return struct.pack("!HBB", len(body) + 4, number, ctype) + body


def session(address, port, proto=17, flags=0):
    return obj(SESSION, kind(address),
               packed(address) + struct.pack("!BBH", proto, flags, port))


def hop(address, lih):
    return obj(HOP, kind(address), packed(address) + struct.pack("!I", lih))


def time_values(refresh_ms):
    return obj(TIME, 1, struct.pack("!I", refresh_ms))


def style(bits):
    return obj(STYLE, 1, struct.pack("!I", bits))


def filter_spec(address, port, number=FILTER):
    return obj(number, kind(address),
               packed(address) + struct.pack("!HH", 0, port))


def template(address, port):
    return filter_spec(address, port, TEMPLATE)


def bucket(r, b, p, m, M):
    return struct.pack("!fffII", r, b, p, m, M)


def tspec(r=125000.0, b=16000.0, p=250000.0, m=64, M=1500):
    return obj(TSPEC, 2, struct.pack("!HHBBHBBH", 0, 7, 1, 0, 6, 127, 0, 5) +
               bucket(r, b, p, m, M))


def controlled_load(r=125000.0, b=16000.0, p=250000.0, m=64, M=1500):
    return obj(FLOWSPEC, 2, struct.pack("!HHBBHBBH", 0, 7, 5, 0, 6, 127, 0, 5) +
               bucket(r, b, p, m, M))


def guaranteed(R, S=0, r=125000.0, b=16000.0, p=250000.0, m=64, M=1500):
    return obj(FLOWSPEC, 2,
               struct.pack("!HHBBHBBH", 0, 10, 2, 0, 9, 127, 0, 5) +
               bucket(r, b, p, m, M) + struct.pack("!BBHfI", 130, 0, 2, R, S))


def adspec(hops=1, bandwidth=12.5e6, latency=0, mtu=1500):
    return obj(ADSPEC, 2, struct.pack(
        "!HHBBHBBHIBBHfBBHIBBHIBBHBBHIBBHIBBHIBBHIBBH", 0, 19, 1, 0, 8, 4, 0,
        1, hops, 6, 0, 1, bandwidth, 8, 0, 1, latency, 10, 0, 1, mtu, 2, 0, 8,
        133, 0, 1, 0, 134, 0, 1, 0, 135, 0, 1, 0, 136, 0, 1, 0, 5, 0, 0))


def confirm(address):
    return obj(CONFIRM, kind(address), packed(address))


def error_spec(node, flags, code, value):
    return obj(ERROR, kind(node),
               packed(node) + struct.pack("!BBH", flags, code, value))


def scope(*addresses):
    return obj(SCOPE, kind(addresses[0]), b"".join(map(packed, addresses)))


# What a FLOWSPEC says; R and S are None for Controlled-Load.
Spec = collections.namedtuple("Spec", "service r b p m M R S")


def spec_of(body):
    """The fields of a FLOWSPEC, read after RFC 2210 3.2."""
    service = body[4]
    fields = struct.unpack("!fffII", body[12:32])
    if service == 2:
        return Spec(service, *fields, *struct.unpack("!fI", body[36:44]))
    return Spec(service, *fields, None, None)


def address_of(body):
    family = socket.AF_INET if len(body) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, body)


def filter_of(body):
    """(address, port) of a FILTER_SPEC or SENDER_TEMPLATE."""
    return (address_of(body[:-4]), struct.unpack("!H", body[-2:])[0])


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def message(number, ttl, *objects, right=True):
    body = b"".join(objects)
    head = struct.pack("!BBHBBH", 0x10, number, 0, ttl, 0, len(body) + 8)
    value = checksum(head + body)
    if not right:
        value ^= 0x1234
    return head[:2] + struct.pack("!H", value or 0xFFFF) + head[4:] + body


class Heard:
    """A message as heard: its IP packet (scapy) and its objects."""

    def __init__(self, packet, data):
        self.packet = packet
        self.v6 = IPv6 in packet
        layer = packet[IPv6] if self.v6 else packet[IP]
        self.src, self.dst = layer.src, layer.dst
        self.ttl = layer.hlim if self.v6 else layer.ttl
        self.tos = layer.tc if self.v6 else layer.tos
        if self.v6:
            hops = packet.getlayer(IPv6ExtHdrHopByHop)
            self.router_alert = any(
                isinstance(o, RouterAlert) and o.value == 1
                for o in (hops.options if hops else ()))
        else:
            self.router_alert = any(
                isinstance(o, IPOption_Router_Alert) and o.alert == 0
                for o in layer.options)
        self.data = data
        (first, self.type, self.checksum, self.send_ttl, _,
         self.length) = struct.unpack("!BBHBBH", data[:8])
        self.version = first >> 4
        self.objects = []
        at = 8
        while at + 4 <= min(self.length, len(data)):
            size, number, ctype = struct.unpack("!HBB", data[at:at + 4])
            if size < 4:  # somebody's nonsense that was passed on
                break
            self.objects.append((number, ctype, data[at + 4:at + size]))
            at += size

    def sound(self):
        return (self.version == 1 and self.length == len(self.data) and
                self.checksum != 0 and checksum(self.data) == 0)

    def get(self, number):
        return next((body for n, _, body in self.objects if n == number),
                    None)

    def hop(self):
        body = self.get(HOP)
        family = socket.AF_INET if len(body) == 8 else socket.AF_INET6
        return (socket.inet_ntop(family, body[:-4]),
                struct.unpack("!I", body[-4:])[0])

    def error(self):
        """(node, flags, code, value)"""
        body = self.get(ERROR)
        family = socket.AF_INET if len(body) == 8 else socket.AF_INET6
        return (socket.inet_ntop(family, body[:-4]),
                *struct.unpack("!BBH", body[-4:]))

    def style(self):
        return struct.unpack("!I", self.get(STYLE))[0]

    def flows(self):
        """[(Spec or None, [(address, port), ...]), ...] in the order sent."""
        found = []
        for number, _, body in self.objects:
            if number == FLOWSPEC:
                found.append((spec_of(body), []))
            elif number == FILTER:
                if not found:
                    found.append((None, []))
                found[-1][1].append(filter_of(body))
        return found

    def filters(self):
        return sorted(f for _, filters in self.flows() for f in filters)

    def scope(self):
        """Addresses of the SCOPE in the order sent; None without one."""
        body = self.get(SCOPE)
        size = 16 if self.v6 else 4
        return None if body is None else [
            address_of(body[at:at + size])
            for at in range(0, len(body), size)]

    def port(self):
        body = self.get(SESSION)  # nonsense is passed on as it came
        return struct.unpack("!H", body[-2:])[0] if body and len(
            body) >= 2 else None


class Neighbour:
    """Raw send and receive on one interface of a namespace."""

    def __init__(self, node, interface):
        self.node = node
        self.interface = interface

        def sockets():
            s4 = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                               socket.IPPROTO_RAW)
            s6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW,
                               socket.IPPROTO_RAW)
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                socket.htons(ETH_P_ALL))
            # What it sends itself shall not fill the room for what comes.
            tap.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            tap.bind((interface, ETH_P_ALL))
            index = socket.if_nametoindex(interface)
            s4.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                          struct.pack("@8xi", index))
            s6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            return s4, s6, tap
        self.s4, self.s6, self.tap = in_namespace(node.ns, sockets)
        self.kept = []
        self.parts = {}
        self.ident = 0

    def close(self):
        for s in (self.s4, self.s6, self.tap):
            s.close()

    def send(self, src, dst, data, ttl=63, alert=False):
        """An RSVP message in an IP packet of its own, or in fragments."""
        parts = [(at, data[at:at + FRAGMENT])
                 for at in range(0, max(len(data), 1), FRAGMENT)]
        self.ident = (self.ident + 1) & 0xFFFF
        for at, part in parts:
            more = at + len(part) < len(data)
            if ":" in dst:
                packet = self._v6(src, dst, ttl, alert,
                                  (at, more) if len(parts) > 1 else None, part)
                self.s6.sendto(packet, (dst, 0))
                continue
            packet = IP(src=src, dst=dst, ttl=ttl, proto=RSVP, tos=0xC0,
                        id=self.ident, frag=at // 8, flags="MF" if more else 0,
                        options=[IPOption_Router_Alert()] if alert else [])
            self.s4.sendto(bytes(packet / part), (dst, 0))

    def _v6(self, src, dst, ttl, alert, fragment, part):
        heads = []  # (next header's number of this one, bytes after it)
        if alert:
            heads.append((0, bytes([0, 5, 2, 0, 1, 1, 0])))
        if fragment:
            heads.append((44, struct.pack("!BHI", 0, fragment[0] | fragment[1],
                                          self.ident)))
        numbers = [number for number, _ in heads] + [RSVP]
        body = b"".join(bytes([after]) + rest for (_, rest), after in zip(
            heads, numbers[1:])) + part
        return bytes(IPv6(src=src, dst=dst, hlim=ttl, tc=0xC0, nh=numbers[0],
                          plen=len(body))) + body

    def send_frame(self, mac, packet):
        """A whole IPv4 packet to that address of the link, at once: whether
        or not the link has been up long enough for anything to queue on it."""
        self.tap.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        self.tap.sendto(bytes(packet), (
            self.interface, 0x0800, 0, 0, bytes.fromhex(mac.replace(":", ""))))

    def send_raw4(self, packet):
        """A complete IPv4 packet as it is."""
        self.s4.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))

    def _poll(self, wait):
        ready, _, _ = select.select([self.tap], [], [], wait)
        if not ready:
            return
        data, address = self.tap.recvfrom(65535)
        if address[2] == OUTGOING or address[1] not in (0x0800, 0x86DD):
            return
        packet = IP(data) if data[0] >> 4 == 4 else IPv6(data)
        if IP in packet and packet[IP].proto == RSVP:
            layer = packet[IP]
            self._part(packet, layer.id, layer.frag * 8, layer.flags.MF,
                       bytes(layer.payload))
        elif IPv6 in packet:
            # Not by scapy's search: an ICMPv6 error has our packet inside.
            layer = packet[IPv6]
            if layer.nh == 0:
                layer = layer.payload
            if layer.nh == 44:
                layer = layer.payload
                if layer.nh == RSVP:
                    self._part(packet, layer.id, layer.offset * 8, layer.m,
                               bytes(layer.payload))
            elif layer.nh == RSVP:
                self._part(packet, None, 0, 0, bytes(layer.payload))

    def _part(self, packet, ident, at, more, data):
        """Keep a message when the last of its fragments has come."""
        if not at and not more:
            self.kept.append(Heard(packet, data))
            return
        layer = packet[IPv6] if IPv6 in packet else packet[IP]
        key = (layer.src, layer.dst, ident)
        parts = self.parts.setdefault(key, {})
        parts[at] = (packet, data, bool(more))
        whole = b""
        while len(whole) in parts:
            _, data, more = parts[len(whole)]
            whole += data
            if not more:
                self.kept.append(Heard(parts[0][0], whole))
                del self.parts[key]
                return

    def expect(self, number, port=None, timeout=lab.PATIENCE_S, dst=None):
        """The next message of that type (session port, IP destination)."""
        deadline = time.monotonic() + timeout
        seen = 0  # of kept: a flood of others is looked at once
        while True:
            for i in range(seen, len(self.kept)):
                heard = self.kept[i]
                if (heard.type == number and port in (None, heard.port()) and
                        dst in (None, heard.dst)):
                    return self.kept.pop(i)
            seen = len(self.kept)
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"no message of type {number} for port {port} to {dst}; "
                    f"heard {[(h.type, h.port(), h.dst) for h in self.kept]}")
            self._poll(left)

    def drain(self, seconds=0.0):
        """Forget what was heard; listen a while first."""
        deadline = time.monotonic() + seconds
        self._poll(0)
        while time.monotonic() < deadline:
            self._poll(0.05)
        heard, self.kept = self.kept, []
        return heard


def pcap_packets(path):
    """(link type, frame) of a capture."""
    with open(path, "rb") as handle:
        head = handle.read(24)
        order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"
                                    ) else ">"
        link = struct.unpack(order + "I", head[20:24])[0]
        frames = []
        while True:
            head = handle.read(16)
            if len(head) < 16:
                return frames
            size = struct.unpack(order + "IIII", head)[2]
            frames.append((link, handle.read(size)))


def ip_of(link, frame):
    """The IP packet of an Ethernet or raw frame, VLAN tags skipped."""
    if link == 1:
        at = 12
        while frame[at:at + 2] == b"\x81\x00":
            at += 4
        return frame[at + 2:]
    return frame


if os.geteuid() != 0:
    import pytest
    pytest.skip("needs root (network namespaces)", allow_module_level=True)
