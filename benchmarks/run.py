"""One run: for each size an engine with its topic filled, each contender measured on it and checked with the truth."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
from msgspec import Struct

from benchmarks import environments, log, truth, vocabulary
from benchmarks.catalogue import ALL, FULL_EVENTS, Contender
from benchmarks.generate import SEED, Generator
from benchmarks.machine import Machine, machine
from benchmarks.processes import FailedError, Usage, measure
from benchmarks.truth import Verdict
from deploy.kafka.broker import Broker
from deploy.ports import free_port
from schemas.topics import EVENTS
from streams.settings import load
from streams.topics import create_topics

RESULTS = Path(__file__).parent / "results.json"
_SMOKE_EVENTS = 20_000
_SMOKE_NAMES = ("groundswell-2-matched",)
_TIMEOUT_S = 240.0
_TAIL = 3


class Measurement(Struct, frozen=True):
    """One contender once over one topic; ``verdict`` is None where there is no result to check."""

    contender: str
    events: int
    usage: Usage | None = None
    verdict: Verdict | None = None
    failure: str = ""


class Results(Struct, frozen=True):
    """A whole run: ``results.json``."""

    machine: Machine
    command: str
    bytes_an_event: float
    measurements: list[Measurement]


class Log(Struct, frozen=True):
    """A filled topic: where it is, how many records, what must be counted."""

    folder: Path
    broker: Broker
    events: int
    counts: pl.DataFrame

    @property
    def file(self) -> Path:
        """The events, one a line."""
        return self.folder / "events.jsonl"


def main(words: Sequence[str] | None = None) -> int:
    """Measure and tell; 1 when a contender of ours was not equal to the truth, or any failed."""
    asked = _parse(words)
    chosen = [contender for contender in ALL if contender.name in asked.contenders]
    measurements: list[Measurement] = []
    sizes = sorted({size for contender in chosen for size in _sizes(contender, asked)})
    written_bytes = 0.0
    for events in sizes:
        with filled(events, Path(asked.folder)) as topic:
            written_bytes = topic.file.stat().st_size / events
            for contender in chosen:
                if events in _sizes(contender, asked):
                    measurements += [_once(contender, topic) for _ in range(asked.repeat)]
    results = Results(
        machine(), " ".join(["python -m benchmarks", *(words or sys.argv[1:])]), written_bytes, measurements
    )
    _tell(results, asked)
    bad = [one for one in measurements if one.failure or (one.verdict and not one.verdict.equal and _is_ours(one))]
    return 1 if bad else 0


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [contender.name for contender in ALL]
    parser.add_argument("--contenders", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--events", type=int, help=f"for the fastest; others get a share (default {FULL_EVENTS:,})")
    parser.add_argument("--repeat", type=int, help="how often each size is counted (default 3)")
    parser.add_argument("--smoke", action="store_true", help="one small size, once, ours only: equal, not fast")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}, and the README's table and plot")
    parser.add_argument("--folder", default=environments.FOLDER / "runs", help="where the logs are kept meanwhile")
    asked = parser.parse_args(words)
    asked.contenders = asked.contenders or (_SMOKE_NAMES if asked.smoke else names)
    asked.events = asked.events or (_SMOKE_EVENTS if asked.smoke else FULL_EVENTS)
    asked.repeat = asked.repeat or (1 if asked.smoke else 3)
    return asked


def _sizes(contender: Contender, asked: argparse.Namespace) -> tuple[int, ...]:
    return (asked.events,) if asked.smoke else contender.sizes(asked.events)


def _is_ours(one: Measurement) -> bool:
    return one.contender.startswith("groundswell")


@contextmanager
def filled(events: int, parent: Path) -> Iterator[Log]:
    """A broker of its own with that many events on it, in a new folder below ``parent`` that is removed again."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder, port = Path(name), free_port()
        with Broker(folder / "kafka", port, progress=_say) as broker:
            create_topics(load(kafka_bootstrap=broker.bootstrap))
            begun_s = time.monotonic()
            chunks = Generator(events, time.time_ns() // 1_000_000).chunks()
            counts = log.fill(broker.bootstrap, chunks, folder / "events.jsonl")
            _say(f"{events:,} events written in {time.monotonic() - begun_s:.1f} s, {len(counts):,} keys")
            _write_campaigns(folder / "campaigns")
            yield Log(folder, broker, events, counts)


def _write_campaigns(folder: Path) -> None:
    folder.mkdir()
    ranked = vocabulary.hashtags(np.random.default_rng(SEED))
    for name, toml in vocabulary.campaigns(ranked).items():
        (folder / f"{name}.toml").write_text(toml, encoding="utf-8")


def _once(contender: Contender, topic: Log) -> Measurement:
    with tempfile.TemporaryDirectory(dir=topic.folder) as name:
        folder = Path(name)
        out = folder / "out"
        out.mkdir()
        assert topic.broker.child is not None
        try:
            usage = measure(
                _command(contender, topic, out),
                env={"PYTHONPATH": str(environments.ROOT)},
                log=folder / "log",
                broker=topic.broker.child.pid,
                timeout_s=_TIMEOUT_S,
            )
            verdict = truth.compare(topic.counts, truth.read(out)) if contender.checked else None
        except FailedError as error:
            tail = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
            _say(f"{contender.name}, {topic.events:,} events: {error}\n" + "\n".join(tail))
            return Measurement(contender.name, topic.events, failure=str(error))
    said = "" if verdict is None else f", {verdict}"
    _say(f"{contender.name}, {topic.events:,} events: {usage.wall_s:.2f} s, {usage.cpu_s:.2f} s CPU{said}")
    return Measurement(contender.name, topic.events, usage, verdict)


def _command(contender: Contender, topic: Log, out: Path) -> list[str]:
    options = list(contender.options)
    if contender.module == "groundswell":
        options.append(str(topic.folder / "campaigns"))
    elif contender.module == "flink":
        options.append(str(environments.flink_connector()))
    given = {
        "bootstrap": topic.broker.bootstrap,
        "topic": EVENTS.name,
        "group": out.parent.name,
        "records": topic.events,
        "file": topic.file,
        "out": out,
    }
    words = [word for option, value in given.items() for word in (f"--{option}", str(value))]
    python = str(environments.python(contender.environment))
    return [python, "-m", f"benchmarks.contenders.{contender.module}", *words, "--", *options]


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


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
