"""Hashtags and emojis of a text, for contenders in Python and in SQL.

Fast and plain: a hashtag is ``#`` and letters, marks, digits and ``_``; an emoji is what the grammar below takes. That
finds every fully-qualified emoji of Unicode's list, but also what is none (a joined sequence that nobody has defined,
an arrow): exact on the texts generated here, where such things do not stand, and not on any text. What the product
does beyond that (twitter-text's finer rules, URLs, unqualified emojis, folding by NFKC) no contender has to do.
"""

import re
import sys
import unicodedata

_PICTURE = (
    "[\U0001f300-\U0001faff\u2600-\u27bf\u2300-\u23ff\U0001f004-\U0001f251\u2b05-\u2b55\u25aa-\u25fe\u2190-\u21aa"
    "\u2934\u2935\u203c\u2049\u2122\u2139\u24c2\u3030\u303d\u3297\u3299\xa9\xae]"
)
_STYLED = f"{_PICTURE}[\U0001f3fb-\U0001f3ff\ufe0f]?"

EMOJI = "|".join(
    (
        "[\U0001f1e6-\U0001f1ff]{2}",  # a flag
        "\U0001f3f4[\U000e0061-\U000e007f]+",  # the flag of a part of a country
        f"{_STYLED}(?:\u200d{_STYLED})*",
        "[0-9*]\ufe0f\u20e3",  # a keycap
    )
)
"""A regular expression that Python, Java and RE2 (ClickHouse) read alike."""

HASHTAG_IN_SQL = r"#[\p{L}\p{M}\p{Nd}_]+"
"""With its sign, for Java and RE2."""

_MARKS = "".join(char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char)[0] == "M")
# Python's own \w takes no marks, which would cut Hindi and Thai words apart.
_HASHTAG = re.compile(rf"#([\w{_MARKS}]+)")
_EMOJI = re.compile(EMOJI)


def tokens_of(text: str) -> set[tuple[str, str]]:
    """The distinct tokens of a text, as (kind, token)."""
    found = {("emoji", emoji) for emoji in _EMOJI.findall(text)}
    found.update(("hashtag", written.lower()) for written in _HASHTAG.findall(text))
    return found
