"""The settings that decide what a count means: fixed for a topic when it is first counted, refused when changed."""

from clickhouse_connect.driver import Client

from schemas.counters import DATABASE
from schemas.topics import EVENTS
from streams.errors import GroundswellError
from streams.settings import PREFIX, Settings

NAMES = ("segment_size", "segment_age_s", "horizon_records", "horizon_s")


def pin(client: Client, topic_id: str, settings: Settings) -> None:
    """Fix the settings for the topic, or check that they are the ones it is counted by.

    Raises ``GroundswellError`` naming the setting that differs. Of two that pin at once, the earlier row stands.
    """
    if not _pinned(client, topic_id):
        client.insert(
            "pinned",
            [[topic_id, EVENTS.name, *(getattr(settings, name) for name in NAMES)]],
            column_names=["topic_id", "topic", *NAMES],
            database=DATABASE,
            settings={"async_insert": 0, "wait_end_of_query": 1},
        )
    check(client, topic_id, settings)


def check(client: Client, topic_id: str, settings: Settings) -> None:
    """Raise ``GroundswellError`` where a setting is not what the topic is counted by."""
    for found in _pinned(client, topic_id):
        for name, have in zip(NAMES, found, strict=True):
            want = getattr(settings, name)
            if have != want:
                raise GroundswellError(
                    f"{PREFIX}{name.upper()} is {want}, but {EVENTS.name} has been counted by {have} from its first "
                    f"record on, and counts by both would not add up: set it back to {have}, or count a new topic."
                )


def _pinned(client: Client, topic_id: str) -> list[tuple[int, ...]]:
    rows = client.query(
        f"SELECT {', '.join(NAMES)} FROM {DATABASE}.pinned WHERE topic_id = {{topic_id:String}} "
        "ORDER BY pinned_at LIMIT 1",
        parameters={"topic_id": topic_id},
    ).result_rows
    return [tuple(row) for row in rows]


def check_topic(client: Client, topic_id: str, committed: set[int], settings: Settings) -> None:
    """Refuse to start where the consumer group has committed offsets of a topic that was never counted here.

    Then the topic has been deleted and created again, and the offsets are those of records that are gone; or this
    ClickHouse is not the one that was counted into.
    """
    if committed and not _pinned(client, topic_id):
        raise GroundswellError(
            f"Consumer group {settings.group!r} has commits for {EVENTS.name}, but this topic was never counted into "
            "this ClickHouse: it was deleted and created again, or the data is elsewhere. Set "
            f"{PREFIX}CLICKHOUSE_URL to where it is, or {PREFIX}GROUP to a new name to count from the log's start."
        )


def check_commits(client: Client, topic_id: str, committed: set[int], settings: Settings) -> None:
    """Refuse to start where partitions have been counted, yet the consumer group knows of no commit for them.

    Counting would begin again at the log's start, which retention has moved since: not at a true segment start.
    """
    rows = client.query(
        f"SELECT DISTINCT partition FROM {DATABASE}.segments WHERE topic_id = {{topic_id:String}} ORDER BY partition",
        parameters={"topic_id": topic_id},
    ).result_rows
    lost = [str(partition) for (partition,) in rows if partition not in committed]
    if lost:
        raise GroundswellError(
            f"Consumer group {settings.group!r} has no commit for partition {', '.join(lost)} of {EVENTS.name}, which "
            f"has been counted before: set {PREFIX}GROUP back to the group that counted it, or count a new topic."
        )
