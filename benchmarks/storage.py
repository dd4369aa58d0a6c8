"""``python -m benchmarks.storage``: what counters take on disk, and how long live queries take, compacted or not.

The counters are made in ClickHouse's engine, as workers would have written them of evenly spread events; nothing goes
over Kafka. Every panel of the dashboard and the ranking of ``groundswell top`` are asked for, before and after
compaction.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from clickhouse_connect.driver import Client
from msgspec import Struct

from benchmarks import product
from dashboards.grafana import raw_sql
from dashboards.panels import LAUNCH
from deploy.ports import free_port
from schemas.counters import COUNTERS, DATABASE
from streams import clickhouse, compact
from streams.settings import Settings, load
from streams.top import top
from tests.dashboards.plugin import ALL, expand

_DAY_S = 86_400
_PARTITIONS = 4
_SEGMENT_RECORDS = 65_536
SOURCES = "['x', 'bluesky', 'tiktok', 'instagram', 'mastodon', 'youtube']"
_TYPES = "['mention', 'like', 'share', 'reply', 'view']"
_LANGUAGES = "['en', 'es', 'pt', 'ja', 'de', 'fr', 'hi', '']"
_RANGES = {"15 min": 900, "1 h": 3600, "1 day": _DAY_S, "7 days": 7 * _DAY_S}


class Shape(Struct, frozen=True):
    """Evenly spread events; of ``campaigns``, each event matches one with the probability ``matched``."""

    name: str
    events: int
    days: int
    campaigns: int
    matched: float
    hashtags: int
    types: int


SHAPES = (
    Shape("launch: 1.5 M mentions, 7 days", 1_500_000, 7, 10, 1.0, 50_000, 1),
    Shape("firehose: 100 M events, 1 day", 100_000_000, 1, 10, 0.05, 1_000_000, 5),
)


class Timed(Struct, frozen=True):
    """How long a query took, in seconds: half of the times less than ``p50_s``, 95 % less than ``p95_s``."""

    p50_s: float
    p95_s: float


class Stored(Struct, frozen=True):
    """What stands in the tables: rows and bytes, of workers' rows and of totals."""

    rows: int
    rows_bytes: int
    totals: int
    totals_bytes: int


