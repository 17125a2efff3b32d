# SPDX-License-Identifier: ISC
"""What tc(8) makes, read by tcctl, made again by it, and compared by tc(8)."""

import os
import re

import pytest

import lab

IFACES = ("d0", "d1", "other")

# name: what tc makes on the interface, one command a line.
QDISCS = {
    "tbf": "qdisc add dev D root handle 1: tbf rate 220kbit latency 50ms "
           "burst 1540",
    "tbf at a peak rate": "qdisc add dev D root handle 1: tbf rate 1mbit "
                          "burst 10k limit 30k peakrate 2mbit mtu 1540",
    "tbf above 34 Gbit": "qdisc add dev D root handle 1: tbf rate 40gbit "
                         "burst 1mb limit 3mb",
    "tbf of odd numbers": "qdisc add dev D root handle 1: tbf rate 1234567bit "
                          "burst 3333 limit 7777 overhead 18 mpu 64",
    "tbf for ATM": "qdisc add dev D root handle 1: tbf rate 2mbit burst 5k "
                   "latency 20ms linklayer atm overhead 10 mpu 53",
    "prio": "qdisc add dev D root handle 1: prio",
    "prio with bands": "qdisc add dev D root handle 1: prio bands 5 priomap "
                       "4 3 2 1 0 0 1 2 3 4 0 1 2 3 4 0",
    "prio with leaves": """
        qdisc add dev D root handle 1: prio
        qdisc add dev D parent 1:1 handle 10: sfq
        qdisc add dev D parent 1:2 handle 20: tbf rate 20kbit buffer 1600 limit 3000
        qdisc add dev D parent 1:3 handle 30: sfq""",
    "trees in a tree": """
        qdisc add dev D root handle 9: prio
        qdisc add dev D parent 9:2 handle 5: htb default 1
        class add dev D parent 5: classid 5:20 htb rate 3mbit
        class add dev D parent 5:20 classid 5:1 htb rate 1mbit
        qdisc add dev D parent 5:1 handle 2: prio bands 2 priomap 1 1 1 0 0 0 1 1 1 1 1 1 1 1 1 1
        qdisc add dev D parent 2:1 handle 1: pfifo limit 9""",
    "sfq": "qdisc add dev D root handle 1: sfq",
    "sfq with a limit": "qdisc add dev D root handle 1: sfq limit 127",
    "sfq of many words": "qdisc add dev D root handle 1: sfq perturb 10 "
                         "quantum 3000 limit 64 divisor 512 depth 20 flows 50 "
                         "headdrop",
    "sfq beyond its bounds": "qdisc add dev D root handle 1: sfq limit 9000 "
                             "depth 10 flows 100 divisor 64",
    "fq_codel": "qdisc add dev D root handle 1: fq_codel",
    "fq_codel of many words": "qdisc add dev D root handle 1: fq_codel limit "
                              "600 flows 64 target 7ms interval 90ms quantum "
                              "300 noecn ce_threshold 3ms memory_limit 4Mb "
                              "drop_batch 32",
    "pfifo": "qdisc add dev D root handle 1: pfifo limit 33",
    "bfifo": "qdisc add dev D root handle 1: bfifo limit 33333",
    "pfifo of the device's length": "qdisc add dev D root handle 1: pfifo",
    "ingress": "qdisc add dev D ingress",
    "clsact": "qdisc add dev D clsact",
    "htb": "qdisc add dev D root handle 1: htb default 30 r2q 5 direct_qlen 77",
    "size table": "qdisc add dev D root handle 1: stab overhead 10 mpu 64 "
                  "linklayer atm mtu 2048 tsize 128 tbf rate 1mbit burst 10k "
                  "latency 50ms",
    "size table for Ethernet": "qdisc add dev D root handle 1: stab overhead "
                               "24 mpu 84 linklayer ethernet pfifo limit 9",
    "size table of an overhead": "qdisc add dev D root handle 1: stab overhead "
                                 "-14 htb default 1",
    "size table of giants": "qdisc add dev D root handle 1: stab mpu 64 mtu "
                            "200000 tsize 64 linklayer atm pfifo limit 9",
    "htb classes": """
        qdisc add dev D root handle 1: htb default 30
        class add dev D parent 1: classid 1:1 htb rate 6mbit burst 15k
        class add dev D parent 1:1 classid 1:10 htb rate 5mbit burst 15k
        class add dev D parent 1:1 classid 1:20 htb rate 3mbit ceil 6mbit burst 15k
        class add dev D parent 1:1 classid 1:30 htb rate 1kbit ceil 6mbit burst 15k
        qdisc add dev D parent 1:10 handle 10: pfifo limit 5
        qdisc add dev D parent 1:20 handle 20: bfifo limit 5000""",
    "htb classes upside down": """
        qdisc add dev D root handle 1: htb
        class add dev D parent 1: classid 1:30 htb rate 6mbit
        class add dev D parent 1:30 classid 1:20 htb rate 5mbit prio 3
        class add dev D parent 1:20 classid 1:10 htb rate 1234567bit ceil 7654321bit quantum 1777
        class add dev D parent 1: classid 1:ffff htb rate 9mbit mtu 9000""",
    "htb on other link layers": """
        qdisc add dev D root handle 1: htb
        class add dev D parent 1: classid 1:1 htb rate 8mbit overhead 26 mpu 64 linklayer atm
        class add dev D parent 1: classid 1:2 htb rate 8mbit overhead 38 mpu 84 burst 7777 cburst 8888""",
    "htb above 34 Gbit": """
        qdisc add dev D root handle 1: htb
        class add dev D parent 1: classid 1:1 htb rate 40gbit ceil 100gbit""",
}

