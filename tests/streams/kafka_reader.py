"""What stands on a topic, read by another client than the one that wrote it, with none of the product's code."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition


def records(bootstrap: str, topic: str, containing: bytes = b"") -> list[Any]:
    """Every record of ``topic`` whose value contains ``containing``, by partition and offset."""
    return asyncio.run(_records(bootstrap, topic, containing))


async def _records(bootstrap: str, topic: str, containing: bytes) -> list[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        await consumer._client._wait_on_metadata(topic)
        parts = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        ends = await consumer.end_offsets(parts)
        found: list[Any] = []
        for part, end in ends.items():
            consumer.assign([part])
            consumer.seek(part, 0)
            while await consumer.position(part) < end:
                batches = await consumer.getmany(timeout_ms=500)
                found += [
                    record for batch in batches.values() for record in batch if containing in (record.value or b"")
                ]
        return found
    finally:
        await consumer.stop()
