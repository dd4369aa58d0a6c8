"""What the transport hands to counting: a chunk of the log, and which assignment it was read for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from schemas.topics import Headers
from streams.arrays import Int64s


class Start(Struct, frozen=True):
    """Where the counting of an assigned partition starts.

    ``assignment`` numbers the seeks of this process, ascending: a chunk of an older one is not to be counted.
    ``committed`` is None where the group has never committed: then counting starts at ``log_start``. ``log_end`` is
    the offset after the log's last record, ``position`` where reading starts: a horizon earlier, for the ids.
    """

    assignment: int
    generation: int
    committed: int | None
    log_start: int
    log_end: int
    position: int

    @property
    def offset(self) -> int:
        """The offset to count from."""
        return self.log_start if self.committed is None else self.committed


class Chunk(Struct, frozen=True):
    """Consecutive records of one partition, in offset order; the lists and arrays are parallel."""

    offsets: Int64s
    append_times_ms: Int64s
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers]

    @classmethod
    def of(cls, records: Sequence[Any]) -> "Chunk":
        """Of consumer records as aiokafka and kafka-python have them; at least one, in offset order."""
        return cls(
            np.array([record.offset for record in records], dtype=np.int64),
            np.array([record.timestamp for record in records], dtype=np.int64),
            [record.key for record in records],
            [record.value for record in records],
            [record.headers for record in records],
        )

    @classmethod
    def joined(cls, chunks: Sequence["Chunk"]) -> "Chunk":
        """Chunks of one partition that follow each other, as one; at least one."""
        if len(chunks) == 1:
            return chunks[0]
        return cls(
            np.concatenate([chunk.offsets for chunk in chunks]),
            np.concatenate([chunk.append_times_ms for chunk in chunks]),
            [key for chunk in chunks for key in chunk.keys],
            [value for chunk in chunks for value in chunk.values],
            [headers for chunk in chunks for headers in chunk.headers],
        )

    def __len__(self) -> int:
        """How many records there are."""
        return len(self.values)

    def value_bytes(self) -> Int64s:
        """How long each value is, in bytes; 0 where there is none."""
        return np.array([len(value) if value else 0 for value in self.values], dtype=np.int64)

    def part(self, begin: int, end: int) -> "Chunk":
        """The records ``[begin, end)``."""
        cut = slice(begin, end)
        return Chunk(
            self.offsets[cut],
            self.append_times_ms[cut],
            self.keys[cut],
            self.values[cut],
            self.headers[cut],
        )


class Delivery(Struct, frozen=True):
    """A chunk as the transport delivers it: for which start, and after which offset.

    ``follows`` is the offset after the last one delivered before it, or where reading started: whoever takes it knows
    by that whether a delivery was lost on the way.
    """

    start: Start
    follows: int
    chunk: Chunk
