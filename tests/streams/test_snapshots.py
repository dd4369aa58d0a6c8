"""Snapshots to events: a naive oracle, any order, repeats, restarts; and what each single case comes to."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.event import MAX_VALUE_BYTES, Event
from schemas.snapshot import MAX_SNAPSHOT_BYTES
from schemas.topics import Headers
from streams.chunk import Chunk
from streams.decode import decode_one
from streams.refusal import Reason, Refusal
from streams.snapshots import Taken, decode_snapshot, take
from tests.oracle.differences import NAMES, Poll, added_up, growth

T = 1_785_434_640_000
HOUR_MS = 3_600_000


def poll(at: int, post: str = "p", **more: Any) -> dict[str, Any]:
    counters = {name: more.pop(name) for name in NAMES if name in more}
    return {"source": "tiktok", "post_id": post, "observed_at": T + at, "counters": counters, **more}


def tracked(at: int, post: str = "p", **more: Any) -> dict[str, Any]:
    return poll(at, post, created_at=T - 1000, tracked_since=T - 2000, **more)


def key_of(one: Poll) -> bytes:
    return f"{one['source']}:{one['post_id']}".encode()


def chunk(polls: Sequence[Poll], first_offset: int = 0) -> Chunk:
    no_headers: Headers = ()
    return Chunk(
        np.arange(first_offset, first_offset + len(polls)),
        np.full(len(polls), T + HOUR_MS),
        [key_of(one) for one in polls],
        [json.dumps(one).encode() for one in polls],
        [no_headers] * len(polls),
    )


def taken_in_turn(*chunks: Sequence[Poll]) -> list[Taken]:
    posts: dict[bytes, bytes] = {}
    results = []
    for polls in chunks:
        results.append(take(posts, chunk(polls)))
        posts |= results[-1].posts
    return results


def quantities(*polls: Poll) -> list[tuple[str, int | None]]:
    (taken,) = taken_in_turn(polls)
    return [(event.event_type, event.quantity) for event in taken.events]


def values(events: Sequence[Event]) -> list[bytes]:
    return [msgspec.json.encode(event) for event in events]


polls = st.builds(
    lambda post, at, counters, times: {
        "source": "tiktok",
        "post_id": post,
        "observed_at": T + at,
        "counters": counters,
        **times,
    },
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 12),
    st.dictionaries(st.sampled_from(NAMES[:3]), st.none() | st.integers(0, 5) | st.just(10**12), min_size=1),
    st.fixed_dictionaries({}, optional={"created_at": st.integers(T - 2, T), "tracked_since": st.integers(T - 2, T)}),
)


COMMITTED, KILLED, POSITION_LOST = "committed", "killed before the commit", "committed, and its position forgotten"


@given(
    st.lists(polls, max_size=40),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from([COMMITTED, KILLED, POSITION_LOST])), max_size=6),
)
def test_quantities_add_up_to_last_value_less_base_line_whatever_order_repeats_and_restarts(
    log: list[Poll], fates: list[tuple[int, str]]
) -> None:
    committed: list[Event] = []
    posts: dict[bytes, bytes] = {}
    position = 0
    for length, fate in [*fates, (len(log), COMMITTED)]:
        before = dict(posts)
        end = min(position + length, len(log))
        taken = take(posts, chunk(log[position:end], position))
        assert posts == before
        if fate != KILLED:
            committed += taken.events
            posts |= taken.posts
            position = 0 if fate == POSITION_LOST else end
    assert added_up(values(committed)) == growth(log)
    assert len({event.event_id for event in committed}) == len(committed)


@given(st.lists(polls, max_size=30), st.integers(0, 30))
def test_events_are_the_same_wherever_the_log_is_cut(log: list[Poll], cut: int) -> None:
    (whole,) = taken_in_turn(log)
    first, second = taken_in_turn(log[:cut], log[cut:])
    assert first.events + second.events == whole.events
    assert {**first.posts, **second.posts} == whole.posts
    assert first.outcomes + second.outcomes == whole.outcomes


@given(st.lists(polls, max_size=30))
def test_every_event_is_taken_by_the_worker_and_none_is_of_nothing(log: list[Poll]) -> None:
    (taken,) = taken_in_turn(log)
    for event in taken.events:
        assert decode_one(msgspec.json.encode(event), T + HOUR_MS) == event
        assert event.quantity


def test_first_snapshot_of_a_post_made_while_tracked_counts_from_0() -> None:
    assert quantities(tracked(0, like=5, view=0)) == [("like", 5)]
    assert quantities(poll(0, like=5, created_at=T, tracked_since=T)) == [("like", 5)]


@pytest.mark.parametrize(
    "times", [{}, {"created_at": T - 1, "tracked_since": T}, {"created_at": T}, {"tracked_since": T - 9}]
)
def test_first_snapshot_of_any_other_post_is_remembered_alone(times: dict[str, int]) -> None:
    assert quantities({**poll(0, like=5), **times}, poll(1, like=7)) == [("like", 2)]


def test_first_snapshot_decides_the_base_line_of_counters_that_come_later() -> None:
    assert quantities(tracked(0, like=5), poll(1, view=7)) == [("like", 5), ("view", 7)]
    assert quantities(poll(0, like=5), tracked(1, view=7), tracked(2, view=9)) == [("view", 2)]


def test_decrease_and_reset_are_negative_and_what_comes_back_is_positive() -> None:
    polled = [poll(at, like=value) for at, value in enumerate([100, 98, 0, 99])]
    assert quantities(*polled) == [("like", -2), ("like", -98), ("like", 99)]


def test_missing_counter_keeps_its_last_value() -> None:
    polled = [poll(0, like=5, view=1), poll(1, view=2), poll(2, like=None, view=2), poll(3, like=6)]
    assert quantities(*polled) == [("view", 1), ("like", 1)]


def test_late_and_repeated_polls_change_nothing_and_are_counted_as_such() -> None:
    (taken,) = taken_in_turn([poll(5, like=5), poll(3, like=1), poll(5, like=9), poll(6, like=6)])
    assert [event.quantity for event in taken.events] == [1]
    assert taken.outcomes == Counter(taken=2, late=1, repeated=1)


def test_event_says_what_when_and_of_which_post_but_not_by_whom() -> None:
    about = {"text": "a #kind word", "hashtags": ["kind"], "accounts": [], "lang": "en", "url": "https://example.org/1"}
    (taken,) = taken_in_turn([tracked(7, post="42", share=3, author_id="9", author_name="aster", **about)])
    (event,) = taken.events
    assert event == Event(
        event_id=f"snapshot:42:share:{T + 7}",
        source="tiktok",
        event_type="share",
        event_time=T + 7,
        observed_at=T + 7,
        quantity=3,
        ref_post_id="42",
        text="a #kind word",
        hashtags=["kind"],
        accounts=[],
        lang="en",
        url="https://example.org/1",
    )


def test_largest_snapshot_becomes_events_that_are_not_too_large() -> None:
    longest = tracked(0, post="\x1f" * 400, like=1)
    room = MAX_SNAPSHOT_BYTES - len(json.dumps({**longest, "text": ""}).encode())
    longest["text"] = "a" * room
    (taken,) = taken_in_turn([longest])
    (value,) = values(taken.events)
    assert len(value) <= MAX_VALUE_BYTES
    assert len(json.dumps(longest)) == MAX_SNAPSHOT_BYTES
    refused = decode_snapshot(json.dumps({**longest, "url": ""}).encode(), T)
    assert isinstance(refused, Refusal)
    assert refused.reason == Reason.TOO_LARGE


@pytest.mark.parametrize("key", [None, b"", b"p", b"x:p"])
def test_snapshot_under_another_key_is_sent_on_unchanged_under_its_own(key: bytes | None) -> None:
    found = chunk([tracked(0, like=1), tracked(1, like=2)])
    found.keys[0] = key
    taken = take({}, found)
    assert taken.sent_on == [(b"tiktok:p", found.values[0])]
    assert [event.quantity for event in taken.events] == [2]
    assert taken.outcomes == Counter(taken=1, sent_on=1)


def test_refused_records_are_named_by_position_and_harm_no_neighbour() -> None:
    good = chunk([tracked(0, like=1), tracked(1, like=2), tracked(2, like=4)])
    good.values[1] = b"{"
    taken = take({}, good)
    assert [(position, refusal.reason) for position, refusal in taken.refused] == [(1, Reason.NOT_JSON)]
    assert [event.quantity for event in taken.events] == [1, 3]
    assert taken.outcomes == Counter(taken=2, refused=1)
