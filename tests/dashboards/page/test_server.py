"""The page's server with a real ClickHouse: who may ask, what reaches it, and how often it is asked."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web

from dashboards.page import viewers
from dashboards.page.server import application
from dashboards.page.source import Source
from dashboards.panels import LAUNCH
from streams.settings import Settings, load
from tests.dashboards.conftest import Grafana

VIEWERS = 100
ROUNDS = 3
PATIENCE_S = 60


class Page:
    """A page that is served, and every question that it has asked ClickHouse."""

    def __init__(self, url: str, asked: list[str], session: ClientSession) -> None:
        self.url = url
        self.asked = asked
        self.session = session

    def mentions(self) -> int:
        """How often the first panel's query was asked."""
        return self.asked.count(LAUNCH[0].query)

    @asynccontextmanager
    async def viewer(self, **choice: str) -> AsyncIterator[ClientWebSocketResponse]:
        async with self.session.ws_connect(f"{self.url}/live", params=choice) as told:
            yield told


async def numbers(told: ClientWebSocketResponse) -> dict[str, Any]:
    """The next numbers that a viewer hears."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message = await told.receive()
            assert message.type is WSMsgType.TEXT, message
            heard: dict[str, Any] = msgspec.json.decode(message.data)
            if "numbers" in heard:
                return heard


@pytest.fixture
def settings(grafana: Grafana, tmp_path: Any) -> Settings:
    address = grafana.url.replace("http://", "http://reader@")
    return load(clickhouse_url=address, kafka_bootstrap="127.0.0.1:1", campaigns=tmp_path / "none")


def serving(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    scenario: Callable[[Page], Awaitable[None]],
    *,
    local: bool = True,
) -> None:
    asked: list[str] = []
    lock = threading.Lock()
    really = Source.ask

    def ask(source: Source, sql: str, parameters: Any) -> Any:
        with lock:
            asked.append(sql)
        return really(source, sql, parameters)

    monkeypatch.setattr(Source, "ask", ask)

    async def run() -> None:
        runner = web.AppRunner(application(settings, local=local))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            async with ClientSession() as session:
                await scenario(Page(f"http://127.0.0.1:{runner.addresses[0][1]}", asked, session))
        finally:
            await runner.cleanup()

    asyncio.run(run())


def test_hundred_viewers_of_one_choice_cost_as_many_questions_as_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(page: Page) -> None:
        connected = [await page.session.ws_connect(f"{page.url}/live?campaign=*&range=7d") for _ in range(VIEWERS)]
        before, begun_s = page.mentions(), time.monotonic()
        for _ in range(ROUNDS):
            await asyncio.gather(*(numbers(told) for told in connected))
        rounds = (time.monotonic() - begun_s) / viewers.EVERY_S
        assert 1 <= page.mentions() - before <= rounds + 2
        for told in connected:
            await told.close()

    serving(settings, monkeypatch, scenario)


def test_another_choice_is_asked_for_apart_and_no_longer_than_somebody_looks(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewers, "EVERY_S", 0.05)

    async def scenario(page: Page) -> None:
        async with page.viewer(campaign="*") as one, page.viewer(campaign="*", platform="x") as other:
            assert (await numbers(one))["numbers"]["frame"]["choice"]["platforms"] == []
            assert (await numbers(other))["numbers"]["frame"]["choice"]["platforms"] == ["x"]
        # What was being asked when the last one left is asked to its end.
        await asyncio.sleep(1)
        before = len(page.asked)
        await asyncio.sleep(1)
        assert len(page.asked) == before

    serving(settings, monkeypatch, scenario)


def test_whatever_an_address_asks_for_only_declared_queries_reach_clickhouse(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(page: Page) -> None:
        evil = "launch'; DROP TABLE groundswell.segments; --"
        async with page.viewer(campaign=evil, platform=f"x,{evil}", range=evil, granularity="1e9") as told:
            heard = (await numbers(told))["numbers"]
            assert heard["frame"]["choice"] == {
                "campaign": "*",
                "platforms": ["x"],
                "range": "1h",
                "granularity_s": 0,
            }
            assert not any(panel.get("failed") for panel in heard["drawn"].values())
        assert not any("DROP" in sql for sql in page.asked)

    serving(settings, monkeypatch, scenario)


def test_viewer_hears_no_more_choices_than_the_page_asks_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewers, "MOST_CHOICES", 1)

    async def scenario(page: Page) -> None:
        async with page.viewer(campaign="*") as one:
            await numbers(one)
            async with page.viewer(campaign="launch") as other:
                heard = msgspec.json.decode((await other.receive()).data)
                assert [problem["subject"] for problem in heard["problems"]] == ["Page"]
                assert (await other.receive()).type is WSMsgType.CLOSE

    serving(settings, monkeypatch, scenario)


def test_page_answers_to_this_machines_names_only_and_to_its_own_scripts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(page: Page) -> None:
        async with page.session.get(page.url, headers={"Host": "evil.example:8080"}) as answer:
            assert answer.status == 421
        with pytest.raises(WSServerHandshakeError, match="403"):
            async with page.session.ws_connect(f"{page.url}/live", origin="http://evil.example"):
                pytest.fail("another site's page listens")
        async with page.session.ws_connect(f"{page.url}/live", origin=page.url) as told:
            await numbers(told)

    serving(settings, monkeypatch, scenario)


def test_page_and_its_files_allow_nothing_from_elsewhere(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(page: Page) -> None:
        for path in ("/", "/static/page.js", "/static/page.css"):
            async with page.session.get(page.url + path) as answer:
                assert answer.status == 200
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert "http" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
        async with page.session.get(f"{page.url}/static/../server.py") as answer:
            assert answer.status == 404
        async with page.session.post(page.url) as answer:
            assert answer.status == 405

    serving(settings, monkeypatch, scenario)
