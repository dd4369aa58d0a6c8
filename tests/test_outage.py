"""ClickHouse or Kafka away for longer than memory and sessions last: the worker waits, says so, and comes out exact."""

import gc
import logging
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
import structlog
from aiokafka.errors import CoordinatorLoadInProgressError, NodeNotReadyError

from deploy.stack import Stack
from streams import clickhouse
from streams.outage import KafkaWatch
from streams.settings import Settings
from streams.sink import Sink, UnavailableError
from streams.worker import MOST_PENDING_BYTES
from tests.oracle import vocabulary
from tests.oracle.generate import Produced
from tests.oracle.tokens import Tokens
from tests.stack_fixture import Ledger, Running, ask, log_ends, wait_until
from tests.worker_fixture import kill_clickhouse, metric, stack, start_clickhouse, worker

pytestmark = pytest.mark.stack

RECORDS = 2000
BIG_BYTES = 58_000
MOST_RESIDENT = 1536 * 1024 * 1024
SESSION_S = 10
SAID_EVERY_S = 60
FAILURES_BEYOND_SESSION = 8
READ = "groundswell_records_read_total"
LAG = "groundswell_lag_records"
WAITING_FOR_CLICKHOUSE = "groundswell_waiting_for_clickhouse"
WAITING_FOR_KAFKA = "groundswell_waiting_for_kafka"


@pytest.fixture
def running_stack(tmp_path: Path) -> Iterator[tuple[Stack, Ledger]]:
    with stack(tmp_path) as found:
        yield found


