"""The folder of campaign files."""

from collections.abc import Sequence
from pathlib import Path

from schemas.campaign import Campaign, LaunchWindow
from schemas.campaign_file import CampaignError, line_of, parse
from streams.errors import GroundswellError, UsageError


def check(folder: Path) -> tuple[list[Campaign], list[str]]:
    """Every campaign of ``folder`` by name, and every mistake as ``file:line: key: what; mend``.

    A missing or empty folder has no campaigns.
    """
    campaigns: list[Campaign] = []
    mistakes: list[str] = []
    file_of: dict[str, Path] = {}
    texts: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            text = path.read_text(encoding="utf-8")
            campaign = parse(text, str(path))
        except CampaignError as error:
            mistakes.append(str(error))
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"{path}:1: file: cannot be read ({error}); save it as UTF-8 text")
        else:
            other = file_of.setdefault(campaign.name, path)
            if other is path:
                campaigns.append(campaign)
                texts[campaign.name] = text
            else:
                mend = f"{campaign.name!r} is {other.name}'s name already; give another"
                mistakes.append(str(CampaignError(str(path), line_of(text, "name"), "name", mend)))
    for campaign in campaigns:
        wrong = _unknown_benchmark(campaign, campaigns)
        if wrong:
            text = texts[campaign.name]
            mistakes.append(str(CampaignError(str(file_of[campaign.name]), line_of(text, wrong[0]), *wrong)))
    return sorted(campaigns, key=lambda campaign: campaign.name), mistakes


def _unknown_benchmark(campaign: Campaign, campaigns: Sequence[Campaign]) -> tuple[str, str] | None:
    """The key and what is wrong, where its benchmark is no launch window of the folder's campaigns."""
    wanted = campaign.benchmark
    if wanted is None:
        return None
    others = {other.name: [window.name for window in other.launch_windows] for other in campaigns}
    if wanted.campaign not in others:
        return "benchmark.campaign", f"no campaign here is named {wanted.campaign!r}; give one of {', '.join(others)}"
    if wanted.window not in others[wanted.campaign]:
        known = ", ".join(others[wanted.campaign]) or "none"
        mend = f"no launch window of {wanted.campaign!r} is named {wanted.window!r}; give one of its own ({known})"
        return "benchmark.window", mend
    return None


def load(folder: Path) -> list[Campaign]:
    """Every campaign of ``folder``; raises ``GroundswellError`` for the first mistake."""
    campaigns, mistakes = check(folder)
    if mistakes:
        more = f" (and {len(mistakes) - 1} more: `groundswell campaigns check` lists them)" if len(mistakes) > 1 else ""
        raise GroundswellError(mistakes[0] + more + ".")
    return campaigns


def named(found: Sequence[Campaign], name: str) -> Campaign:
    """The campaign of that name; raises ``UsageError`` where there is none."""
    for campaign in found:
        if campaign.name == name:
            return campaign
    known = ", ".join(campaign.name for campaign in found) or "none"
    raise UsageError(f"No campaign file names {name!r}: give one of those there are ({known}).")


def benchmarks(campaigns: Sequence[Campaign]) -> dict[str, LaunchWindow]:
    """The launch window that each campaign names as its bench-mark."""
    windows = {(campaign.name, window.name): window for campaign in campaigns for window in campaign.launch_windows}
    return {
        campaign.name: windows[campaign.benchmark.campaign, campaign.benchmark.window]
        for campaign in campaigns
        if campaign.benchmark
    }
