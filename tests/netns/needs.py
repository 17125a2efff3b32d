# SPDX-License-Identifier: ISC
"""What a test needs of the kernel below it: found out by trying, once, in a
namespace made for the purpose; without it the test is skipped and says why."""

import functools
import os
import socket
import struct

import pytest

import lab
import neighbour as nb

MRT6_INIT = 200
# One processor, ten times slower: what thousands do there, hundreds show.
EMULATED = "TEST_KERNEL" in os.environ


def rename_running(node):
    """Since Linux 6.2 or so a link may be renamed while it is up."""
    node.ip("link", "add", "a", "type", "veth", "peer", "name", "b")
    node.ip("link", "set", "a", "up")
    node.ip("link", "set", "a", "name", "c")


def nf_tables(node):
    node.run("nft", "add table ip t; add chain ip t c { type filter hook "
             "input priority 0; }; add rule ip t c ip protocol 46 numgen "
             "random mod 10 < 1 drop")


def mroute6(node):
    def start():
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58) as s:
            s.setsockopt(41, MRT6_INIT, struct.pack("i", 1))
    nb.in_namespace(node.ns, start)


def act_police(node):
    node.tc("qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb")
    node.tc("filter", "add", "dev", "lo", "parent", "1:", "protocol", "ip",
            "u32", "match", "u32", "0", "0", "action", "police", "rate",
            "1mbit", "burst", "10k", "conform-exceed", "continue")


def flower(node):
    """The classifier of that name."""
    node.ip("link", "set", "lo", "up")
    node.tc("qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb")
    node.tc("filter", "add", "dev", "lo", "parent", "1:", "protocol", "ip",
            "flower", "ip_proto", "udp", "classid", "1:1")


def real_time(_):
    """An emulated machine stalls for longer than queues are deep."""
    if EMULATED:
        raise OSError("emulated")


NEEDS = {
    rename_running: "this kernel renames no link that is up",
    nf_tables: "this kernel has no nf_tables for IP",
    act_police: "this kernel has no act_police",
    mroute6: "this kernel has no IPv6 multicast routing",
    flower: "this kernel has no cls_flower",
    real_time: "loss and delay are not judged on an emulated machine",
}


@functools.lru_cache(maxsize=None)
def has(feature):
    with lab.Lab("rsvphas") as scratch:
        try:
            feature(scratch.node("n"))
        except (OSError, lab.Refused):
            return False
    return True


def require(*features):
    for feature in features:
        if not has(feature):
            pytest.skip(NEEDS[feature])
