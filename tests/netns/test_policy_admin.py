# SPDX-License-Identifier: ISC
"""The operator's view of policy: what a change would do, before it is done."""

import json
import os

import pytest

import lab
import pair as pairs
from pair import A4, B4

ALICE, BOB, EVE = 30001, 30002, 30003
CATEGORIES = """
  { name = "small"; maxRatePerFlow = "2 Mbit"; onChange = "renegotiate"; grace = 5; },
  { name = "large"; maxRatePerFlow = "20 Mbit"; },
  { name = "mark"; inProfileDscp = "AF41"; }
"""
MARK = ('{ name = "mark"; scope = "DataTraffic"; protocol = [ "udp" ]; '
        'destPorts = [ "9100" ]; category = "mark"; }')


def policy(*rules, categories=CATEGORIES):
    return (f"policy = {{ categories = ( {categories} );\n"
            f"rules = (\n{','.join(rules)}\n); }};\n")


def rule(name, category, uid, more=""):
    return (f'{{ name = "{name}"; scope = "RSVP"; users = {uid}; '
            f'category = "{category}"; {more} }}')


BEFORE = policy(rule("alice", "large", ALICE), rule("bob", "small", BOB), MARK)


@pytest.fixture(name="pair", scope="module")
def fixture_pair():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    pair = pairs.Pair(BEFORE)
    yield pair
    pair.lab.close()


@pytest.fixture(name="two", scope="module")
def fixture_two(pair):
    """Reservations of two users that stand."""
    pair.reserve(5004, uid=ALICE, rate=1000000)
    pair.reserve(5006, uid=BOB, rate=125000)
    return pair


def candidate(pair, text, name="new.conf"):
    path = pair.daemon.dir / name
    path.write_text(text)
    return path


