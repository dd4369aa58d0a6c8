import json
import struct
import uuid
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.broker import Broker
from deploy.ports import free_port
from schemas.event import MAX_VALUE_BYTES, Event, record_key
from schemas.topics import EVENTS, Topic
from streams import producer as producer_module
from streams import topics
from streams.errors import GroundswellError
from streams.producer import Producer
from streams.settings import Settings, load
from streams.sources.outcome import Refused
from tests.streams.kafka_reader import records

PARTITIONS = 4


def murmur2(data: bytes) -> int:
    """MurmurHash2 with Kafka's seed, written from its definition."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        k = word * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    if data[whole:]:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def like(number: int, **fields: Any) -> Event:
    given = {"event_id": f"e{number}", "source": "x", "event_type": "like", "event_time": 1_700_000_000_000 + number}
    return Event(**{**given, **fields})


def new_topic(kafka: Broker, **config: str) -> tuple[Settings, Topic]:
    settings = load(kafka_bootstrap=kafka.bootstrap)
    topic = Topic(f"producer-{uuid.uuid4()}", "", "", "", {**EVENTS.config, **config})
    with topics.admin(settings) as client:
        creation = {topic.name: {"num_partitions": PARTITIONS, "configs": topic.config}}
        client.create_topics(creation, wait_for_metadata=True)
    return settings, topic


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # From the test of Kafka's own Java client.
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_producer_oracle_is_kafkas_murmur2(data: bytes, expected: int) -> None:
    assert murmur2(data) == expected & 0xFFFFFFFF


def test_producer_acknowledged_is_what_is_consumed_in_order_and_by_key(kafka: Broker) -> None:
    settings, topic = new_topic(kafka)
    events = [like(n, ref_post_id=f"post-{n % 37}", text="💜" * (n % 50)) for n in range(5000)]
    progress: list[int] = []
    with Producer(settings, topic=topic, on_progress=progress.append) as producer:
        for event in events:
            producer.publish(event)
    assert producer.sent == len(events)
    assert producer.pending == 0
    assert not producer.refused
    assert progress == sorted(progress)
    assert progress[-1] == len(events)
    found = records(kafka.bootstrap, topic.name)
    by_id = {event.event_id: event for event in events}
    assert sorted(json.loads(record.value)["event_id"] for record in found) == sorted(by_id)
    for record in found:
        event = by_id[json.loads(record.value)["event_id"]]
        assert record.key == f"x:{event.ref_post_id}".encode() == record_key(event)
        assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % PARTITIONS
        assert json.loads(record.value) == {
            "event_id": event.event_id,
            "source": "x",
            "event_type": "like",
            "event_time": event.event_time,
            "ref_post_id": event.ref_post_id,
            "text": event.text,
        }
    for partition in range(PARTITIONS):
        times = [json.loads(record.value)["event_time"] for record in found if record.partition == partition]
        assert times == sorted(times)


def test_producer_names_what_cannot_be_sent_and_sends_the_rest(kafka: Broker) -> None:
    settings, topic = new_topic(kafka)
    refused: list[tuple[str, Refused]] = []
    with Producer(settings, topic=topic, on_refused=lambda *one: refused.append(one)) as producer:
        producer.publish(like(1))
        producer.publish(like(2, text="a" * MAX_VALUE_BYTES))
        producer.publish(like(3, text="\ud800"))
        producer.publish(like(4))
    assert producer.sent == 2
    assert producer.refused == {"too_large": 1, "surrogate": 1}
    assert [event_id for event_id, _ in refused] == ["e2", "e3"]
    assert len(records(kafka.bootstrap, topic.name)) == 2


def test_producer_stops_by_name_when_the_topic_takes_less_than_an_event(kafka: Broker) -> None:
    settings, topic = new_topic(kafka, **{"max.message.bytes": "2000"})
    incompressible = "".join(uuid.uuid4().hex for _ in range(200))
    producer = Producer(settings, topic=topic)
    for number in range(50):
        producer.publish(like(number, ref_post_id="one", text=incompressible if number == 20 else "short"))
    with pytest.raises(GroundswellError, match=rf"{topic.name} takes no events of .* raise its max\.message\.bytes"):
        producer.flush()
    producer.abort()
    found = [json.loads(record.value)["event_id"] for record in records(kafka.bootstrap, topic.name)]
    assert found[:20] == [f"e{number}" for number in range(20)]
    assert producer.sent == 20


def test_producer_bounds_what_waits(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer_module, "MAX_PENDING_RECORDS", 500)
    monkeypatch.setattr(producer_module, "MAX_PENDING_BYTES", 1_000_000)
    settings, topic = new_topic(kafka)
    most = most_bytes = 0
    with Producer(settings, topic=topic) as producer:
        for number in range(3000):
            producer.publish(like(number, text="a" * (10_000 if number > 2500 else 10)))
            most = max(most, producer.pending)
            most_bytes = max(most_bytes, producer._pending_bytes)
    assert most <= 500
    assert most_bytes <= 1_000_000
    assert producer.sent == 3000


def test_producer_missing_topic_is_one_clear_sentence(kafka: Broker) -> None:
    missing = Topic(f"missing-{uuid.uuid4()}", "", "", "", {})
    with pytest.raises(GroundswellError, match=rf"no topic {missing.name}: run `groundswell migrate`"):
        Producer(load(kafka_bootstrap=kafka.bootstrap), topic=missing)


def test_producer_without_a_broker_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "CONNECT_S", 1)
    port = free_port()
    with pytest.raises(GroundswellError, match=rf"127\.0\.0\.1:{port}.*`groundswell up`"):
        Producer(load(kafka_bootstrap=f"127.0.0.1:{port}"))


def test_producer_tells_when_the_broker_stays_away(tmp_path: Path) -> None:
    settings = load(kafka_bootstrap=f"127.0.0.1:{free_port()}")
    port = int(settings.kafka_bootstrap.rpartition(":")[2])
    with Broker(tmp_path, port, progress=print) as broker:
        topics.create_topics(settings)
        producer = Producer(settings, delivery_timeout_s=3)
        for number in range(100):
            producer.publish(like(number))
        producer.flush()
        broker.stop()
        producer.publish(like(100))
        with pytest.raises(GroundswellError, match=rf"{settings.kafka_bootstrap} no longer acknowledges.* 100 were"):
            producer.flush()
        assert (producer.sent, producer.pending) == (100, 1)
        producer.abort()
