"""Real servers for the whole session: one with composed counters, one with a week's events, one with empty tables."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from dashboards.grafana import raw_sql
from dashboards.panel import Panel
from schemas.counters import DATABASE
from schemas.event import WINDOW_S
from streams import clickhouse, compact
from streams.declare import declare
from streams.migrate import migrate
from tests.counting_fixture import Counted
from tests.dashboards import week
from tests.dashboards.counted import at, inserts
from tests.dashboards.plugin import ALL, Value, expand
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.http_client import HTTP

Rows = list[dict[str, Any]]
CHOSEN: dict[str, Value] = {"campaign": "launch", "platform": ALL, "granularity": "60"}


class Grafana(Struct, frozen=True):
    """Asks ClickHouse as Grafana does: over HTTP, as the user `reader`, after the plugin's expansion."""

    url: str
    recent_s: int = 0
    ahead_s: int = 0

    def query(self, sql: str, since_s: int, until_s: int, variables: Mapping[str, Value]) -> Rows:
        return self._answer(expand(raw_sql(sql), since_s, until_s, {**CHOSEN, **variables}), {})

    def bound(self, sql: str, since_s: int, until_s: int, parameters: Mapping[str, str], **settings: str) -> Rows:
        """The same of a declared query with its parameters bound by ClickHouse, as the live page asks."""
        times = {"from": str(since_s), "to": str(until_s)}
        bound = {f"param_{name}": value for name, value in (times | {**parameters}).items()}
        return self._answer(sql, bound | settings)

    def _answer(self, sql: str, parameters: Mapping[str, str]) -> Rows:
        answer = HTTP.post(
            self.url,
            params={"database": "groundswell", "default_format": "JSON", "max_execution_time": "60", **parameters},
            content=sql,
            auth=("reader", ""),
        )
        assert answer.status_code == 200, answer.text
        rows: Rows = answer.json()["data"]
        return rows

    def rows(self, panel: Panel, since: str = "12:00:00", until: str = "12:10:00", **variables: Value) -> Rows:
        return self.query(panel.query, at(since), at(until), variables)


class Week(Struct, frozen=True):
    """The week of ``tests.dashboards.week`` as Grafana asks for it, and the engine that it is on."""

    grafana: Grafana
    engine: Counted
    events: list[week.Event]

    def rows(
        self,
        panel: Panel,
        since: datetime = week.START,
        until: datetime = week.END,
        campaign: str = "love",
        **variables: Value,
    ) -> Rows:
        times = (int(since.timestamp()), int(until.timestamp()))
        chosen: dict[str, Value] = {"campaign": campaign, "granularity": "3600", **variables}
        return self.grafana.query(panel.query, *times, chosen)


def _serving(folder: Path, *, counted: bool) -> Iterator[Grafana]:
    server = ClickHouse(folder)
    now_s = int(time.time_ns() // 10**9)
    recent_s = now_s // WINDOW_S * WINDOW_S - 100
    ahead_s = (now_s + 7200) // 60 * 60
    try:
        with server.client() as client:
            migrate(client.command, lambda sql: client.query(sql).result_rows, 90)
        for statement in inserts(recent_s, ahead_s) if counted else []:
            server.lines(statement)
        yield Grafana(server.url, recent_s, ahead_s)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def grafana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grafana]:
    yield from _serving(tmp_path_factory.mktemp("counted"), counted=True)


@pytest.fixture(scope="session")
def empty_grafana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grafana]:
    yield from _serving(tmp_path_factory.mktemp("empty"), counted=False)


@pytest.fixture(scope="session")
def counted_week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """Half of it compacted: the views' two ways give one answer."""
    with Counted(tmp_path_factory.mktemp("week"), archive_days=36_500) as engine:
        made = week.events()
        engine.count(made, week.CAMPAIGNS, "matched", week.HORIZON)
        writer = clickhouse.connect(engine.settings)
        declare(writer, week.CAMPAIGNS)
        fired = week.LAUNCH.start + timedelta(hours=1)
        writer.insert(
            f"{DATABASE}.alert_log",
            [["love", "burst", 1, "fired", fired, "spike", "critical", 9.0, 3.0, "It's rising"]],
            ["campaign", "alert", "ordinal", "transition", "at", "kind", "severity", "value", "limit", "message"],
        )
        compact.compact(compact.connect(engine.settings))
        yield Week(Grafana(engine.server.url), engine, made)
