"""``up`` and ``demo``: the commands that run a whole stack."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams import settings

Workers = Annotated[int, typer.Option(min=0, max=256, help="Worker processes; 0 for none.")]


def up(workers: Workers = 1) -> None:
    """Run everything on this machine: Kafka, ClickHouse, workers. Ctrl-C stops it; the next `up` goes on.

    Nothing needs to be installed before. The first start fetches Kafka (about 120 MB).
    """
    from deploy.stack import Stack  # noqa: PLC0415 - of the extra `embedded`

    console = Console(stderr=True)
    try:
        with Stack(settings.load(), workers=workers, progress=lambda line: console.print(line, style="dim")) as stack:
            show(stack.addresses())
            stack.wait()
    except KeyboardInterrupt:
        console.print("Stopped; the next `groundswell up` goes on with the same data.", style="dim")


def show(addresses: dict[str, str]) -> None:
    """Print what listens where."""
    table = Table(title="Groundswell is up. Ctrl-C stops it; nothing is lost.", title_justify="left", show_header=False)
    for name, address in addresses.items():
        table.add_row(name, address)
    Console(file=sys.stdout).print(table)
