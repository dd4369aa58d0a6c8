"""Places: where in a partition's log ids stood last, within a horizon.

Ids are kept as 128-bit hashes in sorted runs, 32 bytes an id and place: one binary search a batch and run tells which
could stand there already.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import polars as pl
from msgspec import Struct

from schemas.event import SOURCES
from streams.arrays import Int64s, UInt64s

_MOST_RUNS = 8


class Horizon(Struct, frozen=True):
    """How far back a duplicate, and the post that a reaction acts on, is recognised: offsets, and ms of append time.

    Fixed for a topic.
    """

    records: int
    age_ms: int


class Run(Struct, frozen=True):
    """Ids and where each stood, sorted by the hashes' upper halves; the arrays are parallel."""

    high: UInt64s
    low: UInt64s
    offsets: Int64s
    times_ms: Int64s

    @staticmethod
    def of(high: UInt64s, low: UInt64s, offsets: Int64s, times_ms: Int64s) -> tuple["Run", Int64s]:
        """Sorted; and where each stood before."""
        order = np.argsort(high, kind="stable")
        return Run(high[order], low[order], offsets[order], times_ms[order]), order


class Places:
    """The places of one partition's ids, a few runs of them."""

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon
        self._runs: list[Run] = []

    def __len__(self) -> int:
        """How many places are kept."""
        return sum(len(run.high) for run in self._runs)

    def __iter__(self) -> Iterator[Run]:
        """The runs; an id's later places stand in the same or in a later one."""
        return iter(self._runs)

    def last_before(self, batch: Run, high: UInt64s, low: UInt64s, offsets: Int64s) -> tuple[Int64s, Int64s]:
        """The last place of each id below an offset, in ``batch`` or in what is kept.

        Returns offsets, -1 where there is none, and append times in ms.
        """
        order = np.argsort(high, kind="stable")  # looked up one next to the other
        high, low, offsets = high[order], low[order], offsets[order]
        places, times_ms = np.full(len(high), -1, dtype=np.int64), np.zeros(len(high), dtype=np.int64)
        for run in (*self._runs, batch):
            at = np.searchsorted(run.high, high, side="left")
            rows = np.flatnonzero(at < len(run.high))
            while len(rows):
                rows = rows[run.high[at[rows]] == high[rows]]
                found = run.offsets[at[rows]]
                better = (run.low[at[rows]] == low[rows]) & (found < offsets[rows]) & (found > places[rows])
                places[rows[better]], times_ms[rows[better]] = found[better], run.times_ms[at[rows[better]]]
                at[rows] += 1
                rows = rows[at[rows] < len(run.high)]
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return places[back], times_ms[back]

    def keep(self, batch: Run, last_offset: int, last_time_ms: int) -> None:
        """Take the next batch's places in; the batch ended at ``last_offset`` and ``last_time_ms``."""
        self._runs.append(batch)
        if len(self._runs) <= _MOST_RUNS:
            return
        # Merge the newest runs while they are as long as the one before, so that each event is moved but a
        # logarithmic number of times; then the whole once it has grown by half, which also forgets what is too old.
        merged = self._runs.pop()
        while self._runs and len(self._runs[-1].high) <= 2 * len(merged.high):
            merged = self._merge(self._runs.pop(), merged)
        if len(self._runs) >= _MOST_RUNS or (self._runs and 2 * len(merged.high) >= len(self._runs[0].high)):
            while self._runs:
                merged = self._merge(self._runs.pop(), merged)
        # Append times may step back a little when a partition's leader changes: keep twice what the rule needs.
        keep = (merged.offsets >= last_offset - self._horizon.records) & (
            merged.times_ms >= last_time_ms - 2 * self._horizon.age_ms
        )
        if not keep.all():
            merged = Run(merged.high[keep], merged.low[keep], merged.offsets[keep], merged.times_ms[keep])
        self._runs.append(merged)

    @staticmethod
    def _merge(older: Run, newer: Run) -> Run:
        high = np.concatenate((older.high, newer.high))
        order = np.argsort(high, kind="stable")  # radix or tim sort: both runs are sorted already
        low = np.concatenate((older.low, newer.low))[order]
        high = high[order]
        offsets = np.concatenate((older.offsets, newer.offsets))[order]
        times_ms = np.concatenate((older.times_ms, newer.times_ms))[order]
        # Of places with one id the last decides, unless an earlier one bears a later time.
        shadowed = np.zeros(len(high), dtype=np.bool_)
        shadowed[:-1] = (high[:-1] == high[1:]) & (low[:-1] == low[1:]) & (times_ms[:-1] <= times_ms[1:])
        keep = ~shadowed
        return Run(high[keep], low[keep], offsets[keep], times_ms[keep])


def hashes(sources: pl.Series, ids: pl.Series) -> tuple[UInt64s, UInt64s]:
    """128 bits of each source (``SOURCE``) and id, in two halves."""
    codes = sources.to_physical().to_numpy()
    return ids.hash(seed=1).to_numpy() ^ _salts(3)[codes], ids.hash(seed=2).to_numpy() ^ _salts(4)[codes]


@cache
def _salts(seed: int) -> UInt64s:
    # By another seed than ids: a platform and an id that are written alike must not cancel each other out.
    return pl.Series(SOURCES).hash(seed=seed).to_numpy()
