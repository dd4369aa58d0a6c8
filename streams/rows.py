"""Rows: what counting writes to ClickHouse, and which of it must come last.

Counters and archive first: nobody reads them until the accounts, the rows of ``segments``, vouch for their rules.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import polars as pl
from msgspec import Struct

from schemas.counters import ACCOUNT, COUNTERS
from streams import metrics
from streams.count import Additions
from streams.partition import Flush
from streams.sink import Sink

_ACCOUNT = ("last_offset", *ACCOUNT)


class Share(Struct, frozen=True):
    """One partition's share of what is written: its number, the generation that counts it, and what was taken."""

    partition: int
    generation: int
    flush: Flush


class Writer:
    """Writes what was counted of one topic, under the rules versions of its campaigns."""

    def __init__(self, sink: Sink, topic_id: str, rules: Mapping[str, int]) -> None:
        """``rules``: of every campaign that counts, and of ``*``."""
        self._sink = sink
        self._topic_id = topic_id
        self._rules = dict(rules)
        self._pool = ThreadPoolExecutor(len(COUNTERS) + 1, thread_name_prefix="insert")

    def write_counts(self, shares: Sequence[Share], changed: Mapping[int, Additions]) -> None:
        """Write counters and archive, one insert a table, all at once; ``changed`` has the counters' rows by partition.

        Raises ``UnavailableError`` when the same may be tried again; by then no insert is under way.
        """
        inserts = [
            self._pool.submit(
                self._insert,
                counter.table,
                [self._counters(share, changed[share.partition].get(counter.table)) for share in shares],
            )
            for counter in COUNTERS
        ]
        archive = [self._archive(share, frame) for share in shares for frame in share.flush.archive]
        inserts.append(self._pool.submit(self._insert, "archive", archive))
        wait(inserts)
        for insert in inserts:
            insert.result()

    def write_accounts(self, shares: Sequence[Share]) -> None:
        """Write the rows that end a flush, one a segment and campaign: from then on it is what readers see."""
        self._insert("segments", [self._accounts(share) for share in shares])

    def _insert(self, table: str, frames: Sequence[pl.DataFrame | None]) -> None:
        present = [frame for frame in frames if frame is not None and len(frame)]
        if present:
            rows = pl.concat(present)
            self._sink.write(table, rows)
            metrics.FLUSHED_ROWS.labels(table).inc(len(rows))

    def _of(self, share: Share, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(topic_id=pl.lit(self._topic_id), partition=pl.lit(share.partition, dtype=pl.UInt32))

    def _counters(self, share: Share, rows: pl.DataFrame | None) -> pl.DataFrame | None:
        if rows is None:
            return None
        unit = pl.col("segment").replace_strict(share.flush.units(), return_dtype=pl.UInt32)
        rows = rows.cast({pl.Enum: pl.String}).with_columns(unit=unit, rules=self._version(pl.col("campaign")))
        return self._of(share, rows)

    def _archive(self, share: Share, rows: pl.DataFrame) -> pl.DataFrame:
        return self._of(share, rows).with_columns(rules=pl.col("campaigns").list.eval(self._version(pl.element())))

    def _version(self, campaign: pl.Expr) -> pl.Expr:
        return campaign.replace_strict(self._rules, return_dtype=pl.UInt64)

    def _accounts(self, share: Share) -> pl.DataFrame:
        rows = [
            (
                account.unit_s,
                segment,
                campaign,
                version,
                share.generation,
                *(getattr(account, name) for name in _ACCOUNT),
            )
            for segment, account in share.flush.accounts.items()
            for campaign, version in self._rules.items()
        ]
        schema = {
            "unit": pl.UInt32,
            "segment": pl.UInt64,
            "campaign": pl.String,
            "rules": pl.UInt64,
            "generation": pl.UInt64,
        }
        schema |= dict.fromkeys(_ACCOUNT, pl.UInt64)
        return self._of(share, pl.DataFrame(rows, schema=schema, orient="row"))
