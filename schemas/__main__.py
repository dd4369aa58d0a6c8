"""``python -m schemas``: write every file that follows from the declarations; ``--check`` only says which are stale."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from schemas import asyncapi, counter_tables, event, snapshot
from schemas.counters import COUNTERS, HASHTAG_SENTIMENT, POST_REACTIONS
from schemas.generated import Files, run

HERE = Path(__file__).parent
_NEWEST, _NEW = "0011_runs.sql", (HASHTAG_SENTIMENT, POST_REACTIONS)
"""The migration that follows from the counters, and those that it brings; once it has landed, another one."""


def files() -> Files:
    """The files that follow from what is declared in this package."""
    return {
        HERE / "event.schema.json": _json(event.json_schema()),
        HERE / "snapshot.schema.json": _json(snapshot.json_schema()),
        HERE / "asyncapi.json": _json(asyncapi.document()),
        HERE / "clickhouse" / _NEWEST: _sql(
            [
                *map(counter_tables.table_ddl, _NEW),
                *map(counter_tables.totals_ddl, _NEW),
                counter_tables.coverage_ddl(),
                *map(counter_tables.view_ddl, COUNTERS),
                *map(counter_tables.addends_ddl, COUNTERS),
            ]
        ),
    }


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _sql(statements: Iterable[str]) -> str:
    lines = "\n\n".join(f"{statement};" for statement in statements)
    return f"-- Made by `python -m schemas` from schemas/counters.py and counter_tables.py.\n\n{lines}\n"


if __name__ == "__main__":
    sys.exit(run(files(), sys.argv[1:]))
