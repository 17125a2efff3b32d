# SPDX-License-Identifier: ISC
"""Marks of reservations, from the rule that allowed one to the wire: through
real daemons and clients, a change of policy and restarts."""

import os
import signal

import pytest

import ear as ears
import lab
import needs
import pair as pairs
from pair import B4

EF, AF41, CS1 = 46, 34, 8
ALICE, BOB = 30001, 30002
ECT0 = 2


def policy(mark):
    return f"""policy = {{ categories = (
  {{ name = "gold"; {mark} }}, {{ name = "plain"; }} );
rules = (
  {{ name = "alice"; scope = "RSVP"; users = {ALICE}; category = "gold"; }},
  {{ name = "bob"; scope = "RSVP"; users = {BOB}; category = "plain"; }} ); }};
"""


@pytest.fixture(name="pair")
def fixture_pair():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    pair = pairs.Pair(policy('inProfileDscp = "EF";'))
    yield pair
    pair.lab.close()


def field(pair, port, wait=lab.PATIENCE_S):
    ear = ears.Ear(pair.b, [port], 1, wait)
    ears.send(pair.a, 1, B4, ports=[port], tos=CS1 << 2 | ECT0, sport=port,
              size=200)
    return [tos for _, tos in ear.fields()]


def wait_field(pair, port, dscp):
    """A datagram that is lost is another look, not all the time there is."""
    look_s = lab.PATIENCE_S / 3
    lab.wait_for(lambda: field(pair, port, look_s) == [dscp << 2 | ECT0],
                 f"mark {dscp} on port {port}: "
                 f"{pair.daemon.process.output()[-1000:]}")


def shown(pair, port):
    """What rsvpctl says of the marks of what is reserved for that port."""
    for one in pair.daemon.ctl_json("show", "reservations")["reservations"]:
        if one["session"]["port"] == port and one["state"] == "installed":
            return one.get("dscp"), one.get("dscp_out")
    return None


def out(dscp):
    """What is shown of the excess of Controlled Load: told from the rest by
    a kernel that polices."""
    return dscp if needs.has(needs.act_police) else None


def text_of(dscp, dscp_out):
    beyond = "" if out(dscp_out) is None else \
        f"; beyond the bucket DSCP {dscp_out}"
    return f"; DSCP {dscp}{beyond}\n"


def test_a_reservation_has_the_mark_of_its_rule(pair):
    pair.reserve(5004, uid=ALICE)
    pair.reserve(5006, uid=BOB)
    wait_field(pair, 5004, EF)
    assert shown(pair, 5004) == (EF, out(0))
    assert shown(pair, 5006) == (None, None)
    text = pair.daemon.ctl("show", "reservations").stdout
    assert text.count(text_of(EF, 0)) == 1
    assert field(pair, 5006) == [CS1 << 2 | ECT0]
    assert field(pair, 5008) == [CS1 << 2 | ECT0]
    # Another mark, none, and a mark again, while it is reserved.
    pair.change(policy('inProfileDscp = "AF41";'))
    wait_field(pair, 5004, AF41)
    pair.change(policy(""))
    wait_field(pair, 5004, CS1)
    assert shown(pair, 5004) == (None, None)
    pair.change(policy('inProfileDscp = "EF"; outProfileDscp = "CS1";'))
    wait_field(pair, 5004, EF)
    assert shown(pair, 5004) == (EF, out(CS1))
    text = pair.daemon.ctl("show", "reservations").stdout
    assert text_of(EF, CS1) in text


def test_restarts_keep_the_mark(pair):
    pair.reserve(5004, uid=ALICE)
    wait_field(pair, 5004, EF)
    for name in ("tcctl", "engine"):
        old = pair.daemon.workers()[name]
        os.kill(old, signal.SIGKILL)
        lab.wait_for(lambda n=name, o=old:
                     pair.daemon.workers().get(n) not in (None, o),
                     f"another {name}")
        assert field(pair, 5004) == [EF << 2 | ECT0]
        pair.daemon.wait_ready()
        pair.daemon.wait_traffic_control()
        assert field(pair, 5004) == [EF << 2 | ECT0]
        pair.installed(5004)
        wait_field(pair, 5004, EF)


def test_a_mark_ends_with_its_reservation(pair):
    _, receiver, _ = pair.reserve(5004, uid=ALICE)
    wait_field(pair, 5004, EF)
    receiver.stop()
    wait_field(pair, 5004, CS1)
