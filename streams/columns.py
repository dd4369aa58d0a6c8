"""Events to columns: what counting groups by, and the archive's rows."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from schemas.counters import EVERY_CAMPAIGN, KINDS
from schemas.event import EVENT_TYPES, SOURCES, WINDOW_S, Event
from streams.arrays import Int64s, UInt32s
from streams.chunk import Chunk

SOURCE, EVENT_TYPE = pl.Enum(SOURCES), pl.Enum(EVENT_TYPES)
"""Grouping by an enumeration takes half the time of grouping by strings."""
SENTIMENT = pl.Enum(("", "positive", "neutral", "negative"))
"""``''``: there was nothing to judge by."""

_LAST_S = 2**32 - 1


def event_columns(events: Sequence[Event], segment_of: Int64s) -> pl.DataFrame:
    """What counting groups events by, one row an event.

    Columns segment, window_start (s since the epoch), source, event_type, lang, country, sentiment and quantity:
    ``''`` where lang or country is unknown, 1 where quantity is not given. The sentiment is that under ``*``: ``''``,
    for only campaigns judge; so those rules of theirs cannot change what is counted under ``*``.
    """
    times_ms = np.array([event.event_time for event in events], dtype=np.int64)
    return pl.DataFrame(
        {
            "segment": pl.Series(segment_of, dtype=pl.UInt64),
            "window_start": pl.Series(times_ms // (WINDOW_S * 1000) * WINDOW_S, dtype=pl.UInt32),
            "source": pl.Series([event.source for event in events], dtype=SOURCE),
            "event_type": pl.Series([event.event_type for event in events], dtype=EVENT_TYPE),
            "lang": pl.Series([event.lang or "" for event in events], dtype=pl.String),
            "country": pl.Series([event.country or "" for event in events], dtype=pl.String),
            "sentiment": pl.repeat("", len(events), dtype=SENTIMENT, eager=True),
            "quantity": pl.Series([_quantity(event) for event in events], dtype=pl.Int64),
        }
    )


def posts_of(events: Sequence[Event]) -> pl.DataFrame:
    """What each event is and what it acts on: (row, post), a post as ``source:post_id``."""
    found = [
        (row, f"{event.source}:{post}")
        for row, event in enumerate(events)
        for post in (event.post_id, event.ref_post_id)
        if post
    ]
    return pl.DataFrame(found, schema={"row": pl.UInt32, "post": pl.String}, orient="row")


def _quantity(event: Event) -> int:
    return 1 if event.quantity is None else event.quantity


def of_one_sentiment(matches: pl.DataFrame) -> list[pl.DataFrame]:
    """``matches`` (row, campaign, sentiment), parted so that within each part an event has one sentiment.

    There is one part at least, and more only where campaigns judge an event differently.
    """
    parts, rest = [], matches
    while len(rest.select("row", "sentiment").unique()) > rest["row"].n_unique():
        first = rest.select("row", pl.col("sentiment").min().over("row")).unique()
        parts.append(rest.join(first, on=["row", "sentiment"], how="semi"))
        rest = rest.join(first, on=["row", "sentiment"], how="anti")
    return [*parts, rest]


_TEXTS = ("post_id", "ref_post_id", "url", "author_id", "author_name", "lang", "country", "text", "currency")
_PLAIN = ("source", "event_id", "event_type", "author_followers", "amount")


def archive_rows(
    events: Sequence[Event],
    tokens: pl.DataFrame,
    matches: pl.DataFrame,
    chunk: Chunk,
    positions: Int64s,
    segment_of: Int64s,
    everything: bool,
) -> pl.DataFrame:
    """The archive's rows of a batch: of the events that match a campaign, or of all, under ``*`` as well.

    ``positions`` says where in ``chunk`` each event stands, ``segment_of`` each record's segment; ``tokens`` and
    ``matches`` (row, campaign, sentiment) refer to events by ``row``. An event has one sentiment here; what campaigns
    judge differently comes in several calls (``of_one_sentiment``), and so has several rows.
    """
    sentiments = matches.select("row", "sentiment").unique()
    matches = matches.select("row", "campaign")
    if everything:
        every = pl.DataFrame({"row": pl.int_range(len(events), dtype=pl.UInt32, eager=True)})
        every = every.with_columns(campaign=pl.lit(EVERY_CAMPAIGN, dtype=matches.schema["campaign"]))
        matches = pl.concat([every, matches])
    rows = matches["row"].unique().sort().to_numpy()
    kept = [events[row] for row in rows.tolist()]
    at = positions[rows]
    append_times_ms = chunk.append_times_ms[at]
    observed_ms = [
        append_ms if event.observed_at is None else event.observed_at
        for event, append_ms in zip(kept, append_times_ms.tolist(), strict=True)
    ]
    columns = {name: pl.Series([getattr(event, name) or "" for event in kept], dtype=pl.String) for name in _TEXTS}
    columns |= {name: pl.Series([getattr(event, name) for event in kept]) for name in _PLAIN}
    return pl.DataFrame(
        {
            "segment": pl.Series(segment_of[at], dtype=pl.UInt64),
            "offset": pl.Series(chunk.offsets[at], dtype=pl.UInt64),
            "append_time": _seconds(append_times_ms),
            "event_time": _seconds(np.array([event.event_time for event in kept], dtype=np.int64)),
            "observed_at": _seconds(np.array(observed_ms, dtype=np.int64)),
            "quantity": pl.Series([_quantity(event) for event in kept], dtype=pl.Int64),
            "sentiment": _sentiments(rows, sentiments),
        }
        | columns
        | _lists(rows, tokens, matches)
    ).with_columns(pl.col("author_followers").cast(pl.UInt64), pl.col("amount").cast(pl.Int64))


def _sentiments(rows: UInt32s, sentiments: pl.DataFrame) -> pl.Series:
    """The sentiment of each of ``rows``, ``''`` where no campaign has judged."""
    found = pl.DataFrame({"row": rows}).join(sentiments, on="row", how="left", maintain_order="left")
    return found["sentiment"].cast(pl.String).fill_null("")


def _lists(rows: UInt32s, tokens: pl.DataFrame, matches: pl.DataFrame) -> dict[str, pl.Series]:
    """The archive's columns of lists, each list in one order, so that a row that is written again is the same row."""
    found = {"campaigns": matches.select("row", value="campaign")}
    for kind in KINDS:
        found[f"{kind}s"] = tokens.filter(kind=kind).select("row", value="token")
    return {name: _list_column(rows, values) for name, values in found.items()}


def _list_column(rows: UInt32s, values: pl.DataFrame) -> pl.Series:
    """The lists of the ``values`` (row, value) of each of ``rows``, which ascend; a row may have none."""
    kept = values.filter(pl.col("row").is_in(rows)).sort("row", pl.col("value").cast(pl.String))
    ends = np.searchsorted(kept["row"].to_numpy(), rows, side="right")
    offsets = pa.array(np.concatenate(([0], ends)), type=pa.int64())
    strings = kept["value"].cast(pl.String).to_arrow().cast(pa.large_string())
    return pl.Series(pa.LargeListArray.from_arrays(offsets, strings))


def _seconds(times_ms: Int64s) -> pl.Series:
    """Seconds since the epoch, as ClickHouse's DateTime can hold them: from 1970 to 2106."""
    return pl.Series(np.clip(times_ms // 1000, 0, _LAST_S), dtype=pl.UInt32)
