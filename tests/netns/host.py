# SPDX-License-Identifier: ISC
"""What the host of a virtual machine takes from it.

While a processor runs somebody else's work, whatever is timed on it stands
still: the wires behind our trees pass nothing, the trees earn no tokens beyond
their bursts, and queues that were deep enough overflow.  The kernel tells it
(stolen time, proc_stat(5)).  A measurement that failed while much was taken
says nothing of the program: it is void, and made again.  One that passed has
passed whatever was taken, and one that failed while nothing was has failed."""

import os
import subprocess
import sys
import threading
import time

TRIES = 3
WINDOW_S = 2.0
SHARE = 0.01        # of all processors, within any WINDOW_S
EVERY_S = 0.1
PATIENCE_S = 30.0   # for a calm moment, before a measurement
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
CPUS = os.cpu_count()


def stolen_s():
    """Since the machine started, of all processors together."""
    with open("/proc/stat", encoding="ascii") as stat:
        return int(stat.readline().split()[8]) * TICK_S


class Watch:
    """What the host takes while this is open."""

    def __init__(self):
        self.seen = []  # (when, stolen until then)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self):
        self.look()
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.ended.set()
        self.thread.join()
        self.look()

    def _go_on(self):
        while not self.ended.wait(EVERY_S):
            self.look()

    def look(self):
        self.seen.append((time.monotonic(), stolen_s()))

    def worst(self):
        """The largest share of the processors that was taken within a
        window (or a little more, as often as we look)."""
        most, first = 0.0, 0
        for when, taken in self.seen:
            while first + 1 < len(self.seen) and (
                    when - self.seen[first + 1][0] >= WINDOW_S):
                first += 1
            most = max(most, taken - self.seen[first][1])
        return most / (WINDOW_S * CPUS)

    def disturbed(self):
        return self.worst() >= SHARE

    def __str__(self):
        (start, before), (end, after) = self.seen[0], self.seen[-1]
        share = (after - before) / max((end - start) * CPUS, 1e-9)
        return (f"the host took {share:.1%} of the processors in "
                f"{end - start:.0f} s, {self.worst():.1%} in the worst "
                f"{WINDOW_S:g} s")


def wait_calm():
    """Until the host leaves the processors to us, but not for ever.  It takes
    them only from who wants to work."""
    work = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
            for _ in range(CPUS)]
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with Watch() as watch:
            watch.ended.wait(WINDOW_S)
        if not watch.disturbed():
            break
    for process in work:
        process.kill()
        process.wait()


def undisturbed(measure, good, tries=TRIES, say=print):
    """What measure() gives, made again while it is bad and the host disturbed
    it; and the watch over the last one if that is void, too, else None."""
    for left in reversed(range(tries)):
        with Watch() as watch:
            result = measure()
        if good(result) or not watch.disturbed():
            return result, None
        say(f"void: {watch}")
        if left:
            wait_calm()
    return result, watch


def measured(measure, good, tries=TRIES):
    """The same for a fixture: without a result its tests are skipped."""
    import pytest  # the demo does without it

    result, void = undisturbed(measure, good, tries)
    if void:
        pytest.skip(f"not judged, {tries} times: {void}")
    return result
