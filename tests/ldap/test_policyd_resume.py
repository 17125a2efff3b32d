# SPDX-License-Identifier: ISC
"""A policyd that is started beside an engine which has a policy already: it
goes on with that, and never back to what its own cache has."""

import os
import signal
import struct
import time

import bench
import pytest
from test_directory import generation
from test_policyd_ldap import conf, folder, rule, slapd, start

__all__ = ["folder", "slapd", "start"]  # fixtures

pytestmark = pytest.mark.skipif(not bench.SLAPD.exists(), reason="no slapd")

OLD = 'policy = { rules = ( { name = "old"; scope = "RSVP"; } ); };'
NEW = 'policy = { rules = ( { name = "new"; scope = "RSVP"; } ); };'


def wait_cache(policyd, text):
    cache = policyd.state / "policy.cache"
    policyd.wait(lambda: cache.exists() and text.encode() in
                 cache.read_bytes(), "cache")


def answered(policyd):
    """Once it has read the file, nothing is to come of its start any more."""
    policyd.wait(lambda: "policy.conf is" in policyd.status, "status")


def test_an_older_cache_is_not_put_in_force(start):
    """The file was loaded, and policyd killed before its cache was written."""
    first = start(OLD)
    first.wait_rule("old")
    wait_cache(first, "old")
    cache = (first.state / "policy.cache").read_bytes()
    first.reload(NEW)
    new = first.wait_rule("new")
    first.stop(signal.SIGKILL)
    (first.state / "policy.cache").write_bytes(cache)
    second = start(NEW, in_force={"generation": new.generation,
                                  "data": new.bytes})
    answered(second)
    assert not second.snapshots
    assert f"generation {new.generation}: in force already" in second.text()
    wait_cache(second, "new")
    # What changes then has a number of its own.
    second.reload(OLD)
    assert second.wait_rule("old").generation == new.generation + 1


def test_without_any_cache_the_directory_is_known(slapd, start):
    """The state directory cannot be written, and the directory is away."""
    slapd.add(rule("studio"))
    text = conf(slapd.uri, policy='policy = { rules = ( { name = "local"; '
                'scope = "RSVP"; } ); };')
    first = start(text, state=False)
    first.wait_rule("studio")
    got = first.wait_rule("local")
    first.stop(signal.SIGKILL)
    slapd.stop()
    second = start(text, state=False, in_force={
        "generation": got.generation, "data": got.bytes,
        "answer": int(time.time())})
    second.wait(lambda: "last known rules stay" in second.status, "status")
    assert not second.snapshots
    slapd.start()
    second.wait(lambda: "answers" in second.status, "answer")
    assert not second.snapshots  # nothing has changed
    slapd.add(rule("later"))
    assert second.wait_rule("later").generation == got.generation + 1
    assert "studio" in second.snapshots[-1]


def test_a_change_outlives_engine_and_policyd(slapd, start):
    """Both die when it has just come to be in force, and the directory too."""
    slapd.add(rule("studio"))
    text = conf(slapd.uri, "quiet = 0; ")
    first = start(text)
    first.wait_rule("studio")
    wait_cache(first, "studio")
    first.wait(lambda: first.facts["connected"] and
               first.facts["mode"] == "persist", "a push")
    for name in ("second", "third", "fourth"):
        slapd.add(rule(name))
        got = first.wait_rule(name)
    first.stop(signal.SIGKILL)
    slapd.stop()
    second = start(text)
    second.wait(lambda: second.snapshots, "what was in force")
    assert second.snapshots[0].generation == got.generation
    assert "fourth" in second.snapshots[0]
    second.wait(lambda: "last known rules stay" in second.status, "status")
    assert len(second.snapshots) == 1
    wait_cache(second, "fourth")


def test_what_is_known_is_as_old_as_it_was(slapd, start):
    slapd.add(rule("studio"))
    text = conf(slapd.uri, 'maxAge = "50s"; staleAction = "file"; ')
    first = start(text, state=False)
    got = first.wait_rule("studio")
    first.stop(signal.SIGKILL)
    slapd.stop()
    second = start(text, state=False, in_force={
        "generation": got.generation, "data": got.bytes,
        "answer": int(time.time()) - 100})
    second.wait(lambda: "too old" in second.text(), "event")
    second.wait_rule("studio", present=False)


