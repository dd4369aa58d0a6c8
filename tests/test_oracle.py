"""The oracle against cases computed by hand: who judges others must itself be right."""

import json
import tomllib
from typing import Any

import pytest

from tests.oracle.bad_records import corpus, future_edges
from tests.oracle.cases import MARKER, Case
from tests.oracle.generate import generate
from tests.oracle.log import Campaign, Record
from tests.oracle.oracle import Expected, expect, tokens_of
from tests.oracle.tokens import Tokens, extract, fold
from tests.oracle.verdict import EVENT_TYPES, REASONS, SOURCES, levels, milliseconds
from tests.oracle.views import compare
from tests.oracle.vocabulary import CAMPAIGNS, HASHTAGS, NO_TOKENS, emoji_spellings

NOW_MS = 1_763_000_000_000
NOW_S = NOW_MS // 1000


def _event(event_id: str = "1", **fields: Any) -> bytes:
    event = {"event_id": event_id, "source": "x", "event_type": "mention", "event_time": NOW_MS, **fields}
    return json.dumps(event).encode()


def _log(*values: bytes | None, step_ms: int = 0) -> dict[int, list[Record]]:
    return {0: [Record(offset, NOW_MS + offset * step_ms, None, value) for offset, value in enumerate(values)]}


def _verdicts(expected: Expected) -> list[str]:
    return list(expected.verdicts.values())


# --- verdicts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", corpus(NOW_MS), ids=lambda case: case.name)
@pytest.mark.parametrize("late_ms", [0, 600_000])
def test_every_case_of_the_corpus_has_an_expected_verdict(case: Case, late_ms: int) -> None:
    record = Record(7, NOW_MS + late_ms, case.key, case.value, case.headers)
    verdict = expect({0: [record]}).verdicts[0, 7]
    assert ("accepted" if verdict == "counted" else verdict) in case.expected


def test_corpus_names_every_case_once_and_uses_every_reason() -> None:
    cases = corpus(NOW_MS)
    assert len({case.name for case in cases}) == len(cases)
    assert set().union(*(case.expected for case in cases)) == {*REASONS, "accepted", MARKER}


def test_corpus_has_no_two_accepted_cases_that_are_duplicates() -> None:
    log = {0: [Record(n, NOW_MS, case.key, case.value, case.headers) for n, case in enumerate(corpus(NOW_MS))]}
    account = expect(log).account[0]
    assert account["duplicates"] == 0
    assert account["read"] == account["counted"] + account["dead"] + account["markers"]


def test_event_time_may_be_exactly_24_hours_ahead_of_the_append_time() -> None:
    for ahead_ms, case in future_edges(NOW_MS):
        verdict = expect(_log(case.value)).verdicts[0, 0]
        assert {"counted": "accepted"}.get(verdict, verdict) in case.expected, ahead_ms


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("1", 0),
        ("{}", 1),
        ('{"a": []}', 2),
        ('{"a": [], "b": [{}]}', 3),
        ('{"a": "[[[["}', 1),
        (r'{"a": "\"[[[["}', 1),
        (r'{"a": "\\", "b": [[]]}', 3),
        ("]]]][", 0),
    ],
)
def test_levels_are_counted_outside_strings(text: str, depth: int) -> None:
    assert max(levels(text), 0) == depth


@pytest.mark.parametrize(
    ("time", "time_ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T12:00:00.5+01:00", 951_822_000_500),
        ("1969-12-31T23:59:59.25Z", -750),
        ("2025-11-13T02:13:20.0019Z", NOW_MS + 1),
    ],
)
def test_cloud_events_times_become_milliseconds(time: str, time_ms: int) -> None:
    assert milliseconds(time) == time_ms


def test_a_marker_is_told_by_its_header_alone() -> None:
    marker = Record(0, NOW_MS, None, _event(), (("groundswell-marker", None),))
    expected = expect({0: [marker]})
    assert expected.account[0] == {"read": 1, "counted": 0, "duplicates": 0, "dead": 0, "markers": 1}
    assert not any(expected.views.values())


