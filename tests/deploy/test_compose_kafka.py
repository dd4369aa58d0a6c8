"""Kafka's services of docker-compose.yml, run by the real broker: what one promises, and what three do."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from deploy import compose_env
from deploy.kafka.config import server_properties
from schemas.topics import ALL, EVENTS
from streams import topics
from streams.settings import load
from tests.deploy import compose
from tests.deploy.compose_brokers import Brokers, properties

pytestmark = pytest.mark.stack
ONE, THREE = compose_env.variables(1), compose_env.variables(3)


def produce(brokers: Brokers, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=brokers.bootstrap.split(","), acks="all", enable_idempotence=True)
    producer.send(EVENTS.name, value, partition=0).get(60)
    producer.close()


def consumed(brokers: Brokers, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        EVENTS.name,
        bootstrap_servers=brokers.bootstrap.split(","),
        auto_offset_reset="earliest",
        group_id="test",
        enable_auto_commit=False,
        consumer_timeout_ms=60_000,
    )
    found = [record.value for _, record in zip(range(count), consumer, strict=False)]
    consumer.close()
    return found


def replicas(brokers: Brokers, topic: str) -> set[int]:
    client = KafkaAdminClient(bootstrap_servers=brokers.bootstrap.split(","))
    try:
        (found,) = client.describe_topics([topic])
        return {len(partition["replica_nodes"]) for partition in found["partitions"]}
    finally:
        client.close()


def least_in_sync(brokers: Brokers, topic: str) -> int:
    client = KafkaAdminClient(bootstrap_servers=brokers.bootstrap.split(","))
    try:
        found = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
        return int(found["topic"][topic]["min.insync.replicas"]["value"])
    finally:
        client.close()


@pytest.mark.parametrize("variables", [ONE, THREE], ids=["one", "three"])
def test_brokers_are_set_as_the_embedded_one_is_in_what_counting_relies_on(variables: Mapping[str, str]) -> None:
    embedded = dict(line.split("=", 1) for line in server_properties(Path("/data"), 1, 2).splitlines())
    for name, service in compose.services(variables).items():
        if name.startswith("kafka-"):
            found = properties(service["environment"])
            for setting in ("auto.create.topics.enable", "message.max.bytes", "offsets.retention.minutes"):
                assert found[setting] == embedded[setting]
            replicated = [value for setting, value in found.items() if setting.endswith("replication.factor")]
            assert set(replicated) == {variables.get("KAFKA_REPLICAS", "1")}
            # Whatever the embedded one sets for internal topics, one replica being too few by default, is set here.
            assert {setting for setting in embedded if setting.endswith(("replication.factor", "min.isr"))} <= set(
                found
            )


def test_one_broker_starts_of_its_environment_and_returns_what_it_took(tmp_path: Path) -> None:
    with Brokers(tmp_path, ONE) as brokers:
        assert brokers.names == ["kafka-1"]
        settings = load(kafka_bootstrap=brokers.bootstrap, partitions=1)
        assert set(topics.create_topics(settings)) == {topic.name for topic in ALL}
        produce(brokers, b"one")
        # A group of its own, so that the internal topic is made as well.
        assert consumed(brokers, 1) == [b"one"]
        assert replicas(brokers, EVENTS.name) == {1}


@pytest.mark.long
def test_three_brokers_keep_each_record_thrice_and_go_on_when_one_is_gone(tmp_path: Path) -> None:
    with Brokers(tmp_path, THREE) as brokers:
        assert len(brokers.names) == 3
        topics.create_topics(load(kafka_bootstrap=brokers.bootstrap, partitions=1))
        produce(brokers, b"with all")
        assert consumed(brokers, 1) == [b"with all"]
        assert replicas(brokers, EVENTS.name) | replicas(brokers, "__consumer_offsets") == {3}
        brokers.children["kafka-3"].stop(0)
        produce(brokers, b"with two")
        assert consumed(brokers, 2) == [b"with all", b"with two"]
        # So nothing is acknowledged that is on one disk only.
        assert least_in_sync(brokers, EVENTS.name) == 2
