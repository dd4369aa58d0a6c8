"""Every example file: the good ones are taken, the bad ones are refused for the reason they are named by."""

# ruff: noqa: E501 - messages stand here as they are printed

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import schemas
from schemas.campaign_file import CampaignError, parse
from schemas.event import Event
from schemas.snapshot import Snapshot
from streams.decode import decode, decode_one
from streams.refusal import Reason, Refusal
from streams.snapshots import decode_snapshot
from tests.oracle.log import Record
from tests.oracle.verdict import Refused, judge

HERE = Path(schemas.__file__).parent
EXAMPLES = HERE / "examples"
APPEND_MS = 1_785_434_700_000
"""2026-07-30T18:05:00Z."""

TOLD_BY_SCHEMA = {Reason.NOT_OBJECT, Reason.MISSING_FIELD, Reason.WRONG_TYPE, Reason.OUT_OF_RANGE}
"""What a JSON Schema can tell; the rest is the bytes' matter, or the clock's."""

MISTAKES = {
    "hashtags-number": "3: hashtags[1]: Expected `str`, got `int`; correct the value",
    "hashtags-sign": "3: hashtags[1]: nothing to find in '#'; give a word",
    "hashtags-text": "3: hashtags: Expected `array`, got `str`; correct the value",
    "keywords-blank": "3: keywords[0]: nothing to find in '  '; give a word",
    "name-capitals": "2: name: Expected `str` of a-z, 0-9, - and _; correct the value",
    "name-missing": "1: name: missing; add `name = …`",
    "name-star": "1: name: Expected `str` of a-z, 0-9, - and _; correct the value",
    "nothing-to-count": "3: hashtags: nothing to count; give hashtags, accounts, keywords, posts, groups or targets",
    "title-missing": "1: title: missing; add `title = …`",
    "toml-end": "3: TOML: Invalid value (at end of document); mend the line",
    "toml-syntax": "4: TOML: Unclosed array (at line 4, column 1); mend the line",
    "unknown-key": "4: tags: no such key; known are name, title, hashtags, accounts, keywords, launch_windows, posts, platforms, own, partners, targets, positive, negative, groups, goals, benchmark, pledges, alerts",
    "window-end-before-start": "13: launch_windows[1].end: not after start; give a later end",
    "window-end-missing": "10: launch_windows[1].end: missing; add `end = …`",
    "window-start-date": "7: launch_windows[0].start: Expected `datetime`, got `date`; correct the value",
    "window-time-zone": (
        "9: launch_windows[0].time_zone: no time zone 'Seoul'; give an IANA name such as \"Europe/Paris\""
    ),
    "window-unknown-key": "9: launch_windows[0].zone: no such key; known are name, start, end, time_zone",
    "alert-kind": "6: alerts[0].kind: no such kind of alert; known are threshold, spike, pace, silence, mood, hijack",
    "alert-unknown-key": "8: alerts[0].minutes: no such key; known are kind, name, severity, at_most_every_s, notify, over_s",
    "alert-unknown-goal": "8: alerts[0].goal: no goal is named 'a million'; give one of goals (none)",
    "alert-silence-without-window": "6: alerts[0].kind: silence is told of within launch windows; give launch_windows",
    "alert-notify-address": "8: alerts[0].notify[0]: Expected `str` of A-Z, 0-9 and _; correct the value",
    "alert-name-twice": "11: alerts[1].name: 'mood' is taken already; give another",
    "goal-metric": "7: goals[0].metric: invalid enum value 'mention'; give one of mentions, contributors, target_mentions, likes, shares, replies, quotes, views, videos, follows, signups, pledges, engagement",
    "goal-time-zone": "10: goals[0].time_zone: no time zone 'Mars'; give an IANA name such as \"Europe/Paris\"",
    "group-empty": "7: groups[0].hashtags: Expected `array` of length >= 1; correct the value",
    "hashtag-star-alone": "7: groups[0].hashtags[0]: '*' would find too much; give 2 letters or more",
    "keywords-not-alone": "4: keywords[1]: would hold in every text without these words; add a word that must stand (in 'NOT war')",
    "keywords-open-quote": "4: keywords[0]: a quotation mark is left open; close it with another \" (in '\"peace')",
    "platform-unknown": "4: platforms[1]: invalid enum value 'twitter'; give one of bluesky, mastodon, x, tiktok, instagram, facebook, youtube, reddit, web, other",
    "pledge-currency": "8: pledges[0].currency: Expected `str` of three capital letters; correct the value",
    "pledge-steps-order": "9: pledges[0].steps: `above` must ascend from step to step; put them in order",
    "post-without-source": "4: posts[0]: '1800000000000000001' is no post; write source:post_id, such as x:1234",
}


