"""Compaction: a closed unit's rows summed up without partition and segment, so that readers need not do it again.

A run reads the unit's fingerprint, writes the sums of every counter, and then, if the fingerprint is still the same,
one row of ``compaction``: one row is atomic, and so is the switch. Cut short before it, a run leaves rows that nobody
reads. Rows of a run are written by one statement a table, which is sent once: when its answer is lost, the run is over.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import OperationalError
from clickhouse_connect.driver.summary import QuerySummary
from msgspec import Struct

from schemas.counter_tables import OF_UNIT, compaction_sql
from schemas.counters import COUNTERS, DATABASE
from streams import clickhouse, metrics
from streams.settings import Settings

_PATIENCE_S = 3600
_SETTINGS = {
    "async_insert": 0,
    "wait_end_of_query": 1,
    # What happened late can be of any number of months.
    "max_partitions_per_insert_block": 0,
    # A stream in the order of the rows: little memory, and one core is left to those who wait.
    "optimize_aggregation_in_order": 1,
    "max_threads": 1,
    # A replica that lags behind must not be summed up.
    "select_sequential_consistency": 1,
}
_RANDOM_BITS = 22

IS_RETIRED = f"(topic_id, unit) IN (SELECT topic_id, unit FROM {DATABASE}.compaction WHERE notEmpty(covers))"
"""Its rows are gone: it must never be summed up again."""

_DUE = f"""
SELECT topic_id, toUnixTimestamp(unit), fingerprint
FROM {DATABASE}.units
INNER JOIN
(
    SELECT topic_id, min(newest) AS open
    FROM (SELECT topic_id, partition, argMax(unit, segment) AS newest FROM {DATABASE}.segments GROUP BY ALL)
    GROUP BY topic_id
) AS begun USING topic_id
WHERE unit < open AND (topic_id, unit, fingerprint) NOT IN
    (SELECT topic_id, unit, fingerprint FROM {DATABASE}.compaction)
    AND NOT {IS_RETIRED}
ORDER BY unit, topic_id
"""

PLACES = "Array(Tuple(UInt32, UInt64))"
"""ClickHouse's type of pairs of a partition and an offset there."""

_NOTE = f"""
INSERT INTO {DATABASE}.compaction (topic_id, unit, fingerprint, run, covers)
SELECT topic_id, unit, fingerprint, {{run:UInt64}}, {{covers:{PLACES}}}
FROM {DATABASE}.units
WHERE {OF_UNIT} AND fingerprint = {{fingerprint:UInt64}} AND NOT {IS_RETIRED}
"""

Progress = Callable[[int, int], None]
"""Told how many units of how many are done."""


class Unit(Struct, frozen=True):
    """A unit to compact, by its start in seconds since the epoch, under the fingerprint of its accounts."""

    topic_id: str
    unit_s: int
    fingerprint: int


class Report(Struct, frozen=True):
    """How many units were due, and how many of them are compacted now."""

    due: int
    compacted: int


def connect(settings: Settings) -> Client:
    """A client to compact with. Raises ``GroundswellError``."""
    client = clickhouse.connect(settings, _PATIENCE_S, **_SETTINGS)
    clickhouse.check_version(client)
    return client


def compact(client: Client, progress: Progress = lambda *_: None) -> Report:
    """Compact every unit that is due, the oldest first. Any number may do so at once.

    Raises the driver's errors; what is compacted by then stays so.
    """
    found = due(client)
    compacted = 0
    for number, unit in enumerate(found, 1):
        compacted += compact_unit(client, unit)
        progress(number, len(found))
    return Report(len(found), compacted)


def due(client: Client) -> list[Unit]:
    """The closed units whose totals are missing, or were made when the accounts said something else.

    A unit is closed when in every partition a later segment is open: nothing more is appended to its own.
    """
    return [Unit(*row) for row in client.query(_DUE).result_rows]


def compact_unit(client: Client, unit: Unit) -> bool:
    """Compact one unit; False when its accounts have changed meanwhile, so that it stays as it was."""
    begun_s = time.monotonic()
    run = _new_run()
    for counter in COUNTERS:
        _written(client, compaction_sql(counter), {"topic_id": unit.topic_id, "unit": unit.unit_s, "run": run})
    done = note(client, unit, run)
    metrics.COMPACTED.inc(done)
    metrics.COMPACTION_SECONDS.observe(time.monotonic() - begun_s)
    return done


def note(client: Client, unit: Unit, run: int, covers: Sequence[tuple[int, int]] = ()) -> bool:
    """Write the row that has readers take the unit from a run's totals; for good, for the segments it ``covers``.

    ``covers``: (partition, segment)s; none where the totals hold only as long as the fingerprint does. False when the
    fingerprint is another by now, or the unit is retired: then nothing is written.
    """
    place = {"topic_id": unit.topic_id, "unit": unit.unit_s, "fingerprint": unit.fingerprint}
    return _written(client, _NOTE, {**place, "run": run, "covers": list(covers)}) == 1


def _written(client: Client, sql: str, parameters: Mapping[str, Any]) -> int:
    """Run one INSERT; returns how many rows it wrote. Raises ``OperationalError`` when the answer does not say so."""
    answer = client.command(sql, parameters=dict(parameters))
    summary = answer.summary if isinstance(answer, QuerySummary) else {}
    if "written_rows" not in summary:
        # A proxy's page, or an error that came after the status.
        raise OperationalError("the answer says success, but not how many rows were written")
    return int(summary["written_rows"])


def _new_run() -> int:
    """A number that no other run of any unit has, by which alone its totals are found; later runs have higher ones."""
    return (time.time_ns() // 1_000_000 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
