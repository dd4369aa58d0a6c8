"""A batch's additions by segment and key: against sums in plain Python."""

from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.counter import Counter
from schemas.counters import ENGAGEMENT, SPELLINGS, TOKEN_COUNTS
from schemas.event import Event
from streams.columns import event_columns
from streams.count import Additions, add, count
from streams.extract import SCHEMA
from tests.streams.test_decode import NOW_MS, good, verdicts

COUNTERS = (TOKEN_COUNTS, ENGAGEMENT, SPELLINGS)
"""Those that every event is counted in; of the others tell test_partition and the oracle."""

Rows = dict[tuple[Any, ...], tuple[int, ...]]


class Counted(NamedTuple):
    """One event as counting sees it, its tokens and the campaigns it matches, each with its sentiment."""

    segment: int
    window_start: int
    lang: str
    quantity: int
    tokens: tuple[tuple[str, str, int], ...]
    campaigns: tuple[tuple[str, str], ...]


EVENT_SCHEMA = {"segment": pl.UInt64, "window_start": pl.UInt32, "source": pl.String, "event_type": pl.String,
                "lang": pl.String, "country": pl.String, "sentiment": pl.String, "quantity": pl.Int64}  # fmt: skip
MATCH_SCHEMA = {"row": pl.UInt32, "campaign": pl.String, "sentiment": pl.String}


def additions(events: list[Counted]) -> Additions:
    rows = [(one.segment, one.window_start, "x", "like", one.lang, "", "", one.quantity) for one in events]
    tokens = [
        (row, kind, token, token.title(), times) for row, one in enumerate(events) for kind, token, times in one.tokens
    ]
    matches = [(row, *judged) for row, one in enumerate(events) for judged in one.campaigns]
    return count(
        pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row"),
        pl.DataFrame(tokens, schema=SCHEMA, orient="row"),
        pl.DataFrame(matches, schema=MATCH_SCHEMA, orient="row"),
    )


def rows_of(found: Additions, counter: Counter) -> Rows:
    frame = found[counter.table].select("segment", *counter.key, *counter.growing)
    width = 1 + len(counter.key)
    rows = {row[:width]: row[width:] for row in frame.iter_rows()}
    assert len(rows) == len(frame), "a key twice"
    assert all(kind == pl.UInt64 for kind in frame.select(counter.growing).dtypes)
    return rows


def naive(events: list[Counted]) -> dict[str, Rows]:
    sums: dict[str, defaultdict[tuple[Any, ...], list[int]]] = {
        TOKEN_COUNTS.table: defaultdict(lambda: [0] * 4),
        ENGAGEMENT.table: defaultdict(lambda: [0] * 3),
        SPELLINGS.table: defaultdict(lambda: [0] * 2),
    }
    for one in events:
        sign = (one.quantity > 0) - (one.quantity < 0)
        gains, losses = int(sign > 0), int(sign < 0)
        for campaign, sentiment in (("*", ""), *one.campaigns):
            place = (one.segment, one.window_start, campaign)
            row = sums[ENGAGEMENT.table][*place, "x", "like", one.lang, "", sentiment]
            for index, more in enumerate((1, max(one.quantity, 0), max(-one.quantity, 0))):
                row[index] += more
            for kind, token, times in one.tokens:
                row = sums[TOKEN_COUNTS.table][*place, kind, token, "x", "like"]
                for index, more in enumerate((gains, losses, gains * times, losses * times)):
                    row[index] += more
                row = sums[SPELLINGS.table][one.segment, campaign, kind, token, token.title()]
                row[0] += gains
                row[1] += losses
    return {table: {key: tuple(row) for key, row in rows.items()} for table, rows in sums.items()}


tokens = st.lists(
    st.tuples(st.sampled_from(("hashtag", "emoji")), st.sampled_from("abc"), st.integers(1, 3)),
    max_size=3,
    unique_by=lambda token: token[:2],
).map(tuple)
counted = st.builds(
    Counted,
    segment=st.sampled_from((0, 64)),
    window_start=st.sampled_from((1_000, 1_010)),
    lang=st.sampled_from(("", "en")),
    quantity=st.sampled_from((1, 1, -1, 0, 7, -3, 10**12, -(10**12))),
    tokens=tokens,
    campaigns=st.lists(
        st.tuples(st.sampled_from(("one", "two")), st.sampled_from(("", "positive"))),
        unique_by=lambda judged: judged[0],
        max_size=2,
    ).map(tuple),
)
batches = st.lists(counted, min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(batches)
def test_additions_are_the_sums_of_what_events_and_tokens_say(events: list[Counted]) -> None:
    found, expected = additions(events), naive(events)
    for counter in COUNTERS:
        assert rows_of(found, counter) == expected[counter.table]


@settings(max_examples=25, deadline=None)
@given(st.lists(batches, min_size=1, max_size=4))
def test_a_total_is_that_of_all_events_at_once_and_what_changed_is_what_was_added_to(
    parts: list[list[Counted]],
) -> None:
    total = None
    for number, part in enumerate(parts, 1):
        total, changed = add(total, [additions(part)])
        at_once = additions([event for earlier in parts[:number] for event in earlier])
        for counter in COUNTERS:
            expected = rows_of(at_once, counter)
            assert rows_of(total, counter) == expected
            assert rows_of(changed, counter) == {key: expected[key] for key in rows_of(additions(part), counter)}


@settings(max_examples=25, deadline=None)
@given(st.lists(batches, min_size=1, max_size=4))
def test_several_additions_at_once_are_as_good_as_one_after_the_other(parts: list[list[Counted]]) -> None:
    total, changed = add(None, [additions(part) for part in parts])
    at_once = additions([event for part in parts for event in part])
    for counter in COUNTERS:
        assert rows_of(total, counter) == rows_of(changed, counter) == rows_of(at_once, counter)


def test_every_event_counts_once_under_the_star_and_once_under_each_campaign() -> None:
    found = additions(
        [Counted(0, 1_000, "", 1, (), (("one", "positive"), ("two", ""))), Counted(0, 1_000, "", 1, (), ())]
    )
    events = {key[2]: row[0] for key, row in rows_of(found, ENGAGEMENT).items()}
    assert events == {"*": 2, "one": 1, "two": 1}


def test_a_trillion_counts_a_thousand_times_without_overflow() -> None:
    found = additions([Counted(0, 1_000, "", -(10**12), (), ())] * 1_000)
    assert list(rows_of(found, ENGAGEMENT).values()) == [(1_000, 0, 10**15)]


def test_windows_of_ten_seconds_are_half_open_and_aligned_to_the_epoch() -> None:
    #        NOW            NOW+10
    # 0 -----[1 2 --------- 3)[4 ----
    times_ms = [NOW_MS - 1, NOW_MS, NOW_MS + 1, NOW_MS + 9_999, NOW_MS + 10_000, 946_684_800_000]
    values = [good(str(n), event_time=time_ms, lang="en" if n else None) for n, time_ms in enumerate(times_ms)]
    events = [event for event in verdicts(values) if isinstance(event, Event)]
    columns = event_columns(events, np.zeros(len(events), dtype=np.int64))
    now_s = NOW_MS // 1000
    assert columns["window_start"].to_list() == [now_s - 10, now_s, now_s, now_s, now_s + 10, 946_684_800]
    assert columns["lang"].to_list() == ["", *["en"] * 5]
    assert columns["quantity"].to_list() == [1] * 6
