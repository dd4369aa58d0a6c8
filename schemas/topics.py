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
    """A topic's name, its part in the system and its configuration on the broker.

    ``partitioned``: it is created with as many partitions as the settings say; else with one.
    """

    name: str
    summary: str
    producers: str
    consumers: str
    config: dict[str, str]
    partitioned: bool = False


EVENTS = Topic(
    name="events.v1",
    summary="What happened on the platforms: one record, one event.",
    producers="groundswell replay, ingest and demo, groundswell worker (of snapshots), anyone's own producer",
    consumers="groundswell worker",
    partitioned=True,
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

SNAPSHOTS = Topic(
    name="snapshots.v1",
    summary="Cumulative counters of posts, as polls of their platforms found them: one record, one post at one moment.",
    producers="anyone's own client that polls a platform",
    consumers="groundswell worker, which makes events of the differences",
    partitioned=True,
    config={
        # How far ahead a snapshot may be is told by append time.
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "delete",
        "retention.ms": str(7 * _DAY_MS),
        "max.message.bytes": str(MAX_RECORD_BYTES),
    },
)

SNAPSHOT_STATE = Topic(
    name="snapshots.v1.state",
    summary="What was taken last of each post of snapshots.v1; written along with the events, in one transaction.",
    producers="groundswell worker",
    consumers="groundswell worker",
    partitioned=True,
    config={
        "message.timestamp.type": "LogAppendTime",
        # Without what was taken last, the next difference cannot be told: nothing is ever deleted, only replaced.
        "cleanup.policy": "compact",
        "retention.ms": "-1",
        "max.message.bytes": str(1024 * 1024),
    },
)

SNAPSHOT_DEAD_LETTERS = Topic(
    name="snapshots.v1.dlq",
    summary="Records of snapshots.v1 that are no snapshot, unchanged, with headers that say why.",
    producers="groundswell worker",
    consumers="people",
    config=DEAD_LETTERS.config,
)

ALL = (EVENTS, DEAD_LETTERS, SNAPSHOTS, SNAPSHOT_STATE, SNAPSHOT_DEAD_LETTERS)
