# SPDX-License-Identifier: ISC
"""A laboratory of network namespaces: hosts, links, daemons, a directory.

Everything it makes carries its own prefix and is removed by close().  Nothing
of the host is touched: no unit, no file below /etc, no interface.
"""

import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("RSVPD_BUILD", TOP / "build"))
# The library as built, for programs that are run past libtool's wrapper.
os.environ["LD_LIBRARY_PATH"] = str(BUILD / ".libs")


# How long a test waits for what is to come: when all is well it costs nothing,
# and a machine may be slow, or busy with others.
PATIENCE_S = 30.0


class Refused(Exception):
    """A command failed; its output is the message."""


def wait_for(condition, what, timeout=PATIENCE_S, every=0.02):
    """Call condition until it returns something true; return that."""
    deadline = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {what}")
        time.sleep(every)


def within(limit_s, condition, what):
    """The same, and that it was true in that time: what is found out too late,
    because looking takes so long, may have been true before."""
    start = time.monotonic()
    last = [0.0]  # when a look began that found it untrue

    def look():
        begun = time.monotonic() - start
        found = condition()
        if not found:
            last[0] = begun
        return found
    found = wait_for(look, what)
    assert last[0] <= limit_s, f"{what}: not yet after {last[0]:.1f} s"
    return found


