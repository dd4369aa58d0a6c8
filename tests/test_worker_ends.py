"""A worker that must not count on ends and says why; one that is idle closes its segments."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import TopicPartition

from deploy.workers import environment
from schemas.topics import EVENTS, MARKER_HEADER
from streams import topics
from streams.errors import CRASHED
from streams.settings import Settings
from tests.oracle import vocabulary
from tests.oracle.log import read_log
from tests.stack_fixture import (
    PATIENCE_S,
    Ledger,
    account,
    groundswell,
    log_ends,
    stack_settings,
    wait_until,
    wait_until_counted,
)
from tests.worker_fixture import HALF, PARTITIONS, committed, empty, refusal, stack, worker

pytestmark = pytest.mark.stack

SEGMENT_AGE_S = 3


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with stack(tmp_path_factory.mktemp("ends")) as (_, ledger):
        yield ledger.settings


@pytest.fixture
def ledger(engines: Settings) -> Ledger:
    empty(engines)
    return Ledger(engines, vocabulary.CAMPAIGNS)


def test_records_deleted_before_they_were_counted_stop_the_worker_and_doctor_explains(ledger: Ledger) -> None:
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


def test_idle_segment_is_closed_by_a_marker_and_the_commit_moves_on(ledger: Ledger) -> None:
    soon = Ledger(ledger.settings.model_copy(update={"segment_age_s": SEGMENT_AGE_S}), ledger.campaigns)
    with worker(soon.settings) as running:
        soon.send(soon.generate(HALF, seed=6))
        soon.check()
        wait_until(
            lambda: all(numbers["markers"] for numbers in account(soon.settings).values()),
            "each partition has a marker",
        )
        log = read_log(soon.settings.kafka_bootstrap, EVENTS.name)
        markers = {
            partition: [record.offset for record in records if MARKER_HEADER in dict(record.headers)]
            for partition, records in log.items()
        }
        assert sorted(markers) == list(range(PARTITIONS))
        wait_until(
            lambda: all(committed(soon.settings)[one] >= found[0] for one, found in markers.items()),
            "the marker's offset is committed",
        )
        soon.check()
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


def test_delivery_lost_on_its_way_to_counting_ends_the_worker_and_a_new_start_counts_it(ledger: Ledger) -> None:
    ledger.send(ledger.generate(HALF, seed=8))
    in_pieces = ledger.settings.model_copy(update={"batch_records": 50})
    command = [sys.executable, "-c", LOSING]
    env = {**os.environ, **environment(in_pieces)}
    lossy = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert lossy.returncode == CRASHED
    assert "then came what follows" in lossy.stderr
    with worker(in_pieces):
        ledger.check()
