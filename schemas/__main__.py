"""``python -m schemas``: write every file that follows from the declarations; ``--check`` only says which are stale."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from schemas import asyncapi, counter_tables, event, snapshot
from schemas.counters import COUNTERS
from schemas.generated import Files, run

HERE = Path(__file__).parent


def files() -> Files:
    """The files that follow from what is declared in this package."""
    return {
        HERE / "event.schema.json": _json(event.json_schema()),
        HERE / "snapshot.schema.json": _json(snapshot.json_schema()),
        HERE / "asyncapi.json": _json(asyncapi.document()),
        HERE / "clickhouse" / "0002_counters.sql": _sql(
            [*_tables(since=2), counter_tables.units_ddl(), counter_tables.standing_ddl()]
        ),
        HERE / "clickhouse" / "0004_views.sql": _sql([counter_tables.coverage_ddl(), *_views(since=2)]),
        HERE / "clickhouse" / "0006_campaigns.sql": _sql([*_tables(since=6), *_views(since=6)]),
        HERE / "clickhouse" / "0010_addends.sql": _sql(
            counter_tables.addends_ddl(counter) for counter in COUNTERS if counter.since < 10
        ),
    }


def _tables(since: int) -> list[str]:
    counters = [counter for counter in COUNTERS if counter.since == since]
    return [*map(counter_tables.table_ddl, counters), *map(counter_tables.totals_ddl, counters)]


def _views(since: int) -> list[str]:
    return [counter_tables.view_ddl(counter) for counter in COUNTERS if counter.since == since]


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _sql(statements: Iterable[str]) -> str:
    lines = "\n\n".join(f"{statement};" for statement in statements)
    return f"-- Made by `python -m schemas` from schemas/counters.py and counter_tables.py.\n\n{lines}\n"


if __name__ == "__main__":
    sys.exit(run(files(), sys.argv[1:]))
