# SPDX-License-Identifier: ISC
"""A start without the directory: neighbours talk and an application waits
before it begins, and the first message is judged by the rules of the cache, or
as staleAction says when they are too old.  No decision is a default's."""

import collections
import os
import re
import threading
import time

import pytest

import bed as beds
import lab
import neighbour as nb
from ear import PYTHON

UP, R_UP, R_DOWN, DOWN = "10.1.1.10", "10.1.1.1", "10.2.2.1", "10.2.2.20"
SILENT = "10.1.1.99"  # on the link, and answers nothing
UID = 30001
POLICY_CONTROL = 2  # the other error: a Resv that came before the first Path
R_MS = 1000
CONF = """
interfaces = (
  { name = "eth0"; enabled = true; trafficControl = true;
    bandwidth = "100 Mbit"; refresh = "1 s"; },
  { name = "eth1"; enabled = true; trafficControl = true;
    bandwidth = "100 Mbit"; refresh = "1 s"; }
);
"""
# Becomes the program as soon as somebody listens at the socket.
KNOCK = """
import os, socket, sys
while socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect_ex(
        sys.argv[1]) != 0:
    pass
os.execv(sys.argv[2], sys.argv[2:])
"""
# The directory allows the first ports and denies the second ones, the file does
# the opposite and comes after it.
ONE, TWO, APP = 7000, 8000, 7999
SETTINGS = {"": ""} | {
    action: f'maxAge = "50s"; staleAction = "{action}";'
    for action in ("keep", "file", "deny")}


def entry(name, ports, permission, priority):
    return f"""dn: PolicyName={name},ou=NetworkPolicies,o=example
objectClass: ServicePolicyRules
objectClass: qosRuleExt
PolicyName: {name}
SelectorTag: all
PolicyScope: RSVP
PolicyRulePriority: {priority}
qosPermission: {permission}
DestinationPortRange: {ports}

"""


LDIF = ("dn: ou=NetworkPolicies,o=example\nobjectClass: organizationalUnit\n"
        "ou: NetworkPolicies\n\n" +
        entry("dir-open", "7000-7999", "allow", 100) +
        entry("dir-closed", "8000-8999", "deny", 100))


def policy(uri, more=""):
    return f"""
policy = {{ rules = (
  {{ name = "file-closed"; scope = "RSVP"; permission = "deny";
    destPorts = [ "7000-7999" ]; priority = 1; }},
  {{ name = "file-open"; scope = "RSVP"; destPorts = [ "8000-8999" ];
    priority = 1; }} ); }};
directory = {{ uri = "{uri}"; base = "ou=NetworkPolicies,o=example";
  tags = [ "all" ]; starttls = "never"; {more} }};
"""


class Chatter:
    """Both neighbours say all they have to say, again and again; what comes
    back is kept from the beginning."""

    def __init__(self, bench, ports):
        self.bench, self.ports = bench, ports
        self.up = nb.Neighbour(bench.nodes["a"], "eth0")
        self.down = nb.Neighbour(bench.nodes["b"], "eth0")
        self.ending = threading.Event()
        self.rounds = 0
        self.thread = threading.Thread(target=self.talk)
        self.thread.start()

    def talk(self):
        while not self.ending.is_set():
            for port in self.ports:
                self.up.send(UP, DOWN, nb.message(
                    nb.PATH, 63, nb.session(DOWN, port), nb.hop(UP, 7),
                    nb.time_values(R_MS), nb.template(UP, port), nb.tspec(),
                    nb.adspec()), alert=True)
            for port in self.ports:
                self.down.send(DOWN, R_DOWN, nb.message(
                    nb.RESV, 63, nb.session(DOWN, port),
                    nb.hop(DOWN, self.bench.lih), nb.time_values(R_MS),
                    nb.style(nb.FF), nb.controlled_load(r=20000.0),
                    nb.filter_spec(UP, port)))
            self.rounds += 1
            self.ending.wait(0.02)

    def heard(self):
        """How many of each type and port, and the ResvErrs; ends it."""
        self.ending.set()
        self.thread.join()
        kept = self.up.drain(0.2) + self.down.drain(0.2)
        self.up.close()
        self.down.close()
        return (collections.Counter((h.type, h.port()) for h in kept),
                [h for h in kept if h.type == nb.RESV_ERR])