def run(*argv, check=True, stdin=None, timeout=60):
    done = subprocess.run([str(a) for a in argv], text=True, input=stdin,
                          capture_output=True, timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise Refused(f"{' '.join(map(str, argv))}: exit {done.returncode}\n"
                      f"{done.stdout}{done.stderr}")
    return done


def program(name):
    """The built program; never the libtool wrapper, which starts slowly."""
    for folder in ("rsvpd", "tcctl", "policy", "ctl", "tests/clients", "rapi", "tests/bench",
                   ""):
        for path in (BUILD / folder / ".libs" / name, BUILD / folder / name):
            if path.is_file() and os.access(path, os.X_OK):
                return path
    raise FileNotFoundError(f"{name} is not built in {BUILD}")


def remove_leftovers(kind):
    """Namespaces and folders of runs of this kind whose process is gone."""
    for line in run("ip", "netns", "list", check=False).stdout.splitlines():
        name = line.split()[0] if line else ""
        found = re.fullmatch(rf"{re.escape(kind)}(\d+)-.*", name)
        if found and not os.path.exists(f"/proc/{found.group(1)}"):
            for pid in run("ip", "netns", "pids", name,
                           check=False).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            run("ip", "netns", "del", name, check=False)
    for path in pathlib.Path(tempfile.gettempdir()).glob(f"{kind}*"):
        found = re.match(rf"{re.escape(kind)}(\d+)-", path.name)
        if found and not os.path.exists(f"/proc/{found.group(1)}"):
            shutil.rmtree(path, ignore_errors=True)


class Lab:
    """Namespaces with a common prefix, and the processes started in them."""

    opened = []  # and not closed: where making what is in it failed

    def __init__(self, kind="rsvpt", keep_dir=None):
        remove_leftovers(kind)
        self.opened.append(self)
        self.prefix = f"{kind}{os.getpid()}-"
        # UNIX socket paths are short: keep away from long build paths.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=self.prefix))
        self.dir.chmod(0o755)
        self.keep_dir = keep_dir
        self.nodes = {}
        self.processes = []

    def node(self, name, forward=False):
        node = Node(self, name, forward)
        self.nodes[name] = node
        return node

    def link(self, a, if_a, b, if_b, v4=None, v6=None, mtu=1500):
        """A veth pair; v4 and v6 are (address of a, address of b, length)."""
        run("ip", "link", "add", if_a, "netns", a.ns, "mtu", mtu, "type",
            "veth", "peer", "name", if_b, "netns", b.ns, "mtu", mtu)
        for node, name, side in ((a, if_a, 0), (b, if_b, 1)):
            # Offloads would make super-packets that no wire carries.
            if v4:
                node.ip("addr", "add", f"{v4[side]}/{v4[2]}", "dev", name)
            if v6:
                node.ip("addr", "add", f"{v6[side]}/{v6[2]}", "dev", name,
                        "nodad")
            node.ip("link", "set", name, "up")

    def close(self):
        if self in self.opened:
            self.opened.remove(self)
        for process in reversed(self.processes):
            process.stop()
        for node in self.nodes.values():
            for pid in run("ip", "netns", "pids", node.ns,
                           check=False).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            run("ip", "netns", "del", node.ns, check=False)
        if self.keep_dir:
            shutil.copytree(self.dir, self.keep_dir, dirs_exist_ok=True,
                            ignore=lambda d, names: [
                                n for n in names if not
                                (pathlib.Path(d, n).is_file() or
                                 pathlib.Path(d, n).is_dir())])
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class Process:
    """A process of ours with its output in a file."""

    def __init__(self, lab, argv, name, env=None):
        self.path = lab.dir / f"{name}.log"
        self.name = name
        again = 1
        while self.path.exists():  # one file for each process
            again += 1
            self.path = lab.dir / f"{name}-{again}.log"
        with open(self.path, "xb") as out:
            self.popen = subprocess.Popen(
                [str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=env)
        lab.processes.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def output(self):
        return self.path.read_text(errors="replace")

    def events(self):
        """Lines of the output that are JSON objects."""
        found = []
        for line in self.output().splitlines():
            if line.startswith("{"):
                with contextlib.suppress(json.JSONDecodeError):
                    found.append(json.loads(line))
        return found

    def wait_output(self, text, timeout=PATIENCE_S):
        return wait_for(lambda: text in self.output() or self.died(),
                        f"'{text}' from {self.name}: {self.output()[-2000:]}",
                        timeout)

    def died(self):
        if self.popen.poll() is not None:
            raise Refused(f"{self.name} ended with {self.popen.returncode}: "
                          f"{self.output()[-2000:]}")
        return False

    def stop(self, signo=signal.SIGTERM, timeout=PATIENCE_S):
        if self.popen.poll() is None:
            self.popen.send_signal(signo)
            self.popen.send_signal(signal.SIGCONT)  # a test may have failed
            try:
                self.popen.wait(timeout)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        return self.popen.returncode


class Node:
    """One host."""

    def __init__(self, lab, name, forward):
        self.lab = lab
        self.name = name
        self.ns = f"{lab.prefix}{name}"
        run("ip", "netns", "add", self.ns)
        self.ip("link", "set", "lo", "up")
        self.sysctl("net.ipv4.conf.all.rp_filter", 0)
        self.sysctl("net.ipv4.conf.default.rp_filter", 0)
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)
        self.sysctl("net.ipv6.conf.default.accept_ra", 0)
        if forward:
            self.sysctl("net.ipv4.ip_forward", 1)
            self.sysctl("net.ipv6.conf.all.forwarding", 1)

    def argv(self, *argv, uid=None):
        head = ["ip", "netns", "exec", self.ns]
        if uid is not None:
            head += ["setpriv", f"--reuid={uid}", f"--regid={uid}",
                     "--clear-groups"]
        return head + list(argv)

    def run(self, *argv, uid=None, **kwargs):
        return run(*self.argv(*argv, uid=uid), **kwargs)

    def ip(self, *argv):
        return run("ip", "-n", self.ns, *argv)

    def tc(self, *argv):
        return run("tc", "-n", self.ns, *argv)

    def tc_classes(self, ifname):
        """The HTB classes of an interface: handle, parent, packets, backlog...
        (this tc prints classes as text only, and among them the queues of
        fq_codel, which come and go)."""
        found = []
        text = self.tc("-s", "class", "show", "dev", ifname).stdout
        for line in "\n".join(part for part in text.split("\n\n") if
                              part.startswith("class htb")).splitlines():
            head = re.match(r"class (\w+) (\w+:\w+)(?: parent (\w+:\w+))?",
                            line)
            sent = re.search(r"Sent (\d+) bytes (\d+) pkt \(dropped (\d+)",
                             line)
            queue = re.search(r"backlog (\d+)([KM]?)b", line)
            if head:
                found.append({"kind": head.group(1), "handle": head.group(2),
                              "parent": head.group(3), "text": line})
            elif sent:
                found[-1].update(bytes=int(sent.group(1)),
                                 packets=int(sent.group(2)),
                                 drops=int(sent.group(3)))
            elif queue:
                unit = {"": 1, "K": 1024, "M": 1048576}[queue.group(2)]
                found[-1]["backlog"] = int(queue.group(1)) * unit
        return found

    def tc_json(self, *argv):
        return json.loads(run("tc", "-n", self.ns, "-s", "-j",
                              *argv).stdout or "[]")

    def sysctl(self, key, value):
        self.run("sysctl", "-q", "-w", f"{key}={value}")

    def start(self, *argv, name=None, uid=None, env=None):
        label = f"{self.name}-{name or pathlib.Path(str(argv[0])).name}"
        full = dict(os.environ, **(env or {}))
        return Process(self.lab, self.argv(*argv, uid=uid), label, full)

    def serialise(self, ifname, ifb, rate):
        """An independent wire behind what arrives on ifname: a tbf on an ifb
        with room for ten packets."""
        self.ip("link", "add", ifb, "type", "ifb")
        self.ip("link", "set", ifb, "mtu", "1500", "txqueuelen", "1000", "up")
        self.tc("qdisc", "add", "dev", ifb, "root", "tbf", "rate", rate,
                "burst", "1600", "limit", "15000")
        self.tc("qdisc", "add", "dev", ifname, "ingress")
        self.tc("filter", "add", "dev", ifname, "parent", "ffff:", "protocol",
                "all", "u32", "match", "u32", "0", "0", "action", "mirred",
                "egress", "redirect", "dev", ifb)


class Daemon:
    """rsvpd (the supervisor and its workers) on a node."""

    def __init__(self, node, conf, policy=None, wait=True):
        self.node = node
        self.dir = node.lab.dir / node.name
        self.run_dir = self.dir / "run"
        self.state_dir = self.dir / "state"
        self.log_dir = self.dir / "log"
        for path in (self.dir, self.run_dir, self.state_dir):
            path.mkdir(exist_ok=True)
            path.chmod(0o755)
        self.conf = self.dir / "rsvpd.conf"
        self.conf.write_text(conf)
        self.policy = self.dir / "policy.conf"
        if policy is not None:
            self.policy.write_text(policy)
        self.process = None
        self.start(wait)

    def start(self, wait=True):
        argv = [program("rsvpd"), "-c", self.conf, "--runtime-dir",
                self.run_dir, "--state-dir", self.state_dir,
                "--log-dir", self.log_dir]
        if self.policy.exists():
            argv += ["-p", self.policy]
        self.process = self.node.start(*argv, name="rsvpd")
        if wait:
            self.wait_ready()

    def wait_ready(self, timeout=PATIENCE_S):
        def ready():
            self.process.died()
            try:
                return self.ctl_json("show", "interfaces")
            except (Refused, json.JSONDecodeError):
                return None
        return wait_for(ready, f"rsvpd on {self.node.name}: "
                        f"{self.process.output()[-2000:]}", timeout)

    def wait_traffic_control(self, timeout=PATIENCE_S):
        """Until it is ready on every interface that shall have it, and there
        are rules: whoever came before them would be refused."""
        self.wait_ready(timeout)
        wait_for(lambda: self.ctl_json("policy", "show").get("generation"),
                 f"rules on {self.node.name}", timeout)
        wait_for(lambda: all(
            i["tc_ready"] for i in self.ctl_json(
                "show", "interfaces")["interfaces"] if i["traffic_control"]),
            f"traffic control on {self.node.name}", timeout)

    @property
    def rapi(self):
        return self.run_dir / "rapi.sock"

    @property
    def control(self):
        return self.run_dir / "control.sock"

    def ctl(self, *argv, check=True):
        return self.node.run(program("rsvpctl"), "--socket", self.control,
                             *argv, check=check)

    def ctl_json(self, *argv):
        return json.loads(self.ctl("--json", *argv).stdout)

    def supervisor(self):
        """Process id of the supervisor itself (ip netns exec has become
        it)."""
        return self.process.pid

    def workers(self):
        """Name to process id: engine, tcctl, policyd."""
        found = {}
        for task in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
                line = (task / "cmdline").read_bytes().replace(b"\0", b" ")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) != self.supervisor() or fields[0] == "Z":
                continue
            text = line.decode(errors="replace")
            for name in ("engine", "tcctl", "policyd"):
                if name in text.split(" -", 1)[0] or (
                        name == "engine" and "--engine" in text):
                    found[name] = int(task.name)
        return found

    def stop(self):
        return self.process.stop()


