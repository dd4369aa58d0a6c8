"""``python -m dashboards``: write every dashboard that is not as its code says; ``--check`` only says which."""

import sys
from pathlib import Path

from dashboards import launch

HERE = Path(__file__).parent


def generated() -> dict[Path, str]:
    """The text of every generated file, by its path."""
    return {HERE / "launch.json": launch.document()}


def stale() -> list[Path]:
    """The generated files that are not as their code says."""
    return [path for path, text in generated().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    """Write what is stale; with ``--check`` name it and fail instead."""
    found = stale()
    for path in found:
        if "--check" not in arguments:
            path.write_text(generated()[path], encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(HERE.parent)}\n")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
