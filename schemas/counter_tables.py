"""ClickHouse's tables and views of the counters, made from their declarations.

A *unit* is what is compacted together: a topic's segments that begin, by append time, in one stretch of a segment's
age. Its *fingerprint* is a hash of all that decides what counts in it. A unit that is compacted is read from totals,
which know neither partition nor segment; any other from the rows that workers wrote. One row of ``compaction`` says
that a run has written all totals of a unit as they were under one fingerprint; once the accounts say anything else,
these are not read any more.
"""

from collections.abc import Iterable

from schemas.counter import SEGMENT_COLUMNS, TOTAL_COLUMNS, Counter
from schemas.counters import DATABASE, EVERY_CAMPAIGN

DURABLE = "fsync_after_insert = 1, fsync_part_directory = 1"
"""Table settings: rows survive a power cut once they are acknowledged, as the commit that follows them does."""

OF_UNIT = "topic_id = {topic_id:String} AND unit = toDateTime({unit:UInt32}, 'UTC')"
"""Condition of the rows of one unit; its parameters are the topic's id and the unit's start in seconds."""

_STANDING = ("topic_id", "unit", "partition", "segment", "campaign", "rules")


def table_ddl(counter: Counter) -> str:
    """CREATE TABLE of a counter's rows: every column that is no measure belongs to the sorting key, the unit first."""
    columns = counter.key | SEGMENT_COLUMNS
    columns |= dict.fromkeys(counter.growing, "SimpleAggregateFunction(max, UInt64)")
    order = ("unit", *counter.order_by, *(name for name in SEGMENT_COLUMNS if name != "unit"))
    return _table(counter.table, columns, "AggregatingMergeTree", "toYYYYMMDD(unit)", order)


def totals_ddl(counter: Counter) -> str:
    """CREATE TABLE of a counter's totals, sorted as queries ask. A run writes each row once."""
    columns = counter.key | TOTAL_COLUMNS | dict.fromkeys(counter.growing, "UInt64")
    return _table(counter.totals, columns, "MergeTree", counter.totals_by, (*counter.order_by, *TOTAL_COLUMNS))


def _table(name: str, columns: dict[str, str], engine: str, partition_by: str, order: Iterable[str]) -> str:
    lines = ",\n".join(f"    {column} {kind}" for column, kind in columns.items())
    return (
        f"CREATE TABLE IF NOT EXISTS {DATABASE}.{name}\n(\n{lines}\n)\nENGINE = {engine}\n"
        f"PARTITION BY {partition_by}\nORDER BY ({', '.join(order)})\nSETTINGS {DURABLE}"
    )


def units_ddl() -> str:
    """CREATE VIEW of the units: the fingerprint of each, and the rules by which campaigns stand in its segments.

    Those are the rules of the highest generation. A campaign that came or went in mid-segment was counted by fewer of
    its records than ``*``, which every worker counts: it does not stand there. The fingerprint is of the highest
    (generation, rules, read) of each segment and campaign; those only grow, so that no fingerprint ever comes back.
    """
    return f"CREATE OR REPLACE VIEW {DATABASE}.units AS{_UNITS}"


_SEGMENT = "topic_id, unit, partition, segment"
_UNITS = f"""
SELECT topic_id, unit, groupBitXor(hash) AS fingerprint, groupArrayArray(stands) AS standing
FROM
(
    SELECT
        {_SEGMENT},
        groupBitXor(sipHash64(partition, segment, campaign, newest)) AS hash,
        maxIf(newest.3, campaign = '{EVERY_CAMPAIGN}') AS whole,
        arrayFilter(one -> one.2.3 = whole, groupArray((campaign, newest))) AS complete,
        arrayMap(one -> ({_SEGMENT}, one.1, one.2.2), complete) AS stands
    FROM
    (
        SELECT {_SEGMENT}, campaign, max((generation, rules, read)) AS newest
        FROM {DATABASE}.segments
        GROUP BY {_SEGMENT}, campaign
    )
    GROUP BY {_SEGMENT}
)
GROUP BY topic_id, unit"""


def standing_ddl() -> str:
    """CREATE VIEW of the rules by which each campaign stands in a segment."""
    return f"CREATE OR REPLACE VIEW {DATABASE}.standing AS\n{_rows('standing', _STANDING, f'{DATABASE}.units')}"


