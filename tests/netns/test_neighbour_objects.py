# SPDX-License-Identifier: ISC
"""Messages at the edge of what is allowed, from neighbours that share no code
with the router: any order, NULL objects, unknown classes in every message,
64 KiB, hops that are no RSVP routers (RFC 2205 3.1, 3.8, 3.10, Appendix A)."""

import random

import pytest

import neighbour as nb
from crossing import CONF, Call, Crossing
from test_styles import FAMILIES, cl, hears

TYPES = {nb.PATH: "Path", nb.RESV: "Resv", nb.PATH_ERR: "PathErr",
         nb.RESV_ERR: "ResvErr", nb.PATH_TEAR: "PathTear",
         nb.RESV_TEAR: "ResvTear", nb.RESV_CONF: "ResvConf"}
MESSAGES = pytest.mark.parametrize("number", TYPES, ids=TYPES.values())
SPEC = cl(20000)
UNKNOWN_CLASS = 13
PLAIN = CONF.replace('name = "u1"; enabled = true; trafficControl = true',
                     'name = "u1"; enabled = true; trafficControl = false')


@pytest.fixture(scope="module")
def bench():
    b = Crossing(conf=PLAIN, kind="rsvpxo")
    yield b
    b.close()


@pytest.fixture
def call(bench, v):
    return Call(bench, v)


class Exchange:
    """One message of a type, to a router that has the state it needs: its
    objects, who says it and who hears it on the other side."""

    def __init__(self, call, number, bits=nb.SE):
        self.call, self.number, self.bits = call, number, bits
        v = call.v
        self.from_up = number in (nb.PATH, nb.PATH_TEAR, nb.RESV_ERR,
                                  nb.RESV_CONF)
        self.says, self.hears = ("a", "d") if self.from_up else ("d", "a")
        says, hears_it = call.hop(self.says), call.hop(self.hears)
        if number != nb.PATH:
            call.open("a")
        if number in (nb.RESV_ERR, nb.RESV_TEAR, nb.RESV_CONF):
            call.ask(bits, "d", SPEC, "a")
            hears(call, "a", 20000, bits)
        self.flow = [nb.style(bits), SPEC] + (
            [] if bits == nb.WF else [call.filter("a")])
        lih = says.lih if self.from_up else call.lih["d0"] if (
            number != nb.PATH_ERR) else 0
        hop = nb.hop(says.addr(v), lih)
        sender = [nb.template(*call.sender("a")), nb.tspec()]
        error = nb.error_spec(says.addr(v), 0, 2, 3)
        self.objects = [call.session()] + {
            nb.PATH: [hop, nb.time_values(60000), *sender, nb.adspec()],
            nb.RESV: [hop, nb.time_values(60000),
                      nb.confirm(says.addr(v))],
            nb.PATH_ERR: [error, *sender],
            nb.RESV_ERR: [hop, error],
            nb.PATH_TEAR: [hop, *sender],
            nb.RESV_TEAR: [hop],
            nb.RESV_CONF: [nb.error_spec(says.addr(v), 0, 0, 0),
                           nb.confirm(hears_it.addr(v))]}[number]
        if number in (nb.PATH, nb.PATH_ERR, nb.PATH_TEAR):
            self.flow = []

    def send(self, objects=None, ttl=63):
        """These instead of its own, STYLE and what follows at the end."""
        call, v = self.call, self.call.v
        says, hears_it = call.hop(self.says), call.hop(self.hears)
        along = self.number in (nb.PATH, nb.PATH_TEAR, nb.RESV_CONF)
        dst = says.router(v)
        if along:
            dst = hears_it.addr(v) if self.number == nb.RESV_CONF else call.dst
        data = nb.message(self.number, ttl, *(
            self.objects if objects is None else objects), *self.flow)
        says.tap.send(says.addr(v), dst, data, ttl, alert=along)

    def arrives(self):
        return self.call.hear(self.hears, self.number)

    def nothing(self):
        self.call.silent("a", "d")


