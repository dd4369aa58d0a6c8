"""Goals on the real engine: every metric against a naive count, the course of a goal, and since when it counts."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from schemas.campaign import Benchmark, Campaign, Goal, LaunchWindow, Metric
from streams.goals import Course, Standing, goals, series
from streams.measures import begin
from streams.projection import project
from tests.counting_fixture import Counted

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
START_MS = int(START.timestamp()) * 1000
WINDOW = LaunchWindow("launch", START, START + timedelta(hours=2))
LOVE = Campaign("love", "Love", hashtags=("love",), targets=("minister",), launch_windows=(WINDOW,))
POSTS = ("mention", "reply", "quote", "video")
TYPES_OF = {
    "mentions": POSTS, "likes": ["like"], "shares": ["share"], "replies": ["reply"], "quotes": ["quote"],
    "views": ["view"], "videos": ["video"], "follows": ["follow"], "signups": ["signup"], "pledges": ["pledge"],
    "engagement": ["like", "share", "reply", "quote"],
}  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    with Counted(tmp_path_factory.mktemp("goals")) as counted:
        yield counted


def event(number: int, at_s: float, **fields: Any) -> dict[str, Any]:
    of = {"event_id": str(number), "source": "x", "event_type": "mention", "text": "#love"}
    return {**of, "event_time": START_MS + int(at_s * 1000), **fields}


def crowd(count: int, seed: int) -> list[dict[str, Any]]:
    """Events of every type around two hours, some undone, by few authors."""
    rng = Random(seed)
    types = [*TYPES_OF["mentions"], "like", "share", "view", "follow", "signup", "pledge"]
    made = []
    for number in range(count):
        fields: dict[str, Any] = {"event_type": rng.choice(types), "source": rng.choice(("x", "bluesky"))}
        fields["text"] = rng.choice(("#love", "#love @minister", "@minister@minister", "#other"))
        fields["accounts"] = ["minister"] if "@minister" in fields["text"] else []
        if rng.random() < 0.9:
            fields["author_id"] = f"a{int(rng.expovariate(0.05))}"
        fields["quantity"] = rng.choice((1, 1, 1, 1, -1, 7))
        made.append(event(number, rng.uniform(-600, 7_800), **fields))
    return made


def naive(metric: Metric, made: list[dict[str, Any]], since_ms: int, until_ms: int) -> tuple[int, list[int]]:
    """The total, and each event time (ms) at which it rose, of distinct authors alone."""
    within = [one for one in made if since_ms <= one["event_time"] // 10_000 * 10_000 < until_ms]
    if metric in TYPES_OF:
        mine = [one for one in within if "#love" in one["text"] and one["event_type"] in TYPES_OF[metric]]
        return sum(one["quantity"] for one in mine), []
    if metric == "contributors":
        mine = [one for one in within if "#love" in one["text"] and one["event_type"] in POSTS and "author_id" in one]
        weights = [one["quantity"] for one in mine]
    else:
        mine = [one for one in within if one["accounts"] and one["event_type"] != "share" and "author_id" in one]
        weights = [(one["quantity"] > 0) - (one["quantity"] < 0) for one in mine]
    authors = [(one["source"], one["author_id"]) for one in mine]
    standing = {
        author for author in authors if sum(w for a, w in zip(authors, weights, strict=True) if a == author) > 0
    }
    first = {
        author: min(one["event_time"] for one, a in zip(mine, authors, strict=True) if a == author)
        for author in standing
    }
    return len(standing), sorted(first.values())


def test_series_of_every_metric_adds_up_to_a_naive_count(engine: Counted) -> None:
    made = crowd(600, 7)
    engine.empty()
    engine.count(made, [LOVE])
    until = START + timedelta(hours=2)
    for metric in get_args(Metric):
        counts = series(engine.client, "love", metric, START, until, 600)
        total, rises = naive(metric, made, START_MS, START_MS + 7_200_000)
        assert (len(counts), sum(counts)) == (12, total), metric
        assert total, metric
        if rises:
            assert counts == [sum(1 for one in rises if (one - START_MS) // 600_000 == step) for step in range(12)]
        assert series(engine.client, "love", metric, START, until, 7_200) == [total], metric


def steady(per_minute: int, minutes: int) -> list[dict[str, Any]]:
    return [event(n, n * 60 / per_minute, author_id=str(n)) for n in range(per_minute * minutes)]


def goal(value: int, minutes: int = 120) -> Goal:
    return Goal(f"{value}", "mentions", value, START + timedelta(minutes=minutes))


def at(minutes: float, engine: Counted, *wanted: Goal, campaign: Campaign = LOVE) -> list[Standing]:
    with_goals = Campaign(campaign.name, "T", launch_windows=campaign.launch_windows, goals=wanted)
    return goals(engine.client, with_goals, None, START + timedelta(minutes=minutes))


def test_course_of_a_steady_launch_follows_its_projection(engine: Counted) -> None:
    engine.empty()
    engine.count(steady(6, 60), [LOVE])
    found = at(60, engine, goal(300), goal(700), goal(725), goal(9_000), goal(400, minutes=30))
    assert [one.course for one in found] == [
        Course.REACHED, Course.ON_COURSE, Course.BEHIND, Course.OUT_OF_REACH, Course.MISSED,
    ]  # fmt: skip
    first, last = found[0], found[-1]
    assert (first.so_far, last.so_far, last.projection.high) == (360, 180, 180)
    assert first.projection.low <= 720 == round(first.projection.expected) <= first.projection.high
    assert (first.since, first.by) == (START, START + timedelta(hours=2))


def test_the_step_that_is_still_filling_counts_and_is_not_projected_from(engine: Counted) -> None:
    engine.empty()
    engine.count(steady(6, 60), [LOVE])
    # Steps are of 30 s: at 59 min 59 s the last one lacks nothing but looks short.
    (found,) = at(59 + 50 / 60, engine, goal(1_000))
    assert (found.so_far, round(found.projection.expected)) == (359, 720)


def test_a_goal_before_its_launch_window_has_not_begun(engine: Counted) -> None:
    engine.empty()
    engine.count([event(1, -30)], [LOVE])
    (found,) = at(-1, engine, goal(10))
    assert (found.course, found.so_far, found.projection.high) == (Course.AHEAD, 0, math.inf)


def test_without_a_launch_window_goals_count_from_the_first_event_on(engine: Counted) -> None:
    engine.empty()
    bare = Campaign("love", "Love", hashtags=("love",))
    (nothing,) = at(10, engine, goal(5), campaign=bare)
    assert (nothing.since, nothing.course) == (None, Course.AHEAD)
    engine.count([event(1, -3_000), event(2, 30)], [bare])
    (found,) = at(10, engine, goal(5), campaign=bare)
    assert (found.since, found.so_far) == (START - timedelta(seconds=3_000), 2)


def test_an_earlier_launch_of_the_campaigns_own_that_is_its_benchmark_is_history() -> None:
    later = LaunchWindow("again", START + timedelta(days=365), START + timedelta(days=366))
    own = Campaign("love", "T", launch_windows=(WINDOW, later), benchmark=Benchmark("love", "launch"))
    other = Campaign("love", "T", launch_windows=(WINDOW, later), benchmark=Benchmark("peace", "launch"))
    assert begin(own, WINDOW) == later.start
    assert begin(other, WINDOW) == begin(Campaign("love", "T", launch_windows=(later, WINDOW)), None) == START


def test_projection_follows_the_benchmarks_series_from_its_own_start(engine: Counted) -> None:
    engine.empty()
    earlier = LaunchWindow("2025", START - timedelta(days=365), START - timedelta(days=365) + timedelta(hours=2))
    paris = ZoneInfo("Europe/Paris")
    campaign = Campaign(
        "love",
        "Love",
        hashtags=("love",),
        launch_windows=(earlier, WINDOW),
        goals=(Goal("g", "mentions", 1_000, (START + timedelta(hours=2)).astimezone(paris)),),
        benchmark=Benchmark("love", "2025"),
    )
    # Then: 100 in the first hour, 300 in the second. Now: 200 in the first.
    then = [event(n, -365 * 86_400 + 36 * n) for n in range(100)]
    then += [event(1_000 + n, -365 * 86_400 + 3_600 + 12 * n) for n in range(300)]
    now = [event(2_000 + n, 18 * n) for n in range(200)]
    engine.count([*then, *now], [campaign])
    (found,) = goals(engine.client, campaign, earlier, START + timedelta(hours=1))
    assert found.projection.expected == pytest.approx(200 + 600, rel=0.1)
    assert project([50] * 4, 900, 3_600).expected == pytest.approx(400)
