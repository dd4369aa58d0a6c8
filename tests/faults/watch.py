"""Is a commit ever ahead of what is written? Samples taken while a run goes on, judged when its log is known.

A sample asks Kafka first and ClickHouse then: what is written only grows, so a commit that is covered later was not
necessarily covered then, but one that is not covered is ahead for certain.
"""

import threading
from collections import defaultdict
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
    """Of one partition: the commit; what stands written before it; and of all, what was vouched for, then written.

    ``vouched`` is what ``segments`` says to have counted, read before the counters are.
    """

    partition: int
    committed: int
    read_before: int
    counted_before: int
    vouched: int
    counted: int


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
        commits = {tp.partition: at.offset for tp, at in found.items() if tp.topic == EVENTS.name and at.offset >= 0}
        if not commits:
            return
        accounts = self._sums("sumIf(read, {before}), sum(counted)", "groundswell.records GROUP BY partition", commits)
        key = "window_start, source, event_type, lang, country, sentiment"
        chains = (
            f"(SELECT partition, segment, {key}, max(events) AS events FROM groundswell.engagement_counter "
            f"WHERE campaign = '*' GROUP BY partition, segment, {key}) GROUP BY partition"
        )
        counters = self._sums("sumIf(events, {before}), sum(events)", chains, commits)
        for number, committed in commits.items():
            (read_before, vouched), (counted_before, counted) = accounts[number], counters[number]
            self.samples.append(Sample(number, committed, read_before, counted_before, vouched, counted))

    def _sums(self, columns: str, source: str, commits: dict[int, int]) -> defaultdict[int, tuple[int, int]]:
        before = " OR ".join(f"(partition = {number} AND segment < {at})" for number, at in commits.items())
        rows = ask(self.engines.direct, f"SELECT partition, {columns.format(before=before)} FROM {source}")
        found: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for row in rows.splitlines():
            partition, first, second = map(int, row.split("\t"))
            found[partition] = first, second
        return found

    def ahead(self, log: Log, expected: Expected) -> list[str]:
        """A line for each sample where a commit or an account was ahead of what was written."""
        lines = []
        for sample in set(self.samples):
            before = [record.offset for record in log[sample.partition] if record.offset < sample.committed]
            counted = sum(expected.verdicts[sample.partition, offset] == "counted" for offset in before)
            if (sample.read_before, sample.counted_before) != (len(before), counted):
                lines.append(
                    f"partition {sample.partition}: commit {sample.committed} with {len(before)} records, {counted} "
                    f"events before it, but written were {sample.read_before}, {sample.counted_before}"
                )
            if sample.counted < sample.vouched:
                lines.append(
                    f"partition {sample.partition}: {sample.vouched} events were vouched for when {sample.counted} "
                    "were written"
                )
        return lines
