"""Which records are events: the batch path against the plain one, and both against the oracle's own reading."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.event import Event
from schemas.topics import Headers
from streams.decode import _BLOCK_RECORDS, decode, decode_one
from streams.refusal import Reason, Refusal
from tests.oracle.bad_records import corpus, future_edges
from tests.oracle.cases import Case
from tests.oracle.generate import generate
from tests.oracle.log import Record
from tests.oracle.verdict import REASONS, Refused, judge

NOW_MS = 1_763_000_000_000
CASES = corpus(NOW_MS)
Value = bytes | None


def good(event_id: str = "1", **fields: Any) -> bytes:
    return json.dumps(
        {"event_id": event_id, "source": "x", "event_type": "like", "event_time": NOW_MS, **fields}
    ).encode()


def verdicts(values: Sequence[Value], headers: Sequence[Headers] | None = None) -> list[Event | Refusal | str]:
    """What a batch comes to, by position; every record must come out exactly once."""
    decoded = decode(values, [NOW_MS] * len(values), headers or [()] * len(values))
    found: dict[int, Event | Refusal | str] = dict(zip(decoded.positions, decoded.events, strict=True))
    assert decoded.positions == sorted(decoded.positions)
    assert decoded.markers == sorted(decoded.markers)
    assert [position for position, _ in decoded.refused] == sorted(position for position, _ in decoded.refused)
    found |= dict(decoded.refused) | dict.fromkeys(decoded.markers, "marker")
    assert len(decoded.events) + len(decoded.refused) + len(decoded.markers) == len(values)
    return [found[position] for position in range(len(values))]


def plain(values: Sequence[Value]) -> list[Event | Refusal | str]:
    return [decode_one(value, NOW_MS) for value in values]


def named(verdict: Event | Refusal | str) -> str:
    if isinstance(verdict, str):
        return verdict
    return str(verdict.reason) if isinstance(verdict, Refusal) else "accepted"


# --- the corpus ---------------------------------------------------------------------------------------------------


def headers_of(case: Case) -> Headers:
    # As the transport gives them: a header's null value is an empty one.
    return [(name, value or b"") for name, value in case.headers]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_of_the_corpus_is_judged_as_expected_on_both_paths(case: Case) -> None:
    (alone,) = verdicts([case.value], [headers_of(case)])
    assert named(alone) in case.expected
    among_good = verdicts([good("before"), case.value, good("after")], [(), headers_of(case), ()])
    assert list(map(named, among_good)) == ["accepted", named(alone), "accepted"]
    if alone != "marker":
        assert decode_one(case.value, NOW_MS, headers_of(case)) == alone


def test_corpus_in_one_batch_is_judged_record_by_record() -> None:
    found = verdicts([case.value for case in CASES], [headers_of(case) for case in CASES])
    assert [case.name for case, verdict in zip(CASES, found, strict=True) if named(verdict) not in case.expected] == []


def test_event_time_may_be_exactly_24_hours_ahead_of_the_append_time() -> None:
    for ahead_ms, case in future_edges(NOW_MS):
        assert named(verdicts([case.value])[0]) in case.expected, ahead_ms


def test_reasons_are_the_oracles() -> None:
    assert {*Reason} == {*REASONS}


# --- batches that are read in one call ----------------------------------------------------------------------------

A, B, C = good("a"), good("b"), good("c")
INNER = A.index(b",") + 1
PRETTY = json.dumps(json.loads(A), indent=2).encode()


@pytest.mark.parametrize(
    "values",
    [
        # Two events in one value, and a value that holds none to make up for it.
        [A + B, b" "],
        [A + b" " + B, b"\t"],
        [b" ", A + B],
        [A + b"\n" + B, b""],
        [A + b"\n" + B, None],
        [A + b"\n" + B],
        [A + b"\r" + B, b"\r"],
        # An event torn over two values; and a third event next to one half, which makes the number right again.
        [A[:INNER], A[INNER:]],
        [A[:INNER], A[INNER:] + C],
        [A[:INNER], A[INNER:] + b"\t" + C],
        [C + A[:INNER], A[INNER:]],
        [A[:-1], b"}" + C],
        [A[:-1] + b', "x": {}', b"}" + C],
        [A[:-1] + b', "x": [{}', b"{}]}" + C],
        [A[:-1] + b', "x": "}', b'{"}' + C],
        [A[:-1] + b', "x": "', b'"}' + C],
        [A[:-1] + b', "x": 1', b"2}" + C],
        [b"[" + A, b"," + B + b"]"],
        # Values with lines of their own.
        [PRETTY],
        [PRETTY, A],
        [PRETTY, B, b"\n"],
        [A + b"\n", B + b"\r\n"],
        [b"\n" + A, b"\n\n" + B],
        [b" " * 10, b"\n" * 10, b"\r\n\t "],
        [b"\n"],
        [b" " + A + b" ", b"\t" + B],
        # Bytes that are one character only together.
        [A[:-1] + b', "x": "\xf0\x9f', b'\x92\x9c"}'],
        [good("a", text="x")[:-2] + b"\xf0\x9f", b'\x92\x9c"}' + C],
        # Nothing at all, and nothing next to something.
        [],
        [b""],
        [None],
        [A, b"", B],
        [A, None, B],
        # A neighbour that msgspec would read alike but not refuse.
        [A, b"{}", B],
        [A, b"null", B],
        [A, good("b", quantity=1.0), B],
        [A, good("b", text="\0"), B],
        [A, good("b", x="\ud800"), B],
        [A, good("b", event_time=NOW_MS + 86_400_001), B],
        [A, good("b", x="y" * 65_536), B],
        [A, good("b")[:-1] + b', "x": ' + b"[" * 256 + b"]" * 256 + b"}", B],
        [A, b"\xef\xbb\xbf" + B],
        [b"\xef\xbb\xbf" + A, B],
    ],
)  # fmt: skip
def test_batch_is_what_its_records_are_one_by_one(values: list[Value]) -> None:
    assert verdicts(values) == plain(values)


def test_batch_of_good_events_keeps_their_order() -> None:
    found = verdicts([good(str(n), text="{}\n{") for n in range(1000)])
    assert [event.event_id for event in found if isinstance(event, Event)] == [str(n) for n in range(1000)]


# --- any bytes ----------------------------------------------------------------------------------------------------

POOL = [case.value for case in CASES if case.value and len(case.value) < 2_000 and not case.headers]
POOL += [record.value for record in generate(400, 1, NOW_MS).records if record.value and not record.headers]
PIECES = (b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"\r", b" ", b"\0", b"\xff", b"\xf0\x9f", b"null",
          b"-", b"0", b"1e5", b"\\u0000", b"\\ud83d", b'"event_id":', b"{}", b"}\n{", b"true", b"9" * 25)  # fmt: skip


def test_long_batch_with_bad_records_here_and_there_is_what_its_records_are_one_by_one() -> None:
    values: list[Value] = [good(str(number), text=f"#tag{number}") for number in range(4 * _BLOCK_RECORDS + 1)]
    for at in (0, _BLOCK_RECORDS - 1, 2 * _BLOCK_RECORDS, 2 * _BLOCK_RECORDS + 1, len(values) - 1):
        values[at] = b"{"
    values[7] = None
    assert verdicts(values) == plain(values)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    value = draw(st.sampled_from(POOL))
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(value)))
        end = min(len(value), begin + draw(st.sampled_from((0, 0, 1, 1, 2, 40))))
        piece = draw(st.one_of(st.sampled_from((b"", *PIECES)), st.binary(max_size=3)))
        value = value[:begin] + piece + value[end:]
    return value


@st.composite
def torn(draw: st.DrawFn) -> list[bytes]:
    """Good values run together and cut again elsewhere."""
    whole = draw(st.sampled_from((b"", b"\n", b" "))).join(draw(st.lists(st.sampled_from(POOL[-50:]), max_size=4)))
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=3)))
    return [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


whole_values = st.one_of(
    mutated(), st.sampled_from(POOL), st.binary(max_size=30), st.sampled_from((None, b"", b" ", b"\n"))
)
batches = st.lists(st.one_of(whole_values.map(lambda value: [value]), torn()), max_size=8).map(
    lambda parts: [value for part in parts for value in part]
)
good_batches = st.lists(st.sampled_from(POOL[-300:]), max_size=30)


@settings(max_examples=400, deadline=None)
@given(st.one_of(batches, good_batches))
@example([A + B, b" "])
def test_batch_path_equals_the_plain_path_on_any_batch_of_any_bytes(values: list[Value]) -> None:
    assert verdicts(values) == plain(values)


@settings(max_examples=400, deadline=None)
@given(whole_values)
def test_what_is_accepted_is_what_the_oracle_accepts_and_read_alike(value: Value) -> None:
    verdict = decode_one(value, NOW_MS)
    try:
        judged = judge(Record(0, NOW_MS, None, value))
    except Refused:
        assert isinstance(verdict, Refusal)
    else:
        assert isinstance(verdict, Event)
        read = {name: content for name, content in msgspec.structs.asdict(verdict).items() if content is not None}
        assert read == judged


def test_generated_records_are_judged_as_the_oracle_does_headers_and_all() -> None:
    records = generate(3_000, 7, NOW_MS, share_bad=0.3).records
    found = verdicts(
        [record.value for record in records],
        [[(name, value or b"") for name, value in record.headers] for record in records],
    )
    for record, verdict in zip(records, found, strict=True):
        try:
            judged = judge(Record(0, NOW_MS, record.key, record.value, record.headers))
        except Refused:
            assert isinstance(verdict, Refusal) or verdict == "marker"
        else:
            assert verdict == "marker" or verdict == msgspec.convert(judged, Event)


# --- CloudEvents --------------------------------------------------------------------------------------------------


def cloud_event(value: bytes, *headers: tuple[str, bytes]) -> dict[str, Any]:
    event = decode_one(value, NOW_MS, headers)
    assert isinstance(event, Event), event
    return msgspec.structs.asdict(event)


def test_binary_mode_fills_id_and_time_only_where_the_body_lacks_them() -> None:
    headers = (("ce_id", b"from the header"), ("ce_time", b"2025-11-13T02:13:20.5Z"))
    body = {"source": "x", "event_type": "like"}
    filled = cloud_event(json.dumps(body).encode(), *headers)
    assert (filled["event_id"], filled["event_time"]) == ("from the header", NOW_MS + 500)
    kept = cloud_event(good("own"), *headers)
    assert (kept["event_id"], kept["event_time"]) == ("own", NOW_MS)


def test_structured_mode_reads_the_event_in_data() -> None:
    body = {"id": "outer", "time": "2025-11-13T03:13:20+01:00", "data": {"source": "x", "event_type": "like"}}
    filled = cloud_event(json.dumps(body).encode(), ("content-type", b"application/cloudevents+json"))
    assert (filled["event_id"], filled["event_time"]) == ("outer", NOW_MS)


def test_marker_is_told_by_its_header_whatever_it_holds() -> None:
    marker = [("groundswell-marker", b"1")]
    assert verdicts([None, good(), b"\xff"], [marker, marker, marker]) == ["marker"] * 3
    assert [named(one) for one in verdicts([good(), None], [(), marker])] == ["accepted", "marker"]


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (b"x" * 65_537, "65537 bytes"),
        (b"\x00\x00\x00\x00\x2a{}", "schema 42"),
        (good(event_time=NOW_MS + 86_400_000 * 2), "48.0 h ahead"),
        (good(quantity="1"), "quantity"),
        (good(hashtags=["a", 1]), "hashtags[1]"),
        (good(source="twitter"), "source"),
        (good(text="a\0b"), "`text` has a NUL"),
        (b"[1]", "JSON array"),
    ],
)
def test_refusal_says_what_is_wrong_and_where(value: bytes, part: str) -> None:
    (refusal,) = verdicts([value])
    assert isinstance(refusal, Refusal)
    assert part in refusal.message
