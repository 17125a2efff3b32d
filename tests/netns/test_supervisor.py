# SPDX-License-Identifier: ISC
"""The supervisor and its workers: users, capabilities, descriptors, deaths,
watchdog, reload, locks."""

import contextlib
import fcntl
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

import lab
import needs
from nl_fault import SEND_WAITS, Fault

USERS = {"engine": "rsvpd", "tcctl": "rsvptc", "policyd": "rsvppol"}
WATCHDOG_S = 1.5
STOP_S = 5  # from being asked to end to being killed
CONF = """
watchdog = "1500 ms";
interfaces = ( { name = "eth0"; bandwidth = "10 Mbit"; } );
"""
BROKEN = 'watchdog = "1500 ms";\ninterfaces = (\n\t{ nam = "eth0"; }\n);\n'

POLICY = """policy = { rules = ( { name = "a"; category = "c"; } );
categories = ( { name = "c"; } );
};
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Bench:
    """One node with one link, and rsvpd on it."""

    def __init__(self, where, conf=CONF, env=None, rsvpd=None):
        self.lab = where
        self.rsvpd = rsvpd or lab.program("rsvpd")
        self.node = where.nodes["r"]
        self.daemon = lab.Daemon.__new__(lab.Daemon)
        d = self.daemon
        d.node = self.node
        d.dir = where.dir / "r"
        d.run_dir, d.state_dir = d.dir / "run", d.dir / "state"
        d.log_dir = d.dir / "log"
        d.dir.mkdir(exist_ok=True)
        d.dir.chmod(0o755)
        d.conf, d.policy = d.dir / "rsvpd.conf", d.dir / "policy.conf"
        d.conf.write_text(conf)
        d.process = self.start(env=env)

    def argv(self, run="run"):
        d = self.daemon
        policy = ["-p", d.policy] if d.policy.exists() else []
        return [self.rsvpd, "-c", d.conf, "--runtime-dir",
                d.dir / run, "--state-dir", d.state_dir, "--log-dir",
                d.log_dir, *policy]

    def start(self, run="run", env=None, name="rsvpd"):
        return self.node.start(*self.argv(run), name=name, env=env)

    def log(self):
        return self.daemon.process.output()

    def count(self, text):
        return self.log().count(text)

    def wait_log(self, text, times=1, timeout=lab.PATIENCE_S):
        return lab.wait_for(
            lambda: self.count(text) >= times or self.daemon.process.died(),
            f"{times} times '{text}': {self.log()[-3000:]}", timeout)

    def workers(self):
        return self.daemon.workers()

    def wait_all(self, ready=1):
        """All three run and the engine has said so that many times."""
        self.wait_log("rsvpd[%d] info: main: ready" %
                      self.daemon.supervisor(), ready)
        return lab.wait_for(
            lambda: len(self.workers()) == 3 and self.workers(),
            "three workers")


@pytest.fixture
def node():
    with lab.Lab("rsvpsup") as where:
        r = where.node("r")
        other = where.node("o")
        where.link(r, "eth0", other, "eth0", v4=("10.0.0.1", "10.0.0.2", 24),
                   v6=("2001:db8::1", "2001:db8::2", 64))
        yield where


@pytest.fixture
def bench(node):
    b = Bench(node)
    b.wait_all()
    return b


def gone(pid):
    """Not there, or a zombie."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return text.rsplit(")", 1)[1].split()[0] in "ZX"


def ids(status, key):
    return {int(word) for word in status[key].split()}


def test_each_worker_is_confined(bench):
    for name, pid in bench.workers().items():
        lab.wait_for(lambda p=pid: lab.process_status(p)["Seccomp"] == "2",
                     f"the filter of {name}")
        status = lab.process_status(pid)
        assert all("Seccomp:\t2" in task.read_text() for task in
                   pathlib.Path(f"/proc/{pid}").glob("task/*/status")), name
        user = pwd.getpwnam(USERS[name])
        assert ids(status, "Uid") == {user.pw_uid}, name
        assert ids(status, "Gid") == {user.pw_gid}, name
        assert status["Groups"].split() == [], name
        assert status["NoNewPrivs"] == "1", name
        want = 1 << 12 if name == "tcctl" else 0     # CAP_NET_ADMIN
        for key in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            assert int(status[key], 16) == want, f"{name} {key}"
        assert int(status["CapBnd"], 16) == 0, name
        environ = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        # Builds with AddressSanitizer have its options besides.
        left = [v for v in environ.split(b"\0")
                if v and not v.startswith(b"ASAN_OPTIONS=")]
        assert left == [b"PATH=/usr/sbin:/usr/bin:/sbin:/bin"], name
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits), name
    assert len({USERS[n] for n in USERS}) == 3


