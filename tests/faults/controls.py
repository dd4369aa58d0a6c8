"""Negative controls: a worker with one guard taken out. The verdict on such a run must be that it is wrong.

``FAULTS_WITHOUT`` names the guard; ``CONTROLS`` says what is done instead.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams import app, owned, partition, rules, worker
from streams.chunk import Delivery
from streams.count import Additions, add
from streams.owned import Owned
from streams.rows import Share, Writer
from streams.segments import Segment
from streams.settings import Settings
from streams.sink import Sink, UnavailableError
from streams.transport import Consumer, ConsumerThread
from streams.worker import Worker

WITHOUT = "FAULTS_WITHOUT"
_LATE_LETTERS_S = 20.0
_LONG_FLUSH_S = 1.5


def _commit_what_was_read() -> None:
    """Faust's own way: commit what was delivered, not segment starts."""

    async def force_commit(self: Consumer, topics: Any = None, start_new_transaction: bool = True) -> bool:
        del topics, start_new_transaction
        read = {tp: offset + 1 for tp, offset in self._read_offset.items() if offset is not None}
        return bool(read) and bool(await self._commit_offsets(read))

    Consumer.force_commit = force_commit  # type: ignore[method-assign]


def _commit_what_was_counted() -> None:
    """Commit the position that was flushed, within a segment: the next owner's segments are other ones."""
    done = Worker._done

    def _done(self: Worker, parts: list[Any], seconds: float) -> None:
        done(self, parts, seconds)
        for part in parts:
            position = 1 + max(account.last_offset for account in part.flush.accounts.values())
            self._consumer.committable[part.tp] = position

    Worker._done = _done  # type: ignore[method-assign]


def _position_read_late() -> None:
    """The position is read after the flush took the counts: the race that the prototype had. Flushes take long."""
    done, write = Worker._done, Writer.write_counts

    def _done(self: Worker, parts: list[Any], seconds: float) -> None:
        done(self, parts, seconds)
        for part in parts:
            segment = part.owned.partition.segment
            if isinstance(segment, Segment):
                self._consumer.committable[part.tp] = segment.start

    def write_counts(self: Writer, shares: Sequence[Share], changed: Mapping[int, Additions]) -> None:
        time.sleep(_LONG_FLUSH_S)
        write(self, shares, changed)

    Worker._done = _done  # type: ignore[method-assign]
    Writer.write_counts = write_counts  # type: ignore[method-assign]
    owned._ENOUGH_RECORDS = 1  # what waits for the next flush would not get ahead of this one


def _accounts_first() -> None:
    """The rows that end a flush are written before what they vouch for."""
    write = Writer.write_counts

    def write_counts(self: Writer, shares: Sequence[Share], changed: Mapping[int, Additions]) -> None:
        self.write_accounts(shares)
        write(self, shares, changed)

    Writer.write_counts = write_counts  # type: ignore[method-assign]


def _no_warm_up() -> None:
    """Reading starts at the segment, without a horizon of ids before it."""
    make = app._app

    def _app(settings: Settings, folder: str) -> faust.App:
        made = make(settings, folder)
        Consumer.horizon_records = 0
        return made

    app._app = _app


def _read_uncommitted() -> None:
    """Faust's default: records of aborted transactions are read as well."""
    ConsumerThread._create_worker_consumer = (  # type: ignore[method-assign]
        driver.AIOKafkaConsumerThread._create_worker_consumer
    )


def _vain_fetches_forgotten() -> None:
    """What was fetched while a seek went on, and so is not delivered, is not fetched again."""

    def is_asked(self: Consumer) -> bool:
        return getattr(self, "_asked_again", False)

    def forget(self: Consumer, value: bool) -> None:
        # The fetch's own note is ignored; a seek that begins settles what was asked for.
        if not value:
            self._asked_again = False  # type: ignore[attr-defined]  # the control's own

    def seek_again(self: Consumer) -> None:
        self._asked_again = True  # type: ignore[attr-defined]  # likewise

    Consumer._fetched_in_vain = property(is_asked, forget)  # type: ignore[assignment]
    Consumer.seek_again = seek_again  # type: ignore[method-assign]
    _take_what_comes()


def _take_what_comes() -> None:
    """What is delivered need not follow what was: the second line of defence, which ends a worker."""

    async def _check_whole(self: Worker, tp: TP, owned: Owned, delivery: Delivery) -> None:
        del self, tp, owned, delivery

    Worker._check_whole = _check_whole  # type: ignore[method-assign]


def _no_retry() -> None:
    """A write that failed is taken for done."""
    write = Sink.write

    def _write(self: Sink, table: str, rows: Any) -> None:
        try:
            write(self, table, rows)
        except UnavailableError as error:
            worker.log.warning("not tried again", error=str(error)[:100])

    Sink.write = _write  # type: ignore[method-assign]


def _letters_not_awaited() -> None:
    """A flush does not wait for the dead letters of its records."""
    forward = Worker._forward

    async def _forward(self: Worker, letters: list[Any]) -> None:
        async def late() -> None:
            await asyncio.sleep(_LATE_LETTERS_S)
            await forward(self, letters)

        self._late = [*getattr(self, "_late", []), asyncio.ensure_future(late())]  # type: ignore[attr-defined]

    Worker._forward = _forward  # type: ignore[method-assign]


def _deltas() -> None:
    """Rows say what is new, not how things stand: a repetition counts again, and the maximum forgets."""

    def changed_rows(self: partition.Partition, flush: Any) -> Any:
        del self
        return add(None, flush.additions)[1] if flush.additions else {}

    partition.Partition.changed_rows = changed_rows  # type: ignore[method-assign]


def _ends_unnoticed() -> None:
    """A chunk that was being taken when its assignment ended is counted, wherever it follows on."""
    Consumer.stop_flow = driver.Consumer.stop_flow  # type: ignore[method-assign]
    _take_what_comes()


def _one_version() -> None:
    """Rows do not say by which rules they count."""
    load = rules.load

    def _load(settings: Settings) -> tuple[partition.Counting, dict[str, int]]:
        counting, versions = load(settings)
        return counting, dict.fromkeys(versions, 1)

    rules.load = _load


CONTROLS: dict[str, Callable[[], None]] = {
    "segment starts": _commit_what_was_read,
    "whole segments": _commit_what_was_counted,
    "one step": _position_read_late,
    "accounts last": _accounts_first,
    "warm-up": _no_warm_up,
    "read committed": _read_uncommitted,
    "vain fetches": _vain_fetches_forgotten,
    "retry": _no_retry,
    "letters awaited": _letters_not_awaited,
    "cumulative rows": _deltas,
    "ended assignments": _ends_unnoticed,
    "rules versions": _one_version,
}
"""By the guard that is taken out."""
