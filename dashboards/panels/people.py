"""The panels of the dashboard "People": who carries the campaign, and how far it can reach."""

from dashboards.measures import BUCKETS, CHOSEN, POSTS, STEP_S, authors_sql, bucket_sql
from dashboards.panel import BLUISH_GREEN, GREY, ORANGE, Column, Panel
from schemas.counters import DATABASE

_NO_CAMPAIGN = "Nobody yet. People are counted for campaigns, not for *: choose one above"

REACH = Panel(
    title="Contributors and reach",
    question="How many people carry it, and how many can have seen it?",
    definition=(
        "Contributors are distinct authors of mentions that stand, in the time range. Potential reach sums their "
        "followers, of those whose followers a platform told; how many are left out is said beside it, and never "
        "taken for 0. Impressions sum followers over posts; the likely ones by Sprinklr's factor. Mentions without an "
        "author are counted apart: nobody knows of how many people."
    ),
    columns=(
        Column("contributors", "authors"),
        Column("potential reach", "followers", BLUISH_GREEN, empty="unknown"),
        Column("contributors of unknown reach", "authors", GREY),
        Column("potential impressions", "impressions", empty="unknown"),
        Column("likely impressions", "impressions", ORANGE, empty="unknown"),
        Column("mentions without author", "posts", GREY),
    ),
    query=f"""
WITH author_id != '' AND posts > 0 AS contributor
SELECT
    countIf(contributor) AS contributors,
    sumOrNullIf(most, contributor) AS `potential reach`,
    countIf(contributor AND most IS NULL) AS `contributors of unknown reach`,
    if(`potential reach` IS NULL, NULL, sum(seen)) AS `potential impressions`,
    if(`potential reach` IS NULL, NULL, sum(seen_likely)) AS `likely impressions`,
    sumIf(posts, author_id = '') AS `mentions without author`
FROM
(
    SELECT
        source,
        author_id,
        sumIf(quantity, {POSTS}) AS posts,
        maxIf(followers, {POSTS}) AS most,
        sum(impressions) AS seen,
        sum(likely_impressions) AS seen_likely
    FROM {DATABASE}.authors_addends AS authors
    WHERE {CHOSEN}
    GROUP BY source, author_id
)
HAVING count() > 0
""",
    drawing="numbers",
    empty=_NO_CAMPAIGN,
    width=24,
    height=5,
)

NEW_CONTRIBUTORS = Panel(
    title="New contributors",
    question="Does it still reach new people, or do the same ones go on?",
    definition=(
        "Contributors by the bucket of their first mention in the time range: who wrote before counts again in the "
        f"first buckets. {BUCKETS}"
    ),
    columns=(Column("new contributors", "authors"),),
    query=f"""
WITH {STEP_S} AS step_s
SELECT {bucket_sql("first")} AS time, count() AS `new contributors`
FROM ({authors_sql(CHOSEN, "min(window_start) AS first")})
GROUP BY time
ORDER BY time
""",
    drawing="series",
    empty=_NO_CAMPAIGN,
    width=14,
    height=8,
)

TARGETS = Panel(
    title="Targets",
    question="How many people address those who are to act?",
    definition=(
        "Distinct authors who @-mention a target of the campaign's file in an event that stands, whether or not the "
        "event belongs to the campaign; shares are not counted. Posts are those events."
    ),
    columns=(Column("authors", "authors"), Column("posts", "posts", GREY)),
    query=f"""
SELECT target, count() AS authors, sum(stood) AS posts
FROM
(
    SELECT target, source, author_id, sum(target_mentions.posts) AS stood
    FROM {DATABASE}.target_mentions_addends AS target_mentions
    WHERE {CHOSEN} AND event_type != 'share' AND author_id != ''
    GROUP BY target, source, author_id
    HAVING stood > 0
)
GROUP BY target
ORDER BY authors DESC, target
LIMIT 15
""",
    drawing="table",
    empty="Nobody has addressed a target, or the campaign's file names none",
    width=10,
    height=8,
)


def top_authors(title: str, question: str, of_role: str, empty: str, width: int, height: int = 9) -> Panel:
    """A table of authors by posts; ``of_role`` is a condition on ``role``."""
    return Panel(
        title=title,
        question=question,
        definition=(
            "Authors by mentions that stand in the time range, with what they shared, the followers they were last "
            "said to have at most, and their followers summed over posts. `unknown` where no platform told."
        ),
        columns=(
            Column("posts", "posts"),
            Column("shares", "events", ORANGE),
            Column("followers", "followers", GREY, empty="unknown"),
            Column("impressions", "impressions", BLUISH_GREEN),
            Column("platform", "text", GREY),
            Column("role", "text", GREY, empty=""),
        ),
        query=f"""
SELECT
    if(name = '', author_id, name) AS author,
    posted AS posts,
    shared AS shares,
    most AS followers,
    seen AS impressions,
    toString(source) AS platform,
    multiIf(is_own, 'own', is_partner, 'partner', '') AS role
FROM
(
    SELECT
        source,
        author_id,
        argMax(author_name, window_start) AS name,
        sumIf(quantity, {POSTS}) AS posted,
        sumIf(quantity, event_type = 'share') AS shared,
        max(authors.followers) AS most,
        sum(authors.impressions) AS seen,
        max(authors.role = 'own') AS is_own,
        max(authors.role = 'partner') AS is_partner
    FROM {DATABASE}.authors_addends AS authors
    WHERE {CHOSEN} AND author_id != '' AND {of_role}
    GROUP BY source, author_id
    HAVING posted > 0 OR shared > 0
    ORDER BY posted DESC, shared DESC, author_id, source
    LIMIT 15
)
ORDER BY posts DESC, shares DESC, author_id, platform
""",
        drawing="table",
        empty=empty,
        width=width,
        height=height,
    )


PARTNERS = top_authors(
    "Own accounts and partners",
    "What do our own accounts and our partners add?",
    "authors.role != ''",
    "No account of the campaign's file has posted or shared",
    12,
)
TOP_AUTHORS = top_authors("Top authors", "Who writes most?", "1", _NO_CAMPAIGN, 12)

PEOPLE = (REACH, NEW_CONTRIBUTORS, TARGETS, PARTNERS, TOP_AUTHORS)
