import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.event import Event
from streams.errors import GroundswellError
from streams.sources import events
from streams.sources.files import read
from streams.sources.outcome import Outcome, Refused

NOW_MS = 1_780_000_000_000
HEADER = "event_id,source,event_type,event_time,hashtags,accounts,author_followers,text,comment\n"


def outcomes(path: Path) -> list[tuple[int, Outcome]]:
    return [
        (number, value if isinstance(value, Refused) else events.convert(value, NOW_MS))
        for number, value in read(str(path))
    ]


def csv_outcomes(tmp_path: Path, rows: str | bytes, header: str = HEADER) -> list[tuple[int, Outcome]]:
    path = tmp_path / "events.csv"
    path.write_bytes(header.encode() + (rows.encode() if isinstance(rows, str) else rows))
    return outcomes(path)


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused)
    return outcome.reason


def test_csv_row_is_an_event_with_empty_cells_as_null(tmp_path: Path) -> None:
    ((number, event),) = csv_outcomes(tmp_path, "007,x,mention,1700000000000,,,,,ignored\n")
    assert number == 2
    assert event == Event(event_id="007", source="x", event_type="mention", event_time=1_700_000_000_000)


@pytest.mark.parametrize(
    ("cell", "hashtags"),
    [
        ("one", ["one"]),
        ("one two", ["one", "two"]),
        ('"one, two;three "', ["one", "two", "three"]),
        ('"[""one"",""two words""]"', ["one", "two words"]),
        ("[]", []),
    ],
)
def test_csv_lists_are_words_or_json(tmp_path: Path, cell: str, hashtags: list[str]) -> None:
    ((_, event),) = csv_outcomes(tmp_path, f"1,x,mention,1700000000000,{cell},,,,\n")
    assert isinstance(event, Event)
    assert event.hashtags == hashtags


@pytest.mark.parametrize("number", ["1.0", "1e3", "+5", "05", " 5", "1_000", "9" * 30, "many"])
def test_csv_integers_are_strict(tmp_path: Path, number: str) -> None:
    ((_, outcome),) = csv_outcomes(tmp_path, f"1,x,mention,1700000000000,,,{number},,\n")
    assert reason(outcome) == "wrong_type"


def test_csv_bad_rows_do_not_cost_their_neighbours(tmp_path: Path) -> None:
    rows = (
        b"1,x,mention,1700000000000,,,,good,\n"
        b"2,x,mention\n"
        b"3,x,mention,1700000000000,,,,\xff,\n"
        b'4,x,mention,1700000000000,,,,"two\nlines",\n'
        b'5,x,mention,1700000000000,"[""a",,,,\n'
        b"\n"
        b'6,x,mention,1700000000000,,,,"a"b,\n'
        b"7,x,mention,1700000000000,,,," + b"a" * 2_000_000 + b",\n"
        b"8,x,mention,1700000000000,,,,good,\r\n"
    )
    found = dict(csv_outcomes(tmp_path, rows))
    kinds = {n: one.event_id if isinstance(one, Event) else reason(one) for n, one in found.items()}
    expected = {2: "1", 3: "bad_row", 4: "not_utf8", 5: "4", 7: "wrong_type", 8: "empty", 9: "bad_row"}
    assert kinds == {**expected, 10: "line_too_long", 11: "8"}
    event = found[5]
    assert isinstance(event, Event)
    assert event.text == "two\nlines"


def test_csv_quote_that_nothing_closes_is_refused_with_its_lines(tmp_path: Path) -> None:
    rows = '1,x,mention,1700000000000,,,,"open,\n' + "2,x,mention,1700000000000,,,,fine,\n" * 3
    ((number, outcome),) = csv_outcomes(tmp_path, rows)
    assert number == 2
    assert isinstance(outcome, Refused)
    assert outcome.message.startswith("lines 2 to 5 are no CSV row")


def test_csv_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    ((_, event),) = csv_outcomes(tmp_path, "1,x,mention,1700000000000,,,,,\n", "\ufeff" + HEADER)
    assert isinstance(event, Event)


@pytest.mark.parametrize("header", ["", "id,source\n", '"event_id\n'])
def test_csv_without_the_events_columns_is_one_clear_sentence(tmp_path: Path, header: str) -> None:
    with pytest.raises(GroundswellError, match=r"events\.csv"):
        csv_outcomes(tmp_path, "", header)


def write_parquet(path: Path, **columns: Any) -> Path:
    length = len(next(iter(columns.values())))
    fixed = {"source": ["x"] * length, "event_type": ["mention"] * length}
    pq.write_table(pa.table({**fixed, **columns}), path, row_group_size=2)
    return path


def test_parquet_columns_become_the_events_fields(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 5, 1, 12, 0, 0, 123_999, dt.UTC)
    path = write_parquet(
        tmp_path / "events.data",
        event_id=pa.array([2**60, 2, 3]),
        event_time=pa.array([moment] * 3, pa.timestamp("ns")),
        observed_at=pa.array([moment] * 3, pa.timestamp("us", "Asia/Seoul")),
        hashtags=[["a", "b"], [], None],
        text=pa.array([b"one", None, "drei ß".encode()], pa.binary()),
        author_followers=pa.array([1, None, 3], pa.int32()),
        something_else=[1.5, 2.5, 3.5],
    )
    found = outcomes(path)
    assert [number for number, _ in found] == [1, 2, 3]
    first, second, third = (one for _, one in found)
    event_time = 1_777_636_800_123
    assert first == Event(
        event_id=str(2**60),
        source="x",
        event_type="mention",
        event_time=event_time,
        observed_at=event_time,
        hashtags=["a", "b"],
        text="one",
        author_followers=1,
    )
    assert isinstance(second, Event)
    assert isinstance(third, Event)
    assert (second.hashtags, second.text, second.author_followers) == ([], None, None)
    assert (third.hashtags, third.text) == (None, "drei ß")


def test_parquet_bad_rows_are_refused_by_number(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", event_id=["1", None, "3"], event_time=[1_700_000_000_000, 1, 5])
    found = [(n, one.event_id if isinstance(one, Event) else reason(one)) for n, one in outcomes(path)]
    assert found == [(1, "1"), (2, "missing_field"), (3, "out_of_range")]


def test_parquet_without_the_events_columns_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(GroundswellError, match="has no column event_time"):
        outcomes(write_parquet(tmp_path / "a.parquet", event_id=["1"]))


def test_tables_agree_with_json_lines(tmp_path: Path) -> None:
    lines = [
        {"event_id": str(n), "source": "x", "event_type": "like", "event_time": 1_700_000_000_000 + n, "text": f"t{n}"}
        for n in range(10_000)
    ]
    jsonl, parquet, table = tmp_path / "e.jsonl", tmp_path / "e.parquet", tmp_path / "e.csv"
    jsonl.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    pq.write_table(pa.Table.from_pylist(lines), parquet, row_group_size=3000)
    table.write_text("\n".join([",".join(lines[0]), *(",".join(map(str, line.values())) for line in lines)]))
    by_format = [[one for _, one in outcomes(path)] for path in (jsonl, parquet, table)]
    assert by_format[0] == by_format[1] == by_format[2]
    assert len(by_format[0]) == len(lines)
