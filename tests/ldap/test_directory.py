# SPDX-License-Identifier: ISC
"""policyd and a directory that changes, falls silent, lies, or is gone: what
comes, what stays in force, and how the next server, mode or attempt is chosen.
Needs slapd, nothing else."""

import os
import re
import signal
import socket
import subprocess
import time

import pytest

import bench
from bench import Relay, Slapd
from test_policyd_ldap import (category, certificates, change, conf, explain,
                               folder, openssl, rule, slapd, start, tls_slapd)

pytestmark = pytest.mark.skipif(not bench.SLAPD.exists(),
                                reason="slapd is not installed")
__all__ = ["certificates", "folder", "slapd", "start"]  # fixtures
NEVER = "poll = 3600;"  # nothing is found by looking


def slow(uri, more="", policy=""):
    """Settings with which only what is pushed arrives."""
    return conf(uri, "quiet = 0; " + more, policy).replace(
        "poll = 1;", NEVER)


@pytest.fixture
def relay(slapd):
    one = Relay(slapd.port)
    yield one
    one.close()


def names(snapshot):
    """The rules of a snapshot."""
    return set(re.findall(r"rule-[a-z]+-\d+", snapshot.bytes.decode("latin1")))


def modrdn(old, new):
    return "\n".join([f"dn: {old},ou=NetworkPolicies,o=example",
                      "changetype: modrdn", f"newrdn: {new}",
                      "deleteoldrdn: 1", "", ""])


def delete(dn):
    return f"dn: {dn},ou=NetworkPolicies,o=example\nchangetype: delete\n\n"


def generation(value):
    return ("dn: cn=generation,ou=NetworkPolicies,o=example\n"
            "objectClass: qosPolicyGeneration\ncn: generation\n"
            f"qosGeneration: {value}\n\n")


# ---- changes are pushed


def test_changes_are_pushed(slapd, start):
    slapd.add(category("gold", "qosMaxRatePerFlow: 1000") +
              rule("studio", "ServiceReference: gold"))
    policyd = start(slow(slapd.uri))
    policyd.wait_rule("studio")
    policyd.wait(lambda: policyd.facts.get("mode") == "persist" and
                 policyd.facts["connected"] and policyd.facts["entries"] == 2,
                 "mode")
    slapd.add(rule("second", "qosRole: transit"))
    policyd.wait_rule("second")
    slapd.modify(change("PolicyName=second", "replace", "qosRole", "sender"))
    policyd.wait(lambda: len(policyd.snapshots) >= 3 and
                 explain(policyd.conf, "--role", "sender")["rule"] ==
                 "second", "change")
    slapd.modify(modrdn("PolicyName=second", "PolicyName=third"))
    got = policyd.wait_rule("third")
    assert "second" not in got
    policyd.wait(lambda: policyd.facts["entries"] == 3, "one entry")
    slapd.modify(delete("PolicyName=third"))
    policyd.wait_rule("third", present=False)
    # What no tag selects any more is gone, and comes back.
    slapd.modify(change("PolicyName=studio", "replace", "SelectorTag",
                        "host9"))
    policyd.wait_rule("studio", present=False)
    slapd.modify(change("PolicyName=studio", "replace", "SelectorTag", "ALL"))
    policyd.wait_rule("studio")
    assert policyd.facts["cookie"] > 0 and policyd.facts["change"] > 0


def test_a_move_within_the_tree_is_no_change_of_the_rules(slapd, start):
    slapd.add("dn: ou=below,ou=NetworkPolicies,o=example\n"
              "objectClass: organizationalUnit\nou: below\n\n" +
              rule("studio") + rule("other"))
    policyd = start(slow(slapd.uri))
    policyd.wait_rule("studio")
    policyd.wait_rule("other")
    count = policyd.snapshots[-1].generation
    slapd.modify("dn: PolicyName=studio,ou=NetworkPolicies,o=example\n"
                 "changetype: modrdn\nnewrdn: PolicyName=studio\n"
                 "deleteoldrdn: 0\n"
                 "newsuperior: ou=below,ou=NetworkPolicies,o=example\n\n" +
                 delete("PolicyName=other"))
    got = policyd.wait_rule("other", present=False)
    assert "studio" in got and got.generation == count + 1
    assert all("studio" in s for s in policyd.snapshots[1:])


