"""What a reader can and cannot do, on the real engine."""

from pathlib import Path

import httpx
import pytest

from tests.deploy.clickhouse_fixtures import ClickHouse

SECRET = "the content of a file"

FORBIDDEN = [
    "INSERT INTO {t} VALUES (1, 'a')",
    "INSERT INTO {t} SELECT 1, 'a'",
    "WITH x AS (SELECT 1, 'a') INSERT INTO {t} SELECT * FROM x",
    "INSERT INTO FUNCTION file('{f}.new', 'CSV', 'a Int8') SELECT 1",
    "CREATE TABLE made (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE made (a Int8)",
    "CREATE VIEW made AS SELECT 1",
    "CREATE FUNCTION made AS x -> x",
    "CREATE DICTIONARY made (a UInt64) PRIMARY KEY a SOURCE(FILE(path '{f}' format 'CSV')) LAYOUT(FLAT()) LIFETIME(1)",
    "DROP TABLE {t}",
    "TRUNCATE TABLE {t}",
    "ALTER TABLE {t} DELETE WHERE 1",
    "DELETE FROM {t} WHERE 1",
    "OPTIMIZE TABLE {t}",
    "RENAME TABLE {t} TO moved",
    "DETACH TABLE {t}",
    "ATTACH TABLE made",
    "BACKUP TABLE {t} TO File('{f}.new')",
    "GRANT SELECT ON *.* TO reader",
    "SET max_threads = 1",
    "SET readonly = 0",
    "SET param_x = 1",
    "USE system",
    "SYSTEM STOP MERGES",
    "SYSTEM SHUTDOWN",
    "KILL QUERY WHERE 1",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 SETTINGS max_execution_time = 5",
    "SELECT 1 FORMAT CSV SETTINGS readonly = 0",
    "SELECT 1; DROP TABLE {t}",
    "SELECT 1 /* ; */; SET readonly = 0; DROP TABLE {t}",
    "SELECT 1 INTO OUTFILE '{f}.new'",
    "SELECT 1 INTO OUTFILE '{f}.new' TRUNCATE FORMAT CSV",
    "SHOW TABLES INTO OUTFILE '{f}.new'",
    "EXPLAIN SELECT 1 INTO OUTFILE '{f}.new'",
    "SELECT file('{f}')",
    "SELECT `file`('{f}')",
    "SELECT \"file\"('{f}')",
    "SELECT `\\x66ile`('{f}')",
    "SELECT \u201cfile\u201d('{f}')",
    "SELECT file /* x */ ('{f}')",
    "SELECT 'a' AS a, -- it's\n file('{f}')",
    "SELECT 1 // it's\n , file('{f}')",
    "SELECT $$'$$, file('{f}'), $$'$$",
    "SELECT arrayMap(file, ['{f}'])",
    "SELECT * APPLY(file) FROM (SELECT '{f}' AS x)",
    "SELECT arrayMap({{name:Identifier}}, ['{f}'])",
    "SELECT arrayMap({{escaped : /**/ Identifier}}, ['{f}'])",
    "SELECT aiGenerate('x')",
    "SELECT arrayMap(AIGenerate, ['x'])",
    "SELECT * FROM file('{f}', 'RawBLOB', 's String')",
    "SELECT * FROM `{f}`",
    "SELECT * FROM '{f}'",
    "SELECT * FROM fileCluster('default', '{f}')",
    "SELECT * FROM url('{u}', 'RawBLOB', 's String')",
    "SELECT * FROM s3('{u}/bucket/key', 'RawBLOB', 's String')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM remoteSecure('127.0.0.1:1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM executable('a.sh', 'CSV', 'a Int8')",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM sqlite('{f}.new', 't')",
    "SELECT * FROM Python(sys)",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT * FROM icebergLocal('{f}')",
    "SELECT * FROM deltaLake('{u}')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:1/', 'CSV', 'a Int8')",
    "SELECT * FROM filesystem('/')",
    "SELECT * FROM loop('default', '{t}') LIMIT 1",
    "DESCRIBE TABLE file('{f}')",
    "EXPLAIN SELECT file('{f}')",
    "EXPLAIN PIPELINE INSERT INTO {t} SELECT 1, 'a'",
]

ALLOWED = [
    ("SELECT count() FROM {t}", "2"),
    ("SELECT sum(n) FROM {t}_view", "3"),
    ("WITH x AS (SELECT n FROM {t}) SELECT max(n) FROM x", "2"),
    ("SELECT 'file', 'SYSTEM SHUTDOWN; DROP', format('{{}}', 'a')", "file\tSYSTEM SHUTDOWN; DROP\ta"),
    ("SELECT sum(number) FROM numbers(10)", "45"),
    ("SELECT s FROM {t} WHERE s = 'ü💜' -- a comment", "ü💜"),
    ("(SELECT 1) UNION ALL (SELECT 1)", "1\n1"),
    ("FROM {t} SELECT n ORDER BY n LIMIT 1;", "1"),
    ("SELECT n FROM {{table:Identifier}} ORDER BY n LIMIT 1", "1"),
    ("EXISTS TABLE {t}", "1"),
    ("SELECT value FROM system.settings WHERE name = 'readonly'", "1"),
]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret.txt"
    file.write_text(SECRET, encoding="utf-8")
    return file


