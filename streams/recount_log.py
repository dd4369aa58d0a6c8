"""The log for a recount: which of a partition's closed segments Kafka still has whole, and their records once more.

A segment can be counted again exactly when its first record is still there, and with it whatever could make one of
its events a duplicate: the horizon before it. Reading goes by a consumer without a group, so it moves nobody's offsets.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from msgspec import Struct

from schemas.topics import EVENTS
from streams.chunk import Chunk
from streams.errors import GroundswellError
from streams.places import Horizon
from streams.settings import Settings
from streams.topics import no_broker

_SILENCE_MS = 10_000
_FETCH_BYTES = 4 * 1024 * 1024


class Stretch(Struct, frozen=True):
    """What can be counted again of a partition: its closed segments ``segments``, up to the offset ``end``.

    ``position`` is where reading starts, for the ids of the horizon. ``cut_short`` tells that more was asked for than
    Kafka still has. ``first_ms`` is the append time (ms since the epoch) of the first record counted again or, where
    there is none, of the first record after ``end``; None where that is not known.
    """

    partition: int
    segments: Sequence[int]
    position: int
    end: int
    cut_short: bool = False
    first_ms: int | None = None

    @property
    def length(self) -> int:
        """How many offsets are read."""
        return self.end - self.position


class Log:
    """The events topic, read below what is counted. A context manager; entering raises ``UnreachableError``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._horizon = Horizon(settings.horizon_records, settings.horizon_s * 1000)

    def __enter__(self) -> Self:
        try:
            self._consumer = KafkaConsumer(
                bootstrap_servers=self._settings.kafka_bootstrap.split(","),
                group_id=None,
                enable_auto_commit=False,
                # Records that are gone are an error (OffsetOutOfRangeError), never skipped.
                auto_offset_reset="none",
                isolation_level="read_committed",
                max_partition_fetch_bytes=_FETCH_BYTES,
            )
        except (KafkaError, OSError) as error:
            raise no_broker(self._settings) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def stretch(self, partition: int, closed: Sequence[int], end: int, since_ms: int | None) -> Stretch:
        """Which segments can be counted again, from the one with the first record appended at or after ``since_ms``.

        ``closed``: the names of all segments that were ever counted below ``end``, ascending, at least one.
        ``since_ms``: ms since the epoch, None for all. Raises ``OffsetOutOfRangeError`` when Kafka deletes records
        meanwhile: then ask again.
        """
        tp = TopicPartition(EVENTS.name, partition)
        log_start = self._consumer.beginning_offsets([tp])[tp]
        first = self._since(tp, 0)
        truncated = log_start > closed[0]
        wanted = closed if since_ms is None or first is None else self._wanted(tp, closed, end, since_ms)
        if truncated and first is not None and since_ms is not None and since_ms <= first.timestamp:
            # Some of what is deleted may have been appended since then as well: nobody can tell any more.
            wanted = closed
        if not wanted:
            return Stretch(partition, (), end, end)
        least = self._least_start(tp, log_start, first) if truncated else 0
        segments = [segment for segment in wanted if segment >= least]
        first_ms = self._append_time_ms(tp, segments[0] if segments else max(log_start, end))
        position = end
        if segments:
            assert first_ms is not None
            ids = self._since(tp, first_ms - 2 * self._horizon.age_ms)
            position = max(log_start, segments[0] - self._horizon.records, ids.offset)
        return Stretch(partition, segments, position, end, len(segments) < len(wanted), first_ms)

    def _wanted(self, tp: TopicPartition, closed: Sequence[int], end: int, since_ms: int) -> Sequence[int]:
        found = self._since(tp, since_ms)
        if found is None or found.offset >= end:
            return ()
        return closed[max(0, bisect_right(closed, found.offset) - 1) :]

    def _least_start(self, tp: TopicPartition, log_start: int, first: Any) -> float:
        """The first offset whose horizon of duplicates is whole, on a log whose beginning was deleted.

        Append times may step back a little when a partition's leader changes: twice the age, as counting keeps it.
        """
        later = first and self._since(tp, first.timestamp + 2 * self._horizon.age_ms + 1)
        return min(log_start + self._horizon.records, later.offset if later else math.inf)

    def _since(self, tp: TopicPartition, at_ms: int) -> Any:
        """Offset and append time of the first record appended at ``at_ms`` or later; None where there is none."""
        return self._consumer.offsets_for_times({tp: max(0, at_ms)})[tp]

    def _append_time_ms(self, tp: TopicPartition, offset: int) -> int | None:
        """When the first record at ``offset`` or after it was appended; None at the log's end."""
        if offset >= self._consumer.end_offsets([tp])[tp]:
            return None
        records = next(self._records(tp, offset, math.inf))
        return int(records[0].timestamp)

    def chunks(self, stretch: Stretch) -> Iterator[Chunk]:
        """The records from the stretch's position to its end, in order.

        Raises ``OffsetOutOfRangeError`` when Kafka has deleted what comes next, ``GroundswellError`` when it stops
        answering.
        """
        tp = TopicPartition(EVENTS.name, stretch.partition)
        for records in self._records(tp, stretch.position, stretch.end):
            yield Chunk.of(records)

    def _records(self, tp: TopicPartition, offset: int, end: float) -> Iterator[list[Any]]:
        self._consumer.assign([tp])
        self._consumer.seek(tp, offset)
        while (position := self._consumer.position(tp)) < end:
            found = self._consumer.poll(timeout_ms=_SILENCE_MS, max_records=self._settings.batch_records)
            if not found and self._consumer.position(tp) == position:
                raise GroundswellError(
                    f"Kafka at {self._settings.kafka_bootstrap} stopped answering: see its log, then repeat."
                )
            records = [record for record in found.get(tp, ()) if record.offset < end]
            if records:
                yield records
