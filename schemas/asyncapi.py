"""The AsyncAPI 3 document: what stands on which topic, for producers that are not ours."""

from typing import Any

from schemas import event, snapshot
from schemas.topics import (
    ALL,
    DEAD_LETTERS,
    ERROR_HEADER_PREFIX,
    EVENTS,
    MARKER_HEADER,
    SNAPSHOT_DEAD_LETTERS,
    SNAPSHOT_STATE,
    SNAPSHOTS,
    Topic,
)

_CHANNELS = {
    EVENTS.name: ("events", "event"),
    DEAD_LETTERS.name: ("deadLetters", "deadLetter"),
    SNAPSHOTS.name: ("snapshots", "snapshot"),
    SNAPSHOT_STATE.name: ("snapshotState", "snapshotState"),
    SNAPSHOT_DEAD_LETTERS.name: ("snapshotDeadLetters", "deadLetter"),
}
"""By topic, the name of its channel and of its message."""

_ERROR_HEADERS = {
    "topic": "the topic it stood on",
    "partition": "its partition, in decimal digits",
    "offset": "its offset, in decimal digits",
    "exception.class.name": "the class of the reason",
    "exception.message": "the reason, a sentence",
    "stage": "the step that refused it",
}


def document() -> dict[str, Any]:
    """The document, as JSON."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Groundswell",
            "version": "1.0.0",
            "description": "Events of social campaigns and snapshots of posts on Kafka, and records that are neither.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_id(topic): _channel(topic) for topic in ALL},
        "operations": {
            "produceEvent": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{_id(EVENTS)}"},
                "summary": "Send an event; groundswell worker counts it.",
            },
            "readDeadLetter": _reading(DEAD_LETTERS, "Read what was refused, and why."),
            "produceSnapshot": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{_id(SNAPSHOTS)}"},
                "summary": "Send a post's counters; groundswell worker makes events of what has changed.",
            },
            "readSnapshotState": _reading(SNAPSHOT_STATE, "Read what was taken last of each post."),
            "readSnapshotDeadLetter": _reading(SNAPSHOT_DEAD_LETTERS, "Read what was refused, and why."),
        },
        "components": {
            "messages": {
                "event": _event_message(),
                "deadLetter": _dead_letter_message(),
                "snapshot": _snapshot_message(),
                "snapshotState": _snapshot_state_message(),
            },
            "schemas": {
                "event": {k: v for k, v in event.json_schema().items() if k != "$schema"},
                "snapshot": {k: v for k, v in snapshot.json_schema().items() if k != "$schema"},
            },
        },
    }


def _id(topic: Topic) -> str:
    return _CHANNELS[topic.name][0]


def _reading(topic: Topic, summary: str) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{_id(topic)}"}, "summary": summary}


def _channel(topic: Topic) -> dict[str, Any]:
    message = _CHANNELS[topic.name][1]
    return {
        "address": topic.name,
        "description": topic.summary,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": _configuration(topic)}},
    }


def _configuration(topic: Topic) -> dict[str, Any]:
    numbers = ("retention.ms", "max.message.bytes")
    found: dict[str, Any] = {name: int(topic.config[name]) for name in numbers}
    return {"cleanup.policy": [topic.config["cleanup.policy"]], **found}


def _event_message() -> dict[str, Any]:
    return {
        "name": "event",
        "contentType": "application/json",
        "summary": "Something that happened on a platform.",
        "description": (
            f"A value has at most {event.MAX_VALUE_BYTES} bytes. CloudEvents are taken too: binary mode "
            "(headers ce_id, ce_time) and structured mode (content-type: application/cloudevents+json). "
            f"A record with the header {MARKER_HEADER} is none: it closes an idle segment."
        ),
        "payload": {"$ref": "#/components/schemas/event"},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": (
                        "`source:id` with the id of the post acted on: `ref_post_id` for like, share and view; "
                        "`post_id` for mention, reply, quote and video; else, or where that is missing, `event_id`. "
                        "Partitioned by murmur2."
                    ),
                }
            }
        },
    }


def _snapshot_message() -> dict[str, Any]:
    return {
        "name": "snapshot",
        "contentType": "application/json",
        "summary": "A post's cumulative counters, as a poll of its platform found them.",
        "description": (
            f"A value has at most {snapshot.MAX_SNAPSHOT_BYTES} bytes. The first snapshot of a post is a base line, "
            "unless it has `created_at` and `tracked_since` and the former is not before the latter: then its counters "
            "count from 0. One that was not observed later than the one taken before it changes nothing. Texts and "
            "hashtags are what campaigns find a post's events by: send them each time."
        ),
        "payload": {"$ref": "#/components/schemas/snapshot"},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": "`source:post_id`; a record with another key, or none, is sent on under this one",
                }
            }
        },
    }


def _snapshot_state_message() -> dict[str, Any]:
    return {
        "name": "snapshotState",
        "contentType": "application/json",
        "summary": "What was taken last of a post; of ours, nobody else may write it.",
        "payload": {
            "description": "keyed as snapshots are: `observed_at`, `from_zero`, `counters`; "
            "under the key `position` a number, the next offset of the partition"
        },
    }


def _dead_letter_message() -> dict[str, Any]:
    return {
        "name": "deadLetter",
        "summary": "A record that was refused: key, value and headers as they were, and headers that say why.",
        "payload": {"description": "the record's value, any bytes"},
        "headers": {
            "type": "object",
            "properties": {
                f"{ERROR_HEADER_PREFIX}{name}": {"type": "string", "description": meaning}
                for name, meaning in _ERROR_HEADERS.items()
            },
        },
    }
