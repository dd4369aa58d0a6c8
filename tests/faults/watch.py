"""Is a commit ever ahead of what is written? Samples taken while a run goes on, judged when its log is known.

A sample asks Kafka first and ClickHouse then: what is written only grows, so a commit that is covered later was not
necessarily covered then, but one that is not covered is ahead for certain.
"""

import threading
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from kafka.errors import KafkaError

from schemas.topics import EVENTS
from tests.faults.engines import Engines
from tests.oracle.log import Log
from tests.oracle.oracle import Expected
from tests.stack_fixture import ask

_EVERY_S = 1.0


@dataclass(frozen=True)
class Sample:
    """Of one partition: the commit, and what the segments before it say to have read and counted."""

    partition: int
    committed: int
    read: int
    counted: int
    vouched: int


@dataclass
class Watch:
    """A context manager that samples in a thread."""

    engines: Engines
    group: str
    samples: list[Sample] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY_S):
            try:
                self.sample()
            except (KafkaError, httpx.HTTPError, OSError):
                continue  # an engine is away, which others look at

    def sample(self) -> None:
        with self.engines.admin() as admin:
            found: dict[Any, Any] = admin.list_group_offsets([self.group]).get(self.group, {})
        commits = {tp.partition: at.offset for tp, at in found.items() if tp.topic == EVENTS.name and at.offset > 0}
        if not commits:
            return
        below = " OR ".join(f"(partition = {number} AND segment < {at})" for number, at in commits.items())
        accounts = ask(
            self.engines.direct,
            f"SELECT partition, sum(read), sum(counted) FROM groundswell.records WHERE {below} GROUP BY partition",
        )
        told = {int(row[0]): (int(row[1]), int(row[2])) for row in _rows(accounts)}
        counters = ask(
            self.engines.direct,
            "SELECT partition, sum(events) FROM (SELECT partition, segment, max(events) AS events FROM "
            "(SELECT *, tuple(window_start, source, event_type, lang, country, sentiment) AS key FROM "
            f"groundswell.engagement_counter WHERE campaign = '*' AND ({below})) GROUP BY partition, segment, key) "
            "GROUP BY partition",
        )
        counted = {int(row[0]): int(row[1]) for row in _rows(counters)}
        self.samples += [
            Sample(number, at, told.get(number, (0, 0))[0], counted.get(number, 0), told.get(number, (0, 0))[1])
            for number, at in commits.items()
        ]

    def ahead(self, log: Log, expected: Expected) -> list[str]:
        """A line for each sample whose commit was ahead of what was written."""
        lines = []
        for sample in set(self.samples):
            below = [record.offset for record in log[sample.partition] if record.offset < sample.committed]
            counted = sum(expected.verdicts[sample.partition, offset] == "counted" for offset in below)
            if (sample.read, sample.counted, sample.vouched) != (len(below), counted, counted):
                lines.append(
                    f"partition {sample.partition}: commit {sample.committed} with {len(below)} records, {counted} "
                    f"events before it, but written were {sample.read}, {sample.counted} (vouched {sample.vouched})"
                )
        return lines


def _rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]
