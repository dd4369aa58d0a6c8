"""What a replay tells: bad lines as they come, how far it is, and the account at its end."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from streams.sources.outcome import Refused

MAX_NAMED = 20
"""Bad lines that are named one by one; the rest are counted by reason in the report."""

_MAX_REASONS = 100
_MAX_MESSAGE = 300
_EVERY_S = 0.2
_PLAIN_EVERY_S = 5.0


class Report(Struct):
    """The account of one replay: ``read`` = ``sent`` + all of ``skipped`` + all of ``refused`` + ``unacknowledged``.

    ``failed`` has a sentence for each file that could not be read to its end; ``error`` says why Kafka took no more;
    ``interrupted`` tells that somebody stopped it before the input's end.
    """

    read: int = 0
    sent: int = 0
    skipped: dict[str, int] = {}
    refused: dict[str, int] = {}
    unacknowledged: int = 0
    failed: dict[str, str] = {}
    interrupted: bool = False
    error: str | None = None
    seconds: float = 0.0
    rate_per_s: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 when the input was read to its end and all that was good arrived, bad lines or not; otherwise 1."""
        return 1 if self.interrupted or self.error or self.failed or self.unacknowledged else 0

    def count(self, reasons: dict[str, int], reason: str) -> None:
        """Count one in ``skipped`` or ``refused``. Reasons may come from the input, so there is an end to them."""
        if reason not in reasons and len(reasons) >= _MAX_REASONS:
            reason = "other reasons"
        reasons[reason] = reasons.get(reason, 0) + 1

    def as_json(self) -> str:
        """One JSON object with the fields above."""
        return msgspec.json.encode(self).decode()

    def as_text(self) -> str:
        """The account for a person, one line or a few."""
        skipped, refused = sum(self.skipped.values()), sum(self.refused.values())
        total = f"{self.sent:,} sent ({self.rate_per_s:,.0f}/s), {skipped:,} skipped, {refused:,} refused."
        lines = [f"Read {self.read:,} records in {self.seconds:.1f} s: {total}"]
        for name, reasons in (("Skipped", self.skipped), ("Refused", self.refused)):
            if reasons:
                ordered = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
                lines.append(f"{name}: " + ", ".join(f"{_printable(reason)} {n:,}" for reason, n in ordered) + ".")
        if self.failed:
            lines.append(f"Not read to the end: {', '.join(_printable(name) for name in self.failed)}.")
        if self.unacknowledged:
            lines.append(f"{self.unacknowledged:,} records were not acknowledged; they may or may not have arrived.")
        if self.interrupted:
            lines.append("Interrupted before the end of the input.")
        return "\n".join(lines)


class Terminal:
    """Messages and progress on stderr: a moving line on a terminal, else a plain one every few seconds."""

    def __init__(self, report: Report, sent: Callable[[], int]) -> None:
        self._report = report
        self._sent = sent
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._named = 0
        self._started_s = self._last_s = time.monotonic()
        self._progress: Progress | None = None
        if self._console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._task = self._progress.add_task("replay")

    def __enter__(self) -> Self:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def tick(self) -> None:
        """Show how far it is, if it is time to."""
        now_s = time.monotonic()
        if now_s - self._last_s < (_EVERY_S if self._progress else _PLAIN_EVERY_S):
            return
        self._last_s = now_s
        sent = self._sent()
        rate = sent / (now_s - self._started_s)
        line = f"{self._report.read:,} read, {sent:,} sent, {rate:,.0f}/s"
        if self._progress:
            self._progress.update(self._task, description=line)
        else:
            self._say(f"replay: {line}")

    def bad_record(self, where: str, refused: Refused) -> None:
        """Count a refused record, and name it unless many were named before."""
        self._report.count(self._report.refused, refused.reason)
        self._named += 1
        if self._named <= MAX_NAMED:
            self._say(f"{where}: {refused.message}")
        elif self._named == MAX_NAMED + 1:
            self._say("More records are refused; they are counted by reason at the end.")

    def bad_file(self, message: str) -> None:
        """Tell that a file could not be read to its end."""
        self._say(message)

    def _say(self, message: str) -> None:
        self._console.print(_printable(message))


def _printable(text: str) -> str:
    """Input is quoted in messages: no control character of it may reach the terminal, nor a page of it."""
    clean = "".join(char if char.isprintable() else "�" for char in text[: _MAX_MESSAGE + 1])
    return clean if len(clean) <= _MAX_MESSAGE else clean[:_MAX_MESSAGE] + "…"
