# SPDX-License-Identifier: ISC
"""Sources read on command, and generations gone back to."""

import json
import os
import re
import signal
import socket
import struct

import pytest

import bed as beds
import lab

CONF = """interfaces = ( { name = "eth0"; enabled = true; } );
"""


def text_of(name, directory=""):
    return ('policy = { rules = ( { name = "%s"; scope = "RSVP"; } ); };\n%s'
            % (name, directory))


class Host:
    """One daemon; no neighbours."""

    def __init__(self, policy):
        self.lab = lab.Lab("rsvprb")
        try:
            self.node = self.lab.node("h")
            self.node.ip("link", "add", "eth0", "type", "veth", "peer",
                         "name", "eth1")
            self.node.ip("link", "set", "eth0", "up")
            self.daemon = lab.Daemon(self.node, CONF, policy)
            self.wait_rules()
        except BaseException:
            self.lab.close()
            raise

    def wait_rules(self):
        return lab.wait_for(lambda: self.show().get("generation"), "rules")

    def show(self):
        return self.daemon.ctl_json("policy", "show")

    def rules(self):
        return [r["name"] for r in self.show()["rules"] if "name" in r]

    def order(self, *argv):
        """Exit status and answer of load or rollback."""
        done = self.daemon.ctl("--json", "policy", *map(str, argv),
                               check=False)
        return done.returncode, json.loads(done.stdout)

    def write(self, text):
        self.daemon.policy.write_text(text)

    def load(self, text):
        """Put it in force; its generation."""
        self.write(text)
        status, said = self.order("load")
        assert status == 0 and said["ok"], said
        return said["generation"]

    def history(self):
        return self.daemon.ctl_json("policy", "history")["generations"]

    def wait_kept(self, generation):
        lab.wait_for(lambda: generation in [
            k["generation"] for k in self.history()], "it is kept")


@pytest.fixture(name="host")
def fixture_host():
    lab.require_root()
    host = Host(text_of("a"))
    yield host
    host.lab.close()


def test_load_reads_the_file_and_answers_with_what_is_in_force(host):
    first = host.show()["generation"]
    host.write(text_of("b"))
    assert host.rules() == ["a"]
    status, said = host.order("load")
    assert (status, said["ok"], said["generation"]) == (0, True, first + 1)
    # The answer comes when it is in force, not before.
    assert host.show()["generation"] == first + 1 and host.rules() == ["b"]
    text = host.daemon.ctl("policy", "load").stdout
    assert text == f"generation {first + 1} is in force\n"
    log = host.daemon.process.output()
    assert re.search(r"policy load: asked for by uid 0, process \d+", log)


def test_a_listing_is_of_one_generation(host):
    """Who reads it slowly while policy changes is told, not given half of
    each."""
    def rules(name, count):
        return "policy = { rules = ( %s ); };" % ", ".join(
            '{ name = "%s%d"; scope = "RSVP"; }' % (name, i)
            for i in range(count))
    ask_policy, end = 4, 65
    host.load(rules("old-", 6000))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(lab.PATIENCE_S)
        sock.connect(str(host.daemon.control))
        sock.send(struct.pack("<IHHI", 12, 1, ask_policy, 1))
        heard = [sock.recv(1 << 17)]
        host.load(rules("new-", 6000))
        while last_type(heard[-1]) != end:
            heard.append(sock.recv(1 << 17))
    heard = b"".join(heard)
    assert b"old-0" in heard and b"new-" not in heard
    assert b"changed meanwhile" in heard
    assert len(host.rules()) == 6000


def last_type(datagram):
    """Of its last message."""
    while True:
        length, _, kind = struct.unpack_from("<IHH", datagram)
        datagram = datagram[length:]
        if not datagram:
            return kind


def test_a_file_that_root_alone_may_read_is_loaded(host):
    """policyd has a user of its own: the supervisor reads for it."""
    first = host.show()["generation"]
    host.write(text_of("b"))
    os.chmod(host.daemon.policy, 0o600)
    assert host.daemon.ctl("policy", "diff", check=False).returncode == 1
    status, said = host.order("load")
    assert (status, said["ok"], said["generation"]) == (0, True, first + 1)
    assert host.rules() == ["b"]


