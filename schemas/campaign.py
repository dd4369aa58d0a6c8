"""The campaign file: what one campaign counts, in TOML, one file a campaign."""

import re
import tomllib
import unicodedata
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta, Struct

_NAME = r"^[a-z0-9][a-z0-9_-]{0,63}\Z"
Name = Annotated[str, Meta(pattern=_NAME, description="lower-case letters, digits, - and _")]
Words = Annotated[str, Meta(min_length=1, max_length=512)]


class LaunchWindow(Struct, frozen=True, forbid_unknown_fields=True):
    """A span of time in which people watch: half-open, ``[start, end)``."""

    name: Words
    start: datetime
    end: datetime
    time_zone: Words = "UTC"


class Campaign(Struct, frozen=True, forbid_unknown_fields=True):
    """One campaign: an event belongs to it when any of its hashtags, accounts or keywords occurs in the event."""

    name: Name
    title: Words
    hashtags: tuple[Words, ...] = ()
    accounts: tuple[Words, ...] = ()
    keywords: tuple[Words, ...] = ()
    launch_windows: tuple[LaunchWindow, ...] = ()


class CampaignError(ValueError):
    """A mistake in a campaign file: ``file:line: key: what is wrong; how to mend it``."""

    def __init__(self, file: str, line: int, key: str, message: str) -> None:
        super().__init__(f"{file}:{line}: {key}: {message}")


def parse(text: str, file: str) -> Campaign:
    """Read one campaign file's ``text``; ``file`` names it in errors.

    Raises ``CampaignError`` for the first mistake.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else len(text.splitlines()) or 1
        raise CampaignError(file, line, "TOML", f"{error}; mend the line") from error
    try:
        campaign = msgspec.convert(found, Campaign)
    except msgspec.ValidationError as error:
        raise _explained(error, text, file) from error
    if not (campaign.hashtags or campaign.accounts or campaign.keywords):
        raise CampaignError(
            file, line_of(text, "hashtags"), "hashtags", "nothing to count; give hashtags, accounts or keywords"
        )
    for key in ("hashtags", "accounts", "keywords"):
        for index, word in enumerate(getattr(campaign, key)):
            if _is_blank(word):
                at_key = f"{key}[{index}]"
                raise CampaignError(file, line_of(text, at_key), at_key, f"nothing to find in {word!r}; give a word")
    windows = tuple(_in_zone(window, index, text, file) for index, window in enumerate(campaign.launch_windows))
    return msgspec.structs.replace(campaign, launch_windows=windows)


def line_of(text: str, key: str) -> int:
    """The line of ``text`` in which ``key``, such as ``launch_windows[1].end``, is given; 1 where it is not."""
    lines, found = text.split("\n"), 0
    for name, index in re.findall(r"(\w+)(?:\[(\d+)\])?", key):
        given = re.compile(rf"""\s*(?:\[\[)?\s*["']?{name}["']?\s*(?:=|\]\])""")
        places = [number for number, line in enumerate(lines, 1) if number > found and given.match(line)]
        if not places:
            break
        found = places[min(int(index or 0), len(places) - 1)]
    return found or 1


def _is_blank(word: str) -> bool:
    """Whether nothing is left of ``word`` without its sign: only white space and controls."""
    return all(unicodedata.category(char)[0] in "CZ" for char in word.lstrip("#＃@＠"))


def _in_zone(window: LaunchWindow, index: int, text: str, file: str) -> LaunchWindow:
    key = f"launch_windows[{index}]"
    if window.time_zone not in available_timezones():
        mend = 'give an IANA name such as "Europe/Paris"'
        at = f"{key}.time_zone"
        raise CampaignError(file, line_of(text, at), at, f"no time zone {window.time_zone!r}; {mend}")
    zone = ZoneInfo(window.time_zone)
    start, end = (time if time.tzinfo else time.replace(tzinfo=zone) for time in (window.start, window.end))
    if end <= start:
        at = f"{key}.end"
        raise CampaignError(file, line_of(text, at), at, "not after start; give a later end")
    return msgspec.structs.replace(window, start=start, end=end)


def _explained(error: msgspec.ValidationError, text: str, file: str) -> CampaignError:
    what, _, path = str(error).rstrip("`").partition(" - at `$")
    path = path.removeprefix(".")
    unknown = re.search(r"unknown field `([^`]+)", what)
    missing = re.search(r"missing required field `(\w+)", what)
    if missing:
        return CampaignError(file, line_of(text, path), _joined(path, missing[1]), f"missing; add `{missing[1]} = …`")
    if unknown:
        key = _joined(path, unknown[1])
        keys = LaunchWindow.__struct_fields__ if path else Campaign.__struct_fields__
        return CampaignError(file, line_of(text, key), key, f"no such key; known are {', '.join(keys)}")
    what = re.sub("matching regex '.*'", "of a-z, 0-9, - and _", what)  # the name's is the only one
    return CampaignError(file, line_of(text, path), path, f"{what}; correct the value")


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
