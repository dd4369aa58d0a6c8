"""``python -m benchmarks.panels``: how long each panel of each dashboard takes on a launch of seven days.

The counters are made in ClickHouse's engine, as workers would have written them, and compacted; nothing goes over
Kafka. One campaign has 1.5 million mentions, by a hundred thousand authors (each on one platform) and fading as
launches do; under ``*`` there is as much talk again. Each panel is asked as Grafana asks, over its dashboard's time
range and over all seven days.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver import Client

from benchmarks import product
from benchmarks.storage import SOURCES, Timed, timed
from dashboards.boards import DASHBOARDS
from dashboards.grafana import raw_sql
from dashboards.marks import MARKS
from dashboards.panel import Dashboard
from deploy.ports import free_port
from schemas.campaign import Benchmark, Campaign, Goal, LaunchWindow
from schemas.counters import COUNTERS, DATABASE
from streams import clickhouse, compact
from streams.declare import declare
from streams.settings import Settings, load
from tests.dashboards.plugin import ALL, expand

_DAY_S = 86_400
_DAYS = 7
_MENTIONS = 1_500_000
_HOUR_RANGES = {"now-1h": 3_600, "now-65m": 3_900, "now-7d": _DAYS * _DAY_S}
_GOAL_MS = 100.0

_PLACE = "'t' AS topic_id, unit, partition, segment, 1 AS rules"
_CAMPAIGNS = "arrayJoin(if(ours, ['*', 'launch'], ['*'])) AS campaign"

# A row an event; the rate fades as a power of the time since the launch, over a floor.
_EVENTS = f"""
CREATE TABLE default.event ENGINE = MergeTree ORDER BY n AS
SELECT
    number AS n,
    number % 2 = 0 AS ours,
    if(rand(1) % 3 = 0, randCanonical(2), pow(randCanonical(3), 2.5)) AS part,
    number % 997 = 0 AS rises,
    toUInt32({{start_s}} + if(rises, {_DAYS * _DAY_S} - 1 - rand(14) % 250, {_DAYS * _DAY_S} * part)) AS at_s,
    toDateTime(intDiv(at_s, 10) * 10, 'UTC') AS window_start,
    toDateTime(intDiv(at_s, 3600) * 3600, 'UTC') AS unit,
    toUInt32(number % 4) AS partition,
    toUInt64(toUnixTimestamp(unit)) AS segment,
    ['mention', 'mention', 'reply', 'quote', 'video'][1 + rand(6) % 5] AS event_type,
    ['en', 'es', 'pt', 'ja', 'de', ''][1 + least(rand(7), rand(8)) % 6] AS lang,
    ['', '', 'US', 'GB', 'BR', 'JP', 'KR', 'DE'][1 + rand(9) % 8] AS country,
    ['positive', 'positive', 'neutral', 'negative', ''][1 + rand(10) % 5] AS sentiment,
    toUInt64(100000 * pow(randCanonical(11), 2)) AS person,
    {SOURCES}[1 + sipHash64(person) % 6] AS source,
    if(rises, 'rising', concat('tag', toString(toUInt32(pow(50000, randCanonical(12)))))) AS tag,
    concat('emoji', toString(toUInt32(pow(3000, randCanonical(13))))) AS emoji
