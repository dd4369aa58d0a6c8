"""The commands, one function each: arguments in, the right module called, its answer printed."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
import structlog
import typer
from clickhouse_connect.driver import Client
from rich.console import Console
from rich.table import Table

from schemas.counters import KINDS
from streams import clickhouse, doctor, migrate, moments, query, settings, top, topics
from streams.cli import alerts, campaigns, compact, dead_letters, gaps, goals, recount, running, traction
from streams.errors import CRASHED, GroundswellError, UnreachableError, UsageError
from streams.sources.formats import FORMATS

app = typer.Typer(
    name="groundswell",
    help="Track social campaigns live: events on Kafka in, exact counts in ClickHouse out.\n\n"
    "New here? `groundswell demo` plays a launch and counts it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command("demo")(running.demo)
app.command("up")(running.up)
app.command("page")(running.page)
app.command("recount")(recount.recount_command)
app.command("compact")(compact.compact_command)
app.add_typer(alerts.app, name="alerts")
app.command("goals")(goals.goals_command)
app.command("traction")(traction.traction_command)
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(gaps.app, name="gaps")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Kind = StrEnum("Kind", {kind: kind for kind in KINDS})  # type: ignore[misc]  # made of the declared kinds
FormatName = StrEnum("FormatName", {name: name for name in FORMATS})  # type: ignore[misc]  # likewise
_HASHTAG, _EVENTS = Kind("hashtag"), FormatName("events")
_FORMATS = "; ".join(f"{one.name}: {one.summary}" for one in FORMATS.values())


@app.command("top")
def top_command(
    campaign: Annotated[str, typer.Argument(help="A campaign's name, or `*` for every event.")],
    kind: Annotated[Kind, typer.Option(help="What to rank.")] = _HASHTAG,
    since: Annotated[
        str, typer.Option(help="From when, by event time: 15m, 2h ago, or an ISO time; default: ever.")
    ] = "",
    until: Annotated[str, typer.Option(help="Until when (not included); default: no end.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Lines at most.")] = 20,
    as_json: Json = False,
) -> None:
    """The ranking: hashtags, emojis or accounts of a campaign by posts.

    Example: `groundswell top endviolence --kind emoji --since 15m`
    """
    now = datetime.now(UTC)
    start = moments.moment(since, now) if since else top.FIRST
    end = moments.moment(until, now) if until else top.END
    period = f"since {start:%Y-%m-%d %H:%M} UTC" if since else "of all time"
    client = _reader()
    ranking = top.top(client, campaign, kind.value, start, end, limit)
    if as_json:
        sys.stdout.write(msgspec.json.encode(ranking).decode() + "\n")
        return
    if not ranking:
        sys.stderr.write(f"No {kind.value} was counted under {campaign!r} {period}.\n")
        return
    table = Table(title=f"{campaign}: {kind.value}s {period}", title_justify="left")
    for name in ("", kind.value, "posts", "occurrences"):
        table.add_column(name, justify="left" if name == kind.value else "right")
    for line in ranking:
        table.add_row(str(line.rank), line.spelling, f"{line.posts:,}", f"{line.occurrences:,}")
    Console().print(table)


@app.command("query")
def query_command(
    sql: Annotated[str, typer.Argument(help="A SELECT; `-` reads it from standard input.")],
    format_name: Annotated[
        str, typer.Option("--format", help="Any of ClickHouse's output formats, such as CSVWithNames or Parquet.")
    ] = "",
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="A parameter, name=value, for {name:Type} in the SQL.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Any SELECT on the views, read-only; on a terminal a table, else tab-separated values with names.

    Example: `groundswell query "SELECT sum(posts) FROM token_counts WHERE campaign = {c:String}" -p c=endviolence`
    """
    for given in param or []:
        if "=" not in given:
            raise UsageError(f"--param {given!r} is not name=value: write for instance -p c=endviolence.")
    parameters = dict(given.split("=", 1) for given in param or [])
    statement = sys.stdin.read() if sql == "-" else sql
    default = "PrettyCompactMonoBlock" if sys.stdout.isatty() else "TabSeparatedWithNames"
    client = _reader()
    for block in query.run(client, statement, "JSONEachRow" if as_json else format_name or default, parameters):
        sys.stdout.buffer.write(block)
    sys.stdout.flush()


