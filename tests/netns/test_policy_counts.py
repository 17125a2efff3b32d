# SPDX-License-Identifier: ISC
"""What rules count, and why requests of applications were refused."""

import json

import lab
import pair as pairs
from pair import B4
from test_policy_admin import ALICE, BOB, CATEGORIES, EVE, policy, rule


def test_refusals_are_counted_by_rule_and_reason():
    lab.require_root()
    one = pairs.Pair(policy(
        '{ name = "log"; scope = "RSVP"; continue = "yes"; priority = 5; }',
        rule("alice", "few", ALICE),
        '{ name = "eve"; scope = "RSVP"; permission = "deny"; '
        f'users = {EVE}; }}', categories=CATEGORIES +
        ', { name = "few"; maxFlows = 1; maxRatePerFlow = "2 Mbit"; }'))
    try:
        def counts():
            return {r["name"]: r for r in one.daemon.ctl_json(
                "policy", "show")["rules"] if "name" in r}

        def refusals(name):
            return {r["reason"]: r["count"]
                    for r in counts()[name].get("refusals", [])}
        one.reserve(5010, uid=ALICE, rate=100000)
        before = counts()["alice"]
        assert before["refused"] == 0 and before["allowed"] >= 2
        assert before["matched"] == before["allowed"]
        one.sender(5012, uid=ALICE, rate=100000)
        one.receiver(5012)
        lab.wait_for(lambda: refusals("alice").get("maxFlows"), "one too many")
        one.sender(5014, uid=ALICE, rate=500000)
        one.receiver(5014)
        lab.wait_for(lambda: refusals("alice").get("maxRatePerFlow"),
                     "one too fast")
        one.sender(5016, uid=EVE)
        lab.wait_for(lambda: refusals("eve").get("denied"), "denied")
        one.sender(5018, uid=BOB)
        lab.wait_for(lambda: one.daemon.ctl_json("policy", "show")["refused"],
                     "the default")
        now = counts()
        for name, r in now.items():
            assert r["refused"] == sum(
                c["count"] for c in r.get("refusals", [])), name
        # It decides nothing, but its conditions hold for all.
        assert (now["log"]["allowed"], now["log"]["refused"]) == (0, 0)
        assert now["log"]["matched"] >= sum(
            now[n]["matched"] for n in ("alice", "eve"))
        text = one.daemon.ctl("policy", "show").stdout
        assert "(maxFlows " in text and "where no rule applies: allowed 0, " \
            "refused " in text and "(denied " in text
        # The same rule in another policy counts on; one that is new begins.
        one.change(one.daemon.policy.read_text().replace('"eve"', '"eva"'))
        lab.wait_for(lambda: "eva" in counts(), "the change")
        after = counts()
        assert "eve" not in after
        for key in ("matched", "allowed", "refused"):
            assert after["alice"][key] >= now["alice"][key]
        assert refusals("alice")["maxFlows"] >= 1
        # Why, from the one that stands and those that were refused.
        said = json.loads(one.daemon.ctl("--json", "policy", "explain",
                                         B4).stdout)["explained"]
        asked = [e for e in said if not e["stands"]]
        assert any("maxFlows 1" in e["recorded"] and
                   e["verdict"] == "refused" and e["limit"] == "maxFlows"
                   for e in asked), json.dumps(asked, indent=1)
        stands = [e for e in said if e["stands"] and e["message"] == "resv"]
        # It counts for itself once, not twice.
        assert [(e["verdict"], e["rule"]) for e in stands] == [
            ("allowed", "alice")]
    finally:
        one.lab.close()
