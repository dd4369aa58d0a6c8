"""Topics on the broker: created as declared, and refused when they are not what counting needs."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, OffsetSpec
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorError,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from schemas.topics import ALL, DEAD_LETTERS, EVENTS, Topic
from streams.errors import GroundswellError, UnreachableError
from streams.settings import Settings

CONNECT_S = 10
"""How long a broker is waited for before a command says that none answers."""

_NOT_YET_S = 30
_NO_COORDINATOR_YET = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)
_LEAST_RETENTION = 10
_LOOK_AGAIN_S = 1


class MissingTopicError(GroundswellError):
    """The broker that was asked knows no such topic; of a cluster's, it may not have heard of a new one yet."""


class TopicState(Struct, frozen=True):
    """A topic as the broker has it: its id (a new one each time that it is created) and number of partitions."""

    topic_id: str
    partitions: int


class Bounds(Struct, frozen=True):
    """A partition's log on the broker: the offsets ``[start, end)``."""

    start: int
    end: int


@contextmanager
def admin(settings: Settings) -> Iterator[Any]:
    """kafka-python's admin client; raises ``GroundswellError`` when no broker answers."""
    try:
        client = KafkaAdminClient(
            bootstrap_servers=settings.kafka_bootstrap.split(","), bootstrap_timeout_ms=CONNECT_S * 1000
        )
    except (KafkaError, OSError) as error:
        raise no_broker(settings) from error
    try:
        yield client
    finally:
        client.close()


def no_broker(settings: Settings) -> UnreachableError:
    """What is said when Kafka cannot be reached."""
    return UnreachableError(
        f"No Kafka broker answers at {settings.kafka_bootstrap}: start one with `groundswell up`, "
        "or set GROUNDSWELL_KAFKA_BOOTSTRAP to where yours is."
    )


