"""Count reactions: those without text for the campaigns and hashtags of the posts they act on, and of each post all."""

import polars as pl

from schemas.counters import EVERY_CAMPAIGN, HASHTAG_REACTIONS, POST_REACTIONS, REACTIONS
from streams.count import QUANTITY, Additions, additions
from streams.reactions import Posts, Told

_KNOWN, _UNKNOWN = "known", "unknown"


def count_reactions(
    posts: Posts,
    told: Told,
    columns: pl.DataFrame,
    reactions: pl.DataFrame,
    matches: pl.DataFrame,
    acting: pl.DataFrame,
) -> Additions:
    """Count one batch, and let ``posts`` keep those that are ``told`` in it.

    ``columns`` and ``matches`` (row, campaign) are the events' as for ``count``, ``reactions`` those among them. A
    campaign that a reaction matches by itself counts it already, so the post brings it no second time. ``acting`` (row,
    post_id) are the events that match by themselves and act on a post.
    """
    acted_on = posts.take(reactions, told)
    campaigns, hashtags = posts.belongings(acted_on)
    campaigns = campaigns.join(matches, on=["row", "campaign"], how="anti")
    of = columns[reactions["row"]].with_columns(reactions["row"])
    known = pl.col("row").is_in(acted_on["row"].implode())
    every = of.with_columns(
        campaign=pl.lit(EVERY_CAMPAIGN, dtype=campaigns.schema["campaign"]),
        post=pl.when(known).then(pl.lit(_KNOWN)).otherwise(pl.lit(_UNKNOWN)),
    )
    theirs = of.join(campaigns, on="row", how="inner").with_columns(post=pl.lit(_KNOWN))
    credited = theirs.select("row", "campaign").join(reactions.select("row", "post_id"), on="row", how="inner")
    own = matches.select("row", "campaign").join(acting, on="row", how="inner")
    acts = pl.concat([credited, own])
    acts = columns[acts["row"]].hstack(acts)
    return {
        REACTIONS.table: additions(REACTIONS, pl.concat([every, theirs.select(every.columns)]), QUANTITY),
        HASHTAG_REACTIONS.table: additions(HASHTAG_REACTIONS, theirs.join(hashtags, on="row", how="inner"), QUANTITY),
        POST_REACTIONS.table: additions(POST_REACTIONS, acts, QUANTITY),
    }
