"""Files as records: JSON lines, CSV and Parquet, plain or packed with gzip or zstd; ``-`` is standard input.

Memory is flat however long a file or a line is. What a file is tells its content (Parquet, gzip and zstd begin with
bytes of their own) and, for CSV, its name.
"""

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from streams.errors import GroundswellError, UsageError
from streams.sources.outcome import Refused
from streams.sources.tables import Record, csv_rows, parquet_rows

MAX_LINE_BYTES = 1024 * 1024
"""A longer line is refused by name, and never held whole. Sixteen times what an event may have."""

STDIN = "-"
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_PARQUET = b"PAR1"
_BOM = b"\xef\xbb\xbf"
_BUFFER_BYTES = 256 * 1024


def check(names: Sequence[str], *, tables: bool) -> None:
    """Find out before anything is sent whether every file can be opened; raises ``GroundswellError`` for the first.

    ``tables``: whether the format can be held by CSV and Parquet.
    """
    if names.count(STDIN) > 1:
        raise UsageError("Standard input (`-`) can be read once only: name it once.")
    for name in names:
        if name == STDIN:
            continue
        path = Path(name)
        if path.is_dir():
            raise GroundswellError(f"{name} is a folder: name the files in it, for example {name.rstrip('/')}/*.jsonl.")
        try:
            with path.open("rb") as stream:
                is_table = _is_csv(name) or stream.read(len(_PARQUET)) == _PARQUET
        except OSError as error:
            raise GroundswellError(
                f"{name} cannot be opened ({error.strerror}): correct the name or its rights."
            ) from error
        if is_table and not tables:
            raise UsageError(f"{name} is a table, which only the format `events` can be read from.")


def read(name: str) -> Iterator[Record]:
    """The records of one file, in its order.

    Raises ``GroundswellError`` where the file cannot be read (further); what came before it stands.
    """
    try:
        if name == STDIN:
            yield from _records(cast("io.BufferedReader[Any]", sys.stdin.buffer), name)
            return
        with io.BufferedReader(Path(name).open("rb", buffering=0), _BUFFER_BYTES) as stream:
            if stream.peek(len(_PARQUET)).startswith(_PARQUET):
                yield from parquet_rows(name)
            else:
                yield from _records(stream, name)
    except (OSError, pa.ArrowException) as error:
        raise GroundswellError(
            f"{name} cannot be read to its end ({error}): what stands after that place was not sent; "
            "mend the file and replay it again, what was sent already counts once."
        ) from error


def _records(stream: "io.BufferedReader[Any]", name: str) -> Iterator[Record]:
    unpacked = _unpacked(stream)
    if unpacked.peek(len(_PARQUET)).startswith(_PARQUET):
        raise GroundswellError(
            f"{name} is packed or piped Parquet, which can be read from a plain file only: unpack it."
        )
    lines = _lines(unpacked)
    return csv_rows(name, lines) if _is_csv(name) else iter(lines)


def _is_csv(name: str) -> bool:
    return name.lower().removesuffix(".gz").removesuffix(".zst").endswith(".csv")


def _unpacked(stream: "io.BufferedReader[Any]") -> "io.BufferedReader[Any]":
    # Arrow's streams say when the packed data ends too early; the zstandard package's take that for the end.
    first = stream.peek(4)
    for magic, codec in _PACKED.items():
        if first.startswith(magic):
            packed = cast("io.RawIOBase", pa.CompressedInputStream(stream, codec))
            return io.BufferedReader(packed, _BUFFER_BYTES)
    return stream


def _lines(stream: "io.BufferedReader[Any]") -> Iterable[Record]:
    """Lines with their number, from 1, without their ends; the file's byte order mark is no part of its first."""
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                continue
            yield number, Refused("line_too_long", f"longer than {MAX_LINE_BYTES} bytes")
            continue
        yield number, (line.removeprefix(_BOM) if number == 1 else line).rstrip(b"\r\n")