def process_status(pid):
    """/proc/PID/status as a dictionary."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines()
                if ":\t" in line)


class Slapd:
    """A real directory server on a UNIX socket and a loopback port."""

    BASE = "o=example"
    ADMIN = "cn=admin,o=example"
    PASSWORD = "secret"

    def __init__(self, lab, ldif=""):
        self.lab = lab
        self.dir = lab.dir / "slapd"
        self.dir.mkdir()
        (self.dir / "db").mkdir()
        self.dir.chmod(0o755)
        self.uri = "ldapi://" + str(self.dir / "ldapi").replace("/", "%2F")
        (self.dir / "slapd.conf").write_text(f"""
include /etc/ldap/schema/core.schema
include {TOP}/conf/qos.schema
pidfile {self.dir}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
database mdb
maxsize 268435456
suffix "{self.BASE}"
rootdn "{self.ADMIN}"
rootpw {self.PASSWORD}
directory {self.dir}/db
index objectClass,SelectorTag,serviceName,PolicyName,ServiceReference eq
overlay syncprov
""")
        self.process = None
        self.start()
        self.add(f"dn: {self.BASE}\nobjectClass: organization\no: example\n\n")
        if ldif:
            self.add(ldif)

    def start(self):
        self.process = Process(self.lab, [
            "/usr/sbin/slapd", "-f", self.dir / "slapd.conf", "-h", self.uri,
            "-d", "0"], "slapd")
        wait_for(lambda: (self.dir / "ldapi").exists() and run(
            "ldapsearch", "-x", "-H", self.uri, "-s", "base", "-b", "",
            check=False).returncode == 0, "slapd to answer")
        (self.dir / "ldapi").chmod(0o777)

    def _tool(self, tool, ldif):
        run(tool, "-x", "-H", self.uri, "-D", self.ADMIN, "-w", self.PASSWORD,
            stdin=ldif)

    def add(self, ldif):
        self._tool("ldapadd", ldif)

    def modify(self, ldif):
        self._tool("ldapmodify", ldif)

    def stop(self):
        self.process.stop()


RECORD = struct.Struct("<IIQQQ")


def records(path):
    """What traffic_recv wrote: (flow, number, sent ns, received ns)."""
    data = pathlib.Path(path).read_bytes()
    data = data[:len(data) // RECORD.size * RECORD.size]
    return [(flow, number, sent, received)
            for flow, _, number, sent, received in RECORD.iter_unpack(data)]


class Receiver:
    """traffic_recv on a node."""

    def __init__(self, node, addr, ports, name, uid=None):
        self.path = node.lab.dir / f"{node.name}-{name}.records"
        self.path.touch()
        self.path.chmod(0o666)
        self.process = node.start(program("traffic_recv"), self.path, addr,
                                  *ports, name=name, uid=uid)
        self.process.wait_output("ready")

    def stop(self):
        self.process.stop()
        return records(self.path)


class Sender:
    """traffic_send on a node."""

    def __init__(self, node, name, dst, port, *, uid=None, **options):
        argv = [program("traffic_send"), "--dst", dst, "--port", port]
        for key, value in options.items():
            argv += ["--" + key.replace("_", "-")] + (
                [] if value is None else [value])
        self.process = node.start(*argv, name=name, uid=uid)

    def stop(self):
        """How many packets were sent."""
        self.process.stop()
        return self.process.events()[-1]["sent"]

    def wait(self, timeout=120):
        self.process.popen.wait(timeout)
        return self.process.events()[-1]["sent"]


def port_free():
    """A port for a server, and none that the kernel gives to clients: who tries
    again and again to reach a server that is away would once have its port as
    his own, and be connected to himself."""
    clients = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
                  .read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(clients // 2, clients)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def require_root():
    if os.geteuid() != 0:
        print("skipped: needs root (network namespaces)", file=sys.stderr)
        raise SystemExit(77)
