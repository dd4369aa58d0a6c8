"""Pieces of the panels' queries: the words of docs/metrics.md as ClickHouse's expressions."""

from dashboards.variables import FROM, GRANULARITY_S, IN_RANGE, THESE_PLATFORMS, THIS_CAMPAIGN, TO
from schemas.counters import DATABASE
from schemas.event import POST_TYPES

POSTS = f"event_type IN {POST_TYPES}"
CHOSEN = f"{THIS_CAMPAIGN} AND {THESE_PLATFORMS} AND {IN_RANGE}"

_BUCKETS_AT_MOST = 1_500
"""More than a screen can draw; for longer time ranges buckets are a multiple of the granularity."""

STEP_S = (
    f"toUInt32(greatest(1, ceil(dateDiff('second', {FROM}, {TO}) / {GRANULARITY_S} / {_BUCKETS_AT_MOST}))"
    f" * {GRANULARITY_S})"
)
"""The length of a bucket."""

BUCKETS = (
    f"Buckets are of the chosen granularity, or of a multiple of it where that would be more than {_BUCKETS_AT_MOST:,}."
)

SETTLING_S = 10
"""A bucket counts as still filling until so long after its end: its last events are on their way."""

AS_OF = f"least({TO}, now('UTC'))"
"""The end of the time range, or now where that is ahead."""


def bucket_sql(at: str) -> str:
    """The start of the bucket that a moment lies in, where ``step_s`` is the length of one."""
    return f"toDateTime(intDiv(toUnixTimestamp({at}), step_s) * step_s, 'UTC')"


def authors_sql(where: str, measures: str) -> str:
    """SELECT of a row for each distinct author of ``where``, with ``measures`` of view ``authors``."""
    return (
        f"SELECT source, author_id, {measures} FROM {DATABASE}.authors_addends AS authors "
        f"WHERE {where} AND {POSTS} AND author_id != '' GROUP BY source, author_id HAVING sum(quantity) > 0"
    )
