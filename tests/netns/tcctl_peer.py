# SPDX-License-Identifier: ISC
"""The engine's end of the conversation with `tcctl serve`, written from the
description of the messages alone: no code of ours is behind it."""

import ipaddress
import os
import select
import signal
import socket
import struct
import subprocess
import time

import lab

IFACE, IFACE_OFF, FLOW_ADD, FLOW_CHANGE, FLOW_DEL, COUNTERS = range(1, 7)
RULE, RULES, RULE_COUNTERS = range(32, 35)
RULE_COUNTER = 96
FLOW_MARK = 112
MARK, DROP, DELAY = range(3)
ADOPTED, DONE, COUNTER, NOTE, LOST, DRIFT = range(64, 70)
GS, CL = 2, 5

# name: (attribute, format); "a" address, "s" text, "f" nest of a filter, "m" of
# a match
ATTRS = {
    "ifindex": (1, "I"), "name": (2, "s"), "link_Bps": (3, "Q"),
    "best_effort_Bps": (4, "Q"), "control_Bps": (5, "Q"), "mtu": (6, "I"),
    "header_bytes": (7, "I"), "overhead_bytes": (8, "I"),
    "min_frame_bytes": (9, "I"), "timer_us": (10, "I"),
    "pool_low": (11, "I"), "pool_high": (12, "I"), "take_over": (13, "B"),
    "atm": (14, "B"), "classifier": (15, "B"), "ingress_Bps": (16, "Q"),
    "gso_segs": (17, "I"), "gro_octets": (18, "I"),
    "flow_id": (32, "I"), "service": (33, "B"), "rate_Bps": (34, "Q"),
    "peak_Bps": (35, "Q"), "bucket_bytes": (36, "Q"),
    "max_packet_bytes": (37, "I"), "min_packet_bytes": (38, "I"),
    "buffer_bytes": (39, "Q"), "filters": (40, "f"),
    "dst": (64, "a"), "src": (65, "a"), "proto": (66, "B"),
    "dst_port": (67, "H"), "src_port": (68, "H"), "by_label": (69, "B"),
    "flow_label": (70, "I"), "spi": (71, "I"),
    "token_Bps": (72, "Q"), "demoted": (73, "B"),
    "error": (96, "I"), "text": (97, "s"), "classid": (98, "I"),
    "bytes": (99, "Q"), "packets": (100, "Q"), "drops": (101, "Q"),
    "backlog_bytes": (102, "I"),
    "rule_id": (128, "I"), "before": (129, "B"), "deny": (130, "B"),
    "marks": (131, "B"), "dscp": (132, "B"), "guaranteed": (133, "B"),
    "excess": (134, "B"), "marks_out": (135, "B"), "dscp_out": (136, "B"),
    "matches": (137, "m"),
    "family": (160, "B"), "src_first": (161, "a"), "src_last": (162, "a"),
    "dst_first": (163, "a"), "dst_last": (164, "a"),
    "src_port_first": (165, "H"), "src_port_last": (166, "H"),
    "dst_port_first": (167, "H"), "dst_port_last": (168, "H"),
    "dscp_mask": (169, "B"), "in": (170, "s"), "in_ifindex": (171, "I"),
    "in_bytes": (192, "Q"), "in_packets": (193, "Q"),
    "out_bytes": (194, "Q"), "out_packets": (195, "Q"),
    "hidden_counted": (196, "B"), "hidden_fragments": (197, "Q"),
    "hidden_extensions": (198, "Q"),
}
BY_NUMBER = {number: (name, form) for name, (number, form) in ATTRS.items()}
FILTER = {"dst": None, "src": None, "proto": 17, "dst_port": 0, "src_port": 0,
          "by_label": 0, "flow_label": 0, "spi": 0}
MATCH = {"family": 4, "src_first": None, "src_last": None, "dst_first": None,
         "dst_last": None, "proto": 17, "src_port_first": 0,
         "src_port_last": 0, "dst_port_first": 0, "dst_port_last": 0,
         "dscp": 0, "dscp_mask": 0, "in": "", "in_ifindex": 0}
RULE_OF = {"rule_id": 0, "ifindex": 0, "before": 0, "deny": 0, "marks": 0,
           "dscp": 0, "rate_Bps": 0, "bucket_bytes": 0, "guaranteed": 0,
           "excess": MARK, "marks_out": 0, "dscp_out": 0, "matches": [MATCH],
           "peak_Bps": 0, "min_packet_bytes": 0, "max_packet_bytes": 0}


def attribute(name, value):
    number, form = ATTRS[name]
    if form == "s":
        body = value.encode()
    elif form == "a":
        address = ipaddress.ip_address(value) if value else None
        body = (bytes([address.version]) + address.packed if address
                else b"\0")
    elif form == "f":
        return b"".join(nest(number, {**FILTER, **one}) for one in value)
    elif form == "m":
        return b"".join(nest(number, {**MATCH, **one}) for one in value)
    else:
        body = struct.pack("<" + form, value)
    return struct.pack("<HH", number, 4 + len(body)) + body


