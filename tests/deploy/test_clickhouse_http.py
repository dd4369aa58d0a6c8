"""The HTTP interface as curl and other plain clients use it."""

import gzip
import json
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import lz4.frame
import pytest
import zstandard

from tests.deploy.clickhouse_fixtures import ClickHouse


def test_http_answers_ping_and_an_empty_request(clickhouse_server: ClickHouse) -> None:
    for path in ("/ping", "/", "/replicas_status"):
        assert clickhouse_server.http.get(clickhouse_server.url + path).text == "Ok.\n"
    assert clickhouse_server.http.get(clickhouse_server.url + "/nowhere").status_code == 404
    assert clickhouse_server.post("").headers["X-ClickHouse-Exception-Code"] == "62"


def test_http_answers_tab_separated_by_default_and_any_format_asked_for(clickhouse_server: ClickHouse) -> None:
    sql = "SELECT 1 AS a, 'x' AS b"
    assert clickhouse_server.post(sql).text == "1\tx\n"
    assert clickhouse_server.get(sql).text == "1\tx\n"
    assert clickhouse_server.post(sql, default_format="CSV").text == '1,"x"\n'
    assert (
        clickhouse_server.http.post(clickhouse_server.url, content=sql, headers={"X-ClickHouse-Format": "CSV"}).text
        == '1,"x"\n'
    )
    for end in ("FORMAT JSONEachRow", "FORMAT JSONEachRow;", "SETTINGS max_threads = 1 FORMAT JSONEachRow"):
        assert clickhouse_server.post(f"{sql} {end}", default_format="CSV").json() == {"a": 1, "b": "x"}
    answer = clickhouse_server.post(f"{sql} FORMAT JSON SETTINGS max_threads = 1 -- the end")
    assert answer.json()["data"] == [{"a": 1, "b": "x"}]
    assert answer.headers["X-ClickHouse-Format"] == "JSON"
    assert answer.headers["Content-Type"].startswith("application/json")


def test_http_joins_the_query_argument_and_the_body_by_a_line_feed(clickhouse_server: ClickHouse) -> None:
    assert clickhouse_server.post("+ 1", query="SELECT 1 -- one").text == "2\n"
    assert clickhouse_server.post("", query="SELECT 1").text == "1\n"


def test_http_parameters_are_typed_values_and_never_sql(clickhouse_server: ClickHouse) -> None:
    sql = "SELECT {n:UInt8} + 1, {s:String}, {a:Array(String)}"
    answer = clickhouse_server.post(sql, param_n="4", param_s="x' OR 1 -- \\t", param_a="['a','b']")
    assert answer.text == "5\tx\\' OR 1 -- \\t\t['a','b']\n"
    form = clickhouse_server.http.post(
        clickhouse_server.url, files={"query": (None, "SELECT {n:UInt8}"), "param_n": (None, "7")}
    )
    assert form.text == "7\n"
    assert clickhouse_server.post("SELECT {n:UInt8}").headers["X-ClickHouse-Exception-Code"] == "456"


