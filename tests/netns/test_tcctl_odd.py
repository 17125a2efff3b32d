# SPDX-License-Identifier: ISC
"""Trees that nobody would make on purpose: what cannot be described is left,
what is replaced can be brought back, and two editors do not meet."""

import re
import subprocess

import pytest

import lab
import nl_fault
import tc_dump
from test_tc_examples import SMALL_CONF, commands, host, tcctl, write

HTB = """
qdisc add dev eth0 root handle 1: htb default 10
class add dev eth0 parent 1: classid 1:10 htb rate 1mbit
"""


@pytest.fixture(name="node")
def fixture_node():
    with lab.Lab("rsvptco") as made:
        yield host(made, "a", ["eth0"])


def batch(node, lines):
    node.run("tc", "-b", write(node.lab, "\n".join(lines) + "\n", "batch"))


def test_an_interface_whose_name_cannot_be_written_is_named(node):
    node.ip("link", "set", "peer0", "down")
    node.ip("link", "set", "peer0", "name", 'p"0\\')
    node.ip("link", "set", 'p"0\\', "up")
    node.tc("qdisc", "add", "dev", 'p"0\\', "root", "pfifo", "limit", "5")
    commands(node, HTB)
    done = tcctl(node, "save")
    assert '# left alone, not described: interface p"0' in done.stdout
    assert "the name of the interface" in done.stderr
    assert tcctl(node, "plan", write(node.lab, done.stdout)).stdout == ""


def test_save_of_one_writes_it_and_its_ifbs_alone(node):
    commands(node, HTB)
    for i in range(3):
        node.ip("link", "add", f"ifb{i}", "type", "ifb")
        node.ip("link", "set", f"ifb{i}", "up")
        node.tc("qdisc", "add", "dev", f"ifb{i}", "root", "pfifo", "limit",
                f"10{i}")
    node.tc("qdisc", "add", "dev", "peer0", "handle", "ffff:", "ingress")
    for i, pref in enumerate(("3", "4")):
        node.tc("filter", "add", "dev", "peer0", "parent", "ffff:", "pref",
                pref, "protocol", "ip", "u32", "match", "u32", "0", "0",
                "action", "mirred", "egress", "redirect", "dev", f"ifb{i}")
    whole = tcctl(node, "save").stdout
    parts = [tcctl(node, "save", name).stdout
             for name in ("eth0", "peer0", "ifb1", "ifb2")]
    assert [sorted(re.findall(r'(?<!= )[{ ]name = "(\w+)"', text))
            for text in [whole, *parts]] == [
                ["eth0", "ifb0", "ifb1", "ifb2", "peer0"], ["eth0"],
                ["ifb0", "ifb1", "peer0"], ["ifb1"], ["ifb2"]]
    assert parts[1].count("ifb = { name =") == 1
    for text in [whole, *parts]:
        assert tcctl(node, "plan", write(node.lab, text)).stdout == ""


def test_off_names_the_ifb_that_alone_was_changed(node):
    node.ip("link", "add", "ifb0", "type", "ifb")
    node.ip("link", "set", "ifb0", "up")
    commands(node, HTB.replace("eth0", "ifb0"))
    node.tc("qdisc", "add", "dev", "eth0", "handle", "ffff:", "ingress")
    node.tc("filter", "add", "dev", "eth0", "parent", "ffff:", "protocol",
            "ip", "u32", "match", "u32", "0", "0", "action", "mirred",
            "egress", "redirect", "dev", "ifb0")
    before = tc_dump.dump(node, "ifb0")
    text = tcctl(node, "save", "eth0").stdout
    tcctl(node, "apply", "--take-over",
          write(node.lab, text.replace("1 Mbit/s", "2 Mbit/s")))
    done = tcctl(node, "off", "eth0", check=1)
    assert done.stderr == (
        "tcctl: eth0: tcctl has changed nothing here, but its ifb ifb0: "
        "tcctl off ifb0 brings that back\n")
    tcctl(node, "off", "ifb0")
    assert tc_dump.dump(node, "ifb0") == before
    done = tcctl(node, "off", "eth0", check=1)
    assert "changed nothing here since the system started" in done.stderr


