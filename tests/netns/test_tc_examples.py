# SPDX-License-Identifier: ISC
"""The trees of the published texts: what their commands make and what our
descriptions make is the same to the kernel; saved, it can be made elsewhere;
`off` leaves what was there before."""

import json
import re

import pytest

import lab
import needs
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
        "nas-by-address", "dscp-by-port-netfilter"}


# ---- whose tree it is --------------------------------------------------------

SMALL_CONF = """
interfaces = (
  { name = "eth0";
    root = { kind = "htb"; handle = "1:"; default = "1:30";
      classes = (
        { id = "1:1"; rate = "6 Mbit/s"; burst = 15360;
          classes = (
            { id = "1:10"; rate = "5 Mbit/s"; burst = 15360;
              queue = { kind = "bfifo"; handle = "10:"; limit = 30000; }; },
            { id = "1:30"; rate = "1 Mbit/s"; ceil = "6 Mbit/s"; }
          ); }
      );
      filters = ( { match = { dport = 80; }; class = "1:10"; },
                  { match = { dport = 25; }; class = "1:10"; } );
    };
  }
);
"""


def write(here, text, name="tree.conf"):
    path = here.dir / name
    path.write_text(text)
    return path


def test_a_foreign_tree_is_left_until_told_and_brought_back(here):
    node = host(here, "a", ["eth0"])
    commands(node, "qdisc add dev eth0 root handle 7: tbf rate 1mbit burst "
             "5kb latency 50ms\nqdisc add dev eth0 ingress\n"
             "filter add dev eth0 parent ffff: protocol ip prio 3 u32 match ip "
             "dst 10.0.0.0/8 flowid :1\n")
    before = tc_dump.dump(node, "eth0")
    conf = write(here, SMALL_CONF)
    for command in ("plan", "apply"):
        done = tcctl(node, command, conf, check=1)
        assert "eth0: the root qdisc tbf 7: was not made by tcctl" in \
            done.stderr
        assert tc_dump.dump(node, "eth0") == before
    tcctl(node, "apply", "--take-over", conf)
    assert "htb 1:" in node.tc("qdisc", "show", "dev", "eth0").stdout
    # Ours now: no need to be told again, and no change of what was kept.
    tcctl(node, "apply", write(here, SMALL_CONF.replace("5 Mbit", "4 Mbit")))
    tcctl(node, "off", "eth0")
    assert tc_dump.dump(node, "eth0") == before
    done = tcctl(node, "off", "eth0", check=1)
    assert "has changed nothing here" in done.stderr


def test_a_tree_that_others_put_there_meanwhile_is_not_taken_away(here):
    node = host(here, "a", ["eth0"])
    conf = write(here, SMALL_CONF)
    tcctl(node, "apply", conf)
    commands(node, "qdisc del dev eth0 root\n"
             "qdisc add dev eth0 root handle 7: tbf rate 1mbit burst 5kb "
             "latency 50ms\n")
    before = tc_dump.dump(node, "eth0")
    done = tcctl(node, "off", "eth0", check=1)
    assert "qdisc tbf 7: is not what tcctl made (htb 1:" in done.stderr
    done = tcctl(node, "apply", conf, check=1)
    assert "was not made by tcctl" in done.stderr
    assert tc_dump.dump(node, "eth0") == before
    tcctl(node, "off", "--take-over", "eth0")
    assert "noqueue" in node.tc("qdisc", "show", "dev", "eth0").stdout


