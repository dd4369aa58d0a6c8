"""Counters: each declared once; its ClickHouse table, the rows the worker writes and the view follow.

A counter row is *cumulative within a segment*: it says how much of one key the worker has counted since the
segment's first record. Rows of one key form a chain in which every measure only grows, so merging takes the maximum
and a repeated, torn, reordered or late write changes nothing. What a quantity below zero takes away is a measure of
its own, which also only grows.
"""

from msgspec import Struct

DATABASE = "groundswell"
EVERY_CAMPAIGN = "*"
KINDS = ("hashtag", "emoji", "account")

UNIT_COLUMNS = {"topic_id": "LowCardinality(String)", "unit": "DateTime('UTC')"}
"""What is compacted together: a topic's segments that begin, by append time, in one stretch of a segment's age."""

SEGMENT_COLUMNS = UNIT_COLUMNS | {"partition": "UInt32", "segment": "UInt64", "rules": "UInt64"}
"""Columns of every counter table beside its key: which part of the log a row counts, and by which rules."""

TOTAL_COLUMNS = UNIT_COLUMNS | {"run": "UInt64"}
"""Columns of every table of totals beside its key: which unit a row sums up, and who wrote it when (``compaction``)."""


class Measure(Struct, frozen=True):
    """A column of a view: the growing column that it is the sum of, less the one that takes away."""

    name: str
    meaning: str
    added: str
    removed: str | None = None

    @property
    def sql(self) -> str:
        """The view's expression, of the table's columns."""
        return f"sum(toInt64({self.added}))" + (f" - sum(toInt64({self.removed}))" if self.removed else "")

    @property
    def growing(self) -> tuple[str, ...]:
        """The table's columns of this measure."""
        return (self.added,) if self.removed is None else (self.added, self.removed)


class Counter(Struct, frozen=True):
    """A counter: its view, its key (column: ClickHouse type), its measures, and how its tables are kept.

    ``totals`` holds what ``table`` comes to in compacted units. ``order_by`` is the key as queries ask for it.
    """

    view: str
    table: str
    totals: str
    meaning: str
    key: dict[str, str]
    measures: tuple[Measure, ...]
    order_by: tuple[str, ...]
    totals_by: str

    @property
    def growing(self) -> tuple[str, ...]:
        """The table's measure columns, all growing."""
        return tuple(column for measure in self.measures for column in measure.growing)


_WINDOW = {"window_start": "DateTime('UTC')"}
_CAMPAIGN = {"campaign": "LowCardinality(String)"}
_KIND = {"kind": "LowCardinality(String)"}
_EVENT_KIND = {"source": "LowCardinality(String)", "event_type": "LowCardinality(String)"}
_MONTH = "toYYYYMM(window_start)"

TOKEN_COUNTS = Counter(
    view="token_counts",
    table="token_counter",
    totals="token_totals",
    meaning="Hashtags, emojis and accounts in windows of 10 s by event time.",
    key=_WINDOW | _CAMPAIGN | _KIND | {"token": "String"} | _EVENT_KIND,
    measures=(
        Measure("posts", "events that contain the token", "posts_added", "posts_removed"),
        Measure("occurrences", "every occurrence of the token", "occurrences_added", "occurrences_removed"),
    ),
    order_by=("campaign", "kind", "window_start", "token", "source", "event_type"),
    totals_by=_MONTH,
)

ENGAGEMENT = Counter(
    view="engagement",
    table="engagement_counter",
    totals="engagement_totals",
    meaning="Events in windows of 10 s by event time, with what is known of their language, country and sentiment.",
    key=_WINDOW | _CAMPAIGN | _EVENT_KIND | dict.fromkeys(("lang", "country", "sentiment"), "LowCardinality(String)"),
    measures=(
        Measure("events", "how many events there were", "events"),
        Measure("quantity", "the sum of their quantities", "quantity_added", "quantity_removed"),
    ),
    order_by=("campaign", "window_start", "source", "event_type", "lang", "country", "sentiment"),
    totals_by=_MONTH,
)

SPELLINGS = Counter(
    view="spellings",
    table="spelling_counter",
    totals="spelling_totals",
    meaning="How a token was really written.",
    key=_CAMPAIGN | _KIND | {"token": "String", "spelling": "String"},
    measures=(Measure("posts", "events that spell the token so", "posts_added", "posts_removed"),),
    order_by=("campaign", "kind", "token", "spelling"),
    totals_by="tuple()",
)

COUNTERS = (TOKEN_COUNTS, ENGAGEMENT, SPELLINGS)

ACCOUNT = ("read", "counted", "duplicates", "dead", "markers")
"""What becomes of a segment's records: read = counted + duplicates + dead + markers."""

DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"
"""Table settings: rows survive a power cut once they are acknowledged, as the commit that follows them does."""
