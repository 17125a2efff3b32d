# SPDX-License-Identifier: ISC
"""What a host treats as one packet: limited while an interface is managed,
as they were before afterwards, and told in D where they are not."""

import json
import os
import signal

import pytest

import lab
import tcctl_peer as tp
from tcctl_bench import fixture_bench

assert fixture_bench  # pytest finds it here

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

A, B, PORT = "10.9.0.1", "10.9.0.2", 5001
A6, B6 = "2001:db8:9::1", "2001:db8:9::2"
MTU, FULL, ORIGINAL = 1500, 1538, 1000
CONF = ('interfaces = ( {{ name = "eth0"; bandwidth = "10 Mbit/s"; '
        'linkLayer = "ethernet"; {} }} );\n')

SINK = """
import socket, sys
tcp = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6,
                           dualstack_ipv6=True)
print("go", flush=True)
connection = tcp.accept()[0]
while connection.recv(1 << 20):
    pass
"""
# Prints the largest frame of each hundred that come in there with data, as it
# goes on into the stack.
LARGEST = """
import socket, sys
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800))
frames.bind((sys.argv[1], 0x800))
print("go", flush=True)
while True:
    sizes = []
    while len(sizes) < 100:
        size = len(frames.recv(1 << 17))
        if size > 200:
            sizes.append(size)
    print(max(sizes), flush=True)
"""
SEND = """
import select, socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
# One each so many seconds, until the other end closes.
while not select.select([s], [], [], float(sys.argv[4]))[0]:
    s.send(bytes(int(sys.argv[3])))
"""


def fact(node, ifname, name):
    return json.loads(node.ip("-d", "-j", "link", "show",
                              ifname).stdout)[0][name]


def segs(node, ifname="eth0"):
    return fact(node, ifname, "gso_max_segs")


def set_segs(node, value, ifname="eth0"):
    node.ip("link", "set", ifname, "gso_max_segs", value)


def queued(node, ifname):
    """Octets of a packet of those that wait as best effort, or 0.  What leaves
    the queue whole may be cut before it is seen on the wire."""
    (leaf,) = [q for q in node.tc_json("-s", "qdisc", "show", "dev", ifname)
               if q.get("parent") == "52:5"]
    return leaf["backlog"] / leaf["qlen"] if leaf["qlen"] else 0


def queue_of_single_packets(node, ifname):
    """Wait until the queue has no others, and look that it stays so."""
    lab.wait_for(lambda: 0 < queued(node, ifname) <= MTU + 14,
                 "packets by themselves")
    seen = []

    def looked():
        seen.append(queued(node, ifname))
        return len([size for size in seen if size]) == 10
    lab.wait_for(looked, "packets that wait")
    assert max(seen) <= MTU + 14, seen


class Pair:
    """A daemon on the first of two hosts."""

    def __init__(self, where):
        self.a, self.b = where.node("a"), where.node("b")
        where.link(self.a, "eth0", self.b, "eth0", v4=(A, B, 24),
                   v6=(A6, B6, 64))
        set_segs(self.a, ORIGINAL)
        self.daemon = None

    def start(self, text=""):
        self.daemon = lab.Daemon(self.a, CONF.format(text))
        self.daemon.wait_traffic_control()

    def reload(self, text):
        before = self.counter("reloads")
        self.daemon.conf.write_text(CONF.format(text))
        self.daemon.process.popen.send_signal(signal.SIGHUP)
        lab.wait_for(lambda: self.counter("reloads") == before + 1,
                     "the reload")

    def counter(self, name):
        return self.daemon.ctl_json("show", "counters")["counters"][name]

    def shown(self):
        (found,) = [i for i in self.daemon.ctl_json(
            "show", "interfaces")["interfaces"] if i["name"] == "eth0"]
        return found

    def wait_segs(self, value):
        lab.wait_for(lambda: segs(self.a) == value,
                     f"gso_max_segs {value}, not {segs(self.a)}")

    def wait_shown(self, **facts):
        lab.wait_for(
            lambda: facts.items() <= self.shown().items(),
            f"{facts} in {self.shown()}: {self.daemon.process.output()}")


