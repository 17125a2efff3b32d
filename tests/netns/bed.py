# SPDX-License-Identifier: ISC
"""The bed of the demo and of the end-to-end tests: sender - router - receiver,
10 Mbit/s between the last two with an independent wire behind it, a directory
that holds the policy."""

import lab

ALLOWED_UID = 30001
REFUSED_UID = 30002
DEMO = lab.TOP / "conf" / "examples" / "demo"

SENDER = {"ipv4": "10.1.1.10", "ipv6": "2001:db8:1::10"}
RECEIVER = {"ipv4": "10.2.2.20", "ipv6": "2001:db8:2::20"}
# A second address of the receiver, for sessions that conflict on purpose.
SECOND = {"ipv4": "10.2.2.21", "ipv6": "2001:db8:2::21"}
ROUTER = {"ipv4": "10.1.1.1", "ipv6": "2001:db8:1::1"}
PROBE_ADDR = "10.9.9.20"
FLOW_RATE_BPS = 125000   # octets a second, IP
FLOW_BUCKET = 3000
FLOW_PACKET = 1000


class Bed:
    """Three hosts and their daemons; close() removes all."""

    def __init__(self, kind, keep_dir=None, refresh=None, daemons=True):
        self.lab = lab.Lab(kind, keep_dir)
        self.refresh = refresh
        try:
            self.build()
            if daemons:
                self.start()
        except BaseException:
            self.lab.close()
            raise

    def build(self):
        self.s = self.lab.node("s")
        self.r = self.lab.node("r", forward=True)
        self.c = self.lab.node("c")
        self.lab.link(self.s, "eth0", self.r, "eth0",
                      ("10.1.1.10", "10.1.1.1", 24),
                      ("2001:db8:1::10", "2001:db8:1::1", 64))
        self.lab.link(self.r, "eth1", self.c, "eth0",
                      ("10.2.2.1", "10.2.2.20", 24),
                      ("2001:db8:2::1", "2001:db8:2::20", 64))
        self.lab.link(self.s, "probe0", self.c, "probe0",
                      ("10.9.9.10", PROBE_ADDR, 24))
        self.s.ip("route", "add", "default", "via", "10.1.1.1")
        self.s.ip("-6", "route", "add", "default", "via", "2001:db8:1::1")
        self.c.ip("route", "add", "default", "via", "10.2.2.1")
        self.c.ip("-6", "route", "add", "default", "via", "2001:db8:2::1")
        self.c.ip("addr", "add", SECOND["ipv4"] + "/24", "dev", "eth0")
        self.c.ip("addr", "add", SECOND["ipv6"] + "/64", "dev", "eth0",
                  "nodad")
        # What the router sends to the receiver passes a real serialiser.
        self.c.serialise("eth0", "wire0", "10mbit")

    def start(self):
        self.slapd = lab.Slapd(self.lab, (DEMO / "demo.ldif").read_text())
        policy = (DEMO / "policy.conf").read_text().replace(
            '"URI"', f'"{self.slapd.uri}"')
        self.daemons = {}
        for node, name in ((self.s, "sender"), (self.r, "router"),
                           (self.c, "receiver")):
            conf = (DEMO / f"{name}.conf").read_text()
            if self.refresh:
                conf = conf.replace('"5 s"', f'"{self.refresh}"')
            self.daemons[node.name] = lab.Daemon(node, conf, policy,
                                                 wait=False)
        for daemon in self.daemons.values():
            daemon.wait_ready()
        for daemon in self.daemons.values():
            lab.wait_for(lambda d=daemon: self.has_policy(d),
                         "the directory's rules in force")
            daemon.wait_traffic_control()

    @staticmethod
    def has_policy(daemon):
        return len(daemon.ctl_json("show", "policy").get("rules", [])) >= 4

    def close(self):
        self.lab.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # ---- applications ----------------------------------------------------

    def sender_app(self, family, port, uid=ALLOWED_UID, node=None, dst=None,
                   rate=FLOW_RATE_BPS, name=None, src_port=None):
        node = node or self.s
        return node.start(
            lab.program("rsvpctl"), "--json", "--rapi-socket",
            self.daemons[node.name].rapi, "send", dst or RECEIVER[family],
            port, "--src-port", port if src_port is None else src_port,
            "--rate", rate, "--bucket", FLOW_BUCKET, "--min", FLOW_PACKET,
            "--max", FLOW_PACKET, name=name or f"send-{port}", uid=uid)

    def receiver_app(self, family, port, *options, uid=ALLOWED_UID, name=None):
        return self.c.start(
            lab.program("rsvpctl"), "--json", "--rapi-socket",
            self.daemons["c"].rapi, "reserve", RECEIVER[family], port,
            *options, name=name or f"recv-{port}", uid=uid)

    def reservations(self, node):
        return self.daemons[node.name].ctl_json(
            "show", "reservations")["reservations"]

    def installed(self, node, ifname, port):
        """The reservation for that port on an interface, once it is there."""
        for resv in self.reservations(node):
            if (resv["interface"] == ifname and
                    resv["session"]["port"] == port and
                    resv["state"] == "installed"):
                return resv
        return None


def interfaces(daemon):
    return daemon.ctl_json("show", "interfaces")["interfaces"]


def event(app, kind):
    """The first event of that kind that an application has seen."""
    for entry in app.events():
        if entry.get("event") == kind:
            return entry
    return None


def wait_event(app, kind, timeout=lab.PATIENCE_S):
    return lab.wait_for(lambda: event(app, kind),
                        f"{kind} at {app.name}: {app.output()[-1500:]}",
                        timeout)
