"""What becomes of one line."""

from collections.abc import Callable

from msgspec import Struct

from schemas.event import Event


class Refused(Struct, frozen=True):
    """Bad input: a reason's class, for counting, and a sentence about this one, for a person."""

    reason: str
    message: str


class Skipped(Struct, frozen=True):
    """Good input that is no event of ours, such as a deletion; ``reason`` is for counting."""

    reason: str


Outcome = Event | Skipped | Refused

Convert = Callable[[bytes, int], Outcome]
"""From one line (without its line end) and the time of reading, in ms since the epoch. Pure; raises nothing."""
