# SPDX-License-Identifier: ISC
"""Each part of `make bench` once, in its smallest form: it ends, and prints its
rows.  What they say is no matter here."""

import json
import os

import pytest

import lab

SIZES = (60, 100)
FLAT = [f"cpu-per-{what}{core}{end}" for what in ("setup", "refresh")
        for core in ("", "-core")
        for end in ["-at"] * len(SIZES) + ["-at-worst/best"]]
ROWS = {
    "install": ["install-flows", "remove-flows", "install-flows-list",
                "remove-flows-list", "pool-growth-wait-none",
                "pool-growth-wait-half", "pool-growth-wait-empty",
                "pool-growth-wait-pause", "adoption", "adoption-cpu"],
    "packets": ["packets-with-flows", "packets-to-no-flow"],
    "setup": ["cpu-per-setup", "cpu-per-setup-with-tc",
              "cpu-per-setup-with-tc-cold"],
    "flat": FLAT,
    "policy": ["decision-100000/10000-rules",
               "search/decision-100000-rules"],
    "directory": ["modify-to-decision-p50"],
}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("part", ROWS)
def test_a_part_of_the_bench_ends_and_prints_its_rows(part, tmp_path):
    found = tmp_path / "rows"
    done = lab.run(lab.TOP / "tests" / "bench" / "bench", "--build", lab.BUILD,
                   "--small", "--only", part, "--json", found, timeout=300)
    result = json.loads(found.read_text())
    assert result["schema"] == 1
    names = [row["name"] for row in result["rows"]]
    assert names == ROWS[part]
    lines = done.stdout.splitlines()
    assert lines[-1].startswith(f"{len(names)} rows, missed: ")
    assert [line.split()[0] for line in lines[1:-1]] == names
    for row in result["rows"]:
        assert row["ours"] > 0, row
