"""Which events repeat an accepted one: against the definition, spelled out."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from streams.columns import SOURCE
from streams.duplicates import Seen
from streams.places import Horizon

Log = list[tuple[str, int, int]]
"""Accepted events in offset order: id, offset, append time in ms."""


def by_definition(log: Log, horizon: Horizon) -> list[bool]:
    return [
        any(
            other == identity and offset - horizon.records <= at and time_ms - horizon.age_ms <= at_ms
            for other, at, at_ms in log[:index]
        )
        for index, (identity, offset, time_ms) in enumerate(log)
    ]


def in_batches(log: Log, horizon: Horizon, sizes: list[int]) -> list[bool]:
    seen, found, begin = Seen(horizon), [], 0
    while begin < len(log):
        end = begin + sizes[begin % len(sizes)]
        batch = log[begin:end]
        found += seen.mark(
            pl.Series(["x"] * len(batch), dtype=SOURCE),
            pl.Series([identity for identity, _, _ in batch]),
            np.array([offset for _, offset, _ in batch]),
            np.array([time_ms for _, _, time_ms in batch]),
        ).tolist()
        begin = end
    return found


@st.composite
def logs(draw: st.DrawFn) -> Log:
    steps = draw(st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(1, 4), st.integers(-2, 9)), max_size=120))
    log, offset, time_ms = [], 0, 1000
    for identity, gap, tick in steps:
        offset, time_ms = offset + gap, time_ms + tick
        log.append((identity, offset, time_ms))
    return log


@given(logs(), st.integers(1, 40), st.integers(1, 60), st.lists(st.integers(1, 30), min_size=1, max_size=7))
def test_duplicates_equal_the_definition_whatever_the_batches(
    log: Log, records: int, age_ms: int, sizes: list[int]
) -> None:
    horizon = Horizon(records, age_ms)
    assert in_batches(log, horizon, sizes) == by_definition(log, horizon)


def test_the_same_id_on_another_platform_is_no_duplicate() -> None:
    seen = Seen(Horizon(100, 100))
    sources, ids = pl.Series(["x", "web", "x"], dtype=SOURCE), pl.Series(["1", "1", "1"])
    assert seen.mark(sources, ids, np.array([0, 1, 2]), np.array([0, 0, 0])).tolist() == [False, False, True]


def test_memory_stays_within_the_horizon_over_a_long_log() -> None:
    horizon = Horizon(records=10_000, age_ms=10**12)
    seen, most = Seen(horizon), 0
    for batch in range(300):
        offsets = np.arange(batch * 1000, batch * 1000 + 1000)
        seen.mark(pl.Series(["x"] * 1000, dtype=SOURCE), pl.Series(offsets).cast(pl.String), offsets, offsets)
        most = max(most, len(seen))
    assert most <= 3 * horizon.records


def test_ids_written_like_their_platforms_are_no_duplicates_of_each_other() -> None:
    names = ["x", "web", "bluesky"]
    for ending in ("", ":"):
        seen = Seen(Horizon(100, 100))
        ids = pl.Series([name + ending for name in names])
        assert not seen.mark(pl.Series(names, dtype=SOURCE), ids, np.array([0, 1, 2]), np.array([0, 0, 0])).any()
