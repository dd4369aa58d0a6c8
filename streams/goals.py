"""Goals: what a campaign set out to reach, what it has, and what it will have come to by then."""

import math
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from clickhouse_connect.driver import Client
from msgspec import Struct

from schemas.campaign import Campaign, Goal, LaunchWindow, Metric
from schemas.counters import DATABASE
from schemas.event import WINDOW_S
from streams.measures import added_sql, begin
from streams.projection import Projection, project

_STEPS = 256
"""As many steps, at most, is a goal's time cut into."""


_FIRST = f"""
SELECT toUnixTimestamp(min(window_start)) FROM {DATABASE}.engagement WHERE campaign = {{campaign:String}}
"""


class Course(StrEnum):
    """Where a goal stands: ``behind`` is expected to miss, ``out of reach`` even by the projection's upper bound."""

    REACHED = "reached"
    MISSED = "missed"
    AHEAD = "not begun"
    ON_COURSE = "on course"
    BEHIND = "behind"
    OUT_OF_REACH = "out of reach"


class Standing(Struct, frozen=True):
    """A goal: ``so_far`` since ``since`` (None: nothing was counted yet); ``projection`` is of the total at ``by``."""

    name: str
    metric: Metric
    value: int
    since: datetime | None
    by: datetime
    so_far: int
    projection: Projection
    course: Course


def goals(client: Client, campaign: Campaign, benchmark: LaunchWindow | None, now: datetime) -> list[Standing]:
    """Each goal of the campaign at ``now``; ``benchmark`` is the window of ``campaign.benchmark``, if it has one."""
    since = begin(campaign, benchmark)
    if since is None and campaign.goals:
        ((first_s,),) = client.query(_FIRST, parameters={"campaign": campaign.name}).result_rows
        since = datetime.fromtimestamp(first_s, UTC) if first_s else None
    return [_standing(client, campaign, goal, benchmark, since, now) for goal in campaign.goals]


def _standing(
    client: Client,
    campaign: Campaign,
    goal: Goal,
    benchmark: LaunchWindow | None,
    since: datetime | None,
    now: datetime,
) -> Standing:
    counts: list[int] = []
    projection = Projection(0.0, 0.0, math.inf)
    if since is not None and since < min(now, goal.by):
        step_s = max(1, math.ceil((goal.by - since).total_seconds() / _STEPS / WINDOW_S)) * WINDOW_S
        counts = series(client, campaign.name, goal.metric, since, min(now, goal.by), step_s)
        # Of the step that is still filling nobody knows the rate: it is counted, and not projected from.
        steps = len(counts) if goal.by <= now else int((now - _window(since)).total_seconds()) // step_s
        left_s = (goal.by - _window(since)).total_seconds() - steps * step_s
        shape = None
        if benchmark is not None and campaign.benchmark is not None:
            of = campaign.benchmark.campaign
            shape = series(client, of, goal.metric, benchmark.start, benchmark.end, step_s)
        projection = project(counts[:steps], step_s, left_s, shape)
    so_far = sum(counts)
    bounds = (max(bound, so_far) for bound in (projection.low, projection.expected, projection.high))
    told = Projection(*bounds)
    course = _course(goal, since, now, so_far, told)
    return Standing(goal.name, goal.metric, goal.value, since, goal.by, so_far, told, course)


def _course(goal: Goal, since: datetime | None, now: datetime, so_far: int, projection: Projection) -> Course:
    if so_far >= goal.value:
        return Course.REACHED
    if goal.by <= now:
        return Course.MISSED
    if since is None or since >= now:
        return Course.AHEAD
    if projection.expected >= goal.value:
        return Course.ON_COURSE
    return Course.BEHIND if projection.high >= goal.value else Course.OUT_OF_REACH


def _window(moment: datetime) -> datetime:
    """The start of the window of a moment."""
    return datetime.fromtimestamp(math.floor(moment.timestamp() / WINDOW_S) * WINDOW_S, UTC)


def series(client: Client, campaign: str, metric: Metric, since: datetime, until: datetime, step_s: int) -> list[int]:
    """What each ``step_s`` since the window of ``since`` added to the metric, by event time, until ``until``."""
    start = _window(since)
    sql = f"""
    SELECT intDiv(toUnixTimestamp(at) - {{begin:UInt32}}, {{step_s:UInt32}}) AS step, sum(added)
    FROM ({added_sql(metric)})
    GROUP BY step
    """
    chosen = {"campaigns": [campaign], "since": start, "until": until.astimezone(UTC)}
    chosen |= {"begin": int(start.timestamp()), "step_s": step_s}
    counts = [0] * max(0, math.ceil((until - start) / timedelta(seconds=step_s)))
    for step, added in client.query(sql, parameters=chosen).result_rows:
        counts[step] = added
    return counts
