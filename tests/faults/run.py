"""One run: engines emptied, workers, load and watch begun, a time line kept, a verdict given."""

import itertools
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

import httpx
from kafka import TopicPartition

from schemas.topics import EVENTS
from streams import topics
from tests.faults import journal
from tests.faults.engines import Engines
from tests.faults.fleet import Fleet
from tests.faults.judge import Verdict, judge
from tests.faults.load import Load
from tests.faults.standing import Rules
from tests.faults.watch import Watch
from tests.oracle import vocabulary
from tests.oracle.log import Campaign, Record, read_log
from tests.stack_fixture import account, ask, log_ends, wait_until

_NUMBERS = itertools.count(1)
_PATIENCE_S = 150.0
_JOURNAL_LINES = 30


@dataclass(frozen=True)
class Conditions:
    """What a fault needs before its workers start: settings, variables of their environment, an engine on a small disk.

    ``ceiling_bytes`` is what a worker's resident memory must never exceed; 0 asks for nothing.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    small_disk: str = ""
    ceiling_bytes: int = 0


class Run:
    """A context manager. ``rng`` is where every choice of a fault comes from; ``without`` names a guard to take out.

    Entering it raises ``NotHere`` where this machine cannot give what the conditions ask for.
    """

    def __init__(
        self,
        engines: Engines,
        fault: str,
        seed: int,
        without: str | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        self.engines = engines
        self.fault = fault
        self.seed = seed
        self.rng = Random(f"{fault} {seed}")
        self._conditions = conditions or Conditions()
        changed = {"group": f"run-{next(_NUMBERS)}", **self._conditions.settings}
        self.settings = engines.settings.model_copy(update=changed)
        self.direct = engines.direct.model_copy(update=changed)
        self.load = Load(self.settings, seed)
        self.fleet = Fleet(self.settings, engines.folder, without, self._conditions.env)
        self.watch = Watch(engines, self.settings.group)
        self.campaigns: dict[str, Sequence[Campaign]] = {str(self.settings.campaigns): vocabulary.CAMPAIGNS}
        self._deleted: dict[int, list[Record]] = {}
        self.time_line: list[str] = []
        self.verdict: Verdict | None = None
        self._still_s = 15 if without or fault == "transactions" else _PATIENCE_S
        self.without = without
        self._resources = ExitStack()
        self._begun_s = time.monotonic()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._conditions.small_disk:
                self.disk = stack.enter_context(self.engines.small_disk(self._conditions.small_disk))
            self.engines.empty()
            for part in (self.watch, self.fleet, self.load):
                stack.enter_context(part)
            self._resources = stack.pop_all()
        self._begun_s = time.monotonic()
        for number in (1, 2):
            self.fleet.start(f"worker {number}")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.engines.proxy.heal()
        self._resources.close()
        if kind is not None:
            # pytest shows it with the failure.
            journal_end = "\n".join(map(str, self.events()[-_JOURNAL_LINES:]))
            sys.stdout.write(f"{self.report()}\n{self.fleet.words()}\n{journal_end}\n")

    def say(self, what: str) -> None:
        """Note what is done in the time line."""
        self.time_line.append(f"{time.monotonic() - self._begun_s:6.1f} s  {what}")

    def kill_one(self) -> None:
        """``kill -9`` of any worker."""
        alive = [seat for seat in self.fleet.seats() if self.fleet.alive(seat)]
        seat = self.rng.choice(alive or self.fleet.seats())
        self.say(f"kill -9 {seat} (pid {self.fleet.send(seat, signal.SIGKILL)})")

    def kill_all(self) -> None:
        """``kill -9`` of every worker."""
        for seat in self.fleet.seats():
            self.say(f"kill -9 {seat} (pid {self.fleet.send(seat, signal.SIGKILL)})")

    def events(self) -> list[dict[str, Any]]:
        """The workers' journal."""
        return journal.read(self.fleet.journal_path)

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until ``condition`` holds; an engine that is away says no."""

        def holds() -> bool:
            try:
                return bool(condition())
            except (OSError, httpx.HTTPError):
                return False

        wait_until(holds, what, _PATIENCE_S)

    def keep_loading(self, per_s: float, at_most_s: float) -> None:
        """Send in the background until ``load.stop()``."""
        self.load.begin(self.load.more(int(per_s * at_most_s)), per_s)

    def must(self, happened: bool, what: str) -> None:
        """Note whether something happened without which the run proves nothing, and fail then.

        Without a guard it may not happen, which the verdict shows.
        """
        self.say(what if happened else f"never: {what}")
        assert happened or self.without, f"never: {what}: this run proves nothing"

    def must_have_lived(self) -> None:
        """Fail where a worker has ended by itself."""
        assert self.without or not self.fleet.died, f"workers ended by themselves: {self.fleet.died}"

    def read(self) -> int:
        """How many records are accounted for."""
        return sum(found["read"] for found in account(self.direct).values())

    def retain(self) -> int:
        """Delete from the log what retention of a segment's and the horizon's time would; returns how many records."""
        kept_s = self.settings.segment_age_s + self.settings.horizon_s
        until_ms = time.time_ns() // 1_000_000 - kept_s * 1000
        offsets = {}
        for partition, records in read_log(self.direct.kafka_bootstrap, EVENTS.name).items():
            left = [record for record in records if record.append_time_ms >= until_ms]
            if left and len(left) < len(records):
                self._deleted.setdefault(partition, []).extend(records[: -len(left)])
                offsets[TopicPartition(EVENTS.name, partition)] = left[0].offset
        with self.engines.admin() as admin:
            admin.delete_records(offsets)
        return sum(map(len, self._deleted.values()))

    def refused_flushes(self) -> int:
        """How often ClickHouse did not take what a worker was about to write."""
        return sum(event["what"] == "refused" for event in self.events())

    def owners(self) -> dict[int, set[int]]:
        """By process id, the partitions that it was assigned last."""
        found: dict[int, set[int]] = {}
        for event in self.events():
            if event["what"] == "assigned":
                found[event["pid"]] = set(event["partitions"])
        return found

    def owns(self, seat: str) -> bool:
        """Whether the worker in a seat runs and was assigned partitions last."""
        return self.fleet.alive(seat) and bool(self.owners().get(self.fleet.pid(seat)))

    def wait_until_working(self) -> None:
        """Wait until every worker has partitions and something is counted."""
        # Asked for anew each time, as one that ends is replaced.
        seats = self.fleet.seats()
        self.wait(lambda: all(self.owns(seat) for seat in seats), "every worker has partitions")
        self.wait(lambda: self.read() > 0, "something is counted")

    def wait_until_committed(self) -> None:
        """Wait until the commits are the starts of the open segments: whoever counts on begins there."""
        self.wait(lambda: self._committed() == self._open(), "every whole segment is committed")

    def _committed(self) -> dict[int, int]:
        with self.engines.admin() as admin:
            return topics.commits(admin, self.settings)

    def _open(self) -> dict[int, int]:
        rows = ask(self.direct, "SELECT partition, max(segment) FROM groundswell.records GROUP BY partition")
        return {int(partition): int(segment) for partition, segment in (row.split("\t") for row in rows.splitlines())}

    def finish(self) -> Verdict:
        """Heal, wait until the log is counted to its end, and judge."""
        self.load.join()
        self.engines.proxy.heal()
        self.verdict = self._judged()
        peak_bytes = self.fleet.peak_bytes()
        ceiling_bytes = self._conditions.ceiling_bytes
        if peak_bytes > ceiling_bytes > 0:
            self.verdict.lines.append(f"a worker held {peak_bytes:,} bytes, more than {ceiling_bytes:,}")
        self.verdict.lines += [
            f"a worker refused, though nothing is lost: {event['words']}"
            for event in self.events()
            if event["what"] == "refuses"
        ]
        self.say(f"{self.verdict}; workers held {peak_bytes / 1024**2:.0f} MiB at most")
        return self.verdict

    def _judged(self) -> Verdict:
        """Once more when the log has grown meanwhile: workers append markers at times of their own."""
        while True:
            ends = log_ends(self.direct)
            self._settle(sum(ends.values()))
            verdict = judge(self.direct, self.load, self.watch, self._rules(), self._deleted)
            if log_ends(self.direct) == ends:
                return verdict

    def _rules(self) -> Rules:
        """What the workers have noted of the rules that they count by."""
        noted = [event for event in self.events() if event["what"] == "rules"]
        return Rules(
            {
                (campaign.name, event["versions"][campaign.name]): campaign
                for event in noted
                for campaign in self.campaigns[event["campaigns"]]
            },
            {frozenset(event["versions"]) for event in noted},
        )

    def _settle(self, ends: int) -> None:
        """Until ``ends`` records are accounted for, or, with a guard taken out, until nothing changes any more."""
        give_up_s = time.monotonic() + _PATIENCE_S
        last, since_s = -1, time.monotonic()
        while True:
            try:
                read = self.read()
            except (OSError, httpx.HTTPError):
                read = -1
            if read != last:
                last, since_s = read, time.monotonic()
            still_s = time.monotonic() - since_s
            # Aborted records and transactions' ends take offsets that nobody reads.
            if (read >= ends and still_s > 0.5) or still_s > self._still_s:
                return
            assert time.monotonic() < give_up_s, f"{read} of {ends} records were counted in {_PATIENCE_S:.0f} s"
            time.sleep(0.3)

    def report(self) -> str:
        """Seed, time line and verdict, to be read and repeated."""
        title = f"fault {self.fault!r}, seed {self.seed}" + (f", without {self.without!r}" if self.without else "")
        lines = [title, *self.time_line]
        if self.fleet.died:
            lines.append(f"ended by themselves: {self.fleet.died}")
        if self.verdict is not None:
            lines += self.verdict.lines[:20]
        return "\n  ".join(lines)
