"""Bytewax: keyed by what is counted, tumbling windows by event time. Option: the number of processes.

It takes as many records at once as Groundswell does: with each batch it looks at every window that is open, and with
its own 1,000 a backlog of 100,000 events took it more than four times the processor time.
"""

import operator
import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing
from bytewax.run import cli_main
from bytewax.testing import TestingSink

from benchmarks.contenders.protocol import CATCH_UP_MS, WINDOW_MS, Task, counted, task, write
from benchmarks.contenders.several import Part, in_several, part_of
from benchmarks.contenders.tokens import tokens_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEPARATOR = "|"
BATCH_RECORDS = 20_000

Found = tuple[str, datetime]
"""What is counted, and when."""


def tokens(message: "KafkaSourceMessage[Any, bytes]") -> Iterable[Found]:
    """What an event adds, by token."""
    event = orjson.loads(message.value)
    if text := event.get("text"):
        at = EPOCH + timedelta(milliseconds=event["event_time"])
        for kind, token in tokens_of(text):
            yield SEPARATOR.join((event["source"], event["event_type"], kind, token)), at


def main() -> None:
    """Count, in one process or several that know of each other."""
    given = task()
    part = part_of(given)
    if part:
        count(given, part)
    else:
        addresses = [f"127.0.0.1:{free_port()}" for _ in range(int(given.options[0]))]
        in_several("benchmarks.contenders.bytewax_windows", given, *addresses, merge=operator.add)


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def count(given: Task, part: Part) -> None:
    """Count until the topic's end, where every window closes."""
    flow = Dataflow("count")
    source = KafkaSource([given.bootstrap], [given.topic], tail=False, batch_size=BATCH_RECORDS)
    found = op.flat_map("tokens", op.input("events", flow, source), tokens)
    counts = windowing.count_window(
        "count",
        found,
        windowing.EventClock(lambda one: one[1], wait_for_system_duration=timedelta(milliseconds=CATCH_UP_MS)),
        windowing.TumblingWindower(length=timedelta(milliseconds=WINDOW_MS), align_to=EPOCH),
        lambda one: one[0],
    )
    result: list[tuple[str, tuple[int, int]]] = []
    op.output("counts", counts.down, TestingSink(result))
    if part.processes > 1:
        cli_main(flow, process_id=part.number, addresses=list(given.options[-part.processes :]))
    else:
        cli_main(flow)
    counted()
    rows = {}
    for key, (window, posts) in result:
        source_name, event_type, kind, token = key.split(SEPARATOR)
        rows[window * WINDOW_MS, source_name, event_type, kind, token] = posts
    write(given.out, rows)


if __name__ == "__main__":
    main()
