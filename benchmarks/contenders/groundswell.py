"""Groundswell with everything on: validation, duplicates, dead letters, campaigns, a flush every second to ClickHouse.

Options: the number of worker processes, what the archive keeps, the folder of campaign files. It is done when
ClickHouse's view accounts for every record.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.contenders.protocol import Task, counted, task
from deploy.children import Child
from deploy.ports import free_port
from deploy.workers import environment
from schemas.counters import DATABASE
from streams.clickhouse import connect
from streams.errors import UnreachableError
from streams.settings import Settings, load

_READY_S = 60.0
_STOP_S = 60.0
_POLL_S = 0.1

_READ = f"SELECT sum(read) FROM {DATABASE}.records"
_RESULT = (
    "SELECT toUnixTimestamp(window_start) * 1000 AS window_start, source, event_type, kind, token, sum(posts) AS posts "
    f"FROM {DATABASE}.token_counts WHERE campaign = '*' AND kind != 'account' GROUP BY ALL "
    "SETTINGS output_format_json_quote_64bit_integers = 0"
)


def settings_of(given: Task) -> tuple[Settings, int]:
    """The product's settings, and how many workers."""
    workers, archive, campaigns = given.options
    settings = load(
        kafka_bootstrap=given.bootstrap,
        clickhouse_url=f"http://127.0.0.1:{free_port()}",
        metrics_port=free_port(),
        data_dir=given.out.parent / "data",
        campaigns=Path(campaigns),
        archive=archive,
        group=given.group,
    )
    return settings, int(workers)


def main() -> None:
    """Start ClickHouse and the workers, wait until all is counted, and stop them."""
    given = task()
    settings, workers = settings_of(given)
    port = settings.clickhouse_url.rsplit(":", 1)[1]
    with ExitStack() as running:
        clickhouse = ["deploy.clickhouse", "--data", str(settings.data_dir / "clickhouse"), "--port", port]
        running.enter_context(_child("ClickHouse", clickhouse, settings)).wait_ready(
            lambda: _answers(settings), _READY_S
        )
        running.enter_context(_child("Workers", ["streams", "worker", "--processes", str(workers)], settings))
        client = connect(settings)
        while client.query(_READ).result_rows[0][0] < given.records:
            time.sleep(_POLL_S)
        counted()
        (given.out / "counts.jsonl").write_bytes(client.raw_query(_RESULT, fmt="JSONEachRow"))


@contextmanager
def _child(name: str, module: list[str], settings: Settings) -> Iterator[Child]:
    child = Child(name, [sys.executable, "-m", *module], log=None, env=environment(settings))
    child.start()
    try:
        yield child
    finally:
        child.stop(_STOP_S)


def _answers(settings: Settings) -> bool:
    try:
        connect(settings).close()
    except UnreachableError:
        return False
    return True


if __name__ == "__main__":
    main()
