"""Every fault of the catalogue, short, on real engines: exact afterwards, accounted, never ahead."""

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.engines import Engines
from tests.faults.run import Run

pytestmark = pytest.mark.stack


# The others take longer than a test may: `make soak` runs every one.
SHORT = ("torn-flush", "zombie", "broker", "clickhouse-answers", "clickhouse-kill", "partitions")


@pytest.mark.parametrize("fault", SHORT)
def test_fault_leaves_every_count_exact(engines: Engines, fault: str) -> None:
    with Run(engines, fault, seed=1) as run:
        FAULTS[fault](run)
        verdict = run.finish()
        assert verdict.lines == [], run.report()
