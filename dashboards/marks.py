"""What is marked in everything that is drawn over time: launch windows, and alerts."""

from dashboards.panel import BLUISH_GREEN, VERMILLION, Mark
from dashboards.variables import CAMPAIGN_NAME, FROM, THIS_CAMPAIGN, TO
from schemas.counters import DATABASE, EVERY_CAMPAIGN

_THIS_OR_ALL = f"({CAMPAIGN_NAME} = '{EVERY_CAMPAIGN}' OR {THIS_CAMPAIGN})"

LAUNCH_WINDOWS = Mark(
    name="Launch windows",
    meaning="The launch windows that the campaign's file declares, as regions.",
    query=f"""
SELECT
    toDateTime(start, 'UTC') AS time,
    CAST(toDateTime(end, 'UTC') AS Nullable(DateTime('UTC'))) AS time_end,
    name AS title,
    concat('Launch window of ', campaign) AS text
FROM {DATABASE}.launch_windows
WHERE {_THIS_OR_ALL} AND start < {TO} AND end > {FROM}
ORDER BY time, title
""",
    colour=BLUISH_GREEN,
)

ALERTS = Mark(
    name="Alerts",
    meaning="When an alert of the campaign began to fire.",
    query=f"""
SELECT
    toDateTime(started, 'UTC') AS time,
    CAST(NULL AS Nullable(DateTime('UTC'))) AS time_end,
    concat(alert_id, ', ', severity) AS title,
    message AS text
FROM {DATABASE}.alerts
WHERE {_THIS_OR_ALL} AND started >= {FROM} AND started < {TO}
ORDER BY time, title
LIMIT 200
""",
    colour=VERMILLION,
)

MARKS = (LAUNCH_WINDOWS, ALERTS)
