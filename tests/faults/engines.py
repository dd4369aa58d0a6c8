"""One Kafka broker and one ClickHouse for many runs: killed, started again, and emptied."""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from unittest import mock

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from deploy.children import Child
from deploy.kafka import broker
from deploy.kafka.broker import Broker
from deploy.kafka.config import java_command
from deploy.ports import LOOPBACK
from deploy.workers import environment
from schemas.counter_tables import coverage_ddl, standing_ddl, units_ddl, view_ddl
from schemas.counters import COUNTERS, DATABASE
from schemas.topics import ALL, EVENTS
from streams.errors import GroundswellError
from streams.settings import Settings
from streams.topics import create_topics, describe
from tests.faults.machine import Disk, small_disk
from tests.faults.proxy import Proxy
from tests.oracle import vocabulary
from tests.stack_fixture import answers, ask, stack_settings, wait_until
from tests.worker_fixture import empty_tables

ROOT = Path(__file__).parents[2]
_VIEWS = (units_ddl(), standing_ddl(), coverage_ddl(), *map(view_ddl, COUNTERS))
_STOP_S = 30.0
_SMALL_DISK_MB = 128


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
        self._broker = self._new_broker(folder / "kafka")
        self._clickhouse_folder = folder / "clickhouse"
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
        command = [sys.executable, "-m", "deploy.clickhouse", "--data", str(self._clickhouse_folder), "--port", port]
        log = self.folder / "logs" / "clickhouse.log"
        return Child("ClickHouse", command, log=log, env=environment(self.direct) | {"PYTHONPATH": str(ROOT)})

    def _new_broker(self, folder: Path) -> Broker:
        return Broker(folder, int(self.direct.kafka_bootstrap.rsplit(":", 1)[1]), print)

    def start_clickhouse(self) -> None:
        self._clickhouse = self._new_clickhouse()
        self._clickhouse.start()
        self._clickhouse.wait_ready(lambda: answers(self.direct), 120)

    def kill_clickhouse(self) -> None:
        """``kill -9``; its folder stays as it is."""
        os.kill(self._clickhouse.pid, signal.SIGKILL)
        self._clickhouse.wait(_STOP_S)

    def kill_broker(self) -> None:
        """``kill -9``, unless it has ended by itself; its folder stays as it is."""
        child = self._broker.child
        assert child is not None
        if child.exit_code() is None:
            os.kill(child.pid, signal.SIGKILL)
            child.wait(_STOP_S)
        self._broker.stop()

    def start_broker(self, clock: Mapping[str, str] | None = None) -> None:
        """``clock`` is that of the machine, or what ``shifted_clock`` gives."""
        shift = ["env", *(f"{name}={value}" for name, value in (clock or {}).items())]
        # A broker by another clock than its machine's is nothing that the product should offer.
        with mock.patch.object(broker, "java_command", lambda *given: [*shift, *java_command(*given)]):
            self._broker.start()

    def broker_ends(self, timeout_s: float) -> bool:
        """Whether the broker ends by itself within ``timeout_s``."""
        assert self._broker.child is not None
        return self._broker.child.wait(timeout_s) is not None

    def signal_broker(self, number: signal.Signals) -> None:
        assert self._broker.child is not None
        os.kill(self._broker.child.pid, number)

    def empty(self) -> None:
        """New topics, and tables without a row: views sum over topic ids, so an earlier run must not be seen."""
        self.proxy.heal()
        empty_tables(self.direct)
        with self.admin() as admin:
            old = [describe(admin, topic) for topic in ALL]
            for topic in ALL:
                with contextlib.suppress(UnknownTopicOrPartitionError):
                    admin.delete_topics([topic.name])

            def anew() -> bool:
                try:
                    create_topics(self.direct)
                except (KafkaError, GroundswellError):
                    return False  # the old one is still being deleted
                now = [describe(admin, topic) for topic in ALL]
                return all(one is not None and one not in old for one in now)

            wait_until(anew, "the topics are made anew")

    @contextlib.contextmanager
    def altered_views(self, pattern: str, instead: str) -> Iterator[None]:
        """Within, the views have something else where ``pattern`` matches: a negative control."""
        # A merge takes the maximum as well, and would hide what a view does not.
        ask(self.direct, "SYSTEM STOP MERGES")
        try:
            for view in _VIEWS:
                ask(self.direct, re.sub(pattern, instead, view))
            yield
        finally:
            for view in _VIEWS:
                ask(self.direct, view)
            ask(self.direct, "SYSTEM START MERGES")

    @contextlib.contextmanager
    def small_disk(self, engine: str) -> Iterator[Disk]:
        """Within, ``clickhouse`` or ``kafka`` runs on an empty folder on a disk of its own that can be filled."""
        with small_disk(self.folder / f"small-{engine}", _SMALL_DISK_MB) as disk, contextlib.ExitStack() as stack:
            data = disk.folder / "data"
            if engine == "kafka":
                before = self._broker
                before.stop()
                stack.callback(before.start)
                self._broker = self._new_broker(data)
                stack.callback(setattr, self, "_broker", before)
                stack.callback(lambda small: small.stop(), self._broker)
                self._broker.start()
            else:
                home = self._clickhouse_folder
                self._clickhouse.stop(_STOP_S)
                stack.callback(self.start_clickhouse)
                self._clickhouse_folder = data
                stack.callback(setattr, self, "_clickhouse_folder", home)
                stack.callback(lambda: self._clickhouse.stop(_STOP_S))
                self.start_clickhouse()
            yield disk

    @contextlib.contextmanager
    def few_parts(self, most: int) -> Iterator[None]:
        """Within, no part is merged, and a counter's table refuses rows once a partition has ``most`` parts."""
        tables = [f"{DATABASE}.{counter.table}" for counter in COUNTERS]
        for table in tables:
            ask(self.direct, f"ALTER TABLE {table} MODIFY SETTING parts_to_throw_insert = {most}")
            ask(self.direct, f"SYSTEM STOP MERGES {table}")
        try:
            yield
        finally:
            for table in tables:
                ask(self.direct, f"SYSTEM START MERGES {table}")
                ask(self.direct, f"ALTER TABLE {table} RESET SETTING parts_to_throw_insert")

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
