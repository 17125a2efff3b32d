# SPDX-License-Identifier: ISC
"""tshark and tcpdump see in our messages what our printer says of them."""

import os
import pathlib

import pytest

import dissect

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("RSVPD_BUILD", TOP / "build"))
MESSAGES = 71
SAMPLE = 600
CLASSES = {1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15}
JUDGES = pytest.mark.parametrize("judge", (dissect.tshark, dissect.tcpdump),
                                 ids=("tshark", "tcpdump"))


def run(name, *argv):
    return dissect.run(BUILD, name, *argv)


@pytest.fixture(scope="module", name="dump")
def make_dump(tmp_path_factory):
    capture = tmp_path_factory.mktemp("oracle") / "all.pcap"
    return capture, run("wire_dump", capture)


@pytest.fixture(scope="module", name="sample")
def make_sample(tmp_path_factory):
    seed = os.environ.get("T_SEED", "1")
    capture = tmp_path_factory.mktemp("oracle") / f"seed-{seed}.pcap"
    return capture, run("wire_sample", capture, seed, SAMPLE)


def test_every_kind_of_message_is_there(dump):
    messages = dissect.ours(dump[1])
    assert len(messages) == MESSAGES
    for ctype in (1, 2):
        mine = [m for m in messages if m.kinds()[0] == (1, ctype)]
        assert {m.type for m in mine} == set(range(1, 8))
        styles = {(m.type, what["style"]) for m in mine
                  for number, _, what in m.objects if number == 8}
        assert styles == {(t, s) for t in (2, 4, 6, 7)
                          for s in dissect.STYLES.values()}
    seen = {kind for m in messages for kind in m.kinds()}
    assert {number for number, _ in seen} == CLASSES
    assert (11, 3) in seen


@JUDGES
def test_others_see_the_same_in_each_kind(dump, judge):
    messages, wrong = judge(dump[0])
    assert not wrong
    assert dissect.compare(dissect.ours(dump[1]), messages) > 400


@JUDGES
def test_others_see_the_same_in_a_random_sample(sample, judge):
    messages, wrong = judge(sample[0])
    assert not wrong
    mine = dissect.ours(sample[1])
    assert dissect.compare(mine, messages) > 5 * SAMPLE
    assert {m.type for m in mine} == set(range(1, 8))
    assert {c for m in mine for c, _ in m.kinds()} > CLASSES | {14}


def test_what_is_read_is_what_was_written(dump, sample):
    for capture, text in (dump, sample):
        assert run("wire_read", capture) == text
