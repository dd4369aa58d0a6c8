"""What a counter is: its view, its ClickHouse tables, and the measures in which its rows grow.

A counter row is *cumulative within a segment*: it says how much of one key the worker has counted since the
segment's first record. Rows of one key form a chain in which every measure only grows, so merging takes the maximum
and a repeated, torn, reordered or late write changes nothing. What a quantity below zero takes away is a measure of
its own, which also only grows.
"""

from msgspec import Struct

UNIT_COLUMNS = {"topic_id": "LowCardinality(String)", "unit": "DateTime('UTC')"}
"""What is compacted together: a topic's segments that begin, by append time, in one stretch of a segment's age."""

SEGMENT_COLUMNS = UNIT_COLUMNS | {"partition": "UInt32", "segment": "UInt64", "rules": "UInt64"}
"""Columns of every counter table beside its key: which part of the log a row counts, and by which rules."""

TOTAL_COLUMNS = UNIT_COLUMNS | {"run": "UInt64"}
"""Columns of every table of totals beside its key: which unit a row sums up, and who wrote it when (``compaction``)."""


class Measure(Struct, frozen=True):
    """A column of a view: the growing column that it is the sum of, less the one that takes away.

    Of a ``highest`` one it is the maximum instead: kept one higher, so that 0 is for what is not known (NULL).
    """

    name: str
    meaning: str
    added: str
    removed: str | None = None
    highest: bool = False

    @property
    def sql(self) -> str:
        """The view's expression, of the table's columns."""
        if self.highest:
            return f"if(max({self.added}) = 0, NULL, toInt64(max({self.added})) - 1)"
        return f"sum(toInt64({self.added}))" + (f" - sum(toInt64({self.removed}))" if self.removed else "")

    @property
    def addend(self) -> str:
        """What one row adds, of the table's columns; of a ``highest`` one, what it says."""
        if self.highest:
            return f"if({self.added} = 0, NULL, toInt64({self.added}) - 1)"
        return f"toInt64({self.added})" + (f" - toInt64({self.removed})" if self.removed else "")

    @property
    def sql_type(self) -> str:
        """The view's column's type."""
        return "Nullable(Int64)" if self.highest else "Int64"

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
    def addends(self) -> str:
        """The view of the rows that ``view`` sums up by key: for who sums up by less, and then far quicker."""
        return f"{self.view}_addends"

    @property
    def growing(self) -> tuple[str, ...]:
        """The table's measure columns, all growing."""
        return tuple(column for measure in self.measures for column in measure.growing)

    @property
    def highest(self) -> frozenset[str]:
        """Those of them of which the highest counts; of the others the sum."""
        return frozenset(measure.added for measure in self.measures if measure.highest)
