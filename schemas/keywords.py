"""Keyword expressions: words and phrases, joined by AND, OR and NOT.

``bullying``, ``kind note`` (words that stand next to each other are a phrase, as with quotation marks), ``bullying AND
(school OR "class room") NOT football``. The operators are written in capital letters; NOT binds to what follows it,
AND and NOT bind closer than OR.
"""

import re

from msgspec import Struct

_PARTS = re.compile(r'"([^"]*)"|([()])|([^\s()"]+)|(")')
_OPERATORS = ("AND", "OR", "NOT")
_DEEPEST = 16
_IS_EXPRESSION = re.compile(rf'["()]|(?:^|\s)(?:{"|".join(_OPERATORS)})(?:\s|$)')


class Phrase(Struct, frozen=True):
    """Words that stand in the text, next to each other and whole."""

    text: str


class All(Struct, frozen=True):
    """Every part holds."""

    parts: tuple["Expression", ...]


class Either(Struct, frozen=True):
    """One part holds, or more."""

    parts: tuple["Expression", ...]


class Not(Struct, frozen=True):
    """The part does not hold."""

    part: "Expression"


Expression = Phrase | All | Either | Not


class KeywordError(ValueError):
    """A mistake in an expression: what is wrong; how to mend it."""


def parse(text: str) -> Expression:
    """Read one keyword of a campaign file.

    What has none of the operators, parentheses and quotation marks is a phrase as it stands. Raises ``KeywordError``,
    also for what would hold in a text with none of the words.
    """
    if not _IS_EXPRESSION.search(text):
        return Phrase(text)
    reader = _Reader(text)
    found = reader.either()
    if reader.kind:
        raise KeywordError(f"{reader.word!r} is in the wrong place; remove it, or write AND or OR before it")
    if _holds_without_words(found):
        raise KeywordError("would hold in every text without these words; add a word that must stand")
    return found


def phrases(expression: Expression) -> list[str]:
    """The phrases of an expression, in their order."""
    if isinstance(expression, Phrase):
        return [expression.text]
    parts = (expression.part,) if isinstance(expression, Not) else expression.parts
    return [phrase for part in parts for phrase in phrases(part)]


def _holds_without_words(expression: Expression) -> bool:
    if isinstance(expression, Phrase):
        return False
    if isinstance(expression, Not):
        return not _holds_without_words(expression.part)
    holds = [_holds_without_words(part) for part in expression.parts]
    return all(holds) if isinstance(expression, All) else any(holds)


class _Reader:
    """A recursive descent; ``kind`` and ``word`` are what stands next: ``""`` is the end."""

    def __init__(self, text: str) -> None:
        self._next = _PARTS.finditer(text)
        self._depth = 0
        self.kind = self.word = ""
        self._advance()

    def _advance(self) -> str:
        word = self.word
        found = next(self._next, None)
        if found is None:
            self.kind = self.word = ""
        elif found[4]:
            raise KeywordError('a quotation mark is left open; close it with another "')
        elif found[2] or found[3] in _OPERATORS:
            self.kind = self.word = found[0]
        else:
            self.kind = "phrase" if found[3] is None else "word"
            self.word = found[1] if found[3] is None else found[3]
        return word

    def either(self) -> Expression:
        parts = [self._all()]
        while self.kind == "OR":
            self._advance()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self) -> Expression:
        parts = [self._one()]
        while self.kind in ("AND", "NOT"):
            if self.kind == "AND":
                self._advance()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Expression:
        if self.kind in ("NOT", "("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise KeywordError(f"nested more than {_DEEPEST} deep; make two keywords of it")
            found: Expression = self._inner() if self._advance() == "(" else Not(self._one())
            self._depth -= 1
            return found
        return self._phrase()

    def _inner(self) -> Expression:
        inner = self.either()
        if self.kind != ")":
            raise KeywordError("a parenthesis is left open; close it with )")
        self._advance()
        return inner

    def _phrase(self) -> Phrase:
        if self.kind == "phrase":
            text = self._advance()
            if not text.strip():
                raise KeywordError("there is nothing between the quotation marks; write a word there")
            return Phrase(text)
        words = []
        while self.kind == "word":
            words.append(self._advance())
        if not words:
            what = f"before {self.word!r}" if self.word else "at the end"
            raise KeywordError(f"a word is missing {what}; write one there")
        return Phrase(" ".join(words))
