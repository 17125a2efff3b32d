# SPDX-License-Identifier: ISC
"""Traffic control of an interface as the kernel dumps it: qdiscs and classes
octet by octet, and all of it as tc(8) prints it in detail, without counters and
without what the kernel numbers by itself."""

import ctypes
import json
import os
import re
import socket
import struct

import lab

RTM = {"qdisc": 38, "class": 42}
TCA_KIND, TCA_OPTIONS, TCA_STAB = 1, 2, 8
HTB_INIT, HTB_DIRECT_QLEN = 2, 5
CLONE_NEWNET = 0x40000000


def attrs(data):
    """Number to value."""
    found = {}
    while len(data) >= 4:
        size, number = struct.unpack_from("=HH", data)
        if size < 4:
            break
        found[number & 0x3fff] = data[4:size]
        data = data[(size + 3) & ~3:]
    return found


def ask(sock, what, ifindex):
    """handle, parent, info and attributes of each."""
    body = struct.pack("=BxxxiIII", 0, ifindex, 0, 0, 0)
    sock.send(struct.pack("=IHHII", 16 + len(body), RTM[what], 0x301, 1, 0) +
              body)
    while True:
        data = sock.recv(1 << 20)
        while len(data) >= 16:
            size, number, _, _, _ = struct.unpack_from("=IHHII", data)
            if number in (2, 3):  # error, done
                return
            _, index, handle, parent, info = struct.unpack_from(
                "=BxxxiIII", data, 16)
            if index == ifindex:
                yield handle, parent, info, attrs(data[36:size])
            data = data[(size + 3) & ~3:]


def own_number(handle):
    """The kernel's own are all one."""
    return "auto" if 0x8000 <= handle >> 16 < 0xffff else handle


def octets(ifindex):
    """Of the namespace of the caller."""
    found = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.bind((0, 0))
        for handle, parent, _, a in ask(sock, "qdisc", ifindex):
            kind = a[TCA_KIND].split(b"\0")[0].decode()
            options = a.get(TCA_OPTIONS, b"")
            if kind == "htb":  # without the packets it sent past all classes
                root = attrs(options)
                options = root[HTB_INIT][:16] + root[HTB_DIRECT_QLEN]
            if handle != 0:
                found.append(("qdisc", own_number(handle), parent, kind,
                              options, a.get(TCA_STAB)))
        for handle, parent, info, a in ask(sock, "class", ifindex):
            kind = a[TCA_KIND].split(b"\0")[0].decode()
            if kind == "htb":  # queues of prio and sfq come and go
                found.append(("class", handle, parent, own_number(info),
                              a[TCA_OPTIONS]))
    return sorted(found, key=repr)


def octets_of(node, ifname):
    """The same for an interface of a node of a lab."""
    setns = ctypes.CDLL(None, use_errno=True).setns
    ifindex = index_of(node, ifname)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{node.ns}", os.O_RDONLY)
    try:
        assert setns(there, CLONE_NEWNET) == 0
        return octets(ifindex)
    finally:
        assert setns(here, CLONE_NEWNET) == 0
        os.close(here)
        os.close(there)


def index_of(node, ifname):
    return json.loads(node.ip("-j", "link", "show", ifname).stdout
                      )[0]["ifindex"]


def plain(text):
    """tc's text without numbers that follow from the past."""
    text = re.sub(r"refcnt \d+|direct_packets_stat \d+", "", text)
    text = re.sub(r"\b8[0-9a-f]{3}:(?![0-9a-f:])", "auto:", text)
    text = re.sub(r"(fh|ht) 8[0-9a-f]{2}:?", r"\1 auto", text)
    text = re.sub(r"police 0x[0-9a-f]+", "police", text)
    text = re.sub(r"index \d+", "", text)
    text = re.sub(r"\bref \d+ bind \d+", "", text)
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()
            if line.strip() and not re.match(
                r"(qdisc (noqueue|pfifo_fast|mq|fq_codel|pfifo) 0:|"
                r"class (sfq|fq_codel|prio|tbf) )", line)]


def printed(node, ifname):
    found = []
    for what in ("qdisc", "class"):
        found += sorted(plain(node.tc("-d", what, "show", "dev",
                                      ifname).stdout))
    # Of the outgoing and of the incoming side, in the order of the kernel.
    for side in ((), ("ingress",), ("egress",)):
        done = lab.run("tc", "-n", node.ns, "-d", "filter", "show", "dev",
                       ifname, *side, check=False)
        found += plain(done.stdout)
    return found


def dump(node, ifname):
    """Equal trees give equal values."""
    return octets_of(node, ifname), printed(node, ifname)
