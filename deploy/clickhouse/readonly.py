"""What a read-only query may say.

The engine's ``readonly = 1`` refuses writes, settings and most table functions. It lets through what its server would
leave to grants, which an embedded engine has not: statements of control (SYSTEM, KILL), functions that read a file or
ask another host, table functions that touch a file before they ask, and settings that name a file. Those are refused
here, by the tokens; what our lexer and the engine's might read in two ways (bytes outside ASCII, heredocs, escapes in a
quoted name) is refused with them.
"""

import re
from collections.abc import Mapping

from deploy.clickhouse.engine import Engine
from deploy.clickhouse.errors import READONLY, ServerError
from deploy.clickhouse.statement import Statement, Token

_VERBS = frozenset({"SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN"})

# These compute, or read tables of this database. `format` is a function, too, and the engine tells the two apart.
_TABLE_FUNCTIONS = frozenset(
    {"format", "fuzzquery", "generate_series", "generaterandom", "generateseries", "merge", "null", "numbers"}
    | {"numbers_mt", "primes", "values", "view", "zeros", "zeros_mt"}
)

_SETTINGS = re.compile(
    r"(max|min)_\w+|output_format_(?!schema)\w+|http_(?!response_headers)\w+|(read|result|timeout)_overflow_mode"
    r"|date_time_(in|out)put_format|cast_string_to_dynamic_use_inference|session_timezone|extremes|limit|offset|final"
    r"|join_use_nulls|use_query_cache|log_comment|log_queries|enable_http_compression|send_progress_in_http_headers"
    r"|cancel_http_readonly_queries_on_client_close|async_insert|wait_for_async_insert|readonly"
)


def check(statement: Statement, settings: Mapping[str, str], params: Mapping[str, str], engine: Engine) -> None:
    """Raise ``ServerError`` (READONLY) for what a read-only query may not say.

    ``settings`` and ``params`` are the request's; ``engine`` tells which functions there are.
    """
    if statement.verb not in _VERBS:
        raise ServerError(READONLY, "Cannot execute query in readonly mode.")
    for name in settings:
        if not _SETTINGS.fullmatch(name):
            raise ServerError(READONLY, f"Cannot modify '{name}' setting in readonly mode.")
    found = statement.tokens
    for index, token in enumerate(found):
        if token.kind in {"odd", "heredoc"} or (token.kind == "quoted" and b"\\" in token.text):
            shown = token.text[:20].decode(errors="replace")
            message = f"Only ASCII outside of quotes, no heredocs and no escapes in names in readonly mode: {shown}."
            raise ServerError(READONLY, message)
        name = token.name.lower()
        if name == "identifier":
            name = _identifier(found, index, params)
        called = index + 1 < len(found) and found[index + 1].is_mark(b"(")
        # A function's name can stand without a call: APPLY(name), arrayMap(name, …).
        if name in engine.outside_functions or (called and name in engine.table_functions - _TABLE_FUNCTIONS):
            raise ServerError(READONLY, f"Cannot use '{name}' in readonly mode.")


def _identifier(found: tuple[Token, ...], index: int, params: Mapping[str, str]) -> str:
    """The name that ``{parameter:Identifier}`` stands for. Raises ``ServerError`` for one that has escapes."""
    if index < 2 or not found[index - 1].is_mark(b":"):
        return ""
    value = params.get(found[index - 2].name, "")
    if "\\" in value:
        raise ServerError(READONLY, "No escapes in names in readonly mode.")
    return value.strip('`"').lower()
