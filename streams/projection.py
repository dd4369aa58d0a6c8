"""Stub of the projection until its own module is merged: the mean rate goes on, with a plain interval."""

import math
from collections.abc import Sequence

from msgspec import Struct


class Projection(Struct, frozen=True):
    """The total at the goal's time: what is expected, and the bounds of an interval of 80 %."""

    low: float
    expected: float
    high: float


def project(done: Sequence[int], step_s: int, left_s: float, shape: Sequence[int] | None = None) -> Projection:
    """Project the counts of ``done``, a step of ``step_s`` each, ``left_s`` further; ``shape`` is not looked at."""
    del shape
    total = sum(done)
    more = total / len(done) * left_s / step_s if done else 0.0
    spread = 1.28 * math.sqrt(max(0.0, more))
    return Projection(total + max(0.0, more - spread), total + more, total + more + spread)
