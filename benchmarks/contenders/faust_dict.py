"""Faust as its documentation begins: an agent over events, with a dict for the counts."""

from collections import defaultdict
from typing import Any

import faust

from benchmarks.contenders.faust_app import application, run
from benchmarks.contenders.protocol import WINDOW_MS, Key, finish, task
from benchmarks.contenders.tokens import tokens_of

given = task()
app = application(given)
events = app.topic(given.topic, value_serializer="json")
counts: defaultdict[Key, int] = defaultdict(int)


@app.agent(events)
async def count(stream: "faust.StreamT[dict[str, Any]]") -> None:
    """Count every event's tokens."""
    read = 0
    async for event in stream:
        text = event.get("text")
        if text:
            window_start = event["event_time"] // WINDOW_MS * WINDOW_MS
            for kind, token in tokens_of(text):
                counts[window_start, event["source"], event["event_type"], kind, token] += 1
        read += 1
        if read == given.records:
            finish(given.out, counts)


if __name__ == "__main__":
    run(app)
