"""A worker started by hand against servers at other addresses: settings only, and it never counts on in silence."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from deploy.stack import Stack
from deploy.workers import environment
from schemas.topics import EVENTS, MARKER_HEADER
from streams import topics
from streams.campaigns import load
from streams.declare import declared
from streams.errors import CRASHED
from streams.settings import Settings
from tests.oracle.log import read_log
from tests.stack_fixture import (
    PATIENCE_S,
    Ledger,
    account,
    ask,
    groundswell,
    log_ends,
    stack_settings,
    wait_until,
    wait_until_counted,
)
from tests.worker_fixture import (
    HALF,
    PARTITIONS,
    committed,
    kill_clickhouse,
    metric,
    refusal,
    stack,
    start_clickhouse,
    worker,
)

pytestmark = pytest.mark.stack

SEGMENT_AGE_S = 3


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Ledger]]:
    """A stack with a topic of which some is counted, and no worker that runs."""
    with stack(tmp_path_factory.mktemp("worker")) as (running_stack, ledger):
        ledger.send(ledger.generate(HALF, seed=0))
        with worker(ledger.settings) as running:
            ledger.check()
            assert running.end(signal.SIGTERM) == 0
        yield running_stack, ledger


@pytest.fixture
def counted(shared: tuple[Stack, Ledger]) -> Ledger:
    return shared[1]


def test_second_worker_joins_and_leaves_and_totals_are_exact(counted: Ledger) -> None:
    records = counted.generate(2 * HALF, seed=1)
    with worker(counted.settings, "first") as first:
        counted.send(records[:HALF])
        wait_until(lambda: metric(counted.settings.metrics_port, "groundswell_records_read_total"), "the first counts")
        with worker(counted.settings, "second") as second:
            wait_until(lambda: "next free one used" in second.said(), "the second has found the metrics port taken")
            found = re.search(r"taken=(\d+) used=(\d+)", second.said())
            assert found
            assert int(found[1]) == counted.settings.metrics_port < int(found[2])
            port = int(found[2])
            wait_until(lambda: counts_more(counted, port), "the second counts")
            counted.send(records[HALF : HALF + HALF // 2])
            assert second.end(signal.SIGTERM) == 0
        counted.send(records[HALF + HALF // 2 :])
        counted.check()
        assert first.end(signal.SIGINT) == 0


def test_workers_declare_what_their_campaign_files_say_and_the_same_only_once(counted: Ledger) -> None:
    # The second worker of this stack.
    with worker(counted.settings) as running:
        counted.send(counted.generate(100, seed=5))
        counted.check()
        # What the libraries would import at their first use, for nothing.
        assert "/pandas/" not in Path(f"/proc/{running.process.pid}/maps").read_text(encoding="utf-8")
    declarations = "SELECT uniqExact(declaration), countIf(kind != '') FROM groundswell.declaration"
    expected = len(list(declared(load(counted.settings.campaigns))))
    assert expected
    assert ask(counted.settings, declarations) == f"1\t{expected}\n"


def counts_more(ledger: Ledger, port: int) -> bool:
    """Send a little; whether the worker with these metrics has had a share of what was sent so far."""
    ledger.send(ledger.generate(20, seed=len(ledger.truth)))
    return metric(port, "groundswell_records_read_total") > 0


def test_worker_refuses_another_segment_size_than_the_topic_is_counted_by(counted: Ledger) -> None:
    said = refusal(counted.settings.model_copy(update={"segment_size": 1024}), "worker")
    assert "GROUNDSWELL_SEGMENT_SIZE is 1024, but" in said
    assert "set it back to 512" in said


def test_worker_refuses_a_group_that_knows_nothing_of_what_is_counted(counted: Ledger) -> None:
    said = refusal(counted.settings.model_copy(update={"group": "another"}), "worker")
    assert "Consumer group 'another' has no commit for partition 0, 1" in said
    assert "set GROUNDSWELL_GROUP back" in said


@pytest.mark.parametrize(
    ("name", "value", "what", "mend"),
    [
        ("message.timestamp.type", "CreateTime", "has message.timestamp.type=CreateTime", "set it to LogAppendTime"),
        ("retention.ms", "35999000", "keeps records for 35999 s", "raise retention.ms to 36000000 at least"),
    ],
)
def test_worker_refuses_a_topic_that_counting_cannot_be_exact_on(
    counted: Ledger, name: str, value: str, what: str, mend: str
) -> None:
    def configure(chosen: str) -> None:
        with topics.admin(counted.settings) as client:
            client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, EVENTS.name, {name: chosen})])

    configure(value)
    try:
        said = refusal(counted.settings, "worker")
    finally:
        configure(EVENTS.config[name])
    assert what in said
    assert mend in said


def test_records_of_aborted_transactions_are_not_counted(counted: Ledger) -> None:
    with worker(counted.settings) as running:
        asyncio.run(transactions(counted.settings))
        counted.check()
        rows = ask(
            counted.settings,
            "SELECT token, sum(posts) FROM groundswell.token_counts WHERE campaign = '*' AND token LIKE 'transaction%' "
            "GROUP BY token ORDER BY token",
        )
        assert rows == "transaction_committed\t20\ntransaction_tried_again\t10\n"
        assert running.end(signal.SIGTERM) == 0


async def transactions(settings: Settings) -> None:
    """Ten events in a transaction that is aborted; they and ten others in one that is committed; ten more aborted."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap, transactional_id="test")
    await producer.start()
    try:
        for tag, numbers, good in (
            ("transaction_aborted", range(10), False),
            ("transaction_tried_again", range(10), True),
            ("transaction_committed", range(10, 30), True),
            ("transaction_aborted", range(30, 40), False),
        ):
            await producer.begin_transaction()
            for number in numbers:
                event = {"event_id": f"t-{number}", "source": "web", "event_type": "mention", "text": f"#{tag}"}
                value = json.dumps({**event, "event_time": 1_763_700_000_000}).encode()
                await producer.send_and_wait(EVENTS.name, value, partition=number % PARTITIONS)
            await (producer.commit_transaction() if good else producer.abort_transaction())
    finally:
        await producer.stop()


