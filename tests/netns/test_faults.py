# SPDX-License-Identifier: ISC
"""Faults of peers, links and routes, and sessions that conflict, against real
daemons and kernels.  After each of them kernel and daemons have the same view.

The faults, and where they are provoked (here, or in the file named):

    death in a set-up          test_faults_netlink.py:
                               test_a_death_after_the_nth_change_is_cleared_away,
                               and as it is left, test_tcctl_life.py:
                               test_an_interrupted_set_up_is_cleared_away
    daemon hung                test_a_hung_daemon_costs_others_paths_for_a_bounded_time,
                               test_restart.py:
                               test_hung_engine_is_killed_and_replaced,
                               test_supervisor.py:
                               test_hung_worker_is_killed_within_the_watchdogs_time
    restart, smaller link      test_a_restart_with_a_smaller_link_keeps_what_fits
    upstream peer vanishes     test_a_sender_that_vanishes_is_forgotten
    downstream peer vanishes   test_a_receiver_that_vanishes_is_forgotten
    peer reboots               test_a_host_that_reboots_is_reserved_for_again
    lost messages              test_a_tenth_of_the_messages_may_be_lost,
                               test_heavy_loss_is_recovered_from; an hour
                               of it in tests/long soak
    netlink events lost        test_tcctl_drift.py:
                               test_events_that_were_lost_are_made_good
    netlink errors, dumps      test_faults_netlink.py:
                               test_a_refusal_of_the_nth_change_is_undone,
                               test_a_call_that_fails_costs_no_flow,
                               test_a_dump_that_is_no_good_is_asked_for_again
    the kernel takes its time  test_supervisor.py:
                               test_a_call_of_the_kernel_that_lasts_is_no_silence,
                               test_faults_netlink.py:
                               test_waiting_for_the_kernel_is_no_silence
    filter refused             test_tcctl_life.py:
                               test_a_refusal_is_explained_and_undone
    our qdisc is deleted       test_tcctl_life.py:
                               test_a_tree_that_vanishes_is_made_again
    class or filter deleted,   test_tcctl_drift.py:
    edited or foreign          test_a_deleted_class_comes_back_with_its_flow,
                               test_a_deleted_filter_comes_back,
                               test_a_changed_class_is_changed_back,
                               test_a_filter_before_ours_is_removed_and_one_after_is_not,
                               test_who_insists_wins_and_it_is_told
    ifb deleted, set down      test_ingress.py:
                               test_who_deletes_it_is_reported_and_it_comes_back,
                               test_an_ifb_that_went_down_while_nobody_looked_is_up_again
    another manager's root     test_tcctl_life.py:
                               test_a_foreign_tree_is_refused_and_taken_over_only_on_request,
                               test_a_tree_that_was_replaced_is_given_up;
                               to the engine, test_attack.py:
                               test_a_tree_that_somebody_replaces_is_no_promise
    interface down, up         test_a_link_that_goes_down_and_up_is_used_again
    interface renamed          test_a_renamed_interface_keeps_its_reservations
    interface made again       test_an_interface_that_is_made_again_starts_anew
    interface moved away       test_an_interface_that_is_moved_away_is_gone
    address changed            test_a_changed_address_is_told_at_once
    MTU lowered                test_a_smaller_mtu_is_for_new_reservations
    bandwidth lowered          test_a_slower_link_preempts_the_youngest
    route change               test_a_route_change_moves_the_reservation
    route flaps                test_a_flapping_route_costs_a_bounded_rate;
                               a minute of it in tests/long soak
    route removed              test_without_a_route_the_path_waits
    several next hops          test_path_and_data_take_the_same_next_hop
    looping Path               test_a_loop_of_routes_ends_by_itself
    sender from two hops       test_faults_sessions.py
    conflicting styles         test_neighbour_errors.py:
                               test_styles_do_not_mix_in_a_session
    killer reservation         test_a_killer_reservation_leaves_the_small_one,
                               and in a tree test_multicast.py:
                               test_a_killer_reservation_does_not_hurt_the_small_ones
    conflicting ports          test_faults_sessions.py
    10 000 set up and torn     test_faults_many.py
    capacity to the octet      tests/unit/test_ledger.c
    multicast membership       test_multicast.py:
                               test_a_receiver_that_leaves_takes_its_branch_alone,
                               test_a_route_that_changes_is_healed_in_3_s
    hop without RSVP           test_a_router_without_rsvp_is_seen
"""

