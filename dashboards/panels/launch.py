"""The panels of the dashboard "Launch": what a room watches while a campaign is launched."""

from dashboards.measures import BUCKETS, CHOSEN, POSTS, SETTLING_S, STEP_S
from dashboards.panel import BLUISH_GREEN, GREY, ORANGE, VERMILLION, Column, Panel
from dashboards.panels.goals import GOALS
from dashboards.variables import CAMPAIGN_NAME, FROM, THESE_PLATFORMS, THIS_CAMPAIGN, TO
from schemas.counters import DATABASE, EVERY_CAMPAIGN
from schemas.event import WINDOW_S
from streams.measures import engaged_sql

MENTIONS = Panel(
    title="Mentions",
    question="How many posts has the campaign by now, and is that more than before?",
    definition=(
        "Distinct posts that match the campaign: events of the types mention, reply, quote and video, less those that "
        "were undone (the sum of `quantity`), in windows that start in the time range. A post with several of the "
        "campaign's hashtags counts once. The change compares with the same length just before the time range."
    ),
    columns=(
        Column("posts", "posts"),
        Column("against before", "share", GREY, empty="nothing before"),
    ),
    query=f"""
WITH sumIf(quantity, window_start < {FROM}) AS posts_before
SELECT
    sumIf(quantity, window_start >= {FROM}) AS posts,
    if(posts_before > 0, (posts - posts_before) / posts_before, NULL) AS `against before`
FROM {DATABASE}.engagement_addends AS engagement
WHERE {THIS_CAMPAIGN} AND {THESE_PLATFORMS} AND {POSTS}
    AND window_start >= {FROM} - ({TO} - {FROM}) AND window_start < {TO}
HAVING count() > 0
""",
    drawing="numbers",
    empty="No mentions yet",
    width=8,
    height=6,
)

FRESHNESS = Panel(
    title="Freshness",
    question="How old is the newest thing that was counted?",
    definition=(
        "Seconds since the end of the newest window with an event of any campaign and platform, by ClickHouse's clock "
        "and by event time; within the last 24 hours, whatever the time range. Events dated ahead do not count."
    ),
    columns=(
        Column("since the newest window", "seconds", limits=((None, BLUISH_GREEN), (30, ORANGE), (120, VERMILLION))),
    ),
    query=f"""
SELECT greatest(0, dateDiff('second', max(window_start), now()) - {WINDOW_S}) AS `since the newest window`
FROM {DATABASE}.engagement_addends AS engagement
WHERE campaign = '{EVERY_CAMPAIGN}' AND window_start > now() - INTERVAL 1 DAY AND window_start <= now()
HAVING count() > 0
""",
    drawing="numbers",
    empty="Nothing for 24 hours",
    width=4,
    height=6,
)

RECORDS = Panel(
    title="Account of the log",
    question="Has every record that was read been accounted for?",
    definition=(
        "Records of the Kafka topic, all partitions and campaigns together, since counting began, whatever the time "
        "range: read = counted + duplicates + dead letters + markers. What is unaccounted for must be 0."
    ),
    columns=(
        Column("read", "records"),
        Column("counted", "records", BLUISH_GREEN),
        Column("duplicates", "records", GREY),
        Column("dead letters", "records", ORANGE),
        Column("markers", "records", GREY),
        Column("unaccounted for", "records", limits=((None, VERMILLION), (0, BLUISH_GREEN), (1, VERMILLION))),
    ),
    query=f"""
SELECT
    sum(r.read) AS read,
    sum(r.counted) AS counted,
    sum(r.duplicates) AS duplicates,
    sum(r.dead) AS `dead letters`,
    sum(r.markers) AS markers,
    sum(toInt64(r.read) - toInt64(r.counted) - toInt64(r.duplicates) - toInt64(r.dead) - toInt64(r.markers))
        AS `unaccounted for`
FROM {DATABASE}.records AS r
HAVING count() > 0
""",
    drawing="numbers",
    empty="Nothing read yet",
    width=5,
    height=8,
)

VELOCITY = Panel(
    title="Velocity",
    question="How fast is it going, and is that faster than before?",
    definition=(
        f"Events of every type in buckets, as a rate. {BUCKETS} The same length just before the time range is laid "
        "over it. Buckets are whole: the first and the last reach beyond the time range. A bucket that has not ended, "
        f"or ended less than {SETTLING_S} s ago, is still filling and drawn apart. A bucket of 0 means that other "
        "campaigns had events and this one had none; where nothing at all was counted, there is no bucket."
    ),
    columns=(
        Column("events per minute", "events per minute"),
        Column("still filling", "events per minute", GREY, look="faint bar"),
        Column("same length before", "events per minute", ORANGE, look="dashed line"),
    ),
    query=f"""
WITH
    {STEP_S} AS step_s,
    intDiv(toUnixTimestamp({FROM}), step_s) * step_s AS from_s,
    intDiv(toUnixTimestamp({TO}) + step_s - 1, step_s) * step_s AS to_s,
    window_start >= toDateTime(from_s) AS in_range,
    {THIS_CAMPAIGN} AND {THESE_PLATFORMS} AS chosen,
    intDiv(toUnixTimestamp(window_start) + if(in_range, 0, to_s - from_s), step_s) * step_s AS bucket_s,
    bucket_s + step_s > toUnixTimestamp(now()) - {SETTLING_S} AS filling,
    if(countIf(in_range) = 0, NULL, sumIf(events, in_range AND chosen) * 60 / step_s) AS rate
SELECT
    toDateTime(bucket_s, 'UTC') AS time,
    if(filling, NULL, rate) AS `events per minute`,
    if(filling, rate, NULL) AS `still filling`,
    if(countIf(NOT in_range) = 0, NULL, sumIf(events, NOT in_range AND chosen) * 60 / step_s) AS `same length before`
FROM {DATABASE}.engagement_addends AS engagement
WHERE campaign IN ('{EVERY_CAMPAIGN}', {CAMPAIGN_NAME})
    AND window_start >= toDateTime(from_s - (to_s - from_s)) AND window_start < toDateTime(to_s)
GROUP BY bucket_s
ORDER BY bucket_s
""",
    drawing="series",
    empty="Nothing counted in this time range",
    width=16,
    height=8,
)

