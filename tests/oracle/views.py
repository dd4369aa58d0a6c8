"""The contract's views as a reader finds them, and how they differ from what is expected."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import httpx

from tests.http_client import HTTP
from tests.oracle.oracle import Rows

_WINDOW = "toUnixTimestamp(window_start)"
_FOLLOWERS = "ifNull(max(followers), -1)"
COLUMNS = {
    "token_counts": (
        (_WINDOW, "campaign", "kind", "token", "source", "event_type"),
        ("posts", "occurrences"),
    ),
    "engagement": (
        (_WINDOW, "campaign", "source", "event_type", "lang", "country", "sentiment"),
        ("events", "quantity"),
    ),
    "spellings": (("campaign", "kind", "token", "spelling"), ("posts",)),
    "authors": (
        (_WINDOW, "campaign", "source", "event_type", "author_id", "author_name", "role"),
        ("events", "quantity", "impressions", "likely_impressions", "unknown", _FOLLOWERS),
    ),
    "target_mentions": (
        (_WINDOW, "campaign", "target", "source", "event_type", "author_id"),
        ("posts",),
    ),
    "hashtag_pairs": ((_WINDOW, "campaign", "hashtag", "other"), ("posts",)),
    "hashtag_groups": ((_WINDOW, "campaign", "hashtag_group", "source", "event_type"), ("posts",)),
    "pledged": ((_WINDOW, "campaign", "source", "currency"), ("events", "amount", "unknown")),
    "reactions": ((_WINDOW, "campaign", "source", "event_type", "post"), ("events", "quantity")),
    "hashtag_reactions": ((_WINDOW, "campaign", "hashtag", "source", "event_type"), ("events", "quantity")),
    "hashtag_sentiment": ((_WINDOW, "campaign", "hashtag", "source", "event_type", "sentiment"), ("posts",)),
    "post_reactions": ((_WINDOW, "campaign", "post_id", "source", "event_type"), ("events", "quantity")),
    "sampled_posts": ((_WINDOW, "campaign", "hashtag", "source", "author_id", "post_id"), ("posts",)),
}


def views(clickhouse_url: str) -> dict[str, Rows]:
    """The counting views of database ``groundswell``, summed per key as any reader would.

    ``clickhouse_url`` may carry a user and a password. Raises ``RuntimeError`` with ClickHouse's words when a query
    fails.
    """
    return {name: _read(clickhouse_url, name) for name in COLUMNS}


def _read(clickhouse_url: str, view: str) -> Rows:
    keys, measures = COLUMNS[view]
    wanted = [*keys, *(one if "(" in one else f"sum({one})" for one in measures)]
    sql = f"SELECT {', '.join(wanted)} FROM groundswell.{view} GROUP BY {', '.join(keys)} FORMAT JSONCompactEachRow"
    answer = HTTP.post(clickhouse_url, content=sql.encode())
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"{view} cannot be read: {answer.text.strip()}")
    lines = answer.content.strip(b"\n").replace(b"\n", b",")  # within one there is none
    width = len(keys)
    return {tuple(row[:width]): tuple(map(int, row[width:])) for row in json.loads(b"[" + lines + b"]")}


def additive(found: Mapping[str, Rows]) -> dict[str, Rows]:
    """The views' measures that add up over parts of a log: all but an author's most followers."""
    return {**found, "authors": {key: row[:-1] for key, row in found["authors"].items()}}


def added(*parts: tuple[int, Mapping[str, Rows]]) -> dict[str, Rows]:
    """The sum of several views, each times its sign, of the measures that add up."""
    sums: dict[str, Rows] = {}
    for sign, part in parts:
        for name, rows in additive(part).items():
            for key, row in rows.items():
                before = sums.setdefault(name, {}).get(key, (0,) * len(row))
                sums[name][key] = tuple(old + sign * new for old, new in zip(before, row, strict=True))
    return sums


def compare(
    expected: Mapping[str, Mapping[Any, Any]], actual: Mapping[str, Mapping[Any, Any]], limit: int = 20
) -> list[str]:
    """One line per key whose measures differ, ``limit`` of them per view and a line for the rest; [] when all agree.

    A row of nothing but zeros is the same as no row: what was undone leaves nothing to show. Made for views, it also
    compares accounts (by partition, numbers by name).
    """
    lines = []
    for view in sorted({*expected, *actual}):
        want, have = _without_zeros(expected.get(view, {})), _without_zeros(actual.get(view, {}))
        keys = sorted((key for key in {*want, *have} if want.get(key) != have.get(key)), key=str)
        lines += [
            f"{view} {_readable(key)}: expected {want.get(key, 'nothing')}, found {have.get(key, 'nothing')}"
            for key in islice(keys, limit)
        ]
        if len(keys) > limit:
            lines.append(f"{view}: and {len(keys) - limit} more of {len({*want, *have})} keys")
    return lines


def _without_zeros(rows: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: row for key, row in rows.items() if any(row.values() if isinstance(row, Mapping) else row)}


def _readable(key: Any) -> str:
    if isinstance(key, tuple) and isinstance(key[0], int):
        window = datetime.fromtimestamp(key[0], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"({', '.join([window, *map(repr, key[1:])])})"
    return repr(key)
