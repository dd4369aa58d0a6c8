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
from schemas.counters import EVERY_CAMPAIGN
from schemas.event import SOURCES
from schemas.keywords import All, Either, Expression, Phrase, parse, phrases
from streams.columns import SOURCE
from streams.labels import Labels
from streams.token_table import TokenTable
from streams.tokens.classes import BIDI_CONTROLS

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
        self.labels = Labels(campaigns)
        self._name = self.labels.names
        entries = [
            (kind, word, campaign.name)
            for campaign in campaigns
            for kind, words in (("hashtag", campaign.every_hashtag), ("account", campaign.accounts))
            for word in words
        ]
        self._tokens = TokenTable({"campaign": self._name}, entries)
        keywords = {campaign.name: [parse(keyword) for keyword in campaign.keywords] for campaign in campaigns}
        self._keywords = [(name, _holds(Either(tuple(found)))) for name, found in keywords.items() if found]
        wanted = [phrase for found in keywords.values() for keyword in found for phrase in phrases(keyword)]
        self._any_word = f"(?i){'|'.join(map(re.escape, _words(wanted)))}"
        posts = [(post, campaign.name) for campaign in campaigns for post in campaign.posts]
        self._posts = pl.DataFrame(posts, schema={"post": pl.String(), "campaign": self._name}, orient="row")
        allowed = [(campaign.name, source) for campaign in campaigns for source in campaign.platforms or SOURCES]
        schema = pl.Schema({"campaign": self._name, "source": SOURCE})
        self._platforms = pl.DataFrame(allowed, schema=schema, orient="row")
        self._choosy = any(campaign.platforms for campaign in campaigns)

    @property
    def watches_posts(self) -> bool:
        """Whether some campaign names posts, so that ``match`` wants to know them."""
        return len(self._posts) > 0

    def match(self, tokens: pl.DataFrame, texts: pl.Series, sources: pl.Series, posts: pl.DataFrame) -> pl.DataFrame:
        """The campaigns of each event: (row, campaign), each pair once, without ``*``.

        ``tokens`` are the extracted (row, kind, token, …); ``texts`` and ``sources`` the events', by row, a text null
        where there is none; ``posts`` (row, post) what an event is and what it acts on, each as ``source:post_id``.
        """
        found = [self._tokens.find(tokens)]
        if self._keywords:
            likely = self._likely(pl.DataFrame({"text": texts}).with_row_index("row"))
            found += [self._of(campaign, likely.filter(holds)) for campaign, holds in self._keywords]
        if self.watches_posts:
            found.append(posts.join(self._posts, on="post", how="inner").select("row", "campaign"))
        matches = pl.concat(found).unique()
        if not self._choosy:
            return matches
        matches = matches.with_columns(source=sources.gather(matches["row"]))
        return matches.join(self._platforms, on=["campaign", "source"], how="semi").select("row", "campaign")

    def _of(self, campaign: str, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select("row", campaign=pl.lit(campaign, dtype=self._name))

    def _likely(self, texts: pl.DataFrame) -> pl.DataFrame:
        """The (row, text), folded, of those that hold some keyword, perhaps within a word.

        One pass for all campaigns, so that most texts cost no more; and only what folding changes is folded.
        """
        changes = texts["text"].str.contains(_changed_by_folding())
        unchanged = texts.filter(~changes)
        folded = texts.filter(changes).with_columns(_folded(texts["text"].filter(changes)))
        any_word = pl.col("text").str.contains(self._any_word)
        return pl.concat([unchanged.filter(any_word), folded.filter(any_word)])


def _holds(expression: Expression) -> pl.Expr:
    """Whether an expression holds, of the folded column ``text``; phrases beside each other are one pattern."""
    if isinstance(expression, Phrase):
        return pl.col("text").str.contains(_pattern([expression.text]))
    if isinstance(expression, All):
        return pl.all_horizontal(map(_holds, expression.parts))
    if isinstance(expression, Either):
        plain = [part.text for part in expression.parts if isinstance(part, Phrase)]
        holds = [_holds(part) for part in expression.parts if not isinstance(part, Phrase)]
        return pl.any_horizontal([pl.col("text").str.contains(_pattern(plain)), *holds] if plain else holds)
    return ~_holds(expression.part)


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


_DECIDE = ("every_hashtag", "accounts", "keywords", "posts", "platforms", "own", "partners", "targets", "groups")
"""What of a campaign decides what is counted under it."""


def rules_versions(campaigns: Sequence[Campaign], counting: Sequence[object]) -> dict[str, int]:
    """The rules version of each campaign and of ``*``: a 64-bit hash of all that decides what is counted under it.

    ``counting`` is what they have in common: segment rule, horizon, extractor and Unicode versions.
    """
    versions = {EVERY_CAMPAIGN: _hash(counting)}
    for campaign in campaigns:
        # With its name: where two campaigns have the same rules, each still has a version of its own.
        rules = [sorted(map(msgspec.json.encode, getattr(campaign, name))) for name in _DECIDE]
        versions[campaign.name] = _hash((*counting, campaign.name, rules))
    return versions


def _hash(parts: Sequence[object]) -> int:
    return int.from_bytes(hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).digest(), "big")
