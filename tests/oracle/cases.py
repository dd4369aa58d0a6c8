"""What a case of the corpora is, and how one is made of a good event."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.oracle.log import Headers

ACCEPTED = "accepted"
MARKER = "marker"
HOUR_MS = 3_600_000
COMMON_KEY = b"other:case"
MAX_VALUE_BYTES = 65_536
STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
"""The headers of a CloudEvent in structured mode."""


@dataclass(frozen=True, slots=True)
class Case:
    """One record; ``expected`` holds every reason that would be right, or only ``accepted`` or ``marker``."""

    name: str
    value: bytes | None
    expected: frozenset[str]
    headers: Headers = ()
    key: bytes | None = COMMON_KEY

    @property
    def accepted(self) -> bool:
        """Whether the record is an event after all."""
        return ACCEPTED in self.expected


class Corpus:
    """Builds cases around one good event, which each of them changes; its ids are the cases' names."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def event(self, name: str, **changes: Any) -> dict[str, Any]:
        """A good event with fields changed or added; ``...`` takes a field away."""
        good = {
            "event_id": f"case:{name}",
            "source": "other",
            "event_type": "mention",
            "event_time": self.now_ms - 60_000,
            "text": "case #BadRecords",
        }
        return {field: value for field, value in {**good, **changes}.items() if value is not ...}

    def changed(self, name: str, *expected: str, **changes: Any) -> Case:
        """A case whose value is the good event with fields changed."""
        return Case(name, json.dumps(self.event(name, **changes)).encode(), frozenset(expected))

    def with_raw(self, name: str, raw: str | bytes, *expected: str) -> Case:
        """A case whose value is the good event with ``raw`` members written after its own."""
        members = raw.encode() if isinstance(raw, str) else raw
        value = json.dumps(self.event(name)).encode()
        return Case(name, value[:-1] + b"," + members + b"}", frozenset(expected))

    def edited(self, name: str, edit: Callable[[bytes], bytes], *expected: str) -> Case:
        """A case whose value is the good event after ``edit``."""
        return Case(name, edit(json.dumps(self.event(name)).encode()), frozenset(expected))
