"""Extraction over batches: the conformance suite, the plain functions and a scan for emojis are its judges."""

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from emoji import EMOJI_DATA
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import MAX_TOKENS, SOURCES
from streams.extract import SCHEMA, VERSION, Extraction, extract
from streams.tokens import accounts as account_rules
from streams.tokens.accounts import accounts_in, fold_account
from streams.tokens.hashtags import fold_hashtag, hashtags_in
from tests.streams.tokens import scan
from tests.streams.tokens.nasty_texts import nasty_texts

SUITE = yaml.safe_load((Path(__file__).parents[1] / "fixtures/twitter_text/extract.yml").read_text("utf-8"))["tests"]
HASHTAG_CASES = [
    case for group in ("hashtags", "hashtags_from_astral", "hashtags_with_indices") for case in SUITE[group]
]
MENTION_CASES = [
    case for group in ("mentions", "mentions_with_indices", "mentions_or_lists_with_indices") for case in SUITE[group]
]
EMOJIS = sorted(filter(scan.is_emoji, EMOJI_DATA))
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

Found = dict[tuple[str, str], tuple[str, int]]


def run(
    texts: list[str | None],
    sources: list[str] | None = None,
    hashtags: list[list[str] | None] | None = None,
    accounts: list[list[str] | None] | None = None,
) -> Extraction:
    nothing: list[list[str] | None] = [None] * len(texts)
    return extract(
        pl.Series(texts, dtype=pl.String),
        pl.Series(sources or ["x"] * len(texts), dtype=pl.String),
        pl.Series(hashtags or nothing, dtype=pl.List(pl.String)),
        pl.Series(accounts or nothing, dtype=pl.List(pl.String)),
    )


def by_row(extraction: Extraction, rows: int) -> list[Found]:
    """Of each event: (kind, token) with spelling and occurrences."""
    events: list[Found] = [{} for _ in range(rows)]
    for row, kind, token, spelling, occurrences in extraction.tokens.iter_rows():
        assert (kind, token) not in events[row]
        events[row][kind, token] = (spelling, occurrences)
    return events


def tokens_of(text: str, source: str = "x", kind: str = "hashtag") -> dict[str, int]:
    (found,) = by_row(run([text], [source]), 1)
    return {token: occurrences for (of_kind, token), (_, occurrences) in found.items() if of_kind == kind}


def plainly(text: str, source: str) -> Found:
    """What a text holds, by the plain functions."""
    text = "".join(character for character in text if character not in BIDI_CONTROLS)
    rule = account_rules.BY_SOURCE.get(source, account_rules.DEFAULT)
    written = [
        *(("hashtag", fold_hashtag(hashtag), hashtag) for hashtag in hashtags_in(text)),
        *(("emoji", form, emoji) for form, emoji in scan.emojis_in(text)),
        *(("account", fold_account(account), account) for account in accounts_in(text, rule)),
    ]
    found: Found = {}
    for kind, token, spelling in written:
        first, occurrences = found.get((kind, token), (spelling, 0))
        found[kind, token] = (first, occurrences + 1)
    return found


# Every case of the suite that concerns hashtags and mentions; there are no deviations.


@pytest.mark.parametrize("case", HASHTAG_CASES, ids=lambda case: case["description"])
def test_hashtags_are_those_of_the_conformance_suite(case: dict[str, Any]) -> None:
    expected = [one if isinstance(one, str) else one["hashtag"] for one in case["expected"]]
    assert tokens_of(case["text"]) == Counter(map(fold_hashtag, expected))
    assert hashtags_in(case["text"]) == expected


@pytest.mark.parametrize("case", MENTION_CASES, ids=lambda case: case["description"])
@pytest.mark.parametrize("source", ["x", "tiktok", "other"])
def test_accounts_are_those_of_the_conformance_suite(case: dict[str, Any], source: str) -> None:
    expected = [one if isinstance(one, str) else one["screen_name"] for one in case["expected"]]
    assert tokens_of(case["text"], source, "account") == Counter(name.lower() for name in expected)
    assert accounts_in(case["text"]) == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(nasty_texts(), st.sampled_from(SOURCES)), min_size=1, max_size=25))
def test_a_batch_holds_what_its_texts_hold_one_by_one(events: list[tuple[str, str]]) -> None:
    texts, sources = zip(*events, strict=True)
    extraction = run(list(texts), list(sources))
    assert by_row(extraction, len(events)) == [plainly(text, source) for text, source in events]
    assert extraction.beyond_limit == 0


