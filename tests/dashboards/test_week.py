"""Every panel of every dashboard over a week with a launch in it, and what matters against a naive count."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from dashboards.boards import DASHBOARDS
from dashboards.marks import ALERTS, LAUNCH_WINDOWS, MARKS
from dashboards.panel import Mark, Panel
from dashboards.panels import conversation, launch, people, post_mortem
from dashboards.panels.goals import GOALS
from dashboards.panels.traction import RISING
from schemas import counters
from schemas.counter import Counter as Declared
from streams.campaigns import benchmarks
from streams.goals import goals
from streams.traction import FEWEST_AUTHORS, FLOOR, LINES, counted_since, spans, traction
from tests.dashboards import week
from tests.dashboards.conftest import Rows, Week
from tests.dashboards.naive import Naive, hashtags, is_loves, of_the_week, quantity, summed

pytestmark = pytest.mark.stack

PANELS = [
    (board.name, panel)
    for board in DASHBOARDS
    for panel in board.panels
    if panel.query and panel is not launch.FRESHNESS  # it is about now, whatever the time range
]
every_panel = pytest.mark.parametrize(
    ("board", "panel"), PANELS, ids=[f"{board}: {panel.title}" for board, panel in PANELS]
)


def pairs(rows: Rows) -> dict[Any, Any]:
    return dict(tuple(row.values())[:2] for row in rows)


def largest(counts: Counter[str], most: int) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most])


def granularity(board: str) -> str:
    return "300" if board == "traction" else "3600"


@pytest.fixture(scope="module")
def rows_of(counted_week: Week) -> Callable[[str, Panel], Rows]:
    """A board's panel to its rows of the whole week, asked for once."""
    return cache(lambda board, panel: counted_week.rows(panel, granularity=granularity(board)))


@every_panel
def test_panels_have_rows_of_a_week_and_their_columns_as_declared(
    rows_of: Callable[[str, Panel], Rows], board: str, panel: Panel
) -> None:
    rows = rows_of(board, panel)
    assert rows
    names = list(rows[0])
    labels = [] if panel.drawing == "numbers" else names[:1]
    assert names == labels + [column.name for column in panel.columns]


@every_panel
def test_panels_answer_alike_whether_their_parameters_are_bound_or_put_in(
    counted_week: Week, board: str, panel: Panel
) -> None:
    seconds = granularity(board)
    chosen = {"campaign": "love", "platforms": "['x','tiktok']", "granularity_s": seconds}
    times = (int(week.START.timestamp()), int(week.END.timestamp()))
    expanded = counted_week.rows(panel, platform=["x", "tiktok"], granularity=seconds)
    assert counted_week.grafana.bound(panel.query, *times, chosen) == expanded


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"])
@every_panel
def test_panels_are_of_instants_wherever_they_are_looked_at(
    counted_week: Week, rows_of: Callable[[str, Panel], Rows], board: str, panel: Panel, zone: str
) -> None:
    seconds = granularity(board)
    chosen = {"campaign": "love", "platforms": "[]", "granularity_s": seconds}
    times = (int(week.START.timestamp()), int(week.END.timestamp()))
    there = counted_week.grafana.bound(panel.query, *times, chosen, session_timezone=zone)
    assert there == rows_of(board, panel)


@pytest.mark.parametrize(
    "campaign", ["o'clock", "' OR 1=1 --", "\\' OR 1=1 --", "'; DROP TABLE groundswell.segments --", "%27", "\\"]
)
@every_panel
def test_panels_take_a_campaign_for_a_name_whatever_is_in_it(
    counted_week: Week, board: str, panel: Panel, campaign: str
) -> None:
    seconds = granularity(board)
    chosen = {"campaign": campaign.replace("\\", "\\\\"), "platforms": "[]", "granularity_s": seconds}
    times = (int(week.START.timestamp()), int(week.END.timestamp()))
    rows = counted_week.rows(panel, campaign=campaign, granularity=seconds)
    assert rows == counted_week.grafana.bound(panel.query, *times, chosen)


