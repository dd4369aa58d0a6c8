"""What a viewer chooses, as it stands in the page's address, and the time range that it means."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from dashboards.variables import GRANULARITIES
from schemas.counters import EVERY_CAMPAIGN
from schemas.event import SOURCES, WINDOW_S

_MOST_BUCKETS = 2500
_FEW_BUCKETS = 300
_WINDOW = "window:"
_CAMPAIGN = re.compile(r"\*|[a-z0-9][a-z0-9_-]{0,63}")


class Range(Struct, frozen=True):
    """A length of time that ends now."""

    key: str
    label: str
    seconds: int


RANGES = (
    Range("15m", "15 minutes", 900),
    Range("1h", "1 hour", 3600),
    Range("6h", "6 hours", 6 * 3600),
    Range("24h", "24 hours", 24 * 3600),
    Range("7d", "7 days", 7 * 24 * 3600),
)
DEFAULT_RANGE = RANGES[1]


class Window(Struct, frozen=True):
    """A launch window, in seconds since the epoch; half-open."""

    name: str
    start_s: int
    end_s: int


class Known(Struct, frozen=True):
    """A campaign that can be chosen."""

    name: str
    title: str
    windows: tuple[Window, ...] = ()


class Choice(Struct, frozen=True):
    """One way to look: viewers with equal choices see the same numbers, which are asked for once.

    ``platforms`` are sorted; empty: all. ``range`` is a key of ``RANGES``, or ``window:`` and a launch window's name.
    ``granularity_s`` 0 lets the range decide.
    """

    campaign: str
    platforms: tuple[str, ...]
    range: str
    granularity_s: int


def read(asked: Mapping[str, str], known: Sequence[Known]) -> Choice:
    """The choice that an address asks for; whatever in it is not possible is replaced by its default.

    A campaign's name need not be among the ``known``: a wall may be set up before the first post is counted.
    """
    campaign = asked.get("campaign", "")
    if not _CAMPAIGN.fullmatch(campaign):
        campaign = default_campaign(known)
    platforms = tuple(sorted({*asked.get("platform", "").split(",")} & {*SOURCES}))
    windows = {_WINDOW + window.name for window in windows_of(campaign, known)}
    range_ = asked.get("range", "")
    if range_ not in windows and range_ not in {one.key for one in RANGES}:
        range_ = DEFAULT_RANGE.key
    granularities = {str(one.seconds): one.seconds for one in GRANULARITIES}
    return Choice(campaign, platforms, range_, granularities.get(asked.get("granularity", ""), 0))


def default_campaign(known: Sequence[Known]) -> str:
    """The only campaign where there is only one, else every event."""
    named = [one.name for one in known if one.name != EVERY_CAMPAIGN]
    return named[0] if len(named) == 1 else EVERY_CAMPAIGN


def windows_of(campaign: str, known: Sequence[Known]) -> tuple[Window, ...]:
    """The launch windows of a campaign."""
    return next((one.windows for one in known if one.name == campaign), ())


def span(choice: Choice, known: Sequence[Known], now_s: float) -> tuple[int, int]:
    """The time range in seconds since the epoch, half-open; one that ends now begins with a whole window.

    A launch window that has not begun is looked at from its start as well: its numbers are those of nothing yet.
    """
    until_s = int(now_s) + 1
    for window in windows_of(choice.campaign, known):
        if choice.range == _WINDOW + window.name:
            return window.start_s, max(window.start_s + WINDOW_S, min(window.end_s, until_s))
    seconds = next((one.seconds for one in RANGES if one.key == choice.range), DEFAULT_RANGE.seconds)
    return (until_s - seconds) // WINDOW_S * WINDOW_S, until_s


def granularity_s(choice: Choice, seconds: int) -> int:
    """The length of a bucket: the chosen one, unless that makes too many to draw; else the finest that reads well."""
    if choice.granularity_s and seconds <= _MOST_BUCKETS * choice.granularity_s:
        return choice.granularity_s
    fine = (one.seconds for one in GRANULARITIES if seconds <= _FEW_BUCKETS * one.seconds)
    return next(fine, GRANULARITIES[-1].seconds)
