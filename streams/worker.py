"""The worker: owned partitions, the flush that makes their counts visible, and the order that keeps them exact.

The order of a flush: take what is counted together with the position it reaches, in one step; counters and archive
acknowledged; then the ``segments`` rows, which make it count; only when its dead letters are acknowledged as well may
the position's segment start be committed.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import structlog
from faust import App
from faust.types import TP
from msgspec import Struct

from schemas.topics import DEAD_LETTERS, EVENTS, MARKER_HEADER
from streams import metrics
from streams.chunk import Delivery, Start
from streams.count import Additions
from streams.dead_letters import DeadLetter, RefusalLimit, dead_letters
from streams.errors import GroundswellError
from streams.owned import Owned
from streams.partition import Counting, Flush, Partition, Taken
from streams.rows import Share, Writer
from streams.sink import UnavailableError
from streams.transport import TOMBSTONE, Consumer

MOST_PENDING_BYTES = 32 * 1024 * 1024
"""What is counted for the next flush takes so much memory, and a chunk's more: beyond it, reading waits."""

_BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_SAY_EVERY_S = 60
_MARKER_EVERY_S = 60
"""How often at most: a worker's clock may be ahead of the broker's."""

_MOST_UNSETTLED = 4

log = structlog.get_logger()


class _Part(Struct, frozen=True):
    """One partition's share of a flush, with the dead letters without which its position may not be committed."""

    tp: TP
    owned: Owned
    flush: Flush
    letters: list["asyncio.Future[None]"]


