import gzip
import io
import os
import resource
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import GroundswellError, UsageError
from streams.sources import files
from streams.sources.files import MAX_LINE_BYTES, STDIN, check, read
from streams.sources.outcome import Refused
from streams.sources.tables import Record

LINES = [b'{"n":%d}' % n for n in range(1000)]
TEXT = b"\n".join(LINES) + b"\n"
PACKED = {"plain": TEXT, "gz": gzip.compress(TEXT), "zst": zstandard.compress(TEXT)}


@pytest.mark.parametrize("packing", PACKED)
def test_files_are_unpacked_by_what_they_hold(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "whatever.name"
    path.write_bytes(PACKED[packing])
    assert list(read(str(path))) == list(enumerate(LINES, 1))


@pytest.mark.parametrize("packing", PACKED)
def test_files_on_standard_input_are_unpacked_too(monkeypatch: pytest.MonkeyPatch, packing: str) -> None:
    stdin = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(PACKED[packing])))
    monkeypatch.setattr("sys.stdin", stdin)
    assert list(read(STDIN)) == list(enumerate(LINES, 1))


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_files_packed_in_several_parts_are_read_through(tmp_path: Path, packing: str) -> None:
    path = tmp_path / "parts"
    path.write_bytes(PACKED[packing] * 3)
    assert len(list(read(str(path)))) == 3000


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_files_cut_off_give_what_is_whole_and_say_so(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"cut.{packing}"
    random = os.urandom(3_000_000).hex().encode()
    text = b"\n".join(random[i : i + 1000] for i in range(0, len(random), 1000))
    packed = gzip.compress(text) if packing == "gz" else zstandard.compress(text)
    path.write_bytes(packed[:-100])
    found: list[Record] = []
    with pytest.raises(GroundswellError, match=rf"cut\.{packing} cannot be read to its end"):
        found.extend(read(str(path)))  # what came before the failure stays in the list
    assert len(found) > 1000


def test_files_line_too_long_is_refused_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as stream:
        stream.write(b"a" * MAX_LINE_BYTES + b"\n")
        for _ in range(256):
            stream.write(b"b" * MAX_LINE_BYTES)
        stream.write(b"\nlast")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kinds = [(n, line.reason if isinstance(line, Refused) else len(line)) for n, line in read(str(path))]
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert kinds == [(1, MAX_LINE_BYTES), (2, "line_too_long"), (3, 4)]
    assert grown_kb < 64 * 1024


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"").rstrip(b"\r"))), st.booleans())
def test_files_lines_are_those_between_line_ends(lines: list[bytes], crlf: bool) -> None:
    end = b"\r\n" if crlf else b"\n"
    stream = io.BufferedReader(io.BytesIO(b"x" + b"".join(line + end for line in lines)))
    expected = [b"x" + lines[0], *lines[1:]] if lines else [b"x"]
    assert [line for _, line in files._lines(stream)] == expected


def test_files_byte_order_mark_belongs_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bom.jsonl"
    path.write_bytes(b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n")
    assert list(read(str(path))) == [(1, b"{}"), (2, b"\xef\xbb\xbf{}")]


def test_files_packed_parquet_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet.gz"
    path.write_bytes(gzip.compress(b"PAR1" + b"\0" * 100))
    with pytest.raises(GroundswellError, match="unpack it"):
        list(read(str(path)))


def test_files_broken_parquet_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 100)
    with pytest.raises(GroundswellError, match="cannot be read to its end"):
        list(read(str(path)))


def test_files_check_names_the_first_that_cannot_be_opened(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(TEXT)
    check([str(good), STDIN], tables=True)
    with pytest.raises(GroundswellError, match=r"missing cannot be opened \(No such file"):
        check([str(good), str(tmp_path / "missing")], tables=True)
    with pytest.raises(GroundswellError, match="is a folder"):
        check([str(tmp_path)], tables=True)
    with pytest.raises(UsageError, match="name it once"):
        check([STDIN, STDIN], tables=True)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.CSV.ZST"])
def test_files_check_refuses_tables_for_formats_that_are_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"event_id\n")
    check([str(path)], tables=True)
    with pytest.raises(UsageError, match="is a table"):
        check([str(path)], tables=False)