@pytest.fixture(name="pair")
def fixture_pair():
    with lab.Lab("gsot") as where:
        yield Pair(where)


# ---- the daemon -------------------------------------------------------------


@pytest.mark.parametrize("to", [B, B6])
def test_tcp_sends_no_packet_above_the_mtu(pair, to):
    """Best effort through the tree, also by a connection that was there before
    the limit; and D tells what is so."""
    pair.start("limitOffloads = false;")
    left_alone = pair.shown()
    assert segs(pair.a) == left_alone["gso_max_segs"] == ORIGINAL
    assert "gso_limit" not in left_alone
    far = pair.b.start("/usr/bin/python3", "-c", SINK, PORT, name="far")
    far.wait_output("go")
    pair.a.start("/usr/bin/python3", "-c", SEND, to, PORT, 1 << 16, 0,
                 name="near")
    lab.wait_for(lambda: queued(pair.a, "eth0") > 2 * MTU,
                 "a packet that is many")
    pair.reload("")
    pair.wait_segs(1)
    pair.wait_shown(gso_max_segs=1, gso_limit=1)
    more = 43 * FULL * 8 // 10  # 44 packets make up 64 kB
    assert left_alone["D_us"] - pair.shown()["D_us"] in (more, more + 1)
    assert pair.shown()["D_us"] <= 25000
    queue_of_single_packets(pair.a, "eth0")
    text = pair.daemon.ctl("show", "interfaces").stdout
    assert "handed down as one: at most 1 (gso_max_segs)" in text
    assert "as one, GSO" not in pair.daemon.process.output()


def test_it_was_not_us_if_nobody_knows(pair):
    """Killed, replaced, adopted: what it was before is in the kernel."""
    pair.start()
    pair.wait_segs(1)
    for worker in ("tcctl", "engine"):
        before = pair.daemon.workers()[worker]
        os.kill(before, signal.SIGKILL)
        lab.wait_for(lambda w=worker, b=before:
                     pair.daemon.workers().get(w, b) != b, "another")
        pair.daemon.wait_traffic_control()
        assert segs(pair.a) == 1
    workers = pair.daemon.workers().values()
    for sig in (signal.SIGSTOP, signal.SIGKILL):  # nobody tidies up
        for pid in workers:
            os.kill(pid, sig)
    pair.daemon.process.stop(signal.SIGKILL)
    assert segs(pair.a) == 1
    pair.start()
    assert segs(pair.a) == 1
    pair.daemon.stop()
    assert segs(pair.a) == 1  # with the tree, for the flows in it
    pair.start()
    assert "left alone" not in pair.daemon.process.output()
    pair.reload("trafficControl = false;")
    pair.wait_segs(ORIGINAL)
    assert '"htb"' not in json.dumps(
        pair.a.tc_json("qdisc", "show", "dev", "eth0"))


def test_who_is_killed_before_he_gives_it_back_is_replaced_by_one_who_does(
        pair):
    pair.start()
    pair.wait_segs(1)
    tcctl = pair.daemon.workers()["tcctl"]
    os.kill(tcctl, signal.SIGSTOP)
    pair.reload("trafficControl = false;")
    os.kill(tcctl, signal.SIGKILL)
    pair.wait_segs(ORIGINAL)
    lab.wait_for(lambda: '"htb"' not in json.dumps(
        pair.a.tc_json("qdisc", "show", "dev", "eth0")), "no tree")


def test_another_rate_is_another_limit(pair):
    pair.start("reservable = 70;")
    pair.wait_segs(1)
    pair.daemon.conf.write_text(CONF.format("").replace("10 Mbit",
                                                        "1000 Mbit"))
    pair.daemon.process.popen.send_signal(signal.SIGHUP)
    pair.wait_segs(20)
    pair.wait_shown(gso_max_segs=20, gso_limit=20)
    assert pair.shown()["D_us"] <= 5000
    pair.a.ip("link", "set", "eth0", "mtu", 3000)
    pair.wait_segs(10)
    pair.wait_shown(gso_max_segs=10, gso_limit=10)
    pair.reload("limitOffloads = false;")
    pair.wait_segs(ORIGINAL)


