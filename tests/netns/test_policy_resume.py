# SPDX-License-Identifier: ISC
"""What is in force stays so when policyd ends, whatever its cache has."""

import os
import re
import signal

import lab
import pytest
from test_policy_rollback import Host, text_of


@pytest.fixture(name="host")
def fixture_host():
    lab.require_root()
    host = Host(text_of("a"))
    yield host
    host.lab.close()


class Unwritable:
    """The state directory, for policyd."""

    def __init__(self, host):
        self.path = host.daemon.state_dir
        self.owner = self.path.stat()

    def __enter__(self):
        os.chown(self.path, 0, 0)
        self.path.chmod(0o555)

    def __exit__(self, *_):
        os.chown(self.path, self.owner.st_uid, self.owner.st_gid)
        self.path.chmod(0o755)


def kill(host, worker):
    """It is killed, and another takes its place."""
    old = host.daemon.workers()[worker]
    os.kill(old, signal.SIGKILL)
    lab.wait_for(lambda: host.daemon.workers().get(worker, old) != old,
                 f"a new {worker}")


def generations(host):
    """In the order in which they came into force."""
    return [int(g) for g in re.findall(
        r"generation (\d+): in force, ", host.daemon.process.output())]


def wait_settled(host, words):
    lab.wait_for(lambda: words in host.show().get("sources", ""), "sources")


def test_an_older_cache_does_not_come_into_force(host):
    host.wait_kept(host.show()["generation"])
    with Unwritable(host):
        loaded = host.load(text_of("b"))
        so_far = generations(host)
        assert so_far[-1] == loaded
        for times in (1, 2):
            kill(host, "policyd")
            lab.wait_for(lambda n=times: host.daemon.process.output().count(
                f"generation {loaded}: in force already") == n, "it goes on")
            status, said = host.order("load")
            assert status == 0 and said["generation"] == loaded, said
            assert host.rules() == ["b"]
    assert generations(host) == so_far
    # The numbers go on.
    assert host.load(text_of("c")) == loaded + 1


def test_a_load_is_on_disk_when_it_is_answered(host):
    for name in "bcd":
        loaded = host.load(text_of(name))
        # The list has it at once.
        assert loaded in [k["generation"] for k in host.history()]
        kill(host, "engine")
        host.wait_rules()
        assert host.rules() == [name]
        assert host.show()["generation"] == loaded
    assert "from the cache" in host.daemon.process.output()


def test_a_load_that_cannot_be_kept_says_so(host):
    with Unwritable(host):
        host.write(text_of("b"))
        status, said = host.order("load")
    assert status == 0 and said["ok"] and host.rules() == ["b"]
    assert any("policy.cache: not written (Permission denied)" in
               line["text"] for line in said["lines"]), said
    # Nothing has changed, and it is written when that can be.
    status, said = host.order("load")
    assert status == 0 and not said.get("lines"), said
    cache = host.daemon.state_dir / "policy.cache"
    assert b"\x01\0b" in cache.read_bytes()


def test_what_was_made_during_a_rollback_is_kept_when_it_ends(host):
    two = host.load(text_of("b"))
    host.order("rollback")
    host.write(text_of("c"))
    os.kill(host.daemon.supervisor(), signal.SIGHUP)
    lab.wait_for(lambda: host.show().get("file_generation", 0) > two,
                 "the file is read")
    cache = host.daemon.state_dir / "policy.cache"
    lab.wait_for(lambda: b"\x01\0c" in cache.read_bytes(), "it is saved")
    status, said = host.order("load")
    assert status == 0 and said["generation"] == two + 1
    assert host.history()[0]["generation"] == two + 1
    assert host.history()[0]["in_force"]


def test_a_rollback_whose_file_is_lost_holds(host):
    one = host.show()["generation"]
    two = host.load(text_of("b"))
    host.wait_kept(two)
    host.order("rollback")
    (host.daemon.state_dir / "policy.rollback").unlink()
    kill(host, "policyd")
    lab.wait_for(lambda: f"generation {one} is held" in
                 host.daemon.process.output(), "the rollback")
    assert host.rules() == ["a"]
    lab.wait_for((host.daemon.state_dir / "policy.rollback").exists,
                 "its file")
    assert host.order("load")[1]["generation"] == two


def test_the_way_back_is_not_lost_for_the_way_forth(host):
    """Ten are kept, the newest could not be: going back to the oldest keeps
    both."""
    for i in range(9):
        host.load(text_of(f"r{i}"))
    before = [k["generation"] for k in host.history()]
    assert len(before) == 10
    with Unwritable(host):
        newest = host.load(text_of("newest"))
        assert [k["generation"] for k in host.history()] == before
    status, said = host.order("rollback", before[-1])
    assert status == 0 and said["generation"] == before[-1], said
    assert host.rules() == ["a"]
    kept = [k["generation"] for k in host.history()]
    assert kept == [newest, *before[:-2], before[-1]]
