"""The reader: asks the view for the probes that are outstanding, and takes the time when each is first there.

It looks every 0.1 s whether a flush has come, in the accounts, which are small, and asks the view when one has: one
query for all that are outstanding, so that the reader takes little of what it measures. A latency is from the moment
that the producer makes the event to the moment that the answer with it has come: too long by up to one such interval,
never too short.
"""

import time
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from benchmarks.load import token
from benchmarks.product import Running
from schemas.counters import DATABASE
from schemas.event import WINDOW_S

_EVERY_S = 0.1


class Latency(Struct, frozen=True):
    """In seconds, of so many probes; ``unseen`` never came. ``interval_s``: between two looks, median and p99."""

    probes: int
    unseen: int
    p50_s: float
    p90_s: float
    p99_s: float
    most_s: float
    interval_s: tuple[float, float]


class Reader:
    """Told of probes as they are made, it looks for them."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._made_ns: dict[str, int] = {}
        self._outstanding: dict[str, int] = {}
        self._seconds: dict[int, float] = {}
        self._looks_ns: list[int] = []
        self._read = -1

    @property
    def outstanding(self) -> int:
        """How many probes are made and not yet seen."""
        return len(self._outstanding)

    def made(self, number: int, at_ns: int) -> None:
        """A probe was made then, by the machine's monotonic clock."""
        self._made_ns[token(number)] = self._outstanding[token(number)] = at_ns

    def look(self) -> None:
        """Look once, and wait until it is time for the next."""
        self._looks_ns.append(time.monotonic_ns())
        read = self._running.read()
        if read > self._read and self._outstanding:
            self._ask()
        self._read = read
        time.sleep(_EVERY_S)

    def _ask(self) -> None:
        oldest_ns = time.time_ns() - (time.monotonic_ns() - min(self._outstanding.values()))
        wanted = ", ".join(f"'{name}'" for name in self._outstanding)
        found = self._running.client.query(
            f"SELECT token FROM {DATABASE}.token_counts WHERE campaign = '*' AND kind = 'hashtag' "
            f"AND window_start >= toDateTime({oldest_ns // 1_000_000_000 - WINDOW_S}, 'UTC') AND token IN ({wanted})"
        ).result_columns
        now_ns = time.monotonic_ns()
        for name in found[0] if found else ():
            made_ns = self._outstanding.pop(name)
            self._seconds[made_ns] = (now_ns - made_ns) / 1e9

    def latency(self, from_ns: int, to_ns: int) -> Latency:
        """Of the probes that were made in between; at least one must have been."""
        made = [at_ns for at_ns in self._made_ns.values() if from_ns <= at_ns < to_ns]
        seen = [self._seconds[at_ns] for at_ns in made if at_ns in self._seconds]
        p50, p90, p99, most = _quantiles(seen, (0.5, 0.9, 0.99, 1.0))
        intervals = np.diff([at_ns / 1e9 for at_ns in self._looks_ns])
        median, long = _quantiles(intervals.tolist(), (0.5, 0.99))
        return Latency(len(made), len(made) - len(seen), p50, p90, p99, most, (median, long))


def _quantiles(values: Sequence[float], shares: Sequence[float]) -> list[float]:
    """Each a value that was really seen, the smallest that so many are not above; infinity where there are none."""
    if not values:
        return [float("inf")] * len(shares)
    return [float(found) for found in np.quantile(values, shares, method="inverted_cdf")]
