"""Any SELECT, read-only, in any of ClickHouse's output formats."""

from collections.abc import Iterator, Mapping

from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from schemas.counters import DATABASE
from streams.clickhouse import reason
from streams.errors import GroundswellError

_READ_ONLY = 164


def run(client: Client, sql: str, format_name: str, parameters: Mapping[str, str]) -> Iterator[bytes]:
    """The answer's bytes, block by block; ``parameters`` fill the SQL's ``{name:Type}``.

    They come in ``format_name``, unless the SQL ends with a ``FORMAT`` of its own. Raises ``GroundswellError`` with
    ClickHouse's own words when it refuses the query.
    """
    statement = sql.strip().rstrip(";")
    client.database = DATABASE
    wanted = {"X-ClickHouse-Format": format_name}
    try:
        with client.raw_stream(statement, parameters=dict(parameters) or None, transport_settings=wanted) as blocks:
            yield from blocks
    except ClickHouseError as error:
        if getattr(error, "code", None) == _READ_ONLY:
            raise GroundswellError(
                "ClickHouse refuses the query, as it is no SELECT and `groundswell query` only reads: check its first "
                "words, or use ClickHouse's own client to change something."
            ) from error
        raise GroundswellError(f"ClickHouse refuses the query ({reason(error)}): correct it and ask again.") from error
