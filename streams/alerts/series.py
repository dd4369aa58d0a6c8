"""Series: what has to be counted for an alert, as counts in equal pieces of a span of event time. Pure."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from schemas.campaign import (
    AnyAlert,
    Campaign,
    Goal,
    Hijack,
    LaunchWindow,
    Metric,
    Mood,
    Pace,
    Silence,
    Spike,
    Threshold,
)
from schemas.event import POST_TYPES, WINDOW_S
from streams.measures import TYPES, begin

_LEAST_LOOK_BACK_S = 3600
_STEPS_S = (10, 60, 600, 3600)
_MOST_STEPS = 1000

Counted = Literal["quantity", "events", "authors", "target_authors"]
"""Summed quantities or events of view ``engagement``; distinct authors of view ``authors`` or ``target_mentions``."""

Pieces = Mapping[int, int]
"""The count of each piece by its number, from 0; a piece that is not there counts 0."""


class Series(Struct, frozen=True):
    """What is to be counted of a campaign in ``[start_s, end_s)``, seconds since the epoch, in pieces of ``step_s``.

    No ``types`` means all, no ``source`` and no ``sentiments`` likewise. Of distinct authors each piece has its own;
    ``once`` counts an author in the first one alone.
    """

    campaign: str
    counted: Counted
    types: tuple[str, ...]
    start_s: int
    end_s: int
    step_s: int
    source: str = ""
    sentiments: tuple[str, ...] = ()
    once: bool = False


def of_metric(metric: Metric) -> tuple[Counted, tuple[str, ...]]:
    """What of which event types a metric counts."""
    counted: Mapping[Metric, Counted] = {"contributors": "authors", "target_mentions": "target_authors"}
    return counted.get(metric, "quantity"), TYPES[metric]


def wanted(campaign: Campaign, alert: AnyAlert, now_s: float, benchmark: LaunchWindow | None) -> dict[str, Series]:
    """The series that judging ``alert`` takes, by the part that each plays; none where it is not judged now.

    ``benchmark`` is the launch window that the campaign names as its bench-mark.
    """
    end_s = end_of_window(now_s)
    match alert:
        case Threshold():
            start_s = end_s - whole(alert.over_s) if alert.over_s else launch_start(campaign, now_s)
            if start_s is None:
                return {}
            counted, types = of_metric(alert.metric)
            return {"value": Series(campaign.name, counted, types, start_s, end_s, end_s - start_s, alert.source or "")}
        case Spike():
            return _of_spike(campaign, alert, end_s)
        case Silence():
            start_s = silence_start(campaign, alert, now_s)
            return {} if start_s is None else {"events": Series(campaign.name, "events", (), start_s, end_s, WINDOW_S)}
        case Mood():
            step_s = whole(alert.over_s)
            judged = Series(
                campaign.name,
                "quantity",
                POST_TYPES,
                end_s - step_s,
                end_s,
                step_s,
                sentiments=("negative", "positive"),
            )
            return {"judged": judged, "negative": _negative(judged)}
        case Pace():
            return _of_pace(campaign, alert, now_s, benchmark)
        case Hijack():
            return {}  # which hashtags rise is asked for them all at once


def _negative(judged: Series) -> Series:
    return msgspec.structs.replace(judged, sentiments=("negative",))


def _of_spike(campaign: Campaign, alert: Spike, end_s: int) -> dict[str, Series]:
    step_s = whole(alert.over_s)
    counted, types = of_metric(alert.metric)
    start_s = end_s - step_s * (base_pieces(alert) + 1)
    authors: Counted = "target_authors" if counted == "target_authors" else "authors"
    return {
        "pieces": Series(campaign.name, counted, types, start_s, end_s, step_s),
        "authors": Series(campaign.name, authors, types, end_s - step_s, end_s, step_s),
    }


def _of_pace(campaign: Campaign, alert: Pace, now_s: float, benchmark: LaunchWindow | None) -> dict[str, Series]:
    goal = goal_of(campaign, alert)
    since = begin(campaign, benchmark)
    start_s = 0 if since is None else int(since.timestamp()) // WINDOW_S * WINDOW_S
    if not start_s <= now_s < goal.by.timestamp():
        return {}
    counted, types = of_metric(goal.metric)
    step_s = pace_step(int(now_s) - start_s) if start_s else _STEPS_S[-1]
    # The step that is still filling would look like a fall.
    end_s = start_s + (int(now_s) - start_s) // step_s * step_s
    series = {"done": Series(campaign.name, counted, types, start_s, end_s, step_s, once=True)}
    if campaign.benchmark and benchmark and benchmark.end.timestamp() <= now_s:
        bounds = int(benchmark.start.timestamp()), int(benchmark.end.timestamp())
        series["shape"] = Series(campaign.benchmark.campaign, counted, types, *bounds, step_s, once=True)
    return series


def goal_of(campaign: Campaign, alert: Pace) -> Goal:
    """The goal that a pace alert is about."""
    return next(goal for goal in campaign.goals if goal.name == alert.goal)


def pace_step(elapsed_s: int) -> int:
    """Seconds of a step, so that a launch of this length has a workable number of them."""
    return next((step_s for step_s in _STEPS_S if elapsed_s <= step_s * _MOST_STEPS), _STEPS_S[-1])


def launch_start(campaign: Campaign, now_s: float) -> int | None:
    """From when on a campaign's totals count: the start of the launch window that began last.

    0, so everything, where no window is declared; None before the first one.
    """
    if not campaign.launch_windows:
        return 0
    begun = [window.start.timestamp() for window in campaign.launch_windows if window.start.timestamp() <= now_s]
    return int(max(begun)) // WINDOW_S * WINDOW_S if begun else None


def silence_start(campaign: Campaign, alert: Silence, now_s: float) -> int | None:
    """From when on events are looked for, at the earliest since the launch window in progress began; None outside."""
    on = [
        window.start.timestamp()
        for window in campaign.launch_windows
        if window.start.timestamp() <= now_s < window.end.timestamp()
    ]
    if not on:
        return None
    look_back_s = max(2 * alert.over_s, _LEAST_LOOK_BACK_S)
    return int(max(min(on), now_s - look_back_s)) // WINDOW_S * WINDOW_S


def base_pieces(alert: Spike) -> int:
    """How many pieces the base of a spike has."""
    return max(1, whole(alert.base_s) // whole(alert.over_s))


def whole(seconds: int) -> int:
    """``seconds`` in whole windows, rounded up."""
    return -(-seconds // WINDOW_S) * WINDOW_S


def end_of_window(now_s: float) -> int:
    """The end of the window in which ``now_s`` lies: what has happened so far is in windows before it."""
    return (int(now_s) // WINDOW_S + 1) * WINDOW_S
