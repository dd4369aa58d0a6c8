"""What Grafana and its ClickHouse plugin make of a query before ClickHouse gets it, as far as our queries go.

In this order, as they do it: ``$__conditionalAll`` (the plugin, in the browser), then the variables (Grafana), then
the macros of the time range (the plugin's backend).
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

ALL = "$__all"
_CONDITIONAL = "$__conditionalAll("

Value = str | list[str]


def expand(sql: str, from_s: int, to_s: int, variables: Mapping[str, Value]) -> str:
    """The SQL that ClickHouse gets. Fails on a macro or variable that is not known here."""
    sql = _conditional_all(sql, variables)
    sql = re.sub(r"\$\{(\w+):percentencode\}", lambda found: _percent_encoded(variables[found[1]]), sql)
    sql = sql.replace("$__fromTime", f"toDateTime({from_s})").replace("$__toTime", f"toDateTime({to_s})")
    assert "$" not in sql, sql
    return sql


def _percent_encoded(value: Value) -> str:
    # JavaScript's encodeURIComponent, with !'()* encoded too; several values in braces.
    return quote(value if isinstance(value, str) else "{" + ",".join(value) + "}", safe="")


def _conditional_all(sql: str, variables: Mapping[str, Value]) -> str:
    while (start := sql.rfind(_CONDITIONAL)) >= 0:
        condition, variable, end = _two_arguments(sql, start + len(_CONDITIONAL))
        value = variables[variable.strip().removeprefix("$")]
        chosen = ",".join(value) if isinstance(value, list) else value
        sql = sql[:start] + ("1=1" if chosen in {"", ALL} else condition) + sql[end:]
    return sql


def _two_arguments(sql: str, start: int) -> tuple[str, str, int]:
    """Split at the comma outside of brackets (it does not know quotes), up to the closing bracket."""
    depth, comma = 0, 0
    for found in re.compile(r"[(),]").finditer(sql, start):
        if found[0] == "(":
            depth += 1
        elif found[0] == "," and depth == 0:
            comma = found.start()
        elif found[0] == ")" and depth == 0:
            return sql[start:comma], sql[comma + 1 : found.start()], found.end()
        elif found[0] == ")":
            depth -= 1
    raise AssertionError(sql)
