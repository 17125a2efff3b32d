# SPDX-License-Identifier: ISC
"""net_probe: the engine's network side alone, driven line by line."""

import json
import queue
import subprocess
import threading
import time

import lab

UID = 65534  # what it becomes


class Probe:
    """net_probe and its events."""

    def __init__(self, node, conf):
        self.node = node
        path = node.lab.dir / f"{node.name}.conf"
        path.write_text(conf)
        self.popen = subprocess.Popen(
            node.argv(str(program()), str(path), str(UID)), text=True,
            bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=open(node.lab.dir / "probe.log", "ab"))
        self.queue = queue.Queue()
        self.kept = []
        threading.Thread(target=self._read, daemon=True).start()
        self.expect("ready")

    def _read(self):
        for line in self.popen.stdout:
            self.queue.put(json.loads(line))
        self.queue.put(None)

    def _take(self, left):
        event = self.queue.get(timeout=left)
        if event is None:
            raise EOFError("net_probe has ended")
        self.kept.append(event)

    def expect(self, event_name, /, timeout=lab.PATIENCE_S, **fields):
        """The next event of that name with those fields (or for which they
        hold); earlier ones stay."""
        deadline = time.monotonic() + timeout
        while True:
            for i, event in enumerate(self.kept):
                if event["event"] == event_name and all(
                        v(event.get(k)) if callable(v) else event.get(k) == v
                        for k, v in fields.items()):
                    return self.kept.pop(i)
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no {event_name} {fields} among {self.kept}")
            try:
                self._take(left)
            except queue.Empty:
                continue

    def ask(self, *words):
        # What was answered before is of no interest now.
        self.kept = [e for e in self.kept if e["event"] != words[0]]
        self.popen.stdin.write(" ".join(map(str, words)) + "\n")
        return self.expect("sent" if words[0] == "send" else words[0])

    def counters(self):
        return self.ask("counters")

    def forget(self):
        """Drop the events so far; the answer shows that all have come."""
        self.counters()
        events, self.kept = self.kept, []
        return events

    def packets(self):
        """The packets seen so far."""
        return [e for e in self.forget() if e["event"] == "packet"]

    def stop(self):
        self.popen.stdin.close()
        assert self.popen.wait(lab.PATIENCE_S) == 0


def program():
    return lab.BUILD / "tests/netns/net_probe"


def index(node, name):
    return json.loads(node.ip("-j", "link", "show", name).stdout)[0]["ifindex"]


def address(node, name):
    """The link's own."""
    return json.loads(node.ip("-j", "link", "show",
                              name).stdout)[0]["address"]
