# SPDX-License-Identifier: ISC
"""Applications of the RAPI against real daemons: sender s, router r,
receiver c.  No policy: what is refused here, the RAPI server refuses."""

import os
import signal

import pytest

import lab

UID = 30001
OTHER_UID = 30002
ADDR = {4: ("10.1.1.10", "10.1.2.10"), 6: ("2001:db8:1::10", "2001:db8:2::10")}


def conf(*names):
    return "interfaces = (\n" + ",\n".join(
        f'  {{ name = "{n}"; enabled = true; trafficControl = true; '
        f'bandwidth = "10 Mbit"; refresh = "2 s"; }}' for n in names) + "\n);\n"


class Bed:
    def __init__(self):
        self.lab = lab.Lab("rsvprapi")
        try:
            self.build()
        except BaseException:
            self.lab.close()
            raise

    def build(self):
        self.s = self.lab.node("s")
        self.r = self.lab.node("r", forward=True)
        self.c = self.lab.node("c")
        self.lab.link(self.s, "eth0", self.r, "eth0",
                      v4=("10.1.1.10", "10.1.1.1", 24),
                      v6=("2001:db8:1::10", "2001:db8:1::1", 64))
        self.lab.link(self.r, "eth1", self.c, "eth0",
                      v4=("10.1.2.1", "10.1.2.10", 24),
                      v6=("2001:db8:2::1", "2001:db8:2::10", 64))
        for node, net in ((self.s, 1), (self.c, 2)):
            node.ip("route", "add", "default", "via", f"10.1.{net}.1")
            node.ip("-6", "route", "add", "default", "via",
                    f"2001:db8:{net}::1")
        self.daemons = {
            "s": lab.Daemon(self.s, conf("eth0"), wait=False),
            "r": lab.Daemon(self.r, conf("eth0", "eth1"), wait=False),
            "c": lab.Daemon(self.c, conf("eth0"), wait=False)}
        for daemon in self.daemons.values():
            daemon.wait_ready()

    def start(self, node, program, *argv, uid=UID):
        env = {"RAPI_SOCKET": str(self.daemons[node.name].rapi)}
        return node.start(lab.program(program), *argv, uid=uid, env=env,
                          name=f"{program}-{len(self.lab.processes)}")

    def sender(self, family, port, *options, uid=UID):
        return self.start(self.s, "rapi_send", "--dst", ADDR[family][1],
                          "--port", port, "--rate", 50000, "--bucket", 5000,
                          "--min", 1000, "--max", 1000, *options, uid=uid)

    def receiver(self, family, port, *options, uid=UID):
        return self.start(self.c, "rapi_recv", "--dst", ADDR[family][1],
                          "--port", port, "--confirm", *options, uid=uid)

    def reservations(self, host, port):
        return [r for r in self.daemons[host].ctl_json(
            "show", "reservations")["reservations"]
                if r["session"]["port"] == port]

    def expired(self, host):
        return self.daemons[host].ctl_json("show", "counters")["counters"][
            "resv_expired"]

    def kill_engine(self, host):
        daemon = self.daemons[host]
        old = daemon.workers()["engine"]
        os.kill(old, signal.SIGKILL)
        lab.wait_for(lambda: daemon.workers().get("engine") not in
                     (None, old), "a new engine")
        daemon.wait_ready()


@pytest.fixture(scope="module")
def bed():
    lab.require_root()
    b = Bed()
    yield b
    b.lab.close()


def events(app, kind):
    return [e for e in app.events() if e["event"] == kind]


def wait_event(app, kind, count=1):
    lab.wait_for(lambda: len(events(app, kind)) >= count,
                 f"{kind} {count} at {app.name}: {app.output()[-1500:]}")
    return events(app, kind)[-1]


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("service", ("gs", "cl"))
def test_a_flow_is_reserved_and_torn_with_its_applications(bed, family,
                                                           service):
    port = 5000 + family * 10 + len(service) + (service == "gs")
    sender = bed.sender(family, port, "--src-port", port)
    options = ["--bound-us", 60000] if service == "gs" else []
    receiver = bed.receiver(family, port, "--service", service, *options)
    confirmed = wait_event(receiver, "resv_confirm")
    assert confirmed["node"] == ADDR[family][0]
    reserved = wait_event(sender, "resv_event")
    assert reserved["flowspec"]["service"] == service
    path = events(receiver, "path_event")[0]
    assert path["hops"] == 2 and path["mtu"] == 1500 and not path["break"]
    if service == "gs":
        assert path["bound_us"] <= 60000
        assert abs(reserved["flowspec"]["R"] - path["R"]) < 1
    assert bed.reservations("r", port)
    assert len(events(receiver, "reserve")) == 1, receiver.output()
    # Killed without a word: its daemon tears at once, not after the lifetime
    # (10.5 s with R = 2 s).
    expired = bed.expired("r")
    receiver.popen.kill()
    lab.wait_for(lambda: not bed.reservations("r", port), "ResvTear")
    assert bed.expired("r") == expired
    assert lab.wait_for(lambda: events(sender, "resv_event")[-1]
                        ["flowspecs"] == 0, "the sender to hear of it")
    sender.stop()
    assert sender.events()[-1]["event"] == "released"


