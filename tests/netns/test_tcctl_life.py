# SPDX-License-Identifier: ISC
"""`tcctl serve` through restarts, refusals and changes of the tree by others,
against the real kernel."""

import errno
import signal
import struct
import subprocess

import pytest

import lab
import needs
import tcctl_peer as tp
from tcctl_bench import (A4, A6, B4, B6, CLASSIFIERS, LINK_BPS, PYTHON,
                         fixture_both)

assert fixture_both  # pytest finds it here


# ---- restart ----------------------------------------------------------------


def same_flow(told, sent):
    keys = ("flow_id", "service", "rate_Bps", "peak_Bps", "max_packet_bytes",
            "buffer_bytes")
    assert {k: told[k] for k in keys} == {k: sent[k] for k in keys}
    filters = [{**tp.FILTER, **f} for f in sent["filters"]]
    assert sorted(map(str, told["filters"])) == sorted(map(str, filters))


def test_a_restart_adopts_flows_and_their_counters(bench):
    peer = bench.serve()
    flows = [bench.flow(flow_id=1),
             bench.flow(flow_id=2, service=tp.CL, rate_Bps=100_000,
                        peak_Bps=400_000, bucket_bytes=9000, filters=[
                            {"dst": B6, "src": A6, "dst_port": 7000},
                            {"dst": B6, "src": A6, "dst_port": 7001,
                             "src_port": 9}])]
    # Flow 1 takes a class that has carried another flow.
    first = bench.add(peer, flow_id=99)
    bench.lands(first, 7)
    for flow_id in range(100, 200):
        peer.ask(tp.FLOW_DEL, {"flow_id": flow_id - 1,
                               "ifindex": bench.ifindex})
        if bench.add(peer, flow_id=flow_id) == first:
            break
    peer.ask(tp.FLOW_DEL, {"flow_id": flow_id, "ifindex": bench.ifindex})
    spin = 1000
    while True:  # and again round, this time for flow 1
        classid = bench.add(peer, flow_id=spin)
        if classid == first:
            break
        peer.ask(tp.FLOW_DEL, {"flow_id": spin, "ifindex": bench.ifindex})
        spin += 1
    flows[0]["flow_id"] = spin
    classes = {spin: first}
    done, _ = peer.ask(tp.FLOW_ADD, flows[1])
    classes[2] = done["classid"]
    bench.lands(first, 10)
    before = bench.classes()

    peer.kill()
    assert bench.lands(first, 5) == (5, 0)  # nobody there, and it goes on
    peer = bench.serve()
    assert set(peer.adopted) == {spin, 2}
    same_flow(peer.adopted[spin], flows[0])
    same_flow(peer.adopted[2], flows[1])
    assert peer.adopted[2]["bucket_bytes"] == pytest.approx(9000, abs=2)
    assert set(before) <= set(bench.classes())
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": spin})
    assert (told[0]["packets"], told[0]["classid"]) == (15, first)
    assert bench.lands(first, 5) == (5, 0)
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": spin})
    assert told[0]["packets"] == 20
    # It is ours again: change and remove.
    done, _ = peer.ask(tp.FLOW_CHANGE, {**flows[1], "rate_Bps": 200_000})
    assert (done["error"], done["classid"]) == (0, classes[2])
    for flow_id in (spin, 2):
        done, _ = peer.ask(tp.FLOW_DEL, {"flow_id": flow_id,
                                         "ifindex": bench.ifindex})
        assert done["error"] == 0
    assert not bench.nodes(first) and not bench.nodes(classes[2])


STREAM = """
import select, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 6000))
sent = 0
print("go", flush=True)
while not select.select([sys.stdin], [], [], 0.0005)[0]:
    s.sendto(bytes(100), (sys.argv[1], 5004))
    sent += 1
print(sent)
"""


