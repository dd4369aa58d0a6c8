"""A partition counted: against the oracle, whatever the chunks, the flushes, the crashes and the restarts."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.counters import ACCOUNT, COUNTERS, Counter
from streams.chunk import Chunk, Start
from streams.duplicates import Horizon
from streams.match import Matcher
from streams.partition import Counting, Flush, Partition
from streams.segments import SegmentRule
from tests.oracle.generate import Produced, generate
from tests.oracle.log import Record
from tests.oracle.oracle import Expected, Rows, expect
from tests.oracle.views import compare
from tests.oracle.vocabulary import CAMPAIGNS
from tests.streams.test_match import of

NOW_MS = 1_763_000_000_000
RULE = SegmentRule(size=20, age_ms=40_000)
HORIZON = Horizon(records=30, age_ms=60_000)
COUNTING = Counting(RULE, HORIZON, Matcher([of(campaign) for campaign in CAMPAIGNS]), "matched")
ANY_START = Start(1, 1, None, 0, 0)

GENERATED = generate(500, 5, NOW_MS, share_bad=0.2)
MARKER = Produced(None, None, (("groundswell-marker", b"1"),))
Log = list[Record]


@dataclass
class Written:
    """What ClickHouse would hold: the maximum of each chain; and what the worker may commit."""

    rows: dict[str, dict[tuple[Any, ...], tuple[int, ...]]] = field(
        default_factory=lambda: {counter.table: {} for counter in COUNTERS}
    )
    accounts: dict[int, dict[str, int]] = field(default_factory=dict)
    archive: list[pl.DataFrame] = field(default_factory=list)
    commit: int | None = None

    def take(self, table: str, frame: pl.DataFrame, counter: Counter) -> None:
        width = 1 + len(counter.key)
        for row in frame.select("segment", *counter.key, *counter.growing).iter_rows():
            key, measures = row[:width], row[width:]
            before = self.rows[table].get(key, (0,) * len(measures))
            self.rows[table][key] = tuple(map(max, before, measures))

    def views(self) -> dict[str, Rows]:
        found: dict[str, Rows] = {}
        for counter in COUNTERS:
            sums: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
            for key, measures in self.rows[counter.table].items():
                by_name = dict(zip(counter.growing, measures, strict=True))
                for index, measure in enumerate(counter.measures):
                    removed = by_name[measure.removed] if measure.removed else 0
                    sums[key[1:]][index] += by_name[measure.added] - removed
            found[counter.view] = {key: tuple(row[: len(counter.measures)]) for key, row in sums.items()}
        return found

    def account(self) -> dict[str, int]:
        return {name: sum(one[name] for one in self.accounts.values()) for name in ACCOUNT}


def chunk_of(records: Sequence[Record]) -> Chunk:
    return Chunk(
        ANY_START,
        np.array([record.offset for record in records], dtype=np.int64),
        np.array([record.append_time_ms for record in records], dtype=np.int64),
        [record.key for record in records],
        [record.value for record in records],
        [[(name, value or b"") for name, value in record.headers] for record in records],
    )


class Counter_:  # noqa: N801 - replaced below
    pass