TREE = """
    qdisc add dev D root handle 1: htb default 2
    class add dev D parent 1: classid 1:2 htb rate 8mbit
    class add dev D parent 1:2 classid 1:3 htb rate 8mbit
    """
FILTER = "filter add dev D protocol ip parent 1: prio 7 "
INGRESS = ("qdisc add dev D ingress\n"
           "filter add dev D parent ffff: protocol ip prio 7 ")

FILTERS = {
    "u32 by ports": TREE + f"""
        {FILTER} u32 match ip dport 80 0xffff flowid 1:2
        {FILTER} u32 match ip sport 25 0xffff flowid 1:3""",
    "u32 in several preferences": TREE + """
        filter add dev D protocol ip parent 1: prio 5 u32 match ip dport 80 0xffff flowid 1:2
        filter add dev D protocol ipv6 parent 1: prio 6 u32 match ip6 dst 2001:db8::/48 flowid 1:3
        filter add dev D protocol ip parent 1: u32 match u8 0x06 0xff at 9 flowid 1:3
        filter add dev D protocol all parent 1: u32 match u32 0 0 flowid 1:2""",
    "u32 with hash tables": TREE + f"""
        {FILTER} handle 2: u32 divisor 256
        {FILTER} u32 ht 2:7b: match ip src 10.0.0.123 flowid 1:3
        {FILTER} u32 ht 800:: match ip src 10.0.0.0/24 hashkey mask 0x000000ff at 12 link 2:""",
    "u32 behind the header": TREE + f"""
        {FILTER} u32 match tcp dst 80 0xffff flowid 1:2
        {FILTER} u32 match ip protocol 6 0xff match u16 0x50 0xffff at nexthdr+2 offset at 0 mask 0x0f00 shift 6 flowid 1:3""",
    "u32 with police": TREE + f"""
        {FILTER} u32 match ip src 0/0 police rate 1750kbit burst 20k drop flowid 1:2""",
    "u32 with police of peaks": INGRESS + "u32 match ip src 0/0 police rate "
        "1mbit burst 10k peakrate 2mbit mtu 1500 conform-exceed continue/pipe "
        "flowid :1",
    "u32 with an action police": INGRESS + "u32 match ip src 0/0 action police "
        "rate 1234567bit burst 7777 mtu 9000 overhead 18 linklayer atm "
        "conform-exceed drop/ok",
    "u32 with police of packets": INGRESS + "u32 match ip src 0/0 action "
        "police pkts_rate 1000 pkts_burst 50 conform-exceed drop/pipe",
    "u32 by mark": TREE + f"""
        {FILTER} u32 match mark 5 0xf flowid 1:2""",
    "u32 on a class": TREE + """
        filter add dev D protocol ip parent 1: prio 7 u32 match ip dport 80 0xffff flowid 1:2
        filter add dev D protocol ip parent 1:2 prio 8 u32 match ip dport 80 0xffff flowid 1:3""",
    "u32 on classes with one preference": TREE + """
        filter add dev D protocol ip parent 1: prio 7 u32 match ip dport 80 0xffff flowid 1:2
        filter add dev D protocol ip parent 1:2 prio 7 u32 match ip dport 81 0xffff flowid 1:3
        filter add dev D protocol ip parent 1:3 prio 7 u32 match ip dport 81 0xffff flowid 1:3""",
    "u32 in chains with one preference": TREE + f"""
        {FILTER} handle 3: u32 divisor 4
        {FILTER} u32 ht 3:1: match ip dport 79 0xffff flowid 1:2
        {FILTER} u32 match ip dport 80 0xffff flowid 1:2
        filter add dev D protocol ip parent 1: prio 7 chain 5 u32 match ip dport 80 0xffff flowid 1:3""",
    "u32 in a chain": TREE + f"""
        {FILTER} u32 match u32 0 0 action goto chain 5
        filter add dev D protocol ip parent 1: prio 3 chain 5 u32 match ip dport 80 0xffff flowid 1:3""",
    "fw": TREE + f"""
        {FILTER} handle 6 fw classid 1:2
        {FILTER} handle 7 fw classid 1:3""",
    "fw with a mask": TREE + f"""
        {FILTER} handle 0x60/0xff0 fw classid 1:2""",
    "fw with police": TREE + f"""
        {FILTER} handle 6 fw police rate 1mbit burst 10k continue flowid 1:2""",
    "matchall": TREE + f"""
        {FILTER} matchall classid 1:2""",
    "matchall on both ways": """
        qdisc add dev D clsact
        filter add dev D ingress protocol all prio 1 matchall action drop
        filter add dev D egress protocol ip prio 1 matchall action pass""",
    "flower": TREE + f"""
        {FILTER} flower ip_proto tcp src_ip 10.0.0.0/8 dst_ip 10.1.2.3 src_port 1000 dst_port 80 classid 1:2
        {FILTER} flower ip_proto udp dst_port 5004/0xfffe classid 1:3
        {FILTER} flower ip_proto sctp src_port 7 ip_tos 0x10/0xfc ip_ttl 64 classid 1:3""",
    "flower of IPv6": TREE + """
        filter add dev D protocol ipv6 parent 1: prio 8 flower ip_proto udp src_ip 2001:db8::/32 dst_ip 2001:db8::1 classid 1:3""",
    "flower with ranges": TREE + f"""
        {FILTER} flower ip_proto tcp src_port 80-90 dst_port 1-1023 classid 1:2""",
    "flower of fragments": TREE + f"""
        {FILTER} flower ip_flags frag/nofirstfrag classid 1:2""",
    "flower behind a tag": TREE + """
        filter add dev D protocol 802.1q parent 1: prio 8 flower vlan_id 5 vlan_prio 3 vlan_ethtype ipv4 dst_ip 10.0.0.1 classid 1:2
        filter add dev D protocol 802.1q parent 1: prio 8 flower vlan_id 6 classid 1:3""",
    "flower skips software": TREE + f"""
        {FILTER} flower skip_hw ip_proto tcp classid 1:2""",
    "redirect": INGRESS + "u32 match u32 0 0 action mirred egress redirect dev "
        "other",
    "mirror and go on": INGRESS + "u32 match u32 0 0 action mirred egress "
        "mirror dev other action mirred ingress redirect dev other",
    "connmark": INGRESS + "u32 match u32 0 0 action connmark zone 3 continue",
    "connmark, then redirect": INGRESS + "u32 match u32 0 0 action connmark "
        "action mirred egress redirect dev other",
    "skbedit": INGRESS + "u32 match u32 0 0 action skbedit priority 1:10 mark "
        "7/0xf action skbedit mark 8",
    "skbedit by the DS field": INGRESS + "u32 match u32 0 0 action skbedit "
        "inheritdsfield",
    "DS field": INGRESS + "u32 match u32 0 0 action pedit ex munge ip dsfield "
        "set 0xb8 retain 0xfc pipe action csum ip4h continue",
    "DS field the old way": INGRESS + "u32 match u32 0 0 action pedit munge ip "
        "dsfield set 0x10 retain 0x1e",
    "DS field of IPv6": INGRESS.replace("protocol ip ", "protocol ipv6 ")
        + "u32 match u32 0 0 action pedit ex munge ip6 traffic_class set 0xb8 "
        "retain 0xfc",
    "several words changed": INGRESS + "u32 match u32 0 0 action pedit ex "
        "munge ip ttl add 0xff munge tcp dport set 80 munge offset 4 u32 set "
        "7 pipe action csum ip4h tcp udp",
    "verdicts": INGRESS + "u32 match ip dport 1 0xffff action drop\n" + """
        filter add dev D parent ffff: protocol ip prio 7 u32 match ip dport 2 0xffff action pass
        filter add dev D parent ffff: protocol ip prio 7 u32 match ip dport 3 0xffff action continue
        filter add dev D parent ffff: protocol ip prio 7 u32 match ip dport 4 0xffff action reclassify
        filter add dev D parent ffff: protocol ip prio 7 u32 match ip dport 5 0xffff action pipe""",
}

