"""Gaps: records that Kafka deleted before they were counted for good, and how counting goes on behind them.

A worker counts a segment from its first record, which the group's commit names. When retention has deleted that
record, nobody can count the segment again, so the worker refuses. What accounts vouch for is counted nevertheless,
so a new segment may begin right behind it, or where the log begins if that is later: only what lies between is lost.
The commit is moved there once the loss is on record.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver import Client
from kafka.errors import IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError
from msgspec import Struct

from schemas.counter import Counter
from schemas.counters import DATABASE, ENGAGEMENT, EVERY_CAMPAIGN, SPELLINGS, TOKEN_COUNTS
from schemas.topics import EVENTS
from streams import clickhouse, pinned, topics
from streams.errors import GroundswellError
from streams.settings import PREFIX, Settings
from streams.topics import Bounds, TopicState

_DURABLE = {"async_insert": 0, "wait_end_of_query": 1}
_COLUMNS = ("topic_id", "partition", "from_offset", "to_offset", "torn", "accepted_at")


class Lost(Struct, frozen=True):
    """Offsets ``[from_offset, to_offset)`` of a partition that cannot be counted any more.

    ``torn``: the last write before them was cut short, so that some events next to the gap are counted although no
    account vouches for them; those still on the log will count twice.
    """

    partition: int
    from_offset: int
    to_offset: int
    torn: bool

    @property
    def lost(self) -> int:
        """How many offsets are lost; where producers used transactions, not each of them was a record."""
        return self.to_offset - self.from_offset


class Gap(Lost, frozen=True, kw_only=True):
    """What keeps a partition from being counted on from its commit; counting can go on at ``to_offset``."""

    committed: int


class Accepted(Lost, frozen=True, kw_only=True):
    """A gap that somebody has accepted."""

    topic_id: str
    accepted_at: datetime


class Found(Struct, frozen=True):
    """What keeps workers from counting on.

    ``replaces``: ids of the topics counted before this one, when it was deleted and created again; else empty.
    """

    topic: TopicState
    replaces: list[str]
    gaps: list[Gap]

    def __bool__(self) -> bool:
        """Whether there is anything to accept."""
        return bool(self.replaces or self.gaps)


def check_ends(settings: Settings, client: Client, topic: TopicState) -> None:
    """Raise ``GroundswellError`` where more has been counted than the log holds: Kafka has lost records since."""
    with topics.admin(settings) as admin:
        # In this order: what is counted meanwhile by others is on a log that is looked at later.
        counted = pinned.counted_to(client, topic.topic_id)
        for partition, offset in topics.commits(admin, settings).items():
            counted[partition] = max(offset, counted.get(partition, 0))
        bounds = topics.log_bounds(admin, topic.partitions)
    for partition, offset in sorted(counted.items()):
        check_end(partition, offset, bounds.get(partition))


def check_end(partition: int, counted_to: int, log: Bounds | None) -> None:
    """Raise ``GroundswellError`` where a partition has been counted beyond its log's end, or has no log (None)."""
    mend = (
        f"what is counted is no longer what the log holds, and `groundswell gaps accept` cannot help. Set {PREFIX}"
        f"KAFKA_BOOTSTRAP back to the cluster that was counted, or delete {EVENTS.name} and count a new one."
    )
    if log is None:
        raise GroundswellError(
            f"Partition {partition} of {EVENTS.name} was counted up to offset {counted_to}, but the topic has no such "
            f"partition: {mend}"
        )
    if counted_to > log.end:
        raise GroundswellError(
            f"Partition {partition} of {EVENTS.name} was counted up to offset {counted_to}, but its log ends at "
            f"{log.end}: {mend}"
        )


def find(settings: Settings) -> Found:
    """The gaps, by partition. Raises ``GroundswellError`` where something else is wrong that must be mended first."""
    client = clickhouse.connect(settings)
    clickhouse.check_version(client)
    with topics.admin(settings) as admin:
        topic = topics.check_events_topic(admin, settings)
        commits = topics.commits(admin, settings)
        bounds = topics.log_bounds(admin, topic.partitions)
    replaces = [] if commits else pinned.replaced(client, topic.topic_id)
    if not replaces:
        pinned.check_topic(client, topic.topic_id, commits, settings)
        check_ends(settings, client, topic)
    return Found(topic, replaces, _gaps(client, topic.topic_id, commits, bounds))


def _gaps(client: Client, topic_id: str, commits: Mapping[int, int], bounds: Mapping[int, Bounds]) -> list[Gap]:
    found = []
    for partition, committed in sorted(commits.items()):
        log_start = bounds[partition].start
        if committed < log_start:
            place = {"topic_id": topic_id, "partition": partition, "segment": committed}
            begin, end = _vouched_for(client, place)
            torn = _is_torn(client, place)
            found.append(Gap(partition, begin, max(end, log_start), torn, committed=committed))
    return found


