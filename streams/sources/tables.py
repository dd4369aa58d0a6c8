"""Tables as events: each row of CSV or Parquet becomes the JSON object that the format ``events`` reads.

Columns are named as the event's fields; others are ignored. So rows are judged by the same rules as JSON lines.

CSV: an empty cell is null. A list is a JSON array, or words set apart by spaces, commas or semicolons. A cell of an
integer field is an integer as JSON writes it; anything else stays text, which is then refused as such.
Parquet: time stamps become ms since the epoch (one without a zone is UTC); integers in a text field (ids) text.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.event import FIELDS, REQUIRED, json_schema
from streams.errors import GroundswellError
from streams.sources.outcome import Refused

Record = tuple[int, bytes | Refused]
"""The number of a line or row, from 1, and its JSON, or why it has none."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_BETWEEN_WORDS = re.compile(r"[\s,;]+")
_ROWS = 4096


def _fields_of(kind: str) -> frozenset[str]:
    properties = json_schema()["properties"].items()
    return frozenset(
        name for name, spec in properties if any(one.get("type") == kind for one in (spec, *spec.get("anyOf", ())))
    )


_INTEGERS = _fields_of("integer")
_LISTS = _fields_of("array")


class _RefusedLine(Exception):  # noqa: N818  # it carries a refusal through the csv module, and is no error of ours
    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


class _Text(Iterator[str]):
    """Lines as the csv module wants them. Not a generator: it goes on after a line that it refused."""

    def __init__(self, lines: Iterable[Record]) -> None:
        self._lines = iter(lines)
        self.number = 0

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if isinstance(line, Refused):
            raise _RefusedLine(line)
        # Bytes that are not UTF-8 pass the csv module as lone surrogates, and are refused with their row.
        return line.decode(errors="surrogateescape") + "\n"


def csv_rows(name: str, lines: Iterable[Record]) -> Iterator[Record]:
    """Rows under the number of their first line; the first row names the columns."""
    text = _Text(lines)
    rows = csv.reader(text, strict=True)
    header = _header(name, rows)
    while True:
        first = text.number + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except _RefusedLine as error:
            yield text.number, error.refused
        except csv.Error as error:
            # A quote that nothing closes takes in the lines after it, up to the csv module's limit for one cell.
            yield first, Refused("bad_row", f"lines {first} to {text.number} are no CSV row: {error}")
        else:
            yield first, _csv_json(header, cells)


def _header(name: str, rows: Iterator[list[str]]) -> list[str]:
    try:
        header = next(rows, [])
    except (_RefusedLine, csv.Error) as error:
        raise GroundswellError(
            f"The first line of {name} is no CSV header ({error}): name the columns there."
        ) from error
    _require(name, header)
    return header


def _require(name: str, columns: Iterable[str]) -> None:
    missing = [field for field in REQUIRED if field not in set(columns)]
    if missing:
        raise GroundswellError(f"{name} has no column {missing[0]}: name its columns as the event's fields.")


def _csv_json(header: list[str], cells: list[str]) -> bytes | Refused:
    if not cells:
        return b""
    if len(cells) != len(header):
        return Refused("bad_row", f"{len(cells)} cells under a header of {len(header)}")
    return _json({name: _cell(name, cell) for name, cell in zip(header, cells, strict=True) if name in FIELDS and cell})


def _cell(name: str, cell: str) -> Any:
    if name in _INTEGERS and _INTEGER.fullmatch(cell):
        return int(cell)
    if name in _LISTS:
        if not cell.lstrip().startswith("["):
            return [word for word in _BETWEEN_WORDS.split(cell) if word]
        try:
            return msgspec.json.decode(cell)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return cell
    return cell


def _json(row: dict[str, Any]) -> bytes | Refused:
    try:
        return msgspec.json.encode(row)
    except UnicodeEncodeError:
        return Refused("not_utf8", "the row is not UTF-8")


def parquet_rows(name: str) -> Iterator[Record]:
    """Rows by their number, from 1, a batch of them in memory at a time."""
    with pq.ParquetFile(name) as file:
        _require(name, file.schema_arrow.names)
        columns = [field for field in file.schema_arrow.names if field in FIELDS]
        number = 0
        for batch in file.iter_batches(batch_size=_ROWS, columns=columns, use_threads=False):
            values = [_plain(field, batch.column(field)).to_pylist() for field in columns]
            for row in zip(*values, strict=True):
                number += 1
                present = {field: value for field, value in zip(columns, row, strict=True) if value is not None}
                yield number, _json(present)


def _plain(name: str, column: Any) -> Any:
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("ms", tz=column.type.tz), safe=False).cast(pa.int64())
    is_text = name not in _INTEGERS and name not in _LISTS
    if is_text and (pa.types.is_integer(column.type) or pa.types.is_binary(column.type)):
        return column.cast(pa.string())
    return column