def test_what_the_cache_knows_later_counts(slapd, start):
    """It was confirmed after the engine was last told so."""
    slapd.add(rule("studio"))
    text = conf(slapd.uri, 'maxAge = "50s"; staleAction = "file"; ')
    first = start(text)
    got = first.wait_rule("studio")
    wait_cache(first, "studio")
    first.stop(signal.SIGKILL)
    slapd.stop()
    second = start(text, in_force={
        "generation": got.generation, "data": got.bytes,
        "answer": int(time.time()) - 100})
    second.wait(lambda: "last known rules stay" in second.status, "status")
    assert not second.snapshots and "too old" not in second.text()


@pytest.mark.parametrize("state", [True, False])
def test_what_stale_action_says_is_not_lifted(slapd, start, state):
    """What is denied because the directory is silent stays so."""
    slapd.add(rule("studio"))
    policy = 'policy = { rules = ( { name = "local"; scope = "RSVP"; } ); };'
    text = conf(slapd.uri, 'maxAge = "1s"; staleAction = "deny"; ', policy)
    first = start(text, state=state)
    first.wait_rule("studio")
    slapd.stop()
    got = first.wait_rule("local", present=False)
    answer = first.facts["answer"]
    first.stop(signal.SIGKILL)
    second = start(text, state=state, in_force={
        "generation": got.generation, "data": got.bytes, "answer": answer})
    answered(second)
    second.wait(lambda: "directory:" in second.status, "attempt")
    assert not second.snapshots
    if state:
        assert b"studio" in (second.state / "policy.cache").read_bytes()
        # It is nothing to go back to.
        assert got.generation not in {
            bench.whole(p.read_bytes()[6:14])
            for p in second.state.glob("policy.history.*")}
    slapd.start()
    assert "local" in second.wait_rule("studio")


def test_a_newer_cache_is_put_in_force(start):
    """It was made and kept, and its policyd died before the engine heard."""
    first = start(OLD)
    old = first.wait_rule("old")
    first.reload(NEW)
    new = first.wait_rule("new")
    wait_cache(first, "new")
    first.stop()
    second = start(NEW, in_force={"generation": old.generation,
                                  "data": old.bytes})
    assert second.wait_rule("new").generation == new.generation
    assert len(second.snapshots) == 1


@pytest.mark.parametrize("damage", ["octets", "number", "none", "empty"])
def test_what_cannot_be_gone_on_with_is_made_anew(start, damage):
    first = start(OLD)
    old = first.wait_rule("old")
    wait_cache(first, "old")
    first.stop()
    data, generation = old.bytes, 41
    if damage == "octets":
        data, generation = bytes(len(data)), old.generation
    elif damage in ("none", "empty"):
        data = b""
    second = start(NEW, in_force={"generation": generation, "data": data})
    second.wait_rule("new")
    assert "not gone on with" in second.text()
    assert second.snapshots[-1].generation == max(generation,
                                                  old.generation) + 1


def test_what_was_made_of_nothing_is_not_gone_on_with(start):
    """All is denied because the first file was broken: a good one ends it."""
    first = start("policy = {", state=False)
    first.wait(lambda: first.snapshots, "snapshot")
    got = first.snapshots[-1]
    first.stop(signal.SIGKILL)
    second = start("policy = {", in_force={"generation": got.generation,
                                           "data": got.bytes})
    second.wait(lambda: "all is denied" in second.status, "status")
    second.reload(NEW)
    assert second.wait_rule("new").generation > got.generation
    wait_cache(second, "new")


