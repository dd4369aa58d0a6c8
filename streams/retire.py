"""Retirement: the rows of compacted units go, once Kafka has nothing left that they could be counted again from.

First one row of ``compaction`` says which segments a unit's totals stand for from now on, whatever the accounts say;
then the totals of earlier runs are deleted, and those segments' rows. A crash in between leaves rows that nobody
reads, and the next round deletes them. A segment that joins a retired unit later on (a broker's clock went
back) is read from its rows, as in any unit.
"""

from collections.abc import Mapping

from clickhouse_connect.driver import Client

from schemas.counters import COUNTERS, DATABASE
from streams import compact
from streams.compact import Unit

GRACE_S = 3600
"""A query that began before a unit was compacted still reads its rows: none lasts so long."""

_RETIRABLE = f"""
SELECT topic_id, toUnixTimestamp(unit), fingerprint, max(run), any(gone.names)
FROM
(
    SELECT topic_id, unit, groupUniqArray((partition, segment)) AS names
    FROM {DATABASE}.segments
    WHERE topic_id = {{topic_id:String}}
    GROUP BY topic_id, unit
    HAVING min(arrayExists(one -> one.1 = partition AND last_offset < one.2, {{log_starts:{compact.PLACES}}}))
) AS gone
INNER JOIN (SELECT topic_id, unit, fingerprint FROM {DATABASE}.units) AS now USING (topic_id, unit)
INNER JOIN {DATABASE}.compaction AS done USING (topic_id, unit, fingerprint)
WHERE NOT {compact.IS_RETIRED}
GROUP BY topic_id, unit, fingerprint
HAVING min(compacted_at) < now() - {{grace_s:UInt32}}
ORDER BY unit
"""

_STOOD_FOR = f"""
SELECT topic_id, unit, one.1 AS partition, one.2 AS segment
FROM (SELECT topic_id, unit, arrayJoin(covers) AS one FROM {DATABASE}.compaction WHERE notEmpty(covers))
"""

_DELETED = {
    "mutations_sync": 1,
    # What is stood for only grows, so replicas may come upon it at different moments.
    "allow_nondeterministic_mutations": 1,
}


def retire(client: Client, topic_id: str, log_starts: Mapping[int, int]) -> int:
    """Retire what can be, and delete the rows of what is retired; returns how many units were retired now.

    ``log_starts``: by partition the first offset that Kafka still has. Any number may do so at once. Raises the
    driver's errors; what is done by then stays so.
    """
    parameters = {"topic_id": topic_id, "log_starts": list(log_starts.items()), "grace_s": GRACE_S}
    retired = 0
    for *unit, run, covers in client.query(_RETIRABLE, parameters=parameters).result_rows:
        retired += compact.note(client, Unit(*unit), run, covers)
    rows = ("topic_id", "unit", "partition", "segment")
    if any(_are_there(client, counter.table, rows, _STOOD_FOR) for counter in COUNTERS):
        # Earlier totals first: as long as rows are there, a round that was cut short is made up for.
        for counter in COUNTERS:
            _delete(client, counter.totals, ("topic_id", "unit", "run"), _earlier_runs(counter.totals))
        for counter in COUNTERS:
            _delete(client, counter.table, rows, _STOOD_FOR)
    return retired


def _earlier_runs(totals: str) -> str:
    """A later one is none: it has only not ended yet, or stands for the unit by now."""
    return f"""
SELECT topic_id, unit, written.run AS run
FROM (SELECT DISTINCT topic_id, unit, run FROM {DATABASE}.{totals}) AS written
INNER JOIN
(
    SELECT topic_id, unit, min(run) AS run FROM {DATABASE}.compaction WHERE notEmpty(covers) GROUP BY topic_id, unit
) AS retired USING (topic_id, unit)
WHERE written.run < retired.run
"""


def _are_there(client: Client, table: str, key: tuple[str, ...], those: str) -> bool:
    """Whether the table has rows whose key is one of ``those``."""
    return bool(client.query(f"SELECT 1 FROM {DATABASE}.{table} WHERE {_is_of(key, those)} LIMIT 1").result_rows)


def _delete(client: Client, table: str, key: tuple[str, ...], those: str) -> None:
    """Delete the rows whose key is one of ``those``, where there are any: a mutation of nothing costs too."""
    if _are_there(client, table, key, those):
        client.command(f"ALTER TABLE {DATABASE}.{table} DELETE WHERE {_is_of(key, those)}", settings=_DELETED)


def _is_of(key: tuple[str, ...], those: str) -> str:
    return f"({', '.join(key)}) IN ({those})"
