"""Back-test of projections on generated launches: ``python -m benchmarks.projection [--save]``.

Each launch is projected from a quarter, a half and three quarters of its week to its end, with a bench-mark (another
launch of its shape, of another size) and without, by the product's method and by simpler ones.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from benchmarks import readme
from benchmarks.launches import HOURS, SHAPES, STEP_S, Counts, launch
from benchmarks.machine import Machine, command, machine
from benchmarks.publish import publish
from streams.projection import Projection, project

LAUNCHES = 30
PARTS = (0.25, 0.5, 0.75)

Method = Callable[[Sequence[int], Sequence[int] | None], float]
"""What comes in the rest of the week, by what is done of it and by the bench-mark, if there is one."""


class Line(Struct, frozen=True):
    """One shape: by part of the launch, the error (mean of |projected - total| / total) and what the interval held."""

    shape: str
    benchmark: bool
    errors: list[float]
    held: list[float]


class Results(Struct, frozen=True):
    """A whole run: ``projection.json``. ``methods``: mean error by method, without a bench-mark and with one."""

    machine: Machine
    command: str
    launches: int
    lines: list[Line]
    methods: dict[str, list[float]]


def main(words: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.projection", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--save", action="store_true", help="write projection.json, and the README's table")
    asked = parser.parse_args(words)
    methods = {name: [_mean_error(method, benchmark=given) for given in (False, True)] for name, method in RIVALS}
    results = Results(machine(), command("benchmarks.projection", words), LAUNCHES, measure(), methods)
    publish("projection", results, text(results), as_json=asked.json, save=asked.save)
    return 0


def measure() -> list[Line]:
    """The product's own method, shape by shape; the same figures each time."""
    return [_line(shape, benchmark=given) for given in (False, True) for shape in SHAPES]


def _line(shape: str, *, benchmark: bool) -> Line:
    errors: list[float] = []
    held: list[float] = []
    for part in PARTS:
        projected = [(_product(*_cut(counts, part), other), counts.sum()) for counts, other in _pairs(shape, benchmark)]
        errors.append(float(np.mean([abs(one.expected - total) / total for one, total in projected])))
        held.append(float(np.mean([one.low <= total <= one.high for one, total in projected])))
    return Line(shape, benchmark, errors, held)


def _pairs(shape: str, benchmark: bool) -> list[tuple[Counts, list[int] | None]]:
    return [
        (launch(shape, seed), launch(shape, seed + LAUNCHES).tolist() if benchmark else None)
        for seed in range(LAUNCHES)
    ]


def _cut(counts: Counts, part: float) -> tuple[list[int], float]:
    done = int(HOURS * part)
    return counts[:done].tolist(), (HOURS - done) * STEP_S


def _product(done: list[int], left_s: float, shape: list[int] | None) -> Projection:
    return project(done, STEP_S, left_s, shape)


def _mean_error(method: Method, *, benchmark: bool) -> float:
    return float(
        np.mean(
            [
                abs(sum(done) + method(done, other) - counts.sum()) / counts.sum()
                for shape in SHAPES
                for counts, other in _pairs(shape, benchmark)
                for part in PARTS
                for done in [_cut(counts, part)[0]]
            ]
        )
    )


def _coming(done: Sequence[int], other: Sequence[int] | None, since: int) -> float:
    """The rate since then goes on, by the bench-mark's shape where there is one."""
    weights = np.asarray(other) + 0.5 if other is not None else np.ones(HOURS)
    return float(sum(done[since:]) / weights[since : len(done)].sum() * weights[len(done) :].sum())


def _damped(done: Sequence[int], other: Sequence[int] | None) -> float:
    """Holt's damped trend of the rate's logarithm, with the parameters that fit the launch so far best."""
    weights = np.asarray(other) + 0.5 if other is not None else np.ones(HOURS)
    values = np.log((np.asarray(done) + 0.5) / weights[: len(done)])
    level_by, trend_by, damping = (
        grid.ravel() for grid in np.meshgrid([0.1, 0.2, 0.4, 0.7], [0, 0.02, 0.1, 0.3], [0.8, 0.9, 0.95])
    )
    level, trend = np.full(len(damping), values[:6].mean()), np.zeros(len(damping))
    squares = np.zeros(len(damping))
    for value in values:
        off = value - level - damping * trend
        squares += off**2
        level, trend = level + damping * trend + level_by * off, damping * trend + level_by * trend_by * off
    best = int(np.argmin(squares))
    ahead = np.cumsum(damping[best] ** np.arange(1, HOURS - len(done) + 1))
    return float((np.exp(level[best] + ahead * trend[best]) * weights[len(done) :]).sum())


RIVALS: tuple[tuple[str, Method], ...] = (
    ("the rate of the launch so far goes on", lambda done, other: _coming(done, other, 0)),
    ("the rate of its last quarter goes on", lambda done, other: _coming(done, other, len(done) * 3 // 4)),
    ("Holt's damped trend of the rate's logarithm", _damped),
    (
        "Groundswell",
        lambda done, other: (
            _product(list(done), (HOURS - len(done)) * STEP_S, list(other) if other is not None else None).expected
            - sum(done)
        ),
    ),
)


def text(results: Results) -> str:
    """The part of the README that follows from the results."""
    parts = ("a quarter", "a half", "three quarters")
    head = " | ".join(f"after {part}: error, interval held" for part in parts)
    rows = "".join(
        f"| {line.shape} | {'yes' if line.benchmark else 'no'} | "
        + " | ".join(f"{error:.1%}, {held:.0%}" for error, held in zip(line.errors, line.held, strict=True))
        + " |\n"
        for line in results.lines
    )
    held = [float(np.mean([line.held for line in results.lines if line.benchmark == given])) for given in (False, True)]
    methods = "".join(f"| {name} | {alone:.1%} | {given:.1%} |\n" for name, (alone, given) in results.methods.items())
    return (
        f"| launch | bench-mark | {head} |\n|---|---|---|---|---|\n{rows}\n"
        f"{results.launches} launches a line. The interval is meant to hold 80 % of them; over all lines it holds "
        f"{held[0]:.0%} without a bench-mark, {held[1]:.0%} with one.\n\n"
        f"| method | mean error | with a bench-mark |\n|---|---|---|\n{methods}\n"
        f"{readme.about(msgspec.to_builtins(results.machine), results.command)}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
