"""CloudEvents: an event in an envelope, in Kafka's binary mode (``ce_*`` headers) or structured mode."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.topics import Headers
from streams.refusal import Reason, Refusal, json_type

_STRUCTURED = "application/cloudevents+json"
_CONTENT_TYPES = ("content-type", "ce_datacontenttype")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def open_cloud_event(body: dict[str, Any], headers: Headers) -> dict[str, Any] | Refusal:
    """The event in a CloudEvent, with its id and time where the event itself has none."""
    named = {name.lower(): value or b"" for name, value in headers}
    content_type = next((named[name] for name in _CONTENT_TYPES if name in named), b"")
    if content_type.decode("latin-1").split(";")[0].strip().lower() == _STRUCTURED:
        data = body.get("data")
        if data is None:
            return Refusal(Reason.MISSING_FIELD, "the CloudEvent has no `data`")
        if not isinstance(data, dict):
            return Refusal(Reason.WRONG_TYPE, f"the CloudEvent's `data` is a JSON {json_type(data)}, not an object")
        return _with_defaults(data, body.get("id"), body.get("time"))
    if "ce_id" not in named and "ce_time" not in named:
        return body
    try:
        event_id, time = (named[name].decode() if name in named else None for name in ("ce_id", "ce_time"))
    except UnicodeDecodeError:
        return Refusal(Reason.NOT_UTF8, "the header ce_id or ce_time is not UTF-8")
    return _with_defaults(body, event_id, time)


def _with_defaults(event: dict[str, Any], event_id: Any, time: Any) -> dict[str, Any] | Refusal:
    event = dict(event)
    if event.get("event_id") is None:
        event["event_id"] = event_id
    if event.get("event_time") is None and time is not None:
        moment = _rfc3339_ms(time)
        if moment is None:
            return Refusal(
                Reason.OUT_OF_RANGE, f"the CloudEvent's time {time!r:.60} is no RFC 3339 time with an offset"
            )
        event["event_time"] = moment
    return event


def _rfc3339_ms(time: Any) -> int | None:
    if not isinstance(time, str) or not _RFC3339.fullmatch(time):
        return None
    try:
        return (datetime.fromisoformat(time.upper()) - _EPOCH) // timedelta(milliseconds=1)
    except ValueError:
        return None
