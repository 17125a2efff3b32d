# SPDX-License-Identifier: ISC
"""Sessions that conflict, at one router between neighbours that share no code
with it; which faults these are, test_faults.py says."""

import pytest

import neighbour as nb
from crossing import REFRESH_MS, Call, Crossing, address


@pytest.fixture(scope="module")
def bench():
    b = Crossing(kind="rsvpfs")
    yield b
    b.close()


@pytest.fixture(params=(4, 6))
def call(bench, request):
    return Call(bench, request.param)


def claim(call, hop_name, sender_name, port=None, proto=17, dst_port=None):
    """A Path of that sender by way of that hop."""
    hop = call.hop(hop_name)
    src, src_port = call.sender(sender_name)
    data = nb.message(
        nb.PATH, 63,
        nb.session(call.dst, call.port if dst_port is None else dst_port,
                   proto), nb.hop(hop.addr(call.v), hop.lih),
        nb.time_values(REFRESH_MS),
        nb.template(src, src_port if port is None else port), nb.tspec(),
        nb.adspec())
    hop.tap.send(src, call.dst, data, 63, alert=True)


def paths(call, port=None, proto=17):
    for s in call.bench.daemon.ctl_json("show", "sessions")["sessions"]:
        if (s["dst"], s["port"], s["proto"]) == (
                call.dst, call.port if port is None else port, proto):
            return s["paths"]
    return []


def path_error(call, hop_name, port):
    hop = call.hop(hop_name)
    return hop.tap.expect(nb.PATH_ERR, port,
                          dst=hop.addr(call.v)).error()[2:]


@pytest.mark.parametrize("other", ("b", "c"))
def test_of_two_hops_of_one_sender_the_last_counts(bench, call, other):
    """On the same interface, and on another one."""
    call.open("a")
    call.ff("d", (nb.controlled_load(), "a"))
    assert call.hear("a", nb.RESV)
    bench.settle(call.v)
    claim(call, other, "a")
    # It is asked at once; the flow is the same as before.
    resv = call.hear(other, nb.RESV)
    assert resv.hop()[1] == call.hop(other).lih
    bench.settle(call.v)
    assert [p["hop"] for p in paths(call)] == [call.hop(other).addr(call.v)]
    assert len(call.classes()) == 1
    claim(call, "a", "a")
    call.hear("a", nb.RESV)
    bench.settle(call.v)
    assert [p["hop"] for p in paths(call)] == [call.hop("a").addr(call.v)]
    call.path("a", number=nb.PATH_TEAR)
    bench.settle(call.v)
    assert paths(call) == []


def test_a_sender_without_port_beside_one_with_is_refused(bench, call):
    """RFC 2205 3.2, error 08."""
    call.open("a")
    claim(call, "a", "a", port=0)
    assert path_error(call, "a", call.port)[0] == 8
    # Another host may do as it likes.
    claim(call, "b", "b", port=0)
    bench.settle(call.v)
    assert len(paths(call)) == 2


def test_a_session_without_port_beside_one_with_is_refused(bench, call):
    """Error 07, either way round."""
    call.open("a")
    claim(call, "a", "a", port=0, dst_port=0)
    assert path_error(call, "a", 0)[0] == 7
    assert paths(call, port=0) == []
    assert len(paths(call)) == 1
    other = Call(bench, call.v, dst=address(
        call.v, 3, 22))  # a destination of its own
    claim(other, "a", "a", port=0, dst_port=0)
    bench.settle(call.v)
    assert len(paths(other, port=0)) == 1
    claim(other, "a", "a")
    assert path_error(other, "a", other.port)[0] == 7


def test_a_sender_port_needs_a_destination_port(bench, call):
    """Without an answer (RFC 2205 3.2)."""
    dropped = bench.counter("drop_bad")
    claim(call, "a", "a", dst_port=0)
    call.silent("a")
    assert paths(call, port=0) == []
    assert bench.counter("drop_bad") == dropped + 1


def test_sessions_of_two_protocols_are_two(bench, call):
    """TCP beside UDP, of the same ports."""
    call.open("a")
    claim(call, "a", "a", proto=6)
    bench.settle(call.v)
    assert (len(paths(call)), len(paths(call, proto=6))) == (1, 1)
