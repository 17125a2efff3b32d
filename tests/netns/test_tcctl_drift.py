# SPDX-License-Identifier: ISC
"""What other programs change in the tree of `tcctl serve`: seen at once, put
right, told; and what is foreign is left alone."""

import errno
import signal

import lab
import tcctl_peer as tp
from tcctl_bench import A4, B4, B6, at_rest, fixture_both, untouched

assert fixture_both  # pytest finds it here

def assert_as(before, bench):
    now = untouched(bench)
    assert ([line for line in now if line not in before],
            [line for line in before if line not in now]) == ([], [])
    assert now == before


def damage(bench, peer, *command, word="repaired"):
    """Do that, wait for the report; the tree must be as before."""
    before = untouched(bench)
    bench.a.tc(*command)
    report = peer.wait_drift(word)
    assert report["error"] == 0
    assert_as(before, bench)
    return report


def node_command(bench, classid):
    return ["filter", "del", "dev", "eth0", "parent", "52:",
            *bench.node_words(classid)[0]]


def test_a_changed_class_is_changed_back(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    at_rest(bench)
    bench.lands(classid, 5)
    report = damage(bench, peer, "class", "change", "dev", "eth0", "parent",
                    "52:3", "classid", "52:8", "htb", "rate", "8mbit")
    assert "52:8" in report["text"] and report["flow_id"] == 0
    report = damage(bench, peer, "class", "change", "dev", "eth0", "parent",
                    "52:2", "classid", bench.name(classid), "htb", "rate",
                    "8kbit", "quantum", "1500")
    # Only what differs; and who did it.
    assert report["flow_id"] == 1
    assert " and " not in report["text"]
    assert f"change class {bench.name(classid)}" in report["text"]
    assert "netlink port" in report["text"]
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert told[0]["packets"] == 5


def test_a_deleted_filter_comes_back(bench):
    peer = bench.serve()
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow(filters=[
        {"dst": B4, "src": A4, "dst_port": 5004, "src_port": 6000},
        {"dst": B6, "dst_port": 7000}]))
    classid = done["classid"]
    at_rest(bench)
    damage(bench, peer, *node_command(bench, classid))
    assert bench.lands(classid, 5) == (5, 0)
    # The link to a table, and the whole preference with all tables.
    damage(bench, peer, "filter", "del", "dev", "eth0", "parent", "52:",
           "pref", "10", "protocol", "ip", "handle", "800::1", "u32")
    assert bench.lands(classid, 5) == (5, 0)
    # Of it all but the root's nodes is hidden only.
    for pref in ("10", "11", "12"):
        bench.a.tc("filter", "del", "dev", "eth0", "parent", "52:", "pref",
                   pref)
    peer.wait_drift("repaired")
    assert bench.lands(classid, 5) == (5, 0)
    assert bench.lands(classid, 5, dst=B6, port=7000) == (5, 0)