import contextlib
import os
import signal
import socket
import time

import pytest

import chain as chains
import lab
import needs
import neighbour as nb
from chain import C, DETOUR, LINKS, R_MS, RATE, S, WAY, address, section

WATCHDOG_S = 2


@pytest.fixture(scope="module")
def network():
    lab.require_root()
    with chains.Chain("rsvpf") as c:
        yield c


@pytest.fixture
def chain(network):
    """The chain at rest; what a test starts in it is stopped behind it, and
    nothing of it is left, in the daemons or the kernels."""
    before = len(network.lab.processes)
    try:
        yield network
        network.agree()
    finally:
        network.mend()
    for process in network.lab.processes[before:]:
        if "app-" in process.name:
            process.stop()
    network.empty()
    network.agree()


# ---- peers -------------------------------------------------------------------

def test_a_sender_that_vanishes_is_forgotten(chain):
    flow = chain.flow()
    expired = chain.counter("r1", "path_expired")
    chain.lose("s", "")
    # r1 notices by time; the others are told.
    lab.wait_for(lambda: not chain.path("r1", flow.port), "the lifetime")
    assert chain.counter("r1", "path_expired") == expired + 1
    lab.wait_for(lambda: not chain.path("c", flow.port), "PathTear")
    for node in ("r2", "r3", "c"):
        assert chain.counter(node, "path_expired") == 0
    for node, ifname in WAY[1:]:
        lab.wait_for(lambda n=node, i=ifname: chain.iface(n, i)[
            "reserved_bps"] == 0, f"the capacity of {node} {ifname}")
    lab.wait_for(lambda: not chain.installed(flow.port), "s alone to wait")


def test_a_receiver_that_vanishes_is_forgotten(chain):
    flow = chain.flow()
    chain.lose("c", "")
    flow.gone()
    assert chain.counter("r3", "resv_expired") == 1
    # The sender is still there for others: r3 keeps its path state.
    assert chain.path("r3", flow.port)


def test_a_host_that_reboots_is_reserved_for_again(chain):
    """It loses all it knew, its interface has another index."""
    flow = chain.flow()
    lih = chain.iface("c", "eth0")["ifindex"]
    daemon = chain.daemons["c"]
    for pid in (daemon.supervisor(), *daemon.workers().values()):
        with contextlib.suppress(ProcessLookupError):  # they end by themselves
            os.kill(pid, 9)
    daemon.process.popen.wait()
    chain.nodes["c"].ip("link", "del", "eth0")
    chain.connect(LINKS[-1])
    chain.restore_routes("c")
    lab.wait_for(lambda: (chain.iface("r3", "d0") or {}).get("tc_ready"),
                 "the link at r3")
    daemon.start()
    flow.wait()
    assert chain.iface("c", "eth0")["ifindex"] != lih
    assert not flow.errors()


def test_a_tenth_of_the_messages_may_be_lost(chain):
    """On its way into each router; nothing is ever missed.  Every tenth
    one: of messages lost at random, four in a row are the end of a state, and
    an hour has many; for the same reason none is lost on its way out too.  RSVPD_LOSS_S: for how many seconds."""
    seconds = int(os.environ.get("RSVPD_LOSS_S", "8"))
    flows = [chain.flow() for _ in range(3)]
    before = {f.port: {p: r["classid"] for p, r in f.places().items()}
              for f in flows}
    expired = [chain.counter(n, c) for n in chain.daemons
               for c in ("path_expired", "resv_expired", "admitted")]
    for node in ("r1", "r2", "r3"):
        chain.lose(node, "numgen inc mod 10 0", ("input",))
    refreshed = chain.counter("c", "path_in")
    # One in R comes of each flow, less what r3 loses: each router refreshes
    # on its own.
    lab.wait_for(lambda: chain.counter("c", "path_in") > refreshed +
                 len(flows) * seconds * 1000 / R_MS * 0.9,
                 "refreshes", seconds * 2 + lab.PATIENCE_S, 0.5)
    assert expired == [chain.counter(n, c) for n in chain.daemons
                       for c in ("path_expired", "resv_expired", "admitted")]
    for flow in flows:
        assert {p: r["classid"] for p, r in flow.places().items()
                } == before[flow.port]
        assert not flow.errors()


