"""Preflight: may counting go on here, exactly? The same questions before a worker, a recount and by the doctor."""

from typing import Any

from clickhouse_connect.driver import Client
from msgspec import Struct

from streams import clickhouse, gaps, pinned, topics
from streams.settings import Settings
from streams.topics import TopicState


class Ground(Struct, frozen=True):
    """What counting stands on: the tables, the topic, and the group's commits by partition."""

    client: Client
    topic: TopicState
    commits: dict[int, int]


def check(settings: Settings, **client_settings: Any) -> Ground:
    """Raise ``GroundswellError`` where counting would not be exact: topics, tables, and how they belong together.

    ``client_settings`` go with every query of the client that is returned.
    """
    with topics.admin(settings) as admin:
        topic = topics.check_events_topic(admin, settings)
        client = clickhouse.connect(settings, **client_settings)
        clickhouse.check_version(client)
        pinned.check_topic(client, topic.topic_id, topics.commits(admin, settings), settings)
        pinned.check(client, topic.topic_id, settings)
        # In this order: a worker commits a partition's start before it writes anything of it.
        counted = pinned.counted_to(client, topic.topic_id)
        commits = topics.commits(admin, settings)
    pinned.check_commits(counted, commits, settings)
    gaps.check_ends(settings, client, topic)
    return Ground(client, topic, commits)
