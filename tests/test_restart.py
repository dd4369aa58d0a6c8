"""`groundswell up`, stopped or killed in the middle of counting, and started again: every total comes out exact."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.ports import is_free
from schemas.topics import EVENTS
from streams.settings import Settings
from tests.oracle import vocabulary
from tests.oracle.generate import Produced, generate
from tests.oracle.log import read_log
from tests.oracle.produce import produce
from tests.oracle.tokens import Tokens
from tests.stack_fixture import (
    Running,
    alive,
    answers,
    ask,
    log_ends,
    stack_settings,
    wait_until,
    wait_until_counted,
    wrong_counts,
)

pytestmark = pytest.mark.stack

RECORDS = 12_000
SLICE_RECORDS = 500
SEGMENT_RECORDS = 1024
HORIZON_RECORDS = 2000
STOP_S = 60


@dataclass
class Site:
    """One data folder, on which every test goes on; its log, and so what must be counted, grows with each."""

    settings: Settings
    folder: Path
    truth: dict[bytes, Tokens] = field(default_factory=dict)

    @contextmanager
    def up(self) -> Iterator[Running]:
        with Running(self.settings, "up", "--workers", "2", output=self.folder / "up.log") as running:
            wait_until(lambda: answers(self.settings) or running.process.poll() is not None, "ClickHouse answers")
            assert running.process.poll() is None, running.said()
            yield running

    def records(self, seed: int) -> list[Produced]:
        made = generate(RECORDS, seed, time.time_ns() // 1_000_000, share_bad=0.02)
        self.truth |= made.truth
        return made.records

    def send(self, records: list[Produced]) -> None:
        for begin in range(0, len(records), SLICE_RECORDS):
            produce(self.settings.kafka_bootstrap, EVENTS.name, records[begin : begin + SLICE_RECORDS], "zstd")

    def read(self) -> int:
        return int(ask(self.settings, "SELECT sum(read) FROM groundswell.records"))

    def check(self) -> None:
        wait_until_counted(self.settings, sum(log_ends(self.settings).values()))
        log = read_log(self.settings.kafka_bootstrap, EVENTS.name)
        assert wrong_counts(self.settings, log, vocabulary.CAMPAIGNS, self.truth) == []
        segments = "SELECT uniqExact(segment) AS n FROM groundswell.records GROUP BY partition ORDER BY n LIMIT 1"
        assert int(ask(self.settings, segments)) > 2

    def free(self) -> bool:
        addresses = (self.settings.kafka_bootstrap, self.settings.clickhouse_url)
        return all(is_free(int(one.rsplit(":", 1)[1])) for one in addresses) and is_free(self.settings.metrics_port)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("restart")
    settings = stack_settings(
        folder, vocabulary.CAMPAIGNS, segment_size=SEGMENT_RECORDS, horizon_records=HORIZON_RECORDS
    )
    return Site(settings, folder)


def workers_of(running: Running) -> list[int]:
    return [pid for pid, command in running.children().items() if " worker" in command]


def test_up_stopped_by_ctrl_c_in_the_middle_leaves_nothing_behind_and_goes_on_exactly(site: Site) -> None:
    records = site.records(seed=1)
    with site.up() as running:
        before = site.read()
        site.send(records[: RECORDS // 2])
        wait_until(lambda: site.read() > before, "something of it is counted")
        children = running.children()
        assert len(children) == 4
        started_s = time.monotonic()
        assert running.end(signal.SIGINT) == 0, running.said()
        assert time.monotonic() - started_s < STOP_S
        assert "Traceback" not in running.said()
        assert not any(alive(pid) for pid in children)
        assert site.free()
    with site.up() as running:
        site.send(records[RECORDS // 2 :])
        site.check()
        assert running.end(signal.SIGINT) == 0


def test_workers_killed_in_the_middle_are_started_again_and_totals_are_exact(site: Site) -> None:
    records = site.records(seed=2)
    with site.up() as running:
        before = site.read()
        sending = threading.Thread(target=site.send, args=(records,))
        sending.start()
        wait_until(lambda: site.read() > before, "something of it is counted")
        for worker in workers_of(running):
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda gone=worker: gone not in workers_of(running), "the worker has gone")
            wait_until(lambda: len(workers_of(running)) == 2, "another one sits in its place")
        sending.join()
        site.check()
        assert running.said().count("ended with signal SIGKILL: started again in") == 2
        assert running.end(signal.SIGINT) == 0


def test_everything_killed_in_the_middle_goes_on_exactly(site: Site) -> None:
    records = site.records(seed=3)
    with site.up() as running:
        before = site.read()
        site.send(records[: RECORDS // 2])
        wait_until(lambda: site.read() > before, "something of it is counted")
        children = running.children()
        for pid in (running.process.pid, *children):
            os.kill(pid, signal.SIGKILL)
        running.process.wait()
        wait_until(lambda: not any(alive(pid) for pid in children) and site.free(), "nothing runs any more")
    with site.up() as running:
        site.send(records[RECORDS // 2 :])
        site.check()
        assert running.end(signal.SIGINT) == 0
