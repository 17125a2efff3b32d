# SPDX-License-Identifier: ISC
"""What comes in, queued here: the other end sends more than the key allows,
and the queue, its loss and the class of control traffic are ours."""

import errno
import json
import signal

import pytest

import bed as beds
import ear as ears
import lab
import tcctl_peer as tp
from tcctl_bench import A4, A6, fixture_bench

assert fixture_bench  # pytest finds it here

RATE = 125_000  # octets a second: 1 Mbit/s
IFB = "ifb-eth0"


def links(node):
    return {one["ifname"]: one for one in
            json.loads(node.run("ip", "-d", "-j", "link", "show").stdout)}


def way(bench):
    """What is on the incoming side, without figures that move."""
    return bench.a.tc("filter", "show", "dev", "eth0", "parent",
                      "ffff:").stdout


def classes(node, dev=IFB):
    found = node.tc("-s", "class", "show", "dev", dev).stdout.split("\n\n")
    return {c.split()[2]: c for c in found if c.startswith("class htb")}


def sent(node, name):
    """Octets and packets of a class of the ifb."""
    words = classes(node)[name].split("Sent ")[1].split()
    return int(words[0]), int(words[2])


def shaped(bench):
    return IFB in links(bench.a) and IFB in way(bench)


def as_before(bench):
    return IFB not in links(bench.a) and "ingress" not in bench.a.tc(
        "qdisc", "show", "dev", "eth0").stdout


@pytest.mark.parametrize("dst", [A4, A6], ids=["v4", "v6"])
def test_what_comes_in_has_the_rate_and_no_more(bench, dst):
    bench.serve(ingress_Bps=RATE)
    assert links(bench.a)[IFB]["linkinfo"]["info_kind"] == "ifb"
    ear = ears.Ear(bench.a, [9000], 350, 5)
    # Three times the rate, for a second; 1066 octets each with overhead.
    ears.send(bench.b, 350, dst, size=1000, pause=2900)
    heard = ear.heard()
    took = heard[-1][3] - heard[0][3]
    octets = len(heard) * (1066 if dst == A4 else 1086)
    assert octets / took <= 1.07 * RATE + 4 * 1538 / took
    assert octets / took >= 0.85 * RATE
    assert sent(bench.a, "52:5")[1] >= len(heard)


def test_control_traffic_does_not_wait_behind_the_rest(bench):
    """A flood fills the queue; RSVP messages behind it arrive, each of them,
    through the class of control traffic."""
    bench.serve(ingress_Bps=RATE)
    before = sent(bench.a, "52:6")[1]
    listen = ("import socket, sys, time\n"
              "s = socket.socket(2, 3, 46)\n"
              "s.settimeout(30)\n"
              "print('ready', flush=True)\n"
              "n = 0\n"
              "while n < 50:\n"
              "    s.recv(2000); n += 1\n"
              "print(n)\n")
    rsvp = bench.a.start(ears.PYTHON, "-c", listen, name="rsvp")
    lab.wait_for(lambda: "ready" in rsvp.output(), "the listener")
    bench.b.run(ears.PYTHON, "-c", f"""
import socket, time
flood = socket.socket(2, 2)
flood.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)
rsvp = socket.socket(2, 3, 46)
for i in range(50):
    for _ in range(40):
        flood.sendto(bytes(1000), ("{A4}", 9))
    rsvp.sendto(bytes(100), ("{A4}", 0))
    time.sleep(0.005)
""")
    lab.wait_for(lambda: "50" in rsvp.output().split(), "all 50")
    assert sent(bench.a, "52:6")[1] - before >= 50


def test_without_the_key_there_is_nothing(bench):
    bench.serve()
    assert as_before(bench)


def test_another_rate_is_a_change_in_place(bench):
    peer = bench.serve(ingress_Bps=RATE)
    index, filters = links(bench.a)[IFB]["ifindex"], way(bench)
    done, _ = peer.ask(tp.IFACE, bench.iface(ingress_Bps=4 * RATE))
    assert done["error"] == 0
    assert (links(bench.a)[IFB]["ifindex"], way(bench)) == (index, filters)
    assert "rate 4Mbit " in classes(bench.a)["52:1"]
    done, _ = peer.ask(tp.IFACE, bench.iface())
    assert done["error"] == 0 and as_before(bench)
    assert not peer.drifts and not peer.notes