def test_a_release_that_is_in_force_is_known(slapd, start):
    """Changes wait for the generation entry, also under a new policyd."""
    slapd.add(rule("studio") + generation(1))
    text = conf(slapd.uri)
    first = start(text, state=False)
    first.wait_rule("studio")
    slapd.add(rule("waits"))
    first.wait(lambda: first.facts.get("waiting"), "waiting")
    got, release = first.snapshots[-1], first.release
    assert release
    first.stop(signal.SIGKILL)
    second = start(text, state=False, in_force={
        "generation": got.generation, "data": got.bytes,
        "answer": int(time.time()), "release": release})
    second.wait(lambda: "answers" in second.status, "answer")
    assert not second.snapshots
    slapd.modify("dn: cn=generation,ou=NetworkPolicies,o=example\n"
                 "changetype: modify\nreplace: qosGeneration\n"
                 "qosGeneration: 2\n")
    second.wait_rule("waits")


def test_an_engine_without_a_word_for_it_is_served(start):
    def took(turn):
        nonlocal policyd
        began = time.monotonic()
        policyd = start(OLD, f"policyd-{turn}", greet=False)
        assert policyd.wait_rule("old").generation == 1
        return time.monotonic() - began
    policyd = None
    # It refuses everything after two seconds without rules; who has to wait for
    # a processor may need more of them.
    assert any(took(turn) < 1.8 for turn in range(4))
    assert policyd.ping(7)[1] == 7
    assert "does not say what is in force" in policyd.text()
    # Later it is too late.
    policyd.greet(9, b"rubbish")
    policyd.reload(NEW)
    assert policyd.wait_rule("new").generation == 2


def test_a_malformed_word_is_none(start):
    policyd = start(OLD, greet=False)
    policyd.engine.send(bench.message(bench.IN_FORCE, 0, struct.pack(
        "<HHI", bench.GENERATION, 8, 9)))
    assert policyd.wait_rule("old").generation == 1


# ---- rollbacks


def held_back(start, **options):
    """One whose rollback holds; its first and second generation."""
    policyd = start(OLD, **options)
    old = policyd.wait_rule("old")
    policyd.reload(NEW)
    new = policyd.wait_rule("new")
    wait_cache(policyd, "new")
    assert policyd.carry_out(bench.ROLLBACK)["ok"]
    policyd.wait_rule("old")
    return policyd, old, new


@pytest.mark.parametrize("file", ["there", "lost", "damaged", "unwritable"])
def test_a_rollback_goes_on_whatever_became_of_its_file(start, file):
    first, old, _ = held_back(start)
    hold = first.state / "policy.rollback"
    good = hold.read_bytes()
    first.stop(signal.SIGKILL)
    if file == "lost":
        hold.unlink()
    elif file == "damaged":
        hold.write_bytes(good[:-1] + b"?")
    elif file == "unwritable":
        hold.unlink()
        hold.mkdir()
        (hold / "x").touch()
    second = start(NEW, in_force={"generation": old.generation, "held":
                                  old.generation, "data": old.bytes})
    second.wait(lambda: "policy.conf is good" in second.status, "status")
    assert not second.snapshots
    assert second.held == old.generation
    text = second.text()
    assert f"generation {old.generation} is held" in text
    if file == "unwritable":
        assert "rollback: not written" in text
        return
    if file == "damaged":
        assert "policy.rollback: damaged; removed" in text
    assert hold.stat().st_size == len(good)
    assert second.carry_out(bench.LOAD)["ok"]
    second.wait_rule("new")
    assert not hold.exists()


def test_a_rollback_that_was_ended_is_not_begun_again(start):
    """Its file could not be removed."""
    first, _, new = held_back(start)
    first.stop(signal.SIGKILL)
    second = start(NEW, in_force={"generation": new.generation,
                                  "data": new.bytes})
    answered(second)
    assert not second.snapshots and second.held == 0
    assert "policy.rollback: another generation is in force; removed" in \
        second.text()
    assert not (second.state / "policy.rollback").exists()


def test_a_rollback_whose_status_was_not_told_is_one(start):
    first, old, _ = held_back(start)
    first.stop(signal.SIGKILL)
    second = start(NEW, in_force={"generation": old.generation,
                                  "data": old.bytes})
    second.wait(lambda: second.held == old.generation, "status")
    assert not second.snapshots


