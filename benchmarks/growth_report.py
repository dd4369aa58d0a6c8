"""The growth results, their table, and what follows from them for the largest bursts known."""

import math
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from benchmarks import readme, report
from benchmarks.machine import Machine
from benchmarks.once import Measurement
from benchmarks.readme import number
from benchmarks.report import Row

BASE_TITLE = "base: 10 campaigns, 2 k hashtags by Zipf's law, 250 B, 4 partitions, 3 % late"

BURST = 143_199
"""Posts in one second, the most that Twitter (X) has told of: 3 August 2013, in Japan."""
_BUSY = 0.6
_COPIES = 3
_BROKER_CORES = 4
_BROKER_BYTES_A_SECOND = 100e6

_HEADER = (
    "| | events/s | CPU, µs an event | broker's CPU, µs: produced, read | memory at most | hashtags that stood | "
    "bytes an event: JSON, on the log | ClickHouse, per million events: written | once merged | counts |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


class Case(Struct, frozen=True):
    """One case: what was measured in each size, and of the larger one's log, by event: bytes, and the broker's CPU."""

    name: str
    title: str
    hashtags: int
    value_bytes: float
    stored_bytes: float
    produced_us: float
    measurements: list[Measurement]

    @property
    def row(self) -> Row:
        """Its rates, as in the contenders' table."""
        return report.row(self.name, self.title, msgspec.to_builtins(self.measurements))


class Results(Struct, frozen=True):
    """A whole run: ``growth.json``."""

    machine: Machine
    command: str
    workers: int
    archive: str
    cases: list[Case]


def text(results: Results) -> str:
    """The part of the README that follows from the results."""
    about = readme.about(msgspec.to_builtins(results.machine), results.command)
    parts = (
        _HEADER + "".join(map(_line, results.cases)),
        f"{results.workers} workers, archive {results.archive}. {_sizes(results.cases)}",
        *(bursts(case) for case in results.cases if case.name == "base"),
        about,
    )
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _line(case: Case) -> str:
    row = case.row
    cells = (
        case.title,
        number(row.rate),
        "" if row.cpu_us is None else f"{row.cpu_us:.2f}",
        "" if row.broker_us is None else f"{case.produced_us:.2f}, {row.broker_us:.2f}",
        "" if row.peak_mb is None else f"{row.peak_mb:,.0f} MB",
        f"{case.hashtags:,}",
        f"{case.value_bytes:,.0f}, {case.stored_bytes:,.0f}",
        *_storage(case),
        row.counts,
    )
    return f"| {' | '.join(cells)} |\n"


def _storage(case: Case) -> tuple[str, str]:
    found = [(one.events, one.storage) for one in case.measurements if one.storage]
    if not found:
        return "", ""
    events, storage = found[-1]
    millions = events / 1e6
    return (
        f"{number(storage.rows / millions)} rows, {storage.bytes / millions / 1e6:,.1f} MB",
        f"{number(storage.merged_rows / millions)} rows, {storage.merged_bytes / millions / 1e6:,.1f} MB",
    )


def _sizes(cases: Sequence[Case]) -> str:
    sizes = sorted({tuple(sorted({one.events for one in case.measurements})) for case in cases}, reverse=True)
    return "Events: " + "; or ".join(" and ".join(f"{size:,}" for size in pair) for pair in sizes) + "."


def bursts(base: Case) -> str:
    """How many cores and brokers the largest burst known would take, and ten times that; '' without a rate."""
    row = base.row
    if row.cpu_us is None or row.broker_us is None:
        return ""
    broker_us = base.produced_us * _COPIES + row.broker_us
    lines = [
        _burst(title, rate, row.cpu_us, broker_us, base.stored_bytes)
        for title, rate in (("That burst", BURST), ("Ten times that", 10 * BURST))
    ]
    return (
        f"**What a burst takes.** The most posts in one second that Twitter (X) has told of are {BURST:,} (3 August "
        f"2013). By the base case's {row.cpu_us:.2f} µs an event of workers and ClickHouse, and the broker's "
        f"{base.produced_us:.2f} µs to take one in, {row.broker_us:.2f} µs to hand it out; with cores {_BUSY:.0%} "
        f"busy, {_COPIES} copies on Kafka (each taken in for as much again), and brokers of {_BROKER_CORES} cores that "
        f"are given at most {_BROKER_BYTES_A_SECOND / 1e6:.0f} MB/s to write: {' '.join(lines)} "
        "That is arithmetic from one machine's figures, not a measurement of a cluster; it takes the load to be spread "
        "over partitions, of which there are at least as many as workers."
    )


def _burst(title: str, rate: int, cpu_us: float, broker_us: float, stored_bytes: float) -> str:
    cores = rate * cpu_us / 1e6 / _BUSY
    broker_cores = rate * broker_us / 1e6 / _BUSY
    bytes_a_second = rate * stored_bytes * _COPIES
    brokers = max(_COPIES, math.ceil(broker_cores / _BROKER_CORES), math.ceil(bytes_a_second / _BROKER_BYTES_A_SECOND))
    return (
        f"{title}, {rate:,}/s, takes {math.ceil(cores)} cores for workers and ClickHouse and {brokers} brokers "
        f"({broker_cores:.1f} cores' work, {bytes_a_second / 1e6:,.0f} MB/s of all copies)."
    )
