"""clickhouse-connect, sync and async, treats the embedded server as a server."""

import asyncio
import datetime as dt
from typing import Any

import clickhouse_connect
import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, Error
from clickhouse_connect.driver.external import ExternalData

from tests.deploy.clickhouse_fixtures import ClickHouse

ROWS = [
    [1, "a", dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC), "x", ["p", "q"], None, {"k": 1}],
    [2, "💜\t'\\", dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC), "y", [], -5, {}],
]


def test_driver_finds_a_server_with_nothing_degraded(clickhouse_server: ClickHouse) -> None:
    client = clickhouse_server.client()
    assert client.server_version == client.command("SELECT version()")
    assert client.server_tz == dt.UTC
    assert len(client.server_settings) > 1000
    assert client.ping()
    # The driver sets these only where it takes them for known and writable.
    assert client.get_client_setting("date_time_input_format") == "best_effort"
    assert client.get_client_setting("cancel_http_readonly_queries_on_client_close") == "1"
    assert client.compression == "lz4,zstd,gzip,deflate"
    reader = clickhouse_server.client("reader")
    assert reader.server_settings["max_threads"].readonly == 1
    assert reader.get_client_setting("date_time_input_format") is None
    assert reader.query("SELECT 1").result_rows == [(1,)]


def test_driver_inserts_and_queries_every_kind_of_column(clickhouse_server: ClickHouse) -> None:
    with clickhouse_connect.get_client(host="127.0.0.1", port=clickhouse_server.port, tz_mode="aware") as client:
        client.command(
            "CREATE TABLE kinds (n UInt32, s String, t DateTime('UTC'), l LowCardinality(String), a Array(String), "
            "o Nullable(Int32), m Map(String, UInt8)) ENGINE = MergeTree ORDER BY n"
        )
        summary = client.insert("kinds", ROWS)
        assert summary.written_rows == 2
        result = client.query("SELECT * FROM kinds ORDER BY n")
        assert [list(row) for row in result.result_rows] == ROWS
        assert (result.summary["read_rows"], result.summary["result_rows"]) == ("2", "2")
        assert client.query("SELECT * FROM kinds LIMIT 0").column_names == ("n", "s", "t", "l", "a", "o", "m")
        assert client.query("SELECT n FROM kinds WHERE 0").result_rows == []
        assert client.command("SELECT count() FROM kinds") == 2
        assert client.command("SELECT n FROM kinds WHERE 0") == ""
        assert client.raw_query("SELECT n FROM kinds ORDER BY n", fmt="CSV") == b"1\n2\n"
        client.raw_insert("kinds", ["n", "s"], '{"n":3,"s":"raw"}\n', fmt="JSONEachRow")
        assert client.query("SELECT s FROM kinds WHERE n = 3").result_rows == [("raw",)]
        client.command("DROP TABLE kinds")


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", False])
def test_driver_compresses_both_ways(
    clickhouse_server: ClickHouse, clickhouse_table: str, compression: str | bool
) -> None:
    client = clickhouse_connect.get_client(host="127.0.0.1", port=clickhouse_server.port, compress=compression)
    rows = [[n, f"row {n}"] for n in range(200_000)]
    client.insert(clickhouse_table, rows)
    with client.query_row_block_stream(f"SELECT * FROM {clickhouse_table} ORDER BY n") as blocks:
        assert [list(row) for block in blocks for row in block] == rows