def test_heavy_loss_is_recovered_from(chain):
    """A third of all messages, while reservations are made and torn."""
    for node in ("r1", "r2", "r3"):
        chain.lose(node, "numgen random mod 10 < 3")
    flows = [chain.flow(wait=False) for _ in range(4)]
    for flow in flows:
        lab.wait_for(flow.places, "the first hop at least",
                     2 * lab.PATIENCE_S)
    flows.pop().stop()
    chain.lose_nothing()
    for flow in flows:
        flow.wait()


def test_a_router_without_rsvp_is_seen(chain):
    """r2 forwards what it does not understand."""
    flow = chain.flow()
    seen = len(chains.events(flow.receiver, "path_event"))
    assert not chain.path("r3", flow.port)["non_rsvp_hop"]
    chain.daemons["r2"].stop()
    lab.wait_for(lambda: chain.path("r3", flow.port)["non_rsvp_hop"],
                 "the TTL to tell")
    assert chain.path("r3", flow.port)["hop"] == address(12, 1)
    told = lab.wait_for(
        lambda: chains.events(flow.receiver, "path_event")[seen:],
        "the application to be told")
    assert told[-1]["flows"][0]["break"]
    chain.daemons["r2"].start()
    chain.daemons["r2"].wait_traffic_control()
    lab.wait_for(lambda: not chain.path("r3", flow.port)["non_rsvp_hop"],
                 "the break to be over")
    flow.wait()


# ---- links -------------------------------------------------------------------

def test_a_link_that_goes_down_and_up_is_used_again(chain):
    flow = chain.flow()
    chain.nodes["r2"].ip("link", "set", "d0", "down")
    lab.wait_for(lambda: not chain.iface("r2", "d0")["up"], "down")
    lab.wait_for(lambda: ("r2", "d0") not in flow.places(), "its end there")
    chain.nodes["r2"].ip("link", "set", "d0", "up")
    chain.restore_routes("r2")
    flow.wait()
    assert not flow.errors()


def test_a_renamed_interface_keeps_its_reservations(chain):
    """It is the same by its index; its section too, as long as none is
    for its new name, and that of its new name otherwise."""
    needs.require(needs.rename_running)
    node = chain.nodes["r2"]
    flow = chain.flow()
    before = {n: r["classid"] for (n, _), r in flow.places().items()}
    for name in ("y0", "x0", "d0"):
        if name == "x0":
            chain.reload("r2", chain.conf("r2", more=(
                section("x0", "20 Mbit"),)))
        node.ip("link", "set", (chain.names_of("r2") - {"u0"}).pop(), "name",
                name)
        flow.wait([("r2", name) if p == ("r2", "d0") else p for p in WAY])
        assert {n: r["classid"] for (n, _), r in flow.places().items()
                } == before
        chain.agree()
        assert chain.iface("r2", name)["bandwidth_bps"] == (
            20000000 if name == "x0" else 10000000)
    assert not flow.errors()


def test_an_interface_that_is_moved_away_is_gone(chain):
    flow = chain.flow()
    node, other = chain.nodes["r2"], chain.nodes["s"]
    node.ip("link", "set", "d0", "netns", other.ns, "name", "moved")
    lab.wait_for(lambda: chain.iface("r2", "d0") is None, "gone")
    lab.wait_for(lambda: not any(n == "r2" for n, _ in flow.places()),
                 "the end of it at r2")
    chain.agree()
    other.ip("link", "set", "moved", "netns", node.ns, "name", "d0")
    node.ip("addr", "add", address(23, 1) + "/24", "dev", "d0")
    node.ip("link", "set", "d0", "up")
    chain.restore_routes("r2")
    flow.wait()
    assert not flow.errors()


def test_an_interface_that_is_made_again_starts_anew(chain):
    flow = chain.flow()
    index = chain.iface("r2", "d0")["ifindex"]
    chain.nodes["r2"].ip("link", "del", "d0")
    lab.wait_for(lambda: chain.iface("r2", "d0") is None, "gone")
    chain.connect(LINKS[2])
    for node in ("r2", "r3"):
        chain.restore_routes(node)
    flow.wait()
    assert chain.iface("r2", "d0")["ifindex"] != index
    assert not flow.errors()


