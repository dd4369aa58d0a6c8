"""Judge: whether an alert holds, by what was counted for it. Pure.

An alert *holds* beyond its limit and is *eased* only when it is well below it, so that a value which dances around the
limit is one alert, not many.
"""

import statistics
from collections.abc import Mapping, Sequence

from msgspec import Struct

from schemas.campaign import AnyAlert, Campaign, Hijack, Mood, Pace, Silence, Spike, Threshold
from streams.alerts import series
from streams.alerts.series import Pieces, Series
from streams.alerts.words import number, percent, span
from streams.projection import project

WELL_BELOW = 0.9
"""An alert that fires is over when its value is below so much of its limit."""

_LEAST_STEPS = 12
"""A projection of fewer steps says nothing, nor does one of a launch of which nothing was counted."""

Counts = Mapping[Series, Pieces]


class Reading(Struct, frozen=True):
    """How an alert stands: it ``holds``, or is ``eased``, or is neither; in numbers, and in a sentence for people."""

    holds: bool
    eased: bool
    value: float
    limit: float
    message: str


class Rising(Struct, frozen=True):
    """A hashtag that was not seen beside a campaign's before: its posts there, by whom, and how they sound."""

    hashtag: str
    posts: int
    authors: int
    positive: int
    negative: int


def judge(campaign: Campaign, alert: AnyAlert, wanted: Mapping[str, Series], counts: Counts, now_s: float) -> Reading:
    """How an alert stands at ``now_s``, seconds since the epoch; ``wanted`` as ``series.wanted`` gave it then.

    Of hijacks see ``judge_hijack``.
    """
    if not wanted:
        return Reading(False, True, 0.0, 0.0, f"{campaign.name}: not judged now.")
    pieces = {part: counts[one] for part, one in wanted.items()}
    match alert:
        case Threshold():
            return _threshold(campaign, alert, pieces["value"])
        case Spike():
            return _spike(campaign, alert, pieces)
        case Silence():
            return _silence(campaign, alert, wanted["events"], pieces["events"], now_s)
        case Mood():
            return _mood(campaign, alert, pieces)
        case Pace():
            return _pace(campaign, alert, wanted, pieces)
        case Hijack():
            raise TypeError(alert)


def _threshold(campaign: Campaign, alert: Threshold, pieces: Pieces) -> Reading:
    value = pieces.get(0, 0)
    when = f"in the last {span(alert.over_s)}" if alert.over_s else _since(campaign)
    on = f" on {alert.source}" if alert.source else ""
    message = f"{campaign.name}: {_counted(value, alert.metric)}{on} {when}; the limit is {number(alert.above)}."
    return Reading(value > alert.above, value < WELL_BELOW * alert.above, value, alert.above, message)


def _spike(campaign: Campaign, alert: Spike, pieces: Mapping[str, Pieces]) -> Reading:
    last = series.base_pieces(alert)
    base = [pieces["pieces"].get(piece, 0) for piece in range(last)]
    mean = statistics.fmean(base)
    value, authors = pieces["pieces"].get(last, 0), pieces["authors"].get(0, 0)
    usual = mean + alert.k * statistics.pstdev(base)
    limit = max(usual, alert.floor)
    message = (
        f"{campaign.name}: {_counted(value, alert.metric)} in the last {span(alert.over_s)}, by {number(authors)} "
        f"authors; {number(mean)} before, on average of {span(alert.base_s)}; the limit is {number(limit)}."
    )
    return Reading(
        value > usual and value >= alert.floor and authors >= alert.authors,
        value < WELL_BELOW * limit or authors < WELL_BELOW * alert.authors,
        value,
        limit,
        message,
    )


def _silence(campaign: Campaign, alert: Silence, wanted: Series, pieces: Pieces, now_s: float) -> Reading:
    heard = [piece for piece, events in pieces.items() if events > 0]
    # The last event lies somewhere in its window: from its end on it was silent for sure.
    since_s = wanted.start_s + (max(heard) + 1) * wanted.step_s if heard else wanted.start_s
    value = max(0.0, now_s - since_s)
    message = f"{campaign.name}: no event for {span(value)} within a launch window; the limit is {span(alert.over_s)}."
    return Reading(value >= alert.over_s, value < WELL_BELOW * alert.over_s, value, alert.over_s, message)


