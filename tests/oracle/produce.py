"""Any record whatever onto Kafka.

Kafka takes records without key and value, and headers without a value; kafka-python's and aiokafka's ``send`` refuse
to write such. Batches that are filled by hand have no such scruples.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from tests.oracle.log import Sendable

_BATCH_RECORDS = 5_000
_MAX_BATCH_BYTES = 1_000_000
_MAX_REQUEST_BYTES = 16 * 1024 * 1024


def produce(bootstrap: str, topic: str, records: Iterable[Sendable], compression: str | None = None) -> None:
    """Write ``records`` to ``topic``; returns when every replica has them.

    A partition keeps the records' order and is chosen by murmur2 of the key, as Kafka's own clients do; records
    without a key take turns. ``compression``: ``gzip``, ``snappy``, ``lz4``, ``zstd`` or none.
    """
    asyncio.run(_produce(bootstrap, topic, records, compression))


async def _produce(bootstrap: str, topic: str, records: Iterable[Sendable], compression: str | None) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        compression_type=compression,
        max_batch_size=_MAX_BATCH_BYTES,
        max_request_size=_MAX_REQUEST_BYTES,
    )
    try:
        await producer.start()
        count = len(await producer.partitions_for(topic))
        pending: defaultdict[int, list[Sendable]] = defaultdict(list)
        for number, record in enumerate(records):
            partition = number % count if record.key is None else (murmur2(record.key) & 0x7FFFFFFF) % count
            pending[partition].append(record)
        await asyncio.gather(*(_send(producer, topic, *item) for item in pending.items()))
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Sendable]) -> None:
    position = 0
    while position < len(records):
        batch = producer.create_batch()
        for record in records[position : position + _BATCH_RECORDS]:
            # None: the batch is full, and this record begins the next one.
            if batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers)) is None:
                break
            position += 1
        delivered = await producer.send_batch(batch, topic, partition=partition)
        await delivered
