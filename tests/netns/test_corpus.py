# SPDX-License-Identifier: ISC
"""Public captures, fed to a running router (tests/corpus/README.md)."""

import struct

import pytest

import lab
import neighbour as nb

CONF = """
interfaces = (
	{ name = "eth0"; enabled = true; trafficControl = true;
	  bandwidth = "100 Mbit"; },
	{ name = "eth1"; enabled = true; trafficControl = true;
	  bandwidth = "10 Mbit"; }
);
"""
CORPUS = lab.TOP / "tests" / "corpus"
CISCO = nb.pcap_packets(CORPUS / "cisco-path-resv-resvconf.pcap")
SENDER, RECEIVER, PORT = "10.1.24.4", "10.1.12.1", 16388


class Bench:
    """a (10.1.12.2's side: the sender's network) - r - b (10.1.12.1)."""

    def __init__(self):
        self.lab = lab.Lab("rsvpcorp")
        try:
            a = self.lab.node("a")
            r = self.lab.node("r", forward=True)
            b = self.lab.node("b")
            self.lab.link(a, "eth0", r, "eth0", (SENDER, "10.1.24.1", 24))
            self.lab.link(r, "eth1", b, "eth0",
                          ("10.1.12.3", RECEIVER, 24))
            a.ip("addr", "add", "10.9.0.2/32", "dev", "eth0")
            # The previous hop that frame 1 names.
            a.ip("addr", "add", "10.1.12.2/32", "dev", "eth0")
            a.ip("route", "add", "default", "via", "10.1.24.1")
            r.ip("route", "add", "10.1.12.2/32", "dev", "eth0")
            b.ip("route", "add", "default", "via", "10.1.12.3")
            self.daemon = lab.Daemon(r, CONF)
            self.daemon.wait_traffic_control()
            self.up = nb.Neighbour(a, "eth0")
            self.down = nb.Neighbour(b, "eth0")
        except BaseException:
            self.lab.close()
            raise

    def close(self):
        self.lab.close()

    def sessions(self):
        return self.daemon.ctl_json("show", "sessions")["sessions"]

    def counters(self):
        return self.daemon.ctl_json("show", "counters")["counters"]


@pytest.fixture(scope="module")
def bench():
    b = Bench()
    yield b
    b.close()


def objects(data):
    at, found = 8, []
    while at < len(data):
        size, number, ctype = struct.unpack("!HBB", data[at:at + 4])
        found.append((number, ctype, data[at + 4:at + size]))
        at += size
    return found


def frame(n):
    packet = nb.ip_of(*CISCO[n - 1])
    head = (packet[0] & 15) * 4
    total = struct.unpack("!H", packet[2:4])[0]
    return packet[:head], packet[head:total]


def rebuilt(data, replace):
    """The message with objects replaced, checksum mended."""
    body = b""
    for number, ctype, content in objects(data):
        body += nb.obj(number, ctype, replace.get(number, content))
    head = data[:2] + bytes(2) + data[4:6] + struct.pack("!H", len(body) + 8)
    value = nb.checksum(head + body)
    return head[:2] + struct.pack("!H", value) + head[4:] + body


def test_cisco_path_and_resv_make_a_reservation(bench):
    _, path = frame(1)
    bench.up.send(SENDER, RECEIVER, path, ttl=254, alert=True)
    heard = bench.down.expect(nb.PATH, PORT)
    assert heard.sound() and heard.src == SENDER
    assert heard.ttl == heard.send_ttl == 253
    theirs, ours = objects(path), heard.objects
    assert [o[:2] for o in ours] == [o[:2] for o in theirs]
    for mine, other in zip(ours, theirs):
        if mine[0] not in (nb.HOP, nb.ADSPEC):
            assert mine == other
    lih = heard.hop()[1]
    _, resv = frame(2)
    replaced = rebuilt(resv, {nb.HOP: nb.packed(RECEIVER) +
                              struct.pack("!I", lih)})
    bench.down.send(RECEIVER, "10.1.12.3", replaced)
    up = bench.up.expect(nb.RESV, PORT)
    assert up.sound()
    assert up.hop()[1] == 0x08000403  # theirs, unchanged
    found = bench.daemon.ctl_json("show", "reservations")["reservations"]
    assert [r["state"] for r in found] == ["installed"]
    classes = bench.daemon.node.tc_classes("eth1")
    assert found[0]["classid"] in {c["handle"] for c in classes}