def create_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing, check the ones that are there; returns the names of the new ones.

    Raises ``GroundswellError`` where a topic is not what counting needs.
    """
    with admin(settings) as client:
        there = set(client.list_topics())
        missing = [topic for topic in ALL if topic.name not in there]
        if missing:
            client.create_topics({topic.name: _creation(topic, settings) for topic in missing}, wait_for_metadata=True)
            # Each question goes to any broker of a cluster.
            _wait_out((MissingTopicError, UnknownTopicOrPartitionError), lambda: check_events_topic(client, settings))
        else:
            check_events_topic(client, settings)
        return [topic.name for topic in missing]


def _creation(topic: Topic, settings: Settings) -> dict[str, Any]:
    partitions = settings.partitions if topic.partitioned else 1
    return {"num_partitions": partitions, "configs": topic.config}


def describe(client: Any, topic: Topic) -> TopicState | None:
    """The topic as the broker has it; None where there is none. Raises ``KafkaError`` when the broker cannot tell."""
    found = client.describe_topics([topic.name])
    error = for_code(found[0]["error_code"])
    if error is UnknownTopicOrPartitionError:
        return None
    if found[0]["error_code"]:
        raise error(f"{topic.name} cannot be described")
    return TopicState(str(found[0]["topic_id"]), len(found[0]["partitions"]))


def check_events_topic(client: Any, settings: Settings) -> TopicState:
    """Refuse topics that counting cannot be exact on; returns the state of the events topic."""
    state = describe(client, EVENTS)
    for topic, found in ((EVENTS, state), (DEAD_LETTERS, state and describe(client, DEAD_LETTERS))):
        if found is None:
            raise MissingTopicError(f"The broker has no topic {topic.name}: run `groundswell migrate` to create it.")
    assert state is not None
    config = _configuration(client, EVENTS)
    if config["message.timestamp.type"] != "LogAppendTime":
        raise GroundswellError(
            f"Topic {EVENTS.name} has message.timestamp.type={config['message.timestamp.type']}, but segments are cut "
            "by the broker's append time: set it to LogAppendTime before anything is counted, or use a new topic."
        )
    retention_ms = int(config["retention.ms"])
    # A worker that starts again reads a segment, and the horizon before it.
    least_s = max(_LEAST_RETENTION * settings.segment_age_s, settings.segment_age_s + settings.horizon_s)
    if 0 <= retention_ms < least_s * 1000:
        raise GroundswellError(
            f"Topic {EVENTS.name} keeps records for {retention_ms // 1000} s, but a segment lasts up to "
            f"{settings.segment_age_s} s and duplicates are known by the {settings.horizon_s} s before it: raise "
            f"retention.ms to {least_s * 1000} at least."
        )
    return state


def check_same(settings: Settings, topic_id: str) -> None:
    """Raise ``GroundswellError`` when the events topic is no longer the one of that id.

    A broker that does not answer, or does not know just now, is no proof of that.
    """
    try:
        with admin(settings) as client:
            state = describe(client, EVENTS)
            if state is None:
                # A broker that has just started may not have heard of its topics yet.
                time.sleep(_LOOK_AGAIN_S)
                state = describe(client, EVENTS)
    except (UnreachableError, KafkaError, OSError):
        return
    if state is None:
        raise GroundswellError(
            f"Topic {EVENTS.name} was deleted while it was counted: run `groundswell migrate` to create it, and "
            "`groundswell gaps accept` to count the new one next to what stands."
        )
    if state.topic_id != topic_id:
        raise GroundswellError(
            f"Topic {EVENTS.name} was deleted and created again while it was counted (id {state.topic_id} in place of "
            f"{topic_id}): `groundswell gaps accept` counts the new one from its start, next to what stands."
        )


def log_bounds(client: Any, partitions: int) -> dict[int, Bounds]:
    """What the broker has of each partition of the events topic."""
    tps = [TopicPartition(EVENTS.name, number) for number in range(partitions)]
    starts = client.list_partition_offsets(dict.fromkeys(tps, OffsetSpec.EARLIEST))
    ends = client.list_partition_offsets(dict.fromkeys(tps, OffsetSpec.LATEST))
    return {tp.partition: Bounds(starts[tp].offset, ends[tp].offset) for tp in tps}


def commits(client: Any, settings: Settings) -> dict[int, int]:
    """What the workers' group has committed: partition of the events topic → offset."""
    found = _once_coordinated(lambda: client.list_group_offsets([settings.group])).get(settings.group, {})
    return {tp.partition: at.offset for tp, at in found.items() if tp.topic == EVENTS.name and at.offset >= 0}


def members(client: Any, settings: Settings) -> int:
    """How many members the workers' group has."""
    return len(_once_coordinated(lambda: client.describe_groups([settings.group]))[settings.group]["members"])


def commit(client: Any, settings: Settings, offsets: Mapping[int, int]) -> None:
    """Commit offsets of the events topic for the workers' group, which must have no members.

    Raises ``KafkaError`` when the broker does not take one.
    """
    wanted = {
        TopicPartition(EVENTS.name, partition): OffsetAndMetadata(offset, "", -1)
        for partition, offset in offsets.items()
    }
    errors = _once_coordinated(lambda: client.alter_group_offsets(settings.group, wanted))
    for tp, error in errors.items():
        if error.errno:
            raise error(f"the commit of {tp} was not taken")


def _once_coordinated(ask: Callable[[], Any]) -> Any:
    """Ask a group's coordinator; a broker that has just started makes the first one while it is asked."""
    return _wait_out(_NO_COORDINATOR_YET, ask)


def _wait_out(errors: tuple[type[Exception], ...], ask: Callable[[], Any]) -> Any:
    """What ``ask`` answers once it no longer raises what a broker says that does not know yet."""
    give_up_s = time.monotonic() + _NOT_YET_S
    while True:
        try:
            return ask()
        except errors:
            if time.monotonic() > give_up_s:
                raise
            time.sleep(0.2)


def _configuration(client: Any, topic: Topic) -> dict[str, str]:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    found = client.describe_configs([resource], config_filter="all")["topic"][topic.name]
    return {name: str(entry["value"]) for name, entry in found.items()}
