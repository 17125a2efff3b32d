# SPDX-License-Identifier: ISC
"""What the tests of policyd share: a directory server and the two neighbours
of `policyd serve`, the engine and the supervisor, played by the test."""

import array
import fcntl
import mmap
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "netns"))
from lab import PATIENCE_S, port_free, wait_for  # noqa: E402  (found by the line above)

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("RSVPD_BUILD", TOP / "build"))
POLICYD = BUILD / "policy" / "policyd"
SLAPD = pathlib.Path("/usr/sbin/slapd")

SNAPSHOT, LOADED, STATUS, ORDER, DONE, IN_FORCE = 1, 2, 3, 4, 5, 6
PING, PONG, RELOAD, POLICY = 1, 2, 3, 9
GENERATION, SIZE, TEXT = 1, 2, 3
ANSWER_TIME, WHAT, OK, LINES = 12, 18, 19, 20
HELD, HELD_TIME, RELEASE, BEGIN_BY = 21, 22, 26, 27
LOAD, CANDIDATE, DIRECTORY, ROLLBACK = 1, 2, 3, 4
FACTS = {4: "server", 5: "mode", 6: "connected", 7: "waiting", 8: "entries",
         9: "skipped", 10: "cookie", 11: "change", 12: "answer", 13: "cache",
         14: "retry"}


SYNCPROV = """
overlay syncprov
syncprov-checkpoint 100 5
syncprov-sessionlog 1000
"""


class Slapd:
    """A real directory server on a loopback port."""

    PASSWORD = "secret"

    def __init__(self, folder, *, config="", top="", schema=(), tree=True,
                 sync=True, listen=(), suffix="o=example"):
        self.dir = pathlib.Path(folder)
        self.suffix = suffix
        self.admin = f"cn=admin,{suffix}"
        self.port = port_free()
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.listen = [self.uri, *listen]
        (self.dir / "db").mkdir(parents=True)
        (self.dir / "slapd.conf").write_text(f"""
include /etc/ldap/schema/core.schema
include {TOP}/conf/qos.schema
{"".join(f"include {path}" + chr(10) for path in schema)}{top}
pidfile {self.dir}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
{"moduleload syncprov" if sync else ""}
database mdb
maxsize 1073741824
suffix "{suffix}"
rootdn "{self.admin}"
rootpw {self.PASSWORD}
directory {self.dir}/db
index objectClass,SelectorTag,serviceName,PolicyName,ServiceReference eq
index entryUUID,entryCSN eq
{config}
{SYNCPROV if sync else ""}
""")
        self.process = None
        self.start()
        try:
            self.fill(tree)
        except BaseException:
            self.stop()
            raise

    def fill(self, tree):
        self.add(f"dn: {self.suffix}\nobjectClass: organization\n"
                 f"o: {self.suffix[2:]}\n")
        if tree:
            self.add(f"dn: ou=NetworkPolicies,{self.suffix}\n"
                     "objectClass: organizationalUnit\nou: NetworkPolicies\n")

    def start(self):
        self.process = subprocess.Popen(
            [SLAPD, "-f", self.dir / "slapd.conf", "-h",
             " ".join(self.listen), "-d", "0"],
            stderr=subprocess.DEVNULL)
        try:
            wait_for(self.answers, "slapd")
        except BaseException:
            self.kill()  # nobody else knows of it
            raise

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"slapd ended: {self.process.returncode}")
        return subprocess.run(
            ["ldapsearch", "-x", "-o", "nettimeout=5", "-l", "5", "-H",
             self.uri, "-s", "base", "-b", ""],
            check=False, capture_output=True).returncode == 0

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def _tool(self, tool, ldif):
        done = subprocess.run(
            [tool, "-x", "-H", self.uri, "-D", self.admin, "-w",
             self.PASSWORD], input=ldif, text=True, capture_output=True,
            check=False)
        assert done.returncode == 0, done.stderr

    def add(self, ldif):
        self._tool("ldapadd", ldif)

    def modify(self, ldif):
        self._tool("ldapmodify", ldif)

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_S)


