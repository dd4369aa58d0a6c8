"""Judging: each kind at its limits, and a spike against sums done by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.campaign import (
    AnyAlert,
    Benchmark,
    Campaign,
    Goal,
    Hijack,
    LaunchWindow,
    Mood,
    Pace,
    Silence,
    Spike,
    Threshold,
)
from streams.alerts.judge import Reading, Rising, judge, judge_hijack
from streams.alerts.series import Pieces, wanted
from streams.alerts.words import number, percent, span

START = datetime(2026, 7, 30, 9, tzinfo=UTC)
START_S = int(START.timestamp())
NOW_S = START_S + 3600 + 3.5
LAUNCH = LaunchWindow("launch", START, datetime(2026, 7, 30, 21, tzinfo=UTC))
CAMPAIGN = Campaign(
    name="kindness",
    title="Kindness",
    hashtags=("kind",),
    launch_windows=(LAUNCH,),
    goals=(Goal("a thousand", "mentions", 1000, datetime(2026, 7, 30, 11, tzinfo=UTC)),),
)


def read(alert: AnyAlert, pieces: Mapping[str, Pieces], now_s: float = NOW_S, campaign: Campaign = CAMPAIGN) -> Reading:
    asked = wanted(campaign, alert, now_s, None)
    return judge(campaign, alert, asked, {one: pieces.get(part, {}) for part, one in asked.items()}, now_s)


def stands(reading: Reading) -> str:
    assert not (reading.holds and reading.eased)
    return "holds" if reading.holds else "eased" if reading.eased else "between"


@pytest.mark.parametrize(("value", "expected"), [(101, "holds"), (100, "between"), (90, "between"), (89, "eased")])
def test_threshold_holds_above_its_limit_and_eases_below_nine_tenths(value: int, expected: str) -> None:
    reading = read(Threshold(name="t", metric="target_mentions", above=100, over_s=60), {"value": {0: value}})
    assert stands(reading) == expected
    assert reading.message == f"kindness: {value} target mentions in the last 1 min; the limit is 100."


def test_threshold_without_a_span_counts_since_the_launch_began() -> None:
    alert = Threshold(name="t", metric="likes", above=100)

    def start(now_s: float, campaign: Campaign = CAMPAIGN) -> int | None:
        asked = wanted(campaign, alert, now_s, None)
        return asked["value"].start_s if asked else None

    evening = LaunchWindow("evening", datetime(2026, 7, 30, 18, tzinfo=UTC), LAUNCH.end)
    both = replace(CAMPAIGN, launch_windows=(evening, LAUNCH))
    assert start(START_S - 1) is None
    assert start(START_S) == START_S
    assert start(LAUNCH.end.timestamp() + 9000) == START_S
    assert start(evening.start.timestamp(), both) == evening.start.timestamp()
    assert start(NOW_S, replace(CAMPAIGN, launch_windows=())) == 0
    assert stands(read(alert, {}, START_S - 1)) == "eased"


@given(
    st.lists(st.integers(0, 200), min_size=12, max_size=12),
    st.integers(0, 500),
    st.integers(0, 30),
    st.sampled_from([1.5, 2.0, 3.0]),
)
def test_spike_holds_as_the_sums_done_by_hand_say(base: list[int], last: int, authors: int, k: float) -> None:
    alert = Spike(name="s", k=k, floor=50, authors=10)
    pieces = {number: count for number, count in enumerate([*base, last]) if count}
    reading = read(alert, {"pieces": pieces, "authors": {0: authors}})
    mean = sum(base) / 12
    sigma = (sum((count - mean) ** 2 for count in base) / 12) ** 0.5
    assert reading.holds == (last > mean + k * sigma + 1e-9 and last >= 50 and authors >= 10)
    assert reading.limit == pytest.approx(max(50, mean + k * sigma))
    assert not (reading.holds and reading.eased)


def test_spike_of_a_bot_does_not_hold() -> None:
    alert = Spike(name="s")
    assert stands(read(alert, {"pieces": {12: 1000}, "authors": {0: 1}})) == "eased"
    assert stands(read(alert, {"pieces": {12: 1000}, "authors": {0: 9}})) == "between"
    assert stands(read(alert, {"pieces": {12: 1000}, "authors": {0: 10}})) == "holds"


def test_spike_says_what_is_usual_and_who_wrote() -> None:
    reading = read(Spike(name="s"), {"pieces": {0: 24, 12: 320}, "authors": {0: 57}})
    assert reading.message == (
        "kindness: 320 mentions in the last 5 min, by 57 authors; 2 before, on average of 1 h; the limit is 50."
    )


def test_silence_holds_from_when_the_last_window_with_an_event_has_ended() -> None:
    alert = Silence(name="s", over_s=120)
    asked = wanted(CAMPAIGN, alert, NOW_S, None)["events"]
    last = (int(NOW_S) - 130 - asked.start_s) // 10
    end_s = asked.start_s + (last + 1) * 10
    assert stands(read(alert, {"events": {last: 3, 0: 1}})) == "holds"
    assert stands(read(alert, {"events": {last: 3, last + 1: 0}})) == "holds"
    assert stands(read(alert, {"events": {last + 2: 1}})) == "eased"
    assert read(alert, {"events": {last: 1}}).value == NOW_S - end_s
    assert "no event for 2 min" in read(alert, {"events": {last: 3}}).message


def test_silence_is_told_of_within_a_launch_window_alone() -> None:
    alert = Silence(name="s", over_s=120)
    assert stands(read(alert, {}, START_S + 119)) == "between"
    assert stands(read(alert, {}, START_S + 120)) == "holds"
    assert stands(read(alert, {}, LAUNCH.end.timestamp() - 1)) == "holds"
    assert stands(read(alert, {}, LAUNCH.end.timestamp())) == "eased"
    assert stands(read(alert, {}, START_S - 1)) == "eased"


@pytest.mark.parametrize(
    ("judged", "negative", "expected"),
    [
        (50, 26, "holds"),
        (50, 25, "between"),
        (50, 22, "eased"),
        (49, 49, "between"),
        (44, 44, "eased"),
        (0, 0, "eased"),
    ],
)
def test_mood_holds_above_its_share_of_enough_posts(judged: int, negative: int, expected: str) -> None:
    assert stands(read(Mood(name="m"), {"judged": {0: judged}, "negative": {0: negative}})) == expected


def test_pace_holds_while_the_goal_is_out_of_reach() -> None:
    alert = Pace(name="p", goal="a thousand")
    steps = wanted(CAMPAIGN, alert, NOW_S, None)["done"]
    assert (steps.start_s, steps.end_s % steps.step_s, steps.once) == (START_S, 0, True)
    count = (steps.end_s - steps.start_s) // steps.step_s
    assert stands(read(alert, {"done": dict.fromkeys(range(count), 0)})) == "eased"  # that is silence's
    slow, fast = (dict.fromkeys(range(0, count, 10), rate) for rate in (3, 25))
    assert stands(read(alert, {"done": slow})) == "holds"
    assert stands(read(alert, {"done": fast})) == "eased"
    assert "the goal is 1,000" in read(alert, {"done": slow}).message


def test_pace_is_not_judged_at_the_start_nor_after_the_goals_time_nor_beyond_the_goal() -> None:
    alert = Pace(name="p", goal="a thousand")
    assert stands(read(alert, {}, START_S + 100)) == "eased"
    assert stands(read(alert, {}, START_S + 7200)) == "eased"
    assert stands(read(alert, {"done": {0: 1000}})) == "eased"


def test_pace_of_a_campaign_without_launch_windows_begins_with_its_first_count() -> None:
    alert, campaign = Pace(name="p", goal="a thousand"), replace(CAMPAIGN, launch_windows=())
    steps = wanted(campaign, alert, NOW_S, None)["done"]
    last = (steps.end_s - steps.start_s) // steps.step_s
    assert steps.start_s == 0
    assert stands(read(alert, {"done": dict.fromkeys(range(last - 11, last), 50)}, campaign=campaign)) == "eased"
    assert stands(read(alert, {"done": dict.fromkeys(range(last - 12, last), 50)}, campaign=campaign)) == "holds"


def test_pace_takes_the_benchmark_once_that_is_over() -> None:
    alert = Pace(name="p", goal="a thousand")
    campaign = replace(CAMPAIGN, benchmark=Benchmark("earlier", "first"))
    earlier = LaunchWindow("first", datetime(2026, 6, 1, 9, tzinfo=UTC), datetime(2026, 6, 1, 21, tzinfo=UTC))
    assert set(wanted(campaign, alert, NOW_S, earlier)) == {"done", "shape"}
    assert set(wanted(campaign, alert, NOW_S, LAUNCH)) == {"done"}


@pytest.mark.parametrize(
    ("rising", "expected"),
    [
        ([], "eased"),
        ([Rising("boo", 60, 12, 10, 30)], "holds"),
        ([Rising("boo", 60, 12, 30, 30)], "between"),
        ([Rising("boo", 60, 12, 60, 30)], "eased"),
        ([Rising("boo", 60, 9, 0, 30)], "between"),
        ([Rising("boo", 60, 8, 0, 30)], "eased"),
        ([Rising("boo", 49, 12, 0, 30)], "between"),
        ([Rising("boo", 60, 12, 0, 0)], "eased"),
        ([Rising("lovely", 900, 300, 99, 1), Rising("boo", 60, 12, 10, 30)], "holds"),
    ],
)
def test_hijack_holds_where_a_new_hashtag_is_negative_and_many_peoples(rising: list[Rising], expected: str) -> None:
    reading = judge_hijack(CAMPAIGN, Hijack(name="h"), rising)
    assert stands(reading) == expected
    assert not reading.holds or "#boo" in reading.message


def test_numbers_and_spans_are_written_as_people_read_them() -> None:
    assert [number(one) for one in (0, 7, 2.25, 1234567, 123.4)] == ["0", "7", "2.2", "1,234,567", "123"]
    assert [span(one) for one in (0, 59.9, 60, 5400, 90_061)] == ["0 s", "59 s", "1 min", "1 h 30 min", "1 d 1 h"]
    assert percent(0.254) == "25.4 %"
