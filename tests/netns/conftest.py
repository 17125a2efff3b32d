# SPDX-License-Identifier: ISC
"""net_probe in the router r of a bed, and its neighbours a and b."""

import pytest
from _pytest.runner import runtestprotocol

import host
import lab
import neighbour as nb
from probe import Probe


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "measured: loss, delay or rate is judged; runs alone")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """What is measured is made again where the host disturbed it; what failed
    each time because of that is not judged."""
    if not item.get_closest_marker("measured"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid,
                                       location=item.location)
    reports, void = host.undisturbed(
        lambda: runtestprotocol(item, log=False, nextitem=nextitem),
        lambda reports: not any(r.failed for r in reports))
    for report in reports:
        if void and report.failed:
            report.outcome = "skipped"
            report.longrepr = (*item.location[:2],
                               f"Skipped: not judged: {void}")
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid,
                                        location=item.location)
    return True


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