EVENT_TYPES = Panel(
    title="What people do",
    question="How do people react: likes, shares, replies?",
    definition=(
        "Events by type in the time range: the sum of `quantity`, so undone ones (an un-like) are taken off and a "
        "difference of n views counts as n. Likes, shares and views without text count for the campaign of their post."
    ),
    columns=(Column("total", "events"),),
    query=f"""
SELECT event_type, sum(quantity) AS total
FROM ({engaged_sql(CHOSEN)})
GROUP BY event_type
ORDER BY total DESC, event_type
""",
    drawing="tiles",
    empty="No events in this time range",
    width=8,
    height=8,
)


def mentions_by(column: str, title: str, question: str, width: int, height: int = 8) -> Panel:
    """Bars of the ten largest by an expression of view ``engagement``."""
    return Panel(
        title=title,
        question=question,
        definition=(
            "Mentions (distinct posts: events of the types mention, reply, quote and video, less those undone) in the "
            "time range; the ten largest."
        ),
        columns=(Column("posts", "posts"),),
        query=f"""
SELECT {column} AS name, sum(quantity) AS posts
FROM {DATABASE}.engagement_addends AS engagement
WHERE {CHOSEN} AND {POSTS}
GROUP BY name
HAVING posts > 0
ORDER BY posts DESC, name
LIMIT 10
""",
        drawing="bars",
        empty="No mentions in this time range",
        width=width,
        height=height,
    )


def known(column: str) -> str:
    """A column's values, for people."""
    return f"if({column} = '', 'unknown', {column})"


PLATFORMS = mentions_by("source", "Platforms", "Where do people post?", width=6)


def _ranking(kind: str) -> str:
    return f"""
    SELECT token, sum(token_counts.posts) AS posts
    FROM {DATABASE}.token_counts_addends AS token_counts
    WHERE {CHOSEN} AND kind = '{kind}' AND {POSTS}
    GROUP BY token
    HAVING posts > 0
    ORDER BY posts DESC, token
    LIMIT 10
"""


HASHTAGS = Panel(
    title="Top hashtags",
    question="Which hashtags carry it?",
    definition=(
        "Mentions (posts, less those undone) in the time range that contain the hashtag, whichever way it is written; "
        "the ten largest. Shown as most people write it (all time and platforms), # in front."
    ),
    columns=(Column("posts", "posts"),),
    query=f"""
WITH (SELECT groupArray((token, posts)) FROM ({_ranking("hashtag")})) AS ten
SELECT concat('#', if(empty(spelt.spelling), ranked.token, spelt.spelling)) AS hashtag, ranked.posts AS posts
FROM (SELECT one.1 AS token, one.2 AS posts FROM (SELECT arrayJoin(ten) AS one)) AS ranked
LEFT JOIN
(
    SELECT token, argMax(spelling, (spelt_posts, spelling)) AS spelling
    FROM
    (
        SELECT token, spelling, sum(posts) AS spelt_posts
        FROM {DATABASE}.spellings_addends AS spellings
        WHERE {THIS_CAMPAIGN} AND kind = 'hashtag' AND token IN (SELECT arrayJoin(ten).1)
        GROUP BY token, spelling
    )
    GROUP BY token
) AS spelt ON spelt.token = ranked.token
ORDER BY posts DESC, ranked.token
""",
    drawing="bars",
    empty="No hashtags in this time range",
    width=8,
    height=8,
)

EMOJIS = Panel(
    title="Top emojis",
    question="What do people feel?",
    definition=(
        "Mentions (posts, less those undone) in the time range that contain the emoji (flags, skin tones and joined "
        "emojis are one each); the ten largest."
    ),
    columns=(Column("posts", "posts"),),
    query=f"SELECT token AS emoji, posts\nFROM\n({_ranking('emoji')})\nORDER BY posts DESC, emoji\n",
    drawing="bars",
    empty="No emojis in this time range",
    width=5,
    height=8,
)

LAUNCH = (MENTIONS, GOALS, FRESHNESS, VELOCITY, EVENT_TYPES, HASHTAGS, EMOJIS, PLATFORMS, RECORDS)
"""From left to right and top to bottom: 22 rows, which is a screen of 1080 lines."""
