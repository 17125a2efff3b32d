# SPDX-License-Identifier: ISC
"""tshark and tcpdump see in our messages what we see (tests/oracle/wire_dump)."""

import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("RSVPD_BUILD", TOP / "build"))
MESSAGES = 71
PREFIX = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
STYLES = {"WF": 0x11, "FF": 0x0a, "SE": 0x12}


class Message:
    """Type, Send_TTL, length and objects; an object is (class, C-Type, rest)."""

    def __init__(self):
        self.type = self.ttl = self.length = self.checksum = None
        self.objects = []

    def kinds(self):
        return [o[:2] for o in self.objects]


@pytest.fixture(scope="module", name="dump")
def make_dump(tmp_path_factory):
    program = BUILD / "tests" / "oracle" / "wire_dump"
    if not program.exists():
        subprocess.run(["make", "-s", "tests/oracle/wire_dump"], cwd=BUILD,
                       check=True)
    capture = tmp_path_factory.mktemp("oracle") / "all.pcap"
    text = subprocess.run([program, capture], text=True, check=True,
                          capture_output=True).stdout
    return capture, ours(text)


def ours(text):
    messages = []
    for line in text.splitlines():
        if found := re.match(r"message \d+, (\d+) octets", line):
            messages.append(Message())
            messages[-1].length = int(found[1])
        elif found := re.match(r"\w+ \(type (\d+)\), flags 0x0, "
                               r"Send_TTL (\d+)", line):
            messages[-1].type, messages[-1].ttl = int(found[1]), int(found[2])
        else:
            found = re.match(r"  [A-Z_]+ \((\d+),(\d+)\): (.*)", line)
            assert found, line
            messages[-1].objects.append((int(found[1]), int(found[2]),
                                         found[3]))
    return messages


def need(tool):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")


# What tshark says: an object is the list of its (field, shown, described).

def flatten(element):
    for field in element:
        yield (field.get("name"), field.get("show"),
               field.get("showname") or "")
        yield from flatten(field)


def tshark_message(proto):
    message = Message()
    for part in proto:
        fields = list(flatten(part))
        shown = {name: show for name, show, _ in fields}
        if "rsvp.msg" in shown:
            message.type = int(shown["rsvp.msg"])
            message.ttl = int(shown["rsvp.sending_ttl"])
            message.length = int(shown["rsvp.message_length"])
            message.checksum = next(d for n, _, d in fields
                                    if n == "rsvp.message_checksum")
        else:
            message.objects.append((int(shown["rsvp.object"]),
                                    int(shown["rsvp.ctype"]), fields))
    return message


@pytest.fixture(scope="module", name="tshark")
def run_tshark(dump):
    need("tshark")
    done = subprocess.run(["tshark", "-r", dump[0], "-T", "pdml"], text=True,
                          capture_output=True, check=True)
    root = xml.fromstring(done.stdout)
    return root, [tshark_message(p) for p in root.iter("proto")
                  if p.get("name") == "rsvp"]


def values(fields, name):
    return [show for n, show, _ in fields if n == name]


def value(fields, *names):
    """The one value of the field, which has another name in IPv6."""
    found = [v for name in names for v in values(fields, name)]
    assert len(found) == 1, (names, fields)
    return found[0]


def quantity(text, name, unit):
    """ "r 1 Mbit/s" as octets a second, "b 16 kB" as octets. """
    found = re.search(rf"\b{name} ([\d.]+) ([kMG]?)({re.escape(unit)})\b", text)
    assert found, (name, text)
    octets = float(found[1]) * PREFIX[found[2]]
    return octets / 8 if unit == "bit/s" else octets


def number(text, name):
    found = re.search(rf"\b{name} (\d+)", text)
    assert found, (name, text)
    return int(found[1])


def same_bucket(text, fields, kind):
    def shown(name):
        return float(value(fields, f"rsvp.{kind}.{name}"))
    assert quantity(text, "r", "bit/s") == shown("token_bucket_rate")
    assert quantity(text, "b", "B") == shown("token_bucket_size")
    assert quantity(text, "p", "bit/s") == shown("peak_data_rate")
    assert number(text, "m") == int(value(fields, "rsvp.minimum_policed_unit"))
    assert number(text, "M") == int(value(fields, "rsvp.maximum_packet_size"))


