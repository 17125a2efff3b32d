# SPDX-License-Identifier: ISC
"""An RSVP neighbour that shares no code with ours: objects packed by hand after
RFC 2205 Appendix A and RFC 2210, IP by scapy, raw packets in a namespace."""

import ctypes
import os
import select
import socket
import struct
import threading
import time

from scapy.layers.inet import IP, IPOption_Router_Alert
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop, RouterAlert

PATH, RESV, PATH_ERR, RESV_ERR, PATH_TEAR, RESV_TEAR, RESV_CONF = range(1, 8)
SESSION, HOP, TIME, ERROR, SCOPE, STYLE = 1, 3, 5, 6, 7, 8
FLOWSPEC, FILTER, TEMPLATE, TSPEC, ADSPEC, CONFIRM = 9, 10, 11, 12, 13, 15
WF, FF, SE = 0x11, 0x0A, 0x12
RSVP = 46
ETH_P_ALL = 3
OUTGOING = 4  # packet type of what this interface sends


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

    def __init__(self, packet):
        self.packet = packet
        self.v6 = IPv6 in packet
        layer = packet[IPv6] if self.v6 else packet[IP]
        self.src, self.dst = layer.src, layer.dst
        self.ttl = layer.hlim if self.v6 else layer.ttl
        self.tos = layer.tc if self.v6 else layer.tos
        if self.v6:
            alert = packet.getlayer(RouterAlert)
            if IPv6ExtHdrHopByHop in packet:
                options = packet[IPv6ExtHdrHopByHop].options
                alert = next((o for o in options
                              if isinstance(o, RouterAlert)), None)
                data = bytes(packet[IPv6ExtHdrHopByHop].payload)
            else:
                data = bytes(layer.payload)
            self.router_alert = alert is not None and alert.value == 1
        else:
            self.router_alert = any(
                isinstance(o, IPOption_Router_Alert) and o.alert == 0
                for o in layer.options)
            data = bytes(layer.payload)
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

    def port(self):
        body = self.get(SESSION)  # nonsense is passed on as it came
        return struct.unpack("!H", body[-2:])[0] if body and len(
            body) >= 2 else None


class Neighbour:
    """Raw send and receive on one interface of a namespace."""

    def __init__(self, node, interface):
        self.node = node

        def sockets():
            s4 = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                               socket.IPPROTO_RAW)
            s6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW,
                               socket.IPPROTO_RAW)
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                socket.htons(ETH_P_ALL))
            tap.bind((interface, ETH_P_ALL))
            return s4, s6, tap
        self.s4, self.s6, self.tap = in_namespace(node.ns, sockets)
        self.kept = []

    def close(self):
        for s in (self.s4, self.s6, self.tap):
            s.close()

    def send(self, src, dst, data, ttl=63, alert=False):
        """An RSVP message in an IP packet of its own."""
        if ":" in dst:
            packet = IPv6(src=src, dst=dst, hlim=ttl, tc=0xC0)
            if alert:
                packet /= IPv6ExtHdrHopByHop(nh=RSVP,
                                             options=[RouterAlert(value=1)])
            else:
                packet.nh = RSVP
            self.s6.sendto(bytes(packet) if not data else
                           self._v6(packet, data), (dst, 0))
            return
        options = [IPOption_Router_Alert()] if alert else []
        packet = IP(src=src, dst=dst, ttl=ttl, proto=RSVP, tos=0xC0,
                    options=options) / data
        self.s4.sendto(bytes(packet), (dst, 0))

    @staticmethod
    def _v6(packet, data):
        packet.plen = len(bytes(packet)) - 40 + len(data)
        return bytes(packet) + data

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
        if IP in packet and packet[IP].proto != RSVP:
            return
        if IPv6 in packet:
            nh = packet[IPv6].nh
            if nh == 0:
                nh = packet[IPv6ExtHdrHopByHop].nh if (
                    IPv6ExtHdrHopByHop in packet) else 0
            if nh != RSVP:
                return
        self.kept.append(Heard(packet))

    def expect(self, number, port=None, timeout=5.0):
        """The next message of that type (and session port)."""
        deadline = time.monotonic() + timeout
        while True:
            for i, heard in enumerate(self.kept):
                if heard.type == number and port in (None, heard.port()):
                    del self.kept[i]
                    return heard
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(
                    f"no message of type {number} for port {port}; heard "
                    f"{[(h.type, h.port()) for h in self.kept]}")
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