def nest(number, values):
    body = b"".join(attribute(k, v) for k, v in values.items())
    return struct.pack("<HH", number, 4 + len(body)) + body


def message(kind, serial, values):
    body = b"".join(attribute(k, v) for k, v in values.items())
    return struct.pack("<IHHI", 12 + len(body), 1, kind, serial) + body


def parse_attributes(data):
    values = {}
    while data:
        number, length = struct.unpack_from("<HH", data)
        body, data = data[4:length], data[length:]
        name, form = BY_NUMBER[number]
        if form == "s":
            values[name] = body.decode()
        elif form == "a":
            values[name] = (str(ipaddress.ip_address(body[1:]))
                            if body[0] else None)
        elif form == "f":
            values.setdefault(name, []).append(parse_attributes(body))
        else:
            values[name] = struct.unpack("<" + form, body)[0]
    return values


def parse(datagram):
    while datagram:
        length, version, kind, serial = struct.unpack_from("<IHHI", datagram)
        assert version == 1
        yield kind, serial, parse_attributes(datagram[12:length])
        datagram = datagram[length:]


class Peer:
    """A `tcctl serve` in a namespace, and a conversation with it."""

    def __init__(self, program, netns, life=False, env=None):
        self.serial = 0
        self.notes = []
        self.drifts = []
        self.answers = []
        self.socket, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.life, their_life = (socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET) if life else (None, None))
        fds = [theirs.fileno()] + ([their_life.fileno()] if life else [])
        # High numbers first, so that 3 and 4 can be put in place.
        high = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
        moves = " ".join(f"{3 + i}<&{fd}" for i, fd in enumerate(high))
        closes = " ".join(f"{fd}<&-" for fd in high)
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", netns, "bash", "-c",
             f'exec "$0" serve {moves} {closes}', str(program)],
            pass_fds=high, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(env or {})})
        for fd in high:
            os.close(fd)
        theirs.close()
        if their_life:
            their_life.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(lab.PATIENCE_S)
        self.process.stderr.close()
        self.socket.close()
        if self.life:
            self.life.close()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(lab.PATIENCE_S)

    def send(self, *requests):
        """One datagram of (kind, values); returns their serials."""
        serials, data = [], b""
        for kind, values in requests:
            self.serial += 1
            serials.append(self.serial)
            data += message(kind, self.serial, values)
        self.socket.send(data)
        return serials

    def sign_of_life(self):
        """Ask for one as the supervisor does, and wait for it."""
        self.serial += 1
        self.life.settimeout(lab.PATIENCE_S)
        self.life.send(struct.pack("<IHHI", 12, 1, 1, self.serial))
        assert self.life.recv(100) == struct.pack("<IHHI", 12, 1, 2,
                                                  self.serial)

    def receive(self, timeout=lab.PATIENCE_S):
        ready, _, _ = select.select([self.socket], [], [], timeout)
        assert ready, "tcctl does not answer"
        data = self.socket.recv(70000)
        assert data, "tcctl has gone: " + self.process.stderr.read()
        for kind, serial, values in parse(data):
            if kind == NOTE:
                self.notes.append(values["text"])
            elif kind == DRIFT:
                self.drifts.append(values)
            else:
                self.answers.append((kind, serial, values))

    def done(self, serials, timeout=lab.PATIENCE_S):
        """Wait for the acknowledgements: their values, in that order, and
        whatever else was told under these serials."""
        deadline = time.monotonic() + timeout
        while True:
            found = {s: v for k, s, v in self.answers if k == DONE}
            if all(s in found for s in serials):
                break
            self.receive(max(0.1, deadline - time.monotonic()))
        told = [(k, v) for k, s, v in self.answers
                if s in serials and k != DONE]
        self.answers = [a for a in self.answers if a[1] not in serials]
        return [found[s] for s in serials], told

    def ask(self, kind, values):
        done, told = self.done(self.send((kind, values)))
        return done[0], [v for _, v in told]

    def rules(self, ifindex, *rules):
        """Put that set in force; the answer."""
        self.serial += 1
        self.socket.send(b"".join(
            message(RULE, self.serial, {**RULE_OF, **rule,
                                        "ifindex": ifindex})
            for rule in rules)
            + message(RULES, self.serial, {"ifindex": ifindex}))
        return self.done([self.serial])[0][0]

    def rule_counts(self, ifindex=0):
        _, told = self.ask(RULE_COUNTERS, {"ifindex": ifindex})
        return {one["rule_id"]: one for one in told}

    def wait_note(self, word, timeout=lab.PATIENCE_S):
        deadline = time.monotonic() + timeout
        while not any(word in note for note in self.notes):
            self.receive(max(0.1, deadline - time.monotonic()))

    def wait_drift(self, word, timeout=lab.PATIENCE_S):
        """The next report with that word in it; those before it are gone."""
        deadline = time.monotonic() + timeout
        while True:
            while self.drifts:
                report = self.drifts.pop(0)
                if word in report["text"]:
                    return report
            self.receive(max(0.1, deadline - time.monotonic()))