def test_a_thousand_changes_are_few_generations(slapd, start):
    slapd.add(rule("studio"))
    policyd = start(slow(slapd.uri).replace("quiet = 0", "quiet = 500"))
    policyd.wait_rule("studio")
    before = len(policyd.snapshots)
    slapd.add("".join(rule(f"rule-a-{i}", f"qosUser: {i}")
                      for i in range(1000)))
    policyd.wait(lambda: len(names(policyd.snapshots[-1])) == 1000, "all")
    assert len(policyd.snapshots) - before <= 12
    slapd.modify("".join(delete(f"PolicyName=rule-a-{i}")
                         for i in range(1000)))
    policyd.wait(lambda: not names(policyd.snapshots[-1]), "none")
    assert len(policyd.snapshots) - before <= 24


def test_a_constant_stream_of_changes_is_taken_in_the_end(slapd, start):
    slapd.add(rule("studio"))
    policyd = start(slow(slapd.uri).replace("quiet = 0", 'quiet = "5s"'))
    policyd.wait_rule("studio")
    before = len(policyd.snapshots)
    began = time.monotonic()
    count = 0
    while len(policyd.snapshots) == before and time.monotonic() < began + 60:
        slapd.add(rule(f"rule-a-{count}"))
        count += 1
        policyd.receive(0.2)
    assert names(policyd.snapshots[-1])
    assert time.monotonic() - began > 4


def test_every_generation_is_one_of_two_whole_sets(slapd, start):
    """A burst moves from one set to the other, entry by entry, while every
    change is looked at: the generation entry makes it one."""
    sets = {kind: {f"rule-{kind}-{i}" for i in range(40)} for kind in "ab"}
    slapd.add("".join(rule(name) for name in sorted(sets["a"])) +
              generation("0"))
    policyd = start(slow(slapd.uri))
    policyd.wait(lambda: policyd.snapshots and
                 names(policyd.snapshots[-1]) == sets["a"], "the first set")
    start_of_it = len(policyd.snapshots)
    now, then = "a", "b"
    for turn in range(1, 7):
        slapd.modify("".join(
            modrdn(f"PolicyName=rule-{now}-{i}", f"PolicyName=rule-{then}-{i}")
            for i in range(40)))
        slapd.modify(change("cn=generation", "replace", "qosGeneration",
                            str(turn)))
        now, then = then, now
        policyd.wait(lambda n=now: names(policyd.snapshots[-1]) == sets[n],
                     "the other set")
    seen = [names(s) for s in policyd.snapshots[start_of_it - 1:]]
    assert all(one in (sets["a"], sets["b"]) for one in seen)
    assert len(seen) == 7


def test_changes_wait_for_the_generation_entry(slapd, start):
    slapd.add(rule("studio") + generation("1"))
    policyd = start(conf(slapd.uri))
    policyd.wait_rule("studio")
    policyd.wait(lambda: policyd.facts.get("mode") == "persist" and
                 "answers" in policyd.status, "answer")
    assert not policyd.facts["waiting"]
    slapd.add(rule("early"))
    policyd.wait(lambda: "wait for the generation entry" in policyd.status and
                 policyd.facts["waiting"], "waiting")
    # Neither a reload nor a restart lets them in.
    policyd.reload(conf(slapd.uri, policy='policy = { rules = ( '
                        '{ name = "added"; } ); };'))
    assert "early" not in policyd.wait_rule("added")
    policyd.wait_cached("added")
    policyd.stop()
    again = start(conf(slapd.uri))
    again.wait(lambda: "answers" in again.status and
               again.facts["entries"] == 3, "answer")
    assert again.ping(1)[1] == 1
    assert all("early" not in s for s in again.snapshots)
    slapd.modify(change("cn=generation", "replace", "qosGeneration", "2"))
    again.wait_rule("early")
    again.wait(lambda: not again.facts["waiting"], "no waiting")
    # Without it every change counts.
    slapd.modify(delete("cn=generation") + delete("PolicyName=early"))
    again.wait_rule("early", present=False)


def test_a_generation_entry_of_others_is_not_ours(slapd, start):
    slapd.add(rule("studio") + generation("1").replace(
        "qosGeneration", "SelectorTag: host9\nqosGeneration"))
    policyd = start(slow(slapd.uri))
    policyd.wait_rule("studio")
    slapd.add(rule("second"))
    policyd.wait_rule("second")


