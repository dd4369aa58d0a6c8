"""Gauges: how alerts stand, for Prometheus. Labels come from campaign files alone, so there are only so many."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas.campaign import AnyAlert, Campaign, Pace, Spike, Threshold
from streams import metrics
from streams.alerts.episodes import History, Key
from streams.alerts.judge import Reading
from streams.alerts.series import goal_of

_OF_AN_ALERT = (metrics.ALERT_VALUE, metrics.ALERT_LIMIT, metrics.ALERT_FIRING)


def metric_of(campaign: Campaign, alert: AnyAlert) -> str:
    """What an alert measures: a metric's name, or what its kind is about."""
    match alert:
        case Threshold() | Spike():
            return alert.metric
        case Pace():
            return goal_of(campaign, alert).metric
        case _:
            return {"silence": "silent_seconds"}.get(kind := str(alert.__struct_config__.tag), f"{kind}_share")


def labels(campaign: Campaign, alert: AnyAlert) -> tuple[str, str, str, str]:
    """The values of campaign, alert, metric and severity, in the order in which the gauges declare them."""
    return campaign.name, alert.name, metric_of(campaign, alert), alert.severity


def show(campaigns: Sequence[Campaign], readings: Mapping[Key, Reading], history: History) -> None:
    """Set what a round has found; an alert that it did not judge keeps its value and limit."""
    for key, names in _each(campaigns):
        metrics.ALERT_FIRING.labels(*names).set(history.current(key) is not None)
        if key in readings:
            metrics.ALERT_VALUE.labels(*names).set(readings[key].value)
            metrics.ALERT_LIMIT.labels(*names).set(readings[key].limit)
    metrics.ALERTS_EVALUATED.set(history.now.timestamp())


def forget(campaigns: Iterable[Campaign]) -> None:
    """Say nothing any more: another worker evaluates. NaN, for a gauge in a shared file cannot be taken away."""
    for _, names in _each(campaigns):
        for gauge in _OF_AN_ALERT:
            gauge.labels(*names).set(math.nan)


def _each(campaigns: Iterable[Campaign]) -> Iterator[tuple[Key, tuple[str, str, str, str]]]:
    for campaign in campaigns:
        for alert in campaign.alerts:
            yield (campaign.name, alert.name), labels(campaign, alert)
