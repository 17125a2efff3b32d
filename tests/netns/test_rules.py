# SPDX-License-Identifier: ISC
"""Static rules from the policy file to the packets on the wire, through real
daemons: what is marked, shaped, policed and admitted, and what becomes of it
when policy or daemons change."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

import bed as beds
import ear as ears
import lab
import needs

AF41, EF = 34, 46
LIMIT = 1024  # rules of an interface
A4, B4 = "10.3.3.1", "10.3.3.2"
A6, B6 = "2001:db8:33::1", "2001:db8:33::2"

CONF = """
interfaces = (
  { name = "eth0"; enabled = true; trafficControl = true;
    bandwidth = "100 Mbit"; reservable = 50; }
);
"""

FIREWALL = """
table ip mine {
    chain out {
        type filter hook output priority mangle; policy accept;
        udp dport 7777 counter packets 3 bytes 9 ip dscp set cs1
    }
}
"""

CATEGORIES = """
  { name = "mark"; inProfileDscp = "AF41"; },
  { name = "shape"; maxRate = "2 Mbit"; maxTokenBucket = "10 kB";
    outProfileAction = "delay"; },
  { name = "mark-police"; inProfileDscp = "AF41"; maxRate = "160 kbit";
    maxTokenBucket = "20 kB"; outProfileAction = "mark";
    outProfileDscp = "BE"; },
  { name = "police"; maxRate = "400 kbit"; maxTokenBucket = "30 kB";
    outProfileAction = "drop"; },
  { name = "mark-shape"; inProfileDscp = "EF"; maxRate = "4 Mbit";
    maxTokenBucket = "10 kB"; outProfileAction = "delay"; },
  { name = "half"; maxRate = "40 Mbit"; outProfileAction = "delay";
    admit = "yes"; }
"""


def rule(name, category, ports, more=""):
    return (f'{{ name = "{name}"; scope = "DataTraffic"; protocol = [ "udp" ];'
            f' destPorts = [ "{ports}" ]; category = "{category}"; {more} }}')


def policy(*rules, categories=CATEGORIES):
    return (f"policy = {{ categories = ( {categories} );\n"
            f"rules = (\n{','.join(rules)}\n); }};\n")


FOUR = (rule("m", "mark", "9000"), rule("s", "shape", "9001"),
        rule("mp", "mark-police", "9002"), rule("ms", "mark-shape", "9003"),
        rule("p", "police", "9004"))


class Host:
    """A host with a daemon, and the other end of its link."""

    def __init__(self, text=None):
        self.lab = lab.Lab("rsvpr")
        try:
            self.a = self.lab.node("a")
            self.b = self.lab.node("b")
            self.lab.link(self.a, "eth0", self.b, "eth0", (A4, B4, 24),
                          (A6, B6, 64))
            # Not every kernel has nftables.
            lab.run("ip", "netns", "exec", self.a.ns, "nft", "-f", "-",
                    stdin=FIREWALL, check=False)
            self.before = self.ruleset()
            # Nobody has to ask for the way while packets are counted.
            mac = json.loads(lab.run("ip", "-n", self.b.ns, "-j", "link",
                                     "show", "eth0").stdout)[0]["address"]
            for address in (B4, B6):
                self.a.ip("neigh", "replace", address, "lladdr", mac, "dev",
                          "eth0", "nud", "permanent")
            self.daemon = lab.Daemon(self.a, CONF, text or policy(*FOUR))
            self.daemon.wait_traffic_control()
        except BaseException:
            self.lab.close()
            raise

    def ruleset(self):
        """What nftables holds but for the daemon's own guard."""
        text = lab.run("ip", "netns", "exec", self.a.ns, "nft", "-s", "list",
                       "ruleset", check=False).stdout
        return re.sub(r"(?ms)^table inet rsvpd \{.*?^\}\n", "", text)

    def reserved(self):
        return [i["reserved_bps"] for i in beds.interfaces(self.daemon)
                if i["name"] == "eth0"]

    def rules(self):
        return {one["name"]: one
                for one in self.daemon.ctl_json("show", "rules")["rules"]}

    def wait(self, **states):
        """Until the rules are those, in these states."""
        return lab.wait_for(
            lambda: {n: r["state"] for n, r in self.rules().items()} == states
            and self.rules(), f"{states}: {self.rules()} "
            f"{self.daemon.process.output()[-1500:]}")

    def installed(self, *names):
        return self.wait(**{name: "installed" for name in names})

    def change(self, text):
        self.daemon.policy.write_text(text)
        os.kill(self.daemon.supervisor(), signal.SIGHUP)

    def send(self, count, dst=B4, **more):
        return ears.send(self.a, count, dst, **more)

    def ear(self, ports, expected, wait=lab.PATIENCE_S):
        return ears.Ear(self.b, ports, expected, wait)


