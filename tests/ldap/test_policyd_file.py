# SPDX-License-Identifier: ISC
"""policyd with a file and no directory: when it is in force, what a reload
changes and what it does not, and what it is started with."""

import os
import pathlib
import re
import resource
import signal
import subprocess

import bench
from bench import POLICYD
from test_policyd_ldap import folder, start

__all__ = ["folder", "start"]  # fixtures


def test_the_file_is_in_force_at_once_and_sealed(start):
    policyd = start('policy = { rules = ( { name = "studio"; '
                    'scope = "RSVP"; } ); };')
    got = policyd.wait_rule("studio")
    assert got.generation == 1
    assert got.seals == 0x1 | 0x2 | 0x4 | 0x8
    assert got.length == got.size
    policyd.wait(lambda: "in force" in policyd.status, "status")
    assert policyd.ping(41) == (bench.PONG, 41, {})


def test_no_file_is_an_empty_policy(start):
    policyd = start(None)
    policyd.wait(lambda: policyd.snapshots, "snapshot")
    assert policyd.snapshots[0].generation == 1
    assert "nothing that could be read" not in policyd.snapshots[0]


def test_reload_takes_a_good_file_and_keeps_the_old_one_from_a_bad(start):
    policyd = start('policy = { rules = ( { name = "old"; } ); };')
    policyd.wait_rule("old")
    policyd.reload('policy = { rules = (\n{ name = "new"; }\n) };')
    assert policyd.wait_rule("new").generation == 2
    policyd.reload('policy = { rules = (\n{ name = "bad"; scope = "x"; }\n'
                   ') };')
    policyd.wait(lambda: "1 error" in policyd.status, "status")
    assert "policy.conf:2: scope: \"x\" is none of" in policyd.text()
    assert "the last good policy stays" in policyd.status
    assert len(policyd.snapshots) == 2
    # The same content is not a new generation.
    policyd.reload('policy = { rules = ( { name = "new"; } ) };')
    policyd.wait(lambda: "error" not in policyd.status, "status")
    assert len(policyd.snapshots) == 2


def test_a_file_lost_on_its_way_is_not_an_empty_one(start):
    policyd = start('policy = { rules = ( { name = "old"; } ); };')
    policyd.wait_rule("old")
    limits = resource.prlimit(policyd.process, resource.RLIMIT_NOFILE)
    # No room for one more: they are in use up to that one.
    resource.prlimit(policyd.process, resource.RLIMIT_NOFILE, (5, limits[1]))
    policyd.reload('policy = { rules = ( { name = "new"; } ); };')
    policyd.wait(lambda: "Too many open files (the policy before stays in "
                 "force)" in policyd.text(), "message")
    policyd.wait(lambda: "cannot be read: the last good policy stays" in
                 policyd.status, "status")
    assert len(policyd.snapshots) == 1
    resource.prlimit(policyd.process, resource.RLIMIT_NOFILE, limits)
    policyd.reload('policy = { rules = ( { name = "new"; } ); };')
    policyd.wait_rule("new")


def test_a_first_file_that_is_broken_denies(start):
    policyd = start("policy = {")
    policyd.wait(lambda: policyd.snapshots, "snapshot")
    policyd.wait(lambda: "all is denied" in policyd.status, "status")
    assert "nothing that could be read" in policyd.snapshots[0]
    policyd.reload('policy = { rules = ( { name = "new"; } ) };')
    policyd.wait_rule("new")


def test_without_a_supervisor_sighup_reads_the_file_again(start):
    policyd = start('policy = { rules = ( { name = "old"; } ) };', path=True,
                    supervised=False)
    policyd.wait_rule("old")
    policyd.conf.write_text('policy = { rules = ( { name = "new"; } ) };')
    os.kill(policyd.process, signal.SIGHUP)
    policyd.wait_rule("new")
    policyd.engine.close()
    bench.wait_for(lambda: not policyd.alive(), "end with the engine")
    assert policyd.exit == 0


def test_the_sandbox_is_there_in_every_thread(start):
    policyd = start(None)
    policyd.wait(lambda: policyd.snapshots, "snapshot")
    tasks = list(pathlib.Path(f"/proc/{policyd.process}/task").iterdir())
    assert len(tasks) == 2
    for task in tasks:
        status = (task / "status").read_text()
        assert re.search(r"^Seccomp:\t2$", status, re.M)
        assert re.search(r"^NoNewPrivs:\t1$", status, re.M)


def test_a_wrong_start_is_told(folder):
    done = subprocess.run([POLICYD, "serve"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "started by rsvpd" in done.stderr
