# SPDX-License-Identifier: ISC
"""Preferences of u32: the kernel keeps one whose last filter goes, empty, while
the qdisc has another, and refuses it to any other kind or protocol."""

import errno
import re

import pytest

import lab
import nl_fault
import tc_dump
from test_tc_examples import SMALL_CONF, host, tcctl, write
from test_tcctl_odd import waiting_at


@pytest.fixture(name="node")
def fixture_node():
    with lab.Lab("rsvptcp") as made:
        yield host(made, "a", ["eth0"])


def conf_of(prefs):
    """prefs: protocol by preference, of filters for port 80."""
    filters = ", ".join(
        f'{{ pref = {pref}; protocol = "{protocol}"; '
        f'match = {{ proto = "tcp"; dport = 80; }}; class = "1:10"; }}'
        for pref, protocol in prefs.items())
    return re.sub(r"filters = \(.*\);\n    };", lambda _:
                  f"filters = ( {filters} );\n    }};", SMALL_CONF,
                  flags=re.S)


def prefs_of(node):
    """Preference and protocol of each, also of one that is empty."""
    text = node.tc("filter", "show", "dev", "eth0", "parent", "1:").stdout
    return {int(pref): protocol for protocol, pref in re.findall(
        r"protocol (\S+) pref (\d+) u32", text)}


def conf_file(node, prefs):
    name = "-".join(f"{pref}{protocol}" for pref, protocol in prefs.items())
    return write(node.lab, conf_of(prefs), name)


def apply(node, prefs):
    tcctl(node, "apply", conf_file(node, prefs))


def delete_by_hand(node, pref):
    """The only filter of the preference, as an older tcctl did."""
    text = node.tc("filter", "show", "dev", "eth0", "parent", "1:").stdout
    handle = re.search(rf"pref {pref} u32 .*fh (8\w\w::800)", text)[1]
    node.tc("filter", "del", "dev", "eth0", "parent", "1:", "pref", str(pref),
            "protocol", "ip", "handle", handle, "u32")
    assert pref in prefs_of(node)


def test_a_preference_goes_with_its_last_filter(node):
    apply(node, {3: "ip", 5: "ip"})
    apply(node, {3: "ip"})
    assert prefs_of(node) == {3: "ip"}
    apply(node, {3: "ip", 5: "ipv6"})
    assert prefs_of(node) == {3: "ip", 5: "ipv6"}
    apply(node, {3: "ipv6", 5: "ip"})
    assert prefs_of(node) == {3: "ipv6", 5: "ip"}
    apply(node, {7: "ip", 8: "ip"})
    assert prefs_of(node) == {7: "ip", 8: "ip"}


def test_an_empty_preference_that_is_there_goes(node):
    conf = conf_file(node, {3: "ip"})
    apply(node, {3: "ip", 5: "ip"})
    delete_by_hand(node, 5)
    assert re.fullmatch(r"delete filter 5 8\w\w: of 1: on eth0\n",
                        tcctl(node, "plan", conf).stdout)
    tcctl(node, "apply", conf)
    assert prefs_of(node) == {3: "ip"}
    assert tcctl(node, "plan", conf).stdout == ""


def test_an_empty_preference_is_in_the_way_of_no_other_protocol(node):
    apply(node, {3: "ip", 5: "ip"})
    delete_by_hand(node, 5)
    apply(node, {3: "ip", 5: "ipv6"})
    assert prefs_of(node) == {3: "ip", 5: "ipv6"}


def test_an_empty_preference_that_is_wanted_is_filled(node):
    conf = conf_file(node, {3: "ip", 5: "ip"})
    tcctl(node, "apply", conf)
    delete_by_hand(node, 5)
    assert "delete" not in tcctl(node, "plan", conf).stdout
    tcctl(node, "apply", conf)
    assert tcctl(node, "plan", conf).stdout == ""


def test_a_table_of_others_keeps_the_preference(node):
    apply(node, {3: "ip", 5: "ip"})
    node.tc("filter", "add", "dev", "eth0", "parent", "1:", "pref", "5",
            "protocol", "ip", "handle", "9:", "u32", "divisor", "16")
    apply(node, {3: "ip"})
    text = node.tc("filter", "show", "dev", "eth0", "parent", "1:",
                   "pref", "5").stdout
    assert "fh 9: ht divisor 16" in text and "::800" not in text


def test_another_chain_keeps_its_own(node):
    apply(node, {3: "ip", 5: "ip"})
    node.tc("filter", "add", "dev", "eth0", "parent", "1:", "pref", "5",
            "chain", "7", "protocol", "ip", "u32", "match", "ip", "dport",
            "99", "0xffff", "flowid", "1:10")
    node.tc("filter", "add", "dev", "eth0", "parent", "1:", "pref", "5",
            "chain", "8", "protocol", "ip", "bpf", "bytecode", "1,6 0 0 0",
            "flowid", "1:10")
    apply(node, {3: "ip"})
    text = node.tc("filter", "show", "dev", "eth0", "parent", "1:").stdout
    assert "bytecode" in text
    assert set(re.findall(r"pref 5 u32 (chain \d+)", text)) == {"chain 7"}
    assert "00000063/0000ffff" in text


def refused_at(node, step, text):
    """An apply one of whose steps the kernel refuses."""
    fault = nl_fault.Fault(node.lab.dir)
    fault.plan(nl_fault.REFUSE, step, errno.ENOSPC)
    return node.run("env", *(f"{k}={v}" for k, v in fault.env.items()),
                    lab.program("tcctl"), "apply", "--state-dir",
                    node.lab.dir / "state-a", write(node.lab, text),
                    check=False)


@pytest.mark.parametrize("before", [{3: "ip"}, {3: "ip", 4: "ip", 5: "ipv6"}])
def test_the_undo_leaves_no_empty_preference(node, before):
    apply(node, before)
    there = tc_dump.dump(node, "eth0")
    text = conf_of({3: "ip", 5: "ip", 6: "ip"})
    for step in range(1, 20):
        done = refused_at(node, step, text)
        if done.returncode == 0:
            break
        assert "; undone" in done.stderr
        assert tc_dump.dump(node, "eth0") == there
        assert prefs_of(node) == before
    assert 2 < step < 20


def test_what_came_into_the_preference_meanwhile_stays(node):
    apply(node, {3: "ip", 5: "ip"})
    run, fault = waiting_at(node, 1, conf_of({3: "ip", 7: "ip"}), "state-a")
    node.tc("filter", "add", "dev", "eth0", "parent", "1:", "pref", "5",
            "protocol", "ip", "u32", "match", "ip", "dport", "99", "0xffff",
            "flowid", "1:10")
    fault.plan()
    _, said = run.communicate(timeout=30)
    assert run.returncode == 1
    assert "another program has been there meanwhile" in said
    text = node.tc("filter", "show", "dev", "eth0", "parent", "1:").stdout
    assert "00000063/0000ffff" in text
