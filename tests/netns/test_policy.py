# SPDX-License-Identifier: ISC
"""Policy under real applications: users with rules of their own, supplementary
groups, and times that begin and end under running reservations."""

import os
import signal
import time

import pytest

import lab

SENDER = "10.1.1.10"
RECEIVER = "10.1.1.20"
SENDER_UID = 30000

CONF = """interfaces = (
  { name = "eth0"; enabled = true; trafficControl = true;
    bandwidth = "10 Mbit"; refresh = "2 s"; }
);
"""


class Bed:
    """A sender s without rules, a receiver c with them."""

    def __init__(self, policy):
        self.lab = lab.Lab("rsvppol")
        try:
            self.build(policy)
        except BaseException:
            self.lab.close()
            raise

    def build(self, policy):
        self.s = self.lab.node("s")
        self.c = self.lab.node("c")
        self.lab.link(self.s, "eth0", self.c, "eth0",
                      v4=(SENDER, RECEIVER, 24),
                      v6=("2001:db8:1::10", "2001:db8:1::20", 64))
        self.daemons = {
            "s": lab.Daemon(self.s, CONF, wait=False),
            "c": lab.Daemon(self.c, CONF, policy, wait=False)}
        for daemon in self.daemons.values():
            daemon.wait_ready()
            daemon.wait_traffic_control()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.lab.close()

    def start(self, node, program, port, *argv, uid, groups=()):
        env = {"RAPI_SOCKET": str(self.daemons[node.name].rapi)}
        words = ["setpriv", f"--reuid={uid}", f"--regid={uid}"]
        words.append("--groups=" + ",".join(map(str, groups)) if groups
                     else "--clear-groups")
        return node.start(*words, lab.program(program), "--dst", RECEIVER,
                          "--port", port, *argv, env=env,
                          name=f"{program}-{port}-{uid}")

    def sender(self, port):
        return self.start(self.s, "rapi_send", port, "--src-port", port,
                          "--rate", 50000, "--bucket", 5000, "--min", 1000,
                          "--max", 1000, uid=SENDER_UID)

    def receiver(self, port, uid, groups=()):
        return self.start(self.c, "rapi_recv", port, "--confirm", "--service",
                          "cl", uid=uid, groups=groups)

    def change(self, policy):
        """From now on, for the receiver's host."""
        daemon = self.daemons["c"]
        daemon.policy.write_text(policy)
        os.kill(daemon.supervisor(), signal.SIGHUP)

    def pair(self, port, uid, groups=()):
        self.sender(port)
        return self.receiver(port, uid, groups)

    def installed(self, port):
        """What s has reserved towards c."""
        return [r for r in self.daemons["s"].ctl_json(
            "show", "reservations")["reservations"]
                if r["session"]["port"] == port and r["state"] == "installed"]


def events(app, kind):
    return [e for e in app.events() if e.get("event") == kind]


def wait_event(app, kind, timeout=lab.PATIENCE_S):
    return lab.wait_for(lambda: events(app, kind),
                        f"{kind} at {app.name}: {app.output()[-1500:]}",
                        timeout)[-1]


def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@pytest.fixture(autouse=True)
def root():
    lab.require_root()


def test_users_of_one_host_have_rules_of_their_own():
    with Bed("""policy = {
  categories = ( { name = "small"; maxRatePerFlow = "100 kbit"; },
                 { name = "large"; maxRatePerFlow = "1 Mbit"; } );
  rules = ( { name = "one"; scope = "RSVP"; users = 30001; category = "large"; },
            { name = "two"; scope = "RSVP"; groups = 31000; category = "large"; },
            { name = "three"; scope = "RSVP"; users = 30003; category = "small"; } );
};
""") as bed:
        one = bed.pair(5001, 30001)
        # The group is neither its primary one nor that of any user.
        two = bed.pair(5002, 30002, groups=(7, 31000))
        three = bed.pair(5003, 30003)
        nobody = bed.pair(5004, 30002, groups=(7,))
        wait_event(one, "resv_confirm")
        wait_event(two, "resv_confirm")
        refused = wait_event(three, "resv_error")
        assert (refused["code"], refused["value"]) == (2, 19)
        refused = wait_event(nobody, "resv_error")
        assert (refused["code"], refused["value"]) == (2, 3)
        reasons = [r["reason"] for r in bed.daemons["c"].ctl_json(
            "explain")["refusals"]]
        assert any(r.startswith("rule three: rate per flow 400 kbit/s exceeds "
                                "maxRatePerFlow 100 kbit/s")
                   for r in reasons), reasons
        assert bed.installed(5001) and bed.installed(5002)
        assert not bed.installed(5003) and not bed.installed(5004)


def test_the_end_of_a_time_is_as_the_category_says():
    def until(end):
        return f"""policy = {{
  schedules = ( {{ name = "now"; validUntil = "{moment(end)}"; }} );
  categories = ( {{ name = "tear"; onChange = "tear"; }},
                 {{ name = "tell"; onChange = "renegotiate"; grace = 2; }},
                 {{ name = "keep"; onChange = "keep"; }} );
  rules = (
    {{ name = "a"; scope = "RSVP"; when = "now"; destPorts = 5011; category = "tear"; }},
    {{ name = "b"; scope = "RSVP"; when = "now"; destPorts = 5012; category = "tell"; }},
    {{ name = "c"; scope = "RSVP"; when = "now"; destPorts = 5013; category = "keep"; }} );
}};
"""
    with Bed(until(time.time() + 86400)) as bed:
        torn, told, kept = (bed.pair(port, 30001)
                            for port in (5011, 5012, 5013))
        for app in (torn, told, kept):
            wait_event(app, "resv_confirm")
        end = int(time.time()) + 4
        bed.change(until(end))
        refused = wait_event(torn, "resv_error")
        assert time.time() >= end
        assert (refused["code"], refused["value"]) == (2, 3)
        lab.wait_for(lambda: not bed.installed(5011), "the tear")
        # Told with what it has in place; then it goes, too.
        assert wait_event(told, "resv_error")["flags"] & 1
        lab.wait_for(lambda: not bed.installed(5012), "the end of the grace")
        assert time.time() >= end + 2
        assert len(events(told, "resv_error")) == 2
        assert bed.installed(5013)
        assert not events(kept, "resv_error")


def test_a_time_that_begins_lets_in_who_waits():
    def since(begin):
        return f"""policy = {{ rules = (
    {{ name = "later"; scope = "RSVP"; validFrom = "{moment(begin)}"; }} );
}};
"""
    with Bed(since(time.time() + 86400)) as bed:
        app = bed.pair(5021, 30001)
        refused = wait_event(app, "resv_error")
        assert (refused["code"], refused["value"]) == (2, 3)
        begin = int(time.time()) + 4
        bed.change(since(begin))
        wait_event(app, "resv_confirm")
        assert time.time() >= begin
        assert bed.installed(5021)


def test_a_reservation_lasts_no_longer_than_it_may():
    with Bed("""policy = {
  categories = ( { name = "short"; maxDuration = 3; } );
  rules = ( { name = "r"; scope = "RSVP"; category = "short"; } );
};
""") as bed:
        app = bed.pair(5031, 30001)
        wait_event(app, "resv_confirm")
        refused = wait_event(app, "resv_error")
        assert (refused["code"], refused["value"]) == (2, 4)
        lab.wait_for(lambda: not bed.installed(5031), "the tear")