def test_a_changed_address_is_told_at_once(chain):
    node = chain.nodes["r2"]
    flow = chain.flow()
    classid = flow.places()["r2", "d0"]["classid"]
    node.sysctl("net.ipv4.conf.d0.promote_secondaries", 1)
    node.ip("addr", "add", address(23, 9) + "/24", "dev", "d0")
    node.ip("addr", "del", address(23, 1) + "/24", "dev", "d0")
    chain.restore_routes("r2")
    lab.within(R_MS / 1000, lambda: chain.path("r3", flow.port)["hop"] ==
               address(23, 9), "the new HOP")
    # It is what the next hop answers to, so the reservation stays.
    resv_in = chain.counter("r2", "resv_in")
    lab.wait_for(lambda: chain.counter("r2", "resv_in") > resv_in + 3,
                 "refreshes")
    assert flow.places()["r2", "d0"]["classid"] == classid
    assert chain.counter("r2", "resv_expired") == 0
    node.ip("addr", "add", address(23, 1) + "/24", "dev", "d0")
    node.ip("addr", "del", address(23, 9) + "/24", "dev", "d0")
    for name in ("r2", "r3"):
        chain.restore_routes(name)
    lab.wait_for(lambda: chain.path("r3", flow.port)["hop"] == address(23, 1),
                 "the old HOP again")
    assert not flow.errors()


def test_a_smaller_mtu_is_for_new_reservations(chain):
    old = chain.flow()
    classid = old.places()["r3", "d0"]["classid"]
    for node, name in (("r3", "d0"), ("c", "eth0")):
        chain.nodes[node].ip("link", "set", name, "mtu", 900)
    lab.wait_for(lambda: chain.iface("r3", "d0")["mtu"] == 900, "the MTU")
    # An application would ask for less: the path says what there is.
    chain.port_used += 1
    port = chain.port_used
    sender = chain.send(port)
    lih = lab.wait_for(lambda: chain.path("c", port), "the Path")["lih"]
    receiver = nb.Neighbour(chain.nodes["c"], "eth0")
    receiver.send(C, address(3, 1), nb.message(
        nb.RESV, 63, nb.session(C, port), nb.hop(C, lih),
        nb.time_values(R_MS), nb.style(nb.FF),
        nb.guaranteed(RATE, r=RATE, p=2.0 * RATE, b=5000.0, m=100, M=1000),
        nb.filter_spec(S, port)))
    assert receiver.expect(nb.RESV_ERR, port).error()[2:] == (1, 3)
    receiver.close()
    sender.stop()
    old.wait()
    chain.agree()
    assert old.places()["r3", "d0"]["classid"] == classid
    assert not old.errors()


def test_a_slower_link_preempts_the_youngest(chain):
    """Among reservations of equal priority."""
    old, young = chain.flow(), chain.flow()
    chain.reload("r3", chain.conf("r3", bandwidth={"d0": "1500 kbit"}))
    error = chains.wait_event(young.receiver, "resv_error")
    assert error["code"] == 12
    young.gone()
    assert not old.errors()
    old.wait()
    why = chain.daemons["r3"].ctl("explain", C, young.port).stdout
    assert "preempt" in why
    lab.wait_for(lambda: chain.iface("r3", "d0")["flows"] == 1, "one flow")
    chain.agree()
    young.stop()
    chain.reload("r3", chain.conf("r3"))


# ---- daemons -----------------------------------------------------------------


def test_a_restart_with_a_smaller_link_keeps_what_fits(chain):
    """What was adopted and does not fit any more is preempted, and told."""
    flows = [chain.flow(), chain.flow()]
    classes = {f.port: f.places()["r3", "d0"]["classid"] for f in flows}
    daemon = chain.daemons["r3"]
    daemon.conf.write_text(chain.conf("r3", bandwidth={"d0": "1500 kbit"}))
    workers = daemon.workers()
    os.kill(daemon.supervisor(), signal.SIGKILL)
    daemon.process.popen.wait(lab.PATIENCE_S)
    lab.wait_for(lambda: not any(os.path.exists(f"/proc/{p}")
                                 for p in workers.values()), "their end")
    daemon.start()
    daemon.wait_traffic_control()
    # Once each: whom it does not take it refuses, until the other is torn.
    lost = lab.wait_for(lambda: [f for f in flows if chains.events(
        f.receiver, "resv_error")], "an error")
    assert len(lost) == 1
    (kept,) = (f for f in flows if f not in lost)
    error = chains.events(lost[0].receiver, "resv_error")[0]
    assert (error["code"], error["value"]) in ((1, 2), (12, 0)), error
    kept.wait()
    assert kept.places()["r3", "d0"]["classid"] == classes[kept.port]
    lab.wait_for(lambda: chain.iface("r3", "d0")["flows"] == 1,
                 "what fits")
    assert not kept.errors()
    chain.agree()
    lost[0].stop()
    chain.reload("r3", chain.conf("r3"))


