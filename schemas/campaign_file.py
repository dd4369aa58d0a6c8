"""Reading a campaign file: every mistake is named with file, line, key, what is wrong and the mend."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Struct

from schemas import campaign as fields
from schemas.campaign import AnyAlert, Campaign, Goal, LaunchWindow, Pace
from schemas.event import SOURCES
from schemas.keywords import KeywordError
from schemas.keywords import parse as parse_keyword

_WORDS = ("hashtags", "accounts", "keywords", "own", "partners", "targets", "positive", "negative")
_TABLES: Mapping[str, type[Struct]] = {
    "launch_windows": LaunchWindow,
    "groups": fields.Group,
    "goals": Goal,
    "benchmark": fields.Benchmark,
    "pledges": fields.Pledge,
    "steps": fields.Step,
}
_ALERTS: Mapping[str, type[Struct]] = {str(alert.__struct_config__.tag): alert for alert in get_args(AnyAlert)}
_LEAST_LETTERS = 2


class CampaignError(ValueError):
    """A mistake in a campaign file: ``file:line: key: what is wrong; how to mend it``."""

    def __init__(self, file: str, line: int, key: str, message: str) -> None:
        super().__init__(f"{file}:{line}: {key}: {message}")


class _MistakeError(ValueError):
    """A mistake at a key, before file and line are known; ``table`` is where one is missing."""

    def __init__(self, key: str, message: str, table: str | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.place = key if table is None else table


def parse(text: str, file: str) -> Campaign:
    """Read one campaign file's ``text``; ``file`` names it in errors.

    Moments without an offset are taken in their table's time zone. Raises ``CampaignError`` for the first mistake.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else len(text.splitlines()) or 1
        raise CampaignError(file, line, "TOML", f"{error}; mend the line") from error
    try:
        campaign = _in_zones(msgspec.convert(found, Campaign))
        for mistake in _mistakes(campaign):
            raise mistake
    except msgspec.ValidationError as error:
        mistake = _explained(error, found)
        raise CampaignError(file, line_of(text, mistake.place), mistake.key, str(mistake)) from error
    except _MistakeError as mistake:
        raise CampaignError(file, line_of(text, mistake.place), mistake.key, str(mistake)) from mistake
    return campaign


def line_of(text: str, key: str) -> int:
    """The line of ``text`` in which ``key``, such as ``launch_windows[1].end``, is given; 1 where it is not."""
    lines, found = text.split("\n"), 0
    for name, index in re.findall(r"(\w+)(?:\[(\d+)\])?", key):
        given = re.compile(rf"""\s*(?:\[\[?)?\s*(?:[\w."']+\.)?["']?{name}["']?\s*(?:=|\])""")
        places = [number for number, line in enumerate(lines, 1) if number > found and given.match(line)]
        if not places:
            break
        found = places[min(int(index or 0), len(places) - 1)]
    return found or 1


def _mistakes(campaign: Campaign) -> Iterator[_MistakeError]:
    """What the types cannot say, in the order of the file's keys."""
    if not (campaign.every_hashtag or campaign.accounts or campaign.keywords or campaign.posts or campaign.targets):
        yield _MistakeError("hashtags", "nothing to count; give hashtags, accounts, keywords, posts, groups or targets")
    places = [(key, getattr(campaign, key)) for key in _WORDS]
    places += [(f"groups[{index}].hashtags", group.hashtags) for index, group in enumerate(campaign.groups)]
    for key, words in places:
        for index, word in enumerate(words):
            if _is_blank(word):
                yield _MistakeError(f"{key}[{index}]", f"nothing to find in {word!r}; give a word")
            elif key.endswith("hashtags") and "*" in word and len(word.lstrip("#＃").replace("*", "")) < _LEAST_LETTERS:
                yield _MistakeError(
                    f"{key}[{index}]", f"{word!r} would find too much; give {_LEAST_LETTERS} letters or more"
                )
    for index, keyword in enumerate(campaign.keywords):
        try:
            parse_keyword(keyword)
        except KeywordError as error:
            yield _MistakeError(f"keywords[{index}]", f"{error} (in {keyword!r})")
    for index, post in enumerate(campaign.posts):
        source, colon, post_id = post.partition(":")
        if not colon or source not in SOURCES or not post_id:
            yield _MistakeError(f"posts[{index}]", f"{post!r} is no post; write source:post_id, such as x:1234")
    yield from _mistakes_of_tables(campaign)


