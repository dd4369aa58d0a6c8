"""Faust with its windowed table: tumbling windows by event time, counts kept by a changelog topic.

Its windows would expire by the wall clock; they are kept for longer than this runs, so that none does.
"""

from datetime import timedelta
from typing import Any

import faust

from benchmarks.contenders.faust_app import application, run
from benchmarks.contenders.protocol import WINDOW_MS, finish, task
from benchmarks.contenders.tokens import tokens_of

given = task()
app = application(given)
events = app.topic(given.topic, value_serializer="json")
table = app.Table("counts", default=int, partitions=4)
windows = table.tumbling(timedelta(milliseconds=WINDOW_MS), expires=timedelta(days=1))
counts = windows.relative_to(lambda event: event.value["event_time"] / 1000)  # type: ignore[attr-defined]  # it has


@app.agent(events)
async def count(stream: "faust.StreamT[dict[str, Any]]") -> None:
    """Count every event's tokens."""
    read = 0
    async for event in stream:
        text = event.get("text")
        if text:
            for kind, token in tokens_of(text):
                counts[event["source"], event["event_type"], kind, token] += 1
        read += 1
        if read == given.records:
            finish(given.out, {(int(start * 1000), *key): posts for (key, (start, _)), posts in table.data.items()})


if __name__ == "__main__":
    run(app)
