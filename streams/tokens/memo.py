"""Memo: what has been found out about short texts, so that each is looked at once as long as it keeps coming."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Finding = TypeVar("Finding")

_MOST_CHARACTERS = 4_000_000
"""Texts of so many characters are remembered; beyond it all are forgotten, as a new crowd has come."""
_LONGEST = 200
"""What is longer hardly comes again."""


class Memo(Generic[Finding]):
    """Remembers what ``look`` says of texts; ``look`` is asked about several at once, and depends on nothing else."""

    def __init__(self, look: Callable[[list[str]], Sequence[Finding]]) -> None:
        self._look = look
        self._known: dict[str, Finding] = {}
        self._characters = 0

    def of(self, texts: Sequence[str]) -> list[Finding]:
        """What is found of each of these distinct texts."""
        known = self._known
        unknown = [text for text in texts if text not in known]
        found = dict(zip(unknown, self._look(unknown), strict=True)) if unknown else {}
        findings = [found[text] if text in found else known[text] for text in texts]
        self._remember(found)
        return findings

    def _remember(self, found: dict[str, Finding]) -> None:
        short = {text: finding for text, finding in found.items() if len(text) <= _LONGEST}
        self._characters += sum(map(len, short))
        if self._characters > _MOST_CHARACTERS:
            self._known.clear()
            self._characters = sum(map(len, short))
        self._known.update(short)
