# SPDX-License-Identifier: ISC
"""policyd against a real directory: what it takes, what it leaves out, and
what stays in force when the directory is gone.  Needs slapd, nothing else."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

import bench
from bench import POLICYD, TOP, Policyd, Slapd

pytestmark = pytest.mark.skipif(not bench.SLAPD.exists(),
                                reason="slapd is not installed")
EXAMPLES = TOP / "conf" / "examples" / "policy"


@pytest.fixture
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix=f"policyd-{os.getpid()}-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def slapd(folder):
    server = Slapd(folder / "slapd")
    yield server
    server.stop()


@pytest.fixture
def start(folder):
    """Starts any number of policyd; ends them all."""
    running = []

    def begin(conf=None, name="policyd", **options):
        running.append(Policyd(folder / name, conf, **options))
        return running[-1]
    with contextlib.ExitStack() as ends:
        yield begin
        for policyd in running:
            ends.callback(policyd.stop)


def conf(uri, more="", policy=""):
    return f"""{policy}
directory = {{ uri = "{uri}"; base = "ou=NetworkPolicies,o=example";
	tags = [ "host1", "all" ]; poll = 1; timeout = 2; retry = 1; {more} }};
"""


def category(name, *lines, tag="all"):
    return "\n".join([
        f"dn: serviceName={name},ou=NetworkPolicies,o=example",
        "objectClass: ServiceCategories", "objectClass: qosCategoryExt",
        f"serviceName: {name}", f"SelectorTag: {tag}", *lines, "", ""])


def rule(name, *lines, tag="all", scope="RSVP", rdn=None):
    return "\n".join([
        f"dn: {rdn or 'PolicyName=' + name},ou=NetworkPolicies,o=example",
        "objectClass: ServicePolicyRules", "objectClass: qosRuleExt",
        f"PolicyName: {name}", f"SelectorTag: {tag}", f"PolicyScope: {scope}",
        *lines, "", ""])


def change(dn, what, attribute, *values):
    return "\n".join([f"dn: {dn},ou=NetworkPolicies,o=example",
                      "changetype: modify", f"{what}: {attribute}",
                      *[f"{attribute}: {value}" for value in values], ""])


def polls(policyd, slapd, n=2):
    """The directory was read whole a few times more (its cache confirmed)."""
    cache = policyd.state / "policy.cache"
    policyd.wait(cache.exists, "the cache")
    for _ in range(n):
        before = cache.stat().st_mtime_ns
        policyd.wait(lambda b=before: cache.stat().st_mtime_ns != b, "poll")


@pytest.mark.parametrize("option,value,wants", [
    ("--uid", "root", "a number"), ("--rate", "1Mbps", "a rate"),
    ("--dst", "10.0.0.0/8", "an IP address"),
    ("--service", "best", "GS or CL")])
def test_explain_says_what_an_option_wants(tmp_path, option, value, wants):
    done = subprocess.run([POLICYD, "explain", option, value, tmp_path / "x"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"policyd: {option} {value}: not {wants}")
    assert done.stderr.count("\n") == 1


def test_a_file_must_be_a_file():
    done = subprocess.run([POLICYD, "check", "/dev/null"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "policyd: /dev/null: not a regular file\n"


def test_a_pipe_is_no_file_to_compare(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run([POLICYD, "diff", tmp_path / "pipe", "x"],
                          capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 2
    assert done.stderr.endswith("/pipe: not a regular file\n")


def explain(path, *args, status=None):
    done = subprocess.run([POLICYD, "explain", "--json", *args, path],
                          text=True, capture_output=True, check=False)
    if status is not None:
        assert done.returncode == status, done.stderr
    return json.loads(done.stdout) if done.stdout else done.stderr


# ---- the directory is read


def test_rules_come_from_the_directory_and_follow_it(slapd, start):
    slapd.add(category("gold", "qosMaxRatePerFlow: 1000") +
              rule("studio", "ServiceReference: gold", "qosUser: 1000"))
    policyd = start(conf(slapd.uri))
    first = policyd.wait_rule("studio")
    assert f"directory {slapd.uri}" in first
    policyd.wait(lambda: "answers" in policyd.status, "status")
    polls(policyd, slapd)
    count = len(policyd.snapshots)
    slapd.add(rule("second", "qosRole: transit"))
    assert policyd.wait_rule("second").generation == first.generation + 1
    slapd.modify(change("serviceName=gold", "replace", "qosMaxRatePerFlow",
                        "2 Mbit"))
    policyd.wait(lambda: len(policyd.snapshots) == count + 2, "change")
    slapd.modify("dn: PolicyName=second,ou=NetworkPolicies,o=example\n"
                 "changetype: delete\n")
    policyd.wait_rule("second", present=False)


def test_tags_choose_and_the_earlier_wins(slapd, start):
    slapd.add(rule("mine", "qosUser: 1", tag="host1") +
              rule("other", tag="host2") + rule("everybody", tag="ALL") +
              rule("mine", "qosUser: 2", "DestinationPortRange: 0-0",
                   rdn="DestinationPortRange=0-0"))
    policyd = start(conf(slapd.uri))
    got = policyd.wait_rule("everybody")
    assert "mine" in got and "other" not in got
    answer = explain(policyd.conf, "--uid", "1", "--dst", "10.0.0.1", status=0)
    assert answer["rule"] == "mine"
    policyd.wait(lambda: 'rule "mine" is not used' in policyd.text(), "note")
    assert "DestinationPortRange=0-0" in policyd.text()


def test_base_that_is_not_there_is_named(slapd, tmp_path):
    path = tmp_path / "policy.conf"
    path.write_text(f'directory = {{ uri = "{slapd.uri}"; base = "ou=nowhere,'
                    'o=example"; tags = "all"; };')
    done = subprocess.run([POLICYD, "explain", path], capture_output=True,
                          text=True, check=False)
    assert ('there is no entry "ou=nowhere,o=example", or this reader may not '
            "see it (check base)") in done.stderr


def test_file_and_directory_are_merged(slapd, start):
    slapd.add(rule("both", "qosUser: 7") + rule("theirs"))
    policyd = start(conf(slapd.uri, policy="""policy = { rules = (
        { name = "ours"; scope = "RSVP"; users = 9; },
        { name = "both"; scope = "RSVP"; users = 8; } ); };"""))
    got = policyd.wait_rule("theirs")
    assert "ours" in got
    assert explain(policyd.conf, "--uid", "7")["rule"] == "both"
    assert explain(policyd.conf, "--uid", "8")["rule"] == "theirs"
    assert explain(policyd.conf, "--uid", "9")["rule"] == "ours"


def test_all_that_an_entry_can_say_is_taken(slapd, start):
    slapd.add(category(
        "gold", "qosMaxRatePerFlow: 1000", "qosMaxBucketPerFlow: 80",
        "qosMaxPeakPerFlow: 2 Mbit", "qosMaxPacketPerFlow: 1500",
        "qosMaxFlows: 5", "qosAggregateRate: 3000", "qosMaxService: CL",
        "qosPreemptionPriority: 4", "qosDefendingPriority: 5",
        "qosPermission: allow", "MaxRate: 9", "OutgoingTos: 101") + rule(
            "r", "ServiceReference: gold", "PolicyRulePriority: -3",
            "ProtocolNumber: 17,tcp", "SourceAddressRange: 10.0.0.1-10.0.0.9",
            "DestinationAddressRange: 10.1.0.1-10.1.0.9",
            "SourcePortRange: 4000-4001,4005", "DestinationPortRange: 80-81",
            "qosSourcePrefix: 2001:db8::/32", "qosDestinationPrefix: ::1",
            "qosUser: root", "qosUser: 5-6", "qosGroup: 100",
            "qosInterface: eth*", "qosService: CL", "qosRole: receiver",
            "qosPermission: allow"))
    path = start(conf(slapd.uri)).conf
    args = ["--uid", "0", "--dst", "10.1.0.9", "--port", "81", "--src",
            "10.0.0.1", "--sport", "4005", "--service", "CL", "--role",
            "receiver", "--proto", "tcp", "--iface", "eth7", "--rate",
            "1 Mbit", "--bucket", "10 kB", "--peak", "2 Mbit", "--packet",
            "1500"]
    good = explain(path, *args, status=0)
    assert (good["rule"], good["preemption"], good["defending"]) == ("r", 4, 5)
    for option, value, expected in (
            ("--uid", "7", "who: somebody else"),
            ("--dst", "10.1.0.10", "destination"),
            ("--src", "10.0.0.10", "source"),
            ("--port", "82", "destination port"),
            ("--sport", "4002", "source port"),
            ("--proto", "132", "protocol"),
            ("--iface", "wlan0", "interface"),
            ("--role", "sender", "role"),
            ("--service", "GS", "service")):
        lost = explain(path, *args, option, value, status=1)
        assert lost["lost"] == [{"rule": "r", "failed": expected}]
    for option, value, expected in (
            ("--rate", "1001 kbit", "maxRatePerFlow 1 Mbit/s"),
            ("--bucket", "10001", "maxBucketPerFlow 10 kB"),
            ("--peak", "3 Mbit", "maxPeakPerFlow 2 Mbit/s"),
            ("--packet", "1501", "maxPacketPerFlow 1.5 kB")):
        refused = explain(path, *args, option, value, status=1)
        assert expected in refused["reason"]
        assert refused["value"] == 19


def test_the_classic_words_for_any_match_anything(slapd, start):
    slapd.add(rule("r", "SourceAddressRange: 0.0.0.0-0.0.0.0",
                   "DestinationAddressRange: 0.0.0.0-0.0.0.0",
                   "SourcePortRange: 0-0", "DestinationPortRange: 0-0"))
    path = start(conf(slapd.uri)).conf
    answer = explain(path, "--dst", "2001:db8::1", "--port", "5", status=0)
    assert answer["rule"] == "r"


def test_tags_that_choose_nothing_are_told(slapd, start):
    slapd.add(rule("theirs", tag="host2"))
    policyd = start(conf(slapd.uri))
    policyd.wait(lambda: f"{slapd.uri}: no entry below ou=NetworkPolicies,"
                 "o=example has one of the tags" in policyd.text(), "hint")


def test_a_rule_without_scope_decides_on_no_reservation(slapd, start):
    slapd.add(rule("r").replace("PolicyScope: RSVP\n", ""))
    policyd = start(conf(slapd.uri))
    policyd.wait_rule("r")
    answer = explain(policyd.conf, "--dst", "10.0.0.1", status=0)
    assert answer["rule"] == ""
    assert "no rule for reservations" in answer["reason"]


def test_what_cannot_be_read_is_left_out_by_dn(slapd, start):
    slapd.add(
        rule("good", "qosPrincipal: a~ z@ZONE") +
        rule("bad-port", "DestinationPortRange: 5-x") +
        rule("bad-user", "qosUser: nobody-has-this-name") +
        rule("bad-scope", scope="Sometimes") +
        rule("long", "qosSourcePrefix: " + "1" * 100000) +
        category("bad-rate", "qosMaxRatePerFlow: much") +
        rule("unprintable", "qosRole:: " + "w7xiZXI="))
    policyd = start(conf(slapd.uri))
    got = policyd.wait_rule("good")
    for name in ("bad-port", "bad-user", "bad-scope", "long", "bad-rate",
                 "unprintable"):
        assert name not in got
        policyd.wait(lambda n=name: re.search(
            rf"=.?{n},ou=NetworkPolicies,o=example: "
            r"(rule|category) skipped \(", policyd.text()), name)
    assert 'DestinationPortRange: "5-x" is not a port' in policyd.text()
    for name in ("long", "unprintable"):
        assert re.search(rf"PolicyName={name},.*: a value is not printable "
                         "ASCII of up to 1023 characters", policyd.text())
    # Said once, not at each poll.
    lines = policyd.text().count("skipped (")
    polls(policyd, slapd, 3)
    assert policyd.text().count("skipped (") == lines == 6


def test_a_condition_that_is_not_known_leaves_the_rule_out(folder, start):
    schema = folder / "future.schema"
    schema.write_text("""
