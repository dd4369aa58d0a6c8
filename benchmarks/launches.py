"""Generated launches for back-tests: a week in hours, of the shapes that launches are known to have, by seeds."""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt

from streams.launch import Launch

HOURS = 7 * 24
STEP_S = 3_600

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

_PLACE: Floats = (np.arange(HOURS) + 0.5) / HOURS
_PLAYED_EVENTS = 1_500


def _steady(rng: np.random.Generator) -> Floats:
    del rng
    return np.ones(HOURS)


def _growing(rng: np.random.Generator) -> Floats:
    return np.asarray(rng.uniform(2, 8) ** _PLACE)


def _spike(rng: np.random.Generator) -> Floats:
    at, rise, decay, power = rng.uniform((0.01, 0.005, 0.02, 0.8), (0.15, 0.03, 0.08, 1.5))
    return _wave(at, rise, decay, power) + rng.uniform(0.01, 0.05)


def _rhythm(rng: np.random.Generator) -> Floats:
    return _day(rng, rng.uniform(0.5, 0.9))


def _spike_and_rhythm(rng: np.random.Generator) -> Floats:
    return _spike(rng) * _day(rng, rng.uniform(0.3, 0.8))


def _second_wave(rng: np.random.Generator) -> Floats:
    return _spike(rng) + rng.uniform(0.2, 0.8) * _wave(rng.uniform(0.35, 0.85), 0.02, 0.06, 1.2)


def _wave(at: float, rise: float, decay: float, power: float) -> Floats:
    """A linear rise, then a power law."""
    since = _PLACE - at
    falling = (1 + np.maximum(since - rise, 0) / decay) ** -power
    return np.where(since < 0, 0.0, np.where(since < rise, since / rise, falling))


def _day(rng: np.random.Generator, strength: float) -> Floats:
    return 1 + strength * np.sin(2 * np.pi * (np.arange(HOURS) / 24 + rng.random()))


_RATES: Mapping[str, Callable[[np.random.Generator], Floats]] = {
    "steady": _steady,
    "growing": _growing,
    "spike, then decay": _spike,
    "daily rhythm": _rhythm,
    "spike and rhythm": _spike_and_rhythm,
    "second wave": _second_wave,
}
PLAYED = "the demo's launch"
SHAPES = (*_RATES, PLAYED)


@cache
def launch(shape: str, seed: int) -> Counts:
    """Counts of each hour: 2,000 to 1.5 million in all, by Poisson's law about a rate that wanders by 5 to 25 %.

    What the demo plays has some 1,500, and its course is always the same.
    """
    if shape == PLAYED:
        return _played(seed)
    rng = np.random.default_rng([seed, SHAPES.index(shape)])
    rate = _RATES[shape](rng) * _wandering(rng, rng.uniform(0.05, 0.25))
    total = np.exp(rng.uniform(np.log(2_000), np.log(1_500_000)))
    return np.asarray(rng.poisson(rate / rate.sum() * total))


def _wandering(rng: np.random.Generator, deviation: float, memory: float = 0.7) -> Floats:
    steps = rng.normal(size=HOURS)
    for hour in range(1, HOURS):
        steps[hour] = memory * steps[hour - 1] + np.sqrt(1 - memory**2) * steps[hour]
    return np.asarray(np.exp(deviation * steps))


def _played(seed: int) -> Counts:
    """What ``groundswell demo`` plays, drawn out to a week: every event of it."""
    length_s = HOURS * STEP_S
    hours = [due_ms // (STEP_S * 1000) for due_ms, _ in Launch(seed, 0, length_s, _PLAYED_EVENTS / length_s)]
    return np.bincount(np.minimum(hours, HOURS - 1), minlength=HOURS)
