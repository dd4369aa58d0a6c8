"""Kafka topics: each declared once, with who writes, who reads and how it is kept."""

from collections.abc import Sequence

from msgspec import Struct

Headers = Sequence[tuple[str, bytes]]
"""A record's headers: names and values, in order; a name may come twice."""

_DAY_MS = 24 * 3600 * 1000
MAX_RECORD_BYTES = 16 * 1024 * 1024
MAX_DEAD_LETTER_BYTES = MAX_RECORD_BYTES + 1024 * 1024

MARKER_HEADER = "groundswell-marker"
"""A record with this header is one of ours that closes an idle segment; it holds no event."""

ERROR_HEADER_PREFIX = "__connect.errors."
"""Prefix of the headers that a dead letter is given: the names that Kafka Connect uses."""


class Topic(Struct, frozen=True):
    """A topic's name, its part in the system and its configuration on the broker."""

    name: str
    summary: str
    producers: str
    consumers: str
    config: dict[str, str]


EVENTS = Topic(
    name="events.v1",
    summary="What happened on the platforms: one record, one event.",
    producers="groundswell replay, groundswell ingest, groundswell demo, anyone's own producer",
    consumers="groundswell worker",
    config={
        # Segments, duplicates and retention are defined on append time, which only the broker can tell.
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "delete",
        "retention.ms": str(7 * _DAY_MS),
        "max.message.bytes": str(MAX_RECORD_BYTES),
    },
)

DEAD_LETTERS = Topic(
    name="events.v1.dlq",
    summary="Records of events.v1 that are no event, unchanged, with headers that say why.",
    producers="groundswell worker",
    consumers="people",
    config={
        # A worker's clock may be far off, and the broker refuses a producer's time that is an hour ahead of its own.
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "delete",
        "retention.ms": str(30 * _DAY_MS),
        # A refused record is forwarded whole, and its added headers need room.
        "max.message.bytes": str(MAX_DEAD_LETTER_BYTES),
    },
)

ALL = (EVENTS, DEAD_LETTERS)
