# SPDX-License-Identifier: ISC
"""A directory that hangs or is gone, seen from the whole program: signalling
does not wait for it, and neither does a start."""

import os
import signal

import pytest

import bed as beds
import lab


@pytest.fixture(scope="module")
def bed():
    with beds.Bed("rsvpdir") as one:
        yield one


def reserve(bed, port):
    """A reservation from end to end; the rule that allowed it."""
    sender = bed.sender_app("ipv4", port)
    receiver = bed.receiver_app("ipv4", port)
    try:
        return lab.wait_for(lambda: bed.installed(bed.r, "eth1", port),
                            f"reservation {port}")["rule"]
    finally:
        receiver.stop()
        sender.stop()


def status(daemon):
    return daemon.ctl_json("directory", "status")


def test_the_status_of_the_directory_is_shown(bed):
    daemon = bed.daemons["r"]
    lab.wait_for(lambda: status(daemon).get("mode") == "persist" and
                 status(daemon)["connected"] and
                 "cache_age_ms" in status(daemon), "persist")
    facts = status(daemon)
    assert facts["server"] == bed.slapd.uri
    assert facts["entries"] >= 4 and facts["skipped"] == 0
    assert facts["waiting"] is False
    for age in ("cookie_age_ms", "change_age_ms", "answer_age_ms",
                "cache_age_ms"):
        assert 0 <= facts[age] < 600000
    text = daemon.ctl("directory", "status").stdout
    for word in ("connected", "persist", "cookie age", "last change",
                 "last confirmed", "cache age"):
        assert word in text


def test_reservations_are_answered_while_the_directory_hangs(bed):
    rule = reserve(bed, 5010)
    assert rule
    os.kill(bed.slapd.process.pid, signal.SIGSTOP)
    try:
        for daemon in bed.daemons.values():  # a reload asks the server
            os.kill(daemon.supervisor(), signal.SIGHUP)
        for port in range(5011, 5014):
            assert reserve(bed, port) == rule
    finally:
        os.kill(bed.slapd.process.pid, signal.SIGCONT)


def test_a_start_without_the_directory_has_the_last_rules(bed):
    daemon = bed.daemons["r"]
    rule = reserve(bed, 5020)
    lab.wait_for(lambda: "cache_age_ms" in status(daemon), "cache")
    before = daemon.ctl_json("show", "policy")["rules"]
    daemon.stop()
    bed.slapd.stop()
    try:
        daemon.start()
        after = lab.wait_for(lambda: daemon.ctl_json(
            "show", "policy")["rules"], "the first rules")
        assert [r.get("name") for r in after] == [r.get("name")
                                                  for r in before]
        log = daemon.process.output()
        assert "from the cache" in log
        lab.wait_for(lambda: "last known rules stay" in
                     status(daemon)["sources"] and
                     status(daemon).get("retry_ms", 1) > 0, "status")
        # But while it is being made.
        lab.wait_for(lambda: "next attempt in" in daemon.ctl(
            "directory", "status").stdout, "the next attempt")
        daemon.wait_traffic_control()
        assert reserve(bed, 5021) == rule
    finally:
        bed.slapd.start()
