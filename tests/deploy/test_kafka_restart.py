"""The broker's folder: kept over stops and kills, and refused where it is not a broker's to use."""

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.structs import OffsetAndMetadata

from deploy.kafka.broker import Broker
from deploy.kafka.jars import VERSION
from deploy.ports import free_port
from streams.errors import GroundswellError

pytestmark = pytest.mark.stack
PARTITION = TopicPartition("kept", 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that a broker has used, with a topic ``kept`` and a group's commit, stopped."""
    folder = tmp_path_factory.mktemp("kafka-kept")
    with broker(folder) as kafka:
        client = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
        client.create_topics({"kept": {"num_partitions": 1}}, wait_for_metadata=True)
        client.close()
        produce(kafka, 3)
        commit(kafka, 2)
    return folder


@pytest.fixture
def stopped(folder: Path) -> Iterator[Path]:
    """``folder``, and its stamp put back afterwards."""
    stamp = folder / "log" / "groundswell.json"
    before = stamp.read_text()
    yield folder
    stamp.write_text(before)


def broker(folder: Path, port: int | None = None) -> Broker:
    return Broker(folder, free_port() if port is None else port, progress=print)


def produce(kafka: Broker, count: int) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    for number in range(count):
        producer.send("kept", str(number).encode()).get(60)
    producer.close()


def commit(kafka: Broker, offset: int) -> None:
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id="readers", enable_auto_commit=False)
    consumer.assign([PARTITION])
    consumer.commit({PARTITION: OffsetAndMetadata(offset, "", -1)})
    consumer.close()


def end_and_commit(kafka: Broker) -> tuple[int, int | None]:
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id="readers", enable_auto_commit=False)
    consumer.assign([PARTITION])
    found = int(consumer.end_offsets([PARTITION])[PARTITION]), consumer.committed(PARTITION)
    consumer.close()
    return found


def test_broker_keeps_records_and_commits_over_a_clean_stop_and_over_a_kill(stopped: Path) -> None:
    with broker(stopped) as kafka:
        end, committed = end_and_commit(kafka)
        assert committed == 2
        produce(kafka, 5)
        commit(kafka, 3)
        assert kafka.child is not None
        os.kill(kafka.child.pid, signal.SIGKILL)
        kafka.child.wait(60)
    with broker(stopped) as kafka:
        assert end_and_commit(kafka) == (end + 5, 3)
        commit(kafka, 2)


def test_broker_can_be_stopped_and_started_again(stopped: Path) -> None:
    kafka = broker(stopped)
    try:
        kafka.start()
        before = end_and_commit(kafka)
        kafka.stop()
        assert kafka.child is not None
        assert kafka.child.exit_code() == 128 + signal.SIGTERM  # Java's code for an orderly stop on this signal
        kafka.start()
        assert end_and_commit(kafka) == before
    finally:
        kafka.stop()


def test_broker_refuses_a_folder_in_use(kafka: Broker) -> None:
    folder = kafka._storage.folder
    with (
        pytest.raises(
            GroundswellError, match=rf"^{re.escape(str(folder))} is in use by another broker \(process \d+\)"
        ),
        broker(folder),
    ):
        pytest.fail("started")


def test_broker_refuses_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(GroundswellError, match=f"^Kafka needs port {port} .* set GROUNDSWELL_KAFKA_BOOTSTRAP"),
            broker(tmp_path, port),
        ):
            pytest.fail("started")


@pytest.mark.parametrize(
    ("stamp", "reason"),
    [
        (
            {"layout": 1, "kafka": "4.99.0"},
            rf"written by Kafka 4\.99\.0, which Kafka {re.escape(VERSION)} cannot go on",
        ),
        ({"layout": 1, "kafka": "3.9.1"}, r"written by Kafka 3\.9\.1"),
        ({"layout": 2, "kafka": VERSION}, r"another cluster layout \(2, this one has 1\)"),
        ({}, "data that groundswell did not write"),
        ([], "data that groundswell did not write"),
    ],
)
def test_broker_refuses_a_folder_of_another_version_or_layout(stopped: Path, stamp: object, reason: str) -> None:
    (stopped / "log" / "groundswell.json").write_text(json.dumps(stamp))
    with pytest.raises(GroundswellError, match=reason) as caught, broker(stopped):
        pytest.fail("started")
    assert "move that folder away" in str(caught.value)


def test_broker_goes_on_with_a_folder_of_an_earlier_release(stopped: Path) -> None:
    stamp = stopped / "log" / "groundswell.json"
    stamp.write_text(json.dumps({"layout": 1, "kafka": "4.3.0"}))
    with broker(stopped) as kafka:
        assert end_and_commit(kafka)[0] >= 3
    assert json.loads(stamp.read_text()) == {"layout": 1, "kafka": VERSION}


def test_broker_that_cannot_start_says_why(stopped: Path) -> None:
    meta = stopped / "log" / "meta.properties"
    before = meta.read_text()
    meta.write_text(before.replace("node.id=1", "node.id=7"))
    try:
        with (
            pytest.raises(GroundswellError, match=r"Kafka ended before it was ready \(exit code 1\): Stored node id 7"),
            broker(stopped),
        ):
            pytest.fail("started")
    finally:
        meta.write_text(before)


def test_broker_whose_java_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.kafka.config.JVM_FLAGS", ("-Xmx1k",))
    with (
        pytest.raises(GroundswellError, match=r"storage tool failed \(exit code 1\): .*see .*java\.out"),
        broker(tmp_path),
    ):
        pytest.fail("started")


def test_broker_begins_anew_after_an_interrupted_formatting(tmp_path: Path) -> None:
    (tmp_path / "formatting").mkdir()
    (tmp_path / "formatting" / "meta.properties").write_text("half")
    with broker(tmp_path) as kafka:
        assert kafka.child is not None
    assert not (tmp_path / "formatting").exists()
