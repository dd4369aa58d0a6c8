"""How a contender is called and what it answers; nothing but the standard library.

Called with the options of ``Task``. It prints ``counted`` on a line of its own at the moment when every count stands
where its users would read it; that ends the measurement. Only then does it write the result for the check into the
folder ``out``: JSON lines with ``window_start`` (ms since the epoch), ``source``, ``event_type``, ``kind``, ``token``
and ``posts``; rows of one key are added up. It ends with exit code 0.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

COUNTED = "counted"
WINDOW_MS = 10_000
LATE_MS = 60_000
"""How long a tool with windows waits for late events: longer than any event is late."""
CATCH_UP_MS = 600_000
"""The same for tools that follow one clock for all partitions: one may be read far ahead of another, so they wait for
longer than the whole topic lasts. Any less, and they lose events here."""

Key = tuple[int, str, str, str, str]
"""Window's start (ms since the epoch), source, event type, kind, token."""


class Task(NamedTuple):
    """Where the events are and where the result goes."""

    bootstrap: str
    topic: str
    group: str
    records: int
    file: Path
    out: Path
    options: Sequence[str]


def task() -> Task:
    """What the command line says; other words are the contender's own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True, help="the broker, host:port")
    parser.add_argument("--topic", required=True, help="the topic of the events")
    parser.add_argument("--group", required=True, help="a consumer group that nobody has used")
    parser.add_argument("--records", type=int, required=True, help="how many records the topic has")
    parser.add_argument("--file", type=Path, required=True, help="the same events, one a line, where one reads a file")
    parser.add_argument("--out", type=Path, required=True, help="an empty folder for the result")
    parser.add_argument("options", nargs="*", help="what else the contender knows")
    return Task(**vars(parser.parse_args()))


def counted() -> None:
    """Tell that every count stands."""
    sys.__stdout__.write(f"{COUNTED}\n")  # type: ignore[union-attr]  # Faust takes sys.stdout for its log
    sys.__stdout__.flush()  # type: ignore[union-attr]


def write(out: Path, counts: Mapping[Key, int]) -> None:
    """Write a result into the folder ``out``."""
    with (out / "counts.jsonl").open("w", encoding="utf-8") as lines:
        for (window_start, source, event_type, kind, token), posts in counts.items():
            row = {"window_start": window_start, "source": source, "event_type": event_type, "kind": kind}
            lines.write(json.dumps({**row, "token": token, "posts": posts}, ensure_ascii=False) + "\n")


def finish(out: Path, counts: Mapping[Key, int]) -> NoReturn:
    """Tell that all is counted, write the result and end at once: for tools that would run for ever."""
    counted()
    write(out, counts)
    os._exit(0)
