"""A table of tokens: what campaigns call the hashtags and accounts that they look for."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from schemas.campaign import Campaign
from schemas.counters import KINDS
from streams.arrays import list_column
from streams.tokens.accounts import fold_account
from streams.tokens.hashtags import fold_hashtag
from streams.tokens.memo import Memo

_KIND = pl.Enum(KINDS)


class TokenTable:
    """Labels by token. A ``*`` in a hashtag stands for any letters."""

    def __init__(self, labels: Mapping[str, pl.DataType], entries: Iterable[tuple[str, ...]]) -> None:
        """``labels``: name and type of each; ``entries``: (kind, token) and labels, a token as it is written."""
        exact: set[tuple[str, ...]] = set()
        wild: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        for kind, written, *label in entries:
            token = folded(kind, written)
            if kind == "hashtag" and "*" in token:
                wild[tuple(label)].add(".*".join(map(re.escape, token.split("*"))))
            else:
                exact.add((kind, token, *label))
        schema = {"kind": _KIND, "token": pl.String(), **labels}
        self._exact = pl.DataFrame(sorted(exact), schema=schema, orient="row")
        self._wild = pl.DataFrame(list(wild), schema=labels, orient="row").with_row_index("number")
        self._patterns = [re.compile("|".join(sorted(patterns))) for patterns in wild.values()]
        self._like = Memo(lambda tokens: [self._numbers(token) for token in tokens])
        self._columns = ("row", *labels)

    def __len__(self) -> int:
        """How many entries there are; those with a ``*`` count once a label."""
        return len(self._exact) + len(self._wild)

    def find(self, tokens: pl.DataFrame) -> pl.DataFrame:
        """The labels of each row's tokens, row and labels, each once. ``tokens``: (row, kind, token, …)."""
        found = [tokens.join(self._exact, on=["kind", "token"], how="inner").select(self._columns)]
        if self._patterns:
            hashtags = tokens.filter(pl.col("kind") == "hashtag").select("row", "token")
            distinct = hashtags["token"].unique()
            numbers = list_column(self._like.of(distinct.to_list()))
            like = pl.DataFrame({"token": distinct, "number": numbers}).filter(pl.col("number").list.len() > 0)
            labels = like.explode("number").with_columns(pl.col("number").cast(pl.UInt32)).join(self._wild, on="number")
            found.append(hashtags.join(labels, on="token", how="inner").select(self._columns))
        return pl.concat(found).unique()

    def _numbers(self, token: str) -> list[str]:
        return [str(number) for number, pattern in enumerate(self._patterns) if pattern.fullmatch(token)]


def own_hashtags(campaigns: Iterable[Campaign], hashtags: Sequence[str]) -> set[tuple[str, str]]:
    """Which of some hashtags, as tokens, are campaigns' own: (campaign, hashtag)."""
    entries = [("hashtag", written, one.name) for one in campaigns for written in one.every_hashtag]
    tokens = pl.DataFrame({"token": pl.Series(hashtags, dtype=pl.String)}).with_row_index("row")
    found = TokenTable({"campaign": pl.String()}, entries).find(
        tokens.with_columns(kind=pl.lit("hashtag", dtype=_KIND))
    )
    return {(campaign, hashtags[row]) for row, campaign in found.iter_rows()}


def folded(kind: str, written: str) -> str:
    """A hashtag or account as it is written in a campaign file, as a token."""
    return fold_hashtag(written.lstrip("#＃")) if kind == "hashtag" else fold_account(written.lstrip("@＠"))
