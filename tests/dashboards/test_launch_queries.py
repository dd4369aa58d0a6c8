"""Every query of the dashboard, run by ClickHouse's engine as Grafana would send it, against numbers by hand."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards.boards import DASHBOARDS
from dashboards.panel import Panel
from dashboards.panels.conversation import LANGUAGES
from dashboards.panels.goals import GOALS
from dashboards.panels.launch import (
    EMOJIS,
    EVENT_TYPES,
    FRESHNESS,
    HASHTAGS,
    LAUNCH,
    MENTIONS,
    PLATFORMS,
    RECORDS,
    VELOCITY,
)
from dashboards.variables import CAMPAIGN, GRANULARITIES, PLATFORM, THIS_CAMPAIGN, QueryVariable
from schemas.event import SOURCES
from tests.dashboards.conftest import Grafana, Rows
from tests.dashboards.counted import at

pytestmark = pytest.mark.stack

EVERY_PANEL = [panel for board in DASHBOARDS for panel in board.panels if panel.query]
NOW, FILLING, BEFORE = (column.name for column in VELOCITY.columns)


def pairs(rows: Rows) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in rows]


def velocity(rows: Rows) -> dict[str, tuple[float | None, float | None]]:
    """Clock time → (now, before); every bucket of the launch's day has ended."""
    assert all(row[FILLING] is None for row in rows)
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    return {row["time"].removeprefix("2026-03-01 "): (row[NOW], row[BEFORE]) for row in rows}


def test_mentions_are_the_posts_that_stand_and_their_change(grafana: Grafana) -> None:
    # 5 + 2 + (3 − 1) + 6 + 1 + 1 now; 4 + 4 before.
    assert grafana.rows(MENTIONS) == [{"posts": 17, "against before": 1.125}]


def test_mentions_of_everything_include_what_no_campaign_matches(grafana: Grafana) -> None:
    assert grafana.rows(MENTIONS, campaign="*") == [{"posts": 67, "against before": 59 / 8}]


def test_mentions_count_chosen_platforms_only(grafana: Grafana) -> None:
    assert grafana.rows(MENTIONS, platform=["bluesky", "x"]) == [{"posts": 14, "against before": 0.75}]
    assert grafana.rows(MENTIONS, platform=["mastodon"]) == [{"posts": 2, "against before": None}]


def test_mentions_fall_to_zero_after_a_time_with_some(grafana: Grafana) -> None:
    assert grafana.rows(MENTIONS, "12:05:00", "12:10:00") == [{"posts": 0, "against before": -1.0}]


@pytest.mark.parametrize("source", SOURCES)
def test_platforms_are_chosen_by_their_whole_name(grafana: Grafana, source: str) -> None:
    found = pairs(grafana.rows(PLATFORMS, platform=[source]))
    assert found == [row for row in [("x", 9), ("bluesky", 5), ("mastodon", 2), ("tiktok", 1)] if row[0] == source]


def test_platforms_are_ranked_by_mentions(grafana: Grafana) -> None:
    assert pairs(grafana.rows(PLATFORMS)) == [("x", 9), ("bluesky", 5), ("mastodon", 2), ("tiktok", 1)]


def test_languages_name_the_unknown(grafana: Grafana) -> None:
    assert pairs(grafana.rows(LANGUAGES)) == [("unknown", 8), ("en", 7), ("de", 2)]


def test_event_types_take_off_what_was_undone_and_count_views_by_their_quantity(grafana: Grafana) -> None:
    expected = [("view", 5000), ("mention", 13), ("like", 8), ("share", 4), ("reply", 2), ("quote", 1), ("video", 1)]
    assert pairs(grafana.rows(EVENT_TYPES)) == expected


def test_hashtags_are_ranked_and_shown_as_most_write_them(grafana: Grafana) -> None:
    expected = [("#ENDviolence", 10), ("#friendshipday", 5), ("#tag00", 1), ("#Tag01", 1)]
    expected += [(f"#tag{number:02}", 1) for number in range(2, 8)]
    assert pairs(grafana.rows(HASHTAGS)) == expected


def test_hashtags_count_chosen_platforms_only(grafana: Grafana) -> None:
    assert pairs(grafana.rows(HASHTAGS, platform=["tiktok"])) == [("#ENDviolence", 3)]


def test_emojis_are_ranked_by_posts_and_those_undone_are_gone(grafana: Grafana) -> None:
    assert pairs(grafana.rows(EMOJIS)) == [("💜", 16), ("❤️", 13)]


def test_velocity_is_events_per_minute_with_the_time_before_laid_over_it(grafana: Grafana) -> None:
    # At 12:03 only another campaign had an event: 0. At 12:04 nobody had: no bucket.
    assert velocity(grafana.rows(VELOCITY)) == {
        "12:00:00": (19, None),
        "12:01:00": (10, 4),
        "12:02:00": (4, None),
        "12:03:00": (0, None),
        "12:05:00": (4, None),
        "12:09:00": (None, 4),
    }