def _mood(campaign: Campaign, alert: Mood, pieces: Mapping[str, Pieces]) -> Reading:
    judged, negative = pieces["judged"].get(0, 0), pieces["negative"].get(0, 0)
    value = negative / judged if judged > 0 else 0.0
    message = (
        f"{campaign.name}: {percent(value)} of {number(judged)} posts that sound good or bad in the last "
        f"{span(alert.over_s)} are negative; the limit is {percent(alert.negative)}."
    )
    return Reading(
        value > alert.negative and judged >= alert.floor,
        value < WELL_BELOW * alert.negative or judged < WELL_BELOW * alert.floor,
        value,
        alert.negative,
        message,
    )


def _pace(campaign: Campaign, alert: Pace, wanted: Mapping[str, Series], pieces: Mapping[str, Pieces]) -> Reading:
    goal = series.goal_of(campaign, alert)
    done = _steps(wanted["done"], pieces["done"])
    total = sum(done)
    if len(done) < _LEAST_STEPS or not 0 < total < goal.value:
        message = f"{campaign.name}: {_counted(total, goal.metric)} of {number(goal.value)} so far."
        return Reading(False, True, total, goal.value, message)
    shape = _steps(wanted["shape"], pieces["shape"]) if "shape" in wanted else None
    projected = project(done, wanted["done"].step_s, goal.by.timestamp() - wanted["done"].end_s, shape)
    message = (
        f"{campaign.name}: {_counted(total, goal.metric)} so far and about {number(projected.expected)} by "
        f"{goal.by:%Y-%m-%d %H:%M} {goal.time_zone}, at most {number(projected.high)}; the goal is "
        f"{number(goal.value)}."
    )
    # Below the goal is what is bad here, so the margin lies above it.
    eased = projected.high * WELL_BELOW > goal.value
    return Reading(projected.high < goal.value, eased, projected.high, goal.value, message)


def _steps(wanted: Series, pieces: Pieces) -> list[int]:
    """A series' counts in order; of one that begins at 0, where everything is counted, from the first count on."""
    first = 0 if wanted.start_s else min(pieces, default=0)
    return [pieces.get(piece, 0) for piece in range(first, (wanted.end_s - wanted.start_s) // wanted.step_s)]


def judge_hijack(campaign: Campaign, alert: Hijack, rising: Sequence[Rising]) -> Reading:
    """How a hijack alert stands; ``rising`` are the campaign's new hashtags above nine tenths of its floor."""
    worst = max(rising, key=lambda one: (_is_hijack(alert, one), _share(one), one.posts, one.hashtag), default=None)
    if worst is None:
        return Reading(False, True, 0.0, alert.negative, f"{campaign.name}: no new hashtag rises.")
    message = (
        f"{campaign.name}: #{worst.hashtag} is new here, {number(worst.posts)} posts by {number(worst.authors)} "
        f"authors in the last {span(alert.over_s)}; {percent(_share(worst))} of those that sound good or bad are "
        f"negative; the limit is {percent(alert.negative)}."
    )
    eased = not any(_is_hijack(alert, one, WELL_BELOW) for one in rising)
    return Reading(_is_hijack(alert, worst), eased, _share(worst), alert.negative, message)


def _is_hijack(alert: Hijack, one: Rising, part: float = 1.0) -> bool:
    """Whether a hashtag is beyond ``part`` of every limit."""
    return (
        one.posts >= part * alert.floor and one.authors >= part * alert.authors and _share(one) > part * alert.negative
    )


def _share(one: Rising) -> float:
    judged = one.positive + one.negative
    return one.negative / judged if judged > 0 else 0.0


def _counted(value: float, metric: str) -> str:
    return f"{number(value)} {metric.replace('_', ' ')}"


def _since(campaign: Campaign) -> str:
    return "since the launch began" if campaign.launch_windows else "in all"
