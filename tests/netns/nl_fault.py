# SPDX-License-Identifier: ISC
"""What the preloaded tests/clients/nl_fault.c is told to do."""

import mmap
import os
import struct

import lab

(NONE, END, REFUSE, SEND_FAILS, RECEIVE_FAILS, INTERRUPT, CUT, SEND_WAITS,
 RECEIVE_WAITS, REFUSE_ALL) = range(10)
PLAN = struct.Struct("=7I")


class Fault:
    """The plan that the preloaded library follows."""

    def __init__(self, folder):
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
        # What it is comes last: the library reads it at any moment.
        self.map[:4] = struct.pack("=I", NONE)
        self.map[4:PLAN.size] = PLAN.pack(kind, at, error, 0, 0, 0, 0)[4:]
        self.map[:4] = struct.pack("=I", kind)

    def happened(self):
        return PLAN.unpack(self.map[:PLAN.size])[6] > 0