def test_http_headers_tell_about_the_query(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    answer = clickhouse_server.post("SELECT number FROM numbers(1000)", query_id="mine", wait_end_of_query="1")
    assert answer.headers["X-ClickHouse-Query-Id"] == "mine"
    assert answer.headers["X-ClickHouse-Timezone"] == "UTC"
    assert answer.headers["X-ClickHouse-Server-Display-Name"]
    summary = json.loads(answer.headers["X-ClickHouse-Summary"])
    assert (summary["read_rows"], summary["result_rows"], summary["written_rows"]) == ("1000", "1000", "0")
    assert int(summary["elapsed_ns"]) > 0
    assert int(summary["result_bytes"]) == len(answer.content)

    for sql in (
        f"INSERT INTO {clickhouse_table} VALUES (1, 'a'), (2, 'b')",
        f"INSERT INTO {clickhouse_table} SELECT 1, ''",
    ):
        answer = clickhouse_server.post(sql)
        assert "X-ClickHouse-Format" not in answer.headers
        assert int(json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"]) > 0


@pytest.mark.parametrize(
    ("sql", "status", "code", "name"),
    [
        ("SELEC 1", 400, "62", "SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", 400, "62", "SYNTAX_ERROR"),
        ("SELECT * FROM nowhere", 404, "60", "UNKNOWN_TABLE"),
        ("SELECT nothing", 404, "47", "UNKNOWN_IDENTIFIER"),
        ("SELECT nosuch()", 404, "46", "UNKNOWN_FUNCTION"),
        ("SELECT 1 FORMAT Nothing", 404, "73", "UNKNOWN_FORMAT"),
        ("INSERT INTO nowhere VALUES (1)", 404, "60", "UNKNOWN_TABLE"),
        ("SELECT toUInt8('x')", 400, "6", "CANNOT_PARSE_TEXT"),
        ("SELECT throwIf(1)", 500, "395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        ("SELECT 1 INTO OUTFILE 'x'", 500, "358", "INTO_OUTFILE_NOT_ALLOWED"),
    ],
)
def test_http_errors_have_clickhouses_code_and_status(
    clickhouse_server: ClickHouse, sql: str, status: int, code: str, name: str
) -> None:
    answer = clickhouse_server.post(sql)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (status, code)
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert f"({name}) (version " in answer.text


def test_http_unknown_settings_databases_and_framing_are_errors(clickhouse_server: ClickHouse) -> None:
    assert clickhouse_server.post("SELECT 1", nonsense="1").headers["X-ClickHouse-Exception-Code"] == "115"
    assert clickhouse_server.post("SELECT 1", database="nowhere").status_code == 404
    assert clickhouse_server.post("SELECT 1", **{"a=1, readonly": "0"}).status_code == 400
    assert clickhouse_server.post("SELECT 1", compress="1").status_code == 501
    assert clickhouse_server.post("SELECT 1", decompress="1").status_code == 501


def test_http_users_come_by_header_basic_or_argument(clickhouse_server: ClickHouse) -> None:
    url, sql = clickhouse_server.url, "SELECT getSetting('readonly')"
    assert (
        clickhouse_server.http.post(
            url, content=sql, headers={"X-ClickHouse-User": "reader", "X-ClickHouse-Key": ""}
        ).text
        == "1\n"
    )
    assert clickhouse_server.http.post(url, content=sql, auth=("reader", "")).text == "1\n"
    assert clickhouse_server.http.post(url, content=sql, params={"user": "reader", "password": ""}).text == "1\n"
    assert clickhouse_server.http.post(url, content=sql, auth=("default", "")).text == "0\n"
    assert clickhouse_server.http.post(url, content=sql).text == "0\n"
    for refused in (
        clickhouse_server.http.post(url, content=sql, auth=("nobody", "")),
        clickhouse_server.http.post(url, content=sql, params={"user": "nobody"}),
        clickhouse_server.http.post(url, content=sql, headers={"X-ClickHouse-User": "nobody"}),
        clickhouse_server.http.post(url, content=sql, headers={"Authorization": "Bearer x"}),
        clickhouse_server.http.post(url, content=sql, auth=("default", ""), params={"user": "reader"}),
    ):
        assert (refused.status_code, refused.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
        assert "(AUTHENTICATION_FAILED)" in refused.text


def test_http_settings_hold_for_their_query_alone(clickhouse_server: ClickHouse) -> None:
    asked = "SELECT getSetting('max_block_size')"
    default = clickhouse_server.lines(asked)
    assert clickhouse_server.lines(asked, max_block_size="77", wait_end_of_query="1", async_insert="1") == ["77"]
    assert clickhouse_server.lines(asked) == default
    with_session = {"session_id": "settings"}
    clickhouse_server.lines("SET max_block_size = 55", **with_session)
    assert clickhouse_server.lines(asked, **with_session) == ["55"]
    assert clickhouse_server.lines(asked, max_block_size="77", **with_session) == ["77"]
    assert clickhouse_server.post("SELECT 1", max_block_size="66", nonsense="1", **with_session).status_code == 404
    assert clickhouse_server.lines(asked, **with_session) == ["55"]
    clickhouse_server.lines("SET max_block_size = 44", max_block_size="77", **with_session)
    assert clickhouse_server.lines(asked, close_session="1", **with_session) == ["44"]
    assert clickhouse_server.lines(asked, **with_session) == default


def test_http_session_that_locks_its_settings_serves_the_next_request_anew(clickhouse_server: ClickHouse) -> None:
    session = {"session_id": "locks"}
    clickhouse_server.lines("SET readonly = 1", max_block_size="77", **session)
    assert clickhouse_server.lines("SELECT getSetting('max_block_size')", max_block_size="78", **session) == ["78"]


def test_http_sessions_keep_temporary_tables_and_the_database(clickhouse_server: ClickHouse) -> None:
    session = {"session_id": "tables"}
    clickhouse_server.lines("CREATE TEMPORARY TABLE kept (a UInt8)", **session)
    clickhouse_server.lines("INSERT INTO kept FORMAT CSV\n5\n6\n", **session)
    assert clickhouse_server.lines("SELECT sum(a) FROM kept", session_check="1", **session) == ["11"]
    assert clickhouse_server.lines("SELECT currentDatabase()", database="system", **session) == ["system"]
    assert clickhouse_server.lines("SELECT currentDatabase()", **session) == ["default"]
    clickhouse_server.lines("USE system", **session)
    assert clickhouse_server.lines("SELECT currentDatabase()", **session) == ["system"]
    assert clickhouse_server.post("SELECT sum(a) FROM kept").status_code == 404
    missing = clickhouse_server.post("SELECT 1", session_id="never", session_check="1")
    assert missing.headers["X-ClickHouse-Exception-Code"] == "372"
    for timeout in ("x", "-1", "3601"):
        answer = clickhouse_server.post("SELECT 1", session_timeout=timeout, **session)
        assert answer.headers["X-ClickHouse-Exception-Code"] == "374"
    assert clickhouse_server.lines("SELECT 1", session_id="short", session_timeout="0") == ["1"]
    expired = clickhouse_server.post("SELECT 1", session_id="short", session_check="1")
    assert expired.headers["X-ClickHouse-Exception-Code"] == "372"


def test_http_session_in_use_is_locked(clickhouse_server: ClickHouse) -> None:
    session = {"session_id": "locked"}
    clickhouse_server.lines("SELECT 1", **session)
    slow = threading.Thread(target=clickhouse_server.post, args=("SELECT sleep(2), 'held'",), kwargs=session)
    slow.start()
    while clickhouse_server.lines("SELECT count() FROM system.processes WHERE query LIKE '%sleep(2)%held%'") != ["2"]:
        assert slow.is_alive()
    assert clickhouse_server.post("SELECT 1", **session).headers["X-ClickHouse-Exception-Code"] == "373"
    slow.join()
    assert clickhouse_server.lines("SELECT 1", **session) == ["1"]


def test_http_an_insert_that_the_table_refuses_is_an_error(
    clickhouse_server: ClickHouse, clickhouse_table: str
) -> None:
    clickhouse_server.post(f"SYSTEM STOP MERGES {clickhouse_table}")
    clickhouse_server.post(f"ALTER TABLE {clickhouse_table} MODIFY SETTING parts_to_throw_insert = 1")
    insert = f"INSERT INTO {clickhouse_table} FORMAT CSV"
    assert clickhouse_server.post(b'1,"a"\n', query=insert).status_code == 200
    refused = clickhouse_server.post(b'2,"b"\n', query=insert)
    assert (refused.status_code, refused.headers["X-ClickHouse-Exception-Code"]) == (500, "252")


INSERTS = [
    ("INSERT INTO {t} FORMAT JSONEachRow", b'{"n":1,"s":"a"}\n{"n":2,"s":"\xf0\x9f\x92\x9c"}\n'),
    ("INSERT INTO {t} (s, n) SETTINGS async_insert = 1 FORMAT CSV", b'"a",1\n"\xf0\x9f\x92\x9c",2\n'),
    ("INSERT INTO {t} FORMAT TSV SETTINGS async_insert = 0", b"1\ta\n2\t\xf0\x9f\x92\x9c\n"),
    ("INSERT INTO {t} VALUES", b"(1, 'a'), (1 + 1, '\xf0\x9f\x92\x9c')"),
    ("INSERT INTO {t} FORMAT RowBinary", b"\x01\x00\x00\x00\x01a\x02\x00\x00\x00\x04\xf0\x9f\x92\x9c"),
]


@pytest.mark.parametrize("number", range(len(INSERTS)))
def test_http_inserts_take_their_data_from_the_body(
    clickhouse_server: ClickHouse, clickhouse_table: str, number: int
) -> None:
    template, data = INSERTS[number]
    sql = template.format(t=clickhouse_table)
    for answer in (
        clickhouse_server.post(data, query=sql),
        clickhouse_server.post(f"{sql}\n".encode() + data),
        clickhouse_server.post(f"/* ; */ {sql} ".encode() + data),
    ):
        assert (answer.status_code, answer.text) == (200, "")
        assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    assert clickhouse_server.lines(f"SELECT n, s FROM {clickhouse_table} ORDER BY n") == ["1\ta"] * 3 + ["2\t💜"] * 3


def test_http_inserts_take_parameters(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    sql = "INSERT INTO {table:Identifier} VALUES ({n:UInt32}, {s:String})"
    assert clickhouse_server.lines(sql, param_table=clickhouse_table, param_n="3", param_s="it's") == []
    assert clickhouse_server.lines(f"SELECT * FROM {clickhouse_table}") == ["3\tit\\'s"]


def test_http_insert_that_does_not_fit_writes_nothing(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    answer = clickhouse_server.post(b'{"n":1}\n{"n":"x"}\n', query=f"INSERT INTO {clickhouse_table} FORMAT JSONEachRow")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (400, "27")
    assert clickhouse_server.lines(f"SELECT count() FROM {clickhouse_table}") == ["0"]


def test_http_insert_cut_short_writes_nothing(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    def half() -> Any:
        yield b'{"n":1}\n' * 50_000
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        clickhouse_server.http.post(
            clickhouse_server.url,
            params={"query": f"INSERT INTO {clickhouse_table} FORMAT JSONEachRow"},
            content=half(),
        )
    cut = gzip.compress(b'{"n":1}\n' * 1000)[:-9]
    arguments = {"query": f"INSERT INTO {clickhouse_table} FORMAT JSONEachRow"}
    answer = clickhouse_server.http.post(
        clickhouse_server.url, params=arguments, content=cut, headers={"Content-Encoding": "gzip"}
    )
    assert answer.headers["X-ClickHouse-Exception-Code"] == "271"
    assert clickhouse_server.lines(f"SELECT count() FROM {clickhouse_table}") == ["0"]


ENCODERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (gzip.compress, gzip.decompress),
    "deflate": (zlib.compress, zlib.decompress),
    "zstd": (zstandard.compress, lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    "lz4": (lz4.frame.compress, lz4.frame.decompress),
}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_http_bodies_are_compressed_both_ways(
    clickhouse_server: ClickHouse, clickhouse_table: str, encoding: str
) -> None:
    encode, decode = ENCODERS[encoding]
    rows = b"".join(b"%d\trow %d\n" % (n, n) for n in range(100_000))
    two_frames = encode(rows[:1_000_000]) + encode(rows[1_000_000:])
    insert = {"query": f"INSERT INTO {clickhouse_table} FORMAT TSV"}
    with httpx.Client(timeout=60) as client:
        sent = client.post(
            clickhouse_server.url, params=insert, content=two_frames, headers={"Content-Encoding": encoding}
        )
        assert sent.status_code == 200, sent.text
        select = client.build_request(
            "POST",
            clickhouse_server.url,
            content=f"SELECT * FROM {clickhouse_table} ORDER BY n",
            headers={"Accept-Encoding": f"identity;q=0, {encoding}"},
        )
        answer = client.send(select, stream=True)
        assert answer.headers["Content-Encoding"] == encoding
        assert decode(b"".join(answer.iter_raw())) == rows
    plain = {"Accept-Encoding": encoding}
    off = clickhouse_server.http.post(
        clickhouse_server.url, params={"enable_http_compression": "0"}, content="SELECT 1", headers=plain
    )
    assert "Content-Encoding" not in off.headers


def test_http_unknown_encoding_is_refused(clickhouse_server: ClickHouse) -> None:
    answer = clickhouse_server.http.post(clickhouse_server.url, content=b"x", headers={"Content-Encoding": "br"})
    assert answer.status_code == 501


def test_http_totals_and_empty_results_are_whole(clickhouse_server: ClickHouse) -> None:
    sql = "SELECT number % 2 AS k, count() FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k"
    assert clickhouse_server.post(sql).text == "0\t5\n1\t5\n\n0\t10\n"
    assert clickhouse_server.post("SELECT 1 AS a WHERE 0 FORMAT TSVWithNames").text == "a\n"
    assert clickhouse_server.post("SELECT 1 AS a WHERE 0 FORMAT JSON").json()["rows"] == 0
    array = clickhouse_server.post(
        "SELECT number FROM numbers(200000) FORMAT JSONEachRow", output_format_json_array_of_rows="1"
    )
    assert len(array.json()) == 200_000


def test_http_large_answers_stream_whole(clickhouse_server: ClickHouse) -> None:
    sql = "SELECT number, toString(number) FROM numbers(1000000)"
    expected = b"".join(b"%d\t%d\n" % (n, n) for n in range(1_000_000))
    assert clickhouse_server.post(sql).content == expected
    held = clickhouse_server.post(sql, wait_end_of_query="1")
    assert held.content == expected
    assert json.loads(held.headers["X-ClickHouse-Summary"])["result_rows"] == "1000000"


def test_http_failure_after_the_first_bytes_cannot_be_taken_for_success(clickhouse_server: ClickHouse) -> None:
    sql = "SELECT number, throwIf(number = 3000000) FROM numbers(4000000)"
    request = httpx.Request("POST", clickhouse_server.url, content=sql, headers={"Accept-Encoding": "identity"})
    received = b""
    with httpx.Client(timeout=60) as client, pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012 - read until it fails
        answer = client.send(request, stream=True)
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            received += piece
    tag = answer.headers["X-ClickHouse-Exception-Tag"].encode()
    assert b"__exception__\r\n" + tag in received
    assert b"(FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)" in received
    held = clickhouse_server.post(sql, wait_end_of_query="1")
    assert (held.status_code, held.headers["X-ClickHouse-Exception-Code"]) == (500, "395")


def test_http_slow_queries_block_nobody(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    slow = [
        threading.Thread(target=clickhouse_server.post, args=("SELECT sleepEachRow(0.1) FROM numbers(20)",))
        for _ in range(10)
    ]
    for thread in slow:
        thread.start()
    answered = 0
    while all(thread.is_alive() for thread in slow):
        assert clickhouse_server.http.get(f"{clickhouse_server.url}/ping").text == "Ok.\n"
        clickhouse_server.lines(f"INSERT INTO {clickhouse_table} VALUES (1, 'x')")
        answered += 1
    for thread in slow:
        thread.join()
    assert answered > 0
    assert clickhouse_server.lines(f"SELECT count() FROM {clickhouse_table}") == [str(answered)]


def test_http_inserts_at_once_all_arrive(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    sql = f"INSERT INTO {clickhouse_table} FORMAT TSV"

    def send(writer: int) -> None:
        for number in range(5):
            rows = b"".join(b"%d\tx\n" % (writer * 5000 + number * 1000 + row) for row in range(1000))
            assert clickhouse_server.post(rows, query=sql).status_code == 200

    writers = [threading.Thread(target=send, args=(writer,)) for writer in range(8)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    counted = clickhouse_server.lines(f"SELECT count(), uniqExact(n), max(n) FROM {clickhouse_table}")
    assert counted == ["40000\t40000\t39999"]


def test_http_large_bodies_leave_no_file_behind(clickhouse_server: ClickHouse, clickhouse_table: str) -> None:
    rows = b"1\t" + b"x" * 100 + b"\n"
    assert clickhouse_server.post(rows * 100_000, query=f"INSERT INTO {clickhouse_table} FORMAT TSV").status_code == 200
    assert clickhouse_server.lines(f"SELECT count() FROM {clickhouse_table}") == ["100000"]
    assert list(Path(clickhouse_server.data / "spool").iterdir()) == []


def test_http_memory_of_a_query_is_bounded(clickhouse_server: ClickHouse) -> None:
    greedy = "SELECT length(groupArray(repeat(toString(number), 100))) FROM numbers(1000000000)"
    answer = clickhouse_server.post(greedy, max_memory_usage="100000000")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "241")
    (limit,) = clickhouse_server.lines(
        "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"
    )
    assert 2**30 <= int(limit) <= 2**33