@pytest.fixture(name="host")
def fixture_host():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    host = Host()
    yield host
    host.lab.close()


# ---- the four combinations --------------------------------------------------


@pytest.mark.parametrize("dst", [B4, B6], ids=["v4", "v6"])
def test_the_four_combinations_on_the_wire(host, dst):
    host.installed("m", "s", "mp", "ms", "p")
    ear = host.ear(range(9000, 9006), 240)
    host.send(240, dst, ports=[9000, 9001, 9002, 9003, 9005, 9005], size=1000,
              tos=3)
    got = ear.fields()
    rules = host.rules()
    ecn = 3
    assert got[9000, AF41 << 2 | ecn] == 40
    assert got[9001, ecn] == 40
    assert got[9003, EF << 2 | ecn] == 40
    assert got[9005, ecn] == 80
    assert got[9002, AF41 << 2 | ecn] + got[9002, ecn] == 40
    assert got[9002, AF41 << 2 | ecn] == rules["mp"]["in_profile_packets"] >= 18
    assert got[9002, ecn] == rules["mp"]["out_of_profile_packets"]
    assert {n: rules[n]["in_profile_packets"] for n in ("m", "s", "ms")} == {
        "m": 40, "s": 40, "ms": 40}


def test_the_firewall_is_as_it_was(host):
    host.installed("m", "s", "mp", "ms", "p")
    assert host.before in host.ruleset()
    host.change(policy())
    lab.wait_for(lambda: host.rules() == {}, "no rules")
    lab.wait_for(lambda: host.ruleset() == host.before, "no marks")


@pytest.mark.measured
def test_a_policed_flow_has_its_bucket_and_no_more(host):
    host.installed("m", "s", "mp", "ms", "p")
    ear = host.ear([9004], 300)
    took = host.send(300, ports=[9004], size=982, pause=1000)  # 1024 + header

    def judged():
        one = host.rules()["p"]
        return one["in_profile_packets"] + one["out_of_profile_packets"] == 300
    lab.wait_for(judged, "all of them to be judged")
    octets = 1038 * len(ear.heard_until_now(host.a, B4))
    assert 30_000 + 50_000 * took - 3 * 1038 <= octets
    assert octets <= 30_000 + 50_000 * took + 3 * 1038


def test_what_bounds_a_rule_is_shown(host):
    bounds = """{ name = "bounded"; maxRate = "400 kbit"; peakRate = "800 kbit";
    maxTokenBucket = "5 kB"; minPolicedUnit = 200; maxPacketSize = 1000;
    outProfileAction = "drop"; }"""
    host.change(policy(rule("b", "bounded", "9000"), categories=bounds))
    one = host.installed("b")["b"]
    assert (one["peak_bps"], one["min_packet_bytes"],
            one["max_packet_bytes"]) == (800_000, 200, 1000)
    host.send(30, ports=[9000], size=900)
    one = host.rules()["b"]
    assert one["out_of_profile_packets"] > 0
    octets = one["out_of_profile_bytes"]
    counted = f"{octets} B" if octets else "octets not counted"
    text = host.daemon.ctl("show", "rules").stdout
    assert ("installed, 400 kbit/s, bucket 5000 B, peak 800 kbit/s, counted "
            "as 200 B at least, packets up to 1000 B, excess drop\n") in text
    assert (f"out of profile {one['out_of_profile_packets']} packets, "
            f"{counted}\n") in text


# ---- capacity ---------------------------------------------------------------


