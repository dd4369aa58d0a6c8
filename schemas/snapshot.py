"""The snapshot: a post's cumulative counters as a poll of its platform found them, declared once.

One Kafka record of ``snapshots.v1`` holds one snapshot as a UTF-8 JSON object. Unknown fields and counters are ignored;
a missing optional field and ``null`` mean the same.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from schemas.event import EVENT_TIME_END_MS, EVENT_TIME_MIN_MS, MAX_QUANTITY, MAX_VALUE_BYTES, Source

MAX_SNAPSHOT_BYTES = MAX_VALUE_BYTES - 4096
"""Its events repeat its text, name the post once more and may not be larger than ``MAX_VALUE_BYTES``."""

MAX_SNAPSHOT_AHEAD_MS = 3600 * 1000
"""A moment far ahead would make every later poll an old one; and an event may be no more than 24 h ahead."""

_Moment = Annotated[int, Meta(ge=EVENT_TIME_MIN_MS, lt=EVENT_TIME_END_MS)]
_Count = Annotated[int, Meta(ge=0, le=MAX_QUANTITY, description="so many since the post was made; at most 10^12")]


class Counters(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a platform counts of a post. A counter that is missing or ``null`` is unknown, never 0."""

    like: _Count | None = None
    share: _Count | None = None
    view: _Count | None = None
    reply: _Count | None = None
    quote: _Count | None = None
    video: _Count | None = None


COUNTER_NAMES: tuple[str, ...] = Counters.__struct_fields__
"""Each is the type of the events that its differences become."""


class Snapshot(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A post's counters at one moment."""

    source: Annotated[Source, Meta(description="the platform")]
    post_id: Annotated[str, Meta(min_length=1, max_length=400, description="the post")]
    observed_at: Annotated[
        _Moment,
        Meta(
            description="when the platform was asked, ms since the epoch; at most 1 h ahead of the record's append time"
        ),
    ]
    counters: Annotated[Counters, Meta(description="by type of event; at least one")]
    created_at: Annotated[
        _Moment | None, Meta(description="when the post was made, by the platform's word, ms since the epoch")
    ] = None
    tracked_since: Annotated[
        _Moment | None,
        Meta(description="since when posts like this one are tracked, ms: one made since then counts from 0"),
    ] = None
    url: Annotated[str | None, Meta(description="where to see it")] = None
    author_id: Annotated[str | None, Meta(description="platform-local id of the post's author")] = None
    author_name: Annotated[str | None, Meta(description="platform-local handle of the post's author")] = None
    lang: Annotated[str | None, Meta(description="BCP-47, language of the post")] = None
    text: Annotated[str | None, Meta(description="the post's plain text, HTML removed")] = None
    hashtags: Annotated[list[str] | None, Meta(description="without `#`; when `null`, extracted from `text`")] = None
    accounts: Annotated[
        list[str] | None, Meta(description="@-mentioned accounts without `@`; when `null`, extracted from `text`")
    ] = None


def post_key(snapshot: Snapshot) -> bytes:
    """The Kafka key of a snapshot, so that all of a post's stand in one partition, in order."""
    return f"{snapshot.source}:{snapshot.post_id}".encode()


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a snapshot."""
    _, components = msgspec.json.schema_components([Snapshot])
    snapshot, counters = dict(components["Snapshot"]), components["Counters"]
    # At least one known counter: by its name, as null says that it is unknown.
    counters = {**counters, "anyOf": [{"required": [name]} for name in COUNTER_NAMES]}
    described = {"description": snapshot["properties"]["counters"]["description"]}
    snapshot["properties"] = {**snapshot["properties"], "counters": {**counters, **described}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **snapshot, "additionalProperties": True}