# ---- order and NULL ----------------------------------------------------------------

@FAMILIES
@MESSAGES
def test_objects_come_in_any_permitted_order(bench, v, number):
    rng = random.Random(20 * v + number)
    for _ in range(8):
        x = Exchange(Call(bench, v), number)
        objects = list(x.objects)
        rng.shuffle(objects)
        x.send(objects)
        assert x.arrives().get(nb.SESSION) == x.call.session()[4:]


@FAMILIES
@MESSAGES
def test_null_objects_are_passed_over_anywhere(call, number):
    x = Exchange(call, number)
    nulls = [nb.obj(nb.NULL, 0, b""), nb.obj(nb.NULL, 77, b"whatever"),
             nb.obj(nb.NULL, 1, bytes(400))]
    objects = [nulls[0]]
    for i, one in enumerate(x.objects):
        objects += [one, nulls[i % 3]]
    x.flow = [o for one in x.flow for o in (one, nulls[1])]
    x.send(objects)
    heard = x.arrives()
    assert number == nb.RESV_CONF or heard.get(nb.NULL) is None  # as it came


# ---- unknown classes ----------------------------------------------------------------

@FAMILIES
@MESSAGES
@pytest.mark.parametrize("klass", (16, 99, 127))
def test_a_class_that_must_be_known_refuses_the_message(call, number, klass):
    """0bbbbbbb: answered in Path and Resv, dropped in the others (3.10)."""
    x = Exchange(call, number)
    x.send([*x.objects, nb.obj(klass, 5, b"rejected")])
    if number in (nb.PATH, nb.RESV):
        kind = nb.PATH_ERR if number == nb.PATH else nb.RESV_ERR
        heard = call.hear(x.says, kind)
        assert heard.error() == (call.hop(x.says).router(call.v), 0,
                                 UNKNOWN_CLASS, klass << 8 | 5)
    x.nothing()
    x.send()  # what it had meant is still possible
    x.arrives()


@FAMILIES
@MESSAGES
def test_a_class_that_may_be_dropped_is_dropped_alone(call, number):
    """10bbbbbb: neither answered nor passed on."""
    x = Exchange(call, number)
    x.send([nb.obj(128, 1, b"drop"), *x.objects, nb.obj(191, 9, bytes(40))])
    heard = x.arrives()
    assert heard.get(128) is None and heard.get(191) is None
    x.nothing()


@FAMILIES
@MESSAGES
def test_a_class_that_is_for_others_is_passed_on(call, number):
    """11bbbbbb: unexamined, as it came."""
    x = Exchange(call, number)
    more = {(192, 3, b"keep this"[:8]), (255, 1, bytes(range(60)))}
    x.send([*x.objects, *(nb.obj(*one) for one in more)])
    assert {o for o in x.arrives().objects if o[0] > 191} == more


@FAMILIES
@MESSAGES
def test_a_ctype_that_is_not_known_refuses_the_message(call, number):
    """Of a class that is known: code 14 in Path and Resv (3.10)."""
    x = Exchange(call, number)
    x.send([*x.objects, nb.obj(nb.POLICY, 66, b"what")])
    if number in (nb.PATH, nb.RESV):
        kind = nb.PATH_ERR if number == nb.PATH else nb.RESV_ERR
        assert call.hear(x.says, kind).error()[2:] == (
            14, nb.POLICY << 8 | 66)
        x.nothing()
    elif number == nb.RESV_CONF:
        x.nothing()


# ---- large messages -----------------------------------------------------------------

KEPT = 4096  # octets of a message's unknown objects that a node keeps


def filled(x, size):
    """An object to be passed on that makes the message that long."""
    used = 8 + sum(map(len, x.objects)) + sum(map(len, x.flow)) + 4
    return nb.obj(240, 1, bytes(i * 7 & 0xFF for i in range(size - used)))


