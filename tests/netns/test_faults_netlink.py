# SPDX-License-Identifier: ISC
"""Faults between tcctl and the kernel, each at the n-th change, call or answer,
for all n, with the real kernel behind them (tests/clients/nl_fault.c): a death
in the middle of a set-up, refusals, calls that fail, dumps that are interrupted
or cut, a kernel that takes its time.  Which faults these are, test_faults.py
says."""

import errno
import select

import pytest

import lab
import tcctl_peer as tp
from nl_fault import (CUT, END, INTERRUPT, RECEIVE_FAILS, RECEIVE_WAITS,
                      REFUSE, REFUSE_ALL, SEND_FAILS, SEND_WAITS, Fault)
from tcctl_bench import B4, B6, fixture_both

assert fixture_both  # pytest finds it here

@pytest.fixture(name="fault")
def fixture_fault(bench):
    return Fault(bench.lab.dir)


# What a peer meets whose tcctl has ended.
ENDED = (AssertionError, ConnectionError)
TWO = [{"dst": B4, "dst_port": 5010}, {"dst": B6, "dst_port": 5010}]


def serve(bench, fault, life=False):
    fault.plan()
    peer = bench.serve(env=fault.env, life=life)
    bench.pool_filled()
    return peer


def is_whole(bench, peer, flow_id, classid):
    """It is in the kernel as asked for, and its packets find it."""
    assert len(bench.nodes(classid)) == 2
    assert (bench.note(classid) is not None) == (bench.by() == "flower")
    assert bench.lands(classid, 3, port=5010) == (3, 0)
    _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": flow_id})
    assert told[0]["packets"] == 3


def is_gone(bench, classid):
    assert not bench.nodes(classid) and not bench.note(classid)
    lab.wait_for(lambda: bench.classes().get(
        bench.name(classid), {"rate": 125_000})["rate"] >= 125_000,
        "the class to return to the pool")


def leads_nowhere(bench):
    """Filters that lead to a class that there is not."""
    text = bench.a.tc("filter", "show", "dev", "eth0", "parent", "52:").stdout
    classes = bench.classes()
    return [word for word in text.split()
            if word.startswith("52:") and word not in classes]


def finish(bench, peer, request):
    """The same asked for again is done; then all of it goes."""
    done, _ = peer.ask(*request)
    assert done["error"] == 0, done["text"]
    if request[0] != tp.FLOW_DEL:
        is_whole(bench, peer, 2, done["classid"])
        gone, _ = peer.ask(tp.FLOW_DEL, {"flow_id": 2,
                                         "ifindex": bench.ifindex})
        assert gone["error"] == 0
    assert not leads_nowhere(bench)


def requests(bench):
    """A set-up, a move to another class, a removal; and whether there is a
    flow before."""
    add = bench.flow(flow_id=2, filters=TWO, rate_Bps=20_000)
    move = {**add, "service": tp.CL}
    return {"set-up": (False, (tp.FLOW_ADD, add)),
            "move": (True, (tp.FLOW_CHANGE, move)),
            "removal": (True, (tp.FLOW_DEL, {"flow_id": 2,
                                             "ifindex": bench.ifindex}))}


@pytest.mark.parametrize("what", ["set-up", "move", "removal"])
def test_a_death_after_the_nth_change_is_cleared_away(bench, fault, what):
    before, request = requests(bench)[what]
    peer = serve(bench, fault)
    kept = bench.add(peer)
    deaths = 0
    while True:
        if before:
            done, _ = peer.ask(tp.FLOW_ADD, requests(bench)["set-up"][1][1])
            assert done["error"] == 0
        fault.plan(END, deaths + 1)
        try:
            # A change of the background may be the first, and its end.
            peer.done(peer.send(request))
        except ENDED:
            assert peer.process.wait(lab.PATIENCE_S) == 137
        else:
            # Done before so many: the rest of them is of the background.
            break
        deaths += 1
        fault.plan()
        peer = bench.serve(env=fault.env)
        assert 1 in peer.adopted and not leads_nowhere(bench)
        for flow_id, flow in peer.adopted.items():
            if flow_id == 2:  # one of the two, never a mixture
                assert flow["service"] in (tp.GS, tp.CL)
                assert {f["dst"] for f in flow["filters"]} <= {B4, B6}
        bench.pool_filled()
        finish(bench, peer, request if what != "removal" or
               2 in peer.adopted else requests(bench)["set-up"][1])
    fault.plan()
    # The class, perhaps its leaf, two filters; with flower the note.
    assert deaths >= {"set-up": 3, "move": 5, "removal": 2}[what]
    assert bench.classes()[bench.name(kept)]["rate"] == 250_000
    assert bench.lands(kept, 3) == (3, 0)


@pytest.mark.parametrize("number", [errno.EBUSY, errno.ENOMEM],
                         ids=errno.errorcode.get)
def test_a_refusal_of_the_nth_change_is_undone(bench, fault, number):
    peer = serve(bench, fault)
    kept = bench.add(peer)
    bench.pool_refilled(1)
    lab.wait_for(lambda: bench.classes()["52:2"]["rate"] == 250_000,
                 "the last change of the background")
    request = requests(bench)["set-up"][1]
    refusals = 0
    while True:
        fault.plan(REFUSE, refusals + 1, number)
        done, _ = peer.ask(*request)
        if done["error"] == 0:
            break
        refusals += 1
        assert fault.happened() and done["error"] == number
        assert done["text"].startswith(f"step {refusals} of ")
        assert done["text"].endswith("; undone")
        fault.plan()
        _, told = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 0})
        assert {c["flow_id"] for c in told} == {0, 1}
        assert not leads_nowhere(bench)
    assert refusals >= 3
    fault.plan()
    is_whole(bench, peer, 2, done["classid"])
    assert bench.lands(kept, 3) == (3, 0)