FROM numbers({{events}})
"""
_INSERTS = (
    f"""token_counter SELECT window_start, {_CAMPAIGNS}, one.1 AS kind, one.2 AS token, source, event_type, {_PLACE},
        count() AS posts_added, 0 AS posts_removed, count() AS occurrences_added, 0 AS occurrences_removed
    FROM (SELECT *, arrayJoin([('hashtag', tag), ('hashtag', if(ours, 'launch', 'talk')), ('emoji', emoji)]) AS one
          FROM default.event) GROUP BY ALL""",
    f"""spelling_counter SELECT {_CAMPAIGNS}, 'hashtag' AS kind, tag AS token, upper(tag) AS spelling, {_PLACE},
        count() AS posts_added, 0 AS posts_removed FROM default.event GROUP BY ALL""",
    f"""engagement_counter SELECT window_start, {_CAMPAIGNS}, source, event_type, lang, country,
        if(campaign = '*', '', sentiment) AS sentiment, {_PLACE},
        count() AS events, count() AS quantity_added, 0 AS quantity_removed FROM default.event GROUP BY ALL""",
    f"""author_counter SELECT window_start, 'launch' AS campaign, source, event_type, toString(person) AS author_id,
        concat('name', toString(person)) AS author_name, if(person < 5, 'partner', '') AS role, {_PLACE},
        count() AS events, count() AS quantity_added, 0 AS quantity_removed,
        count() * person AS impressions_added, 0 AS impressions_removed,
        count() * intDiv(person, 7) AS likely_impressions_added, 0 AS likely_impressions_removed,
        count() * (person % 3 = 0) AS unknown, if(person % 3 = 0, 0, person + 1) AS followers
    FROM default.event WHERE ours GROUP BY ALL""",
    f"""target_counter SELECT window_start, 'launch' AS campaign, 'minister' AS target, source, event_type,
        toString(person) AS author_id, {_PLACE}, count() AS posts_added, 0 AS posts_removed
    FROM default.event WHERE n % 10 = 0 GROUP BY ALL""",
    f"""pair_counter SELECT window_start, 'launch' AS campaign, 'launch' AS hashtag, tag AS other, {_PLACE},
        count() AS posts_added, 0 AS posts_removed FROM default.event WHERE ours GROUP BY ALL""",
    f"""hashtag_sentiment_counter SELECT window_start, 'launch' AS campaign, arrayJoin(['launch', tag]) AS hashtag,
        source, event_type, sentiment, {_PLACE}, count() AS posts_added, 0 AS posts_removed
    FROM default.event WHERE ours GROUP BY ALL""",
    f"""post_reaction_counter SELECT window_start, 'launch' AS campaign,
        concat('p', toString(toUInt32(pow(150000, randCanonical(15))) * 2)) AS post_id,
        {SOURCES}[1 + sipHash64(post_id) % 6] AS source,
        ['like', 'share', 'reply', 'quote'][1 + n % 4] AS event_type, {_PLACE}, count() AS events,
        count() AS quantity_added, 0 AS quantity_removed FROM default.event WHERE ours GROUP BY ALL""",
    f"""reaction_counter SELECT window_start, {_CAMPAIGNS}, source, ['like', 'share', 'view'][1 + n % 3] AS event_type,
        'known' AS post, {_PLACE}, 3 * count() AS events, 3 * count() AS quantity_added, 0 AS quantity_removed
    FROM default.event GROUP BY ALL""",
    f"""sample_counter SELECT window_start, '*' AS campaign, tag AS hashtag, source, toString(person) AS author_id,
        toString(n) AS post_id, {_PLACE}, 1 AS posts_added, 0 AS posts_removed
    FROM default.event WHERE person % 8 = 0""",
    f"""segments (topic_id, unit, partition, segment, rules, campaign, generation, last_offset, read, counted)
    SELECT {_PLACE}, arrayJoin(['*', 'launch']) AS campaign, 1, max(n), count(), count()
    FROM default.event GROUP BY ALL""",
    """archive SELECT 't' AS topic_id, partition, segment, n AS offset, window_start AS append_time,
        toDateTime(at_s, 'UTC') AS event_time, event_time AS observed_at, source, toString(n) AS event_id, event_type,
        ['launch'] AS campaigns, [1] AS rules, concat('p', toString(n)) AS post_id,
        if(event_type IN ('reply', 'quote'), concat('p', toString(intDiv(n, 500) * 500)), '') AS ref_post_id, '' AS url,
        toString(person) AS author_id, concat('name', toString(person)) AS author_name, person AS author_followers,
        lang, country, concat('#launch #', tag) AS text, ['launch', tag] AS hashtags, [emoji] AS emojis,
        [] AS accounts, 1 AS quantity, NULL AS amount, '' AS currency, sentiment FROM default.event WHERE ours""",
)


def main(words: Sequence[str] | None = None) -> int:
    """Make, compact, measure; print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.panels", description=__doc__.split("\n\n")[0])
    parser.add_argument("--scale", type=float, default=0.1, help="share of the mentions (default 0.1; 1 for all)")
    parser.add_argument("--repeat", type=int, default=20, help="how often each panel is asked (default 20)")
    parser.add_argument("--folder", default=None, help="where the data is kept meanwhile")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="panels-", dir=asked.folder) as data:
        settings = load(clickhouse_url=f"http://127.0.0.1:{free_port()}", data_dir=Path(data))
        with product.engine(settings):
            _tell(settings, asked.scale, asked.repeat)
    return 0


