"""The event: one declaration from which decoder, JSON Schema and the documentation's table follow.

One Kafka record of ``events.v1`` holds one event as a UTF-8 JSON object. Unknown fields are ignored; a missing
optional field and ``null`` mean the same.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

MAX_VALUE_BYTES = 65_536
MAX_AHEAD_MS = 24 * 3600 * 1000
MAX_QUANTITY = 10**12
MAX_TOKENS = 64
WINDOW_S = 10

Source = Literal["bluesky", "mastodon", "x", "tiktok", "instagram", "facebook", "youtube", "reddit", "web", "other"]
EventType = Literal["mention", "reply", "quote", "share", "like", "follow", "view", "video", "pledge", "signup"]
SOURCES: tuple[str, ...] = get_args(Source)
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
POST_TYPES: tuple[str, ...] = ("mention", "reply", "quote", "video")
"""Types of events that are posts: their key has the post's own id."""
REACTION_TYPES: tuple[str, ...] = ("like", "share", "view")
"""Types of events that act on a post: their key has that post's id."""

EVENT_TIME_MIN_MS = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1000
EVENT_TIME_END_MS = int(datetime(2106, 1, 1, tzinfo=UTC).timestamp()) * 1000

_Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Followers = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Version = Annotated[int, Meta(ge=1, le=1)]
_Quantity = Annotated[int, Meta(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]


class Event(Struct, kw_only=True, frozen=True, gc=False, omit_defaults=True):
    """Something that happened on a platform: a post, or a reaction to one.

    ``gc=False``: an event refers to strings and lists of strings only, so it can be in no cycle.
    """

    event_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=512,
            description="unique for ever within `source`; a later event with the same two is a duplicate",
        ),
    ]
    source: Annotated[Source, Meta(description="the platform")]
    event_type: Annotated[EventType, Meta(description="what happened")]
    event_time: Annotated[
        int,
        Meta(
            ge=EVENT_TIME_MIN_MS,
            lt=EVENT_TIME_END_MS,
            description="when it happened, by the platform's word: ms since the Unix epoch, UTC; 2000 to 2105",
        ),
    ]
    observed_at: Annotated[
        _Int64 | None, Meta(description="when we received it, ms since the epoch; default: the record's timestamp")
    ] = None
    quantity: Annotated[
        _Quantity | None,
        Meta(description="default 1; −1 undoes one (an un-like); n for a delta of n; at most 10^12 either way"),
    ] = None
    schema_version: Annotated[_Version | None, Meta(description="1, also the default")] = None
    post_id: Annotated[str | None, Meta(description="the post itself")] = None
    ref_post_id: Annotated[str | None, Meta(description="the post that this one acts on")] = None
    url: Annotated[str | None, Meta(description="where to see it")] = None
    author_id: Annotated[str | None, Meta(description="platform-local id of the author")] = None
    author_name: Annotated[str | None, Meta(description="platform-local handle of the author")] = None
    author_followers: Annotated[
        _Followers | None, Meta(description="followers of the author; `null` = unknown, never 0")
    ] = None
    lang: Annotated[str | None, Meta(description="BCP-47, primary language")] = None
    country: Annotated[str | None, Meta(description="ISO 3166-1 alpha-2")] = None
    text: Annotated[str | None, Meta(description="plain text, HTML removed")] = None
    hashtags: Annotated[list[str] | None, Meta(description="without `#`; when `null`, extracted from `text`")] = None
    accounts: Annotated[
        list[str] | None, Meta(description="@-mentioned accounts without `@`; when `null`, extracted from `text`")
    ] = None
    amount: Annotated[
        _Quantity | None,
        Meta(description="with `currency`, for `pledge`: minor units, at most 10^12 either way"),
    ] = None
    currency: Annotated[str | None, Meta(description="ISO 4217, of `amount`")] = None


FIELDS: tuple[str, ...] = Event.__struct_fields__
REQUIRED: tuple[str, ...] = tuple(field.name for field in msgspec.structs.fields(Event) if field.required)


def record_key(event: Event) -> bytes:
    """The Kafka key of an event, so that a post and the reactions to it share a partition."""
    if event.event_type in REACTION_TYPES:
        subject = event.ref_post_id
    elif event.event_type in POST_TYPES:
        subject = event.post_id
    else:
        subject = None
    return f"{event.source}:{subject or event.event_id}".encode()


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of an event."""
    (schema,), components = msgspec.json.schema_components([Event])
    event: dict[str, Any] = components["Event"]
    del schema
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **event, "additionalProperties": True}


def markdown_table(schema: Mapping[str, Any] | None = None) -> str:
    """The fields of a record's JSON Schema (an event's) as a Markdown table: name, type, meaning, required."""
    schema = schema or json_schema()
    rows = ["| field | type | meaning | required |", "|---|---|---|---|"]
    for name, spec in schema["properties"].items():
        meaning = spec["description"].replace("|", "\\|")
        rows.append(f"| `{name}` | {_type_name(spec)} | {meaning} | {'yes' if name in schema['required'] else 'no'} |")
    return "\n".join(rows) + "\n"


def _type_name(spec: dict[str, Any]) -> str:
    if spec.get("type") == "object":
        return f"object of {', '.join(f'`{name}`' for name in spec['properties'])}"
    if "enum" in spec:
        return " ".join(f"`{value}`" for value in spec["enum"])
    if "anyOf" in spec:
        return " or ".join(_type_name(one) for one in spec["anyOf"] if one.get("type") != "null")
    if spec["type"] == "array":
        return f"list of {_type_name(spec['items'])}"
    if "maxLength" in spec:
        return f"string of {spec['minLength']}..{spec['maxLength']}"
    return str(spec["type"])
