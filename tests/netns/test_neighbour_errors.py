# SPDX-License-Identifier: ISC
"""Conflicts and errors between neighbours that share no code with the router:
which node hears which code, from where, with which flags (RFC 2205 3.1.7,
3.1.8, 3.4, 3.5, Appendix B)."""

import time

import pytest

import lab
import neighbour as nb
from crossing import Call, Crossing
from test_styles import FAMILIES, LISTS, STYLES, cl, hears, m

IN_PLACE, NOT_GUILTY = 1, 2
ADMISSION, POLICY, STYLE_CONFLICT, TC = 1, 2, 5, 21
NAMES = {nb.FF: "FF", nb.SE: "SE", nb.WF: "WF"}


@pytest.fixture(scope="module")
def bench():
    b = Crossing(kind="rsvpxe")
    yield b
    b.close()


@pytest.fixture
def call(bench, v):
    return Call(bench, v)


def flows(call, bits, spec, *senders):
    """What follows STYLE in an error about these senders."""
    return [spec] + ([] if bits == nb.WF else [call.filter(s)
                                               for s in senders])


def refused(call, down, bits, r, *senders):
    """A ResvErr at that next hop, and what each must be (3.1.8)."""
    heard = call.hear(down, nb.RESV_ERR)
    hop = call.hop(down)
    assert (heard.src, heard.dst) == (hop.router(call.v), hop.addr(call.v))
    assert heard.hop()[0] == hop.router(call.v)
    assert heard.style() == bits
    assert {spec.r for spec, _ in heard.flows()} == {r}
    assert heard.filters() == ([] if bits == nb.WF
                               else call.filters(*senders))
    return heard


# ---- conflicts -------------------------------------------------------------------

@FAMILIES
@pytest.mark.parametrize("first,second", [
    (x, y) for x in NAMES for y in NAMES if x != y],
    ids=lambda bits: NAMES[bits])
def test_styles_do_not_mix_in_a_session(call, first, second):
    call.open("a")
    call.ask(first, "d", cl(20000), "a")
    hears(call, "a", 20000, first)
    for down in "de":  # not from the same next hop, nor from another
        call.ask(second, down, cl(30000), "a")
        heard = refused(call, down, second, 30000, "a")
        assert heard.error() == (call.hop(down).router(call.v), 0,
                                 STYLE_CONFLICT, first)
    call.silent("a", "d", "e")
    call.expect_classes((20000, m, None if first == nb.WF else "a"))


@FAMILIES
@STYLES
def test_services_do_not_mix_in_a_session(call, bits):
    gs = nb.guaranteed(40000.0, r=20000.0, b=4000.0, p=40000.0, m=m, M=1400)
    call.open("a")
    call.ask(bits, "d", cl(20000), "a")
    hears(call, "a", 20000, bits)
    call.ask(bits, "e", gs, "a")
    heard = refused(call, "e", bits, 20000, "a")
    assert heard.error() == (call.hop("e").router(call.v), 0, TC, 1)
    assert heard.flows()[0][0] == nb.spec_of(gs[4:])  # the one that failed
    call.silent("a", "d", "e")
    call.expect_classes((20000, m, None if bits == nb.WF else "a"))


# ---- refused by us -----------------------------------------------------------------

@FAMILIES
@STYLES
def test_a_refused_increase_leaves_the_old_one_in_place(call, bits):
    call.open("a", tspec=nb.tspec(r=9e7, b=16000.0, p=1.8e8))
    call.ask(bits, "d", cl(20000), "a")
    hears(call, "a", 20000, bits)
    call.ask(bits, "d", cl(8e7), "a")
    heard = refused(call, "d", bits, 8e7, "a")
    assert heard.error() == (call.hop("d").router(call.v), IN_PLACE,
                             ADMISSION, 2)
    # Another, with nothing in place of its own.
    call.ask(bits, "e", cl(7e7), "a")
    heard = refused(call, "e", bits, 7e7, "a")
    assert heard.error()[2:] == (ADMISSION, 2)
    call.silent("a", "d", "e")
    call.expect_classes((20000, m, None if bits == nb.WF else "a"))


