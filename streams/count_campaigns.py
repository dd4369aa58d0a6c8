"""Count what campaigns want to know beside tokens and engagement: authors, targets, hashtags, groups, pledges.

Only few events are looked at: those that belong to a campaign, mention a target or pledge something.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter

import polars as pl

from schemas.counters import (
    AUTHORS,
    EVERY_CAMPAIGN,
    HASHTAG_GROUPS,
    HASHTAG_PAIRS,
    HASHTAG_SENTIMENT,
    PLEDGED,
    TARGET_MENTIONS,
)
from schemas.event import Event
from streams.count import POSTS, QUANTITY, SIGN, Additions, additions
from streams.labels import Labels

MOST_PAIRED = 12
"""Events with more hashtags than this pair none of them: hashtags heaped up say nothing of each other."""

_FEW, _MANY = 100_000, 10_000_000
"""Followers below which likely impressions are 15 % of them, and from which on they are 6 %."""
_MOST_FOLLOWERS = 10**12
_DETAILS = attrgetter("author_id", "author_name", "currency", "author_followers", "amount")
_SCHEMA = {
    "author_id": pl.String,
    "author_name": pl.String,
    "currency": pl.String,
    "known": pl.UInt64,
    "amount": pl.Int64,
}


def count_campaigns(
    events: Sequence[Event], columns: pl.DataFrame, tokens: pl.DataFrame, matches: pl.DataFrame, labels: Labels
) -> Additions:
    """Count one batch: ``events`` with their ``columns``, ``tokens`` and ``matches`` as for ``count``."""
    hashtags = tokens.filter(pl.col("kind") == "hashtag").select("row", "token")
    targets = labels.targets.find(tokens) if len(labels.targets) else None
    pledges = (columns["event_type"] == "pledge").arg_true()
    rows = [matches["row"].unique(), pledges.cast(pl.UInt32)] + (
        [targets["row"].unique()] if targets is not None else []
    )
    of = _details(events, columns, pl.concat(rows).unique())
    mine = matches.join(of.drop("sentiment"), on="row", how="inner")
    return {
        AUTHORS.table: additions(AUTHORS, *_authors(labels.with_roles(mine))),
        TARGET_MENTIONS.table: additions(TARGET_MENTIONS, *_targets(of, targets)),
        HASHTAG_PAIRS.table: additions(HASHTAG_PAIRS, *_pairs(hashtags, mine)),
        HASHTAG_SENTIMENT.table: additions(HASHTAG_SENTIMENT, *_sentiments(hashtags, mine)),
        HASHTAG_GROUPS.table: additions(HASHTAG_GROUPS, *_groups(tokens, mine, labels)),
        PLEDGED.table: additions(PLEDGED, *_pledges(of, mine, labels)),
    }


Rows = tuple[pl.DataFrame, Mapping[str, pl.Expr]]
"""Rows with a counter's key, and what each of its growing columns is of them."""


def _details(events: Sequence[Event], columns: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The rows with what else is counted of them, unknown texts as ``''``."""
    few = pl.DataFrame([_DETAILS(events[row]) for row in rows.to_list()], schema=_SCHEMA, orient="row")
    details = few.with_columns(pl.col(pl.String).fill_null(""), pl.col("known").clip(upper_bound=_MOST_FOLLOWERS))
    return pl.concat([columns[rows].with_columns(rows.alias("row")), details], how="horizontal")


def _authors(mine: pl.DataFrame) -> Rows:
    known = pl.col("known").cast(pl.Int64)
    spread = _MANY - _FEW
    likely = (
        pl.when(known <= _FEW)
        .then(known * 15 // 100)
        .when(known >= _MANY)
        .then(known * 6 // 100)
        .otherwise(known * (15 * spread - 9 * (known - _FEW)) // (100 * spread))
    )
    return mine, QUANTITY | {
        "impressions_added": pl.when(SIGN > 0).then(known),
        "impressions_removed": pl.when(SIGN < 0).then(known),
        "likely_impressions_added": pl.when(SIGN > 0).then(likely),
        "likely_impressions_removed": pl.when(SIGN < 0).then(likely),
        "unknown": known.is_null(),
        "followers": known + 1,
    }


def _targets(of: pl.DataFrame, targets: pl.DataFrame | None) -> Rows:
    if targets is None:
        return of.clear().with_columns(campaign=pl.lit(""), target=pl.lit("")), POSTS
    return of.join(targets, on=["row", "source"], how="inner"), POSTS


def _sentiments(hashtags: pl.DataFrame, mine: pl.DataFrame) -> Rows:
    return mine.join(hashtags.rename({"token": "hashtag"}), on="row", how="inner"), POSTS


def _pairs(hashtags: pl.DataFrame, mine: pl.DataFrame) -> Rows:
    hashtags = hashtags.join(mine, on="row", how="semi")
    hashtags = hashtags.filter(pl.len().over("row").is_between(2, MOST_PAIRED))
    pairs = hashtags.join(hashtags, on="row", how="inner", suffix="_other").filter(
        pl.col("token") < pl.col("token_other")
    )
    return mine.join(pairs.rename({"token": "hashtag", "token_other": "other"}), on="row", how="inner"), POSTS


def _groups(tokens: pl.DataFrame, mine: pl.DataFrame, labels: Labels) -> Rows:
    return mine.join(labels.groups.find(tokens), on=["row", "campaign"], how="inner"), POSTS


def _pledges(of: pl.DataFrame, mine: pl.DataFrame, labels: Labels) -> Rows:
    every = of.with_columns(campaign=pl.lit(EVERY_CAMPAIGN, dtype=labels.names))
    rows = pl.concat([every, mine], how="diagonal").filter(pl.col("event_type") == "pledge")
    amount = pl.col("amount") * SIGN
    return rows, {
        "events": QUANTITY["events"],
        "amount_added": amount.clip(lower_bound=0),
        "amount_removed": -amount.clip(upper_bound=0),
        "unknown": amount.is_null(),
    }
