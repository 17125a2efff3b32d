# SPDX-License-Identifier: ISC
"""Accounting records: who had what, when, and how much of it, as the kernel
has counted it."""

import os
import pathlib
import pwd
import re
import signal

import pytest

import ear as ears
import lab
import pair as pairs
from pair import A4, B4, CONF, UID

RULE = """{ name = "voice"; category = "gold"; users = [ "30001" ];
            scope = "RSVP"; }"""
MARK = """{ name = "bulk"; category = "lead"; scope = "DataTraffic";
            protocol = [ "udp" ]; destPorts = [ "9100" ]; }"""


def policy(*rules):
    return """policy = { categories = (
      { name = "gold"; maxRate = "20 Mbit"; },
      { name = "lead"; maxRate = "160 kbit"; maxTokenBucket = "20 kB";
        outProfileAction = "mark"; outProfileDscp = "BE"; } );
      rules = ( %s ); };""" % ",".join(rules)


@pytest.fixture(name="pair")
def fixture_pair():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    pair = pairs.Pair(policy(RULE, MARK))
    yield pair
    pair.lab.close()


def test_a_reservation_is_accounted_to_the_octet(pair):
    before = {c["handle"]: c for c in pair.a.tc_classes("eth0")}
    send, _, resv = pair.reserve(5004)
    pair.send(40, 5004, 900)
    kernel = pair.counted(resv["classid"], 40)
    base = before.get(resv["classid"], {"bytes": 0, "packets": 0})
    send.stop()
    one, = pair.ended()
    assert one["counted"] == "yes"
    assert one["packets"] == kernel["packets"] - base["packets"] == 40
    assert one["bytes"] == kernel["bytes"] - base["bytes"]
    assert one["bytes"] == 40 * (900 + 8 + 20 + 14)
    assert one["out_packets"] == 0
    assert one["how"] == "torn"
    assert (one["rule"], one["category"]) == ("voice", "gold")
    assert one["who"]["uid"] == UID and one["who"]["pid"] == send.popen.pid
    assert one["who"]["neighbour"] == B4
    assert one["session"] == {"destination": B4, "protocol": 17, "port": 5004}
    assert one["senders"] == [{"address": A4, "port": 5004}]
    assert one["interface"] == "eth0" and one["service"] == "CL"
    assert one["rate_bps"] == 1000000 and one["bucket_bytes"] == 20000
    assert one["wire_rate_bps"] >= 1000000
    assert one["start"] < one["end"] and one["duration_ms"] > 0
    assert one["adopted"] is False and one["reservations"] == 1


def test_queued_packets_are_counted_before_the_record_is_written(pair):
    send, _, resv = pair.reserve(5004)
    pair.send(60, 5004, 1100)  # more than the bucket: they wait
    lab.wait_for(lambda: send.popen.poll() is None, "the sender")
    send.stop()
    one, = pair.ended()
    kernel = {c["handle"]: c for c in pair.a.tc_classes("eth0")}
    assert one["packets"] + one["out_packets"] == 60
    assert one["packets"] == kernel[resv["classid"]]["packets"]


def test_a_user_of_the_host_has_a_name(pair):
    """As /etc/passwd has it when the daemon starts or is reloaded."""
    uid, other = pwd.getpwnam("daemon").pw_uid, 30007
    with pytest.raises(KeyError):
        pwd.getpwuid(other)
    pair.change(policy(MARK, RULE.replace(
        '"30001"', f'"{uid}", "{other}"')))
    lab.wait_for(lambda: str(other) in str(pair.daemon.ctl_json(
        "show", "policy")), "the policy")
    for port, who in ((5004, uid), (5006, other)):
        pair.reserve(port, uid=who)[0].stop()
    named, unknown = sorted(pair.ended(2),
                            key=lambda r: r["session"]["port"])
    assert (named["who"]["uid"], named["who"]["user"]) == (uid, "daemon")
    assert (unknown["who"]["uid"], unknown["who"]["user"]) == (other, None)


def test_how_it_ended(pair):
    pair.reserve(5004)
    pair.change(policy(MARK, RULE.replace("30001", "30009")))
    one, = pair.ended()
    assert (one["how"], one["rule"]) == ("policy", "voice")


def test_a_receiver_that_leaves_tears(pair):
    _, recv, _ = pair.reserve(5006)
    recv.stop()
    assert pair.ended()[0]["how"] == "torn"


def test_what_nobody_refreshes_expires(pair):
    pair.reserve(5004)
    pair.peer.process.stop()
    one, = lab.wait_for(lambda: [r for r in pair.records()
                                 if r["event"] == "end"],
                        "the end", timeout=2 * lab.PATIENCE_S)
    assert one["how"] == "expired"


