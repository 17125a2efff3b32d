# SPDX-License-Identifier: ISC
"""net_probe in the router r of a bed, and its neighbours a and b."""

import pytest

import lab
import neighbour as nb
from probe import Probe


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "measured: loss, delay or rate is judged; runs alone")


def pytest_sessionfinish():
    for left in list(lab.Lab.opened):
        left.close()


@pytest.fixture
def probe(bed, request):
    """With the configuration of the file that asks."""
    p = Probe(bed.nodes["r"], request.module.CONF)
    yield p
    if p.popen.poll() is None:
        p.stop()


@pytest.fixture
def left(bed):
    n = nb.Neighbour(bed.nodes["a"], "a0")
    yield n
    n.close()


@pytest.fixture
def right(bed):
    n = nb.Neighbour(bed.nodes["b"], "b0")
    yield n
    n.close()