def test_what_cannot_be_undone_is_said_and_the_next_one_clears_it_away(
        bench, fault):
    """As long as the kernel refuses everything.  Nobody is given what is left
    before it is known again how it is."""
    peer = serve(bench, fault)
    kept = bench.add(peer)
    bench.pool_refilled(1)
    lab.wait_for(lambda: bench.classes()["52:2"]["rate"] == 250_000,
                 "the last change of the background")
    request = requests(bench)["set-up"][1]
    fault.plan(REFUSE_ALL, 2, errno.ENOMEM)  # the class' change is done
    done, _ = peer.ask(*request)
    fault.plan()
    assert done["error"] == errno.ENOMEM
    changed, = [name for name, c in bench.classes().items()
                if c["rate"] == 20_000]
    assert f"undo failed: change class {changed}" in done["text"]
    # A look at the whole tree.
    peer.wait_drift(f"left alone: class {changed}")
    finish(bench, peer, request)
    assert bench.classes()[changed]["rate"] == 20_000
    peer.kill()
    peer = bench.serve(env=fault.env)
    lab.wait_for(lambda: bench.classes()[changed]["rate"] == 125_000,
                 "the class in the pool again")
    assert bench.lands(kept, 3) == (3, 0)


def test_a_pool_that_could_not_grow_is_tried_again(bench, fault):
    """By itself: nobody asks for anything meanwhile."""
    peer = serve(bench, fault)
    fault.plan(REFUSE_ALL, 1, errno.ENOMEM)
    done, _ = peer.ask(tp.IFACE, bench.iface(pool_low=16))
    assert done["error"] == 0, done["text"]
    lab.wait_for(fault.happened, "a class that is refused")
    fault.plan()
    bench.pool_filled(16)


@pytest.mark.parametrize("kind", [SEND_FAILS, RECEIVE_FAILS],
                         ids=["send", "receive"])
@pytest.mark.parametrize("number", [errno.EINTR, errno.EAGAIN, errno.ENOMEM,
                                    errno.ENOBUFS], ids=errno.errorcode.get)
def test_a_call_that_fails_costs_no_flow(bench, fault, kind, number):
    """It is made again, or the request is refused, or tcctl ends and the next
    one finds what there is."""
    peer = serve(bench, fault)
    kept = bench.add(peer)
    request = requests(bench)["set-up"][1]
    for nth in range(1, 5):
        fault.plan(kind, nth, number)
        try:
            (done,), _ = peer.done(peer.send(request))
            assert done["error"] in (0, number), done["text"]
            fault.plan()
            # What it does in the background may have failed just before.
            peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 1})
        except ENDED:
            peer.process.wait(lab.PATIENCE_S)
            fault.plan()
            peer = bench.serve(env=fault.env)
            assert 1 in peer.adopted
        finish(bench, peer, request)
    assert bench.lands(kept, 3) == (3, 0)


@pytest.mark.parametrize("kind", [INTERRUPT, CUT], ids=["interrupted", "cut"])
def test_a_dump_that_is_no_good_is_asked_for_again(bench, fault, kind):
    peer = serve(bench, fault)
    classids = {i: bench.add(peer, flow_id=i, port=5000 + i)
                for i in range(1, 60)}
    bench.lands(classids[7], 3, port=5007)
    happened = 0
    for nth in (1, 2, 3, 5, 8, 13, 21, 34):
        peer.kill()
        fault.plan(kind, nth)
        peer = bench.serve(off=True, env=fault.env)
        done, told = peer.ask(tp.IFACE, bench.iface())
        happened += fault.happened()
        if done["error"] != 0:  # said, and nothing touched
            assert kind == CUT and done["text"]
            done, told = peer.ask(tp.IFACE, bench.iface())
        assert done["error"] == 0, done["text"]
        assert {f["flow_id"] for f in told} == set(classids)
        _, (told,) = peer.ask(tp.COUNTERS, {"ifindex": 0, "flow_id": 7})
        assert (told["packets"], told["classid"]) == (3, classids[7])
    assert happened >= 5


@pytest.mark.parametrize("kind", [SEND_WAITS, RECEIVE_WAITS],
                         ids=["change", "answer"])
def test_waiting_for_the_kernel_is_no_silence(bench, fault, kind):
    """A lock that others hold: the supervisor hears of us all the while, the
    request is carried out when the kernel does it."""
    peer = serve(bench, fault, life=True)
    bench.pool_refilled(0)
    kept = bench.add(peer)
    fault.plan(kind, 1)
    serials = peer.send(requests(bench)["set-up"][1])
    lab.wait_for(fault.happened, "the call that waits")
    for _ in range(3):
        peer.sign_of_life()
    assert not select.select([peer.socket], [], [], 0)[0]
    fault.plan()
    (done,), _ = peer.done(serials)
    assert done["error"] == 0, done["text"]
    is_whole(bench, peer, 2, done["classid"])
    assert bench.lands(kept, 3) == (3, 0)
    peer.sign_of_life()
