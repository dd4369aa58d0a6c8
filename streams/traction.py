"""Traction: hashtags outside the campaigns that rise now, for a researcher to verify before anybody shares them.

A hashtag spikes when the last span brought more posts than the spans before it on average, by ``LEAST_SCORE`` of their
standard deviations. Counts scatter by chance alone (Poisson's law), so a deviation below the square root of the
average, or below one post, is taken for that.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver import Client
from msgspec import Struct

from schemas.campaign import Campaign
from schemas.counters import AUTHORS_A_SAMPLED_ONE, DATABASE, EVERY_CAMPAIGN
from schemas.event import POST_TYPES, WINDOW_S
from streams.errors import UsageError

LEAST_SCORE = 3.0
HISTORY = timedelta(days=7)
"""How far back, from the base's begin, a hashtag's first post is looked for."""

FEWEST_SPANS = 3
FLOOR, FEWEST_AUTHORS, LINES = 50, 10, 20
"""Unless others are asked for: the fewest posts and authors of the last span, and the most lines."""

_MOST_CANDIDATES = 10_000
_EXAMPLES = 3
_EVERYTHING = f"campaign = '{EVERY_CAMPAIGN}'"
_POSTS = f"{_EVERYTHING} AND kind = 'hashtag' AND event_type IN {POST_TYPES}"
_SINCE, _UNTIL = "{since:DateTime('UTC')}", "{until:DateTime('UTC')}"
_SPAN = f"window_start >= {_SINCE} AND window_start < {_UNTIL}"


def rising_sql(since: str, until: str, spans: str, span_s: str, floor: str) -> str:
    """SELECT of (hashtag, recent, average, score): what spikes in the last of the spans, by expressions of SQL."""
    counts = f"{DATABASE}.token_counts_addends AS token_counts"
    last = f"{until} - toIntervalSecond({span_s})"
    enough = (
        f"SELECT token FROM {counts} WHERE {_POSTS} AND window_start >= {last} AND window_start < {until} "
        f"GROUP BY token HAVING sum(posts) >= {floor}"
    )
    return f"""
SELECT
    token AS hashtag,
    recent,
    total / ({spans} - 1) AS average,
    (recent - average) / sqrt(greatest(squares / ({spans} - 1) - average * average, average, 1)) AS score
FROM
(
    SELECT
        token,
        sumIf(counted, span = {spans} - 1) AS recent,
        sumIf(counted, span < {spans} - 1) AS total,
        sumIf(counted * counted, span < {spans} - 1) AS squares
    FROM
    (
        SELECT token, intDiv(dateDiff('second', {since}, window_start), {span_s}) AS span, sum(posts) AS counted
        FROM {counts}
        WHERE {_POSTS} AND window_start >= {since} AND window_start < {until} AND token IN ({enough})
        GROUP BY token, span
    )
    GROUP BY token
)
WHERE score >= {LEAST_SCORE}"""


def sample_sql(since: str, until: str) -> str:
    """SELECT of (hashtag, sampled, examples): how many of the sampled authors wrote it, and a post of some of them."""
    return f"""
SELECT
    hashtag,
    count() AS sampled,
    arrayMap(one -> one.2, arraySlice(arraySort(groupArrayIf(post, post.2 != '')), 1, {_EXAMPLES})) AS examples