@pytest.mark.parametrize("damage", ["file", "generation", "unreadable"])
def test_a_damaged_rollback_is_told_and_cleaned(start, damage):
    """Beside an engine that has nothing."""
    first, old, _ = held_back(start)
    first.stop()
    hold = first.state / "policy.rollback"
    if damage == "file":
        hold.write_bytes(b"rubbish")
    elif damage == "generation":
        for kept in first.state.glob("policy.history.*"):
            data = kept.read_bytes()
            kept.write_bytes(data[:-3] + b"?" + data[-2:])
    else:
        hold.unlink()
        hold.mkdir()
    second = start(NEW)
    second.wait_rule("new")
    text = second.text()
    if damage == "unreadable":
        assert "policy.rollback: not read (Is a directory)" in text
        return
    assert not hold.exists()
    if damage == "file":
        assert "policy.rollback: damaged; removed" in text
    else:
        assert f"generation {old.generation} cannot be held any longer: " \
            "what was kept of it is damaged" in text


# ---- the end


def test_what_is_not_on_disk_yet_is_written_before_the_end(start):
    """Ended by the supervisor, in the moment before the cache is written."""
    policyd = start(OLD)
    policyd.wait_rule("old")
    wait_cache(policyd, "old")
    for text, name in ((NEW, "new"), (OLD, "old")) * 3:
        policyd.reload(text)
        policyd.wait_rule(name)
        os.kill(policyd.process, signal.SIGTERM)
        bench.wait_for(lambda p=policyd: not p.alive(), "end")
        assert policyd.exit == 0
        assert name.encode() in (policyd.state /
                                 "policy.cache").read_bytes()
        policyd = start(text)
        assert policyd.wait_rule(name)


def test_an_empty_directory_is_known_to_be_empty(slapd, start):
    """Its rules are none, and no new generation: it was read all the same."""
    text = conf(slapd.uri, policy='policy = { default = "allow"; rules = ( { '
                'name = "local"; scope = "RSVP"; } ); };')
    policyd = start(text)
    policyd.wait(lambda: "answers" in policyd.status, "answer")
    assert len(policyd.snapshots) == 1
    slapd.stop()
    policyd.wait(lambda: "its last known rules stay" in policyd.status,
                 "failure")


def test_a_cache_of_another_life_is_not_newer(start):
    """Its number is larger, and what is in force was made after it."""
    first = start(OLD)
    first.wait_rule("old")
    for text, name in ((NEW, "new"), (OLD, "old")) * 3:
        first.reload(text)
        last = first.wait_rule(name)
    wait_cache(first, "old")
    first.stop()
    then = int(time.time())
    # policyd's clock is coarser, and a tick behind.
    bench.wait_for(lambda: int(time.time()) > then + 1, "another second")
    other = start(NEW, name="other", state=False)
    got = other.wait_rule("new")
    assert got.generation < last.generation
    other.stop(signal.SIGKILL)
    second = start(NEW, in_force={"generation": got.generation,
                                  "data": got.bytes})
    answered(second)
    assert not second.snapshots
    second.reload(OLD)
    assert second.wait_rule("old").generation == last.generation + 1


def test_what_was_made_of_nothing_is_not_written(start):
    policyd = start("policy = {")
    policyd.wait(lambda: "all is denied" in policyd.status, "status")
    policyd.stop()
    assert not (policyd.state / "policy.cache").exists()


def test_a_damaged_rollback_goes_with_the_next_load(start):
    policyd, _, new = held_back(start)
    hold = policyd.state / "policy.rollback"
    hold.write_bytes(b"rubbish")
    said = policyd.carry_out(bench.LOAD)
    assert said["ok"] and said["generation"] == new.generation
    assert not said["lines"] and not hold.exists()


def test_numbers_go_on_from_what_is_kept(start):
    """The cache is lost, and what can be gone back to is not."""
    first = start(OLD)
    first.wait_rule("old")
    first.reload(NEW)
    new = first.wait_rule("new")
    first.stop()
    (first.state / "policy.cache").unlink()
    second = start(NEW)
    assert second.wait_rule("new").generation == new.generation + 1
