"""The generated character classes are those of the installed `regex` package."""

from pathlib import Path

from streams.tokens import unicode_ranges
from tests.streams.tokens import tables


def test_character_classes_are_fresh() -> None:
    written = Path(unicode_ranges.__file__).read_text("utf-8")
    assert written == tables.classes_module(), "run: python -m tests.streams.tokens.tables classes"
