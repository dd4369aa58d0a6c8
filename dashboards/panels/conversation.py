"""The panels of the dashboard "Conversation": what is said, how it sounds, in which languages and where."""

from dashboards.measures import BUCKETS, CHOSEN, POSTS, STEP_S, bucket_sql
from dashboards.panel import BLUISH_GREEN, GREY, ORANGE, SKY_BLUE, VERMILLION, Column, Panel
from dashboards.panels.launch import known, mentions_by
from dashboards.variables import IN_RANGE, THIS_CAMPAIGN
from schemas.counters import DATABASE

_NO_CAMPAIGN = "Nothing yet. This is counted for campaigns, not for *: choose one above"

_BY_SENTIMENT = """sumIf(quantity, sentiment = 'positive') AS positive,
    sumIf(quantity, sentiment = 'neutral') AS neutral,
    sumIf(quantity, sentiment = 'negative') AS negative,
    sumIf(quantity, sentiment = '') AS `not judged`"""

MOOD = Panel(
    title="Mood",
    question="Does it sound good or bad?",
    definition=(
        "Of the mentions in the time range that sound positive or negative, the part that is positive; neutral ones "
        "and those with nothing to judge by stand aside. Judged by words, smileys and emojis, and by the campaign's "
        "own words: take it for its change, not for its height."
    ),
    columns=(
        Column("positive of judged", "share", BLUISH_GREEN, empty="nothing judged"),
        Column("positive", "posts", BLUISH_GREEN),
        Column("neutral", "posts", SKY_BLUE),
        Column("negative", "posts", VERMILLION),
        Column("not judged", "posts", GREY),
    ),
    query=f"""
SELECT
    if(positive + negative > 0, positive / (positive + negative), NULL) AS `positive of judged`,
    {_BY_SENTIMENT}
FROM {DATABASE}.engagement_addends AS engagement
WHERE {CHOSEN} AND {POSTS}
HAVING count() > 0
""",
    drawing="numbers",
    empty="No mentions in this time range",
    width=8,
    height=7,
)

SENTIMENT = Panel(
    title="Sentiment",
    question="Does the mood turn?",
    definition=f"Mentions by how they sound, less those undone. Under * nothing is judged. {BUCKETS}",
    columns=(
        Column("positive", "posts", BLUISH_GREEN, look="line"),
        Column("neutral", "posts", SKY_BLUE, look="line"),
        Column("negative", "posts", VERMILLION, look="line"),
        Column("not judged", "posts", GREY, look="dashed line"),
    ),
    query=f"""
WITH {STEP_S} AS step_s
SELECT
    {bucket_sql("window_start")} AS time,
    {_BY_SENTIMENT}
FROM {DATABASE}.engagement_addends AS engagement
WHERE {CHOSEN} AND {POSTS}
GROUP BY time
ORDER BY time
""",
    drawing="series",
    empty="No mentions in this time range",
    width=16,
    height=7,
)

CO_HASHTAGS = Panel(
    title="Co-hashtags",
    question="Which hashtags stand together?",
    definition=(
        "Events that contain both hashtags, less those undone, of all platforms; events with more than 12 hashtags "
        "pair none. The twelve largest pairs."
    ),
    columns=(Column("posts", "posts"),),
    query=f"""
SELECT concat('#', hashtag, ' #', other) AS pair, sum(hashtag_pairs.posts) AS posts
FROM {DATABASE}.hashtag_pairs_addends AS hashtag_pairs
WHERE {THIS_CAMPAIGN} AND {IN_RANGE}
GROUP BY hashtag, other
HAVING posts > 0
ORDER BY posts DESC, pair
LIMIT 12
""",
    drawing="bars",
    empty=_NO_CAMPAIGN,
    width=9,
    height=7,
)

SENTIMENT_BY_HASHTAG = Panel(
    title="Sentiment by hashtag",
    question="Which hashtags do people use in anger?",
    definition=(
        "Mentions in the time range that contain the hashtag, less those undone, and how those sound that are judged. "
        "The twelve largest."
    ),
    columns=(
        Column("posts", "posts"),
        Column("positive", "share", BLUISH_GREEN, empty="-"),
        Column("negative", "share", VERMILLION, empty="-"),
        Column("judged", "posts", GREY),
    ),
    query=f"""
WITH hashtag_sentiment.posts AS added
SELECT
    concat('#', hashtag) AS tag,
    sum(added) AS posts,
    if(judged > 0, sumIf(added, sentiment = 'positive') / judged, NULL) AS positive,
    if(judged > 0, sumIf(added, sentiment = 'negative') / judged, NULL) AS negative,
    sumIf(added, sentiment IN ('positive', 'negative')) AS judged
FROM {DATABASE}.hashtag_sentiment_addends AS hashtag_sentiment
WHERE {CHOSEN} AND {POSTS}
GROUP BY hashtag
HAVING posts > 0
ORDER BY posts DESC, hashtag
LIMIT 12
""",
    drawing="table",
    empty=_NO_CAMPAIGN,
    width=9,
    height=7,
)

LANGUAGES = mentions_by(known("lang"), "Languages", "In which languages do people post?", width=6, height=7)

COUNTRIES = Panel(
    title="Countries",
    question="Where do people post from?",
    definition=(
        "Mentions by country, less those undone, as far as a platform tells; most tell none, and those are not on the "
        "map. A dot stands in the middle of its country, its area grows with the posts."
    ),
    columns=(Column("posts", "posts", ORANGE),),
    query=f"""
SELECT upper(country) AS country, sum(quantity) AS posts
FROM {DATABASE}.engagement_addends AS engagement
WHERE {CHOSEN} AND {POSTS} AND engagement.country != ''
GROUP BY country
HAVING posts > 0
ORDER BY posts DESC, country
""",
    drawing="map",
    empty="No country is known of any mention in this time range",
    width=17,
    height=8,
)

COUNTRY_NAMES = mentions_by(known("country"), "Countries, the unknown too", "How much of it has a place?", width=7)

CONVERSATION = (MOOD, SENTIMENT, CO_HASHTAGS, SENTIMENT_BY_HASHTAG, LANGUAGES, COUNTRIES, COUNTRY_NAMES)