def test_a_bad_file_is_refused_and_the_old_generation_stays(host):
    before = host.show()["generation"]
    host.write("policy = { rules = ( { category = \"x\"; } ); };")
    status, said = host.order("load")
    assert status == 1 and not said["ok"]
    assert said["generation"] == before
    assert f"generation {before} stays in force" in said["text"]
    assert any("policy.conf:1" in line["text"] for line in said["lines"])
    done = host.daemon.ctl("policy", "load", check=False)
    assert done.returncode == 1 and "stays in force" in done.stderr
    assert "policy.conf:1" in done.stderr
    os.remove(host.daemon.policy)
    status, said = host.order("load")
    assert status == 1 and said["text"] == (
        f"file {host.daemon.policy} cannot be read: No such file or "
        f"directory; generation {before} stays in force")
    assert host.show()["generation"] == before and host.rules() == ["a"]


def test_a_dry_run_of_the_source_changes_nothing(host):
    before = host.show()["generation"]
    host.write(text_of("b"))
    done = host.daemon.ctl("--json", "policy", "diff", check=False)
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["old"]["generation"] == before
    assert said["new"]["generation"] == before + 1
    assert {(c["name"], c["change"]) for c in said["changes"]} == {
        ("a", "removed"), ("b", "added")}
    done = host.daemon.ctl("policy", "load", "--dry-run", check=False)
    assert done.returncode == 0 and "+ rule b" in done.stdout
    assert host.rules() == ["a"] and host.show()["generation"] == before
    # Without a look at the file nothing is new.
    assert host.daemon.ctl("policy", "diff", "directory",
                           check=False).returncode == 0
    host.write("rubbish")
    done = host.daemon.ctl("policy", "diff", check=False)
    assert done.returncode == 2 and "policy.conf:1" in done.stderr
    done = host.daemon.ctl("policy", "load", "--dry-run", check=False)
    assert done.returncode == 1 and "the source has 1 error" in done.stderr


def test_wrong_words_are_told(host):
    for words, said in ((("load", "x.conf"), "--dry-run"),
                        (("rollback", "x"), "not a generation"),
                        (("rollback", "0"), "not a generation"),
                        (("rollback", "9" * 30), "not a generation"),
                        (("rollback", "1", "2"), "too many"),
                        (("diff", "--frobnicate"), "not an option"),
                        (("diff", "--dry-run", "x"), "of policy load"),
                        (("diff", "--format", "aix"), "of a FILE"),
                        (("history", "x"), "unexpected argument")):
        done = host.daemon.ctl("policy", *words, check=False)
        assert done.returncode == 2 and said in done.stderr, (words, done)


def test_a_rollback_holds_until_load(host):
    one = host.show()["generation"]
    two = host.load(text_of("b"))
    host.wait_kept(two)
    status, said = host.order("rollback")
    assert (status, said["ok"], said["generation"]) == (0, True, one)
    assert host.rules() == ["a"] and host.show()["generation"] == one
    shown = host.show()
    assert shown["rollback_generation"] == one
    assert 0 <= shown["rollback_age_ms"] < 60000
    assert host.daemon.ctl_json("directory", "status")[
        "rollback_generation"] == one
    for command in (("policy", "show"), ("directory", "status")):
        assert (f"ROLLBACK to generation {one}, " in
                host.daemon.ctl(*command).stdout)
    assert "policy.conf is good" in shown["sources"]
    # Changes wait; who makes them is told.
    host.write(text_of("c"))
    os.kill(host.daemon.supervisor(), signal.SIGHUP)
    lab.wait_for(lambda: "holds (rsvpctl policy load ends it)" in
                 host.show().get("file_problem", "") and
                 host.show()["file_generation"] > two, "the file is read")
    assert host.rules() == ["a"]
    # The diff is between what is in force and what waits.
    said = json.loads(host.daemon.ctl("--json", "policy", "diff",
                                      check=False).stdout)
    assert said["old"]["generation"] == one
    assert {(c["name"], c["change"]) for c in said["changes"]} == {
        ("a", "removed"), ("c", "added")}
    # A file with an error ends nothing.
    host.write("rubbish")
    assert host.order("load")[0] == 1
    assert host.rules() == ["a"] and "rollback_generation" in host.show()
    three = host.load(text_of("c"))
    assert three > two and host.rules() == ["c"]
    assert "rollback_generation" not in host.show()
    assert "file_problem" not in host.show()
    assert "ROLLBACK" not in host.daemon.ctl("policy", "show").stdout
    assert "policy.conf is in force" in host.show()["sources"]


def test_load_puts_back_what_was_in_force_before_a_rollback(host):
    one = host.show()["generation"]
    two = host.load(text_of("b"))
    # At once: it is kept all the same.
    assert host.order("rollback")[1]["generation"] == one
    assert two in [k["generation"] for k in host.history()]
    status, said = host.order("load")
    assert (status, said["generation"]) == (0, two)
    assert host.rules() == ["b"] and host.show()["generation"] == two


