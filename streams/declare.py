"""Declarations: what campaign files declare, written to ClickHouse for dashboards to draw.

Each worker does so as it starts, and only where something has changed. Of several folders the one declared last stands.
"""

import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver import Client
from msgspec import structs

from schemas.campaign import Campaign
from schemas.counters import DATABASE
from schemas.declared import TABLE, Declared
from streams.campaigns import benchmarks
from streams.measures import begin
from streams.token_table import folded

_COLUMNS = Declared.__struct_fields__
_NONE = Declared("", "", "", "", "", 0, 0.0, 0.0)

# Times as numbers, so that no driver's idea of a time zone is between what was written and what is read.
_LATEST = f"""
SELECT campaign, kind, name, of, metric, value, toFloat64(start), toFloat64(end)
FROM {DATABASE}.{TABLE}
WHERE (declared_at, declaration) = (SELECT max((declared_at, declaration)) FROM {DATABASE}.{TABLE})
"""


def declare(client: Client, campaigns: Sequence[Campaign]) -> bool:
    """Have the views show what these files declare, and nothing else; returns whether anything has changed."""
    wanted = [_NONE, *declared(campaigns)]
    if sorted(map(structs.astuple, wanted)) == sorted(map(tuple, client.query(_LATEST).result_rows)):
        return False
    declaration = uuid.uuid4()
    rows = [[declaration, *map(_cell, structs.astuple(one))] for one in wanted]
    client.insert(f"{DATABASE}.{TABLE}", rows, column_names=["declaration", *_COLUMNS], settings={"async_insert": 0})
    return True


def declared(campaigns: Sequence[Campaign]) -> Iterator[Declared]:
    """Every launch window, goal, bench-mark and hashtag of the files, with times in seconds since the epoch.

    A goal's start is 0 where it counts from the first event; a hashtag is a pattern of LIKE.
    """
    benchmark_of = benchmarks(campaigns)
    for campaign in campaigns:
        benchmark = benchmark_of.get(campaign.name)
        for window in campaign.launch_windows:
            times = (window.start.timestamp(), window.end.timestamp())
            yield Declared(campaign.name, "launch window", window.name, "", "", 0, *times)
        since = begin(campaign, benchmark)
        for goal in campaign.goals:
            times = (0.0 if since is None else since.timestamp(), goal.by.timestamp())
            yield Declared(campaign.name, "goal", goal.name, "", goal.metric, goal.value, *times)
        if benchmark is not None and campaign.benchmark is not None:
            times = (benchmark.start.timestamp(), benchmark.end.timestamp())
            yield Declared(campaign.name, "benchmark", benchmark.name, campaign.benchmark.campaign, "", 0, *times)
        for pattern in sorted({_pattern(hashtag) for hashtag in campaign.every_hashtag}):
            yield Declared(campaign.name, "hashtag", pattern, "", "", 0, 0.0, 0.0)


def _pattern(hashtag: str) -> str:
    escaped = re.sub(r"[\\%_]", r"\\\g<0>", folded("hashtag", hashtag))
    return escaped.replace("*", "%")


def _cell(value: Any) -> Any:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, float) else value
