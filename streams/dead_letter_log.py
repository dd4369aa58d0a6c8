"""The dead letter topic, for people: what was refused and why, one record in full, and sending it again."""

from collections.abc import Iterator

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from msgspec import Struct

from schemas.topics import DEAD_LETTERS, ERROR_HEADER_PREFIX, EVENTS, MAX_DEAD_LETTER_BYTES
from streams.errors import GroundswellError
from streams.settings import Settings
from streams.topics import CONNECT_S, no_broker

_SILENCE_MS = 10_000
_ACKNOWLEDGED_S = 60


class RefusedRecord(Struct, frozen=True):
    """A dead letter: where the record stood, why it was refused, and the record as it was.

    ``headers`` are the record's own. ``at_ms`` is when it was forwarded, ms since the epoch.
    """

    partition: int
    offset: int
    reason: str
    message: str
    at_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def is_at(self, partition: int, offset: int) -> bool:
        """Whether the record stood there."""
        return (self.partition, self.offset) == (partition, offset)


def read(settings: Settings) -> Iterator[RefusedRecord]:
    """Every dead letter that the broker still has, each record once, however often it was forwarded.

    Oldest first within a partition of the topic. Raises ``GroundswellError`` when the broker does not answer or the
    topic is missing.
    """
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=settings.kafka_bootstrap.split(","),
            bootstrap_timeout_ms=CONNECT_S * 1000,
            enable_auto_commit=False,
            isolation_level="read_committed",
            max_partition_fetch_bytes=2 * MAX_DEAD_LETTER_BYTES,
        )
    except (KafkaError, OSError) as error:
        raise no_broker(settings) from error
    try:
        yield from _distinct(consumer, settings)
    finally:
        consumer.close()


def _distinct(consumer: KafkaConsumer, settings: Settings) -> Iterator[RefusedRecord]:
    numbers = consumer.partitions_for_topic(DEAD_LETTERS.name)
    if not numbers:
        raise GroundswellError(
            f"Kafka at {settings.kafka_bootstrap} has no topic {DEAD_LETTERS.name}: run `groundswell migrate`."
        )
    partitions = [TopicPartition(DEAD_LETTERS.name, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(partitions)
    seen = set()
    while any(consumer.position(tp) < ends[tp] for tp in partitions):
        found = consumer.poll(timeout_ms=_SILENCE_MS)
        if not found:
            raise GroundswellError(f"Kafka at {settings.kafka_bootstrap} stopped answering: see its log, then repeat.")
        for records in found.values():
            for record in records:
                letter = _letter(record.key, record.value, record.headers, record.timestamp)
                if letter is not None and (letter.partition, letter.offset) not in seen:
                    seen.add((letter.partition, letter.offset))
                    yield letter


def _letter(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]], at_ms: int
) -> RefusedRecord | None:
    """The dead letter, or None for a record that somebody else has put there."""
    added = {
        name.removeprefix(ERROR_HEADER_PREFIX): text.decode("utf-8", errors="replace")
        for name, text in headers
        if name.startswith(ERROR_HEADER_PREFIX) and text is not None
    }
    if not {"partition", "offset", "exception.class.name", "exception.message"} <= added.keys():
        return None
    own = tuple((name, text) for name, text in headers if not name.startswith(ERROR_HEADER_PREFIX))
    return RefusedRecord(
        int(added["partition"]),
        int(added["offset"]),
        added["exception.class.name"],
        added["exception.message"],
        at_ms,
        key,
        value,
        own,
    )


def send_again(settings: Settings, letters: Iterator[RefusedRecord]) -> int:
    """Put the records back on the events topic, as they were; returns how many were acknowledged.

    What is still refused becomes a dead letter again. Raises ``GroundswellError`` when the broker takes no more.
    """
    try:
        producer = KafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap.split(","),
            acks="all",
            enable_idempotence=True,
            max_request_size=2 * MAX_DEAD_LETTER_BYTES,
        )
    except (KafkaError, OSError) as error:
        raise no_broker(settings) from error
    try:
        sent = [
            producer.send(EVENTS.name, key=letter.key, value=letter.value, headers=list(letter.headers))
            for letter in letters
            if letter.value
        ]
        for acknowledgement in sent:
            acknowledgement.get(timeout=_ACKNOWLEDGED_S)
    except KafkaError as error:
        raise GroundswellError(
            f"Kafka did not take every record ({type(error).__name__}): repeat the command."
        ) from error
    finally:
        producer.close()
    return len(sent)