def diff(pair, *argv):
    """Exit status and answer of `policy diff`."""
    done = pair.daemon.ctl("--json", "policy", "diff", *argv, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def generation(pair):
    return pair.daemon.ctl_json("policy", "show")["generation"]


def test_the_same_policy_is_no_difference(two):
    path = candidate(two, BEFORE)
    status, said = diff(two, path)
    assert (status, said["same"], said["changes"]) == (0, True, [])
    assert said["old"]["generation"] == generation(two)
    text = two.daemon.ctl("policy", "diff", path, check=False)
    assert text.returncode == 0 and "no difference" in text.stdout


def test_a_diff_says_what_becomes_of_reservations(two):
    before = generation(two)
    path = candidate(two, policy(
        rule("nobody", "large", EVE), rule("robert", "small", BOB),
        MARK, categories=CATEGORIES.replace("AF41", "EF")))
    status, said = diff(two, path)
    assert status == 1 and not said["same"]
    changes = {(c["what"], c["name"]): c for c in said["changes"]}
    assert {k: c["change"] for k, c in changes.items()} == {
        ("category", "mark"): "changed", ("rule", "alice"): "removed",
        ("rule", "bob"): "removed", ("rule", "nobody"): "added",
        ("rule", "robert"): "added"}
    assert changes["category", "mark"]["fields"] == [
        {"field": "inProfileDscp", "old": "AF41", "new": "EF"}]
    assert {"field": "users", "old": None, "new": str(EVE)} in \
        changes["rule", "nobody"]["fields"]
    # Of each the sender's Path, and what was reserved for it.
    assert said["standing"] == 4
    found = {(r["old_rule"], r["reservation"].split()[0]): r
             for r in said["reservations"]}
    assert len(found) == len(said["reservations"]) == 4
    gone = found["alice", "reservation"]
    assert (gone["effect"], gone["rule"], gone["end"]) == (
        "refused", None, "torn")
    assert gone["reservation"] == (f"reservation to {B4} port 5004 from {A4} "
                                   "port 5004 on eth0")
    assert found["alice", "sender"]["end"] == "withdrawn"
    assert (found["bob", "reservation"]["effect"],
            found["bob", "reservation"]["rule"]) == ("governed", "robert")
    assert said["data"] == [{"rule": "mark", "remarked": True,
                             "old": "marked AF41", "new": "marked EF"}]
    text = two.daemon.ctl("policy", "diff", path, check=False).stdout
    for line in ("~ category mark", "    inProfileDscp: AF41 -> EF",
                 "- rule alice", "governed by robert instead of bob",
                 "rule mark: re-marked: marked AF41 -> marked EF",
                 "4 of 4 standing reservations concerned"):
        assert line in text, text
    # Nothing was done.
    assert generation(two) == before
    assert two.reservation(5004)["rule"] == "alice"
    assert two.reservation(5006)["rule"] == "bob"


def test_a_lower_limit_is_told_with_its_end(two):
    path = candidate(two, BEFORE.replace('"2 Mbit"', '"900 kbit"'))
    status, said = diff(two, path)
    one, = said["reservations"]
    assert status == 1
    assert (one["effect"], one["limit"], one["end"]) == (
        "refused", "maxRatePerFlow", "told, and torn after 5 s")
    assert "rate per flow 1 Mbit/s exceeds maxRatePerFlow 900 kbit/s" in \
        one["reason"]


def test_a_reservation_that_is_marked_anew_is_told(two):
    path = candidate(two, policy(
        rule("alice", "marked", ALICE), rule("bob", "small", BOB), MARK,
        categories=CATEGORIES + ', { name = "marked"; inProfileDscp = "EF"; '
        'maxRatePerFlow = "20 Mbit"; }'))
    status, said = diff(two, path)
    one, = said["reservations"]
    assert (status, one["effect"], one["rule"]) == (1, "regranted", "alice")
    assert one["grants"] == "re-marked nothing -> EF"
    assert "port 5004" in one["reservation"]


def test_trouble_is_status_2(two):
    path = candidate(two, BEFORE.replace('name = "small"', 'name = "other"'))
    status, said = diff(two, path)
    assert status == 2 and not said["new"]["valid"]
    assert any('category "small"' in e for e in said["errors"]), said
    done = two.daemon.ctl("policy", "diff", path, check=False)
    assert done.returncode == 2 and f"{path}:" in done.stderr
    done = two.daemon.ctl("policy", "diff", two.daemon.dir / "none.conf",
                          check=False)
    assert done.returncode == 2 and "No such file" in done.stderr
    done = two.a.run(lab.program("rsvpctl"), "--socket", "/nonexistent",
                     "policy", "diff", path, check=False)
    assert done.returncode == 2 and "is rsvpd running" in done.stderr


def test_a_dry_run_reports_and_changes_nothing(two):
    before = generation(two)
    path = candidate(two, policy(
        rule("alice", "large", ALICE), rule("bob", "small", BOB), MARK,
        rule("late", "small", ALICE, "priority = -1;"),
        categories=CATEGORIES + ', { name = "unused"; }'))
    done = two.daemon.ctl("policy", "load", "--dry-run", path, check=False)
    assert done.returncode == 0, done.stderr
    assert 'rule "late" is never reached' in done.stdout
    assert 'category "unused" is used by no rule' in done.stdout
    assert "+ rule late" in done.stdout
    said = json.loads(two.daemon.ctl(
        "--json", "policy", "load", "--dry-run", path).stdout)
    assert len(said["warnings"]) == 2 and said["new"]["valid"]
    path.write_text("policy = { rules = ( { category = 7; } ); };")
    done = two.daemon.ctl("policy", "load", "--dry-run", path, check=False)
    assert done.returncode == 1 and f"{path}:1" in done.stderr
    assert generation(two) == before


def test_a_file_of_aix_is_compared_by_its_format(two):
    path = candidate(two, 'ServiceCategories sc {\n MaxRate 41\n}\n')
    status, said = diff(two, "--format", "aix", path)
    assert status == 1
    assert ("category", "sc", "added") in [
        (c["what"], c["name"], c["change"]) for c in said["changes"]]
    assert diff(two, "--format=native", path)[0] == 2
    assert diff(two, "--format=klingon", path)[0] == 2


def test_every_subcommand_has_help(two):
    words = [line for line in two.daemon.ctl("--list-commands")
             .stdout.splitlines() if line.startswith("policy ")]
    assert "policy diff" in words and "policy explain" in words
    for command in words:
        done = two.daemon.ctl(*command.split(), "--help")
        assert done.stdout.startswith(f"usage: rsvpctl {command}")


def explain(pair, *argv):
    done = pair.daemon.ctl("--json", "policy", "explain", *map(str, argv),
                           check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else \
        done.stderr


def test_the_daemon_explains_a_request_as_it_would_decide_it_now(two):
    status, said = explain(two, "--uid", ALICE, "--dst", B4, "--port", 7000,
                           "--rate", "1Mbit")
    assert (status, said["verdict"], said["rule"], said["category"]) == (
        0, "allowed", "alice", "large")
    assert said["generation"] == generation(two)
    tried = [(t["name"], t["why"]) for t in said["tried"]]
    assert tried[-1] == ("alice", "")
    assert ("mark", "scope: it governs data traffic only") in tried or \
        len(tried) == 1
    status, said = explain(two, "--uid", BOB, "--dst", B4, "--rate", "3Mbit")
    assert (status, said["verdict"], said["limit"], said["error_value"]) == (
        1, "refused", "maxRatePerFlow", 19)
    done = two.daemon.ctl("policy", "explain", "--uid", EVE, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("refused: no rule applies: denied")
    assert f"from: generation {generation(two)}, file " in done.stdout
    assert "alice: does not apply (who: somebody else)" in done.stdout
    assert "not tried" not in done.stdout


def test_an_explanation_counts_nothing(two):
    before = two.daemon.ctl_json("policy", "show")
    for _ in range(3):
        explain(two, "--uid", ALICE, "--dst", B4, "--rate", "1Mbit")
        explain(two, "--uid", EVE)
        explain(two, B4)
    assert two.daemon.ctl_json("policy", "show") == before


def test_what_stands_is_explained_by_its_destination(two):
    status, said = explain(two, B4, 5004)
    assert status == 0
    found = {e["message"]: e for e in said["explained"]}
    assert set(found) == {"path", "resv"}
    assert all(e["stands"] and e["verdict"] == "allowed" and
               e["rule"] == "alice" for e in found.values())
    assert "rule alice allows" in found["resv"]["recorded"]
    # A port is a number, however it is written.
    assert explain(two, B4, "05004") == explain(two, B4, 5004)
    for wrong in ("", "+5004", "-1", "65536", "5004x"):
        done = two.daemon.ctl("policy", "explain", B4, wrong, check=False)
        assert done.returncode == 2 and "not a port" in done.stderr, wrong
    status, said = explain(two, B4)
    assert len(said["explained"]) == 4
    text = two.daemon.ctl("policy", "explain", B4, "5006").stdout
    assert (f"reservation to {B4} port 5006 from {A4} port 5006\n"
            "  stands: rule bob allows" in text), text
    assert "  now allowed: rule bob allows (category small)" in text
    assert "nothing to 10.9.9.9 stands" in two.daemon.ctl(
        "policy", "explain", "10.9.9.9").stdout


def test_wrong_questions_are_told(two):
    for words, status, said in (
            (("--colour", "red"), 1, "--colour: no such option"),
            (("--uid", "x"), 1, "--uid x: not a number"),
            (("--uid",), 2, "which?"),
            (("--user", "no-such-user"), 2, "no such user"),
            (("--time", "2026-11-22T03:15:00Z"), 2, "with --file"),
            (("new.conf",), 2, "not an IP address (a file is named by"),
            ((B4, "x"), 2, "not a port"), ((B4, "1", "2"), 2, "too many"),
            ((B4, "--uid", "1"), 2, "not both"),
            (("--file",), 2, "which?")):
        done = two.daemon.ctl("policy", "explain", *words, check=False)
        assert done.returncode == status and said in done.stderr, (words, done)


def test_a_file_is_explained_without_the_daemon(two):
    path = candidate(two, policy(rule("x", "large", EVE)))
    for words in (("--file", path, "--uid", EVE), ("--uid", EVE, "--file",
                                                   path)):
        done = two.a.run(lab.program("rsvpctl"), "--socket", "/nonexistent",
                         "policy", "explain", *map(str, words))
        assert done.stdout.startswith("allowed: rule x allows")


def test_users_are_taken_with_their_groups(two):
    status, said = explain(two, "--user", "root", "--dst", B4)
    assert (status, said["verdict"]) == (1, "refused")
