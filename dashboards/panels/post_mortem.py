"""The panels of the dashboard "Post-mortem": what it came to, next to the bench-mark of the campaign's file."""

from msgspec import structs

from dashboards.measures import BUCKETS, CHOSEN, POSTS, STEP_S, bucket_sql
from dashboards.panel import BLUISH_GREEN, GREY, ORANGE, VERMILLION, Column, Panel
from dashboards.panels.launch import EMOJIS, known, mentions_by
from dashboards.panels.people import top_authors
from dashboards.variables import FROM, THESE_PLATFORMS, THIS_CAMPAIGN, TO
from schemas.counters import DATABASE
from streams.measures import TYPES, engaged_sql

# Without a bench-mark it is an empty span at the epoch, which nothing is in.
_BENCHMARK = f"""
    (
        SELECT (any(of), toUnixTimestamp(toDateTime(any(start), 'UTC')), toUnixTimestamp(toDateTime(any(end), 'UTC')))
        FROM {DATABASE}.benchmarks WHERE {THIS_CAMPAIGN}
    ) AS benchmark,
    least(benchmark.2 + dateDiff('second', {FROM}, {TO}), benchmark.3) AS benchmark_end_s,
    benchmark_end_s > 0 AS compared
"""
_THEN = (
    f"campaign = benchmark.1 AND {THESE_PLATFORMS} AND window_start >= toDateTime(benchmark.2) "
    "AND window_start < toDateTime(benchmark_end_s)"
)
_SAME_LENGTH = (
    "The bench-mark is the earlier launch window that the campaign's file names, as far as it is as long as the time "
    "range."
)


# Of an event type the measures that it adds to: its own, and `mentions` for a post.
_MEASURES = f"""
arrayFilter(name -> name != '', [
    if({POSTS}, 'mentions', ''),
    multiIf(event_type = 'mention', '', event_type = 'reply', 'replies', concat(event_type, 's'))
])"""

TOTALS = Panel(
    title="Totals",
    question="What did it come to, and was it more than last time?",
    definition=(
        f"The measures of docs/metrics.md over the time range, less what was undone. {_SAME_LENGTH} Contributors are "
        "counted for campaigns, not for *."
    ),
    columns=(
        Column("total", "events"),
        Column("bench-mark", "events", GREY, empty="none"),
        Column("change", "share", limits=((None, VERMILLION), (0, BLUISH_GREEN)), empty="-"),
    ),
    query=f"""
WITH {_BENCHMARK}, {CHOSEN} AS is_now, {_THEN} AS is_then
SELECT
    measure,
    sum(now_total) AS total,
    if(compared, sum(then_total), NULL) AS `bench-mark`,
    if(`bench-mark` > 0, (total - `bench-mark`) / `bench-mark`, NULL) AS change
FROM
(
    SELECT arrayJoin({_MEASURES}) AS measure, now_total, then_total
    FROM
    (
        SELECT event_type, sumIf(quantity, is_now) AS now_total, sumIf(quantity, is_then) AS then_total
        FROM ({engaged_sql(f"(({CHOSEN}) OR ({_THEN}))")})
        GROUP BY event_type
    )
    UNION ALL
    SELECT 'contributors' AS measure, toInt64(countIf(posted > 0)), toInt64(countIf(posted_then > 0))
    FROM
    (
        SELECT sumIf(quantity, is_now) AS posted, sumIf(quantity, is_then) AS posted_then
        FROM {DATABASE}.authors_addends AS authors
        WHERE (({CHOSEN}) OR ({_THEN})) AND {POSTS} AND author_id != ''
        GROUP BY source, author_id
    )
)
GROUP BY measure
HAVING total != 0 OR `bench-mark` != 0
ORDER BY measure != 'mentions', measure != 'contributors', measure
""",
    drawing="table",
    empty="Nothing counted in this time range",
    width=8,
    height=9,
)