def test_keys_before_the_header_are_saved_and_read(node):
    commands(node, HTB + "filter add dev eth0 parent 1: pref 3 protocol ip "
             "u32 match u16 0x1234 0xffff at -14 flowid 1:10")
    done = tcctl(node, "save")
    assert "at = -16;" in done.stdout
    assert tcctl(node, "plan", write(node.lab, done.stdout)).stdout == ""


def test_a_large_tree_is_brought_back_whole(node):
    commands(node, HTB)
    batch(node, [line for i in range(0x20, 0x20 + 6000) for line in (
        f"class add dev eth0 parent 1: classid 1:{i:x} htb rate {i}kbit "
        f"burst {3000 + i}",
        f"filter add dev eth0 parent 1: pref {3 + i // 2000} protocol ip u32 "
        f"match ip dst 10.{i >> 8}.{i & 255}.1 flowid 1:{i:x}")])
    before = tc_dump.dump(node, "eth0")
    tcctl(node, "apply", "--take-over", write(node.lab, SMALL_CONF))
    tcctl(node, "off", "eth0")
    assert tc_dump.dump(node, "eth0") == before


def test_a_tree_that_could_not_be_brought_back_is_not_replaced(node):
    commands(node, HTB)
    batch(node, [f"filter add dev eth0 parent 1: pref 3 protocol ip u32 match "
                 f"ip dst 10.{i >> 8}.{i & 255}.1 flowid 1:10"
                 for i in range(5000)])
    before = tc_dump.dump(node, "eth0")
    done = tcctl(node, "apply", "--take-over",
                 write(node.lab, SMALL_CONF), check=1)
    assert "more than 2047 filters of u32 with pref 3" in done.stderr
    assert "could not be brought back by tcctl off" in done.stderr
    assert tc_dump.dump(node, "eth0") == before


def test_a_qdisc_has_so_many_preferences_of_u32_and_no_more(node):
    def conf(count):
        filters = ", ".join(f'{{ pref = {i}; class = "1:10"; }}'
                            for i in range(1, count + 1))
        return write(node.lab, re.sub(r"filters = \(.*\);\n    };", lambda _:
                     f"filters = ( {filters} );\n    }};", SMALL_CONF,
                     flags=re.S))

    done = tcctl(node, "plan", conf(2048), check=2)
    assert "more than 2047 prefs of u32 in qdisc 1:" in done.stderr
    tcctl(node, "apply", conf(2047))
    assert tcctl(node, "plan", conf(2047)).stdout == ""


def test_behind_the_last_number_there_is_room_for_no_filter(node):
    """Node fff of a table: the next number would be another table."""
    add = ("filter add dev eth0 parent 1: pref 3 protocol ip handle 800::{} "
           "u32 match ip dst 10.0.0.{} flowid 1:10")
    commands(node, HTB)
    batch(node, [add.format("ffe", 1), add.format("fff", 2)])
    conf = write(node.lab, tcctl(node, "save").stdout)
    assert tcctl(node, "plan", conf).stdout == ""
    node.tc("filter", "del", "dev", "eth0", "parent", "1:", "pref", "3",
            "protocol", "ip", "handle", "800::ffe", "u32")
    before = tc_dump.dump(node, "eth0")
    for command in ("plan", "apply"):
        done = tcctl(node, command, "--take-over", conf, check=1)
        assert "no number is left for one more filter" in done.stderr
        assert "pref 3" in done.stderr
    assert tc_dump.dump(node, "eth0") == before


