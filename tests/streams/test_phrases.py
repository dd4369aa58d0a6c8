"""Folding of texts, next to Python's own."""

import re
import unicodedata

import polars as pl

from streams.phrases import fold
from streams.tokens.classes import BIDI_CONTROLS


def test_every_character_that_there_is_folds_as_python_folds_it() -> None:
    codes = (*range(0xD800), *range(0xE000, 0x110000))
    characters = [chr(code) for code in codes if unicodedata.category(chr(code)) != "Cn"]
    bare = [re.sub(f"[{BIDI_CONTROLS}]", "", character) for character in characters]
    expected = [unicodedata.normalize("NFKC", character).casefold() for character in bare]
    found = fold(pl.Series(characters)).to_list()
    assert [pair for pair in zip(expected, found, strict=True) if pair[0] != pair[1]] == []