# --- duplicates ---------------------------------------------------------------------------------------------------

A, A2, B, BAD = _event("a"), _event("a", text="again"), _event("b"), _event("a", quantity="1")
A_ELSEWHERE = _event("a", source="web")


@pytest.mark.parametrize(
    ("values", "verdicts"),
    [
        # horizon of 3 records, 1 h: the records it sees are drawn [---) before the last one
        ([A, A], "counted duplicate"),
        ([A, A2], "counted duplicate"),
        ([A, A_ELSEWHERE], "counted counted"),
        #  [--------)
        ([A, B, None, A], "counted counted null duplicate"),
        #     [-----------)
        ([A, B, None, b"", A], "counted counted null empty counted"),
        #     [--------)    a duplicate keeps its event in sight
        ([A, None, A, None, None, A], "counted null duplicate null null duplicate"),
        # a refused event is not in sight
        ([BAD, A, BAD, A], "wrong_type counted wrong_type duplicate"),
        ([BAD, A], "wrong_type counted"),
    ],
)
def test_duplicates_are_seen_within_the_horizon_of_records(values: list[bytes | None], verdicts: str) -> None:
    assert _verdicts(expect(_log(*values), horizon_records=3)) == verdicts.split()


@pytest.mark.parametrize(("apart_ms", "verdict"), [(0, "duplicate"), (3_600_000, "duplicate"), (3_600_001, "counted")])
def test_duplicates_are_seen_within_the_horizon_of_append_time(apart_ms: int, verdict: str) -> None:
    assert _verdicts(expect(_log(A, A, step_ms=apart_ms))) == ["counted", verdict]


def test_duplicates_are_seen_though_append_times_step_back() -> None:
    records = [Record(0, NOW_MS, None, A), Record(1, NOW_MS - 4_000_000, None, A), Record(2, NOW_MS, None, A)]
    assert _verdicts(expect({0: records})) == ["counted", "duplicate", "duplicate"]


def test_duplicates_are_offsets_apart_not_places_in_the_list() -> None:
    records = [Record(10, NOW_MS, None, A), Record(14, NOW_MS, None, A)]
    assert _verdicts(expect({0: records}, horizon_records=4)) == ["counted", "duplicate"]
    assert _verdicts(expect({0: records}, horizon_records=3)) == ["counted", "counted"]


def test_duplicates_are_not_seen_across_partitions() -> None:
    expected = expect({0: [Record(0, NOW_MS, None, A)], 1: [Record(0, NOW_MS, None, A)]})
    assert _verdicts(expected) == ["counted", "counted"]


# --- counting -----------------------------------------------------------------------------------------------------


def test_windows_of_ten_seconds_are_half_open_and_aligned_to_the_epoch() -> None:
    #        NOW            NOW+10
    # 0 -----[1 2 --------- 3)[4 ----
    times = [NOW_MS - 1, NOW_MS, NOW_MS + 1, NOW_MS + 9_999, NOW_MS + 10_000]
    log = _log(*(_event(str(n), event_time=time) for n, time in enumerate(times)))
    events = {key[0]: row[0] for key, row in expect(log).views["engagement"].items()}
    assert events == {NOW_S - 10: 1, NOW_S: 3, NOW_S + 10: 1}


def test_engagement_counts_events_and_sums_quantities() -> None:
    log = _log(
        _event("1", lang="en", country="KE"),
        _event("2", lang="en", country="KE", quantity=None),
        _event("3", lang="en", country="KE", quantity=-1),
        _event("4", lang="en", country="KE", quantity=500),
        _event("5", lang="en", country="KE", quantity=0),
        _event("6", lang=None),
        _event("7", lang="", event_type="like", quantity=-2),
    )
    assert expect(log).views["engagement"] == {
        (NOW_S, "*", "x", "mention", "en", "KE", ""): (5, 501),
        (NOW_S, "*", "x", "mention", "", "", ""): (1, 1),
        (NOW_S, "*", "x", "like", "", "", ""): (1, -2),
    }