@FAMILIES
@MESSAGES
@pytest.mark.parametrize("size", (1480, 3600, 65500))
def test_a_message_of_any_size_passes(call, number, size):
    """In fragments on both sides, up to what IP can carry (3.1, 3.3).  What
    goes on at once goes on whole; what is kept, and what an error takes to
    many next hops, is bounded."""
    x = Exchange(call, number)
    big = filled(x, size)
    left_out = size > KEPT and number in (nb.PATH, nb.RESV, nb.PATH_TEAR,
                                          nb.RESV_ERR)
    before = call.bench.counter("drop_limit")
    x.send([*x.objects, big])
    heard = x.arrives()
    assert heard.get(240) == (None if left_out else big[4:])
    assert (call.bench.counter("drop_limit") > before) == left_out


@FAMILIES
@pytest.mark.parametrize("bits,count", ((nb.FF, 400), (nb.SE, 1500)),
                         ids=("FF", "SE"))
def test_a_large_message_is_answered_within_bounds(call, bits, count):
    """A few descriptors of a message are acted upon, whatever it holds."""
    call.open("a")
    elsewhere = "10.9.9.9" if call.v == 4 else "2001:db8:9::9"
    filters = [nb.filter_spec(elsewhere, port) for port in range(1, count)]
    tail = [SPEC, *filters] if bits == nb.SE else [
        o for f in filters for o in (SPEC, f)]
    call.down(nb.RESV, "d", nb.style(bits), *tail)
    assert call.hear("d", nb.RESV_ERR).error()[2:] == (4, 0)
    call.bench.settle(call.v)
    assert len(call.heard("d")) < 64
    call.ask(bits, "d", SPEC, "a")
    hears(call, "a", 20000, bits)


# ---- TTL, break bit, police flag ----------------------------------------------------

def broken(heard):
    return bool(heard.get(nb.ADSPEC)[5] & 0x80)


@FAMILIES
def test_a_hop_without_rsvp_is_seen_by_the_ttl(call):
    call.path("a", ttl=60, sent_ttl=60)
    assert not broken(call.hear("d", nb.PATH))
    call.path("b", ttl=59, sent_ttl=60)  # somebody in between took one
    heard = call.hear("d", nb.PATH)
    assert broken(heard)
    assert heard.ttl == heard.send_ttl == 58
    paths = {p["sender"]["src"]: p["non_rsvp_hop"] for s in
             call.bench.daemon.ctl_json("show", "sessions")["sessions"]
             if s["port"] == call.port for p in s["paths"]}
    assert paths == {call.hop("a").addr(call.v): False,
                     call.hop("b").addr(call.v): True}
    # Seen on, it stays so; gone, it is gone.
    call.path("b", ttl=59, sent_ttl=59)
    assert not broken(call.hear("d", nb.PATH))


@FAMILIES
def test_a_break_that_was_told_is_passed_on(call):
    adspec = bytearray(nb.adspec())
    adspec[4 + 5] |= 0x80
    call.path("a", adspec=bytes(adspec))
    assert broken(call.hear("d", nb.PATH))


@FAMILIES
@pytest.mark.parametrize("ttl", (1, 2, 255))
def test_the_ttl_ends_a_path(call, ttl):
    call.path("a", ttl=ttl)
    call.bench.settle(call.v)
    heard = [h for h in call.heard("d") if h.type == nb.PATH]
    assert [h.ttl for h in heard] == ([ttl - 1] if ttl > 1 else [])


@FAMILIES
def test_the_first_node_that_polices_takes_the_flag_away(call):
    """RFC 2205 3.8: it goes on only past nodes that cannot police."""
    call.path("a", flags=1)
    assert call.hear("d", nb.PATH).get(nb.SESSION)[-3] == 0
    call.path("b", flags=0)
    assert call.hear("d", nb.PATH).get(nb.SESSION)[-3] == 0
    there = Call(call.bench, call.v, dst=call.hop("c").addr(call.v))
    there.path("a", flags=1)  # out of u1, which has no traffic control
    heard = call.hop("c").tap.expect(nb.PATH, there.port)
    assert heard.get(nb.SESSION)[-3] == 1
