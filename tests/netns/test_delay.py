# SPDX-License-Identifier: ISC
"""What a path says of itself, and what is asked for because of it: latency,
packet size, the rate for a delay, slack.  Sender s, router r, receiver c."""

import pytest

import lab

DST = "10.1.2.10"
LATENCY_US = {"s": 1000, "r": 2500}
MTU = 1400  # of the second link


def conf(names, latency_us=0, more=""):
    latency = f'latency = "{latency_us} us"; ' if latency_us else ""
    return "interfaces = (\n" + ",\n".join(
        f'  {{ name = "{n}"; bandwidth = "10 Mbit"; refresh = "2 s"; '
        f'{latency}{more}}}' for n in names) + "\n);\n"


class Bed:
    def __init__(self, where):
        self.lab = where
        s, r, c = (self.lab.node("s"), self.lab.node("r", forward=True),
                   self.lab.node("c"))
        self.lab.link(s, "eth0", r, "eth0", v4=("10.1.1.10", "10.1.1.1", 24))
        self.lab.link(r, "eth1", c, "eth0", v4=("10.1.2.1", DST, 24), mtu=MTU)
        s.ip("route", "add", "default", "via", "10.1.1.1")
        c.ip("route", "add", "default", "via", "10.1.2.1")
        self.nodes = {"s": s, "r": r, "c": c}
        self.daemons = {
            "s": lab.Daemon(s, conf(["eth0"], LATENCY_US["s"]), wait=False),
            "r": lab.Daemon(r, conf(["eth0", "eth1"], LATENCY_US["r"],
                                    "useSlack = true; "), wait=False),
            "c": lab.Daemon(c, conf(["eth0"]), wait=False)}
        for daemon in self.daemons.values():
            daemon.wait_traffic_control()

    def app(self, node, *words):
        daemon = self.daemons[node]
        return self.nodes[node].start(
            lab.program("rsvpctl"), "--rapi-socket", daemon.rapi, "--json",
            *words, name=f"{words[0]}-{len(self.lab.processes)}")

    def send(self, port, rate="500 kbit"):
        return self.app("s", "send", DST, port, "--rate", rate, "--bucket",
                        "6 kB", "--max", 1500)

    def reserve(self, port, *options):
        return self.app("c", "reserve", DST, port, "--service", "gs",
                        "--confirm", *options)

    def granted(self, port):
        return [r["flow"]["rate_Bps"] if isinstance(r.get("flow"), dict)
                else r["rate_Bps"]
                for r in self.daemons["r"].ctl_json(
                    "show", "reservations")["reservations"]
                if r["session"]["port"] == port]


@pytest.fixture(scope="module")
def bed():
    lab.require_root()
    with lab.Lab("rsvpis") as where:
        yield Bed(where)


def wait_event(app, kind):
    def found():
        return [e for e in app.events() if e["event"] == kind and e["flows"]]

    lab.wait_for(found, f"{kind} at {app.name}: {app.output()[-1500:]}")
    return found()[-1]


def test_a_path_tells_latency_and_packet_size(bed):
    sender = bed.send(5001)
    receiver = bed.reserve(5001)
    path = wait_event(receiver, "path_event")["flows"][0]
    assert path["latency_us"] == sum(LATENCY_US.values())
    assert path["path_mtu"] == MTU and not path["break"]
    wait_event(receiver, "resv_confirm")
    # The sender's Tspec went as it was; what comes back fits the path.
    assert path["M"] == 1500
    assert wait_event(sender, "resv_event")["flows"][0]["M"] == MTU
    receiver.stop()
    sender.stop()


def test_a_delay_is_asked_for_with_the_latency_in_it(bed):
    sender = bed.send(5002)
    latency = sum(LATENCY_US.values())
    queueing = bed.reserve(5002, "--bound-us", 90000 - latency)
    wanted = wait_event(queueing, "path_event")
    assert wanted["bound_us"] <= 90000 - latency
    queueing.stop()
    whole = bed.reserve(5002, "--delay-us", 90000)
    assert wait_event(whole, "path_event")["R"] == wanted["R"]
    wait_event(whole, "resv_confirm")
    whole.stop()
    short = bed.reserve(5002, "--delay-us", latency)
    short.wait_output(f"the path itself takes {latency} us at least")
    short.stop()
    sender.stop()


def test_slack_buys_room_on_a_full_link(bed):
    senders = [bed.send(5003, "400 kB/s"), bed.send(5004, "200 kB/s")]
    first = bed.reserve(5003, "--rate", "500 kB/s")
    wait_event(first, "resv_confirm")
    # 75 % of 1.25 MB/s is for sale: 270 kB/s and its headers fit still.
    greedy = bed.reserve(5004, "--rate", "330 kB/s")
    refused = wait_event(greedy, "resv_error")
    assert (refused["code"], refused["value"]) == (1, 2)
    greedy.stop()
    patient = bed.reserve(5004, "--rate", "330 kB/s", "--bound-us", 2000000)
    wait_event(patient, "resv_confirm")
    heard = wait_event(senders[1], "resv_event")["flows"][0]
    assert 200000 <= heard["R"] < 330000
    assert 0 < heard["S"] < 2000000
    # What was taken stays taken while the refreshes come and go.
    first.stop()
    lab.wait_for(lambda: len(bed.daemons["r"].ctl_json(
        "show", "reservations")["reservations"]) == 1, "the tear")
    again = bed.daemons["s"].ctl_json("show", "reservations")["reservations"]
    assert [r for r in again if r["session"]["port"] == 5004]
    assert wait_event(senders[1], "resv_event")["flows"][0] == heard
    patient.stop()
    for sender in senders:
        sender.stop()
