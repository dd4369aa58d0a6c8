"""A broker of its own with a filled topic, and what must be counted of it."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
from msgspec import Struct

from benchmarks import log, vocabulary
from benchmarks.generate import SEED, Generator, Shape
from benchmarks.processes import cpu_s
from deploy.kafka.broker import Broker
from deploy.ports import free_port
from schemas.topics import EVENTS
from streams.settings import load
from streams.topics import create_topics

_FILE = "events.jsonl"


class Log(Struct, frozen=True):
    """A filled topic: where it is, what it is like, what must be counted.

    Its values have ``value_bytes``, and take ``stored_bytes`` on the broker, which took it ``fill_cpu_s`` to take in.
    """

    folder: Path
    broker: Broker
    shape: Shape
    counts: pl.DataFrame
    value_bytes: int
    stored_bytes: int
    fill_cpu_s: float

    @property
    def file(self) -> Path:
        """The events, one a line."""
        return self.folder / _FILE

    @property
    def campaigns(self) -> Path:
        """The folder of campaign files."""
        return self.folder / "campaigns"

    @property
    def broker_pid(self) -> int:
        """The broker's process id."""
        return _pid(self.broker)


@contextmanager
def filled(shape: Shape, parent: Path, *, with_file: bool = False) -> Iterator[Log]:
    """A broker of its own with events of that shape on it, in a new folder below ``parent`` that is removed again.

    The events stand in ``Log.file`` as well where that is asked for.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder, port = Path(name), free_port()
        with Broker(folder / "kafka", port, progress=say) as broker:
            create_topics(load(kafka_bootstrap=broker.bootstrap, partitions=shape.partitions))
            begun_s, cpu_before_s = time.monotonic(), cpu_s([_pid(broker)])
            chunks = Generator(shape, time.time_ns() // 1_000_000).chunks()
            written = log.fill(broker.bootstrap, chunks, folder / _FILE if with_file else None)
            say(f"{shape.events:,} events written in {time.monotonic() - begun_s:.1f} s, {len(written.counts):,} keys")
            stored_bytes = sum(path.stat().st_size for path in folder.rglob(f"{EVENTS.name}-*/*.log"))
            fill_cpu_s = cpu_s([_pid(broker)]) - cpu_before_s
            topic = Log(folder, broker, shape, written.counts, written.value_bytes, stored_bytes, fill_cpu_s)
            write_campaigns(topic.campaigns, shape)
            yield topic


def _pid(broker: Broker) -> int:
    assert broker.child is not None
    return broker.child.pid


def write_campaigns(folder: Path, shape: Shape) -> None:
    """Make a folder of the campaign files of that shape."""
    folder.mkdir()
    ranked = vocabulary.hashtags(np.random.default_rng(SEED))
    for name, toml in vocabulary.campaigns(ranked, shape.campaigns, shape.rules).items():
        (folder / f"{name}.toml").write_text(toml, encoding="utf-8")


def say(line: str) -> None:
    """Tell a person how it goes."""
    sys.stderr.write(f"{line}\n")
