# SPDX-License-Identifier: ISC
"""One form for what our printer, tshark and tcpdump say about a capture, so
that they can be compared field by field.

A message is a Message; an object of it is (class, C-Type, what), what being a
dictionary of the object's values.  Rates are octets a second."""

import ipaddress
import math
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml

PREFIX = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
STYLES = {"WF": 0x11, "FF": 0x0a, "SE": 0x12}
SERVICES = {"general": 1, "GS": 2, "CL": 5}
UNKNOWN_LATENCY = 0xFFFFFFFF


class Message:
    """Type, Send_TTL, length, objects and, where it is told, their lengths."""

    def __init__(self):
        self.type = self.ttl = self.length = None
        self.right_checksum = True
        self.objects = []
        self.lengths = []

    def kinds(self):
        return [o[:2] for o in self.objects]


def need(tool):
    import pytest
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")


def run(build, name, *argv):
    """What one of our programs here prints."""
    program = build / "tests" / "oracle" / name
    if not program.exists():
        subprocess.run(["make", "-s", f"tests/oracle/{name}"], cwd=build,
                       check=True)
    return subprocess.run([program, *map(str, argv)], text=True, check=True,
                          capture_output=True).stdout


def one(pattern, text):
    found = re.search(pattern, text)
    assert found, (pattern, text)
    return found


# ---- ours ----------------------------------------------------------------------

def scaled(text, unit):
    """ "1.5 Mbit/s" as 1.5e6 """
    if text.startswith("infinite"):
        return math.inf
    number, prefix = one(rf"^([\d.e+-]+) ([kMGTP]?){unit}$", text).groups()
    return float(number) * PREFIX[prefix]


def our_bucket(text):
    r, b, p, m, M = one(r"r (.*?), b (.*?), p (.*?), m (\d+), M (\d+)",
                        text).groups()
    return {"r": scaled(r, "bit/s") / 8, "b": scaled(b, "B"),
            "p": scaled(p, "bit/s") / 8, "m": int(m), "M": int(M)}


def our_session(text):
    dst, proto, port, flags = one(
        r"^(\S+)/(\w+)/(\d+)(?: flags 0x(\w+).*)?$", text).groups()
    return {"dst": dst, "port": int(port), "flags": int(flags or "0", 16),
            "proto": {"udp": 17, "tcp": 6}.get(proto) or int(proto)}


def our_hop(text):
    addr, lih = one(r"^(\S+) lih 0x(\w{8})$", text).groups()
    return {"addr": addr, "lih": int(lih, 16)}


def our_error(text):
    code, value, node = one(r"^code (\d+) value (\d+) from (\S+): ",
                            text).groups()
    return {"code": int(code), "value": int(value), "node": node,
            "flags": 1 * ("(InPlace)" in text) + 2 * ("(NotGuilty)" in text)}


def our_flowspec(text):
    what = {"service": SERVICES[text[:2]], **our_bucket(text)}
    if what["service"] == 2:
        R, S = one(r", R (.*?), S (\d+) us$", text).groups()
        what.update(R=scaled(R, "bit/s") / 8, S=int(S))
    return what


def our_filter(text):
    if found := re.match(r"^(\S+) flow label 0x(\w{5})$", text):
        return {"src": found[1], "label": int(found[2], 16)}
    src, port = one(r"^\[?([^\]]+)\]?:(\d+)$", text).groups()
    return {"src": src, "port": int(port)}


OUR_PARAMETERS = {  # by number: pattern
    4: r"hops (\d+)", 6: r"bandwidth ([\d.e+-]+ \w?bit/s)",
    8: r"latency (\d+|unknown)", 10: r"mtu (\d+)", 133: r"Ctot (\d+) B",
    134: r"Dtot (\d+) us", 135: r"Csum (\d+) B", 136: r"Dsum (\d+) us"}


def our_adspec(text):
    services = []
    for part in text.split("; "):
        parameters = {}
        for number, pattern in OUR_PARAMETERS.items():
            if found := re.search(pattern, part):
                parameters[number] = (
                    scaled(found[1], "bit/s") / 8 if number == 6 else
                    UNKNOWN_LATENCY if found[1] == "unknown" else
                    int(found[1]))
        services.append((SERVICES[part.split()[0]], " broken" in part,
                         parameters))
    return {"services": services}


def our_policy(text):
    return {"elements": [(int(kind), int(size)) for kind, size in re.findall(
        r"(\d+) \((\d+) octets\)", text)]}


OURS = {1: our_session, 3: our_hop, 6: our_error, 9: our_flowspec,
        10: our_filter, 11: our_filter, 12: our_bucket, 13: our_adspec,
        14: our_policy,
        5: lambda text: {"ms": int(one(r"^refresh (\d+) ms$", text)[1])},
        7: lambda text: {"addresses": text.split()},
        8: lambda text: {"style": STYLES[text]},
        15: lambda text: {"addr": text}}