def _reader() -> Client:
    in_force = settings.load()
    client = clickhouse.connect_read_only(in_force)
    clickhouse.check_schema(client)
    return client


@app.command("replay")
def replay_command(
    files: Annotated[list[str], typer.Argument(help="Files: JSONL, .gz, .zst, CSV, Parquet; `-` is standard input.")],
    format_name: Annotated[FormatName, typer.Option("--format", help=_FORMATS)] = _EVENTS,
    speed: Annotated[
        str, typer.Option(help="`max`, or how many times faster than it happened (1: real speed).")
    ] = "max",
    as_json: Json = False,
) -> None:
    """Events from files onto Kafka. A bad line is named and does not stop the rest; the report accounts for all.

    Example: `groundswell replay day.jsonl.zst --speed 60`
    """
    from streams import replay  # noqa: PLC0415 - Arrow takes its time to load; the other commands need none

    report = replay.replay(settings.load(), files, format_name.value, replay.parse_speed(speed))
    sys.stdout.write((report.as_json() if as_json else report.as_text()) + "\n")
    if report.error:
        raise GroundswellError(report.error)
    raise typer.Exit(report.exit_code)


@app.command("worker")
def worker_command(
    processes: Annotated[int, typer.Option(min=1, max=256, help="Worker processes; about one a core.")] = 1,
) -> None:
    """Count: one or more workers against the configured Kafka and ClickHouse, until Ctrl-C or SIGTERM."""
    in_force = settings.load()
    if processes == 1:
        from streams.app import MULTIPROCESS, run_worker  # noqa: PLC0415 - Faust takes a second to load; the other commands need none

        try:
            run_worker(in_force)
        except UnreachableError as error:
            if MULTIPROCESS not in os.environ:
                raise
            structlog.get_logger().warning(str(error))
            raise typer.Exit(CRASHED) from error
        except (GroundswellError, KeyboardInterrupt):
            raise
        except Exception as error:
            structlog.get_logger().exception("worker crashed; start it again, it counts anew what was not written")
            raise typer.Exit(CRASHED) from error
    else:
        from deploy.workers import run  # noqa: PLC0415 - starts processes, needed only here

        run(in_force, processes)


@app.command("migrate")
def migrate_command(as_json: Json = False) -> None:
    """Create what is missing: the topics on Kafka, the tables and views in ClickHouse. Repeat it at will."""
    in_force = settings.load()
    made = topics.create_topics(in_force)
    client = clickhouse.connect(in_force)

    def rows(sql: str) -> Sequence[Sequence[object]]:
        return client.query(sql).result_rows

    applied = migrate.migrate(client.command, rows, in_force.archive_days)
    migrate.let_views_be_granted(client.command, rows)
    if as_json:
        sys.stdout.write(msgspec.json.encode({"topics": made, "migrations": applied}).decode() + "\n")
        return
    for name in made:
        sys.stdout.write(f"created topic {name}\n")
    for name in applied:
        sys.stdout.write(f"applied {name}\n")
    if not made and not applied:
        sys.stdout.write("everything is up to date\n")


@app.command("doctor")
def doctor_command(as_json: Json = False) -> None:
    """Say what is wrong with this set-up and how to mend it; exits 1 when anything is."""
    findings = []
    for finding in doctor.examine(settings.load()):
        findings.append(finding)
        if not as_json:
            sign = "ok  " if finding.well else "MEND"
            sys.stdout.write(f"{sign}  {finding.subject}: {finding.message}\n")
    if as_json:
        sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")
    raise typer.Exit(0 if all(finding.well for finding in findings) else 1)
