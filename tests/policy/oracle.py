#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The policy engine against another reading of policy.conf(5).

usage: oracle.py BUILD [--sets N] [--questions N] [--seed N]

Random rule sets are made as Python values, written as policy.conf for the
engine, and decided on here from the values alone.  Whatever is asked, both must
say the same: the rule, allowed or not, the error value, the bound, what is
granted, and of each rule before which condition failed.
"""

import argparse
import ipaddress
import pathlib
import random
import subprocess
import sys
import tempfile

from rule_sets import (CHANGES, CODE, Category, HOSTS, IFACES, LOCATORS,
                       MESSAGES, PORTS, PRINCIPALS, PROTOS, Pool, ROLES, Rule,
                       SERVICES, STYLES, SUBJECTS, When, some)

NOTHING = object()


# ---- deciding ----------------------------------------------------------------

class Claim:
    def __init__(self, counters, rate, bucket, since, change, grace):
        self.counters = counters
        self.rate = rate
        self.bucket = bucket
        self.since = since
        self.change = change
        self.grace = grace


class World:
    """One rule set, and what is reserved under it."""

    def __init__(self, rnd):
        self.pools = [Pool(rnd, f"p{i}") for i in range(rnd.randrange(3))]
        self.categories = [Category(rnd, f"c{i}", self.pools)
                           for i in range(rnd.randrange(1, 7))]
        self.schedules = [(f"s{i}", When(rnd)) for i in range(rnd.randrange(4))]
        self.rules = [Rule(rnd, f"r{i}", self)
                      for i in range(rnd.choice((1, 3, 8, 15, 25, 40)))]
        self.default = rnd.choice((None, None, "allow", "deny"))
        self.order = sorted(self.rules, key=Rule.key)
        for r in self.rules:
            r.settle()
        self.use = {}  # counter -> [flows, rate, bucket]
        self.claims = {}

    def conf(self):
        out = ["policy = {"]
        if self.default:
            out.append(f'\tdefault = "{self.default}";')
        for key, entries in (
                ("schedules", [f'{{ name = "{n}"; {w.conf()} }}'
                               for n, w in self.schedules]),
                ("pools", [p.conf() for p in self.pools]),
                ("categories", [c.conf() for c in self.categories]),
                ("rules", [r.conf() for r in self.rules])):
            out.append(f"\t{key} = (\n\t\t" + ",\n\t\t".join(entries) + " );")
        return "\n".join(out) + "\n};\n"

    def default_allows(self):
        if self.default:
            return self.default == "allow"
        return all(r.scope == "DataTraffic" for r in self.rules)

    def find(self, q):
        """Who decides, what is granted and by whom, and who has lost."""
        losers, granted, by = [], {}, {}
        for r in self.order:
            failed = r.failed(q)
            if failed:
                losers.append(f"{r.name}={CODE[failed]}")
                continue
            if r.category:
                for key, value in r.category.grants.items():
                    if key not in granted:
                        granted[key] = value
                        by[key] = r
                if r.category.pool and "pool" not in granted:
                    granted["pool"] = r.category.pool
            if not r.goes_on:
                return r, granted, by, losers
            losers.append(f"{r.name}=+")
        return None, granted, by, losers

    def ask(self, slot, q):
        rule, granted, by, losers = self.find(q)
        name = rule.name if rule else ""
        held = self.claims.get(slot)
        verdict = self.judge(rule, granted, by, held, q)
        if verdict[0] == "no":
            change, grace = (held.change, held.grace) if held else (2, 0)
            words = ["no", name, str(verdict[1]), verdict[2], str(change),
                     str(grace)]
            return " ".join(words + losers)
        _, claim, lowered, amount = verdict
        self.end(slot)
        if claim:
            self.hold(slot, claim)
        words = ["yes", name, str(int(lowered)), *map(str, amount),
                 *map(str, self.priorities(granted, q))]
        return " ".join(words + losers)

    @staticmethod
    def priorities(granted, q):
        pre = granted.get("preemption", 0)
        defend = granted.get("defending", 0)
        most = granted.get("maxPreemption")
        if "preemption" in q and most is not None:
            pre = min(q["preemption"], most)
            defend = max(min(q["defending"], most), pre)
        return pre, defend

    def judge(self, rule, granted, by, held, q):
        if rule is None and not self.default_allows():
            return "no", 3, ""
        if rule is not None and rule.no:
            return "no", 3, ""
        number = SERVICES.get(q["service"], 0)
        asked = [number, q["rate"], q["bucket"], q["peak"], q["packet"]]
        if q["message"] == "path":
            return "yes", None, False, asked
        lower = granted.get("onExceed") == "lower"
        lowered = False
        if number == 2 and granted.get("maxService") == "CL":
            if not lower:
                return "no", 17, "maxService"
            asked[0], lowered = 5, True
            asked[1] = q["trate"] or asked[1]
        for i, key in ((1, "maxRatePerFlow"), (2, "maxBucketPerFlow"),
                       (3, "maxPeakPerFlow"), (4, "maxPacketPerFlow")):
            value = float("inf") if i == 3 and asked[i] == 0 else asked[i]
            if key in granted and value > granted[key]:
                if not lower or asked[0] == 2:
                    return "no", 19, key
                asked[i], lowered = granted[key], True
        if asked[0] == 2 and q["delay"] < granted.get("minDelay", 0):
            return "no", 19, "minDelay"
        if held and "maxDuration" in granted and \
                q["now"] - held.since >= granted["maxDuration"]:
            return "no", 4, "maxDuration"
        counters = self.counters(rule, granted, by, q)
        stop = self.exceeded(counters, held, asked)
        if stop:
            return "no", 4, stop
        if not counters:
            return "yes", None, lowered, asked
        claim = Claim([c[0] for c in counters], asked[1], asked[2],
                      held.since if held else q["now"],
                      CHANGES[granted.get("onChange", "tear")],
                      granted.get("grace", 0))
        return "yes", claim, lowered, asked

    @staticmethod
    def counters(rule, granted, by, q):
        """Each counter with its bounds: (key, {bound: value})."""
        found = {}
        if rule:
            found[("rule", rule.name)] = {}

        def whose(key):
            r = by[key]
            shared = r.category.grants.get("share") == "yes"
            return ("category", r.category.name) if shared \
                else ("rule", r.name)

        user = q.get("principal") or q.get("subject") or q.get("uid") \
            or ("uid" in q and "0") or q["neighbour"] or "nobody"
        kind = next((k for k in ("principal", "subject", "uid") if k in q),
                    "other")
        for key in ("maxFlows", "aggregateRate", "aggregateBucket"):
            if key in by:
                found.setdefault(whose(key), {})[key] = granted[key]
        for key in ("maxFlowsPerUser", "aggregateRatePerUser"):
            if key in by:
                found.setdefault(whose(key) + (kind, user), {})[key] = \
                    granted[key]
        pool = granted.get("pool")
        if pool:
            part = 100 if granted.get("admissionPriority", 0) > 0 \
                else 100 - pool.headroom
            bounds = found.setdefault(("pool", pool.name), {})
            if pool.flows is not None:
                bounds["maxFlows"] = pool.flows * part // 100
            if pool.rate is not None:
                bounds["rate"] = pool.rate * part // 100
        return list(found.items())

    def exceeded(self, counters, held, asked):
        for key, bounds in counters:
            flows, rate, bucket = self.use.get(key, (0, 0, 0))
            own = held is not None and key in held.counters
            had_rate, had_bucket = (held.rate, held.bucket) if own else (0, 0)
            for bound in ("maxFlows", "maxFlowsPerUser"):
                if bound in bounds and not own and flows + 1 > bounds[bound]:
                    return bound
            for bound in ("aggregateRate", "aggregateRatePerUser", "rate"):
                if bound in bounds and \
                        rate - had_rate + asked[1] > bounds[bound] and \
                        not (own and asked[1] <= had_rate):
                    return bound
            if "aggregateBucket" in bounds and \
                    bucket - had_bucket + asked[2] > bounds["aggregateBucket"] \
                    and not (own and asked[2] <= had_bucket):
                return "aggregateBucket"
        return None

    def hold(self, slot, claim):
        self.claims[slot] = claim
        for key in claim.counters:
            u = self.use.setdefault(key, [0, 0, 0])
            u[0] += 1
            u[1] += claim.rate
            u[2] += claim.bucket

    def end(self, slot):
        claim = self.claims.pop(slot, None)
        for key in claim.counters if claim else ():
            u = self.use[key]
            u[0] -= 1
            u[1] -= claim.rate
            u[2] -= claim.bucket


# ---- questions -----------------------------------------------------------------

def address(text):
    a = ipaddress.ip_address(text)
    return a.version, int(a)


ADDRESSES = {h: address(h) for h in HOSTS}
MULTICAST = {h: ipaddress.ip_address(h).is_multicast for h in HOSTS}


def question(rnd):
    """The words for the engine, and the same as values."""
    words, q = [], {"groups": []}

    def put(key, value, said=NOTHING):
        q[key] = value
        words.append(f"{key}={value if said is NOTHING else said}")

    message = rnd.choice(("resv", "resv", "resv", "path"))
    put("message", message, MESSAGES.index(message))
    role = rnd.choice(ROLES)
    put("role", role, ROLES.index(role))
    if rnd.randrange(3):
        put("uid", rnd.choice((0, 7, 1000, 1001, 1004)))
        put("gid", rnd.choice((5, 100, 250, 999)))
        if rnd.randrange(3) == 0:
            groups = some(rnd, (5, 100, 200, 300, 301))
            put("groups", groups, ",".join(map(str, groups)))
    for key, values in (("principal", PRINCIPALS), ("subject", SUBJECTS),
                        ("issuer", SUBJECTS), ("application", LOCATORS)):
        if rnd.randrange(6) == 0:
            put(key, rnd.choice(values))
    dst = rnd.choice(HOSTS)
    put("dst", ADDRESSES[dst], dst)
    q["multicast"] = MULTICAST[dst]
    q["src"] = q["neighbour"] = None
    if rnd.randrange(5):
        src = rnd.choice(HOSTS)
        put("src", ADDRESSES[src], src)
    if rnd.randrange(3) == 0:
        hop = rnd.choice(HOSTS)
        put("neighbour", ADDRESSES[hop], hop)
    put("proto", rnd.choice(PROTOS))
    put("dport", rnd.choice(PORTS))
    put("sport", rnd.choice(PORTS))
    iface = rnd.choice(IFACES)
    q["iface"] = iface
    if iface:
        words.append(f"iface={iface}")
    q["service"] = q["style"] = ""
    if message == "resv":
        name = rnd.choice(("GS", "CL"))
        put("service", name, SERVICES[name])
        name = rnd.choice(STYLES[1:])
        put("style", name, STYLES.index(name))
    put("rate", rnd.choice((0, 100, 999, 1000, 1001, 5000, 20001)))
    put("trate", rnd.choice((0, 50, 1000)))
    put("bucket", rnd.choice((0, 1000, 1001, 3000)))
    put("peak", rnd.choice((0, 900, 30000, 30001)))
    put("packet", rnd.choice((500, 1500, 9000)))
    put("delay", rnd.choice((0, 999, 1000, 50000)))
    put("now", rnd.randrange(1735689600, 1830297600))
    if rnd.randrange(4) == 0:
        put("preemption", rnd.randrange(12))
        put("defending", rnd.randrange(12))
    return "\t".join(words), q


def try_set(build, seed, count):
    """None, or how the two differ."""
    rnd = random.Random(seed)
    world = World(rnd)
    asked, expected = [], []
    for _ in range(count):
        slot = rnd.randrange(12)
        if rnd.randrange(4) == 0:
            world.end(slot)
            asked.append(f"end\t{slot}")
        words, q = question(rnd)
        asked.append(f"ask\t{slot}\t{words}")
        expected.append((world.ask(slot, q), len(asked) - 1))
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
        f.write(world.conf())
        f.flush()
        done = subprocess.run([build / "tests/clients/policy_ask", f.name],
                              input="\n".join(asked) + "\n", text=True,
                              capture_output=True, check=False)
    got = done.stdout.splitlines()
    if done.returncode != 0 or len(got) != len(expected):
        return f"{world.conf()}\n{done.stderr}{len(got)} answers"
    for ours, (theirs, at) in zip(got, expected):
        if ours != theirs:
            return (f"{world.conf()}\n" + asked[at].replace("\t", " ") +
                    f"\nengine: {ours}\noracle: {theirs}")
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--questions", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for i in range(options.sets):
        wrong = try_set(options.build, options.seed + i, options.questions)
        if wrong:
            print(f"seed {options.seed + i}: {wrong}")
            return 1
    print(f"policy oracle: {options.sets * options.questions} questions on "
          f"{options.sets} rule sets: engine and oracle agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
