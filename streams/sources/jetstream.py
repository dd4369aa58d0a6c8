"""The format ``jetstream``: frames of Bluesky's Jetstream, as they come over its WebSocket, one a line.

Both wires are read: v1 nests a commit in ``commit`` and gives ``time_us``; v2 has a ``payload`` with the commit's
fields flat and an RFC 3339 ``time``. See ``ARCHITECTURE.md`` for what the choices below refuse.

- A creation is an event. A deletion names no record, so what it undoes is not known here; an update is of something
  that has counted already. Both are skipped, and counted as such.
- ``hashtags`` are the ones that the platform itself names, in facets and ``tags``. Where it names none the field is
  null, "not given", so that a hashtag written by a client without facets is still found in the text.
- ``accounts`` is null: a mention's facet gives a DID, and the contract's accounts are handles, which the text has.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct, field

from schemas.event import EVENT_TIME_MIN_MS, MAX_AHEAD_MS, Event, EventType
from streams.sources.events import validated
from streams.sources.outcome import Outcome, Refused, Skipped

_POST = "app.bsky.feed.post"
_REACTIONS: dict[str, EventType] = {"app.bsky.feed.like": "like", "app.bsky.feed.repost": "share"}
_FOLLOW = "app.bsky.graph.follow"
_TAG = "app.bsky.richtext.facet#tag"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Ref(Struct):
    uri: str


class _Reaction(Struct):
    subject: _Ref
    createdAt: Any = None  # noqa: N815  # the lexicon's name


class _Follow(Struct):
    subject: str
    createdAt: Any = None  # noqa: N815  # the lexicon's name


class _Feature(Struct):
    type: str = field(default="", name="$type")
    tag: str | None = None


class _Slice(Struct):
    start: int = field(name="byteStart")
    end: int = field(name="byteEnd")


class _Facet(Struct):
    index: _Slice
    features: list[_Feature] = []


class _Reply(Struct):
    parent: _Ref


class _Quoted(Struct):
    """The ``record`` of an embed: a reference, or with media beside it a box around one."""

    uri: str | None = None
    record: _Ref | None = None


class _Embed(Struct):
    record: _Quoted | None = None


class _Post(Struct):
    text: str
    createdAt: Any = None  # noqa: N815  # the lexicon's name
    langs: list[str] | None = None
    tags: list[str] | None = None
    facets: list[_Facet] | None = None
    reply: _Reply | None = None
    embed: _Embed | None = None


class _Commit(Struct):
    operation: str
    collection: str
    rkey: str
    cid: str | None = None
    record: msgspec.Raw = msgspec.Raw()


class _Payload(Struct):
    """v2: ``$type`` ends in ``#commit``, ``#identity``, ``#account`` or ``#sync``."""

    type: str = field(name="$type")
    did: str | None = None
    time: str | None = None


class _FlatCommit(Struct):
    payload: _Commit


class _Frame(Struct):
    kind: str | None = None
    did: str | None = None
    time_us: int | None = None
    commit: _Commit | None = None
    type: str | None = field(default=None, name="$type")
    payload: _Payload | None = None


_frame = msgspec.json.Decoder(_Frame)
_flat_commit = msgspec.json.Decoder(_FlatCommit)
_post = msgspec.json.Decoder(_Post)
_reaction = msgspec.json.Decoder(_Reaction)
_follow = msgspec.json.Decoder(_Follow)


def convert(line: bytes, now_ms: int) -> Outcome:
    """The event of one frame; ``observed_at`` is when Jetstream saw it."""
    try:
        frame = _frame.decode(line)
        payload = frame.payload
        if payload is not None:
            kind = payload.type.rpartition("#")[2]
            did, seen_ms = payload.did, _time_ms(payload.time)
            commit = _flat_commit.decode(line).payload if kind == "commit" else None
        elif frame.kind is not None:
            kind, did, commit = frame.kind, frame.did, frame.commit
            seen_ms = None if frame.time_us is None else frame.time_us // 1000
        elif frame.type is not None:
            return Skipped(f"frame of type {frame.type}")
        else:
            return Refused("not_jetstream", "neither `kind` nor `payload`: not a frame of Jetstream")
        if kind != "commit":
            return Skipped(f"{kind} frame")
        if commit is None or not did or seen_ms is None:
            return Refused("not_jetstream", "a commit without `commit`, `did` or its time")
        return _of_commit(commit, did, seen_ms, now_ms)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Refused("malformed_frame", str(error))


