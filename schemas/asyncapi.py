"""The AsyncAPI 3 document: what stands on which topic, for producers that are not ours."""

from typing import Any

from schemas import event
from schemas.topics import ALL, DEAD_LETTERS, ERROR_HEADER_PREFIX, EVENTS, MARKER_HEADER, Topic

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
            "description": "Events of social campaigns on Kafka, and the records that are none.",
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
            "readDeadLetter": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{_id(DEAD_LETTERS)}"},
                "summary": "Read what was refused, and why.",
            },
        },
        "components": {
            "messages": {"event": _event_message(), "deadLetter": _dead_letter_message()},
            "schemas": {"event": {k: v for k, v in event.json_schema().items() if k != "$schema"}},
        },
    }


def _id(topic: Topic) -> str:
    return "events" if topic is EVENTS else "deadLetters"


def _channel(topic: Topic) -> dict[str, Any]:
    message = "event" if topic is EVENTS else "deadLetter"
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


def _dead_letter_message() -> dict[str, Any]:
    return {
        "name": "deadLetter",
        "summary": "A record that is no event: key, value and headers as they were, and headers that say why.",
        "payload": {"description": "the record's value, any bytes"},
        "headers": {
            "type": "object",
            "properties": {
                f"{ERROR_HEADER_PREFIX}{name}": {"type": "string", "description": meaning}
                for name, meaning in _ERROR_HEADERS.items()
            },
        },
    }