FROM
(
    SELECT hashtag, source, author_id, minIf((at, concat(source, ':', post_id)), post_id != '') AS post
    FROM
    (
        SELECT hashtag, source, author_id, post_id, min(window_start) AS at
        FROM {DATABASE}.sampled_posts_addends AS sampled_posts
        WHERE {_EVERYTHING} AND window_start >= {since} AND window_start < {until}
        GROUP BY hashtag, source, author_id, post_id
        HAVING sum(posts) > 0
    )
    GROUP BY hashtag, source, author_id
)
GROUP BY hashtag"""


_RISING = f"""
{rising_sql(_SINCE, _UNTIL, "{spans:UInt32}", "{span_s:UInt32}", "{floor:UInt32}")}
ORDER BY score DESC, hashtag
LIMIT {{most:UInt32}}
"""
_SAMPLE = f"""
{sample_sql(_SINCE, _UNTIL)}
HAVING sampled * {AUTHORS_A_SAMPLED_ONE} >= {{authors:UInt32}}
"""

_BEGIN = f"""
SELECT toUnixTimestamp(min(window_start)) FROM {DATABASE}.engagement_addends WHERE {_EVERYTHING} AND {_SPAN}
"""

_FIRST = f"""
SELECT token, toUnixTimestamp(min(window_start))
FROM {DATABASE}.token_counts_addends
WHERE {_POSTS} AND {_SPAN} AND token IN {{hashtags:Array(String)}}
GROUP BY token
"""


class Rising(Struct, frozen=True):
    """A line of the ranking: ``posts`` of the last span against the average of a span before it.

    ``authors`` estimates how many wrote them, by ``authors_error`` (one standard error) off; ``examples`` are posts of
    different authors, as ``source:post_id``, earliest first. ``first_seen``: the first window with the hashtag.
    """

    rank: int
    hashtag: str
    score: float
    posts: int
    before: float
    authors: int
    authors_error: int
    examples: list[str]
    first_seen: datetime


class Spans(Struct, frozen=True):
    """The last span ``[last, until)``, and as many of its length before it as go into ``[since, last)``."""

    since: datetime
    last: datetime
    until: datetime
    length_s: int

    @property
    def count(self) -> int:
        """How many there are, the last one too."""
        return int((self.until - self.since).total_seconds()) // self.length_s


def spans(since: datetime, until: datetime, length: timedelta) -> Spans:
    """Spans of whole windows up to that of ``until``, which is still filling; the first begins at ``since`` or later.

    Raises ``UsageError`` when there is no base to speak of.
    """
    length_s = max(1, math.ceil(length.total_seconds() / WINDOW_S)) * WINDOW_S
    end_s = math.floor(until.timestamp() / WINDOW_S) * WINDOW_S
    count = int((end_s - since.timestamp()) // length_s)
    if count < FEWEST_SPANS:
        raise UsageError(
            f"From {since:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S} UTC there are fewer than {FEWEST_SPANS} "
            "spans to compare: take a longer time, or a shorter --over."
        )
    begin, last, end = (datetime.fromtimestamp(at, UTC) for at in (end_s - count * length_s, end_s - length_s, end_s))
    return Spans(begin, last, end, length_s)


def counted_since(client: Client, since: datetime, until: datetime) -> datetime:
    """When within ``[since, until)`` counting began: before that, silence says nothing."""
    ((first_s,),) = client.query(_BEGIN, parameters={"since": since, "until": until}).result_rows
    return max(since, datetime.fromtimestamp(first_s, UTC)) if first_s else since


def traction(
    client: Client, campaigns: Sequence[Campaign], within: Spans, floor: int, authors: int, limit: int
) -> list[Rising]:
    """The ranking by spike score, of hashtags that are no campaign's.

    ``floor``: the fewest posts of the last span that count; ``authors``: the fewest that are estimated to have written.
    """
    chosen: dict[str, object] = {"since": within.since, "until": within.until}
    chosen |= {"spans": within.count, "span_s": within.length_s}
    chosen |= {"floor": floor, "most": _MOST_CANDIDATES}
    found = _others(campaigns, client.query(_RISING, parameters=chosen).result_rows)
    recent = {"since": within.last, "until": within.until, "authors": authors}
    sample = {hashtag: more for hashtag, *more in client.query(_SAMPLE, parameters=recent).result_rows}
    people = {hashtag: estimated_authors(sample.get(hashtag, [0])[0], posts) for hashtag, posts, _, _ in found}
    kept = [row for row in found if people[row[0]][0] >= authors][:limit]
    history = {"since": within.since - HISTORY, "until": within.until, "hashtags": [hashtag for hashtag, *_ in kept]}
    first = dict(map(tuple, client.query(_FIRST, parameters=history).result_rows)) if kept else {}
    return [
        Rising(
            rank,
            hashtag,
            round(score, 2),
            posts,
            round(before, 2),
            *people[hashtag],
            examples=sample.get(hashtag, [0, []])[1],
            first_seen=datetime.fromtimestamp(first[hashtag], UTC),
        )
        for rank, (hashtag, posts, before, score) in enumerate(kept, 1)
    ]


def estimated_authors(sampled: int, posts: int) -> tuple[int, int]:
    """How many authors wrote so many posts, of whom ``sampled`` are in the sample; and the standard error of that.

    Relative to n authors it is sqrt((1 - p) / (p n)), p being the part that is sampled. Each wrote a post at least.
    """
    estimate = min(sampled * AUTHORS_A_SAMPLED_ONE, posts)
    error = math.sqrt(max(estimate, AUTHORS_A_SAMPLED_ONE) * (AUTHORS_A_SAMPLED_ONE - 1))
    return estimate, round(error)


Row = tuple[str, int, float, float]


def _others(campaigns: Sequence[Campaign], rows: Sequence[Sequence[Any]]) -> list[Row]:
    """The rows whose hashtag, which comes first, is no campaign's."""
    from streams.token_table import own_hashtags  # noqa: PLC0415 - Polars takes its time to load; the live page has no use for it

    ours = {hashtag for _, hashtag in own_hashtags(campaigns, [row[0] for row in rows])}
    return [(row[0], row[1], row[2], row[3]) for row in rows if row[0] not in ours]