attributetype ( 1.3.6.1.4.1.32473.205.9.1 NAME 'qosPhaseOfMoon'
	EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.32473.205.9.2 NAME 'qosFuture' SUP top AUXILIARY
	MAY ( qosPhaseOfMoon ) )
""")
    slapd = Slapd(folder / "slapd", schema=[schema])
    try:
        slapd.add(rule("good") + rule(
            "office-hours", "objectClass: qosFuture", "qosPhaseOfMoon: full"))
        policyd = start(conf(slapd.uri))
        assert "office-hours" not in policyd.wait_rule("good")
        policyd.wait(lambda: "qosPhaseOfMoon is not known to this version" in
                     policyd.text(), "reason")
    finally:
        slapd.stop()


def test_a_condition_with_an_option_leaves_the_rule_out(slapd, start):
    slapd.add(rule("good") + rule(
        "wide", "SourceAddressRange;lang-de: 10.0.0.1-10.0.0.1"))
    policyd = start(conf(slapd.uri))
    assert "wide" not in policyd.wait_rule("good")
    policyd.wait(lambda: "SourceAddressRange;lang-de is not known" in
                 policyd.text(), "reason")


def test_a_dangling_reference_keeps_the_old_rules(slapd, start):
    slapd.add(category("gold") + rule("old", "ServiceReference: gold"))
    policyd = start(conf(slapd.uri))
    policyd.wait_rule("old")
    count = len(policyd.snapshots)
    slapd.add(rule("new", "ServiceReference: silver"))
    policyd.wait(lambda: "not valid" in policyd.status, "status")
    assert 'PolicyName=new,ou=NetworkPolicies,o=example: rule "new" refers ' \
        'to category "silver", which does not exist' in policyd.text()
    assert len(policyd.snapshots) == count
    slapd.add(category("silver"))
    policyd.wait_rule("new")


# ---- the directory is gone


def test_the_last_rules_stay_when_the_server_dies(slapd, start):
    slapd.add(rule("studio"))
    policyd = start(conf(slapd.uri))
    policyd.wait_rule("studio")
    cache = policyd.wait_cached("studio")
    assert cache.stat().st_mode & 0o777 == 0o600
    assert not (policyd.state / "policy.cache.new").exists()
    policyd.wait(lambda: "answers" in policyd.status, "status")
    count = len(policyd.snapshots)
    slapd.stop()
    policyd.wait(lambda: "last known rules stay" in policyd.status, "status")
    assert "directory: ldap://127.0.0.1" in policyd.text()
    # A reload merges with what is known.
    policyd.reload(conf(slapd.uri, policy='policy = { rules = ( '
                        '{ name = "added"; } ); };'))
    got = policyd.wait_rule("added")
    assert "studio" in got and "last known directory" in got
    assert len(policyd.snapshots) == count + 1
    slapd.start()
    policyd.wait(lambda: "answers" in policyd.status, "return")
    assert "studio" in policyd.snapshots[-1]
    assert len(policyd.snapshots) == count + 1


def test_the_cache_is_in_force_before_the_directory_is_asked(slapd, start):
    slapd.add(rule("studio"))
    first = start(conf(slapd.uri))
    generation = first.wait_rule("studio").generation
    first.wait_cached("studio")
    first.stop()
    slapd.stop()
    again = start(conf(slapd.uri))
    got = again.wait_rule("studio")
    assert len(again.snapshots) == 1
    assert got.generation == generation
    again.wait(lambda: "last known rules stay" in again.status, "status")
    assert len(again.snapshots) == 1
    answer = explain(again.conf, "--state-dir", str(again.state), status=0)
    assert answer["rule"] == "studio"
    assert "from the cache" in answer["source"]


def test_a_cache_of_another_place_or_age_is_not_used(slapd, start):
    slapd.add(rule("studio"))
    first = start(conf(slapd.uri))
    first.wait_rule("studio")
    cache = first.wait_cached("studio")
    first.stop()
    slapd.stop()
    good = cache.read_bytes()
    # Other tags: what they would choose is not known.
    again = start(conf(slapd.uri).replace('"host1"', '"host2"'))
    again.wait_rule("studio", present=False)
    again.wait(lambda: "nothing is known" in again.status, "status")
    again.stop()
    # Older than maxAge.
    cache.write_bytes(good)
    os.utime(cache, (time.time(), time.time() - 100))
    again = start(conf(slapd.uri, 'maxAge = "50s";'))
    again.wait_rule("studio", present=False)
    again.stop()
    cache.write_bytes(good)
    os.utime(cache, (time.time(), time.time() - 100))
    again = start(conf(slapd.uri, 'maxAge = "1h";'))
    again.wait(lambda: "last known rules stay" in again.status, "status")
    assert "studio" in again.snapshots[-1]


def test_rules_that_grow_too_old_go(slapd, start):
    slapd.add(rule("studio"))
    policyd = start(conf(slapd.uri, "maxAge = 3;"))
    policyd.wait_rule("studio")
    slapd.stop()
    policyd.wait_rule("studio", present=False)
    policyd.wait(lambda: "too old" in policyd.text(), "log")
    slapd.start()
    policyd.wait_rule("studio")


@pytest.mark.parametrize("damage", ("cut", "flip", "empty"))
def test_a_damaged_cache_is_not_used(slapd, start, damage):
    slapd.add(rule("studio"))
    first = start(conf(slapd.uri))
    first.wait_rule("studio")
    cache = first.wait_cached("studio")
    first.stop()
    slapd.stop()
    data = bytearray(cache.read_bytes())
    if damage == "cut":
        data = data[:-3]
    elif damage == "flip":
        data[-3] ^= 1
    else:
        data = b""
    cache.write_bytes(data)
    again = start(conf(slapd.uri))
    again.wait(lambda: "nothing is known" in again.status, "status")
    assert "cache: " in again.text()
    assert "studio" not in again.snapshots[-1]


def test_a_directory_never_read_denies_unless_the_file_says_else(start):
    uri = f"ldap://127.0.0.1:{bench.port_free()}"
    policyd = start(conf(uri))
    policyd.wait(lambda: "nothing is known" in policyd.status, "status")
    answer = explain(policyd.conf, "--dst", "10.0.0.1", status=1)
    assert "the directory has not been read yet" in answer["reason"]
    allow = 'policy = { default = "allow"; };'
    policyd.reload(conf(uri, policy=allow))
    policyd.wait(lambda: len(policyd.snapshots) == 2, "snapshot")
    explain(policyd.conf, "--dst", "10.0.0.1", status=0)


def test_a_state_directory_that_is_gone_only_warns(slapd, start, folder):
    slapd.add(rule("studio"))
    policyd = start(conf(slapd.uri))
    policyd.wait_rule("studio")
    shutil.rmtree(policyd.state)
    slapd.add(rule("second"))
    policyd.wait_rule("second")
    policyd.wait(lambda: "cache: " in policyd.text(), "warning")


def test_a_hung_server_does_not_silence_policyd(slapd, start):
    slapd.add(rule("studio"))
    policyd = start(conf(slapd.uri).replace("timeout = 2", "timeout = 8"))
    policyd.wait_rule("studio")
    slapd.process.send_signal(signal.SIGSTOP)
    try:
        for serial in range(1, 4):
            policyd.wait(lambda: True, "turn")
            began = time.monotonic()
            assert policyd.ping(serial)[1] == serial
            assert time.monotonic() - began < 4
        policyd.wait(lambda: "last known rules stay" in policyd.status,
                     "status")
        policyd.reload(conf(slapd.uri, policy='policy = { rules = ( '
                            '{ name = "added"; } ); };'))
        assert "studio" in policyd.wait_rule("added")
    finally:
        slapd.process.send_signal(signal.SIGCONT)
    policyd.wait(lambda: "answers" in policyd.status, "return")


def test_a_server_that_accepts_and_says_nothing_is_given_up(start):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(16)
        uri = f"ldap://127.0.0.1:{mute.getsockname()[1]}"
        policyd = start(conf(uri))
        policyd.wait(lambda: "nothing is known" in policyd.status, "status")
        assert policyd.ping(9)[1] == 9


BIND_DONE = bytes.fromhex("300c02010161070a010004000400")
ENTRY = b"\x64\x81\xf0\x04\x03o=x\x30\x81\xe8"


@pytest.mark.parametrize("answer", (
    b"", b"\x00" * 64, b"HTTP/1.1 200 OK\r\n\r\n",
    b"\x30\x84\x7f\xff\xff\xff", b"\x30\x84\xff\xff\xff\xff" + b"x" * 64,
    BIND_DONE + b"\x30\x84\x7f\xff\xff\xf0" + b"x" * 64,
    BIND_DONE + b"\x30\x81\xf6\x02\x01\x02" + ENTRY + b"\x30" * 0xe8,
    BIND_DONE + b"\x30\x81\xf6\x02\x01\x02" + ENTRY + b"\xff" * 0xe8,
), ids=("nothing", "zeroes", "http", "huge", "huger", "huge-entry", "nested",
        "lengths"))
def test_a_server_that_talks_nonsense_is_given_up(start, answer):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        server.settimeout(0.05)
        policyd = start(conf(f"ldap://127.0.0.1:{server.getsockname()[1]}"))
        clients = []

        def serve():
            try:
                client, _ = server.accept()
                client.recv(4096)
                client.sendall(answer)
                clients.append(client)
            except (TimeoutError, ConnectionError):
                pass
            return "nothing is known" in policyd.status
        policyd.wait(serve, "status")
        for client in clients:
            client.close()
        assert policyd.ping(3)[1] == 3
        memory = int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(
            f"/proc/{policyd.process}/status").read_text()).group(1))
        if not os.environ.get("RSVPD_BUILD", "").endswith("asan"):
            assert memory < 32 * 1024


def test_the_second_server_is_asked_when_the_first_is_dead(slapd, start):
    slapd.add(rule("studio"))
    dead = f"ldap://127.0.0.1:{bench.port_free()}"
    policyd = start(conf(f'{dead}", "{slapd.uri}').replace(
        "uri = ", "uri = [ ").replace('"; base', '" ]; base'))
    assert f"directory {slapd.uri}" in policyd.wait_rule("studio")


def test_sigterm_ends_it_while_the_directory_is_silent(start):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(16)
        policyd = start(conf(f"ldap://127.0.0.1:{mute.getsockname()[1]}",
                             ).replace("timeout = 2", "timeout = 60"))
        policyd.wait(lambda: policyd.snapshots, "snapshot")
        policyd.stop()  # which does not wait for a minute
        assert policyd.exit == 0


# ---- who may read, and in secret


def test_simple_bind_reads_the_password_from_its_file(folder, start):
    slapd = Slapd(folder / "slapd", config="access to * by users read "
                  "by anonymous auth\n", tree=False)
    try:
        for ldif in ((EXAMPLES / "00-tree.ldif").read_text(), rule("studio")):
            slapd.add(ldif)
        password = folder / "pw"
        password.write_text("change-me\n")
        password.chmod(0o644)
        bind = ('bindDn = "cn=policyd,ou=NetworkPolicies,o=example"; '
                f'bindPasswordFile = "{password}";')
        policyd = start(conf(slapd.uri, bind))
        policyd.wait(lambda: f"bindPasswordFile {password}: others may read "
                     "it (mode 0644; chmod 600 it)" in policyd.status, "mode")
        password.chmod(0o600)
        policyd.wait_rule("studio")
        password.write_text("wrong\n")
        policyd.wait(lambda: "bind: Invalid credentials" in policyd.text(),
                     "refusal")
        password.unlink()
        other = start(conf(slapd.uri, bind), name="other")
        other.wait(lambda: f"bindPasswordFile {password}: No such file" in
                   other.text(), "reason")
        assert "change-me" not in policyd.text()
        assert "wrong" not in policyd.text()
    finally:
        slapd.stop()


def test_an_answer_that_is_cut_off_is_no_answer(folder, start):
    slapd = Slapd(folder / "slapd", config="sizelimit 3\n")
    try:
        slapd.add("".join(rule(f"rule-{i}") for i in range(3)))
        policyd = start(conf(slapd.uri, 'mode = "poll";'))
        policyd.wait_rule("rule-2")
        slapd.add(rule("rule-3"))
        policyd.wait(lambda: "size limit cut the answer off" in
                     policyd.status, "status")
        assert "rule-2" in policyd.snapshots[-1]
    finally:
        slapd.stop()


def openssl(*args, cwd):
    subprocess.run(["openssl", *args], cwd=cwd, check=True,
                   capture_output=True)


@pytest.fixture
def certificates(folder):
    """Of an authority, of the loopback address and of another name."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
            "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA",
            cwd=folder)
    for name, names_it in (("here", "IP:127.0.0.1"),
                           ("elsewhere", "DNS:elsewhere.example")):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout",
                f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={names_it}", cwd=folder)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem",
                "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-copy_extensions", "copy", "-out", f"{name}.pem", cwd=folder)
    return folder