def _vouched_for(client: Client, place: dict[str, Any]) -> tuple[int, int]:
    """The first offset that some campaign is not counted at, and the one behind all that is counted.

    They differ where rules changed and the newest rules, which readers read, had not come as far as the older ones.
    """
    rows = client.query(
        f"""
        SELECT max(last), minIf(last, newest = current)
        FROM
        (
            SELECT segment, max(generation) AS newest, max(last_offset) AS last,
                max(max(generation)) OVER (PARTITION BY segment) AS current
            FROM {DATABASE}.segments
            WHERE topic_id = {{topic_id:String}} AND partition = {{partition:UInt32}} AND segment >= {{segment:UInt64}}
            GROUP BY segment, campaign, rules
        )
        GROUP BY segment
        """,
        parameters=place,
    ).result_rows
    if not rows:
        return place["segment"], place["segment"]
    end = max(int(last) for last, _ in rows) + 1
    return min([end, *(int(whole) + 1 for last, whole in rows if whole < last)]), end


def _is_torn(client: Client, place: dict[str, Any]) -> bool:
    """Whether counters of the last segment are ahead of its account, which is written after them."""
    rows = client.query(
        f"""
        SELECT segment, argMax(rules, newest), argMax(counted, newest)
        FROM
        (
            SELECT segment, rules, max(generation) AS newest, max(segments.counted) AS counted
            FROM {DATABASE}.segments
            WHERE topic_id = {{topic_id:String}} AND partition = {{partition:UInt32}} AND segment >= {{segment:UInt64}}
                AND campaign = {{campaign:String}}
            GROUP BY segment, rules
        )
        GROUP BY segment ORDER BY segment DESC LIMIT 1
        """,
        parameters={**place, "campaign": EVERY_CAMPAIGN},
    ).result_rows
    if not rows:
        return False
    segment, rules, counted = rows[0]
    last = {**place, "segment": segment, "rules": rules, "campaign": EVERY_CAMPAIGN}
    events, tokens, spellings = (_sum(client, one, last) for one in (ENGAGEMENT, TOKEN_COUNTS, SPELLINGS))
    # The tables are written one after the other; a token's spellings add up to its posts.
    return events != int(counted) or tokens != spellings


def _sum(client: Client, counter: Counter, place: dict[str, Any]) -> int:
    """What a counter's first measure has come to in one segment."""
    measure = counter.measures[0].added
    ((total,),) = client.query(
        f"SELECT sum(one) FROM (SELECT max({measure}) AS one FROM {DATABASE}.{counter.table} "
        "WHERE topic_id = {topic_id:String} AND partition = {partition:UInt32} AND segment = {segment:UInt64} "
        f"AND rules = {{rules:UInt64}} AND campaign = {{campaign:String}} GROUP BY {', '.join(counter.key)})",
        parameters=place,
    ).result_rows
    return int(total)


def accept(settings: Settings, found: Found) -> None:
    """Let workers count on behind what was found: put on record what is lost, then move the commits.

    Cut short anywhere, it may be repeated. Raises ``GroundswellError`` while workers run.
    """
    with topics.admin(settings) as admin:
        if topics.members(admin, settings):
            raise _workers_run(settings)
        client = clickhouse.connect(settings)
        if found.replaces:
            pinned.pin(client, found.topic.topic_id, settings)
        if found.gaps:
            _record(client, found.topic.topic_id, found.gaps)
            try:
                topics.commit(admin, settings, {gap.partition: gap.to_offset for gap in found.gaps})
            except (UnknownMemberIdError, IllegalGenerationError, RebalanceInProgressError) as error:
                raise _workers_run(settings) from error


def _workers_run(settings: Settings) -> GroundswellError:
    return GroundswellError(
        f"Workers of consumer group {settings.group!r} are running: stop them all, wait until Kafka has noticed (some "
        "10 s after a crash), and repeat."
    )


def _record(client: Client, topic_id: str, found: Sequence[Gap]) -> None:
    now = datetime.now(UTC)
    rows = [[topic_id, gap.partition, gap.from_offset, gap.to_offset, int(gap.torn), now] for gap in found]
    client.insert("gap", rows, column_names=_COLUMNS, database=DATABASE, settings=_DURABLE)


def accepted(client: Client) -> list[Accepted]:
    """Every gap that was accepted, the oldest first."""
    rows = client.query(
        f"SELECT {', '.join(_COLUMNS)} FROM {DATABASE}.gaps ORDER BY accepted_at, topic_id, partition, from_offset"
    ).result_rows
    return [
        Accepted(partition, from_offset, to_offset, bool(torn), topic_id=topic_id, accepted_at=at.replace(tzinfo=UTC))
        for topic_id, partition, from_offset, to_offset, torn, at in rows
    ]