def test_two_at_once_do_one_after_the_other(node):
    state = node.lab.dir / "state-a"
    files = [write(node.lab, SMALL_CONF, "one"),
             write(node.lab, SMALL_CONF.replace("5 Mbit", "4 Mbit"), "two")]
    for _ in range(5):
        started = [subprocess.Popen(
            node.argv(str(lab.program("tcctl")), "apply", "--state-dir",
                      str(state), str(path)),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for path in files * 2]
        ends = [(p.communicate(timeout=30)[1], p.returncode) for p in started]
        assert [rc for _, rc in ends] == [0] * 4, ends
        tcctl(node, "off", "eth0")
        assert not list(state.iterdir())


def test_a_tree_that_others_make_meanwhile_is_not_replaced(node):
    """It comes while the interface before it in the file has its turn."""
    two = host(node.lab, "two", ["eth0", "eth1"])
    text = SMALL_CONF.rstrip().removesuffix(");") + ", " + (
        SMALL_CONF.strip().removeprefix("interfaces = (").replace(
            "eth0", "eth1"))
    fault = nl_fault.Fault(two.lab.dir)
    fault.plan(nl_fault.SEND_WAITS, 1)
    run = subprocess.Popen(two.argv(
        "env", *(f"{k}={v}" for k, v in fault.env.items()),
        str(lab.program("tcctl")), "apply", "--state-dir",
        str(two.lab.dir / "state"), str(write(two.lab, text))),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lab.wait_for(fault.happened, "the change that waits")
    two.tc("qdisc", "add", "dev", "eth1", "root", "handle", "7:", "pfifo",
           "limit", "9")
    fault.plan()
    _, said = run.communicate(timeout=30)
    assert run.returncode == 1
    assert "eth1: the root qdisc is another one by now (pfifo 7:)" in said
    assert "pfifo 7: root" in two.tc("qdisc", "show", "dev", "eth1").stdout
    # What was done on the other is taken back.
    assert tc_dump.dump(two, "eth0")[0] == []
    assert not list((two.lab.dir / "state").iterdir())


def waiting_at(node, step, text, state="state"):
    """An apply that waits before that step, and the fault that holds it."""
    fault = nl_fault.Fault(node.lab.dir)
    fault.plan(nl_fault.SEND_WAITS, step)
    run = subprocess.Popen(node.argv(
        "env", *(f"{k}={v}" for k, v in fault.env.items()),
        str(lab.program("tcctl")), "apply", "--state-dir",
        str(node.lab.dir / state), str(write(node.lab, text))),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lab.wait_for(fault.happened, "the change that waits")
    return run, fault


@pytest.mark.parametrize("theirs", [
    ("root", "handle", "7:", "pfifo", "limit", "9"),
    ("root", "handle", "7:", "htb", "r2q", "77")], ids=["pfifo", "htb"])
def test_the_undo_leaves_a_tree_that_came_between_two_steps(node, theirs):
    run, fault = waiting_at(node, 3, SMALL_CONF)
    node.tc("qdisc", "del", "dev", "eth0", "root")
    node.tc("qdisc", "add", "dev", "eth0", *theirs)
    before = tc_dump.dump(node, "eth0")
    fault.plan()
    _, said = run.communicate(timeout=30)
    assert run.returncode == 1
    assert ("left, as another program has put it there meanwhile: qdisc "
            f"{theirs[2]} on eth0 {theirs[3]}") in said
    assert tc_dump.dump(node, "eth0") == before


def test_the_undo_leaves_a_queue_that_came_into_a_class(node):
    """And the class; ours beside it go."""
    text = SMALL_CONF.replace('{ id = "1:30";', '{ id = "1:20"; rate = '
                              '"1 Mbit/s"; }, { id = "1:30";')
    run, fault = waiting_at(node, 5, text)
    node.tc("qdisc", "add", "dev", "eth0", "parent", "1:10", "handle", "77:",
            "pfifo", "limit", "8")
    node.tc("class", "add", "dev", "eth0", "parent", "1:1", "classid", "1:30",
            "htb", "rate", "1mbit")
    fault.plan()
    _, said = run.communicate(timeout=30)
    assert run.returncode == 1
    assert "and 1 more, with what it is in" in said or \
        "meanwhile: qdisc 77: on eth0 parent 1:10 pfifo" in said
    assert "parent 1:10" in node.tc("qdisc", "show", "dev", "eth0").stdout
    classes = node.tc("class", "show", "dev", "eth0").stdout
    assert "htb 1:10 " in classes and "htb 1:20 " not in classes
