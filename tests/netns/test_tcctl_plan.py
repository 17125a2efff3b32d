# SPDX-License-Identifier: ISC
"""What a plan says of the kernel it is for: kinds that it lacks are named, and
apply is refused for those and for nothing else."""

import json
import re

import pytest

import lab
import needs
import tc_dump
from test_tc_examples import (EXAMPLES, TREES, SMALL_CONF, fixture_here,
                              fixture_missing, host, tcctl, write)

assert fixture_here and fixture_missing  # pytest finds them here

WORDS = {"prio": "sch_prio", "sfq": "sch_sfq", "fw": "cls_fw",
         "police": "act_police", "connmark": "act_connmark",
         "pedit": "act_pedit", "csum": "act_csum"}
LACKS = re.compile(r"tcctl: (\S+): this kernel has no (.+), which is needed "
                   r"for (.+)")


@pytest.mark.parametrize("name", TREES)
def test_a_plan_names_what_apply_will_fail_for(here, missing, name):
    _, ifaces, needed = TREES[name]
    lacks = {WORDS[word] for word in needed if word in missing}
    node = host(here, "a", ifaces, ifb=False)
    before = [tc_dump.dump(node, iface) for iface in ifaces
              if not iface.startswith("ifb")]
    conf, status = EXAMPLES / f"{name}.conf", 1 if lacks else 0
    done = tcctl(node, "plan", conf, check=status)
    # pedit and its checksum are in one filter: the first is named.
    assert {LACKS.fullmatch(line)[2] for line in done.stderr.splitlines()} == (
        lacks - ({"act_csum"} if "act_pedit" in lacks else set()))
    told = json.loads(tcctl(node, "plan", "--json", conf, check=status).stdout)
    assert [op["text"] for op in told["operations"]] == \
        done.stdout.splitlines()
    for line in done.stderr.splitlines():
        iface, what, names = LACKS.fullmatch(line).groups()
        all_of_it = [op for op in told["operations"]
                     if op.get("lacks") == what and op["interface"] == iface]
        more = len(all_of_it) - 1
        assert names == all_of_it[0]["object"] + (
            f" and {more} more" if more else "")
    assert (told["problem"] is None) == (not lacks)
    tcctl(node, "apply", conf, check=status)
    if lacks:
        assert [tc_dump.dump(node, iface) for iface in ifaces
                if not iface.startswith("ifb")] == before


def test_marks_that_u32_would_not_see_are_named(here):
    """A kernel without them takes the filter, for all packets."""
    node = host(here, "a", ["eth0"])
    conf = write(here, SMALL_CONF.replace("{ dport = 80; }", "{ mark = 7; }"))
    plan = node.run(lab.program("tcctl"), "plan", "--state-dir", here.dir,
                    conf, check=False)
    assert (plan.returncode == 1) == (
        "this kernel has no marks in u32 (CLS_U32_MARK), which is needed for "
        "filter" in plan.stderr)
    tcctl(node, "apply", conf, check=plan.returncode)


MARKS = """interfaces = ( { name = "eth0"; marks = (
    { match = { proto = "tcp"; dport = 80; }; dscp = "ef"; } ); } );
"""
IN_THE_WAY = """table inet rsvpd_mark_{0} {{
    chain post {{ type nat hook postrouting priority srcnat; }}
}}
"""


def ifindex(node):
    return json.loads(node.run("ip", "-j", "link", "show", "eth0").stdout)[0][
        "ifindex"]


def test_marks_that_nftables_refuses_are_named(here):
    """By the kernel, which is asked for all of it, with nothing made."""
    needs.require(needs.nf_tables)
    node = host(here, "a", ["eth0"])
    conf = write(here, MARKS, "marks.conf")
    before = node.run("nft", "list", "ruleset").stdout
    done = tcctl(node, "plan", conf)
    assert done.stdout == "change marks on eth0: 1 rules\n"
    assert (done.stderr, node.run("nft", "list", "ruleset").stdout) == (
        "", before)
    # Another program has a chain in that place.
    node.run("nft", "-f", write(here, IN_THE_WAY.format(ifindex(node)),
                                "way.nft"))
    before = node.run("nft", "list", "ruleset").stdout
    done = tcctl(node, "plan", conf, check=1)
    assert done.stdout == "change marks on eth0: 1 rules\n"
    assert done.stderr.startswith("tcctl: eth0: marks: nftables: ")
    told = json.loads(tcctl(node, "plan", "--json", conf, check=1).stdout)
    assert f"tcctl: eth0: marks: {told['operations'][0]['lacks']}\n" == \
        done.stderr
    assert tcctl(node, "apply", conf, check=1).stderr == done.stderr
    assert node.run("nft", "list", "ruleset").stdout == before


def test_marks_that_go_are_not_tried(here):
    needs.require(needs.nf_tables)
    node = host(here, "a", ["eth0"])
    less = write(here, SMALL_CONF)
    more = write(here, SMALL_CONF.replace(
        'name = "eth0";', 'name = "eth0"; marks = ( { dscp = "ef"; } );'),
        "more.conf")
    tcctl(node, "apply", more)
    before = node.run("nft", "list", "ruleset").stdout
    assert "rsvpd_mark" in before
    state = here.dir / "state-a"
    for file in (less, more, *state.iterdir()):
        file.chmod(0o644)
    state.chmod(0o755)
    done = node.run(lab.program("tcctl"), "plan", "--state-dir", state, less,
                    uid=65534)
    assert (done.stdout, done.stderr) == ("delete marks on eth0\n", "")
    # Those that are to be made would be, and that cannot be found out.
    tcctl(node, "apply", less)
    done = node.run(lab.program("tcctl"), "plan", "--state-dir", state, more,
                    uid=65534)
    assert done.stdout == "change marks on eth0: 1 rules\n"
    assert "cannot be tried out (Operation not permitted)" in done.stderr


def test_what_is_there_or_goes_is_not_tried(here):
    """A plan that makes nothing needs no namespace to try it in."""
    node = host(here, "a", ["eth0"])
    conf = write(here, SMALL_CONF)
    tcctl(node, "apply", conf)
    less = write(here, re.sub(r"filters = \(.*\);\n    };", "};", SMALL_CONF,
                              flags=re.S), "less.conf")
    state = here.dir / "state-a"
    state.chmod(0o755)
    for file in state.iterdir():
        file.chmod(0o644)
    for file, count in ((conf, 0), (less, 2)):
        file.chmod(0o644)
        done = node.run(lab.program("tcctl"), "plan", "--state-dir", state,
                        file, uid=65534, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("delete filter") == count


def test_without_privilege_it_is_said_that_nothing_was_tried(here):
    node = host(here, "a", ["eth0"])
    conf = write(here, SMALL_CONF)
    conf.chmod(0o644)
    done = node.run(lab.program("tcctl"), "plan", "--state-dir",
                    here.dir / "none", conf, uid=65534, check=False)
    assert done.returncode == 0
    assert "add qdisc 1: on eth0" in done.stdout
    assert done.stderr == (
        "tcctl: which kinds this kernel has cannot be tried out (Operation "
        "not permitted): there may be some in the plan that it lacks\n")
