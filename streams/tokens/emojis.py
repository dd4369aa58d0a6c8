"""Emojis: maximal sequences of Unicode's emoji-test list, as the `emoji` package carries it.

Flags, keycaps, skin tones and ZWJ families are one emoji each; a minimally qualified or unqualified sequence counts
under its fully-qualified form. Lone components (a skin tone, a hair style) are none, nor are bare ``©``, ``®`` and
``™``, nor is anything followed by U+FE0E, which asks for text.
"""

import re
from functools import cache

from emoji import EMOJI_DATA, STATUS

_TEXT_STYLE = "\ufe0e"
_EMOJI_STYLE = "\ufe0f"
_SIGNS_OF_LAW = "©®™"


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
def column_pattern() -> str:
    """For Rust: every sequence, the longest first, with a following U+FE0E; such a match is no emoji."""
    sequences = sorted(qualified_forms(), key=lambda sequence: (-len(sequence), sequence))
    return f"(?:{'|'.join(map(re.escape, sequences))}){_TEXT_STYLE}?"


def qualified(match: str) -> str:
    """The fully-qualified form of a match of the column pattern; '' for one followed by U+FE0E."""
    return qualified_forms().get(match, "")
