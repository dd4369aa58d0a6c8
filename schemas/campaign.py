"""The campaign file: what one campaign counts, in TOML, one file a campaign."""

import re
import tomllib
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta, Struct

_NAME = "^[a-z0-9][a-z0-9_-]{0,63}$"
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
        raise CampaignError(file, int(at[1]) if at else 1, "TOML", f"{error}; mend the line") from error
    try:
        campaign = msgspec.convert(found, Campaign)
    except msgspec.ValidationError as error:
        raise _explained(error, text, file) from error
    if not (campaign.hashtags or campaign.accounts or campaign.keywords):
        raise CampaignError(file, 1, "hashtags", "nothing to count; give hashtags, accounts or keywords")
    windows = tuple(_in_zone(window, text, file) for window in campaign.launch_windows)
    return msgspec.structs.replace(campaign, launch_windows=windows)


def _in_zone(window: LaunchWindow, text: str, file: str) -> LaunchWindow:
    line = _line_of(text, window.name)
    if window.time_zone not in available_timezones():
        mend = 'give an IANA name such as "Europe/Paris"'
        raise CampaignError(file, line, "launch_windows.time_zone", f"no time zone {window.time_zone!r}; {mend}")
    zone = ZoneInfo(window.time_zone)
    start, end = (time if time.tzinfo else time.replace(tzinfo=zone) for time in (window.start, window.end))
    if end <= start:
        raise CampaignError(file, line, "launch_windows.end", "not after start; give a later end")
    return msgspec.structs.replace(window, start=start, end=end)


def _explained(error: msgspec.ValidationError, text: str, file: str) -> CampaignError:
    message = str(error)
    unknown = re.search(r"unknown field `(\w+)`", message)
    if unknown:
        key = unknown[1]
        keys = LaunchWindow.__struct_fields__ if "launch_windows" in message else Campaign.__struct_fields__
        return CampaignError(file, _line_of(text, key), key, f"no such key; known are {', '.join(keys)}")
    missing = re.search(r"missing required field `(\w+)`", message)
    if missing:
        return CampaignError(file, 1, missing[1], f"missing; add `{missing[1]} = …`")
    path = re.search(r" - at `\$\.?([^`]*)`", message)
    key = path[1] if path else "file"
    what = message.split(" - at", maxsplit=1)[0].replace(f"matching regex '{_NAME}'", "of a-z, 0-9, - and _")
    return CampaignError(file, _line_of(text, re.split(r"[.\[]", key)[0]), key, f"{what}; correct the value")


def _line_of(text: str, word: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if word in line:
            return number
    return 1
