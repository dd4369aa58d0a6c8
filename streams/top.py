"""The ranking: a campaign's hashtags, emojis or accounts by the number of posts."""

from datetime import UTC, datetime

from clickhouse_connect.driver import Client
from msgspec import Struct

from schemas.counters import DATABASE
from schemas.event import EVENT_TIME_END_MS, EVENT_TIME_MIN_MS

FIRST = datetime.fromtimestamp(EVENT_TIME_MIN_MS / 1000, UTC)
END = datetime.fromtimestamp(EVENT_TIME_END_MS / 1000, UTC)
"""Between them lies every event's time."""

_RANKING = f"""
SELECT token, sum(posts) AS posts, sum(occurrences) AS occurrences
FROM {DATABASE}.token_counts
WHERE campaign = {{campaign:String}} AND kind = {{kind:String}}
    AND window_start >= {{since:DateTime('UTC')}} AND window_start < {{until:DateTime('UTC')}}
GROUP BY token
HAVING posts > 0
ORDER BY posts DESC, token
LIMIT {{limit:UInt32}}
"""

_SPELLING = f"""
SELECT token, argMax(spelling, (posts, spelling))
FROM
(
    SELECT token, spelling, sum(posts) AS posts
    FROM {DATABASE}.spellings
    WHERE campaign = {{campaign:String}} AND kind = {{kind:String}} AND token IN {{tokens:Array(String)}}
    GROUP BY token, spelling
)
GROUP BY token
"""


class Ranked(Struct, frozen=True):
    """A line of the ranking: events that contain the token, and its occurrences; ``spelling`` as most write it."""

    rank: int
    token: str
    spelling: str
    posts: int
    occurrences: int


def top(client: Client, campaign: str, kind: str, since: datetime, until: datetime, limit: int) -> list[Ranked]:
    """The ranking of ``[since, until)`` by event time, most posts first."""
    chosen = {"campaign": campaign, "kind": kind}
    rows = client.query(_RANKING, parameters={**chosen, "since": since, "until": until, "limit": limit}).result_rows
    tokens = [token for token, _, _ in rows]
    found = client.query(_SPELLING, parameters={**chosen, "tokens": tokens}).result_rows if tokens else []
    spellings = dict(map(tuple, found))
    return [
        Ranked(rank, token, str(spellings.get(token, token)), posts, occurrences)
        for rank, (token, posts, occurrences) in enumerate(rows, 1)
    ]
