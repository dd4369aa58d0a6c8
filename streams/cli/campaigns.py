"""``groundswell campaigns``: begin, validate and list campaign files."""

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from schemas.campaign import Campaign
from schemas.campaign_file import parse
from schemas.counters import EVERY_CAMPAIGN
from streams import campaigns as campaign_files
from streams import settings
from streams.errors import GroundswellError, UsageError

app = typer.Typer(help="Campaign files: what each campaign counts.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Argument(help="Folder of campaign files; default: GROUNDSWELL_CAMPAIGNS.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

TEMPLATE = Path(__file__).parent / "campaign_template.toml"


@app.command("new")
def campaigns_new(
    name: Annotated[str, typer.Argument(help="Its name: lower-case letters, digits, - and _.")],
    folder: Folder = None,
) -> None:
    """Begin a campaign file: every key with what it means, those that are not needed commented out.

    Example: `groundswell campaigns new kindness`
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise UsageError(f"{name!r} is no name for a campaign: take lower-case letters, digits, - and _.")
    chosen = folder or settings.load().campaigns
    path = chosen / f"{name}.toml"
    text = TEMPLATE.read_text(encoding="utf-8").replace("NAME", name)
    parse(text, str(path))
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise GroundswellError(f"{path} is there already: edit it, or give another name.") from None
    except OSError as error:
        raise GroundswellError(f"{path} cannot be written ({error.strerror}): choose another folder.") from None
    sys.stdout.write(f"{path}: edit it, then run `groundswell campaigns check`\n")


@app.command("check")
def campaigns_check(folder: Folder = None, as_json: Json = False) -> None:
    """Validate every campaign file: each mistake with file, line, key and how to mend it."""
    chosen = folder or settings.load().campaigns
    found, mistakes = campaign_files.check(chosen)
    if as_json:
        names = [campaign.name for campaign in found]
        sys.stdout.write(msgspec.json.encode({"campaigns": names, "mistakes": mistakes}).decode() + "\n")
    else:
        for campaign in found:
            sys.stdout.write(f"ok    {campaign.name}: {_counts(campaign)}\n")
        for mistake in mistakes:
            sys.stderr.write(f"MEND  {mistake}\n")
        if not found and not mistakes:
            sys.stdout.write(f"no campaign files in {chosen}: every event counts under {EVERY_CAMPAIGN!r} alone\n")
    raise typer.Exit(1 if mistakes else 0)


@app.command("list")
def campaigns_list(folder: Folder = None, as_json: Json = False) -> None:
    """The campaigns: what they count, and which launch window is on or comes next."""
    chosen = folder or settings.load().campaigns
    found = campaign_files.load(chosen)
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    if not found:
        sys.stderr.write(f"No campaign files in {chosen}: `groundswell campaigns new NAME` begins one.\n")
        return
    now = datetime.now(UTC)
    table = Table(title=f"Campaigns in {chosen}", title_justify="left")
    for column in ("name", "title", "counts", "launch window"):
        table.add_column(column)
    for campaign in found:
        table.add_row(campaign.name, campaign.title, _counts(campaign), _window(campaign, now))
    Console().print(table)


def _counts(campaign: Campaign) -> str:
    parts = ("hashtags", "groups", "accounts", "keywords", "posts", "targets", "goals", "pledges", "alerts")
    return ", ".join(f"{len(values)} {name}" for name in parts if (values := getattr(campaign, name)))


def _window(campaign: Campaign, now: datetime) -> str:
    ahead = sorted((window for window in campaign.launch_windows if window.end > now), key=lambda window: window.start)
    if not ahead:
        return "none ahead" if campaign.launch_windows else ""
    window = ahead[0]
    if window.start <= now:
        return f"{window.name}: on, until {window.end:%Y-%m-%d %H:%M %Z}"
    return f"{window.name}: from {window.start:%Y-%m-%d %H:%M %Z}"
