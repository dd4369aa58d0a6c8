"""Tables sent with a query, as the parts of a multipart form that have a file name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from deploy.clickhouse.errors import BAD_ARGUMENTS, ServerError
from deploy.clickhouse.statement import Token, tokens

ARGUMENT_SUFFIXES = ("_format", "_structure", "_types")

# A reader may send tables too, so formats that evaluate expressions (Values) or read schema files are not among these.
_FORMATS = re.compile(
    r"(TabSeparated|TSV|CSV|RowBinary|JSONCompactEachRow)(WithNames(AndTypes)?)?|JSONEachRow|Native|Parquet|Arrow(Stream)?"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True)
class ExternalTable:
    """``structure`` is ``name Type, …``, and ``rows`` its rows in ``format``."""

    name: str
    format: str
    structure: str
    rows: IO[bytes]


def external_table(name: str, arguments: Mapping[str, str], rows: IO[bytes]) -> ExternalTable:
    """The table that a request's arguments describe. Raises ``ServerError``."""
    structure = arguments.get(f"{name}_structure", "")
    types = arguments.get(f"{name}_types", "")
    if types and not structure:
        split = _split(types)
        structure = ", ".join(f"_{number} {type_name}" for number, type_name in enumerate(split, start=1))
    table_format = arguments.get(f"{name}_format", "TabSeparated")
    if not _NAME.fullmatch(name) or not _FORMATS.fullmatch(table_format):
        raise ServerError(BAD_ARGUMENTS, f"External table '{name}' needs a plain name and format, not {table_format}.")
    if not all(_is_column(column) for column in _split(structure)):
        raise ServerError(
            BAD_ARGUMENTS, f"External table '{name}' needs {name}_structure or {name}_types: name Type, …."
        )
    return ExternalTable(name, table_format, structure, rows)


def _split(columns: str) -> list[str]:
    """The parts between the commas that stand in no brackets."""
    edges = [token for token in tokens(columns.encode()) if token.depth == 0 and token.is_mark(b",")]
    encoded, parts, start = columns.encode(), [], 0
    for edge in edges:
        parts.append(encoded[start : edge.start].decode())
        start = edge.end
    return [*parts, encoded[start:].decode()]


def _is_column(column: str) -> bool:
    """A name and a type, and nothing more: no DEFAULT, which would be evaluated, and no end of the brackets."""
    found: list[Token] = list(tokens(column.encode()))
    outer = [token for token in found if token.depth == 0]
    if any(token.kind in {"odd", "heredoc"} or token.depth < 0 for token in found) or len(outer) < 2:
        return False
    name, type_name, *brackets = outer
    bracketed = not brackets or (len(brackets) == 2 and brackets[0].is_mark(b"(") and brackets[1].is_mark(b")"))
    return name.kind in {"word", "quoted"} and type_name.kind == "word" and bracketed