class Relay:
    """A TCP relay before a server: counts, and falls silent on demand."""

    def __init__(self, port):
        self.to = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.received = 0  # from the server
        self.accepted = 0
        self.pairs = []
        self.silent = set()  # sockets that are not read any more
        self.refuse = False
        self.change = lambda data: data  # of what the client sends
        self.ending = False
        self.rounds = 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def silence(self):
        """What is connected now stays so, and nothing passes any more."""
        self.silent |= {s for pair in self.pairs for s in pair}
        before = self.rounds  # the one under way may still pass something
        wait_for(lambda: self.rounds > before + 1, "silence")

    def hang_up(self):
        """End what is connected now."""
        for client, _ in list(self.pairs):
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has gone by itself

    def _accept(self):
        client, _ = self.listener.accept()
        if self.refuse:
            client.close()
            return
        self.accepted += 1
        self.pairs.append(
            (client, socket.create_connection(("127.0.0.1", self.to))))

    def _pass(self, pair, source):
        other = pair[1] if source is pair[0] else pair[0]
        try:
            data = source.recv(65536)
            if data and source is pair[0]:
                other.sendall(self.change(data))
            elif data:
                self.received += len(data)  # before anybody has it
                other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self.pairs.remove(pair)
            for s in pair:
                s.close()

    def _run(self):
        while not self.ending:
            self.rounds += 1
            sockets = {s: pair for pair in list(self.pairs) for s in pair
                       if s not in self.silent}
            ready, _, _ = select.select([self.listener, *sockets], [], [],
                                        0.05)
            for s in ready:
                if s is self.listener:
                    self._accept()
                elif sockets[s] in self.pairs and s not in self.silent:
                    self._pass(sockets[s], s)

    def close(self):
        self.ending = True
        self.thread.join()
        for pair in self.pairs:
            for s in pair:
                s.close()
        self.listener.close()


def message(kind, serial=0, attributes=b""):
    return struct.pack("<IHHI", 12 + len(attributes), 1, kind,
                       serial) + attributes


def messages(data):
    while data:
        length, version, kind, serial = struct.unpack_from("<IHHI", data)
        assert version == 1
        body, data = data[12:length], data[length:]
        attributes = {}
        while body:
            attr, size = struct.unpack_from("<HH", body)
            attributes[attr], body = body[4:size], body[size:]
        yield kind, serial, attributes


def number(attr, value):
    return struct.pack("<HHQ", attr, 12, value)


def whole(data):
    return int.from_bytes(data, "little")


