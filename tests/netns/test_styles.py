# SPDX-License-Identifier: ISC
"""All styles in both families, between neighbours that share no code with the
router: what each of them hears, and what the kernel holds (RFC 2205 1.3, 2.2,
2.6, 3.1.4, 3.1.6)."""

import pytest

import neighbour as nb
from crossing import Call, Crossing

FAMILIES = pytest.mark.parametrize("v", (4, 6))
STYLES = pytest.mark.parametrize("bits", (nb.FF, nb.SE, nb.WF),
                                 ids=("FF", "SE", "WF"))
LISTS = pytest.mark.parametrize("bits", (nb.FF, nb.SE), ids=("FF", "SE"))
M = 1400
m = 1000


def cl(r, b=16000.0, p=None):
    return nb.controlled_load(r=float(r), b=b, p=p or 2.0 * r, m=m, M=M)


@pytest.fixture(scope="module")
def bench():
    b = Crossing()
    yield b
    b.close()


@pytest.fixture
def call(bench, v):
    return Call(bench, v)


def only(heard):
    """The one descriptor of a message: its Spec and its filters."""
    flows = heard.flows()
    assert len(flows) == 1
    return flows[0]


def hears(call, up, r, bits, *senders):
    """A Resv for these senders at that rate, and what each Resv must be."""
    heard = call.hear(up, nb.RESV)
    assert heard.style() == bits
    assert {spec.r for spec, _ in heard.flows()} == {r}
    assert heard.filters() == (
        [] if bits == nb.WF else call.filters(*(senders or up)))
    assert heard.hop() == (call.hop(up).router(call.v), call.hop(up).lih)
    assert heard.src == call.hop(up).router(call.v)
    assert heard.router_alert == (call.v == 6)  # RFC 2205 3.3, RFC 2711 2.1
    return heard


def hears_all(call, up, *senders):
    """The Resv that has all of these: FF descriptors are admitted, and told,
    one after the other."""
    while True:
        heard = call.hear(up, nb.RESV)
        if heard.filters() == call.filters(*senders):
            return heard


def keeps(call, up, *senders):
    """Nothing is heard but, at most, a repetition of what is still asked."""
    call.bench.settle(call.v)
    for heard in call.heard(up):
        assert heard.type == nb.RESV
        assert heard.filters() == call.filters(*senders)


# ---- each style ----------------------------------------------------------------

@FAMILIES
def test_ff_asks_each_previous_hop_for_its_own_sender(call):
    call.open("a", "b", "c")
    call.ff("d", (cl(10000), "a"), (cl(20000), "b"), (cl(30000), "c"))
    for up, r in (("a", 10000), ("b", 20000), ("c", 30000)):
        hears(call, up, r, nb.FF)
    call.expect_classes((10000, m, "a"), (20000, m, "b"), (30000, m, "c"))


@FAMILIES
def test_ff_packs_the_senders_of_one_previous_hop(call):
    call.open("a", "a1", "a2")
    # RFC 2205 3.1.4: a FLOWSPEC left out is the one before it.
    call.down(nb.RESV, "d", nb.style(nb.FF), cl(10000), call.filter("a"),
              call.filter("a1"), cl(30000), call.filter("a2"))
    heard = hears_all(call, "a", "a", "a1", "a2")
    rates = {f: spec.r for spec, filters in heard.flows() for f in filters}
    assert rates == {call.sender("a"): 10000, call.sender("a1"): 10000,
                     call.sender("a2"): 30000}
    call.silent("a")
    call.expect_classes((10000, m, ["a"]), (10000, m, ["a1"]),
                        (30000, m, ["a2"]))


@FAMILIES
def test_se_asks_each_previous_hop_for_its_own_senders(call):
    call.open("a", "a1", "b", "c")
    call.se("d", cl(20000), ["a", "a1", "b", "c"])
    for up, senders in (("a", ["a", "a1"]), ("b", ["b"]), ("c", ["c"])):
        heard = hears(call, up, 20000, nb.SE, *senders)
        assert len(heard.flows()) == 1  # one FLOWSPEC for all of them
    call.expect_classes((20000, m, ["a", "a1", "b", "c"]))


@FAMILIES
def test_se_takes_in_a_sender_that_appears_and_lets_it_go(call):
    call.open("a")
    call.se("d", cl(20000), ["a", "b"])  # b is not there yet: left out
    hears(call, "a", 20000, nb.SE)
    call.expect_classes((20000, m, ["a"]))
    call.open("b")
    call.se("d", cl(20000), ["a", "b"])
    hears(call, "b", 20000, nb.SE)
    call.silent("a", "b")
    call.expect_classes((20000, m, ["a", "b"]))
    # It goes: no Resv and no ResvErr follow from a PathTear (3.1.5).
    call.path("b", number=nb.PATH_TEAR)
    call.hear("d", nb.PATH_TEAR)
    call.expect_classes((20000, m, ["a"]))
    call.silent("a", "b", "d")


