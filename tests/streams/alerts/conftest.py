"""One engine for all tests of alerts, emptied for each."""

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver import Client

from streams.alerts import history
from streams.settings import load
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.streams.alerts.counted import clear
from tests.streams.alerts.webhook import Webhook


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path_factory.mktemp("alerts"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def connected(engine: ClickHouse) -> Client:
    return history.connect(load(clickhouse_url=engine.url))


@pytest.fixture
def client(engine: ClickHouse, connected: Client) -> Client:
    clear(engine)
    return connected


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """A webhook that the recipient TEAM_CHAT is."""
    with Webhook() as webhook:
        monkeypatch.setenv("TEAM_CHAT", webhook.apprise_url)
        yield webhook
