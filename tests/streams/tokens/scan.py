"""An oracle for emojis: walks through a text and takes the longest listed sequence at each place."""

from emoji import EMOJI_DATA

_COMPONENT, _FULLY_QUALIFIED = 1, 2
_LONGEST = max(map(len, EMOJI_DATA))
_FORMS = {
    written.replace("\ufe0f", ""): written for written, row in EMOJI_DATA.items() if row["status"] == _FULLY_QUALIFIED
}


def emojis_in(text: str) -> list[tuple[str, str]]:
    """The emojis of a text in order: fully-qualified form, and as written."""
    found = []
    place = 0
    while place < len(text):
        longest = next((size for size in range(_LONGEST, 0, -1) if is_emoji(text[place : place + size])), 0)
        written = text[place : place + longest]
        if written and text[place + longest : place + longest + 1] != "\ufe0e":
            found.append((_FORMS[written.replace("\ufe0f", "")], written))
        place += longest or 1
    return found


def is_emoji(sequence: str) -> bool:
    """Whether the list has the sequence, and not as a component; the three bare signs of law are none."""
    row = EMOJI_DATA.get(sequence)
    return row is not None and row["status"] != _COMPONENT and sequence not in {"©", "®", "™"}
