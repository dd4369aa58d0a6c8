"""Processor time by stage of the path, in one process, without Kafka or ClickHouse: ``python -m benchmarks.stages``.

The product's own functions in the order in which ``streams.partition`` and ``streams.rows`` call them, over chunks of
as many records as a worker takes at once, with the garbage collector set as a worker sets it. Time is that of all
threads of the process.
"""

import argparse
import struct
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from benchmarks import stages_report
from benchmarks.generate import Generator, Shape
from benchmarks.machine import command, machine
from benchmarks.publish import publish
from benchmarks.stages_report import Results
from benchmarks.topic import write_campaigns
from schemas.topics import EVENTS
from streams import app, rules
from streams.arrays import list_column
from streams.chunk import Chunk
from streams.columns import SOURCE, archive_rows, event_columns, posts_of
from streams.count import count
from streams.count_campaigns import count_campaigns
from streams.count_reactions import count_reactions
from streams.decode import decode
from streams.duplicates import Seen
from streams.extract import extract
from streams.partition import Counting, Partition
from streams.phrases import fold
from streams.reactions import Posts, acting_among, posts_among, reactions_among
from streams.rows import Share, Writer
from streams.sample import count_sample
from streams.settings import Settings, load
from streams.sink import Sink
from streams.transport import AS_DECODED, Records

_BATCH_RECORDS = 4_000
_BATCH_BYTES = 64 * 1024 * 1024
_LZ4 = 3
_CHUNKS_A_FLUSH = 5


class Clock:
    """Processor seconds by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What is done within belongs to that stage."""
        begun_s = time.process_time()
        yield
        self.seconds[name] += time.process_time() - begun_s


class _Nowhere(Sink):
    """Makes of rows what a sink sends, and keeps none of it."""

    def __init__(self) -> None:
        self.sent_bytes = 0

    def write(self, table: str, rows: pl.DataFrame) -> None:
        del table
        self.sent_bytes += rows.to_arrow(compat_level=pl.CompatLevel.oldest()).nbytes


