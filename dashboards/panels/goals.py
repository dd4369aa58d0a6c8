"""The panel "Goal pace": how far each declared goal is, and whether the pace is enough."""

from dashboards.measures import AS_OF
from dashboards.panel import BLUISH_GREEN, GREY, ORANGE, VERMILLION, Column, Panel
from dashboards.variables import THIS_CAMPAIGN
from schemas.campaign import Metric
from schemas.counters import DATABASE
from streams.measures import AUTHORS, TYPES, engaged_sql

_HOUR_S = 3_600
_TYPES = ", ".join(f"'{metric}', {list(types)}" for metric, types in TYPES.items() if metric not in AUTHORS)
_IN_TIME = f"{THIS_CAMPAIGN} AND window_start >= since AND window_start < as_of"
# What counted until each moment at which a goal ended, and in the end what counted until now. Mostly none has ended.
_SO_FAR = (
    "arrayPushBack(sumForEach(arrayMap(over -> if(window_start < over, toInt64({measure}), 0), ended)), "
    "toInt64(sum({measure})))"
)
_OF_THIS = "so_far[if(aim.4 < as_of, indexOf(ended, aim.4), -1)]"


def _authors(metric: Metric) -> str:
    """SELECT like that of the sums: an author adds one where they first appear, unless they took all back."""
    view, measure = AUTHORS[metric]
    types = ", ".join(map(repr, TYPES[metric]))
    return f"""
        SELECT
            '{metric}' AS counted,
            sumForEach(arrayMap(one -> toInt64(one > 0), added)) AS so_far,
            toInt64(countIf(at >= as_of - {_HOUR_S} AND added[-1] > 0)) AS last_hour,
            min(at) AS first
        FROM
        (
            SELECT
                {_SO_FAR.format(measure=measure)} AS added,
                min(window_start) AS at
            FROM {DATABASE}.{view}_addends
            WHERE {_IN_TIME} AND event_type IN ({types}) AND author_id != ''
                AND arrayExists(aim -> aim.2 = '{metric}', declared)
            GROUP BY source, author_id
        )
        HAVING count() > 0"""


GOALS = Panel(
    title="Goal pace",
    question="Will the goals be reached, as things go?",
    definition=(
        "Each goal of the campaign's file, of all platforms, counted from the first launch window (without one: from "
        "the first event) to the goal's time, as of the end of the time range. `time gone` is the part of that time "
        "that is over. `pace` is the rate of the last hour against the rate that is still needed: below 1 it is too "
        "slow. `groundswell goals` projects with more care."
    ),
    columns=(
        Column("reached", "share", limits=((None, GREY), (1, BLUISH_GREEN))),
        Column("time gone", "share", GREY),
        Column("pace", "times", limits=((None, VERMILLION), (0.8, ORANGE), (1, BLUISH_GREEN)), empty="reached or over"),
        Column("so far", "events"),
        Column("goal", "events", GREY),
        Column("by", "time", GREY),
    ),
    query=f"""
WITH
    {AS_OF} AS as_of,
    map({_TYPES}) AS types_of,
    (
        SELECT groupArray((name, toString(metric), value, toDateTime(by, 'UTC')))
        FROM (SELECT name, metric, value, by FROM {DATABASE}.goals WHERE {THIS_CAMPAIGN} ORDER BY by, name)
    ) AS declared,
    (
        SELECT toDateTime(ifNull(any(goals.since), toDateTime64(0, 3, 'UTC')), 'UTC')
        FROM {DATABASE}.goals WHERE {THIS_CAMPAIGN}
    ) AS since,
    arrayFilter(moment -> moment < as_of, arrayMap(aim -> aim.4, declared)) AS ended
SELECT
    aim.1 AS name,
    greatest(0, had) / aim.3 AS reached,
    if(toUnixTimestamp(begun) = 0, 0, greatest(0, least(1, (as_of - begun) / (aim.4 - begun)))) AS `time gone`,
    if(had >= aim.3 OR as_of >= aim.4 OR lasted_s <= 0, NULL, had_lately / lasted_s / needed) AS pace,
    had AS `so far`,
    aim.3 AS goal,
    aim.4 AS by
FROM
(
    SELECT
        arrayJoin(declared) AS aim,
        if(since > toDateTime(0), since, toDateTime(minIf(first, first > toDateTime(0)), 'UTC')) AS begun,
        sumIf({_OF_THIS}, counted = aim.2 OR has(types_of[aim.2], counted)) AS had,
        sumIf(last_hour, counted = aim.2 OR has(types_of[aim.2], counted)) AS had_lately,
        least({_HOUR_S}, as_of - begun) AS lasted_s,
        (aim.3 - had) / (aim.4 - as_of) AS needed
    FROM
    (
        SELECT
            toString(event_type) AS counted,
            {_SO_FAR.format(measure="quantity")} AS so_far,
            sumIf(quantity, window_start >= as_of - {_HOUR_S}) AS last_hour,
            min(window_start) AS first
        FROM ({engaged_sql(_IN_TIME + " AND notEmpty(declared)")})
        GROUP BY event_type
        UNION ALL {_authors("contributors")}
        UNION ALL {_authors("target_mentions")}
        UNION ALL
        SELECT '', arrayResize([toInt64(0)], length(ended) + 1), toInt64(0), toDateTime(0, 'UTC')
    )
    GROUP BY aim
)
ORDER BY by, name
""",
    drawing="table",
    empty="The campaign's file declares no goals",
    width=12,
    height=6,
)
