"""Reactions: likes, shares and views that carry no text, credited to what the post that they act on belongs to.

That post is the last accepted record (counted, or a duplicate) of one with that ``source`` and ``post_id`` at a lower
offset of the partition. It is *known* when it stands within the horizon in which duplicates are recognised: a pure
function of the log, so that a recount credits the same. By their keys, a post and its reactions share a partition.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from msgspec import Struct

from schemas.event import POST_TYPES, REACTION_TYPES, Event
from streams.arrays import Int64s
from streams.places import Horizon, Places, Run, hashes

VERSION = "reactions 1"
"""Part of the rules version: the number goes up when a rule here changes."""

_AT = pl.Schema({"high": pl.UInt64(), "low": pl.UInt64(), "offset": pl.Int64(), "time_ms": pl.Int64()})
_MOST_FRAMES = 64


class Told(Struct, frozen=True):
    """The posts of a batch, (source, post_id, offset, time_ms) in offset order, and what they belong to.

    ``campaigns`` is (post, campaign), ``hashtags`` (post, hashtag), of those that belong to a campaign; ``post`` is the
    offset of one.
    """

    posts: pl.DataFrame
    campaigns: pl.DataFrame
    hashtags: pl.DataFrame

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

    def __len__(self) -> int:
        """How many posts are kept."""
        return len(self._places)

    def acted_on(self, reactions: pl.DataFrame, told: Told) -> pl.DataFrame:
        """Which post each reaction acts on: (row, post), a post by its offset; without those whose post is not known.

        ``reactions`` are (row, source, post_id, offset, time_ms) of a batch, in offset order, ``told`` has the posts
        among its accepted events.
        """
        wanted = _placed(reactions).with_columns(reactions["row"])
        ids = wanted.select("high", "low").unique()
        offsets, times_ms = self._places.latest(ids["high"].to_numpy(), ids["low"].to_numpy())
        before = ids.with_columns(post=pl.Series(offsets), post_ms=pl.Series(times_ms))
        beside = _placed(told.posts).with_columns(post_here="offset").rename({"time_ms": "post_here_ms"})
        found = wanted.join(before, on=["high", "low"], how="left").sort("offset")
        found = found.join_asof(
            beside, on="offset", by=["high", "low"], allow_exact_matches=False, check_sortedness=False
        )
        found = found.with_columns(
            post=pl.coalesce("post_here", "post"), post_ms=pl.coalesce("post_here_ms", "post_ms")
        )
        known = (pl.col("post") >= 0) & (pl.col("post") >= pl.col("offset") - self._horizon.records)
        known &= pl.col("post_ms") >= pl.col("time_ms") - self._horizon.age_ms
        return found.filter(known).select("row", "post")

    def keep(self, told: Told) -> None:
        """Take a batch's posts in; batches come in offset order."""
        if not len(told.posts):
            return
        last_offset, last_ms = told.posts["offset"][-1], told.posts["time_ms"][-1]
        placed = _placed(told.posts)
        self._places.keep(Run.of(*(placed[name].to_numpy() for name in _AT))[0], last_offset, last_ms)
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
    events: Sequence[Event], offsets: Int64s, times_ms: Int64s, tokens: pl.DataFrame, matches: pl.DataFrame
) -> Told:
    """The posts; offsets and append times are the events', ``tokens`` (row, kind, token, …) and ``matches`` theirs."""
    rows = [row for row, event in enumerate(events) if event.post_id and event.event_type in POST_TYPES]
    posts = _frame(rows, events, [events[row].post_id for row in rows], offsets, times_ms)
    of = posts.select("row", post="offset")
    theirs = matches.join(of, on="row", how="inner")
    hashtags = tokens.filter(pl.col("kind") == "hashtag").join(theirs.select("row", "post").unique(), on="row")
    return Told(posts.drop("row"), theirs.select("post", "campaign"), hashtags.select("post", hashtag="token"))


def reactions_among(events: Sequence[Event], offsets: Int64s, times_ms: Int64s) -> pl.DataFrame:
    """The reactions that carry nothing to be counted by, (row, source, post_id, offset, time_ms) with the post's id."""
    rows = [
        row
        for row, event in enumerate(events)
        if event.event_type in REACTION_TYPES
        and event.ref_post_id
        and not (event.text or event.hashtags or event.accounts)
    ]
    return _frame(rows, events, [events[row].ref_post_id for row in rows], offsets, times_ms)


def _frame(
    rows: list[int], events: Sequence[Event], post_ids: list[str | None], offsets: Int64s, times_ms: Int64s
) -> pl.DataFrame:
    at = np.array(rows, dtype=np.int64)
    return pl.DataFrame(
        {
            "row": pl.Series(rows, dtype=pl.UInt32),
            "source": pl.Series([events[row].source for row in rows], dtype=pl.String),
            "post_id": pl.Series(post_ids, dtype=pl.String),
            "offset": pl.Series(offsets[at], dtype=pl.Int64),
            "time_ms": pl.Series(times_ms[at], dtype=pl.Int64),
        }
    )


def _placed(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows' ids, hashed, with offset and append time."""
    high, low = hashes(rows["source"], rows["post_id"])
    return pl.DataFrame({"high": high, "low": low, "offset": rows["offset"], "time_ms": rows["time_ms"]}, schema=_AT)
