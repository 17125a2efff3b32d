# SPDX-License-Identifier: ISC
"""What becomes of a measurement when the host takes processors from it."""

import os
import pathlib
import subprocess
import sys

import pytest

import host

QUIET, BUSY = 0.0, 0.05  # of the processors


@pytest.fixture(name="taken")
def fake(monkeypatch):
    """The share that is taken in each run, and no time that passes really."""
    shares = []
    monkeypatch.setattr(host, "wait_calm", lambda: None)
    monkeypatch.setattr(host.Watch, "__enter__", lambda self: self)

    def leave(watch, *_):
        share = shares.pop(0)
        watch.seen = [(i / 10, share * host.CPUS * i / 10)
                      for i in range(100)]
    monkeypatch.setattr(host.Watch, "__exit__", leave)
    return shares


def measure(results):
    return lambda: results.pop(0)


def test_a_good_result_stands_whatever_was_taken(taken):
    taken += [BUSY]
    assert host.undisturbed(measure(["good"]), "good".__eq__) == ("good", None)


def test_a_bad_result_stands_when_nothing_was_taken(taken):
    taken += [QUIET]
    assert host.undisturbed(measure(["bad"]), "good".__eq__) == ("bad", None)


def test_a_bad_result_of_a_disturbed_run_is_void(taken, capsys):
    taken += [BUSY, BUSY, QUIET]
    assert host.undisturbed(measure(["bad", "worse", "fair"]),
                            "good".__eq__) == ("fair", None)
    assert capsys.readouterr().out.count("void: the host took 5.0% of") == 2


def test_a_measurement_that_was_always_disturbed_is_skipped(taken):
    taken += [BUSY, BUSY]
    result, void = host.undisturbed(measure(["bad"] * 2), "good".__eq__, 2)
    assert result == "bad" and void.disturbed()
    taken[:] = [BUSY] * 2
    with pytest.raises(pytest.skip.Exception, match="not judged, 2 times"):
        host.measured(measure(["bad"] * 2), "good".__eq__, 2)


@pytest.mark.parametrize("taken_s, every_s, worst", [
    (0.03, 0.1, 0.03 / 2),   # one stall
    (0.03, 3.0, 0.03 / 2),   # the same, seen late
])
def test_the_worst_window_is_found(taken_s, every_s, worst, monkeypatch):
    watch = host.Watch()
    monkeypatch.setattr(host, "CPUS", 1)
    watch.seen = [(0.0, 5.0), (every_s, 5.0), (2 * every_s, 5.0 + taken_s),
                  (10.0 + 3 * every_s, 5.0 + 1.5 * taken_s)]
    assert abs(watch.worst() - worst) < 1e-9
    assert watch.disturbed() == (worst >= host.SHARE)


def test_what_the_kernel_tells_never_shrinks():
    with host.Watch() as watch:
        assert watch.ended.wait(0.3) is False
    times, taken = zip(*watch.seen)
    assert len(times) >= 3
    assert list(times) == sorted(times) and list(taken) == sorted(taken)


CASES = """
import itertools
import pytest
import host

looks = itertools.count()
host.stolen_s = lambda: TAKEN * next(looks)
host.wait_calm = lambda: None
tries = []

@pytest.mark.measured
def test_fails_once():
    tries.append(1)
    assert len(tries) > 1

@pytest.mark.measured
def test_fails_always():
    assert False

def test_is_not_measured():
    assert False
"""


@pytest.mark.parametrize("taken, result", [
    (1.0, "1 failed, 1 passed, 1 skipped"), (0.0, "3 failed")])
def test_a_measured_case_is_made_again(taken, result, tmp_path):
    (tmp_path / "test_it.py").write_text(CASES.replace("TAKEN", str(taken)))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "conftest", "-p",
         "no:cacheprovider", str(tmp_path)], text=True, cwd=tmp_path,
        capture_output=True, timeout=60, check=False, env={
            **os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent)})
    assert done.stdout.splitlines()[-1].startswith(result), done.stdout
    assert ("not judged: the host took" in done.stdout) == (taken > 0)