def test_worker_waits_for_clickhouse_keeps_its_partitions_and_catches_up_exactly(shared: tuple[Stack, Ledger]) -> None:
    running_stack, ledger = shared
    port = ledger.settings.metrics_port
    generation = "SELECT max(generation) FROM groundswell.segments"
    with worker(ledger.settings) as running:
        ledger.send(ledger.generate(HALF, seed=2))
        ledger.check()
        before = ask(ledger.settings, generation)
        kill_clickhouse(running_stack)
        ledger.send(ledger.generate(HALF, seed=3))
        wait_until(lambda: metric(port, "groundswell_waiting_for_clickhouse") == 1, "the worker waits")
        failures = metric(port, "groundswell_flush_failures_total")
        wait_until(
            lambda: metric(port, "groundswell_flush_failures_total") >= failures + 6, "its session would be over"
        )
        assert running.process.poll() is None
        start_clickhouse(running_stack)
        ledger.check()
        wait_until(lambda: metric(port, "groundswell_waiting_for_clickhouse") == 0, "nothing is waited for")
        # Had the worker left its group, it would have come back in another generation.
        assert ask(ledger.settings, generation) == before
        assert running.end(signal.SIGTERM) == 0


def test_records_deleted_before_they_were_counted_stop_the_worker_and_doctor_explains(tmp_path: Path) -> None:
    with stack(tmp_path) as (_, ledger):
        with worker(ledger.settings) as running:
            ledger.send(ledger.generate(HALF, seed=4))
            wait_until_counted(ledger.settings, HALF)
            assert running.end(signal.SIGTERM) == 0
        ledger.send(ledger.generate(HALF, seed=5))
        with topics.admin(ledger.settings) as client:
            ends = log_ends(ledger.settings)
            client.delete_records({TopicPartition(EVENTS.name, number): end - 1 for number, end in ends.items()})
        said = refusal(ledger.settings, "worker")
        assert re.search(r"Records \d+ to \d+ of events.v1, partition \d, are gone from Kafka", said)
        assert "groundswell doctor" in said
        doctor = groundswell(ledger.settings, "doctor")
        assert doctor.returncode == 1
        assert re.search(r"\nMEND  log: Partition \d was counted up to \d+, but Kafka has deleted", doctor.stdout)
        assert doctor.stderr == ""


def test_idle_segment_is_closed_by_a_marker_and_the_commit_moves_on(tmp_path: Path) -> None:
    with stack(tmp_path, segment_age_s=SEGMENT_AGE_S) as (_, ledger), worker(ledger.settings) as running:
        ledger.send(ledger.generate(HALF, seed=6))
        ledger.check()
        wait_until(
            lambda: all(numbers["markers"] for numbers in account(ledger.settings).values()),
            "each partition has a marker",
        )
        log = read_log(ledger.settings.kafka_bootstrap, EVENTS.name)
        markers = {
            partition: [record.offset for record in records if MARKER_HEADER in dict(record.headers)]
            for partition, records in log.items()
        }
        assert sorted(markers) == list(range(PARTITIONS))
        wait_until(
            lambda: all(committed(ledger.settings)[one] >= found[0] for one, found in markers.items()),
            "the marker's offset is committed",
        )
        ledger.check()
        assert running.end(signal.SIGTERM) == 0


def test_supervised_worker_that_finds_a_server_away_is_one_to_start_again(tmp_path: Path) -> None:
    away = stack_settings(tmp_path)
    assert groundswell(away, "worker").returncode == 1
    (tmp_path / "metrics").mkdir()
    done = groundswell(away, "worker", env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")})
    assert done.returncode == 3
    assert "No Kafka broker answers" in done.stderr


LOSING = """
import sys
from streams.worker import Worker
from streams.cli import main

take, taken = Worker.take, []

async def losing(self, tp, delivery):
    taken.append(tp)
    if taken.count(tp) != 3:
        await take(self, tp, delivery)

Worker.take = losing
sys.argv = ["groundswell", "worker"]
main()
"""
"""A worker in which a delivery of each partition is lost between Kafka's client and counting."""


def test_delivery_lost_on_its_way_to_counting_ends_the_worker_and_a_new_start_counts_it(tmp_path: Path) -> None:
    with stack(tmp_path, batch_records=50) as (_, ledger):
        ledger.send(ledger.generate(HALF, seed=8))
        command = [sys.executable, "-c", LOSING]
        env = {**os.environ, **environment(ledger.settings)}
        lossy = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert lossy.returncode == CRASHED
        assert "then came what follows" in lossy.stderr
        with worker(ledger.settings):
            ledger.check()