def main(words: Sequence[str] | None = None) -> int:
    """Make, measure, compact, measure again; print a Markdown table a shape."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.storage", description=__doc__.split("\n\n")[0])
    names = [shape.name.split(":")[0] for shape in SHAPES]
    parser.add_argument("--shapes", nargs="+", choices=names, default=names)
    parser.add_argument("--scale", type=float, default=0.01, help="share of the events (default 0.01; 1 for all)")
    parser.add_argument("--repeat", type=int, default=10, help="how often each query is asked (default 10)")
    parser.add_argument("--folder", default=None, help="where the data is kept meanwhile")
    asked = parser.parse_args(words)
    for shape in SHAPES:
        if shape.name.split(":")[0] in asked.shapes:
            with tempfile.TemporaryDirectory(prefix="storage-", dir=asked.folder) as data:
                settings = load(clickhouse_url=f"http://127.0.0.1:{free_port()}", data_dir=Path(data))
                with product.engine(settings):
                    _tell(shape, asked.scale, settings, asked.repeat)
    return 0


def _tell(shape: Shape, scale: float, settings: Settings, repeat: int) -> None:
    client = clickhouse.connect(settings)
    begun_s = time.monotonic()
    end_s = _fill(client, shape, scale)
    sys.stdout.write(f"\n### {shape.name}, {scale:g} of it\n\nmade in {time.monotonic() - begun_s:.0f} s\n\n")
    before, raw = _stored(client), _measure(client, shape, end_s, repeat)
    begun_s = time.monotonic()
    done = compact.compact(compact.connect(settings))
    took_s = time.monotonic() - begun_s
    after, compacted = _stored(client), _measure(client, shape, end_s, repeat)
    sys.stdout.write(f"{done.compacted} units compacted in {took_s:.1f} s\n\n")
    sys.stdout.write("| | rows | bytes |\n|---|---|---|\n")
    sys.stdout.write(f"| workers' rows | {before.rows:,} | {before.rows_bytes:,} |\n")
    sys.stdout.write(f"| totals | {after.totals:,} | {after.totals_bytes:,} |\n\n")
    sys.stdout.write("| query | range | rows p50 | p95 | compacted p50 | p95 |\n|---|---|---|---|---|---|\n")
    for (query, span), timed in raw.items():
        now = compacted[query, span]
        cells = [f"{1000 * one:,.0f} ms" for one in (timed.p50_s, timed.p95_s, now.p50_s, now.p95_s)]
        sys.stdout.write(f"| {query} | {span} | {' | '.join(cells)} |\n")


def _fill(client: Client, shape: Shape, scale: float) -> int:
    """Write the counters, hour by hour; returns when the last window ends, in seconds since the epoch."""
    end_s = time.time_ns() // 10**9 // 10 * 10
    start_s = end_s - shape.days * _DAY_S
    per_s = shape.events * scale / (shape.days * _DAY_S)
    for hour in range(shape.days * 24):
        first, last = int(hour * 3600 * per_s), int((hour + 1) * 3600 * per_s)
        for sql in (*_counters(shape, start_s, per_s, first, last - first), _accounts(shape, start_s, per_s, last)):
            client.command(sql)
    for table in ("segments", *(counter.table for counter in COUNTERS)):
        client.command(f"OPTIMIZE TABLE {DATABASE}.{table} FINAL")
    return end_s


def _places(start_s: int, per_s: float) -> str:
    """Expressions of the event ``n``: its window, partition, segment and unit."""
    records = f"least({_SEGMENT_RECORDS}, toUInt64({per_s} * 3600 / {_PARTITIONS}))"
    return f"""
        toDateTime(intDiv(toUInt32({start_s} + n / {per_s}), 10) * 10, 'UTC') AS window_start,
        toUInt32(n % {_PARTITIONS}) AS partition,
        intDiv(n, {_PARTITIONS}) - intDiv(n, {_PARTITIONS}) % {records} AS segment,
        toDateTime(intDiv(toUInt32({start_s} + segment * {_PARTITIONS} / {per_s}), 3600) * 3600, 'UTC') AS unit"""


def _counters(shape: Shape, start_s: int, per_s: float, first: int, count: int) -> Iterator[str]:
    """INSERTs of what ``count`` events come to, from the event number ``first`` on."""
    campaigns = f"""if(rand(1) / 4294967295 < {shape.matched},
            ['*', concat('campaign ', toString(rand(2) % {shape.campaigns}))], ['*'])"""
    events = f"""
        SELECT
            {first} + number AS n, {_places(start_s, per_s)},
            arrayJoin({campaigns}) AS campaign,
            {SOURCES}[1 + least(rand(3), rand(4)) % 6] AS source,
            {_TYPES}[1 + rand(5) % {shape.types}] AS event_type,
            {_LANGUAGES}[1 + least(rand(6), rand(7)) % 8] AS lang,
            [
                ('hashtag', concat('tag', toString(toUInt32(pow({shape.hashtags}, randCanonical(8)))))),
                ('emoji', concat('emoji', toString(toUInt32(pow(3000, randCanonical(9)))))),
                ('account', concat('account', toString(toUInt32(pow({shape.hashtags}, randCanonical(10))))))
            ] AS every_token,
            arraySlice(every_token, 1 + rand(11) % 3, 1 + rand(12) % 2) AS tokens
        FROM numbers({count})"""
    place = "'t' AS topic_id, unit, partition, segment, 1 AS rules"
    token = f"SELECT *, arrayJoin(tokens) AS one, one.1 AS kind, one.2 AS token FROM ({events})"
    measures = "count() AS posts_added, 0 AS posts_removed"
    yield (
        f"INSERT INTO {DATABASE}.token_counter SELECT window_start, campaign, kind, token, source, event_type, "
        f"{place}, {measures}, count() AS occurrences_added, 0 AS occurrences_removed FROM ({token}) GROUP BY ALL"
    )
    yield (
        f"INSERT INTO {DATABASE}.spelling_counter SELECT campaign, kind, token, token AS spelling, {place}, {measures} "
        f"FROM ({token}) GROUP BY ALL"
    )
    yield (
        f"INSERT INTO {DATABASE}.engagement_counter SELECT window_start, campaign, source, event_type, lang, "
        f"'' AS country, '' AS sentiment, {place}, count() AS events, count() AS quantity_added, 0 AS quantity_removed "
        f"FROM ({events}) GROUP BY ALL"
    )


def _accounts(shape: Shape, start_s: int, per_s: float, events: int) -> str:
    """INSERT of the accounts of every segment of the first so many events."""
    return f"""
        INSERT INTO {DATABASE}.segments
            (topic_id, unit, partition, segment, campaign, rules, generation, last_offset, read, counted)
        SELECT 't', unit, partition, segment, campaign, 1, 1, max(intDiv(n, {_PARTITIONS})), 1, 1
        FROM
        (
            SELECT number * 256 AS n, {_places(start_s, per_s)},
                arrayJoin(arrayConcat(['*'], arrayMap(c -> concat('campaign ', toString(c)), range({shape.campaigns}))))
                    AS campaign
            FROM numbers(intDiv({events}, 256))
        )
        GROUP BY ALL"""


def _stored(client: Client) -> Stored:
    def of(tables: Sequence[str]) -> tuple[int, int]:
        ((rows, size),) = client.query(
            "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts "
            "WHERE active AND database = {database:String} AND table IN {tables:Array(String)}",
            parameters={"database": DATABASE, "tables": list(tables)},
        ).result_rows
        return int(rows), int(size)

    return Stored(*of([counter.table for counter in COUNTERS]), *of([counter.totals for counter in COUNTERS]))


def _measure(client: Client, shape: Shape, end_s: int, repeat: int) -> dict[tuple[str, str], Timed]:
    """Each query over each range that the shape has, as often as asked."""
    found = {("coverage alone", ""): timed(lambda: client.query(f"SELECT * FROM {DATABASE}.coverage"), repeat)}
    for span, seconds in _RANGES.items():
        if seconds > shape.days * _DAY_S:
            continue
        for campaign in ("*", "campaign 1"):
            variables = {"campaign": campaign, "platform": ALL, "granularity": "3600" if seconds >= _DAY_S else "60"}
            for panel in LAUNCH:
                sql = expand(raw_sql(panel.query), end_s - seconds, end_s, variables)
                found[f"{panel.title}, {campaign}", span] = timed(lambda sql=sql: client.query(sql), repeat)  # type: ignore[misc]  # bound here
            since, until = (datetime.fromtimestamp(at, UTC) for at in (end_s - seconds, end_s))
            found[f"top, {campaign}", span] = timed(
                lambda campaign=campaign, since=since, until=until: top(client, campaign, "hashtag", since, until, 20),  # type: ignore[misc]  # likewise
                repeat,
            )
    return found


def timed(ask: Callable[[], Any], repeat: int) -> Timed:
    """How long the question takes, so often asked, and once before."""
    ask()
    times_s = []
    for _ in range(repeat):
        begun_s = time.monotonic()
        ask()
        times_s.append(time.monotonic() - begun_s)
    return Timed(median(times_s), quantiles(times_s, n=20, method="inclusive")[-1])


if __name__ == "__main__":
    sys.exit(main())
