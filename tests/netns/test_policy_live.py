# SPDX-License-Identifier: ISC
"""Policy at work on real clients: users of one host under different rules,
a time that begins and ends, and policies replaced under traffic."""

import calendar
import os
import subprocess
import time

import pytest

import bed as beds
import ear as ears
import lab
import pair as pairs
from pair import B4

AF41 = 34
ALICE, BOB, EVE, CAROL = 30001, 30002, 30003, 30004
HOLD = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[1])))
print("ready", flush=True)
sys.stdin.read()
"""
# A datagram to each port every millisecond until the input ends; prints how
# many each got.
FLOOD = """
import select, socket, sys, time
ports = eval(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", int(sys.argv[3])))
n, begin = 0, time.monotonic()
while not select.select([sys.stdin], [], [], 0)[0]:
    for port in ports:
        s.sendto(n.to_bytes(8, "big") + bytes(192), (sys.argv[1], port))
    n += 1
    while time.monotonic() < begin + n / 1000:
        pass
print(n)
"""
CATEGORIES = """
  { name = "small"; maxRate = "2 Mbit"; },
  { name = "large"; maxRate = "20 Mbit"; },
  { name = "mark"; inProfileDscp = "AF41"; }
"""


def policy(*rules):
    return (f"policy = {{ categories = ( {CATEGORIES} );\n"
            f"rules = (\n{','.join(rules)}\n); }};\n")


def rule(name, category, uid, more=""):
    return (f'{{ name = "{name}"; scope = "RSVP"; users = {uid}; '
            f'category = "{category}"; {more} }}')


@pytest.fixture(name="pair")
def fixture_pair():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    pair = pairs.Pair(policy(rule("alice", "large", ALICE),
                             rule("bob", "small", BOB)))
    yield pair
    pair.lab.close()


def test_three_users_of_one_host(pair):
    first = pair.reserve(5004, uid=ALICE, rate=1000000)[2]
    second = pair.reserve(5006, uid=BOB, rate=125000)[2]
    assert (first["rule"], second["rule"]) == ("alice", "bob")
    eve = pair.sender(5008, uid=EVE)
    said = beds.wait_event(eve, "path_error")
    assert (said["code"], said["node"]) == (2, pairs.A4)
    assert "rule" in said["text"], said
    assert not pair.reservation(5008)


def test_a_flow_of_somebody_else_is_refused(pair):
    bob = subprocess.Popen(
        pair.a.argv(ears.PYTHON, "-c", HOLD, "5020", uid=BOB), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert bob.stdout.readline() == "ready\n"
    eve = pair.sender(5020, uid=ALICE)
    said = beds.wait_event(eve, "path_error")
    assert f"is held by uid {BOB}, not by uid {ALICE}" in said["text"]
    assert not pair.daemon.ctl_json(
        "show", "sessions")["sessions"][0].get("paths")
    eve.stop()
    bob.stdin.close()
    bob.wait(lab.PATIENCE_S)
    pair.reserve(5020, uid=ALICE)


def window(begin, end):
    def at(when):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(when))
    return f'validFrom = "{at(begin)}"; validUntil = "{at(end)}";'


def test_a_time_opens_and_closes_under_a_reservation(pair):
    now = int(time.time())
    begin, end = now + 6, now + 14
    pair.change(policy(rule("hours", "large", ALICE, window(begin, end)),
                       rule("bob", "small", BOB)))
    lab.wait_for(lambda: "hours" in str(pair.daemon.ctl_json(
        "show", "policy")), "the policy")
    pair.sender(5004, uid=ALICE)
    pair.receiver(5004)
    early = pair.reservation(5004)
    assert not early or time.time() >= begin
    assert pair.installed(5004)["rule"] == "hours"
    assert time.time() >= begin
    lab.wait_for(lambda: not pair.reservation(5004), "torn")
    assert time.time() >= end
    one, = pair.ended()
    assert (one["how"], one["rule"]) == ("policy", "hours")


@pytest.mark.measured
def test_a_hundred_policies_under_traffic(pair):
    mark = ('{ name = "mark"; scope = "DataTraffic"; protocol = [ "udp" ]; '
            'destPorts = [ "9100" ]; category = "mark"; }')
    alice = rule("alice", "large", ALICE)
    pair.change(policy(alice, mark))

    def marked():
        return {r["name"]: r for r in pair.daemon.ctl_json(
            "show", "rules").get("rules", [])}
    lab.wait_for(lambda: marked().get("mark", {}).get("state") == "installed",
                 "the rule")
    _, _, resv = pair.reserve(5004, uid=ALICE, rate=500000)
    ear = ears.Ear(pair.b, [5004, 9100], 10**9, 60)
    flood = subprocess.Popen(
        pair.a.argv(ears.PYTHON, "-c", FLOOD, B4, "[5004, 9100]", "5004"),
        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    most = [0, 0]
    for i in range(100):
        name = f"x{i}"
        pair.change(policy(
            *([alice, mark] if i % 2 else [mark, alice]),
            rule(name, "small", BOB, f"priority = {i % 3 - 1};"),
            mark.replace('"mark"', f'"y{i}"', 1).replace("9100", str(9200 + i))))
        lab.wait_for(lambda n=name, i=i: marked().get(f"y{i}", {}).get(
            "state") == "installed", name)
        now = [pair.installed(5004)["packets"],
               marked()["mark"]["in_profile_packets"]]
        assert now >= most and now[1] >= most[1]
        most = now
    flood.stdin.close()
    count = int(flood.stdout.readline())
    flood.wait(lab.PATIENCE_S)
    lab.wait_for(lambda: pair.installed(5004)["packets"] >= count, "the last")
    got = ear.fields_until(2 * count)
    assert got == {(5004, 0): count, (9100, AF41 << 2): count}
    after = pair.installed(5004)
    assert (after["packets"], after["drops"], after["classid"]) == (
        count, 0, resv["classid"])
    assert marked()["mark"]["in_profile_packets"] == count


GRACE = 5
ENDS = {  # port, user, what the category says
    "kept": (5004, ALICE, 'onChange = "keep"'),
    "graced": (5006, BOB, f'onChange = "tear"; grace = {GRACE}'),
    "told": (5008, CAROL, f'onChange = "renegotiate"; grace = {GRACE}'),
    "cut": (5010, EVE, 'onChange = "tear"'),
}


def ending(more=""):
    """A rule for each of them, for a time."""
    categories = ",".join(f'{{ name = "{name}"; maxRate = "2 Mbit"; {says}; }}'
                          for name, (_, _, says) in ENDS.items())
    rules = ",".join(rule(name, name, uid, more)
                     for name, (_, uid, _) in ENDS.items())
    return (f"policy = {{ categories = ( {categories} );\n"
            f"rules = ( {rules} ); }};\n")


def events(app, kind):
    return [e for e in app.events() if e.get("event") == kind]


def has_packets(pair, resv, count):
    """In the class of that reservation, by the kernel."""
    return pair.counted(resv["classid"], count)["packets"] == count


def utc(stamp):
    return calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S"))


def test_a_time_closes_as_on_change_says(pair):
    pair.change(ending())
    lab.wait_for(lambda: "kept" in str(pair.daemon.ctl_json(
        "show", "policy")), "the policy")
    apps = {name: pair.reserve(port, uid=uid)
            for name, (port, uid, _) in ENDS.items()}
    for port, _, _ in ENDS.values():
        pair.send(10, port)
    for _, _, resv in apps.values():
        assert has_packets(pair, resv, 10)
    end = int(time.time()) + 2
    pair.change(ending(window(0, end)))

    # At once: one is torn, one is told.
    cut = beds.wait_event(apps["cut"][0], "path_error")
    told = beds.wait_event(apps["told"][0], "path_error")
    assert (cut["code"], told["code"]) == (2, 2) and "no rule" in told["text"]
    gone, = pair.ended()
    assert (gone["rule"], gone["packets"]) == ("cut", 10)
    assert not pair.reservation(ENDS["cut"][0])
    pair.send(10, ENDS["cut"][0])  # as any traffic now
    assert has_packets(pair, apps["cut"][2], 10)
    # Meanwhile the others have what they had.
    for name in ("kept", "graced", "told"):
        pair.send(10, ENDS[name][0])
        assert has_packets(pair, apps[name][2], 20), name
    for name in ("kept", "graced"):
        assert not events(apps[name][0], "path_error")
        assert not events(apps[name][1], "resv_error")
    warned = beds.wait_event(apps["told"][1], "resv_error")
    assert warned["code"] == 2 and warned["in_place"]

    # When the grace is over they are torn too, and are told.
    ended = {r["rule"]: r for r in pair.ended(3)}
    assert set(ended) == {"cut", "graced", "told"}
    assert {r["how"] for r in ended.values()} == {"policy"}
    assert utc(ended["cut"]["end"]) >= end
    for name in ("graced", "told"):
        assert utc(ended[name]["end"]) >= end + GRACE
        assert ended[name]["packets"] == 20
    for name, count in (("graced", 1), ("told", 2), ("cut", 1)):
        lab.wait_for(lambda a=apps[name][0], n=count: len(events(
            a, "path_error")) >= n, f"{name} is told")
        lab.wait_for(lambda a=apps[name][1]: events(a, "path_event")[-1][
            "flows"] == [], f"the receiver of {name} is told")
    # What is kept goes on, refreshed and counted.
    pair.send(10, ENDS["kept"][0])
    assert has_packets(pair, apps["kept"][2], 30)
    assert pair.reservation(ENDS["kept"][0])["classid"] == \
        apps["kept"][2]["classid"]
    assert not events(apps["kept"][0], "path_error")