@pytest.mark.parametrize(
    ("quantities", "row"),
    [([None], (1, 3)), ([7], (1, 3)), ([1, -1], (0, 0)), ([0], (0, 0)), ([-9], (-1, -3)), ([2, 2, -5], (1, 3))],
)
def test_token_counts_are_weighted_by_the_sign_of_quantity(quantities: list[int | None], row: tuple[int, int]) -> None:
    log = _log(*(_event(str(n), text="#Love 💜 #love #LOVE", quantity=one) for n, one in enumerate(quantities)))
    assert expect(log).views["token_counts"][NOW_S, "*", "hashtag", "love", "x", "mention"] == row


def test_spellings_count_an_event_under_its_first_spelling_of_a_token() -> None:
    log = _log(_event("1", text="#Love #love #love ❤ ❤️"), _event("2", text="#love"), _event("3", hashtags=["#Love"]))
    assert expect(log).views["spellings"] == {
        ("*", "hashtag", "love", "Love"): (2,),
        ("*", "hashtag", "love", "love"): (1,),
        ("*", "emoji", "❤️", "❤"): (1,),
    }


def test_given_lists_stand_in_place_of_the_text() -> None:
    in_text = extract("#a @b 💜", "x")
    pairs = {"hashtag": [("a", "a")], "emoji": [("💜", "💜")], "account": [("b", "b")]}
    assert tokens_of({}, in_text) == pairs
    assert tokens_of({"hashtags": [], "accounts": []}, in_text) == {**pairs, "hashtag": [], "account": []}
    assert tokens_of({"hashtags": ["##C", "＃Ｄ", "e f", "", "#"], "accounts": ["@G", "h@i.example"]}, in_text) == {
        "hashtag": [("#c", "#C"), ("d", "Ｄ"), ("e f", "e f")],
        "emoji": [("💜", "💜")],
        "account": [("g", "G"), ("h@i.example", "h@i.example")],
    }
    assert tokens_of({"accounts": ["@@A", "＠Straße"]}, Tokens())["account"] == [("@a", "@A"), ("straße", "Straße")]


def test_at_most_64_tokens_of_a_kind_count_and_all_their_occurrences() -> None:
    tags = [f"t{n}" for n in range(70)]
    kept = tokens_of({"hashtags": [*tags, "T0", "t69", "t63"]}, Tokens())["hashtag"]
    assert [token for token, _ in kept] == [*tags[:64], "t0", "t63"]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ""),
        ({"text": "#LOVE"}, "tags"),
        ({"hashtags": ["ｌｏｖｅ"]}, "tags"),
        ({"text": "#love", "hashtags": ["other"]}, ""),
        ({"text": "@Kind_One hello"}, "accounts"),
        ({"accounts": ["@KIND_ONE"]}, "accounts"),
        ({"text": "give PEACE, now"}, "words"),
        ({"text": "peaceful"}, ""),
        ({"text": "warpeace"}, ""),
        ({"text": "peace2"}, ""),
        ({"text": "#peace"}, "words"),
        ({"text": "peaceful peace"}, "words"),
        ({"text": "世界平和を"}, "words"),
        ({"text": "#love @kind_one peace"}, "tags accounts words"),
    ],
)
def test_events_count_under_the_campaigns_they_match_and_under_the_star(fields: dict[str, Any], names: str) -> None:
    campaigns = [
        Campaign("tags", hashtags=("#Love",)),
        Campaign("accounts", accounts=("kind_one",)),
        Campaign("words", keywords=("Peace", "平和")),
        Campaign("nothing"),
    ]
    views = expect(_log(_event(**fields)), campaigns).views
    assert {key[1] for key in views["engagement"]} == {"*", *names.split()}


def test_campaigns_are_written_as_toml_that_reads_back() -> None:
    for campaign in (*CAMPAIGNS, Campaign("odd", keywords=('"quoted" \\ back', "tab\there"))):
        read = tomllib.loads(campaign.toml())
        assert (read["name"], read["hashtags"]) == (campaign.name, list(campaign.hashtags))
        assert (read["accounts"], read["keywords"]) == (list(campaign.accounts), list(campaign.keywords))


