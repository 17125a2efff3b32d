# SPDX-License-Identifier: ISC
"""Several next hops on several interfaces: sessions on groups, between
neighbours that share no code with the router (RFC 2205 1.3, 2.2, 2.6, 3.5)."""

import pytest

import neighbour as nb
from crossing import Call, Crossing
from test_neighbour_errors import flows, refused
from test_styles import FAMILIES, STYLES, cl, hears, m


@pytest.fixture(scope="module")
def bench():
    b = Crossing(kind="rsvpxg")
    yield b
    b.close()


@pytest.fixture
def call(bench, v):
    """Senders a and c, next hops d, e on one link and f on another."""
    return Call(bench, v, dst=bench.group(v, "a", "c"))


def both(bits, up="a"):
    return None if bits == nb.WF else up


@FAMILIES
def test_a_path_goes_out_of_each_interface_with_its_own_hop(call):
    call.path("a")
    seen = []
    for down in "df":
        heard = call.hear(down, nb.PATH)
        assert (heard.src, heard.dst) == (call.hop("a").addr(call.v), call.dst)
        assert heard.router_alert and heard.ttl == heard.send_ttl == 62
        assert heard.hop()[0] == call.hop(down).router(call.v)
        seen.append(heard.hop()[1])
    assert seen[0] != seen[1]
    call.silent("a", "c", "d", "f")
    call.path("a", number=nb.PATH_TEAR)
    for down in "df":
        assert call.hear(down, nb.PATH_TEAR).hop()[0] == call.hop(
            down).router(call.v)


@FAMILIES
@STYLES
def test_requests_of_different_size_are_merged_per_interface(call, bits):
    call.open("a", heard_by="df")
    call.ask(bits, "d", cl(20000), "a")
    hears(call, "a", 20000, bits)
    call.ask(bits, "f", cl(30000), "a")
    hears(call, "a", 30000, bits)
    call.ask(bits, "e", cl(25000), "a")  # more on d0, absorbed upstream
    call.silent("a")
    call.expect_classes((25000, m, both(bits)), interface="d0")
    call.expect_classes((30000, m, both(bits)), interface="d1")
    call.ask(bits, "f", cl(30000), "a", number=nb.RESV_TEAR)
    hears(call, "a", 25000, bits)
    call.expect_classes(interface="d1")
    call.ask(bits, "e", cl(25000), "a", number=nb.RESV_TEAR)
    hears(call, "a", 20000, bits)
    call.expect_classes((20000, m, both(bits)), interface="d0")
    call.ask(bits, "d", cl(20000), "a", number=nb.RESV_TEAR)
    call.hear("a", nb.RESV_TEAR)
    call.expect_classes()
    call.silent("a", "d", "f")


@FAMILIES
@STYLES
def test_each_previous_hop_hears_what_its_sender_is_wanted_for(call, bits):
    call.open("a", "c", heard_by="df")
    call.ask(bits, "d", cl(20000), "a")
    call.ask(bits, "f", cl(30000), "c")
    if bits == nb.WF:
        for up in "ac":
            while (heard := call.hear(up, nb.RESV)).flows()[0][0].r != 30000:
                pass
            assert heard.scope() == [call.hop(up).addr(call.v)]
    else:
        hears(call, "a", 20000, bits)
        hears(call, "c", 30000, bits)
    call.silent("a", "c")
    call.expect_classes((20000, m, both(bits, "a")), interface="d0")
    call.expect_classes((30000, m, both(bits, "c")), interface="d1")


@FAMILIES
@STYLES
def test_the_larger_confirm_goes_up_and_the_smaller_is_answered(call, bits):
    call.open("a", heard_by="df")
    there = {n: call.hop(n).addr(call.v) for n in "df"}
    call.ask(bits, "f", cl(30000), "a", extra=[nb.confirm(there["f"])])
    assert hears(call, "a", 30000, bits).get(nb.CONFIRM) == nb.packed(
        there["f"])
    call.ask(bits, "d", cl(20000), "a", extra=[nb.confirm(there["d"])])
    heard = call.hear("d", nb.RESV_CONF)
    assert heard.error()[0] == call.hop("d").router(call.v)
    assert heard.flows()[0][0].r == 20000
    call.silent("a", "d", "f")


@FAMILIES
@STYLES
def test_an_error_goes_out_where_the_guilty_are(call, bits):
    call.open("a", heard_by="df")
    call.ask(bits, "d", cl(20000), "a")
    hears(call, "a", 20000, bits)
    call.ask(bits, "f", cl(30000), "a")
    hears(call, "a", 30000, bits)
    here = call.hop("a").addr(call.v)
    call.up_error("a", bits, nb.error_spec(here, 1, 1, 2),
                  flows(call, bits, cl(30000), "a"))
    refused(call, "f", bits, 30000, "a")
    # The killer does not hurt the other (3.5): it is asked for alone.
    hears(call, "a", 20000, bits)
    call.silent("a", "d", "f")
    call.expect_classes((20000, m, both(bits)), interface="d0")
    call.expect_classes((30000, m, both(bits)), interface="d1")
    call.up_error("a", bits, nb.error_spec(here, 0, 2, 3),
                  flows(call, bits, cl(20000), "a"))
    for down in "df":  # of policy: to all
        refused(call, down, bits, 20000, "a")


@FAMILIES
def test_a_path_of_a_group_that_came_from_elsewhere_goes_nowhere(call):
    """The reverse path to a is u0, not u1 (3.1.3)."""
    hop = call.hop("c")
    hop.tap.send(call.hop("a").addr(call.v), call.dst, nb.message(
        nb.PATH, 63, call.session(), nb.hop(hop.addr(call.v), 9),
        nb.time_values(300000), nb.template(*call.sender("a")), nb.tspec(),
        nb.adspec()), 63, alert=True)
    call.silent("a", "c", "d", "f")
