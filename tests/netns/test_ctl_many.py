# SPDX-License-Identifier: ISC
"""A session with more reservations than one answer of the control socket has
room for: all are shown, and all are explained."""

import json

import lab
import pytest
from crossing import Call, Crossing
from test_styles import cl

SENDERS = 50  # next hops d and e ask each of them


@pytest.fixture(scope="module")
def bench():
    b = Crossing(kind="rsvpcm")
    yield b
    b.close()


def test_all_reservations_of_a_session_are_looked_at(bench):
    call = Call(bench, "ipv4", dst=bench.group("ipv4", "a"))
    names = [f"a{i}" for i in range(SENDERS)]
    call.open(*names)
    for hop in "de":
        call.ff(hop, *((cl(1000), name) for name in names))
    want = {(hop, port) for hop in "de"
            for port in range(call.port, call.port + SENDERS)}
    hops = {bench.hops[hop].addr("ipv4"): hop for hop in "de"}

    def shown():
        found = bench.daemon.ctl_json("show", "reservations")["reservations"]
        return [(hops.get(r["hop"]), f["port"]) for r in found
                if r["session"]["port"] == call.port for f in r["filters"]]
    lab.wait_for(lambda: set(shown()) == want, "reservations")
    assert len(shown()) == len(want)
    done = bench.daemon.ctl("--json", "policy", "explain", call.dst,
                            str(call.port))
    explained = json.loads(done.stdout)["explained"]
    assert len(explained) == 2 * SENDERS
    assert all(e["stands"] for e in explained)