def same_session(text, fields):
    dst = value(fields, "rsvp.session.ip", "rsvp.session.destination_address")
    proto = value(fields, "rsvp.session.proto", "rsvp.session.protocol")
    port = value(fields, "rsvp.session.port", "rsvp.session.destination_port")
    flags = int(value(fields, "rsvp.session.flags"), 0)
    assert proto == "17"
    assert text == f"{dst}/udp/{port} flags 0x{flags:02x} (E_Police)"


def same_hop(text, fields):
    addr = value(fields, "rsvp.hop.neighbor_address_ipv4",
                 "rsvp.neighbor_address_ipv6")
    lih = int(value(fields, "rsvp.hop.logical_interface"))
    assert text == f"{addr} lih 0x{lih:08x}"


def same_time(text, fields):
    assert text == f"refresh {value(fields, 'rsvp.refresh_interval')} ms"


def same_error(text, fields):
    node = value(fields, "rsvp.error.error_node_ipv4",
                 "rsvp.error.error_node_ipv6")
    code = value(fields, "rsvp.error.error_code")
    number_ = value(fields, "rsvp.error_value")
    assert text.startswith(f"code {code} value {number_} from {node}: ")
    assert ("(InPlace)" in text) == (
        value(fields, "rsvp.error_flags.in_place") == "1")


def same_scope(text, fields):
    assert text == value(fields, "rsvp.scope.ipv4_address",
                         "rsvp.scope.ipv6_address")


def same_style(text, fields):
    assert STYLES[text] == int(value(fields, "rsvp.style.style"), 0)


def same_flowspec(text, fields):
    service = value(fields, "rsvp.flowspec.service_header")
    assert text[:3] == {"2": "GS ", "5": "CL "}[service]
    same_bucket(text, fields, "flowspec")
    if service == "2":
        assert quantity(text, "R", "bit/s") == float(
            value(fields, "rsvp.flowspec.rate"))
        assert number(text, "S") == int(
            value(fields, "rsvp.flowspec.slack_term"))


def same_filter(text, fields):
    if values(fields, "rsvp.template_filter.data"):
        # tshark shows a flow label as bytes: address, unused octet, label.
        data = value(fields, "rsvp.template_filter.data").replace(":", "")
        assert text.startswith("2001:db8:1::10 flow label 0x")
        assert data.endswith("00" + "0" + text[-5:])
        return
    addr = value(fields, "rsvp.sender.ip",
                 "rsvp.template_filter.source_address_ipv6")
    port = value(fields, "rsvp.sender.port", "rsvp.template_filter.source_port")
    assert text == (f"[{addr}]:{port}" if ":" in addr else f"{addr}:{port}")


def same_tspec(text, fields):
    assert value(fields, "rsvp.tspec.service_header") == "1"
    same_bucket(text, fields, "tspec")


def same_adspec(text, fields):
    fragments = text.split("; ")
    broken = [" broken" in f for f in fragments]
    assert [b == "1" for b in values(fields, "rsvp.adspec.break_bit")] == broken
    assert values(fields, "rsvp.adspec.service_header") == ["1", "2", "5"]
    assert float(value(fields, "rsvp.adspec.float")) == quantity(
        fragments[0], "bandwidth", "bit/s")
    want = [number(fragments[0], n) for n in ("hops", "latency", "mtu")]
    if "Ctot" in text:
        want += [number(text, n) for n in ("Ctot", "Dtot", "Csum", "Dsum")]
    assert [int(v) for v in values(fields, "rsvp.adspec.uint")] == want
    parameters = [4, 6, 8, 10] + [133, 134, 135, 136] * ("Ctot" in text)
    assert [int(v) for v in values(fields, "rsvp.adspec.type")] == parameters


def same_confirm(text, fields):
    assert text == value(fields, "rsvp.confirm.receiver_address_ipv4",
                         "rsvp.confirm.receiver_address_ipv6")


