"""The folder of campaign files."""

from pathlib import Path

from schemas.campaign import Campaign, CampaignError, line_of, parse
from streams.errors import GroundswellError


def check(folder: Path) -> tuple[list[Campaign], list[str]]:
    """Every campaign of ``folder`` by name, and every mistake as ``file:line: key: what; mend``.

    A missing or empty folder has no campaigns.
    """
    campaigns: list[Campaign] = []
    mistakes: list[str] = []
    file_of: dict[str, Path] = {}
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
            else:
                mend = f"{campaign.name!r} is {other.name}'s name already; give another"
                mistakes.append(str(CampaignError(str(path), line_of(text, "name"), "name", mend)))
    return sorted(campaigns, key=lambda campaign: campaign.name), mistakes


def load(folder: Path) -> list[Campaign]:
    """Every campaign of ``folder``; raises ``GroundswellError`` for the first mistake."""
    campaigns, mistakes = check(folder)
    if mistakes:
        more = f" (and {len(mistakes) - 1} more: `groundswell campaigns check` lists them)" if len(mistakes) > 1 else ""
        raise GroundswellError(mistakes[0] + more + ".")
    return campaigns
