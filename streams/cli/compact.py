"""``groundswell compact``: closed units summed up now, without waiting for a worker to do it."""

import sys
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from streams import compactor, settings


def compact_command(as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False) -> None:
    """Sum up what is counted for good, so that queries over long ranges are fast. Workers do it every few minutes.

    Where Kafka has deleted the records, so that nobody can count them again, the rows that were summed up are deleted
    as well. Counts are the same before, after and meanwhile. Stop it and repeat it at will.
    """
    console = Console(stderr=True, highlight=False)
    with console.status("looking for what is due") as status:
        done = compactor.once(
            settings.load(), lambda at, total: status.update(f"compacting: {at:,} of {total:,} units")
        )
    if as_json:
        sys.stdout.write(msgspec.json.encode(done).decode() + "\n")
    elif not done.due and not done.retired:
        sys.stdout.write("Nothing to compact: what is closed is compacted, and what is open is still being counted.\n")
    else:
        left = done.due - done.compacted
        later = f"; {left:,} changed meanwhile, and are compacted next time" if left else ""
        gone = f"; the rows of {done.retired:,} deleted, as Kafka has deleted their records" if done.retired else ""
        sys.stdout.write(f"{done.compacted:,} units compacted in {done.seconds:,.1f} s{later}{gone}\n")
