# SPDX-License-Identifier: ISC
"""Bad input at every door of a running router: packets, both sockets, files.
Whoever means well must not notice."""

import os
import random
import signal
import socket
import struct
import time

import pytest

import lab
import neighbour as nb
from test_neighbour import ADDR, R_MS, SMALL, Bench

LIMITS = "limits = { sessions = 2000; paths = 4000; };\n"
NOBODY = 30001
WELCOME_S = 0.3  # at most, whatever others do
HONEST = {4: 8004, 6: 8006}


@pytest.fixture(scope="module")
def bench():
    bench = Bench()
    daemon = bench.daemon
    daemon.conf.write_text(LIMITS + daemon.conf.read_text())
    os.kill(daemon.supervisor(), signal.SIGHUP)
    daemon.process.wait_output("reload: applied")
    bench.lihs = {}
    for v, port in HONEST.items():
        bench.lihs[v] = bench.reserved_path(v, port)
        bench.resv(v, port, bench.lihs[v])
        wait_installed(bench, port)
    yield bench
    bench.close()


@pytest.fixture(autouse=True)
def unharmed(bench):
    """After each attack: the same processes, no event that cannot happen, few
    words, and the honest reservations."""
    refresh(bench)
    workers = bench.daemon.workers()
    lines = bench.daemon.process.output().count("\n")
    begin = time.monotonic()
    yield
    refresh(bench)
    assert bench.daemon.workers() == workers, bench.daemon.process.output()
    assert bench.counter("bug") == 0
    lines = bench.daemon.process.output().count("\n") - lines
    assert lines < 100 + 40 * (time.monotonic() - begin)
    assert "runtime error" not in bench.daemon.process.output()
    lab.wait_for(lambda: honest(bench), "the honest reservations", every=0.5)


def honest(bench):
    """Those are installed that are refreshed, as neighbours do."""
    refresh(bench)
    return all((bench.reservation(port) or {}).get("state") == "installed"
               for port in HONEST.values())


def refresh(bench):
    for v, port in HONEST.items():
        bench.path(v, port)
        bench.resv(v, port, bench.lihs[v])
    bench.up.drain()
    bench.down.drain()


def wait_installed(bench, port):
    def installed():
        found = bench.reservation(port)
        return found and found["state"] == "installed"
    lab.wait_for(installed, f"the reservation of port {port}")


def memory_kb(pid):
    return int(lab.process_status(pid)["VmRSS"].split()[0])


# ---- packets ----------------------------------------------------------------

def messages(v, port):
    """One good message of each type: (type, from upstream?, objects)."""
    src, _, _, dst = ADDR[v]
    session, up, down = (nb.session(dst, port), nb.hop(src, 77),
                         nb.hop(dst, 3))
    flow = [SMALL, nb.filter_spec(src, port)]
    error = nb.obj(nb.ERROR, nb.kind(src),
                   nb.packed(src) + struct.pack("!BBH", 0, 1, 0))
    times = nb.time_values(1000)
    sender = [nb.template(src, port), nb.tspec()]
    return [
        (nb.PATH, True, [session, up, times, *sender, nb.adspec()]),
        (nb.RESV, False, [session, down, times, nb.confirm(dst),
                          nb.style(nb.FF), *flow]),
        (nb.RESV, False, [session, down, times, nb.style(nb.SE),
                          nb.guaranteed(130000.0), flow[1],
                          nb.filter_spec(src, port + 1)]),
        (nb.PATH_ERR, False, [session, error, *sender]),
        (nb.RESV_ERR, True, [session, up, error, nb.style(nb.FF), *flow]),
        (nb.PATH_TEAR, True, [session, up, *sender]),
        (nb.RESV_TEAR, False, [session, down, nb.style(nb.FF), *flow]),
        (nb.RESV_CONF, True, [session, error, nb.confirm(dst),
                              nb.style(nb.FF), *flow]),
    ]


