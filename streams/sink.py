"""Sink: rows to ClickHouse, written whole or written again.

``write`` returns only when every row is acknowledged. A write that failed, was torn or whose answer was lost is
simply repeated: rows are cumulative, so a repetition changes nothing.
"""

import traceback

import polars as pl
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from schemas.counters import DATABASE
from streams.errors import GroundswellError

_INSERT = {
    # Acknowledged means written: no queue in between, and no "200" before the end.
    "async_insert": 0,
    "wait_end_of_query": 1,
    # Writing the same rows again must not be taken for a mistake.
    "insert_deduplicate": 0,
    # No row of an insert has the key of another: looking for such would take as long as all else.
    "optimize_on_insert": 0,
    # Late events can be of any number of days.
    "max_partitions_per_insert_block": 0,
}

_OURS_TO_MEND = {16, 36, 47, 53, 60, 62, 73, 81, 115, 164, 192, 193, 194, 497, 516}
"""ClickHouse error codes that no repetition cures: unknown tables, columns and types, missing rights."""


class UnavailableError(Exception):
    """ClickHouse did not take the rows now; the same write can be tried again."""


class Sink:
    """Writes to the tables of one ClickHouse."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, table: str, rows: pl.DataFrame) -> None:
        """Write rows, one column a column of ``table``.

        Raises ``UnavailableError`` when it may be tried again, ``GroundswellError`` when that would not help.
        """
        if not len(rows):
            return
        try:
            answer = self._client.insert_arrow(
                table,
                rows.to_arrow(compat_level=pl.CompatLevel.oldest()),
                database=DATABASE,
                settings=_INSERT,
            )
        except DatabaseError as error:
            if error.code in _OURS_TO_MEND:
                raise GroundswellError(
                    f"ClickHouse refuses rows for {DATABASE}.{table} ({str(error)[:300]}): run `groundswell migrate` "
                    "with this version of Groundswell, and check the user's rights."
                ) from error
            raise _unavailable(error) from None
        except (ClickHouseError, OSError) as error:
            raise _unavailable(error) from None
        written = int(answer.summary.get("written_rows", 0))
        if written < len(rows):
            # A proxy's page, an error that came after the status, or one that the server kept to itself.
            raise UnavailableError(f"The answer says success, yet of {len(rows)} rows {written} were written.")


def _unavailable(error: BaseException) -> UnavailableError:
    """What to raise for the driver's error, which is made to let go of the rows.

    The driver's errors refer to the calls that raised them and these to the errors: all that a failed attempt had made
    of the rows would stay until the collector comes, while the next attempts make as much again.
    """
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__
    return UnavailableError(str(error))
