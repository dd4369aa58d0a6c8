"""``python -m tests.faults.memory --minutes 30``: does a worker's memory stay flat under more load than it can take?

One broker, one ClickHouse and one worker, as the product runs them. A process of its own appends events without end,
and waits only when too much of the log is not yet read. What is counted is deleted from the topic, so that the disk
does not fill. In the end every record must be accounted for. Exit code 1 when the worker's memory at the end exceeds
that of minute 5 (or of the middle of a shorter run) by more than ``--most``.
"""

import argparse
import json
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from random import Random
from typing import Any

import httpx
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from deploy.stack import Stack
from schemas.topics import EVENTS
from streams.settings import Settings
from streams.topics import admin
from tests.http_client import HTTP
from tests.oracle import vocabulary
from tests.oracle.generate import Produced, generate
from tests.oracle.produce import produce
from tests.stack_fixture import account, alive, stack_settings, wait_until, wait_until_counted

_EVERY_S = 5.0
_LATER_MINUTE = 5
_CATCH_UP_S = 1800
_POOL_RECORDS = 20_000
_POOL_TEXTS = 100
_SPAM_HASHTAGS = 1_500_000
_BIG_BYTES = 60_000
_REFUSED_BYTES = 10_000_000
_MiB = 1024 * 1024
# Not forked: this process has threads.
_PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Kind:
    """What is sent: records in a batch, and how many may wait on the log for being read."""

    batch: int
    most_unread: int


_KINDS = {"plain": Kind(50_000, 500_000), "spam": Kind(50_000, 500_000), "big": Kind(500, 10_000)}


@dataclass
class Sample:
    """One look: resident bytes by process, the worker's peak, and the records that it has read by then."""

    at_s: float
    resident: dict[str, int]
    peak: int
    read: int
    waiting: bool


@dataclass
class Sent:
    """What the load has had acknowledged; shared with its process."""

    records: "Synchronized[int]" = field(default_factory=lambda: _PROCESSES.Value("q", 0))
    refused: "Synchronized[int]" = field(default_factory=lambda: _PROCESSES.Value("q", 0))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.memory", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=0.1, help="share by which memory may grow after minute 5")
    parser.add_argument("--spam", action="store_true", help="two of 1.5 million distinct hashtags in each event")
    parser.add_argument("--big", action="store_true", help="events of 60 kB, and now and then a refused one of 10 MB")
    parser.add_argument("--away", action="store_true", help="ClickHouse is away for the middle third")
    arguments = parser.parse_args()
    if arguments.spam and arguments.big:
        parser.error("--spam and --big are two runs")
    kind = "spam" if arguments.spam else "big" if arguments.big else "plain"
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        settings = stack_settings(Path(folder), vocabulary.CAMPAIGNS)
        with Stack(settings, workers=1, progress=_say) as stack:
            _keep_little(settings)
            samples, exact = _measure(stack, settings, kind, arguments)
    return _judge(samples, exact, arguments)


def _measure(stack: Stack, settings: Settings, kind: str, arguments: argparse.Namespace) -> tuple[list[Sample], bool]:
    """Load and look for as long as asked, then wait until all is counted; whether every record is accounted for."""
    sent, stopped = Sent(), _PROCESSES.Event()
    load = _PROCESSES.Process(target=_load, args=(settings, kind, arguments.seed, sent, stopped), daemon=True)
    load.start()
    try:
        samples = _watch(stack, settings, arguments.minutes * 60, sent, arguments.away)
    finally:
        stopped.set()
        load.join()
    assert load.exitcode == 0, "the load has failed"
    wait_until_counted(settings, sent.records.value, _CATCH_UP_S)
    found = account(settings).values()
    read, counted, dead = (sum(one[name] for one in found) for name in ("read", "counted", "dead"))
    _say(
        f"{sent.records.value} records sent, {sent.refused.value} of them to be refused; {read} read, {counted} counted"
    )
    return samples, (read, dead, counted) == (sent.records.value, sent.refused.value, read - dead)


def _watch(stack: Stack, settings: Settings, length_s: float, sent: Sent, away: bool) -> list[Sample]:
    """A sample every 5 s and a line every minute; takes ClickHouse away for the middle third if asked."""
    samples: list[Sample] = []
    begun_s = minute_s = time.monotonic()
    thirds = [length_s / 3, 2 * length_s / 3] if away else []
    _say("| minute | records/s | worker MiB | peak MiB | ClickHouse MiB | Kafka MiB | unread | waits |")
    _say("|---|---|---|---|---|---|---|---|")
    while time.monotonic() - begun_s < length_s:
        time.sleep(_EVERY_S)
        samples.append(_sample(stack, settings, time.monotonic() - begun_s))
        if thirds and samples[-1].at_s > thirds[0]:
            del thirds[0]
            (_take_away if thirds else _bring_back)(stack)
        if time.monotonic() - minute_s >= 60:
            _say(_row(samples, sent.records.value))
            _trim(settings)
            minute_s = time.monotonic()
    return samples


def _sample(stack: Stack, settings: Settings, at_s: float) -> Sample:
    resident = stack.memory_bytes()
    status = Path(f"/proc/{stack.pids()['Worker 1']}/status").read_text(encoding="ascii")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    read = metric(settings, "groundswell_records_read_total")
    return Sample(at_s, resident, int(peak[1]) * 1024 if peak else 0, int(read), _waits(settings))


def _waits(settings: Settings) -> bool:
    return metric(settings, "groundswell_waiting_for_clickhouse") > 0


def metric(settings: Settings, name: str) -> float:
    """The sum of a metric of the workers over its labels; 0 while there is none."""
    page = HTTP.get(f"http://127.0.0.1:{settings.metrics_port}/metrics").text
    return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if re.match(rf"{name}[ {{]", line))


