"""Quix Streams: regrouped by what is counted, then tumbling windows by event time.

The current count of every change is taken, as the last windows of a topic that has ended never close. Quix ends when it
hears nothing for a while; that while is the same for any number of events.
"""

from datetime import timedelta
from typing import Any

from quixstreams import Application

from benchmarks.contenders.protocol import CATCH_UP_MS, WINDOW_MS, Key, counted, task, write
from benchmarks.contenders.tokens import tokens_of

QUIET_S = 10.0


def tokens(event: dict[str, Any]) -> list[dict[str, Any]]:
    """What an event adds, by token."""
    return [
        {"source": event["source"], "event_type": event["event_type"], "kind": kind, "token": token}
        for kind, token in tokens_of(event.get("text") or "")
    ]


def main() -> None:
    """Count until nothing comes any more."""
    given = task()
    app = Application(
        broker_address=given.bootstrap,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        state_dir=given.out.parent / "state",
        loglevel="WARNING",
    )
    topic = app.topic(given.topic, timestamp_extractor=lambda event, *_: int(event["event_time"]))
    counts: dict[Key, int] = {}

    def keep(window: dict[str, Any], key: str, *_: Any) -> None:
        source, event_type, kind, token = key.split("|")
        counts[window["start"], source, event_type, kind, token] = window["value"]

    (
        app.dataframe(topic)
        .apply(tokens, expand=True)
        .group_by(lambda found: "|".join(found.values()), name="token")
        .tumbling_window(timedelta(milliseconds=WINDOW_MS), grace_ms=timedelta(milliseconds=CATCH_UP_MS))
        .count()
        .current()
        .update(keep, metadata=True)
    )
    app.run(timeout=QUIET_S)
    counted()
    write(given.out, counts)


if __name__ == "__main__":
    main()
