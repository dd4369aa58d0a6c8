"""Negative controls: with a guard taken out, the verdict must be that it is wrong; else it would prove nothing."""

import pytest

from tests.faults.catalogue import CONTROL_FAULTS, FAULTS
from tests.faults.engines import Engines
from tests.faults.run import Run

pytestmark = pytest.mark.stack


# The others take longer than a test may: `make soak ARGS=--controls` runs every one.
SHORT = ("segment starts", "one step", "warm-up")


@pytest.mark.parametrize("guard", SHORT)
def test_without_its_guard_counting_is_found_wrong(engines: Engines, guard: str) -> None:
    fault = CONTROL_FAULTS[guard]
    with Run(engines, fault, seed=1, without=guard) as run:
        FAULTS[fault](run)
        verdict = run.finish()
        assert verdict.lines, run.report()


def test_a_view_that_sums_where_it_must_take_the_maximum_is_found_wrong(engines: Engines) -> None:
    with engines.plain_sums(), Run(engines, "slow-kill", seed=1) as run:
        FAULTS["slow-kill"](run)
        assert run.finish().wrong > 0, run.report()
