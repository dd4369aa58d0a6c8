"""A table of tokens: what campaigns call the hashtags and accounts that they look for."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from schemas.counters import KINDS
from streams.tokens.accounts import fold_account
from streams.tokens.hashtags import fold_hashtag


class TokenTable:
    """Labels by token. A ``*`` in a token stands for any letters."""

    def __init__(self, labels: Mapping[str, pl.DataType], entries: Iterable[tuple[str, ...]]) -> None:
        """``labels``: name and type of each; ``entries``: (kind, token) and labels, a token as it is written."""
        self._labels = dict(labels)
        exact: set[tuple[str, ...]] = set()
        wild: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        for kind, written, *label in entries:
            token = _folded(kind, written)
            if "*" in token:
                wild[(kind, *label)].add(".*".join(map(re.escape, token.split("*"))))
            else:
                exact.add((kind, token, *label))
        schema = {"kind": pl.Enum(KINDS), "token": pl.String(), **self._labels}
        self._exact = pl.DataFrame(sorted(exact), schema=schema, orient="row")
        self._wild = [(kind, label, _whole(patterns)) for (kind, *label), patterns in sorted(wild.items())]
        self._any_wild = _whole({pattern for patterns in wild.values() for pattern in patterns})

    def __len__(self) -> int:
        """How many entries there are; those with a ``*`` count once a label."""
        return len(self._exact) + len(self._wild)

    def find(self, tokens: pl.DataFrame) -> pl.DataFrame:
        """The labels of each row's tokens, row and labels, each once. ``tokens``: (row, kind, token, …)."""
        names = ["row", *self._labels]
        found = [tokens.join(self._exact, on=["kind", "token"], how="inner").select(names)]
        if self._wild:
            tokens = tokens.filter(pl.col("token").str.contains(self._any_wild))
            for kind, label, pattern in self._wild:
                like = tokens.filter(pl.col("kind") == kind, pl.col("token").str.contains(pattern))
                columns = zip(self._labels.items(), label, strict=True)
                found.append(like.select("row", *(pl.lit(value, kind).alias(name) for (name, kind), value in columns)))
        return pl.concat(found).unique()


def _folded(kind: str, written: str) -> str:
    return fold_hashtag(written.lstrip("#＃")) if kind == "hashtag" else fold_account(written.lstrip("@＠"))


def _whole(patterns: Sequence[str] | set[str]) -> str:
    return f"^(?:{'|'.join(sorted(patterns))})$"