def test_a_hung_daemon_costs_others_paths_for_a_bounded_time(chain):
    """It swallows what goes through it until the watchdog kills it; then the
    next refresh arrives.  What is reserved stays, as that takes less than the
    lifetime of the neighbours' state."""
    chain.reload("r2", f'watchdog = "{WATCHDOG_S} s";\n' + chain.conf("r2"))
    flow = chain.flow()
    classes = {p: r["classid"] for p, r in flow.places().items()}
    daemon = chain.daemons["r2"]
    old = daemon.workers()["engine"]
    os.kill(old, signal.SIGSTOP)
    start = time.monotonic()
    chain.port_used += 1
    port = chain.port_used
    sender = chain.send(port)
    lab.wait_for(lambda: chain.path("r1", port), "the Path before it")
    lab.within(WATCHDOG_S + 2 * R_MS / 1000 + 1,
               lambda: chain.path("c", port), "the Path behind it")
    took = time.monotonic() - start
    print(f"the Path of another was held up for {took:.1f} s")
    assert daemon.workers()["engine"] != old
    sender.stop()
    flow.wait()
    assert {p: r["classid"] for p, r in flow.places().items()} == classes
    assert not flow.errors()
    chain.agree()
    chain.reload("r2", chain.conf("r2"))


# ---- routes ------------------------------------------------------------------

def detour(chain):
    """r1 sends what is for c past r2."""
    chain.nodes["r1"].ip("route", "replace", "10.3.0.0/24", "via",
                         address(13, 2))


def test_a_route_change_moves_the_reservation(chain):
    """W is 2 s; the flow that does not use the route sees nothing."""
    flow, other = chain.flow(), chain.flow(dst=address(23, 2), receiver="r3",
                                           way=WAY[:3])
    kept = {p: r["classid"] for p, r in other.places().items()}
    first = flow.places()["s", "eth0"]["classid"]
    detour(chain)
    lab.within(3, lambda: ("r1", "alt") in flow.places(), "repair")
    flow.wait(DETOUR)
    assert flow.places()["s", "eth0"]["classid"] == first
    assert {p: r["classid"] for p, r in other.places().items()} == kept
    chain.agree()
    chain.restore_routes("r1")
    flow.wait(WAY)
    assert not flow.errors() and not other.errors()


def flap(chain, seconds, every=0.1):
    """How many messages r1 sends a second while its route flaps."""
    sent, start = chain.counter("r1", "sent"), time.monotonic()
    while time.monotonic() < start + seconds:
        for turn in (detour, lambda c: c.restore_routes("r1")):
            turn(chain)
            time.sleep(every)  # the period of the fault
    return (chain.counter("r1", "sent") - sent) / (time.monotonic() - start)


def test_a_flapping_route_costs_a_bounded_rate(chain):
    """Every 100 ms; at rest each of the flows costs a Path and a Resv
    in R.  RSVPD_FLAP_S: for how many seconds."""
    flows = [chain.flow() for _ in range(5)]
    seconds = int(os.environ.get("RSVPD_FLAP_S", "20"))
    memory = resident(chain.daemons["r1"])
    rate = flap(chain, seconds)
    assert rate < 4 * 2 * len(flows) * 1000 / R_MS
    detour(chain)
    for flow in flows:
        flow.wait(DETOUR)
        assert not flow.errors()
    assert resident(chain.daemons["r1"]) < memory + (4 << 20)
    chain.agree()
    chain.restore_routes("r1")
    for flow in flows:
        flow.wait(WAY)


def resident(daemon):
    """Octets of memory of the engine."""
    text = lab.process_status(daemon.workers()["engine"])["VmRSS"]
    return int(text.split()[0]) * 1024