@pytest.mark.parametrize("counter", counters.COUNTERS, ids=lambda counter: counter.view)
def test_addends_come_to_what_the_view_says(counted_week: Week, counter: Declared) -> None:
    key = ", ".join(counter.key)
    names = [(measure.name, "max" if measure.highest else "sum") for measure in counter.measures]
    summed_up = ", ".join(f"{how}({name})" for name, how in names)
    columns = ", ".join(name for name, _ in names)
    client = counted_week.engine.client
    addends = client.query(
        f"SELECT {key}, {summed_up} FROM {counters.DATABASE}.{counter.addends} GROUP BY {key} ORDER BY {key}"
    )
    view = client.query(f"SELECT {key}, {columns} FROM {counters.DATABASE}.{counter.view} ORDER BY {key}")
    assert addends.result_rows == view.result_rows
    assert view.result_rows or counter.view in {"hashtag_groups", "pledged"}


def test_mentions_and_what_people_do_are_the_naive_count(counted_week: Week) -> None:
    expected = of_the_week(counted_week.events)
    ((mentions, change),) = (row.values() for row in counted_week.rows(launch.MENTIONS))
    before = Naive(counted_week.events, week.START.timestamp() - 7 * 86_400, week.START.timestamp())
    assert mentions == sum(map(quantity, expected.mentions()))
    assert change == pytest.approx(mentions / sum(map(quantity, before.mentions())) - 1)
    assert pairs(counted_week.rows(launch.EVENT_TYPES)) == expected.types()


def test_platforms_languages_and_countries_are_the_naive_count(counted_week: Week) -> None:
    expected = of_the_week(counted_week.events)
    assert pairs(counted_week.rows(launch.PLATFORMS)) == largest(expected.by("source"), 10)
    assert pairs(counted_week.rows(conversation.LANGUAGES)) == largest(expected.by("lang"), 10)
    assert pairs(counted_week.rows(conversation.COUNTRY_NAMES)) == largest(expected.by("country"), 10)
    known = {name: count for name, count in expected.by("country").items() if name != "unknown"}
    assert pairs(counted_week.rows(conversation.COUNTRIES)) == known


def test_reach_leaves_the_unknown_out_and_says_so(counted_week: Week) -> None:
    expected = of_the_week(counted_week.events)
    most = expected.contributors()
    (row,) = counted_week.rows(people.REACH)
    assert row["contributors"] == len(most)
    assert row["potential reach"] == sum(count for count in most.values() if count is not None)
    assert row["contributors of unknown reach"] == sum(count is None for count in most.values()) > 0
    assert row["mentions without author"] == sum(quantity(one) for one in expected.mentions() if "author_id" not in one)
    followers = [(one.get("author_followers") or 0) * quantity(one) for one in expected.mentions()]
    assert row["potential impressions"] == sum(followers)


def test_new_contributors_are_all_contributors_once(counted_week: Week) -> None:
    rows = counted_week.rows(people.NEW_CONTRIBUTORS)
    assert sum(row["new contributors"] for row in rows) == len(of_the_week(counted_week.events).contributors())


def test_targets_are_addressed_by_distinct_authors(counted_week: Week) -> None:
    expected = of_the_week(counted_week.events).target_authors()
    rows = counted_week.rows(people.TARGETS)
    assert rows == [{"target": "minister", "authors": len(expected), "posts": expected.total()}]


def test_partners_and_own_accounts_are_told_from_the_rest(counted_week: Week) -> None:
    authors = summed(
        (one["author_name"], quantity(one))
        for one in of_the_week(counted_week.events).mentions()
        if one.get("author_name") in {"idol", "lovehq"}
    )
    found = {(row["author"], row["role"]): row["posts"] for row in counted_week.rows(people.PARTNERS)}
    assert found == {("lovehq", "own"): authors["lovehq"], ("idol", "partner"): authors["idol"]}


def test_co_hashtags_are_the_naive_pairs(counted_week: Week) -> None:
    assert pairs(counted_week.rows(conversation.CO_HASHTAGS)) == largest(of_the_week(counted_week.events).pairs(), 12)


