"""``groundswell gaps``: what Kafka deleted before it was counted, and counting on behind it."""

import sys
from typing import Annotated

import msgspec
import typer

from schemas.topics import EVENTS
from streams import clickhouse, gaps, settings
from streams.errors import UsageError
from streams.gaps import Found, Lost

app = typer.Typer(help="Records that Kafka deleted before they were counted.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """What keeps workers from counting on, partition by partition, and what was accepted as lost before."""
    in_force = settings.load()
    found = gaps.find(in_force)
    before = gaps.accepted(clickhouse.connect_read_only(in_force))
    if as_json:
        document = {**_document(found), "accepted": [_readable(one) for one in before]}
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
        return
    for line in _lines(found):
        sys.stdout.write(line + "\n")
    for one in before:
        sys.stdout.write(f"accepted {one.accepted_at:%Y-%m-%d %H:%M} UTC: {_what(one)}\n")
    sys.stdout.write("`groundswell gaps accept` counts on.\n" if found else "no gaps: workers can count on\n")


@app.command("accept")
def accept_command(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Count on behind the gaps: put on record what is lost, and move the workers' start there. Stop all workers first.

    Repeat it at will, also after it was cut short.
    """
    if not yes and (as_json or not sys.stdin.isatty()):
        raise UsageError("Nobody can be asked here: look at `groundswell gaps list`, then give --yes.")
    in_force = settings.load()
    found = gaps.find(in_force)
    if not as_json:
        for line in _lines(found) or ["nothing to accept: workers can count on"]:
            sys.stdout.write(line + "\n")
    if found:
        if not yes:
            typer.confirm("What is lost will never be counted. Count on?", abort=True)
        gaps.accept(in_force, found)
    if as_json:
        sys.stdout.write(msgspec.json.encode(_document(found)).decode() + "\n")
    elif found:
        sys.stdout.write("accepted: start the workers again\n")


def _document(found: Found) -> dict[str, object]:
    return {
        "topic_id": found.topic.topic_id,
        "replaces": found.replaces,
        "gaps": [_readable(gap) for gap in found.gaps],
    }


def _readable(gap: Lost) -> dict[str, object]:
    return {**msgspec.to_builtins(gap), "lost": gap.lost}


def _lines(found: Found) -> list[str]:
    lines = [f"{_what(gap)}; counting can go on at {gap.to_offset:,}" for gap in found.gaps]
    if found.replaces:
        lines.append(
            f"{EVENTS.name} was deleted and created again: it can be counted from its start, next to what was counted "
            f"of the one before (id {', '.join(found.replaces)}); what that one held and was not counted is lost"
        )
    return lines


def _what(gap: Lost) -> str:
    lost = (
        f"{gap.lost:,} records are lost, offsets {gap.from_offset:,} to {gap.to_offset - 1:,}"
        if gap.lost
        else "nothing is lost"
    )
    torn = ", and the last write was cut short: some events right after what is counted may count twice"
    return f"partition {gap.partition}: {lost}{torn if gap.torn else ''}"
