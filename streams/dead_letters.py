"""Dead letters: refused records, forwarded as they were, with headers that say why."""

from collections.abc import Sequence

from msgspec import Struct

from schemas.topics import ERROR_HEADER_PREFIX, EVENTS
from streams.chunk import Chunk
from streams.refusal import Refusal

_STAGE = "decode"


class DeadLetter(Struct, frozen=True):
    """A record for the dead letter topic."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def dead_letters(chunk: Chunk, partition: int, refused: Sequence[tuple[int, Refusal]]) -> list[DeadLetter]:
    """The dead letters of a chunk: ``refused`` names records by their position in it."""
    return [
        DeadLetter(
            chunk.keys[position],
            chunk.values[position],
            [*chunk.headers[position], *_reason(partition, int(chunk.offsets[position]), refusal)],
        )
        for position, refusal in refused
    ]


def _reason(partition: int, offset: int, refusal: Refusal) -> list[tuple[str, bytes]]:
    named = {
        "topic": EVENTS.name,
        "partition": str(partition),
        "offset": str(offset),
        "exception.class.name": str(refusal.reason),
        "exception.message": refusal.message,
        "stage": _STAGE,
    }
    return [
        (f"{ERROR_HEADER_PREFIX}{name}", text.encode("utf-8", errors="backslashreplace"))
        for name, text in named.items()
    ]