@FAMILIES
def test_refreshes_of_what_was_refused_are_logged_once(bench, call):
    """Each is counted and answered."""
    # In a second so many lines are written that others cause, and no more:
    # those that were caused before are of this one, perhaps.
    second = int(time.monotonic())
    lab.wait_for(lambda: int(time.monotonic()) > second, "the next second")

    def said(count):
        """So many lines, once all that was asked is behind it."""
        bench.settle(call.v)
        lines = [line for line in
                 bench.daemon.process.output().splitlines()
                 if f"/{call.port}: reservation refused: code 1 " in line]
        assert len(lines) == count, lines

    call.open("a", tspec=nb.tspec(r=9e7, b=16000.0, p=1.8e8))
    before = bench.counter("refused")
    for _ in range(5):
        call.ask(nb.FF, "d", cl(8e7), "a")
        refused(call, "d", nb.FF, 8e7, "a")
    said(1)
    assert bench.counter("refused") == before + 5
    # Another verdict, another neighbour, and anew after it was in force.
    call.ask(nb.FF, "d", cl(7e7), "a")
    refused(call, "d", nb.FF, 7e7, "a")
    said(2)
    call.ask(nb.FF, "e", cl(8e7), "a")
    refused(call, "e", nb.FF, 8e7, "a")
    said(3)
    call.ask(nb.FF, "d", cl(20000), "a")
    hears(call, "a", 20000, nb.FF)
    for _ in range(2):
        call.ask(nb.FF, "d", cl(7e7), "a")
        refused(call, "d", nb.FF, 7e7, "a")
    said(4)


@FAMILIES
def test_each_ff_descriptor_is_refused_alone(call):
    call.open("a", "b", "c", tspec=nb.tspec(r=9e7, b=16000.0, p=1.8e8))
    call.ff("d", (cl(8e7), "a"), (cl(20000), "b"), (cl(7e7), "c"))
    for up, r in (("a", 8e7), ("c", 7e7)):
        heard = refused(call, "d", nb.FF, r, up)
        assert heard.error() == (call.hop("d").router(call.v), 0,
                                 ADMISSION, 2)
    hears(call, "b", 20000, nb.FF)
    call.silent("a", "b", "c", "d")
    call.expect_classes((20000, m, "b"))


# ---- refused upstream --------------------------------------------------------------

def two_receivers(call, bits):
    """d asks for 20000 and e for 30000; a hears the larger."""
    call.open("a")
    call.ask(bits, "d", cl(20000), "a")
    hears(call, "a", 20000, bits)
    call.ask(bits, "e", cl(30000), "a")
    hears(call, "a", 30000, bits)


@FAMILIES
@STYLES
@pytest.mark.parametrize("code,value", ((ADMISSION, 2), (POLICY, 3), (TC, 1)))
def test_an_error_from_upstream_goes_to_all_it_concerns(call, bits, code,
                                                        value):
    two_receivers(call, bits)
    far = "10.88.0.8" if call.v == 4 else "2001:db8:88::8"
    call.up_error("a", bits, nb.error_spec(far, 0, code, value),
                  flows(call, bits, cl(30000), "a"))
    for down in "de":
        heard = refused(call, down, bits, 30000, "a")
        assert heard.error() == (far, 0, code, value)  # as it was sent
    if code == ADMISSION:  # the killer is left out (3.5)
        hears(call, "a", 20000, bits)
    call.silent("a")
    assert not call.heard("d") and not call.heard("e")
    # Nothing is removed here by an error (3.1.8).
    call.expect_classes((30000, m, None if bits == nb.WF else "a"))


