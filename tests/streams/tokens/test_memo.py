"""Memo: the same answers as without it, each text looked at once, and no more remembered than fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.tokens import memo
from streams.tokens.memo import Memo


def asked_of(texts: list[str]) -> tuple[Memo[int], list[str]]:
    """A memo of lengths, and the texts that it was asked to look at."""
    asked: list[str] = []

    def look(unknown: list[str]) -> list[int]:
        asked.extend(unknown)
        return [len(text) for text in unknown]

    found = Memo(look)
    assert found.of(texts) == [len(text) for text in texts]
    return found, asked


@given(st.lists(st.lists(st.text(max_size=300), unique=True), max_size=4))
def test_a_memo_finds_what_looking_finds(batches: list[list[str]]) -> None:
    found, _ = asked_of([])
    for texts in batches:
        assert found.of(texts) == [len(text) for text in texts]


def test_a_text_is_looked_at_once() -> None:
    found, asked = asked_of(["a", "bb"])
    assert found.of(["bb", "ccc"]) == [2, 3]
    assert asked == ["a", "bb", "ccc"]


def test_what_is_too_long_is_looked_at_again() -> None:
    text = "a" * 1000
    found, asked = asked_of([text])
    assert found.of([text]) == [1000]
    assert asked == [text, text]


def test_a_new_crowd_makes_the_old_one_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "_MOST_CHARACTERS", 5)
    found, asked = asked_of(["aaa"])
    assert found.of(["bbb"]) == [3]
    assert found.of(["aaa", "bbb"]) == [3, 3]
    assert asked == ["aaa", "bbb", "aaa"]