def test_strict_takes_nothing_while_an_entry_cannot_be_read(slapd, start):
    slapd.add(rule("studio"))
    policyd = start(slow(slapd.uri, "strict = true;"))
    policyd.wait_rule("studio")
    slapd.add(rule("good") + rule("bad", "DestinationPortRange: x"))
    policyd.wait(lambda: "1 entries cannot be read, and it is strict" in
                 policyd.status and policyd.facts["skipped"] == 1, "status")
    assert "good" not in policyd.snapshots[-1] or \
        policyd.snapshots[-1].generation > 2
    slapd.modify(change("PolicyName=bad", "replace", "DestinationPortRange",
                        "80"))
    got = policyd.wait_rule("bad")
    assert "good" in got
    policyd.wait(lambda: policyd.facts["skipped"] == 0, "none skipped")


# ---- the ladder


@pytest.mark.parametrize("sync,more,top,expected", [
    (True, "", "", "persist"), (True, 'mode = "refresh";', "", "refresh"),
    (True, 'mode = "poll";', "", "poll"), (False, "", "", "poll"),
    (False, "", "moduleload syncprov", "poll"),
], ids=("persist", "refresh", "poll", "no-sync", "no-overlay"))
def test_what_the_server_offers_decides(folder, start, sync, more, top,
                                        expected):
    slapd = Slapd(folder / "slapd", sync=sync, config="sizelimit unlimited\n",
                  top=f"modulepath /usr/lib/ldap\n{top}" if top else "")
    try:
        slapd.add("".join(rule(f"rule-a-{i}") for i in range(1200)))
        policyd = start(conf(slapd.uri, more))
        policyd.wait(lambda: policyd.snapshots and
                     len(names(policyd.snapshots[-1])) == 1200, "all")
        policyd.wait(lambda: policyd.facts.get("mode") == expected, "mode")
        slapd.modify(modrdn("PolicyName=rule-a-0", "PolicyName=rule-b-0") +
                     delete("PolicyName=rule-a-1"))
        slapd.add(rule("rule-c-0"))
        want = {f"rule-a-{i}" for i in range(2, 1200)} | {"rule-b-0",
                                                          "rule-c-0"}
        policyd.wait(lambda: names(policyd.snapshots[-1]) == want, "changes")
        assert "last known" not in policyd.text()
    finally:
        slapd.stop()


def test_polling_counts_once_it_is_quiet(folder, start):
    slapd = Slapd(folder / "slapd", sync=False)
    try:
        slapd.add(rule("studio"))
        policyd = start(conf(slapd.uri, "quiet = 2500;"))
        policyd.wait_rule("studio")
        before = len(policyd.snapshots)
        begin = time.monotonic()
        count = 0
        while time.monotonic() < begin + 4:  # each poll finds a change
            slapd.add(rule(f"rule-a-{count}"))
            count += 1
            policyd.receive(0.2)
        policyd.wait(lambda: len(names(policyd.snapshots[-1])) == count, "all")
        assert len(policyd.snapshots) - before <= 2
    finally:
        slapd.stop()


# ---- restart, cookie


def test_after_a_restart_only_changes_travel(slapd, relay, start):
    slapd.add("".join(rule(f"rule-a-{i}") for i in range(400)))
    first = start(slow(relay.uri))
    first.wait(lambda: first.snapshots and
               len(names(first.snapshots[-1])) == 400, "all")
    whole = relay.received
    assert whole > 40000
    first.wait_cached("csn=")
    first.stop()
    slapd.modify(delete("PolicyName=rule-a-0"))
    slapd.add(rule("rule-b-0"))
    relay.received = 0
    again = start(slow(relay.uri))
    again.wait(lambda: again.snapshots and "rule-b-0" in again.snapshots[-1],
               "change")
    got = names(again.snapshots[-1])
    assert len(got) == 400 and "rule-a-0" not in got
    assert relay.received < whole / 4
    again.stop()
    # Other tags see other entries: the cookie is of no use.
    relay.received = 0
    third = start(slow(relay.uri).replace('"host1"', '"host2"'))
    third.wait(lambda: third.facts.get("mode") == "persist", "mode")
    third.wait(lambda: third.snapshots and
               len(names(third.snapshots[-1])) == 400, "all")
    assert relay.received > whole / 2


