# SPDX-License-Identifier: ISC
"""The demo: one reservation of each kind, from the application to the kernel,
in both address families, judged by what the packets did."""

import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

import bed as beds
import host
import judge
import lab

FLOWS = [  # name, family, service, port, number in the records
    ("gs-v4", "ipv4", "GS", 5004, 1),
    ("cl-v4", "ipv4", "CL", 5006, 2),
    ("gs-v6", "ipv6", "GS", 5008, 3),
    ("cl-v6", "ipv6", "CL", 5010, 4),
]
PROBE = 99
FLOOD_FLOWS = 32
FLOOD_RATE = 3 * 10_000_000 // 8  # octets a second: three times the link
WANTED_BOUND_US = 65_000
SECONDS_WITHOUT = 6
SECONDS_WITH = 14
ERROR_SEVERITY = "8388608"  # of tshark's expert notes
MESSAGE_TYPES = {1: "Path", 2: "Resv", 3: "PathErr", 4: "ResvErr",
                 5: "PathTear", 6: "ResvTear", 7: "ResvConf"}


class Demo:
    def __init__(self, options):
        self.options = options
        self.checks = []
        self.flows = []
        self.out = lab.BUILD / "demo"
        self.out.mkdir(parents=True, exist_ok=True)

    def say(self, text=""):
        print(text, flush=True)

    def check(self, name, ok, detail):
        self.checks.append({"name": name, "ok": bool(ok), "detail": detail})
        self.say(f"  [{'ok' if ok else 'FAILED'}] {name}: {detail}")

    # ---- the parts ---------------------------------------------------------

    def run(self):
        self.say("sender s -- 100 Mbit/s -- router r -- 10 Mbit/s -- "
                 "receiver c")
        self.bed = beds.Bed("rsvpdemo", keep_dir=self.out)
        try:
            self.capture_start()
            self.sandbox()
            self.without()
            self.reserve()
            self.with_reservations()
            self.installed()
            self.refusals()
            self.teardown()
            self.capture_check()
            self.dump()
        finally:
            if self.options.keep:
                self.say("kept: namespaces " + ", ".join(
                    n.ns for n in self.bed.lab.nodes.values()))
            else:
                self.bed.close()
        return self.report()

    def sandbox(self):
        self.say("\nThe daemons, as in production:")
        want_caps = {"engine": 0, "tcctl": 1 << 12, "policyd": 0}
        for name, daemon in self.bed.daemons.items():
            for worker, pid in sorted(daemon.workers().items()):
                status = lab.process_status(pid)
                uid = int(status["Uid"].split()[0])
                caps = int(status["CapEff"], 16)
                ok = (uid != 0 and caps == want_caps[worker] and
                      status["NoNewPrivs"] == "1" and
                      status["Seccomp"] == "2")
                self.check(f"sandbox-{name}-{worker}", ok,
                           f"uid {uid}, capabilities {caps:#x}, no new "
                           f"privileges {status['NoNewPrivs']}, seccomp "
                           f"{status['Seccomp']}")
            self.check(f"workers-{name}", len(daemon.workers()) == 3,
                       "engine, tcctl, policyd")

    def traffic(self, seconds, bounds=None):
        """Send all flows at their full Tspec through the flood; judge."""
        bed = self.bed
        receivers = [
            lab.Receiver(bed.c, beds.RECEIVER[family],
                         [f[3] for f in FLOWS if f[1] == family], family,
                         uid=beds.ALLOWED_UID)
            for family in ("ipv4", "ipv6")]
        probe_recv = lab.Receiver(bed.c, beds.PROBE_ADDR, [5999], "probe")
        probe = lab.Sender(bed.s, "probe", beds.PROBE_ADDR, 5999, flow=PROBE,
                           rate=100_000, packet=100)
        # Half the flood in each family; ports of its own.
        flood = [lab.Sender(bed.s, f"flood-{family}", beds.RECEIVER[family],
                            9, flows=FLOOD_FLOWS // 2, src_port=20000,
                            flow=1000, rate=FLOOD_RATE // 2, packet=1400,
                            bucket=28000)
                 for family in ("ipv4", "ipv6")]
        self.wait_backlog()
        senders = [
            lab.Sender(bed.s, f"flow-{port}", beds.RECEIVER[family], port,
                       src_port=port, flow=number, rate=beds.FLOW_RATE_BPS,
                       bucket=beds.FLOW_BUCKET, packet=beds.FLOW_PACKET,
                       duration_ms=seconds * 1000, uid=beds.ALLOWED_UID)
            for _, family, _, port, number in FLOWS]
        sent = [s.wait(seconds + 20) for s in senders]
        self.wait_quiet(receivers)
        for f in flood:
            f.stop()
        probe.stop()
        stalls = judge.Probe(probe_recv.stop())
        seen = [r for receiver in receivers for r in receiver.stop()]
        results = []
        for (name, family, service, _, number), n in zip(FLOWS, sent):
            payload = beds.FLOW_PACKET - (28 if family == "ipv4" else 48)
            bound = (bounds or {}).get(name)
            result = judge.flow(seen, number, n, bound, stalls, payload)
            result.update(name=name, family=family, reserved=bounds is not None,
                          service=service if bounds is not None else "BE")
            results.append(result)
        self.flows += results
        return results

    def wait_backlog(self):
        """Until the router's best effort queue is full of the flood."""
        def backlog():
            return any(c.get("backlog", 0) > 5000
                       for c in self.bed.r.tc_classes("eth1"))
        lab.wait_for(backlog, "a queue at the router", 10)

    @staticmethod
    def wait_quiet(receivers):
        """Until what is under way has arrived (or half a second is over)."""
        size = -1
        for _ in range(10):
            now = sum(r.path.stat().st_size for r in receivers)
            if now == size:
                return
            size = now
            time.sleep(0.1)

    def table(self, results):
        self.say(f"  {'flow':8}{'sent':>7}{'lost':>7}{'loss':>8}"
                 f"{'p50 ms':>9}{'max ms':>9}{'bound ms':>10}{'Mbit/s':>8}")
        for r in results:
            bound = f"{r['bound_us'] / 1000:.1f}" if r["bound_us"] else "-"
            loss = 100 * r["lost"] / max(1, r["sent"])
            p50 = (r["delay_us"]["p50"] or 0) / 1000
            top = (r["delay_us"]["max"] or 0) / 1000
            self.say(f"  {r['name']:8}{r['sent']:>7}{r['lost']:>7}"
                     f"{loss:>7.1f}%{p50:>9.2f}{top:>9.2f}{bound:>10}"
                     f"{r['rate_bps'] / 1e6:>8.2f}")

    def without(self):
        self.say(f"\nWithout reservations, {FLOOD_FLOWS} flows offering three "
                 f"times the link ({SECONDS_WITHOUT} s):")
        results = self.traffic(SECONDS_WITHOUT)
        self.table(results)
        for r in results:
            self.check(f"unreserved-{r['name']}-loses",
                       r["lost"] > 0.2 * r["sent"],
                       f"{100 * r['lost'] / r['sent']:.1f} % lost")

    def reserve(self):
        self.say("\nApplications reserve (RAPI, RSVP, policy from the "
                 "directory, kernel):")
        bed = self.bed
        self.apps = {}
        for name, family, service, port, _ in FLOWS:
            options = ["--service", service.lower(), "--confirm"]
            if service == "GS":
                options += ["--bound-us", WANTED_BOUND_US]
            self.apps[name] = (bed.sender_app(family, port),
                               bed.receiver_app(family, port, *options))
        for name, _, _, port, _ in FLOWS:
            sender, receiver = self.apps[name]
            confirmed = beds.wait_event(receiver, "resv_confirm")
            beds.wait_event(sender, "resv_event")
            self.check(f"reserved-{name}", confirmed is not None,
                       f"confirmed by {confirmed.get('node')}")
            lab.wait_for(lambda p=port: bed.installed(bed.r, "eth1", p),
                         f"class for port {port} at the router")

    def undisturbed(self, bounds):
        """Once more where the host of a virtual machine took its processors,
        and the last time whatever it was."""
        before = list(self.flows)

        def measure():
            self.flows = list(before)
            results = self.traffic(SECONDS_WITH, bounds)
            self.table(results)
            return results
        return host.undisturbed(
            measure, lambda results: all(map(judge.within_bound, results)),
            say=lambda text: self.say("  " + text))[0]

    def with_reservations(self):
        bounds = {}
        for name, _, service, _, _ in FLOWS:
            if service == "GS":
                path = beds.wait_event(self.apps[name][1], "path_event")
                bounds[name] = round(path["bound_us"], 1)
        self.say(f"\nWith reservations, the same flood ({SECONDS_WITH} s):")
        results = self.undisturbed(bounds)
        for r in results:
            if r["service"] == "GS":
                self.check(f"bound-{r['name']}-kept", judge.within_bound(r),
                           f"{r['lost']} lost, {r['late']} late, "
                           f"{r['excused']} excused, max "
                           f"{r['delay_us']['max']} us of {r['bound_us']} us")
            else:
                self.check(f"no-loss-{r['name']}", r["lost"] == 0,
                           f"{r['lost']} of {r['sent']} lost")
        router = next(i for i in beds.interfaces(self.bed.daemons["r"])
                      if i["name"] == "eth1")
        self.check("bound-is-tight", 0 < router["D_us"] <= 25000,
                   f"D at the bottleneck {router['D_us']} us, at most 25000")

    def installed(self):
        self.say("\nWhat was installed at the router, and why it was allowed:")
        for line in self.bed.daemons["r"].ctl(
                "show", "reservations").stdout.splitlines():
            self.say("  " + line)
        counted = {resv["session"]["port"]: resv
                   for resv in self.bed.reservations(self.bed.r)
                   if resv["interface"] == "eth1"}
        for name, _, _, port, _ in FLOWS:
            result = next(f for f in self.flows
                          if f["name"] == name and f["reserved"])
            packets = counted[port]["packets"]
            self.check(f"class-counts-{name}", packets >= result["sent"],
                       f"{packets} packets in the class, {result['sent']} "
                       f"sent")

    def refusals(self):
        self.say("\nWhat was refused, and why:")
        bed = self.bed
        for family, port in (("ipv4", 5020), ("ipv6", 5022)):
            # For capacity, at the router: told in figures.
            bed.sender_app(family, port, rate=900_000)
            greedy = bed.receiver_app(family, port, "--service", "cl")
            error = beds.wait_event(greedy, "resv_error")
            self.check(f"capacity-refused-{family}",
                       error["code"] == 1 and error["value"] == 2,
                       f"code {error['code']} value {error['value']} from "
                       f"{error['node']}")
            why = self.explain("r", port)
            self.check(f"capacity-explained-{family}",
                       why is not None and "free" in why["reason"],
                       why["reason"] if why else "no record")
            # By policy, at the receiver's own host.
            guest = bed.receiver_app(family, port, "--service", "cl",
                                     uid=beds.REFUSED_UID,
                                     name=f"guest-{port}")
            error = beds.wait_event(guest, "resv_error")
            self.check(f"policy-refused-{family}", error["code"] == 2 and
                       "no-guests" in error.get("text", ""),
                       f"code {error['code']}: {error.get('text')}")
            why = self.explain("c", port)
            self.check(f"policy-explained-{family}", why is not None and
                       why["rule"] == "no-guests", why["reason"] if why
                       else "no record")
        for family, port in (("ipv4", 5030), ("ipv6", 5032)):
            self.port_conflict(family, port)

    def port_conflict(self, family, port):
        """A session without a port, known at the router only, conflicts with
        one that has a port (RFC 2205 3.2): PathErr from the router."""
        bed = self.bed
        there = beds.SECOND[family]
        bed.sender_app(family, 0, node=bed.r, dst=there, src_port=0,
                       uid=0, name=f"send-portless-{family}")
        lab.wait_for(lambda: any(
            s["dst"] == there and s["paths"] for s in
            bed.daemons["r"].ctl_json("show", "sessions")["sessions"]),
            "path state at the router")
        app = bed.sender_app(family, port, dst=there)
        error = beds.wait_event(app, "path_error")
        self.check(f"port-conflict-{family}", error["code"] == 7,
                   f"code {error['code']} from {error['node']}")

    def explain(self, node, port):
        for refusal in self.bed.daemons[node].ctl_json("explain")["refusals"]:
            if refusal["session"]["port"] == port:
                return refusal
        return None

    def teardown(self):
        self.say("\nTear-down:")
        bed = self.bed
        for name, _, _, port, _ in FLOWS:
            sender, receiver = self.apps[name]
            (receiver if port % 4 == 0 else sender).stop()
        for process in reversed(bed.lab.processes):
            if "-send-" in process.name or "-recv-" in process.name:
                process.stop()

        def empty():
            return all(i["reserved_bps"] == 0 and i["flows"] == 0
                       for d in bed.daemons.values()
                       for i in beds.interfaces(d))
        try:
            lab.wait_for(empty, "empty ledgers", 10)
            self.check("all-released", True, "ledgers empty on all hosts")
        except TimeoutError as error:
            self.check("all-released", False, str(error))

    # ---- the capture ---------------------------------------------------------

    def capture_start(self):
        self.captures = []
        for interface in ("eth0", "eth1"):
            path = self.bed.lab.dir / f"r-{interface}.pcap"
            process = self.bed.r.start(
                "tcpdump", "-i", interface, "-U", "--immediate-mode", "-Z", "root", "-w", path,
                "ip proto 46 or (ip6 and (ip6[6] == 46 or ip6[6] == 0))",
                name=f"tcpdump-{interface}")
            process.wait_output("listening on")
            self.captures.append((path, process))

    def capture_check(self):
        self.say("\nThe messages on the wire, as tshark sees them:")
        seen = {4: {}, 6: {}}
        bad = 0
        right = 0
        for path, process in self.captures:
            process.stop(signal.SIGINT)
            rows = self.tshark(path, "-T", "fields", "-e", "ipv6.version",
                               "-e", "rsvp.msg", "-e", "_ws.malformed", "-e",
                               "_ws.expert.severity")
            for row in rows.splitlines():
                v6, kind, malformed, severity = row.split("\t")
                version = 6 if v6 else 4
                number = int(kind.split(",")[0])
                seen[version][number] = seen[version].get(number, 0) + 1
                bad += bool(malformed) or ERROR_SEVERITY in severity
            text = self.tshark(path, "-V")
            right += text.count("Message Checksum: ")
            bad += len(re.findall(r"(?i)checksum: 0x\w+ \[?incorrect", text))
        for version, kinds in seen.items():
            text = ", ".join(f"{MESSAGE_TYPES.get(k, k)} {n}"
                             for k, n in sorted(kinds.items()))
            self.check(f"all-types-ipv{version}",
                       set(kinds) >= set(MESSAGE_TYPES), text)
        count = sum(sum(k.values()) for k in seen.values())
        self.check("no-malformed-packet", bad == 0 and right == count,
                   f"{bad} malformed or with a wrong checksum, of {count}")

    @staticmethod
    def tshark(path, *options):
        return subprocess.run(
            ["tshark", "-r", path, "-Y", "rsvp", "-o",
             "ip.check_checksum:TRUE", *options],
            text=True, capture_output=True, check=True).stdout

    def dump(self):
        for node in (self.bed.s, self.bed.r, self.bed.c):
            text = ""
            for what in ("qdisc", "class", "filter"):
                text += lab.run("tc", "-n", node.ns, "-s", "-d", what, "show",
                                "dev", "eth0", check=False).stdout
                if node is self.bed.r:
                    text += lab.run("tc", "-n", node.ns, "-s", "-d", what,
                                    "show", "dev", "eth1", check=False).stdout
            (self.out / f"{node.name}-tc.txt").write_text(text)

    def report(self):
        failed = [c["name"] for c in self.checks if not c["ok"]]
        if self.options.json:
            keys = ("name", "family", "service", "reserved", "sent",
                    "received", "lost", "excused", "delay_us", "bound_us",
                    "rate_bps")
            pathlib.Path(self.options.json).write_text(json.dumps({
                "schema": 1,
                "flows": [{k: f[k] for k in keys} for f in self.flows],
                "checks": self.checks}, indent=2) + "\n")
        for f in self.flows:
            for seq, delay in f["excused_packets"]:
                self.say(f"excused: {f['name']} packet {seq}, {delay} ns")
        self.say(f"\n{len(self.checks) - len(failed)} checks passed, "
                 f"{len(failed)} failed; logs, capture and kernel dumps in "
                 f"{self.out.relative_to(lab.TOP)}")
        for name in failed:
            self.say(f"failed: {name}")
        return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--keep", action="store_true")
    sys.exit(Demo(parser.parse_args()).run())


if __name__ == "__main__":
    main()