def ours(text):
    """What wire_dump, wire_sample or wire_read printed."""
    messages = []
    for line in text.splitlines():
        if found := re.match(r"message \d+, (\d+) octets", line):
            messages.append(Message())
            messages[-1].length = int(found[1])
        elif found := re.match(r"\w+ \(type (\d+)\), flags 0x0, "
                               r"Send_TTL (\d+)$", line):
            messages[-1].type, messages[-1].ttl = int(found[1]), int(found[2])
        elif found := re.match(r"  class (\d+) C-Type (\d+), (\d+) octets: "
                               r"(\w+)", line):
            # The printer shows the header too.
            messages[-1].objects.append((int(found[1]), int(found[2]), {
                "body": bytes.fromhex(found[4])[4:]}))
        else:
            found = one(r"^  [A-Z_]+ \((\d+),(\d+)\): (.*)", line)
            number = int(found[1])
            messages[-1].objects.append((number, int(found[2]),
                                         OURS[number](found[3])))
    return messages


# ---- tshark --------------------------------------------------------------------

class Fields:
    """The (name, shown, described) of all fields below an element."""

    def __init__(self, element):
        self.all = [(f.get("name"), f.get("show"), f.get("showname") or "")
                    for f in element.iter("field")]

    def many(self, *names):
        return [show for name, show, _ in self.all if name in names]

    def __call__(self, *names):
        """The one value of the field, which has another name in IPv6."""
        found = self.many(*names)
        assert len(found) == 1, (names, self.all)
        return found[0]

    def int(self, *names):
        return int(self(*names), 0)


def tshark_bucket(f, kind):
    return {"r": float(f(f"rsvp.{kind}.token_bucket_rate")),
            "b": float(f(f"rsvp.{kind}.token_bucket_size")),
            "p": float(f(f"rsvp.{kind}.peak_data_rate")),
            "m": f.int("rsvp.minimum_policed_unit"),
            "M": f.int("rsvp.maximum_packet_size")}


def tshark_flowspec(f):
    what = {"service": f.int("rsvp.flowspec.service_header"),
            **tshark_bucket(f, "flowspec")}
    if what["service"] == 2:
        what.update(R=float(f("rsvp.flowspec.rate")),
                    S=f.int("rsvp.flowspec.slack_term"))
    return what


def tshark_session(f):
    return {"dst": f("rsvp.session.ip", "rsvp.session.destination_address"),
            "proto": f.int("rsvp.session.proto", "rsvp.session.protocol"),
            "flags": f.int("rsvp.session.flags"),
            "port": f.int("rsvp.session.port",
                          "rsvp.session.destination_port")}


def tshark_error(f):
    # Of codes 13 and 14 it shows the class in words instead of the value.
    value = f.many("rsvp.error_value")
    if not value:
        text = [d for n, _, d in f.all if n == "rsvp.class"]
        assert text, f.all
        number, ctype = one(r"Class: (\d+).*CType: (\d+)", text[0]).groups()
        value = [int(number) << 8 | int(ctype)]
    return {"node": f("rsvp.error.error_node_ipv4",
                      "rsvp.error.error_node_ipv6"),
            "flags": f.int("rsvp.error_flags"),
            "code": f.int("rsvp.error.error_code"), "value": int(value[0])}


def tshark_filter(f):
    data = f.many("rsvp.template_filter.data")
    if data:  # a flow label is shown as bytes: address, unused octet, label
        return label_of(bytes.fromhex(data[0].replace(":", "")))
    return {"src": f("rsvp.sender.ip",
                     "rsvp.template_filter.source_address_ipv6"),
            "port": f.int("rsvp.sender.port",
                          "rsvp.template_filter.source_port")}


def label_of(body):
    assert len(body) == 20 and body[16] == 0
    return {"src": str(ipaddress.ip_address(body[:16])),
            "label": int.from_bytes(body[17:], "big")}


def tshark_adspec(f):
    services = []
    for name, show, described in f.all:
        if name == "rsvp.adspec.service_header":
            services.append([int(show), None, {}])
        elif name == "rsvp.adspec.break_bit":
            services[-1][1] = show == "1"
        elif name == "rsvp.adspec.type":
            number = int(show)
        elif name == "rsvp.adspec.uint":
            services[-1][2][number] = int(show)
        elif name == "rsvp.adspec.float":
            services[-1][2][number] = float(described.split(": ")[1])
    return {"services": [tuple(s) for s in services]}


