"""Topics on the broker: created as declared, and refused when they are not what counting needs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, KafkaError
from msgspec import Struct

from schemas.topics import ALL, EVENTS, Topic
from streams.errors import GroundswellError, UnreachableError
from streams.settings import Settings

_CONNECT_S = 10
_COORDINATOR_S = 30
_LEAST_RETENTION = 10


class TopicState(Struct, frozen=True):
    """A topic as the broker has it: its id (a new one each time that it is created) and number of partitions."""

    topic_id: str
    partitions: int


@contextmanager
def admin(settings: Settings) -> Iterator[Any]:
    """kafka-python's admin client; raises ``GroundswellError`` when no broker answers."""
    try:
        client = KafkaAdminClient(
            bootstrap_servers=settings.kafka_bootstrap.split(","), bootstrap_timeout_ms=_CONNECT_S * 1000
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
        check_events_topic(client, settings)
        return [topic.name for topic in missing]


def _creation(topic: Topic, settings: Settings) -> dict[str, Any]:
    partitions = settings.partitions if topic is EVENTS else 1
    return {"num_partitions": partitions, "configs": topic.config}


def describe(client: Any, topic: Topic) -> TopicState | None:
    """The topic as the broker has it; None where there is none."""
    found = client.describe_topics([topic.name])
    if not found or found[0]["error_code"] != 0:
        return None
    return TopicState(str(found[0]["topic_id"]), len(found[0]["partitions"]))


def check_events_topic(client: Any, settings: Settings) -> TopicState:
    """Refuse an events topic that counting cannot be exact on; returns its state."""
    state = describe(client, EVENTS)
    if state is None:
        raise GroundswellError(f"The broker has no topic {EVENTS.name}: run `groundswell migrate` to create it.")
    config = _configuration(client, EVENTS)
    if config["message.timestamp.type"] != "LogAppendTime":
        raise GroundswellError(
            f"Topic {EVENTS.name} has message.timestamp.type={config['message.timestamp.type']}, but segments are cut "
            "by the broker's append time: set it to LogAppendTime before anything is counted, or use a new topic."
        )
    retention_ms = int(config["retention.ms"])
    least_ms = _LEAST_RETENTION * settings.segment_age_s * 1000
    if 0 <= retention_ms < least_ms:
        raise GroundswellError(
            f"Topic {EVENTS.name} keeps records for {retention_ms // 1000} s, which is less than {_LEAST_RETENTION} "
            f"times a segment's age ({settings.segment_age_s} s): raise retention.ms to {least_ms} at least."
        )
    return state


def committed_partitions(client: Any, settings: Settings) -> set[int]:
    """The partitions of the events topic that the workers' group has committed an offset of."""
    found = _once_coordinated(lambda: client.list_group_offsets([settings.group])).get(settings.group, {})
    return {tp.partition for tp, at in found.items() if tp.topic == EVENTS.name and at.offset >= 0}


def _once_coordinated(ask: Callable[[], Any]) -> Any:
    """Ask a group's coordinator; a broker that has just started makes the first one while it is asked."""
    give_up_s = time.monotonic() + _COORDINATOR_S
    while True:
        try:
            return ask()
        except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError):
            if time.monotonic() > give_up_s:
                raise
            time.sleep(0.2)


def _configuration(client: Any, topic: Topic) -> dict[str, str]:
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    found = client.describe_configs([resource], config_filter="all")["topic"][topic.name]
    return {name: str(entry["value"]) for name, entry in found.items()}