class Worker:
    """Counts the partitions that the consumer group assigns to this process."""

    def __init__(self, app: App, counting: Counting, writer: Writer, max_dead_letter_ratio: float) -> None:
        self.failure: BaseException | None = None
        self._app = app
        self._counting = counting
        self._writer = writer
        self._max_dead_letter_ratio = max_dead_letter_ratio
        self._owned: dict[TP, Owned] = {}
        self._marked_at_s: dict[TP, float] = {}
        self._pending_bytes = 0
        self._room = asyncio.Event()
        self._one_flush = asyncio.Lock()
        self._unsettled: list[list[_Part]] = []
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sink")

    @property
    def _consumer(self) -> Consumer:
        consumer = self._app.consumer
        assert isinstance(consumer, Consumer)
        return consumer

    @asynccontextmanager
    async def ending_on_error(self) -> AsyncIterator[None]:
        """End the worker on any error within: Faust would take the chunk for done and go on."""
        try:
            yield
        except Exception as error:
            self.failure = self.failure or error
            await self._app.crash(error)
            raise

    async def take(self, tp: TP, delivery: Delivery) -> None:
        """Take one chunk to be counted, at the latest by the next flush; waits while too much is not yet written."""
        while self._pending_bytes > MOST_PENDING_BYTES:
            self._room.clear()
            await self._room.wait()
        if self._has_ended(tp, delivery.start):
            return  # its records are read again
        owned = await self._owned_for(tp, delivery.start)
        if owned is None:
            return
        await self._check_whole(tp, owned, delivery)
        if self._has_ended(tp, delivery.start):
            return  # given away meanwhile
        self._owned[tp] = owned
        if owned.put(delivery.chunk):
            self._count(tp, owned)

    def _count(self, tp: TP, owned: Owned) -> None:
        taken = owned.take_waiting()
        self._pending_bytes += taken.memory_bytes
        self._measure(tp, taken)
        owned.limit.check(taken.read, taken.refused)
        letters = dead_letters(taken.chunk, tp.partition, taken.refused)
        if letters:
            # Noted in the same step as the count: a flush that holds the one waits for the other.
            owned.letters.append(asyncio.ensure_future(self._forward(letters)))

    def _has_ended(self, tp: TP, start: Start) -> bool:
        """Whether the assignment that something was delivered for is over."""
        return self._consumer.starts.get(tp) is not start

    async def _forward(self, letters: list[DeadLetter]) -> None:
        """Send dead letters; returns when all are acknowledged."""
        sent = []
        for letter in letters:
            value = TOMBSTONE if letter.value is None else letter.value
            sent.append(await self._app.producer.send(DEAD_LETTERS.name, letter.key, value, None, None, letter.headers))
        for acknowledgement in sent:
            await acknowledgement

    async def _owned_for(self, tp: TP, start: Start) -> Owned | None:
        """The partition as this assignment counts it; None when it can not begin now, and is delivered again."""
        owned = self._owned.get(tp)
        if owned and owned.start is start:
            return owned
        if start.committed is None:
            if not await self._consumer.commit_start(tp, start.offset):
                self._consumer.seek_again()  # the group is rebalancing
                return None
        elif start.committed > start.log_end:
            # A restart tells whether the broker has only not caught up yet, or has lost records.
            raise RuntimeError(f"{tp}: counted up to {start.committed}, yet the log ends at {start.log_end}")
        elif start.committed < start.log_start:
            raise GroundswellError(
                f"Records {start.committed} to {start.log_start - 1} of {tp.topic}, partition {tp.partition}, are gone "
                "from Kafka before they were wholly counted: `groundswell gaps list` tells what is lost and how to "
                "count on, `groundswell doctor` what else to mend."
            )
        limit = RefusalLimit(tp.partition, self._max_dead_letter_ratio)
        return Owned(start, Partition(self._counting, start.offset, start.position), limit)

    async def _check_whole(self, tp: TP, owned: Owned, delivery: Delivery) -> None:
        """Holes are the log's own (aborted transactions) unless the broker has deleted what was to come next."""
        expected, first = owned.next_offset, int(delivery.chunk.offsets[0])
        if delivery.follows != expected:
            raise RuntimeError(f"{tp}: counted up to {expected}, then came what follows {delivery.follows}")
        if first < expected:
            raise RuntimeError(f"{tp}: offset {first} was delivered again after {expected - 1}")
        if first == expected:
            return
        if await self._consumer.log_start(tp) > max(expected, owned.partition.start):
            raise GroundswellError(
                f"Records from {expected} to {first - 1} of {tp.topic}, partition {tp.partition}, were deleted from "
                "Kafka before they were counted: `groundswell gaps list` tells what is lost and how to count on; raise "
                "the topic's retention.ms, or add workers."
            )

    def _measure(self, tp: TP, taken: Taken) -> None:
        partition = str(tp.partition)
        metrics.READ.labels(partition).inc(taken.read)
        metrics.COUNTED.labels(partition).inc(taken.counted)
        metrics.DUPLICATES.labels(partition).inc(taken.duplicates)
        metrics.MARKERS.labels(partition).inc(taken.markers)
        metrics.TOKENS_BEYOND_LIMIT.inc(taken.tokens_beyond_limit)
        for _, refusal in taken.refused:
            metrics.DEAD.labels(partition, str(refusal.reason)).inc()

    def positions(self) -> dict[TP, int]:
        """By owned partition, the offset of the next record to count."""
        return {tp: owned.partition.next_offset for tp, owned in self._owned.items()}

    def is_assigned(self, partition: int) -> bool:
        """Whether this worker counts a partition; from any thread."""
        return TP(EVENTS.name, partition) in self._consumer.starts

    def drop(self) -> None:
        """Forget every partition: they are being given to somebody, who counts from their segments' starts."""
        self._owned.clear()
        self._release_pending()

    def _release_pending(self) -> None:
        self._pending_bytes = 0
        self._room.set()

    async def flush_every(self, interval_s: float) -> None:
        """Flush again and again, until the app stops."""
        while not self._app.should_stop:
            begun_s = time.monotonic()
            await self.flush()
            await self._app.sleep(max(0.0, interval_s - (time.monotonic() - begun_s)))

    async def flush(self) -> None:
        """Write all that is counted, however long ClickHouse takes."""
        async with self._one_flush:
            parts = self._begin()
            if parts:
                begun_s = time.monotonic()
                await self._write_until_taken(parts)
                self._done(parts, time.monotonic() - begun_s)
                self._unsettled.append(parts)
            await self._settle()

    async def _settle(self) -> None:
        """Let be committed, flush by flush, what is written and has its dead letters acknowledged.

        Those are waited for only when too many flushes wait: else Kafka's absence would keep counts from the views.
        """
        while self._unsettled:
            letters = [letter for part in self._unsettled[0] for letter in part.letters]
            if len(self._unsettled) <= _MOST_UNSETTLED and not all(letter.done() for letter in letters):
                return
            await asyncio.gather(*letters)
            self._settled(self._unsettled.pop(0))

    def _begin(self) -> list[_Part]:
        """Count what waits, and take what is counted of every partition, in one step of the event loop."""
        parts = []
        for tp, owned in self._owned.items():
            if owned.waiting:
                self._count(tp, owned)
            flush = owned.partition.begin_flush()
            if flush:
                parts.append(_Part(tp, owned, flush, owned.letters))
                owned.letters = []
        self._release_pending()
        return parts

    def _is_owned(self, part: _Part) -> bool:
        return self._owned.get(part.tp) is part.owned

    async def _write_until_taken(self, parts: list[_Part]) -> None:
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._pool, _changed_rows, parts)
        failures, said_s = 0, -math.inf
        while True:
            owned = [part for part in parts if self._is_owned(part)]
            try:
                await loop.run_in_executor(self._pool, self._write, owned, rows)
            except UnavailableError as error:
                failures += 1
                metrics.FLUSH_FAILURES.inc()
                metrics.WAITING.set(1)
                if time.monotonic() - said_s > _SAY_EVERY_S:
                    said_s = time.monotonic()
                    log.warning("ClickHouse does not take rows; waiting, nothing is lost", error=str(error)[:300])
                await asyncio.sleep(_BACK_OFF_S[min(failures, len(_BACK_OFF_S)) - 1])
            else:
                metrics.WAITING.set(0)
                return

    def _write(self, parts: list[_Part], rows: Mapping[int, Additions]) -> None:
        """In a thread of its own: one insert a table for all partitions, the accounts last."""
        shares = [Share(part.tp.partition, part.owned.start.generation, part.flush) for part in parts]
        self._writer.write_counts(shares, rows)
        self._writer.write_accounts(shares)

    def _done(self, parts: list[_Part], seconds: float) -> None:
        now_ms = time.time_ns() // 1_000_000
        metrics.FLUSH_SECONDS.observe(seconds)
        for part in parts:
            if self._is_owned(part):
                metrics.VISIBLE_SECONDS.observe(max(0, now_ms - part.flush.oldest_ms) / 1000)

    def _settled(self, parts: list[_Part]) -> None:
        for part in parts:
            if self._is_owned(part):
                part.owned.partition.written(part.flush)
                self._consumer.committable[part.tp] = part.flush.commit

    async def close_idle_segments(self) -> None:
        """Append a marker to each partition whose open segment has lasted its time and hears nothing more."""
        now_ms, age_ms = time.time_ns() // 1_000_000, self._counting.segment.age_ms
        every_s = min(_MARKER_EVERY_S, age_ms / 1000)
        for tp, owned in list(self._owned.items()):
            segment = owned.partition.segment
            if segment is None or now_ms < segment.start_time_ms + age_ms:
                continue
            if time.monotonic() - self._marked_at_s.get(tp, -every_s) < every_s:
                continue
            self._marked_at_s[tp] = time.monotonic()
            sent = await self._app.producer.send(
                EVENTS.name, None, TOMBSTONE, tp.partition, None, [(MARKER_HEADER, b"1")]
            )
            await sent


def _changed_rows(parts: list[_Part]) -> dict[int, Additions]:
    return {part.tp.partition: part.owned.partition.changed_rows(part.flush) for part in parts}
