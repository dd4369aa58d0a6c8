"""One Kafka broker and one ClickHouse for many runs: killed, started again, and emptied."""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from deploy.children import Child
from deploy.kafka.broker import Broker
from deploy.ports import LOOPBACK
from deploy.workers import environment
from schemas.counters import COUNTERS, DATABASE, view_ddl
from schemas.topics import ALL, EVENTS
from streams.settings import Settings
from streams.topics import create_topics, describe
from tests.faults.proxy import Proxy
from tests.oracle import vocabulary
from tests.stack_fixture import answers, ask, stack_settings, wait_until

ROOT = Path(__file__).parents[2]
_TABLES = (*(counter.table for counter in COUNTERS), "archive", "segments", "pinned")
_STOP_S = 30.0


class Engines:
    """A context manager; ``settings`` are those of workers, who reach ClickHouse through ``proxy``."""

    def __init__(self, folder: Path, segment_records: int, horizon_records: int) -> None:
        self.folder = folder
        self.direct = stack_settings(
            folder,
            vocabulary.CAMPAIGNS,
            segment_size=segment_records,
            horizon_records=horizon_records,
            partitions=4,
            batch_records=2000,
        )
        self.proxy = Proxy(int(self.direct.clickhouse_url.rsplit(":", 1)[1]))
        self._broker = Broker(folder / "kafka", int(self.direct.kafka_bootstrap.rsplit(":", 1)[1]), print)
        self._clickhouse = self._new_clickhouse()
        self._resources = contextlib.ExitStack()

    @property
    def settings(self) -> Settings:
        return self.direct.model_copy(update={"clickhouse_url": f"http://{LOOPBACK}:{self.proxy.port}"})

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.proxy)
            stack.callback(self._stop)
            self._broker.start()
            self.start_clickhouse()
            self._resources = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def _stop(self) -> None:
        self._clickhouse.stop(_STOP_S)
        self._broker.stop()

    def _new_clickhouse(self) -> Child:
        port = self.direct.clickhouse_url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "deploy.clickhouse", "--data", str(self.folder / "clickhouse"), "--port", port]
        log = self.folder / "logs" / "clickhouse.log"
        return Child("ClickHouse", command, log=log, env=environment(self.direct) | {"PYTHONPATH": str(ROOT)})

    def start_clickhouse(self) -> None:
        self._clickhouse = self._new_clickhouse()
        self._clickhouse.start()
        self._clickhouse.wait_ready(lambda: answers(self.direct), 120)

    def kill_clickhouse(self) -> None:
        """``kill -9``; its folder stays as it is."""
        os.kill(self._clickhouse.pid, signal.SIGKILL)
        self._clickhouse.wait(_STOP_S)

    def kill_broker(self) -> None:
        """``kill -9``; its folder stays as it is."""
        child = self._broker.child
        assert child is not None
        os.kill(child.pid, signal.SIGKILL)
        child.wait(_STOP_S)
        self._broker.stop()

    def start_broker(self) -> None:
        self._broker.start()

    def signal_broker(self, number: signal.Signals) -> None:
        assert self._broker.child is not None
        os.kill(self._broker.child.pid, number)

    def empty(self) -> None:
        """New topics, and tables without a row: views sum over topic ids, so an earlier run must not be seen."""
        self.proxy.heal()
        for table in _TABLES:
            ask(self.direct, f"TRUNCATE TABLE {DATABASE}.{table}")
        with self.admin() as admin:
            old = [describe(admin, topic) for topic in ALL]
            for topic in ALL:
                with contextlib.suppress(UnknownTopicOrPartitionError):
                    admin.delete_topics([topic.name])

            def anew() -> bool:
                try:
                    create_topics(self.direct)
                except KafkaError:
                    return False  # the old one is still being deleted
                now = [describe(admin, topic) for topic in ALL]
                return all(one is not None and one not in old for one in now)

            wait_until(anew, "the topics are made anew")

    @contextlib.contextmanager
    def plain_sums(self) -> Iterator[None]:
        """Within, the views add rows up, as if each said what is new: a negative control."""
        # A merge takes the maximum as well, and would hide it.
        ask(self.direct, "SYSTEM STOP MERGES")
        try:
            for counter in COUNTERS:
                ask(self.direct, re.sub(r"\bmax\((\w+)\) AS", r"sum(\1) AS", view_ddl(counter)))
            yield
        finally:
            for counter in COUNTERS:
                ask(self.direct, view_ddl(counter))
            ask(self.direct, "SYSTEM START MERGES")

    def add_partitions(self, total: int) -> None:
        with self.admin() as admin:
            admin.create_partitions({EVENTS.name: total})

    @contextlib.contextmanager
    def admin(self) -> Iterator[Any]:
        """kafka-python's admin client."""
        client = KafkaAdminClient(bootstrap_servers=self.direct.kafka_bootstrap, bootstrap_timeout_ms=20_000)
        try:
            yield client
        finally:
            client.close()
