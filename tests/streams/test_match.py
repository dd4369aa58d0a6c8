"""Which campaigns an event belongs to: against the oracle's matcher, and what changes a rules version."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.campaign import Campaign, Group, LaunchWindow
from schemas.keywords import KeywordError, parse
from streams.columns import SOURCE
from streams.extract import KIND
from streams.match import Matcher, rules_versions
from streams.phrases import _changed_by_folding
from streams.phrases import fold as folded
from tests.oracle import log as oracle_log
from tests.oracle.generate import generate
from tests.oracle.oracle import _Matcher, tokens_of
from tests.oracle.tokens import Tokens, extract, fold
from tests.oracle.verdict import Refused, judge
from tests.oracle.vocabulary import CAMPAIGNS, KEYWORD_TEXTS

NOW_MS = 1_763_000_000_000
Event = dict[str, Any]


def of(written: oracle_log.Campaign) -> Campaign:
    return Campaign(
        written.name,
        written.name,
        written.hashtags,
        written.accounts,
        written.keywords,
        posts=written.posts,
        platforms=written.platforms,
        own=written.own,
        partners=written.partners,
        targets=written.targets,
        positive=written.positive,
        negative=written.negative,
        groups=tuple(Group(name, hashtags) for name, hashtags in written.groups),
    )


def matched(campaigns: list[oracle_log.Campaign], events: list[Event], found: list[Tokens]) -> set[tuple[int, str]]:
    """What the product's matcher finds, given the oracle's tokens."""
    rows = {
        (row, kind, token)
        for row, (event, in_text) in enumerate(zip(events, found, strict=True))
        for kind, pairs in tokens_of(event, in_text).items()
        for token, _ in pairs
    }
    tokens = pl.DataFrame(sorted(rows), schema={"row": pl.UInt32, "kind": KIND, "token": pl.String}, orient="row")
    texts = pl.Series([event.get("text") for event in events], dtype=pl.String)
    sources = pl.Series([event.get("source", "x") for event in events], dtype=SOURCE)
    posts = [
        (row, f"{event.get('source', 'x')}:{event[name]}")
        for row, event in enumerate(events)
        for name in ("post_id", "ref_post_id")
        if event.get(name)
    ]
    of_posts = pl.DataFrame(posts, schema={"row": pl.UInt32, "post": pl.String}, orient="row")
    pairs = Matcher([of(campaign) for campaign in campaigns]).match(tokens, folded(texts), sources, of_posts)
    assert pairs.is_unique().all()
    return set(pairs.select("row", "campaign").iter_rows())


def expected(campaigns: list[oracle_log.Campaign], events: list[Event], found: list[Tokens]) -> set[tuple[int, str]]:
    return {
        (row, campaign.name)
        for campaign in campaigns
        for row, (event, in_text) in enumerate(zip(events, found, strict=True))
        if _Matcher(campaign).matches({"source": "x"} | event, tokens_of(event, in_text), fold(event.get("text", "")))
    }


def test_matches_of_generated_events_are_the_oracles() -> None:
    made = generate(4_000, 11, NOW_MS)
    events, found = [], []
    for record in made.records:
        try:
            events.append(judge(oracle_log.Record(0, NOW_MS, None, record.value, record.headers)))
        except Refused:
            continue
        found.append(made.truth[record.value or b""])
    matches = matched(list(CAMPAIGNS), events, found)
    assert matches == expected(list(CAMPAIGNS), events, found)
    assert {name for _, name in matches} == {campaign.name for campaign in CAMPAIGNS} - {"quiet"}


WORDS = ("peace", "PEACE", "pe\u200face", "world", "Straße", "STRASSE", "İstanbul", "i\u0307stanbul", "istanbul",
         "平和", "バング", "ﾊﾞﾝｸﾞ", "สันติ", "мир", "평화", "C++", "💜", "$5", "_x", "κόσμος", "ΚΌΣΜΟΣ", "ﬁn",
         "FIN")  # fmt: skip
BETWEEN = ("", " ", "-", "_", "1", "a", "の", "를", "ㅋ", "ー", "é", "\u0301", ".", "\u202c", "\n", "😂", "'")
texts = st.lists(st.sampled_from((*WORDS, *BETWEEN, *KEYWORD_TEXTS)), max_size=8).map("".join)
keywords = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join), min_size=1, max_size=3)


@settings(max_examples=300, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), st.lists(keywords, min_size=1, max_size=2))
def test_keywords_are_found_where_the_oracle_finds_them(written: list[str], wanted: list[list[str]]) -> None:
    campaigns = [oracle_log.Campaign(f"c{n}", keywords=tuple(words)) for n, words in enumerate(wanted)]
    events: list[Event] = [{"text": text} for text in written]
    nothing = [Tokens() for _ in events]
    assert matched(campaigns, events, nothing) == expected(campaigns, events, nothing)


@pytest.mark.parametrize(
    ("keyword", "text", "found"),
    [
        ("평화", "평화를 위해", True),
        ("평화", "세계평화", False),
        ("평화", "평화ㅋㅋ", True),
        ("평화", "평화A", False),
        ("세계 평화", "세계 평화는", True),
        ("세계 평화", "세계의 평화", False),
        ("평화x", "평화x를", False),
    ],
)
def test_a_korean_keyword_is_found_with_its_particles(keyword: str, text: str, found: bool) -> None:
    pairs = matched([oracle_log.Campaign("c", keywords=(keyword,))], [{"text": text}], [Tokens()])
    assert bool(pairs) == found


def is_expression(text: str) -> bool:
    try:
        parse(text)
    except KeywordError:
        return False
    return True


expressions = st.recursive(
    st.sampled_from(("peace", "war", "мир", '"peace war"', "Straße")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from((" AND ", " OR ", " NOT ", " AND NOT ")), inner).map("".join),
        inner.map("({})".format),
        inner.map("NOT {}".format),
    ),
    max_leaves=6,
).filter(is_expression)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(("peace", "WAR", "Мир", "STRASSE", "x")), max_size=4).map(" ".join), max_size=8),
    st.lists(expressions, min_size=1, max_size=3),
)
def test_keyword_expressions_hold_where_the_oracle_says(written: list[str], wanted: list[str]) -> None:
    campaigns = [oracle_log.Campaign("c", keywords=tuple(wanted))]
    events: list[Event] = [{"text": text} for text in written]
    nothing = [Tokens() for _ in events]
    assert matched(campaigns, events, nothing) == expected(campaigns, events, nothing)


@pytest.mark.parametrize(
    ("keyword", "text", "found"),
    [
        ("peace AND war", "war, then peace", True),
        ("peace AND war", "peace", False),
        ("peace OR war", "war", True),
        ("peace NOT war", "peace", True),
        ("peace NOT war", "peace and war", False),
        ("peace AND NOT war", "peace and war", False),
        ("peace OR war AND love", "peace", True),
        ("(peace OR war) AND love", "peace", False),
        ("kind note", "a kind note", True),
        ('"kind note" AND love', "love, kind note", True),
        ("kind note AND love", "love, kind, note", False),
        ('"AND"', "this and that", True),
        ("bread and butter", "bread and butter", True),
    ],
)
def test_keywords_are_joined_by_and_or_and_not(keyword: str, text: str, found: bool) -> None:
    pairs = matched([oracle_log.Campaign("c", keywords=(keyword,))], [{"text": text}], [Tokens()])
    assert bool(pairs) == found


@pytest.mark.parametrize(
    ("hashtag", "text", "found"),
    [
        ("child*", "#ChildLabour", True),
        ("child*", "#child", True),
        ("child*", "#mychild", False),
        ("*labour", "#childlabour", True),
        ("*LABOUR*", "#childlabournow", True),
        ("end*labour", "#EndChildLabour", True),
        ("end*labour", "#EndChildLabourNow", False),
        ("a.b*", "#axb", False),
        ("мир*", "#МИРУ", True),
    ],
)
def test_a_star_in_a_hashtag_stands_for_any_letters(hashtag: str, text: str, found: bool) -> None:
    wanted, in_text = oracle_log.Campaign("c", hashtags=(hashtag,)), [extract(text, "x")]
    assert bool(matched([wanted], [{"text": text}], in_text)) == found
    assert bool(expected([wanted], [{"text": text}], in_text)) == found


@pytest.mark.parametrize(
    ("campaign", "event", "found"),
    [
        ({"posts": ("x:1",)}, {"post_id": "1"}, True),
        ({"posts": ("x:1",)}, {"ref_post_id": "1", "post_id": "2"}, True),
        ({"posts": ("x:1",)}, {"ref_post_id": "1", "source": "bluesky"}, False),
        ({"posts": ("x:1",)}, {"event_id": "1"}, False),
        ({"posts": ("x:a:b",)}, {"post_id": "a:b"}, True),
        ({"keywords": ("peace",), "platforms": ("x",)}, {"text": "peace"}, True),
        ({"keywords": ("peace",), "platforms": ("tiktok", "x")}, {"text": "peace"}, True),
        ({"keywords": ("peace",), "platforms": ("tiktok",)}, {"text": "peace"}, False),
    ],
)
def test_posts_and_platforms(campaign: dict[str, Any], event: Event, found: bool) -> None:
    wanted = oracle_log.Campaign("c", **campaign)
    assert bool(matched([wanted], [event], [Tokens()])) == found == bool(expected([wanted], [event], [Tokens()]))


@pytest.mark.parametrize(
    ("keyword", "text", "found"),
    [
        ("peace", "Peace!", True),
        ("peace", "(peace)", True),
        ("peace", "#peace", True),
        ("peace", "peaceful", False),
        ("peace", "warpeace", False),
        ("peace", "peace_now", False),
        ("peace", "peace2", False),
        ("peace", "peaceful peace", True),
        ("peace", "ｐｅａｃｅ", True),
        ("peace", "pe\u202dace", True),
        ("peace now", "peace \u200fnow", True),
        # Next to scripts that write no spaces between words, a word ends where they begin.
        ("peace", "世界peaceの日", True),
        ("peace", "スーパーpeace", True),
        ("peace", "เพื่อpeaceโลก", True),
        ("peace", "세계peace", False),
        ("平和", "世界平和を", True),
        ("平和", "a平和b", True),
        ("สันติภาพ", "เพื่อสันติภาพโลก", True),
        ("バング", "ﾊﾞﾝｸﾞの", True),
        # Case is folded as it is for hashtags.
        ("straße", "STRASSE", True),
        ("STRASSE", "straße", True),
        ("İstanbul", "i\u0307STANBUL", True),
        ("istanbul", "İstanbul", False),
        ("κόσμος", "ΚΌΣΜΟΣ", True),
        # A keyword that begins or ends with no letter or digit needs no word's edge there.
        ("💜", "love💜you", True),
        ("C++", "we write C++17", True),
        ("C++", "ABC++", False),
        ("$5", "pledge$5", True),
        ("$5", "pledge $50", False),
        ("a.b", "aXb", False),
        (" padded ", "padded", True),
    ],
)
def test_keyword_is_a_whole_word(keyword: str, text: str, found: bool) -> None:
    pairs = matched([oracle_log.Campaign("c", keywords=(keyword,))], [{"text": text}], [Tokens()])
    assert bool(pairs) == found


@pytest.mark.parametrize(
    ("campaign", "event", "found"),
    [
        ({"hashtags": ("Love",)}, {"text": "#LOVE"}, True),
        ({"hashtags": ("#Love",)}, {"text": "#love"}, True),
        ({"hashtags": ("＃Ｌｏｖｅ",)}, {"text": "#love"}, True),
        ({"hashtags": ("Love",)}, {"hashtags": ["#ＬＯＶＥ"]}, True),
        ({"hashtags": ("love",)}, {"text": "love"}, False),
        ({"hashtags": ("love",)}, {"text": "@love"}, False),
        ({"hashtags": ("love",)}, {"text": "#lovely"}, False),
        ({"hashtags": ("love",)}, {"text": "#love", "hashtags": []}, False),
        ({"hashtags": ("strasse",)}, {"text": "#Straße"}, True),
        ({"accounts": ("@Kind_One",)}, {"text": "hello @kind_one"}, True),
        ({"accounts": ("＠kind_one",)}, {"accounts": ["KIND_ONE"]}, True),
        ({"accounts": ("kind_one",)}, {"text": "#kind_one"}, False),
        ({"keywords": ("💜",)}, {}, False),
    ],
)
def test_hashtags_and_accounts_match_with_or_without_their_sign(
    campaign: dict[str, Any], event: Event, found: bool
) -> None:
    wanted = oracle_log.Campaign("c", **campaign)
    in_text = [extract(event.get("text", ""), "x")]
    assert bool(matched([wanted], [event], in_text)) == found == bool(expected([wanted], [event], in_text))


def test_a_campaign_may_have_a_thousand_keywords() -> None:
    many = oracle_log.Campaign("c", keywords=tuple(f"word{n}" for n in range(1_000)))
    events: list[Event] = [{"text": "this is word999."}, {"text": "this is word1000"}]
    assert matched([many], events, [Tokens(), Tokens()]) == {(0, "c")}


# --- rules versions -----------------------------------------------------------------------------------------------

COUNTING = (65_536, 3_600, "tokens 1")
LAUNCH = Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",))
WINDOW = LaunchWindow("w", datetime(2026, 7, 30, tzinfo=UTC), datetime(2026, 7, 31, tzinfo=UTC))


def version(campaign: Campaign, counting: tuple[object, ...] = COUNTING) -> int:
    return rules_versions([campaign], counting)["launch"]


@pytest.mark.parametrize(
    "same",
    [
        Campaign("launch", "Another title", ("One", "Two"), ("ana",), ("peace",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), (WINDOW,)),
        Campaign("launch", "A launch", ("Two", "One"), ("ana",), ("peace",)),
    ],
)
def test_rules_version_stays_when_nothing_else_would_be_counted(same: Campaign) -> None:
    assert version(same) == version(LAUNCH)


@pytest.mark.parametrize(
    "other",
    [
        Campaign("launch", "A launch", ("One",), ("ana",), ("peace",)),
        Campaign("launch", "A launch", ("One", "Two", "Three"), ("ana",), ("peace",)),
        Campaign("launch", "A launch", ("One", "Two", "ana"), (), ("peace",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana", "peace"), ()),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace", "war")),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("Peace now",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), posts=("x:1",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), platforms=("x",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), own=("x",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), partners=("x",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), targets=("x",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), groups=(Group("two", ("Two",)),)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), positive=("x",)),
        Campaign("launch", "A launch", ("One", "Two"), ("ana",), ("peace",), negative=("x",)),
    ],
)
def test_rules_version_changes_with_every_word_that_is_counted(other: Campaign) -> None:
    assert version(other) != version(LAUNCH)


@pytest.mark.parametrize("position", range(3))
def test_rules_versions_all_change_with_what_counting_goes_by(position: int) -> None:
    changed: list[object] = list(COUNTING)
    changed[position] = "other"
    before, after = (rules_versions([LAUNCH], counting) for counting in (COUNTING, changed))
    assert before.keys() == after.keys() == {"*", "launch"}
    assert not set(before.values()) & set(after.values())


def test_rules_version_of_everything_does_not_depend_on_the_campaigns() -> None:
    alone, with_one = rules_versions([], COUNTING), rules_versions([LAUNCH], COUNTING)
    assert alone == {"*": with_one["*"]}
    assert all(0 <= one < 2**64 for one in with_one.values())


def test_rules_versions_of_equal_campaigns_differ_so_that_their_archive_rows_do() -> None:
    again = msgspec.structs.replace(LAUNCH, name="again")
    versions = rules_versions([LAUNCH, again], COUNTING)
    assert len(set(versions.values())) == 3


CHARACTERS = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]


@pytest.mark.parametrize(("before", "after"), [("", ""), ("a", "b"), ("A", "Σ"), ("ᄀ", ""), ("가", "")])
def test_texts_are_folded_as_the_oracle_folds_them(before: str, after: str) -> None:
    written = [before + char + after for char in CHARACTERS if unicodedata.category(char) != "Cn"]
    assert folded(pl.Series(written)).to_list() == list(map(fold, written))


def test_every_character_that_joins_another_is_told_beforehand() -> None:
    pairs = pl.Series(
        [
            "".join(chr(int(part, 16)) for part in parts.split())
            for parts in (unicodedata.decomposition(chr(code)) for code in range(0x30000))
            if len(parts.split()) == 2 and not parts.startswith("<")
        ]
    )
    assert len(pairs) > 1000
    assert pairs.str.contains(_changed_by_folding()).all()
