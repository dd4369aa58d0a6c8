"""``groundswell traction``: the hashtags outside the campaigns that rise."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from streams import campaigns as campaign_files
from streams import clickhouse, moments, settings
from streams.traction import FEWEST_AUTHORS, FLOOR, LINES, Spans, counted_since, spans, traction


def traction_command(
    since: Annotated[
        str, typer.Option(help="From when the base counts, by event time: 65m, 3h ago, or an ISO time.")
    ] = "65m",
    until: Annotated[str, typer.Option(help="Until when (not included); default: now.")] = "",
    over: Annotated[str, typer.Option(help="How long the last span is, and each span of the base.")] = "5m",
    floor: Annotated[int, typer.Option(min=1, help="Fewest posts of the last span.")] = FLOOR,
    authors: Annotated[
        int, typer.Option(min=0, help="Fewest authors of the last span, as estimated.")
    ] = FEWEST_AUTHORS,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Lines at most.")] = LINES,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """What gains traction: hashtags outside the campaigns that rise, to be verified before anybody shares them.

    Ranked by spike score: how many standard deviations of the base (3 at least) the last span lies above its average.
    Authors are estimated of a sample of one in eight, which the example posts are from.

    Example: `groundswell traction --since 3h --over 10m`
    """
    now = datetime.now(UTC)
    end = moments.moment(until, now) if until else now
    start, length = moments.moment(since, now), moments.span(over)
    spans(start, end, length)
    in_force = settings.load()
    campaigns = campaign_files.load(in_force.campaigns)
    client = clickhouse.connect_read_only(in_force)
    clickhouse.check_version(client)
    within = spans(counted_since(client, start, end), end, length)
    ranking = traction(client, campaigns, within, floor, authors, limit)
    if as_json:
        sys.stdout.write(msgspec.json.encode(ranking).decode() + "\n")
        return
    if not ranking:
        sys.stderr.write(f"No hashtag outside the campaigns rises in {_period(within)}.\n")
        return
    table = Table(title=f"Rising in {_period(within)}", title_justify="left")
    for name in ("", "hashtag", "score", "posts", "before", "authors", "first seen", "posts to look at"):
        table.add_column(name, justify="left" if name in ("hashtag", "posts to look at") else "right")
    for one in ranking:
        people = f"{one.authors:,} ± {one.authors_error:,}"
        numbers = (f"{one.score:,.1f}", f"{one.posts:,}", f"{one.before:,.1f}", people)
        table.add_row(str(one.rank), one.hashtag, *numbers, f"{one.first_seen:%Y-%m-%d %H:%M}", "\n".join(one.examples))
    Console().print(table)


def _period(within: Spans) -> str:
    minutes = timedelta(seconds=within.length_s)
    return (
        f"the {minutes} before {within.until:%Y-%m-%d %H:%M:%S} UTC, against the {within.count - 1} times that before"
    )