def test_a_cookie_is_for_the_server_that_gave_it(slapd, relay, start):
    slapd.add("".join(rule(f"rule-a-{i}") for i in range(400)))
    first = start(slow(slapd.uri))
    first.wait(lambda: first.snapshots and
               len(names(first.snapshots[-1])) == 400, "all")
    first.wait_cached("csn=")
    first.stop()
    other = start(slow(relay.uri))
    other.wait(lambda: other.facts.get("mode") == "persist", "mode")
    assert relay.received > 40000


@pytest.mark.parametrize("mode", ("persist", "refresh"))
def test_deletes_that_the_server_forgot_are_found(folder, start, mode):
    """Its session log is short: it answers with what is present."""
    slapd = Slapd(folder / "slapd", config="")
    text = (slapd.dir / "slapd.conf").read_text()
    slapd.stop()
    (slapd.dir / "slapd.conf").write_text(
        text.replace("syncprov-sessionlog 1000", ""))
    slapd.start()
    try:
        slapd.add("".join(rule(f"rule-a-{i}") for i in range(100)))
        first = start(slow(slapd.uri))
        first.wait(lambda: first.snapshots and
                   len(names(first.snapshots[-1])) == 100, "all")
        first.wait_cached("csn=")
        first.stop()
        slapd.modify("".join(delete(f"PolicyName=rule-a-{i}")
                             for i in range(30)))
        again = start(slow(slapd.uri, f'mode = "{mode}";'))
        again.wait(lambda: again.snapshots and names(again.snapshots[-1]) ==
                   {f"rule-a-{i}" for i in range(30, 100)}, "what is left")
    finally:
        slapd.stop()


def test_a_directory_that_was_made_anew_is_read_anew(folder, start):
    """Its cookie means nothing to the server: other entries, other UUIDs."""
    slapd = Slapd(folder / "slapd")
    slapd.add(rule("rule-a-0") + rule("rule-a-1"))
    policyd = start(conf(slapd.uri))
    policyd.wait(lambda: policyd.snapshots and
                 len(names(policyd.snapshots[-1])) == 2, "both")
    slapd.stop()
    for path in (slapd.dir / "db").iterdir():
        path.unlink()
    slapd.start()
    slapd.add("dn: o=example\nobjectClass: organization\no: example\n\n"
              "dn: ou=NetworkPolicies,o=example\n"
              "objectClass: organizationalUnit\nou: NetworkPolicies\n\n" +
              rule("rule-b-0"))
    try:
        policyd.wait(lambda: names(policyd.snapshots[-1]) == {"rule-b-0"},
                     "the new ones alone")
    finally:
        slapd.stop()


def test_a_server_that_was_restored_from_a_backup_is_read_anew(slapd, start):
    """Its state is older than the cookie, which it refuses."""
    slapd.add(rule("rule-a-0") + rule("rule-a-1"))
    policyd = start(conf(slapd.uri))
    policyd.wait(lambda: policyd.snapshots and
                 len(names(policyd.snapshots[-1])) == 2, "both")
    slapd.stop()
    policyd.wait(lambda: not policyd.facts["connected"], "loss")
    backup = {path: path.read_bytes() for path in
              (slapd.dir / "db").glob("*.mdb")}
    slapd.start()
    slapd.add(rule("rule-b-0"))
    slapd.modify(delete("PolicyName=rule-a-1"))
    policyd.wait(lambda: names(policyd.snapshots[-1]) ==
                 {"rule-a-0", "rule-b-0"}, "changes")
    slapd.stop()
    for path, data in backup.items():
        path.write_bytes(data)
    slapd.start()
    policyd.wait(lambda: names(policyd.snapshots[-1]) ==
                 {"rule-a-0", "rule-a-1"}, "the old state")
    policyd.wait(lambda: policyd.facts["mode"] == "persist" and
                 policyd.facts["connected"], "persist")