@pytest.mark.parametrize(
    ("text", "hashtags"),
    [
        ("#a#b", {}),
        ("##a", {"a": 1}),
        ("#＃a", {"a": 1}),
        ("#a##b", {"b": 1}),
        ("#a #A #ａ", {"a": 3}),
        ("#a\ufe0f#b", {}),
        ("❤\ufe0f#b", {"b": 1}),
        ("&#39;#tag", {"tag": 1}),
        ("#1\ufe0f\u20e3", {"1\ufe0f\u20e3": 1}),
        ("#️⃣tag", {}),
        ("#kind\u200eness", {"kindness": 1}),
        ("\u202e#tag\u202c", {"tag": 1}),
        ("see x.com/#tag #tag", {"tag": 1}),
        ("see x.com/a.html?b#tag", {}),
        ("see HTTPS://X.ORG:80/#tag", {}),
        ("no.such.thing/#tag", {"tag": 1}),
        ("and/or #tag. http:/#tag", {"tag": 2}),
        ("İx.com/#tag", {}),
    ],
)
def test_hashtags_of_a_text(text: str, hashtags: dict[str, int]) -> None:
    assert tokens_of(text) == hashtags


@pytest.mark.parametrize(
    ("source", "text", "accounts"),
    [
        ("x", "@a@b @@c d@e.org", {}),
        ("x", "@Name @name/list @NAME!", {"name": 3}),
        ("x", "https://m.net/@user www.m.net/@user/1 .@user", {"user": 1}),
        ("bluesky", "@Ana.bsky.social (@b-2.x.net), @x.y.z.", {"ana.bsky.social": 1, "b-2.x.net": 1, "x.y.z": 1}),
        ("bluesky", "@name me@x.org @a.b_c @a.b@c @1.2 @-a.b @a..b", {}),
        ("bluesky", "@a.bsky.socialさん https://bsky.app/@c.d", {"a.bsky.social": 1}),
        ("mastodon", "@name @Name@Host @n.m@toot.example.", {"name": 1, "name@host": 1, "n.m@toot.example": 1}),
        ("mastodon", "me@x.org =@a /@b @@c @http://x.org https://m.social/@d", {}),
        ("mastodon", "@a@bücher.example:443", {"a@bücher.example": 1}),
    ],
)  # fmt: skip
def test_accounts_of_a_text_by_source(source: str, text: str, accounts: dict[str, int]) -> None:
    assert tokens_of(text, source, "account") == accounts


def test_every_sequence_of_emoji_test_counts_as_one_emoji() -> None:
    statuses = Counter(row["status"] for row in EMOJI_DATA.values())
    assert len(EMOJIS) == statuses[2] + statuses[3] + statuses[4] - 3
    contexts = ["{}", "a{}b", "#{}", " {} ", "日{}本"]
    texts: list[str | None] = [context.format(emoji) for emoji in EMOJIS for context in contexts]
    found = by_row(run(texts), len(texts))
    bare = {written.replace("\ufe0f", ""): written for written, row in EMOJI_DATA.items() if row["status"] == 2}
    for number, emoji in enumerate(EMOJIS):
        for event in found[number * len(contexts) : (number + 1) * len(contexts)]:
            emojis = {token: count for (kind, token), count in event.items() if kind == "emoji"}
            assert emojis == {bare[emoji.replace("\ufe0f", "")]: (emoji, 1)}


def test_every_emoji_counts_twice_when_it_stands_twice() -> None:
    texts: list[str | None] = [emoji * 2 for emoji in EMOJIS]
    for emoji, event in zip(EMOJIS, by_row(run(texts), len(texts)), strict=True):
        assert [occurrences for _, occurrences in event.values()] == [2], emoji


def test_an_emoji_followed_by_the_text_selector_is_none() -> None:
    texts: list[str | None] = [f"{emoji}\ufe0e" for emoji in EMOJIS]
    assert run(texts).tokens.is_empty()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*EMOJI_DATA, "\ufe0e", "\ufe0f", "\u200d", "a", "1", "🇽"]), max_size=12).map("".join))
def test_emojis_next_to_each_other_are_the_longest_sequences(text: str) -> None:
    expected = Counter(form for form, _ in scan.emojis_in(text))
    assert tokens_of(text, kind="emoji") == expected


