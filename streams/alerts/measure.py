"""Measure: series counted in ClickHouse, of all campaigns at once: one or two queries for each view that has any.

Of what is distinct, an author counts whose quantities add up to more than 0, as ``docs/metrics.md`` has it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from clickhouse_connect.driver import Client

from schemas.counters import DATABASE
from streams.alerts.judge import Counts
from streams.alerts.series import Counted, Series
from streams.measures import engaged_sql

_LONG_S = 2 * 3600

_WANTED = (
    "Array(Tuple(number UInt32, campaign String, types Array(String), start UInt32, end UInt32, step UInt32, "
    "source String, sentiments Array(String), once UInt8))"
)

_OF_WANTED = f"""
    SELECT
        one.number AS number, one.campaign AS campaign, one.types AS types, one.start AS start, one.end AS end,
        one.step AS step, one.source AS only_source, one.sentiments AS sentiments, one.once AS once
    FROM (SELECT arrayJoin({{wanted:{_WANTED}}}) AS one)
"""

_IN_SPAN = """
    campaign IN {campaigns:Array(String)}
    AND window_start >= {start:DateTime('UTC')} AND window_start < {end:DateTime('UTC')}
"""

_FITS = """
    time >= start AND time < end
    AND (empty(types) OR has(types, event_type)) AND only_source IN ('', counted.source)
"""

_SUMS = f"""
SELECT number, intDiv(time - start, step) AS piece, sum({{measure:Identifier}}) AS value
FROM
(
    SELECT
        toString(campaign) AS campaign, toString(source) AS source, toString(event_type) AS event_type,
        toString(sentiment) AS sentiment, toUnixTimestamp(window_start) AS time,
        sum(quantity) AS quantity, sum(events) AS events
    FROM ({engaged_sql(_IN_SPAN)})
    GROUP BY ALL
) AS counted
INNER JOIN ({_OF_WANTED}) AS wanted USING campaign
WHERE {_FITS} AND (empty(sentiments) OR has(sentiments, sentiment))
GROUP BY number, piece
HAVING value != 0
"""


def _distinct(view: str, measure: str) -> str:
    return f"""
SELECT number, piece, count() AS value
FROM
(
    SELECT number, min(intDiv(time - start, step)) AS piece
    FROM
    (
        SELECT
            toString(campaign) AS campaign, toString(source) AS source, toString(event_type) AS event_type,
            author_id, toUnixTimestamp(window_start) AS time, sum({measure}) AS quantity
        FROM {DATABASE}.{view}
        WHERE {_IN_SPAN} AND author_id != ''
        GROUP BY ALL
    ) AS counted
    INNER JOIN ({_OF_WANTED}) AS wanted USING campaign
    WHERE {_FITS}
    GROUP BY number, counted.source, author_id, if(once, 0, intDiv(time - start, step))
    HAVING sum(quantity) > 0
)
GROUP BY number, piece
"""


_QUERIES: dict[Counted, str] = {
    "quantity": _SUMS,
    "events": _SUMS,
    "authors": _distinct("authors", "quantity"),
    "target_authors": _distinct("target_mentions", "posts"),
}


def measure(client: Client, wanted: Iterable[Series]) -> Counts:
    """The pieces of each series, those that are not 0. Raises the driver's errors."""
    together: defaultdict[tuple[Counted, bool], list[Series]] = defaultdict(list)
    for one in dict.fromkeys(wanted):
        # Apart, so that what looks back an hour is not compared with the windows of a whole launch.
        together[one.counted, one.end_s - one.start_s > _LONG_S].append(one)
    found: dict[Series, dict[int, int]] = {}
    for (counted, _), several in together.items():
        found.update({one: {} for one in several})
        rows = client.query(_QUERIES[counted], parameters=_parameters(counted, several)).result_rows
        for number, piece, value in rows:
            found[several[number]][piece] = value
    return found


def _parameters(counted: Counted, several: Sequence[Series]) -> dict[str, object]:
    return {
        "campaigns": sorted({one.campaign for one in several}),
        "start": datetime.fromtimestamp(min(one.start_s for one in several), UTC),
        "end": datetime.fromtimestamp(max(one.end_s for one in several), UTC),
        "measure": counted,
        "wanted": [
            (
                number, one.campaign, list(one.types), one.start_s, one.end_s, one.step_s, one.source,
                list(one.sentiments), int(one.once),
            )
            for number, one in enumerate(several)
        ],
    }  # fmt: skip
