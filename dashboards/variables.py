"""What people choose at the top of a dashboard, and the parameters by which a choice reaches a query.

Queries are ClickHouse's own, with its typed parameters: ``from``, ``to`` (the time range, half-open), ``campaign``,
``platforms`` (empty: all) and ``granularity_s``. Whoever asks ClickHouse directly binds them; for Grafana each is
replaced by an expression (``dashboards.grafana``).
"""

from msgspec import Struct

from schemas.counters import DATABASE, EVERY_CAMPAIGN


class QueryVariable(Struct, frozen=True):
    """A choice among the values that a query finds; ``multi``: several of them, or all."""

    name: str
    label: str
    meaning: str
    query: str
    multi: bool


class Granularity(Struct, frozen=True):
    """A choice of bucket length."""

    label: str
    seconds: int


FROM = "{from:DateTime('UTC')}"
TO = "{to:DateTime('UTC')}"
CAMPAIGN_NAME = "{campaign:String}"
CHOSEN_PLATFORMS = "{platforms:Array(String)}"
GRANULARITY_S = "{granularity_s:UInt32}"
"""The parameters: every query uses these and no others."""

THIS_CAMPAIGN = f"campaign = {CAMPAIGN_NAME}"
THESE_PLATFORMS = f"(empty({CHOSEN_PLATFORMS}) OR has({CHOSEN_PLATFORMS}, source))"
IN_RANGE = f"window_start >= {FROM} AND window_start < {TO}"
_LISTED = f"window_start >= {FROM} - INTERVAL 1 DAY AND window_start < {TO}"

CAMPAIGN = QueryVariable(
    name="campaign",
    label="Campaign",
    meaning=(
        "* is everything that was counted. Listed is what had events in the time range or the day before it, as of "
        "when the dashboard was opened."
    ),
    query=f"SELECT DISTINCT campaign FROM {DATABASE}.engagement_addends WHERE {_LISTED} ORDER BY campaign",
    multi=False,
)

PLATFORM = QueryVariable(
    name="platform",
    label="Platform",
    meaning="The platforms that count, where a panel can tell them apart.",
    query=(
        f"SELECT DISTINCT source FROM {DATABASE}.engagement_addends "
        f"WHERE campaign = '{EVERY_CAMPAIGN}' AND {_LISTED} ORDER BY source"
    ),
    multi=True,
)

GRANULARITIES = (Granularity("10s", 10), Granularity("1m", 60), Granularity("5m", 300), Granularity("1h", 3600))