COURSE = Panel(
    title="Course",
    question="How did it grow, next to the bench-mark?",
    definition=(
        f"Mentions since the beginning of the time range, added up bucket by bucket. {_SAME_LENGTH} It is laid so that "
        f"both begin together. {BUCKETS}"
    ),
    columns=(
        Column("mentions so far", "posts", look="line"),
        Column("bench-mark", "posts", ORANGE, look="dashed line"),
    ),
    query=f"""
WITH {_BENCHMARK}, {STEP_S} AS step_s, toUnixTimestamp({FROM}) AS from_s
SELECT
    toDateTime(from_s + bucket * step_s, 'UTC') AS time,
    if(bucket <= max(if(now_posts IS NULL, NULL, bucket)) OVER (), sum(now_posts) OVER so_far, NULL)
        AS `mentions so far`,
    if(bucket <= max(if(then_posts IS NULL, NULL, bucket)) OVER (), sum(then_posts) OVER so_far, NULL) AS `bench-mark`
FROM
(
    SELECT bucket, sumOrNullIf(added, NOT earlier) AS now_posts, sumOrNullIf(added, earlier) AS then_posts
    FROM
    (
        SELECT intDiv(toUnixTimestamp(window_start) - from_s, step_s) AS bucket, sum(quantity) AS added, 0 AS earlier
        FROM {DATABASE}.engagement_addends AS engagement WHERE {CHOSEN} AND {POSTS} GROUP BY bucket
        UNION ALL
        SELECT intDiv(toUnixTimestamp(window_start) - benchmark.2, step_s) AS bucket, sum(quantity), 1
        FROM {DATABASE}.engagement_addends AS engagement WHERE {_THEN} AND {POSTS} GROUP BY bucket
    )
    GROUP BY bucket
)
WINDOW so_far AS (ORDER BY bucket ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY time
""",
    drawing="series",
    empty="No mentions in this time range",
    width=16,
    height=9,
)

PEAKS = Panel(
    title="Peaks",
    question="When was it busiest?",
    definition=f"The buckets with most mentions, less those undone, and what part of the whole they are. {BUCKETS}",
    columns=(Column("posts", "posts"), Column("part", "share", GREY)),
    query=f"""
WITH {STEP_S} AS step_s
SELECT
    {bucket_sql("window_start")} AS bucket,
    sum(quantity) AS posts,
    posts / sum(posts) OVER () AS part
FROM {DATABASE}.engagement_addends AS engagement
WHERE {CHOSEN} AND {POSTS}
GROUP BY bucket
HAVING posts > 0
ORDER BY posts DESC, bucket
LIMIT 8
""",
    drawing="table",
    empty="No mentions in this time range",
    width=6,
    height=7,
)

BY_PLATFORM = mentions_by("source", "By platform", "Where did people post?", width=5, height=7)
BY_LANGUAGE = mentions_by(known("lang"), "By language", "In which languages?", width=4, height=7)
BY_COUNTRY = mentions_by(known("country"), "By country", "From where?", width=4, height=7)

FEELINGS = structs.replace(EMOJIS, height=7)

TOP_POSTS = Panel(
    title="Top posts",
    question="Which posts did people react to?",
    definition=(
        "Posts by the likes, shares, replies and quotes that the campaign counts in the time range, less those undone: "
        "its own, and those without text to its posts. Author and text are there where the post is in the archive and "
        "at most a day older than the time range."
    ),
    columns=(
        Column("reactions", "events"),
        Column("likes", "events", GREY),
        Column("shares", "events", ORANGE),
        Column("author", "text", GREY, empty=""),
        Column("text", "text", GREY, empty=""),
    ),
    query=f"""
WITH
(
    SELECT groupArray((platform, post, reacted, liked, shared)) FROM
    (
        SELECT
            toString(source) AS platform,
            post_id AS post,
            sum(quantity) AS reacted,
            sumIf(quantity, event_type = 'like') AS liked,
            sumIf(quantity, event_type = 'share') AS shared
        FROM {DATABASE}.post_reactions_addends AS post_reactions
        WHERE {CHOSEN} AND event_type IN {TYPES["engagement"]}
        GROUP BY source, post_id
        HAVING reacted > 0
        ORDER BY reacted DESC, platform, post
        LIMIT 12
    )
) AS top
SELECT
    concat(one.1, ':', one.2) AS post,
    one.3 AS reactions,
    one.4 AS likes,
    one.5 AS shares,
    said.name AS author,
    substringUTF8(said.words, 1, 160) AS text
FROM (SELECT arrayJoin(top) AS one) AS ranked
LEFT JOIN
(
    SELECT toString(source) AS platform, post_id, any(author_name) AS name, any(events.text) AS words
    FROM {DATABASE}.events
    WHERE event_time >= {FROM} - INTERVAL 1 DAY AND event_time < {TO} AND {POSTS}
        AND post_id IN (SELECT arrayJoin(top).2)
    GROUP BY platform, post_id
) AS said ON said.platform = one.1 AND said.post_id = one.2
ORDER BY reactions DESC, post
""",
    drawing="table",
    empty="Nobody has reacted to a post in this time range, or no campaign is chosen: for * this is not counted",
    width=12,
    height=6,
)

WROTE_MOST = top_authors(
    "Who wrote most", "Whom is there to thank?", "1", "People are counted for campaigns, not for *: choose one", 12, 6
)

POST_MORTEM = (TOTALS, COURSE, PEAKS, BY_PLATFORM, FEELINGS, BY_LANGUAGE, BY_COUNTRY, TOP_POSTS, WROTE_MOST)
