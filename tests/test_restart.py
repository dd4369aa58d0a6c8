"""`groundswell up`, stopped or killed in the middle of counting, and started again: every total comes out exact."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from deploy.ports import is_free
from tests.oracle import vocabulary
from tests.stack_fixture import Ledger, Running, alive, answers, ask, stack_settings, wait_until

pytestmark = pytest.mark.stack

RECORDS = 4_000
SEGMENT_RECORDS = 512
HORIZON_RECORDS = 1000
STOP_S = 60


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """One data folder, on which every test goes on: its log, and so what must be counted, grows with each."""
    settings = stack_settings(
        tmp_path_factory.mktemp("restart"),
        vocabulary.CAMPAIGNS,
        segment_size=SEGMENT_RECORDS,
        horizon_records=HORIZON_RECORDS,
        partitions=2,
    )
    return Ledger(settings, vocabulary.CAMPAIGNS)


@contextmanager
def up(ledger: Ledger) -> Iterator[Running]:
    log = ledger.settings.data_dir.with_name("up.log")
    with Running(ledger.settings, "up", "--workers", "2", output=log) as running:
        wait_until(lambda: answers(ledger.settings) or running.process.poll() is not None, "ClickHouse answers")
        assert running.process.poll() is None, running.said()
        yield running
        assert "Traceback" not in running.said()


def end_by_ctrl_c(ledger: Ledger, running: Running) -> None:
    wait_until(lambda: len(running.children()) == 5, "the broker, ClickHouse, both workers and the live page run")
    children = running.children()
    started_s = time.monotonic()
    assert running.end(signal.SIGINT) == 0, running.said()
    assert time.monotonic() - started_s < STOP_S
    assert not any(alive(pid) for pid in children)
    assert ports_are_free(ledger)


def ports_are_free(ledger: Ledger) -> bool:
    settings = ledger.settings
    engines = (int(address.rsplit(":", 1)[1]) for address in (settings.kafka_bootstrap, settings.clickhouse_url))
    return all(is_free(port) for port in (*engines, settings.metrics_port))


def check(ledger: Ledger) -> None:
    ledger.check()
    fewest = "SELECT uniqExact(segment) AS n FROM groundswell.records GROUP BY partition ORDER BY n LIMIT 1"
    assert int(ask(ledger.settings, fewest)) > 2


def workers_of(running: Running) -> list[int]:
    return [pid for pid, command in running.children().items() if " worker" in command]


def replaced(running: Running, worker: int) -> bool:
    now = workers_of(running)
    return worker not in now and len(now) == 2


@pytest.mark.long
def test_up_stopped_by_ctrl_c_in_the_middle_leaves_nothing_behind_and_goes_on_exactly(ledger: Ledger) -> None:
    records = ledger.generate(RECORDS, seed=1)
    with up(ledger) as running:
        before = ledger.read()
        ledger.send(records[: RECORDS // 2])
        wait_until(lambda: ledger.read() > before, "something of it is counted")
        end_by_ctrl_c(ledger, running)
    with up(ledger) as running:
        ledger.send(records[RECORDS // 2 :])
        check(ledger)
        end_by_ctrl_c(ledger, running)


def test_workers_killed_in_the_middle_are_started_again_and_totals_are_exact(ledger: Ledger) -> None:
    records = ledger.generate(RECORDS, seed=2)
    with up(ledger) as running:
        before = ledger.read()
        sending = threading.Thread(target=ledger.send, args=(records,))
        sending.start()
        wait_until(lambda: ledger.read() > before, "something of it is counted")
        for worker in workers_of(running):
            os.kill(worker, signal.SIGKILL)
            wait_until(partial(replaced, running, worker), "another one sits in its place")
        sending.join()
        check(ledger)
        assert running.said().count("ended with signal SIGKILL: started again in") == 2
        end_by_ctrl_c(ledger, running)


@pytest.mark.long
def test_everything_killed_in_the_middle_goes_on_exactly(ledger: Ledger) -> None:
    records = ledger.generate(RECORDS, seed=3)
    with up(ledger) as running:
        before = ledger.read()
        ledger.send(records[: RECORDS // 2])
        wait_until(lambda: ledger.read() > before, "something of it is counted")
        children = running.children()
        for pid in (running.process.pid, *children):
            os.kill(pid, signal.SIGKILL)
        running.process.wait()
        wait_until(lambda: not any(alive(pid) for pid in children), "no process is left")
        wait_until(lambda: ports_are_free(ledger), "all ports are free")
    with up(ledger) as running:
        ledger.send(records[RECORDS // 2 :])
        check(ledger)
        end_by_ctrl_c(ledger, running)