@pytest.mark.parametrize("how", ["reload", "kill"])
def test_another_classifier_takes_over_without_loss(bench, how):
    """From this one to the other, while packets are sent."""
    needs.require(needs.flower)
    peer = bench.serve()
    classid = bench.add(peer, rate_Bps=2_000_000, buffer_bytes=200_000)
    others = [bench.add(peer, flow_id=i, port=6000 + i)
              for i in range(2, 100)]
    best = bench.packets(0x520005)
    here = bench.by()
    sender = subprocess.Popen(
        ["ip", "netns", "exec", bench.a.ns, PYTHON, "-c", STREAM, B4], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert sender.stdout.readline() == "go\n"
        bench.classifier = CLASSIFIERS["u32" if here == "flower" else "flower"]
        if how == "kill":
            peer.kill()
            peer = bench.serve()
            assert len(peer.adopted) == 99
        else:
            done, _ = peer.ask(tp.IFACE, bench.iface())
            assert done["error"] == 0, done["text"]
        sent = int(sender.communicate("\n", timeout=lab.PATIENCE_S)[0])
    finally:
        sender.kill()
        sender.wait()
    lab.wait_for(lambda: bench.packets(classid) == sent,
                 "all packets in the class")
    assert bench.packets(0x520005) - best < 10  # the host's own
    for c in (classid, *others[:3]):
        (node,) = bench.nodes(c)
        assert node.startswith("0x") == (bench.by() == "flower")
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert told[0]["packets"] == sent


def test_a_kernel_without_flower_says_so(bench):
    if needs.has(needs.flower):
        pytest.skip("this kernel has cls_flower")
    peer = bench.serve()
    classid = bench.add(peer)
    for ask in (peer, bench.serve(off=True)):
        done, _ = ask.ask(tp.IFACE, bench.iface(
            classifier=CLASSIFIERS["flower"]))
        assert done["error"] != 0
        assert "no cls_flower; use u32" in done["text"]
    assert bench.lands(classid, 5) == (5, 0)


def test_a_restart_makes_no_class_anew(bench):
    peer = bench.serve()
    bench.pool_filled()
    before = bench.qdiscs()
    filters = bench.a.tc("filter", "show", "dev", "eth0").stdout
    peer.kill()
    bench.serve()
    bench.pool_filled()
    after = bench.qdiscs()
    assert [q["handle"] for q in after] == [q["handle"] for q in before]
    assert bench.a.tc("filter", "show", "dev", "eth0").stdout == filters


# Filters that lead to a class which never came to be, or (for the next flow)
# take the place of one that is to be made.
STRAY = {"u32": ["protocol", "ip", "pref", "10", "handle", "21:5:77", "u32",
                 "ht", "21:5:", "match", "u32", "0", "0"],
         "flower": ["protocol", "ip", "pref", "5", "handle", "77", "flower",
                    "ip_proto", "udp", "dst_ip", "10.9.9.9", "dst_port", "9"]}
IN_PLACE = {"u32": ["protocol", "ip", "pref", "10", "handle", "2d:2:1", "u32",
                    "ht", "2d:2:", "match", "u32", "0", "ffffffff"],
            "flower": ["protocol", "ip", "pref", "5", "handle", "2", "flower",
                       "ip_proto", "udp", "dst_ip", "10.9.9.9"]}
PLACES = {"u32": "10 2d:2:1", "flower": "5 handle 2"}


def filter_of_others(bench, words, classid):
    bench.a.tc("filter", "add", "dev", "eth0", "parent", "52:", *words,
               "classid" if "flower" in words else "flowid", classid)


def test_an_interrupted_set_up_is_cleared_away(bench):
    """As if it had died between class and filter, and where the class has a
    note besides, before it or (removing) before the filter; and a filter is
    there whose class never came to be."""
    peer = bench.serve()
    bench.pool_filled()
    kept = bench.add(peer)
    lost = {2: "filter", 3: "note", 4: "both"}
    half = {i: bench.add(peer, flow_id=i, port=5010 + i, rate_Bps=20_000)
            for i in lost}
    peer.kill()
    for i, classid in half.items():
        (node,) = bench.node_words(classid)
        note = bench.note(classid)
        assert (note is not None) == (bench.by() == "flower")
        if lost[i] != "note" or not note:
            bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:", *node)
        if lost[i] != "filter" and note:
            bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:",
                       "protocol", "ip", "pref", "10", "handle", note, "u32")
    filter_of_others(bench, STRAY[bench.by()], "52:4711")
    peer = bench.serve()
    assert set(peer.adopted) == {1}
    for classid in (0x524711, *half.values()):
        assert not bench.nodes(classid) and not bench.note(classid)
    lab.wait_for(lambda: all(
        bench.classes()[bench.name(c)]["rate"] >= 125_000
        for c in half.values()), "the classes to return to the pool")
    assert bench.classes()[bench.name(kept)]["rate"] == 250_000
    assert bench.lands(kept, 5) == (5, 0)