def test_driver_moves_arrow_tables_both_ways(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    sent = pa.table({"n": pa.array(range(1000), pa.uint32()), "s": [f"💜{n}" for n in range(1000)]})
    client = clickhouse_server.client()
    client.insert_arrow(clickhouse_table, sent)
    received = client.query_arrow(f"SELECT n, s FROM {clickhouse_table} ORDER BY n")
    assert received.to_pylist() == sent.to_pylist()
    with client.query_arrow_stream(f"SELECT n FROM {clickhouse_table}") as batches:
        assert sum(batch.num_rows for batch in batches) == 1000


def test_driver_binds_parameters_on_either_side(clickhouse_server: ClickHouse) -> None:
    address: dict[str, Any] = {"host": "127.0.0.1", "port": clickhouse_server.port, "tz_mode": "aware"}
    client = clickhouse_connect.get_client(**address)
    nasty = "a'b\\c\td\ne💜{x}%s; DROP"
    at = dt.datetime(2026, 5, 4, 3, 2, 1, tzinfo=dt.UTC)
    values = {"s": nasty, "n": 7, "a": ["x", "y'"], "t": at}
    server_side = "SELECT {s:String}, {n:UInt8}, {a:Array(String)}, {t:DateTime('UTC')}"
    assert client.query(server_side, parameters=values).result_rows == [(nasty, 7, ["x", "y'"], at)]
    client_side = "SELECT %(s)s, %(n)s, %(a)s"
    assert client.query(client_side, parameters=values).result_rows == [(nasty, 7, ["x", "y'"])]
    form = clickhouse_connect.get_client(**address, form_encode_query_params=True)
    assert form.query(server_side, parameters=values).result_rows == [(nasty, 7, ["x", "y'"], at)]


def test_driver_sends_external_tables(clickhouse_server: ClickHouse) -> None:
    data = ExternalData(file_name="ids.csv", data=b"1\n3\n", fmt="CSV", structure="id UInt32")
    sql = "SELECT sum(number) FROM numbers(10) WHERE number IN ids"
    for user in ("default", "reader"):
        assert clickhouse_server.client(user).query(sql, external_data=data).result_rows == [(4,)]


def test_driver_raises_errors_with_code_and_name(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    client = clickhouse_server.client()
    with pytest.raises(DatabaseError) as unknown:
        client.query("SELECT * FROM nowhere")
    assert (unknown.value.code, unknown.value.name) == (60, "UNKNOWN_TABLE")
    with pytest.raises(DatabaseError) as refused:
        clickhouse_server.client("reader").command(f"DROP TABLE {clickhouse_table}")
    assert (refused.value.code, refused.value.name) == (164, "READONLY")
    with pytest.raises(DatabaseError) as nobody:
        clickhouse_server.client("nobody")
    assert (nobody.value.code, nobody.value.name) == (516, "AUTHENTICATION_FAILED")
    sql = "SELECT number, throwIf(number = 3000000) FROM numbers(4000000)"
    with pytest.raises(Error, match="THROW_IF"), client.query_row_block_stream(sql) as blocks:
        for _ in blocks:
            pass


def test_driver_keeps_a_session(clickhouse_server: ClickHouse) -> None:
    client = clickhouse_connect.get_client(host="127.0.0.1", port=clickhouse_server.port, session_id="driver")
    client.command("CREATE TEMPORARY TABLE kept (a UInt8)")
    client.insert("kept", [[1], [2]])
    client.command("SET max_block_size = 123")
    assert client.query("SELECT sum(a), getSetting('max_block_size') FROM kept").result_rows == [(3, 123)]


def test_driver_settings_hold_for_their_query_alone(clickhouse_server: ClickHouse) -> None:
    client = clickhouse_server.client()
    sql = "SELECT getSetting('max_block_size')"
    default = client.query(sql).result_rows
    assert client.query(sql, settings={"max_block_size": 99}).result_rows == [(99,)]
    assert client.query(sql).result_rows == default


def test_driver_works_asynchronously(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    async def work() -> list[int]:
        client = await clickhouse_connect.get_async_client(
            host="127.0.0.1", port=clickhouse_server.port, autogenerate_session_id=False
        )
        async with client:
            await asyncio.gather(*(client.insert(clickhouse_table, [[n, "x"]]) for n in range(10)))
            results = await asyncio.gather(
                *(client.query(f"SELECT count() + {n} FROM {clickhouse_table}") for n in range(5))
            )
            with pytest.raises(DatabaseError) as unknown:
                await client.query("SELECT * FROM nowhere")
            assert unknown.value.code == 60
        return [result.result_rows[0][0] for result in results]

    assert asyncio.run(work()) == [10, 11, 12, 13, 14]
