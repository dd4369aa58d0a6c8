"""Transport: Faust's consumer, delivering chunks of records instead of single ones.

This is the one module that knows Faust's and aiokafka's insides. It changes four things of the stock consumer:

- an agent is given one event a chunk: consecutive records of one partition, at most ``batch_records`` of them;
- reading starts at a partition's first uncounted segment, and a horizon of records before it, so that duplicates
  are known again; never at "what was acknowledged last";
- what is committed is what :attr:`Consumer.committable` says, nothing else;
- only committed records are read (``read_committed``), gathered for a moment by the broker.

Its producer can send a record that has neither key nor value, as a dead letter may.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.chunk import Chunk, Delivery, Start

SCHEME = "groundswell"
"""URL scheme that Faust finds this transport by."""

_FETCH_BYTES = 1024 * 1024
_FETCH_WAIT_MS = 100
"""The broker gathers so many bytes for so long: fetching one record takes as long as fetching a thousand."""


class Consumer(driver.Consumer):
    """Faust's aiokafka consumer, by chunks and segments.

    ``topic``, ``batch_records`` and ``horizon_records`` are set on the class before the app starts, as Faust makes
    the instance.
    """

    topic: ClassVar[str]
    batch_records: ClassVar[int]
    horizon_records: ClassVar[int]
    _thread: "ConsumerThread"

    def __init__(self, *args: Any, **options: Any) -> None:
        self.starts: dict[TP, Start] = {}
        self.committable: dict[TP, int] = {}
        self._room = asyncio.Event()
        self._one_seek = asyncio.Lock()
        # Counts up when a seek begins and when it ends: a fetch during which it changed, or that began while it was
        # odd, may hold records from before the seek.
        self._seeks = 0
        self._fetched_in_vain = False
        self._delivered: dict[TP, int] = {}
        super().__init__(*args, **options)

    def _new_consumer_thread(self) -> "ConsumerThread":
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Start every assigned partition anew, a horizon before its first uncounted segment.

        Shielded: Faust cancels it when the group rebalances again, and half a seek would be neither one nor none.
        """
        await asyncio.shield(asyncio.ensure_future(self._seek_anew()))

    async def _seek_anew(self) -> None:
        async with self._one_seek:
            # Forgotten before the seek, not after it: what is fetched in vain meanwhile has moved the new position.
            self._fetched_in_vain = False
            self._seeks += 1
            try:
                generation = self.app.consumer_generation_id
                found = await self._thread.call_thread(self._thread.seek_to_segments)
                self.committable.clear()
                self.starts = {
                    tp: Start(self._seeks, generation, committed, log_start, log_end, position)
                    for tp, (committed, log_start, log_end, position) in found.items()
                }
                self._delivered = {tp: start.position for tp, start in self.starts.items()}
                for tp, start in self.starts.items():
                    self._read_offset[tp] = None
                    self._committed_offset[tp] = start.committed
            finally:
                self._seeks += 1

    def stop_flow(self) -> None:
        """Deliver no more until the next seek.

        Faust empties the streams' buffers then; what waits to enter them comes afterwards, and must be found ended.
        """
        super().stop_flow()
        self.starts = {}

    def seek_again(self) -> None:
        """Before anything more is delivered, start anew: what was delivered cannot be counted."""
        self._fetched_in_vain = True

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 - Faust's name
        """Chunks of what was fetched, one of each partition in turn."""
        if self._fetched_in_vain and self.flow_active:
            await self.perform_seek()
        seeks = self._seeks
        records, active = await self._wait_next_records(timeout)
        if not records or self.should_stop:
            return
        if not self.flow_active or seeks != self._seeks or seeks % 2:
            # These records may stand before a seek or end in a rebalance: they are not delivered, so whatever was
            # not sought since must be fetched again.
            self._fetched_in_vain = True
            return
        generation = self.app.consumer_generation_id
        work = deque((TP(tp.topic, tp.partition), fetched, 0) for tp, fetched in records.items() if fetched)
        while work:
            tp, fetched, begin = work.popleft()
            if not self.flow_active or self.app.consumer_generation_id != generation or seeks != self._seeks:
                self._fetched_in_vain = True
                break
            if not (active is None or tp in active or tp in self._buffered_partitions) or tp not in self.starts:
                self._fetched_in_vain = True
                continue
            end = begin + self.batch_records
            yield tp, self._message(tp, fetched[begin:end])
            if end < len(fetched):
                work.append((tp, fetched, end))

    def _message(self, tp: TP, records: list[Any]) -> ConsumerMessage:
        last = records[-1]
        delivery = Delivery(self.starts[tp], self._delivered[tp], Chunk.of(records))
        self._delivered[tp] = last.offset + 1
        return ConsumerMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=last.offset,
            timestamp=last.timestamp / 1000,
            timestamp_type=last.timestamp_type,
            headers=None,
            key=None,
            value=delivery,  # type: ignore[arg-type]  # bytes in stock Faust; passed through as it is
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Nothing: what may be committed is told by segments, not by gaps between acknowledged offsets."""

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit what counting says is wholly written."""
        del topics, start_new_transaction
        if self.app.rebalancing:
            return False  # a commit that meets the join is answered by leaving the group
        before = {tp: self._committed_offset.get(tp) for tp in self.committable}
        offsets = {tp: offset for tp, offset in self.committable.items() if offset > (before[tp] or -1)}
        committed = bool(offsets) and bool(await self._commit_offsets(offsets))
        if not committed:
            self._committed_offset.update(before)  # Faust notes the attempt
        return committed

    async def commit_start(self, tp: TP, offset: int) -> bool:
        """Commit a partition's first start, before anything of it is written."""
        return bool(await self._commit_offsets({tp: offset}))

    async def log_start(self, tp: TP) -> int:
        """The first offset that the broker still has."""
        return int(await self._thread.call_thread(self._thread.log_start_of, tp))

    # The stock consumer sleeps a full second whenever every partition is under back-pressure.

    def on_buffer_drop(self, tp: TP) -> None:
        """A stream has room again."""
        super().on_buffer_drop(tp)
        self._room.set()

    def resume_partitions(self, tps: Any) -> None:
        """Partitions may be read again."""
        super().resume_partitions(tps)
        self._room.set()

    async def _wait_next_records(self, timeout: float) -> tuple[Mapping[TP, list[Any]] | None, set[TP] | None]:  # noqa: ASYNC109 - Faust's name
        if self.flow_active and not self._get_active_partitions():
            self._room.clear()
            try:
                await asyncio.wait_for(self._room.wait(), timeout)
            except TimeoutError:
                return {}, self._get_active_partitions()
        return await super()._wait_next_records(timeout)


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that aiokafka runs in; its coroutines run on that thread's loop."""

    consumer: Consumer

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust has no setting for this outside of its own transactions. Read by aiokafka when it starts.
        consumer._isolation_level = "read_committed"  # noqa: SLF001 - the reason is above
        consumer._key_deserializer = AS_DECODED  # noqa: SLF001 - likewise
        consumer._fetch_min_bytes = _FETCH_BYTES  # noqa: SLF001 - likewise
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS  # noqa: SLF001 - likewise
        return consumer

    async def on_thread_stop(self) -> None:
        """Stop the driver's consumer; its group has been told by then."""
        # The driver cancels its own pause after a fetch that failed, and does not expect that to reach it.
        with suppress(asyncio.CancelledError):
            await super().on_thread_stop()

    def _stopped_set(self) -> None:
        # After a crash the thread may have closed its loop before it is told to stop.
        if not self.thread_loop.is_closed():
            super()._stopped_set()

    async def seek_to_segments(self) -> dict[TP, tuple[int | None, int, int, int]]:
        """Seek the assigned partitions; of each (committed offset or None, the log's start and end, offset sought)."""
        consumer = self._ensure_consumer()
        assigned = [tp for tp in consumer.assignment() if tp.topic == self.consumer.topic]
        log_starts = await consumer.beginning_offsets(assigned) if assigned else {}
        log_ends = await consumer.end_offsets(assigned) if assigned else {}
        found: dict[TP, tuple[int | None, int, int, int]] = {}
        for tp in assigned:
            committed = await consumer.committed(tp)
            if tp not in consumer.assignment():
                continue  # given away meanwhile: what comes after the rebalance seeks again
            log_start = log_starts[tp]
            start = log_start if committed is None else committed
            position = max(log_start, start - self.consumer.horizon_records)
            consumer.seek(tp, position)
            found[TP(tp.topic, tp.partition)] = (committed, log_start, log_ends[tp], position)
        return found

    async def log_start_of(self, tp: TP) -> int:
        """The first offset that the broker still has."""
        partition = TopicPartition(tp.topic, tp.partition)
        return int((await self._ensure_consumer().beginning_offsets([partition]))[partition])


AS_DECODED: Any = object()
"""A consumer's key deserializer: its records come as aiokafka's decoder makes them."""


class Records(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """What a fetch has brought, decoded as it is asked for: for our consumer as the decoder makes it.

    Which has offset, timestamp, key, value and headers; a ConsumerRecord of each would take as long as all of counting.
    """

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record if self._key_deserializer is AS_DECODED else super()._consumer_record(tp, record)


fetcher.PartitionRecords = Records

TOMBSTONE: Any = object()
"""Value to send for null: aiokafka takes None for a value only where there is a key, a dead letter may have neither."""


class Producer(driver.Producer):
    """Faust's aiokafka producer; ``TOMBSTONE`` is sent as null."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {
            **super()._settings_extra(),
            "enable_idempotence": True,
            "value_serializer": lambda value: None if value is TOMBSTONE else value,
        }


class Transport(driver.Transport):
    """The transport of URLs ``groundswell://host:port``."""

    Consumer = Consumer
    Producer = Producer


TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
