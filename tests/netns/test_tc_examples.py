# SPDX-License-Identifier: ISC
"""The trees of the published texts: what their commands make and what our
descriptions make is the same to the kernel; saved, it can be made elsewhere;
`off` leaves what was there before."""

import re

import pytest

import lab
import tc_dump

EXAMPLES = lab.TOP / "conf/examples/tc"

# The commands as the texts have them, with their variables filled in and the
# deletions in front left out.
TBF = """
qdisc add dev ppp0 root tbf rate 220kbit latency 50ms burst 1540
"""

PRIO = """
qdisc add dev eth0 root handle 1: prio
qdisc add dev eth0 parent 1:1 handle 10: sfq
qdisc add dev eth0 parent 1:2 handle 20: tbf rate 20kbit buffer 1600 limit 3000
qdisc add dev eth0 parent 1:3 handle 30: sfq
"""

HTB = """
qdisc add dev eth0 root handle 1: htb default 30
class add dev eth0 parent 1: classid 1:1 htb rate 6mbit burst 15k
class add dev eth0 parent 1:1 classid 1:10 htb rate 5mbit burst 15k
class add dev eth0 parent 1:1 classid 1:20 htb rate 3mbit ceil 6mbit burst 15k
class add dev eth0 parent 1:1 classid 1:30 htb rate 1kbit ceil 6mbit burst 15k
qdisc add dev eth0 parent 1:10 handle 10: sfq perturb 10
qdisc add dev eth0 parent 1:20 handle 20: sfq perturb 10
qdisc add dev eth0 parent 1:30 handle 30: sfq perturb 10
filter add dev eth0 protocol ip parent 1:0 prio 1 u32 match ip dport 80 0xffff flowid 1:10
filter add dev eth0 protocol ip parent 1:0 prio 1 u32 match ip sport 25 0xffff flowid 1:20
"""

# CBQ is gone; this is the tree that the example is translated to, typed.
CBQ = """
qdisc add dev eth0 root handle 1:0 htb
class add dev eth0 parent 1:0 classid 1:1 htb rate 6Mbit burst 20000
class add dev eth0 parent 1:1 classid 1:3 htb rate 5Mbit ceil 6Mbit burst 20000
class add dev eth0 parent 1:1 classid 1:4 htb rate 3Mbit ceil 6Mbit burst 20000
qdisc add dev eth0 parent 1:3 handle 30: sfq
qdisc add dev eth0 parent 1:4 handle 40: sfq
filter add dev eth0 parent 1:0 protocol ip prio 1 u32 match ip sport 80 0xffff flowid 1:3
filter add dev eth0 parent 1:0 protocol ip prio 1 u32 match ip sport 25 0xffff flowid 1:4
"""

CBQ_DEFMAP = """
qdisc add dev eth1 root handle 1: htb default 3
class add dev eth1 parent 1:0 classid 1:1 htb rate 10Mbit burst 20000 mpu 64
class add dev eth1 parent 1:1 classid 1:2 htb rate 1Mbit ceil 10Mbit burst 20000 mpu 64 prio 3
class add dev eth1 parent 1:1 classid 1:3 htb rate 8Mbit ceil 10Mbit burst 20000 mpu 64 prio 7
filter add dev eth1 parent 1:0 protocol ip prio 1 u32 match ip tos 0x10 0x18 flowid 1:2
filter add dev eth1 parent 1:0 protocol ip prio 1 u32 match ip tos 0xc0 0xfc flowid 1:2
"""

ROUTER = """
qdisc add dev ppp0 root handle 1: htb default 1 r2q 20
class add dev ppp0 parent 1: classid 1:1 htb rate 320kbit ceil 320kbit
qdisc add dev ppp0 parent 1:1 handle 10: sfq perturb 10
qdisc add dev ppp0 handle ffff: ingress
filter add dev ppp0 parent ffff: protocol ip prio 50 u32 match ip src 0.0.0.0/0 police rate 1750kbit burst 20k drop flowid :1
qdisc add dev eth0 root handle 1: htb
class add dev eth0 parent 1: classid 1:20 htb rate 1600kbit ceil 1600kbit
qdisc add dev eth0 parent 1:20 handle 20: sfq perturb 11
filter add dev eth0 protocol ip parent 1:0 prio 1 handle 20 fw flowid 1:20
filter add dev eth0 protocol ipv6 parent 1:0 prio 2 handle 20 fw flowid 1:20
"""

