"""What one record is by the contract: an event, or refused and why. Only the standard library's JSON."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from tests.oracle.log import Headers, Record

MAX_VALUE_BYTES = 65_536
MAX_LEVELS = 256
"""The contract promises 64; the project takes this many levels of arrays and objects, the event itself being one."""
MAX_AHEAD_MS = 24 * 3600 * 1000
MARKER_HEADER = "groundswell-marker"

SOURCES = ("bluesky", "mastodon", "x", "tiktok", "instagram", "facebook", "youtube", "reddit", "web", "other")
EVENT_TYPES = ("mention", "reply", "quote", "share", "like", "follow", "view", "video", "pledge", "signup")
EVENT_TIME_MIN_MS = 946_684_800_000
"""2000-01-01T00:00:00Z."""
EVENT_TIME_END_MS = 4_291_747_200_000
"""2106-01-01T00:00:00Z."""
MOST = 10**12
INT64 = 2**63

REQUIRED = ("event_id", "source", "event_type", "event_time")
STRINGS = (
    "event_id", "source", "event_type", "post_id", "ref_post_id", "url", "author_id", "author_name", "lang", "country",
    "text", "currency",
)  # fmt: skip
LISTS = ("hashtags", "accounts")
ENUMS = {"source": SOURCES, "event_type": EVENT_TYPES}
RANGES = {
    "event_time": (EVENT_TIME_MIN_MS, EVENT_TIME_END_MS - 1),
    "observed_at": (-INT64, INT64 - 1),
    "quantity": (-MOST, MOST),
    "schema_version": (1, 1),
    "author_followers": (0, INT64 - 1),
    "amount": (-MOST, MOST),
}

REASONS = (
    "null", "empty", "too_large", "not_utf8", "bom", "registry_framed", "too_deep", "not_json", "not_object",
    "missing_field", "wrong_type", "out_of_range", "nul", "surrogate", "future",
)  # fmt: skip

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")
_FAR = 10**40
_LONGEST_INT = 40


class Refused(Exception):  # noqa: N818 - a verdict, not an error of ours
    """The record is no event; ``reason`` is one of ``REASONS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_marker(headers: Headers) -> bool:
    """Whether the record is one of ours that closes an idle segment."""
    return any(name == MARKER_HEADER for name, _ in headers)


def judge(record: Record) -> dict[str, Any]:
    """The event that the record holds: the table's fields by name, without those missing or null.

    Raises ``Refused``.
    """
    content = _json_object(_text(record.value))
    headers = dict(record.headers)
    event_id, time = headers.get("ce_id"), headers.get("ce_time")
    if _is_structured(headers):
        envelope = {"id": content.get("id"), "time": content.get("time")}
        content = _data(content)
        _fill(content, envelope["id"], envelope["time"])
    _fill(content, _header_text(event_id), _header_text(time))
    event = {name: content[name] for name in (*STRINGS, *LISTS, *RANGES) if content.get(name) is not None}
    for name in REQUIRED:
        if name not in event:
            raise Refused("missing_field")
    for name, value in event.items():
        _check(name, value)
    if event["event_time"] > record.append_time_ms + MAX_AHEAD_MS:
        raise Refused("future")
    return event


def _text(value: bytes | None) -> str:
    if value is None:
        raise Refused("null")
    if not value:
        raise Refused("empty")
    if len(value) > MAX_VALUE_BYTES:
        raise Refused("too_large")
    if value[0] == 0 and len(value) > 4:
        raise Refused("registry_framed")
    if value.startswith(b"\xef\xbb\xbf"):
        raise Refused("bom")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not_utf8") from None


def levels(text: str) -> int:
    """How deep arrays and objects nest, strings left out."""
    deepest = depth = 0
    for match in _BRACKETS.finditer(text):
        piece = match.group()
        if piece in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif piece in "]}":
            depth -= 1
    return deepest


def _integer(digits: str) -> int:
    # Python refuses to convert thousands of digits; how far out of range a number lies does not matter.
    if len(digits) > _LONGEST_INT:
        return -_FAR if digits[0] == "-" else _FAR
    return int(digits)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _json_object(text: str) -> dict[str, Any]:
    if text.count("[") + text.count("{") > MAX_LEVELS and levels(text) > MAX_LEVELS:
        raise Refused("too_deep")
    try:
        content = json.loads(text, parse_int=_integer, parse_constant=_no_constant)
    except ValueError:
        raise Refused("not_json") from None
    if not isinstance(content, dict):
        raise Refused("not_object")
    return content


def _is_structured(headers: Mapping[str, bytes | None]) -> bool:
    media_type = (headers.get("content-type") or b"").split(b";")[0].strip().lower()
    return media_type == b"application/cloudevents+json"


def _data(envelope: Mapping[str, Any]) -> dict[str, Any]:
    data = envelope.get("data")
    if data is None:
        raise Refused("missing_field")
    if not isinstance(data, dict):
        raise Refused("not_object")
    return dict(data)


def _header_text(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("not_utf8") from None


def _fill(event: dict[str, Any], event_id: Any, time: Any) -> None:
    """CloudEvents' own id and time stand in where the event lacks them."""
    if event.get("event_id") is None:
        event["event_id"] = event_id
    if event.get("event_time") is None and time is not None:
        event["event_time"] = milliseconds(time)


def milliseconds(time: Any) -> int:
    """Milliseconds since the epoch of an RFC 3339 time, what is finer cut off. Raises ``Refused``."""
    match = _RFC3339.fullmatch(time) if isinstance(time, str) else None
    if match is None:
        raise Refused("wrong_type")
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone.upper().replace('Z', '+00:00')}")
    except ValueError:
        raise Refused("wrong_type") from None
    whole_s = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    return whole_s * 1000 + int(((fraction or "") + "000")[:3])


def _check(name: str, value: Any) -> None:
    if name in RANGES:
        if type(value) is not int:  # a bool is an int to isinstance
            raise Refused("wrong_type")
        low, high = RANGES[name]
        if not low <= value <= high:
            raise Refused("out_of_range")
        return
    strings = value if name in LISTS else [value]
    if not isinstance(strings, list) or not all(isinstance(one, str) for one in strings):
        raise Refused("wrong_type")
    for one in strings:
        if "\0" in one:
            raise Refused("nul")
        if any("\ud800" <= char <= "\udfff" for char in one):
            raise Refused("surrogate")
    if name == "event_id" and not 1 <= len(value) <= 512:
        raise Refused("out_of_range")
    if name in ENUMS and value not in ENUMS[name]:
        raise Refused("out_of_range")