def _row(samples: Sequence[Sample], sent: int) -> str:
    last = samples[-1]
    minute = [one for one in samples if one.at_s > last.at_s - 60]
    rate = (last.read - minute[0].read) / max(1.0, last.at_s - minute[0].at_s)
    cells = (
        round(last.at_s / 60), round(rate), _mib(_worker(minute)), _mib(last.peak), _mib(last.resident["ClickHouse"]),
        _mib(last.resident["Kafka"]), sent - last.read, "yes" if last.waiting else "",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _worker(samples: Sequence[Sample]) -> int:
    """The worker's memory in these samples: the most."""
    return max(one.resident["Worker 1"] for one in samples)


def _mib(count: int) -> int:
    return round(count / _MiB)


def _judge(samples: Sequence[Sample], exact: bool, arguments: argparse.Namespace) -> int:
    """Print memory at minute 5 (or half-way) and at the end; the exit code."""
    early_s = min(_LATER_MINUTE * 60, arguments.minutes * 30)
    early = _worker([one for one in samples if early_s - 60 < one.at_s <= early_s] or samples[:1])
    late = _worker([one for one in samples if one.at_s > samples[-1].at_s - 60])
    grown = late / early - 1
    _say(
        f"worker: {_mib(early)} MiB at minute {early_s / 60:.1f}, {_mib(late)} MiB at the end ({grown:+.1%}, allowed "
        f"{arguments.most:+.0%}), peak {_mib(samples[-1].peak)} MiB; {'exact' if exact else 'NOT EVERY RECORD COUNTED'}"
    )
    return 0 if exact and grown <= arguments.most else 1


def _keep_little(settings: Settings) -> None:
    """Small log segments, so that what is deleted from the topic soon leaves the disk."""
    with admin(settings) as client:
        client.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, EVENTS.name, {**EVENTS.config, "segment.bytes": str(64 * _MiB)})]
        )


def _trim(settings: Settings) -> None:
    """Delete what no worker would read again: all that stands a horizon before the commits."""
    with admin(settings) as client:
        commits = client.list_group_offsets([settings.group]).get(settings.group, {})
        ends = {
            TopicPartition(tp.topic, tp.partition): at.offset - settings.horizon_records
            for tp, at in commits.items()
            if at.offset > settings.horizon_records
        }
        if ends:
            client.delete_records(ends)


def _take_away(stack: Stack) -> None:
    pid = stack.pids()["ClickHouse"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), "ClickHouse has gone")
    _say("ClickHouse goes away")


def _bring_back(stack: Stack) -> None:
    """Another one on the same folder and port, which ends with the stack."""
    again = stack._clickhouse = stack._clickhouse_child()
    stack._resources.callback(again.stop, 60)
    again.start()
    wait_until(stack._clickhouse_answers, "ClickHouse answers again")
    _say("ClickHouse is back")


def _load(settings: Settings, kind: str, seed: int, sent: Sent, stopped: Any) -> None:
    """Append records without end, but for the times when too many are not yet read."""
    records = _MAKERS[kind](seed)
    size, most = _KINDS[kind].batch, _KINDS[kind].most_unread
    while not stopped.is_set():
        try:
            unread = sent.records.value - int(metric(settings, "groundswell_records_read_total"))
        except httpx.HTTPError:
            unread = most  # the page is being made
        if unread >= most:
            time.sleep(0.2)
            continue
        batch = [next(records) for _ in range(size)]
        produce(settings.kafka_bootstrap, EVENTS.name, batch, "lz4")
        sent.refused.value += sum(len(record.value or b"") > 65_536 for record in batch)
        sent.records.value += len(batch)


def _event(number: int, rest: bytes) -> Produced:
    now_ms = time.time_ns() // 1_000_000
    return Produced(None, b'{"event_id":"m-%d","event_time":%d,%s' % (number, now_ms - number % 60_000, rest))


def _rests(seed: int) -> list[bytes]:
    """What a pool of generated events say beside id and time: the rest of a JSON object."""
    rests = []
    for record in generate(_POOL_RECORDS, seed, time.time_ns() // 1_000_000).records:
        if not record.headers:
            fields = json.loads(record.value or b"")
            rest = {name: value for name, value in fields.items() if name not in {"event_id", "event_time"}}
            rests.append(json.dumps(rest).encode()[1:])
    return rests


def _plain(seed: int) -> Iterator[Produced]:
    """Generated events, each with an id and a time of its own."""
    rests, number = _rests(seed), 0
    while True:
        for rest in rests:
            number += 1
            yield _event(number, rest)


def _spam(seed: int) -> Iterator[Produced]:
    """Events with two of many distinct hashtags each."""
    rng, number = Random(seed), 0
    while True:
        number += 1
        tags = (rng.randrange(_SPAM_HASHTAGS), rng.randrange(_SPAM_HASHTAGS))
        yield _event(number, b'"source":"web","event_type":"mention","text":"buy #spam%d now #spam%d"}' % tags)


def _big(seed: int) -> Iterator[Produced]:
    """Events that are just not too large, and one in two thousand that is by far."""
    rng, number = Random(seed), 0
    words = [b"%x" % rng.getrandbits(32) for _ in range(5_000)]
    texts = [b" ".join(rng.choices(words, k=_BIG_BYTES // 9)) for _ in range(_POOL_TEXTS)]
    while True:
        number += 1
        text = b"x" * _REFUSED_BYTES if number % 2_000 == 0 else texts[number % _POOL_TEXTS]
        yield _event(number, b'"source":"web","event_type":"mention","text":"%s #big%d"}' % (text, number % 1_000))


_MAKERS = {"plain": _plain, "spam": _spam, "big": _big}


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