NAS = """
qdisc add dev eno1 root handle 1: htb default 30 r2q 200
class add dev eno1 parent 1: classid 1:20 htb rate 2000kbit ceil 2000kbit
qdisc add dev eno1 parent 1:20 handle 20: sfq perturb 10
class add dev eno1 parent 1: classid 1:30 htb rate 90mbit ceil 90mbit
qdisc add dev eno1 parent 1:30 handle 30: sfq perturb 10
filter add dev eno1 parent 1: protocol ip prio 1 handle 5 fw flowid 1:20
filter add dev eno1 parent 1: protocol ipv6 prio 2 handle 5 fw flowid 1:20
qdisc add dev eno1 handle ffff: ingress
filter add dev eno1 parent ffff: protocol ip prio 5 u32 match u32 0 0 action connmark action mirred egress redirect dev ifb0
filter add dev eno1 parent ffff: protocol ipv6 prio 6 u32 match u32 0 0 action connmark action mirred egress redirect dev ifb0
qdisc add dev ifb0 root handle 2: htb default 30 r2q 200
class add dev ifb0 parent 2: classid 2:20 htb rate 15000kbit ceil 15000kbit
class add dev ifb0 parent 2: classid 2:30 htb rate 90mbit
qdisc add dev ifb0 parent 2:20 handle 20: sfq perturb 10
qdisc add dev ifb0 parent 2:30 handle 30: sfq perturb 10
filter add dev ifb0 parent 2: protocol ip prio 10 handle 5 fw flowid 2:20
filter add dev ifb0 parent 2: protocol ipv6 prio 11 handle 5 fw flowid 2:20
"""

STAB = """
qdisc add dev ppp0 root handle 1: stab overhead 10 linklayer atm tbf rate 300kbit latency 50ms burst 1600
"""

DSCP = "qdisc add dev eth0 clsact\n" + "".join(
    f"filter add dev eth0 egress prio 1 protocol ip u32 match ip protocol 6 "
    f"0xff match ip {way} {port} 0xffff action pedit ex munge ip dsfield set "
    f"0x88 retain 0xfc pipe action csum ip4h\n"
    for way, port in (("sport", 1935), ("sport", 443), ("sport", 5060),
                      ("sport", 5061), ("dport", 5060), ("dport", 5061)))

# Name, commands, interfaces, what the kernel must have.
TREES = {
    "tbf": (TBF, ["ppp0"], []),
    "prio": (PRIO, ["eth0"], ["prio", "sfq"]),
    "htb": (HTB, ["eth0"], ["sfq"]),
    "cbq": (CBQ, ["eth0"], ["sfq"]),
    "cbq-defmap": (CBQ_DEFMAP, ["eth1"], []),
    "router": (ROUTER, ["ppp0", "eth0"], ["sfq", "police", "fw"]),
    "nas": (NAS, ["eno1", "ifb0"], ["sfq", "fw", "connmark"]),
    "size-table": (STAB, ["ppp0"], []),
    "dscp-by-port": (DSCP, ["eth0"], ["pedit", "csum"]),
}
# The part of them that is there on any kernel, under its own name.
SMALL = {
    "htb without sfq": ("htb", ["eth0"]),
    "cbq without sfq": ("cbq", ["eth0"]),
}

PROBES = {
    "prio": "qdisc add dev lo root prio",
    "sfq": "qdisc add dev lo root sfq",
    "fw": "filter add dev lo parent 9: prio 1 handle 1 fw flowid 9:1",
    "police": "filter add dev lo parent 9: prio 1 u32 match u32 0 0 police "
              "rate 1mbit burst 9k drop",
    "connmark": "filter add dev lo parent 9: prio 1 u32 match u32 0 0 action "
                "connmark",
    "pedit": "filter add dev lo parent 9: prio 1 u32 match u32 0 0 action "
             "pedit ex munge ip dsfield set 0x88 retain 0xfc",
    "csum": "filter add dev lo parent 9: prio 1 u32 match u32 0 0 action csum "
            "ip4h",
}


@pytest.fixture(scope="module", name="missing")
def fixture_missing():
    """What this kernel does not have, by trying it out."""
    found = set()
    with lab.Lab("rsvptcp") as here:
        node = here.node("p")
        for name, words in PROBES.items():
            lab.run("tc", "-n", node.ns, "qdisc", "del", "dev", "lo", "root",
                    check=False)
            if words.startswith("filter"):
                node.tc("qdisc", "add", "dev", "lo", "root", "handle", "9:",
                        "htb")
            if lab.run("tc", "-n", node.ns, *words.split(),
                       check=False).returncode != 0:
                found.add(name)
    return found


@pytest.fixture(name="here")
def fixture_here():
    with lab.Lab("rsvptce") as made:
        yield made


