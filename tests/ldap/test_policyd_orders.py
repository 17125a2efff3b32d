# SPDX-License-Identifier: ISC
"""What operators order of policyd while its directory is slow or silent: what
needs no directory does not wait, and an answer is to what was asked."""

import select
import socket
import time

import bench
import pytest
from bench import CANDIDATE, DIRECTORY, LOAD, ROLLBACK, Relay
from test_directory import slow
from test_policyd_ldap import conf, folder, rule, slapd, start

__all__ = ["folder", "slapd", "start"]  # fixtures

pytestmark = pytest.mark.skipif(not bench.SLAPD.exists(), reason="no slapd")

FILE = 'policy = { rules = ( { name = "%s"; scope = "RSVP"; } ); };'
PAGES = b"1.2.840.113556.1.4.319"  # the control of a search in pages


@pytest.fixture
def silent():
    """A server that takes connections and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    yield f"ldap://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


@pytest.fixture
def relay(slapd):
    one = Relay(slapd.port)
    yield one
    one.close()


def patient(uri, name):
    """Whose server has a minute to answer."""
    return conf(uri, policy=FILE % name).replace("timeout = 2", "timeout = 60")


def two_generations(start, uri):
    policyd = start(patient(uri, "a"))
    policyd.wait_rule("a")
    policyd.wait(lambda: b"a" in (policyd.state / "policy.cache").read_bytes()
                 if (policyd.state / "policy.cache").exists() else False,
                 "cache")
    policyd.reload(patient(uri, "b"))
    return policyd, policyd.wait_rule("b")


def test_a_rollback_does_not_wait_behind_a_silent_directory(start, silent):
    policyd, newer = two_generations(start, silent)
    policyd.order(LOAD, serial=1)
    policyd.order(DIRECTORY, serial=2)
    policyd.order(ROLLBACK, serial=3)
    said = policyd.answer_of(3)
    assert said["ok"] and not policyd.done
    assert said["generation"] == policyd.wait_rule("a").generation
    # The load knows who came in between, and that it did not succeed.
    policyd.wait(lambda: {1, 2} <= policyd.done.keys(), "answers")
    assert not policyd.done[1]["ok"]
    assert "by a rollback that came meanwhile" in policyd.done[1]["text"]
    assert "no server has answered for 20 s" in policyd.done[1]["text"]
    assert policyd.done[2]["text"] == \
        "nothing is known from the directory; no server has answered for 20 s"
    assert policyd.held == said["generation"] != newer.generation


def test_many_wait_together_and_one_too_many_is_told(start, silent):
    policyd, _ = two_generations(start, silent)
    begun = time.monotonic()
    for serial in range(1, 9):
        policyd.order((LOAD, CANDIDATE, DIRECTORY)[serial % 3], serial=serial)
    policyd.order(LOAD, serial=9)
    policyd.order(ROLLBACK, serial=10)
    for serial in (9, 10):
        said = policyd.answer_of(serial)
        assert not said["ok"]
        assert said["text"] == "too many commands wait for policyd"
    policyd.wait(lambda: len(policyd.done) == 8, "answers", 100)
    assert not [said for said in policyd.done.values()
                if "too many" in said["text"]]
    # One after the other it would be eight times as long.
    assert time.monotonic() - begun < 100
    # There is room again.
    assert policyd.carry_out(ROLLBACK, serial=11)["ok"]


def test_what_nobody_waits_for_is_not_done(start):
    policyd = start(FILE % "a")
    policyd.wait_rule("a")
    policyd.conf.write_text(FILE % "b")
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    said = policyd.carry_out(LOAD, begin_by=now)
    assert not said["ok"]
    assert said["text"] == "it came too late: nothing was done"
    assert len(policyd.snapshots) == 1
    said = policyd.carry_out(LOAD, begin_by=now + 30_000_000)
    assert said["ok"] and "b" in policyd.snapshots[-1]
    assert not policyd.carry_out(ROLLBACK, begin_by=now)["ok"]
    assert policyd.held == 0


def test_an_order_that_waited_for_its_file_too_long_is_not_done(start):
    """The supervisor is slow: what came after waits as well, then not."""
    policyd = start(FILE % "a")
    policyd.wait_rule("a")
    policyd.gives_file = False
    policyd.order(LOAD, serial=1)
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    policyd.order(ROLLBACK, serial=2, begin_by=now + 1_000_000)
    assert policyd.answer_of(1)["text"] == "the supervisor gave no file"
    assert "too late" in policyd.answer_of(2)["text"]
    # A file that comes now is nobody's.
    policyd.conf.write_text(FILE % "b")
    policyd.give(1)
    assert policyd.ping(3)[1] == 3
    assert len(policyd.snapshots) == 1


class Holding:
    """Holds back what a server says to a search in pages."""

    def __init__(self, relay):
        self.relay = relay
        self.held = []
        relay.change = self.look

    def look(self, data):
        if PAGES in data and not self.held:
            self.held = [pair[1] for pair in self.relay.pairs]
            self.relay.silent |= set(self.held)
        return data

    def answered(self):
        """The server has, and nobody has heard it."""
        return any(select.select([s], [], [], 0)[0] for s in self.held)

    def let_go(self):
        self.relay.silent.clear()


def test_a_load_is_answered_by_a_search_begun_after_it(slapd, relay, start):
    slapd.add(rule("studio"))
    policyd = start(slow(relay.uri, 'mode = "poll";'))
    policyd.wait_rule("studio")
    policyd.wait(lambda: "answers" in policyd.status, "answer")
    holding = Holding(relay)
    policyd.order(DIRECTORY, serial=1)
    policyd.wait(holding.answered, "an answer on its way")
    slapd.add(rule("later"))
    policyd.order(LOAD, serial=2)
    # The worker has it before the old search ends.
    policyd.wait(lambda: "policy.conf is" in policyd.status, "status")
    assert policyd.ping(1)[1] == 1
    holding.let_go()
    said = policyd.answer_of(2)
    assert said["ok"] and "later" in policyd.snapshots[-1]
    assert said["generation"] == policyd.snapshots[-1].generation


@pytest.mark.parametrize("what", [LOAD, DIRECTORY])
def test_an_answer_has_what_was_not_pushed_yet(slapd, relay, start, what):
    """A push was heard, so that the search lives; the next ones are late."""
    slapd.add(rule("studio"))
    policyd = start(slow(relay.uri))
    policyd.wait_rule("studio")
    slapd.add(rule("pushed"))
    policyd.wait_rule("pushed")
    relay.silence()
    slapd.add(rule("later"))
    said = policyd.carry_out(what, serial=5)
    assert said["ok"]
    if what == LOAD:
        assert "later" in policyd.snapshots[-1]
    else:
        assert b"later" in said["candidate"]
    # Nothing has changed: the next one needs no other connection.
    policyd.wait(lambda: policyd.facts.get("mode") == "persist", "persist")
    policyd.wait_rule("later")
    accepted = relay.accepted
    assert policyd.carry_out(LOAD, serial=6)["ok"]
    assert relay.accepted <= accepted + 1  # the question for the state


def test_who_waits_for_a_directory_that_is_left_waits_no_more(start, silent):
    policyd, _ = two_generations(start, silent)
    policyd.order(LOAD, serial=1)
    policyd.order(CANDIDATE, serial=2)
    # The worker has both: what came after them is done.
    assert policyd.carry_out(ROLLBACK, serial=3)["ok"]
    assert not policyd.done
    begun = time.monotonic()
    policyd.reload(FILE % "c")
    for serial in (1, 2):
        assert "no server" not in policyd.answer_of(serial)["text"]
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("what", [LOAD, CANDIDATE])
def test_what_is_strict_is_refused_by_name(slapd, start, what):
    slapd.add(rule("studio"))
    policyd = start(slow(slapd.uri, "strict = true; "))
    policyd.wait_rule("studio")
    before = len(policyd.snapshots)
    slapd.add(rule("bad", "qosUser: nobody-has-this"))
    said = policyd.carry_out(what)
    assert not said["ok"]
    assert "cannot be read, and it is strict" in said["text"]
    assert "PolicyName=bad," in said["lines"] or what == LOAD
    assert len(policyd.snapshots) == before
    slapd.modify("dn: PolicyName=bad,ou=NetworkPolicies,o=example\n"
                 "changetype: delete\n")
    said = policyd.carry_out(what, serial=2)
    assert said["ok"] and "strict" not in said["text"]


def test_a_candidate_that_changes_nothing_has_the_number_in_force(start):
    policyd = start(FILE % "a")
    first = policyd.wait_rule("a")
    said = policyd.carry_out(CANDIDATE)
    assert said["ok"] and said["generation"] == first.generation
    assert said["candidate"][8:16] == first.bytes[8:16]  # the same number
    policyd.conf.write_text(FILE % "b")
    said = policyd.carry_out(CANDIDATE, serial=2)
    assert said["generation"] == first.generation + 1
    assert len(policyd.snapshots) == 1


def test_a_load_does_not_wait_for_quiet(slapd, relay, start):
    """A change that comes with the answer is of the answer."""
    slapd.add(rule("studio"))
    policyd = start(slow(relay.uri).replace("quiet = 0", 'quiet = "5 s"'))
    policyd.wait(lambda: policyd.facts.get("connected"), "connection")
    for serial, name in enumerate(("one", "two", "three"), 1):
        relay.silence()
        slapd.add(rule(name))
        assert policyd.carry_out(LOAD, serial=serial)["ok"]
        assert name in policyd.snapshots[-1], name
