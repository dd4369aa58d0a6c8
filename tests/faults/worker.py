"""``python -m tests.faults.worker``: a worker as the product runs it, observed, and harmed where asked.

What it does beside: notes its assignments and its first visible counts in the journal, hits failpoints
(``failpoints.AT``), goes without a guard (``controls.WITHOUT``).
"""

import os
import sys
import traceback
from typing import Any

from streams import settings
from streams.app import run_worker
from streams.errors import GroundswellError
from streams.transport import Consumer
from streams.worker import Worker
from tests.faults import controls, failpoints, journal

CRASHED = 70


def main() -> int:
    """Run until asked to end; 0 then, 1 with a sentence for a refusal, ``CRASHED`` with a traceback otherwise."""
    _observe()
    without = os.environ.get(controls.WITHOUT)
    if without:
        controls.CONTROLS[without]()
    failpoints.install()
    journal.note("starts")
    try:
        run_worker(settings.load())
    except GroundswellError as error:
        journal.note("refuses", words=str(error))
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, the journal says it
        traceback.print_exc()
        journal.note("crashes", words=repr(error)[:300])
        return CRASHED
    return 0


def _observe() -> None:
    seek, done = Consumer.perform_seek, Worker._done
    visible: set[tuple[int, int]] = set()

    async def perform_seek(self: Consumer) -> None:
        await seek(self)
        journal.note(
            "assigned",
            partitions=sorted(tp.partition for tp in self.starts),
            generation=self.app.consumer_generation_id,
        )

    def _done(self: Worker, parts: list[Any], seconds: float) -> None:
        done(self, parts, seconds)
        fresh = {(part.tp.partition, part.start.assignment) for part in parts if part.flush.accounts} - visible
        if fresh:
            visible.update(fresh)
            journal.note("visible", partitions=sorted(number for number, _ in fresh))

    Consumer.perform_seek = perform_seek  # type: ignore[method-assign]
    Worker._done = _done  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
