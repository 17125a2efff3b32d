# SPDX-License-Identifier: ISC
"""`tcctl show | plan | apply | probe`, as an operator uses them, with each
classifier where filters of flows are made."""

import json
import subprocess

import pytest

import lab
import needs
from tcctl_bench import (A4, B4, B6, CLASSIFIERS, at_rest, each_classifier,
                         fixture_bench)

assert fixture_bench  # pytest finds it here

WANT = {"interfaces": [{
    "name": "eth0", "link": "100 Mbit", "best_effort": "5 Mbit",
    "control": "1 Mbit", "overhead_bytes": 24, "min_frame_bytes": 84,
    "flows": [
        {"id": 1, "service": "GS", "rate": "2 Mbit", "bucket": "3 kB",
         "max_packet": 1538, "buffer": 30000,
         "filters": [{"dst": B4, "src": A4, "dst_port": 5004,
                      "src_port": 6000}]},
        {"id": 2, "service": "CL", "rate": 100000, "peak": "4 Mbit",
         "bucket": 9000,
         "filters": [{"dst": B6, "dst_port": 5006},
                     {"dst": B6, "proto": 6, "flow_label": 700}]}]}]}


def by_its_classifier(bench, want):
    """The same for the classifier that the test is about."""
    name, = (n for n, v in CLASSIFIERS.items() if v == bench.classifier)
    return {"interfaces": [{**one, "classifier": name}
                           for one in want["interfaces"]]}


def tcctl(bench, *argv, want=None, check=0):
    if isinstance(want, dict):
        want = by_its_classifier(bench, want)
    if want is not None:
        path = bench.lab.dir / "want.json"
        path.write_text(want if isinstance(want, str) else json.dumps(want))
        argv = argv + (path,)
    done = bench.a.run(lab.program("tcctl"), *argv, check=False)
    assert done.returncode == check, done.stdout + done.stderr
    return done


def shown(bench):
    done = json.loads(tcctl(bench, "show", "--json", "eth0").stdout)
    assert done["schema"] == 1
    return done["interfaces"][0]


def test_show_of_an_interface_that_nobody_manages(bench):
    assert shown(bench) == {"name": "eth0", "ifindex": bench.ifindex,
                            "managed": False, "root": "the kernel's default"}
    assert "eth0: not managed" in tcctl(bench, "show").stdout
    assert "lo: not managed" in tcctl(bench, "show").stdout
    assert "no interface eth7" in tcctl(bench, "show", "eth7",
                                        check=1).stderr


@each_classifier
def test_a_plan_does_nothing_and_apply_does_the_plan(bench):
    plan = tcctl(bench, "plan", want=WANT).stdout
    assert "add qdisc 52: on eth0" in plan
    assert ("dport 5004 to 52:100" if bench.by() == "flower" else
            "flow 1 to 52:100") in plan
    assert bench.qdiscs()[0]["kind"] == "noqueue"
    done = json.loads(tcctl(bench, "apply", "--json", want=WANT).stdout)
    assert done["schema"] == 1 and done["problem"] is None
    texts = [op["text"] for op in done["operations"]]
    assert texts == plan.splitlines()
    assert done["operations"][0]["operation"] == "add"
    assert bench.lands(0x520100, 10) == (10, 0)
    # Both ways of one flow, and what flower cannot say of the other by u32.
    filters = bench.a.tc("filter", "show", "dev", "eth0", "parent",
                         "52:").stdout
    assert ("flower" in filters) == (bench.by() == "flower")
    assert len(bench.nodes(0x520100)) == 1 and len(bench.nodes(0x520101)) == 2

    now = shown(bench)
    assert now["managed"] and now["link_Bps"] == 12_500_000
    one, two = now["flows"]
    assert (one["id"], one["class"], one["service"], one["rate_Bps"],
            one["peak_Bps"], one["packets"]) == (
        1, "52:100", "GS", 250_000, None, 10)
    assert one["filters"] == [{"dst": B4, "src": A4, "proto": 17,
                               "dst_port": 5004, "src_port": 6000,
                               "flow_label": None, "spi": None}]
    assert (two["service"], two["rate_Bps"], two["peak_Bps"]) == (
        "CL", 100_000, 500_000)
    assert {"dst": B6, "src": None, "proto": 6, "dst_port": 0, "src_port": 0,
            "flow_label": 700, "spi": None} in two["filters"]
    text = tcctl(bench, "show", "eth0").stdout
    assert "flow 1: class 52:100 GS 2 Mbit/s" in text
    assert "10 packets" in text


