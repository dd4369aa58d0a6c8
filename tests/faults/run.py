"""One run: engines emptied, workers, load and watch begun, a time line kept, a verdict given."""

import itertools
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from typing import Any, Self

import httpx

from tests.faults import journal
from tests.faults.engines import Engines
from tests.faults.fleet import Fleet
from tests.faults.judge import Verdict, judge
from tests.faults.load import Load
from tests.faults.watch import Watch
from tests.stack_fixture import account, log_ends, wait_until

_NUMBERS = itertools.count(1)
_PATIENCE_S = 150.0
_JOURNAL_LINES = 30


class Run:
    """A context manager. ``rng`` is where every choice of a fault comes from; ``without`` names a guard to take out."""

    def __init__(self, engines: Engines, fault: str, seed: int, workers: int = 2, without: str | None = None) -> None:
        self.engines = engines
        self.fault = fault
        self.seed = seed
        self.rng = Random(f"{fault} {seed}")
        self.settings = engines.settings.model_copy(update={"group": f"run-{next(_NUMBERS)}"})
        self.load = Load(self.settings, seed)
        self.fleet = Fleet(self.settings, engines.folder, without)
        self.watch = Watch(engines, self.settings.group)
        self.time_line: list[str] = []
        self.verdict: Verdict | None = None
        self._workers = workers
        self._still_s = 15 if without or fault == "transactions" else _PATIENCE_S
        self._without = without
        self._resources = ExitStack()
        self._begun_s = time.monotonic()

    def __enter__(self) -> Self:
        self.engines.empty()
        with ExitStack() as stack:
            for part in (self.watch, self.fleet, self.load):
                stack.enter_context(part)
            self._resources = stack.pop_all()
        self._begun_s = time.monotonic()
        for number in range(1, self._workers + 1):
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

    def read(self) -> int:
        """How many records are accounted for."""
        return sum(found["read"] for found in account(self.engines.direct).values())

    def owners(self) -> dict[int, set[int]]:
        """By process id, the partitions that it was assigned last."""
        found: dict[int, set[int]] = {}
        for event in self.events():
            if event["what"] == "assigned":
                found[event["pid"]] = set(event["partitions"])
        return found

    def wait_until_working(self) -> None:
        """Wait until every worker has partitions and something is counted."""
        pids = [self.fleet.pid(seat) for seat in self.fleet.seats()]
        self.wait(lambda: all(self.owners().get(pid) for pid in pids), "every worker has partitions")
        self.wait(lambda: self.read() > 0, "something is counted")

    def finish(self) -> Verdict:
        """Heal, wait until the log is counted to its end, and judge."""
        self.load.join()
        self.engines.proxy.heal()
        self._settle()
        self.verdict = judge(self.engines.direct, self.load, self.watch)
        self.say(str(self.verdict))
        return self.verdict

    def _settle(self) -> None:
        """Until every record is accounted for, or, with a guard taken out, until nothing changes any more."""
        ends = sum(log_ends(self.engines.direct).values())
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
        title = f"fault {self.fault!r}, seed {self.seed}" + (f", without {self._without!r}" if self._without else "")
        lines = [title, *self.time_line]
        if self.fleet.died:
            lines.append(f"ended by themselves: {self.fleet.died}")
        if self.verdict is not None:
            lines += self.verdict.lines[:20]
        return "\n  ".join(lines)