def main(words: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("--events", type=int, default=400_000, help="how many (default 400,000)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--save", action="store_true", help="write stages.json, and the README's table")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "campaigns"
        write_campaigns(folder, Shape(asked.events))
        app.collect_seldom()  # so it is measured as it runs
        seconds, whole_s = measure(asked.events, load(campaigns=folder, archive="matched"))
    microseconds = {name: 1e6 * stage_s / asked.events for name, stage_s in seconds.items()}
    results = Results(
        machine(), command("benchmarks.stages", words), asked.events, microseconds, 1e6 * whole_s / asked.events
    )
    publish("stages", results, stages_report.text(results), as_json=asked.json, save=asked.save)
    return 0


def measure(events: int, settings: Settings) -> tuple[dict[str, float], float]:
    """Processor seconds by stage; and of counting as the product itself does it, all in one, for comparison."""
    counting, versions = rules.load(settings)
    # The first chunk is not measured: much is loaded and made when it is first needed.
    fetched = list(record_batches(settings.batch_records + events, settings.batch_records))
    seen, posts = Seen(counting.horizon), Posts(counting.horizon, counting.matcher.labels.names)
    partition = Partition(counting, 0, 0)
    writer = Writer(_Nowhere(), "topic", versions)
    for turn, data in enumerate(fetched):
        if turn <= 1:
            clock, whole = Clock(), Clock()
        with clock.stage("fetch: record batches decoded"):
            records = list(_records(data))
        with clock.stage("chunk"):
            chunk = Chunk.of(records)
        _stages(clock, counting, seen, posts, chunk)
        with whole.stage("take"):
            partition.take(chunk)
        if turn % _CHUNKS_A_FLUSH == 0 or turn == len(fetched) - 1:
            _flush(clock, partition, writer)
    return dict(clock.seconds), whole.seconds["take"]


def _records(data: bytes) -> Records:
    """As the consumer unpacks what it has fetched."""
    tp = TopicPartition(EVENTS.name, 0)
    return Records(tp, MemoryRecords(data), [], 0, AS_DECODED, None, True, READ_COMMITTED)


def _stages(clock: Clock, counting: Counting, seen: Seen, posts: Posts, chunk: Chunk) -> None:
    """One chunk, as ``Partition.take`` does it."""
    with clock.stage("decode"):
        events = decode(chunk.values, chunk.append_times_ms.tolist(), chunk.headers).events
    with clock.stage("duplicates"):
        sources = pl.Series([event.source for event in events], dtype=SOURCE)
        event_ids = pl.Series([event.event_id for event in events], dtype=pl.String)
        assert not seen.mark(sources, event_ids, chunk.offsets, chunk.append_times_ms).any()
    segment_of = np.zeros(len(events), dtype=np.int64)
    with clock.stage("columns"):
        texts = pl.DataFrame(
            {
                "text": pl.Series([event.text for event in events], dtype=pl.String),
                "hashtags": list_column([event.hashtags for event in events]),
                "accounts": list_column([event.accounts for event in events]),
            }
        )
        columns = event_columns(events, segment_of)
    with clock.stage("extract"):
        tokens = extract(texts["text"], columns["source"], texts["hashtags"], texts["accounts"]).tokens
    with clock.stage("match"):
        folded = fold(texts["text"])
        matches = counting.matcher.match(tokens, folded, columns["source"], posts_of([]))
    with clock.stage("sentiment"):
        judged = counting.matcher.judge.judged(matches, folded, columns["lang"], tokens)
    with clock.stage("count"):
        count(columns, tokens, judged)
    with clock.stage("campaigns"):
        count_campaigns(events, columns, tokens, judged, counting.matcher.labels)
    with clock.stage("reactions"):
        places = chunk.offsets, chunk.append_times_ms
        told = posts_among(events, columns, places, tokens, matches)
        reactions = reactions_among(events, columns, places, texts)
        acting = acting_among(events, columns, matches)
        count_reactions(posts, told, columns, reactions, matches, acting)
    with clock.stage("sample of authors"):
        count_sample(events, columns, tokens)
    with clock.stage("archive"):
        archive_rows(events, tokens, judged, chunk, np.arange(len(events)), segment_of, everything=False)


def _flush(clock: Clock, partition: Partition, writer: Writer) -> None:
    flush = partition.begin_flush()
    assert flush is not None
    with clock.stage("merge"):
        changed = partition.changed_rows(flush)
        partition.written(flush)
    with clock.stage("rows to Arrow"):
        shares = [Share(0, 1, flush)]
        writer.write_counts(shares, {0: changed})
        writer.write_accounts(shares)


def record_batches(events: int, records_a_chunk: int) -> Iterator[bytes]:
    """One partition's log as a broker hands it out: lz4, so many records at a time."""
    now_ms = time.time_ns() // 1_000_000
    batches: list[bytes] = []
    first = 0
    for chunk in Generator(Shape(events, partitions=1), now_ms).chunks():
        for begin in range(0, len(chunk.values), _BATCH_RECORDS):
            part = slice(begin, begin + _BATCH_RECORDS)
            batches.append(_batch(chunk.keys[part], chunk.values[part], first, now_ms))
            first += len(chunk.values[part])
            if len(batches) * _BATCH_RECORDS >= records_a_chunk:
                yield b"".join(batches)
                batches = []
    if batches:
        yield b"".join(batches)


def _batch(keys: Sequence[bytes], values: Sequence[bytes], first: int, now_ms: int) -> bytes:
    builder: Any = DefaultRecordBatchBuilder(2, _LZ4, False, -1, -1, -1, _BATCH_BYTES)
    for place, (key, value) in enumerate(zip(keys, values, strict=True)):
        builder.append(place, now_ms, key, value, [])
    buffer = builder.build()
    struct.pack_into(">q", buffer, 0, first)  # which the broker does
    return bytes(buffer)


if __name__ == "__main__":
    sys.exit(main())