def test_a_filter_that_leads_elsewhere_leads_back(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    at_rest(bench)
    # Of flower the keys are given again, or it would take all there is.
    change = (["ip_proto", "udp", "dst_ip", B4, "src_ip", A4, "dst_port",
               "5004", "src_port", "6000", "classid"]
              if bench.by() == "flower" else ["flowid"])
    damage(bench, peer, "filter", "change", "dev", "eth0", "parent", "52:",
           *bench.node_words(classid)[0], *change, "52:5")
    assert bench.lands(classid, 5) == (5, 0)


def test_a_deleted_class_comes_back_with_its_flow(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    at_rest(bench)
    bench.lands(classid, 5)
    shape = bench.classes()[bench.name(classid)]
    # It cannot go as long as a filter leads to it, and be it its note: all at
    # once, before the first is back.
    gone = [node_command(bench, classid)]
    if bench.by() == "flower":
        gone.append(["filter", "del", "dev", "eth0", "parent", "52:",
                     "protocol", "ip", "pref", "10", "handle",
                     bench.note(classid), "u32"])
    gone.append(["class", "del", "dev", "eth0", "classid",
                 bench.name(classid)])
    script = bench.lab.dir / "deletions"
    script.write_text("".join(" ".join(words) + "\n" for words in gone))
    bench.a.tc("-batch", script)
    report = peer.wait_drift("repaired")
    assert report["flow_id"] == 1
    again = bench.classes()[bench.name(classid)]
    assert (again["rate"], again["parent"]) == (shape["rate"],
                                                shape["parent"])
    assert bench.lands(classid, 5) == (5, 0)
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert told[0]["packets"] == 5  # a new class counts from 0
    # The next tcctl counts the same.
    peer.kill()
    peer = bench.serve()
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
    assert told[0]["packets"] == 5


def test_best_effort_and_idle_classes_come_back(bench):
    peer = bench.serve()
    bench.add(peer)
    at_rest(bench)
    damage(bench, peer, "class", "del", "dev", "eth0", "classid", "52:5")
    idle = [h for h, c in bench.classes().items()
            if c["rate"] == 125_000 and int(h.split(":")[1], 16) >= 0x100][0]
    damage(bench, peer, "class", "del", "dev", "eth0", "classid", idle)


def test_a_replaced_leaf_is_replaced_again(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    at_rest(bench)
    damage(bench, peer, "qdisc", "replace", "dev", "eth0", "parent",
           bench.name(classid), "handle", "7777:", "pfifo", "limit", "3")
    damage(bench, peer, "qdisc", "change", "dev", "eth0", "parent",
           bench.name(classid), "handle",
           f"{classid & 0xffff:x}:", "bfifo", "limit", "3000")
    damage(bench, peer, "qdisc", "replace", "dev", "eth0", "parent", "52:5",
           "handle", "7778:", "pfifo", "limit", "3")


def test_a_filter_before_ours_is_removed_and_one_after_is_not(bench):
    peer = bench.serve()
    classid = bench.add(peer)
    at_rest(bench)

    def add(*where):
        bench.a.tc("filter", "add", "dev", "eth0", "parent", "52:",
                   "protocol", "ip", *where, "match", "u32", "0", "0",
                   "flowid", "52:5")
    before = untouched(bench)
    add("pref", "3", "u32")
    assert "delete filter 3 " in peer.wait_drift("repaired")["text"]
    assert_as(before, bench)
    # All that there is of it, so that it can be made again.
    add("pref", "4", "u32")
    assert (" on eth0 u32 to 52:5 00000000/00000000 at 0" in
            peer.wait_drift("delete filter 4")["text"])
    assert_as(before, bench)
    add("pref", "10", "handle", "21:5:77", "u32", "ht", "21:5:")
    peer.wait_drift("delete filter 10 21:5:77")
    assert_as(before, bench)
    if bench.by() == "flower":
        bench.a.tc("filter", "add", "dev", "eth0", "parent", "52:",
                   "protocol", "ip", "pref", "5", "handle", "77", "flower",
                   "ip_proto", "udp", "classid", "52:5")
        peer.wait_drift("delete filter 5 handle 4d")
        assert_as(before, bench)
    add("pref", "20", "u32")
    report = peer.wait_drift("left alone")
    assert "filter 20 " in report["text"] and report["error"] == 0
    assert "pref 20" in bench.a.tc("filter", "show", "dev", "eth0").stdout
    assert bench.lands(classid, 5) == (5, 0)


def test_a_foreign_class_is_left_alone_and_told(bench):
    peer = bench.serve()
    at_rest(bench)
    bench.a.tc("class", "add", "dev", "eth0", "parent", "52:1", "classid",
               "52:4711", "htb", "rate", "8kbit", "quantum", "1500")
    report = peer.wait_drift("left alone")
    assert "class 52:4711" in report["text"]
    assert "52:4711" in bench.classes()


def test_who_insists_wins_and_it_is_told(bench):
    """The sixth time in a minute the flow is given up, and the engine hears of
    it; what is left of it is removed."""
    peer = bench.serve()
    at_rest(bench)
    classid = bench.add(peer)
    for _ in range(5):
        bench.a.tc(*node_command(bench, classid))
        assert peer.wait_drift("repaired")["flow_id"] == 1
    bench.a.tc(*node_command(bench, classid))
    report = peer.wait_drift("more than 5 times")
    assert (report["flow_id"], report["error"]) == (1, errno.EIO)
    assert not bench.nodes(classid)
    # Asked for again it is a flow like any other.
    assert bench.lands(bench.add(peer), 5) == (5, 0)


def test_who_insists_on_the_tree_gets_the_interface(bench):
    peer = bench.serve()
    bench.add(peer)
    for _ in range(5):
        bench.a.tc("class", "del", "dev", "eth0", "classid", "52:5")
        peer.wait_drift("repaired")
    bench.a.tc("class", "del", "dev", "eth0", "classid", "52:5")
    peer.wait_drift("not repaired")
    done, _ = peer.ask(tp.FLOW_ADD, bench.flow(flow_id=3))
    assert done["error"] == errno.ENODEV
    assert [k for k, _, v in peer.answers
            if k == tp.LOST and v["ifindex"] == bench.ifindex]
    done, told = peer.ask(tp.IFACE, bench.iface())
    assert done["error"] == 0 and len(told) == 1
    assert "52:5" in bench.classes()


def test_events_that_were_lost_are_made_good(bench):
    """More changes than the socket holds, while tcctl stands still."""
    peer = bench.serve()
    classid = bench.add(peer)
    at_rest(bench)
    before = untouched(bench)
    peer.process.send_signal(signal.SIGSTOP)
    try:
        script = bench.lab.dir / "storm"
        change = ("class change dev eth0 parent 52:2 classid 52:7 htb rate "
                  "{}kbit quantum 1500\n")
        script.write_text("".join(change.format(8 + i)
                                  for i in range(4000)))
        bench.a.tc("-batch", script)
        bench.a.tc(*node_command(bench, classid))
        bench.a.tc("class", "del", "dev", "eth0", "classid", "52:5")
    finally:
        peer.process.send_signal(signal.SIGCONT)
    peer.wait_drift("flow 1")
    lab.wait_for(lambda: untouched(bench) == before, "the tree as before")
    assert bench.lands(classid, 5) == (5, 0)


def test_our_own_changes_are_no_drift(bench):
    peer = bench.serve(pool_low=200, pool_high=300)
    bench.pool_filled(200)
    for flow_id in range(1, 120):
        bench.add(peer, flow_id=flow_id, port=5000 + flow_id)
    for flow_id in range(1, 120):
        peer.ask(tp.FLOW_DEL, {"flow_id": flow_id, "ifindex": bench.ifindex})
    assert not peer.drifts and not peer.notes
