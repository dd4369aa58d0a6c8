"""Sample: the hashtags that a fixed share of all authors write, so that authors can be estimated where none is counted.

An author is sampled by a hash of source and id alone: in every window, partition, worker and recount the same ones.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import polars as pl

from schemas.counters import AUTHORS_A_SAMPLED_ONE, EVERY_CAMPAIGN, SAMPLED_POSTS
from schemas.event import POST_TYPES, Event
from streams.arrays import Bools, UInt64s
from streams.count import POSTS, Additions, additions

VERSION = f"sample 1, one author in {AUTHORS_A_SAMPLED_ONE}"
"""Part of the rules version: workers whose VERSION differs sample other authors."""

_EVERY = pl.Enum([EVERY_CAMPAIGN])

_BASE = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LIMIT = np.uint64(2**64 // AUTHORS_A_SAMPLED_ONE)


def count_sample(events: Sequence[Event], columns: pl.DataFrame, tokens: pl.DataFrame) -> Additions:
    """Count one batch: ``events`` with their ``columns`` and ``tokens`` as for ``count``, of those with an author."""
    hashtags = tokens.filter(pl.col("kind") == "hashtag").select("row", hashtag="token")
    rows = hashtags["row"].unique()
    rows = rows.filter(columns["event_type"].gather(rows).is_in(POST_TYPES))
    authors = pl.Series("author_id", [events[row].author_id or "" for row in rows.to_list()], dtype=pl.String)
    chosen = pl.Series(sampled(columns["source"].gather(rows), authors)) & (authors != "")
    rows, authors = rows.filter(chosen), authors.filter(chosen)
    posts = pl.Series("post_id", [events[row].post_id or "" for row in rows.to_list()], dtype=pl.String)
    mine = columns.select("segment", "window_start", "source", "quantity")[rows].with_columns(
        rows.alias("row"), authors, posts, campaign=pl.lit(EVERY_CAMPAIGN, dtype=_EVERY)
    )
    return {SAMPLED_POSTS.table: additions(SAMPLED_POSTS, hashtags.join(mine, on="row", how="inner"), POSTS)}


def sampled(sources: pl.Series, author_ids: pl.Series) -> Bools:
    """Which authors are in the sample; the same for ever, whatever the versions of libraries."""
    names = pl.DataFrame({"source": sources.cast(pl.String), "author": author_ids})
    hashes = _hashes(names.select(pl.concat_str("source", "author", separator=":")).to_series())
    return np.asarray(hashes < _LIMIT)


def _hashes(texts: pl.Series) -> UInt64s:
    """64 bits of each text, none of which is empty: a polynomial of its UTF-8 bytes, mixed as SplitMix64 does."""
    if not len(texts):
        return np.empty(0, dtype=np.uint64)
    array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, data = array.buffers()
    ends = np.frombuffer(ends, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    values = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]
    begins = ends[:-1] - ends[0]
    # The powers run on over all texts; each text's own begin is divided out again, as odd numbers have an inverse.
    powers, inverses = _powers(1 << len(values).bit_length())
    hashes = np.add.reduceat((values + np.uint64(1)) * powers[: len(values)], begins) * inverses[begins]
    for shift, factor in _MIX:
        hashes = (hashes ^ (hashes >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(hashes ^ (hashes >> np.uint64(31)))


@lru_cache(maxsize=2)
def _powers(length: int) -> tuple[UInt64s, UInt64s]:
    """The base to the powers from 1 on, and its inverse to those from 0 on, modulo 2^64."""
    ascending = np.asarray(np.cumprod(np.full(length, _BASE, dtype=np.uint64)), dtype=np.uint64)
    inverse = np.full(length, pow(_BASE, -1, 2**64), dtype=np.uint64)
    inverse[0] = 1
    return ascending, np.asarray(np.cumprod(inverse), dtype=np.uint64)