def test_a_server_that_will_not_persist_is_refreshed(slapd, relay, start):
    """The relay makes a control of each wish to persist that nobody knows."""
    oid = b"1.3.6.1.4.1.4203.1.9.1.1"

    def spoil(data):
        if b"\x0a\x01\x03" in data:
            return data.replace(oid, oid[:-1] + b"7")
        return data
    relay.change = spoil
    slapd.add(rule("rule-a-0"))
    policyd = start(conf(relay.uri))
    policyd.wait(lambda: policyd.facts.get("mode") == "refresh" and
                 policyd.snapshots and
                 names(policyd.snapshots[-1]) == {"rule-a-0"}, "refresh")
    slapd.add(rule("rule-b-0"))
    slapd.modify(delete("PolicyName=rule-a-0"))
    policyd.wait(lambda: names(policyd.snapshots[-1]) == {"rule-b-0"},
                 "changes")
    assert policyd.facts["mode"] == "refresh"


# ---- it falls silent, dies, comes back


def test_a_killed_server_is_followed_again(slapd, start):
    slapd.add(rule("studio"))
    policyd = start(conf(slapd.uri))
    policyd.wait_rule("studio")
    policyd.wait(lambda: "answers" in policyd.status, "answer")
    slapd.kill()
    policyd.wait(lambda: "last known rules stay" in policyd.status and
                 not policyd.facts["connected"] and policyd.facts["retry"],
                 "status")
    slapd.start()
    slapd.add(rule("second"))
    policyd.wait_rule("second")
    policyd.wait(lambda: "answers" in policyd.status and
                 policyd.facts["connected"], "answer")


def test_a_connection_that_died_quietly_is_noticed(slapd, relay, start):
    slapd.add(rule("studio"))
    policyd = start(conf(relay.uri).replace("poll = 1;", "poll = 2;"))
    policyd.wait_rule("studio")
    policyd.wait(lambda: policyd.facts.get("mode") == "persist" and
                 "answers" in policyd.status, "persist")
    relay.silence()
    slapd.add(rule("second"))
    policyd.wait_rule("second")
    assert "last known rules stay" not in policyd.text()


def test_an_unchanged_connection_is_left_alone(slapd, relay, start):
    slapd.add(rule("studio"))
    policyd = start(conf(relay.uri, 'quiet = 0;'))
    policyd.wait_rule("studio")
    policyd.wait(lambda: policyd.facts.get("mode") == "persist", "persist")
    answered = policyd.facts["answer"]
    policyd.wait(lambda: policyd.facts["answer"] >= answered + 3, "looks")
    assert len(relay.pairs) >= 1
    persistent = relay.pairs[0]
    slapd.add(rule("second"))
    policyd.wait_rule("second")
    answered = policyd.facts["answer"]
    policyd.wait(lambda: policyd.facts["answer"] >= answered + 3, "looks")
    assert relay.pairs[0] is persistent


SYNC = b"1.3.6.1.4.1.4203.1.9.1."


def test_the_refresh_has_a_deadline(slapd, relay, start):
    """The library would wait for its end for ever."""
    def mute(data):
        if SYNC + b"1" in data:
            relay.silence()
        return data
    relay.change = mute
    slapd.add(rule("studio"))
    policyd = start(conf(relay.uri).replace("timeout = 2", "timeout = 1"))
    policyd.wait(lambda: "search: not complete in time" in policyd.status,
                 "deadline")
    assert policyd.ping(5)[1] == 5
    relay.change = lambda data: data
    policyd.wait_rule("studio")


def test_new_settings_do_not_wait_for_a_mute_server(slapd, start):
    slapd.add(rule("studio"))
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(16)
        mute.settimeout(bench.PATIENCE_S)
        policyd = start(conf(f"ldap://127.0.0.1:{mute.getsockname()[1]}")
                        .replace("timeout = 2", "timeout = 60"))
        policyd.wait(lambda: policyd.snapshots, "snapshot")
        client, _ = mute.accept()
        assert client.recv(100)  # it is being waited for now
        policyd.reload(conf(slapd.uri))
        policyd.wait_rule("studio")
        client.close()


