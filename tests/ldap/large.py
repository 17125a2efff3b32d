#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A directory at the limit: 100 000 entries, and one more.

usage: large.py            (RSVPD_BUILD=build; test_directory.py runs it)

Each way of following it reads them all, answers its supervisor meanwhile, takes
a change, keeps within bounds; one entry too many leaves the rules as they are.
"""

import pathlib
import re
import subprocess
import tempfile
import time

import bench
from bench import Policyd, Slapd

MOST = 100000
MEMORY_KB = 900 * 1024


def rules(first, last):
    return "".join(
        f"dn: PolicyName=r{i},ou=NetworkPolicies,o=example\n"
        "objectClass: ServicePolicyRules\nobjectClass: qosRuleExt\n"
        f"PolicyName: r{i}\nSelectorTag: all\nPolicyScope: RSVP\n"
        f"qosUser: {i}\n\n" for i in range(first, last))


def load(slapd, first, last):
    """With the server down, or it takes an hour."""
    slapd.stop()
    ldif = slapd.dir / "many.ldif"
    ldif.write_text(rules(first, last))
    subprocess.run(["/usr/sbin/slapadd", "-q", "-f", slapd.dir / "slapd.conf",
                    "-l", ldif], check=True, capture_output=True)
    slapd.start()


def count(policyd):
    found = re.findall(r"generation \d+: (\d+) rules", policyd.text())
    return int(found[-1]) if found else 0


def wait(policyd, condition, what, seconds=240):
    """Condition, while each question for a sign of life is answered."""
    serial = 0
    worst = 0.0
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: {policyd.text()[-2000:]}"
        serial += 1
        began = time.monotonic()
        assert policyd.ping(serial, 20)[1] == serial
        worst = max(worst, time.monotonic() - began)
        policyd.receive()
    return worst


def follow(folder, slapd, mode):
    conf = (f'directory = {{ uri = "{slapd.uri}"; base = '
            '"ou=NetworkPolicies,o=example"; tags = "all"; quiet = 0; '
            f'mode = "{mode}"; poll = 2; timeout = 60; }};\n')
    policyd = Policyd(folder / mode, conf)
    try:
        began = time.monotonic()
        worst = wait(policyd, lambda: count(policyd) == MOST, "all of them")
        took = time.monotonic() - began
        slapd.modify("dn: PolicyName=r0,ou=NetworkPolicies,o=example\n"
                     "changetype: delete\n")
        began = time.monotonic()
        wait(policyd, lambda: count(policyd) == MOST - 1, "a change")
        change = time.monotonic() - began
        slapd.add(rules(0, 1))
        wait(policyd, lambda: count(policyd) == MOST, "all again")
        slapd.add(rules(MOST, MOST + 1))
        wait(policyd, lambda: f"more than {MOST} entries" in policyd.status,
             "the limit")
        assert count(policyd) == MOST
        slapd.modify(f"dn: PolicyName=r{MOST},ou=NetworkPolicies,o=example\n"
                     "changetype: delete\n")
        memory = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(
            f"/proc/{policyd.process}/status").read_text()).group(1))
        assert memory < MEMORY_KB, f"{memory} kB"
        print(f"{mode}: {MOST} entries in {took:.1f} s, a change in "
              f"{change:.1f} s, {memory // 1024} MiB, worst answer "
              f"{worst * 1000:.0f} ms", flush=True)
    finally:
        policyd.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="policyd-large-") as name:
        folder = pathlib.Path(name)
        slapd = Slapd(folder / "slapd", config="sizelimit unlimited\n")
        try:
            load(slapd, 0, MOST)
            for mode in ("persist", "refresh", "poll"):
                follow(folder, slapd, mode)
        finally:
            slapd.stop()


main()
