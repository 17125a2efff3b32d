# SPDX-License-Identifier: ISC
"""What a plan says of the kernel it is for: kinds that it lacks are named, and
apply is refused for those and for nothing else."""

import json
import re

import pytest

import lab
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
