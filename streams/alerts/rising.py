"""Rising: the hashtags that are new beside a campaign's own, for hijack alerts of all campaigns at once.

They are looked for in ``token_counts``, which has each hashtag of a campaign's events once an event: pairs would count
an event with two of the campaign's hashtags twice, and leave out those with many hashtags, which spam has. Who wrote
them, and how they sound, is in the archive, which is asked about those few alone.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from clickhouse_connect.driver import Client

from schemas.campaign import Campaign, Hijack
from schemas.counters import DATABASE
from schemas.event import POST_TYPES
from streams.alerts.episodes import Key
from streams.alerts.judge import WELL_BELOW, Rising
from streams.alerts.series import end_of_window, whole
from streams.token_table import own_hashtags

_BASE_S = 24 * 3600
_RISE_SPANS = 4
"""A hashtag is new for four spans: the base ends so long ago."""

_SEEN_PART = 0.1
"""Seen before is what had more than this part of the floor in the base: a single post does not hide a hijack."""

_HASHTAGS = f"""
SELECT number, token, toInt64(sum(posts)) AS posts
FROM
(
    SELECT toString(campaign) AS campaign, token, toUnixTimestamp(window_start) AS time, sum(posts) AS posts
    FROM {DATABASE}.token_counts
    WHERE campaign IN {{campaigns:Array(String)}} AND kind = 'hashtag' AND event_type IN {{types:Array(String)}}
        AND window_start >= {{start:DateTime('UTC')}} AND window_start < {{end:DateTime('UTC')}}
        AND (empty({{tokens:Array(String)}}) OR token IN {{tokens:Array(String)}})
    GROUP BY ALL
) AS counted
INNER JOIN
(
    SELECT one.1 AS number, one.2 AS campaign, one.3 AS start, one.4 AS end
    FROM (SELECT arrayJoin({{wanted:Array(Tuple(UInt32, String, UInt32, UInt32))}}) AS one)
) AS wanted USING campaign
WHERE time >= start AND time < end
GROUP BY number, token
HAVING posts > 0
"""

_SOUND = f"""
SELECT
    one.1 AS number, one.3 AS token,
    uniqExactIf((source, author_id), author_id != '') AS authors,
    toInt64(sumIf(quantity, sentiment = 'positive')) AS positive,
    toInt64(sumIf(quantity, sentiment = 'negative')) AS negative
FROM
(
    SELECT
        arrayJoin(arrayFilter(
            one -> has(campaigns, one.2) AND has(hashtags, one.3),
            {{wanted:Array(Tuple(UInt32, String, String, UInt32, UInt32))}}
        )) AS one,
        event_time, source, author_id, sentiment, quantity
    FROM {DATABASE}.events
    WHERE event_time >= {{start:DateTime('UTC')}} AND event_time < {{end:DateTime('UTC')}}
        AND event_type IN {{types:Array(String)}}
)
WHERE event_time >= toDateTime(one.4, 'UTC') AND event_time < toDateTime(one.5, 'UTC')
GROUP BY number, token
"""

_Found = dict[tuple[int, str], int]
"""Posts by the number of the alert and the hashtag."""


def rising(client: Client, alerts: Sequence[tuple[Campaign, Hijack]], now_s: float) -> dict[Key, list[Rising]]:
    """By alert, the new hashtags that have nine tenths of its floor or more. Raises the driver's errors."""
    found: dict[Key, list[Rising]] = {(campaign.name, alert.name): [] for campaign, alert in alerts}
    if not alerts:
        return found
    end_s = end_of_window(now_s)
    spans = [(end_s - whole(alert.over_s), end_s) for _, alert in alerts]
    recent = {
        (number, token): posts
        for (number, token), posts in _without_own(alerts, _posts(client, alerts, spans)).items()
        if posts >= WELL_BELOW * alerts[number][1].floor
    }
    if not recent:
        return found
    bases = [_base(alert, end_s) for _, alert in alerts]
    before = _posts(client, alerts, bases, sorted({token for _, token in recent}))
    new = {
        (number, token): posts
        for (number, token), posts in recent.items()
        if before.get((number, token), 0) <= _SEEN_PART * alerts[number][1].floor
    }
    for (number, token), (authors, positive, negative) in _sound(client, alerts, spans, list(new)).items():
        campaign, alert = alerts[number]
        one = Rising(token, new[number, token], authors, positive, negative)
        found[campaign.name, alert.name].append(one)
    return found


def _base(alert: Hijack, end_s: int) -> tuple[int, int]:
    base_end_s = end_s - _RISE_SPANS * whole(alert.over_s)
    return base_end_s - _BASE_S, base_end_s


def _posts(
    client: Client,
    alerts: Sequence[tuple[Campaign, Hijack]],
    spans: Sequence[tuple[int, int]],
    tokens: Sequence[str] = (),
) -> _Found:
    parameters: dict[str, object] = {
        "campaigns": sorted({campaign.name for campaign, _ in alerts}),
        "types": list(POST_TYPES),
        **_bounds(spans),
        "tokens": list(tokens),
        "wanted": [(number, alerts[number][0].name, *span) for number, span in enumerate(spans)],
    }
    rows = client.query(_HASHTAGS, parameters=parameters).result_rows
    return {(number, token): posts for number, token, posts in rows}


def _bounds(spans: Sequence[tuple[int, int]]) -> dict[str, datetime]:
    return {
        "start": datetime.fromtimestamp(min(start for start, _ in spans), UTC),
        "end": datetime.fromtimestamp(max(end for _, end in spans), UTC),
    }


def _without_own(alerts: Sequence[tuple[Campaign, Hijack]], posts: _Found) -> _Found:
    own = own_hashtags([campaign for campaign, _ in alerts], sorted({token for _, token in posts}))
    return {key: count for key, count in posts.items() if (alerts[key[0]][0].name, key[1]) not in own}


def _sound(
    client: Client,
    alerts: Sequence[tuple[Campaign, Hijack]],
    spans: Sequence[tuple[int, int]],
    new: Sequence[tuple[int, str]],
) -> Mapping[tuple[int, str], tuple[int, int, int]]:
    """(authors, positive, negative) of each; what the archive has not is (0, 0, 0)."""
    found = dict.fromkeys(new, (0, 0, 0))
    if new:
        parameters: dict[str, object] = {
            "types": list(POST_TYPES),
            **_bounds(spans),
            "wanted": [(number, alerts[number][0].name, token, *spans[number]) for number, token in new],
        }
        for number, token, *numbers in client.query(_SOUND, parameters=parameters).result_rows:
            found[number, token] = tuple(numbers)
    return found