def tls_slapd(folder, name):
    return Slapd(folder / f"slapd-{name}", top=f"""
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/{name}.pem
TLSCertificateKeyFile {folder}/{name}.key
""")


def test_starttls_is_used_checked_and_never_given_up(certificates, start):
    slapd = tls_slapd(certificates, "here")
    other = tls_slapd(certificates, "elsewhere")
    try:
        slapd.add(rule("studio"))
        other.add(rule("studio"))
        uri = slapd.uri
        tls = f'starttls = "demand"; caFile = "{certificates}/ca.pem";'
        start(conf(uri, tls), name="good").wait_rule("studio")
        for name, refused in (
                ("no-ca", conf(uri, 'starttls = "demand";')),
                ("wrong-name", conf(other.uri, tls))):
            policyd = start(refused, name=name)
            policyd.wait(lambda p=policyd: "nothing is known" in p.status,
                         "status")
            assert "StartTLS" in policyd.text()
            assert "studio" not in policyd.snapshots[-1]
    finally:
        slapd.stop()
        other.stop()


def test_a_server_without_tls_is_refused_when_it_is_demanded(slapd, start):
    slapd.add(rule("studio"))
    policyd = start(conf(slapd.uri, 'starttls = "demand";'))
    policyd.wait(lambda: "nothing is known" in policyd.status, "status")
    assert "StartTLS" in policyd.text()
    assert "studio" not in policyd.snapshots[-1]


