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
from deploy.kafka.broker import Broker
from deploy.ports import free_port
from streams.settings import load
from streams.topics import create_topics


class Log(Struct, frozen=True):
    """A filled topic: where it is, what it is like, what must be counted."""

    folder: Path
    broker: Broker
    shape: Shape
    counts: pl.DataFrame

    @property
    def file(self) -> Path:
        """The events, one a line."""
        return self.folder / "events.jsonl"

    @property
    def campaigns(self) -> Path:
        """The folder of campaign files."""
        return self.folder / "campaigns"

    @property
    def broker_pid(self) -> int:
        """The broker's process id."""
        assert self.broker.child is not None
        return self.broker.child.pid


@contextmanager
def filled(shape: Shape, parent: Path) -> Iterator[Log]:
    """A broker of its own with events of that shape on it, in a new folder below ``parent`` that is removed again."""
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder, port = Path(name), free_port()
        with Broker(folder / "kafka", port, progress=say) as broker:
            create_topics(load(kafka_bootstrap=broker.bootstrap, partitions=shape.partitions))
            begun_s = time.monotonic()
            chunks = Generator(shape, time.time_ns() // 1_000_000).chunks()
            counts = log.fill(broker.bootstrap, chunks, folder / "events.jsonl")
            say(f"{shape.events:,} events written in {time.monotonic() - begun_s:.1f} s, {len(counts):,} keys")
            topic = Log(folder, broker, shape, counts)
            _write_campaigns(topic)
            yield topic


def _write_campaigns(topic: Log) -> None:
    topic.campaigns.mkdir()
    ranked = vocabulary.hashtags(np.random.default_rng(SEED))
    for name, toml in vocabulary.campaigns(ranked, topic.shape.campaigns).items():
        (topic.campaigns / f"{name}.toml").write_text(toml, encoding="utf-8")


def say(line: str) -> None:
    """Tell a person how it goes."""
    sys.stderr.write(f"{line}\n")
