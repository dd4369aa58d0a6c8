"""The panels of the dashboard "Traction": hashtags outside campaigns that rise, as `groundswell traction` has them."""

from dashboards.measures import POSTS
from dashboards.panel import BLUISH_GREEN, GREY, ORANGE, VERMILLION, Column, Panel
from dashboards.variables import FROM, GRANULARITY_S, IN_RANGE, TO
from schemas.counters import AUTHORS_A_SAMPLED_ONE, DATABASE, EVERY_CAMPAIGN
from schemas.event import WINDOW_S
from streams.traction import FEWEST_AUTHORS, FEWEST_SPANS, FLOOR, HISTORY, LEAST_SCORE, LINES, rising_sql, sample_sql

_EVERYTHING = f"campaign = '{EVERY_CAMPAIGN}'"
_SPANS = f"""
    {GRANULARITY_S} AS span_s,
    intDiv(toUnixTimestamp({TO}), {WINDOW_S}) * {WINDOW_S} AS end_s,
    (
        SELECT greatest(toUnixTimestamp({FROM}), toUnixTimestamp(min(window_start)))
        FROM {DATABASE}.engagement_addends AS engagement
        WHERE {_EVERYTHING} AND {IN_RANGE}
    ) AS since_s,
    toInt64(end_s > since_s ? intDiv(end_s - since_s, span_s) : 0) AS spans,
    toDateTime(end_s - spans * span_s, 'UTC') AS begin,
    toDateTime(end_s - span_s, 'UTC') AS last,
    toDateTime(end_s, 'UTC') AS end
"""
_RISING = f"""
    SELECT * FROM ({rising_sql("begin", "end", "spans", "span_s", str(FLOOR))})
    WHERE spans >= {FEWEST_SPANS}
        AND NOT arrayExists(
            pattern -> hashtag LIKE pattern, (SELECT groupArray(pattern) FROM {DATABASE}.campaign_hashtags)
        )
"""

RISING = Panel(
    title="Gaining traction",
    question="Which hashtags outside the campaigns rise now?",
    definition=(
        "Spans are of the chosen granularity; the last one ends with the time range, and is compared with those "
        "before it in the range. The spike score is how many of their standard deviations its posts lie above their "
        "average (a deviation below the square root of the average, or below 1, is taken for that); from "
        f"{LEAST_SCORE:g} on, with {FLOOR} posts and {FEWEST_AUTHORS} authors. Authors are estimated of a sample of "
        f"one in {AUTHORS_A_SAMPLED_ONE}; the example posts are theirs. First seen is of the time range and "
        f"{HISTORY.days} days before it. All platforms, no campaign's own hashtags. Verify before you share."
    ),
    columns=(
        Column("spike score", "score", limits=((None, ORANGE), (10, VERMILLION))),
        Column("posts", "posts"),
        Column("average before", "score", GREY),
        Column("authors", "authors", BLUISH_GREEN),
        Column("give or take", "authors", GREY),
        Column("first seen", "time", GREY),
        Column("examples", "text", GREY),
    ),
    query=f"""
WITH {_SPANS},
(
    SELECT groupArray(line) FROM
    (
        SELECT
            (
                rising.hashtag, rising.score, rising.recent, rising.average, sampled.examples,
                least(toInt64(sampled.sampled) * {AUTHORS_A_SAMPLED_ONE}, rising.recent)
            ) AS line
        FROM ({_RISING}) AS rising
        LEFT JOIN ({sample_sql("last", "end")}) AS sampled ON sampled.hashtag = rising.hashtag
        WHERE line.6 >= {FEWEST_AUTHORS}
        ORDER BY rising.score DESC, rising.hashtag
        LIMIT {LINES}
    )
) AS lines
SELECT
    concat('#', ranked.line.1) AS hashtag,
    round(ranked.line.2, 2) AS `spike score`,
    ranked.line.3 AS posts,
    round(ranked.line.4, 2) AS `average before`,
    ranked.line.6 AS authors,
    toInt64(round(sqrt(greatest(authors, {AUTHORS_A_SAMPLED_ONE}) * {AUTHORS_A_SAMPLED_ONE - 1}))) AS `give or take`,
    seen.first AS `first seen`,
    arrayStringConcat(ranked.line.5, ' ') AS examples
FROM (SELECT arrayJoin(lines) AS line) AS ranked
LEFT JOIN
(
    SELECT token, min(window_start) AS first
    FROM {DATABASE}.token_counts_addends AS token_counts
    WHERE {_EVERYTHING} AND kind = 'hashtag' AND {POSTS}
        AND window_start >= begin - INTERVAL {HISTORY.days} DAY AND window_start < end
        AND token IN (SELECT arrayJoin(lines).1)
    GROUP BY token
) AS seen ON seen.token = ranked.line.1
ORDER BY ranked.line.2 DESC, hashtag
""",
    drawing="table",
    empty="Nothing rises, or the time range has fewer than three spans: take a longer range, or a finer granularity",
    width=24,
    height=13,
)

TALK = Panel(
    title="All talk",
    question="Is it the hashtag that rises, or everything?",
    definition=(
        "Mentions of everything that is counted (campaign *), in spans of the chosen granularity that end where the "
        "time range ends, as the ranking compares them; all platforms."
    ),
    columns=(Column("posts", "posts"),),
    query=f"""
WITH {_SPANS}
SELECT toDateTime(begin + intDiv(dateDiff('second', begin, window_start), span_s) * span_s, 'UTC') AS time,
    sum(quantity) AS posts
FROM {DATABASE}.engagement_addends AS engagement
WHERE {_EVERYTHING} AND {POSTS} AND window_start >= begin AND window_start < end
GROUP BY time
ORDER BY time
""",
    drawing="series",
    empty="Nothing counted in this time range",
    width=24,
    height=8,
)

TRACTION = (RISING, TALK)
