"""``groundswell alerts``: what fired, tests of notifications, acknowledgement, silences, Prometheus' rule files."""

import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from schemas.campaign import AnyAlert, Campaign
from streams import campaigns, clickhouse, moments, settings
from streams.alerts import history, notify, prometheus
from streams.alerts.history import Fired
from streams.errors import GroundswellError, UsageError

app = typer.Typer(help="Alerts: what fired, and whom it calls.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Name = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="A campaign's name.")]
By = Annotated[str, typer.Option(help="Who you are; default: the user of this machine.")]


@app.command("list")
def alerts_list(
    campaign: Annotated[str, typer.Argument(metavar="[CAMPAIGN]", help="Only this one's.")] = "",
    since: Annotated[str, typer.Option(help="From when: 15m, 2h, or an ISO time; what still fires is shown.")] = "1d",
    as_json: Json = False,
) -> None:
    """What fires now and what fired, the newest first: since when, told to whom, acknowledged by whom.

    Example: `groundswell alerts list kindness --since 7d`
    """
    client = clickhouse.connect_read_only(settings.load())
    clickhouse.check_version(client)
    found = history.fired(client, campaign, moments.moment(since, datetime.now(UTC)))
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    elif not found:
        sys.stderr.write("No alert fires, and none has fired since then.\n")
    else:
        table = Table()
        table.add_column("alert", no_wrap=True)
        for name in ("since (UTC)", "until", "told", "what"):
            table.add_column(name)
        for one in found:
            table.add_row(*_cells(one))
        Console().print(table)


def _cells(one: Fired) -> tuple[str, ...]:
    until = f"{one.resolved:%m-%d %H:%M:%S}" if one.resolved else "fires"
    told = ", ".join(one.recipients) or "nobody"
    failures = f", {one.failures} failed" if one.failures else ""
    taken_on = f", taken on by {one.acknowledged_by}" if one.acknowledged else ""
    what = f"{one.severity}: {one.message}"
    return one.alert_id, f"{one.started:%m-%d %H:%M:%S}", until, told + failures + taken_on, what


class Tested(msgspec.Struct, frozen=True):
    """How a test of one recipient went; ``failure`` is why it was not told."""

    alert: str
    recipient: str
    failure: str | None


@app.command("test")
def alerts_test(
    campaign: Name,
    alert: Annotated[str, typer.Argument(metavar="[ALERT]", help="Only this alert; default: all of them.")] = "",
    as_json: Json = False,
) -> None:
    """Send a test, marked as such, to whom the alerts notify, by this environment; exits 1 on a failure.

    Example: `groundswell alerts test kindness`
    """
    declared = _campaign(campaign)
    notify.check_installed()
    tested = [_tested(declared, one, recipient) for one in _alerts(declared, alert) for recipient in one.notify]
    if as_json:
        sys.stdout.write(msgspec.json.encode(tested).decode() + "\n")
    else:
        for one in tested:
            sign = "ok  " if one.failure is None else "MEND"
            sys.stdout.write(f"{sign}  {one.alert}: {one.failure or one.recipient}\n")
        if not tested:
            sys.stderr.write("Nobody is notified: name environment variables in `notify` of the alert.\n")
    raise typer.Exit(1 if any(one.failure for one in tested) else 0)


def _tested(campaign: Campaign, alert: AnyAlert, recipient: str) -> Tested:
    try:
        notify.send_test(recipient, f"{campaign.name}/{alert.name}/test", alert.severity)
    except notify.NotifyError as error:
        return Tested(alert.name, recipient, str(error))
    return Tested(alert.name, recipient, None)


@app.command("ack")
def alerts_ack(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, as notifications have it.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Take an alert on: nobody else is told of it.

    Example: `groundswell alerts ack kindness/many/3`
    """
    name = by or getpass.getuser()
    history.acknowledge(history.connect(settings.load()), alert_id, name)
    document = {"alert_id": alert_id, "acknowledged_by": name}
    sys.stdout.write(
        msgspec.json.encode(document).decode() + "\n" if as_json else f"{alert_id} is taken on by {name}\n"
    )


@app.command("silence")
def alerts_silence(
    campaign: Name,
    alert: Annotated[str, typer.Argument(metavar="[ALERT]", help="Only this alert; default: all of them.")] = "",
    lasts: Annotated[str, typer.Option("--for", help="How long: 30m, 2h; 0s ends a silence.")] = "1h",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Have alerts notify nobody for a while; what still fires then is told. They are recorded all the same.

    Example: `groundswell alerts silence kindness --for 2h`
    """
    _alerts(_campaign(campaign), alert)
    length = moments.span(lasts)
    until = history.silence(history.connect(settings.load()), campaign, alert, length, by or getpass.getuser())
    name = f"{campaign}/{alert}" if alert else campaign
    if as_json:
        document = {"campaign": campaign, "alert": alert, "until": until}
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    elif length:
        sys.stdout.write(f"{name} is silent until {until:%Y-%m-%d %H:%M:%S} UTC\n")
    else:
        sys.stdout.write(f"{name} is silent no more\n")


@app.command("rules")
def alerts_rules(
    folder: Annotated[Path, typer.Option(help="Where to write them.")] = prometheus.FOLDER,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file is stale.")] = False,
    as_json: Json = False,
) -> None:
    """Write Prometheus' rule files: one for each campaign with alerts, and one for the pipeline itself."""
    files = {folder / name: text for name, text in prometheus.files(campaigns.load(settings.load().campaigns)).items()}
    left = {path for path in folder.glob(f"{prometheus.CAMPAIGN_PREFIX}*.yml") if path not in files}
    stale = sorted(left | {path for path, text in files.items() if not _is(path, text)})
    if not check:
        _write(folder, files, left)
    if as_json:
        document = {"files": sorted(map(str, files)), "stale" if check else "written": list(map(str, stale))}
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    else:
        for path in stale:
            sys.stdout.write(f"{path}: {'stale; write it by `groundswell alerts rules`' if check else 'written'}\n")
        if not stale:
            sys.stdout.write(f"{len(files)} rule files are up to date\n")
    raise typer.Exit(1 if check and stale else 0)


def _write(folder: Path, files: dict[Path, str], left: set[Path]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
        for path in left:
            path.unlink()
    except OSError as error:
        raise GroundswellError(f"{folder} cannot be written ({error.strerror}): choose another by --folder.") from None


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _campaign(name: str) -> Campaign:
    return campaigns.named(campaigns.load(settings.load().campaigns), name)


def _alerts(campaign: Campaign, name: str) -> list[AnyAlert]:
    """The alert of that name; all where none is given. Raises ``UsageError`` for an unknown one."""
    found = [alert for alert in campaign.alerts if name in ("", alert.name)]
    if not found and name:
        known = ", ".join(alert.name for alert in campaign.alerts) or "none"
        raise UsageError(f"{campaign.name} has no alert {name!r}: give one of its own ({known}).")
    return found