def test_a_search_that_the_server_ends_is_begun_again(slapd, relay, start):
    slapd.add(rule("studio"))
    asked = []
    relay.change = lambda data: (asked.append(data) if SYNC + b"1" in data
                                 else None, data)[1]
    policyd = start(slow(relay.uri))
    policyd.wait_rule("studio")
    policyd.wait(lambda: policyd.facts.get("mode") == "persist" and asked,
                 "persist")
    request = asked[0]
    number = request[request.index(b"\x02\x01") + 2]
    before = relay.accepted
    relay.pairs[0][0].sendall(  # SearchResultDone, with a Sync Done control
        bytes((0x30, 0x2e, 2, 1, number, 0x65, 7, 10, 1, 0, 4, 0, 4, 0,
               0xa0, 0x20, 0x30, 0x1e, 4, 0x18)) + SYNC + b"3" +
        bytes((4, 2, 0x30, 0)))
    policyd.wait(lambda: relay.accepted > before, "another connection")
    slapd.add(rule("second"))
    policyd.wait_rule("second")


def test_pauses_do_not_grow_beyond_retry(slapd, relay, start):
    relay.refuse = True
    policyd = start(conf(relay.uri).replace("retry = 1", "retry = 2"))
    policyd.wait(lambda: policyd.facts.get("retry"), "failure")
    seen = set()

    def attempts():
        seen.add(policyd.facts["retry"])
        return len(seen) >= 6
    policyd.wait(attempts, "attempts")
    # They would be 1, 2, 4, 8 s; an attempt takes time as well.
    assert max(b - a for a, b in zip(sorted(seen), sorted(seen)[1:])) <= 5


@pytest.mark.parametrize("scheme", ("ldap", "ldaps"))
def test_a_reload_does_not_wait_for_a_mute_server(start, scheme):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(16)
        uri = f"{scheme}://127.0.0.1:{mute.getsockname()[1]}"
        policyd = start(conf(uri).replace("timeout = 2", "timeout = 60"))
        policyd.wait(lambda: policyd.snapshots, "snapshot")
        mute.settimeout(bench.PATIENCE_S)
        client, _ = mute.accept()  # it is being waited for now
        began = time.monotonic()
        policyd.reload('policy = { rules = ( { name = "new"; } ); };')
        policyd.wait_rule("new")
        assert time.monotonic() - began < 30
        client.close()


@pytest.mark.parametrize("how", ("reload", "SIGHUP"))
def test_a_reload_tries_at_once(slapd, relay, start, how):
    slapd.add(rule("studio"))
    relay.refuse = True
    text = conf(relay.uri).replace("retry = 1", "retry = 3600")
    policyd = start(text)
    policyd.wait(lambda: policyd.text().count("directory: ") >= 1 and
                 policyd.facts.get("retry"), "failure")
    # 1, 2, 4, 8, 16 s: the next attempts are further and further away.
    gaps = []
    def growing():
        gap = policyd.facts["retry"] - int(time.time())
        if gap > 0 and (not gaps or gap > gaps[-1] + 1):
            gaps.append(gap)
        return len(gaps) >= 2 and gaps[-1] >= 10
    policyd.wait(growing, "longer pauses")
    relay.refuse = False
    by_itself = policyd.facts["retry"]
    if how == "reload":
        policyd.reload(text)
    else:
        os.kill(policyd.process, signal.SIGHUP)
    policyd.wait_rule("studio")
    assert time.time() < by_itself


def test_the_servers_take_turns(folder, start):
    one, two = Slapd(folder / "one"), Slapd(folder / "two")
    try:
        for server in (one, two):
            server.add(rule("studio"))
        both = conf(f'{one.uri}", "{two.uri}').replace(
            "uri = ", "uri = [ ").replace('"; base', '" ]; base')
        policyd = start(both)
        policyd.wait_rule("studio")
        policyd.wait(lambda: policyd.facts.get("server") == one.uri, "first")
        one.kill()
        policyd.wait(lambda: policyd.facts["server"] == two.uri and
                     policyd.facts["connected"], "second")
        two.add(rule("second"))
        policyd.wait_rule("second")
        one.start()
        one.add(rule("third"))
        two.kill()
        policyd.wait_rule("third")
    finally:
        one.stop()
        two.stop()


def stale(uri, action):
    return conf(uri, f'maxAge = "50s"; staleAction = "{action}";',
                'policy = { rules = ( { name = "local"; scope = "RSVP"; '
                'users = 9; } ); };')


@pytest.mark.parametrize("action,kept,local", [
    ("keep", True, True), ("file", False, True), ("deny", False, False)])
