"""A partition counted: against the oracle, whatever the chunks, the flushes, the crashes and the restarts."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.campaign import Campaign
from schemas.counter import Counter
from schemas.counters import ACCOUNT, COUNTERS
from streams.chunk import Chunk
from streams.match import Matcher
from streams.partition import Account, Counting, Flush, Partition
from streams.places import Horizon
from streams.refusal import Reason
from streams.segments import SegmentRule
from tests.oracle.generate import Produced, generate
from tests.oracle.log import Record
from tests.oracle.oracle import Expected, Rows, expect
from tests.oracle.views import compare
from tests.oracle.vocabulary import CAMPAIGNS
from tests.streams.test_match import of

NOW_MS = 1_763_000_000_000
RULE = SegmentRule(size=20, age_ms=30_000, bytes=6_000)
HORIZON = Horizon(records=30, age_ms=60_000)
COUNTING = Counting(RULE, HORIZON, Matcher([of(campaign) for campaign in CAMPAIGNS]), "matched")
GENERATED = generate(500, 5, NOW_MS, share_bad=0.2)
MARKER = Produced(None, None, (("groundswell-marker", b"1"),))

Log = Sequence[Record]
Step = tuple[int, str]
"""How many records the next chunk has; and after it: ``go`` on, ``flush``, or ``begin`` a flush that is written only
when the chunk after it has been counted."""


def chunk_of(records: Log) -> Chunk:
    return Chunk(
        np.array([record.offset for record in records], dtype=np.int64),
        np.array([record.append_time_ms for record in records], dtype=np.int64),
        [record.key for record in records],
        [record.value for record in records],
        [[(name, value or b"") for name, value in record.headers] for record in records],
    )


@dataclass
class Written:
    """What ClickHouse would hold: the maximum of each chain; and the offset that may be committed."""

    rows: dict[str, dict[tuple[Any, ...], tuple[int, ...]]] = field(
        default_factory=lambda: {counter.table: {} for counter in COUNTERS}
    )
    accounts: dict[int, Account] = field(default_factory=dict)
    commit: int | None = None

    def views(self) -> dict[str, Rows]:
        found: dict[str, Rows] = {}
        for counter in COUNTERS:
            start = [-1 if measure.highest else 0 for measure in counter.measures]
            sums: defaultdict[tuple[Any, ...], list[int]] = defaultdict(start.copy)
            for key, measures in self.rows[counter.table].items():
                by_name = dict(zip(counter.growing, measures, strict=True))
                row = sums[key[1:]]
                for index, measure in enumerate(counter.measures):
                    value = by_name[measure.added] - by_name.get(measure.removed or "", 0)
                    row[index] = max(row[index], value - 1) if measure.highest else row[index] + value
            found[counter.view] = {key: tuple(row) for key, row in sums.items()}
        return found

    def account(self) -> dict[str, int]:
        return {name: sum(getattr(one, name) for one in self.accounts.values()) for name in ACCOUNT}


class Owner:
    """One worker's counting of a log: from ``start``, reading a horizon earlier, with nothing remembered."""

    def __init__(self, log: Log, written: Written, start: int, counting: Counting = COUNTING) -> None:
        position = start - counting.horizon.records
        self.unread = [record for record in log if record.offset >= position]
        self.partition = Partition(counting, start, position)
        self.written = written
        self._last: dict[tuple[str, tuple[Any, ...]], tuple[int, ...]] = {}

    def take(self, size: int) -> None:
        records, self.unread = self.unread[:size], self.unread[size:]
        taken = self.partition.take(chunk_of(records))
        counted = [record for record in records if record.offset >= self.partition.start]
        assert taken.read == len(taken.chunk) == len(counted)
        assert taken.read == taken.counted + taken.duplicates + taken.markers + len(taken.refused)

    def finish(self, flush: Flush, torn: int | None = None) -> None:
        """Write a flush; ``torn`` of its tables only, and no more, when the worker dies in it."""
        changed = self.partition.changed_rows(flush)
        for counter in COUNTERS[:torn]:
            if counter.table in changed:
                self._write(counter, changed[counter.table])
        if torn is None:
            self.written.accounts |= flush.accounts
            self.written.commit = max(flush.commit, self.written.commit or 0)
            self.partition.written(flush)

    def _write(self, counter: Counter, frame: pl.DataFrame) -> None:
        width = 1 + len(counter.key)
        seen = set()
        for row in frame.select("segment", *counter.key, *counter.growing).iter_rows():
            key, measures = row[:width], row[width:]
            assert key not in seen, "a key twice in one flush"
            seen.add(key)
            before = self._last.get((counter.table, key), (0,) * len(measures))
            assert all(now >= then for now, then in zip(measures, before, strict=True)), "a measure went down"
            self._last[counter.table, key] = measures
            stored = self.written.rows[counter.table].get(key, measures)
            self.written.rows[counter.table][key] = tuple(map(max, stored, measures))

    def run(self, plan: Sequence[Step], steps: int | None = None) -> None:
        """Go by the plan, again and again, to the log's end, and flush there; or only so many steps."""
        begun: Flush | None = None
        for done, (size, then) in enumerate(cycle(plan)):
            if not self.unread or done == steps:
                break
            self.take(size)
            if begun is not None:
                self.finish(begun)
                begun = None
            if then != "go":
                begun = self.partition.begin_flush()
            if begun is not None and then == "flush":
                self.finish(begun)
                begun = None
        if begun is not None:
            self.finish(begun)
        if steps is None:
            last = self.partition.begin_flush()
            if last is not None:
                self.finish(last)
            assert self.partition.begin_flush() is None