def spoil(rnd, objects):
    """One fault in a list of objects: their number, lengths, types, values."""
    objects = list(objects)
    at = rnd.randrange(len(objects))
    one = bytearray(objects[at])
    fault = rnd.randrange(8)
    if fault == 0:
        for _ in range(rnd.randrange(1, 4)):
            one[rnd.randrange(4, len(one))] = rnd.choice((0, 255, 127, 128))
    elif fault == 1:
        one[0:2] = struct.pack("!H", rnd.choice(
            (0, 1, 3, 4, 5, len(one) - 4, len(one) + 4, 65532, 65535)))
    elif fault == 2:
        one = one[:4 * rnd.randrange(len(one) // 4)]
        one[0:2] = struct.pack("!H", len(one)) if one else b""
    elif fault == 3:
        one += rnd.randbytes(4 * rnd.randrange(1, 50))
        one[0:2] = struct.pack("!H", len(one))
    elif fault == 4:
        one[rnd.choice((2, 3))] = rnd.randrange(256)
    elif fault == 5:
        objects.insert(at, bytes(one))
    elif fault == 6:
        rnd.shuffle(objects)
        return objects
    else:
        del objects[at]
        return objects
    objects[at] = bytes(one)
    return objects


def with_header(rnd, kind, objects):
    body = b"".join(objects)
    length = len(body) + 8
    if rnd.random() < 0.03:
        length = rnd.choice((0, 7, 8, length + 4, 65535))
    if rnd.random() < 0.03:
        kind = rnd.randrange(256)
    head = struct.pack("!BBHBBH", 0x10, kind, 0, rnd.choice((63, 0, 255)), 0,
                       length)
    value = nb.checksum(head + body) or 0xFFFF
    return head[:2] + struct.pack("!H", value) + head[4:] + body


def packet(src, dst, ttl, data, alert):
    if ":" in dst:
        if alert:
            data = bytes([nb.RSVP, 0, 5, 2, 0, 0, 1, 0]) + data
        return struct.pack("!IHBB", 0x6C000000, len(data),
                           0 if alert else nb.RSVP, ttl) + nb.packed(
                               src) + nb.packed(dst) + data
    options = b"\x94\4\0\0" if alert else b""
    return struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0xC0, 0, 0, 0,
                       ttl, nb.RSVP, 0) + nb.packed(src) + nb.packed(
                           dst) + options + data


def put(neighbour, dst, data):
    sock = neighbour.s6 if ":" in dst else neighbour.s4
    try:
        sock.sendto(data, (dst, 0))
    except OSError:
        pass  # the kernel itself would not have it


def send_malformed(bench, rnd, good, count):
    for i in range(count):
        v = rnd.choice((4, 6))
        src, up, via, dst = ADDR[v]
        kind, upstream, objects = rnd.choice(good[v])
        end_to_end = kind in (nb.PATH, nb.PATH_TEAR, nb.RESV_CONF)
        source = src if upstream else dst
        target = dst if end_to_end else up if upstream else via
        if rnd.random() < 0.02:
            source = rnd.choice((up, via, "::1" if v == 6 else "127.0.0.1"))
        data = with_header(rnd, kind, spoil(rnd, objects))
        put(bench.up if upstream else bench.down, target,
            packet(source, target, rnd.choice((63, 63, 1, 0, 255)), data,
                   rnd.random() < 0.9))
        if i % 2000 == 0:
            refresh(bench)


def test_malformed_messages_of_every_type(bench):
    rnd = random.Random(7)
    good = {v: messages(v, 9000) for v in ADDR}
    before = memory_kb(bench.daemon.workers()["engine"])
    send_malformed(bench, rnd, good, 20000)

    def enough():
        """More, where the socket was full for want of a processor."""
        if bench.counter("malformed") > 5000:
            return True
        return send_malformed(bench, rnd, good, 1000)
    lab.wait_for(enough, "enough of them to be read")
    assert memory_kb(bench.daemon.workers()["engine"]) < before + 20000


def test_an_unknown_ctype_in_a_flow_list_is_answered(bench):
    port = bench.port()
    lih = bench.reserved_path(4, port)
    bench.resv(4, port, lih, nb.obj(nb.FLOWSPEC, 99, bytes(32)))
    heard = bench.down.expect(nb.RESV_ERR, port)
    assert heard.error()[2:] == (14, nb.FLOWSPEC << 8 | 99)


def forged_path(rnd):
    dst = ADDR[4][3]
    src = f"10.{rnd.randrange(100, 200)}.{rnd.randrange(256)}.1"
    data = nb.message(
        nb.PATH, 63, nb.session(dst, rnd.randrange(20000, 60000)),
        nb.hop(src, 7), nb.time_values(30000), nb.template(src, 5),
        nb.tspec(), nb.adspec())
    return packet(src, dst, 63, data, True)


def test_forged_paths_do_not_keep_an_honest_one_out(bench):
    rnd = random.Random(8)
    sessions = len(bench.daemon.ctl_json("show", "sessions")["sessions"])
    for i in range(4000):
        put(bench.up, ADDR[4][3], forged_path(rnd))
        if i % 500 == 0:
            refresh(bench)
    lab.wait_for(lambda: bench.counter("path_evicted") > 1000, "evictions")
    port = bench.port()
    lih = bench.reserved_path(4, port)
    bench.resv(4, port, lih)
    wait_installed(bench, port)
    for _ in range(3000):
        put(bench.up, ADDR[4][3], forged_path(rnd))
    wait_installed(bench, port)
    # A list that is made while sessions come and go has some of both.
    lab.wait_for(lambda: sessions < len(bench.daemon.ctl_json(
        "show", "sessions")["sessions"]) <= 2000, "no more than the limit")


def test_a_full_queue_of_one_interface_holds_up_no_other(bench):
    """What is too much for eth1 is dropped there; the socket is never full."""
    rnd = random.Random(12)
    failed, dropped = bench.counter("send_failed"), control_drops(bench)

    def overflows():
        for _ in range(1000):
            put(bench.up, ADDR[4][3], forged_path(rnd))
        return control_drops(bench) != dropped
    lab.wait_for(overflows, "a full queue")
    assert bench.counter("send_failed") == failed


def control_drops(bench):
    return next(c["drops"] for c in bench.router.tc_classes("eth1")
                if c["handle"] == "52:6")


def test_of_large_messages_little_is_kept(bench):
    """60 kB of objects that nobody knows, in fragments, for many sessions."""
    src, _, _, dst = ADDR[4]
    engine = bench.daemon.workers()["engine"]
    before = memory_kb(engine)
    dropped = bench.counter("drop_limit")
    whole = nb.obj(200, 1, bytes(60000))
    bench.up.node.run("ip", "link", "set", "eth0", "mtu", "65535")
    bench.router.run("ip", "link", "set", "eth0", "mtu", "65535")
    try:
        for i in range(600):
            data = nb.message(nb.PATH, 63, nb.session(dst, 61000 + i),
                              nb.hop(src, 7), nb.time_values(1000),
                              nb.template(src, 5), nb.tspec(), whole)
            for _ in range(2):
                put(bench.up, dst, packet(src, dst, 63, data, True))
    finally:
        bench.up.node.run("ip", "link", "set", "eth0", "mtu", "1500")
        bench.router.run("ip", "link", "set", "eth0", "mtu", "1500")
    lab.wait_for(lambda: bench.counter("drop_limit") > dropped + 200,
                 "the limit")
    # Much less than 600 times 60 kB: the buffers of one batch.
    assert memory_kb(engine) < before + 16000


def in_udp(src, dst, data, port=1698):
    body = struct.pack("!HHHH", 1698, port, len(data) + 8, 0) + data
    return struct.pack("!BBHHHBBH", 0x45, 0xC0, 0, 0, 0, 64, 17,
                       0) + nb.packed(src) + nb.packed(dst) + body


def test_a_datagram_in_a_routers_name_diverts_nothing(bench):
    """Anybody on that router, or who forges its address, can send one; it does
    not look at what comes to it in UDP."""
    src, up, _, dst = ADDR[4]
    port = bench.port()
    lih = bench.reserved_path(4, port)
    forged = nb.message(nb.PATH, 63, nb.session(dst, port + 1000),
                        nb.hop(src, 77), nb.time_values(R_MS),
                        nb.template(src, port), nb.tspec(), nb.adspec())
    before = bench.counter("udp_received")
    put(bench.up, up, in_udp(src, up, forged))
    lab.wait_for(lambda: bench.counter("udp_received") > before, "it")
    bench.resv(4, port, lih)
    assert bench.up.expect(nb.RESV, port).dst == src


def test_errors_to_thousands_of_forged_next_hops_cost_their_source(bench):
    """Each goes on to all of them: a source may take so much time and no more,
    and others on its interface are heard meanwhile."""
    src, up, via, dst = ADDR[4]
    port = bench.port()
    # So that nothing ends by itself, however long it takes.
    lih = bench.reserved_path(4, port, refresh_ms=300000)
    shown = [nb.session(dst, port), nb.style(nb.FF), SMALL,
             nb.filter_spec(src, port)]

    def heard():
        return bench.counter("resv_in") + bench.counter("rate_limited")

    def all_taken(some):
        """Or again: on a slow machine strangers come to their limit."""
        before, limited = heard(), bench.counter("rate_limited")
        for i in some:
            who = f"10.1{i >> 8}.{i & 255}.1"
            put(bench.down, via, packet(who, via, 63, nb.message(
                nb.RESV, 63, shown[0], nb.hop(who, lih),
                nb.time_values(300000), *shown[1:]), False))
        lab.wait_for(lambda: heard() >= before + len(some), "the Resvs")
        return bench.counter("rate_limited") == limited
    for first in range(0, 2000, 100):
        lab.wait_for(lambda n=first: all_taken(range(n, n + 100)),
                     "a hundred Resvs", every=0.5)
    error = packet("10.99.0.1", up, 63, nb.message(
        nb.RESV_ERR, 63, shown[0], nb.hop(src, 77),
        nb.error_spec(src, 0, 1, 2), *shown[1:]), False)
    limited = bench.counter("rate_limited")

    def has_paid():
        for _ in range(100):
            put(bench.up, up, error)
        return bench.counter("rate_limited") > limited
    lab.wait_for(has_paid, "the limit")
    bench.path_tear(4, port)
    refresh(bench)
    # Whoever was known before is still heard.
    bench.path(4, bench.port())
    bench.down.expect(nb.PATH, bench.next_port)


# ---- the applications' socket ------------------------------------------------

def attribute(number, body):
    return struct.pack("<HH", number, 4 + len(body)) + body


def rapi(kind, *attributes, version=1):
    body = b"".join(attributes)
    return struct.pack("<IHHI", 12 + len(body), version, kind, 0) + body


HELLO = rapi(1, attribute(1, b"\1\0"), attribute(2, b"\1\0"))


def handle(number):
    return attribute(7, struct.pack("<Q", number))


def open_request(number, port):
    return rapi(2, handle(number), attribute(
        8, b"\4" + nb.packed(ADDR[4][3]) + struct.pack("<BH", 17, port)))


def sender_request(number, port):
    return rapi(3, handle(number), attribute(
        15, b"\4" + nb.packed(ADDR[4][2]) + struct.pack("<BHI", 0, port, 0)),
        attribute(16, struct.pack("<fffII", 1e4, 1e3, 2e4, 100, 1000)))


def connect(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.connect(str(path))
    sock.settimeout(lab.PATIENCE_S)
    return sock


def as_nobody(function):
    """Run it in a process of an unprivileged user; its process id."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            function()
        finally:
            os._exit(0)
    return pid


def slowest_welcome(path, pid):
    """Greet again and again until that process ends: the longest wait."""
    slowest = 0.0
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        begin = time.monotonic()
        with connect(path) as sock:
            sock.send(HELLO)
            assert sock.recv(1000)
        slowest = max(slowest, time.monotonic() - begin)
        time.sleep(0.01)
    return slowest


def held_up(path, attack):
    """The longest that anybody waited meanwhile; who waits for a processor of
    this machine does not always, so the best of a few.  And how many."""
    seen = []
    while not seen or (seen[-1] >= WELCOME_S and len(seen) < 5):
        seen.append(slowest_welcome(path, as_nobody(attack)))
    return seen[-1], len(seen)


def test_a_busy_application_holds_nobody_up(bench):
    def hog():
        socks = []
        for i in range(16):
            sock = connect(bench.daemon.rapi)
            sock.send(HELLO + open_request(1, 5000 + i))
            socks.append((sock, sender_request(1, 5000 + i)))
        for _ in range(4):
            for sock, request in socks:
                sock.send(request * (60000 // len(request)))
    assert held_up(bench.daemon.rapi, hog)[0] < WELCOME_S


def test_an_application_that_never_reads_is_cut_off(bench):
    def deaf():
        sock = connect(bench.daemon.rapi)
        sock.send(HELLO)
        try:
            for i in range(0, 100000, 500):
                sock.send(b"".join(open_request(1 + j, 1 + j % 65535)
                                   for j in range(i, i + 500)))
        except OSError:
            return
    before = bench.counter("api_slow")
    slowest, times = held_up(bench.daemon.rapi, deaf)
    assert slowest < WELCOME_S
    lab.wait_for(lambda: bench.counter("api_slow") == before + times,
                 "the end")


def test_garbage_from_applications(bench):
    def say(sock, rnd, i):
        good = open_request(i, i + 1) + sender_request(i, i + 1)
        sock.send(HELLO if rnd.random() < 0.7 else b"\0" * 12)
        spoilt = bytearray(good)
        for _ in range(rnd.randrange(1, 6)):
            spoilt[rnd.randrange(len(spoilt))] = rnd.randrange(256)
        sock.send(rnd.choice((
            bytes(spoilt), rnd.randbytes(rnd.randrange(1, 3000)),
            struct.pack("<IHHI", 0x7FFFFFFF, 1, 2, 0), good[:-3],
            rapi(2, handle(i), version=9), bytes(65537))))

    def garbage():
        rnd = random.Random(9)
        for i in range(1500):
            try:
                with connect(bench.daemon.rapi) as sock:
                    say(sock, rnd, i)
            except OSError:
                continue
    assert held_up(bench.daemon.rapi, garbage)[0] < WELCOME_S
    lab.wait_for(lambda: bench.counter("api_bad") > 300, "them to be counted")


# ---- the control socket -------------------------------------------------------

def test_garbage_and_crowds_at_the_control_socket(bench):
    rnd = random.Random(10)
    crowd = []
    for _ in range(300):
        with connect(bench.daemon.control) as sock:
            try:
                sock.send(rnd.choice((
                    rnd.randbytes(rnd.randrange(1, 2000)),
                    struct.pack("<IHHI", 12, 1, rnd.randrange(300), 1),
                    struct.pack("<IHHI", 12, 9, 2, 1),
                    struct.pack("<IHHI", 2**32 - 1, 1, 2, 1))))
            except OSError:
                continue
    for _ in range(100):
        crowd.append(connect(bench.daemon.control))
        try:
            crowd[-1].send(struct.pack("<IHHI", 12, 1, 3, 1))
        except OSError:
            pass  # one too many
    for sock in crowd:  # nobody has read a word
        sock.close()
    lab.wait_for(lambda: bench.daemon.ctl(
        "show", "counters", check=False).returncode == 0, "an answer")


# ---- the kernel -------------------------------------------------------------

def interface(bench):
    return next(i for i in bench.daemon.ctl_json(
        "show", "interfaces")["interfaces"] if i["name"] == "eth1")


def test_a_tree_that_somebody_replaces_is_no_promise(bench):
    """What the kernel does not have is not shown as installed; when the other
    one has left, everything comes back by itself."""
    bench.router.tc("qdisc", "replace", "dev", "eth1", "root", "handle", "9:",
                    "pfifo")
    try:
        lab.wait_for(lambda: not interface(bench)["tc_ready"], "the loss")
        assert interface(bench)["tc_problem"]
        lab.wait_for(lambda: (bench.reservation(HONEST[4]) or {}).get(
            "state") != "installed", "the reservation to go")
        assert "pfifo 9:" in bench.router.tc(
            "qdisc", "show", "dev", "eth1").stdout
    finally:
        bench.router.tc("qdisc", "del", "dev", "eth1", "root")
    lab.wait_for(lambda: interface(bench)["tc_ready"], "its return")
    for v, port in HONEST.items():
        lab.wait_for(lambda: refresh(bench) or bench.reservation(port),
                     "the reservation", every=0.2)
        wait_installed(bench, port)
    shown = bench.router.tc("filter", "show", "dev", "eth1").stdout
    for port in HONEST.values():
        assert f"flowid {bench.reservation(port)['classid']} " in shown


# ---- files ------------------------------------------------------------------

def test_a_reload_of_broken_files_changes_nothing(bench):
    daemon = bench.daemon
    good_conf, good_policy = daemon.conf.read_bytes(), \
        daemon.policy.read_bytes()
    rules = len(daemon.ctl_json("show", "policy")["rules"])
    bad = [b"", b"\0" * 100, b"(" * 100000, b"x" * 2000000,
           b'@include "/tmp"\n', b"interfaces = 1;", b"policy = 1;"]
    try:
        for text in bad[1:]:
            before = daemon.process.output().count("reload refused")
            daemon.conf.write_bytes(text)
            daemon.policy.write_bytes(text)
            os.kill(daemon.supervisor(), signal.SIGHUP)
            lab.wait_for(lambda b=before: daemon.process.output().count(
                "reload refused") > b, "the reload to be refused")
            refresh(bench)
    finally:
        daemon.conf.write_bytes(good_conf)
        daemon.policy.write_bytes(good_policy)
    os.kill(daemon.supervisor(), signal.SIGHUP)
    lab.wait_for(lambda: len(daemon.ctl_json("show", "policy")["rules"]) ==
                 rules, "the rules")
