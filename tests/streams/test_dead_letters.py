"""Dead letters: the record as it was, and headers that say why."""

import numpy as np
import pytest

from schemas.topics import SNAPSHOTS
from streams.chunk import Chunk
from streams.dead_letters import LATEST, RefusalLimit, dead_letters
from streams.errors import GroundswellError
from streams.refusal import Reason, Refusal

PREFIX = "__connect.errors."
CHUNK = Chunk(
    np.array([40, 41, 47]),
    np.array([0, 0, 0]),
    [b"x:1", None, b"\x00\xff"],
    [b"{", None, b"\xff\x00"],
    [[], [("a", b"1"), ("a", b"2")], [(f"{PREFIX}topic", b"mine")]],
)


def test_dead_letter_keeps_key_value_and_headers_and_adds_the_contracts() -> None:
    refused = [(1, Refusal(Reason.NULL, "the value is null")), (2, Refusal(Reason.NOT_UTF8, "byte 0 is not UTF-8"))]
    first, second = dead_letters(CHUNK, 3, refused)
    assert (first.key, first.value, first.headers[:2]) == (None, None, [("a", b"1"), ("a", b"2")])
    assert first.headers[2:] == [
        (f"{PREFIX}topic", b"events.v1"),
        (f"{PREFIX}partition", b"3"),
        (f"{PREFIX}offset", b"41"),
        (f"{PREFIX}exception.class.name", b"null"),
        (f"{PREFIX}exception.message", b"the value is null"),
        (f"{PREFIX}stage", b"decode"),
    ]
    assert (second.key, second.value) == (b"\x00\xff", b"\xff\x00")
    assert second.headers[0] == (f"{PREFIX}topic", b"mine")
    assert dict(second.headers[1:])[f"{PREFIX}offset"] == b"47"


def test_dead_letter_names_the_topic_that_it_stood_on() -> None:
    (letter,) = dead_letters(CHUNK, 0, [(0, Refusal(Reason.NOT_JSON, "not JSON"))], SNAPSHOTS)
    assert dict(letter.headers)[f"{PREFIX}topic"] == b"snapshots.v1"


def test_dead_letters_of_nothing_refused_are_none() -> None:
    assert dead_letters(CHUNK, 3, []) == []


def test_dead_letters_message_may_quote_what_no_encoding_takes() -> None:
    (letter,) = dead_letters(CHUNK, 0, [(0, Refusal(Reason.SURROGATE, "has \ud83d in it"))])
    assert dict(letter.headers)[f"{PREFIX}exception.message"] == b"has \\ud83d in it"


NULL = Refusal(Reason.NULL, "the value is null")
SURROGATE = Refusal(Reason.SURROGATE, "has one")


def refused(times: int, refusal: Refusal = NULL) -> list[tuple[int, Refusal]]:
    return [(position, refusal) for position in range(times)]


def test_limit_says_nothing_before_there_are_enough_records() -> None:
    limit = RefusalLimit(3, 0.5)
    limit.check(LATEST - 1, refused(LATEST - 1))
    with pytest.raises(GroundswellError):
        limit.check(1, refused(1))


def test_limit_is_a_share_of_the_latest_records_and_names_the_commonest_reason() -> None:
    limit = RefusalLimit(3, 0.5)
    for _ in range(20):
        limit.check(LATEST, refused(LATEST // 2))  # half of them: not beyond
    limit.check(LATEST, [])
    limit.check(LATEST, [])
    limit.check(LATEST // 2, refused(LATEST // 4, SURROGATE) + refused(LATEST // 4))
    limit.check(LATEST // 2 - 1, [])
    with pytest.raises(GroundswellError, match=r"5001 of the latest 10000 .* partition 3, .* as surrogate:"):
        limit.check(1, refused(1, SURROGATE))


def test_limit_of_one_lets_everything_pass() -> None:
    limit = RefusalLimit(0, 1)
    for _ in range(3):
        limit.check(LATEST, refused(LATEST))
