"""One contender once over one topic: run, measured, and its result checked with the truth."""

import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks import environments, truth
from benchmarks.catalogue import Contender
from benchmarks.contenders.groundswell import STORAGE
from benchmarks.processes import FailedError, Usage, measure
from benchmarks.topic import Log, say
from benchmarks.truth import Verdict
from schemas.topics import EVENTS

_TIMEOUT_S = 240.0
_TAIL = 3


class Storage(Struct, frozen=True):
    """What ClickHouse keeps, as it was written and once merged; system tables aside."""

    rows: int
    bytes: int
    merged_rows: int
    merged_bytes: int


class Measurement(Struct, frozen=True):
    """One contender once over one topic; ``verdict`` is None where there is no result to check."""

    contender: str
    events: int
    usage: Usage | None = None
    verdict: Verdict | None = None
    storage: Storage | None = None
    failure: str = ""

    @property
    def bad(self) -> bool:
        """Whether it failed, or is ours and not equal to the truth."""
        ours = self.contender.startswith("groundswell")
        return bool(self.failure) or (ours and self.verdict is not None and not self.verdict.equal)


def once(contender: Contender, topic: Log) -> Measurement:
    """Run it; a contender that fails is measured as that."""
    events = topic.shape.events
    with tempfile.TemporaryDirectory(dir=topic.folder) as name:
        folder = Path(name)
        out = folder / "out"
        out.mkdir()
        try:
            usage = measure(
                _command(contender, topic, out),
                env={"PYTHONPATH": str(environments.ROOT)},
                log=folder / "log",
                broker=topic.broker_pid,
                timeout_s=_TIMEOUT_S,
            )
            verdict = truth.compare(topic.counts, truth.read(out)) if contender.checked else None
        except FailedError as error:
            tail = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
            say(f"{contender.name}, {events:,} events: {error}\n" + "\n".join(tail))
            return Measurement(contender.name, events, failure=str(error))
        kept = out / STORAGE
        storage = msgspec.json.decode(kept.read_bytes(), type=Storage) if kept.exists() else None
    said = "" if verdict is None else f", {verdict}"
    say(f"{contender.name}, {events:,} events: {usage.wall_s:.2f} s, {usage.cpu_s:.2f} s CPU{said}")
    return Measurement(contender.name, events, usage, verdict, storage)


def _command(contender: Contender, topic: Log, out: Path) -> list[str]:
    options = list(contender.options)
    if contender.module == "groundswell":
        options.insert(0, str(topic.campaigns))
    elif contender.module == "flink":
        options.append(str(environments.flink_connector()))
    given = {
        "bootstrap": topic.broker.bootstrap,
        "topic": EVENTS.name,
        "group": out.parent.name,
        "records": topic.shape.events,
        "file": topic.file,
        "out": out,
    }
    words = [word for option, value in given.items() for word in (f"--{option}", str(value))]
    python = str(environments.python(contender.environment))
    return [python, "-m", f"benchmarks.contenders.{contender.module}", *words, "--", *options]