def _of_commit(commit: _Commit, did: str, seen_ms: int, now_ms: int) -> Outcome:
    if commit.collection != _POST and commit.collection not in _REACTIONS and commit.collection != _FOLLOW:
        return Skipped("another collection")
    if commit.operation != "create":
        return Skipped(f"{commit.operation} of a record")
    if not bytes(commit.record) or not commit.cid:
        return Refused("malformed_frame", "a creation without `record` or `cid`")
    uri = f"at://{did}/{commit.collection}/{commit.rkey}"
    event_id = f"{uri}#{commit.operation}#{commit.cid}"
    if commit.collection == _POST:
        event = _of_post(_post.decode(commit.record), uri, event_id, did, commit.rkey, seen_ms)
    elif commit.collection == _FOLLOW:
        follow = _follow.decode(commit.record)
        event = Event(
            event_id=event_id,
            source="bluesky",
            event_type="follow",
            event_time=_event_time_ms(follow.createdAt, seen_ms),
            observed_at=seen_ms,
            author_id=did,
            url=f"https://bsky.app/profile/{follow.subject}",
        )
    else:
        reaction = _reaction.decode(commit.record)
        event = Event(
            event_id=event_id,
            source="bluesky",
            event_type=_REACTIONS[commit.collection],
            event_time=_event_time_ms(reaction.createdAt, seen_ms),
            observed_at=seen_ms,
            ref_post_id=reaction.subject.uri,
            author_id=did,
        )
    return validated(event, now_ms)


def _of_post(post: _Post, uri: str, event_id: str, did: str, rkey: str, seen_ms: int) -> Event:
    quoted = _quoted_post(post.embed)
    event_type: EventType = "reply" if post.reply else "quote" if quoted else "mention"
    return Event(
        event_id=event_id,
        source="bluesky",
        event_type=event_type,
        event_time=_event_time_ms(post.createdAt, seen_ms),
        observed_at=seen_ms,
        post_id=uri,
        ref_post_id=post.reply.parent.uri if post.reply else quoted,
        url=f"https://bsky.app/profile/{did}/post/{rkey}",
        author_id=did,
        lang=post.langs[0] if post.langs else None,
        text=post.text,
        hashtags=_hashtags(post) or None,
    )


def _quoted_post(embed: _Embed | None) -> str | None:
    """The post that an embed quotes; lists, feeds and starter packs are embedded in the same way, and are no post."""
    if embed is None or embed.record is None:
        return None
    uri = embed.record.record.uri if embed.record.record else embed.record.uri
    return uri if uri and f"/{_POST}/" in uri else None


def _hashtags(post: _Post) -> list[str]:
    """One entry an occurrence in the text, then what ``tags`` adds to it.

    Facets count by their place (UTF-8 bytes) in the text: one outside of it, or a place named twice, shows nothing
    more to a reader, and Bluesky's own apps leave it out too.
    """
    size = len(post.text.encode())
    places: dict[tuple[int, int], str] = {}
    for facet in post.facets or ():
        start, end = facet.index.start, facet.index.end
        for feature in facet.features:
            if feature.type == _TAG and feature.tag and 0 <= start < end <= size:
                places.setdefault((start, end), feature.tag)
    found = [places[place] for place in sorted(places)]
    known = {tag.casefold() for tag in found}
    for tag in post.tags or ():
        if tag and tag.casefold() not in known:
            known.add(tag.casefold())
            found.append(tag)
    return found


def _event_time_ms(created_at: Any, seen_ms: int) -> int:
    """``createdAt`` is the client's word: where it is no time, or an absurd one, it happened when Jetstream saw it."""
    claimed_ms = _time_ms(created_at)
    if claimed_ms is None or not EVENT_TIME_MIN_MS <= claimed_ms <= seen_ms + MAX_AHEAD_MS:
        return seen_ms
    return claimed_ms


def _time_ms(text: Any) -> int | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else (moment - _EPOCH) // timedelta(milliseconds=1)
