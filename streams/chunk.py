"""A chunk: what the transport hands to counting."""

from msgspec import Struct

from schemas.topics import Headers
from streams.arrays import Int64s


class Start(Struct, frozen=True):
    """Where the counting of an assigned partition starts.

    ``assignment`` numbers the seeks of this process, ascending: a chunk of an older one is not to be counted.
    ``committed`` is None where the group has never committed: then counting starts at ``log_start``. ``position`` is
    where reading starts: a horizon earlier, for the ids.
    """

    assignment: int
    generation: int
    committed: int | None
    log_start: int
    position: int

    @property
    def offset(self) -> int:
        """The offset to count from."""
        return self.log_start if self.committed is None else self.committed


class Chunk(Struct, frozen=True):
    """Consecutive records of one partition, in offset order; the lists and arrays are parallel."""

    start: Start
    offsets: Int64s
    append_times_ms: Int64s
    keys: list[bytes | None]
    values: list[bytes | None]
    headers: list[Headers]

    def __len__(self) -> int:
        """How many records there are."""
        return len(self.values)

    def part(self, begin: int, end: int) -> "Chunk":
        """The records ``[begin, end)``."""
        cut = slice(begin, end)
        return Chunk(
            self.start,
            self.offsets[cut],
            self.append_times_ms[cut],
            self.keys[cut],
            self.values[cut],
            self.headers[cut],
        )
