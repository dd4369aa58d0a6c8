"""Keywords: which campaigns' keywords and expressions of them hold for each text of a batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

from schemas.campaign import Campaign
from schemas.keywords import All, Either, Expression, Phrase, parse, phrases
from streams.phrases import Phrases

Rows = frozenset[int]


class Keywords:
    """The keywords of campaigns, ready for batches."""

    def __init__(self, campaigns: Sequence[Campaign], names: pl.Enum) -> None:
        """``names`` is the type of column ``campaign``."""
        self._names = names
        parsed = [(one.name, parse(keyword)) for one in campaigns for keyword in one.keywords]
        self._phrases = Phrases([phrase for _, expression in parsed for phrase in phrases(expression)])
        plain = {
            (self._phrases.folded(expression.text), name)
            for name, expression in parsed
            if isinstance(expression, Phrase)
        }
        self._plain = pl.DataFrame(sorted(plain), schema={"phrase": pl.String(), "campaign": names}, orient="row")
        self._joined = [(name, expression) for name, expression in parsed if not isinstance(expression, Phrase)]
        self._with: defaultdict[str, set[int]] = defaultdict(set)
        """By phrase, which of the joined ones it stands in."""
        for number, (_, expression) in enumerate(self._joined):
            for phrase in phrases(expression):
                self._with[self._phrases.folded(phrase)].add(number)

    def __len__(self) -> int:
        """How many phrases are looked for."""
        return len(self._phrases)

    def find(self, texts: pl.Series) -> list[pl.DataFrame]:
        """Frames of (row, campaign) for which one holds; pairs may come again. ``texts`` are folded."""
        found = self._phrases.find(texts)
        frames = [found.join(self._plain, on="phrase", how="inner").select("row", "campaign")]
        if self._joined:
            rows_of = {
                phrase: frozenset(part["row"].to_list())
                for (phrase,), part in found.partition_by("phrase", as_dict=True).items()
            }
            for number in sorted({number for phrase in rows_of for number in self._with.get(phrase, ())}):
                name, expression = self._joined[number]
                rows = pl.Series("row", sorted(self._holding(expression, rows_of)), dtype=pl.UInt32)
                frames.append(pl.DataFrame([rows]).with_columns(campaign=pl.lit(name, dtype=self._names)))
        return frames

    def _holding(self, expression: Expression, rows_of: Mapping[str, Rows]) -> Rows:
        """The rows for which an expression holds, of those that hold any of its phrases."""
        folded = [self._phrases.folded(phrase) for phrase in phrases(expression)]
        every = frozenset().union(*(rows_of.get(phrase, frozenset()) for phrase in folded))

        def rows(part: Expression) -> Rows:
            if isinstance(part, Phrase):
                return rows_of.get(self._phrases.folded(part.text), frozenset())
            if isinstance(part, All):
                return every.intersection(*map(rows, part.parts))
            if isinstance(part, Either):
                return frozenset().union(*map(rows, part.parts))
            return every - rows(part.part)

        return rows(expression)
