"""The settings that decide what a count means: fixed for a topic when it is first counted, refused when changed."""

from collections.abc import Collection

from clickhouse_connect.driver import Client

from schemas.counters import DATABASE
from schemas.topics import EVENTS
from streams.errors import GroundswellError
from streams.settings import PREFIX, Settings

NAMES = ("segment_size", "segment_age_s", "segment_bytes", "horizon_records", "horizon_s")


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


def replaced(client: Client, topic_id: str) -> list[str]:
    """The ids of other events topics that were counted into this ClickHouse, as long as this one was not."""
    # In one query: another worker that starts at this moment may pin this one between two.
    ((ids,),) = client.query(
        f"SELECT groupUniqArray(topic_id) FROM {DATABASE}.pinned WHERE topic = {{topic:String}}",
        parameters={"topic": EVENTS.name},
    ).result_rows
    return [] if topic_id in ids else sorted(ids)


def check_topic(client: Client, topic_id: str, committed: Collection[int], settings: Settings) -> None:
    """Refuse to start on a topic that was never counted here where the group has commits, or another one was counted.

    Then the topic has been deleted and created again, which takes the group's commits with it; or this ClickHouse is
    not the one that was counted into.
    """
    if committed and not _pinned(client, topic_id):
        raise GroundswellError(
            f"Consumer group {settings.group!r} has commits for {EVENTS.name}, but this topic was never counted into "
            "this ClickHouse: it was deleted and created again, or the data is elsewhere. Set "
            f"{PREFIX}CLICKHOUSE_URL to where it is, or {PREFIX}GROUP to a new name to count from the log's start."
        )
    others = replaced(client, topic_id)
    if others:
        raise GroundswellError(
            f"Another {EVENTS.name} was counted into this ClickHouse (id {', '.join(others)}; this one is {topic_id}): "
            "it was deleted and created again, and records sent again would count twice. `groundswell gaps accept` "
            f"counts this one from its start, next to what stands; or set {PREFIX}KAFKA_BOOTSTRAP back."
        )


def check_commits(counted: Collection[int], committed: Collection[int], settings: Settings) -> None:
    """Refuse to start where partitions have been counted, yet the consumer group knows of no commit for them.

    Counting would begin again at the log's start, which retention has moved since: not at a true segment start.
    """
    lost = [str(partition) for partition in sorted(counted) if partition not in committed]
    if lost:
        raise GroundswellError(
            f"Consumer group {settings.group!r} has no commit for partition {', '.join(lost)} of {EVENTS.name}, which "
            f"has been counted before: set {PREFIX}GROUP back to the group that counted it, or count a new topic."
        )


def counted_to(client: Client, topic_id: str) -> dict[int, int]:
    """The offset behind the last record that an account vouches for, by partition."""
    rows = client.query(
        f"SELECT partition, max(last_offset) + 1 FROM {DATABASE}.segments WHERE topic_id = {{topic_id:String}} "
        "GROUP BY partition",
        parameters={"topic_id": topic_id},
    ).result_rows
    return {int(partition): int(offset) for partition, offset in rows}