def test_only_what_differs_is_done(here):
    node = host(here, "a", ["eth0"])
    tcctl(node, "apply", write(here, SMALL_CONF))
    whole = tc_dump.dump(node, "eth0")
    changed = SMALL_CONF.replace("5 Mbit", "4 Mbit").replace("30000", "40000")
    done = tcctl(node, "apply", write(here, changed)).stdout.splitlines()
    assert [line.split(" on ")[0] for line in done] == [
        "change class 1:10", "change qdisc 10:"]
    # Another filter in front: those behind it come anew, in the order of the
    # file.
    done = tcctl(node, "apply", write(here, changed.replace(
        "filters = (", 'filters = ( { match = { dport = 443; }; class = '
        '"1:30"; },'))).stdout.splitlines()
    assert [line.split()[:2] for line in done] == [
        ["add", "filter"]] * 3 + [["delete", "filter"]] * 2
    ports = [line.split()[1] for line in node.tc(
        "filter", "show", "dev", "eth0").stdout.splitlines()
        if "match" in line]
    assert ports == ["000001bb/0000ffff", "00000050/0000ffff",
                     "00000019/0000ffff"]
    # A class with a queue gets classes, and back.
    deeper = re.sub(r"queue = \{ kind = \"bfifo\"[^}]*\};",
                    'classes = ( { id = "1:11"; rate = "1 Mbit/s"; } );',
                    SMALL_CONF).replace(
                        '{ match = { dport = 25; }; class = "1:10"; }',
                        '{ match = { dport = 25; }; class = "1:11"; }')
    tcctl(node, "apply", write(here, deeper))
    assert "class htb 1:11 parent 1:10" in node.tc(
        "class", "show", "dev", "eth0").stdout
    tcctl(node, "apply", write(here, SMALL_CONF))
    assert tc_dump.dump(node, "eth0")[0] == whole[0]


def test_show_draws_any_tree_with_its_counters(here):
    node = host(here, "a", ["eth0"])
    tcctl(node, "apply", write(here, SMALL_CONF))
    node.ip("addr", "add", "192.0.2.1/24", "dev", "eth0")
    node.ip("neigh", "add", "192.0.2.2", "lladdr", "02:00:00:00:00:02", "dev",
            "eth0")
    node.run("/usr/bin/python3", "-c", "import socket\n"
             "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
             "for _ in range(7): s.sendto(b'x' * 86, ('192.0.2.2', 80))")
    text = tcctl(node, "show", "eth0").stdout
    lines = text.splitlines()
    assert lines[0] == "eth0: not managed (root qdisc: htb 1:)"
    assert re.match(r"  1: htb default 30", lines[1])
    assert re.search(r"^      1:10 htb rate 5 Mbit/s .*: 7 packets, 896 B, 0 "
                     r"dropped$", text, re.M)
    assert re.search(r"^        10: bfifo limit 30000 B: 7 packets", text, re.M)
    assert re.search(r"^    filter 1 u32 to 1:10 00000050/0000ffff at 20$",
                     text, re.M)
    tree = json.loads(tcctl(node, "show", "--json", "eth0").stdout)[
        "interfaces"][0]["tree"]
    assert [o["packets"] for o in tree if o["text"].startswith("1:10 ")] == [7]


def test_save_names_what_it_does_not_know(here):
    node = host(here, "a", ["eth0"])
    tcctl(node, "apply", write(here, SMALL_CONF))
    commands(node, "filter add dev eth0 parent 1: protocol ip prio 9 handle "
             "9: u32 divisor 4\n")
    done = tcctl(node, "save", "eth0")
    assert "eth0: left alone, not described: filter 9" in done.stderr
    assert "# left alone, not described: filter 9" in done.stdout
    assert tcctl(node, "apply", write(here, done.stdout)).stdout == ""
    # The class that is its neighbour can change beside it.
    tcctl(node, "apply", write(here, SMALL_CONF.replace("5 Mbit", "4 Mbit")))
    assert "pref 9 u32" in node.tc("filter", "show", "dev", "eth0").stdout


def test_a_refusal_is_undone_on_both_interfaces_of_the_file(here):
    node = host(here, "a", ["eth0", "eth1"])
    # The second interface cannot have it: nine levels are too deep.
    inner = '{ id = "1:9"; rate = "1 Mbit/s"; }'
    for level in range(8, 0, -1):
        inner = (f'{{ id = "1:{level}"; rate = "1 Mbit/s"; classes = ( {inner}'
                 ' ); }')
    deep = (f'{{ name = "eth1"; root = {{ kind = "htb"; handle = "1:"; default '
            f'= "1:9"; classes = ( {inner} ); }}; }}')
    text = SMALL_CONF.rstrip().removesuffix(");") + ", " + deep + ");"
    done = tcctl(node, "apply", write(here, text), check=1)
    assert "eth1: step 10 of 10: add class 1:9 on eth1: Invalid argument" in \
        done.stderr
    assert "undone" in done.stderr
    for iface in ("eth0", "eth1"):
        assert tc_dump.dump(node, iface)[0] == []
        tcctl(node, "off", iface, check=1)


