"""Counter rows as workers write them, composed so that the dashboard's numbers can be reckoned by hand.

Rows are cumulative: of one key in one segment the highest stands. Partition 1 was counted twice, by rules 7 and then,
under a higher generation, by rules 8: only the second stands.
"""

import json
from datetime import UTC, datetime
from typing import Any

from schemas.counters import ENGAGEMENT, EVERY_CAMPAIGN, SPELLINGS, TOKEN_COUNTS

Row = dict[str, Any]

FIRST, SECOND, OLD, NEW, LIVE = (
    {"topic_id": "t", "partition": partition, "segment": segment, "rules": rules}
    for partition, segment, rules in ((0, 0, 7), (0, 100, 7), (1, 0, 7), (1, 0, 8), (2, 0, 7))
)
GENERATIONS = ((FIRST, 1), (SECOND, 2), (OLD, 1), (NEW, 2), (LIVE, 1))
CAMPAIGNS = (EVERY_CAMPAIGN, "launch", "ahead")


def at(clock: str) -> int:
    """Seconds since the epoch of a time on the day of the launch, UTC."""
    return int(datetime.fromisoformat(f"2026-03-01T{clock}").replace(tzinfo=UTC).timestamp())


def segments() -> list[Row]:
    """The account of each segment, as its two last flushes left it."""
    accounts = [
        (FIRST, 1, (10, 10, 0, 0, 0)),
        (FIRST, 1, (40, 30, 5, 3, 2)),
        (SECOND, 2, (20, 20, 0, 0, 0)),
        (OLD, 1, (50, 49, 0, 1, 0)),
        (NEW, 2, (50, 50, 0, 0, 0)),
        (LIVE, 1, (2, 2, 0, 0, 0)),
    ]
    names = ("read", "counted", "duplicates", "dead", "markers")
    return [
        {
            **where,
            "campaign": campaign,
            "generation": generation,
            "last_offset": 0,
            **dict(zip(names, numbers, strict=True)),
        }
        for where, generation, numbers in accounts
        for campaign in CAMPAIGNS
    ]


def _engaged(
    clock: str, source: str, event_type: str, lang: str, where: Row, events: int, added: int, removed: int = 0
) -> list[Row]:
    """The rows of one key: under its campaign and under every campaign."""
    key = {"window_start": at(clock), "source": source, "event_type": event_type, "lang": lang}
    rest = {"country": "", "sentiment": ""}
    measures = {"events": events, "quantity_added": added, "quantity_removed": removed}
    return [{**key, **rest, **where, **measures, "campaign": campaign} for campaign in CAMPAIGNS[:2]]


def engagement() -> list[Row]:
    """Ten minutes of the launch from 12:00, the ten before them, and a neighbour just outside at either end."""
    rows = [
        *_engaged("12:00:00", "bluesky", "mention", "en", FIRST, 2, 2),
        *_engaged("12:00:00", "bluesky", "mention", "en", FIRST, 5, 5),
        *_engaged("12:00:10", "mastodon", "reply", "de", SECOND, 2, 2),
        *_engaged("12:00:30", "x", "like", "", FIRST, 12, 10, 2),
        *_engaged("12:01:00", "x", "mention", "", SECOND, 3, 3),
        *_engaged("12:01:00", "x", "mention", "", SECOND, 4, 3, 1),
        *_engaged("12:01:00", "x", "mention", "", OLD, 100, 100),
        *_engaged("12:01:00", "x", "mention", "", NEW, 6, 6),
        *_engaged("12:02:00", "tiktok", "video", "en", FIRST, 1, 1),
        *_engaged("12:02:00", "x", "quote", "en", FIRST, 1, 1),
        *_engaged("12:02:30", "tiktok", "view", "", FIRST, 2, 5000),
        *_engaged("12:05:50", "bluesky", "share", "", SECOND, 4, 4),
        *_engaged("11:51:00", "bluesky", "mention", "en", FIRST, 4, 4),
        *_engaged("11:59:50", "x", "reply", "en", FIRST, 4, 4),
        *_engaged("11:49:50", "bluesky", "mention", "en", FIRST, 1000, 1000),
        *_engaged("12:10:00", "bluesky", "mention", "en", FIRST, 1000, 1000),
    ]
    # No campaign's: only under `*`.
    (everybody, _) = _engaged("12:03:20", "reddit", "mention", "en", FIRST, 50, 50)
    return [*rows, everybody]