def test_supervisor_keeps_only_what_it_needs(bench):
    status = lab.process_status(bench.daemon.supervisor())
    # CHOWN, DAC_READ_SEARCH, KILL, SETGID, SETUID, SETPCAP, NET_ADMIN, NET_RAW
    want = sum(1 << n for n in (0, 2, 5, 6, 7, 8, 12, 13))
    for key in ("CapEff", "CapPrm", "CapBnd"):
        assert int(status[key], 16) == want, key
    assert int(status["CapInh"], 16) == 0
    assert status["NoNewPrivs"] == "1"


def inodes(pid):
    found = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        name = os.readlink(fd)
        if name.startswith("socket:["):
            found.add(name[8:-1])
    return found


def raw_sockets(pid):
    """Inodes of the raw and packet sockets in the network namespace of a
    process."""
    found = set()
    for table, column in (("raw", 9), ("raw6", 9), ("packet", 8)):
        text = pathlib.Path(f"/proc/{pid}/net/{table}").read_text()
        found |= {line.split()[column] for line in text.splitlines()[1:]}
    return found


def test_raw_sockets_are_the_engines_alone(bench):
    workers = bench.workers()
    raw = raw_sockets(workers["engine"])
    assert len(raw) == 4
    assert raw <= inodes(workers["engine"])
    for pid in (bench.daemon.supervisor(), workers["tcctl"],
                workers["policyd"]):
        assert not raw & inodes(pid)


def rule(bench):
    """What keeps the kernel from forwarding multicast RSVP."""
    return bench.node.run("nft", "list", "ruleset").stdout


def test_no_rule_without_a_reader(bench):
    """Whatever ends the engine takes its rule along; the next has its own."""
    engine = bench.workers()["engine"]
    needs.require(needs.nf_tables)
    assert rule(bench).count("flags owner") == 1
    os.kill(engine, signal.SIGSTOP)
    os.kill(engine, signal.SIGKILL)
    lab.wait_for(lambda: bench.workers().get("engine") not in (None, engine),
                 "a new engine")
    bench.daemon.wait_ready()
    assert rule(bench).count("flags owner") == 1
    os.kill(bench.daemon.supervisor(), signal.SIGKILL)
    bench.daemon.process.popen.wait()
    lab.wait_for(lambda: rule(bench) == "", "the rule to go")
    bench.daemon.start()
    assert rule(bench).count("flags owner") == 1
    bench.daemon.stop()
    assert rule(bench) == ""
    bench.daemon.start()


