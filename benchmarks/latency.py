"""From an event produced to its count in the view, at several rates: ``python -m benchmarks.latency``.

The highest rate is what is counted each second while more is sent than can be: with the producer (``load``), the
broker, ClickHouse and the reader on the same machine, as at the shares of it that follow. How much more is known from a
backlog, which needs no producer. ``probes`` has how a latency is measured.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import environments, latency_report, loading, product
from benchmarks.catalogue import SMALLER
from benchmarks.generate import Shape
from benchmarks.latency_report import Measurement, Results
from benchmarks.load import PROBES_A_SECOND
from benchmarks.loading import Outcome, Plan
from benchmarks.machine import command, machine
from benchmarks.product import Running
from benchmarks.publish import publish
from benchmarks.topic import filled, say
from deploy.ports import free_port
from streams.settings import load

_RATES = (1_000, 50_000)
_SHARES = (0.5, 0.8)
_POLL_S = 0.02


def main(words: Sequence[str] | None = None) -> int:
    """Measure and tell; 1 when a probe was never seen."""
    asked = _parse(words)
    measurements: list[Measurement] = []
    for workers in asked.workers:
        for archive in asked.archives:
            measurements += _of_one(workers, archive, asked)
    results = Results(machine(), command("benchmarks.latency", words), asked.seconds, measurements)
    publish("latency", results, latency_report.text(results), as_json=asked.json, save=asked.save)
    return 1 if any(one.outcome.latency.unseen for one in measurements) else 0


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=(1, 2), help="how many (default 1 and 2)")
    parser.add_argument("--archives", nargs="+", default=("off", "matched"), help="what is archived (off, matched)")
    parser.add_argument("--rates", type=int, nargs="*", default=_RATES, help="events a second (1,000 and 50,000)")
    parser.add_argument("--shares", type=float, nargs="*", default=_SHARES, help="of the highest rate (0.5, 0.8)")
    parser.add_argument("--backlog", type=int, default=2_000_000, help="events to drain (default 2,000,000)")
    parser.add_argument("--warm-up", type=float, default=10, help="seconds before each rate is measured (10)")
    parser.add_argument("--seconds", type=float, default=30, help="seconds that each rate is measured (30)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--save", action="store_true", help="write latency.json, and the README's table")
    parser.add_argument("--folder", type=Path, default=environments.FOLDER / "runs", help="where logs are kept")
    return parser.parse_args(words)


def _of_one(workers: int, archive: str, asked: argparse.Namespace) -> Iterator[Measurement]:
    with filled(Shape(asked.backlog), asked.folder) as topic:
        settings = load(
            kafka_bootstrap=topic.broker.bootstrap,
            clickhouse_url=f"http://127.0.0.1:{free_port()}",
            metrics_port=free_port(),
            data_dir=topic.folder / "data",
            campaigns=topic.campaigns,
            archive=archive,
        )
        with product.running(settings, workers) as running:
            drained = _drain(running, asked.backlog)
            say(f"{workers} workers, archive {archive}: {drained:,.0f} events/s from a backlog")
            probes = int((asked.warm_up + asked.seconds + 1) * PROBES_A_SECOND)
            outcomes: list[Outcome] = []

            def at(rate: float) -> Outcome:
                plan = Plan(int(rate), asked.warm_up, asked.seconds, len(outcomes) * probes)
                outcomes.append(loading.run(topic, settings, running, plan))
                say(f"{rate:,.0f}/s asked: {outcomes[-1]}")
                running.wait_until_read(loading.records(topic, settings))
                return outcomes[-1]

            more = max([drained, *asked.rates])
            beyond = at(more)
            highest = beyond.counted
            for share in asked.shares:
                yield Measurement(workers, archive, highest, share, int(highest * share), at(highest * share))
            for rate in asked.rates:
                yield Measurement(workers, archive, highest, None, rate, at(rate))
            yield Measurement(workers, archive, highest, None, int(more), beyond)


def _drain(running: Running, records: int) -> float:
    """Events a second from the flush that brings a quarter into the view to the last; 0 where that is one flush."""
    seen: list[tuple[float, int]] = []
    read = 0
    while read < records:
        time.sleep(_POLL_S)
        read = running.read()
        if read >= records // SMALLER and (not seen or read > seen[-1][1]):
            seen.append((time.monotonic(), read))
    (begun_s, begun), (ended_s, ended) = seen[0], seen[-1]
    return (ended - begun) / (ended_s - begun_s) if ended > begun else 0.0


if __name__ == "__main__":
    sys.exit(main())