def test_what_others_set_stays_and_is_told(pair):
    """In D as long as that is what anybody expects, else as a warning."""
    pair.start()
    pair.wait_shown(gso_max_segs=1, drifts=0)
    before = pair.shown()["D_us"]
    set_segs(pair.a, 4)
    pair.wait_shown(gso_max_segs=4, drifts=1)
    more = 3 * FULL * 8 // 10
    assert pair.shown()["D_us"] - before in (more, more + 1)
    said = "eth0: another program changed gso_max_segs from 1,"
    assert said in pair.shown()["last_drift"]
    assert "at most 4 (gso_max_segs, not limited to 1)" in pair.daemon.ctl(
        "show", "interfaces").stdout
    set_segs(pair.a, 9)  # not looked for by tcctl any more
    pair.a.ip("addr", "add", "10.9.1.1/24", "dev", "eth0")
    warned = (f"eth0: guaranteed flows may wait {8 * FULL * 8 // 10} us more "
              "than they are told (this host hands down 9 packets as one, "
              "GSO: ip link set dev eth0 gso_max_segs 1)")
    pair.daemon.process.wait_output(warned)
    pair.wait_shown(D_us=before)
    pair.a.ip("addr", "add", "10.9.2.1/24", "dev", "eth0")
    pair.reload("reservable = 70;")
    output = pair.daemon.process.output()
    assert output.count(warned) == 1
    assert output.count(said) == 1
    pair.reload("trafficControl = false;")
    pair.wait_shown(traffic_control=False)
    assert segs(pair.a) == 9


# ---- a router ---------------------------------------------------------------

ROUTER = ('interfaces = ( {{ name = "eth0"; bandwidth = "100 Mbit"; {} }}, '
          '{{ name = "eth1"; bandwidth = "10 Mbit"; }} );\n')
# Of an interface: name, ETHTOOL_ command, value.
ETHTOOL = """
import array, fcntl, socket, struct, sys
name, command, value = sys.argv[1], int(sys.argv[2], 0), int(sys.argv[3])
what = array.array("B", struct.pack("II", command, value))
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8946,
            struct.pack("16sP8x", name.encode(), what.buffer_info()[0]))
"""
STSO, SGRO = "0x1f", "0x2c"


def gro(node, ifname):
    return fact(node, ifname, "gro_max_size")


def test_what_a_router_puts_together_is_no_more_than_the_next_link_takes():
    """TCP that is forwarded, by a connection that was there before."""
    with lab.Lab("gsot") as where:
        pair = Pair.__new__(Pair)
        near, pair.a, far = (where.node("s"), where.node("a", forward=True),
                             where.node("b"))
        where.link(near, "eth0", pair.a, "eth0", v4=("10.8.0.1", "10.8.0.2",
                                                     24))
        where.link(pair.a, "eth1", far, "eth0", v4=(A, B, 24))
        near.ip("route", "add", "default", "via", "10.8.0.2")
        far.ip("route", "add", "default", "via", A)
        # Single packets, which wait for each other at the router.
        set_segs(near, 1)
        near.run("/usr/bin/python3", "-c", ETHTOOL, "eth0", STSO, 0)
        pair.a.run("/usr/bin/python3", "-c", ETHTOOL, "eth0", SGRO, 1)
        pair.a.run("sh", "-c", "cd /sys/class/net/eth0 && "
                   "echo 10 >napi_defer_hard_irqs && "
                   "echo 2000000 >gro_flush_timeout")
        before = gro(pair.a, "eth0")
        assert before > 10 * MTU
        pair.daemon = lab.Daemon(pair.a, ROUTER.format(
            "limitOffloads = false;"))
        pair.daemon.wait_traffic_control()
        assert gro(pair.a, "eth0") == before
        sink = far.start("/usr/bin/python3", "-c", SINK, PORT, name="far")
        sink.wait_output("go")
        seen = pair.a.start("/usr/bin/python3", "-c", LARGEST, "eth0",
                            name="seen")
        seen.wait_output("go")
        # Some packets at once, as a faster link brings them.
        near.start("/usr/bin/python3", "-c", SEND, B, PORT, 8 * MTU, 0.02,
                   name="near")

        def largest():
            return [int(line) for line in seen.output().split()[1:]]
        lab.wait_for(lambda: any(size > 2 * MTU for size in largest()),
                     "packets that were put together")
        pair.daemon.conf.write_text(ROUTER.format(""))
        pair.daemon.process.popen.send_signal(signal.SIGHUP)
        lab.wait_for(lambda: gro(pair.a, "eth0") == MTU + 1, "a limit")
        assert gro(pair.a, "eth1") == 2 * MTU + 1
        pair.wait_shown(gro_max_size=MTU + 1, gro_limit=MTU + 1)
        assert f"on receipt: at most {MTU + 1} (gro_max_size)" in \
            pair.daemon.ctl("show", "interfaces").stdout
        lab.wait_for(lambda: largest()[-1] <= MTU + 14,
                     f"packets by themselves: {largest()}")
        known = len(largest())
        lab.wait_for(lambda: len(largest()) > known + 3, "more packets")
        assert max(largest()[known + 1:]) <= MTU + 14, largest()
        pair.daemon.conf.write_text('interfaces = ( { name = "eth1"; '
                                    'trafficControl = false; } );\n')
        pair.daemon.process.popen.send_signal(signal.SIGHUP)
        for ifname in ("eth0", "eth1"):
            lab.wait_for(lambda i=ifname: gro(pair.a, i) == before,
                         "it as it was")


