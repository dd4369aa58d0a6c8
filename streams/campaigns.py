"""The folder of campaign files."""

from collections import Counter
from pathlib import Path

from schemas.campaign import Campaign, CampaignError, parse
from streams.errors import GroundswellError


def check(folder: Path) -> tuple[list[Campaign], list[str]]:
    """Every campaign of ``folder`` by name, and every mistake as ``file:line: key: what; mend``.

    A missing or empty folder has no campaigns.
    """
    campaigns, mistakes = [], []
    for path in sorted(folder.glob("*.toml")):
        try:
            campaigns.append(parse(path.read_text(encoding="utf-8"), str(path)))
        except CampaignError as error:
            mistakes.append(str(error))
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"{path}:1: file: cannot be read ({error}); save it as UTF-8 text")
    for name, times in Counter(campaign.name for campaign in campaigns).items():
        if times > 1:
            mistakes.append(f"{folder}: name: {times} files are named {name!r}; give each its own")
    return sorted(campaigns, key=lambda campaign: campaign.name), mistakes


def load(folder: Path) -> list[Campaign]:
    """Every campaign of ``folder``; raises ``GroundswellError`` for the first mistake."""
    campaigns, mistakes = check(folder)
    if mistakes:
        more = f" (and {len(mistakes) - 1} more: `groundswell campaigns check` lists them)" if len(mistakes) > 1 else ""
        raise GroundswellError(mistakes[0] + more + ".")
    return campaigns