def live_engagement(recent_s: int, ahead_s: int) -> list[Row]:
    """A window just counted, under `*`, and one dated ahead, under `ahead` and `*`; both start at these seconds."""
    (row, _) = _engaged("12:00:00", "web", "mention", "", LIVE, 1, 1)
    return [
        {**row, "window_start": recent_s},
        {**row, "window_start": ahead_s},
        {**row, "window_start": ahead_s, "campaign": "ahead"},
    ]


def _token(kind: str, token: str, source: str, where: Row, added: int, removed: int = 0) -> Row:
    key = {"window_start": at("12:00:00"), "campaign": "launch", "kind": kind, "token": token, "source": source}
    posts = {"posts_added": added, "posts_removed": removed}
    # Twice in every post: a ranking by occurrences would show.
    occurrences = {"occurrences_added": 2 * added, "occurrences_removed": 2 * removed}
    return {**key, "event_type": "mention", **where, **posts, **occurrences}


def tokens() -> list[Row]:
    """Thirteen hashtags, one of which was undone altogether, and two emojis."""
    return [
        _token("hashtag", "endviolence", "x", FIRST, 5),
        _token("hashtag", "endviolence", "x", FIRST, 7),
        _token("hashtag", "endviolence", "tiktok", SECOND, 3),
        _token("hashtag", "friendshipday", "x", OLD, 99),
        _token("hashtag", "friendshipday", "x", NEW, 6, 1),
        _token("hashtag", "undone", "x", FIRST, 1, 1),
        # What is no post has a text as well, where a snapshot has brought it.
        {**_token("hashtag", "friendshipday", "x", FIRST, 60), "event_type": "like"},
        *(_token("hashtag", f"tag{number:02}", "bluesky", FIRST, 1) for number in range(10)),
        _token("emoji", "❤️", "tiktok", FIRST, 13),
        _token("emoji", "💜", "x", FIRST, 12),
        _token("emoji", "💜", "x", SECOND, 4),
        _token("emoji", "💔", "x", SECOND, 2, 2),
        {**_token("emoji", "💔", "x", SECOND, 500), "window_start": at("12:10:00")},
    ]


def _spelling(token: str, spelling: str, where: Row, added: int, removed: int = 0) -> Row:
    key = {"campaign": "launch", "kind": "hashtag", "token": token, "spelling": spelling}
    return {**key, **where, "posts_added": added, "posts_removed": removed}


def spellings() -> list[Row]:
    """`ENDviolence` leads by 6 to 4 once segments are summed and undone posts taken off."""
    return [
        _spelling("endviolence", "ENDviolence", FIRST, 4),
        _spelling("endviolence", "ENDviolence", SECOND, 2),
        _spelling("endviolence", "EndViolence", FIRST, 9, 5),
        _spelling("endviolence", "endviolence", OLD, 80),
        _spelling("tag01", "Tag01", FIRST, 1),
    ]


def inserts(recent_s: int, ahead_s: int) -> list[str]:
    """The INSERT statements, a row each, so that the chains of rows lie in parts of their own."""
    tables = {
        "segments": segments(),
        ENGAGEMENT.table: [*engagement(), *live_engagement(recent_s, ahead_s)],
        TOKEN_COUNTS.table: tokens(),
        SPELLINGS.table: spellings(),
    }
    return [
        f"INSERT INTO groundswell.{table} FORMAT JSONEachRow {json.dumps(row)}"
        for table, rows in tables.items()
        for row in rows
    ]