def _tell(settings: Settings, scale: float, repeat: int) -> None:
    client = clickhouse.connect(settings)
    end_s = time.time_ns() // 10**9 // 10 * 10
    begun_s = time.monotonic()
    _fill(client, end_s, int(2 * _MENTIONS * scale))
    done = compact.compact(compact.connect(settings))
    took_s = time.monotonic() - begun_s
    sys.stdout.write(f"{_MENTIONS * scale:,.0f} mentions in {_DAYS} days, {done.compacted} units compacted; ")
    sys.stdout.write(f"made in {took_s:.0f} s; each panel {repeat} times\n\n")
    sys.stdout.write("| dashboard | panel | range | rows | p50, ms | p95, ms |\n|---|---|---|---|---|---|\n")
    slow = 0
    for board in DASHBOARDS:
        for title, span, rows, found in _measured(client, board, end_s, repeat):
            p50, p95 = 1_000 * found.p50_s, 1_000 * found.p95_s
            slow += p95 > _GOAL_MS
            sys.stdout.write(f"| {board.title} | {title} | {span} | {rows} | {p50:,.0f} | {p95:,.0f} |\n")
            sys.stdout.flush()
    sys.stdout.write(f"\n{slow} took more than {_GOAL_MS:.0f} ms.\n")


def _measured(client: Client, board: Dashboard, end_s: int, repeat: int) -> list[tuple[str, str, int, Timed]]:
    asked = [(panel.title, panel.query) for panel in board.panels if panel.query]
    asked += [(f"mark: {mark.name}", mark.query) for mark in MARKS if board is DASHBOARDS[0]]
    found = []
    for span_s in sorted({_HOUR_RANGES[board.since], _DAYS * _DAY_S}):
        step_s = board.granularity_s if span_s < _DAY_S else 3_600
        variables = {"campaign": "launch", "platform": ALL, "granularity": str(step_s)}
        for title, query in asked:
            sql = expand(raw_sql(query), end_s - span_s, end_s, variables)
            rows = len(client.query(sql).result_rows)
            span = f"{span_s // _DAY_S} days" if span_s >= _DAY_S else f"{span_s // 60} min"
            found.append((title, span, rows, timed(lambda sql=sql: client.query(sql), repeat)))  # type: ignore[misc]  # bound here
    return found


def _fill(client: Client, end_s: int, events: int) -> None:
    """Write the counters and the archive of so many events before ``end_s``, and what a campaign file declares."""
    start_s = end_s - _DAYS * _DAY_S
    client.command(_EVENTS.format(start_s=start_s, events=events))
    for insert in _INSERTS:
        client.command(f"INSERT INTO {DATABASE}.{insert} SETTINGS max_partitions_per_insert_block = 0")
    client.command("DROP TABLE default.event")
    for table in ("segments", "archive", *(counter.table for counter in COUNTERS)):
        client.command(f"OPTIMIZE TABLE {DATABASE}.{table} FINAL")
    start, end = (datetime.fromtimestamp(at, UTC) for at in (start_s, end_s))
    window = LaunchWindow("launch", start + timedelta(days=2), end + timedelta(days=1))
    goals = (
        Goal("posts", "mentions", 2_000_000, end + timedelta(days=1)),
        Goal("people", "contributors", 100_000, end + timedelta(days=1)),
    )
    windows = (LaunchWindow("before", start, start + timedelta(days=2)), window)
    compared = Benchmark("launch", "before")
    campaign = Campaign(
        "launch", "Launch", hashtags=("launch",), launch_windows=windows, goals=goals, benchmark=compared
    )
    declare(client, [campaign])


if __name__ == "__main__":
    sys.exit(main())
