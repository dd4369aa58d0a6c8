"""Owned: a partition as one assignment counts it, with the chunks that wait to be counted.

Small chunks wait for one another until a flush, as counting one record takes a third as long as five thousand.
"""

import asyncio

from msgspec import Struct

from streams.chunk import Chunk, Start
from streams.dead_letters import RefusalLimit
from streams.partition import Partition, Taken

_ENOUGH_RECORDS = 10_000
_ENOUGH_BYTES = 4 * 1024 * 1024
"""So many records of a partition, or bytes of their values, are counted without waiting for the flush."""


class Owned(Struct):
    """A partition as one assignment counts it; ``letters`` are the dead letters that the next flush waits for."""

    start: Start
    partition: Partition
    limit: RefusalLimit
    letters: list["asyncio.Future[None]"] = []
    waiting: list[Chunk] = []
    _waiting_bytes: int = 0

    @property
    def next_offset(self) -> int:
        """The offset after the last record that is counted or waits."""
        return int(self.waiting[-1].offsets[-1]) + 1 if self.waiting else self.partition.next_offset

    def put(self, chunk: Chunk) -> bool:
        """Have a chunk wait; whether it is enough now."""
        self.waiting.append(chunk)
        if sum(map(len, self.waiting)) >= _ENOUGH_RECORDS:
            return True
        self._waiting_bytes += int(chunk.value_bytes().sum())
        return self._waiting_bytes >= _ENOUGH_BYTES

    def take_waiting(self) -> Taken:
        """Count what waits; there must be some."""
        chunk = Chunk.joined(self.waiting)
        self.waiting, self._waiting_bytes = [], 0
        return self.partition.take(chunk)