def test_moods_add_up_to_the_mentions_however_they_are_drawn(counted_week: Week) -> None:
    moods = ("positive", "neutral", "negative", "not judged")
    (mood,) = counted_week.rows(conversation.MOOD)
    over_time = counted_week.rows(conversation.SENTIMENT)
    assert {name: sum(row[name] for row in over_time) for name in moods} == {name: mood[name] for name in moods}
    assert sum(mood[name] for name in moods) == sum(map(quantity, of_the_week(counted_week.events).mentions()))
    assert mood["positive of judged"] == pytest.approx(mood["positive"] / (mood["positive"] + mood["negative"]))
    assert min(mood[name] for name in moods) > 0


def test_sentiment_by_hashtag_is_of_the_same_posts_as_the_ranking(counted_week: Week) -> None:
    expected = summed(
        (f"#{tag}", quantity(one)) for one in of_the_week(counted_week.events).mentions() for tag in hashtags(one)
    )
    rows = counted_week.rows(conversation.SENTIMENT_BY_HASHTAG)
    assert pairs(rows) == largest(expected, 12)
    assert all(row["positive"] + row["negative"] == pytest.approx(1) for row in rows if row["judged"])
    assert [row["positive"] for row in rows if not row["judged"]] == [None]


@pytest.mark.parametrize("hours", [200, 12, 0, -20, -48])
def test_goals_have_what_the_command_says(counted_week: Week, hours: int) -> None:
    moment = week.END + timedelta(hours=hours)
    told = goals(counted_week.engine.client, week.LOVE, benchmarks(week.CAMPAIGNS)["love"], moment)
    rows = counted_week.rows(GOALS, until=moment)
    assert {row["name"]: (row["so far"], row["goal"]) for row in rows} == {
        one.name: (one.so_far, one.value) for one in told
    }
    for row in rows:
        assert row["reached"] == pytest.approx(row["so far"] / row["goal"])
        over = row["reached"] >= 1 or row["time gone"] >= 1
        assert (row["pace"] is None) == over
    assert [row["by"] for row in rows] == sorted(row["by"] for row in rows)


def test_pace_is_the_last_hour_against_what_is_needed(counted_week: Week) -> None:
    moment = week.LAUNCH.start + timedelta(hours=14)
    row = next(one for one in counted_week.rows(GOALS, until=moment) if one["name"] == "posts")
    hour = Naive(counted_week.events, moment.timestamp() - 3_600, moment.timestamp())
    left_s = (week.LOVE.goals[0].by - moment).total_seconds()
    needed = (3_000 - row["so far"]) / left_s
    assert row["pace"] == pytest.approx(sum(map(quantity, hour.mentions())) / 3_600 / needed)
    assert row["time gone"] == pytest.approx(14 / (14 + left_s / 3_600))


@pytest.mark.parametrize(("minutes", "span_s"), [(65, 300), (180, 120), (600, 600), (10, 300)])
def test_traction_is_what_the_command_says(counted_week: Week, minutes: int, span_s: int) -> None:
    since, client = week.END - timedelta(minutes=minutes), counted_week.engine.client
    rows = counted_week.rows(RISING, since, granularity=str(span_s))
    if minutes * 60 < 3 * span_s:
        assert rows == []
        return
    within = spans(counted_since(client, since, week.END), week.END, timedelta(seconds=span_s))
    ranking = traction(client, week.CAMPAIGNS, within, FLOOR, FEWEST_AUTHORS, LINES)
    assert [one.hashtag for one in ranking] == [*week.RISING]
    assert rows == [
        {
            "hashtag": f"#{one.hashtag}",
            "spike score": one.score,
            "posts": one.posts,
            "average before": one.before,
            "authors": one.authors,
            "give or take": one.authors_error,
            "first seen": f"{one.first_seen:%Y-%m-%d %H:%M:%S}",
            "examples": " ".join(one.examples),
        }
        for one in ranking
    ]


