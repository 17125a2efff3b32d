# SPDX-License-Identifier: ISC
"""A sending host and a receiving one, with a daemon each: policy of its users
is decided at the sender's."""

import json
import os
import signal

import ear as ears
import lab

A4, B4 = "10.3.3.1", "10.3.3.2"
UID = 30001
CONF = """
accounting = { records = true; MORE };
interfaces = (
  { name = "eth0"; enabled = true; trafficControl = true;
    bandwidth = "100 Mbit"; reservable = 50; refresh = "2 s"; }
);
"""
ANY = """policy = { categories = ( { name = "any"; } );
  rules = ( { name = "any"; scope = "RSVP"; category = "any"; } ); };"""


class Pair:
    """A sending host and a receiving one, with a daemon each."""

    def __init__(self, text, more=""):
        self.lab = lab.Lab("rsvpacc")
        try:
            self.a = self.lab.node("a")
            self.b = self.lab.node("b")
            self.lab.link(self.a, "eth0", self.b, "eth0", (A4, B4, 24),
                          ("2001:db8:33::1", "2001:db8:33::2", 64))
            mac = json.loads(lab.run("ip", "-n", self.b.ns, "-j", "link",
                                     "show", "eth0").stdout)[0]["address"]
            self.a.ip("neigh", "replace", B4, "lladdr", mac, "dev", "eth0",
                      "nud", "permanent")
            self.daemon = lab.Daemon(self.a, CONF.replace("MORE", more),
                                     text)
            self.peer = lab.Daemon(
                self.b, CONF.replace("true; MORE", "false;"), ANY)
            self.daemon.wait_traffic_control()
            self.peer.wait_traffic_control()
        except BaseException:
            self.lab.close()
            raise

    def file(self):
        return self.daemon.log_dir / "accounting.jsonl"

    def records(self, path=None):
        path = path or self.file()
        return [json.loads(line) for line in
                path.read_text().splitlines()] if path.exists() else []

    def ended(self, count=1, record="reservation"):
        def found():
            some = [r for r in self.records()
                    if r["record"] == record and r["event"] == "end"]
            return len(some) >= count and some
        return lab.wait_for(found, f"{count} ends of {record}s: "
                            f"{self.daemon.process.output()[-1500:]}")

    def sender(self, port, uid=UID, rate=125000, src_port=None):
        return self.a.start(
            lab.program("rsvpctl"), "--json", "--rapi-socket",
            self.daemon.rapi, "send", B4, port, "--src-port",
            src_port or port, "--rate", rate, "--bucket", 20000, "--min",
            200, "--max", 1200, name=f"send-{port}", uid=uid)

    def receiver(self, port, *options, uid=UID):
        return self.b.start(
            lab.program("rsvpctl"), "--json", "--rapi-socket", self.peer.rapi,
            "reserve", B4, port, *options, name=f"recv-{port}", uid=uid)

    def reserve(self, port, *options, **more):
        """A reservation that is in the kernel: the sender, the receiver and
        what `show reservations` says of it."""
        return (self.sender(port, **more), self.receiver(port, *options),
                self.installed(port))

    def reservation(self, port):
        for r in self.daemon.ctl_json(
                "show", "reservations").get("reservations", []):
            if r["session"]["port"] == port and r["state"] == "installed":
                return r
        return None

    def installed(self, port, timeout=lab.PATIENCE_S):
        """With its counters, which the kernel tells a moment later."""
        def found():
            one = self.reservation(port)
            return one and "classid" in one and one
        return lab.wait_for(found, f"port {port} installed: "
                            f"{self.daemon.process.output()[-1500:]}",
                            timeout)

    def send(self, count, port, size=1000):
        ears.send(self.a, count, B4, ports=[port], size=size, sport=port)

    def counted(self, classid, packets):
        """Octets and packets of a class, when that many have left it."""
        def found():
            one = {c["handle"]: c for c in self.a.tc_classes("eth0")}[classid]
            return one["packets"] >= packets and one
        return lab.wait_for(found, f"{packets} packets in {classid}")

    def change(self, text):
        self.daemon.policy.write_text(text)
        os.kill(self.daemon.supervisor(), signal.SIGHUP)