def test_cisco_resv_without_path_is_code_3(bench):
    """The same Resv for a session that has no path state."""
    _, resv = frame(2)
    known = next(s for s in bench.sessions() if s["port"] == PORT)
    assert known
    session = nb.packed(RECEIVER) + struct.pack("!BBH", 17, 0, 9999)
    link = next(i["ifindex"] for i in bench.daemon.ctl_json(
        "show", "interfaces")["interfaces"] if i["name"] == "eth1")
    other = rebuilt(resv, {nb.SESSION: session, nb.HOP:
                           nb.packed(RECEIVER) + struct.pack("!I", link)})
    bench.down.send(RECEIVER, "10.1.12.3", other)
    assert bench.down.expect(nb.RESV_ERR, 9999).error()[2] == 3


def test_local_sender_like_frame_1(bench):
    """An application here with frame 1's session, template, Tspec and TTL
    makes us send a Path that equals frame 1 but for HOP and ADSPEC."""
    _, path = frame(1)
    node = bench.daemon.node
    node.ip("addr", "add", "10.1.24.7/24", "dev", "eth0")
    app = node.start(lab.program("rsvpctl"), "--json", "--rapi-socket",
                     bench.daemon.rapi, "send", RECEIVER, PORT, "--src",
                     "10.1.24.7", "--src-port", PORT, "--rate", 6000,
                     "--bucket", 6000, "--peak", 6000, "--min", 0, "--max",
                     2147483647, "--ttl", 254)

    def ours():
        heard = bench.down.expect(nb.PATH, PORT)
        return heard if heard.src == "10.1.24.7" else None
    heard = lab.wait_for(ours, "our Path")
    assert heard.sound() and heard.ttl == heard.send_ttl == 254
    theirs = objects(path)
    assert [o[:2] for o in heard.objects] == [o[:2] for o in theirs]
    for mine, other in zip(heard.objects, theirs):
        if mine[0] == nb.TEMPLATE:
            assert mine[2] == nb.packed("10.1.24.7") + other[2][4:]
        elif mine[0] not in (nb.HOP, nb.ADSPEC):
            assert mine == other
    app.stop()


BROKEN = [("rsvp-infinite-loop.pcap", range(1, 6)), ("rsvp_cap.pcap", (1,)),
          ("rsvp-rsvp_obj_print-oobr.pcap", (3,)),
          ("rsvp_fast_reroute-oobr.pcap", (1,)),
          ("rsvp_uni-oobr-1.pcap", (1,))]


@pytest.mark.parametrize("mended", (False, True))
@pytest.mark.parametrize("name,frames", BROKEN)
def test_broken_captures_are_dropped_and_counted(bench, name, frames, mended):
    before_sessions = len(bench.sessions())
    packets = nb.pcap_packets(CORPUS / name)
    for number in frames:
        packet = nb.ip_of(*packets[number - 1])
        data = packet[(packet[0] & 15) * 4:]
        if mended:
            zero = data[:2] + bytes(2) + data[4:]
            data = data[:2] + struct.pack(
                "!H", nb.checksum(zero) or 0xFFFF) + data[4:]
        before = bench.counters()
        bench.up.send("10.9.0.2", "10.1.24.1", data)

        def counted(old=before):
            now = bench.counters()
            return sum(now[k] for k in ("malformed", "checksum", "not_rsvp",
                                        "drop_bad")) > sum(
                old[k] for k in ("malformed", "checksum", "not_rsvp",
                                 "drop_bad"))
        lab.wait_for(counted, f"{name} frame {number} to be counted")
    assert len(bench.sessions()) == before_sessions
