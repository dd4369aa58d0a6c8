"""Records to events: which values are an event, by the contract's word, and why the others are not.

Two paths, one meaning. :func:`decode_one` is the plain path and the definition. :func:`decode` takes a batch
by blocks through msgspec, which accepts a subset of what the plain path accepts and reads it alike; every record
that this fast path does not take goes through the plain one. So one bad record never costs its batch, and no
record is refused by anything but the definition.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
import polars as pl
from msgspec import Struct

from schemas.event import MAX_AHEAD_MS, MAX_VALUE_BYTES, Event
from schemas.topics import MARKER_HEADER, Headers
from streams.arrays import Int64s
from streams.cloud_events import open_cloud_event
from streams.refusal import Reason, Refusal, json_type

MAX_DEPTH = 256
"""Levels of nesting that are read, the event's own object included: fixed, so that no stack size decides."""

_OPENING, _CLOSING = b"{}"
_NUL = b"\\u0000"
_BLOCK_RECORDS = 1000
"""So many are read by one call; where one of them is bad, so many are looked at one by one."""

_HUGE = 2**64
_INT_DIGITS = 19


class Decoded(Struct):
    """A batch, decoded. Positions index the batch's records; both lists are in the batch's order."""

    events: list[Event]
    positions: list[int]
    refused: list[tuple[int, Refusal]]
    markers: list[int]


_Typed = TypeVar("_Typed", bound=Struct)

_decoder = msgspec.json.Decoder(Event)


def decode(values: Sequence[bytes | None], append_times_ms: Sequence[int], headers: Sequence[Headers]) -> Decoded:
    """Decode one batch of records.

    ``values``, ``append_times_ms`` (ms since the epoch, the broker's) and ``headers`` have one entry a record. Every
    record comes out exactly once: as an event, a refusal or a marker. Raises nothing for any bytes.
    """
    decoded = Decoded([], [], [], [])
    for begin in range(0, len(values), _BLOCK_RECORDS):
        block = slice(begin, begin + _BLOCK_RECORDS)
        events = None if any(headers[block]) else _decode_whole(values[block], append_times_ms[block])
        if events is None:
            _decode_each(decoded, begin, values[block], append_times_ms[block], headers[block])
        else:
            decoded.events += events
            decoded.positions += range(begin, begin + len(events))
    return decoded


def _decode_each(
    decoded: Decoded,
    begin: int,
    values: Sequence[bytes | None],
    append_times_ms: Sequence[int],
    headers: Sequence[Headers],
) -> None:
    """Add records, of which the first is the batch's at ``begin``, one by one."""
    for position, (value, append_time_ms, record_headers) in enumerate(
        zip(values, append_times_ms, headers, strict=True), begin
    ):
        if record_headers and any(name == MARKER_HEADER for name, _ in record_headers):
            decoded.markers.append(position)
            continue
        event = _decode_fast(value, append_time_ms, record_headers)
        if isinstance(event, Refusal):
            decoded.refused.append((position, event))
        else:
            decoded.events.append(event)
            decoded.positions.append(position)


def _decode_whole(values: Sequence[bytes | None], append_times_ms: Sequence[int]) -> list[Event] | None:
    """All values in one call, or None when a single one of them needs a closer look.

    msgspec looks for values wherever they begin, not line by line. But no value of JSON has a line's end between ``}``
    and ``{``, so where nothing else stands around one, each line holds whole values; with as many events as lines,
    line i holds one, which is value i.
    """
    if not values or not all(values):
        return None
    lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))  # type: ignore[arg-type]  # none is None: all() above
    longest = int(lengths.max())
    joined = b"\n".join(values)  # type: ignore[arg-type]  # the same
    if longest > MAX_VALUE_BYTES or not _one_a_line(joined, lengths) or not _is_utf8(joined) or _NUL in joined:
        return None
    if longest > 2 * MAX_DEPTH and any(len(v) > 2 * MAX_DEPTH and _may_be_deep(v) for v in values if v):
        return None
    try:
        events = _decoder.decode_lines(joined)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    if len(events) != len(values):
        return None
    for event, append_time_ms in zip(events, append_times_ms, strict=True):
        if event.event_time > append_time_ms + MAX_AHEAD_MS:
            return None
    return events


def _one_a_line(joined: bytes, lengths: Int64s) -> bool:
    """Whether each of the values, of these lengths, begins with ``{``, ends with ``}`` and has no line's end."""
    characters = np.frombuffer(joined, dtype=np.uint8)
    ends = np.cumsum(lengths + 1) - 1
    begins, lasts = ends - lengths, ends - 1
    return (
        joined.count(b"\n") == len(lengths) - 1
        and bool((characters[begins] == _OPENING).all())
        and bool((characters[lasts] == _CLOSING).all())
    )


