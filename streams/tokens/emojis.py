"""Emojis: maximal sequences of Unicode's emoji-test list, as the `emoji` package carries it.

Flags, keycaps, skin tones and ZWJ families are one emoji each; a minimally qualified or unqualified sequence counts
under its fully-qualified form. Lone components (a skin tone, a hair style) are none, nor are bare ``©``, ``®`` and
``™``, nor is anything followed by U+FE0E, which asks for text.
"""

import re
from functools import cache

import polars as pl
from emoji import EMOJI_DATA, STATUS

_TEXT_STYLE = "\ufe0e"
_EMOJI_STYLE = "\ufe0f"
_SIGNS_OF_LAW = "©®™"
_KEYS = "0123456789#*"
"""What keycaps begin with, and no other emoji."""


@cache
def qualified_forms() -> dict[str, str]:
    """Every sequence that is an emoji, with its fully-qualified form."""
    fully_qualified = {
        sequence.replace(_EMOJI_STYLE, ""): sequence
        for sequence, facts in EMOJI_DATA.items()
        if facts["status"] == STATUS["fully_qualified"]
    }
    return {
        sequence: fully_qualified[sequence.replace(_EMOJI_STYLE, "")]
        for sequence, facts in EMOJI_DATA.items()
        if facts["status"] != STATUS["component"] and sequence not in _SIGNS_OF_LAW
    }


@cache
def stretch() -> str:
    """For Rust: a run of the characters that emojis are made of, as long as can be; no emoji reaches beyond it."""
    characters = sorted(set().union(*qualified_forms(), _TEXT_STYLE) - set(_KEYS))
    return f"[{_KEYS}]?[{''.join(characters)}]+"


@cache
def _sequences() -> str:
    """For Rust: every sequence, the longest first, with a following U+FE0E; such a match is no emoji."""
    sequences = sorted(qualified_forms(), key=lambda sequence: (-len(sequence), sequence))
    return f"(?:{'|'.join(map(re.escape, sequences))}){_TEXT_STYLE}?"


def emojis_in(texts: list[str]) -> list[list[str]]:
    """The emojis of each text as they are written, in order and as often as they occur."""
    found = pl.Series(texts, dtype=pl.String).str.extract_all(_sequences())
    return [[match for match in matches if not match.endswith(_TEXT_STYLE)] for matches in found.to_list()]


def fold_emoji(spelling: str) -> str:
    """The token of an emoji: its fully-qualified form."""
    return qualified_forms()[spelling]