MISSING = ("kind is unknown", "Failed to load TC action", "No such file",
           "not supported", "Unknown qdisc", "TC classifier not found")


@pytest.fixture
def host():
    if os.geteuid() != 0:
        pytest.skip("needs root for network namespaces")
    with lab.Lab("tckind") as bench:
        node = bench.node("a")
        for name in IFACES:
            node.ip("link", "add", name, "type", "ifb")
            node.ip("link", "set", name, "up")
        yield node


def make(host, commands, dev="d0"):
    for line in commands.strip().splitlines():
        argv = line.strip().replace("dev D ", f"dev {dev} ").split()
        done = host.run("tc", *argv, check=False)
        if done.returncode != 0 and any(m in done.stderr for m in MISSING):
            pytest.skip(f"this kernel has no {line.split('parent')[-1]}: "
                        f"{done.stderr.splitlines()[0]}")
        assert done.returncode == 0, f"{line}: {done.stderr}"


def client(host, *argv, check=0):
    done = host.run(lab.program("tc_kinds"), *argv, check=False)
    assert done.returncode == check, done.stdout + done.stderr
    return done.stdout


def parents(host, dev):
    """Whatever may have filters."""
    words = host.run("tc", "qdisc", "show", "dev", dev).stdout + \
        host.run("tc", "class", "show", "dev", dev).stdout
    found = re.findall(r"^(?:qdisc|class) (\w+) ([0-9a-f]+:[0-9a-f]*) ", words,
                       re.M)
    for kind, handle in found:
        if kind == "clsact":
            yield from (("ingress",), ("egress",))
        elif handle != "0:":
            yield ("parent", handle)


