"""Phrases: which of many stand in each text of a batch, as whole words, under NFKC and case folding.

What it costs depends on the texts and on how many phrases are found in them, hardly on how many are looked for.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
import polars as pl

from streams.tokens.classes import BIDI_CONTROLS

_UNSPACED = "".join(rf"\p{{scx={script}}}" for script in ("Han", "Hira", "Kana", "Thai", "Lao", "Khmr", "Mymr"))
_SPACED = rf"[\p{{L}}\p{{M}}\p{{N}}_--[{_UNSPACED}]]"
"""What continues a word, in scripts that write spaces between words. By script extensions: U+30FC is Katakana's."""
_KOREAN = r"\p{sc=Hangul}"
"""Korean writes particles on to the word before: there a word may go on behind a phrase."""

VERSION = "phrases 2"
"""Part of the rules version: another one may find other phrases in the same text."""

_PAIR = 2
_JAMO = range(0x1160, 0x1200)
"""Korean letters that join with the one before."""

_BIDI_CONTROL = f"[{BIDI_CONTROLS}]"
_EVERY = [chr(code) for code in range(0x80, 0x20000) if not 0xD800 <= code < 0xE000]
"""All that can have a case: beyond are ideographs, tags and private use."""

_EXPANDED = {char: char.casefold() for char in _EVERY if len(char.casefold()) > 1}
"""What casefolding makes longer (``ß``)."""
_NOT_LOWERED = {char: char.casefold() for char in _EVERY if char.lower() == char != char.casefold()}
"""What lower case leaves and casefolding does not (``ς``, and Cherokee, which folds to its capitals)."""


class Phrases:
    """Phrases, folded and ready to be looked for."""

    def __init__(self, written: Sequence[str]) -> None:
        folded = fold(pl.Series(written, dtype=pl.String)).str.strip_chars().to_list()
        self._folded: dict[str, str] = dict(zip(written, folded, strict=True))
        self._wanted = sorted(set(self._folded.values()))
        self._edges = {phrase: _whole_word(phrase) for phrase in self._wanted}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._wanted)

    def folded(self, written: str) -> str:
        """One of them as ``find`` calls it."""
        return self._folded[written]

    def find(self, texts: pl.Series) -> pl.DataFrame:
        """Where each stands: (row, phrase), each pair once; ``texts`` by row, folded, null where there is none."""
        rows = pl.DataFrame({"row": pl.int_range(len(texts), dtype=pl.UInt32, eager=True), "text": texts})
        likely = rows.filter(pl.col("text").str.contains_any(self._wanted))
        inside = likely.with_columns(phrase=pl.col("text").str.extract_many(self._wanted, overlapping=True))
        inside = inside.explode("phrase").unique(["row", "phrase"])
        parts = inside.partition_by("phrase", as_dict=True).items()
        whole = [part.filter(pl.col("text").str.contains(self._edges[phrase])) for (phrase,), part in parts]
        return pl.concat([inside.clear(), *whole]).select("row", "phrase")


def fold(texts: pl.Series) -> pl.Series:
    """Texts without bidi controls, under NFKC and casefold."""
    places = texts.str.contains(_changed_by_folding()).arg_true()
    if len(places):
        changed = texts.gather(places).str.replace_all(_BIDI_CONTROL, "").str.normalize("NFKC")
        changed = changed.str.replace_many(list(_EXPANDED), list(_EXPANDED.values()))
        changed = changed.str.to_lowercase().str.replace_many(list(_NOT_LOWERED), list(_NOT_LOWERED.values()))
        return texts.str.to_lowercase().scatter(places, changed)
    return texts.str.to_lowercase()


@cache
def _changed_by_folding() -> str:
    """For Rust: the characters that folding changes other than lower case does, or may join with the one before.

    Also those that Python's tables do not have yet, for Rust's may be newer; and those whose lower case depends on
    what stands beside them.
    """
    codes = [*range(0x80, 0xD800), *range(0xE000, 0x30000)]
    parts = (unicodedata.decomposition(chr(code)).split() for code in codes)
    joined = {chr(int(pair[1], 16)) for pair in parts if len(pair) == _PAIR and not pair[0].startswith("<")}
    bidi = re.compile(_BIDI_CONTROL)
    found = np.array(
        [
            code
            for code in codes
            if (character := chr(code)) in joined
            or code in _JAMO
            or unicodedata.normalize("NFKC", character).casefold() != character.lower()
            or unicodedata.combining(character)
            or unicodedata.category(character) == "Cn"
            or character in "Σσς"
            or bidi.match(character)
        ]
    )
    ranges = np.split(found, np.flatnonzero(np.diff(found) != 1) + 1)
    return "[" + "".join(rf"\x{{{run[0]:x}}}-\x{{{run[-1]:x}}}" for run in ranges) + "]"


def _whole_word(phrase: str) -> str:
    """A pattern that finds a folded phrase as whole words, in scripts that write spaces between words."""
    first, last = pl.Series([phrase[0], phrase[-1]]).str.contains(_SPACED)
    particles = f"|{_KOREAN}" if pl.Series([phrase[-1]]).str.contains(_KOREAN).item() else ""
    before, after = f"(?:^|[^{_SPACED}])" if first else "", f"(?:$|[^{_SPACED}]{particles})" if last else ""
    return f"{before}{re.escape(phrase)}{after}"