def test_a_rule_with_admit_is_an_entry_of_the_ledger(host):
    host.change(policy(rule("one", "half", "9000", "priority = 2;"),
                       rule("two", "half", "9001", "priority = 1;")))
    rules = host.wait(one="installed", two="refused")
    assert "needs 40 Mbit/s, 10 Mbit/s of 50 Mbit/s free" in \
        rules["two"]["reason"]
    assert rules["one"]["admitted"] and not rules["two"]["admitted"]
    assert host.reserved() == [40_000_000]
    # The first goes: there is room for the second.
    host.change(policy(rule("two", "half", "9001")))
    host.installed("two")
    assert host.reserved() == [40_000_000]
    host.change(policy())
    lab.wait_for(lambda: host.reserved() == [0], "the capacity back")


# ---- change and restart -----------------------------------------------------


@pytest.mark.measured
def test_a_hundred_policies_lose_and_mismark_nothing(host):
    host.installed("m", "s", "mp", "ms", "p")
    count = 6000
    ear = host.ear([9000, 9003], count, 30)
    sender = subprocess.Popen(
        ["ip", "netns", "exec", host.a.ns, ears.PYTHON, "-c", ears.SEND,
         str(count), B4, "[9000, 9003]", "0", "200", "1000", "0"],
        stdout=subprocess.PIPE, text=True)
    changes, most = 0, 0
    while sender.poll() is None:
        name = f"x{changes}"
        host.change(policy(*FOUR, rule(name, "mark", f"91{changes % 90:02}",
                                       f"priority = {changes % 3 - 1};")))
        lab.wait_for(lambda: host.rules().get(name, {}).get(
            "state") == "installed", name)
        now = host.rules()["m"]["in_profile_packets"]
        assert now >= most
        most = now
        changes += 1
    sender.stdout.close()
    assert ear.fields() == {(9000, AF41 << 2): count // 2,
                            (9003, EF << 2): count // 2}
    assert changes >= 10
    assert host.rules()["m"]["in_profile_packets"] == count // 2


@pytest.mark.measured
@pytest.mark.parametrize("who", ["tcctl", "engine"])
def test_rules_outlive_a_killed_worker(host, who):
    host.installed("m", "s", "mp", "ms", "p")
    count = 4000
    ear = host.ear([9000, 9003], count, 30)
    sender = subprocess.Popen(
        ["ip", "netns", "exec", host.a.ns, ears.PYTHON, "-c", ears.SEND,
         str(count), B4, "[9000, 9003]", "0", "200", "1000", "0"],
        stdout=subprocess.PIPE, text=True)
    before = host.daemon.workers()[who]
    os.kill(before, signal.SIGKILL)
    lab.wait_for(lambda: host.daemon.workers().get(who, before) != before,
                 f"another {who}")
    host.daemon.wait_ready()
    host.installed("m", "s", "mp", "ms", "p")
    assert sender.wait(2 * lab.PATIENCE_S) == 0
    sender.stdout.close()
    assert ear.fields() == {(9000, AF41 << 2): count // 2,
                            (9003, EF << 2): count // 2}
    rules = host.rules()
    assert [rules[n]["in_profile_packets"] for n in ("m", "ms")] == [
        count // 2] * 2


def test_what_cannot_be_told_is_refused_with_the_reason(host):
    host.change(policy(
        rule("in", "mark", "9000", 'inInterface = [ "eth1" ];'),
        rule("many", "mark", "9000", 'source = [ ' + ", ".join(
            f'"10.{i}.0.0/16"' for i in range(70)) + " ];"),
        rule("fine", "mark", "9000")))
    rules = host.wait(**{"in": "refused", "many": "refused",
                         "fine": "installed"})
    assert "no interface is there" in rules["in"]["reason"]
    assert "more than 64 combinations" in rules["many"]["reason"]
    text = host.daemon.ctl("show", "rules").stdout
    assert "fine on eth0: installed, DSCP 34" in text


def test_a_rule_follows_its_incoming_interfaces(host):
    """Not in force without one; then for what comes in there, whichever of the
    names it has, and after it was made anew."""
    host.change(policy(rule("in", "mark", "9000",
                            'inInterface = [ "cust*" ];')))
    host.wait(**{"in": "refused"})
    c = host.lab.node("c")
    host.a.run("sysctl", "-qw", "net.ipv4.ip_forward=1")

    def forwarded():
        ear = ears.Ear(host.b, [9000], 10, 3)
        ears.send(c, 10, B4, ports=[9000])
        return ear.fields()

    for name in ("cust1", "cust1", "cust7"):
        host.lab.link(c, "eth0", host.a, name, ("10.7.1.2", "10.7.1.1", 24))
        c.ip("route", "replace", "default", "via", "10.7.1.1")
        host.installed("in")
        lab.wait_for(lambda: forwarded() == {(9000, AF41 << 2): 10},
                     f"marks of what came in by {name}")
        ear = ears.Ear(host.b, [9000], 10)
        ears.send(host.a, 10, B4, ports=[9000])
        assert ear.fields() == {(9000, 0): 10}
        host.a.ip("link", "del", name)
        host.wait(**{"in": "refused"})


def test_other_interfaces_have_no_rule(host):
    host.change(policy(rule("here", "mark", "9000", 'outInterface = "eth*";'),
                       rule("there", "mark", "9000",
                            'outInterface = "ppp*";')))
    host.installed("here")


# ---- time --------------------------------------------------------------------


def test_an_interface_has_so_many_rules_and_says_which_it_has_not(host):
    host.installed("m", "s", "mp", "ms", "p")
    many = [rule(f"r{i:04}", "shape", str(20000 + i), f"priority = {2000 - i};")
            for i in range(LIMIT + 76)]

    def beyond():
        """None: the policy has changed while it was listed."""
        done = host.daemon.ctl("--json", "show", "policy", check=False)
        if done.returncode != 0:
            assert "the policy has changed meanwhile" in done.stderr
            return None
        return json.loads(done.stdout)["rules_not_installed"]
    def installed(count, name):
        """So many, that one among them, and all in force."""
        rules = host.rules()
        return len(rules) == count and name in rules and all(
            r["state"] == "installed" for r in rules.values())
    assert beyond() == 0
    host.change(policy(*many))
    lab.wait_for(lambda: beyond() == 76 and installed(LIMIT, "r0000"),
                 f"{LIMIT} rules", 8 * lab.PATIENCE_S)
    assert set(host.rules()) == {f"r{i:04}" for i in range(LIMIT)}
    said = "no more than 1024 are installed: the last 76"
    assert said in host.daemon.process.output()
    assert "76 rules on data traffic are not installed" in host.daemon.ctl(
        "show", "policy").stdout
    # Those that are left over take the places of those that go.
    host.change(policy(*many[100:]))
    lab.wait_for(lambda: beyond() == 0 and installed(
        LIMIT - 24, f"r{LIMIT + 75:04}"), "the rest", 8 * lab.PATIENCE_S)
    assert host.daemon.process.output().count(said) == 1


def test_a_rule_begins_and_ends_with_its_time(host):
    host.installed("m", "s", "mp", "ms", "p")

    def change_in(seconds):
        """Was it seen how it is before that?"""
        when = int(time.time()) + seconds
        at = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(when))
        host.change(policy(
            rule("soon", "mark", "9000", f'validFrom = "{at}";'),
            rule("ends", "mark-shape", "9003", f'validUntil = "{at}";')))

        def states():
            return [r["state"] for _, r in sorted(host.rules().items())]
        return lab.wait_for(lambda: (time.time() >= when and "late") or
                            states() == ["installed", "inactive"],
                            "ends and soon") != "late"
    # The first time is long enough but where nobody has a processor.
    assert any(change_in(seconds) for seconds in (3, 10, 25))
    host.wait(soon="installed", ends="inactive")
    ear = host.ear([9000, 9003], 20)
    host.send(20, ports=[9000, 9003], size=100)
    assert ear.fields() == {(9000, AF41 << 2): 10, (9003, 0): 10}


def test_marks_outlive_a_reload_of_the_firewall(host):
    """It begins with `flush ruleset`, as Debian's does."""
    needs.require(needs.nf_tables)
    if "rsvpd_mark" not in host.ruleset():
        pytest.skip("this kernel marks in its filters")
    host.installed("m", "s", "mp", "ms", "p")
    host.a.run("nft", "flush", "ruleset")
    lab.wait_for(lambda: "rsvpd_mark" in host.ruleset(), "the marks")
    ear = host.ear([9000], 10)
    host.send(10, ports=[9000], size=100)
    assert ear.fields() == {(9000, AF41 << 2): 10}
    host.daemon.process.wait_output(
        "another program removed the marks: made again")


def test_marks_go_with_their_interface(host):
    """It is made again under its name while tcctl looks, and while nobody
    does: what is in force is what policy says now, not what it said of the
    interfaces before."""
    needs.require(needs.nf_tables)

    def tables():
        return re.findall("rsvpd_mark_.*", host.a.run(
            "nft", "list", "tables").stdout)

    def again():
        index = json.loads(host.a.ip("-j", "link", "show",
                                     "eth0").stdout)[0]["ifindex"]
        host.a.ip("link", "del", "eth0")
        host.lab.link(host.a, "eth0", host.b, "eth0", (A4, B4, 24))
        return index

    def ours_alone(index):
        def alone():
            found = tables()
            return len(found) == 1 and not found[0].endswith(f"_{index}")
        lab.wait_for(alone, f"one table, not that of {index}: {tables()}")
    host.installed("m", "s", "mp", "ms", "p")
    ours_alone(again())
    host.daemon.stop()
    index = again()
    host.daemon.start()
    host.daemon.wait_traffic_control()
    host.installed("m", "s", "mp", "ms", "p")
    ours_alone(index)
    host.a.ip("link", "del", "eth0")
    lab.wait_for(lambda: tables() == [], "no table")


# ---- arbitration ------------------------------------------------------------


@pytest.fixture(name="bed")
def fixture_bed():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    with beds.Bed("rsvprb") as bed:
        yield bed


@pytest.mark.parametrize("mode, rule_is_there, first", [
    ("reservation-first", True, "reservation"), ("rule-first", True, "rule"),
    ("rule-first", False, "rule"), ("first-wins", True, "rule"),
    ("first-wins", False, "reservation")])
def test_arbitration_with_a_reservation(bed, mode, rule_is_there, first):
    router = bed.daemons["r"]
    categories = (f'{{ name = "c"; inProfileDscp = "EF"; maxRate = '
                  f'"3 Mbit"; outProfileAction = "delay"; '
                  f'arbitration = "{mode}"; }}')

    def shown():
        found = router.ctl_json("show", "rules")["rules"]
        return found and found[0]["state"] == "installed" and found[0]

    def put_rule():
        router.policy.write_text(policy(rule(
            "r", "c", "5000-5100", 'outInterface = "eth1";'),
            categories=categories))
        os.kill(router.supervisor(), signal.SIGHUP)
        return lab.wait_for(shown, "the rule")

    if rule_is_there:
        assert put_rule()["violation"] is False
    bed.sender_app("ipv4", 5004)
    bed.receiver_app("ipv4", 5004)
    resv = lab.wait_for(lambda: bed.installed(bed.r, "eth1", 5004),
                        "the reservation")
    if not rule_is_there:
        put_rule()
    one = lab.wait_for(lambda: shown()["violation"] and shown(), "the flag")
    assert one["reservation"] == f"{beds.RECEIVER['ipv4']}/17/5004"
    assert one["before_reservations"] == (first == "rule")
    assert f"the {first} is first" in router.ctl("show", "rules").stdout
    assert "cover the same traffic" in router.process.output()
    bed.s.run(ears.PYTHON, "-c", ears.SEND, 50, beds.RECEIVER["ipv4"],
              "[5004]", 0, 500, 0, 5004)

    def counted():
        now = bed.installed(bed.r, "eth1", 5004)
        both = (shown()["in_profile_packets"],
                now.get("packets", 0) - resv.get("packets", 0))
        return sum(both) >= 50 and both
    assert lab.wait_for(counted, "the packets") == (
        (50, 0) if first == "rule" else (0, 50))
