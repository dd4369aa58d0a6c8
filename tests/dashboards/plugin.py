"""What Grafana and its ClickHouse plugin make of a query before ClickHouse gets it, as far as our queries go.

In this order, as they do it: the variables (Grafana), then the macros of the time range (the plugin's backend). What
comes after is not imitated: ``frames`` asks with the driver and the frames that the plugin is built on.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

ALL = "*"
"""A variable of which all is chosen has its declared `allValue`."""

Value = str | list[str]


def expand(sql: str, from_s: int, to_s: int, variables: Mapping[str, Value]) -> str:
    """The SQL that ClickHouse gets. Fails on a macro or variable that is not known here."""
    sql = re.sub(r"\$\{(\w+):percentencode\}", lambda found: _percent_encoded(variables[found[1]]), sql)
    sql = sql.replace("$__fromTime", f"toDateTime({from_s})").replace("$__toTime", f"toDateTime({to_s})")
    assert "$" not in sql, sql
    return sql


def _percent_encoded(value: Value) -> str:
    # JavaScript's encodeURIComponent, with !'()* encoded too; several values in braces.
    return quote(value if isinstance(value, str) else "{" + ",".join(value) + "}", safe="")
