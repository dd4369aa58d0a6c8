"""``python -m schemas``: write every file that follows from the declarations; ``--check`` only says which are stale."""

import json
import sys
from pathlib import Path

from schemas import asyncapi, counters, event

HERE = Path(__file__).parent


def generated() -> dict[Path, str]:
    """The text of every generated file, by its path."""
    return {
        HERE / "event.schema.json": _json(event.json_schema()),
        HERE / "asyncapi.json": _json(asyncapi.document()),
        HERE / "clickhouse" / "0002_counters.sql": _sql(map(counters.table_ddl, counters.COUNTERS)),
        HERE / "clickhouse" / "0004_views.sql": _sql(map(counters.view_ddl, counters.COUNTERS)),
    }


def stale() -> list[Path]:
    """The generated files that are not as their declarations say."""
    return [path for path, text in generated().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write what is stale; with ``--check`` name it and fail instead."""
    found = stale()
    for path in found:
        if "--check" not in arguments:
            path.write_text(generated()[path], encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(HERE.parent)}\n")
    return 1 if found and "--check" in arguments else 0


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _sql(statements: "map[str]") -> str:
    lines = "\n\n".join(f"{statement};" for statement in statements)
    return f"-- Made by `python -m schemas` from schemas/counters.py.\n\n{lines}\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