def big(ledger: Ledger, least_bytes: int) -> list[Produced]:
    """Events of a campaign with long texts, so that the archive keeps them: together more than ``least_bytes``."""
    hashtag = vocabulary.CAMPAIGNS[0].hashtags[0]
    now_ms = time.time_ns() // 1_000_000
    records = []
    for number in range(least_bytes // BIG_BYTES + 1):
        head = (
            f'{{"event_id": "big-{number}", "source": "web", "event_type": "mention", "event_time": {now_ms}, "text": "'
        )
        value = f'{head}{f"w{number} " * (BIG_BYTES // len(f"w{number} "))}#{hashtag}"}}'.encode()
        ledger.truth[value] = Tokens(hashtag=[(hashtag.casefold(), hashtag)])
        records.append(Produced(f"web:big-{number}".encode(), value))
    return records


def generation(settings: Settings) -> str:
    """The consumer group's; had the worker left the group, it would have come back in another one."""
    return ask(settings, "SELECT max(generation) FROM groundswell.segments")


def resident(running: Running, field: str) -> int:
    """A line of the process's memory, in bytes."""
    status = Path(f"/proc/{running.process.pid}/status").read_text(encoding="ascii")
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def signal_kafka(engines: Stack, number: signal.Signals) -> None:
    """Stop the broker where it is, or kill it, so that it can be started again."""
    child = engines._kafka.child
    assert child
    os.kill(child.pid, number)
    if number == signal.SIGKILL:
        child.wait(SESSION_S)
        engines._kafka.stop()


def refused_writes_keep_nothing(sink: Sink) -> bool:
    """Whether what a failed write made of its rows is gone before the garbage collector comes."""
    rows = pl.DataFrame({"text": [f"{number:1000}" for number in range(10_000)]})
    gc.disable()
    try:
        before = pa.total_allocated_bytes()
        for _ in range(3):
            with pytest.raises(UnavailableError):
                sink.write("archive", rows)
        return bool(pa.total_allocated_bytes() == before)
    finally:
        gc.enable()


def test_worker_waits_for_clickhouse_keeps_its_partitions_and_catches_up_exactly(
    running_stack: tuple[Stack, Ledger],
) -> None:
    engines, ledger = running_stack
    port = ledger.settings.metrics_port
    with worker(ledger.settings) as running:
        ledger.send(ledger.generate(RECORDS, seed=2))
        ledger.check()
        before = generation(ledger.settings)
        kill_clickhouse(engines)
        ledger.send(ledger.generate(RECORDS, seed=3))
        wait_until(lambda: metric(port, WAITING_FOR_CLICKHOUSE) == 1, "the worker waits")
        failures = metric(port, "groundswell_flush_failures_total")
        wait_until(
            lambda: metric(port, "groundswell_flush_failures_total") >= failures + 6, "its session would be over"
        )
        assert running.process.poll() is None
        start_clickhouse(engines)
        ledger.check()
        wait_until(lambda: metric(port, WAITING_FOR_CLICKHOUSE) == 0, "nothing is waited for")
        # Had the worker left its group, it would have come back in another generation.
        assert generation(ledger.settings) == before
        assert running.end(signal.SIGTERM) == 0


@pytest.mark.long
def test_clickhouse_away_for_longer_than_memory_lasts_is_waited_for_and_totals_are_exact(
    running_stack: tuple[Stack, Ledger],
) -> None:
    engines, ledger = running_stack
    settings, port = ledger.settings, ledger.settings.metrics_port
    with worker(settings) as running:
        ledger.send(ledger.generate(RECORDS, seed=1))
        ledger.check()
        before = generation(settings)
        sink = Sink(clickhouse.connect(settings))
        kill_clickhouse(engines)
        away_s = time.monotonic()
        assert refused_writes_keep_nothing(sink)
        # A flush takes what is there and waits; beyond that as much is counted as memory may hold, and no more read.
        ledger.send(ledger.generate(RECORDS, seed=2))
        wait_until(lambda: metric(port, WAITING_FOR_CLICKHOUSE) == 1, "the worker waits")
        ledger.send(big(ledger, 3 * MOST_PENDING_BYTES))
        failures = metric(port, "groundswell_flush_failures_total")
        wait_until(
            lambda: metric(port, "groundswell_flush_failures_total") >= failures + FAILURES_BEYOND_SESSION,
            "its session would be over",
        )
        on_log = sum(log_ends(settings).values())
        wait_until(lambda: metric(port, READ) + metric(port, LAG) == on_log, "the lag is known")
        assert metric(port, LAG) > 0
        assert running.process.poll() is None
        said = running.said().count("ClickHouse does not take rows; waiting, nothing is lost")
        assert 1 <= said <= 1 + (time.monotonic() - away_s) // SAID_EVERY_S
        assert "Retrying" not in running.said()
        start_clickhouse(engines)
        ledger.check()
        wait_until(lambda: metric(port, WAITING_FOR_CLICKHOUSE) == 0, "nothing is waited for")
        wait_until(lambda: metric(port, LAG) == 0, "there is no lag")
        assert generation(settings) == before
        assert resident(running, "VmHWM") < MOST_RESIDENT
        assert running.end(signal.SIGTERM) == 0


@pytest.mark.long
def test_kafka_that_hangs_and_then_is_away_is_waited_for_and_totals_are_exact(
    running_stack: tuple[Stack, Ledger],
) -> None:
    engines, ledger = running_stack
    settings, port = ledger.settings, ledger.settings.metrics_port
    with worker(settings) as running:
        ledger.send(ledger.generate(RECORDS, seed=3))
        ledger.check()
        ledger.send(ledger.generate(RECORDS, seed=4))
        away_s = time.monotonic()
        signal_kafka(engines, signal.SIGSTOP)
        wait_until(lambda: metric(port, WAITING_FOR_KAFKA) == 1, "the silence is noticed")
        signal_kafka(engines, signal.SIGKILL)
        killed_s = time.monotonic()
        # What was read is seen, though its dead letters are not acknowledged.
        wait_until(lambda: ledger.read() == metric(port, READ), "what was read is visible")
        wait_until(lambda: time.monotonic() > killed_s + 2 * SESSION_S, "its session would be over")
        assert running.process.poll() is None
        assert metric(port, WAITING_FOR_KAFKA) == 1
        assert metric(port, WAITING_FOR_CLICKHOUSE) == 0
        engines._kafka.start()
        ledger.send(ledger.generate(RECORDS, seed=5))
        ledger.check()
        wait_until(lambda: metric(port, WAITING_FOR_KAFKA) == 0, "Kafka answers")
        assert metric(port, READ) == 3 * RECORDS
        said = running.said()
        times_said = said.count("Kafka does not answer; waiting, nothing is lost")
        assert 1 <= said.count("Kafka answers again") <= times_said
        assert times_said <= 1 + (time.monotonic() - away_s) // SAID_EVERY_S
        assert "Unable connect" not in said
        ledger.send(ledger.generate(RECORDS, seed=6))
        signal_kafka(engines, signal.SIGKILL)
        # It does not wait for Kafka to be told.
        assert running.end(signal.SIGTERM) == 0


def test_complaints_of_kafkas_driver_become_one_sentence_and_all_else_is_passed_on() -> None:
    # A logger of its own: what other tests of this process have configured may have switched the others off.
    driver, watch = logging.getLogger("aiokafka.of_this_test"), KafkaWatch()
    driver.setLevel(logging.DEBUG)
    watch.install()
    passed: list[str] = []
    collector = logging.Handler()
    collector.emit = lambda record: passed.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(collector)
    try:
        with structlog.testing.capture_logs() as said:
            driver.warning("Not authorized to read from topic %s.", "t")
            for node in range(1000):
                driver.error("Failed fetch messages from %s: %s", node, NodeNotReadyError("node is not ready"))
                driver.error("Unable to update metadata from %s", [node])
            driver.warning("Coordinator: %s", CoordinatorLoadInProgressError())
    finally:
        logging.getLogger().removeHandler(collector)
        logging.getLogger("aiokafka").removeHandler(watch)
        logging.getLogger("aiokafka").propagate = True
        logging.getLogger("kafka").setLevel(logging.NOTSET)
    assert passed == ["Not authorized to read from topic t."]
    assert [line["event"] for line in said] == ["Kafka does not answer; waiting, nothing is lost"]
    assert "node is not ready" in said[0]["reason"]
