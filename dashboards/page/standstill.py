"""Whether counting stands still: records wait on Kafka, and the account in ClickHouse does not move.

A worker that was killed, hangs or was never started shows alike, and so does one whose writes ClickHouse refuses. Where
nothing arrives there is nothing to count, and nobody can tell.
"""

from collections.abc import Mapping

from msgspec import Struct

from streams.topics import Bounds

_END_MARK = 1
"""Offsets that the end of a transaction takes behind its records: nothing there is left to be counted."""


class Standstill(Struct, frozen=True):
    """So many records wait, and for so many seconds none was counted."""

    waiting: int
    seconds: float


class Progress:
    """Looked at again and again, it knows for how long records have been waiting."""

    def __init__(self) -> None:
        self._positions: Mapping[int, int] | None = None
        self._log: Mapping[int, Bounds] = {}
        self._since_s: float | None = None

    def look(self, log: Mapping[int, Bounds], positions: Mapping[int, int], at_s: float) -> Standstill | None:
        """None while nothing waits. ``positions``: by partition the offset after the last record accounted for.

        ``at_s`` is any clock that only goes forward.
        """
        moved = positions != self._positions
        if moved:
            self._positions, self._log = positions, log
        behind = [bounds.end - positions.get(number, bounds.start) for number, bounds in log.items()]
        arrived = log != self._log and any(found > 0 for found in behind)
        if not arrived and not any(found > _END_MARK for found in behind):
            self._since_s = None
            return None
        if moved or self._since_s is None:
            self._since_s = at_s
        return Standstill(sum(max(0, found) for found in behind), at_s - self._since_s)
