"""Sentiment: whether an event sounds positive or negative to a campaign.

Points are summed up, in thousandths and as integers, so that no order of adding makes a difference:

- words of English texts, by the lexicon of VADER (Hutto and Gilbert 2014), as package ``vaderSentiment`` carries it: up
  to four points a word; a negation among the three words before turns it round and weakens it (factor -0.74). VADER's
  other rules (intensity, capitals, "but", idioms) are left out. Hashtags, accounts and URLs are no words: else a
  campaign's own hashtag would judge each of its posts;
- emojis and smileys, in any language: our table's sign, each kind of emoji once however often it stands there;
- the words of the campaign's file, in any language, whole words folded as keywords are: once for its positive ones,
  once for its negative ones.

The sum s is judged as VADER does, by s / sqrt(s² + 15): positive from 0.05 on, negative from -0.05 down, else neutral.
Where there is nothing to judge by (no English text, no emoji, no campaign's word) it is ``''``. All follows from the
event and that campaign's file: another campaign's file changes nothing, and under ``*`` nothing is judged.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib import metadata, resources

import polars as pl

from schemas.campaign import Campaign
from streams.columns import SENTIMENT
from streams.phrases import Phrases

_LEXICON = "vaderSentiment"
_TABLED = re.compile("[a-z][0-9]*[a-z][a-z0-9]*")
"""The lexicon's entries that count: single words. Its smileys are ours, its numbers (``86``) mislead."""

_TENTH, _NEGATED_TENTH = 100, -74
"""A tenth of a point, which is how fine the lexicon is, in thousandths; and after a negation."""
_WITHIN = 3
_OF_EMOJI = 2_000
_OF_CAMPAIGN = 6_000
"""More than two strong words: a campaign against violence can say that ``stop violence`` is positive."""
_DECIDES = 194
"""From here on s / sqrt(s² + 15) is at least 0.05."""

_WORD = "[a-z0-9\u00df-\u00f6\u00f8-\u00ff]+"
_PIECES = rf"(?:https?://|www\.|[#@])\S+|{_WORD}(?:'{_WORD})*"
_NEGATIONS = (
    "no", "not", "never", "none", "nobody", "nothing", "nowhere", "neither", "nor", "without", "hardly", "rarely",
    "seldom", "despite", "cannot",
)  # fmt: skip
_NEGATED_VERBS = (
    "ai", "are", "ca", "could", "did", "do", "does", "had", "has", "have", "is", "might", "must", "need", "should",
    "was", "were", "wo", "would",
)  # fmt: skip

# As they stand without tone, gender and U+FE0F. What is cried or laughed in both moods (😭 💀 😱) is left out.
EMOJIS = {
    _OF_EMOJI: """
😀 😃 😄 😁 😆 😂 🤣 😊 🙂 😉 😌 😇 🥰 😍 🤩 😘 😗 ☺ 😚 😙 😋 😜 🤗 😎 🥳 😺 😸 😹 😻 💌 🤝 💪 ✌ 👌 🤟 🙏
❤ 🩷 🧡 💛 💚 💙 🩵 💜 🤎 🤍 💖 💗 💓 💞 💕 💘 💝 💟 ❣ ❤🔥 👍 👏 🙌 🫶 🎉 🎊 🎈 ✨ 🌟 ⭐ 🔥 💯 🏆 🥇 ✅
🌈 🌹 🌸 🌻 💐 🕊
""",
    -_OF_EMOJI: """
😠 😡 🤬 😤 👿 😞 😔 😟 😕 🙁 ☹ 😣 😖 😫 😢 😥 😓 😰 😨 😧 😦 🤢 🤮 🤦 👎 💔 🖕 💩 🤡 🙄 😒 😾 😿 🥱 🤥 🚫
""",
}
_DRESS = "[\ufe0f\u200d♀♂🏻-🏿]"
_SMILEYS = {
    _OF_EMOJI: (":)", ":-)", ":]", ":d", ":-d", "=)", "=d", ";)", ";-)", "xd", "<3", "^^"),
    -_OF_EMOJI: (":(", ":-(", ":[", ":'(", "=(", ">:(", "</3", ":/", ":-/"),
}  # fmt: skip

_POINTS = pl.Schema({"row": pl.UInt32(), "points": pl.Int64()})


