"""One run: for each size an engine with its topic filled, each contender measured on it and checked with the truth."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks import environments, readme
from benchmarks.catalogue import ALL, FULL_EVENTS, Contender
from benchmarks.generate import Shape
from benchmarks.machine import Machine, command, machine
from benchmarks.once import Measurement, once
from benchmarks.topic import filled

RESULTS = readme.json_file("results")
_SMOKE_EVENTS = 20_000
_SMOKE_NAMES = ("groundswell-2-matched",)


class Results(Struct, frozen=True):
    """A whole run: ``results.json``."""

    machine: Machine
    command: str
    bytes_an_event: float
    measurements: list[Measurement]


def main(words: Sequence[str] | None = None) -> int:
    """Measure and tell; 1 when a contender of ours was not equal to the truth, or any failed."""
    asked = _parse(words)
    chosen = [contender for contender in ALL if contender.name in asked.contenders]
    measurements: list[Measurement] = []
    sizes = sorted({size for contender in chosen for size in _sizes(contender, asked)})
    written_bytes = 0.0
    for events in sizes:
        with filled(Shape(events), Path(asked.folder), with_file=True) as topic:
            written_bytes = topic.value_bytes / events
            for contender in chosen:
                if events in _sizes(contender, asked):
                    measurements += [once(contender, topic) for _ in range(asked.repeat)]
    results = Results(machine(), command("benchmarks", words), written_bytes, measurements)
    _tell(results, asked)
    return 1 if any(one.bad for one in measurements) else 0


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [contender.name for contender in ALL]
    usual = [contender.name for contender in ALL if contender.by_default]
    others = ", ".join(name for name in names if name not in usual)
    known = f"of {', '.join(usual)} (all by default), and {others}"
    parser.add_argument("--contenders", nargs="+", choices=names, metavar="NAME", help=known)
    parser.add_argument("--events", type=int, help=f"for the fastest; others get a share (default {FULL_EVENTS:,})")
    parser.add_argument("--repeat", type=int, help="how often each size is counted (default 3)")
    parser.add_argument("--smoke", action="store_true", help="one small size, once, ours only: equal, not fast")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}, and the README's table and plot")
    parser.add_argument("--folder", default=environments.FOLDER / "runs", help="where the logs are kept meanwhile")
    asked = parser.parse_args(words)
    asked.contenders = asked.contenders or (_SMOKE_NAMES if asked.smoke else usual)
    asked.events = asked.events or (_SMOKE_EVENTS if asked.smoke else FULL_EVENTS)
    asked.repeat = asked.repeat or (1 if asked.smoke else 3)
    return asked


def _sizes(contender: Contender, asked: argparse.Namespace) -> tuple[int, ...]:
    return (asked.events,) if asked.smoke else contender.sizes(asked.events)


def _tell(results: Results, asked: argparse.Namespace) -> None:
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1)
    if asked.json:
        sys.stdout.write(encoded.decode() + "\n")
    with tempfile.TemporaryDirectory() as name:
        path = RESULTS if asked.save else Path(name) / RESULTS.name
        path.write_bytes(encoded + b"\n")
        if not asked.json:
            subprocess.run([sys.executable, "-m", "benchmarks.report", str(path)], cwd=environments.ROOT, check=True)
    if asked.save:
        report = [str(environments.python("report")), "-m", "benchmarks.report", str(RESULTS), "--save"]
        subprocess.run(report, cwd=environments.ROOT, check=True)