def host(here, name, ifaces, ifb=True):
    """A node with interfaces of these names; an ifb as modprobe makes it."""
    node = here.node(name)
    for number, iface in enumerate(ifaces):
        if iface.startswith("ifb"):
            if ifb:
                node.ip("link", "add", iface, "type", "ifb")
                node.ip("link", "set", iface, "up")
            continue
        node.ip("link", "add", iface, "type", "veth", "peer", "name",
                f"peer{number}")
        node.ip("link", "set", iface, "up")
        node.ip("link", "set", f"peer{number}", "up")
    return node


def commands(node, text):
    for line in text.strip().splitlines():
        node.tc(*line.split())


def tcctl(node, *argv, check=0):
    state = node.lab.dir / f"state-{node.name}"
    if argv[0] in ("apply", "plan", "off"):
        argv = (argv[0], "--state-dir", state) + argv[1:]
    done = node.run(lab.program("tcctl"), *argv, check=False)
    assert done.returncode == check, done.stdout + done.stderr
    return done


def need(name, missing):
    lacks = [w for w in TREES[name][2] if w in missing]
    if lacks:
        pytest.skip(f"the kernel has no {', '.join(lacks)}")


def same(a, b, ifaces):
    for iface in ifaces:
        one, two = tc_dump.dump(a, iface), tc_dump.dump(b, iface)
        assert one[1] == two[1], iface
        assert one[0] == two[0], iface
        assert one[0], f"nothing on {iface}"


def bare(node, ifaces):
    return [line for iface in ifaces
            if node.run("ip", "link", "show", iface,
                        check=False).returncode == 0
            for line in node.tc("qdisc", "show", "dev",
                                iface).stdout.splitlines()]


@pytest.mark.parametrize("name", TREES)
def test_a_description_makes_what_the_commands_make(here, missing, name):
    need(name, missing)
    text, ifaces, _ = TREES[name]
    typed = host(here, "a", ifaces)
    ours = host(here, "b", ifaces, ifb=False)
    before = bare(ours, ifaces)
    commands(typed, text)
    plan = tcctl(ours, "plan", EXAMPLES / f"{name}.conf").stdout
    assert bare(ours, ifaces) == before
    done = tcctl(ours, "apply", EXAMPLES / f"{name}.conf").stdout
    assert done.count("\n") == plan.count("\n") > 0
    same(typed, ours, ifaces)
    # Once more: nothing.
    assert tcctl(ours, "apply", EXAMPLES / f"{name}.conf").stdout == ""
    assert tcctl(ours, "plan", EXAMPLES / f"{name}.conf").stdout == ""
    for iface in ifaces:
        if not iface.startswith("ifb"):
            tcctl(ours, "off", iface)
    assert bare(ours, ifaces) == before


@pytest.mark.parametrize("name", TREES)
def test_what_the_commands_made_is_saved_and_made_elsewhere(
        here, missing, name):
    need(name, missing)
    text, ifaces, _ = TREES[name]
    typed = host(here, "a", ifaces)
    commands(typed, text)
    saved = here.dir / "saved.conf"
    done = tcctl(typed, "save")
    assert done.stderr == ""
    saved.write_text(done.stdout)
    # There it is as it is already.
    assert tcctl(typed, "apply", saved).stdout == ""
    ours = host(here, "b", ifaces, ifb=False)
    tcctl(ours, "apply", saved)
    same(typed, ours, ifaces)
    again = tcctl(ours, "save").stdout
    assert again == done.stdout


@pytest.mark.parametrize("name", SMALL)
def test_without_sfq_on_any_kernel(here, name):
    tree, ifaces = SMALL[name]
    text = "\n".join(line for line in TREES[tree][0].splitlines()
                     if " sfq" not in line)
    conf = here.dir / "small.conf"
    conf.write_text(re.sub(r"\s*queue = \{[^}]*\};", "",
                           (EXAMPLES / f"{tree}.conf").read_text()))
    typed = host(here, "a", ifaces)
    ours = host(here, "b", ifaces)
    commands(typed, text)
    before = bare(ours, ifaces)
    tcctl(ours, "apply", conf)
    same(typed, ours, ifaces)
    assert tcctl(ours, "apply", conf).stdout == ""
    saved = here.dir / "saved.conf"
    saved.write_text(tcctl(typed, "save").stdout)
    assert tcctl(ours, "plan", saved).stdout == ""
    tcctl(ours, "off", ifaces[0])
    assert bare(ours, ifaces) == before


def test_every_example_is_of_a_text_or_has_a_test_of_its_own():
    assert {p.stem for p in EXAMPLES.glob("*.conf")} == set(TREES) | {
        "nas-by-address"}