def ask(server: ClickHouse, way: str, sql: str, **arguments: str) -> httpx.Response:
    match way:
        case "reader":
            return server.post(sql, user="reader", **arguments)
        case "get":
            return server.get(sql, **arguments)
        case "web page":
            return server.http.post(server.url, params=arguments, content=sql, headers={"Origin": "http://a.example"})
        case _:
            return server.post(sql, readonly="1", **arguments)


@pytest.mark.parametrize("way", ["reader", "get", "readonly=1", "web page"])
def test_readonly_queries_can_do_nothing_but_read(
    clickhouse_server: ClickHouse, clickhouse_table: str, secret: Path, way: str
) -> None:
    clickhouse_server.lines(f"INSERT INTO {clickhouse_table} VALUES (1, 'a'), (2, 'ü💜')")
    before = clickhouse_server.lines("SELECT name FROM system.tables WHERE database = 'default' ORDER BY name")
    wrong = []
    for sql in FORBIDDEN:
        text = sql.format(t=clickhouse_table, f=secret, u=clickhouse_server.url)
        answer = ask(clickhouse_server, way, text, param_name="file", param_escaped="\\x66ile")
        if answer.status_code == 200 or SECRET in answer.text or "X-ClickHouse-Exception-Code" not in answer.headers:
            wrong.append((text, answer.text[:200]))
    assert wrong == []
    assert [file.name for file in secret.parent.iterdir()] == [secret.name]
    assert clickhouse_server.lines(f"SELECT count() FROM {clickhouse_table}") == ["2"]
    assert clickhouse_server.lines("SELECT name FROM system.tables WHERE database = 'default' ORDER BY name") == before


@pytest.mark.parametrize("way", ["reader", "get", "readonly=1", "web page"])
def test_readonly_queries_can_read(clickhouse_server: ClickHouse, clickhouse_table: str, way: str) -> None:
    clickhouse_server.lines(f"INSERT INTO {clickhouse_table} VALUES (1, 'a'), (2, 'ü💜')")
    clickhouse_server.lines(f"CREATE VIEW {clickhouse_table}_view AS SELECT n FROM {clickhouse_table}")
    for sql, expected in ALLOWED:
        answer = ask(clickhouse_server, way, sql.format(t=clickhouse_table), param_table=clickhouse_table)
        assert (answer.status_code, answer.text) == (200, expected + "\n"), sql
    clickhouse_server.lines(f"DROP VIEW {clickhouse_table}_view")


@pytest.mark.parametrize(
    "name", ["format_template_resultset", "format_schema", "output_format_schema", "dialect", "profile", "allow_ddl"]
)
def test_readonly_settings_that_could_reach_a_file_or_widen_rights_are_refused(
    clickhouse_server: ClickHouse, name: str
) -> None:
    answer = clickhouse_server.post("SELECT 1", user="reader", **{name: "x"})
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "164")


def test_readonly_limits_of_a_request_are_applied(clickhouse_server: ClickHouse) -> None:
    limit = "SELECT value FROM system.settings WHERE name = 'max_execution_time'"
    assert clickhouse_server.lines(limit, user="reader") == ["60"]
    assert clickhouse_server.lines(limit, user="reader", max_execution_time="7") == ["7"]
    slow = "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1"
    answer = clickhouse_server.post(slow, user="reader", max_execution_time="1")
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (408, "159")
    answer = clickhouse_server.post("SELECT number FROM numbers(1000)", user="reader", max_result_rows="10")
    assert answer.headers["X-ClickHouse-Exception-Code"] == "396"


def test_readonly_external_tables_hold_data_and_evaluate_nothing(clickhouse_server: ClickHouse, secret: Path) -> None:
    def send(structure: str, table_format: str, rows: bytes) -> httpx.Response:
        arguments = {"user": "reader", "query": "SELECT * FROM e", "e_structure": structure, "e_format": table_format}
        return clickhouse_server.http.post(clickhouse_server.url, params=arguments, files={"e": ("e", rows)})

    assert send("a String, b Array(Int8)", "TSV", b"x\t[1,2]\n").text == "x\t[1,2]\n"
    for structure, table_format, rows in (
        (f"a String DEFAULT file('{secret}')", "JSONEachRow", b"{}"),
        (f"a String) AS SELECT file('{secret}'", "TSV", b""),
        ("a String", "Values", f"(file('{secret}'))".encode()),
    ):
        answer = send(structure, table_format, rows)
        assert answer.status_code == 400, answer.text
        assert SECRET not in answer.text
