"""Reactions: likes, shares and views that carry no text, credited to what the post that they act on belongs to.

That post is the last accepted record (counted, or a duplicate) of one with that ``source`` and ``post_id`` at a lower
offset of the partition. It is *known* when it stands within the horizon in which duplicates are recognised: a pure
function of the log, so that a recount credits the same. By their keys, a post and its reactions share a partition.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from msgspec import Struct

from schemas.event import EVENT_TYPES, POST_TYPES, REACTION_TYPES, Event
from streams.arrays import Bools, Int64s
from streams.columns import SOURCE
from streams.places import Horizon, Places, Run, hashes

VERSION = "reactions 1"
"""Part of the rules version: the number goes up when a rule here changes."""

_ACTING_TYPES = (*REACTION_TYPES, "reply", "quote")
_IS_POST, _IS_REACTION, _IS_ACTING = (
    np.isin(EVENT_TYPES, sorted(types)) for types in (POST_TYPES, REACTION_TYPES, _ACTING_TYPES)
)
"""By the number of an event's type."""
_MOST_FRAMES = 64
NONE = pl.DataFrame(
    schema={"row": pl.UInt32(), "source": SOURCE, "post_id": pl.String(), "offset": pl.Int64(), "time_ms": pl.Int64()}
)
"""No reactions."""


class Told(Struct, frozen=True):
    """The posts of a batch, (source, post_id, offset, time_ms) in offset order, and what they belong to.

    ``campaigns`` is (post, campaign), ``hashtags`` (post, hashtag), of those that belong to a campaign; ``post`` is the
    offset of one.
    """

    posts: pl.DataFrame
    campaigns: pl.DataFrame
    hashtags: pl.DataFrame

    def run(self) -> Run:
        """Where the posts stand."""
        places = (self.posts[name].to_numpy() for name in ("offset", "time_ms"))
        return Run.of(*hashes(self.posts["source"], self.posts["post_id"]), *places)[0]

    def beside(self, other: "Told") -> "Told":
        """These and other posts of the same batch."""
        posts = pl.concat([self.posts, other.posts]).sort("offset")
        return Told(posts, pl.concat([self.campaigns, other.campaigns]), pl.concat([self.hashtags, other.hashtags]))


class Posts:
    """The posts of one partition's horizon, and what those of campaigns belong to."""

    def __init__(self, horizon: Horizon, campaigns: pl.Enum) -> None:
        """``campaigns`` is the type of column ``campaign``."""
        self._horizon = horizon
        self._places = Places(horizon)
        self._campaigns = [pl.DataFrame(schema={"post": pl.Int64(), "campaign": campaigns})]
        self._hashtags = [pl.DataFrame(schema={"post": pl.Int64(), "hashtag": pl.String()})]

    def take(self, reactions: pl.DataFrame, told: Told) -> pl.DataFrame:
        """Take a batch's posts in, and tell which post each reaction acts on: (row, post), without unknown ones.

        ``reactions`` are (row, source, post_id, offset, time_ms) of the batch, ``told`` has the posts among its
        accepted events; ``post`` is the offset of one. Batches come in offset order.
        """
        places = told.run()
        offsets, times_ms = reactions["offset"].to_numpy(), reactions["time_ms"].to_numpy()
        posts, posts_ms = self._places.last_before(places, *hashes(reactions["source"], reactions["post_id"]), offsets)
        self._keep(told, places)
        known = (posts >= 0) & (posts >= offsets - self._horizon.records)
        known &= posts_ms >= times_ms - self._horizon.age_ms
        return pl.DataFrame([reactions["row"], pl.Series("post", posts)]).filter(pl.Series(known))

    def _keep(self, told: Told, places: Run) -> None:
        if not len(told.posts):
            return
        last_offset, last_ms = told.posts["offset"][-1], told.posts["time_ms"][-1]
        self._places.keep(places, last_offset, last_ms)
        if len(told.campaigns):
            self._campaigns.append(told.campaigns)
            self._hashtags.append(told.hashtags)
        if len(self._campaigns) > _MOST_FRAMES:
            within = pl.col("post") >= last_offset - self._horizon.records
            self._campaigns = [pl.concat(self._campaigns).filter(within)]
            self._hashtags = [pl.concat(self._hashtags).filter(within)]

    def belongings(self, acted_on: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Of (row, post) the campaigns of each row's post, (row, campaign), and its hashtags, (row, hashtag)."""
        campaigns = acted_on.join(pl.concat(self._campaigns), on="post", how="inner").select("row", "campaign")
        hashtags = acted_on.join(pl.concat(self._hashtags), on="post", how="inner").select("row", "hashtag")
        return campaigns, hashtags


def posts_among(
    events: Sequence[Event],
    columns: pl.DataFrame,
    at: tuple[Int64s, Int64s],
    tokens: pl.DataFrame,
    matches: pl.DataFrame,
) -> Told:
    """The posts among accepted events.

    ``columns`` has their source and event_type, ``at`` their offsets and append times in ms; ``tokens`` (row, kind,
    token, …) and ``matches`` (row, campaign) are theirs.
    """
    rows = _of(columns, _IS_POST)
    posts = _frame(rows, [events[row].post_id for row in rows.to_list()], columns, at)
    of = posts.select("row", post="offset")
    theirs = matches.join(of, on="row", how="inner")
    hashtags = tokens.filter(pl.col("kind") == "hashtag").join(theirs.select("row", "post").unique(), on="row")
    return Told(posts.drop("row"), theirs.select("post", "campaign"), hashtags.select("post", hashtag="token"))


def reactions_among(
    events: Sequence[Event], columns: pl.DataFrame, at: tuple[Int64s, Int64s], texts: pl.DataFrame
) -> pl.DataFrame:
    """The reactions that carry nothing to be counted by, (row, source, post_id, offset, time_ms) with the post's id.

    ``texts`` has the events' text, hashtags and accounts; the others are as for ``posts_among``.
    """
    rows = _of(columns, _IS_REACTION)
    carried = (pl.col("text").str.len_bytes(), pl.col("hashtags").list.len(), pl.col("accounts").list.len())
    bare = texts[rows].select(pl.sum_horizontal(carried) == 0).to_series()
    rows = rows.filter(bare)
    return _frame(rows, [events[row].ref_post_id for row in rows.to_list()], columns, at)


def acting_among(events: Sequence[Event], columns: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """The events among ``matches`` that are done to a post, (row, post_id) with that one's id."""
    rows = _of(columns, _IS_ACTING)
    rows = rows.filter(rows.is_in(matches["row"].implode())).rename("row")
    posts = pl.Series("post_id", [events[row].ref_post_id for row in rows.to_list()], dtype=pl.String)
    return pl.DataFrame([rows, posts]).filter(pl.col("post_id") != "")


def _of(columns: pl.DataFrame, types: Bools) -> pl.Series:
    """The rows of some types."""
    return pl.Series(np.flatnonzero(types[columns["event_type"].to_physical().to_numpy()]), dtype=pl.UInt32)


def _frame(
    rows: pl.Series, post_ids: list[str | None], columns: pl.DataFrame, at: tuple[Int64s, Int64s]
) -> pl.DataFrame:
    offsets, times_ms = (values[rows.to_numpy()] for values in at)
    return pl.DataFrame(
        {
            "row": rows,
            "source": columns["source"].gather(rows),
            "post_id": pl.Series(post_ids, dtype=pl.String),
            "offset": pl.Series(offsets, dtype=pl.Int64),
            "time_ms": pl.Series(times_ms, dtype=pl.Int64),
        }
    ).filter(pl.col("post_id") != "")