class Bench:
    def __init__(self):
        self.lab = lab.Lab("rsvp1st")
        self.turn = 0
        try:
            self.nodes = {n: self.lab.node(n, forward=n == "r") for n in "arb"}
            a, r, b = (self.nodes[n] for n in "arb")
            self.lab.link(a, "eth0", r, "eth0", (UP, R_UP, 24))
            self.lab.link(r, "eth1", b, "eth0", (R_DOWN, DOWN, 24))
            a.ip("route", "add", "default", "via", R_UP)
            b.ip("route", "add", "default", "via", R_DOWN)
            r.ip("neigh", "replace", SILENT, "lladdr", "02:00:00:00:00:99",
                 "dev", "eth0", "nud", "permanent")
            self.fill_caches()
        except BaseException:
            self.lab.close()
            raise

    def fill_caches(self):
        """A start with the directory for each setting; what it leaves.  The
        settings are in the cache too: by them it is judged before the file."""
        slapd = lab.Slapd(self.lab, LDIF)
        self.caches = {}
        self.daemon = None
        for more in SETTINGS.values():
            text = policy(slapd.uri, more)
            if self.daemon:
                self.cache.unlink()
                self.daemon.policy.write_text(text)
                self.daemon.start()
            else:
                self.daemon = lab.Daemon(self.nodes["r"], CONF, text)
                self.cache = self.daemon.state_dir / "policy.cache"
                self.daemon.wait_traffic_control()
                self.lih = self.learn_lih()
            lab.wait_for(lambda: self.cache.exists() and
                         b"dir-open" in self.cache.read_bytes(), "the cache")
            self.daemon.stop()
            self.caches[more] = self.cache.read_bytes()
        slapd.stop()

    def learn_lih(self):
        up = nb.Neighbour(self.nodes["a"], "eth0")
        down = nb.Neighbour(self.nodes["b"], "eth0")
        try:
            up.send(UP, DOWN, nb.message(
                nb.PATH, 63, nb.session(DOWN, 6999), nb.hop(UP, 7),
                nb.time_values(R_MS), nb.template(UP, 6999), nb.tspec(),
                nb.adspec()), alert=True)
            return down.expect(nb.PATH, 6999).hop()[1]
        finally:
            up.close()
            down.close()

    def start(self, uri, more, age_s):
        """The daemon, while all talk to it: (first port, second port, Chatter,
        application that waits for its socket)."""
        self.turn += 1
        one, two = ONE + self.turn, TWO + self.turn
        self.cache.write_bytes(self.caches[more])
        then = time.time() - age_s
        os.utime(self.cache, (then, then))
        self.daemon.policy.write_text(policy(uri, more))
        self.daemon.rapi.unlink(missing_ok=True)
        app = self.nodes["r"].start(
            PYTHON, "-c", KNOCK, self.daemon.rapi, lab.program("rsvpctl"),
            "--json", "--rapi-socket", self.daemon.rapi, "send", DOWN, APP,
            "--src-port", APP, "--rate", 20000, "--bucket", 3000, "--min", 100,
            "--max", 1000, name=f"app-{self.turn}", uid=UID)
        chatter = Chatter(self, (one, two))
        lab.wait_for(lambda: chatter.rounds > 3, "talk")
        self.daemon.start(wait=False)
        return one, two, chatter, app

    def allowed_by(self, port):
        """The rule of the reservation that is installed."""
        return next((r["rule"] for r in self.daemon.ctl_json(
            "show", "reservations").get("reservations", [])
            if r["session"]["port"] == port and r["state"] == "installed"),
            None)

    def refused(self, port):
        """Why, all that was said of it."""
        return set(re.findall(
            rf"/{port}: \w+ refused: code 2 value \d+, (.*?)(?: \(\d+ similar"
            r".*)?$", self.daemon.process.output(), re.M))


@pytest.fixture(scope="module", name="bench")
def fixture_bench():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    one = Bench()
    yield one
    one.lab.close()


URIS = {"refuses": "ldap://127.0.0.1:1", "black hole": f"ldap://{SILENT}"}
ALL = "no rule applies: the default is deny"


def denies(rule, port):
    return f"rule {rule} denies udp to {DOWN} port {port}"


class Start:
    """One start without the directory: what was heard and said from the very
    first on."""

    def __init__(self, bench, uri, action, one_by, two_by):
        one, two, chatter, app = bench.start(
            uri, SETTINGS[action], 100 if action else 0)
        self.ports = one, two
        try:
            bench.daemon.wait_ready()
            for port, by in ((one, one_by), (two, two_by)):
                lab.wait_for(
                    lambda p=port, by=by: bench.allowed_by(p) == by
                    if by else bench.refused(p),
                    f"a decision on {port}: {bench.daemon.process.output()}")
            if one_by:
                chatter.down.expect(nb.PATH, APP)
            else:
                beds.wait_event(app, "path_error")
            # It asks the server meanwhile, and says that it does not answer.
            lab.wait_for(lambda: "; its last known rules" in
                         bench.daemon.ctl_json("directory", "status")[
                             "sources"], "the directory given up")
        finally:
            self.heard, self.errors = chatter.heard()
            self.said = app.events()
            app.stop()
            bench.daemon.stop()
        self.log = bench.daemon.process.output()


def start_in_time(bench, *how):
    """One at which policyd had a processor before the engine gave it up."""
    for _ in range(5):
        start = Start(bench, *how)
        if "no rules from policyd after" not in start.log:
            return start
    raise TimeoutError(f"policyd is late each time: {start.log}")


@pytest.mark.parametrize("uri", URIS)
@pytest.mark.parametrize("action,one_by,two_by,one_why,two_why", [
    ("", "dir-open", None, None, "dir-closed"),
    ("keep", "dir-open", None, None, "dir-closed"),
    ("file", None, "file-open", "file-closed", None),
    ("deny", None, None, ALL, ALL)])
def test_the_first_message_is_judged_by_what_is_known(
        bench, uri, action, one_by, two_by, one_why, two_why):
    start = start_in_time(bench, URIS[uri], action, one_by, two_by)
    # From the very first on nothing else has been decided.
    decided = {h.port() for h in start.errors
               if h.error()[2] == POLICY_CONTROL}
    for port, by, why in zip(start.ports, (one_by, two_by),
                             (one_why, two_why)):
        assert bool(start.heard[nb.RESV, port]) == bool(by), start.log
        assert (port in decided) == bool(why)
        assert bench.refused(port) == (
            {why if why in (None, ALL) else denies(why, port)} - {None})
    told = {e["text"] for e in start.said if e["event"] == "path_error"}
    assert told == ({one_why if one_why == ALL else denies(one_why, APP)}
                    if one_why else set())
