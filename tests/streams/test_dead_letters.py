"""Dead letters: the record as it was, and headers that say why."""

import numpy as np

from streams.chunk import Chunk, Start
from streams.dead_letters import dead_letters
from streams.refusal import Reason, Refusal

PREFIX = "__connect.errors."
CHUNK = Chunk(
    Start(1, 1, None, 0, 0),
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


def test_dead_letters_of_nothing_refused_are_none() -> None:
    assert dead_letters(CHUNK, 3, []) == []


def test_dead_letters_message_may_quote_what_no_encoding_takes() -> None:
    (letter,) = dead_letters(CHUNK, 0, [(0, Refusal(Reason.SURROGATE, "has \ud83d in it"))])
    assert dict(letter.headers)[f"{PREFIX}exception.message"] == b"has \\ud83d in it"
