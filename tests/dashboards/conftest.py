"""Two real servers for the whole session: one with the composed counters, one with empty tables."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct

from dashboards.grafana import raw_sql
from dashboards.panel import Panel
from schemas.event import WINDOW_S
from streams.migrate import migrate
from tests.dashboards.counted import at, inserts
from tests.dashboards.plugin import ALL, Value, expand
from tests.deploy.clickhouse_fixtures import ClickHouse

Rows = list[dict[str, Any]]
CHOSEN: dict[str, Value] = {"campaign": "launch", "platform": ALL, "granularity": "60"}


class Grafana(Struct, frozen=True):
    """Asks ClickHouse as Grafana does: over HTTP, as the user `reader`, after the plugin's expansion."""

    url: str
    recent_s: int
    ahead_s: int

    def query(self, sql: str, since_s: int, until_s: int, variables: Mapping[str, Value]) -> Rows:
        return self._answer(expand(raw_sql(sql), since_s, until_s, {**CHOSEN, **variables}), {})

    def bound(self, sql: str, since_s: int, until_s: int, parameters: Mapping[str, str]) -> Rows:
        """The same of a declared query with its parameters bound by ClickHouse, as the live page asks."""
        times = {"from": str(since_s), "to": str(until_s)}
        return self._answer(sql, {f"param_{name}": value for name, value in (times | {**parameters}).items()})

    def _answer(self, sql: str, parameters: Mapping[str, str]) -> Rows:
        answer = httpx.post(
            self.url,
            params={"database": "groundswell", "default_format": "JSON", "max_execution_time": "60", **parameters},
            content=sql,
            auth=("reader", ""),
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        rows: Rows = answer.json()["data"]
        return rows

    def rows(self, panel: Panel, since: str = "12:00:00", until: str = "12:10:00", **variables: Value) -> Rows:
        return self.query(panel.query, at(since), at(until), variables)


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
