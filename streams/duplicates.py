"""Duplicates: which events of a partition repeat an accepted one within the horizon.

An event is a duplicate when an accepted event (counted, or itself a duplicate) with its ``source`` and ``event_id``
stands at most ``records`` offsets before it in its partition, and at most ``age_ms`` of append time earlier: a pure
function of the log, so that a recount finds the same duplicates again.

Ids are kept as 128-bit hashes in sorted runs, 32 bytes an event: one binary search a batch and run tells which
events could repeat anything, and only those few are looked at one by one.
"""

from collections import defaultdict

import numpy as np
import polars as pl
from msgspec import Struct

from streams.arrays import Bools, Int64s, UInt64s

_MOST_RUNS = 8


class Horizon(Struct, frozen=True):
    """How far back a duplicate is recognised: offsets, and ms of append time; fixed for a topic."""

    records: int
    age_ms: int


class _Run(Struct, frozen=True):
    """Accepted events, sorted by hash; the arrays are parallel."""

    high: UInt64s
    low: UInt64s
    offsets: Int64s
    times_ms: Int64s


class Seen:
    """The accepted events of one partition's horizon."""

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        """How many accepted events are kept."""
        return sum(len(run.high) for run in self._runs)

    def mark(self, sources: pl.Series, event_ids: pl.Series, offsets: Int64s, times_ms: Int64s) -> Bools:
        """Tell which events are duplicates, and take all of them in as accepted.

        The events of one batch, in offset order: strings ``sources`` and ``event_ids``, their offsets and append
        times in ms. Batches come in offset order.
        """
        if len(offsets) == 0:
            return np.zeros(0, dtype=np.bool_)
        high, low = _hashes(sources, event_ids)
        order = np.argsort(high, kind="stable")
        batch = _Run(high[order], low[order], offsets[order], times_ms[order])
        suspects = np.zeros(len(offsets), dtype=np.bool_)
        repeats = batch.high[1:] == batch.high[:-1]
        suspects[order[1:][repeats]] = True
        suspects[order[:-1][repeats]] = True
        earlier: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for run in self._runs:
            suspects[order[self._find(run, batch, earlier)]] = True
        duplicates = self._judge(np.flatnonzero(suspects), high, low, offsets, times_ms, earlier)
        self._keep(batch, int(offsets[-1]), int(times_ms[-1]))
        return duplicates

    @staticmethod
    def _find(run: _Run, batch: _Run, earlier: dict[tuple[int, int], list[tuple[int, int]]]) -> Int64s:
        """Which of the batch's events, in its order, have a hash that stands in ``run``; notes where and when.

        Sorted hashes are looked up one next to the other, which spares most of the waiting for memory.
        """
        begin = np.searchsorted(run.high, batch.high, side="left")
        hits = np.flatnonzero(run.high[np.minimum(begin, len(run.high) - 1)] == batch.high)
        ends = np.searchsorted(run.high, batch.high[hits], side="right")
        found = set()
        for hit, first, end in zip(hits.tolist(), begin[hits].tolist(), ends.tolist(), strict=True):
            key = (int(batch.high[hit]), int(batch.low[hit]))
            if key in found:
                continue
            found.add(key)
            same = np.flatnonzero(run.low[first:end] == batch.low[hit]) + first
            earlier[key].extend(zip(run.offsets[same].tolist(), run.times_ms[same].tolist(), strict=True))
        return hits

    def _judge(
        self,
        suspects: Int64s,
        high: UInt64s,
        low: UInt64s,
        offsets: Int64s,
        times_ms: Int64s,
        earlier: dict[tuple[int, int], list[tuple[int, int]]],
    ) -> Bools:
        """The definition, for the few events that share a hash with an earlier one; in offset order."""
        duplicates = np.zeros(len(offsets), dtype=np.bool_)
        for index in suspects.tolist():
            accepted = earlier[int(high[index]), int(low[index])]
            offset, time_ms = int(offsets[index]), int(times_ms[index])
            oldest, since_ms = offset - self._horizon.records, time_ms - self._horizon.age_ms
            duplicates[index] = any(before >= oldest and at_ms >= since_ms for before, at_ms in accepted)
            # A place that a later and no older one overshadows can never decide again.
            accepted[:] = [place for place in accepted if place[1] > time_ms]
            accepted.append((offset, time_ms))
        return duplicates

    def _keep(self, batch: _Run, last_offset: int, last_time_ms: int) -> None:
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
            merged = _Run(merged.high[keep], merged.low[keep], merged.offsets[keep], merged.times_ms[keep])
        self._runs.append(merged)

    @staticmethod
    def _merge(older: _Run, newer: _Run) -> _Run:
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
        return _Run(high[keep], low[keep], offsets[keep], times_ms[keep])


def _hashes(sources: pl.Series, event_ids: pl.Series) -> tuple[UInt64s, UInt64s]:
    """128 bits of each event's source and id, in two halves."""
    names = pl.DataFrame({"source": sources.unique()})
    halves = []
    for seed in (1, 2):
        # By another seed than ids: a platform and an id that are written alike must not cancel each other out.
        salts = names.with_columns(salt=names["source"].hash(seed=seed + 2))
        salt = pl.DataFrame({"source": sources}).join(salts, on="source", how="left", maintain_order="left")["salt"]
        halves.append(event_ids.hash(seed=seed).to_numpy() ^ salt.to_numpy())
    return halves[0], halves[1]