@FAMILIES
@STYLES
def test_with_the_old_one_in_place_only_the_guilty_hear(call, bits):
    two_receivers(call, bits)
    far = "10.88.0.8" if call.v == 4 else "2001:db8:88::8"
    call.up_error("a", bits, nb.error_spec(far, IN_PLACE, ADMISSION, 2),
                  flows(call, bits, cl(30000), "a"))
    heard = refused(call, "e", bits, 30000, "a")
    assert heard.error() == (far, IN_PLACE, ADMISSION, 2)
    # The one that failed is blockaded, the other is asked for alone (3.5).
    hears(call, "a", 20000, bits)
    # Neither refreshes nor a request that is no smaller change that.
    call.ask(bits, "e", cl(30000), "a")
    call.ask(bits, "e", cl(35000), "a")
    call.silent("a")
    call.ask(bits, "e", cl(25000), "a")
    hears(call, "a", 25000, bits)
    call.ask(bits, "e", cl(30000), "a")
    hears(call, "a", 20000, bits)
    assert not call.heard("d") and not call.heard("e")
    call.expect_classes((30000, m, None if bits == nb.WF else "a"))


@FAMILIES
@LISTS
def test_an_error_names_only_the_senders_that_it_is_about(call, bits):
    call.open("a", "b")
    call.ask(bits, "d", cl(20000), ["a", "b"])
    call.ask(bits, "e", cl(20000), ["b"])
    for up in "ab":
        hears(call, up, 20000, bits)
    call.up_error("a", bits, nb.error_spec(call.hop("a").addr(call.v), 0,
                                           POLICY, 3),
                  flows(call, bits, cl(20000), "a"))
    refused(call, "d", bits, 20000, "a")
    call.bench.settle(call.v)
    assert not call.heard("d") and not call.heard("e")


@FAMILIES
def test_a_wildcard_error_goes_on_within_its_scope(call):
    call.open("a", "b")
    call.wf("d", cl(20000))
    for up in "ab":
        hears(call, up, 20000, nb.WF)
    here = call.hop("a").addr(call.v)
    elsewhere = "10.77.0.7" if call.v == 4 else "2001:db8:77::7"
    error = nb.error_spec(here, 0, POLICY, 3)
    call.up_error("a", nb.WF, error, [cl(20000)], [nb.scope(elsewhere)])
    call.bench.settle(call.v)
    assert not call.heard("d")
    call.up_error("a", nb.WF, error, [cl(20000)], [nb.scope(elsewhere, here)])
    assert refused(call, "d", nb.WF, 20000).scope() == [here]


@FAMILIES
@STYLES
def test_an_error_about_nothing_is_dropped(call, bits):
    lost = Call(call.bench, call.v)
    error = nb.error_spec(call.hop("a").addr(call.v), 0, ADMISSION, 2)
    lost.up_error("a", bits, error, flows(lost, bits, cl(20000), "a"))
    call.open("a")
    call.up_error("a", bits, error, flows(call, bits, cl(20000), "a"))
    call.silent("a", "d", "e")
    assert not lost.heard("d")


# ---- Path errors --------------------------------------------------------------------

@FAMILIES
def test_a_path_error_goes_back_hop_by_hop_unchanged(call):
    call.open("a", "b")
    call.ask(nb.SE, "d", cl(20000), "ab")
    for up in "ab":
        hears(call, up, 20000, nb.SE)
    far = "10.88.0.8" if call.v == 4 else "2001:db8:88::8"
    hop = call.hop("d")
    unknown = nb.obj(201, 7, b"pass this on")

    def complain(sender):
        data = nb.message(nb.PATH_ERR, 63, call.session(),
                          nb.error_spec(far, 0, 21, 4), unknown,
                          nb.template(*call.sender(sender)), nb.tspec())
        hop.tap.send(hop.addr(call.v), hop.router(call.v), data)
    complain("b")
    heard = call.hear("b", nb.PATH_ERR)
    assert heard.error() == (far, 0, 21, 4)
    assert (heard.src, heard.dst) == (call.hop("b").router(call.v),
                                      call.hop("b").addr(call.v))
    assert nb.filter_of(heard.get(nb.TEMPLATE)) == call.sender("b")
    assert heard.get(nb.TSPEC) == nb.tspec()[4:]
    assert heard.get(201) == b"pass this on"
    complain("c")  # no such sender
    call.silent("a", "b", "c", "d")  # and no state is changed (2.5)
    call.expect_classes((20000, m, "ab"))
