"""Reactions that carry no text: against the definition, whatever the batches; and what each single case comes to."""

from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.campaign import Campaign
from schemas.event import Event
from streams.chunk import Chunk
from streams.match import Matcher
from streams.partition import Counting, Partition
from streams.places import Horizon
from streams.segments import SegmentRule
from tests.oracle.log import Campaign as Written
from tests.oracle.log import Record
from tests.oracle.oracle import Rows, expect

NOW_MS = 1_763_000_000_000
FOLDER = (Written("kind", hashtags=("kind",)), Written("calm", hashtags=("calm",), posts=("x:p1",)))
MATCHER = Matcher([Campaign(one.name, one.name, one.hashtags, posts=one.posts) for one in FOLDER])
KEYS = (
    ("reactions", "reaction_counter", ("campaign", "event_type", "post")),
    ("hashtag_reactions", "hashtag_reaction_counter", ("campaign", "hashtag", "event_type")),
    ("post_reactions", "post_reaction_counter", ("campaign", "post_id", "event_type")),
)


def event(number: int, kind: str, **more: Any) -> bytes:
    return msgspec.json.encode(
        Event(event_id=f"e{number}", source="x", event_type=kind, event_time=NOW_MS, **more)  # type: ignore[arg-type]
    )


def post(number: int, post_id: str, text: str = "#kind") -> bytes:
    return event(number, "mention", post_id=post_id, text=text)


def like(number: int, post_id: str, **more: Any) -> bytes:
    return event(number, "like", ref_post_id=post_id, **more)


def reply(number: int, post_id: str, text: str) -> bytes:
    return event(number, "reply", post_id=f"r{number}", ref_post_id=post_id, text=text)


def log_of(values: list[bytes], step: int = 1, tick_ms: int = 1000) -> list[Record]:
    return [Record(index * step, NOW_MS + index * tick_ms, b"", value, ()) for index, value in enumerate(values)]


def counted(
    log: list[Record], horizon: Horizon, sizes: tuple[int, ...] = (1000,), start: int = 0
) -> dict[str, dict[tuple[Any, ...], tuple[int, int]]]:
    """What a partition counts of a log from ``start``, read in chunks of these sizes: (events, quantity) by key."""
    partition = Partition(Counting(SegmentRule(10_000, 10**9, 10**9), horizon, MATCHER, "off"), start, 0)
    found: dict[str, dict[tuple[Any, ...], tuple[int, int]]] = {view: {} for view, *_ in KEYS}
    begin = 0
    while begin < len(log):
        part = log[begin : begin + sizes[begin % len(sizes)]]
        begin += len(part)
        partition.take(
            Chunk(
                np.array([one.offset for one in part]),
                np.array([one.append_time_ms for one in part]),
                [one.key for one in part],
                [one.value for one in part],
                [() for _ in part],
            )
        )
    flush = partition.begin_flush()
    rows = partition.changed_rows(flush) if flush else {}
    for view, table, key in KEYS:
        for row in rows[table].iter_rows(named=True) if rows else ():
            quantity = row["quantity_added"] - row["quantity_removed"]
            found[view][tuple(row[name] for name in key)] = (row["events"], quantity)
    return found


def expected(log: list[Record], horizon: Horizon) -> dict[str, Rows]:
    views = expect({0: log}, FOLDER, horizon_records=horizon.records, horizon_ms=horizon.age_ms).views
    return {
        "reactions": {(key[1], key[3], key[4]): row for key, row in views["reactions"].items()},
        "hashtag_reactions": {(key[1], key[2], key[4]): row for key, row in views["hashtag_reactions"].items()},
        "post_reactions": {(key[1], key[2], key[4]): row for key, row in views["post_reactions"].items()},
    }


FAR = Horizon(1000, 10**9)
ids = st.sampled_from(["p0", "p1", "p2"])
texts = st.sampled_from(["#kind", "#calm and #kind", "nothing", ""])
events = st.one_of(
    st.builds(lambda number, one, text: (post, number, one, text), st.integers(0, 30), ids, texts),
    st.builds(lambda number, one: (like, number, one), st.integers(0, 30), ids),
    st.builds(lambda number, one, text: (reply, number, one, text), st.integers(0, 30), ids, texts),
)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(events, max_size=40),
    st.integers(1, 12),
    st.integers(1, 12_000),
    st.lists(st.integers(1, 15), min_size=1, max_size=5).map(tuple),
)
def test_reactions_are_credited_by_the_definition_whatever_the_batches(
    made: list[tuple[Any, ...]], records: int, age_ms: int, sizes: tuple[int, ...]
) -> None:
    log, horizon = log_of([make(*rest) for make, *rest in made]), Horizon(records, age_ms)
    assert counted(log, horizon, sizes) == expected(log, horizon)


