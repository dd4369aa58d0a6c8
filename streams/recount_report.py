"""What a recount tells at its end."""

from datetime import datetime

from msgspec import Struct


class Recounted(Struct, frozen=True):
    """A campaign's closed segments, the records in them, and its events in all: right before the switch and after."""

    campaign: str
    segments: int
    records: int
    events_before: int
    events_after: int


class OutOfReach(Struct, frozen=True):
    """What keeps its former counts, as Kafka no longer has it, or the horizon before it: a span of append time.

    ``since`` None: from the first record on; ``until`` None: up to the open segment.
    """

    partition: int
    since: datetime | None
    until: datetime | None


class Report(Struct, frozen=True):
    """What a recount did. ``begun``: what workers with other rules have counted since then follows those.

    ``behind``: the campaigns whose newest segments, counted live, stand under other rules.
    """

    campaigns: list[Recounted]
    out_of_reach: list[OutOfReach]
    behind: list[str]
    begun: datetime
    seconds: float
