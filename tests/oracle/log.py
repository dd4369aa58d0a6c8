"""The log: its records and the campaigns they are counted for, and how a topic is read back whole."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kafka import KafkaConsumer, TopicPartition

Headers = Sequence[tuple[str, bytes | None]]


class Sendable(Protocol):
    """A record as it is before Kafka has it: a generated one or a case of the corpora."""

    @property
    def key(self) -> bytes | None:
        """What the partition is chosen by."""

    @property
    def value(self) -> bytes | None:
        """One event, or not."""

    @property
    def headers(self) -> Headers:
        """Names and values, in order; a name may come twice."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a partition, as Kafka holds it."""

    offset: int
    append_time_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


Log = Mapping[int, Sequence[Record]]
"""Records by partition, in offset order."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a campaign's file says, as far as matching goes: as written, not folded."""

    name: str
    hashtags: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()

    def toml(self) -> str:
        """The campaign as a campaign file's text."""
        words = (
            "hashtags", "accounts", "keywords", "posts", "platforms", "own", "partners", "targets", "positive",
            "negative",
        )  # fmt: skip
        # A JSON string or list of strings is TOML as well.
        fields = {"name": self.name, "title": self.name, **{key: list(getattr(self, key)) for key in words}}
        tables = [
            ("", fields),
            *(("[[groups]]\n", {"name": name, "hashtags": list(tags)}) for name, tags in self.groups),
        ]
        return "".join(
            head + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items())
            for head, table in tables
        )


def read_log(bootstrap: str, topic: str) -> dict[int, list[Record]]:
    """Every committed record of ``topic``, from the log's beginning to its end as of now.

    Polls until each partition's position reaches that end, so that control records and gaps do not matter. Raises
    ``LookupError`` for a topic that is not there, ``TimeoutError`` when the broker answers nothing for 30 s.
    """
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=32 * 1024 * 1024,
    )
    try:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            raise LookupError(f"There is no topic {topic} at {bootstrap}.")
        partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        log: dict[int, list[Record]] = {one.partition: [] for one in partitions}
        while any(consumer.position(one) < ends[one] for one in partitions):
            before = [consumer.position(one) for one in partitions]
            for one, found in consumer.poll(timeout_ms=30_000, max_records=50_000).items():
                log[one.partition] += [
                    Record(record.offset, record.timestamp, record.key, record.value, tuple(record.headers))
                    for record in found
                    if record.offset < ends[one]
                ]
            if before == [consumer.position(one) for one in partitions]:
                raise TimeoutError(f"{topic} at {bootstrap} gave no record for 30 s, though its end is not reached.")
        return log
    finally:
        consumer.close()
