"""Duplicates: which events of a partition repeat an accepted one within the horizon.

An event is a duplicate when an accepted event (counted, or itself a duplicate) with its ``source`` and ``event_id``
stands at most ``records`` offsets before it in its partition, and at most ``age_ms`` of append time earlier: a pure
function of the log, so that a recount finds the same duplicates again.

One binary search a batch and run of ``places`` tells which events could repeat anything, and only those few are looked
at one by one.
"""

from collections import defaultdict

import numpy as np
import polars as pl

from streams.arrays import Bools, Int64s, UInt64s
from streams.places import Horizon, Places, Run, hashes


class Seen:
    """The accepted events of one partition's horizon."""

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon
        self._accepted = Places(horizon)

    def __len__(self) -> int:
        """How many accepted events are kept."""
        return len(self._accepted)

    def mark(self, sources: pl.Series, event_ids: pl.Series, offsets: Int64s, times_ms: Int64s) -> Bools:
        """Tell which events are duplicates, and take all of them in as accepted.

        The events of one batch, in offset order: strings ``sources`` and ``event_ids``, their offsets and append
        times in ms. Batches come in offset order.
        """
        if len(offsets) == 0:
            return np.zeros(0, dtype=np.bool_)
        high, low = hashes(sources, event_ids)
        batch, order = Run.of(high, low, offsets, times_ms)
        suspects = np.zeros(len(offsets), dtype=np.bool_)
        repeats = batch.high[1:] == batch.high[:-1]
        suspects[order[1:][repeats]] = True
        suspects[order[:-1][repeats]] = True
        earlier: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for run in self._accepted:
            suspects[order[self._find(run, batch, earlier)]] = True
        duplicates = self._judge(np.flatnonzero(suspects), high, low, offsets, times_ms, earlier)
        self._accepted.keep(batch, int(offsets[-1]), int(times_ms[-1]))
        return duplicates

    @staticmethod
    def _find(run: Run, batch: Run, earlier: dict[tuple[int, int], list[tuple[int, int]]]) -> Int64s:
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
