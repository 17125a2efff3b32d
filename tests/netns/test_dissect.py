# SPDX-License-Identifier: ISC
"""tshark and tcpdump see in what a real daemon sends what our printer says of
it: all seven messages, all styles, both families, from the wire."""

import signal
import struct
import sys

import pytest

import lab
import neighbour as nb
from crossing import LINKS, UPS, Call, Crossing

sys.path.append(str(lab.TOP / "tests" / "oracle"))
import dissect  # noqa: E402

CONFIRM_CODE, POLICY_CODE = 0, 2


def policy(*elements):
    """POLICY_DATA (RFC 2750 3) of elements that nobody knows."""
    body = b"".join(struct.pack("!HH", len(data) + 4, kind) + data
                    for kind, data in elements)
    return nb.obj(nb.POLICY, 1, struct.pack("!HH", 8, 0) + body)


def full_adspec():
    """Every parameter, overrides, break bits, a service not known here."""
    def parameter(number, *values):
        return struct.pack("!BBH", number, 0, len(values)) + b"".join(values)

    def word(number):
        return struct.pack("!I", number)

    def rate(number):
        return struct.pack("!f", number)

    def service(number, broken, *parameters):
        data = b"".join(parameters)
        return struct.pack("!BBH", number, broken << 7,
                           len(data) // 4) + data
    body = service(1, False, parameter(4, word(7)), parameter(6, rate(2.5e5)),
                   parameter(8, word(1234)), parameter(10, word(1492)))
    body += service(2, False, *(parameter(n, word(n * 11))
                                for n in (133, 134, 135, 136)),
                    parameter(10, word(1300)))
    body += service(5, True, parameter(6, rate(1e5)), parameter(10, word(1200)))
    return nb.obj(nb.ADSPEC, 2, struct.pack("!HH", 0, len(body) // 4) + body)


def flow(call, bits, spec):
    return [spec] + ([] if bits == nb.WF else [call.filter("a")])


def reserve(call, bits, v):
    """Path, Resv with and without SCOPE and CONFIRM, ResvConf, ResvErr,
    PathErr, ResvTear and PathTear of one style."""
    more = [policy((101, b"four"), (102, bytes(12))), nb.obj(240, 4, b"keep")]
    gs = nb.guaranteed(4e4, 77, r=2e4, b=4000.0, p=6e4, m=100, M=1100)
    small = nb.guaranteed(3e4, 99, r=1e4, b=3000.0, p=6e4, m=100, M=1100)
    there = {n: call.hop(n).addr(v) for n in "ade"}
    for up in UPS:
        call.path(up, *more, tspec=nb.tspec(p=float("inf")),
                  adspec=full_adspec())
        call.lih["d0"] = call.hear("d", nb.PATH).hop()[1]
    call.ask(bits, "d", gs, UPS, extra=[nb.confirm(there["d"]), *more])
    asked = [call.hear(up, nb.RESV) for up in UPS]
    assert all((h.scope() is not None) == (bits == nb.WF) for h in asked)
    call.ask(bits, "e", small, UPS, extra=[nb.confirm(there["e"])])
    call.hear("e", nb.RESV_CONF)  # ours
    call.hop("a").tap.send(there["a"], there["d"], nb.message(
        nb.RESV_CONF, 63, call.session(),
        nb.error_spec(there["a"], 0, CONFIRM_CODE, 0), nb.confirm(there["d"]),
        nb.style(bits), *flow(call, bits, gs)), alert=True)
    call.hear("d", nb.RESV_CONF)  # passed on
    call.up_error("a", bits, nb.error_spec(there["a"], 1, POLICY_CODE, 3),
                  flow(call, bits, gs), [nb.scope(there["a"])]
                  if bits == nb.WF else [])
    for down in "de":
        call.hear(down, nb.RESV_ERR)
    call.ask(bits, "d", nb.guaranteed(9e8, r=2e4, b=4000.0, p=6e4, m=100,
                                      M=1100), UPS)
    call.hear("d", nb.RESV_ERR)  # ours, old one in place
    hop = call.hop("d")
    hop.tap.send(there["d"], hop.router(v), nb.message(
        nb.PATH_ERR, 63, call.session(),
        nb.error_spec("10.1.2.3" if v == 4 else "2001:db8::3", 0, 23, 4711),
        *more, nb.template(*call.sender("a")), nb.tspec()))
    call.hear("a", nb.PATH_ERR)
    for down, spec in (("d", gs), ("e", small)):
        call.ask(bits, down, spec, UPS, number=nb.RESV_TEAR)
    for up in UPS:
        call.hear(up, nb.RESV_TEAR)
        call.path(up, number=nb.PATH_TEAR)
        call.hear("d", nb.PATH_TEAR)


def talk(bench):
    """Everything a router sends."""
    for v in (4, 6):
        for bits in (nb.FF, nb.SE, nb.WF):
            reserve(Call(bench, v), bits, v)
        # Several descriptors, several filters; a flowspec of CL.
        for bits in (nb.FF, nb.SE):
            call = Call(bench, v).open("a", "a1", "a2", flags=1)
            call.ask(bits, "d", nb.controlled_load(1000.0),
                     ["a", "a1", "a2"])
            while len(call.hear("a", nb.RESV).filters()) < 3:
                pass
        # A Path that is refused here; a label in the place of a port.
        call = Call(bench, v)
        call.path("a", tspec=nb.tspec(r=-1.0))
        assert call.hear("a", nb.PATH_ERR).error()[2] == 21
    label = struct.pack("!16sI", nb.packed(call.sender("a")[0]), 0xbeef5)
    there = Call(bench, 6)
    hop = there.hop("a")
    hop.tap.send(hop.addr(6), there.dst, nb.message(
        nb.PATH, 63, there.session(), nb.hop(hop.addr(6), 5),
        nb.time_values(1000), nb.obj(nb.TEMPLATE, 3, label), nb.tspec()), 63,
        alert=True)
    there.hear("d", nb.PATH)


@pytest.fixture(scope="module", name="said")
def listen():
    """(capture, what our printer says of it) of each interface."""
    bench = Crossing(kind="rsvpxd")
    try:
        captures = []
        for interface in LINKS:
            path = bench.lab.dir / f"{interface}.pcap"
            process = bench.router.start(
                "tcpdump", "-i", interface, "-Q", "out", "-U", "-Z", "root",
                "--immediate-mode", "-w", path,
                "ip proto 46 or (ip6 and (ip6[6] == 46 or "
                "(ip6[6] == 0 and ip6[40] == 46)))",
                name=f"tcpdump-{interface}")
            process.wait_output("listening on")
            captures.append((path, process))
        talk(bench)
        for v in (4, 6):
            bench.settle(v)
        found = []
        for path, process in captures:
            process.stop(signal.SIGINT)
            text = dissect.run(lab.BUILD, "wire_read", path)
            assert "not decoded" not in text
            found.append((path, dissect.ours(text)))
        yield found
    finally:
        bench.close()


def test_everything_that_can_be_sent_is_there(said):
    messages = [m for _, mine in said for m in mine]
    for ctype in (1, 2):
        mine = [m for m in messages if m.kinds()[0] == (1, ctype)]
        assert {m.type for m in mine} == set(range(1, 8))
        styles = {(m.type, what["style"]) for m in mine
                  for number, _, what in m.objects if number == 8}
        assert styles == {(t, s) for t in (2, 4, 6, 7)
                          for s in (nb.FF, nb.SE, nb.WF)}
    assert {c for m in messages for c, _ in m.kinds()} == {
        1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 240}
    assert (11, 3) in {k for m in messages for k in m.kinds()}


@pytest.mark.parametrize("judge", (dissect.tshark, dissect.tcpdump),
                         ids=("tshark", "tcpdump"))
def test_others_see_the_same_on_the_wire(said, judge):
    compared = 0
    for path, mine in said:
        messages, wrong = judge(path)
        assert not wrong
        compared += dissect.compare(mine, messages)
    assert compared > 500