def test_an_ifb_is_made_and_removed_with_its_interface(here):
    node = host(here, "a", ["eth0"])
    node.ip("link", "set", "eth0", "mtu", "1400")
    conf = write(here, """
interfaces = ( { name = "eth0";
    local = ( "198.51.100.0/24", "own IPv6" );
    root = { kind = "htb"; handle = "1:"; default = "1:20";
      classes = ( { id = "1:20"; rate = "2 Mbit/s"; },
                  { id = "1:30"; rate = "90 Mbit/s"; } );
      filters = ( { match = { dst = "local"; }; class = "1:30"; },
                  { protocol = "ipv6"; match = { dst = "local"; };
                    class = "1:30"; } ); };
    ingress = { filters = ( { actions = ( { redirect = "ifb"; } ); } ); };
    ifb = { root = { kind = "tbf"; rate = "15 Mbit/s"; burst = 20000;
                     latency = "50 ms"; }; };
  } );
""")
    # By its name, which has no number yet.
    assert "redirect to ifb-eth0 stolen" in tcctl(node, "plan", conf).stdout
    done = tcctl(node, "apply", conf)
    # No address, no prefix, and that is said.
    assert "has no global IPv6 address now" in done.stderr
    link = json.loads(node.ip("-j", "link", "show", "ifb-eth0").stdout)[0]
    assert link["txqlen"] == 1000 and "UP" in link["flags"]
    assert link["mtu"] == 1400
    assert "Egress Redirect to device ifb-eth0" in node.tc(
        "filter", "show", "dev", "eth0", "ingress").stdout
    # The own prefix is found when there is one, by applying again.
    node.ip("addr", "add", "2001:db8:5::1/64", "dev", "eth0", "nodad")
    done = tcctl(node, "apply", conf)
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        ["add", "filter"]]
    assert "match 20010db8/ffffffff at 24" in node.tc(
        "filter", "show", "dev", "eth0").stdout
    # Another prefix in its place.
    node.ip("addr", "del", "2001:db8:5::1/64", "dev", "eth0")
    node.ip("addr", "add", "2001:db8:6::1/64", "dev", "eth0", "nodad")
    tcctl(node, "apply", conf)
    shown = node.tc("filter", "show", "dev", "eth0").stdout
    assert "match 00060000/ffffffff at 28" in shown
    assert "match 00050000/ffffffff at 28" not in shown
    assert tcctl(node, "apply", conf).stdout == ""
    to = "mirred redirect to ifb-eth0 stolen"
    assert to in tcctl(node, "show", "eth0").stdout
    assert [o["text"] for o in json.loads(tcctl(
        node, "show", "--json", "eth0").stdout)["interfaces"][0]["tree"]
        if o["text"].endswith(to)]
    node.ip("link", "set", "ifb-eth0", "down")
    node.ip("link", "set", "ifb-eth0", "name", "ifb-one")
    assert to.replace("ifb-eth0", "ifb-one") in tcctl(
        node, "show", "eth0").stdout
    node.ip("link", "set", "ifb-one", "name", "ifb-eth0")
    tcctl(node, "off", "eth0")
    assert node.run("ip", "link", "show", "ifb-eth0",
                    check=False).returncode != 0
    assert tc_dump.dump(node, "eth0")[0] == []


FIREWALL = """
table ip fw {
\tchain output {
\t\ttype filter hook output priority mangle; policy accept;
\t\tudp dport 53 accept
\t}
}
"""