def test_a_plan_knows_what_the_kernel_lacks(bench):
    """As apply finds it out."""
    if needs.has(needs.flower):
        pytest.skip("this kernel has cls_flower")
    want = json.loads(json.dumps(WANT))
    want["interfaces"][0]["classifier"] = "flower"
    said = [tcctl(bench, command, want=json.dumps(want), check=1).stderr
            for command in ("plan", "apply")]
    assert all("this kernel has no cls_flower" in line for line in said)
    assert bench.qdiscs()[0]["kind"] == "noqueue"


@each_classifier
def test_apply_again_changes_only_what_differs(bench):
    tcctl(bench, "apply", want=WANT)
    assert tcctl(bench, "apply", want=WANT).stdout == ""
    assert tcctl(bench, "plan", want=WANT).stdout == ""
    changed = json.loads(json.dumps(WANT))
    flows = changed["interfaces"][0]["flows"]
    flows[0]["rate"] = "3 Mbit"
    del flows[1]
    plan = tcctl(bench, "plan", want=changed).stdout.splitlines()
    done = tcctl(bench, "apply", want=changed).stdout.splitlines()
    assert done == plan
    # Its filters, and with flower the note that says whose class it was.
    assert [line.split()[0] for line in plan].count("delete") == (
        3 if bench.by() == "flower" else 2)
    assert [f["id"] for f in shown(bench)["flows"]] == [1]
    assert shown(bench)["idle"] == {"GS": 0, "CL": 1}
    assert bench.lands(0x520100, 5) == (5, 0)