@FAMILIES
def test_se_merges_filter_lists_of_two_next_hops(call):
    call.open("a", "b", "c")
    call.se("d", cl(30000), ["a", "b"])
    for up in "ab":
        hears(call, up, 30000, nb.SE)
    call.se("e", cl(20000), ["b", "c"])
    call.expect_classes((30000, m, ["a", "b", "c"]))
    # To c what its receiver needs, or what the shared class gives.
    heard = call.hear("c", nb.RESV)
    assert heard.filters() == call.filters("c")
    assert only(heard)[0].r in (20000, 30000)
    call.silent("a", "b")


@FAMILIES
def test_wf_tells_each_previous_hop_its_scope(call):
    call.open("a", "a1", "b", "c")
    call.wf("d", cl(20000))
    for up in "abc":
        heard = hears(call, up, 20000, nb.WF)
        # A SCOPE names addresses: each once (RFC 2205 3.4).
        assert heard.scope() == [call.hop(up).addr(call.v)]
    call.expect_classes((20000, m, None))


@FAMILIES
def test_wf_of_one_previous_hop_needs_no_scope(call):
    call.open("a", "a1")
    call.wf("d", cl(20000))
    assert hears(call, "a", 20000, nb.WF).scope() is None


@FAMILIES
def test_wf_goes_only_where_its_scope_says(call):
    call.open("a", "b", "c")
    here = [call.hop(n).addr(call.v) for n in "ca"]
    elsewhere = "10.77.0.7" if call.v == 4 else "2001:db8:77::7"
    call.wf("d", cl(20000), extra=[nb.scope(elsewhere, *here, here[0])])
    for up in "ac":
        assert hears(call, up, 20000, nb.WF).scope() == [
            call.hop(up).addr(call.v)]
    call.silent("a", "b", "c")


@FAMILIES
def test_wf_reaches_a_sender_that_appears(call):
    call.open("a")
    call.wf("d", cl(20000))
    hears(call, "a", 20000, nb.WF)
    call.open("c")
    assert hears(call, "c", 20000, nb.WF).scope() == [
        call.hop("c").addr(call.v)]


# ---- merging -------------------------------------------------------------------

@FAMILIES
@STYLES
def test_two_next_hops_are_merged_and_absorbed(call, bits):
    call.open("a")
    call.ask(bits, "d", cl(20000), "a")
    hears(call, "a", 20000, bits)
    call.ask(bits, "e", cl(10000), "a")  # absorbed
    call.silent("a")
    call.expect_classes(*[(20000, m, None if bits == nb.WF else "a")])
    call.ask(bits, "e", cl(30000), "a")
    hears(call, "a", 30000, bits)
    call.ask(bits, "d", cl(25000), "a")  # absorbed
    call.ask(bits, "d", cl(25000), "a")  # a refresh
    call.silent("a")
    call.expect_classes((30000, m, None if bits == nb.WF else "a"))
    # The larger leaves: a smaller Resv, no tear (3.1.6).
    call.ask(bits, "e", cl(30000), "a", number=nb.RESV_TEAR)
    hears(call, "a", 25000, bits)
    call.expect_classes((25000, m, None if bits == nb.WF else "a"))
    call.silent("a")
    call.ask(bits, "d", cl(25000), "a", number=nb.RESV_TEAR)
    heard = call.hear("a", nb.RESV_TEAR)
    assert heard.style() == bits
    call.expect_classes()
    call.silent("a", "d", "e")


@FAMILIES
@STYLES
def test_requests_that_cannot_be_ordered_have_their_least_upper_bound(
        call, bits):
    call.open("a", tspec=nb.tspec(b=30000.0))
    call.ask(bits, "d", nb.controlled_load(10000.0, 20000.0, 90000.0, 500,
                                           1300), "a")
    call.hear("a", nb.RESV)
    call.ask(bits, "e", nb.controlled_load(20000.0, 8000.0, 40000.0, 800,
                                           1200), "a")
    spec, _ = only(call.hear("a", nb.RESV))
    assert spec == nb.Spec(5, 20000.0, 20000.0, 90000.0, 500, 1200, None, None)
    call.expect_classes((20000, 500, None if bits == nb.WF else "a"))


