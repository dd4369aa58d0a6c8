"""Faults of the catalogue, short, on real engines: exact afterwards, accounted, never ahead."""

import pytest

from tests.faults.catalogue import FAULTS, prepare
from tests.faults.engines import Engines
from tests.faults.machine import NotHere

pytestmark = pytest.mark.stack

# The most telling ones in the least time, and of each engine one that is still shorter: `make soak` runs every one.
QUICK = {"broker": 0.5, "clickhouse-answers": 0.4}
SHORT = {"zombie": 1, "broker": 1, "clickhouse-answers": 1}


@pytest.mark.parametrize("fault", QUICK)
def test_fault_for_seconds_leaves_every_count_exact(engines: Engines, fault: str) -> None:
    check(engines, fault, QUICK[fault])


@pytest.mark.long
@pytest.mark.parametrize("fault", SHORT)
def test_fault_leaves_every_count_exact(engines: Engines, fault: str) -> None:
    check(engines, fault, SHORT[fault])


def check(engines: Engines, fault: str, scale: float) -> None:
    try:
        with prepare(engines, fault, seed=1) as run:
            FAULTS[fault](run, scale)
            verdict = run.finish()
            assert verdict.lines == [], run.report()
    except NotHere as reason:
        pytest.skip(str(reason))