def test_a_restart_adopts_and_loses_no_packet(bench):
    peer = bench.serve(ingress_Bps=8 * RATE)
    index, filters = links(bench.a)[IFB]["ifindex"], way(bench)
    ears.send(bench.b, 20, A4, pause=2000)
    lab.wait_for(lambda: sent(bench.a, "52:5")[1] >= 20, "20 packets")
    counted = sent(bench.a, "52:5")[1]
    ear = ears.Ear(bench.a, [9000], 100)
    peer.kill()
    ears.send(bench.b, 50, A4, pause=2000)
    bench.serve(ingress_Bps=8 * RATE)
    ears.send(bench.b, 50, A4, pause=2000)
    assert len(ear.heard()) == 100
    assert (links(bench.a)[IFB]["ifindex"], way(bench)) == (index, filters)
    assert sent(bench.a, "52:5")[1] >= counted + 100


def test_the_key_may_go_while_nobody_looks(bench):
    peer = bench.serve(ingress_Bps=RATE)
    peer.kill()
    bench.serve()
    assert as_before(bench)


def test_giving_the_interface_back_leaves_nothing(bench):
    peer = bench.serve(ingress_Bps=RATE)
    done, _ = peer.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    assert done["error"] == 0 and as_before(bench)


@pytest.mark.parametrize("damage", [
    ("tc", "filter", "del", "dev", "eth0", "parent", "ffff:"),
    ("tc", "qdisc", "del", "dev", "eth0", "ingress"),
    ("ip", "link", "del", IFB),
    ("ip", "link", "set", IFB, "down"),
], ids=["filter", "qdisc", "ifb", "ifb down"])
def test_who_deletes_it_is_reported_and_it_comes_back(bench, damage):
    peer = bench.serve(ingress_Bps=8 * RATE)
    filters = way(bench)
    bench.a.run(*damage)
    report = peer.wait_drift("what comes in is shaped: repaired")
    assert report["error"] == 0 and "another program" in report["text"]
    lab.wait_for(lambda: shaped(bench) and "UP" in links(
        bench.a)[IFB]["flags"], "the way back")
    assert way(bench).count("mirred") == filters.count("mirred")
    ear = ears.Ear(bench.a, [9000], 20)
    ears.send(bench.b, 20, A4, pause=10_000)  # below the rate
    assert len(ear.heard()) == 20
    assert sent(bench.a, "52:5")[1] >= 20


def test_an_ifb_that_went_down_while_nobody_looked_is_up_again(bench):
    bench.serve(ingress_Bps=8 * RATE).kill()
    bench.a.ip("link", "set", IFB, "down")
    bench.serve(ingress_Bps=8 * RATE)
    assert "UP" in links(bench.a)[IFB]["flags"]
    ear = ears.Ear(bench.a, [9000], 20)
    ears.send(bench.b, 20, A4, pause=10_000)
    assert len(ear.heard()) == 20


def test_the_tree_of_the_ifb_is_watched_too(bench):
    peer = bench.serve(ingress_Bps=RATE)
    bench.a.tc("class", "del", "dev", IFB, "classid", "52:5")
    assert "52:5" in peer.wait_drift("repaired")["text"]
    assert "52:5" in classes(bench.a)
    bench.a.tc("qdisc", "del", "dev", IFB, "root")
    lab.wait_for(lambda: "52:5" in classes(bench.a), "the tree")


def test_who_insists_gets_his_will(bench):
    peer = bench.serve(ingress_Bps=RATE)
    for _ in range(5):
        bench.a.tc("filter", "del", "dev", "eth0", "parent", "ffff:")
        peer.wait_drift("repaired")
    bench.a.tc("filter", "del", "dev", "eth0", "parent", "ffff:")
    assert "not again" in peer.wait_drift("what comes in")["text"]