# ---- tcctl ------------------------------------------------------------------


def notes(bench):
    text = bench.a.tc("filter", "show", "dev", "eth0", "parent",
                      "52:").stdout
    return text.count(" *flowid 52:1 ")


def test_a_new_tcctl_knows_what_it_was(bench):
    set_segs(bench.a, ORIGINAL)
    bench.a.ip("link", "set", "eth0", "group", 77)
    peer = bench.serve(gso_segs=3)
    assert (segs(bench.a), notes(bench)) == (3, 1)
    assert fact(bench.a, "eth0", "group") == "77"
    peer.kill()
    peer = bench.serve(gso_segs=3)
    assert (segs(bench.a), notes(bench)) == (3, 1)
    peer.kill()
    peer = bench.serve(gso_segs=2)
    assert (segs(bench.a), notes(bench)) == (2, 1)
    done, _ = peer.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    assert done["error"] == 0, done["text"]
    assert segs(bench.a) == ORIGINAL
    assert not peer.drifts and not peer.notes


def test_a_tree_that_is_removed_has_its_note_again(bench):
    set_segs(bench.a, ORIGINAL)
    peer = bench.serve(gso_segs=3)
    bench.a.tc("qdisc", "del", "dev", "eth0", "root")
    peer.wait_drift("made again")
    assert (segs(bench.a), notes(bench)) == (3, 1)
    bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:", "protocol",
               "ip", "pref", 10, "handle", note_handle(bench), "u32")
    peer.wait_drift("repaired")
    assert notes(bench) == 1
    peer.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    assert segs(bench.a) == ORIGINAL


def note_handle(bench):
    text = bench.a.tc("filter", "show", "dev", "eth0", "parent",
                      "52:").stdout
    (line,) = [ln for ln in text.splitlines() if " *flowid 52:1 " in ln]
    return line.split(" fh ")[1].split()[0]


@pytest.mark.parametrize("value", [3, 17])
def test_who_takes_the_root_gets_the_interface_back(bench, value):
    """As it was, unless he has set it himself."""
    set_segs(bench.a, ORIGINAL)
    peer = bench.serve(gso_segs=3)
    if value != 3:
        set_segs(bench.a, value)
        peer.wait_drift("left alone")
    for _ in range(20):
        bench.a.tc("qdisc", "replace", "dev", "eth0", "root", "handle", "7:",
                   "pfifo")
        if "given up" in peer.wait_drift("")["text"]:
            break
    lab.wait_for(lambda: segs(bench.a) == (ORIGINAL if value == 3 else value),
                 f"the value of before, not {segs(bench.a)}")
