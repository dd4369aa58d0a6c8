"""Files that follow from declarations: kept in the repository, and held to what the declarations say."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

Files = Mapping[Path, str]
"""The text of each generated file, by its path."""


def stale(files: Files) -> list[Path]:
    """The files that are not as their declarations say."""
    return [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def run(files: Files, arguments: Sequence[str]) -> int:
    """Write what is stale and name it; with ``--check`` name it and return 1 instead."""
    found = stale(files)
    for path in found:
        if "--check" not in arguments:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
        sys.stdout.write(f"{path.parent.name}/{path.name}\n")
    return 1 if found and "--check" in arguments else 0