def test_who_insists_on_it_being_down_loses_no_packets(bench):
    peer = bench.serve(ingress_Bps=8 * RATE)
    for _ in range(6):
        bench.a.ip("link", "set", IFB, "down")
        peer.wait_drift("repaired")
    bench.a.ip("link", "set", IFB, "down")
    lab.wait_for(lambda: as_before(bench), "the end of shaping")
    ear = ears.Ear(bench.a, [9000], 20)
    ears.send(bench.b, 20, A4, pause=10_000)
    assert len(ear.heard()) == 20


def test_filters_of_others_stay_ahead_of_ours(bench):
    bench.a.tc("qdisc", "add", "dev", "eth0", "handle", "ffff:", "ingress")
    bench.a.tc("filter", "add", "dev", "eth0", "parent", "ffff:", "pref", "7",
               "protocol", "ip", "u32", "match", "ip", "dport", "7",
               "0xffff", "action", "mirred", "egress", "redirect", "dev",
               "lo")
    theirs = way(bench)
    peer = bench.serve(ingress_Bps=RATE)
    assert "remove it, or set takeOver" in peer.notes[-1]
    assert way(bench) == theirs and IFB not in links(bench.a)
    done, _ = peer.ask(tp.IFACE, bench.iface(ingress_Bps=RATE, take_over=1))
    assert done["error"] == 0
    assert theirs.strip() in way(bench) and shaped(bench)
    done, _ = peer.ask(tp.IFACE, bench.iface(take_over=1))
    assert way(bench) == theirs and IFB not in links(bench.a)


def test_a_name_that_is_taken_is_said(bench):
    bench.a.ip("link", "add", IFB, "type", "veth", "peer", "name", "other")
    peer = bench.serve(ingress_Bps=RATE)
    assert "no ifb has the name" in peer.notes[-1]
    assert links(bench.a)[IFB]["linkinfo"]["info_kind"] == "veth"
    bench.add(peer)


def test_an_ifb_of_ours_is_no_interface_to_manage(bench):
    peer = bench.serve(ingress_Bps=RATE)
    done, _ = peer.ask(tp.IFACE, bench.iface(
        ifindex=links(bench.a)[IFB]["ifindex"], name=IFB))
    assert done["error"] == errno.EBUSY


CONF = """
interfaces = (
  { name = "*"; enabled = true; trafficControl = true;
    bandwidth = "100 Mbit"; %s }
);
"""


def told(daemon):
    return {one["name"]: one for one in beds.interfaces(daemon)}


def test_the_key_of_the_daemon():
    """Through rsvpd: set, changed, removed by a reload, and refreshes of a
    neighbour that floods us do not get lost."""
    with lab.Lab("rsvpi") as laboratory:
        a, b = laboratory.node("a"), laboratory.node("b")
        laboratory.link(a, "eth0", b, "eth0", ("10.4.4.1", "10.4.4.2", 24))
        daemon = lab.Daemon(a, CONF % 'ingressBandwidth = "8 Mbit";')
        lab.wait_for(lambda: IFB in links(a), "the ifb")
        lab.wait_for(lambda: "52:1" in classes(a), "its tree")
        assert "rate 8Mbit" in classes(a)["52:1"]
        assert told(daemon)["eth0"]["ingress_bandwidth_bps"] == 8_000_000
        assert "what comes in is shaped to 8 Mbit/s" in daemon.ctl(
            "show", "interfaces").stdout
        # It is no interface of the protocol.
        assert not [i for i in beds.interfaces(daemon)
                    if i["name"] == IFB and i.get("enabled")]
        daemon.conf.write_text(CONF % 'ingressBandwidth = "4 Mbit";')
        daemon.process.popen.send_signal(signal.SIGHUP)
        lab.wait_for(lambda: "rate 4Mbit" in classes(a)["52:1"], "4 Mbit")
        assert told(daemon)["eth0"]["ingress_bandwidth_bps"] == 4_000_000
        daemon.conf.write_text(CONF % "")
        daemon.process.popen.send_signal(signal.SIGHUP)
        lab.wait_for(lambda: IFB not in links(a), "nothing")
        assert "ingress_bandwidth_bps" not in told(daemon)["eth0"]
        assert "what comes in" not in daemon.ctl("show", "interfaces").stdout
