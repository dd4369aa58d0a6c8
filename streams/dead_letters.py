"""Dead letters: refused records, forwarded as they were, with headers that say why; and how many are too many."""

from collections import Counter, deque
from collections.abc import Sequence

from msgspec import Struct

from schemas.topics import ERROR_HEADER_PREFIX, EVENTS, Topic
from streams.chunk import Chunk
from streams.errors import GroundswellError
from streams.refusal import Refusal

LATEST = 10_000
"""Of how many records of a partition the refused ones are a share."""

_STAGE = "decode"


class DeadLetter(Struct, frozen=True):
    """A record for the dead letter topic."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def dead_letters(
    chunk: Chunk, partition: int, refused: Sequence[tuple[int, Refusal]], topic: Topic = EVENTS
) -> list[DeadLetter]:
    """The dead letters of a chunk of ``topic``: ``refused`` names records by their position in it."""
    return [
        DeadLetter(
            chunk.keys[position],
            chunk.values[position],
            [*chunk.headers[position], *_reason(topic, partition, int(chunk.offsets[position]), refusal)],
        )
        for position, refusal in refused
    ]


def _reason(topic: Topic, partition: int, offset: int, refusal: Refusal) -> list[tuple[str, bytes]]:
    named = {
        "topic": topic.name,
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


class RefusalLimit:
    """The share of a partition's latest records that may be refused.

    Beyond it not single records are wrong but what sends them, or these rules: then a worker stops, rather than
    divert everything.
    """

    def __init__(self, partition: int, most: float) -> None:
        self._partition = partition
        self._most = most
        self._latest: deque[tuple[int, Counter[str]]] = deque()
        self._records = 0
        self._refused: Counter[str] = Counter()

    def check(self, records: int, refused: Sequence[tuple[int, Refusal]]) -> None:
        """Take in the next records, some of them refused. Raises ``GroundswellError`` beyond the limit."""
        reasons = Counter(str(refusal.reason) for _, refusal in refused)
        self._latest.append((records, reasons))
        self._records += records
        self._refused += reasons
        while self._records - self._latest[0][0] >= LATEST:
            before, reasons = self._latest.popleft()
            self._records -= before
            self._refused -= reasons
        if self._records >= LATEST and self._refused.total() > self._most * self._records:
            ((reason, _),) = self._refused.most_common(1)
            raise GroundswellError(
                f"{self._refused.total()} of the latest {self._records} records of {EVENTS.name}, partition "
                f"{self._partition}, were refused, most often as {reason}: mend what sends them (`groundswell "
                "dead-letters list` names the ones before these), then start with GROUNDSWELL_MAX_DEAD_LETTER_RATIO=1 "
                "to divert all of them and count on."
            )