def test_a_rollback_that_cannot_be_forgotten_is_told(host):
    host.wait_kept(host.show()["generation"])
    host.load(text_of("b"))
    assert host.order("rollback")[0] == 0
    state = host.daemon.state_dir
    owner = state.stat()
    os.chown(state, 0, 0)
    state.chmod(0o555)
    try:
        status, said = host.order("load")
        assert status == 0 and host.rules() == ["b"]
        assert "policy.rollback: not removed (Permission denied); a " \
            "restart of rsvpd goes back to it" in said["lines"][0]["text"]
    finally:
        os.chown(state, owner.st_uid, owner.st_gid)
        state.chmod(0o755)
    status, said = host.order("load")
    assert status == 0 and not said.get("lines")
    assert not (state / "policy.rollback").exists()


def test_generations_are_chosen_by_number(host):
    numbers = [host.show()["generation"]]
    for name in "bcd":
        numbers.append(host.load(text_of(name)))
        host.wait_kept(numbers[-1])
    assert [k["generation"] for k in host.history()] == numbers[::-1]
    assert [k["in_force"] for k in host.history()] == [True] + [False] * 3
    assert host.history()[0]["rules_count"] == 1
    # Again and again, one back each time; then there is none.
    for at in (2, 1, 0):
        assert host.order("rollback")[1]["generation"] == numbers[at]
        assert host.rules() == ["abcd"[at]]
    status, said = host.order("rollback")
    assert status == 1 and "no generation before" in said["text"]
    # And forth.
    assert host.order("rollback", numbers[3])[1]["ok"]
    assert host.rules() == ["d"]
    status, said = host.order("rollback", numbers[3])
    assert status == 1 and "in force already" in said["text"]
    status, said = host.order("rollback", 4711)
    assert status == 1 and "generation 4711: it is not kept" in said["text"]
    assert host.rules() == ["d"]
    text = host.daemon.ctl("policy", "history").stdout
    assert "in force by a rollback" in text.splitlines()[0]


def test_ten_generations_are_kept(host):
    for i in range(13):
        host.wait_kept(host.load(text_of(f"r{i}")))
    kept = host.history()
    assert len(kept) == 10
    assert kept[0]["generation"] - kept[-1]["generation"] == 9
    files = sorted(p.name for p in
                   host.daemon.state_dir.glob("policy.history.*"))
    assert files == [f"policy.history.{i}" for i in range(10)]
    assert {p.stat().st_mode & 0o777 for p in
            host.daemon.state_dir.glob("policy.*")} == {0o600}


@pytest.mark.parametrize("how", ["policyd", "all"])
def test_a_rollback_survives(host, how):
    one = host.show()["generation"]
    two = host.load(text_of("b"))
    host.wait_kept(two)
    host.order("rollback")
    if how == "policyd":
        old = host.daemon.workers()["policyd"]
        os.kill(old, signal.SIGKILL)
        lab.wait_for(lambda: host.daemon.workers().get("policyd", old) != old,
                     "a new policyd")
    else:
        host.daemon.stop()
        host.daemon.start()
    host.daemon.process.wait_output(f"rollback: generation {one} is held")
    lab.wait_for(lambda: host.show().get("rollback_generation") == one,
                 "the rollback")
    assert host.rules() == ["a"] and host.show()["generation"] == one
    assert [k["generation"] for k in host.history()] == [two, one]
    # Never anything else was in force meanwhile.
    if how == "all":
        assert f"generation {two}: in force" not in \
            host.daemon.process.output()
    assert host.order("load")[1]["generation"] == two
    assert host.rules() == ["b"]
    if how == "all":
        host.daemon.stop()
        host.daemon.start()
        host.wait_rules()
        assert host.rules() == ["b"] and "rollback_generation" not in \
            host.show()


def test_a_damaged_generation_is_refused(host):
    one = host.show()["generation"]
    two = host.load(text_of("b"))
    host.wait_kept(two)
    for path in host.daemon.state_dir.glob("policy.history.*"):
        data = bytearray(path.read_bytes())
        data[-3] ^= 1
        path.write_bytes(data)
    status, said = host.order("rollback", one)
    assert status == 1 and "damaged" in said["text"], said
    assert f"generation {two} stays in force" in said["text"]
    assert host.rules() == ["b"] and "rollback_generation" not in host.show()


def test_commands_without_policyd_are_answered(host):
    host.write(text_of("b"))
    os.kill(host.daemon.workers()["policyd"], signal.SIGSTOP)
    waiting = host.node.start(
        lab.program("rsvpctl"), "--socket", host.daemon.control, "policy",
        "load", name="load")
    # The watchdog kills it; whoever waits is told.
    assert waiting.popen.wait(30) == 1
    assert "policyd has ended" in waiting.output()


