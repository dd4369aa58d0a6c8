"""What a text of SQL is, told from its tokens: its verb, its output format, where an insert's data begins.

Works on bytes and stops at an insert's data, which may be anything. ClickHouse's own lexer is the model: nested block
comments, ``--``, ``//``, ``# `` and ``#!`` line comments, backslash and doubled quotes, heredocs.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.clickhouse.errors import (
    INTO_OUTFILE_NOT_ALLOWED,
    NOT_IMPLEMENTED,
    SYNTAX_ERROR,
    UNKNOWN_TYPE_OF_QUERY,
    ServerError,
)

_TOKEN = re.compile(
    rb"""
      (?P<skip>    \s+ | (?:--|//|\#[ !])[^\n]*                              )
    | (?P<comment> /\*                                                       )
    | (?P<string>  '[^'\\]*(?:(?:\\.|'')[^'\\]*)*'                           )
    | (?P<quoted>  "[^"\\]*(?:(?:\\.|"")[^"\\]*)*" | `[^`\\]*(?:(?:\\.|``)[^`\\]*)*` )
    | (?P<heredoc> \$(?P<tag>\w*)\$.*?\$(?P=tag)\$                           )
    | (?P<number>  [0-9]\w*                                                  )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_$]*                                   )
    | (?P<mark>    [-!%&()*+,./:;<=>?@\[\]^{|}~]                             )
    | (?P<odd>     .                                                         )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(rb"/\*|\*/")

_RESULT_VERBS = frozenset({"SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "CHECK", "KILL"})
_BEFORE_NO_FORMAT = frozenset({"SELECT", "DISTINCT", "AS", "BY", "WHERE", "HAVING", "ON", "AND", "OR", "NOT", "SET"})


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: word, quoted, string, heredoc, number, mark or odd (what belongs to no SQL); ``start`` in bytes."""

    kind: str
    text: bytes
    start: int
    depth: int

    @property
    def end(self) -> int:
        """Offset after the last byte."""
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """The bare word in capitals, ``''`` for any other kind."""
        return self.text.decode().upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """A word or a quoted name as written, without its quotes; ``''`` for any other kind."""
        if self.kind == "quoted":
            quote = self.text[:1]
            return self.text[1:-1].replace(quote * 2, quote).decode(errors="replace")
        return self.text.decode() if self.kind == "word" else ""

    def is_mark(self, marks: bytes) -> bool:
        """Whether this is one of these punctuation marks."""
        return self.kind == "mark" and self.text in marks


@dataclass(frozen=True, slots=True)
class InlineData:
    """An insert's data: ``head`` is the statement without FORMAT and data, ``start`` the data's offset in bytes.

    ``settings`` is where in the head its SETTINGS clause begins; its end when there is none.
    """

    head: bytes
    format: str | None
    start: int
    settings: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``format`` is its FORMAT clause's; ``data`` is set for an insert whose data follows it."""

    verb: str
    tokens: tuple[Token, ...]
    format: str | None
    data: InlineData | None

    @property
    def has_result(self) -> bool:
        """Whether it answers rows in a format."""
        return self.verb in _RESULT_VERBS

    @property
    def is_select(self) -> bool:
        """Whether it is a SELECT, however it begins."""
        return self.verb in {"SELECT", "WITH", "FROM"}


def tokens(text: bytes) -> Iterator[Token]:
    """The tokens in order, lazily, without white space and comments; an unclosed comment is one odd token."""
    position, depth = 0, 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        assert found is not None, "the last alternative matches any byte"
        kind = "heredoc" if found["heredoc"] is not None else str(found.lastgroup)
        end = found.end()
        if kind == "comment":
            end = _comment_end(text, position)
            if end < 0:
                yield Token("odd", text[position:], position, depth)
                return
        elif kind != "skip":
            if kind == "mark" and text[position : position + 1] in b")]}":
                depth -= 1
            yield Token(kind, found.group(), position, depth)
            if kind == "mark" and text[position : position + 1] in b"([{":
                depth += 1
        position = end


def _comment_end(text: bytes, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == b"/*" else -1
        if depth == 0:
            return edge.end()
    return -1


def parse(text: bytes) -> Statement:
    """The one statement of a request. Raises ``ServerError`` for none, for several, and for files of the server."""
    stream = tokens(text)
    first = next((token for token in stream if not token.is_mark(b"(;")), None)
    if first is None:
        raise ServerError(SYNTAX_ERROR, "Syntax error: Empty query.")
    if first.kind != "word":
        raise ServerError(
            SYNTAX_ERROR, f"Syntax error: failed at position {first.start + 1}: a statement was expected."
        )
    if first.word == "INSERT":
        return _parse_insert(text, first, stream)
    return _parse_other(first, stream)


def _parse_other(first: Token, stream: Iterator[Token]) -> Statement:
    found = [first, *stream]
    for index, token in enumerate(found):
        if token.is_mark(b";"):
            if any(not later.is_mark(b";") for later in found[index:]):
                raise ServerError(SYNTAX_ERROR, "Syntax error (Multi-statements are not allowed).")
            del found[index:]
            break
    if len(found) == 1:
        # The engine's own layer takes words such as `exit` for commands to itself; no statement is one word.
        raise ServerError(SYNTAX_ERROR, f"Syntax error: failed at position {first.start + 1} ({first.word}).")
    _refuse_server_files(found)
    verb = first.word
    if verb == "WITH" and any(token.word == "INSERT" and token.depth == first.depth for token in found):
        verb = "INSERT"
    return Statement(verb, tuple(found), _output_format(found), None)


def _refuse_server_files(found: list[Token]) -> None:
    for token, following in itertools.pairwise(found):
        if token.word == "INTO" and following.word == "OUTFILE":
            raise ServerError(INTO_OUTFILE_NOT_ALLOWED, "INTO OUTFILE is not allowed.")


def _output_format(found: list[Token]) -> str | None:
    for index in range(len(found) - 2, 0, -1):
        token, name = found[index], found[index + 1]
        if token.word != "FORMAT" or not name.name or token.depth > 0:
            continue
        before = found[index - 1]
        if before.word in _BEFORE_NO_FORMAT or (before.kind == "mark" and not before.is_mark(b")]*}")):
            continue
        if index + 2 == len(found) or (found[index + 2].word == "SETTINGS" and index + 3 < len(found)):
            return name.name
    return None


def _parse_insert(text: bytes, first: Token, stream: Iterator[Token]) -> Statement:
    found, previous = [first], first
    for token in stream:
        named = previous.word in {"INTO", "TABLE", "FUNCTION"} or previous.is_mark(b".")
        previous = token
        if token.depth == first.depth and not named:
            if token.word == "VALUES":
                return _with_data(found, text[: token.start], "Values", token.end, _settings_start(found, token))
            if token.word == "FORMAT":
                return _parse_insert_format(text, found, token, stream)
            if token.word == "FROM" and not any(earlier.word == "SELECT" for earlier in found):
                raise ServerError(UNKNOWN_TYPE_OF_QUERY, "FROM INFILE is not allowed: send the data in the request.")
            if token.word in {"SELECT", "WITH"}:
                return _parse_insert_select(first, [*found, token, *stream])
        found.append(token)
    return _parse_insert_select(first, found)


def _parse_insert_select(first: Token, found: list[Token]) -> Statement:
    for token, following in itertools.pairwise(found):
        if token.word == "INPUT" and following.is_mark(b"("):
            message = "INSERT SELECT from input() is not supported here: insert into a table first, then select."
            raise ServerError(NOT_IMPLEMENTED, message)
    return _parse_other(first, iter(found[1:]))


def _parse_insert_format(text: bytes, found: list[Token], keyword: Token, stream: Iterator[Token]) -> Statement:
    name = next(stream, None)
    if name is None or not name.name:
        raise ServerError(
            SYNTAX_ERROR, f"Syntax error: failed at position {keyword.end + 1}: a format's name is missing."
        )
    head, end, settings = text[: keyword.start], name.end, _settings_start(found, keyword)
    following = next(stream, None)
    if following is not None and following.word == "SETTINGS":
        end = _settings_end(following, stream)
        head += text[following.start : end]
    # As ClickHouse's parser does: blanks and at most one line break lie between the statement and its data.
    end += len(text[end:]) - len(text[end:].lstrip(b" \t\f"))
    if text[end : end + 1] == b";":
        end += 1
    for line_break in (b"\r", b"\n"):
        end += text[end : end + 1] == line_break
    return _with_data(found, head, name.name, end, settings)


def _settings_start(found: list[Token], end: Token) -> int:
    """Where the SETTINGS clause before ``end`` begins, or ``end``."""
    for before, token in itertools.pairwise(found):
        named = before.word in {"INTO", "TABLE", "FUNCTION"} or before.is_mark(b".")
        if token.word == "SETTINGS" and token.depth == found[0].depth and not named:
            return token.start
    return end.start


def _settings_end(keyword: Token, stream: Iterator[Token]) -> int:
    """Where ``SETTINGS a = 1, b = 'x'`` ends."""
    end = keyword.end
    while True:
        name, equals, value = next(stream, None), next(stream, None), next(stream, None)
        if name is None or equals is None or value is None or not equals.is_mark(b"="):
            raise ServerError(SYNTAX_ERROR, f"Syntax error: failed at position {end + 1}: a setting was expected.")
        end = value.end
        comma = next(stream, None)
        if comma is None or not comma.is_mark(b","):
            return end


def _with_data(found: list[Token], head: bytes, data_format: str, start: int, settings: int) -> Statement:
    return Statement("INSERT", tuple(found), data_format, InlineData(head, data_format, start, settings))