def sealed(data):
    """Bytes as policyd hands them over."""
    fd = os.memfd_create("policy", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    fcntl.fcntl(fd, 1033, 0xf)  # F_ADD_SEALS
    return fd


class Snapshot:
    """A snapshot as the engine gets it: sealed bytes."""

    def __init__(self, fd, attributes):
        self.generation, = struct.unpack("<Q", attributes[GENERATION])
        self.size, = struct.unpack("<Q", attributes[SIZE])
        self.seals = fcntl_seals(fd)
        self.length = os.fstat(fd).st_size
        with mmap.mmap(fd, self.size, prot=mmap.PROT_READ) as mapped:
            self.bytes = bytes(mapped)

    def __contains__(self, text):
        return text.encode() in self.bytes


def fcntl_seals(fd):
    return fcntl.fcntl(fd, 1034)  # F_GET_SEALS


class Facts(dict):
    """Of the directory; those that were not told yet are none."""

    def __missing__(self, _):
        return 0


class Policyd:
    """policyd serve between an engine and a supervisor."""

    def __init__(self, folder, conf=None, *, path=False, supervised=True,
                 state=True, sandbox=True, in_force=None, greet=True):
        self.dir = pathlib.Path(folder)
        self.dir.mkdir(exist_ok=True)
        self.state = self.dir / "state"
        self.state.mkdir(exist_ok=True)
        self.log = self.dir / "log"
        self.conf = self.dir / "policy.conf"
        self.snapshots = []
        self.status = ""
        self.facts = Facts()
        self.held = self.release = 0
        self.gives_file = True
        self.done = {}  # answers to orders, by serial
        self.engine, engine = socket.socketpair(socket.AF_UNIX,
                                                socket.SOCK_SEQPACKET)
        self.supervisor, supervisor = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pongs = []
        if conf is not None:
            self.conf.write_text(conf)
        argv = [str(POLICYD), "serve"]
        if path:
            argv += ["-f", str(self.conf)]
        if state:
            argv += ["--state-dir", str(self.state)]
        if not sandbox or os.environ.get("POLICYD_NO_SANDBOX"):
            argv += ["--no-sandbox"]
        give = {3: engine.fileno()}
        if supervised:
            give[4] = supervisor.fileno()
        file = None
        if supervised and not path and conf is not None:
            file = os.open(self.conf, os.O_RDONLY)
            give[5] = file
        if greet:
            self.greet(**(in_force or {}))
        self.process = self._spawn(argv, give)
        engine.close()
        supervisor.close()
        if file is not None:
            os.close(file)

    def _spawn(self, argv, give):
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        actions = [(os.POSIX_SPAWN_DUP2, log, 2)]
        # First out of the way, or one would be overwritten by another.
        high = {to: os.dup2(fd, 40 + to, inheritable=False)
                for to, fd in give.items()}
        for to in (3, 4, 5):
            actions.append((os.POSIX_SPAWN_DUP2, high[to], to) if to in high
                           else (os.POSIX_SPAWN_OPEN, to, "/dev/null",
                                 os.O_RDONLY, 0))
        pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
        for fd in high.values():
            os.close(fd)
        os.close(log)
        return pid

    def greet(self, generation=0, data=b"", *, held=0, answer=0, release=0):
        """What the engine has in force already."""
        said = message(IN_FORCE, 0, number(GENERATION, generation) +
                       number(HELD, held) + number(HELD_TIME, 1000) +
                       number(ANSWER_TIME, answer) +
                       number(RELEASE, release))
        if not data:
            self.engine.send(said)
            return
        fd = sealed(data)
        socket.send_fds(self.engine, [said], [fd])
        os.close(fd)

    def text(self):
        return self.log.read_text()

    def receive(self, seconds=0.05):
        """What has come from policyd, both ways."""
        self.engine.settimeout(seconds)
        try:
            data, control, _, _ = self.engine.recvmsg(65536, 256)
        except (TimeoutError, ConnectionError):
            return False
        fds = array.array("i")
        for level, kind, value in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(value[:len(value) - len(value) % 4])
        for kind, serial, attributes in messages(data):
            if kind == SNAPSHOT:
                got = Snapshot(fds[0], attributes)
                self.snapshots.append(got)
                self.engine.send(message(LOADED, 0, struct.pack(
                    "<HHQHH", GENERATION, 12, got.generation, TEXT, 4)))
            elif kind == DONE:
                self.done[serial] = {
                    "ok": attributes[OK] != b"\0",
                    "generation": whole(attributes[GENERATION]),
                    "text": attributes[TEXT].decode(),
                    "lines": attributes[LINES].decode(),
                    "candidate": os.pread(fds[0], 1 << 24, 0) if fds
                    else None}
            elif kind == STATUS:
                self.held = whole(attributes[HELD])
                self.release = whole(attributes[RELEASE])
                self.status = attributes[TEXT].decode()
                self.facts = Facts({
                    name: attributes[at].decode() if at < 6 else
                    int.from_bytes(attributes[at], "little")
                    for at, name in FACTS.items() if at in attributes})
        for fd in fds:
            os.close(fd)
        return bool(data)

    def order(self, what, *, generation=0, serial=1, begin_by=None):
        """What an operator wants, by way of the engine."""
        late = b"" if begin_by is None else number(BEGIN_BY, begin_by)
        self.engine.send(message(ORDER, serial, struct.pack(
            "<HHB", WHAT, 5, what) + number(GENERATION, generation) + late))

    def carry_out(self, what, **how):
        """The same, and its answer."""
        self.order(what, **how)
        return self.answer_of(how.get("serial", 1))

    def answer_of(self, serial):
        self.wait(lambda: serial in self.done, "answer")
        return self.done.pop(serial)

    def supervise(self):
        """Give the file when it is asked for."""
        if not select.select([self.supervisor], [], [], 0)[0]:
            return
        for kind, serial, _ in messages(self.supervisor.recv(4096)):
            if kind == POLICY and self.gives_file:
                self.give(serial)

    def wait(self, condition, what, seconds=2 * PATIENCE_S):
        def check():
            self.receive()
            self.supervise()
            return condition()
        try:
            return wait_for(check, what, seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it says {self.status!r}; log:\n"
                               f"{self.text()}") from None

    def wait_rule(self, rule, present=True):
        """The newest snapshot has that rule (or not)."""
        self.wait(lambda: self.snapshots and
                  (rule in self.snapshots[-1]) == present,
                  f"snapshot {'with' if present else 'without'} {rule}")
        return self.snapshots[-1]

    def wait_cached(self, text):
        """The cache, which is written a moment after what it has is in
        force."""
        cache = self.state / "policy.cache"
        self.wait(lambda: cache.exists() and text.encode() in
                  cache.read_bytes(), f"{text} in the cache")
        return cache

    def ping(self, serial, seconds=PATIENCE_S):
        self.supervisor.send(message(PING, serial))
        self.supervisor.settimeout(seconds)
        return next(messages(self.supervisor.recv(4096)))

    def give(self, serial):
        """The file, unasked or as it was asked for."""
        fd = os.open(self.conf, os.O_RDONLY)
        socket.send_fds(self.supervisor, [message(RELOAD, serial)], [fd])
        os.close(fd)

    def reload(self, conf):
        self.conf.write_text(conf)
        self.give(0)

    def alive(self):
        if self.process is None:
            return False
        pid, self.exit = os.waitpid(self.process, os.WNOHANG)
        if pid:
            self.process = None
        return self.process is not None

    def stop(self, how=signal.SIGTERM):
        if self.alive():
            pid = self.process
            os.kill(pid, how)
            try:
                wait_for(lambda: not self.alive(), "end of policyd")
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
        self.engine.close()
        self.supervisor.close()
