"""``groundswell goals``: what a campaign set out to reach, and whether it will."""

import math
import sys
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from streams import campaigns as campaign_files
from streams import clickhouse, settings
from streams.errors import GroundswellError
from streams.goals import Standing, goals


def goals_command(
    campaign: Annotated[str, typer.Argument(help="A campaign's name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """The goals of a campaign: what was counted so far, what it will come to by then, and whether that is enough.

    A projection comes with an interval of 80 %, and follows the campaign's bench-mark where it has one. Goals count
    from the first launch window on. In JSON an upper bound is null while too little is known.

    Example: `groundswell goals endviolence`
    """
    in_force = settings.load()
    found = campaign_files.load(in_force.campaigns)
    chosen = campaign_files.named(found, campaign)
    if not chosen.goals:
        raise GroundswellError(f"Campaign {campaign!r} has no goals: add [[goals]] to its file, and ask again.")
    client = clickhouse.connect_read_only(in_force)
    clickhouse.check_schema(client)
    standings = goals(client, chosen, campaign_files.benchmarks(found).get(campaign), datetime.now(UTC))
    if as_json:
        sys.stdout.write(msgspec.json.encode(standings).decode() + "\n")
        return
    table = Table(title=f"{chosen.title}: goals", title_justify="left")
    for name in ("goal", "metric", "value", "so far", "by", "projection", "80 % interval", ""):
        table.add_column(
            name, justify="right" if name in ("value", "so far", "projection", "80 % interval") else "left"
        )
    for one in standings:
        table.add_row(*_cells(one))
    Console().print(table)


def _cells(one: Standing) -> tuple[str, ...]:
    low, high = one.projection.low, one.projection.high
    interval = f"{low:,.0f} to {high:,.0f}" if math.isfinite(high) else "too early to say"
    numbers = (f"{one.value:,}", f"{one.so_far:,}", f"{one.by:%Y-%m-%d %H:%M %Z}", f"{one.projection.expected:,.0f}")
    return (one.name, one.metric, *numbers, interval, one.course.value)
