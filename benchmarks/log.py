"""The events on a real broker, and in a file where one is wanted; with them goes the truth."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl
from aiokafka import AIOKafkaProducer
from msgspec import Struct

from benchmarks import truth
from benchmarks.generate import Chunk
from schemas.topics import EVENTS

_BATCH_BYTES = 1_000_000
_REQUEST_BYTES = 16 * 1024 * 1024


class Written(Struct, frozen=True):
    """What was put on the topic: what must be counted of it, and how many bytes its values have."""

    counts: pl.DataFrame
    value_bytes: int


def fill(bootstrap: str, chunks: Iterable[Chunk], file: Path | None = None) -> Written:
    """Write all records to the events topic, lz4 in large batches, and their values to ``file`` a line each.

    Returns when the broker has acknowledged everything; raises aiokafka's errors when it does not.
    """
    if file is not None:
        file.unlink(missing_ok=True)
    return asyncio.run(_fill(bootstrap, chunks, file))


async def _fill(bootstrap: str, chunks: Iterable[Chunk], file: Path | None) -> Written:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        compression_type="lz4",
        max_batch_size=_BATCH_BYTES,
        max_request_size=_REQUEST_BYTES,
    )
    counts, value_bytes = truth.total([]), 0
    await producer.start()
    try:
        partitions = await producer.partitions_for(EVENTS.name)
        for chunk in chunks:
            counts = truth.total([counts, chunk.counts])
            value_bytes += sum(map(len, chunk.values))
            if file is not None:
                with file.open("ab") as lines:
                    lines.write(b"\n".join(chunk.values) + b"\n")
            await asyncio.gather(*(_send(producer, chunk, number) for number in partitions))
    finally:
        await producer.stop()
    return Written(counts, value_bytes)


async def _send(producer: AIOKafkaProducer, chunk: Chunk, partition: int) -> None:
    acknowledgements = []
    batch = producer.create_batch()
    for place in np.flatnonzero(chunk.partitions == partition).tolist():
        key, value = chunk.keys[place], chunk.values[place]
        if batch.append(key=key, value=value, timestamp=None) is None:  # the batch is full
            acknowledgements.append(await producer.send_batch(batch, EVENTS.name, partition=partition))
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    acknowledgements.append(await producer.send_batch(batch, EVENTS.name, partition=partition))
    await asyncio.gather(*acknowledgements)
