"""The requests of Grafana's ClickHouse plugin (clickhouse-go over HTTP), byte by byte."""

import gzip

import httpx

from tests.deploy.clickhouse_fixtures import ClickHouse

REVISION = 54460
ARGUMENTS = {
    "default_format": "Native",
    "client_protocol_version": str(REVISION),
    "max_execution_time": "60",
    "enable_http_compression": "1",
}


def read_string(block: bytes, start: int) -> tuple[str, int]:
    length = block[start]
    assert length < 128
    return block[start + 1 : start + 1 + length].decode(), start + 1 + length


def post(server: ClickHouse, sql: str) -> httpx.Response:
    return server.http.post(
        server.url, params=ARGUMENTS, content=sql, auth=("reader", ""), headers={"Accept-Encoding": "gzip"}
    )


def test_grafana_hello_is_a_block_of_its_revision_and_tells_revision_0(clickhouse_server: ClickHouse) -> None:
    block = post(clickhouse_server, "SELECT displayName(), version(), revision(), timezone()").content
    assert block[:8] == b"\x01\x00\x02\xff\xff\xff\xff\x00"
    assert block[8:10] == b"\x04\x01"
    position, values = 10, {}
    for _ in range(4):
        name, position = read_string(block, position)
        kind, position = read_string(block, position)
        assert block[position] == 0
        position += 1
        if kind == "UInt32":
            values[name], position = str(int.from_bytes(block[position : position + 4], "little")), position + 4
        else:
            values[name], position = read_string(block, position)
    assert position == len(block)
    version, name = clickhouse_server.lines("SELECT version(), displayName()")[0].split("\t")
    assert values == {"displayName()": name, "version()": version, "revision()": "0", "timezone()": "UTC"}


def test_grafana_ping_and_queries_are_plain_native_in_gzip(clickhouse_server: ClickHouse) -> None:
    answer = post(clickhouse_server, "SELECT 1")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.content == b"\x01\x01\x011\x05UInt8\x01"
    assert answer.headers["X-ClickHouse-Format"] == "Native"
    raw = httpx.Request(
        "POST", clickhouse_server.url, params=ARGUMENTS, content="SELECT 1", headers={"Accept-Encoding": "gzip"}
    )
    with httpx.Client() as client:
        assert gzip.decompress(b"".join(client.send(raw, stream=True).iter_raw())) == answer.content


def test_grafana_errors_are_no_200_and_name_the_exception(clickhouse_server: ClickHouse) -> None:
    answer = post(clickhouse_server, "SELECT * FROM nowhere")
    assert answer.status_code == 404
    assert "DB::Exception" in answer.text
