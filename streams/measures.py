"""Measures: each metric of goals and alerts, as ``docs/metrics.md`` defines it, over the views."""

from datetime import datetime

from schemas.campaign import Campaign, LaunchWindow, Metric
from schemas.counters import DATABASE, EVERY_CAMPAIGN
from schemas.event import EVENT_TYPES, POST_TYPES

TYPES: dict[Metric, tuple[str, ...]] = {
    "mentions": POST_TYPES,
    "contributors": POST_TYPES,
    "target_mentions": tuple(name for name in EVENT_TYPES if name != "share"),
    "likes": ("like",),
    "shares": ("share",),
    "replies": ("reply",),
    "quotes": ("quote",),
    "views": ("view",),
    "videos": ("video",),
    "follows": ("follow",),
    "signups": ("signup",),
    "pledges": ("pledge",),
    "engagement": ("like", "share", "reply", "quote"),
}
"""The types of events that a metric counts."""

AUTHORS: dict[Metric, tuple[str, str]] = {
    "contributors": ("authors", "quantity"),
    "target_mentions": ("target_mentions", "posts"),
}
"""Metrics that are distinct authors: the view, and the measure that tells who took all back. All others are sums."""

_WHERE = (
    "campaign IN {campaigns:Array(String)} "
    "AND window_start >= {since:DateTime('UTC')} AND window_start < {until:DateTime('UTC')}"
)


def begin(campaign: Campaign, benchmark: LaunchWindow | None) -> datetime | None:
    """Since when goals count: the start of the first launch window; None where there is none: of the first event.

    An earlier window of the campaign's own that is its bench-mark, and what lies before that one's end, is history.
    """
    history = None
    if benchmark is not None and campaign.benchmark is not None and campaign.benchmark.campaign == campaign.name:
        history = benchmark.end
    starts = [one.start for one in campaign.launch_windows if history is None or one.start >= history]
    return min(starts, default=None)


def engaged_sql(where: str) -> str:
    """SELECT of a campaign's events as ``engagement`` has them, and of reactions that are credited to it: addends."""
    key = "window_start, campaign, source, event_type"
    return (
        f"SELECT {key}, sentiment, events, quantity FROM {DATABASE}.engagement_addends WHERE {where} "
        f"UNION ALL SELECT {key}, '', events, quantity FROM {DATABASE}.reactions_addends "
        f"WHERE campaign != '{EVERY_CAMPAIGN}' AND {where}"
    )


def added_sql(metric: Metric) -> str:
    """SELECT of (campaign, source, at, added): what each window adds to the metric's total over ``[since, until)``.

    An author adds one in the window in which they first appear there. Parameters: ``campaigns``, ``since``, ``until``.
    """
    of_type = f"event_type IN ({', '.join(map(repr, TYPES[metric]))})"
    if metric not in AUTHORS:
        return (
            f"SELECT campaign, source, window_start AS at, sum(quantity) AS added FROM ({engaged_sql(_WHERE)}) "
            f"WHERE {of_type} GROUP BY campaign, source, at"
        )
    view, measure = AUTHORS[metric]
    return (
        f"SELECT campaign, source, min(window_start) AS at, 1 AS added FROM {DATABASE}.{view}_addends AS {view} "
        f"WHERE {_WHERE} AND {of_type} AND author_id != '' "
        f"GROUP BY campaign, source, author_id HAVING sum({measure}) > 0"
    )
