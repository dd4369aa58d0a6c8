"""The journal: what worker processes note down as it happens, one JSON line each, in one file for all of a run."""

import json
import os
import time
from pathlib import Path
from typing import Any

PATH = "FAULTS_JOURNAL"


def note(what: str, **more: Any) -> None:
    """Append a line; from a worker's process."""
    note_in(Path(os.environ[PATH]), what, **more)


def note_in(path: Path, what: str, **more: Any) -> None:
    """Append a line. One write, so that lines of several processes do not mix."""
    line = json.dumps({"at_s": time.monotonic(), "pid": os.getpid(), "what": what, **more}) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read(path: Path) -> list[dict[str, Any]]:
    """All lines so far, in order; the clock is that of every process of this machine."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
