"""From ``results.json`` to a table, and with ``--save`` to the README's table and its plot (that needs Matplotlib).

For the plot it runs in an environment that has none of the product: so nothing is imported here but the standard
library, and Matplotlib where it draws.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks import readme
from benchmarks.catalogue import ALL
from benchmarks.readme import number

PLOT = readme.FOLDER / "rates.png"

_HEADER = (
    "| | events/s | of repeats | CPU, µs an event | broker's CPU | memory at most | events | counts |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
_COMPARED = ("flink", "faust-table", "faust-dict", "quix", "bytewax")
"""Whom we compare ourselves with: the beginnings of their rows' names."""


class Row(NamedTuple):
    """A contender's figures: events a second, µs an event, MB. Rates are None where one size alone was counted."""

    name: str
    title: str
    sizes: tuple[int, ...]
    rate: float | None
    spread: tuple[float, float] | None
    cpu_us: float | None
    broker_us: float | None
    peak_mb: float | None
    counts: str

    def markdown(self) -> str:
        """A row of the table."""
        spread = "" if self.spread is None else f"{number(self.spread[0])} – {number(self.spread[1])}"
        cells = (
            self.title,
            number(self.rate),
            spread,
            "" if self.cpu_us is None else f"{self.cpu_us:.2f}",
            "" if self.broker_us is None else f"{self.broker_us:.2f}",
            "" if self.peak_mb is None else f"{self.peak_mb:,.0f} MB",
            " → ".join(f"{size:,}" for size in self.sizes),
            self.counts,
        )
        return f"| {' | '.join(cells)} |\n"


def rows(results: Mapping[str, Any]) -> list[Row]:
    """A row for each contender that was measured, in the catalogue's order."""
    found = []
    for contender in ALL:
        measured = [one for one in results["measurements"] if one["contender"] == contender.name]
        if measured:
            found.append(row(contender.name, contender.title, measured))
    return found


def row(name: str, title: str, measured: Sequence[Mapping[str, Any]]) -> Row:
    """A row of all that was measured of one contender; its rate is between the smallest size and the largest."""
    sizes = tuple(sorted({int(one["events"]) for one in measured}))
    by_size = [[one["usage"] for one in measured if one["events"] == size and one["usage"]] for size in sizes]
    rate = spread = cpu_us = broker_us = None
    if len(sizes) > 1 and all(by_size):
        small, large, more = by_size[0], by_size[-1], sizes[-1] - sizes[0]
        small_s, large_s = _median(small, "wall_s"), _median(large, "wall_s")
        if large_s > small_s:
            rate = more / (large_s - small_s)
            rates = [more / (usage["wall_s"] - small_s) for usage in large if usage["wall_s"] > small_s]
            spread = min(rates), max(rates)
        cpu_us = 1e6 * (_median(large, "cpu_s") - _median(small, "cpu_s")) / more
        broker_us = 1e6 * (_median(large, "broker_cpu_s") - _median(small, "broker_cpu_s")) / more
    peaks = [usage["peak_bytes"] / 1e6 for usages in by_size for usage in usages]
    return Row(name, title, sizes, rate, spread, cpu_us, broker_us, max(peaks, default=None), _counts(measured))


def _median(usages: Sequence[Mapping[str, float]], name: str) -> float:
    return float(median(usage[name] for usage in usages))


def _counts(measured: Sequence[Mapping[str, Any]]) -> str:
    """Whether what was counted was right, in the worst of the repeats."""
    failures = [one["failure"] for one in measured if one["failure"]]
    if failures:
        return f"**failed** {len(failures)} of {len(measured)} times: {failures[0]}"
    verdicts = [one["verdict"] for one in measured if one["verdict"]]
    if not verdicts:
        return "none made"
    worst = max(verdicts, key=lambda verdict: verdict["wrong_keys"] / max(verdict["keys"], 1))
    if not worst["wrong_keys"]:
        return f"all {max(verdict['keys'] for verdict in verdicts):,} equal"
    return (
        f"**{worst['wrong_keys']:,} of {worst['keys']:,} wrong**: {worst['lost']:,} posts lost, "
        f"{worst['surplus']:,} too many"
    )


def ratios(found: Sequence[Row]) -> str:
    """Our fastest row against the fastest of each of the others, one a line; '' where there is nothing to compare."""
    ours = _fastest(found, "groundswell")
    others = [row for name in _COMPARED if (row := _fastest(found, name))]
    if ours is None or not others:
        return ""
    lines = [f"- {_rate(ours) / _rate(row):.1f} times {row.title} ({number(row.rate)}/s)" for row in others]
    return "\n".join([f"Our fastest row, {ours.title} ({number(ours.rate)}/s), has:", "", *lines]) + "\n"


def _fastest(found: Sequence[Row], name: str) -> Row | None:
    return max((row for row in found if row.name.startswith(name) and row.rate), key=_rate, default=None)


def _rate(row: Row) -> float:
    return row.rate or 0.0


def text(results: Mapping[str, Any]) -> str:
    """The part of the README that follows from the results."""
    machine, found = results["machine"], rows(results)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine["versions"].items()))
    about = (
        f"{readme.about(machine, results['command'])} {results['bytes_an_event']:.0f} bytes an event.\n\n{versions}.\n"
    )
    return "\n".join([_HEADER + "".join(row.markdown() for row in found), ratios(found), about])


def save(results: Mapping[str, Any]) -> None:
    """Put the results' part into the README, and draw its plot."""
    readme.put("results", f"![Events a second, by contender]({PLOT.name})\n\n{text(results)}")
    draw([row for row in rows(results) if row.rate])


def draw(found: Sequence[Row]) -> None:
    """Bars of events a second, from 0."""
    from matplotlib.figure import Figure  # noqa: PLC0415  in the plot's environment alone

    figure = Figure(figsize=(9, 0.45 * len(found) + 1), layout="constrained")
    axes = figure.subplots()
    ordered = sorted(found, key=_rate)
    colours = ["#7b3fa0" if row.name.startswith("groundswell") else "#9aa5b1" for row in ordered]
    axes.xaxis.set_major_formatter("{x:,.0f}")
    bars = axes.barh([row.title for row in ordered], [_rate(row) for row in ordered], color=colours)
    axes.bar_label(bars, [f" {number(row.rate)}" for row in ordered])
    axes.margins(x=0.12)
    axes.set_xlabel("events a second")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PLOT, dpi=110)


def main() -> int:
    """Print the results' part, or save it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("results", type=Path, nargs="?", default=readme.json_file("results"))
    parser.add_argument("--save", action="store_true", help="write it into the README, and the plot next to it")
    asked = parser.parse_args()
    results = json.loads(asked.results.read_text(encoding="utf-8"))
    if asked.save:
        save(results)
    else:
        sys.stdout.write(text(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
