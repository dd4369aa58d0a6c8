"""``groundswell dead-letters``: what was refused, why, and sending it again."""

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from streams import dead_letter_log, settings
from streams.dead_letter_log import RefusedRecord
from streams.errors import GroundswellError, UsageError

app = typer.Typer(help="Records that were no event: which, why, and sending them again.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON lines, for programs.")]
Reason = Annotated[str, typer.Option(help="Only those refused for this reason, such as wrong_type.")]
At = Annotated[str, typer.Option("--at", help="Only the one that stood at PARTITION:OFFSET of events.v1.")]
_EXCERPT = 60


def _chosen(reason: str, at: str) -> Iterator[RefusedRecord]:
    place = _place(at) if at else None
    for letter in dead_letter_log.read(settings.load()):
        if (not reason or letter.reason == reason) and (place is None or letter.is_at(*place)):
            yield letter


def _place(at: str) -> tuple[int, int]:
    try:
        partition, offset = at.split(":")
        return int(partition), int(offset)
    except ValueError as error:
        raise UsageError(f"{at!r} is no place on events.v1: write PARTITION:OFFSET, such as 0:12345.") from error


@app.command("list")
def list_command(
    reason: Reason = "",
    limit: Annotated[int, typer.Option(min=1, help="Records to show at most, the newest.")] = 20,
    as_json: Json = False,
) -> None:
    """How many were refused for which reason, and the newest of them.

    Example: `groundswell dead-letters list --reason out_of_range`
    """
    letters = sorted(_chosen(reason, ""), key=lambda letter: letter.at_ms)
    if as_json:
        for letter in letters:
            sys.stdout.write(msgspec.json.encode(_readable(letter)).decode() + "\n")
        return
    if not letters:
        sys.stdout.write("no dead letters\n")
        return
    for name, count in Counter(letter.reason for letter in letters).most_common():
        sys.stdout.write(f"{count:>9,}  {name}\n")
    table = Table(title=f"The newest {min(limit, len(letters))}", title_justify="left")
    for column in ("at", "forwarded, UTC", "reason", "message", "value"):
        table.add_column(column, overflow="fold")
    for letter in letters[-limit:]:
        moment = datetime.fromtimestamp(letter.at_ms / 1000, UTC)
        excerpt = repr((letter.value or b"")[:_EXCERPT])[2:-1] if letter.value is not None else "null"
        table.add_row(
            f"{letter.partition}:{letter.offset}", f"{moment:%Y-%m-%d %H:%M:%S}", letter.reason, letter.message, excerpt
        )
    Console().print(table)


@app.command("show")
def show_command(at: Annotated[str, typer.Argument(help="PARTITION:OFFSET on events.v1.")]) -> None:
    """One refused record in full, as JSON; bytes that are no text are escaped.

    Example: `groundswell dead-letters show 0:12345`
    """
    letter = next(_chosen("", at), None)
    if letter is None:
        raise GroundswellError(f"No dead letter stood at {at}: `groundswell dead-letters list` shows which there are.")
    document = msgspec.json.format(msgspec.json.encode(_readable(letter)), indent=2)
    sys.stdout.write(document.decode() + "\n")


@app.command("replay")
def replay_command(reason: Reason = "", at: At = "", as_json: Json = False) -> None:
    """Send refused records to events.v1 again, as they were: after an upgrade that reads them, for instance.

    What is still no event becomes a dead letter again. Choose with --reason or --at.
    """
    if not reason and not at:
        raise UsageError("Choose what to send again, by --reason or --at PARTITION:OFFSET.")
    letters = _chosen(reason, at)
    first = next(letters, None)
    if first is None:
        raise GroundswellError(
            "No dead letter is meant by that: `groundswell dead-letters list` shows which there are."
        )
    sent = dead_letter_log.send_again(settings.load(), itertools.chain([first], letters))
    answer = msgspec.json.encode({"sent": sent}).decode() if as_json else f"{sent:,} records sent to events.v1 again"
    sys.stdout.write(answer + "\n")


def _readable(letter: RefusedRecord) -> dict[str, object]:
    return {
        "at": f"{letter.partition}:{letter.offset}",
        "forwarded": datetime.fromtimestamp(letter.at_ms / 1000, UTC).isoformat(),
        "reason": letter.reason,
        "message": letter.message,
        "key": _text(letter.key),
        "headers": {name: _text(text) for name, text in letter.headers},
        "value": _text(letter.value),
    }


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", errors="backslashreplace")
