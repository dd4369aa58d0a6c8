"""The snapshot agent: `snapshots.v1` to differences on `events.v1`, exactly once, in a thread beside the Faust app.

The worker that counts a partition of `events.v1` takes the partition of `snapshots.v1` with the same number. Each has a
transactional producer of its own, whose id is the partition's: opening it ends what an earlier owner had open, and
shuts that owner out for good. Only then are state and position read, so nothing can be written behind our back; and
events, dead letters, the new state and the position go out in one transaction. Whatever goes wrong in it, all is
dropped and opened anew. Nothing is opened for a partition that has never had a record.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, ProducerFenced
from kafka.errors import KafkaError as AdminError

from schemas.event import record_key
from schemas.topics import EVENTS, SNAPSHOT_DEAD_LETTERS, SNAPSHOT_STATE, SNAPSHOTS, Topic
from streams import metrics, topics
from streams.chunk import Chunk
from streams.dead_letters import dead_letters
from streams.errors import GroundswellError, UnreachableError
from streams.settings import Settings
from streams.snapshot_clients import CLOSE_S, FETCH_WAIT_MS, NULL, OWNER, opened_consumer, opened_producer
from streams.snapshots import Taken, take

_LOOK_S = 0.5
_BACK_OFF_S = 1.0
_PATIENCE_S = 30.0
_MOST_RECORDS = 1000

_POSITION = b"position"
"""Key of the state's one record that is no post's: the next offset, there since the first commit."""

log = structlog.get_logger()


def run(settings: Settings, is_ours: Callable[[int], bool], should_stop: Callable[[], bool]) -> None:
    """Take snapshots until ``should_stop``, in a thread that may block; ``is_ours`` tells which partitions to take.

    Two that take the same partition shut each other out and stay exact. Raises ``GroundswellError`` when it may not
    go on; a Kafka that is away is waited for.
    """
    partitions = _partitions(settings, should_stop)
    if partitions:
        asyncio.run(_run(settings, partitions, is_ours, should_stop))


def _partitions(settings: Settings, should_stop: Callable[[], bool]) -> int:
    """How many partitions there are; 0 where the topics were never made, or when it is time to stop."""
    while not should_stop():
        try:
            with topics.admin(settings) as client:
                found = [topics.describe(client, topic) for topic in (SNAPSHOTS, SNAPSHOT_STATE, SNAPSHOT_DEAD_LETTERS)]
        except (UnreachableError, AdminError, OSError):
            time.sleep(_BACK_OFF_S)
            continue
        snapshots, state, letters = found
        if snapshots is None or state is None or letters is None:
            log.warning("no snapshots are taken: `groundswell migrate` creates their topics", topic=SNAPSHOTS.name)
            return 0
        if snapshots.partitions != state.partitions:
            raise GroundswellError(
                f"Topic {SNAPSHOTS.name} has {snapshots.partitions} partitions and {SNAPSHOT_STATE.name} "
                f"{state.partitions}, but a post's state stands where its snapshots do: delete both topics, and run "
                "`groundswell migrate`; what is polled from then on is counted."
            )
        return snapshots.partitions
    return 0


async def _run(
    settings: Settings, partitions: int, is_ours: Callable[[int], bool], should_stop: Callable[[], bool]
) -> None:
    tasks: dict[int, asyncio.Task[None]] = {}
    try:
        while not should_stop():
            for number in range(partitions):
                if number not in tasks and is_ours(number):
                    tasks[number] = asyncio.create_task(_take_partition(settings, number))
                elif number in tasks and not is_ours(number):
                    await _end(tasks.pop(number))
            for task in tasks.values():
                if task.done():
                    task.result()  # it never ends by itself, but by an error
            await asyncio.sleep(_LOOK_S)
    finally:
        await asyncio.gather(*map(_end, tasks.values()))


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    # An error of its own was raised already, or comes too late to matter: what it had open is ended by the next owner.
    await asyncio.wait({task}, timeout=3 * CLOSE_S)


async def _take_partition(settings: Settings, number: int) -> None:
    """Take a partition's snapshots, opened anew after each failure of Kafka's, until cancelled."""
    while True:
        try:
            async with opened_consumer(settings) as consumer:
                await _wait_for_first(consumer, number)
                async with opened_producer(settings, number) as producer:
                    await _Partition(number, consumer, producer, await _state(settings, number)).take_all()
        except ProducerFenced:
            log.info("snapshots are taken by another worker now", partition=number)
        except (KafkaError, OSError) as error:
            log.warning("snapshots wait for Kafka, nothing is lost", partition=number, error=repr(error)[:300])
        await asyncio.sleep(_BACK_OFF_S)


async def _wait_for_first(consumer: Any, number: int) -> None:
    """Wait until the partition has, or had, a record; then somebody may have a transaction open."""
    partition = TopicPartition(SNAPSHOTS.name, number)
    # Asked before anything is fetched: the broker answers a connection's questions one after the other.
    if not (await consumer.end_offsets([partition]))[partition]:
        consumer.assign([partition])
        await consumer.getone(partition)


async def _state(settings: Settings, number: int) -> dict[bytes, bytes]:
    """What was taken last of each post of a partition, encoded, and the position."""
    partition = TopicPartition(SNAPSHOT_STATE.name, number)
    found: dict[bytes, bytes] = {}
    async with opened_consumer(settings, waits=False) as consumer:
        end = (await consumer.end_offsets([partition]))[partition]
        consumer.assign([partition])
        consumer.seek(partition, 0)
        while await consumer.position(partition) < end:
            records = await consumer.getmany(partition, timeout_ms=1000)
            found.update((record.key, record.value) for record in records.get(partition, ()))
    return found


class _Partition:
    """A partition being taken: its state, and what moves it on."""

    def __init__(self, number: int, consumer: Any, producer: Any, posts: dict[bytes, bytes]) -> None:
        self._number = number
        self._snapshots = TopicPartition(SNAPSHOTS.name, number)
        self._consumer = consumer
        self._producer = producer
        self._posts = posts

    async def take_all(self) -> None:
        """Take the snapshots that are there and those to come; ends by an error alone."""
        committed = await self._consumer.committed(self._snapshots)
        if committed is not None and _POSITION not in self._posts:
            raise GroundswellError(
                f"Topic {SNAPSHOT_STATE.name}, partition {self._number}, has lost what was taken last of each post, so "
                f"what has changed since cannot be told: delete {SNAPSHOTS.name} and {SNAPSHOT_STATE.name}, run "
                "`groundswell migrate`, and have what polls send a `tracked_since` of now; its posts begin anew."
            )
        # From what is committed on, or from the log's start.
        self._consumer.assign([self._snapshots])
        while True:
            found = await self._consumer.getmany(timeout_ms=FETCH_WAIT_MS, max_records=_MOST_RECORDS)
            for records in found.values():
                await self._take(Chunk.of(records))

    async def _take(self, chunk: Chunk) -> None:
        taken = take(self._posts, chunk)
        position = int(chunk.offsets[-1]) + 1
        state = {**taken.posts, _POSITION: str(position).encode()}
        written = asyncio.ensure_future(self._write(chunk, taken, state, position))
        try:
            await asyncio.wait_for(asyncio.shield(written), _PATIENCE_S)
        except asyncio.CancelledError:
            # Readers of `events.v1` wait for an open transaction, so it is better ended than left.
            await asyncio.wait({written}, timeout=CLOSE_S)
            raise
        finally:
            written.cancel()
        self._posts.update(state)
        self._measure(taken)

    async def _write(self, chunk: Chunk, taken: Taken, state: dict[bytes, bytes], position: int) -> None:
        """One transaction."""
        try:
            await self._producer.begin_transaction()
            await asyncio.gather(*[await self._send(*record) for record in self._records(chunk, taken, state)])
            await self._producer.send_offsets_to_transaction({self._snapshots: position}, OWNER)
            await self._producer.commit_transaction()
        except AssertionError as error:
            # How the driver says that its transaction has failed in the meantime.
            raise KafkaError("the transaction has failed") from error

    async def _send(self, topic: Topic, key: bytes | None, value: Any, more: dict[str, Any]) -> "asyncio.Future[Any]":
        sent: asyncio.Future[Any] = await self._producer.send(topic.name, value, key, **more)
        sent.add_done_callback(_heard)
        return sent

    def _records(
        self, chunk: Chunk, taken: Taken, state: dict[bytes, bytes]
    ) -> Iterator[tuple[Topic, bytes | None, Any, dict[str, Any]]]:
        """All that a chunk comes to: topic, key, value, and what else goes with a record."""
        encode = msgspec.json.Encoder().encode
        for event in taken.events:
            yield EVENTS, record_key(event), encode(event), {}
        for letter in dead_letters(chunk, self._number, taken.refused, SNAPSHOTS):
            value = NULL if letter.value is None else letter.value
            yield SNAPSHOT_DEAD_LETTERS, letter.key, value, {"headers": letter.headers}
        for snapshot_key, snapshot in taken.sent_on:
            yield SNAPSHOTS, snapshot_key, snapshot, {}
        for key, post in state.items():
            yield SNAPSHOT_STATE, key, post, {"partition": self._number}

    def _measure(self, taken: Taken) -> None:
        partition = str(self._number)
        for outcome, count in taken.outcomes.items():
            metrics.SNAPSHOTS.labels(partition, outcome).inc(count)
        metrics.SNAPSHOT_EVENTS.labels(partition).inc(len(taken.events))


def _heard(sent: "asyncio.Future[Any]") -> None:
    """Of a transaction that fails, the first failure is told; Python would log all others as never asked for."""
    if not sent.cancelled():
        sent.exception()
