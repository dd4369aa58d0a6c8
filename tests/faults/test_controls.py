"""Negative controls: with a guard taken out, the verdict must be that it is wrong; else it would prove nothing."""

import pytest

from tests.faults.catalogue import control
from tests.faults.engines import Engines

pytestmark = [pytest.mark.stack, pytest.mark.long]


# One of the workers and one of the views that need no race: `make soak ARGS=--controls` runs every one.
SHORT = ("warm-up", "maximum of a chain")


@pytest.mark.parametrize("guard", SHORT)
def test_without_its_guard_counting_is_found_wrong(engines: Engines, guard: str) -> None:
    assert not control(engines, guard, seed=1).exact, guard
