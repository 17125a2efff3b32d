# SPDX-License-Identifier: ISC
"""What the preloaded tests/clients/nl_fault.c is told to do."""

import mmap
import os
import struct

import lab

(NONE, END, REFUSE, SEND_FAILS, RECEIVE_FAILS, INTERRUPT, CUT, SEND_WAITS,
 RECEIVE_WAITS, REFUSE_ALL) = range(10)
PLAN = struct.Struct("=5I")  # as the library has it


class Fault:
    """The plan that the preloaded library follows."""

    def __init__(self, folder):
        self.number = 0
        self.path = folder / "plan"
        self.path.write_bytes(bytes(mmap.PAGESIZE))
        self.path.chmod(0o666)
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), mmap.PAGESIZE)
        self.env = {"NL_FAULT": str(self.path),
                    "LD_PRELOAD": str(lab.program("nl_fault.so")),
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
                    + ":verify_asan_link_order=0"}

    def plan(self, kind=NONE, at=0, error=0):
        """From the library's next call on."""
        self.number += 2
        self.put(0, self.number - 1)  # odd: it waits until all is there
        self.put(1, kind)
        self.put(2, at)
        self.put(3, error)
        self.put(0, self.number)

    def put(self, field, value):
        self.map[4 * field:4 * field + 4] = struct.pack("=I", value)

    def happened(self):
        return PLAN.unpack(self.map[:PLAN.size])[4] == self.number
