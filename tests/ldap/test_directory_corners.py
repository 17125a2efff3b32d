# SPDX-License-Identifier: ISC
"""policyd where a host or a directory is unlike others: no local time zone, a
base in other letters, rules that are the same from another source, a server
that takes less than it offers.  Needs slapd; hiding /etc needs root."""

import os
import pathlib
import shutil
import subprocess

import pytest

import bench
from bench import POLICYD, Relay, Slapd
from test_directory import SYNC, delete, slow
from test_policyd_ldap import category, conf, folder, rule, slapd, start

pytestmark = pytest.mark.skipif(not bench.SLAPD.exists(),
                                reason="slapd is not installed")
__all__ = ["folder", "slapd", "start"]  # fixtures
MONDAY_MORNING = """policy = { rules = ( { name = "r"; scope = "RSVP";
    days = "Mon"; time = "08:00-09:00"; %s } ); };"""


# ---- the time of this host


def explained_with(etc, path, moment, hidden="/etc"):
    """The rule that decides at that moment where /etc is that folder."""
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f'mount --bind "$0" {hidden} && '
         'exec "$@"', etc, POLICYD, "explain",
         "--offline", "--time", moment, "--dst", "10.0.0.1", path],
        capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="hiding /etc needs root")
def test_local_time_is_that_of_the_host_or_utc(folder):
    etc = folder / "etc"
    etc.mkdir()
    path = folder / "policy.conf"
    path.write_text(MONDAY_MORNING % "")
    zones = pathlib.Path("/usr/share/zoneinfo")

    def decides(moment):
        return "rule r allows" in explained_with(etc, path, moment)

    # A host without the file is in UTC.
    assert decides("2026-11-23T08:00:00Z")
    assert not decides("2026-11-23T07:59:59Z")
    assert not decides("2026-11-23T09:00:00Z")
    if not (zones / "Asia/Kolkata").exists():
        pytest.skip("no zone files on this host")
    shutil.copy(zones / "Asia/Kolkata", etc / "localtime")
    assert decides("2026-11-23T02:30:00Z")
    assert not decides("2026-11-23T08:00:00Z")
    # It says something that cannot be read: that is no UTC.
    (etc / "localtime").write_text("TZif, but no more")
    said = explained_with(etc, path, "2026-11-23T08:00:00Z")
    assert "is a time zone that this host does not know (/etc/localtime;" \
        in said
    # Who names a zone is not concerned.
    path.write_text(MONDAY_MORNING % 'zone = "UTC";')
    assert decides("2026-11-23T08:00:00Z")
    # UTC needs no file.
    said = explained_with(etc, path, "2026-11-23T08:00:00Z",
                          "/usr/share/zoneinfo")
    assert "rule r allows" in said
    path.write_text(MONDAY_MORNING % 'zone = "Europe/Berlin";')
    said = explained_with(etc, path, "2026-11-23T08:00:00Z",
                          "/usr/share/zoneinfo")
    assert "this host does not know (/usr/share/zoneinfo/Europe/Berlin" in said


# ---- the directory's part


def test_the_same_rules_from_a_directory_are_its_last_known(slapd, start):
    """It has nothing for this host: what is in force stays as it is, but is
    known to be what the directory says."""
    slapd.add(rule("theirs", tag="host2"))
    text = slow(slapd.uri, policy='policy = { rules = ( '
                '{ name = "ours"; } ); default = "deny"; };')
    policyd = start(text)
    policyd.wait(lambda: policyd.facts.get("mode") == "persist" and
                 "answers" in policyd.status, "answer")
    assert len({s.generation for s in policyd.snapshots}) == 1
    slapd.kill()
    policyd.wait(lambda: not policyd.facts["connected"] and
                 "directory: " in policyd.status, "loss")
    assert "its last known rules stay" in policyd.status
    # Kept as the generation that it is.
    generation = policyd.snapshots[-1].generation
    policyd.stop()
    again = start(text)
    again.wait(lambda: again.snapshots, "snapshot")
    assert again.snapshots[0].generation == generation


def test_a_base_in_other_letters_is_below_its_suffix(folder, start):
    """The state of the suffix is asked for: a dead connection is noticed."""
    slapd = Slapd(folder / "slapd", suffix="o=ZebrA")
    relay = Relay(slapd.port)

    def there(text):
        return text.replace("o=example", slapd.suffix)
    try:
        slapd.add(there(rule("studio")))
        policyd = start(conf(relay.uri).replace(
            "ou=NetworkPolicies,o=example", "OU=networkpolicies,O=zEBRa")
            .replace("poll = 1;", "poll = 2;"))
        policyd.wait_rule("studio")
        policyd.wait(lambda: policyd.facts.get("mode") == "persist" and
                     "answers" in policyd.status, "persist")
        relay.silence()
        slapd.add(there(rule("second")))
        policyd.wait_rule("second")
        assert "last known rules stay" not in policyd.text()
    finally:
        relay.close()
        slapd.stop()


def test_a_step_down_is_no_failure(slapd, start):
    """What a server refuses is not told once a lesser way has worked."""
    relay = Relay(slapd.port)
    oid = SYNC + b"1"
    relay.change = lambda data: data.replace(oid, oid[:-1] + b"7") \
        if b"\x0a\x01\x03" in data else data
    try:
        slapd.add(rule("studio"))
        policyd = start(conf(relay.uri))
        policyd.wait_rule("studio")
        policyd.wait(lambda: policyd.facts.get("mode") == "refresh" and
                     "answers" in policyd.status, "refresh")
        answered = policyd.facts["answer"]
        policyd.wait(lambda: policyd.facts["answer"] > answered, "a look")
        assert "last known rules" not in policyd.text()
        assert "nothing is known" not in policyd.text()
        assert not policyd.facts.get("retry")
    finally:
        relay.close()


def test_an_entry_that_is_refused_is_told_with_its_reason(slapd, start):
    """Rules that contradict each other are refused as a whole; the status says
    which and why, and the mended ones are taken."""
    slapd.add(rule("good"))
    policyd = start(slow(slapd.uri))
    policyd.wait_rule("good")
    slapd.add(rule("bad", "ServiceReference: nowhere"))
    policyd.wait(lambda: "its rules are not valid (" in policyd.status,
                 "status")
    assert 'rule "bad" refers to category "nowhere"' in policyd.status
    assert "its last known rules stay" in policyd.status
    assert "bad" not in policyd.snapshots[-1]
    assert policyd.text().count('refers to category "nowhere"') >= 1
    slapd.add(category("nowhere"))
    policyd.wait_rule("bad")
    policyd.wait(lambda: "answers" in policyd.status, "answer")
    slapd.modify(delete("PolicyName=bad"))
    policyd.wait_rule("bad", present=False)
