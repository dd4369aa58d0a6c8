"""What people choose at the top of a dashboard, and how a choice reaches a query.

Queries are written for Grafana's ClickHouse plugin. ``$__fromTime`` and ``$__toTime`` are the dashboard's time range;
``$__conditionalAll(condition, $variable)`` is the condition, or ``1=1`` when all of a variable's values are chosen.

A variable's value reaches a query percent-encoded and inside quotes, and nothing else of it does: whatever somebody
puts into the dashboard's address, no quote or backslash arrives that could end the literal. (Grafana's own
``singlequote`` and ``sqlstring`` formats leave backslashes as they are, so with them it could.) The boundary that
remains is the database user's: who may edit a panel, or ask the data source directly, can send any statement, and
only the grants of the data source's user (``reader``: SELECT, within limits) say what comes of it.
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


CAMPAIGN_NAME = "decodeURLComponent('${campaign:percentencode}')"
THIS_CAMPAIGN = f"campaign = {CAMPAIGN_NAME}"
# Several values come as `{x,y}`; names of sources are lower-case letters only.
THESE_PLATFORMS = (
    "$__conditionalAll(has(extractAll(decodeURLComponent('${platform:percentencode}'), '[a-z]+'), source), $platform)"
)
IN_RANGE = "window_start >= $__fromTime AND window_start < $__toTime"
_LISTED = "window_start >= $__fromTime - INTERVAL 1 DAY AND window_start < $__toTime"

CAMPAIGN = QueryVariable(
    name="campaign",
    label="Campaign",
    meaning=(
        "* is everything that was counted. Listed is what had events in the time range or the day before it, as of "
        "when the dashboard was opened."
    ),
    query=f"SELECT DISTINCT campaign FROM {DATABASE}.engagement WHERE {_LISTED} ORDER BY campaign",
    multi=False,
)

PLATFORM = QueryVariable(
    name="platform",
    label="Platform",
    meaning="The platforms that count, where a panel can tell them apart.",
    query=(
        f"SELECT DISTINCT source FROM {DATABASE}.engagement WHERE campaign = '{EVERY_CAMPAIGN}' AND {_LISTED} "
        "ORDER BY source"
    ),
    multi=True,
)

GRANULARITIES = (Granularity("10s", 10), Granularity("1m", 60), Granularity("5m", 300), Granularity("1h", 3600))
DEFAULT_GRANULARITY = GRANULARITIES[1]