def dump(host, dev):
    """All that tc(8) says of an interface, without what the kernel chose: the
    numbers of u32 root tables and of actions."""
    text = "".join(
        host.run("tc", "-d", what, "show", "dev", dev).stdout
        for what in ("qdisc", "class"))
    for parent in parents(host, dev):
        text += host.run("tc", "-d", "filter", "show", "dev", dev,
                         *parent).stdout
    text = re.sub(r"index \d+ ref", "index N ref", text)
    text = re.sub(r"police 0x\d+", "police N", text)
    roots = {}
    return re.sub(r"\b[89a-f][0-9a-f]{2}(?=:| bkt)",
                  lambda m: roots.setdefault(m[0], f"root{len(roots)}"), text)


@pytest.mark.parametrize("commands", (QDISCS | FILTERS).values(),
                         ids=(QDISCS | FILTERS).keys())
def test_what_tc_makes_is_read_made_again_and_taken_away(host, commands):
    empty = dump(host, "d1")
    make(host, commands)
    assert "(foreign)" not in client(host, "show", "d0")
    assert client(host, "copy", "d0", "d1") == ""
    assert dump(host, "d1") == dump(host, "d0")
    client(host, "off", "d1")
    assert dump(host, "d1") == empty


@pytest.mark.parametrize("commands, shown", [
    ("qdisc add dev D root handle 1: netem delay 1ms",
     "qdisc 1: on d0 netem (foreign)"),
    ("qdisc add dev D root handle 1: sfq redflowlimit 100000 min 8000 max "
     "60000 probability 0.12 ecn", "sfq (foreign)"),
    (INGRESS + "u32 match u32 0 0 action vlan pop", "u32/vlan (foreign)"),
    (INGRESS + "flower ip_proto icmp type 8 action drop", "flower (foreign)"),
    (INGRESS + "basic action drop", "basic (foreign)"),
    (TREE + FILTER + "route to 5 classid 1:2", "route (foreign)"),
], ids=["netem", "sfq with RED", "action vlan", "flower of ICMP", "basic",
        "route"])
def test_what_is_not_known_is_named_and_left_alone(host, commands, shown):
    make(host, commands)
    assert shown in client(host, "show", "d0")
    before = dump(host, "d0")
    client(host, "copy", "d0", "d1")  # the rest
    assert dump(host, "d0") == before


@pytest.mark.parametrize("rate_bit, burst", [
    (8000, 1600), (220_000, 1540), (1_234_567, 7777), (5_000_000, 15360),
    (999_999_999, 1_000_003), (40_000_000_000, 1_000_000), (8, 1)])
def test_buckets_take_the_time_that_tc_gives_them(host, rate_bit, burst):
    make(host, f"""
        qdisc add dev D root handle 1: htb
        class add dev D parent 1: classid 1:1 htb rate {rate_bit}bit burst {burst}b""")
    shown = client(host, "raw", "d0")
    assert client(host, "ticks", str(rate_bit // 8), str(burst)) == shown
