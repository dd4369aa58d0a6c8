"""``python -m tests.faults.soak --minutes M --seed S --faults kill,zombie``: random faults for as long as asked.

Each run has a seed of its own, counted up from ``--seed``; what went wrong is printed with its seed and time line, and
``--minutes 0`` runs each fault once, so that a seed can be repeated. Exit code 1 when any run was not exact.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults import takeover
from tests.faults.catalogue import CONTROL_FAULTS, FAULTS, SOAK_FAULTS, VIEW_CONTROLS, control, prepare
from tests.faults.engines import Engines
from tests.faults.machine import NotHere
from tests.faults.takeover import TAKE_OVERS

_SCALE = 4.0
_CONTROL_SEEDS = 5
_ASKED = (*FAULTS, *SOAK_FAULTS, *TAKE_OVERS)


@dataclass
class Row:
    """What the runs of one fault came to."""

    runs: int = 0
    kills: int = 0
    records: int = 0
    keys: int = 0
    wrong: int = 0
    unaccounted: int = 0
    ahead: int = 0
    failed: list[int] = field(default_factory=list)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Raises ``SystemExit`` for words that it does not know."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30, help="begin no run after this long; 0: each fault once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default=",".join(FAULTS), help=f"of {', '.join(_ASKED)}")
    parser.add_argument("--scale", type=float, default=_SCALE, help="length of a run; tests have 1")
    all_guards = ",".join((*CONTROL_FAULTS, *VIEW_CONTROLS))
    controls = "instead: these guards, or each, taken out once, to be found wrong"
    parser.add_argument("--controls", nargs="?", const=all_guards, help=controls)
    arguments = parser.parse_args(words)
    for asked, known in ((arguments.faults, _ASKED), (arguments.controls or "", (*all_guards.split(","), ""))):
        unknown = sorted({*asked.split(",")} - {*known})
        if unknown:
            parser.error(f"there is no {', '.join(unknown)}")
    return arguments


def main() -> int:
    arguments = parse(sys.argv[1:])
    names = arguments.faults.split(",")
    rows: dict[str, Row] = {}
    times_s: dict[str, list[float]] = {}
    give_up_s = time.monotonic() + arguments.minutes * 60
    with _engines(bool(arguments.controls) or arguments.scale <= 1) as engines:
        seed = arguments.seed
        if arguments.controls:
            return _controls(engines, arguments.controls.split(","), seed)
        while True:
            for name in Random(seed).sample(names, len(names)):
                _run(engines, name, seed, arguments.scale, rows.setdefault(name, Row()), times_s)
                if arguments.minutes and time.monotonic() > give_up_s:
                    break
            seed += 1
            if time.monotonic() > give_up_s:
                break
    _print(rows, times_s)
    return 1 if any(row.failed for row in rows.values()) else 0


@contextmanager
def _engines(short: bool) -> Iterator[Engines]:
    """On a folder of their own; with segments as short as the tests' where runs are short."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        sizes = (128, 1000) if short else (1024, 5000)
        with Engines(Path(folder), *sizes) as engines:
            yield engines


def _controls(engines: Engines, guards: list[str], seed: int) -> int:
    """Print what is wrong without each guard; 1 when for one of them no seed shows anything. Some need a race."""
    unproved = set(guards)
    for guard in guards:
        for tried in range(seed, seed + _CONTROL_SEEDS):
            verdict = control(engines, guard, tried)
            _say(f"without {guard!r}, seed {tried}: {verdict}")
            if not verdict.exact:
                unproved.remove(guard)
                break
    return 1 if unproved else 0


def _run(engines: Engines, name: str, seed: int, scale: float, row: Row, times_s: dict[str, list[float]]) -> None:
    row.runs += 1
    try:
        with prepare(engines, name, seed) as run:
            if name in TAKE_OVERS:
                times_s[name] = times_s.get(name, []) + takeover.measure(run, TAKE_OVERS[name], round(2 * scale))
            else:
                {**FAULTS, **SOAK_FAULTS}[name](run, scale)
            verdict = run.finish()
    except NotHere as reason:
        row.runs -= 1
        _say(f"fault {name!r} is skipped: {reason}")
        return
    except AssertionError as error:
        _say(f"fault {name!r}, seed {seed}: {error}")
        row.failed.append(seed)
        return
    row.kills += run.fleet.killed
    row.records += verdict.records
    row.keys += verdict.keys
    row.wrong += verdict.wrong
    row.unaccounted += verdict.unaccounted
    row.ahead += verdict.ahead
    _say(run.report())
    if not verdict.exact:
        row.failed.append(seed)
        _say(run.fleet.words())


def _print(rows: dict[str, Row], times_s: dict[str, list[float]]) -> None:
    heads = ("fault", "runs", "kills", "records", "keys", "wrong", "unaccounted", "ahead", "failed seeds")
    cells = [
        (name, row.runs, row.kills, row.records, row.keys, row.wrong, row.unaccounted, row.ahead, row.failed or "")
        for name, row in sorted(rows.items())
    ]
    for line in (heads, ("---",) * len(heads), *cells):
        _say(f"| {' | '.join(map(str, line))} |")
    for name, found_s in times_s.items():
        _say(
            f"{name}: median {statistics.median(found_s):.1f} s of {len(found_s)}, "
            f"from {min(found_s):.1f} to {max(found_s):.1f}"
        )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
