"""Sentiment once more: one event, one campaign, one character after the other.

The emojis stand here a second time, by hand; of the package the words' values are read, nothing else.
"""

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from tests.oracle.tokens import fold

SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789ßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
GLAD = """
😀😃😄😁😆😂🤣😊🙂😉😌😇🥰😍🤩😘😗☺😚😙😋😜🤗😎🥳😺😸😹😻💌🤝💪✌👌🤟🙏🌈🌹🌸🌻💐🕊
❤🩷🧡💛💚💙🩵💜🤎🤍💖💗💓💞💕💘💝💟❣👍👏🙌🫶🎉🎊🎈✨🌟⭐🔥💯🏆🥇✅
"""
SAD = "😠😡🤬😤👿😞😔😟😕🙁☹😣😖😫😢😥😓😰😨😧😦🤢🤮🤦👎💔🖕💩🤡🙄😒😾😿🥱🤥🚫"
GLAD_SMILEYS = (":)", ":-)", ":]", ":d", ":-d", "=)", "=d", ";)", ";-)", "xd", "<3", "^^")
SAD_SMILEYS = (":(", ":-(", ":[", ":'(", "=(", ">:(", "</3", ":/", ":-/")
NEGATIONS = """
no not never none nobody nothing nowhere neither nor without hardly rarely seldom despite cannot
ain't aren't can't couldn't didn't don't doesn't hadn't hasn't haven't isn't mightn't mustn't needn't shouldn't
won't wasn't weren't wouldn't aint arent cant couldnt didnt dont doesnt hadnt hasnt havent isnt mightnt mustnt
neednt shouldnt wont wasnt werent wouldnt
"""


def sentiment(event: Mapping[str, Any], emojis: Iterable[str], praised: bool, blamed: bool) -> str:
    """What an event is to a campaign: ``emojis`` are its tokens; whether one of the campaign's words occurs in it."""
    text = fold(event.get("text", ""))
    points = []
    lang = event.get("lang", "")
    if text and (lang == "en" or lang.startswith("en-")):
        points.append(_of_words(text))
    for emoji in {_bare(emoji) for emoji in emojis}:
        if emoji in (*GLAD, "❤🔥"):
            points.append(Fraction(2))
        elif emoji in (*SAD,):
            points.append(Fraction(-2))
    between_spaces = "".join(" " if char in SPACES else char for char in text).split(" ")
    points += [Fraction(2)] * any(smiley in between_spaces for smiley in GLAD_SMILEYS)
    points += [Fraction(-2)] * any(smiley in between_spaces for smiley in SAD_SMILEYS)
    points += [Fraction(6)] * praised
    points += [Fraction(-6)] * blamed
    if not points:
        return ""
    total = float(sum(points))
    compound = total / math.sqrt(total * total + 15)
    return "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral"


def _bare(emoji: str) -> str:
    return "".join(char for char in emoji if char not in "\ufe0f\u200d♀♂🏻🏼🏽🏾🏿")


def _of_words(text: str) -> Fraction:
    total = Fraction(0)
    words = _words(text.replace("’", "'"))
    for place, word in enumerate(words):
        if word not in NEGATIONS.split():
            turned = any(before in NEGATIONS.split() for before in words[max(0, place - 3) : place])
            total += _values().get(word, Fraction(0)) * (Fraction(-74, 100) if turned else 1)
    return total


def _words(text: str) -> list[str]:
    """The words of a folded text, each URL, hashtag and account as one word that means nothing."""
    words = []
    at = 0
    while at < len(text):
        sign = next((sign for sign in ("#", "@", "http://", "https://", "www.") if text.startswith(sign, at)), "")
        end = at
        if sign and text[at + len(sign) : at + len(sign) + 1] not in ("", *SPACES):
            while end < len(text) and text[end] not in SPACES:
                end += 1
            words.append("#")
        elif text[at] in LETTERS:
            while end < len(text) and (
                text[end] in LETTERS or (text[end] == "'" and text[end + 1 : end + 2] in (*LETTERS,))
            ):
                end += 1
            words.append(text[at:end])
        at = max(end, at + 1)
    return words


@cache
def _values() -> dict[str, Fraction]:
    values = {}
    with resources.files("vaderSentiment").joinpath("vader_lexicon.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, value, *_ = line.split("\t")
            letters = [char for char in word if "a" <= char <= "z"]
            digits = [char for char in word if "0" <= char <= "9"]
            if word[0] in letters and len(letters) >= 2 and len(letters) + len(digits) == len(word):
                values[word] = Fraction(value)
    return values
