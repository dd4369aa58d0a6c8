"""Events as if counted: composed, written to ClickHouse as workers' rows are, and kept for a naive oracle."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from schemas.counters import AUTHORS, DATABASE, ENGAGEMENT, TARGET_MENTIONS, TOKEN_COUNTS
from tests.deploy.clickhouse_fixtures import ClickHouse

_segments = itertools.count(100, 100)


class Happened(Struct, frozen=True):
    """An event of a campaign, at seconds since the epoch."""

    at_s: int
    campaign: str = "kindness"
    event_type: str = "mention"
    source: str = "x"
    author: str = "a"
    quantity: int = 1
    sentiment: str = ""
    hashtags: tuple[str, ...] = ()
    target: str = ""

    @property
    def window_s(self) -> int:
        return self.at_s // 10 * 10


def _row(one: Happened, **more: Any) -> dict[str, Any]:
    event = {"source": one.source, "event_type": one.event_type}
    return {"window_start": one.window_s, "campaign": one.campaign, **event, **more}


def write(server: ClickHouse, happened: Iterable[Happened]) -> None:
    """One segment of a partition, vouched for, as one flush leaves it."""
    events = list(happened)
    segment = next(_segments)
    tables: dict[str, Counter[str]] = {
        counter.table: Counter() for counter in (ENGAGEMENT, AUTHORS, TARGET_MENTIONS, TOKEN_COUNTS)
    }
    for one in events:
        tables[ENGAGEMENT.table][json.dumps(_row(one, sentiment=one.sentiment))] += one.quantity
        tables[AUTHORS.table][json.dumps(_row(one, author_id=one.author))] += one.quantity
        if one.target:
            tables[TARGET_MENTIONS.table][json.dumps(_row(one, target=one.target, author_id=one.author))] += 1
        for hashtag in one.hashtags:
            tables[TOKEN_COUNTS.table][json.dumps(_row(one, kind="hashtag", token=hashtag))] += 1
    place = {"topic_id": "t", "unit": 0, "partition": 0, "segment": segment, "rules": 1}
    names = {ENGAGEMENT.table: "quantity", AUTHORS.table: "quantity"}
    for table, rows in tables.items():
        name = names.get(table, "posts")
        found = []
        for key, count in rows.items():
            measures = {f"{name}_added": max(count, 0), f"{name}_removed": max(-count, 0)}
            if table in names:
                measures["events"] = max(1, abs(count))
            found.append({**json.loads(key), **place, **measures})
        _insert(server, table, found)
    archived = [{**place, **_archived(number, one)} for number, one in enumerate(events)]
    _insert(server, "archive", [{**row, "offset": segment + number} for number, row in enumerate(archived)])
    account = {**place, "generation": 1, "last_offset": segment, "read": 10, "counted": 10}
    campaigns = {"*", *(one.campaign for one in events)}
    _insert(server, "segments", [{**account, "campaign": campaign} for campaign in campaigns])


def _archived(number: int, one: Happened) -> dict[str, Any]:
    times = {"event_time": one.at_s, "observed_at": one.at_s, "append_time": one.at_s}
    names = {"event_id": f"e{number}", "source": one.source, "event_type": one.event_type, "author_id": one.author}
    lists = {"campaigns": ["*", one.campaign], "rules": [1, 1], "hashtags": one.hashtags}
    return {**times, **names, **lists, "sentiment": one.sentiment, "quantity": one.quantity}


def _insert(server: ClickHouse, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        lines = "\n".join(map(json.dumps, rows))
        server.lines(f"INSERT INTO {DATABASE}.{table} FORMAT JSONEachRow {lines}")


def clear(server: ClickHouse) -> None:
    """Nothing is counted, and no alert has ever fired."""
    counters = (ENGAGEMENT, AUTHORS, TARGET_MENTIONS, TOKEN_COUNTS)
    for table in (*(counter.table for counter in counters), "archive", "segments", "alert_log"):
        server.lines(f"TRUNCATE TABLE {DATABASE}.{table}")
