"""What the snapshot agent reads and writes Kafka by: a consumer, and a transactional producer for each partition."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.settings import Settings

OWNER = "groundswell.snapshots.v1"
"""Group of the commits, and with a partition's number its transactional id. No setting: events and state are shared by
all that takes this topic, whatever group it counts in, so all must shut each other out."""

NULL: Any = object()
"""Value to send for null: aiokafka takes None for a value only where there is a key, a dead letter may have neither."""

CLOSE_S = 5.0

FETCH_WAIT_MS = 5_000
"""The broker answers as soon as there is a record; so long a partition without one costs nothing."""

_TRANSACTION_MS = 10_000
"""Readers of `events.v1` wait for an open transaction: of an owner that was killed no longer than this."""


@asynccontextmanager
async def opened_consumer(settings: Settings, *, waits: bool = True) -> AsyncIterator[Any]:
    """A consumer of committed records, of no partition yet, that commits nothing by itself.

    ``waits``: its fetches stay with the broker until there is something, and hold up all else that it asks.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap.split(","),
        client_id="groundswell-snapshots",
        group_id=OWNER,  # for its commits alone: partitions are assigned by hand, it has no members
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=FETCH_WAIT_MS if waits else 50,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await closed(consumer.stop())


@asynccontextmanager
async def opened_producer(settings: Settings, number: int) -> AsyncIterator[Any]:
    """A producer that, once it has started, is the only one of its partition."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap.split(","),
        client_id="groundswell-snapshots",
        transactional_id=f"{OWNER}.{number}",
        transaction_timeout_ms=_TRANSACTION_MS,
        compression_type="lz4",
        max_batch_size=128 * 1024,
        max_request_size=32 * 1024 * 1024,
        value_serializer=lambda value: None if value is NULL else value,
    )
    try:
        await producer.start()
        yield producer
    finally:
        await closed(producer.stop())


async def closed(closing: Any) -> None:
    """Close, but not for ever: a Kafka that is away answers nobody, and what it holds open the next owner ends."""
    with suppress(TimeoutError, KafkaError, OSError):
        await asyncio.wait_for(closing, CLOSE_S)