def test_a_static_rule_has_its_record(pair):
    lab.wait_for(lambda: [r for r in
                          pair.daemon.ctl_json("show", "rules")["rules"]
                          if r["state"] == "installed"], "the rule")
    ear = ears.Ear(pair.b, [9100], 50)
    pair.send(50, 9100, 1000)
    assert len(ear.heard()) == 50
    shown, = pair.daemon.ctl_json("show", "rules")["rules"]
    pair.change(policy(RULE))
    one, = pair.ended(record="rule")
    assert (one["rule"], one["category"]) == ("bulk", "lead")
    assert one["how"] == "removed"
    assert one["packets"] + one["out_packets"] == 50
    # Of IP, whoever has counted: the tree sees the link's header as well.
    assert one["bytes"] + one["out_bytes"] == 50 * 1028
    assert (one["bytes"], one["out_bytes"]) == (
        shown["in_profile_bytes"], shown["out_of_profile_bytes"])
    assert one["packets"] == shown["in_profile_packets"] > 0
    assert one["out_packets"] == shown["out_of_profile_packets"] > 0


def test_a_moved_file_is_opened_anew_by_sighup(pair):
    send, *_ = pair.reserve(5004)
    send.stop()
    pair.ended()
    moved = pair.file().with_suffix(".1")
    pair.file().rename(moved)
    os.kill(pair.daemon.supervisor(), signal.SIGHUP)
    lab.wait_for(pair.file().exists, "a new file")
    lab.wait_for(lambda: "reload: applied" in pair.daemon.process.output(),
                 "the reload")
    send, *_ = pair.reserve(5006)
    send.stop()
    one, = pair.ended()
    assert one["session"]["port"] == 5006
    assert len(pair.records(moved)) == 1
    assert oct(pair.file().stat().st_mode & 0o777) == "0o640"


def test_a_full_disk_is_said_once_and_loses_nothing_else(pair):
    supervisor = str(pair.daemon.supervisor())
    log_dir = str(pair.daemon.log_dir)
    # A daemon sees the mounts of its own namespace.
    lab.run("nsenter", "-t", supervisor, "-m", "-r", "mount", "-t", "tmpfs",
            "-o", "size=8k,nr_inodes=10", "none", log_dir)
    there = pathlib.Path("/proc", supervisor, "root" + log_dir)
    full, file = there / "full", there / "accounting.jsonl"
    file.touch()
    full.write_bytes(b"x" * 8192)
    os.kill(pair.daemon.supervisor(), signal.SIGHUP)
    lab.wait_for(lambda: "reload: applied" in pair.daemon.process.output(),
                 "the reload")
    for port in (5004, 5006):
        send, *_ = pair.reserve(port)
        send.stop()
        lab.wait_for(lambda: not pair.daemon.ctl_json(
            "show", "reservations").get("reservations"), "the end")
    said = re.compile(r"accounting: No space left")
    lab.wait_for(lambda: said.search(pair.daemon.process.output()),
                 "the complaint")
    full.unlink()
    got = lab.wait_for(lambda: [r for r in pair.records(file)
                                if r["record"] == "reservation"][1:] and
                       pair.records(file), "the records")
    assert {r["session"]["port"] for r in got} == {5004, 5006}
    assert len(said.findall(pair.daemon.process.output())) == 1
    lab.wait_for(lambda: "0 records lost so far" in
                 pair.daemon.process.output(), "the end of it")


def test_interim_records(pair):
    pair.daemon.conf.write_text(CONF.replace(
        "MORE", 'interval = "200 ms";'))
    os.kill(pair.daemon.supervisor(), signal.SIGHUP)
    send, _, _ = pair.reserve(5004)
    pair.send(20, 5004)
    one = lab.wait_for(lambda: [
        r for r in pair.records() if r["event"] == "interim" and
        r["record"] == "reservation" and r["packets"] == 20],
        "an interim record")[-1]
    assert one["how"] is None and one["counted"] == "yes"
    assert lab.wait_for(lambda: [r for r in pair.records()
                                 if r["record"] == "rule"], "of the rule")
    send.stop()
    assert pair.ended()[0]["start"] == one["start"]


def test_a_new_engine_goes_on_with_the_account(pair):
    send, _, resv = pair.reserve(5004)
    pair.send(30, 5004)
    pair.counted(resv["classid"], 30)
    os.kill(pair.daemon.workers()["engine"], signal.SIGKILL)
    lab.wait_for(lambda: pair.daemon.process.output().count(": ready") >= 2,
                 "the next engine")
    pair.installed(5004)
    pair.send(10, 5004)
    send.stop()
    one, = pair.ended()
    assert one["adopted"] is True and one["packets"] == 40