def test_without_a_route_the_path_waits(chain):
    """No error; it goes on when there is a route."""
    flow = chain.flow()
    chain.nodes["r1"].ip("route", "del", "10.3.0.0/24")
    lab.wait_for(lambda: ("r1", "d0") not in flow.places(), "no way on")
    assert chain.path("r1", flow.port)
    assert not flow.errors()
    chain.agree()
    chain.restore_routes("r1")
    flow.wait()
    assert not flow.errors()


def test_path_and_data_take_the_same_next_hop(chain):
    """Several flows, each by one of two next hops of equal cost."""
    chain.nodes["r1"].ip(
        "route", "replace", "10.3.0.0/24", "nexthop", "via", address(12, 2),
        "nexthop", "via", address(13, 2))
    ways = set()
    for side in range(50, 58):
        src = address(1, side)
        chain.nodes["s"].ip("addr", "add", src + "/24", "dev", "eth0")
        chain.port_used += 1
        port = chain.port_used
        sender = chain.send(port, "s", C, RATE, "--src", src)
        receiver = chain.reserve(port)
        resv = lab.wait_for(
            lambda p=port: next((r for (n, _), r in chain.installed(p).items()
                                 if n == "r1"), None), "the reservation")
        ways.add(resv["interface"])
        data = nb.in_namespace(chain.nodes["s"].ns, lambda: socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM))
        data.bind((src, port))
        for _ in range(20):
            data.sendto(bytes(100), (C, port))
        data.close()
        lab.wait_for(lambda p=port, i=resv["interface"]: chain.installed(p)[
            "r1", i]["packets"] == 20, "all in the class of the flow")
        sender.stop()
        receiver.stop()
        chain.nodes["s"].ip("addr", "del", src + "/24", "dev", "eth0")
    assert ways == {"d0", "alt"}
    chain.restore_routes("r1")


def test_a_loop_of_routes_ends_by_itself(chain):
    """r1 and r2 take each other for the next hop."""
    lost, dst = chain.port_used + 1, "10.99.0.1"
    chain.port_used = lost
    flow = chain.flow()
    chain.nodes["r1"].ip("route", "add", "10.99.0.0/24", "via",
                         address(12, 2))
    chain.nodes["r2"].ip("route", "add", "10.99.0.0/24", "via",
                         address(12, 1))
    sender = chain.send(lost, "s", dst)
    lab.wait_for(lambda: chain.path("r2", lost), "the Path to come around")
    before = {n: chain.counter(n, "sent") for n in ("r1", "r2")}
    start = time.monotonic()
    refreshed = chain.counter("c", "path_in")
    lab.wait_for(lambda: chain.counter("c", "path_in") > refreshed + 3,
                 "some refreshes of another session")
    took = time.monotonic() - start
    for node in ("r1", "r2"):
        rate = (chain.counter(node, "sent") - before[node]) / took
        assert rate < 20
        paths = [p for s in chain.daemons[node].ctl_json(
            "show", "sessions")["sessions"] if s["dst"] == dst
            for p in s["paths"]]
        assert len(paths) == 1
    sender.stop()
    for node in ("r1", "r2"):
        chain.nodes[node].ip("route", "del", "10.99.0.0/24")
    assert not flow.errors()


# ---- sessions ----------------------------------------------------------------

def test_a_killer_reservation_leaves_the_small_one(chain):
    """The large one fits the last link and none before it."""
    chain.port_used += 1
    port = chain.port_used
    sender = chain.send(port)
    small = chain.reserve(port)
    lab.wait_for(lambda: set(chain.installed(port)) == set(WAY), "the small")
    first = {p: r["classid"] for p, r in chain.installed(port).items()}
    killer = chain.reserve(port, "c", C, 4000000)
    error = chains.wait_event(killer, "resv_error")
    assert error["code"] == 1
    # It asks again and again; the small one is never touched.
    seen = chain.counter("r3", "resv_in")
    lab.wait_for(lambda: chain.counter("r3", "resv_in") > seen + 8,
                 "refreshes")
    places = chain.installed(port)
    assert {p: places[p]["classid"] for p in WAY} == first
    for place in WAY[:3]:
        assert places[place]["flowspec"]["R"] == RATE
    assert not chains.events(small, "resv_error")
    chain.agree()
    killer.stop()
    sender.stop()
    small.stop()
