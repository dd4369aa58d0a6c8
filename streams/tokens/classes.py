r"""Bodies of character classes, to stand between ``[`` and ``]`` in a regular expression of Python or of Rust.

Both read ``\UXXXXXXXX`` alike, and neither is asked for its own idea of a letter.
"""

from streams.tokens import unicode_ranges


def _body(ranges: str) -> str:
    pairs = (pair.split("-") for pair in ranges.split())
    return "".join("-".join(f"\\U{int(code, 16):08x}" for code in pair) for pair in pairs)


LETTERS_AND_MARKS = _body(unicode_ranges.LETTERS_AND_MARKS)
DIGITS = _body(unicode_ranges.DIGITS)
CONNECTORS = _body(unicode_ranges.CONNECTORS)

BIDI_CONTROLS = _body("61c 200e-200f 202a-202e 2066-2069")
# The accented Latin letters that twitter-text names: they may stand in a URL and may not follow an account.
LATIN_ACCENTS = _body("c0-d6 d8-f6 f8-24f 253-254 256-257 259 25b 263 268 26f 272 289 28b 2bb 300-36f 1e00-1eff")
CYRILLIC = _body("400-4ff")
SPACES = _body("9-d 20 85 a0 1680 180e 2000-200a 2028-2029 202f 205f 3000")