@settings(deadline=None, max_examples=25)
@given(st.lists(events, min_size=1, max_size=40), st.integers(1, 12), st.data())
def test_who_begins_later_credits_the_same_having_read_a_horizon_before(
    made: list[tuple[Any, ...]], records: int, data: st.DataObject
) -> None:
    log, horizon = log_of([make(*rest) for make, *rest in made]), Horizon(records, 10**9)
    start = data.draw(st.integers(0, len(log) - 1))
    whole, before = counted(log, horizon), counted(log[:start], horizon)
    behind = counted([one for one in log if one.offset >= start - records], horizon, (7,), start)
    for view, rows in whole.items():
        sums = dict(before[view])
        for key, (number, quantity) in behind[view].items():
            old = sums.get(key, (0, 0))
            sums[key] = (old[0] + number, old[1] + quantity)
        assert sums == rows


def test_reaction_without_text_counts_for_the_campaign_and_hashtags_of_its_post() -> None:
    log = log_of([post(0, "p0", "#Kind words are #calm"), like(1, "p0"), like(2, "p0", quantity=-1), like(3, "p9")])
    found = counted(log, FAR)
    assert found["reactions"] == {
        ("*", "like", "known"): (2, 0),
        ("*", "like", "unknown"): (1, 1),
        ("kind", "like", "known"): (2, 0),
        ("calm", "like", "known"): (2, 0),
    }
    assert found["hashtag_reactions"] == {
        (campaign, hashtag, "like"): (2, 0) for campaign in ("kind", "calm") for hashtag in ("kind", "calm")
    }


def test_reaction_before_its_post_is_not_credited() -> None:
    found = counted(log_of([like(0, "p0"), post(1, "p0")]), FAR)
    assert found["reactions"] == {("*", "like", "unknown"): (1, 1)}


def test_reaction_with_a_text_of_its_own_is_left_to_engagement() -> None:
    found = counted(log_of([post(0, "p0"), like(1, "p0", text="nothing"), like(2, "p0", hashtags=["x"])]), FAR)
    assert found["reactions"] == {}


def test_campaign_that_watches_the_post_counts_its_reactions_once_in_engagement() -> None:
    found = counted(log_of([post(0, "p1", "#calm #kind"), like(1, "p1")]), FAR)
    assert found["reactions"] == {("*", "like", "known"): (1, 1), ("kind", "like", "known"): (1, 1)}


def test_post_that_is_written_again_is_what_it_was_last() -> None:
    log = log_of([post(0, "p0", "#kind"), like(1, "p0"), post(2, "p0", "#calm"), like(3, "p0")])
    for sizes in ((1,), (4,), (2, 1)):
        found = counted(log, FAR, sizes)
        assert found["reactions"][("kind", "like", "known")] == (1, 1)
        assert found["reactions"][("calm", "like", "known")] == (1, 1)


def test_post_has_what_its_campaigns_count_of_it_by_text_of_their_own_or_by_the_post() -> None:
    log = log_of(
        [
            post(0, "p0", "#kind"),
            like(1, "p0"),
            like(2, "p0", quantity=3),
            event(3, "share", ref_post_id="p0", text="so #calm"),
            reply(4, "p0", "#kind #calm"),
            reply(5, "p0", "of no campaign"),
            event(6, "mention", post_id="p6", ref_post_id="p0", text="#kind"),
            event(7, "like", text="#kind, but of which post"),
            like(8, "p1"),
        ]
    )
    assert counted(log, FAR)["post_reactions"] == {
        ("kind", "p0", "like"): (2, 4),
        ("calm", "p0", "share"): (1, 1),
        ("kind", "p0", "reply"): (1, 1),
        ("calm", "p0", "reply"): (1, 1),
        ("calm", "p1", "like"): (1, 1),
    }
