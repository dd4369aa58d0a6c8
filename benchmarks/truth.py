"""What must be counted, from what was put into the texts, and how a contender's result differs from it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec import Struct

WINDOW_MS = 10_000
KEY = ("window_start", "source", "event_type", "kind", "token")
"""``window_start`` in ms since the epoch; ``kind`` is ``hashtag`` or ``emoji``."""
COLUMNS = (*KEY, "posts")
"""A result: how many posts contain the token, by key."""
_SCHEMA = {name: pl.Int64 if name in {"window_start", "posts"} else pl.String for name in COLUMNS}


class Verdict(Struct, frozen=True):
    """How a result differs from the truth: keys that differ, and posts too few and too many over all of them."""

    keys: int
    wrong_keys: int
    lost: int
    surplus: int

    @property
    def equal(self) -> bool:
        """Whether every key has its count and there is no other."""
        return self.wrong_keys == 0


def of(
    times_ms: npt.NDArray[np.int64],
    sources: pl.Series,
    types: pl.Series,
    kind: str,
    words: pl.Series,
    slots: Sequence[npt.NDArray[np.int64]],
) -> pl.DataFrame:
    """The counts of one kind of token; each slot holds for each event the index of its token in ``words``, or -1."""
    windows = times_ms // WINDOW_MS * WINDOW_MS
    frames = []
    for slot in slots:
        has = np.flatnonzero(slot >= 0)
        frames.append(
            pl.DataFrame(
                {
                    "window_start": windows[has],
                    "source": sources.gather(has),
                    "event_type": types.gather(has),
                    "kind": pl.repeat(kind, len(has), eager=True),
                    "token": words.gather(slot[has]),
                    "posts": pl.repeat(1, len(has), dtype=pl.Int64, eager=True),
                }
            )
        )
    return total(frames)


def total(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Results added up by key; an empty result when there are none."""
    return pl.concat([pl.DataFrame(schema=_SCHEMA), *frames]).group_by(KEY).agg(pl.col("posts").sum())


def read(folder: Path) -> pl.DataFrame:
    """A contender's result: every file of JSON lines below ``folder``, hidden ones aside."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_"))]
    return total(pl.read_ndjson(path, schema=_SCHEMA) for path in files if path.stat().st_size)


def compare(expected: pl.DataFrame, found: pl.DataFrame) -> Verdict:
    """Key for key."""
    both = expected.join(found, on=KEY, how="full", coalesce=True, suffix="_found").with_columns(
        pl.col("posts", "posts_found").fill_null(0)
    )
    missing = pl.col("posts") - pl.col("posts_found")
    wrong, lost, surplus = both.select(
        (missing != 0).sum().alias("wrong"),
        missing.clip(lower_bound=0).sum().alias("lost"),
        (-missing).clip(lower_bound=0).sum().alias("surplus"),
    ).row(0)
    return Verdict(keys=len(expected), wrong_keys=wrong, lost=lost, surplus=surplus)
