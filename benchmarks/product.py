"""The product as its users run it: ClickHouse and workers as processes of their own, everything on."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver import Client
from msgspec import Struct

from deploy.children import Child
from deploy.workers import environment
from schemas.counters import DATABASE
from streams.clickhouse import connect
from streams.errors import GroundswellError, UnreachableError
from streams.settings import Settings

_READY_S = 60.0
_STOP_S = 60.0
_POLL_S = 0.1
_READ = f"SELECT sum(read) FROM {DATABASE}.records"


class Running(Struct, frozen=True):
    """What runs: ClickHouse with a client of it, and the workers' supervisor."""

    client: Client
    clickhouse: Child
    workers: Child

    def read(self) -> int:
        """How many records ClickHouse's view accounts for; raises ``GroundswellError`` when a part has ended."""
        for child in (self.clickhouse, self.workers):
            if child.exit_code() is not None:
                raise GroundswellError(f"{child.name} ended ({child.ending()}): its last words are above.")
        return int(self.client.query(_READ).result_rows[0][0])

    def wait_until_read(self, records: int) -> None:
        """Return when the view accounts for so many."""
        while self.read() < records:
            time.sleep(_POLL_S)


@contextmanager
def engine(settings: Settings) -> Iterator[Child]:
    """ClickHouse, where the settings say; stopped in the end."""
    port = settings.clickhouse_url.rsplit(":", 1)[1]
    words = ["deploy.clickhouse", "--data", str(settings.data_dir / "clickhouse"), "--port", port]
    with _child("ClickHouse", words, settings) as child:
        child.wait_ready(lambda: _answers(settings), _READY_S)
        yield child


@contextmanager
def running(settings: Settings, workers: int) -> Iterator[Running]:
    """ClickHouse and so many workers; both are stopped in the end."""
    words = ["streams", "worker", "--processes", str(workers)]
    with engine(settings) as clickhouse, _child("Workers", words, settings) as supervisor:
        yield Running(connect(settings), clickhouse, supervisor)


@contextmanager
def _child(name: str, module: list[str], settings: Settings) -> Iterator[Child]:
    child = Child(name, [sys.executable, "-m", *module], log=None, env=environment(settings))
    try:
        child.start()
        yield child
    finally:
        child.stop(_STOP_S)


def _answers(settings: Settings) -> bool:
    try:
        connect(settings).close()
    except UnreachableError:
        return False
    return True
