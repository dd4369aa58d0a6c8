"""`snapshots.v1` to `events.v1` on a real broker: killed and stopped in the middle, the differences are exact."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from deploy.kafka.broker import Broker
from deploy.ports import free_port
from deploy.workers import environment
from schemas.topics import EVENTS, SNAPSHOT_DEAD_LETTERS, SNAPSHOTS, Topic
from streams import topics
from streams.settings import Settings, load
from tests.http_client import HTTP
from tests.oracle.differences import NAMES, Poll, added_up, growth
from tests.oracle.generate import Produced
from tests.oracle.log import Log, read_log
from tests.oracle.produce import produce
from tests.stack_fixture import Running, answers, ask, eventually, stack_settings, wait_until
from tests.streams.kafka_reader import records

pytestmark = pytest.mark.stack

PARTITIONS = 2
POLLS = 9_000
POSTS = 300
KILLS = 5
GROUP = "groundswell.snapshots.v1"
_AGENT = """
from streams import settings, snapshot_agent
snapshot_agent.run(settings.load(), lambda number: True, lambda: False)
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("snapshots")
    with Broker(folder / "kafka", free_port(), print) as broker:
        yield load(kafka_bootstrap=broker.bootstrap, partitions=PARTITIONS, data_dir=folder)


@pytest.fixture(autouse=True)
def topics_anew(settings: Settings) -> None:
    with topics.admin(settings) as client:
        there = [name for name in client.list_topics() if name.startswith((SNAPSHOTS.name, EVENTS.name))]
        if there:
            client.delete_topics(there)
            wait_until(lambda: not set(there) & set(client.list_topics()), "the topics are gone")
    topics.create_topics(settings)


@contextlib.contextmanager
def agent(settings: Settings, name: str = "agent") -> Iterator["subprocess.Popen[bytes]"]:
    """An agent that takes every partition, in a process of its own."""
    env = {**os.environ, **environment(settings)}
    with (settings.data_dir / f"{name}.log").open("ab") as said:
        process = subprocess.Popen([sys.executable, "-c", _AGENT], env=env, stdout=said, stderr=said)
    try:
        yield process
        assert process.poll() in (None, -signal.SIGKILL), (settings.data_dir / f"{name}.log").read_text()
    finally:
        process.kill()
        process.wait()


def polls(count: int, seed: int) -> list[dict[str, Any]]:
    """Polls of a few posts: growing, falling and reset counters, some missing; repeated and late ones."""
    rng = random.Random(seed)
    now_ms = time.time_ns() // 1_000_000 - count
    counters: dict[int, dict[str, int]] = {}
    made: list[dict[str, Any]] = []
    for number in range(count):
        if made and rng.random() < 0.1:
            made.append(rng.choice(made[-200:]))
            continue
        post = rng.randrange(POSTS)
        values = counters.setdefault(post, dict.fromkeys(NAMES[:4], 0))
        for name in values:
            values[name] = 0 if rng.random() < 0.01 else max(0, values[name] + rng.randint(-2, 20))
        made.append(
            {
                "source": "x",
                "post_id": f"post-{post}",
                "observed_at": now_ms + number,
                "counters": {name: value for name, value in values.items() if rng.random() < 0.9} or {"like": None},
                "text": f"#kindness {post}",
                **({"created_at": now_ms, "tracked_since": now_ms} if post % 2 else {}),
            }
        )
    return made


def record(poll: Poll) -> Produced:
    return Produced(f"{poll['source']}:{poll['post_id']}".encode(), json.dumps(poll).encode())


def send(settings: Settings, made: Sequence[Produced], pause_s: float = 0.0) -> None:
    for begin in range(0, len(made), 300):
        produce(settings.kafka_bootstrap, SNAPSHOTS.name, made[begin : begin + 300])
        time.sleep(pause_s)


def ends(settings: Settings, topic: Topic) -> dict[int, int]:
    """The offset after the last record of each partition, committed or not."""
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap)
    try:
        found = consumer.end_offsets([TopicPartition(topic.name, n) for n in consumer.partitions_for_topic(topic.name)])
        return {tp.partition: offset for tp, offset in found.items()}
    finally:
        consumer.close()


def events_lie_beyond(settings: Settings, before: int) -> bool:
    return sum(ends(settings, EVENTS).values()) > before


def taken_to(settings: Settings) -> dict[int, int]:
    with topics.admin(settings) as client:
        listed = topics._once_coordinated(lambda: client.list_group_offsets([GROUP]))
        found = listed.get(GROUP, {})
    return {tp.partition: at.offset for tp, at in found.items() if tp.topic == SNAPSHOTS.name}


def check(settings: Settings) -> Log:
    """Wait until every snapshot is taken; then committed events must be exactly the differences, each once."""
    want = {number: end for number, end in ends(settings, SNAPSHOTS).items() if end}
    wait_until(lambda: taken_to(settings) == want, "every snapshot is taken", 45)
    log = read_log(settings.kafka_bootstrap, SNAPSHOTS.name)
    events = [one.value for part in read_log(settings.kafka_bootstrap, EVENTS.name).values() for one in part]
    expected: dict[Any, int] = {}
    for part in log.values():
        expected |= growth(_readable([one.value for one in part]))
    assert added_up(value for value in events if value) == expected
    ids = [json.loads(value or b"")["event_id"] for value in events]
    assert len(ids) == len(set(ids))
    return log


def _readable(values: Sequence[bytes | None]) -> list[Mapping[str, Any]]:
    return [json.loads(value) for value in values if value and value != b"no snapshot"]


