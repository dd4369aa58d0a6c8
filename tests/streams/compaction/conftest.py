"""Fixtures of compaction: an engine that is emptied for each test, and what has been counted on it."""

from collections.abc import Iterator

import pytest

from schemas.counters import DATABASE
from streams import compact, retire
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.streams.compaction.database import KINDS, Database


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path_factory.mktemp("compact"))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def one_of_each_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compact, retire):
        monkeypatch.setattr(module, "COUNTERS", KINDS)


@pytest.fixture
def database(server: ClickHouse) -> Database:
    database = Database(server)
    for counter in KINDS:
        database.client.command(f"TRUNCATE TABLE {DATABASE}.{counter.table}")
        database.client.command(f"TRUNCATE TABLE {DATABASE}.{counter.totals}")
    database.client.command(f"TRUNCATE TABLE {DATABASE}.segments")
    database.client.command(f"TRUNCATE TABLE {DATABASE}.compaction")
    return database


@pytest.fixture
def counted(database: Database) -> Database:
    """Three closed units, the fourth open; 64 posts of 8 segments, less 8."""
    segments = range(0, 800, 100)
    database.count_all(segments, 8, removed=1)
    database.vouch(*segments)
    assert database.posts() == {"*": 56}
    return database