@each_classifier
def test_apply_refuses_what_a_running_rsvpd_manages(bench):
    peer = bench.serve()
    bench.add(peer)
    at_rest(bench)
    # The supervisor's lock, held in the namespace of the host.
    holder = subprocess.Popen(
        bench.a.argv("/usr/bin/python3", "-c", "import socket, sys\n"
                     "s = socket.socket(socket.AF_UNIX)\n"
                     "s.bind(b'\\0rsvpd-engine')\n"
                     "print('held', flush=True)\n"
                     "sys.stdin.read()"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        before = bench.a.tc("filter", "show", "dev", "eth0").stdout
        done = tcctl(bench, "apply", want=WANT, check=1)
        assert "a running rsvpd manages this interface" in done.stderr
        assert bench.a.tc("filter", "show", "dev", "eth0").stdout == before
        tcctl(bench, "plan", want=WANT)  # looking is allowed
    finally:
        holder.stdin.close()
        holder.wait(lab.PATIENCE_S)
        holder.stdout.close()
    tcctl(bench, "apply", want=WANT)


@each_classifier
def test_apply_refuses_a_foreign_tree(bench):
    bench.a.tc("qdisc", "add", "dev", "eth0", "root", "handle", "7:", "tbf",
               "rate", "1mbit", "burst", "5kb", "latency", "50ms")
    done = tcctl(bench, "apply", "--json", want=WANT, check=1)
    assert "tbf 7:" in done.stderr
    assert "tbf 7:" in json.loads(done.stdout)["problem"]
    tcctl(bench, "plan", want=WANT, check=1)
    take = json.loads(json.dumps(WANT))
    take["interfaces"][0]["take_over"] = True
    tcctl(bench, "apply", want=take)
    assert bench.lands(0x520100, 5) == (5, 0)


@each_classifier
def test_a_foreign_filter_is_shown(bench):
    tcctl(bench, "apply", want=WANT)
    bench.a.tc("filter", "add", "dev", "eth0", "parent", "52:", "pref", "99",
               "protocol", "ip", "u32", "match", "u32", "0", "0", "flowid",
               "52:5")
    assert shown(bench)["foreign"]
    assert "foreign: filter 99" in tcctl(bench, "show", "eth0").stdout
    assert tcctl(bench, "plan", want=WANT).stdout == ""


FOREIGN = ("dev", "eth0", "parent", "1:", "protocol", "ip", "prio", "9")


@pytest.fixture
def home_made(bench, tmp_path):
    """A tree with something in it that descriptions do not know, saved."""
    bench.a.tc("qdisc", "add", "dev", "eth0", "root", "handle", "1:", "htb",
               "default", "10")
    bench.a.tc("class", "add", "dev", "eth0", "parent", "1:", "classid",
               "1:10", "htb", "rate", "1mbit")
    bench.a.tc("filter", "add", "dev", "eth0", "parent", "1:", "protocol",
               "ip", "prio", "8", "u32", "match", "u32", "0", "0", "action",
               "mirred", "egress", "mirror", "dev", "lo")
    bench.a.tc("filter", "add", *FOREIGN, "bpf", "bytecode",
               "1,6 0 0 4294967295", "classid", "1:10")
    saved = tcctl(bench, "save", "eth0")
    assert "left alone, not described: filter 9" in saved.stderr
    path = tmp_path / "eth0.conf"
    path.write_text(saved.stdout.replace("1 Mbit/s", "2 Mbit/s"))
    state = ("--state-dir", tmp_path / "state")
    assert "class 1:10" in tcctl(bench, "apply", "--take-over", *state,
                                 path).stdout
    return state


def test_an_action_is_drawn_once(bench, home_made):
    lines = tcctl(bench, "show", "eth0").stdout.splitlines()
    drawn, = [line for line in lines if "filter 8" in line]
    assert drawn.count("mirred") == 1


def test_off_leaves_what_it_does_not_know(bench, home_made):
    done = tcctl(bench, "off", *home_made, "eth0")
    assert "change class 1:10" in done.stdout and done.stderr == ""
    assert "bpf" in bench.a.tc("filter", "show", "dev", "eth0").stdout


def test_off_names_what_is_gone_for_good(bench, home_made):
    bench.a.tc("filter", "del", *FOREIGN, "bpf")
    done = tcctl(bench, "off", *home_made, "eth0", check=1)
    assert "cannot be brought back: filter 9" in done.stderr


def broken(change):
    want = json.loads(json.dumps(WANT))
    change(want["interfaces"][0])
    return want


def test_save_leaves_out_what_is_of_rsvpd(bench):
    tcctl(bench, "apply", want=json.dumps(WANT))
    left = "eth0: left out: the tree is of rsvpd, which makes it itself"
    for words in (("save",), ("save", "eth0")):
        saved = tcctl(bench, *words)
        assert f"tcctl: {left}\n" == saved.stderr
        assert saved.stdout.startswith(f"# {left.replace(':', '', 1)}\n")
        assert "name" not in saved.stdout


@pytest.mark.parametrize("want, word", [
    ("{", "want.json:1:"),
    ('{"interfaces": 3}', "interfaces: must be a list"),
    ("{}", "interfaces: is missing"),
    (broken(lambda i: i.update(name="eth9")), "there is no interface eth9"),
    (broken(lambda i: i.update(linc="1 Mbit")), "did you mean link"),
    (broken(lambda i: i.update(link="fast")), "\"fast\" is no rate"),
    (broken(lambda i: i.update(best_effort="200 Mbit")), "more than the link"),
    (broken(lambda i: i["flows"][1].update(id=1)), "stands twice"),
    (broken(lambda i: i["flows"][0].update(id=0)), "must not be 0"),
    (broken(lambda i: i["flows"][1].update(service="EF")),
     "interfaces[0].flows[1].service: must be"),
    (broken(lambda i: i["flows"][0].update(rate="1 Gbit")),
     "more than the link"),
    (broken(lambda i: i["flows"][1]["filters"][0].update(dst="x")),
     "interfaces[0].flows[1].filters[0].dst: \"x\" is no address"),
    (broken(lambda i: i["flows"][0]["filters"][0].update(dst_port=65536)),
     "whole number up to 65535"),
    (broken(lambda i: i["flows"][0].update(filters=[])), "1 to 64 filters"),
    (broken(lambda i: i["flows"][0]["filters"][0].update(proto=50)),
     "without them"),
    (broken(lambda i: i.update(classifier="bpf")),
     "interfaces[0].classifier: must be"),
], ids=lambda v: v.replace(" ", "-") if isinstance(v, str) else "")
def test_a_senseless_file_is_refused(bench, want, word):
    text = want if isinstance(want, str) else json.dumps(want)
    done = tcctl(bench, "apply", want=text, check=2)
    assert word in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert bench.qdiscs()[0]["kind"] == "noqueue"


def test_probe_touches_nothing(bench):
    done = json.loads(tcctl(bench, "probe", "--json").stdout)
    assert done["schema"] == 1 and done["enough"]
    assert done["qdiscs"]["htb"] and done["classifiers"]["u32"]
    assert (done["best_effort"] == "fq_codel") == done["qdiscs"]["fq_codel"]
    means = done["functions"]
    assert means["ingress"] == "act_mirred to an ifb"
    # What marks rules marks reservations; only police knows their profile.
    assert (means["reserved-mark"] is None) == (means["mark"] is None)
    if means["mark"] is not None:
        assert means["reserved-mark"].startswith(means["mark"])
        assert ("act_police" in means["reserved-mark"]) == (
            means["police"] == "act_police")
    # A kernel with the one action of no other use has the other as well.
    assert means["hidden-ports"] == (
        "act_gact" if means["police"] == "act_police"
        else "act_mirred to a block without interfaces")
    assert means["peak"] == (
        "act_police, or a tbf in the class"
        if means["police"] == "act_police" else "a tbf in the class")
    assert "enough for reservations" in tcctl(bench, "probe").stdout
    assert bench.a.run("tc", "qdisc", "show", "dev", "lo").stdout.startswith(
        "qdisc noqueue")


def test_without_privilege(bench):
    done = bench.a.run(lab.program("tcctl"), "show", uid=65534, check=False)
    assert done.returncode == 0 and "eth0: not managed" in done.stdout
    path = bench.lab.dir / "want.json"
    path.write_text(json.dumps(WANT))
    path.chmod(0o644)
    done = bench.a.run(lab.program("tcctl"), "apply", path, uid=65534,
                       check=False)
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr
    done = bench.a.run(lab.program("tcctl"), "probe", uid=65534, check=False)
    assert done.returncode == 3


@pytest.mark.parametrize("argv", [
    (), ("frobnicate",), ("show", "a", "b"), ("plan",), ("apply",),
    ("apply", "--json", "a", "b"), ("off",), ("off", "a", "b"),
    ("save", "a", "b"), ("save", "--json"), ("show", "--take-over"),
    ("apply", "--state-dir"), ("probe", "x"), ("show", "--yaml"), ("serve", "--json"),
    ("serve", "--no-sandbox")], ids=" ".join)
def test_usage(argv):
    done = lab.run(lab.program("tcctl"), *argv, check=False)
    assert done.returncode == 2
    assert "usage: tcctl" in done.stderr


def test_serve_needs_its_socket():
    done = subprocess.run([lab.program("tcctl"), "serve"], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    assert done.returncode == 2 and "SOCK_SEQPACKET" in done.stderr


def test_version_and_help():
    assert lab.run(lab.program("tcctl"), "--version").stdout.startswith(
        "tcctl ")
    assert "tcctl apply" in lab.run(lab.program("tcctl"), "--help").stdout