# ---- schema and examples


def test_the_cn_config_form_of_the_schema_loads(folder):
    tree = folder / "slapd.d"
    tree.mkdir()
    (folder / "config.ldif").write_text(
        "dn: cn=config\nobjectClass: olcGlobal\ncn: config\n\n"
        "dn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: schema\n"
        "\ninclude: file:///etc/ldap/schema/core.ldif\n"
        f"include: file://{TOP}/conf/qos.ldif\n")
    done = subprocess.run(["/usr/sbin/slapadd", "-n", "0", "-F", tree, "-l",
                           folder / "config.ldif"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(["/usr/sbin/slaptest", "-u", "-F", tree],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_both_forms_of_the_schema_and_the_keys_agree():
    done = subprocess.run([TOP / "tests" / "check" / "schema"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def published(kind):
    """The definitions that the AIX documentation prints, defects and all."""
    text = (TOP / "tests" / "ldap" / "aix-published.txt").read_text()
    return {name: set(words.replace("$", " ").split()) for name, words in
            re.findall(rf"^{kind} (\w+) (.*)$", text, re.M)}


def test_the_published_classes_may_have_what_they_had():
    text = (TOP / "conf" / "qos.schema").read_text()
    for name, attributes in published("class").items():
        ours = re.search(rf"NAME '{name}'.*?\n\n", text, re.S).group(0)
        for attribute in attributes - {"objectClass"}:
            assert re.search(rf"\b{attribute}\b", ours), (name, attribute)
            assert re.search(rf"NAME '{attribute}'[^\n]*\n(?:\t[^\n]*\n)*?"
                             r"\tEQUALITY ", text) or \
                attribute == "description"


def test_entries_of_aix_load_unchanged(slapd, start):
    slapd.add((EXAMPLES.parent / "ldap" / "aix.ldif").read_text())
    policyd = start(conf(slapd.uri).replace('"host1"', '"myhost"'))
    got = policyd.wait_rule("premium_web")
    assert "udp_9000_flt" in got
    policyd.wait(lambda: "answers" in policyd.status, "status")
    assert "skipped" not in policyd.text()


def test_the_site_overrides_what_all_share(slapd, start):
    slapd.add((EXAMPLES.parent / "ldap" / "site.ldif").read_text())
    ask = ["--dst", "10.30.1.1", "--port", "5004", "--service", "GS",
           "--rate", "3 Mbit"]
    everywhere = start(conf(slapd.uri))
    everywhere.wait_rule("video-rooms")
    assert explain(everywhere.conf, *ask, status=0)["rule"] == "video-rooms"
    berlin = start(conf(slapd.uri).replace('"host1"', '"site-berlin"'),
                   name="berlin")
    berlin.wait_rule("video-rooms")
    assert "maxRatePerFlow 2 Mbit/s" in explain(
        berlin.conf, *ask, status=1)["reason"]


def test_the_example_tree_is_a_policy(folder, start):
    slapd = Slapd(folder / "slapd", tree=False)
    try:
        for path in sorted(EXAMPLES.glob("*.ldif")):
            slapd.add(path.read_text())
        policyd = start(conf(slapd.uri).replace('"host1"', '"site-berlin"'))
        policyd.wait_rule("studio")
        policyd.wait(lambda: "answers" in policyd.status, "status")
        assert "skipped" not in policyd.text()
        answer = explain(policyd.conf, "--uid", "1000", "--dst", "10.20.0.1",
                         "--port", "5004", "--service", "GS", "--rate",
                         "3 Mbit", "--peak", "4 Mbit", status=1)
        assert answer["reason"] == ("rule studio: rate per flow 3 Mbit/s "
                                    "exceeds maxRatePerFlow 2 Mbit/s")
        answer = explain(policyd.conf, "--uid", "30002", status=1)
        assert answer["reason"] == "rule no-guests denies uid 30002"
    finally:
        slapd.stop()