def test_rules_that_are_too_old_at_start(slapd, start, action, kept, local):
    slapd.add(rule("studio"))
    first = start(stale(slapd.uri, action))
    first.wait_rule("studio")
    cache = first.wait_cached("studio")
    first.stop()
    slapd.stop()
    old = time.time() - 100
    os.utime(cache, (old, old))
    again = start(stale(slapd.uri, action))
    again.wait(lambda: again.snapshots and "too old" in again.text(), "event")
    assert all(("studio" in s) == kept for s in again.snapshots)
    assert ("local" in again.snapshots[-1]) == local
    again.wait(lambda: "last known rules are too old" in again.status,
               "status")
    # A reload does not bring them back.
    again.reload(stale(slapd.uri, action).replace("users = 9", "users = 8"))
    again.wait(lambda: "in force" in again.status, "reload")
    assert all(("studio" in s) == kept for s in again.snapshots)
    # The directory does.
    slapd.start()
    got = again.wait_rule("studio")
    assert "local" in got


@pytest.mark.parametrize("action", ("keep", "file", "deny"))
def test_rules_that_grow_too_old(slapd, start, action):
    slapd.add(rule("studio"))
    text = stale(slapd.uri, action).replace("50s", "3s")
    policyd = start(text)
    policyd.wait_rule("studio")
    slapd.stop()
    policyd.wait(lambda: "too old" in policyd.text(), "event")
    if action == "keep":
        assert "studio" in policyd.snapshots[-1]
    else:
        got = policyd.wait_rule("studio", present=False)
        assert ("local" in got) == (action == "file")
    slapd.start()
    policyd.wait_rule("studio")
    policyd.wait(lambda: "answers" in policyd.status, "answer")


def known_for_long(slapd, start, text):
    """A policyd that is started with rules confirmed 100 s ago, no server."""
    slapd.add(rule("studio"))
    first = start(text)
    first.wait_rule("studio")
    cache = first.wait_cached("studio")
    first.stop()
    slapd.stop()
    old = time.time() - 100
    os.utime(cache, (old, old))
    return start(text), cache


def test_a_reload_makes_what_is_known_no_younger(slapd, start):
    text = stale(slapd.uri, "file").replace("50s", "150s")
    policyd, cache = known_for_long(slapd, start, text)
    policyd.wait(lambda: "local" in policyd.snapshots[-1]
                 if policyd.snapshots else False, "start")
    policyd.reload(text.replace("users = 9", "users = 8; groups = 77"))
    before = cache.stat().st_ino
    policyd.wait(lambda: cache.stat().st_ino != before, "cache")
    assert 95 < time.time() - cache.stat().st_mtime < 140
    policyd.stop()
    again = start(text.replace("150s", "50s"))
    again.wait(lambda: "too old" in again.text(), "event")


def test_a_restart_does_not_lift_what_stale_action_says(slapd, start):
    text = stale(slapd.uri, "deny")
    policyd, cache = known_for_long(slapd, start, text)
    for _ in range(2):
        policyd.wait(lambda p=policyd: p.snapshots and "too old" in p.text(),
                     "event")
        assert "local" not in policyd.snapshots[-1]
        before = policyd.facts.get("retry", 0)
        policyd.reload(text.replace("users = 9", "users = 8"))
        policyd.wait(lambda p=policyd, t=before: p.facts.get("retry", 0) >
                     t + 1, "attempts")  # longer than a save is put off
        assert b"studio" in cache.read_bytes()
        policyd.stop()
        policyd = start(text)


def test_another_directory_is_not_too_old(slapd, start):
    text = stale(slapd.uri, "deny")
    policyd, _ = known_for_long(slapd, start, text)
    policyd.wait(lambda: policyd.snapshots and "too old" in policyd.text(),
                 "event")
    assert "local" not in policyd.snapshots[-1]
    policyd.reload(text.replace('"host1"', '"host2"'))
    policyd.wait_rule("local")


# ---- what a server may send


