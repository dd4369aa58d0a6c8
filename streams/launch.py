"""A launch, played: the events of a campaign's first hours squeezed into any length of time.

Its sizes and shapes are those of published launches: steady talk about other things; a partner with 21 million
followers whose post sets it off; a steep rise, a heavy-tailed decay, and a second, smaller peak when another part of
the world wakes up; likes and shares that gather on what is already seen most. Pure: the same arguments give the same
events. What it played is kept as :class:`Truth`, to compare the counts with.
"""

import heapq
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from msgspec import Struct, field

from schemas.counters import EVERY_CAMPAIGN
from schemas.event import Event
from streams.launch_crowd import Crowd, Made

CAMPAIGN = "endviolence"
CAMPAIGNS = Path(__file__).parent / "demo_campaigns"
"""The folder with the campaign's file, for the worker that counts the launch."""

PARTNER_POSTS_AT = 0.2
"""When the partner posts, as a part of the launch's length."""

_FADE = 0.25
_SECOND_PEAK_AT = 0.65
_TALK_SHARE = 0.3
_DUPLICATE_SHARE = 0.02
_AGAIN_MEAN_MS = 1500
_CELLS = 2000


class Truth(Struct):
    """What was played so far. ``records`` = ``events`` + ``duplicates``; all else counts distinct events.

    ``events_by`` and ``quantity_by`` are by (campaign, source, event_type); ``posts_by`` and ``occurrences_by`` by
    (campaign, kind, token), weighted by the sign of the quantity. Every event is under ``*`` too.
    """

    records: int = 0
    events: int = 0
    duplicates: int = 0
    late: int = 0
    events_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    quantity_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    posts_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    occurrences_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)


class Launch:
    """``rate_per_s`` × ``duration_s`` distinct events from ``start_ms`` (ms since the epoch) on.

    Iterating yields ``(due_ms, event)`` in the order of ``due_ms``: when it is to be sent. A late event happened
    before; a duplicate is the very same event again. Each iteration plays the whole launch anew, and ``truth`` tells
    what the last one has played.
    """

    def __init__(self, seed: int, start_ms: int, duration_s: float, rate_per_s: float) -> None:
        self.seed = seed
        self.start_ms = start_ms
        self.duration_ms = duration_s * 1000
        self.count = round(rate_per_s * duration_s)
        self.truth = Truth()

    def __iter__(self) -> Iterator[tuple[int, Event]]:
        truth = self.truth = Truth()
        rng = random.Random(self.seed)  # noqa: S311  # a play, not a secret
        partner_ms = self.start_ms + self._span_ms(PARTNER_POSTS_AT)
        crowd = Crowd(rng, f"demo-{self.seed}-{self.start_ms}", partner_ms, max(1, self._span_ms(_FADE)))
        again: list[tuple[int, int, Event]] = []
        for due_ms, about in self._schedule(rng):
            while again and again[0][0] <= due_ms:
                yield _redelivered(again, truth)
            made = crowd.event(due_ms, campaign=about == CAMPAIGN)
            _record(truth, made, due_ms)
            yield due_ms, made.event
            if rng.random() < _DUPLICATE_SHARE:
                again_ms = min(due_ms + int(rng.expovariate(1 / _AGAIN_MEAN_MS)), self.start_ms + self._span_ms(1))
                heapq.heappush(again, (again_ms, truth.events, made.event))
        while again:
            yield _redelivered(again, truth)

    def _span_ms(self, part: float) -> int:
        return int(part * self.duration_ms)

    def _schedule(self, rng: random.Random) -> Iterator[tuple[int, str]]:
        talk = round(_TALK_SHARE * self.count)
        flat = [1.0] * _CELLS
        burst = [_burst((cell + 0.5) / _CELLS) for cell in range(_CELLS)]
        return heapq.merge(
            ((due_ms, "") for due_ms in self._times_ms(rng, talk, flat)),
            ((due_ms, CAMPAIGN) for due_ms in self._times_ms(rng, self.count - talk, burst)),
        )

    def _times_ms(self, rng: random.Random, count: int, density: Sequence[float]) -> Iterator[int]:
        """``count`` times, ascending, of the given density: the i-th falls into the i-th part of equal weight."""
        cumulative = list(accumulate(density))
        for i in range(count):
            weight = (i + rng.random()) / count * cumulative[-1]
            cell = bisect_left(cumulative, weight)
            below = cumulative[cell] - density[cell]
            part = (cell + (weight - below) / density[cell]) / len(density)
            yield self.start_ms + self._span_ms(part)


def _burst(part: float) -> float:
    """How busy the campaign is at ``part`` of the launch: 1 at the first peak."""
    quiet = 0.02
    return quiet + _wave(part - PARTNER_POSTS_AT, 0.012, 0.05) + 0.35 * _wave(part - _SECOND_PEAK_AT, 0.03, 0.06)


def _wave(since: float, rise: float, decay: float) -> float:
    """A linear rise, then a power law (Omori's, as attention fades)."""
    if since < 0:
        return 0.0
    return since / rise if since < rise else (1 + (since - rise) / decay) ** -1.2


def _redelivered(again: list[tuple[int, int, Event]], truth: Truth) -> tuple[int, Event]:
    due_ms, _, event = heapq.heappop(again)
    truth.records += 1
    truth.duplicates += 1
    return due_ms, event


def _record(truth: Truth, made: Made, due_ms: int) -> None:
    event = made.event
    quantity = 1 if event.quantity is None else event.quantity
    sign = (quantity > 0) - (quantity < 0)
    truth.records += 1
    truth.events += 1
    truth.late += event.event_time < due_ms
    occurrences = Counter(made.tokens)
    for campaign in (EVERY_CAMPAIGN, CAMPAIGN) if made.campaign else (EVERY_CAMPAIGN,):
        truth.events_by[campaign, event.source, event.event_type] += 1
        truth.quantity_by[campaign, event.source, event.event_type] += quantity
        for (kind, token), times in occurrences.items():
            truth.posts_by[campaign, kind, token] += sign
            truth.occurrences_by[campaign, kind, token] += sign * times
