"""Every fault of the catalogue, short, on real engines: exact afterwards, accounted, never ahead."""

import pytest

from tests.faults.catalogue import FAULTS, prepare
from tests.faults.engines import Engines
from tests.faults.machine import NotHere

pytestmark = pytest.mark.stack


# The most telling ones in the least time: `make soak` runs every one.
SHORT = ("zombie", "broker", "clickhouse-answers")


@pytest.mark.parametrize("fault", SHORT)
def test_fault_leaves_every_count_exact(engines: Engines, fault: str) -> None:
    try:
        with prepare(engines, fault, seed=1) as run:
            FAULTS[fault](run)
            verdict = run.finish()
            assert verdict.lines == [], run.report()
    except NotHere as reason:
        pytest.skip(str(reason))
