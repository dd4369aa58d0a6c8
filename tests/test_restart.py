"""`groundswell up`, stopped or killed in the middle of counting, and started again: every total comes out exact."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
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

RECORDS = 8_000
SLICE_RECORDS = 500
SEGMENT_RECORDS = 1024
HORIZON_RECORDS = 2000
STOP_S = 60


class Site(Ledger):
    """One data folder, on which every test goes on; its log, and so what must be counted, grows with each."""

    @contextmanager
    def up(self) -> Iterator[Running]:
        log = self.settings.data_dir.with_name("up.log")
        with Running(self.settings, "up", "--workers", "2", output=log) as running:
            wait_until(lambda: answers(self.settings) or running.process.poll() is not None, "ClickHouse answers")
            assert running.process.poll() is None, running.said()
            yield running

    def has_counted_some_of(self, records: Sequence[Produced]) -> bool:
        return 0 < self.read() - self.counted_before
@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("restart")
    settings = stack_settings(
        folder, vocabulary.CAMPAIGNS, segment_size=SEGMENT_RECORDS, horizon_records=HORIZON_RECORDS, partitions=2
    )
    return Site(settings, folder)


def workers_of(running: Running) -> list[int]:
    return [pid for pid, command in running.children().items() if " worker" in command]


def replaced(running: Running, worker: int) -> bool:
    now = workers_of(running)
    return worker not in now and len(now) == 2


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
            wait_until(partial(replaced, running, worker), "another one sits in its place")
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
