# SPDX-License-Identifier: ISC
"""Two neighbours of a router that hold thousands of sessions, without a daemon
of their own."""

import time

import lab
import neighbour as nb

WINDOW = 64  # set-ups under way at once


class Wire:
    """a - r - b with r to be measured."""

    def __init__(self):
        self.lab = lab.Lab("rsvpbench")
        self.a = self.lab.node("a")
        self.r = self.lab.node("r", forward=True)
        self.b = self.lab.node("b")
        self.lab.link(self.a, "eth0", self.r, "eth0",
                      ("10.1.0.10", "10.1.0.1", 16))
        self.lab.link(self.r, "eth1", self.b, "eth0",
                      ("10.2.0.1", "10.2.0.20", 16))
        self.a.ip("route", "add", "default", "via", "10.1.0.1")
        self.b.ip("route", "add", "default", "via", "10.2.0.1")
        self.up = nb.Neighbour(self.a, "eth0")
        self.down = nb.Neighbour(self.b, "eth0")
        for s in (self.up.tap, self.down.tap):
            s.setsockopt(1, 33, 16 * 1024 * 1024)  # SO_RCVBUFFORCE

    def close(self):
        self.lab.close()

    def set_up(self, count, first_port, lih=None):
        """Path and Resv of so many sessions, all the way; seconds."""
        src, dst = "10.1.0.10", "10.2.0.20"
        start = time.monotonic()
        paths, resvs = 0, 0
        alert = nb.IP(src=src, dst=dst, ttl=63, proto=nb.RSVP, tos=0xC0,
                      options=[nb.IPOption_Router_Alert()])
        plain = nb.IP(src=dst, dst="10.2.0.1", ttl=63, proto=nb.RSVP,
                      tos=0xC0)
        head_path, head_resv = bytes(alert), bytes(plain)
        pending = {}
        deadline = time.monotonic() + 60 + count / 500
        while resvs < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{resvs} of {count} set up")
            while paths < count and paths - resvs < WINDOW:
                port = first_port + paths
                self.send4(self.up, head_path, dst, nb.message(
                    nb.PATH, 63, nb.session(dst, port), nb.hop(src, 7),
                    nb.time_values(300000), nb.template(src, port),
                    nb.tspec(), nb.adspec()))
                pending[port] = True
                paths += 1
            for data in self.heard(self.down):
                if data[1] != nb.PATH:
                    continue
                port, their_lih = session_and_lih(data)
                self.lih = their_lih if lih is None else lih
                self.send4(self.down, head_resv, "10.2.0.1", nb.message(
                    nb.RESV, 63, nb.session(dst, port),
                    nb.hop(dst, their_lih if lih is None else lih),
                    nb.time_values(300000), nb.style(nb.FF),
                    nb.controlled_load(r=1000.0, b=1500.0, p=2000.0),
                    nb.filter_spec(src, port)))
            for data in self.heard(self.up):
                if data[1] == nb.RESV and pending.pop(
                        session_and_lih(data)[0], None):
                    resvs += 1
        return time.monotonic() - start

    def refresh(self, ports, relayed):
        """Path and Resv of those sessions once more, in bursts.  The end of a
        burst: a relay has sent all of it on; the daemon has answered a Path
        with an object of an unknown class (one packet in 65)."""
        src, dst = "10.1.0.10", "10.2.0.20"
        alert = bytes(nb.IP(src=src, dst=dst, ttl=63, proto=nb.RSVP, tos=0xC0,
                            options=[nb.IPOption_Router_Alert()]))
        plain = bytes(nb.IP(src=dst, dst="10.2.0.1", ttl=63, proto=nb.RSVP,
                            tos=0xC0))
        burst = WINDOW // 2
        for first in range(0, len(ports), burst):
            some = ports[first:first + burst]
            for port in some:
                self.send4(self.up, alert, dst, nb.message(
                    nb.PATH, 63, nb.session(dst, port), nb.hop(src, 7),
                    nb.time_values(300000), nb.template(src, port),
                    nb.tspec(), nb.adspec()))
                self.send4(self.down, plain, "10.2.0.1", nb.message(
                    nb.RESV, 63, nb.session(dst, port),
                    nb.hop(dst, self.lih), nb.time_values(300000),
                    nb.style(nb.FF),
                    nb.controlled_load(r=1000.0, b=1500.0, p=2000.0),
                    nb.filter_spec(src, port)))
            if not relayed:
                self.send4(self.up, alert, dst, nb.message(
                    nb.PATH, 63, nb.session(dst, some[0]), nb.hop(src, 7),
                    nb.time_values(300000), nb.template(src, some[0]),
                    nb.tspec(), nb.obj(99, 1, bytes(4))))
            wanted = [len(some), len(some)] if relayed else [0, 1]

            def done():
                for data in self.heard(self.down):
                    wanted[0] -= data[1] == nb.PATH
                for data in self.heard(self.up):
                    wanted[1] -= data[1] == (
                        nb.RESV if relayed else nb.PATH_ERR)
                return max(wanted) <= 0
            deadline = time.monotonic() + lab.PATIENCE_S
            while not done():
                if time.monotonic() > deadline:
                    raise TimeoutError(f"a burst of refreshes: {wanted}")

    @staticmethod
    def send4(neighbour, head, dst, message):
        total = len(head) + len(message)
        packet = (head[:2] + total.to_bytes(2, "big") + head[4:10] +
                  bytes(2) + head[12:] + message)
        neighbour.s4.sendto(packet, (dst, 0))

    @staticmethod
    def heard(neighbour):
        """RSVP messages that came in, without waiting."""
        found = []
        for _ in range(2 * WINDOW):
            try:
                data, address = neighbour.tap.recvfrom(65535, 0x40)
            except BlockingIOError:
                break
            if address[2] == nb.OUTGOING or len(data) < 28 or (
                    data[0] >> 4 != 4 or data[9] != nb.RSVP):
                continue
            found.append(data[(data[0] & 15) * 4:])
        return found


def session_and_lih(data):
    """Port and LIH; SESSION and HOP come first in what is sent here."""
    return (int.from_bytes(data[18:20], "big"),
            int.from_bytes(data[28:32], "big"))