def test_no_worker_inherits_what_is_not_its_own(bench):
    lock = "rsvpd.pid"
    for name, pid in bench.workers().items():
        opened = [os.readlink(fd)
                  for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
        assert not [o for o in opened if o.endswith(lock)], name
        assert not [o for o in opened if o.endswith("rsvpd.conf")], name


def test_sockets_have_their_modes(bench):
    rapi = bench.daemon.rapi.stat()
    control = bench.daemon.control.stat()
    assert stat.S_IMODE(rapi.st_mode) == 0o666
    assert stat.S_IMODE(control.st_mode) == 0o660
    # The group of the configuration's default; useradd made it.
    lab.wait_for(lambda: bench.daemon.control.stat().st_gid ==
                 pwd.getpwnam("rsvpd").pw_gid, "the group")
    assert control.st_uid == 0


@pytest.mark.parametrize("name", ["engine", "tcctl", "policyd"])
def test_killed_worker_is_restarted(bench, name):
    before = bench.workers()
    os.kill(before[name], signal.SIGKILL)

    def replaced():
        now = bench.workers()
        return now if len(now) == 3 and now[name] != before[name] else None

    after = lab.wait_for(replaced, f"a new {name}: {bench.log()[-3000:]}")
    bench.wait_log(f"{name}: process {before[name]} ended: killed by signal 9")
    if name == "engine":
        # The pairs belong together: all three are new.
        bench.wait_all(2)
        lab.wait_for(lambda: len(bench.workers()) == 3 and not set(
            before.values()) & set(bench.workers().values()), "three new ones")
        assert raw_sockets(bench.workers()["engine"]) <= inodes(
            bench.workers()["engine"])
    else:
        assert after["engine"] == before["engine"]
        time_limit = time.monotonic() + WATCHDOG_S * 1.5
        lab.wait_for(lambda: time.monotonic() > time_limit, "a full period")
        assert bench.workers() == after, "somebody was killed for no reason"


def descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def test_worker_that_dies_a_few_times_is_started_each_time(bench):
    supervisor = bench.daemon.supervisor()
    before = descriptors(supervisor)
    for name in ("policyd", "tcctl", "policyd", "engine", "policyd"):
        old = bench.workers()[name]
        os.kill(old, signal.SIGKILL)
        lab.wait_for(lambda o=old, n=name: bench.workers().get(n)
                     not in (None, o), f"a new {name}")
        lab.wait_for(lambda: len(bench.workers()) == 3, "all three")
        # Also after the engine's death, at which all were asked to end.
        bench.wait_log(f"{name}: process {old} ended: killed by signal 9")
    bench.wait_all(2)
    lab.wait_for(lambda: descriptors(supervisor) == before,
                 "nothing left open from the dead")


def test_workers_drop_the_groups_of_root(bench):
    assert bench.daemon.stop() == 0
    bench.daemon.process = bench.node.start(
        "setpriv", "--groups", "4,24,27", *bench.argv(), name="groups")
    bench.wait_all()
    assert lab.process_status(bench.daemon.supervisor())["Groups"].split()
    for name, pid in bench.workers().items():
        assert lab.process_status(pid)["Groups"].split() == [], name


@pytest.mark.parametrize("name", ["engine", "tcctl", "policyd"])
def test_hung_worker_is_killed_within_the_watchdogs_time(bench, name):
    for _ in range(3):  # a supervisor that is late is so once
        old = bench.workers()[name]
        start = time.monotonic()
        os.kill(old, signal.SIGSTOP)
        lab.wait_for(lambda p=old: gone(p), f"{name} to be killed")
        took = time.monotonic() - start
        # Not at once either: it has to be silent for most of the period.
        assert took >= WATCHDOG_S / 2, f"{took:.2f} s"
        lab.wait_for(lambda p=old: bench.workers().get(name) not in (None, p)
                     and len(bench.workers()) == 3, f"a new {name}")
        bench.wait_log(f"{name}: process {old} is silent for")
        if took <= WATCHDOG_S + 0.2:
            return
    assert False, f"{took:.2f} s"


def test_a_call_of_the_kernel_that_lasts_is_no_silence(node):
    """tcctl builds a tree while others have the kernel's lock: nobody kills it
    for that, and the tree is there in the end."""
    folder = node.dir / "slow"
    folder.mkdir()
    for name, place in (("rsvpd", "rsvpd"), ("policyd", "policyd"),
                        ("preloaded", "tcctl"), ("tcctl", "tcctl.real"),
                        ("nl_fault.so", "nl_fault.so")):
        shutil.copy(lab.program(name), folder / place)
    fault = Fault(folder)
    fault.plan(SEND_WAITS, 3)
    b = Bench(node, rsvpd=folder / "rsvpd")
    workers = b.wait_all()
    lab.wait_for(fault.happened, "the call that waits")
    end = time.monotonic() + 3 * WATCHDOG_S
    lab.wait_for(lambda: time.monotonic() > end, "three periods", 10)
    assert b.workers() == workers
    fault.plan()
    b.daemon.wait_traffic_control()
    assert b.workers() == workers and "silent" not in b.log()


def test_stopped_supervisor_kills_nobody_when_it_goes_on(bench):
    before = bench.workers()
    supervisor = bench.daemon.supervisor()
    os.kill(supervisor, signal.SIGSTOP)
    end = time.monotonic() + 2 * WATCHDOG_S
    lab.wait_for(lambda: time.monotonic() > end, "the pause", 10)
    os.kill(supervisor, signal.SIGCONT)
    end = time.monotonic() + WATCHDOG_S
    lab.wait_for(lambda: time.monotonic() > end, "a period", 10)
    assert bench.workers() == before
    assert "silent" not in bench.log()


def test_killed_supervisor_takes_its_workers_along(bench):
    workers = bench.workers()
    # A hung one too: it would swallow the neighbours' messages for ever.
    os.kill(workers["engine"], signal.SIGSTOP)
    os.kill(bench.daemon.supervisor(), signal.SIGKILL)
    lab.wait_for(lambda: all(gone(pid) for pid in workers.values()),
                 "the workers to end")
    bench.daemon.process.popen.wait()
    assert raw_sockets(os.getpid()) is not None
    # What it left behind does not hinder the next start.
    bench.daemon.process = bench.start(name="again")
    bench.wait_all()


def test_orderly_stop_ends_all_and_says_so(bench):
    workers = bench.workers()
    assert bench.daemon.stop() == 0
    assert all(gone(pid) for pid in workers.values())
    assert not bench.daemon.rapi.exists()
    assert not bench.daemon.control.exists()
    assert "the kernel stays as it is" in bench.log()
    assert "error" not in bench.log()


def test_stop_does_not_wait_for_a_hung_worker(bench):
    for _ in range(3):  # a supervisor that is late is so once
        os.kill(bench.workers()["tcctl"], signal.SIGSTOP)
        start = time.monotonic()
        assert bench.daemon.process.stop() == 0  # else it has to be killed
        took = time.monotonic() - start
        if took < STOP_S + 1:
            return
        bench.daemon.start()
        bench.wait_all()
    assert False, f"{took:.2f} s"


def test_second_instance_in_the_namespace_is_refused(bench):
    before = bench.workers()
    second = bench.start(run="other", name="second")
    assert second.popen.wait(lab.PATIENCE_S) == 1
    assert "another rsvpd runs in this network namespace" in second.output()
    assert bench.workers() == before
    assert bench.daemon.rapi.exists()


def test_second_instance_in_the_runtime_directory_is_refused(bench):
    before = bench.workers()
    elsewhere = bench.lab.nodes["o"]
    second = elsewhere.start(*bench.argv(), name="second")
    assert second.popen.wait(lab.PATIENCE_S) == 1
    assert re.search(r"rsvpd\.pid: in use by another rsvpd, process "
                     f"{bench.daemon.supervisor()} ", second.output())
    assert bench.workers() == before
    assert bench.daemon.rapi.exists()


def test_broken_file_at_reload_keeps_the_old_configuration(bench):
    before = bench.workers()
    bench.daemon.conf.write_text(BROKEN)
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log(f"{bench.daemon.conf}:3: interfaces[0]: no name")
    bench.wait_log("the configuration before stays in force")
    assert bench.workers() == before
    bench.daemon.conf.write_text(CONF.replace("10 Mbit", "20 Mbit"))
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log("reload: interfaces.eth0.bandwidth: "
                   "10 Mbit/s -> 20 Mbit/s")
    bench.wait_log("reload: applied")
    assert bench.workers() == before


def test_empty_file_at_reload_keeps_the_old_configuration(bench):
    """As an editor leaves it for a moment."""
    bench.daemon.conf.write_text("")
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log(f"{bench.daemon.conf}: the file is empty")
    bench.wait_log("(reload refused")
    assert "gone" not in bench.log()


def test_missing_file_at_reload_keeps_the_old_configuration(bench):
    bench.daemon.conf.unlink()
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log(f"{bench.daemon.conf}: No such file or directory "
                   "(reload refused")
    assert len(bench.workers()) == 3


def test_policy_file_reaches_policyd_at_start_and_at_reload(bench):
    policy = bench.daemon.policy
    assert bench.daemon.stop() == 0
    policy.write_text(POLICY)
    policy.chmod(0o600)     # policyd itself cannot open it
    bench.daemon.process = bench.start(name="again")
    bench.wait_all()
    bench.wait_log(f"in force, 1 rules (file {policy})")
    before = bench.workers()
    policy.write_text(POLICY + "nonsense = 1;\n")
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log(f'{policy}:4: unknown key "nonsense"')
    policy.write_text("")       # as an editor leaves it for a moment
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log(f"{policy}: the file is empty")
    policy.write_text(POLICY.replace("( {", '( { name = "b"; category = "c"; '
                                     '}, {', 1))
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log(f"in force, 2 rules (file {policy})")
    assert bench.workers() == before


def test_policy_that_cannot_be_read_allows_nothing(bench):
    assert bench.daemon.stop() == 0
    (bench.daemon.state_dir / "policy.cache").unlink(missing_ok=True)
    bench.daemon.policy.mkdir()     # is there, and is no file
    bench.daemon.process = bench.start(name="again")
    bench.wait_all()
    bench.wait_log("not a regular file (the policy before stays in force)")
    bench.wait_log("in force, 0 rules (nothing that could be read)")
    # What was good once stays, also for a policyd that starts.
    bench.daemon.policy.rmdir()
    bench.daemon.policy.write_text(POLICY)
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log(f"in force, 1 rules (file {bench.daemon.policy})")
    cache = bench.daemon.state_dir / "policy.cache"
    lab.wait_for(cache.exists, "the cache, which is written a moment later")
    bench.daemon.policy.unlink()
    os.kill(bench.workers()["policyd"], signal.SIGKILL)
    bench.wait_log("No such file or directory (the policy before stays")
    assert bench.count("in force, 0 rules") == 1


def test_named_policy_file_must_exist(bench):
    assert bench.daemon.stop() == 0
    again = bench.node.start(*bench.argv(), "-p", bench.daemon.policy,
                             name="again")
    assert again.popen.wait(lab.PATIENCE_S) == 1
    assert f"{bench.daemon.policy}: No such file or directory" in \
        again.output()


def asleep(pid):
    """It has taken what was sent to it, and waits for more."""
    status = lab.process_status(pid)
    return status["State"].startswith("S") and int(status["ShdPnd"], 16) == 0


def test_reload_during_a_reload_is_not_lost(bench):
    engine, supervisor = bench.workers()["engine"], bench.daemon.supervisor()
    os.kill(engine, signal.SIGSTOP)
    for rate in (20, 30):
        bench.daemon.conf.write_text(CONF.replace("10 Mbit", f"{rate} Mbit"))
        os.kill(supervisor, signal.SIGHUP)
        lab.wait_for(lambda: asleep(supervisor), "the signal to be taken")
    os.kill(engine, signal.SIGCONT)
    bench.wait_log("10 Mbit/s -> 20 Mbit/s")
    bench.wait_log("20 Mbit/s -> 30 Mbit/s")


def test_new_engine_gets_what_was_reloaded(bench):
    bench.daemon.conf.write_text(CONF.replace("10 Mbit", "20 Mbit"))
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log("reload: applied")
    bench.daemon.conf.write_text(CONF)
    old = bench.workers()["engine"]
    os.kill(old, signal.SIGKILL)
    bench.wait_all(2)
    new = bench.workers()["engine"]
    assert re.search(rf"rsvpd-engine\[{new}\] info: net: eth0: up.*20 Mbit/s",
                     bench.log())


def test_new_engine_gets_the_last_good_configuration(bench):
    bench.daemon.conf.write_text(BROKEN)
    os.kill(bench.workers()["engine"], signal.SIGKILL)
    bench.wait_all(2)
    # A second death: the copy is read from its beginning again.
    os.kill(bench.workers()["engine"], signal.SIGKILL)
    bench.wait_all(3)


def test_hundred_reloads_disturb_nobody(bench):
    before = bench.workers()
    fresh = bench.daemon.dir / "fresh"
    for rate in [10 + i % 2 for i in range(100)] + [99]:
        # Never half a file, as a careful editor does it.
        fresh.write_text(CONF.replace("10 Mbit", f"{rate} Mbit"))
        fresh.rename(bench.daemon.conf)
        os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log("-> 99 Mbit/s")
    assert bench.workers() == before


def test_watchdogs_time_follows_a_reload(bench):
    bench.daemon.conf.write_text(CONF.replace("1500 ms", "30 s"))
    os.kill(bench.daemon.supervisor(), signal.SIGHUP)
    bench.wait_log("reload: applied")
    old = bench.workers()["engine"]
    os.kill(old, signal.SIGSTOP)
    end = time.monotonic() + 2 * WATCHDOG_S
    lab.wait_for(lambda: time.monotonic() > end or gone(old), "a while", 10)
    assert not gone(old)
    os.kill(old, signal.SIGCONT)


@pytest.mark.parametrize("conf,text", [
    (BROKEN, ":3: interfaces[0]: no name (add: name"),
    ("limits = { sesions = 3; };\n", ':1: limits: unknown key "sesions" (did '
                                     'you mean "sessions"?)'),
])
def test_broken_file_at_start_ends_the_start(node, conf, text):
    b = Bench(node, conf)
    assert b.daemon.process.popen.wait(lab.PATIENCE_S) == 1
    assert f"{b.daemon.conf}{text}" in b.log()
    assert b.count("engine: started") == 1


def test_interfaces_that_are_not_there_are_named(node):
    b = Bench(node, "# none\n")
    b.wait_log("no interface is configured: RSVP is spoken on none")
    b.daemon.conf.write_text('interfaces = ( { name = "eth0"; }, { name = '
                             '"ehh0"; }, { name = "x"; enabled = false; } );')
    os.kill(b.daemon.supervisor(), signal.SIGHUP)
    b.wait_log("ehh0: there is no such interface")
    assert b.count("there is no such interface") == 1


def test_missing_file_at_start_ends_the_start(node):
    b = Bench(node)
    b.daemon.process.stop()
    b.daemon.conf.unlink()
    again = b.start(name="again")
    assert again.popen.wait(lab.PATIENCE_S) == 1
    assert f"{b.daemon.conf}: No such file or directory (write one" in \
        again.output()


def test_without_root_it_says_what_is_missing(node):
    b = Bench(node)
    b.daemon.process.stop()
    user = node.nodes["r"].start(*b.argv(), name="user", uid=65534)
    assert user.popen.wait(lab.PATIENCE_S) == 1
    assert "root is missing (start it as root" in user.output()
    lame = node.nodes["r"].start(
        "setpriv", "--bounding-set=-net_raw", *b.argv(), name="lame")
    assert lame.popen.wait(lab.PATIENCE_S) == 1
    assert "CAP_NET_RAW is missing (start it with" in lame.output()


def test_a_host_that_speaks_udp_only_needs_no_capability_for_raw_sockets(node):
    b = Bench(node)
    b.daemon.process.stop()
    b.daemon.conf.write_text("raw = false;\n" + b.daemon.conf.read_text())
    udp = node.nodes["r"].start(
        "setpriv", "--bounding-set=-net_raw", *b.argv(), name="udp")
    udp.wait_output("main: ready")
    assert lab.process_status(udp.pid)["CapEff"].strip() == format(
        int(lab.process_status(udp.pid)["CapBnd"], 16), "016x")
    assert not int(lab.process_status(udp.pid)["CapEff"], 16) & 1 << 13
    udp.stop()
    assert "missing" not in udp.output()


def test_ten_deaths_within_a_minute_end_it(bench):
    """After pauses of 50 ms at least, doubling to 5 s, then the end, loudly;
    the exact pauses are the unit test's."""
    starts = []
    killed = set()

    def kill_next():
        pid = bench.workers().get("tcctl")
        if pid and pid not in killed:
            killed.add(pid)
            starts.append(time.monotonic())
            os.kill(pid, signal.SIGKILL)
        return bench.daemon.process.popen.poll() is not None

    lab.wait_for(kill_next, "the end", 60)
    assert bench.daemon.process.popen.returncode == 1
    assert len(killed) == 10
    gaps = [b - a for a, b in zip(starts, starts[1:])]
    for gap, want in zip(gaps, (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5)):
        assert want <= gap, gaps
    assert "tcctl: died 10 times within a minute, giving up" in bench.log()
    assert "error" in bench.log()


def test_service_manager_is_told_while_all_answer(node):
    path = f"{node.dir}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(lab.PATIENCE_S)
        b = Bench(node, env={"NOTIFY_SOCKET": path})
        assert manager.recv(1000).startswith(b"READY=1")
        assert manager.recv(1000) == b"WATCHDOG=1"
        b.wait_all()
        hung = b.workers()["policyd"]
        fed = []
        manager.settimeout(0)

        def hear():
            with contextlib.suppress(BlockingIOError):
                while True:
                    fed.append(manager.recv(1000))
        hear()
        os.kill(hung, signal.SIGSTOP)
        fed.clear()

        def is_gone():
            hear()
            return gone(hung)
        lab.wait_for(is_gone, "its end")
        # Two ticks later none is told, long before it is killed, which is after
        # six at least.
        assert fed.count(b"WATCHDOG=1") <= 3, fed
        b.wait_log("policyd: started", 2)
        manager.settimeout(lab.PATIENCE_S)
        assert manager.recv(1000) == b"WATCHDOG=1"
        b.daemon.process.popen.send_signal(signal.SIGTERM)
        seen = [manager.recv(1000)]
        while seen[-1] != b"STOPPING=1":
            seen.append(manager.recv(1000))


def check(*argv):
    return lab.run(lab.program("rsvpd"), "-n", *argv, check=False)


def test_check_without_start(tmp_path):
    conf = tmp_path / "rsvpd.conf"
    conf.write_text(CONF)
    done = check("-c", conf)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    full = check("-v", "-c", conf)
    assert full.returncode == 0
    conf.write_text(full.stdout)
    assert check("-v", "-c", conf).stdout == full.stdout
    conf.write_text(BROKEN)
    done = check("-c", conf)
    assert done.returncode == 1
    assert done.stderr == (f"rsvpd: {conf}:3: interfaces[0]: no name "
                           '(add: name = "eth0";)\n')
    assert check("-c", tmp_path / "none").returncode == 1


def test_check_asks_policyd(tmp_path):
    conf, policy = tmp_path / "rsvpd.conf", tmp_path / "policy.conf"
    conf.write_text(CONF)
    policy.write_text("nonsense = {\n")
    done = check("-c", conf, "-p", policy)
    assert done.returncode == 1
    assert "policy.conf:" in done.stderr + done.stdout
    policy.write_text(POLICY)
    done = check("-c", conf, "-p", policy)
    assert done.returncode == 0 and "1 rule, 1 category" in done.stdout
    full = check("-v", "-c", conf, "-p", policy)
    assert full.returncode == 0 and "1 rule, 1 category" in full.stderr
    conf.write_text(full.stdout)
    assert check("-c", conf).returncode == 0, full.stdout


def hardly(*argv):
    """Its status when all but the last of what it prints is refused: a page of a
    pipe that holds one octet takes what fits, and no whole page."""
    rd, wr = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fcntl.fcntl(wr, fcntl.F_SETPIPE_SZ, 4096)
        os.write(wr, b"#")
        done = subprocess.run([lab.program("rsvpd"), *argv], stdout=wr,
                              stderr=subprocess.PIPE, check=False)
        assert len(os.read(rd, 4096)) > 1, "nothing of it was taken"
    finally:
        os.close(rd)
        os.close(wr)
    return done.returncode


def test_what_is_not_printed_whole_is_no_success(tmp_path):
    conf = tmp_path / "rsvpd.conf"
    conf.write_text("interfaces = (" + ",".join(
        f'{{ name = "eth{i}"; bandwidth = "10 Mbit"; }}'
        for i in range(20)) + ");\n")
    assert len(check("-v", "-c", conf).stdout) > 4096
    assert hardly("-n", "-v", "-c", conf) == 1
    assert hardly("--list-keys") == 1
    for argv in ("--list-keys",), ("--version",), ("-n", "-v", "-c", conf):
        with open("/dev/full", "wb") as full:
            assert subprocess.run([lab.program("rsvpd"), *argv], stdout=full,
                                  check=False).returncode == 1, argv


def test_usage():
    done = lab.run(lab.program("rsvpd"), "--nonsense", check=False)
    assert done.returncode == 2 and "usage: rsvpd" in done.stderr
    done = lab.run(lab.program("rsvpd"), "what", check=False)
    assert done.returncode == 2 and "unexpected argument what" in done.stderr
    done = lab.run(lab.program("rsvpd"), "-v", check=False)
    assert done.returncode == 2
    done = lab.run(lab.program("rsvpd"), "--version")
    assert re.fullmatch(r"rsvpd \d+\.\d+\.\d+\n", done.stdout)
    done = lab.run(lab.program("rsvpd"), "--engine", check=False)
    assert done.returncode == 1 and "start rsvpd instead" in done.stderr