def test_totals_are_laid_beside_the_benchmark(counted_week: Week) -> None:
    now = of_the_week(counted_week.events)
    start_s = week.LAST_TIME.start.timestamp()
    then = Naive(counted_week.events, start_s, week.LAST_TIME.end.timestamp())
    rows = {row["measure"]: (row["total"], row["bench-mark"]) for row in counted_week.rows(post_mortem.TOTALS)}
    assert rows["mentions"] == tuple(sum(map(quantity, one.mentions())) for one in (now, then))
    assert rows["contributors"] == (len(now.contributors()), len(then.contributors()))
    names = {"likes": "like", "shares": "share", "replies": "reply", "quotes": "quote", "views": "view"}
    for name, kind in names.items():
        assert rows[name] == (now.types()[kind], then.types()[kind])


def test_course_ends_with_the_totals(counted_week: Week) -> None:
    totals = {row["measure"]: row for row in counted_week.rows(post_mortem.TOTALS)}
    rows = counted_week.rows(post_mortem.COURSE)
    last = {
        name: [row[name] for row in rows if row[name] is not None][-1] for name in ("mentions so far", "bench-mark")
    }
    assert last == {"mentions so far": totals["mentions"]["total"], "bench-mark": totals["mentions"]["bench-mark"]}
    assert rows[-1]["bench-mark"] is None
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


def test_peaks_are_the_busiest_hours(counted_week: Week) -> None:
    expected = of_the_week(counted_week.events)
    hours = summed((str(one["event_time"] // 3_600_000), quantity(one)) for one in expected.mentions())
    rows = counted_week.rows(post_mortem.PEAKS)
    assert [row["posts"] for row in rows] == sorted(hours.values(), reverse=True)[:8]
    assert rows[0]["part"] == pytest.approx(rows[0]["posts"] / sum(map(quantity, expected.mentions())))


def test_top_posts_are_those_most_reacted_to(counted_week: Week) -> None:
    made = counted_week.events
    posts = {f"{one['source']}:{one['post_id']}": one for one in made if "post_id" in one and one.get("quantity") != -1}
    acts = of_the_week(made).acts()
    expected = {
        what: summed(
            (f"{one['source']}:{one['ref_post_id']}", quantity(one)) for one in acts if one["event_type"] in what
        )
        for what in (("like", "share", "reply", "quote"), ("like",), ("share",))
    }
    reactions, likes, shares = expected.values()
    rows = counted_week.rows(post_mortem.TOP_POSTS)
    assert pairs(rows) == largest(reactions, 12)
    for row in rows:
        post = row["post"]
        assert (row["likes"], row["shares"]) == (likes[post], shares[post])
        assert row["text"] == (posts[post]["text"] if is_loves(posts[post]) else "")


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.name)
@pytest.mark.parametrize("campaign", ["love", "*", "o'clock", "'; DROP TABLE x --"])
def test_marks_are_of_the_campaign_or_of_all(counted_week: Week, mark: Mark, campaign: str) -> None:
    times = (int(week.START.timestamp()), int(week.END.timestamp()))
    rows = counted_week.grafana.query(mark.query, *times, {"campaign": campaign})
    assert all(list(row) == ["time", "time_end", "title", "text"] for row in rows)
    assert len(rows) == (1 if campaign in {"love", "*"} else 0)


def test_marks_tell_windows_as_regions_and_alerts_as_moments(counted_week: Week) -> None:
    times = (int(week.START.timestamp()), int(week.END.timestamp()))
    (window,) = counted_week.grafana.query(LAUNCH_WINDOWS.query, *times, {"campaign": "love"})
    assert (window["time"], window["time_end"]) == ("2026-03-05 12:00:00", "2026-03-09 12:00:00")
    (alert,) = counted_week.grafana.query(ALERTS.query, *times, {"campaign": "love"})
    assert (alert["time"], alert["time_end"]) == ("2026-03-05 13:00:00", None)
    assert (alert["title"], alert["text"]) == ("love/burst/1, critical", "It's rising")
