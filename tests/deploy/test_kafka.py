"""The broker as clients see it: what they write they read, in every codec, and its settings hold."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaTimeoutError, UnknownTopicOrPartitionError

from deploy.kafka.broker import Broker
from schemas.topics import MAX_RECORD_BYTES

pytestmark = pytest.mark.stack
VALUES = [f"record {number}".encode() * 50 for number in range(500)]


def create(kafka: Broker, topic: str, **config: str) -> None:
    client = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    client.create_topics({topic: {"num_partitions": 1, "configs": config}}, wait_for_metadata=True)
    client.close()


async def _read(kafka: Broker, topic: str, count: int) -> list[Any]:
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka.bootstrap,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2 * MAX_RECORD_BYTES,
    ) as consumer:
        return [await consumer.getone() for _ in range(count)]


def read(kafka: Broker, topic: str, count: int) -> list[Any]:
    return asyncio.run(_read(kafka, topic, count))


async def _write(kafka: Broker, topic: str, codec: str | None) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap, compression_type=codec, acks="all", linger_ms=50
    ) as producer:
        await asyncio.gather(*[await producer.send(topic, value) for value in VALUES])


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_kafka_returns_what_aiokafka_wrote(kafka: Broker, codec: str | None) -> None:
    topic = f"aiokafka-{codec}"
    create(kafka, topic, **{"message.timestamp.type": "LogAppendTime"})
    before_ms = time.time_ns() // 1_000_000
    asyncio.run(_write(kafka, topic, codec))
    records = read(kafka, topic, len(VALUES))
    assert [record.value for record in records] == VALUES
    assert [record.offset for record in records] == list(range(len(VALUES)))
    assert {record.timestamp_type for record in records} == {1}
    assert all(before_ms <= record.timestamp <= time.time_ns() // 1_000_000 for record in records)


@pytest.mark.parametrize("codec", [None, "gzip", "lz4", "zstd"])
def test_kafka_returns_what_kafka_python_wrote(kafka: Broker, codec: str | None) -> None:
    topic = f"kafka-python-{codec}"
    create(kafka, topic)
    producer = KafkaProducer(
        bootstrap_servers=kafka.bootstrap, compression_type=codec, acks="all", enable_idempotence=True, linger_ms=50
    )
    for value in VALUES:
        producer.send(topic, value)
    producer.flush()
    producer.close()
    assert [record.value for record in read(kafka, topic, len(VALUES))] == VALUES


def test_kafka_takes_a_record_as_large_as_a_topic_allows(kafka: Broker) -> None:
    create(kafka, "large", **{"max.message.bytes": str(MAX_RECORD_BYTES)})
    value = bytes(MAX_RECORD_BYTES - 1024)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, max_request_size=2 * MAX_RECORD_BYTES)
    producer.send("large", value).get(60)
    producer.close()
    assert [record.value for record in read(kafka, "large", 1)] == [value]


def test_kafka_creates_no_topic_that_was_only_named(kafka: Broker) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, max_block_ms=500)
    with pytest.raises((KafkaTimeoutError, UnknownTopicOrPartitionError)):
        producer.send("mistyped", b"value").get(10)
    producer.close()
    client = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    assert "mistyped" not in client.list_topics()
    client.close()


def test_kafka_keeps_commits_for_ever_and_topics_as_they_are_declared(kafka: Broker) -> None:
    client = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    found = client.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")], config_filter="all")
    client.close()
    config = {name: str(entry["value"]) for name, entry in found["broker"]["1"].items()}
    assert config["offsets.retention.minutes"] == str(2**31 - 1)
    assert config["auto.create.topics.enable"] == "false"
    assert int(config["message.max.bytes"]) > MAX_RECORD_BYTES


def test_kafka_listens_on_the_loopback_address_alone(kafka: Broker) -> None:
    assert kafka.child is not None
    addresses = listening_addresses(kafka.child.pid)
    # As the kernel prints 127.0.0.1: by itself, or mapped into IPv6 as Java binds it.
    assert addresses <= {"0100007F", "0000000000000000FFFF00000100007F"}
    assert addresses


def listening_addresses(pid: int) -> set[str]:
    """Local addresses, in the kernel's hexadecimal, of the TCP sockets that the process listens on."""
    sockets = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        if fd.is_symlink() and (target := str(fd.readlink())).startswith("socket:["):
            sockets.add(target[len("socket:[") : -1])
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]
    ]
    return {line[1].split(":")[0] for line in lines if line[3] == "0A" and line[9] in sockets}