# --- tokens and the generator -------------------------------------------------------------------------------------


def test_folding_gives_the_tokens_that_the_vocabulary_states_by_hand() -> None:
    wrong = {(token, one): fold(one) for token, forms in HASHTAGS.items() for one in forms if fold(one) != token}
    assert not wrong


def test_every_form_of_every_emoji_is_one_emoji() -> None:
    wrong = [
        (emoji, form)
        for emoji, forms in emoji_spellings().items()
        for form in forms
        if extract(f"a{form} ", "x").emoji != [(emoji, form)]
    ]
    assert not wrong


def test_what_is_no_token_is_none() -> None:
    assert extract(" ".join(NO_TOKENS), "x") == Tokens()


@pytest.mark.parametrize(
    ("source", "text", "tokens"),
    [
        ("x", "@ana_1, ＠Bo! mail@example.org @", ["ana_1", "bo"]),
        ("bluesky", "@Ana.Example.org @bo", ["ana.example.org"]),
        ("mastodon", "@Ana@m.example @bo", ["ana@m.example"]),
    ],
)
def test_accounts_are_written_by_each_platforms_rule(source: str, text: str, tokens: list[str]) -> None:
    assert [token for token, _ in extract(text, source).account] == tokens


def test_generator_knows_what_its_texts_hold() -> None:
    made = generate(3_000, seed=11, now_ms=NOW_MS, share_bad=0.05)
    log = {0: [Record(n, NOW_MS, one.key, one.value, one.headers) for n, one in enumerate(made.records)]}
    told, found = expect(log, CAMPAIGNS, truth=made.truth), expect(log, CAMPAIGNS)
    assert compare(told.views, found.views) == []


def test_generator_repeats_itself_for_a_seed_and_covers_what_there_is() -> None:
    made = generate(20_000, seed=3, now_ms=NOW_MS, share_bad=0.02)
    assert made.records == generate(20_000, seed=3, now_ms=NOW_MS, share_bad=0.02).records
    assert made.records != generate(20_000, seed=4, now_ms=NOW_MS, share_bad=0.02).records
    log = {0: [Record(n, NOW_MS, one.key, one.value, one.headers) for n, one in enumerate(made.records)]}
    expected = expect(log, CAMPAIGNS, truth=made.truth)
    account = expected.account[0]
    assert account["read"] == 20_000
    assert account["duplicates"] > 1_000
    assert account["dead"] > 200
    assert {key[2:4] for key in expected.views["engagement"]} == {(s, t) for s in SOURCES for t in EVENT_TYPES}
    names = {campaign.name for campaign in CAMPAIGNS if campaign.name != "quiet"}
    assert {key[1] for key in expected.views["engagement"]} == {"*", *names}
    assert all(expected.views.values())
    assert {key[-1] for key in expected.views["authors"]} == {"", "own", "partner"}


# --- comparison ---------------------------------------------------------------------------------------------------


def test_compare_names_what_differs_and_takes_zeros_for_nothing() -> None:
    key = (NOW_S, "*", "hashtag", "love")
    want: dict[str, dict[Any, Any]] = {
        "token_counts": {key: (2, 3), (NOW_S, "*", "hashtag", "gone"): (0, 0)},
        "account": {0: {"read": 1}},
    }
    have: dict[str, dict[Any, Any]] = {
        "token_counts": {key: (2, 4), (NOW_S, "*", "emoji", "💜"): (1, 1)},
        "account": {0: {"read": 1}},
    }
    assert compare(want, want) == []
    assert compare(want, have) == [
        "token_counts (2025-11-13T02:13:20Z, '*', 'emoji', '💜'): expected nothing, found (1, 1)",
        "token_counts (2025-11-13T02:13:20Z, '*', 'hashtag', 'love'): expected (2, 3), found (2, 4)",
    ]
    assert compare(want, have, limit=1)[1:] == ["token_counts: and 1 more of 2 keys"]
    assert compare({"account": {0: {"read": 1}}}, {"account": {}}) == ["account 0: expected {'read': 1}, found nothing"]
