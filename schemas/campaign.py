"""The campaign file: what one campaign counts, and what it wants to know, in TOML, one file a campaign."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.event import SOURCES

_NAME = r"^[a-z0-9][a-z0-9_-]{0,63}\Z"
_CURRENCY = r"^[A-Z]{3}\Z"
_VARIABLE = r"^[A-Z][A-Z0-9_]{0,63}\Z"
Name = Annotated[str, Meta(pattern=_NAME, description="lower-case letters, digits, - and _")]
Words = Annotated[str, Meta(min_length=1, max_length=512)]
Currency = Annotated[str, Meta(pattern=_CURRENCY, description="three capital letters of ISO 4217")]
Variable = Annotated[str, Meta(pattern=_VARIABLE, description="the name of an environment variable")]
Positive = Annotated[int, Meta(gt=0, le=10**12)]
Seconds = Annotated[int, Meta(ge=10, le=90 * 24 * 3600)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Source = Literal[SOURCES]  # type: ignore[valid-type]  # one list of the platforms, in schemas/event.py

PATTERNS = {_NAME: "a-z, 0-9, - and _", _CURRENCY: "three capital letters", _VARIABLE: "A-Z, 0-9 and _"}
"""What the patterns of these types ask for, for messages."""

Metric = Literal[
    "mentions", "contributors", "target_mentions", "likes", "shares", "replies", "quotes", "views", "videos", "follows",
    "signups", "pledges", "engagement",
]  # fmt: skip
"""What goals, alerts and pledges may be about; ``docs/metrics.md`` defines each."""


class LaunchWindow(Struct, frozen=True, forbid_unknown_fields=True):
    """A span of time in which people watch: half-open, ``[start, end)``."""

    name: Words
    start: datetime
    end: datetime
    time_zone: Words = "UTC"


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Hashtags that are counted as one: the spellings of one, or one of several issues. A post counts once."""

    name: Name
    hashtags: Annotated[tuple[Words, ...], Meta(min_length=1)]


class Goal(Struct, frozen=True, forbid_unknown_fields=True):
    """So many by then."""

    name: Words
    metric: Metric
    value: Positive
    by: datetime
    time_zone: Words = "UTC"


class Benchmark(Struct, frozen=True, forbid_unknown_fields=True):
    """An earlier launch window to compare with, of this campaign or another."""

    campaign: Name
    window: Words


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """From the ``above``-th on, each further one brings ``rate``."""

    above: Positive
    rate: Positive


class Pledge(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody's promise: ``rate`` (minor units of the currency) for each one of ``per``, at most ``cap`` in all."""

    name: Words
    rate: Positive
    currency: Currency
    per: Metric = "videos"
    cap: Positive | None = None
    steps: tuple[Step, ...] = ()

    def money(self, count: int) -> int:
        """What ``count`` of them bring, in minor units."""
        bounds = [(0, self.rate), *((step.above, step.rate) for step in self.steps)]
        ends = [*(above for above, _ in bounds[1:]), count]
        money = sum(max(0, min(count, end) - above) * rate for (above, rate), end in zip(bounds, ends, strict=True))
        return money if self.cap is None else min(money, self.cap)


class Alert(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """What is to call people: named, at most so often, to whom (environment variables that hold apprise URLs)."""

    name: Name
    severity: Literal["info", "warning", "critical"] = "warning"
    at_most_every_s: Seconds = 900
    notify: tuple[Variable, ...] = ()


class Threshold(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="threshold"):
    """``metric`` is ``above`` a number: over the last ``over_s``, else since the launch window began."""

    metric: Metric
    above: Positive
    over_s: Seconds | None = None
    source: Source | None = None


class Spike(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="spike"):
    """The last ``over_s`` bring more than the base's mean and ``k`` of its standard deviations.

    The base is the ``base_s`` before, in pieces of ``over_s``. ``floor`` and ``authors`` are the least that it takes.
    """

    metric: Metric = "mentions"
    k: Annotated[float, Meta(gt=0, le=100)] = 3.0
    over_s: Seconds = 300
    base_s: Seconds = 3600
    floor: Positive = 50
    authors: Positive = 10


class Pace(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="pace"):
    """A goal will be missed, as things go."""

    goal: Words


class Silence(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="silence"):
    """No event of the campaign for ``over_s`` within a launch window."""

    over_s: Seconds = 120


class Mood(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="mood"):
    """Of what was judged in the last ``over_s``, more than ``negative`` was; ``floor`` is the least that it takes."""

    negative: Share = 0.5
    over_s: Seconds = 900
    floor: Positive = 50


class Hijack(Alert, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="hijack"):
    """A hashtag that is new beside the campaign's rises, and the posts with it are negative."""

    negative: Share = 0.5
    over_s: Seconds = 900
    floor: Positive = 50
    authors: Positive = 10


AnyAlert = Threshold | Spike | Pace | Silence | Mood | Hijack


class Campaign(Struct, frozen=True, forbid_unknown_fields=True):
    """One campaign: an event belongs to it when any of its hashtags, accounts, keywords or posts occurs in the event.

    A ``*`` in a hashtag stands for any letters. Posts are ``source:post_id``; what acts on one belongs as well.
    ``platforms``: events of others do not belong; none given means all. ``own``, ``partners`` and ``targets`` are
    accounts that are counted separately, and make no event belong.
    """

    name: Name
    title: Words
    hashtags: tuple[Words, ...] = ()
    accounts: tuple[Words, ...] = ()
    keywords: tuple[Words, ...] = ()
    launch_windows: tuple[LaunchWindow, ...] = ()
    posts: tuple[Words, ...] = ()
    platforms: tuple[Source, ...] = ()
    own: tuple[Words, ...] = ()
    partners: tuple[Words, ...] = ()
    targets: tuple[Words, ...] = ()
    positive: tuple[Words, ...] = ()
    negative: tuple[Words, ...] = ()
    groups: tuple[Group, ...] = ()
    goals: tuple[Goal, ...] = ()
    benchmark: Benchmark | None = None
    pledges: tuple[Pledge, ...] = ()
    alerts: tuple[AnyAlert, ...] = ()

    @property
    def every_hashtag(self) -> tuple[str, ...]:
        """The hashtags by which an event belongs: its own and its groups'."""
        return (*self.hashtags, *(hashtag for group in self.groups for hashtag in group.hashtags))
