"""What our rate, processor time, memory and storage grow with: ``python -m benchmarks.growth``.

From one base case, one thing is changed at a time. Each case is counted in two sizes, as in the contenders' table, and
checked with the truth.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from msgspec import Struct, structs

from benchmarks import environments, growth_report
from benchmarks.catalogue import SMALLER, Contender
from benchmarks.generate import Shape
from benchmarks.growth_report import Case, Results
from benchmarks.machine import command, machine
from benchmarks.once import Measurement, once
from benchmarks.publish import publish
from benchmarks.topic import Log, filled

_EVENTS = 2_000_000
_HOUR_MS = 3_600_000


class Axis(Struct, frozen=True):
    """A case: what is other than in the base case; it gets one ``share``-th of the events."""

    name: str
    title: str
    changes: dict[str, int | float | bool]
    share: int = 1


AXES = (
    Axis("base", growth_report.BASE_TITLE, {}),
    Axis("campaigns-1", "1 campaign", {"campaigns": 1}),
    Axis("campaigns-100", "100 campaigns", {"campaigns": 100}),
    Axis("rules-1x20", "1 campaign of 20 rules", {"campaigns": 1, "rules": 20}),
    Axis("rules-1x2000", "1 campaign of 2,000 rules", {"campaigns": 1, "rules": 2_000}),
    Axis("rules-100x20", "100 campaigns of 20 rules, the same 2,000", {"campaigns": 100, "rules": 20}),
    Axis("hashtags-1k", "1 k hashtags, all alike frequent", {"hashtags": 1_000, "evenly": True}),
    Axis("hashtags-100k", "100 k hashtags, all alike frequent", {"hashtags": 100_000, "evenly": True}),
    Axis("hashtags-1m", "1 M hashtags, all alike frequent", {"hashtags": 1_000_000, "evenly": True}),
    Axis("bytes-2k", "2 KB an event", {"more_bytes": 1_760}, share=4),
    Axis("partitions-1", "1 partition", {"partitions": 1}),
    Axis("partitions-16", "16 partitions", {"partitions": 16}),
    Axis("late-0", "none late", {"share_late": 0.0}),
    Axis(
        "late-30",
        "30 % late, by an hour on average, at most 6",
        {"share_late": 0.3, "late_mean_ms": _HOUR_MS, "most_late_ms": 6 * _HOUR_MS},
    ),
)


def main(words: Sequence[str] | None = None) -> int:
    """Measure and tell; 1 when a count was wrong or a run failed."""
    asked = _parse(words)
    ours = Contender(
        f"groundswell-{asked.workers}-{asked.archive}",
        "Groundswell",
        "groundswell",
        "",
        options=(str(asked.workers), asked.archive, "storage"),
    )
    cases = [_case(axis, ours, asked) for axis in AXES if axis.name in asked.cases]
    results = Results(machine(), command("benchmarks.growth", words), asked.workers, asked.archive, cases)
    publish("growth", results, growth_report.text(results), as_json=asked.json, save=asked.save)
    return 1 if any(one.bad for case in cases for one in case.measurements) else 0


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    names = [axis.name for axis in AXES]
    parser.add_argument("--cases", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--events", type=int, default=_EVENTS, help=f"of the larger size (default {_EVENTS:,})")
    parser.add_argument("--repeat", type=int, default=1, help="how often each size is counted (default 1)")
    parser.add_argument("--workers", type=int, default=2, help="how many (default 2)")
    parser.add_argument("--archive", default="matched", help="what is archived (default matched)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--save", action="store_true", help="write growth.json, and the README's table")
    parser.add_argument("--folder", type=Path, default=environments.FOLDER / "runs", help="where logs are kept")
    return parser.parse_args(words)


def _case(axis: Axis, ours: Contender, asked: argparse.Namespace) -> Case:
    measurements: list[Measurement] = []
    larger = max(asked.events // axis.share, SMALLER)
    for events in (larger // SMALLER, larger):
        shape = structs.replace(Shape(events), **axis.changes)
        with filled(shape, asked.folder) as topic:
            measurements += [once(ours, topic) for _ in range(asked.repeat)]
            case = _described(axis, topic, measurements)
    return case


def _described(axis: Axis, topic: Log, measurements: list[Measurement]) -> Case:
    events = topic.shape.events
    hashtags = topic.counts.filter(pl.col("kind") == "hashtag")["token"].n_unique()
    return Case(
        axis.name,
        axis.title,
        hashtags,
        value_bytes=topic.value_bytes / events,
        stored_bytes=topic.stored_bytes / events,
        produced_us=1e6 * topic.fill_cpu_s / events,
        measurements=list(measurements),
    )


if __name__ == "__main__":
    sys.exit(main())
