# SPDX-License-Identifier: ISC
"""Datagrams with a DS field from one host to another, and what arrives."""

import collections
import json
import subprocess

import lab

PYTHON = "/usr/bin/python3"
LAST = 8998  # a datagram to that port ends the listening

# Ports to listen on, datagrams to wait for; prints [port, DS field] of each.
LISTEN = """
import json, select, socket, sys, time
ports, expected, wait = eval(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
last = int(sys.argv[4])
socks = []
for family, level, option in ((2, 0, 13), (10, 41, 66)):
    for port in [*ports, last]:
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.setsockopt(level, option, 1)
        s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
        if family == 10:
            s.setsockopt(41, 26, 1)
        s.bind(("", port))
        socks.append((s, port))
print("ready", flush=True)
got, end, ended = [], time.monotonic() + wait, False
while len(got) < expected and time.monotonic() < end:
    ready = select.select([s for s, _ in socks] + ([] if ended else [
        sys.stdin]), [], [], 0 if ended else 0.1)[0]
    if ended and not ready:
        break
    for s in ready:
        if s is sys.stdin:  # the number is known now
            expected = int(s.readline() or expected)
            continue
        data, anc, _, peer = s.recvmsg(2000, 200)
        port = [p for t, p in socks if t is s][0]
        tos = int.from_bytes(anc[0][2][:1], "little")
        if port == last:
            ended = True
            continue
        got.append([port, tos, len(data), time.monotonic(), data[:8].hex()])
print(json.dumps(got))
"""

# Count, destination, ports in turn, DS field, octets of payload, pause in
# microseconds, first source port or 0.
SEND = """
import socket, sys, time
count, dst, ports, tos, size, pause, sport = sys.argv[1:]
v6 = ":" in dst
s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(41 if v6 else 0, 67 if v6 else 1, int(tos))
s.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)
if int(sport):
    s.bind(("", int(sport)))
ports, begin = eval(ports), time.monotonic()
for i in range(int(count)):
    s.sendto(i.to_bytes(8, "big") + bytes(int(size) - 8), (dst, ports[i % len(ports)]))
    due = begin + (i + 1) * int(pause) / 1e6
    while time.monotonic() < due:
        pass
print(time.monotonic() - begin)
"""


class Ear:
    def __init__(self, node, ports, expected, wait=lab.PATIENCE_S):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", node.ns, PYTHON, "-c", LISTEN,
             repr(list(ports)), str(expected), str(wait), str(LAST)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def heard(self):
        out, _ = self.process.communicate(timeout=90)
        return json.loads(out)

    def heard_until_now(self, node, dst):
        """What came before one more datagram of that node, which is not judged:
        where nobody knows how much that is."""
        send(node, 1, dst, ports=[LAST])
        return self.heard()

    def fields_until(self, expected):
        """As fields(), of so many in all, known only now."""
        self.process.stdin.write(f"{expected}\n")
        self.process.stdin.flush()
        return self.fields()

    def fields(self):
        """How many of each [port, DS field]."""
        return collections.Counter((p, t) for p, t, *_ in self.heard())


def send(node, count, dst, ports=(9000,), tos=0, size=1000, pause=0,
         sport=0):
    return float(node.run(PYTHON, "-c", SEND, count, dst,
                             repr(list(ports)), tos, size, pause,
                             sport).stdout)
