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
    """So many records wait in partitions where, for so many seconds, none was counted."""

    waiting: int
    seconds: float


class Progress:
    """Looked at again and again, it knows for how long records have been waiting."""

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def look(self, log: Mapping[int, Bounds], positions: Mapping[int, int], at_s: float) -> Standstill | None:
        """None while nothing waits. ``positions``: by partition the offset after the last record accounted for.

        ``at_s`` is any clock that only goes forward.
        """
        behind, longest_s = 0, 0.0
        for number, bounds in log.items():
            partition = self._partitions.setdefault(number, _Partition())
            position = positions.get(number, bounds.start)
            since_s = partition.look(bounds.end, position, at_s)
            if since_s is not None:
                behind += bounds.end - position
                longest_s = max(longest_s, at_s - since_s)
        return Standstill(behind, longest_s) if behind else None


class _Partition:
    def __init__(self) -> None:
        self._position = -1
        self._end_then = 0
        self._since_s: float | None = None

    def look(self, end: int, position: int, at_s: float) -> float | None:
        """Since when records have been waiting here with none counted; None while none waits."""
        moved = position != self._position
        if moved:
            self._position, self._end_then = position, end
        arrived = end > max(position, self._end_then)
        if not arrived and end - position <= _END_MARK:
            self._since_s = None
        elif moved or self._since_s is None:
            self._since_s = at_s
        return self._since_s
