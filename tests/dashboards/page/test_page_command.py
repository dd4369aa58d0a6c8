"""`groundswell page` by itself: it tells of a ClickHouse that dies, hangs and comes back."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.ports import free_port
from streams import clickhouse
from streams.cli import running
from streams.migrate import migrate
from streams.settings import Settings, load
from tests.dashboards.page.browser import chromium, tab
from tests.dashboards.page.test_browser import becomes
from tests.deploy.clickhouse_fixtures import ClickHouse
from tests.stack_fixture import Running, groundswell, wait_until

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path / "clickhouse")
    try:
        yield server
    finally:
        server.kill()


def page_settings(folder: Path, url: str) -> Settings:
    return load(
        kafka_bootstrap=f"127.0.0.1:{free_port()}",
        clickhouse_url=url,
        web_port=0,
        data_dir=folder / "data",
        campaigns=folder / "campaigns",
    )


def test_page_tells_of_a_clickhouse_that_dies_hangs_and_comes_back(engine: ClickHouse, tmp_path: Path) -> None:
    settings = page_settings(tmp_path, engine.url)
    client = clickhouse.connect(settings)
    migrate(client.command, lambda sql: client.query(sql).result_rows, 90)
    with chromium() as browser, Running(settings, "page", output=tmp_path / "page.log") as command:
        wait_until(lambda: ADDRESS.search(command.said()), "the page prints its address")
        address = ADDRESS.search(command.said())
        assert address is not None
        with tab(browser, address[0]) as page:
            becomes(page, lambda: "No mentions yet" in page.text("#panel-mentions"), "ClickHouse has answered")
            assert page.problems() == ""
            engine.kill()
            becomes(page, lambda: "ClickHouse does not answer" in page.problems(), "the dead ClickHouse is told")
            assert re.search(r"The numbers are as of \d\d:\d\d:\d\d\.", page.problems())
            assert page.text("#state").startswith("Not live")
            engine.start()
            becomes(page, lambda: page.problems() == "", "it is live again")
            os.kill(engine.process.pid, signal.SIGSTOP)
            becomes(page, lambda: "has not answered for" in page.problems(), "the hanging ClickHouse is told")
            os.kill(engine.process.pid, signal.SIGCONT)
            becomes(page, lambda: page.problems() == "", "it is live again")
        assert command.end(signal.SIGINT) == 0, command.said()
        assert "Traceback" not in command.said()


def test_page_refuses_a_host_that_is_not_of_this_machine(tmp_path: Path) -> None:
    refused = groundswell(page_settings(tmp_path, "http://127.0.0.1:1"), "page", "--host", "192.0.2.1")
    assert refused.returncode == 1
    assert re.fullmatch(r"groundswell: [^\n]+192\.0\.2\.1[^\n]+\n", refused.stderr)


class Terminal:
    """What standard output is to the command: a terminal or not."""

    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("terminal", "environment", "opens"),
    [
        (True, {"DISPLAY": ":0"}, True),
        (True, {"WAYLAND_DISPLAY": "wayland-0"}, True),
        (False, {"DISPLAY": ":0"}, False),
        (True, {}, False),
        (True, {"DISPLAY": ":0", "CI": "true"}, False),
    ],
)
def test_page_is_opened_for_somebody_at_a_terminal_with_a_screen(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], opens: bool
) -> None:
    opened: list[str] = []
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", Terminal(terminal=terminal))
    monkeypatch.setattr("webbrowser.open", opened.append)
    running._open("http://127.0.0.1:8080")
    assert bool(opened) is opens