def test_what_was_broken_in_the_tree_is_repaired(bench):
    peer = bench.serve()
    kept = bench.add(peer)
    peer.kill()
    bench.a.tc("class", "change", "dev", "eth0", "parent", "52:1", "classid",
               "52:5", "htb", "rate", "8kbit", "ceil", "8kbit", "quantum",
               "1500")
    bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:", "pref", "10",
               "handle", "800::1", "protocol", "ip", "u32")
    bench.a.tc("class", "add", "dev", "eth0", "parent", "52:1", "classid",
               "52:77", "htb", "rate", "8kbit", "quantum", "1500")
    peer = bench.serve()
    classes = bench.classes()
    assert classes["52:5"]["rate"] == 625_000
    assert "52:77" not in classes
    assert "800::1 " in bench.a.tc("filter", "show", "dev", "eth0").stdout
    assert bench.lands(kept, 5) == (5, 0)


def test_stop_leaves_the_kernel_as_it_is(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    peer.process.send_signal(signal.SIGTERM)
    assert peer.process.wait(lab.PATIENCE_S) == 0
    assert bench.lands(classid, 5) == (5, 0)
    peer = bench.serve()
    peer.socket.close()
    assert peer.process.wait(lab.PATIENCE_S) == 0
    assert bench.lands(classid, 5) == (5, 0)


# ---- refusals ---------------------------------------------------------------


def test_a_foreign_tree_is_refused_and_taken_over_only_on_request(bench):
    bench.a.tc("qdisc", "add", "dev", "eth0", "root", "handle", "7:", "tbf",
               "rate", "1mbit", "burst", "5kb", "latency", "50ms")
    peer = bench.serve(off=True)
    done, _ = peer.ask(tp.IFACE, bench.iface())
    assert done["error"] == errno.EBUSY
    assert "tbf 7:" in done["text"] and "take_over" in done["text"]
    assert bench.qdiscs()[0]["kind"] == "tbf"
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow())
    assert done["error"] == errno.ENODEV
    done, _ = peer.ask(tp.IFACE, bench.iface(take_over=1))
    assert done["error"] == 0, done["text"]
    classid = bench.add(peer)
    assert bench.lands(classid, 5) == (5, 0)


def test_iface_off_brings_the_default_back(bench):
    peer = bench.serve()
    bench.add(peer)
    done, _ = peer.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    assert done["error"] == 0
    assert bench.qdiscs()[0]["kind"] == "noqueue"
    done, _ = peer.ask(tp.IFACE, bench.iface())
    assert done["error"] == 0
    bench.add(peer)


def test_a_refusal_is_explained_and_undone(bench):
    def shape(classes):
        return {h: (c["rate"], c["ceil"]) for h, c in classes.items()
                if int(h.split(":")[1], 16) >= 0x100}
    peer = bench.serve()
    bench.pool_filled()
    classid = bench.add(peer)
    bench.pool_refilled(1)
    before = bench.classes()
    # The node that the next flow wants is taken by somebody else, a moment
    # before: tcctl does not know of it yet.
    peer.process.send_signal(signal.SIGSTOP)
    filter_of_others(bench, IN_PLACE[bench.by()], "52:5")
    serials = peer.send((tp.FLOW_ADD, bench.flow(flow_id=2, port=5005)))
    peer.process.send_signal(signal.SIGCONT)
    (done,), _ = peer.done(serials)
    assert done["error"] == errno.EEXIST
    assert done["flow_id"] == 2 and done["classid"] == 0
    assert f"add filter {PLACES[bench.by()]} on eth0" in done["text"]
    assert done["text"].endswith("; undone")
    assert shape(bench.classes()) == shape(before)
    # The same of a change: the old reservation stands.
    done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(
        rate_Bps=777_000, filters=[{"dst": B4, "dst_port": 5004 + 1 + 16}]))
    assert done["error"] in (0, errno.EEXIST)
    assert bench.add(peer, flow_id=3, port=5006)
    assert bench.nodes(classid)


