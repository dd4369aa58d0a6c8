"""``groundswell recount``: the log counted again by today's rules."""

import sys
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Annotated, Self

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from streams import moments, settings
from streams.recount_report import Report

_INTERRUPTED = 130
_PLAIN_EVERY_S = 5.0


def recount_command(
    campaigns: Annotated[
        list[str], typer.Argument(metavar="CAMPAIGN", help="Campaigns' names; `'*'` for the counts of every event.")
    ],
    since: Annotated[
        str,
        typer.Option(help="From when, by append time: 15m, 2h, or an ISO time; default: all that Kafka keeps."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Count the log again by today's campaign files, after a campaign was changed or added.

    Counting live goes on meanwhile. Readers see the former counts until all is done, then the new ones at once; cut it
    short and nothing has changed. Workers count by the files as they were when they started: restart them first.

    Example: `groundswell recount endviolence --since 2d`
    """
    from streams import recount  # noqa: PLC0415 - loads all that counts; the other commands need none of it

    begin = moments.moment(since, datetime.now(UTC)) if since else None
    try:
        with _Shown() as shown:
            report = recount.recount(settings.load(), list(dict.fromkeys(campaigns)), begin, shown.progress)
    except KeyboardInterrupt as error:
        sys.stderr.write("groundswell: Stopped: nothing has changed for readers; the same command begins anew.\n")
        raise typer.Exit(_INTERRUPTED) from error
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        _print(report)


def _print(report: Report) -> None:
    if any(one.segments for one in report.campaigns):
        table = Table(title=f"Counted again in {report.seconds:,.1f} s", title_justify="left")
        for name in ("campaign", "segments", "records", "events before", "events now"):
            table.add_column(name, justify="left" if name == "campaign" else "right")
        for one in report.campaigns:
            numbers = (one.segments, one.records, one.events_before, one.events_after)
            table.add_row(one.campaign, *(f"{number:,}" for number in numbers))
        Console().print(table)
    else:
        sys.stdout.write(
            "Nothing to count again: no segment has been closed since then that Kafka still has. Segments that are "
            "open follow the rules of the workers.\n"
        )
    for gone in report.out_of_reach:
        since = f"from {gone.since:%Y-%m-%d %H:%M:%S} " if gone.since else ""
        until = f"until {gone.until:%Y-%m-%d %H:%M:%S} UTC" if gone.until else "until what is counted now"
        sys.stdout.write(
            f"Out of reach in partition {gone.partition}: what was appended {since}{until}. Kafka no longer has all of "
            "it, or of what tells its duplicates; it keeps its former counts.\n"
        )
    if report.behind:
        sys.stdout.write(
            f"Workers count {', '.join(report.behind)} by other rules still: restart them, then repeat this with "
            f"--since {report.begun:%Y-%m-%dT%H:%M:%SZ}.\n"
        )


class _Shown:
    """How far it is, on stderr: a bar on a terminal, else a line every few seconds."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._said_s = time.monotonic()
        columns = (TextColumn("recount"), BarColumn(), MofNCompleteColumn(), TextColumn("records"))
        self._bar = Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True)
        self._task = self._bar.add_task("recount", total=None)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()

    def progress(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` offsets have been read."""
        if self._console.is_terminal:
            self._bar.update(self._task, completed=done, total=total)
        elif time.monotonic() - self._said_s > _PLAIN_EVERY_S:
            self._said_s = time.monotonic()
            self._console.print(f"recount: {done:,} of {total:,} records read")
