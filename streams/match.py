"""Match: which campaigns each event of a batch belongs to."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
import polars as pl

from schemas.campaign import Campaign
from schemas.counters import EVERY_CAMPAIGN, KINDS
from streams.tokens.accounts import fold_account
from streams.tokens.classes import BIDI_CONTROLS
from streams.tokens.hashtags import fold_hashtag

_UNSPACED = "".join(rf"\p{{scx={script}}}" for script in ("Han", "Hira", "Kana", "Thai", "Lao", "Khmr", "Mymr"))
_SPACED = rf"[\p{{L}}\p{{M}}\p{{N}}_--[{_UNSPACED}]]"
"""What continues a word, in scripts that write spaces between words. By script extensions: U+30FC is Katakana's."""

_PAIR = 2
_JAMO = range(0x1160, 0x1200)
"""Korean letters that join with the one before."""

_BIDI_CONTROL = f"[{BIDI_CONTROLS}]"
_EXPANDED = {char: char.casefold() for char in map(chr, range(0x80, 0x2000)) if len(char.casefold()) > 1}
"""What casefolding makes longer (``ß``): regular expressions ignore the case of single characters only."""


class Matcher:
    """The campaigns' rules, made ready for batches."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        self.campaigns = tuple(campaigns)
        tokens = [
            (kind, token, campaign.name)
            for campaign in campaigns
            for kind, token in sorted(
                {("hashtag", fold_hashtag(tag.lstrip("#＃"))) for tag in campaign.hashtags}
                | {("account", fold_account(account.lstrip("@＠"))) for account in campaign.accounts}
            )
        ]
        names = pl.Enum([EVERY_CAMPAIGN, *(campaign.name for campaign in campaigns)])
        schema = pl.Schema({"kind": pl.Enum(KINDS), "token": pl.String(), "campaign": names})
        self._tokens = pl.DataFrame(tokens, schema=schema, orient="row")
        self._keywords = [(campaign.name, _pattern(campaign.keywords)) for campaign in campaigns if campaign.keywords]
        words = _words([word for campaign in campaigns for word in campaign.keywords])
        self._any_word = f"(?i){'|'.join(map(re.escape, words))}"

    def match(self, tokens: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
        """The campaigns of each event: (row, campaign), each pair once, without ``*``.

        ``tokens`` are the extracted (row, kind, token, …), ``texts`` the events' texts by row, null where none.
        """
        found = [tokens.join(self._tokens, on=["kind", "token"], how="inner").select("row", "campaign")]
        if self._keywords:
            likely = self._likely(pl.DataFrame({"text": texts}).with_row_index("row"))
            for campaign, pattern in self._keywords:
                hits = likely.filter(pl.col("text").str.contains(pattern))
                found.append(hits.select("row", campaign=pl.lit(campaign, dtype=self._tokens.schema["campaign"])))
        return pl.concat(found).unique()

    def _likely(self, texts: pl.DataFrame) -> pl.DataFrame:
        """The (row, text), folded, of those that hold some keyword, perhaps within a word.

        One pass for all campaigns, so that most texts cost no more; and only what folding changes is folded.
        """
        changes = texts["text"].str.contains(_changed_by_folding())
        unchanged = texts.filter(~changes)
        folded = texts.filter(changes).with_columns(_folded(texts["text"].filter(changes)))
        any_word = pl.col("text").str.contains(self._any_word)
        return pl.concat([unchanged.filter(any_word), folded.filter(any_word)])


@cache
def _changed_by_folding() -> str:
    """For Rust: the characters that :func:`_folded` changes, or that it may join with the one before.

    Also those that Python's tables do not have yet, for Rust's may be newer.
    """
    codes = [*range(0x80, 0xD800), *range(0xE000, 0x30000)]
    characters = pl.Series(list(map(chr, codes)))
    changed = set(characters.filter(_folded(characters) != characters))
    parts = (unicodedata.decomposition(character).split() for character in characters)
    joined = {chr(int(pair[1], 16)) for pair in parts if len(pair) == _PAIR and not pair[0].startswith("<")}
    found = np.array(
        [
            code
            for code, character in zip(codes, characters, strict=True)
            if character in changed
            or character in joined
            or code in _JAMO
            or unicodedata.combining(character)
            or unicodedata.category(character) == "Cn"
        ]
    )
    ranges = np.split(found, np.flatnonzero(np.diff(found) != 1) + 1)
    return "[" + "".join(rf"\x{{{run[0]:x}}}-\x{{{run[-1]:x}}}" for run in ranges) + "]"


def _folded(texts: pl.Series) -> pl.Series:
    """Texts without bidi controls, under NFKC and, but for what ``(?i)`` does, casefolded."""
    plain = texts.str.replace_all(_BIDI_CONTROL, "").str.normalize("NFKC")
    return plain.str.replace_many(list(_EXPANDED), list(_EXPANDED.values()))


def _words(keywords: Sequence[str]) -> pl.Series:
    return _folded(pl.Series(keywords, dtype=pl.String)).str.strip_chars()


def _pattern(keywords: Sequence[str]) -> str:
    """Keywords as a regular expression on folded text: whole words, in scripts that write spaces between words.

    Grouped by their edges: with the classes once a keyword, some 200 would exceed what Rust compiles.
    """
    edges: dict[tuple[str, str], list[str]] = {}
    for word in _words(keywords):
        first, last = pl.Series([word[0], word[-1]]).str.contains(_SPACED)
        around = f"(?:^|[^{_SPACED}])" if first else "", f"(?:$|[^{_SPACED}])" if last else ""
        edges.setdefault(around, []).append(re.escape(word))
    groups = (f"{before}(?:{'|'.join(words)}){after}" for (before, after), words in edges.items())
    return f"(?i){'|'.join(groups)}"


def rules_versions(campaigns: Sequence[Campaign], counting: Sequence[object]) -> dict[str, int]:
    """The rules version of each campaign and of ``*``: a 64-bit hash of all that decides what is counted under it.

    ``counting`` is what they have in common: segment rule, horizon, extractor and Unicode versions.
    """
    versions = {EVERY_CAMPAIGN: _hash(counting)}
    for campaign in campaigns:
        # With its name: where two campaigns have the same rules, each still has a version of its own.
        parts = (campaign.name, sorted(campaign.hashtags), sorted(campaign.accounts), sorted(campaign.keywords))
        versions[campaign.name] = _hash((*counting, *parts))
    return versions


def _hash(parts: Sequence[object]) -> int:
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).digest(), "big")
