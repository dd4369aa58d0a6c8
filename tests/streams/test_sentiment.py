"""Sentiment: against the oracle, against labelled posts, and by hand. As a program: the agreement with the labels."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.campaign import Campaign
from streams import sentiment
from streams.columns import of_one_sentiment
from streams.extract import extract
from streams.phrases import fold as folded
from streams.sentiment import Judge
from tests.oracle.oracle import _Matcher
from tests.oracle.sentiment import sentiment as naive
from tests.oracle.tokens import extract as naive_tokens
from tests.oracle.tokens import fold
from tests.oracle.vocabulary import CAMPAIGNS, KEYWORD_TEXTS, NO_TOKENS, SAYINGS
from tests.streams.test_match import of

LABELLED = Path(__file__).parent.parent / "fixtures" / "sentiment"
PLAIN = Campaign("plain", "No words of its own")
Event = dict[str, Any]


def judged(events: Sequence[Event], campaigns: Sequence[Campaign] = (PLAIN,)) -> list[tuple[int, str, str]]:
    """(row, campaign, sentiment) of each event under each campaign."""
    count = len(events)
    texts = pl.Series([event.get("text") for event in events], dtype=pl.String)
    nothing_given = pl.repeat(None, count, dtype=pl.List(pl.String), eager=True)
    tokens = extract(texts, pl.repeat("x", count, eager=True), nothing_given, nothing_given).tokens
    names = [campaign.name for campaign in campaigns]
    pairs = [(row, name) for row in range(count) for name in names]
    matches = pl.DataFrame(pairs, schema={"row": pl.UInt32, "campaign": pl.Enum(names)}, orient="row")
    langs = pl.Series([event.get("lang", "") for event in events], dtype=pl.String)
    return sorted(Judge(campaigns).judged(matches, folded(texts), langs, tokens).iter_rows())


def of_text(text: str, lang: str = "en", campaign: Campaign = PLAIN) -> str:
    ((_, _, found),) = judged([{"text": text, "lang": lang}], [campaign])
    return found


pieces = st.sampled_from(
    (*SAYINGS, *KEYWORD_TEXTS, *NO_TOKENS, "💜", "😡", "🤦🏽‍♀️", "❤", "#", "@", "www.", "not", "no")
)
texts = st.lists(st.tuples(pieces, st.sampled_from((" ", " ", "\u2003", "", "'", "."))), max_size=9).map(
    lambda found: "".join(piece + between for piece, between in found)
)
events = st.fixed_dictionaries({"text": texts, "lang": st.sampled_from(("en", "en-GB", "enm", "EN", "ko", ""))})


@settings(max_examples=150, deadline=None)
@given(st.lists(events, min_size=1, max_size=4))
def test_sentiment_of_any_text_is_the_oracles(found: list[Event]) -> None:
    expected = [
        (row, campaign.name, naive(event, emojis, campaign.praised(text), campaign.blamed(text)))
        for row, event in enumerate(found)
        for text in [fold(event["text"])]
        for emojis in [[token for token, _ in naive_tokens(event["text"], "x").emoji]]
        for campaign in map(_Matcher, CAMPAIGNS)
    ]
    order = [campaign.name for campaign in CAMPAIGNS]
    actual = sorted(judged(found, list(map(of, CAMPAIGNS))), key=lambda one: (one[0], order.index(one[1])))
    assert actual == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("great", "positive"),
        ("terrible", "negative"),
        ("not great", "negative"),
        ("it isn’t that terrible", "positive"),
        ("not one of these four is great", "positive"),
        ("nothing in it. great", "negative"),
        ("a table and a chair", "neutral"),
        ("great and terrible", "positive"),
        ("", ""),
        ("#love @love https://love.example/love www.love.example", "neutral"),
        ("we'll see, he'll come", "neutral"),
        ("ｇｒｅａｔ", "positive"),
        ("86 182", "neutral"),
    ],
)
def test_sentiment_of_english_words_is_the_lexicons(text: str, expected: str) -> None:
    assert of_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("great", ""),
        ("💜", "positive"),
        ("👎🏿", "negative"),
        ("🤦🏽‍♀️", "negative"),
        ("❤ ☹️", "neutral"),
        ("💜💜💜 😡", "neutral"),
        ("📅", ""),
        ("ja :)", "positive"),
        ("nein :(", "negative"),
        ("http://example.org", ""),
    ],
)
def test_sentiment_in_other_languages_is_that_of_emojis_and_smileys(text: str, expected: str) -> None:
    assert of_text(text, "de") == of_text(text, "") == expected


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("stop violence", "en", "positive"),
        ("Stop  violence", "en", "negative"),
        ("unstop violence", "", ""),
        ("wie ÖDE", "de", "negative"),
        ("世界の平和を", "ja", "positive"),
        ("öde, aber stop violence", "de", "neutral"),
    ],
)
def test_campaigns_own_words_judge_in_any_language(text: str, lang: str, expected: str) -> None:
    campaign = Campaign("one", "One", positive=("Stop violence", "平和"), negative=("öde",))
    assert of_text(text, lang, campaign) == expected


def test_sentiment_follows_from_the_event_and_its_campaign_alone() -> None:
    one, other = Campaign("one", "One", positive=("wow",)), Campaign("other", "Other", negative=("wow",))
    events: list[Event] = [{"text": "wow wow"}, {"text": "none"}, {}, {"text": "wow 💜", "lang": "ko"}]
    apart = sorted(judged(events, [one]) + judged(events, [other]))
    assert judged(events, [one, other]) == apart
    assert [found for _, _, found in apart] == ["positive", "negative", "", "", "", "", "positive", "negative"]


def test_matches_are_parted_so_that_an_event_has_one_sentiment_in_each_part() -> None:
    rows = [(0, "a", "positive"), (0, "b", "negative"), (0, "c", "positive"), (1, "a", ""), (2, "b", "neutral")]
    matches = pl.DataFrame(rows, schema=["row", "campaign", "sentiment"], orient="row")
    parts = of_one_sentiment(matches)
    assert len(parts) == 2
    assert sorted(row for part in parts for row in part.iter_rows()) == sorted(rows)
    for part in parts:
        assert len(part.select("row", "sentiment").unique()) == part["row"].n_unique()
    assert [len(part) for part in of_one_sentiment(matches.clear())] == [0]


def test_version_names_the_package_and_changes_with_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sentiment.version()
    assert before.startswith("sentiment 1, vaderSentiment 3.")
    monkeypatch.setattr(sentiment, "_SMILEYS", {2_000: (":)",)})
    assert sentiment.version.__wrapped__() != before


# --- labelled posts -----------------------------------------------------------------------------------------------


def confusion(name: str) -> Counter[tuple[str, str]]:
    """How often which label was judged what; ``''`` is what is not judged."""
    lines = (LABELLED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [json.loads(line) for line in lines]
    return Counter(zip((post["label"] for post in posts), (found for _, _, found in judged(posts)), strict=True))


def agreement(found: Counter[tuple[str, str]]) -> float:
    """The share that is judged as it is labelled; what is not judged agrees with neutral."""
    return sum(count for (label, said), count in found.items() if label == (said or "neutral")) / found.total()


@pytest.mark.parametrize(("name", "least"), [("english", 0.71), ("other", 0.9)])
def test_sentiment_agrees_with_labelled_posts(name: str, least: float) -> None:
    assert agreement(confusion(name)) >= least


if __name__ == "__main__":
    for each in ("english", "other"):
        table = confusion(each)
        print(f"{each}: {table.total()} posts, agreement {agreement(table):.3f}")  # noqa: T201
        for (label, said), count in sorted(table.items()):
            print(f"  {label:8} judged {said or 'not at all':10} {count:4}")  # noqa: T201