def expected_of(log: Log) -> Expected:
    return expect(
        {0: log}, CAMPAIGNS, horizon_records=HORIZON.records, horizon_ms=HORIZON.age_ms, truth=GENERATED.truth
    )


def assert_exact(written: Written, expected: Expected) -> None:
    assert compare(expected.views, written.views()) == []
    assert written.account() == expected.account[0]


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Good and bad records, copies near and far, markers; holes in the offsets; append times that may step back."""
    log: list[Record] = []
    offset, time_ms = draw(st.sampled_from((0, 1_000))), NOW_MS
    for _ in range(draw(st.integers(1, 70))):
        draws = draw(st.integers(0, 9))
        if draws < 3 and log:
            again = log[-draw(st.integers(1, min(len(log), 40)))]
            made = Produced(again.key, again.value, again.headers)
        else:
            made = MARKER if draws == 9 else draw(st.sampled_from(GENERATED.records))
        log.append(Record(offset, time_ms, made.key, made.value, made.headers))
        offset += draw(st.sampled_from((1, 1, 1, 1, 2, 9)))
        time_ms += draw(st.sampled_from((0, 0, 1, 500, 4_000, -1_000)))
    return log


plans = st.lists(st.tuples(st.integers(1, 25), st.sampled_from(("go", "flush", "begin"))), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None)
@given(logs(), plans)
def test_counts_are_the_oracles_whatever_the_chunks_and_flushes(log: list[Record], plan: list[Step]) -> None:
    written = Written()
    Owner(log, written, log[0].offset).run(plan)
    assert_exact(written, expected_of(log))


@settings(max_examples=20, deadline=None)
@given(logs(), plans, plans, st.integers(0, 8), st.sampled_from((None, 0, 1, 2)))
def test_counts_stay_exact_when_a_worker_dies_and_comes_back_from_the_dead(
    log: list[Record], plan: list[Step], other: list[Step], steps: int, torn: int | None
) -> None:
    written = Written()
    killed = Owner(log, written, log[0].offset)
    killed.run(plan, steps)
    half = killed.partition.begin_flush()
    if half is not None:
        killed.finish(half, torn)
    start = log[0].offset if written.commit is None else written.commit
    Owner(log, written, start).run(other)
    expected = expected_of(log)
    assert_exact(written, expected)
    if torn is None:
        # It was not dead, only asleep: what it writes late changes nothing.
        killed.run(plan)
        assert_exact(written, expected)


@settings(max_examples=10, deadline=None)
@given(logs(), plans, plans, st.data())
def test_recount_from_any_segments_start_gives_the_same_rows(
    log: list[Record], plan: list[Step], other: list[Step], data: st.DataObject
) -> None:
    first, again = Written(), Written()
    Owner(log, first, log[0].offset).run(plan)
    start = data.draw(st.sampled_from(sorted(first.accounts)))
    Owner(log, again, start).run(other)
    for counter in COUNTERS:
        rows = first.rows[counter.table]
        assert again.rows[counter.table] == {key: row for key, row in rows.items() if key[0] >= start}
    assert again.accounts == {name: account for name, account in first.accounts.items() if name >= start}


def test_a_log_of_thousands_is_counted_exactly() -> None:
    made = generate(3_000, 23, NOW_MS, share_bad=0.1)
    records = [MARKER if n % 500 == 499 else record for n, record in enumerate(made.records)]
    log = [
        Record(offset, NOW_MS + offset * 20, record.key, record.value, record.headers)
        for offset, record in enumerate(records)
    ]
    counting = Counting(SegmentRule(700, 25_000, 100_000), Horizon(1_500, 60_000), COUNTING.matcher, "off")
    rng, written = Random(23), Written()
    Owner(log, written, 0, counting).run(
        [(rng.randrange(1, 400), rng.choice(("go", "flush", "begin"))) for _ in range(50)]
    )
    expected = expect({0: log}, CAMPAIGNS, horizon_records=1_500, horizon_ms=60_000, truth=made.truth)
    assert_exact(written, expected)
    assert all(expected.account[0][name] for name in ("counted", "duplicates", "dead", "markers"))


# --- by hand ------------------------------------------------------------------------------------------------------

LOVE = Campaign("love", "Love", hashtags=("love",))


def event(event_id: str, **fields: Any) -> bytes:
    return json.dumps(
        {"event_id": event_id, "source": "x", "event_type": "mention", "event_time": NOW_MS, **fields}
    ).encode()


def log_of(*values: bytes | None, first: int = 0, step_ms: int = 0) -> list[Record]:
    return [Record(first + n, NOW_MS + n * step_ms, None, value) for n, value in enumerate(values)]


def partition(start: int = 0, size: int = 4, position: int | None = None, archive: str = "matched") -> Partition:
    counting = Counting(SegmentRule(size, 10_000, 10_000), Horizon(100, 60_000), Matcher([LOVE]), archive)
    return Partition(counting, start, start if position is None else position)


def test_chunks_before_the_start_lend_their_ids_and_count_nothing() -> None:
    counted = partition(start=3, position=0)
    taken = counted.take(chunk_of(log_of(event("a"), b"no event", event("b"))))
    assert (taken.read, taken.counted, taken.refused, len(taken.chunk)) == (0, 0, [], 0)
    assert counted.begin_flush() is None
    assert counted.next_offset == 3
    taken = counted.take(chunk_of(log_of(event("a"), event("c"), b"{", first=3)))
    assert (taken.read, taken.counted, taken.duplicates) == (3, 1, 1)
    assert [(position, refusal.reason) for position, refusal in taken.refused] == [(2, Reason.NOT_JSON)]


def test_chunk_over_the_start_is_parted_there() -> None:
    counted = partition(start=2, position=0)
    taken = counted.take(chunk_of(log_of(b"{", event("a"), event("b"), b"{")))
    assert taken.chunk.offsets.tolist() == [2, 3]
    assert [position for position, _ in taken.refused] == [1]
    flush = counted.begin_flush()
    assert flush is not None
    assert (flush.commit, flush.records) == (2, 2)


def test_flush_commits_the_open_segments_start_and_never_a_position_within() -> None:
    # size 4: [0 1 2 3)[4 5 6 7)[8
    counted = partition()
    commits = []
    for offset in range(9):
        counted.take(chunk_of(log_of(event(str(offset)), first=offset)))
        flush = counted.begin_flush()
        assert flush is not None
        counted.changed_rows(flush)
        counted.written(flush)
        commits.append(flush.commit)
    assert commits == [0, 0, 0, 0, 4, 4, 4, 4, 8]


def test_flush_takes_what_was_counted_until_it_began_and_no_more() -> None:
    counted = partition(size=100)
    counted.take(chunk_of(log_of(event("a"), event("b"), step_ms=5)))
    flush = counted.begin_flush()
    counted.take(chunk_of(log_of(event("c"), first=2)))
    assert flush is not None
    assert (flush.records, flush.accounts[0].read, flush.oldest_ms) == (2, 2, NOW_MS)
    assert counted.changed_rows(flush)["engagement_counter"]["events"].to_list() == [2]
    later = counted.begin_flush()
    assert later is not None
    assert counted.changed_rows(later)["engagement_counter"]["events"].to_list() == [3]
    assert later.accounts[0] == Account(2, NOW_MS // 10_000 * 10, 3, 3, 0, 0, 0)


def test_flush_of_nothing_but_dead_letters_still_writes_the_account() -> None:
    counted = partition()
    counted.take(chunk_of(log_of(b"{", None, b"")))
    flush = counted.begin_flush()
    assert flush is not None
    assert counted.changed_rows(flush) == {}
    assert flush.accounts == {0: Account(last_offset=2, unit_s=NOW_MS // 10_000 * 10, read=3, dead=3)}


def test_flush_writes_only_the_rows_that_changed() -> None:
    counted = partition(size=100)
    counted.take(chunk_of(log_of(event("a", text="#love"), event("b", text="#peace"))))
    first = counted.begin_flush()
    assert first is not None
    assert set(counted.changed_rows(first)["token_counter"]["token"]) == {"love", "peace"}
    counted.take(chunk_of(log_of(event("c", text="#love"), first=2)))
    second = counted.begin_flush()
    assert second is not None
    rows = counted.changed_rows(second)["token_counter"].select("campaign", "token", "posts_added")
    assert sorted(rows.iter_rows()) == [("*", "love", 2), ("love", "love", 2)]


@pytest.mark.parametrize(("archive", "kept"), [("matched", [0, 3]), ("all", [0, 1, 3]), ("off", [])])
def test_archive_keeps_distinct_counted_events(archive: str, kept: list[int]) -> None:
    counted = partition(archive=archive, size=100)
    values = (
        event("a", text="#Love 💜 @ana", author_followers=7, observed_at=NOW_MS - 1_500),
        event("b", text="#peace"),
        event("a", text="#Love again"),
        event("c", hashtags=["love"], quantity=-2, amount=200, currency="USD"),
        b"{",
    )
    counted.take(chunk_of(log_of(*values, step_ms=1_000)))
    flush = counted.begin_flush()
    assert flush is not None
    rows = pl.concat(flush.archive).sort("offset").to_dicts() if flush.archive else []
    assert [row["offset"] for row in rows] == kept
    if kept:
        first, last = rows[0], rows[-1]
        now_s = NOW_MS // 1000
        every = ["*"] if archive == "all" else []
        assert (first["event_id"], first["campaigns"], first["hashtags"]) == ("a", [*every, "love"], ["love"])
        assert first["segment"] == 0
        assert (first["emojis"], first["accounts"], first["author_followers"]) == (["💜"], ["ana"], 7)
        assert (first["append_time"], first["event_time"], first["observed_at"]) == (now_s, now_s, now_s - 2)
        assert (last["append_time"], last["observed_at"]) == (now_s + 3, now_s + 3)
        assert (last["quantity"], last["amount"], last["currency"], last["text"]) == (-2, 200, "USD", "")
        assert (first["amount"], first["lang"], last["author_followers"]) == (None, "", None)


def test_archive_row_is_the_same_row_when_it_is_written_again() -> None:
    names = [f"campaign-{number}" for number in range(12)]
    counting = Counting(
        SegmentRule(100, 10_000, 10_000),
        Horizon(100, 60_000),
        Matcher([Campaign(name, name, hashtags=("love",)) for name in reversed(names)]),
        "all",
    )
    for _ in range(5):
        counted = Partition(counting, 0, 0)
        counted.take(chunk_of(log_of(*(event(str(number), text="#love") for number in range(50)), step_ms=1)))
        flush = counted.begin_flush()
        assert flush is not None
        assert flush.archive[0]["campaigns"].to_list() == [["*", *sorted(names)]] * 50
