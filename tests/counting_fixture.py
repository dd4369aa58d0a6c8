"""A real engine on which composed events have been counted by the product's own path, without Kafka and a worker."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from clickhouse_connect.driver import Client

from schemas.campaign import Campaign
from schemas.counters import COUNTERS, DATABASE
from streams import clickhouse
from streams.match import Matcher, rules_versions
from streams.migrate import migrate
from streams.partition import Counting, Partition
from streams.places import Horizon
from streams.rows import Share, Writer
from streams.segments import SegmentRule
from streams.settings import Settings, load
from streams.sink import Sink
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.oracle.log import Record
from tests.streams.test_partition import chunk_of

Event = dict[str, Any]


class Counted:
    """The engine, emptied, and a way to have events counted on it; ``client`` only reads."""

    def __init__(self, folder: Path, archive_days: int = 90) -> None:
        self.server = ClickHouse(folder)
        self.settings: Settings = load(clickhouse_url=self.server.url)
        self._writer: Client = clickhouse.connect(self.settings)
        migrate(self._writer.command, lambda sql: self._writer.query(sql).result_rows, archive_days)
        self.client = clickhouse.connect_read_only(self.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def empty(self) -> None:
        """As if nothing had ever been counted."""
        for table in (*(counter.table for counter in COUNTERS), "segments"):
            self._writer.command(f"TRUNCATE TABLE {DATABASE}.{table}")

    def count(
        self,
        events: Sequence[Event],
        campaigns: Sequence[Campaign] = (),
        archive: str = "off",
        horizon: Horizon = Horizon(10, 1_000),  # noqa: B008  # immutable
    ) -> None:
        """Count the events as one partition's log, in their order."""
        log = [
            Record(offset, event["event_time"], None, json.dumps(event).encode()) for offset, event in enumerate(events)
        ]
        rule = SegmentRule(size=10_000, age_ms=10**12, bytes=10**9)
        partition = Partition(Counting(rule, horizon, Matcher(campaigns), archive), 0, 0)
        taken = partition.take(chunk_of(log))
        assert taken.counted == len(events), taken.refused[:3]
        flush = partition.begin_flush()
        assert flush is not None
        writer = Writer(Sink(self._writer), "topic", rules_versions(campaigns, ()))
        changed = partition.changed_rows(flush)
        writer.write_counts([Share(0, 1, flush)], {0: changed})
        writer.write_accounts([Share(0, 1, flush)])
