"""Any SELECT, read-only, in any of ClickHouse's output formats."""

from collections.abc import Iterator, Mapping

from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from schemas.counters import DATABASE
from streams.errors import GroundswellError


def run(client: Client, sql: str, format_name: str, parameters: Mapping[str, str]) -> Iterator[bytes]:
    """The answer's bytes, block by block, in ``format_name``; ``parameters`` fill the SQL's ``{name:Type}``.

    Raises ``GroundswellError`` with ClickHouse's own words when it refuses the query.
    """
    statement = sql.strip().rstrip(";")
    client.database = DATABASE
    try:
        with client.raw_stream(statement, parameters=dict(parameters) or None, fmt=format_name) as blocks:
            yield from blocks
    except ClickHouseError as error:
        raise GroundswellError(f"ClickHouse refuses the query: {_sentence(error)}") from error


def _sentence(error: ClickHouseError) -> str:
    text = str(error).strip().replace("\n", " ")
    return text[:600]