@pytest.mark.parametrize("changes, word", [
    ({"service": 7}, "service"), ({"rate_Bps": 0}, "rate"),
    ({"rate_Bps": LINK_BPS + 1}, "link"), ({"max_packet_bytes": 0}, "packet"),
    ({"filters": [{"dst": None}]}, "destination"),
    ({"filters": [{"dst": B4, "src": A6}]}, "families"),
    ({"filters": [{"dst": B4, "proto": 50, "dst_port": 1}]}, "ports"),
    ({"filters": [{"dst": B4, "src_port": 1}]}, "source port"),
    ({"filters": [{"dst": B4, "by_label": 1, "flow_label": 1}]}, "label"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_senseless_flows_are_refused(bench, changes, word):
    peer = bench.serve()
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow(**changes))
    assert done["error"] == errno.EINVAL
    assert word in done["text"]


def test_malformed_messages_are_refused_and_survived(bench):
    peer = bench.serve()
    for data in (b"", b"\0", b"\xff" * 100, tp.message(99, 7, {}),
                 tp.message(tp.FLOW_ADD, 8, {"flow_id": 1}),
                 tp.message(tp.IFACE, 9, {}),
                 struct.pack("<IHHI", 12, 2, tp.COUNTERS, 10)):
        if data:
            peer.socket.send(data)
    done, _ = peer.done([7, 8, 9, 10])
    assert [d["error"] for d in done] == [
        errno.EOPNOTSUPP, errno.EBADMSG, errno.EBADMSG,
        errno.EPROTONOSUPPORT]
    peer.serial = 100
    bench.add(peer)
    # Longer than what is agreed: nothing of it is done.
    peer.answers.clear()
    whole = tp.message(tp.COUNTERS, 200, {"ifindex": 0, "flow_id": 1})
    peer.socket.send(whole * (70_000 // len(whole)))
    done, _ = peer.done([0])
    assert done[0]["error"] == errno.EMSGSIZE
    done, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert done["flow_id"] == 1 and len(told) == 1
    assert not peer.answers


def test_an_interface_that_is_not_there(bench):
    peer = bench.serve(off=True)
    done, _ = peer.ask(tp.IFACE, bench.iface(ifindex=4711))
    assert done["error"] == errno.ENODEV
    done, _ = peer.ask(tp.IFACE, bench.iface(link_Bps=0))
    assert done["error"] == errno.EINVAL and "link rate" in done["text"]


# ---- life -------------------------------------------------------------------


def test_signs_of_life_and_the_end_of_the_supervisor(bench):
    peer = bench.serve(life=True)
    peer.life.settimeout(lab.PATIENCE_S)
    peer.life.send(struct.pack("<IHHI", 12, 1, 1, 42))
    assert struct.unpack("<IHHI", peer.life.recv(100)) == (12, 1, 2, 42)
    classid = bench.add(peer)
    peer.life.close()
    assert peer.process.wait(lab.PATIENCE_S) == 0
    assert bench.lands(classid, 5) == (5, 0)


def test_without_anything_to_do_there_are_signs_of_life(bench):
    peer = bench.serve(life=True, off=True)
    for _ in range(3):
        peer.sign_of_life()


def test_a_reader_that_does_not_read_blocks_nothing(bench):
    peer = bench.serve(life=True, pool_low=0)
    peer.socket.settimeout(2)
    # Questions without end, and no answer is read: soon none is taken.
    with pytest.raises(TimeoutError):
        for _ in range(500):
            peer.send(*[(tp.COUNTERS, {"ifindex": 0, "flow_id": 99})] * 500)
    peer.life.settimeout(lab.PATIENCE_S)
    peer.life.send(struct.pack("<IHHI", 12, 1, 1, 1))
    assert peer.life.recv(100)


def test_the_sandbox_is_on(bench):
    peer = bench.serve()
    status = lab.process_status(peer.process.pid)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"


def test_a_tree_that_vanishes_is_made_again(bench):
    peer = bench.serve()
    one = bench.add(peer)
    two = bench.add(peer, flow_id=2, service=tp.CL, filters=[
        {"dst": B6, "dst_port": 7000}, {"dst": B6, "dst_port": 7001}])
    bench.lands(one, 5)
    # The sixth time somebody means it.
    for again in range(1, 7):
        bench.a.tc("qdisc", "del", "dev", "eth0", "root")
        told = peer.wait_drift("removed by another program")
        if again == 6:
            break
        assert told == {
            "ifindex": bench.ifindex, "flow_id": 0, "error": 0,
            "text": "eth0: the tree was removed by another program: made "
                    "again (2 flows)"}
        assert bench.lands(one, 5) == (5, 0)
        assert bench.lands(two, 5, dst=B6, port=7001) == (5, 0)
        _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
        assert told[0]["packets"] == 5
        done, _ = peer.ask(tp.FLOW_CHANGE, bench.flow(
            rate_Bps=100_000 * again))
        assert (done["error"], done["classid"]) == (0, one)
    assert "given up" in told["text"]
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow(flow_id=3))
    assert done["error"] == errno.ENODEV
    done, told = peer.ask(tp.IFACE, bench.iface())
    assert done["error"] == 0 and not told
    assert bench.lands(bench.add(peer), 5) == (5, 0)


def test_an_interface_that_goes_is_nobodys_doing(bench):
    """As that of a ppp session does."""
    peer = bench.serve()
    bench.add(peer)
    bench.pool_filled()
    bench.a.ip("link", "del", "eth0")
    peer.wait_note("has gone")
    assert peer.notes == ["eth0: the interface has gone (1 flows)"]
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow(flow_id=3))
    assert done["error"] == errno.ENODEV
    assert not [k for k, _, _ in peer.answers if k == tp.LOST]
    assert not peer.drifts
    done, _ = peer.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    assert done["error"] == 0


def test_a_tree_that_was_replaced_is_given_up(bench):
    peer = bench.serve()
    bench.add(peer)
    bench.a.tc("qdisc", "replace", "dev", "eth0", "root", "handle", "7:",
               "tbf", "rate", "1mbit", "burst", "5kb", "latency", "50ms")
    told = peer.wait_drift("given up")
    assert "tbf 7:" in told["text"]
    assert bench.qdiscs()[0]["kind"] == "tbf"


def test_an_interface_that_vanishes_and_comes_back_starts_anew(bench):
    """With the same index, before its loss was seen."""
    peer = bench.serve()
    bench.add(peer)
    away = bench.lab.node("away")
    bench.a.ip("link", "set", "eth0", "netns", away.ns)
    peer.ask(tp.IFACE_OFF, {"ifindex": bench.ifindex})
    away.ip("link", "set", "eth0", "netns", bench.a.ns)
    bench.a.ip("link", "set", "eth0", "up")
    done, told = peer.ask(tp.IFACE, bench.iface())
    assert (done["error"], told) == (0, [])
    # A tree of its own, with nothing in it of the flow from before.
    assert bench.qdiscs()[0]["handle"] == "52:"
    assert "flowid 52:100" not in bench.a.tc("filter", "show", "dev",
                                             "eth0").stdout


# ---- settings that change ---------------------------------------------------


def test_a_changed_link_is_followed(bench):
    peer = bench.serve()
    gs = bench.add(peer)
    cl = bench.add(peer, flow_id=2, port=5006, service=tp.CL)
    bench.pool_filled()
    bench.lands(gs, 5)
    done, told = peer.ask(tp.IFACE, bench.iface(
        link_Bps=6_000_000, overhead_bytes=30))
    assert done["error"] == 0 and not told
    classes = bench.classes()
    assert classes["52:1"]["rate"] == 6_000_000
    assert classes[bench.name(cl)]["ceil"] == 6_000_000
    assert classes[bench.name(gs)]["ceil"] == 250_000
    assert classes[bench.name(gs)]["overhead"] == 30
    lab.wait_for(lambda: all(
        c.get("overhead") == 30 for c in bench.classes().values()),
        "the idle classes to follow")
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert told[0]["packets"] == 5