SAME = {1: same_session, 3: same_hop, 5: same_time, 6: same_error,
        7: same_scope, 8: same_style, 9: same_flowspec, 10: same_filter,
        11: same_filter, 12: same_tspec, 13: same_adspec, 15: same_confirm}


def test_every_kind_of_message_is_there(dump):
    messages = dump[1]
    assert len(messages) == MESSAGES
    for ctype in (1, 2):
        seen = {m.type for m in messages if m.kinds()[0] == (1, ctype)}
        assert seen == set(range(1, 8))
        styles = {(m.type, o[2]) for m in messages for o in m.objects
                  if o[0] == 8 and m.kinds()[0] == (1, ctype)}
        assert styles == {(t, s) for t in (2, 4, 6, 7) for s in STYLES}
    seen = {o[:2] for m in messages for o in m.objects}
    assert {c for c, _ in seen} == set(SAME)
    assert (11, 3) in seen


def test_tshark_finds_nothing_wrong(tshark):
    root, messages = tshark
    assert len(messages) == MESSAGES
    wrong = [f.get("showname") for f in root.iter("field")
             if (f.get("name") or "").startswith(("_ws.expert", "_ws.malformed"))]
    wrong += [p.get("showname") for p in root.iter("proto")
              if p.get("name") == "_ws.malformed"]
    assert not wrong
    for message in messages:
        assert message.checksum.endswith("[correct]")


def test_tshark_sees_the_same_objects(dump, tshark):
    for mine, other in zip(dump[1], tshark[1], strict=True):
        assert (mine.type, mine.ttl, mine.length) == (
            other.type, other.ttl, other.length)
        assert mine.kinds() == other.kinds()
        lengths = [int(value(o[2], "rsvp.length")) for o in other.objects]
        assert 8 + sum(lengths) == mine.length


def test_tshark_sees_the_same_values(dump, tshark):
    compared = 0
    for mine, other in zip(dump[1], tshark[1], strict=True):
        for (number_, _, text), (_, _, fields) in zip(
                mine.objects, other.objects, strict=True):
            SAME[number_](text, fields)
            compared += 1
    assert compared > 400


def tcpdump_messages(text):
    messages = []
    for line in text.splitlines():
        if found := re.search(r"RSVPv1 .* Message \((\d+)\), Flags: \[.*\], "
                              r"length: (\d+), ttl: (\d+), checksum: 0x", line):
            messages.append(Message())
            messages[-1].type, messages[-1].length, messages[-1].ttl = (
                int(found[n]) for n in (1, 2, 3))
        elif found := re.match(r"\s+.* Object \((\d+)\) Flags: .*Class-Type: "
                               r".*\((\d+)\), length: (\d+)", line):
            messages[-1].objects.append(tuple(int(found[n])
                                              for n in (1, 2, 3)))
    return messages


def test_tcpdump_sees_the_same_objects(dump):
    need("tcpdump")
    text = subprocess.run(["tcpdump", "-nvv", "-r", dump[0]], text=True,
                          capture_output=True, check=True).stdout
    assert "invalid" not in text and "[|rsvp]" not in text
    messages = tcpdump_messages(text)
    for mine, other in zip(dump[1], messages, strict=True):
        assert (mine.type, mine.ttl, mine.length) == (
            other.type, other.ttl, other.length)
        assert mine.kinds() == other.kinds()
        assert 8 + sum(o[2] for o in other.objects) == mine.length
    for said in ("Logical Interface Handle: 0x08000403",
                 "Refresh Period: 45000ms", "Slack Term: 77",
                 "Token Bucket Rate: 2 Mbps", "Token Bucket Size: 8000 bytes",
                 "Peak Data Rate: 4 Mbps", "Rate: 3 Mbps",
                 "Reservation Style: Shared Explicit",
                 "Error Node Address: 2001:db8:2::9, Flags: [0x01]",
                 "Error Code: unknown (1), Unknown Error Value (2)",
                 "Source Address: 10.1.1.10, Source Port: 5006"):
        assert said in text, said