def test_only_operators_may(host):
    done = host.node.run(lab.program("rsvpctl"), "--socket",
                         host.daemon.control, "policy", "rollback", uid=30001,
                         check=False)
    assert done.returncode == 3 and "Permission denied" in done.stderr


@pytest.fixture(name="bed", scope="module")
def fixture_bed():
    lab.require_root()
    with beds.Bed("rsvprbd") as one:
        yield one


RULE = """dn: PolicyName=extra,ou=policies,o=example
changetype: add
objectClass: ServicePolicyRules
PolicyName: extra
SelectorTag: all
PolicyScope: RSVP
PolicyRulePriority: 7
ServiceReference: %s
"""


def names(daemon):
    return {r["name"] for r in daemon.ctl_json("policy", "show")["rules"]
            if "name" in r}


def test_load_asks_the_directory_and_does_not_wait_for_quiet(bed):
    daemon = bed.daemons["r"]
    before = names(daemon)
    ldif = lab.run("ldapsearch", "-x", "-LLL", "-H", bed.slapd.uri, "-b",
                   "o=example", "(objectClass=ServicePolicyRules)").stdout
    entry = ldif.split("\n\n")[0]
    base = re.search(r"^dn: [^,]*,(.*)$", entry, re.M).group(1)
    service = re.search(r"^ServiceReference: (.*)$", entry, re.M).group(1)
    tag = re.search(r"^SelectorTag: (.*)$", entry, re.M).group(1)
    add = (RULE % service).replace("ou=policies,o=example", base).replace(
        "SelectorTag: all", f"SelectorTag: {tag}")
    daemon.policy.write_text(daemon.policy.read_text().replace(
        "directory = {", 'directory = { quiet = "5 s";'))
    done = daemon.ctl("--json", "policy", "load", check=False)
    said = json.loads(done.stdout)
    assert done.returncode == 0, said
    assert "answers" in said["text"]
    bed.slapd.modify(add)
    diff = json.loads(daemon.ctl("--json", "policy", "diff", "directory",
                                 check=False).stdout)
    assert [(c["name"], c["change"]) for c in diff["changes"]] == [
        ("extra", "added")]
    assert names(daemon) == before
    generation = daemon.ctl_json("policy", "show")["generation"]
    said = json.loads(daemon.ctl("--json", "policy", "load").stdout)
    assert said["generation"] == generation + 1
    assert names(daemon) == before | {"extra"}


def test_what_the_directory_pushes_waits_for_the_end_of_a_rollback(bed):
    daemon = bed.daemons["r"]
    before = names(daemon)
    assert "extra" in before
    assert json.loads(daemon.ctl("--json", "policy", "rollback").stdout)["ok"]
    held = names(daemon)
    assert held == before - {"extra"}
    dn = re.search(r"^dn: (PolicyName=extra,.*)$", lab.run(
        "ldapsearch", "-x", "-LLL", "-H", bed.slapd.uri, "-b", "o=example",
        "(PolicyName=extra)").stdout, re.M).group(1)

    def made():
        return len(re.findall(r"generation \d+: \d+ rules",
                              daemon.process.output()))
    so_far = made()
    bed.slapd.modify(f"dn: {dn}\nchangetype: modify\n"
                     "replace: PolicyRulePriority\nPolicyRulePriority: 9\n")
    lab.wait_for(lambda: made() > so_far, "the push, made rules of")
    assert names(daemon) == held
    said = json.loads(daemon.ctl("--json", "policy", "load").stdout)
    assert said["ok"] and names(daemon) == before
    assert [r["priority"] for r in daemon.ctl_json("policy", "show")["rules"]
            if r.get("name") == "extra"] == [9]


def test_load_without_the_directory_says_so_and_keeps_its_rules(bed):
    daemon = bed.daemons["r"]
    before = names(daemon)
    bed.slapd.stop()
    try:
        done = daemon.ctl("--json", "policy", "load", check=False)
        said = json.loads(done.stdout)
        assert done.returncode == 1 and not said["ok"]
        assert "last known rules stay" in said["text"], said
        assert names(daemon) == before
        # What is said besides is no part of the difference.
        done = daemon.ctl("policy", "diff", "directory", check=False)
        assert done.returncode == 0 and "no difference" in done.stdout
        assert done.stderr.startswith(bed.slapd.uri), done.stderr
        assert done.stderr not in done.stdout
    finally:
        bed.slapd.start()
