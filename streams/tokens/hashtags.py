"""Hashtags: what twitter-text's published conformance suite (extract) calls one.

A hash sign, ``#`` or ``＃``, and after it letters, marks, decimal digits and a few signs, at least one of them a letter
or a mark. Before it stands nothing, a variation selector, or anything but those characters and ``&``; it is followed
neither by another hash sign nor by ``://``; it stands in no URL.
"""

import re
import unicodedata

from streams.tokens.classes import BIDI_CONTROLS, DIGITS, LETTERS_AND_MARKS
from streams.tokens.urls import may_hold, outside_urls

# ZWNJ, ZWJ, Cyrillic kavyka, Hebrew maqaf, geresh and gershayim, fullwidth tilde, wave dash, the kana voicing marks,
# double hyphen and middle dot, ditto mark, two Tibetan tshegs, middle dot.
_SIGNS = r"_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
_ALPHA = f"[{LETTERS_AND_MARKS}]"
_ANY = f"[{LETTERS_AND_MARKS}{DIGITS}{_SIGNS}]"
_NOT_BEFORE = f"[&{LETTERS_AND_MARKS}{DIGITS}{_SIGNS}]"

# The sign comes first and the look behind it second, so that Python finds the signs fast.
_HASHTAG = re.compile(
    rf"[#＃](?:(?<!{_NOT_BEFORE}[#＃])|(?<=[\ufe0e\ufe0f][#＃]))(?![\ufe0f\u20e3]){_ANY}*{_ALPHA}{_ANY}*"
)
_NOT_AFTER = re.compile("[#＃]|://")

# For Rust: what the rule looks at, for each hash sign of a text in which no URL may hold one; no blank is within.
STRETCH = r"\S?[#＃]\S*"
# What the other texts contain: they are for `hashtags_in`, whole.
HANDED_OVER = ("＃", may_hold("#"))


_BIDI_CONTROL = re.compile(f"[{BIDI_CONTROLS}]")


def fold_hashtag(spelling: str) -> str:
    """The token of a hashtag: bidi controls removed, then NFKC and casefold until neither changes it.

    One round is not always enough (casefolding may leave NFKC, and NFKC casefolding); so folding a token again gives
    the same token. U+200C and U+200D stay, for words of several scripts need them. May return ''.
    """
    if spelling.isascii():
        return spelling.lower()
    token = _BIDI_CONTROL.sub("", spelling)
    while (folded := unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", token).casefold())) != token:
        token = folded
    return token


def hashtags_in(text: str) -> list[str]:
    """The hashtags of a text (without bidi controls), in order and as often as they occur, without the hash sign."""
    found = []
    taken = -1
    for match in _HASHTAG.finditer(text):
        start, end = match.span()
        # A variation selector that ends one hashtag cannot stand before the next as well.
        if start != taken:
            taken = end
            if not _NOT_AFTER.match(text, end):
                found.append((start, end))
    return [text[start + 1 : end] for start, end in outside_urls(text, found)]