def test_agent_killed_in_the_middle_again_and_again_makes_exactly_the_differences(settings: Settings) -> None:
    rng = random.Random(1)
    made = [record(poll) for poll in polls(POLLS, seed=1)]
    bad = {position: Produced(b"x:bad", b"no snapshot") for position in range(0, POLLS, 500)}
    made = [bad.get(position, one) for position, one in enumerate(made)]
    sending = threading.Thread(target=send, args=(settings, made, 0.1))
    sending.start()
    for _ in range(KILLS):
        before = sum(ends(settings, EVENTS).values())
        with agent(settings) as process:
            wait_until(partial(events_lie_beyond, settings, before), "it makes events", 30)
            time.sleep(rng.uniform(0, 0.2))
            process.kill()
            process.wait()
    sending.join()
    with agent(settings):
        log = check(settings)
    written = records(settings.kafka_bootstrap, EVENTS.name)
    assert len(written) > sum(map(len, read_log(settings.kafka_bootstrap, EVENTS.name).values())), "none was cut short"
    letters = [one for part in read_log(settings.kafka_bootstrap, SNAPSHOT_DEAD_LETTERS.name).values() for one in part]
    places = sorted((number, one.offset) for number, part in log.items() for one in part if one.value == b"no snapshot")
    assert len(places) == len(bad)
    assert sorted(_place(dict(letter.headers)) for letter in letters) == places


def _place(headers: Mapping[str, bytes | None]) -> tuple[int, int]:
    partition, offset = (headers[f"__connect.errors.{name}"] for name in ("partition", "offset"))
    return int(partition or b""), int(offset or b"")


def test_agent_stopped_and_continued_is_shut_out_and_the_differences_are_exact(settings: Settings) -> None:
    made = [record(poll) for poll in polls(POLLS // 2, seed=2)]
    with agent(settings, "zombie") as zombie:
        send(settings, made[: len(made) // 3])
        wait_until(lambda: any(ends(settings, EVENTS).values()), "it makes events", 30)
        zombie.send_signal(signal.SIGSTOP)
        send(settings, made[len(made) // 3 : len(made) // 2])
        before = taken_to(settings)
        with agent(settings, "heir"):
            assert eventually(lambda: taken_to(settings) != before, 30)
            zombie.send_signal(signal.SIGCONT)
            send(settings, made[len(made) // 2 :], 0.1)
            check(settings)


def test_agent_takes_an_earlier_position_for_what_it_is_and_makes_nothing_twice(settings: Settings) -> None:
    made = [record(poll) for poll in polls(POLLS // 6, seed=3)]
    send(settings, made)
    with agent(settings):
        check(settings)
    with topics.admin(settings) as client:
        offsets = {TopicPartition(SNAPSHOTS.name, n): OffsetAndMetadata(0, "", -1) for n in range(PARTITIONS)}
        client.alter_group_offsets(GROUP, offsets)
    with agent(settings):
        check(settings)


def test_snapshots_without_keys_are_taken_where_their_posts_belong(settings: Settings) -> None:
    now_ms = time.time_ns() // 1_000_000
    made = [{**poll, "created_at": now_ms, "tracked_since": now_ms} for poll in polls(500, seed=5)]
    newest = {poll["post_id"]: poll for poll in sorted(made, key=lambda poll: poll["observed_at"])}
    only = list(newest.values())
    send(settings, [Produced(None, json.dumps(poll).encode()) for poll in only])
    with agent(settings):

        def counted() -> dict[Any, int]:
            log = read_log(settings.kafka_bootstrap, EVENTS.name)
            return added_up(one.value for part in log.values() for one in part if one.value)

        wait_until(lambda: counted() == growth(only), "every snapshot is taken", 45)


def test_agent_whose_state_was_deleted_ends_and_says_what_to_do(settings: Settings) -> None:
    send(settings, [record(poll) for poll in polls(50, seed=4)])
    with agent(settings):
        check(settings)
    with topics.admin(settings) as client:
        client.delete_topics(["snapshots.v1.state"])
        wait_until(lambda: "snapshots.v1.state" not in client.list_topics(), "the state is gone")
    topics.create_topics(settings)
    done = subprocess.run(
        [sys.executable, "-c", _AGENT],
        env={**os.environ, **environment(settings)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "has lost what was taken last of each post" in done.stderr


def test_worker_counts_the_differences_that_it_makes(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, partitions=PARTITIONS)
    made = polls(600, seed=5)
    log = tmp_path / "up.log"
    with Running(settings, "up", output=log) as up:
        wait_until(lambda: answers(settings) or up.process.poll() is not None, "ClickHouse answers")
        send(settings, [record(poll) for poll in made])
        want = growth(made)
        sums = {name: sum(total for (_, _, one), total in want.items() if one == name) for name in NAMES[:4]}
        query = "SELECT event_type, sum(quantity) FROM groundswell.engagement WHERE campaign = '*' GROUP BY event_type"

        def counted() -> dict[str, int]:
            return {name: int(total) for name, total in (row.split("\t") for row in ask(settings, query).splitlines())}

        wait_until(lambda: counted() == sums, "the views have the differences", 60)
        page = HTTP.get(f"http://127.0.0.1:{settings.metrics_port}/metrics").text
        assert 'groundswell_snapshots_total{outcome="taken"' in page
        assert up.end(signal.SIGINT) == 0, up.said()
        assert "Traceback" not in up.said()