@FAMILIES
@STYLES
def test_guaranteed_requests_are_merged_with_the_smaller_slack(call, bits):
    call.open("a")
    bucket = dict(r=20000.0, b=4000.0, p=40000.0, m=m, M=1200)
    call.ask(bits, "d", nb.guaranteed(30000.0, 900, **bucket), "a")
    call.hear("a", nb.RESV)
    call.ask(bits, "e", nb.guaranteed(25000.0, 700, **bucket), "a")
    spec, _ = only(call.hear("a", nb.RESV))
    assert (spec.service, spec.R, spec.S) == (2, 30000.0, 700)
    call.ask(bits, "e", nb.guaranteed(24000.0, 800, **bucket), "a")
    assert only(call.hear("a", nb.RESV))[0].S == 800
    # The class has R, not r (RFC 2212).
    call.expect_classes((30000, m, None if bits == nb.WF else "a"))


@FAMILIES
def test_no_more_is_installed_than_the_senders_can_send(call):
    """min(Path_Te, Resv_Te), Path_Te the sum of the senders (RFC 2210 2.2)."""
    tspec = nb.tspec(r=10000.0, b=8000.0, p=20000.0, m=m, M=M)
    call.open("a", "b", tspec=tspec)
    call.wf("d", cl(50000))
    call.expect_classes((20000, m, None))
    call.open("c", tspec=tspec)
    call.expect_classes((30000, m, None))
    for up in "abc":  # upstream goes what was asked for
        hears(call, up, 50000, nb.WF)
    call.path("a", tspec=nb.tspec(r=35000.0, b=8000.0, p=70000.0, m=m, M=M))
    call.expect_classes((50000, m, None))


# ---- tears ---------------------------------------------------------------------

@FAMILIES
@LISTS
def test_a_part_is_torn_and_the_rest_stays(call, bits):
    call.open("a", "a1", "b")
    call.ask(bits, "d", cl(20000), ["a", "a1", "b"])
    hears_all(call, "a", "a", "a1")
    hears_all(call, "b", "b")
    call.ask(bits, "d", cl(20000), ["a1"], number=nb.RESV_TEAR)
    heard = call.hear("a", nb.RESV_TEAR)
    assert heard.filters() == call.filters("a1") and heard.style() == bits
    keeps(call, "a", "a")
    call.silent("b")
    if bits == nb.FF:
        call.expect_classes((20000, m, "a"), (20000, m, "b"))
    else:
        call.expect_classes((20000, m, ["a", "b"]))
    # A tear of what is not reserved means nothing.
    call.ask(bits, "d", cl(20000), ["a1"], number=nb.RESV_TEAR)
    call.ask(bits, "e", cl(20000), ["a"], number=nb.RESV_TEAR)
    call.ask(nb.SE if bits == nb.FF else nb.FF, "d", cl(20000), ["a"],
             number=nb.RESV_TEAR)
    call.silent("a", "b", "d", "e")
    call.ask(bits, "d", cl(20000), ["a", "b"], number=nb.RESV_TEAR)
    for up in "ab":
        assert call.hear(up, nb.RESV_TEAR).filters() == call.filters(up)
    call.expect_classes()


@FAMILIES
@LISTS
def test_a_part_that_another_next_hop_wants_is_not_torn(call, bits):
    call.open("a", "b")
    call.ask(bits, "d", cl(20000), ["a", "b"])
    for up in "ab":
        hears(call, up, 20000, bits)
    call.ask(bits, "e", cl(20000), ["a"])
    call.silent("a", "b")
    call.ask(bits, "d", cl(20000), ["a", "b"], number=nb.RESV_TEAR)
    assert call.hear("b", nb.RESV_TEAR).filters() == call.filters("b")
    call.silent("a", "b")
    call.expect_classes((20000, m, "a"))


@FAMILIES
def test_wf_is_torn_at_every_previous_hop(call):
    call.open("a", "b", "c")
    call.wf("d", cl(20000))
    for up in "abc":
        call.hear(up, nb.RESV)
    call.wf("d", None, number=nb.RESV_TEAR)  # without FLOWSPEC, as some do
    for up in "abc":
        heard = call.hear(up, nb.RESV_TEAR)
        assert heard.style() == nb.WF and not heard.filters()
    call.expect_classes()


@FAMILIES
@STYLES
def test_a_path_tear_ends_what_was_reserved_for_it(call, bits):
    call.open("a", "b")
    call.ask(bits, "d", cl(20000), ["a", "b"])
    for up in "ab":
        call.hear(up, nb.RESV)
    call.path("a", number=nb.PATH_TEAR)
    assert call.hear("d", nb.PATH_TEAR).src == call.hop("a").addr(call.v)
    call.silent("a", "b", "d")  # 3.1.5: nothing follows
    call.expect_classes((20000, m, None if bits == nb.WF else "b"))
    call.path("b", number=nb.PATH_TEAR)
    call.hear("d", nb.PATH_TEAR)
    call.expect_classes()
    call.silent("a", "b", "d")