def _decode_fast(value: bytes | None, append_time_ms: int, headers: Headers) -> Event | Refusal:
    if value and not headers and len(value) <= MAX_VALUE_BYTES and _plain_text(value) and not _may_be_deep(value):
        try:
            event = _decoder.decode(value)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return decode_one(value, append_time_ms, headers)
        if event.event_time <= append_time_ms + MAX_AHEAD_MS:
            return event
    return decode_one(value, append_time_ms, headers)


def _plain_text(data: bytes) -> bool:
    """Whether ``data`` is UTF-8 throughout and can hold no NUL (msgspec looks at neither in what it skips)."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return _NUL not in data


def _is_utf8(data: bytes) -> bool:
    """By Polars, which takes a third of the time of ``bytes.decode()`` where there is much."""
    try:
        pl.Series([data], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        return False
    return True


def _may_be_deep(value: bytes) -> bool:
    return value.count(b"[") + value.count(b"{") > MAX_DEPTH


def decode_one(value: bytes | None, append_time_ms: int, headers: Headers = ()) -> Event | Refusal:
    """Decode one record: the definition of what is an event. ``append_time_ms`` is the broker's."""
    body = json_object(value, MAX_VALUE_BYTES)
    if isinstance(body, Refusal):
        return body
    if headers:
        opened = open_cloud_event(body, headers)
        if isinstance(opened, Refusal):
            return opened
        body = opened
    event = typed(body, Event)
    if isinstance(event, Event) and event.event_time > append_time_ms + MAX_AHEAD_MS:
        ahead_h = (event.event_time - append_time_ms) / 3_600_000
        return Refusal(
            Reason.FUTURE, f"event_time is {ahead_h:.1f} h ahead of the record's append time; 24 h are taken"
        )
    return event


def _text(value: bytes | None, most_bytes: int) -> str | Refusal:
    if value is None:
        return Refusal(Reason.NULL, "the value is null")
    if not value:
        return Refusal(Reason.EMPTY, "the value is empty")
    if len(value) > most_bytes:
        return Refusal(Reason.TOO_LARGE, f"the value has {len(value)} bytes; at most {most_bytes} are taken")
    if value[0] == 0 and len(value) > 4:
        schema_id = int.from_bytes(value[1:5], "big")
        return Refusal(Reason.REGISTRY_FRAMED, f"framed for a schema registry (schema {schema_id}); send plain JSON")
    if value.startswith(b"\xef\xbb\xbf"):
        return Refusal(Reason.BOM, "the value begins with a byte order mark")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        return Refusal(Reason.NOT_UTF8, f"byte {error.start} is not UTF-8: {error.reason}")


def json_object(value: bytes | None, most_bytes: int) -> dict[str, Any] | Refusal:
    """The JSON object that a record's value holds; values of more than ``most_bytes`` are refused."""
    text = _text(value, most_bytes)
    if isinstance(text, Refusal):
        return text
    depth = _depth(text)
    if depth > MAX_DEPTH:
        return Refusal(Reason.TOO_DEEP, f"nested {depth} levels deep; at most {MAX_DEPTH} are taken")
    try:
        body = json.loads(text, parse_int=_bounded_int, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return Refusal(Reason.NOT_JSON, f"not JSON: {error}")
    if not isinstance(body, dict):
        return Refusal(Reason.NOT_OBJECT, f"a JSON {json_type(body)}, not an object")
    return body


_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


def _depth(text: str) -> int:
    """The deepest nesting of arrays and objects, brackets within strings aside."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        first = text[found.start()]
        if first in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in "]}":
            depth -= 1
    return deepest


def _bounded_int(digits: str) -> int:
    """An integer; one beyond 64 bits becomes a number out of every range, as reading its digits could take hours."""
    if len(digits) > _INT_DIGITS + 1:
        return -_HUGE if digits.startswith("-") else _HUGE
    return int(digits)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON value")


def typed(body: dict[str, Any], kind: type[_Typed]) -> _Typed | Refusal:
    """``body`` as a declared ``kind``: its fields are checked, ``null`` is missing, all other names are ignored."""
    fields = msgspec.structs.fields(kind)
    known = {field.name: body[field.name] for field in fields if body.get(field.name) is not None}
    for name in (field.name for field in fields if field.required):
        if name not in known:
            return Refusal(Reason.MISSING_FIELD, f"`{name}` is missing")
    for name, value in known.items():
        refusal = _refuse_text(name, value)
        if refusal:
            return refusal
    try:
        return msgspec.convert(known, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        wrong_type = re.match(r"Expected `[^`]*`, got ", message)
        return Refusal(Reason.WRONG_TYPE if wrong_type else Reason.OUT_OF_RANGE, message.replace("$.", ""))


def _refuse_text(name: str, value: Any) -> Refusal | None:
    for text in value if isinstance(value, list) else (value,):
        if not isinstance(text, str):
            continue
        if "\0" in text:
            return Refusal(Reason.NUL, f"`{name}` has a NUL character")
        if any("\ud800" <= char <= "\udfff" for char in text):
            return Refusal(Reason.SURROGATE, f"`{name}` has a lone surrogate")
    return None
