"""Projection: what a metric will have come to at a goal's time, by the launch so far, with an interval. Pure.

What is to come follows, where a bench-mark is given, its shape at our own scale. Without one, the rate goes on as a
power of the time since its highest step, which is how attention to a shared post fades (Crane and Sornette, PNAS
105:41, 2008); growth is carried on in part only, as a damped trend is (Gardner and McKenzie, Management Science 31:10,
1985); and the hours of the day keep their part of it once two days are known.

The interval is of 80 %, by how far the same method would have been off earlier in the same launch (rolling origins:
Tashman, International Journal of Forecasting 16:4, 2000). What never showed in a launch, such as a second wave, no
interval of this kind foresees. ``python -m benchmarks.projection`` tests it on generated launches, next to others.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

FEWEST_STEPS = 8
"""With fewer, nothing is known of how far off a projection is: its upper bound is infinite."""

_MOST_STEPS = 256
_DAY_S, _HOUR_S = 86_400, 3_600
_GROWTH = 0.3
"""How much of a growth is carried on; of a fading all is."""
_STEEPEST = (-1.5, 1.0)
_FRESH = 8
"""A highest step within the last eighth is no peak yet."""
_ORIGINS = np.linspace(0.3, 0.92, 10)
_STUDENT = 1.64
"""The origins overlap, and tell about as much as three errors that do not: 80 % of Student's t with 3 degrees."""
_LEAST_ERROR = 0.05
_FROM_NOTHING = 0.02

Floats = npt.NDArray[np.float64]


class Projection(Struct, frozen=True):
    """A metric's total at the goal's time: ``expected``, and the bounds of an interval of 80 %."""

    low: float
    expected: float
    high: float


def project(done: Sequence[int], step_s: int, left_s: float, shape: Sequence[int] | None = None) -> Projection:
    """The total ``left_s`` seconds after the last step.

    ``done``: counts of each ``step_s`` seconds since the launch began. ``shape``: the bench-mark's, of the same steps
    from its own beginning on; behind its end its last hour, or step, goes on.
    """
    total = float(sum(done))
    if left_s <= 0:
        return Projection(total, total, total)
    if total <= 0:
        # Nothing is known of a launch that has not begun.
        return Projection(total, total, float("inf"))
    merged = -(-len(done) // _MOST_STEPS)
    counts, step = _merged(done, merged), step_s * merged
    weights = _weights(counts, step, left_s, None if shape is None else _merged(shape, merged))
    ahead = _rest(counts, weights, follow=shape is None)
    if len(counts) < FEWEST_STEPS:
        return Projection(total, total + ahead, float("inf"))
    error = _error(counts, weights, follow=shape is None) * float(np.sqrt(np.log(len(weights) / len(counts))))
    factor = float(np.exp(_STUDENT * error))
    return Projection(total + ahead / factor, total + ahead, total + ahead * factor)


def _merged(counts: Sequence[int], together: int) -> Floats:
    """So many steps in one, none below zero; what is left over at the end says too little of a rate, and goes."""
    whole = len(counts) // together * together
    merged = np.asarray(counts[:whole], dtype=np.float64).reshape(-1, together).sum(axis=1)
    return np.asarray(np.maximum(merged, 0.0))


def _weights(counts: Floats, step_s: int, left_s: float, shape: Floats | None) -> Floats:
    """How busy each step is expected to be, past and to come, but for the scale; the last by the part that counts."""
    coming = int(np.ceil(left_s / step_s))
    steps = np.arange(len(counts) + coming)
    if shape is not None and shape.sum() > 0:
        last = max(1, _HOUR_S // step_s)
        weights = np.concatenate([shape, np.full(max(0, len(steps) - len(shape)), shape[-last:].mean())])[: len(steps)]
        # A step in which the bench-mark had nothing may have something now.
        weights = weights + _FROM_NOTHING * shape.mean()
    elif len(counts) * step_s >= 2 * _DAY_S and step_s <= _DAY_S // 4:
        weights = _rhythm(counts, step_s)[_hour(steps, step_s)]
    else:
        weights = np.ones(len(steps))
    weights[-1] *= left_s / step_s - (coming - 1)
    return weights


def _hour(steps: npt.NDArray[np.int64], step_s: int) -> npt.NDArray[np.int64]:
    """Of each step the hour since the launch's begin, modulo a day."""
    return ((steps * step_s + step_s // 2) % _DAY_S) // _HOUR_S


def _rhythm(counts: Floats, step_s: int) -> Floats:
    """How busy each hour of the day is against the day around it (classical decomposition), on average 1."""
    day = round(_DAY_S / step_s)
    sums = np.concatenate([[0.0], np.cumsum(counts)])
    first = np.clip(np.arange(len(counts)) - day // 2, 0, len(counts) - day)
    against = (counts + 0.5) / ((sums[first + day] - sums[first]) / day + 0.5)
    hours = _hour(np.arange(len(counts)), step_s)
    found = np.bincount(hours, minlength=24)
    rhythm = np.where(found > 0, np.bincount(hours, against, minlength=24) / np.maximum(found, 1), 1.0)
    rhythm = np.maximum(rhythm, 0.05)
    return np.asarray(rhythm / rhythm.mean())


def _rest(counts: Floats, weights: Floats, *, follow: bool) -> float:
    """What comes in the steps of ``weights`` behind those of ``counts``; ``follow`` how the rate changes."""
    known = len(counts)
    if not follow:
        return float(counts.sum() / weights[:known].sum() * weights[known:].sum())
    peak = _peak(counts, weights[:known])
    half = peak + (known - peak) // 2
    age = np.arange(len(weights)) - peak + 0.5
    power = np.maximum(age, 0.5) ** _trend(counts, weights, peak, half)
    scale = counts[half:].sum() / (weights * power)[half:known].sum()
    return float(scale * (weights * power)[known:].sum())


def _peak(counts: Floats, weights: Floats) -> int:
    """The highest step of the rate, where some time has gone by since; else the first."""
    wide = max(1, len(counts) // 24)
    smooth = np.convolve(counts / weights, np.ones(wide) / wide, "same")
    peak = int(np.argmax(smooth))
    return peak if len(counts) - peak >= max(6, len(counts) // _FRESH) else 0


def _trend(counts: Floats, weights: Floats, peak: int, half: int) -> float:
    """The power of the time since the peak that leads from the rate of its first half to that of its second."""
    known = len(counts)
    if half == peak:
        return 0.0
    earlier = (counts[peak:half].sum() + 0.5) / weights[peak:half].sum()
    later = (counts[half:].sum() + 0.5) / weights[half:known].sum()
    trend = float(np.log(later / earlier) / np.log((half + known - 2 * peak) / (half - peak)))
    return float(np.clip(trend if trend < 0 else _GROWTH * trend, *_STEEPEST))


def _error(counts: Floats, weights: Floats, *, follow: bool) -> float:
    """How far off the logarithm of the rest was when it was projected from earlier, for one e-fold of time."""
    known = len(counts)
    squares = []
    for origin in sorted({int(known * part) for part in _ORIGINS}):
        told = _rest(counts[:origin], weights[:known], follow=follow)
        came = counts[origin:].sum()
        squares.append(np.log((came + 0.5) / (told + 0.5)) ** 2 / np.log(known / origin))
    return float(np.sqrt(np.mean(squares) + _LEAST_ERROR**2))