def test_components_bare_signs_and_digits_are_no_emojis() -> None:
    assert run(["🏽 🦰 1 # * © ® ™ 🇽 \u200d \ufe0f \u20e3"]).tokens.is_empty()
    assert tokens_of("©️ 1️⃣ ❤ ❤️", kind="emoji") == {"©️": 1, "1️⃣": 1, "❤️": 2}


def test_given_hashtags_and_accounts_stand_in_for_those_of_the_text() -> None:
    (event,) = by_row(
        run(["#text @text 💜"], ["x"], [["#Given", "＃given", "##two", "any thing"]], [["@Ana", "＠b@c"]]), 1
    )
    assert event == {
        ("hashtag", "given"): ("Given", 2),
        ("hashtag", "#two"): ("#two", 1),
        ("hashtag", "any thing"): ("any thing", 1),
        ("account", "ana"): ("Ana", 1),
        ("account", "b@c"): ("b@c", 1),
        ("emoji", "💜"): ("💜", 1),
    }


def test_an_empty_list_means_none_and_each_list_stands_for_itself() -> None:
    found = by_row(run(["#a @a"] * 3, hashtags=[[], None, ["b"]], accounts=[None, [], ["c"]]), 3)
    assert [set(event) for event in found] == [
        {("account", "a")},
        {("hashtag", "a")},
        {("hashtag", "b"), ("account", "c")},
    ]


def test_given_tokens_that_are_empty_are_dropped() -> None:
    given_hashtags: list[list[str] | None] = [["", "#", "＃", "\u200e", "\u200f#\u200e", "\u200f#x"]]
    (event,) = by_row(run([None], hashtags=given_hashtags, accounts=[["", "@", "＠", "\u2066"]]), 1)
    assert event == {("hashtag", "x"): ("x", 1)}


def test_the_first_spelling_of_an_event_is_kept() -> None:
    found = by_row(run(["#ENDviolence #endVIOLENCE ❤ ❤️", "#endviolence"]), 2)
    assert found[0] == {("hashtag", "endviolence"): ("ENDviolence", 2), ("emoji", "❤️"): ("❤", 2)}
    assert found[1] == {("hashtag", "endviolence"): ("endviolence", 1)}


def test_the_limit_takes_the_distinct_tokens_that_come_first() -> None:
    names = [f"t{number}" for number in range(MAX_TOKENS + 6)]
    written = " ".join(f"#{name} #{names[0].upper()}" for name in names)
    extraction = run(["#one", f"{written} 💜 @a", None], hashtags=[None, None, [*names, names[-1], names[3]]])
    _, text, listed = by_row(extraction, 3)
    assert [token for kind, token in text if kind == "hashtag"] == names[:MAX_TOKENS]
    assert text["hashtag", "t0"] == ("t0", len(names) + 1)
    assert {("emoji", "💜"), ("account", "a")} <= set(text)
    assert [token for _, token in listed] == names[:MAX_TOKENS]
    assert listed["hashtag", "t3"] == ("t3", 2)
    assert extraction.beyond_limit == 12


def test_as_many_tokens_as_the_limit_allows_are_all_kept() -> None:
    written = " ".join(f"#t{number} #T{number}" for number in range(MAX_TOKENS))
    extraction = run([written])
    assert extraction.tokens.height == MAX_TOKENS
    assert extraction.beyond_limit == 0


def test_a_batch_without_texts_or_events_gives_an_empty_frame() -> None:
    for extraction in (run([]), run([None, ""])):
        assert extraction.tokens.schema == SCHEMA
        assert extraction == (extraction.tokens, 0)
        assert extraction.tokens.is_empty()


def test_columns_are_left_as_they_were() -> None:
    texts = pl.Series(["\u200e#a", None], dtype=pl.String)
    untyped = pl.Series([None, None])
    extraction = extract(texts, pl.Series(["x", "x"], dtype=pl.Enum(SOURCES)), untyped, untyped)
    assert texts.to_list() == ["\u200e#a", None]
    assert by_row(extraction, 2) == [{("hashtag", "a"): ("a", 1)}, {}]


def test_version_names_every_table() -> None:
    for name in ("tokens", "classes Unicode", "folding Unicode", "emoji", "domains"):
        assert name in VERSION
