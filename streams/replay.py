"""Replay: events from files onto Kafka, at the speed they happened, a multiple of it, or as fast as it goes."""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from schemas.event import Event
from streams.errors import GroundswellError, UsageError
from streams.producer import Producer
from streams.replay_report import Report, Terminal
from streams.settings import Settings
from streams.sources import files as source_files
from streams.sources import formats
from streams.sources.outcome import Convert, Outcome, Refused, Skipped

T = TypeVar("T")

_NAP_S = 0.5


def parse_speed(text: str) -> float | None:
    """``max`` is None, "do not wait"; otherwise how many times faster than it happened."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise UsageError(f"{text!r} is no speed: give `max`, or a number above 0, such as 1 or 60.")
    return speed


class Pace:
    """When an event is due, by its time relative to the first one's. Pure: the clock is passed in."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._first: tuple[int, float] | None = None

    def delay_s(self, event_time_ms: int, now_s: float) -> float:
        """Seconds to wait, from ``now_s`` on a monotonic clock, before the event is due; 0 when it is late."""
        if self._first is None:
            self._first = (event_time_ms, now_s)
        first_ms, started_s = self._first
        return max(0.0, started_s + (event_time_ms - first_ms) / 1000 / self._speed - now_s)


class Interrupt:
    """Ctrl-C, or SIGTERM, as a request to stop: between two records, and never within one.

    While waiting for the next record (a pipe, a pause of the pace) it stops at once; otherwise once what is under
    way is done. The second signal raises ``KeyboardInterrupt`` wherever it finds the program.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._requested = False
        self._waiting = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def until_asked(self, items: Iterable[T]) -> Iterator[T]:
        """The items, up to the request to stop; ``stopped`` then says that there might have been more."""
        iterator = iter(items)
        while True:
            try:
                self._waiting = True
                if self._requested:
                    self.stopped = True
                    return
                item = next(iterator)
            except StopIteration:
                return
            except KeyboardInterrupt:
                self.stopped = True
                return
            finally:
                self._waiting = False
            yield item

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        again = self._requested
        self._requested = True
        if again or self._waiting:
            raise KeyboardInterrupt
        # Not by sys.stderr: the signal may have come in the middle of a write to it.
        os.write(2, b"Stopping once Kafka has acknowledged what was sent; Ctrl-C again gives that up.\n")


def replay(settings: Settings, files: Sequence[str], format_name: str = "events", speed: float | None = None) -> Report:
    """Send the events of ``files``, in their order, and account for every record in them.

    ``files``: paths, or ``-`` for standard input (JSON lines, plain or packed). ``speed``: see :func:`parse_speed`.
    Bad records are named on stderr and do not stop the rest, nor does a file that breaks off. Call it from the main
    thread, so that Ctrl-C loses nothing that was read.

    Raises ``UsageError`` or ``GroundswellError``, before anything is sent, when a file cannot be opened, the broker
    does not answer or the topic is missing. What goes wrong later stands in the report, whose ``exit_code`` says so.
    """
    chosen = formats.named(format_name)
    # Before the signals are taken over: it loads Polars, which takes Ctrl-C over as it loads.
    convert = chosen.converter()
    source_files.check(files, tables=chosen.tables)
    report = Report()
    producer = Producer(
        settings,
        on_progress=lambda _: terminal.tick(),
        on_refused=lambda event_id, refused: terminal.bad_record(f"event {event_id}", refused),
    )
    terminal = Terminal(report, lambda: producer.sent)
    interrupt = Interrupt()
    started_s = time.monotonic()
    try:
        with terminal, interrupt, producer:
            outcomes = _paced(_outcomes(files, convert, report, terminal), speed, terminal.tick)
            for where, outcome in interrupt.until_asked(outcomes):
                _take(where, outcome, report, producer, terminal)
            report.interrupted = interrupt.stopped
    except GroundswellError as error:
        report.error = str(error)
    except KeyboardInterrupt:
        report.interrupted = True
    report.sent = producer.sent
    report.unacknowledged = report.read - report.sent - sum(report.skipped.values()) - sum(report.refused.values())
    report.seconds = round(time.monotonic() - started_s, 3)
    report.rate_per_s = round(report.sent / max(report.seconds, 0.001), 1)
    return report


def _take(where: str, outcome: Outcome, report: Report, producer: Producer, terminal: Terminal) -> None:
    report.read += 1
    if isinstance(outcome, Event):
        producer.publish(outcome)
    elif isinstance(outcome, Refused):
        terminal.bad_record(where, outcome)
    else:
        report.count(report.skipped, outcome.reason)
    terminal.tick()


def _outcomes(
    files: Sequence[str], convert: Convert, report: Report, terminal: Terminal
) -> Iterator[tuple[str, Outcome]]:
    """What became of each record, with its file and number for a person; a file that breaks off ends alone."""
    for name in files:
        label = "standard input" if name == source_files.STDIN else name
        try:
            for number, value in source_files.read(name):
                outcome: Outcome
                if isinstance(value, Refused):
                    outcome = value
                elif not value or value.isspace():
                    outcome = Skipped("empty line")
                else:
                    outcome = convert(value, time.time_ns() // 1_000_000)
                yield f"{label}:{number}", outcome
        except GroundswellError as error:
            report.failed[name] = str(error)
            terminal.bad_file(str(error))


def _paced(
    outcomes: Iterable[tuple[str, Outcome]], speed: float | None, tick: Callable[[], None]
) -> Iterator[tuple[str, Outcome]]:
    pace = None if speed is None else Pace(speed)
    for where, outcome in outcomes:
        if pace and isinstance(outcome, Event):
            while (delay_s := pace.delay_s(outcome.event_time, time.monotonic())) > 0:
                time.sleep(min(delay_s, _NAP_S))
                tick()
        yield where, outcome