def test_velocity_stays_a_rate_per_minute_in_longer_and_shorter_buckets(grafana: Grafana) -> None:
    assert velocity(grafana.rows(VELOCITY, granularity="300")) == {"12:00:00": (6.6, 0.8), "12:05:00": (0.8, 0.8)}
    tens = velocity(grafana.rows(VELOCITY, granularity="10"))
    expected = {"12:00:00": (30, None), "12:01:00": (60, 24), "12:09:50": (None, 24)}
    assert {clock: tens[clock] for clock in expected} == expected


def test_velocity_draws_whole_buckets_where_the_time_range_cuts_them(grafana: Grafana) -> None:
    found = velocity(grafana.rows(VELOCITY, "12:00:37", "12:04:12"))
    expected = {"12:00:00": (19, None), "12:04:00": (None, 4)}
    assert {clock: found[clock] for clock in expected} == expected


def test_velocity_of_chosen_platforms(grafana: Grafana) -> None:
    found = velocity(grafana.rows(VELOCITY, platform=["mastodon", "tiktok"]))
    assert (found["12:00:00"], found["12:01:00"], found["12:02:00"]) == ((2, None), (0, 0), (3, None))


@pytest.mark.parametrize("granularity", ["10", "0", "", "-5", "1 OR 1", "x"])
def test_velocity_takes_the_shortest_window_for_what_is_no_granularity(grafana: Grafana, granularity: str) -> None:
    assert grafana.rows(VELOCITY, granularity=granularity) == grafana.rows(VELOCITY, granularity="10")


def test_velocity_draws_a_bucket_apart_that_has_not_ended(grafana: Grafana) -> None:
    chosen = {"campaign": "ahead", "granularity": "60"}
    rows = grafana.query(VELOCITY.query, grafana.ahead_s, grafana.ahead_s + 60, chosen)
    moment = datetime.fromtimestamp(grafana.ahead_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
    assert rows == [{"time": moment, NOW: None, FILLING: 1, BEFORE: None}]


def test_freshness_is_the_age_of_the_newest_window_that_has_begun(grafana: Grafana) -> None:
    earliest_s = time.time_ns() // 10**9
    ((age_s,),) = pairs(grafana.rows(FRESHNESS))
    latest_s = time.time_ns() // 10**9
    assert isinstance(age_s, int)
    assert earliest_s <= grafana.recent_s + 10 + age_s <= latest_s


def test_records_are_accounted_for_once_for_each_segment(grafana: Grafana) -> None:
    assert pairs(grafana.rows(RECORDS)) == [(112, 102, 5, 3, 2, 0)]


def test_variables_list_what_had_events_in_the_time_range_or_the_day_before(grafana: Grafana) -> None:
    def listed(query: str, since: int, until: int) -> list[object]:
        return [value for (value,) in pairs(grafana.query(query, since, until, {}))]

    noon, day_s = at("12:00:00"), 24 * 3600
    assert listed(CAMPAIGN.query, noon, noon + 600) == ["*", "launch"]
    assert listed(CAMPAIGN.query, noon + day_s, noon + day_s + 600) == ["*", "launch"]
    assert listed(CAMPAIGN.query, noon + 2 * day_s, noon + 3 * day_s) == []
    assert listed(PLATFORM.query, noon, noon + 600) == ["bluesky", "mastodon", "reddit", "tiktok", "x"]


@pytest.mark.parametrize("panel", EVERY_PANEL, ids=lambda panel: panel.title)
@pytest.mark.parametrize("granularity", [str(choice.seconds) for choice in GRANULARITIES])
def test_panels_are_empty_and_no_error_on_an_empty_database(
    empty_grafana: Grafana, panel: Panel, granularity: str
) -> None:
    assert empty_grafana.rows(panel, granularity=granularity, platform=["x"]) == []


@pytest.mark.parametrize("variable", [CAMPAIGN, PLATFORM], ids=lambda variable: variable.name)
def test_variables_are_empty_and_no_error_on_an_empty_database(empty_grafana: Grafana, variable: QueryVariable) -> None:
    assert empty_grafana.query(variable.query, 0, at("12:00:00"), {}) == []


@pytest.mark.parametrize("platform", ["$__all", "*", "", "{}", "nobody", "'; DROP TABLE t --", "\\'"])
def test_platforms_are_all_where_none_is_named(grafana: Grafana, platform: str) -> None:
    assert grafana.rows(PLATFORMS, platform=platform) == grafana.rows(PLATFORMS)


@pytest.mark.parametrize("panel", [panel for panel in LAUNCH if panel is not GOALS], ids=lambda panel: panel.title)
def test_panels_name_their_columns_as_declared(grafana: Grafana, panel: Panel) -> None:
    names = list(grafana.rows(panel)[0])
    labels = [] if panel.drawing == "numbers" else names[:1]
    assert names == labels + [column.name for column in panel.columns]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(codec="utf-8")) | st.sampled_from(["' OR 1=1 --", "\\' OR 1=1 --", "%27", "?", "{a:String}"])
)
def test_campaigns_reach_the_query_as_the_very_text_whatever_it_is(grafana: Grafana, name: str) -> None:
    sql = f"SELECT hex(campaign) AS found FROM (SELECT '{name.encode().hex()}' AS x, unhex(x) AS campaign) WHERE "
    assert grafana.query(sql + THIS_CAMPAIGN, 0, 0, {"campaign": name}) == [{"found": name.encode().hex().upper()}]
