"""Topics, and the AsyncAPI document that tells other people's producers of them."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from schemas import topics
from schemas.__main__ import HERE
from schemas.topics import ALL, DEAD_LETTERS, EVENTS, SNAPSHOT_STATE, SNAPSHOTS

DOCUMENT: dict[str, Any] = json.loads((HERE / "asyncapi.json").read_text(encoding="utf-8"))
DAY_MS = 86_400_000


def members(node: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object in ``node``."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield name, value
            yield from members(value)
    elif isinstance(node, list):
        for one in node:
            yield from members(one)


def resolved(reference: str) -> Any:
    assert reference.startswith("#/")
    node: Any = DOCUMENT
    for name in reference[2:].split("/"):
        node = node[name]
    return node


def test_topics_have_the_contracts_names() -> None:
    assert [topic.name for topic in ALL] == [
        "events.v1",
        "events.v1.dlq",
        "snapshots.v1",
        "snapshots.v1.state",
        "snapshots.v1.dlq",
    ]
    assert topics.MARKER_HEADER == "groundswell-marker"
    assert all(topic.summary and topic.producers and topic.consumers for topic in ALL)


def test_events_are_stamped_by_the_broker_and_never_compacted() -> None:
    assert EVENTS.config["message.timestamp.type"] == "LogAppendTime"
    assert {topic.name for topic in ALL if topic.config["cleanup.policy"] != "delete"} == {SNAPSHOT_STATE.name}


def test_state_of_snapshots_lasts_and_has_the_partitions_that_they_have() -> None:
    assert (SNAPSHOT_STATE.config["cleanup.policy"], SNAPSHOT_STATE.config["retention.ms"]) == ("compact", "-1")
    assert [topic.name for topic in ALL if topic.partitioned] == [EVENTS.name, SNAPSHOTS.name, SNAPSHOT_STATE.name]


def test_events_are_kept_ten_times_as_long_as_a_segment_lasts_and_dead_letters_longer() -> None:
    assert int(EVENTS.config["retention.ms"]) >= 10 * 3_600_000
    assert int(DEAD_LETTERS.config["retention.ms"]) > int(EVENTS.config["retention.ms"])


def test_dead_letters_have_room_for_any_record_and_its_added_headers() -> None:
    room = int(DEAD_LETTERS.config["max.message.bytes"]) - int(EVENTS.config["max.message.bytes"])
    assert room >= 65_536


def test_asyncapi_document_has_what_version_3_requires() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["title"]
    assert DOCUMENT["info"]["version"]
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert resolved(operation["channel"]["$ref"]) in DOCUMENT["channels"].values()
    for channel in DOCUMENT["channels"].values():
        for message in channel["messages"].values():
            assert resolved(message["$ref"])["summary"]


def test_asyncapi_document_refers_only_to_what_is_in_it() -> None:
    references = [value for name, value in members(DOCUMENT) if name == "$ref"]
    assert references
    for reference in references:
        assert resolved(reference)


def test_asyncapi_document_has_every_topic_with_its_configuration() -> None:
    channels = {channel["address"]: channel for channel in DOCUMENT["channels"].values()}
    assert set(channels) == {topic.name for topic in ALL}
    for topic in ALL:
        kafka = channels[topic.name]["bindings"]["kafka"]
        assert kafka["topic"] == topic.name
        assert kafka["topicConfiguration"] == {
            "cleanup.policy": [topic.config["cleanup.policy"]],
            "retention.ms": int(topic.config["retention.ms"]),
            "max.message.bytes": int(topic.config["max.message.bytes"]),
        }


def test_asyncapi_document_holds_the_events_schema() -> None:
    schema = resolved(DOCUMENT["components"]["messages"]["event"]["payload"]["$ref"])
    Draft202012Validator.check_schema(schema)
    committed = json.loads((HERE / "event.schema.json").read_text(encoding="utf-8"))
    assert schema == {name: value for name, value in committed.items() if name != "$schema"}


def test_asyncapi_document_holds_the_snapshots_schema() -> None:
    schema = resolved(DOCUMENT["components"]["messages"]["snapshot"]["payload"]["$ref"])
    Draft202012Validator.check_schema(schema)
    committed = json.loads((HERE / "snapshot.schema.json").read_text(encoding="utf-8"))
    assert schema == {name: value for name, value in committed.items() if name != "$schema"}


def test_asyncapi_document_names_the_dead_letters_headers_of_the_contract() -> None:
    names = ["topic", "partition", "offset", "exception.class.name", "exception.message", "stage"]
    headers = DOCUMENT["components"]["messages"]["deadLetter"]["headers"]["properties"]
    assert list(headers) == [f"__connect.errors.{name}" for name in names]
