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

SEGMENT_COLUMNS = {"topic_id": "LowCardinality(String)", "partition": "UInt32", "segment": "UInt64", "rules": "UInt64"}
"""Columns of every counter table beside its key: which part of the log a row counts, and by which rules."""


class Measure(Struct, frozen=True):
    """A column of a view: the growing column that it is the sum of, less the one that takes away."""

    name: str
    meaning: str
    added: str
    removed: str | None = None

    @property
    def growing(self) -> tuple[str, ...]:
        """The table's columns of this measure."""
        return (self.added,) if self.removed is None else (self.added, self.removed)


class Counter(Struct, frozen=True):
    """A counter: its view, its key (column: ClickHouse type), its measures, and how its table is kept."""

    view: str
    table: str
    meaning: str
    key: dict[str, str]
    measures: tuple[Measure, ...]
    order_by: tuple[str, ...]
    partition_by: str

    @property
    def growing(self) -> tuple[str, ...]:
        """The table's measure columns, all growing."""
        return tuple(column for measure in self.measures for column in measure.growing)


_WINDOW = {"window_start": "DateTime('UTC')"}
_CAMPAIGN = {"campaign": "LowCardinality(String)"}
_KIND = {"kind": "LowCardinality(String)"}
_EVENT_KIND = {"source": "LowCardinality(String)", "event_type": "LowCardinality(String)"}
_DAY = "toYYYYMMDD(window_start)"

TOKEN_COUNTS = Counter(
    view="token_counts",
    table="token_counter",
    meaning="Hashtags, emojis and accounts in windows of 10 s by event time.",
    key=_WINDOW | _CAMPAIGN | _KIND | {"token": "String"} | _EVENT_KIND,
    measures=(
        Measure("posts", "events that contain the token", "posts_added", "posts_removed"),
        Measure("occurrences", "every occurrence of the token", "occurrences_added", "occurrences_removed"),
    ),
    order_by=("campaign", "kind", "window_start", "token", "source", "event_type"),
    partition_by=_DAY,
)

ENGAGEMENT = Counter(
    view="engagement",
    table="engagement_counter",
    meaning="Events in windows of 10 s by event time, with what is known of their language, country and sentiment.",
    key=_WINDOW | _CAMPAIGN | _EVENT_KIND | dict.fromkeys(("lang", "country", "sentiment"), "LowCardinality(String)"),
    measures=(
        Measure("events", "how many events there were", "events"),
        Measure("quantity", "the sum of their quantities", "quantity_added", "quantity_removed"),
    ),
    order_by=("campaign", "window_start", "source", "event_type", "lang", "country", "sentiment"),
    partition_by=_DAY,
)

SPELLINGS = Counter(
    view="spellings",
    table="spelling_counter",
    meaning="How a token was really written.",
    key=_CAMPAIGN | _KIND | {"token": "String", "spelling": "String"},
    measures=(Measure("posts", "events that spell the token so", "posts_added", "posts_removed"),),
    order_by=("campaign", "kind", "token", "spelling"),
    partition_by="tuple()",
)

COUNTERS = (TOKEN_COUNTS, ENGAGEMENT, SPELLINGS)

ACCOUNT = ("read", "counted", "duplicates", "dead", "markers")
"""What becomes of a segment's records: read = counted + duplicates + dead + markers."""

DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"
"""Table settings: rows survive a power cut once they are acknowledged, as the commit that follows them does."""


def table_ddl(counter: Counter) -> str:
    """CREATE TABLE of a counter: every column that is no measure belongs to the sorting key."""
    columns = counter.key | SEGMENT_COLUMNS
    columns |= dict.fromkeys(counter.growing, "SimpleAggregateFunction(max, UInt64)")
    lines = ",\n".join(f"    {name} {kind}" for name, kind in columns.items())
    order = ", ".join((*counter.order_by, *SEGMENT_COLUMNS))
    return (
        f"CREATE TABLE IF NOT EXISTS {DATABASE}.{counter.table}\n(\n{lines}\n)\nENGINE = AggregatingMergeTree\n"
        f"PARTITION BY {counter.partition_by}\nORDER BY ({order})\nSETTINGS {DURABLE}"
    )


def standing_ddl() -> str:
    """CREATE VIEW of the rules by which each campaign stands in a segment: those of the highest generation.

    A campaign that came or went in mid-segment was counted by fewer of its records than ``*``, which every worker
    counts: it does not stand there.
    """
    place = "topic_id, partition, segment"
    return f"""CREATE OR REPLACE VIEW {DATABASE}.standing AS
SELECT {place}, campaign, tupleElement(newest, 2) AS rules
FROM
(
    SELECT {place}, campaign, max((generation, rules, read)) AS newest
    FROM {DATABASE}.segments
    GROUP BY {place}, campaign
)
WHERE ({place}, tupleElement(newest, 3)) IN
(
    SELECT {place}, tupleElement(max((generation, rules, read)), 3)
    FROM {DATABASE}.segments
    WHERE campaign = '{EVERY_CAMPAIGN}'
    GROUP BY {place}
)"""


def view_ddl(counter: Counter) -> str:
    """CREATE VIEW of a counter: the maximum of each chain, summed over the segments where the campaign stands."""
    key = ", ".join(counter.key)
    sums = ",\n    ".join(
        f"sum(toInt64({measure.added}))"
        + (f" - sum(toInt64({measure.removed}))" if measure.removed else "")
        + f" AS {measure.name}"
        for measure in counter.measures
    )
    chains = ", ".join(f"max({column}) AS {column}" for column in counter.growing)
    return f"""CREATE OR REPLACE VIEW {DATABASE}.{counter.view} AS
SELECT
    {key},
    {sums}
FROM
(
    SELECT {key}, {chains}
    FROM {DATABASE}.{counter.table}
    WHERE (topic_id, partition, segment, campaign, rules) IN {DATABASE}.standing
    GROUP BY {key}, topic_id, partition, segment
)
GROUP BY {key}"""