def examples(folder: str) -> list[Path]:
    found = sorted(path for path in (EXAMPLES / folder).iterdir())
    assert found
    return found


def validator(name: str = "event") -> Draft202012Validator:
    schema = json.loads((HERE / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", examples("events/good"), ids=lambda path: path.stem)
def test_good_event_is_taken_by_decoder_schema_and_oracle(path: Path) -> None:
    value = path.read_bytes()
    event = decode_one(value, APPEND_MS)
    assert isinstance(event, Event), event
    assert decode([value], [APPEND_MS], [()]).events == [event]
    assert validator().is_valid(json.loads(value))
    assert judge(Record(0, APPEND_MS, None, value))["event_id"] == event.event_id


@pytest.mark.parametrize("path", examples("events/bad"), ids=lambda path: path.stem)
def test_bad_event_is_refused_for_the_reason_in_its_name(path: Path) -> None:
    value, reason = path.read_bytes(), Reason(path.stem.split("-")[0])
    refusal = decode_one(value, APPEND_MS)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    assert refusal.message
    assert decode([value], [APPEND_MS], [()]).refused == [(0, refusal)]
    if reason in TOLD_BY_SCHEMA:
        assert not validator().is_valid(json.loads(value))
    with pytest.raises(Refused) as refused:
        judge(Record(0, APPEND_MS, None, value))
    assert refused.value.reason == reason


def test_bad_events_have_an_example_of_every_reason_that_a_value_can_give() -> None:
    assert {path.stem.split("-")[0] for path in examples("events/bad")} == {*Reason} - {Reason.NULL}


@pytest.mark.parametrize("path", examples("snapshots/good"), ids=lambda path: path.stem)
def test_good_snapshot_is_taken_by_decoder_and_schema(path: Path) -> None:
    value = path.read_bytes()
    document = json.loads(value)
    assert isinstance(decode_snapshot(value, APPEND_MS), Snapshot)
    assert validator("snapshot").is_valid(document)


@pytest.mark.parametrize("path", examples("snapshots/bad"), ids=lambda path: path.stem)
def test_bad_snapshot_is_refused_for_the_reason_in_its_name(path: Path) -> None:
    value, reason = path.read_bytes(), Reason(path.stem.split("-")[0])
    refusal = decode_snapshot(value, APPEND_MS)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    if reason in TOLD_BY_SCHEMA:
        assert not validator("snapshot").is_valid(json.loads(value))


@pytest.mark.parametrize("path", examples("campaigns/good"), ids=lambda path: path.stem)
def test_good_campaign_is_taken_with_moments_that_name_their_offset(path: Path) -> None:
    campaign = parse(path.read_text(encoding="utf-8"), path.name)
    assert campaign.hashtags or campaign.accounts or campaign.keywords
    assert all(goal.by.utcoffset() is not None for goal in campaign.goals)
    for window in campaign.launch_windows:
        assert window.start.utcoffset() is not None
        assert window.start < window.end


@pytest.mark.parametrize("path", examples("campaigns/bad"), ids=lambda path: path.stem)
def test_bad_campaign_is_refused_by_file_line_key_what_and_mend(path: Path) -> None:
    with pytest.raises(CampaignError) as error:
        parse(path.read_text(encoding="utf-8"), path.name)
    assert str(error.value) == f"{path.name}:{MISTAKES[path.stem]}"


def test_bad_campaigns_are_the_ones_listed() -> None:
    assert {path.stem for path in examples("campaigns/bad")} == set(MISTAKES)
