# SPDX-License-Identifier: ISC
"""A multicast routing daemon in its smallest form: it holds the kernel's
multicast routing sockets of one namespace, and sets the entries it is told."""

import errno
import json
import socket
import struct

import pytest

import neighbour as nb

INIT, ADD_VIF, ADD_MFC, DEL_MFC = 200, 202, 204, 205  # the same for IPv6
USE_IFINDEX = 8
VIFS = 32


def interfaces(node):
    """Name to index."""
    return {link["ifname"]: link["ifindex"] for link in
            json.loads(node.ip("-j", "link", "show").stdout)}


def started(family, protocol, level):
    """The socket of a multicast routing daemon; None: not in this kernel."""
    s = socket.socket(family, socket.SOCK_RAW, protocol)
    try:
        s.setsockopt(level, INIT, struct.pack("i", 1))
    except OSError as error:
        if family == socket.AF_INET or error.errno != errno.ENOPROTOOPT:
            raise
        s.close()
        return None
    return s


class Router:
    """Both families on all interfaces named; close() ends the routing."""

    def __init__(self, node, *names):
        self.vifs = {name: number for number, name in enumerate(names)}

        self.s4, self.s6 = nb.in_namespace(node.ns, lambda: (
            started(socket.AF_INET, 2, 0), started(socket.AF_INET6, 58, 41)))
        index = interfaces(node)
        for name, vif in self.vifs.items():
            self.s4.setsockopt(0, ADD_VIF, struct.pack(
                "=HBBIi4s", vif, USE_IFINDEX, 1, 0, index[name], bytes(4)))
            if self.s6:
                self.s6.setsockopt(41, ADD_VIF, struct.pack(
                    "=HBBHxxI", vif, 0, 1, index[name], 0))

    def _entry(self, option, src, group, iif, outs):
        parent = self.vifs[iif]
        outs = [self.vifs[name] for name in outs]
        if ":" in group:
            self.require(6)
            bits = sum(1 << vif for vif in outs)
            self.s6.setsockopt(41, option, sin6(src) + sin6(group) +
                               struct.pack("=HH", parent, 0) +
                               struct.pack("=I", bits) + bytes(28))
            return
        ttls = bytes(1 if vif in outs else 0 for vif in range(VIFS))
        self.s4.setsockopt(0, option, nb.packed(src) + nb.packed(group) +
                           struct.pack("=H", parent) + ttls + bytes(18))

    def require(self, family):
        if family == 6 and not self.s6:
            pytest.skip("this kernel has no IPv6 multicast routing")

    def route(self, src, group, iif, *outs):
        """Forward (src, group) from iif to outs, instead of what was."""
        self._entry(ADD_MFC, src, group, iif, outs)

    def forget(self, src, group, iif):
        self._entry(DEL_MFC, src, group, iif, ())

    def close(self):
        self.s4.close()
        if self.s6:
            self.s6.close()


def sin6(text):
    return struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, nb.packed(text), 0)
