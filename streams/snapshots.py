"""Snapshots to events: what a platform's cumulative counters have changed by, post by post. Pure.

The state of a post is what was taken last of it. Of the snapshots of one post, in the log's order, one is *taken* when
it was observed later than the one taken before it; a repeated or late poll changes nothing. Every counter of a taken
snapshot becomes an event with the difference to its last value, if there is one, up or down; a counter that it lacks
keeps its last value. So at any time, of each post and counter: sum of quantities = last value - base line.

The base line of a counter is 0 where the post was made while it was tracked: where its first taken snapshot has both
``created_at`` and ``tracked_since``, and the former is not before the latter. Else it is the first value. All of it
follows from the log alone, and so do the events' ids; whoever counts a stretch of it again makes the same events.

By another key than ``source:post_id`` a post's snapshots could stand in several partitions, each with a base line of
its own. Such a record is *sent on*, under that key, and taken where it then stands.

A counter that falls, to zero even, is a negative difference like any other: what a platform takes back for an hour
comes back as a positive one.
"""

from collections import Counter
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from schemas.event import Event, EventType
from schemas.snapshot import COUNTER_NAMES, MAX_SNAPSHOT_AHEAD_MS, MAX_SNAPSHOT_BYTES, Snapshot, post_key
from streams.chunk import Chunk
from streams.decode import json_object, typed
from streams.refusal import Reason, Refusal

TAKEN, REPEATED, LATE, SENT_ON, REFUSED = "taken", "repeated", "late", "sent_on", "refused"
"""What becomes of a record: a snapshot is repeated where it was observed when the one taken last was, late before."""


class Post(Struct, frozen=True):
    """What was taken last of a post: when it was observed, and the last known value of each counter."""

    observed_at: int
    from_zero: bool
    counters: dict[EventType, int]


class Taken(Struct):
    """What a chunk of snapshots comes to.

    ``posts`` are the posts that changed, encoded, by their keys; ``sent_on`` has (key, value) of what goes to where its
    key belongs; ``refused`` names records by position in the chunk; ``outcomes`` has each of the chunk's records once.
    """

    events: list[Event]
    posts: dict[bytes, bytes]
    sent_on: list[tuple[bytes, bytes]]
    refused: list[tuple[int, Refusal]]
    outcomes: Counter[str]


_encode = msgspec.json.Encoder().encode
_decode_post = msgspec.json.Decoder(Post).decode


def take(posts: Mapping[bytes, bytes], chunk: Chunk) -> Taken:
    """Take the next chunk of a partition; ``posts`` is the state before it, encoded, which is not changed.

    Raises ``msgspec.MsgspecError`` where a post's state is none of ours.
    """
    taken = Taken([], {}, [], [], Counter())
    records = zip(chunk.keys, chunk.values, chunk.append_times_ms.tolist(), strict=True)
    for position, (key, value, append_time_ms) in enumerate(records):
        snapshot = decode_snapshot(value, append_time_ms)
        if isinstance(snapshot, Refusal):
            taken.refused.append((position, snapshot))
            taken.outcomes[REFUSED] += 1
        elif value is not None and key != post_key(snapshot):
            taken.sent_on.append((post_key(snapshot), value))
            taken.outcomes[SENT_ON] += 1
        else:
            taken.outcomes[_take_one(posts, taken, snapshot)] += 1
    return taken


def _take_one(posts: Mapping[bytes, bytes], taken: Taken, snapshot: Snapshot) -> str:
    key = post_key(snapshot)
    encoded = taken.posts.get(key) or posts.get(key)
    before = _decode_post(encoded) if encoded else None
    if before and snapshot.observed_at <= before.observed_at:
        return REPEATED if snapshot.observed_at == before.observed_at else LATE
    events, after = differences(before, snapshot)
    taken.events += events
    taken.posts[key] = _encode(after)
    return TAKEN


def differences(before: Post | None, snapshot: Snapshot) -> tuple[list[Event], Post]:
    """The events of a snapshot that is taken, and the post after it; ``before`` is None for the post's first."""
    from_zero = before.from_zero if before else _made_while_tracked(snapshot)
    counters = dict(before.counters) if before else {}
    events = []
    for name in COUNTER_NAMES:
        value: int | None = getattr(snapshot.counters, name)
        if value is None:
            continue
        counter: EventType = name  # type: ignore[assignment]  # each counter is named as a type of event
        quantity = value - counters.get(counter, 0 if from_zero else value)
        counters[counter] = value
        if quantity:
            events.append(_event(snapshot, counter, quantity))
    return events, Post(snapshot.observed_at, from_zero, counters)


def _made_while_tracked(snapshot: Snapshot) -> bool:
    created_at, since = snapshot.created_at, snapshot.tracked_since
    return created_at is not None and since is not None and created_at >= since


def _event(snapshot: Snapshot, counter: EventType, quantity: int) -> Event:
    """One difference.

    Its time is when it was seen. The author stays out: an event's author is who did it, not who was liked.
    """
    return Event(
        event_id=f"snapshot:{snapshot.post_id}:{counter}:{snapshot.observed_at}",
        source=snapshot.source,
        event_type=counter,
        event_time=snapshot.observed_at,
        observed_at=snapshot.observed_at,
        quantity=quantity,
        ref_post_id=snapshot.post_id,
        url=snapshot.url,
        lang=snapshot.lang,
        text=snapshot.text,
        hashtags=snapshot.hashtags,
        accounts=snapshot.accounts,
    )


def decode_snapshot(value: bytes | None, append_time_ms: int) -> Snapshot | Refusal:
    """Decode one record of ``snapshots.v1``: the definition of what is a snapshot."""
    body = json_object(value, MAX_SNAPSHOT_BYTES)
    if isinstance(body, Refusal):
        return body
    snapshot = typed(body, Snapshot)
    if isinstance(snapshot, Refusal):
        return snapshot
    if not any(name in body["counters"] for name in COUNTER_NAMES):
        return Refusal(Reason.MISSING_FIELD, f"`counters` has none of {', '.join(COUNTER_NAMES)}")
    if snapshot.observed_at > append_time_ms + MAX_SNAPSHOT_AHEAD_MS:
        ahead_h = (snapshot.observed_at - append_time_ms) / 3_600_000
        return Refusal(Reason.FUTURE, f"observed_at is {ahead_h:.1f} h ahead of the record's append time; 1 h is taken")
    return snapshot