def elements_of(body):
    """Of a POLICY_DATA, of which both others show bytes (RFC 2750 3)."""
    at = int.from_bytes(body[:2], "big") - 4
    found = []
    while at < len(body):
        size = int.from_bytes(body[at:at + 2], "big")
        found.append((int.from_bytes(body[at + 2:at + 4], "big"), size))
        at += size
    return {"elements": found}


def hexed(text):
    return bytes.fromhex(text.replace(":", ""))


TSHARK = {
    1: tshark_session, 6: tshark_error, 9: tshark_flowspec,
    10: tshark_filter, 11: tshark_filter, 13: tshark_adspec,
    3: lambda f: {"addr": f("rsvp.hop.neighbor_address_ipv4",
                            "rsvp.neighbor_address_ipv6"),
                  "lih": f.int("rsvp.hop.logical_interface")},
    5: lambda f: {"ms": f.int("rsvp.refresh_interval")},
    7: lambda f: {"addresses": f.many("rsvp.scope.ipv4_address",
                                      "rsvp.scope.ipv6_address")},
    8: lambda f: {"style": f.int("rsvp.style.style")},
    12: lambda f: tshark_bucket(f, "tspec"),
    14: lambda f: elements_of(hexed(f("rsvp.policy.data"))),
    15: lambda f: {"addr": f("rsvp.confirm.receiver_address_ipv4",
                             "rsvp.confirm.receiver_address_ipv6")}}


def tshark_message(proto):
    message = Message()
    for part in proto:
        f = Fields(part)
        if f.many("rsvp.msg"):
            message.type = f.int("rsvp.msg")
            message.ttl = f.int("rsvp.sending_ttl")
            message.length = f.int("rsvp.message_length")
            message.right_checksum = next(
                d for n, _, d in f.all if n == "rsvp.message_checksum"
            ).endswith("[correct]")
            continue
        number = f.int("rsvp.object")
        message.objects.append((number, f.int("rsvp.ctype"), TSHARK[number](f)
                                if number in TSHARK else {
                                    "body": hexed(f("rsvp.unknown.data"))}))
        message.lengths.append(f.int("rsvp.length"))
    return message


def tshark(capture):
    """(messages, what it finds wrong)"""
    need("tshark")
    root = xml.fromstring(subprocess.run(
        ["tshark", "-r", capture, "-T", "pdml"], text=True,
        capture_output=True, check=True).stdout)
    # Its notes about IP (a low TTL) are no matter of ours.
    wrong = [f.get("showname") for p in root.iter("proto")
             if p.get("name") in ("rsvp", "_ws.malformed")
             for f in p.iter() if (f.get("name") or "").startswith(
                 ("_ws.expert", "_ws.malformed"))]
    return [tshark_message(p) for p in root.iter("proto")
            if p.get("name") == "rsvp"], wrong


# ---- tcpdump -------------------------------------------------------------------

TCPDUMP_STYLES = {"Wildcard Filter": 0x11, "Fixed Filter": 0x0a,
                  "Shared Explicit": 0x12}


def mbps(name, text):
    return float(one(rf"\t{name}: (\S+) Mbps", text)[1]) * 1e6 / 8


def tcpdump_bucket(text):
    return {"r": mbps("Token Bucket Rate", text),
            "b": float(one(r"Token Bucket Size: (\S+) bytes", text)[1]),
            "p": mbps("Peak Data Rate", text),
            "m": int(one(r"Minimum Policed Unit: (\d+) bytes", text)[1]),
            "M": int(one(r"Maximum Packet Size: (\d+) bytes", text)[1])}


def tcpdump_flowspec(text):
    what = {"service": int(one(r"Service Type: .*? \((\d+)\)", text)[1]),
            **tcpdump_bucket(text)}
    if what["service"] == 2:
        what.update(R=mbps("Rate", text),
                    S=int(one(r"Slack Term: (\d+)", text)[1]))
    return what


def tcpdump_session(text):
    dst, proto = one(r"DestAddress: (\S+), Protocol ID: 0x(\w+)",
                     text).groups()
    flags, port = one(r"Flags: \[0x(\w+)\], DestPort (\d+)", text).groups()
    return {"dst": dst, "proto": int(proto, 16), "flags": int(flags, 16),
            "port": int(port)}


def tcpdump_error(text):
    node, flags = one(r"Node Address: (\S+), Flags: \[0x(\w+)\]",
                      text).groups()
    # Of most codes it shows no value but in the bytes.
    body = tcpdump_bytes(text)
    code = int(one(r"Error Code: [^(]*\((\d+)\)", text)[1])
    assert code == body[-3]
    return {"node": node, "flags": int(flags, 16), "code": code,
            "value": int.from_bytes(body[-2:], "big")}


def tcpdump_bytes(text):
    return bytes.fromhex("".join(re.findall(
        r"\n\t    0x\w{4}:  ([\da-f ]+)", "\n" + text)))


