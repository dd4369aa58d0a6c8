"""A limit: aiokafka hands over every record's value, and nothing is done with it."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.contenders.protocol import Task, counted, task


async def consume(given: Task) -> None:
    """Read as many records as the topic has."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=given.bootstrap, auto_offset_reset="earliest", fetch_max_bytes=64 * 1024 * 1024
    )
    await consumer.start()
    partitions = await consumer._client._wait_on_metadata(given.topic)  # noqa: SLF001  assign() alone asks for none
    consumer.assign([TopicPartition(given.topic, number) for number in partitions])
    read = value_bytes = 0
    while read < given.records:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            read += len(records)
            value_bytes += sum(len(record.value) for record in records)
    counted()
    await consumer.stop()


if __name__ == "__main__":
    asyncio.run(consume(task()))