def coverage_ddl() -> str:
    """CREATE VIEW of one row that says where counts are read.

    ``runs``: those that wrote the totals of the compacted units; ``rows``: of all others what ``standing`` has. A
    retired unit keeps its totals whatever its accounts say; what they do not stand for is read from rows. The units are
    written out and joined once, as each query begins with this: planning it takes longer than reading.
    """
    return f"""CREATE OR REPLACE VIEW {DATABASE}.coverage AS
SELECT groupArrayIf(run, run > 0) AS runs, groupArrayArray(remaining) AS rows
FROM
(
    SELECT
        arrayMax(arrayMap(one -> if(one.1 = fingerprint, one.2, 0), arrayPushBack(made, (0, 0)))) AS valid,
        retired[1].1 AS last,
        if(valid > 0, valid, last) AS run,
        multiIf(
            valid > 0, [],
            last > 0, arrayFilter(one -> NOT has(retired[1].2, (one.3, one.4)), standing),
            standing
        ) AS remaining
    FROM ({_UNITS}
    ) AS units
    LEFT JOIN
    (
        SELECT
            topic_id, unit,
            groupArray((fingerprint, run)) AS made,
            [max((if(notEmpty(covers), run, 0), covers))] AS retired
        FROM {DATABASE}.compaction
        GROUP BY topic_id, unit
    ) AS compacted USING (topic_id, unit)
)"""


def view_ddl(counter: Counter) -> str:
    """CREATE VIEW of a counter: its addends summed up by key."""
    measures = [f"{measure.sql} AS {measure.name}" for measure in counter.measures]
    return f"{_view(counter, counter.view, measures)}\nGROUP BY {', '.join(counter.key)}"


def addends_ddl(counter: Counter) -> str:
    """CREATE VIEW of a counter's addends: several rows a key, the more of them the more segments it was counted in."""
    return _view(counter, counter.addends, [f"{measure.addend} AS {measure.name}" for measure in counter.measures])


def _view(counter: Counter, name: str, measures: Iterable[str]) -> str:
    """Of the totals of compacted units, and the maximum of each chain in all others.

    The coverage is read once and before anything else, so that all it promises is there: ClickHouse fixes what a query
    sees of a table when it comes upon the table. The first part of the union, which has no rows, sees to that.
    """
    key = ", ".join(counter.key)
    nothing = ", ".join(
        _nothing(name, kind) for name, kind in (counter.key | dict.fromkeys(counter.growing, "UInt64")).items()
    )
    columns = ",\n    ".join(measures)
    return f"""CREATE OR REPLACE VIEW {DATABASE}.{name} AS
WITH (SELECT (runs, rows) FROM {DATABASE}.coverage) AS covered
SELECT
    {key},
    {columns}
FROM
(
    SELECT {nothing}
    WHERE length(covered.1) < 0
    UNION ALL
    SELECT {key}, {", ".join(counter.growing)}
    FROM {DATABASE}.{counter.totals}
    WHERE run IN (SELECT arrayJoin(covered.1))
    UNION ALL
    SELECT {key}, {_maxima(counter)}
    FROM {DATABASE}.{counter.table}
    WHERE ({", ".join(_STANDING)}) IN ({_rows("covered.2", _STANDING)})
    GROUP BY {key}, topic_id, unit, partition, segment
)"""


def compaction_sql(counter: Counter) -> str:
    """INSERT of a unit's totals, in the order of its rows; parameters ``topic_id``, ``unit`` and ``run``."""
    key = ", ".join(("unit", *counter.order_by))
    sums = ", ".join(f"{'max' if column in counter.highest else 'sum'}({column})" for column in counter.growing)
    return f"""INSERT INTO {DATABASE}.{counter.totals} ({key}, topic_id, run, {", ".join(counter.growing)})
SELECT {key}, topic_id, {{run:UInt64}}, {sums}
FROM
(
    SELECT {key}, topic_id, {_maxima(counter)}
    FROM {DATABASE}.{counter.table}
    WHERE {OF_UNIT}
        AND (partition, segment, campaign, rules) IN
            (SELECT partition, segment, campaign, rules FROM {DATABASE}.standing WHERE {OF_UNIT})
    GROUP BY {key}, topic_id, partition, segment
)
GROUP BY {key}, topic_id"""


def _maxima(counter: Counter) -> str:
    return ", ".join(f"max({column}) AS {column}" for column in counter.growing)


def _rows(array: str, names: Iterable[str], source: str = "") -> str:
    """SELECT of the tuples in an array, a row each."""
    columns = ", ".join(f"one.{index} AS {name}" for index, name in enumerate(names, 1))
    return f"SELECT {columns} FROM (SELECT arrayJoin({array}) AS one{f' FROM {source}' if source else ''})"


def _nothing(name: str, kind: str) -> str:
    quoted = kind.replace("'", "\\'")
    return f"defaultValueOfTypeName('{quoted}') AS {name}"
