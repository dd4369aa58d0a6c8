"""A real server of `deploy.clickhouse` in a process of its own, for tests."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver import Client

from deploy.ports import free_port

START_TIMEOUT_S = 90


class ClickHouse:
    """The server on a data folder; start, stop, kill."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # One client for all requests: making one costs more than most queries.
        self.http = httpx.Client(timeout=60, trust_env=False)
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "deploy.clickhouse", "--data", str(self.data), "--port", str(self.port)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            try:
                if self.http.get(f"{self.url}/ping").text == "Ok.\n":
                    return
            except httpx.TransportError:
                if self.process.poll() is not None:
                    raise RuntimeError(self.errors()) from None
                time.sleep(0.05)
        raise TimeoutError("The server did not answer.")

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)

    def client(self, user: str = "default", **settings: object) -> Client:
        return clickhouse_connect.get_client(
            host="127.0.0.1", port=self.port, username=user, settings=settings, query_limit=0
        )

    def post(self, sql: str | bytes, **arguments: str) -> httpx.Response:
        return self.http.post(self.url, params=arguments, content=sql)

    def get(self, sql: str, **arguments: str) -> httpx.Response:
        return self.http.get(self.url, params={"query": sql, **arguments})

    def lines(self, sql: str, **arguments: str) -> list[str]:
        answer = self.post(sql, **arguments)
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    server = ClickHouse(tmp_path_factory.mktemp("clickhouse"))
    yield server
    code, errors = server.stop(), server.errors()
    assert (code, errors) == (0, "")


_table_numbers = iter(range(10**9))


@pytest.fixture
def clickhouse_table(clickhouse_server: ClickHouse) -> Iterator[str]:
    """An empty table (n UInt32, s String)."""
    name = f"t{next(_table_numbers)}"
    clickhouse_server.lines(f"CREATE TABLE {name} (n UInt32, s String) ENGINE = MergeTree ORDER BY n")
    yield name
    clickhouse_server.lines(f"DROP TABLE {name}")
