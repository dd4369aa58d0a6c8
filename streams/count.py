"""Count: a batch's events and tokens to additions by segment, one frame a counter.

Every event counts once under ``*`` and once under each campaign that it matches.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from schemas.counter import Counter
from schemas.counters import COUNTERS, ENGAGEMENT, EVERY_CAMPAIGN, SPELLINGS, TOKEN_COUNTS

QUANTITY = {
    "events": pl.col("quantity").is_not_null(),
    "quantity_added": pl.col("quantity").clip(lower_bound=0),
    "quantity_removed": -pl.col("quantity").clip(upper_bound=0),
}
"""What events and their quantities come to, a growing column each."""

SIGN = pl.col("quantity").sign()
POSTS = {"posts_added": SIGN > 0, "posts_removed": SIGN < 0}
"""What events count as posts, a growing column each."""

Additions = dict[str, pl.DataFrame]
"""By counter table: columns ``segment``, the counter's key and its growing measures (UInt64), each key once."""

_OF_TABLE = {counter.table: counter for counter in COUNTERS}


def count(events: pl.DataFrame, tokens: pl.DataFrame, matches: pl.DataFrame) -> Additions:
    """Count one batch.

    ``events``: (segment, window_start, source, event_type, lang, country, sentiment, quantity), a row an event.
    ``tokens``: (row, kind, token, spelling, occurrences), ``row`` indexing ``events``. ``matches``: (row, campaign,
    sentiment); the sentiment of ``events`` is what they count with under ``*``.
    """
    of_token = events.select("segment", "window_start", "source", "event_type", sign=SIGN)[tokens["row"]]
    tokens = pl.concat([tokens, of_token], how="horizontal")
    posts = {"posts_added": pl.col("sign") > 0, "posts_removed": pl.col("sign") < 0}
    occurrences = {
        "occurrences_added": pl.when(pl.col("sign") > 0).then("occurrences"),
        "occurrences_removed": pl.when(pl.col("sign") < 0).then("occurrences"),
    }
    tokens = _by_campaign(tokens, matches)
    return {
        TOKEN_COUNTS.table: additions(TOKEN_COUNTS, tokens, posts | occurrences),
        ENGAGEMENT.table: additions(ENGAGEMENT, _by_campaign(events.with_row_index("row"), matches), QUANTITY),
        SPELLINGS.table: additions(SPELLINGS, tokens, posts),
    }


def _by_campaign(rows: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    every = rows.with_columns(campaign=pl.lit(EVERY_CAMPAIGN, dtype=matches.schema["campaign"]))
    if not len(matches):
        return every
    theirs = rows.drop("sentiment", strict=False).join(matches, on="row", how="inner")
    return pl.concat([every, theirs.select(every.columns)], how="vertical")


def additions(counter: Counter, rows: pl.DataFrame, measures: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """What ``rows``, with the counter's key and ``segment``, come to; ``measures``: each growing column of a row."""
    return rows.group_by("segment", *counter.key).agg(
        _together(counter, column, measures[column].cast(pl.UInt64)).alias(column) for column in counter.growing
    )


def _together(counter: Counter, column: str, values: pl.Expr) -> pl.Expr:
    return values.max().fill_null(0) if column in counter.highest else values.sum()


def add(total: Additions | None, added: Sequence[Additions]) -> tuple[Additions, Additions]:
    """Add to a total; returns the new total, and of it the rows that were added to."""
    totals, changed = {}, {}
    for table in added[0]:
        counter = _OF_TABLE[table]
        rows = pl.concat([part[table] for part in added]).with_columns(_added=True)
        if total is not None:
            rows = pl.concat([total[table].with_columns(_added=False), rows])
        sums = rows.group_by("segment", *counter.key).agg(
            *(_together(counter, column, pl.col(column)) for column in counter.growing), pl.col("_added").any()
        )
        totals[table] = sums.drop("_added")
        changed[table] = sums.filter("_added").drop("_added")
    return totals, changed
