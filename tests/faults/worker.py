"""``python -m tests.faults.worker``: a worker as the product runs it, observed, and harmed where asked.

What it does beside: notes in the journal its rules, assignments, first visible counts and refused flushes; hits
failpoints (``failpoints.AT``), goes without a guard (``controls.WITHOUT``), waits for room sooner
(``MOST_PENDING``), compacts more often (``COMPACT_EVERY``).
"""

import os
import sys
import traceback
from typing import Any

from streams import compactor, settings, worker
from streams.app import run_worker
from streams.errors import GroundswellError, UnreachableError
from streams.rows import Writer
from streams.sink import UnavailableError
from streams.transport import Consumer
from streams.worker import Worker
from tests.faults import controls, failpoints, journal

UNREACHABLE, CRASHED = 3, 70
MOST_PENDING = "FAULTS_MOST_PENDING_BYTES"
COMPACT_EVERY = "FAULTS_COMPACT_EVERY_S"


def main() -> int:
    """Run until asked to end; 0 then, 1 for a refusal, ``UNREACHABLE``, or ``CRASHED`` with a traceback."""
    given = settings.load()
    _observe(str(given.campaigns))
    worker.MOST_PENDING_BYTES = int(os.environ.get(MOST_PENDING, worker.MOST_PENDING_BYTES))
    compactor.EVERY_S = float(os.environ.get(COMPACT_EVERY, compactor.EVERY_S))
    without = os.environ.get(controls.WITHOUT)
    if without:
        controls.CONTROLS[without]()
    failpoints.install()
    journal.note("starts")
    try:
        run_worker(given)
    except UnreachableError as error:
        journal.note("reaches nothing", words=str(error))
        return UNREACHABLE
    except GroundswellError as error:
        journal.note("refuses", words=str(error))
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, the journal says it
        traceback.print_exc()
        journal.note("crashes", words=repr(error)[:300])
        return CRASHED
    return 0


def _observe(campaigns: str) -> None:
    seek, done, make, write = Consumer.perform_seek, Worker._done, Writer.__init__, Worker._write
    visible: set[tuple[int, int]] = set()

    def _made(self: Writer, sink: Any, topic_id: str, rules: Any) -> None:
        make(self, sink, topic_id, rules)
        journal.note("rules", campaigns=campaigns, versions=rules)

    def _write(self: Worker, parts: list[Any], rows: Any) -> None:
        try:
            write(self, parts, rows)
        except UnavailableError as error:
            journal.note("refused", words=str(error)[:100])
            raise

    async def perform_seek(self: Consumer) -> None:
        await seek(self)
        journal.note(
            "assigned",
            partitions=sorted(tp.partition for tp in self.starts),
            generation=self.app.consumer_generation_id,
        )

    def _done(self: Worker, parts: list[Any], seconds: float) -> None:
        done(self, parts, seconds)
        fresh = {(part.tp.partition, part.owned.start.assignment) for part in parts if part.flush.accounts} - visible
        if fresh:
            visible.update(fresh)
            journal.note("visible", partitions=sorted(number for number, _ in fresh))

    Consumer.perform_seek = perform_seek  # type: ignore[method-assign]
    Worker._done = _done  # type: ignore[method-assign]
    Worker._write = _write  # type: ignore[method-assign]
    Writer.__init__ = _made  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
