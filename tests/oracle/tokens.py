"""Tokens: folding, and an extractor that is simple rather than complete.

The extractor knows what the corpora and the generator write: tokens with white space or punctuation around them. It
is no judge of twitter-text's finer rules; for those, texts come with the tokens they hold (``generate``).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from emoji import EMOJI_DATA

BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TEXT_STYLE = "\ufe0e"
EMOJI_STYLE = "\ufe0f"
KINDS = ("hashtag", "emoji", "account")

COMPONENT, FULLY_QUALIFIED = 1, 2
"""Values of ``status`` in ``EMOJI_DATA``; 3 and 4 are minimally qualified and unqualified."""

_SIGNS = "©®™"
_LONGEST = max(map(len, EMOJI_DATA))
_QUALIFIED = {
    written.replace(EMOJI_STYLE, ""): written for written, row in EMOJI_DATA.items() if row["status"] == FULLY_QUALIFIED
}
_ACCOUNT = {
    "bluesky": re.compile(r"(?<![\w@＠.])[@＠]([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"),
    "mastodon": re.compile(r"(?<![\w@＠.])[@＠]([A-Za-z0-9_]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"),
}
_ACCOUNT_ELSEWHERE = re.compile(r"(?<![\w@＠.])[@＠]([A-Za-z0-9_]{1,20})(?![\w@＠])")


@dataclass(slots=True)
class Tokens:
    """What a text holds, by kind: pairs of token and spelling in order of appearance, repeated as often."""

    hashtag: list[tuple[str, str]] = field(default_factory=list)
    emoji: list[tuple[str, str]] = field(default_factory=list)
    account: list[tuple[str, str]] = field(default_factory=list)


def fold(written: str) -> str:
    """The form in which a hashtag is counted, and in which texts and keywords are compared."""
    return unicodedata.normalize("NFKC", without_bidi(written)).casefold()


def fold_account(written: str) -> str:
    """The form in which an account is counted."""
    return without_bidi(written).lower()


def without_bidi(text: str) -> str:
    """The text without the controls of writing direction."""
    return "".join(char for char in text if char not in BIDI_CONTROLS)


def given(items: Sequence[str], kind: str) -> list[tuple[str, str]]:
    """Pairs of token and spelling from an event's own list; an item of nothing but its sigil is no token."""
    sigils, folded = ("#＃", fold) if kind == "hashtag" else ("@＠", fold_account)
    found = []
    for item in items:
        spelling = without_bidi(item)
        if spelling[:1] and spelling[0] in sigils:
            spelling = spelling[1:]
        if spelling:
            found.append((folded(spelling), spelling))
    return found


def extract(text: str, source: str) -> Tokens:
    """What a plainly written text holds."""
    text = without_bidi(text)
    accounts = _ACCOUNT.get(source, _ACCOUNT_ELSEWHERE).findall(text)
    return Tokens(_hashtags(text), _emojis(text), [(fold_account(name), name) for name in accounts])


def _in_hashtag(char: str) -> bool:
    return char in "_\u200c\u200d·・" or unicodedata.category(char)[0] in "LM" or unicodedata.category(char) == "Nd"


def _hashtags(text: str) -> list[tuple[str, str]]:
    found = []
    for start, char in enumerate(text):
        if char not in "#＃" or (start and (text[start - 1] in "&#＃" or _in_hashtag(text[start - 1]))):
            continue
        end = start + 1
        while end < len(text) and _in_hashtag(text[end]):
            end += 1
        spelling = text[start + 1 : end]
        if any(unicodedata.category(one)[0] == "L" for one in spelling):
            found.append((fold(spelling), spelling))
    return found


def _emojis(text: str) -> list[tuple[str, str]]:
    found = []
    start = 0
    while start < len(text):
        for length in range(min(_LONGEST, len(text) - start), 0, -1):
            written = text[start : start + length]
            if written in EMOJI_DATA:
                text_style = text[start + length : start + length + 1] == TEXT_STYLE
                if not text_style and written not in _SIGNS and EMOJI_DATA[written]["status"] != COMPONENT:
                    found.append((_QUALIFIED[written.replace(EMOJI_STYLE, "")], written))
                start += length
                break
        else:
            start += 1
    return found
