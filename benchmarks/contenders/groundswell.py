"""Groundswell with everything on: validation, duplicates, dead letters, campaigns, a flush every second to ClickHouse.

Options: the folder of campaign files, the number of worker processes, what the archive keeps, and ``storage`` where it
is asked how much ClickHouse keeps. It is done when ClickHouse's view accounts for every record.
"""

from pathlib import Path

import msgspec
from clickhouse_connect.driver import Client

from benchmarks import product
from benchmarks.contenders.protocol import Task, counted, task
from deploy.ports import free_port
from schemas.counters import COUNTERS, DATABASE
from streams.settings import Settings, load

STORAGE = ".storage.json"
"""A file in the folder of the result: rows and bytes that ClickHouse keeps, as written and once it has merged them."""

_RESULT = (
    "SELECT toUnixTimestamp(window_start) * 1000 AS window_start, source, event_type, kind, token, sum(posts) AS posts "
    f"FROM {DATABASE}.token_counts WHERE campaign = '*' AND kind != 'account' GROUP BY ALL "
    "SETTINGS output_format_json_quote_64bit_integers = 0"
)
_PARTS = f"SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = '{DATABASE}'"


def main() -> None:
    """Start ClickHouse and the workers, wait until all is counted, and stop them."""
    given = task()
    campaigns, workers, archive, *more = given.options
    with product.running(settings_of(given, Path(campaigns), archive), int(workers)) as running:
        running.wait_until_read(given.records)
        counted()
        (given.out / "counts.jsonl").write_bytes(running.client.raw_query(_RESULT, fmt="JSONEachRow"))
        if "storage" in more:
            (given.out / STORAGE).write_bytes(msgspec.json.encode(_storage(running.client)))


def settings_of(given: Task, campaigns: Path, archive: str) -> Settings:
    """The product's settings."""
    return load(
        kafka_bootstrap=given.bootstrap,
        clickhouse_url=f"http://127.0.0.1:{free_port()}",
        metrics_port=free_port(),
        data_dir=given.out.parent / "data",
        campaigns=campaigns,
        archive=archive,
        group=given.group,
    )


def _storage(client: Client) -> dict[str, int]:
    rows, stored_bytes = client.query(_PARTS).result_rows[0]
    for table in (*(counter.table for counter in COUNTERS), "archive", "segments"):
        client.command(f"OPTIMIZE TABLE {DATABASE}.{table} FINAL")
    merged_rows, merged_bytes = client.query(_PARTS).result_rows[0]
    return {"rows": rows, "bytes": stored_bytes, "merged_rows": merged_rows, "merged_bytes": merged_bytes}


if __name__ == "__main__":
    main()