@pytest.mark.parametrize("name", ["dscp-by-port", "dscp-by-port-netfilter"])
def test_marks_by_port_are_on_the_wire_and_the_firewall_is_as_before(
        here, missing, name):
    firewalled = needs.has(needs.nf_tables)
    if name in TREES:
        need(name, missing)
    else:
        needs.require(needs.nf_tables)
    a = here.node("a")
    b = here.node("b")
    here.link(a, "eth0", b, "eth0", v4=("192.0.2.1", "192.0.2.2", 24))
    if firewalled:
        a.run("nft", "-f", write(here, FIREWALL, "fw.nft"))
        firewall = a.run("nft", "list", "table", "ip", "fw").stdout
    done = tcctl(a, "apply", EXAMPLES / f"{name}.conf")
    assert done.stdout
    # Once more: nothing.
    assert tcctl(a, "apply", EXAMPLES / f"{name}.conf").stdout == ""
    listen = b.start("/usr/bin/python3", "-u", "-c", TOS_SEEN, name="seen")
    listen.wait_output("ready")
    # Source ports 1935, 443, 5060, 5061; destination ports 5060, 5061; others.
    ways = [(p, 9000) for p in (1935, 443, 5060, 5061, 7777)]
    ways += [(40000 + p, p) for p in (5060, 5061, 80)]
    a.run("/usr/bin/python3", "-c", TCP_FROM, json.dumps(ways))
    seen = lab.wait_for(lambda: len(listen.events()) == len(ways) and
                        listen.events(), "a packet of each way")
    got = {(e["from"], e["to"]): e["tos"] for e in seen}
    assert got == {way: 0x88 if {1935, 443, 5060, 5061} & {way[0]} or
                   {5060, 5061} & {way[1]} else 0 for way in ways}
    if firewalled:
        assert a.run("nft", "list", "table", "ip", "fw").stdout == firewall
    tcctl(a, "off", "eth0")
    if firewalled:
        assert a.run("nft", "list", "ruleset").stdout == firewall
    assert tc_dump.dump(a, "eth0")[0] == []


TOS_SEEN = """
import json, socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
print("ready")
seen = set()
while True:
    p = s.recv(2048)
    ihl = (p[0] & 15) * 4
    way = struct.unpack_from("!HH", p, ihl)
    if p[9] == 6 and p[12:16] == bytes([192, 0, 2, 1]) and way not in seen:
        seen.add(way)
        print(json.dumps({"from": way[0], "to": way[1], "tos": p[1]}))
"""

TCP_FROM = """
import json, socket, sys
for src, dst in json.loads(sys.argv[1]):
    s = socket.socket()
    s.bind(("192.0.2.1", src))
    try:
        s.connect(("192.0.2.2", dst))
    except ConnectionRefusedError:
        pass
    s.close()
"""


def test_marks_go_with_their_interface(here):
    """Or what the next of its name sends would have them, whatever is said
    of it."""
    needs.require(needs.nf_tables)

    def marks(node):
        return [line for line in node.run("nft", "list", "tables").stdout
                .splitlines() if "rsvpd_mark" in line]

    def again(node):
        node.ip("link", "del", "eth0")
        node.ip("link", "add", "eth0", "type", "veth", "peer", "name",
                "peer9")
    conf = write(here, """
interfaces = ( { name = "eth0"; marks = (
    { match = { proto = "udp"; dport = 5060; }; dscp = "af41"; } ); },
    { name = "eth1"; marks = ( { dscp = "ef"; } ); } );
""")
    node = host(here, "a", ["eth0", "eth1"])
    tcctl(node, "apply", conf)
    done = tcctl(node, "save", "eth0")
    assert "eth0: not described: 1 marks" in done.stderr
    assert "# not described: 1 marks on eth0" in done.stdout
    before = marks(node)
    again(node)
    assert "change marks on eth0" in tcctl(node, "apply", conf).stdout
    assert len(marks(node)) == 2 and marks(node) != before
    # Nor do they stay when it has not come back.
    node.ip("link", "del", "eth0")
    assert "delete marks on eth0" in tcctl(node, "off", "eth0").stdout
    assert marks(node) == [one for one in before if one in marks(node)]
    tcctl(node, "off", "eth1")
    assert marks(node) == []