def test_too_much_of_one_entry_is_left_out_by_name(slapd, start):
    users = [f"qosUser: {i}" for i in range(1500)]
    slapd.add(rule("good") + rule("crowd", *users) +
              rule("huge", "qosSourcePrefix: " + "1" * 3000000) +
              rule("latin", "qosUser:: w7xiZXI="))
    policyd = start(slow(slapd.uri))
    got = policyd.wait_rule("good")
    for name in ("crowd", "huge", "latin"):
        assert name not in got
        policyd.wait(lambda n=name: re.search(
            rf"PolicyName={n},ou=NetworkPolicies,o=example: rule skipped \(",
            policyd.text()), name)
    policyd.wait(lambda: policyd.facts["skipped"] == 3, "count")
    slapd.modify(delete("PolicyName=huge"))
    policyd.wait(lambda: policyd.facts["skipped"] == 2, "count")


@pytest.mark.skipif(os.environ.get("RSVPD_BUILD", "").endswith("asan"),
                    reason="its bounds are those of a plain build")
def test_a_hundred_thousand_entries_and_one_more():
    done = subprocess.run(
        ["/usr/bin/python3", bench.TOP / "tests" / "ldap" / "large.py"],
        text=True, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    print(done.stdout)


def test_a_user_that_is_made_later_is_known_later(slapd, start):
    """Nothing changes in the directory; the next look finds the name."""
    slapd.add(rule("good") + rule("later", "qosUser: nobody-has-this"))
    policyd = start(conf(slapd.uri))
    policyd.wait_rule("good")
    policyd.wait(lambda: policyd.facts["skipped"] == 1, "skipped")
    answered = policyd.facts["answer"]
    policyd.wait(lambda: policyd.facts["answer"] > answered + 1, "looks")
    assert policyd.text().count("rule skipped (") == 1


def test_references_are_not_followed(slapd, start):
    with socket.socket() as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))
        elsewhere.listen(4)
        elsewhere.settimeout(0)
        slapd.modify(
            "dn: cn=away,ou=NetworkPolicies,o=example\nchangetype: add\n"
            "objectClass: referral\nobjectClass: extensibleObject\ncn: away\n"
            f"ref: ldap://127.0.0.1:{elsewhere.getsockname()[1]}/o=example\n")
        slapd.add(rule("studio"))
        for mode in ("persist", "poll"):
            policyd = start(conf(slapd.uri, f'mode = "{mode}";'), name=mode)
            policyd.wait_rule("studio")
            policyd.wait(lambda p=policyd: "answers" in p.status, "answer")
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


# ---- settings


@pytest.mark.parametrize("wrong,said", [
    ('bindMech = "EXTERNAL"; bindDn = "cn=x"; bindPasswordFile = "/x";',
     "remove bindDn and bindPasswordFile"),
    ('bindMech = "EXTERNAL";', "needs ldapi://, or TLS with certFile"),
    ('certFile = "/c";', "certFile and keyFile need each other"),
    ('quiet = 5001;', 'not a time from 0 to 5000 ms'),
    ('quiet = "x";', 'not a time from 0 to 5000 ms'),
    ('quiet = "6s";', 'not a time from 0 to 5000 ms'),
    ('mode = "push";', 'neither "persist", "refresh" nor "poll"'),
    ('staleAction = "go";', 'neither "keep", "file" nor "deny"'),
    ('strict = "yes";', "expected true or false"),
    ('bindDn = "cn=x"; bindPasswordFile = "/x"; starttls = "never"; '
     'uri2 = 1;', "uri2"),
])
def test_what_the_settings_may_not_say(folder, wrong, said):
    path = folder / "policy.conf"
    path.write_text(conf("ldap://127.0.0.1:389", wrong))
    done = subprocess.run([bench.POLICYD, "check", path], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_cut_connection_mid_refresh_changes_nothing(slapd, relay, start):
    """Half of a refresh is none: the rules are all of the old or all of the
    new."""
    slapd.add("".join(rule(f"rule-a-{i}") for i in range(300)))
    policyd = start(slow(relay.uri))
    policyd.wait(lambda: policyd.snapshots and
                 len(names(policyd.snapshots[-1])) == 300, "all")
    for _ in range(5):
        relay.refuse = True
        relay.hang_up()
        policyd.wait(lambda: not policyd.facts["connected"], "loss")
        relay.refuse = False
        policyd.wait(lambda: policyd.facts["connected"], "return")
    assert all(len(names(s)) in (0, 300) for s in policyd.snapshots)
    assert len(names(policyd.snapshots[-1])) == 300