def test_reservations_outlive_the_daemons_without_a_call(bed):
    sender = bed.sender(4, 5100, "--src-port", 5100)
    receiver = bed.receiver(4, 5100, "--service", "cl")
    wait_event(receiver, "resv_confirm")
    for host in ("c", "s"):
        bed.kill_engine(host)
    wait_event(receiver, "reconnect")
    wait_event(sender, "reconnect")
    wait_event(sender, "resv_event", 2)
    assert wait_event(receiver, "path_event", 2)["senders"] == 1
    lab.wait_for(lambda: [r for r in bed.reservations("c", 5100)
                          if r["state"] == "local"], "the request again")
    assert len(events(receiver, "reserve")) == 1, receiver.output()
    assert sender.popen.poll() is None and receiver.popen.poll() is None
    sender.stop()
    receiver.stop()


def test_a_sender_that_did_not_come_back_is_reported(bed):
    sender = bed.sender(4, 5110, "--src-port", 5110)
    receiver = bed.receiver(4, 5110, "--service", "cl")
    wait_event(receiver, "path_event")
    engine = bed.daemons["s"].workers()["engine"]
    os.kill(bed.daemons["s"].supervisor(), signal.SIGSTOP)
    try:
        # The sender's host falls silent, and the receiver's forgets.
        os.kill(engine, signal.SIGSTOP)
        bed.kill_engine("c")
        bed.kill_engine("r")
        lab.wait_for(lambda: events(receiver, "path_event")[-1]["senders"]
                     == 0, "the path to be reported gone", 30)
    finally:
        # The other way round it may be killed as one that hangs.
        os.kill(engine, signal.SIGCONT)
        os.kill(bed.daemons["s"].supervisor(), signal.SIGCONT)
    sender.stop()
    receiver.stop()


def hold(node, addr, port, uid):
    family = "AF_INET6" if ":" in addr else "AF_INET"
    process = node.start(
        "/usr/bin/python3", "-c",
        f"import socket, time\ns = socket.socket(socket.{family}, "
        f"socket.SOCK_DGRAM)\ns.bind(({addr!r}, {port}))\n"
        "print('bound', flush=True)\ntime.sleep(60)", uid=uid,
        name=f"hold-{port}-{uid}")
    process.wait_output("bound")
    return process


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("any_addr", (True, False))
def test_a_port_of_another_user_is_his(bed, family, any_addr):
    port = 5200 + family * 2 + any_addr
    addr = ("0.0.0.0" if family == 4 else "::") if any_addr else None
    here = hold(bed.s, addr or ADDR[family][0], port, OTHER_UID)
    there = hold(bed.c, addr or ADDR[family][1], port, OTHER_UID)
    sender = bed.sender(family, port, "--src-port", port)
    error = wait_event(sender, "path_error")
    assert (error["code"], error["value"]) == (20, 64)
    assert f"held by uid {OTHER_UID}" in error["text"]
    # Its owner may, and so may root.
    for uid in (OTHER_UID, 0):
        owner = bed.sender(family, port, "--src-port", port, uid=uid)
        receiver = bed.receiver(family, port, "--service", "cl", uid=uid)
        wait_event(receiver, "resv_confirm")
        owner.stop()
        receiver.stop()
    owner = bed.sender(family, port, "--src-port", port, uid=OTHER_UID)
    receiver = bed.receiver(family, port, "--service", "cl")
    error = wait_event(receiver, "resv_error")
    assert (error["code"], error["value"]) == (20, 64)
    for app in (sender, owner, receiver, here, there):
        app.stop()


def test_addresses_of_others_and_flows_of_everybody_are_refused(bed):
    sender = bed.sender(4, 5300, "--src-addr", "10.1.2.10", "--src-port", 1)
    assert wait_event(sender, "path_error")["value"] == 21
    sender.stop()
    sender = bed.sender(4, 5300)
    error = wait_event(sender, "path_error")
    assert error["value"] == 64 and "every user" in error["text"]
    sender.stop()
    sender = bed.sender(4, 5300, uid=0)
    receiver = bed.receiver(4, 5300, "--service", "cl")
    wait_event(receiver, "resv_confirm")
    sender.stop()
    receiver.stop()


def test_the_daemon_tells_who_it_cut_off(bed):
    """Anybody may connect, and nothing he says hurts others."""
    sender = bed.sender(4, 5310, "--src-port", 5310)
    for junk in ("b'x' * 40", "b'\\xff' * 65536", "b'\\x0c' + bytes(11)"):
        bed.s.run("/usr/bin/python3", "-c",
                  "import socket\ns = socket.socket(socket.AF_UNIX, "
                  "socket.SOCK_SEQPACKET)\n"
                  f"s.connect({str(bed.daemons['s'].rapi)!r})\n"
                  f"s.send({junk})\n"
                  "try:\n    while s.recv(65536): pass\n"
                  "except ConnectionResetError: pass", uid=OTHER_UID)
    receiver = bed.receiver(4, 5310, "--service", "cl")
    wait_event(receiver, "resv_confirm")
    counters = bed.daemons["s"].ctl_json("show", "counters")
    assert "api_bad" in str(counters)
    assert sender.popen.poll() is None
    sender.stop()
    receiver.stop()
