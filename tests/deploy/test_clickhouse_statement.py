"""The tokens of SQL: against the engine's own parser, and against texts made of known parts."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.clickhouse.errors import ServerError
from deploy.clickhouse.statement import parse, tokens
from tests.deploy.clickhouse_fixtures import ClickHouse

# Parts that hold what a search for words by itself would stumble over.
VALUES = st.sampled_from(
    [
        "1",
        "'FORMAT JSON'",
        "'it''s; -- no comment'",
        r"'a\'; FORMAT CSV'",
        "`FORMAT`",
        '"SETTINGS; x"',
        "$$ FORMAT Null; $$",
        "$t$ it's $$ ' $t$",
        "(SELECT 1 FORMAT)",
        "format('{}', 'FORMAT TSV')",
        "{p:String}",
        "[1, 2]",
        "x'41'",
    ]
)
SPACES = st.sampled_from([" ", "\n", "\t ", " /* FORMAT CSV; /* nested ' */ */ ", " -- it's FORMAT XML;\n", " # ; '\n"])
FORMATS = st.sampled_from(["JSON", "Native", "TabSeparated", "JSONEachRow", "Null"])
ENDS = st.sampled_from(["", ";", " ;; ", "\n-- FORMAT XML", " /* ; */ ;"])


@st.composite
def selects(draw: st.DrawFn) -> tuple[str, str | None]:
    """A SELECT and the format that it asks for."""

    def space() -> str:
        return draw(SPACES)

    columns = f"{space()},{space()}".join(draw(st.lists(VALUES, min_size=1, max_size=4)))
    columns = columns.replace("(SELECT 1 FORMAT)", "(SELECT 1 AS FORMAT)")
    asked = draw(st.none() | FORMATS)
    clauses = []
    if asked:
        clauses.append(f"FORMAT{space()}{asked}")
    if draw(st.booleans()):
        clauses.append(f"SETTINGS{space()}max_threads{space()}={space()}1, log_comment = 'FORMAT CSV'")
    if draw(st.booleans()):
        clauses.reverse()
    text = f"SELECT{space()}{columns}{space()}FROM{space()}system.one{space()}{space().join(clauses)}{draw(ENDS)}"
    return text, asked


@given(selects())
@settings(max_examples=500, deadline=None)
def test_statement_format_is_found_whatever_surrounds_it(made: tuple[str, str | None]) -> None:
    text, asked = made
    statement = parse(text.encode())
    assert (statement.verb, statement.format, statement.data) == ("SELECT", asked, None)


@given(selects())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_statement_format_is_what_the_engines_parser_finds(
    clickhouse_server: ClickHouse, made: tuple[str, str | None]
) -> None:
    text, asked = made
    (formatted,) = clickhouse_server.lines(
        "SELECT formatQuerySingleLine({q:String}) FORMAT JSONEachRow", param_q=tsv(text)
    )
    one_line = str(json.loads(formatted).popitem()[1])
    told = tail(one_line).replace("`", "").split("FORMAT ")
    assert told[1:] == ([asked] if asked else [])
    assert parse(one_line.encode()).format == asked


def tsv(text: str) -> str:
    """As a parameter's value is written."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def tail(one_line: str) -> str:
    """What follows the table in the engine's own layout, without the settings; it leaves no comment."""
    return re.sub(
        r" SETTINGS max_threads = 1, log_comment = 'FORMAT CSV'", "", one_line.rpartition(" FROM system.one")[2]
    )


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_statement_tokens_of_any_bytes_lie_in_order_and_hold_the_text(text: bytes) -> None:
    end = 0
    for token in tokens(text):
        assert token.start >= end
        assert text[token.start : token.end] == token.text
        end = token.end


@given(st.binary(max_size=200), FORMATS, SPACES)
@settings(max_examples=300, deadline=None)
def test_statement_of_an_insert_leaves_any_data_untouched(data: bytes, name: str, space: str) -> None:
    head = f'INSERT INTO{space}t (`format`, "values"){space}'
    statement = parse(f"{head}FORMAT{space}{name}\n".encode() + data)
    assert statement.data is not None
    assert statement.format == name
    assert statement.data.head == head.encode()
    text = f"{head}FORMAT{space}{name}\n".encode() + data
    assert text[statement.data.start :] == data or data[:1] in b"\r\n \t\x0c;S#-/"


@pytest.mark.parametrize(
    ("text", "name", "data"),
    [
        ("INSERT INTO t FORMAT CSV\n1,2\n", "CSV", "1,2\n"),
        ("INSERT INTO t FORMAT CSV 1,2", "CSV", "1,2"),
        ("INSERT INTO t FORMAT TSV\r\n\t\n", "TSV", "\t\n"),
        ("INSERT INTO t FORMAT TSV\n\n1", "TSV", "\n1"),
        ("INSERT INTO t SETTINGS a = 1 FORMAT JSONEachRow {}", "JSONEachRow", "{}"),
        ("INSERT INTO t FORMAT JSONEachRow SETTINGS a = 1, b = 'x' {}", "JSONEachRow", "{}"),
        ("insert into db.values (a) values (1, ';')", "Values", " (1, ';')"),
        ("INSERT INTO TABLE FUNCTION null('a Int8') VALUES (1)", "Values", " (1)"),
        ("INSERT INTO t FORMAT Values (1);", "Values", "(1);"),
    ],
)
def test_statement_data_of_an_insert_begins_where_clickhouse_has_it(text: str, name: str, data: str) -> None:
    statement = parse(text.encode())
    assert statement.data is not None
    assert (statement.format, text.encode()[statement.data.start :]) == (name, data.encode())


def test_statement_settings_after_an_inserts_format_stay_with_the_statement() -> None:
    statement = parse(b"INSERT INTO t FORMAT CSV SETTINGS a = 1, b = 'x'\n1")
    assert statement.data is not None
    assert statement.data.head == b"INSERT INTO t SETTINGS a = 1, b = 'x'"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT format FROM t",
        "SELECT 1 AS format",
        "SELECT 1 AS format SETTINGS max_threads = 1",
        "SELECT a, format b FROM t",
        "SELECT * FROM (SELECT 1 FORMAT CSV)",
        "INSERT INTO t SELECT 1",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        "CREATE TABLE format (format String) ENGINE = Memory",
    ],
)
def test_statement_without_a_format_clause_has_none(text: str) -> None:
    statement = parse(text.encode())
    assert (statement.format, statement.data) == (None, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 62),
        (" -- nothing\n;", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT 1;;/**/DROP TABLE t", 62),
        ("exit", 62),
        ("quit;", 62),
        ("\\l", 62),
        ("?? how many", 62),
        ("SELECT 1 INTO OUTFILE 'x'", 358),
        ("SELECT 1 INTO/**/\nOUTFILE 'x' FORMAT CSV", 358),
        ("INSERT INTO t FROM INFILE 'x' FORMAT CSV", 78),
        ("INSERT INTO t SELECT * FROM input('a Int8') FORMAT CSV\n1", 48),
    ],
)
def test_statement_that_is_none_or_several_or_of_server_files_is_refused(text: str, code: int) -> None:
    with pytest.raises(ServerError) as refused:
        parse(text.encode())
    assert refused.value.code == code