def tcpdump_filter(text):
    if found := re.search(r"Source Address: (\S+), Flow Label: (\d+)", text):
        return {"src": found[1], "label": int(found[2])}
    if "Class-Type: Unknown (3)" in text:
        return label_of(tcpdump_bytes(text))
    src, port = one(r"Source Address: (\S+), Source Port: (\d+)",
                    text).groups()
    return {"src": src, "port": int(port)}


def tcpdump_adspec(text):
    services = []
    for part in re.split(r"\n\s+Service Type: ", text)[1:]:
        number, broken = one(r"\((\d+)\), break bit (not )?set", part).groups()
        parameters = {}
        for parameter in re.split(r"\n\s+Parameter ID: ", part)[1:]:
            kind, value = one(r"\((\d+)\), .*\n\t\t.*: (.*)",
                              parameter).groups()
            parameters[int(kind)] = (
                UNKNOWN_LATENCY if value == "don't care" else
                float(value.split()[0]) * 1e6 / 8 if int(kind) == 6 else
                int(value.split()[0]))
        services.append((int(number), broken is None, parameters))
    return {"services": services}


def tcpdump_scope(text):
    body = tcpdump_bytes(text)
    size = 4 if "(1)" in text.split("\n")[0].split("Class-Type")[1] else 16
    return {"addresses": [str(ipaddress.ip_address(body[at:at + size]))
                          for at in range(0, len(body), size)]}


TCPDUMP = {
    1: tcpdump_session, 6: tcpdump_error, 7: tcpdump_scope,
    9: tcpdump_flowspec, 10: tcpdump_filter, 11: tcpdump_filter,
    12: tcpdump_bucket, 13: tcpdump_adspec,
    3: lambda text: {
        "addr": one(r"Interface: (\S+),", text)[1],
        "lih": int(one(r"Interface Handle: 0x(\w+)", text)[1], 16)},
    5: lambda text: {"ms": int(one(r"Refresh Period: (\d+)ms", text)[1])},
    8: lambda text: {"style": TCPDUMP_STYLES[
        one(r"Reservation Style: (.*?), Flags", text)[1]]},
    14: lambda text: elements_of(tcpdump_bytes(text)),
    15: lambda text: {"addr": one(r"Receiver Address: (\S+)", text)[1]}}


def tcpdump_message(text):
    message = Message()
    head, *parts = re.split(r"\n\t  (?=\S.* Object \()", text)
    message.type, message.length, message.ttl = map(int, one(
        r"RSVPv1 .* Message \((\d+)\), Flags: \[.*\], length: (\d+), "
        r"ttl: (\d+), checksum: 0x", head).groups())
    for part in parts:
        number, ctype, size = map(int, one(
            r"^.* Object \((\d+)\) Flags: .*Class-Type: .*?\((\d+)\), "
            r"length: (\d+)", part).groups())
        message.objects.append((number, ctype, TCPDUMP[number](part)
                                if number in TCPDUMP else {
                                    "body": tcpdump_bytes(part)}))
        message.lengths.append(size)
    return message


def tcpdump(capture):
    need("tcpdump")
    text = subprocess.run(["tcpdump", "-tnvvv", "-r", capture], text=True,
                          capture_output=True, check=True).stdout
    wrong = [line for line in text.splitlines()
             if "invalid" in line or "[|rsvp]" in line]
    return [tcpdump_message(part) for part in
            re.split(r"\n(?=IP6? )", "\n" + text)[1:]
            if "RSVPv1" in part], wrong


# ---- comparing -----------------------------------------------------------------

def same(mine, other, where=""):
    """Exactly the same; quantities as far as each prints them."""
    if isinstance(mine, float) or isinstance(other, float):
        assert mine == other or math.isclose(mine, other, rel_tol=1e-3), (
            where, mine, other)
    elif isinstance(mine, dict):
        assert set(mine) == set(other), (where, mine, other)
        for key in mine:
            same(mine[key], other[key], f"{where} {key}")
    elif isinstance(mine, (list, tuple)):
        assert len(mine) == len(other), (where, mine, other)
        for at, pair in enumerate(zip(mine, other)):
            same(*pair, f"{where}[{at}]")
    else:
        assert mine == other, (where, mine, other)


def compare(mine, others):
    """Every field of every message; how many objects there were."""
    assert len(mine) == len(others)
    count = 0
    for at, (a, b) in enumerate(zip(mine, others)):
        where = f"message {at + 1}"
        assert b.right_checksum, where
        same((a.type, a.ttl, a.length), (b.type, b.ttl, b.length), where)
        same(a.kinds(), b.kinds(), where)
        assert 8 + sum(b.lengths) == a.length, where
        for x, y in zip(a.objects, b.objects):
            same(x[2], y[2], f"{where} class {x[0]}")
            count += 1
    return count
