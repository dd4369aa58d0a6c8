"""Quix Streams: regrouped by what is counted, then tumbling windows by event time.

The current count of every change is taken, as the last windows of a topic that has ended never close. Quix ends when it
hears nothing for a while; that while is the same for any number of events. Option: the number of processes, which
share the partitions as one consumer group; a partition that goes from one to another takes its counts along, so that of
two counts of a key the larger one holds.
"""

from datetime import timedelta
from typing import Any

from quixstreams import Application

from benchmarks.contenders.protocol import CATCH_UP_MS, WINDOW_MS, Key, Task, counted, task, write
from benchmarks.contenders.several import Part, in_several, part_of
from benchmarks.contenders.tokens import tokens_of

QUIET_S = 10.0


def tokens(event: dict[str, Any]) -> list[dict[str, Any]]:
    """What an event adds, by token."""
    return [
        {"source": event["source"], "event_type": event["event_type"], "kind": kind, "token": token}
        for kind, token in tokens_of(event.get("text") or "")
    ]


def main() -> None:
    """Count, in one process or several."""
    given = task()
    part = part_of(given)
    if part:
        count(given, part)
    else:
        in_several("benchmarks.contenders.quix", given, merge=max)


def count(given: Task, part: Part) -> None:
    """Count until nothing comes any more."""
    app = Application(
        broker_address=given.bootstrap,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        state_dir=given.out.parent / f"state-{part.number}",
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