class Judge:
    """The campaigns' words, made ready for batches."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        own = {
            (campaign.name, word, points)
            for campaign in campaigns
            for points, words in ((_OF_CAMPAIGN, campaign.positive), (-_OF_CAMPAIGN, campaign.negative))
            for word in words
        }
        self._phrases = Phrases(sorted({word for _, word, _ in own}))
        folded = {(name, self._phrases.folded(word), points) for name, word, points in own}
        schema = {"campaign": pl.String, "phrase": pl.String, "own_points": pl.Int64}
        self._own = pl.DataFrame(sorted(folded), schema=schema, orient="row")

    def judged(self, matches: pl.DataFrame, texts: pl.Series, langs: pl.Series, tokens: pl.DataFrame) -> pl.DataFrame:
        """``matches`` (row, campaign) with ``sentiment``: what the event is to the campaign.

        ``texts`` and ``langs`` are the events', by row: texts folded, null where there is none, ``''`` for an unknown
        language; ``tokens`` the extracted (row, kind, token, …). Rows that match nothing are not looked at.
        """
        if not len(matches):
            return matches.with_columns(sentiment=pl.lit("", dtype=SENTIMENT))
        rows = matches["row"].unique()
        spoken = pl.DataFrame({"row": rows, "text": texts.gather(rows), "lang": langs.gather(rows)})
        spoken = spoken.drop_nulls("text")
        emojis = tokens.filter(pl.col("kind") == "emoji", pl.col("row").is_in(rows.implode()))
        found = pl.concat([_by_words(spoken), _by_smileys(spoken), _by_emojis(emojis)])
        points = found.group_by("row").agg(pl.col("points").sum())
        judged = matches.join(points, on="row", how="left").join(
            self._by_own_words(matches, spoken), on=["row", "campaign"], how="left"
        )
        return judged.select("row", "campaign", sentiment=_sentiment(["points", "own_points"]))

    def _by_own_words(self, matches: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
        """What the campaigns' own words bring: (row, campaign, own_points), where any is found."""
        own = self._own.with_columns(pl.col("campaign").cast(matches.schema["campaign"]))
        if not len(own):
            return own.select(pl.lit(0, dtype=pl.UInt32).alias("row"), "campaign", "own_points")
        found = self._phrases.find(texts["text"])
        found = found.with_columns(texts["row"].gather(found["row"])).join(own, on="phrase", how="inner")
        signs = found.join(matches, on=["row", "campaign"], how="semi").select("row", "campaign", "own_points").unique()
        return signs.group_by("row", "campaign").agg(pl.col("own_points").sum())


def _sentiment(columns: Sequence[str]) -> pl.Expr:
    points = pl.sum_horizontal(columns)
    judged = pl.when(points >= _DECIDES).then(pl.lit("positive")).when(points <= -_DECIDES).then(pl.lit("negative"))
    nothing = pl.all_horizontal(pl.col(columns).is_null())
    return pl.when(nothing).then(pl.lit("")).otherwise(judged.otherwise(pl.lit("neutral"))).cast(SENTIMENT)


def _by_words(texts: pl.DataFrame) -> pl.DataFrame:
    """What the words of English texts bring, also where that is 0."""
    lang = pl.col("lang")
    english = texts.filter((lang == "en") | lang.str.starts_with("en-"), pl.col("text") != "")
    pieces = pl.col("text").str.replace_all("’", "'", literal=True).str.extract_all(_PIECES)
    words = english.select("row", word=pieces).explode("word", empty_as_null=False, keep_nulls=False)
    words = words.join(_lexicon(), on="word", how="left", maintain_order="left")
    negated = pl.any_horizontal(
        (pl.col("negates").shift(back) & (pl.col("row").shift(back) == pl.col("row"))).fill_null(value=False)
        for back in range(1, _WITHIN + 1)
    )
    points = pl.col("tenths") * pl.when(negated).then(_NEGATED_TENTH).otherwise(_TENTH)
    found = words.select("row", points=points).filter(pl.col("points") != 0)
    return pl.concat([english.select("row", points=pl.lit(0, dtype=pl.Int64)), found])


def _by_emojis(emojis: pl.DataFrame) -> pl.DataFrame:
    bare = emojis.select("row", emoji=pl.col("token").str.replace_all(_DRESS, "")).unique()
    return bare.join(_emojis(), on="emoji", how="inner").select(*_POINTS)


def _by_smileys(texts: pl.DataFrame) -> pl.DataFrame:
    # First wherever they stand, all at once: few texts are left to look at.
    likely = texts.filter(pl.col("text").str.contains_any([one for smileys in _SMILEYS.values() for one in smileys]))
    found = [likely.filter(pl.col("text").str.contains(_alone(smileys))) for smileys in _SMILEYS.values()]
    return pl.concat(
        rows.select("row", points=pl.lit(points, dtype=pl.Int64)) for points, rows in zip(_SMILEYS, found, strict=True)
    )


def _alone(smileys: Sequence[str]) -> str:
    return rf"(?:^|\s)(?:{'|'.join(map(re.escape, smileys))})(?:$|\s)"


@cache
def _emojis() -> pl.DataFrame:
    signed = [(emoji, points) for points, written in EMOJIS.items() for emoji in written.split()]
    return pl.DataFrame(signed, schema={"emoji": pl.String, "points": pl.Int64}, orient="row")


@cache
def _lexicon() -> pl.DataFrame:
    """Each word that means something: its value in tenths, and whether it negates; one that does has no value."""
    negations = {*_NEGATIONS, *(f"{verb}{ending}" for verb in _NEGATED_VERBS for ending in ("n't", "nt"))}
    # The package's own module is not imported: it wants `requests`, for a demonstration of its own.
    text = resources.files(_LEXICON).joinpath("vader_lexicon.txt").read_text(encoding="utf-8")
    values = dict(line.split("\t")[:2] for line in text.splitlines() if line)
    words = {word: round(float(value) * 10) for word, value in values.items() if _TABLED.fullmatch(word)}
    words |= dict.fromkeys(negations, 0)
    rows = [(word, tenths, word in negations) for word, tenths in sorted(words.items())]
    return pl.DataFrame(rows, schema={"word": pl.String, "tenths": pl.Int64, "negates": pl.Boolean}, orient="row")


@cache
def version() -> str:
    """Part of the rules versions. The leading number goes up when a rule here changes; tables tell of themselves."""
    tables = (_lexicon().rows(), _emojis().rows(), sorted(_SMILEYS.items()))
    digest = hashlib.blake2b(repr(tables).encode(), digest_size=8).hexdigest()
    return f"sentiment 1, {_LEXICON} {metadata.version(_LEXICON)}, tables {digest}"