def test_what_nobody_refreshes_ends(bench):
    """Lifetimes of filters and reservations, of both families at once."""
    calls = [(Call(bench, v), bits) for v in (4, 6)
             for bits in (nb.FF, nb.SE, nb.WF)]
    for call, bits in calls:
        call.open("a", "b")
        call.ask(bits, "d", cl(20000), "ab", refresh_ms=1000)
        for up in "ab":
            call.hear(up, nb.RESV)
        if bits != nb.WF:  # a is refreshed with a long R, b is not
            call.ask(bits, "d", cl(20000), "a")
    for call, bits in calls:
        heard = call.hear("b", nb.RESV_TEAR)
        assert heard.style() == bits
        if bits == nb.WF:
            call.hear("a", nb.RESV_TEAR)
            call.expect_classes()
        else:
            assert heard.filters() == call.filters("b")
            call.expect_classes((20000, m, "a"))
    for call, _ in calls:
        call.silent("a", "b", "d")


def test_a_sender_that_falls_silent_ends(bench):
    calls = [(Call(bench, v), bits) for v in (4, 6)
             for bits in (nb.FF, nb.SE, nb.WF)]
    for call, bits in calls:
        call.open("a")
        call.open("b", refresh_ms=1000)
        call.ask(bits, "d", cl(20000), "ab")
        for up in "ab":
            call.hear(up, nb.RESV)
    for call, bits in calls:
        heard = call.hear("d", nb.PATH_TEAR)
        assert heard.src == call.hop("b").addr(call.v) and heard.router_alert
        assert nb.filter_of(heard.get(nb.TEMPLATE)) == call.sender("b")
        call.expect_classes((20000, m, None if bits == nb.WF else "a"))
        call.silent("a", "b", "d")


# ---- RESV_CONFIRM --------------------------------------------------------------

@FAMILIES
@STYLES
def test_the_largest_request_takes_its_confirm_up(call, bits):
    call.open("a")
    for down, r in (("d", 20000), ("e", 30000)):
        there = call.hop(down).addr(call.v)
        call.ask(bits, down, cl(r), "a", extra=[nb.confirm(there)])
        heard = hears(call, "a", r, bits)
        assert heard.get(nb.CONFIRM) == nb.packed(there)
    call.silent("a", "d", "e")
    # Not repeated: neither by a refresh nor by a change of another.
    call.ask(bits, "d", cl(40000), "a")
    assert hears(call, "a", 40000, bits).get(nb.CONFIRM) is None


@FAMILIES
@STYLES
@pytest.mark.parametrize("r", (10000, 20000), ids=("smaller", "equal"))
def test_a_request_that_is_absorbed_is_confirmed_here(call, bits, r):
    call.open("a")
    call.ask(bits, "d", cl(20000), "a")
    hears(call, "a", 20000, bits)
    there = call.hop("e").addr(call.v)
    call.ask(bits, "e", cl(r), "a", extra=[nb.confirm(there)])
    heard = call.hear("e", nb.RESV_CONF)
    assert heard.error() == (call.hop("e").router(call.v), 0, 0, 0)
    assert heard.get(nb.CONFIRM) == nb.packed(there)
    assert heard.style() == bits and only(heard)[0].r == r
    assert heard.filters() == ([] if bits == nb.WF else call.filters("a"))
    assert heard.router_alert
    call.silent("a", "d", "e")


@FAMILIES
@STYLES
def test_a_confirmation_from_the_sender_passes_down(call, bits):
    call.open("a")
    there = call.hop("e").addr(call.v)
    call.ask(bits, "e", cl(20000), "a", extra=[nb.confirm(there)])
    asked = call.hear("a", nb.RESV)
    here = call.hop("a").addr(call.v)
    tail = [nb.obj(n, c, body) for n, c, body in asked.objects
            if n in (nb.STYLE, nb.FLOWSPEC, nb.FILTER)]
    data = nb.message(nb.RESV_CONF, 63, call.session(),
                      nb.error_spec(here, 0, 0, 0), nb.confirm(there), *tail)
    call.hop("a").tap.send(here, there, data, alert=True)
    heard = call.hear("e", nb.RESV_CONF)
    assert heard.error()[0] == here
    assert (heard.style(), heard.flows()) == (bits, asked.flows())