def _mistakes_of_tables(campaign: Campaign) -> Iterator[_MistakeError]:
    for table in ("launch_windows", "groups", "goals", "pledges", "alerts"):
        names = [one.name for one in getattr(campaign, table)]
        for index, name in enumerate(names):
            if names.index(name) < index:
                yield _MistakeError(f"{table}[{index}].name", f"{name!r} is taken already; give another")
    for index, window in enumerate(campaign.launch_windows):
        if window.end <= window.start:
            yield _MistakeError(f"launch_windows[{index}].end", "not after start; give a later end")
    for index, pledge in enumerate(campaign.pledges):
        bounds = [step.above for step in pledge.steps]
        if bounds != sorted(set(bounds)):
            yield _MistakeError(f"pledges[{index}].steps", "`above` must ascend from step to step; put them in order")
    yield from _mistakes_of_alerts(campaign)


def _mistakes_of_alerts(campaign: Campaign) -> Iterator[_MistakeError]:
    goals = [goal.name for goal in campaign.goals]
    for index, alert in enumerate(campaign.alerts):
        key = f"alerts[{index}]"
        if isinstance(alert, Pace) and alert.goal not in goals:
            known = ", ".join(goals) or "none"
            yield _MistakeError(f"{key}.goal", f"no goal is named {alert.goal!r}; give one of goals ({known})")
        if isinstance(alert, fields.Silence) and not campaign.launch_windows:
            yield _MistakeError(f"{key}.kind", "silence is told of within launch windows; give launch_windows")


def _is_blank(word: str) -> bool:
    """Whether nothing is left of ``word`` without its sign: only white space and controls."""
    return all(unicodedata.category(char)[0] in "CZ" for char in word.lstrip("#＃@＠"))


def _in_zones(campaign: Campaign) -> Campaign:
    """The campaign with an offset at every moment."""
    windows = tuple(
        msgspec.structs.replace(
            window,
            start=_moment(window.start, window.time_zone, key := f"launch_windows[{index}]"),
            end=_moment(window.end, window.time_zone, key),
        )
        for index, window in enumerate(campaign.launch_windows)
    )
    goals = tuple(
        msgspec.structs.replace(goal, by=_moment(goal.by, goal.time_zone, f"goals[{index}]"))
        for index, goal in enumerate(campaign.goals)
    )
    return msgspec.structs.replace(campaign, launch_windows=windows, goals=goals)


def _moment(time: datetime, time_zone: str, table: str) -> datetime:
    if time_zone not in available_timezones():
        mend = 'give an IANA name such as "Europe/Paris"'
        raise _MistakeError(f"{table}.time_zone", f"no time zone {time_zone!r}; {mend}")
    return time if time.tzinfo else time.replace(tzinfo=ZoneInfo(time_zone))


def _explained(error: msgspec.ValidationError, found: Mapping[str, Any]) -> _MistakeError:
    what, _, path = str(error).rstrip("`").partition(" - at `$")
    path = path.removeprefix(".")
    unknown = re.search(r"unknown field `([^`]+)", what)
    missing = re.search(r"missing required field `(\w+)", what)
    if missing:
        return _MistakeError(_joined(path, missing[1]), f"missing; add `{missing[1]} = …`", path)
    if unknown:
        return _MistakeError(_joined(path, unknown[1]), f"no such key; known are {', '.join(_keys(path, found))}")
    if path.endswith(".kind"):
        return _MistakeError(path, f"no such kind of alert; known are {', '.join(_ALERTS)}")
    if "enum value" in what:
        return _MistakeError(path, f"{what.lower()}; give one of {', '.join(_values(path))}")
    for pattern, meant in fields.PATTERNS.items():
        what = what.replace(f"matching regex {pattern!r}", f"of {meant}")
    return _MistakeError(path, f"{what}; correct the value")


def _keys(path: str, found: Mapping[str, Any]) -> list[str]:
    """The keys that the table at ``path`` may have."""
    names = re.findall(r"[a-z_]+", path)
    if not names:
        return list(Campaign.__struct_fields__)
    if names[-1] == "alerts":
        (index,) = re.findall(r"\d+", path)
        alert = _ALERTS[found["alerts"][int(index)]["kind"]]
        return ["kind", *alert.__struct_fields__]
    return list(_TABLES[names[-1]].__struct_fields__)


def _values(path: str) -> tuple[str, ...]:
    """What the enumeration at ``path`` may be."""
    name = re.findall(r"[a-z_]+", path)[-1]
    if name in ("source", "platforms"):
        return tuple(SOURCES)
    if name == "severity":
        return ("info", "warning", "critical")
    return get_args(fields.Metric)


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
