"""Generated events onto the topic in real time, at a rate, with probes among them: ``python -m benchmarks.load``.

It is a process of its own, so that its processor time can be told from the others', and tells what it does in lines:
``begin``, ``probe NUMBER`` each followed by the moment (ns of the machine's monotonic clock), in the end ``end``, how
many events of the load the broker has acknowledged since the warm-up ended, and the processor seconds since then.

Events go out in slices, 25 a second, whether or not the broker has kept up with those before (an open loop); where the
machine cannot, the rate reached falls short of the one asked. A probe is a record batch of its own.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

import msgspec
import numpy as np
from aiokafka import AIOKafkaProducer

from benchmarks.batches import Mould
from benchmarks.generate import Generator, Shape
from schemas.topics import EVENTS

PROBES_A_SECOND = 20
_SLICES_A_SECOND = 25
_MOST_MADE = 200_000
_MADE_S = 10
_REQUEST_BYTES = 16 * 1024 * 1024

Slice = Sequence[Mould | None]
"""A mould for each partition that has records in it."""


def token(number: int) -> str:
    """The hashtag of a probe, which no other has."""
    return f"probe{number}"


def probe(number: int, event_time_ms: int) -> bytes:
    """A probe, as JSON."""
    event = {"event_id": token(number), "source": "other", "event_type": "mention", "event_time": event_time_ms}
    return msgspec.json.encode({**event, "post_id": token(number), "text": f"Here it is #{token(number)}"})


def slices(rate: int, partitions: int) -> list[Slice]:
    """The load to send round and round, without its moments."""
    size = max(1, rate // _SLICES_A_SECOND)
    count = max(size, min(_MOST_MADE, rate * _MADE_S) // size * size)
    made: list[Slice] = []
    for chunk in Generator(Shape(count, partitions=partitions), time.time_ns() // 1_000_000).chunks():
        for begin in range(0, len(chunk.values), size):
            found: list[Mould | None] = []
            for partition in range(partitions):
                places = begin + np.flatnonzero(chunk.partitions[begin : begin + size] == partition)
                keys, values = [chunk.keys[at] for at in places], [chunk.values[at] for at in places]
                found.append(Mould(keys, values) if keys else None)
            made.append(found)
    return made


class Load:
    """One load: from ``begin_ns`` it warms up, from ``measure_ns`` it counts, up to ``end_ns``."""

    def __init__(self, producer: AIOKafkaProducer, asked: argparse.Namespace) -> None:
        self._producer = producer
        self._rate: int = asked.rate
        self._partitions: int = asked.partitions
        self._first: int = asked.first
        self._made = slices(asked.rate, asked.partitions)
        self._acknowledged = 0
        self._begin_ns = time.monotonic_ns()
        self._measure_ns = self._begin_ns + int(asked.warm_up * 1e9)
        self._end_ns = self._measure_ns + int(asked.seconds * 1e9)

    async def run(self) -> None:
        """Send all, and tell."""
        _tell("begin", self._begin_ns)
        *_, used_s = await asyncio.gather(self._send_slices(), self._send_probes(), self._processor_s())
        _tell("end", self._acknowledged, used_s)

    async def _processor_s(self) -> float:
        """What this process takes while it is measured."""
        await asyncio.sleep((self._measure_ns - time.monotonic_ns()) / 1e9)
        before_s = time.process_time()
        await asyncio.sleep((self._end_ns - time.monotonic_ns()) / 1e9)
        return time.process_time() - before_s

    async def _send_slices(self) -> None:
        sent: set[asyncio.Task[None]] = set()
        turn = 0
        while await self._until(turn / _SLICES_A_SECOND):
            # The ids of a load begin with its first probe's number and the slice's: no two loads have one in common.
            mark = (self._first << 14) + turn
            for partition, mould in enumerate(self._made[turn % len(self._made)]):
                if mould is not None:
                    batch = mould.cast(time.time_ns() // 1_000_000, mark & 0xFFFFFFFF)
                    future = await self._producer.send_batch(batch, EVENTS.name, partition=partition)
                    task = asyncio.ensure_future(self._note(future, mould.count))
                    sent.add(task)
                    task.add_done_callback(sent.discard)
            turn += 1
        await asyncio.gather(*sent)

    async def _note(self, sent: "asyncio.Future[object]", count: int) -> None:
        await sent
        if self._measure_ns <= time.monotonic_ns() < self._end_ns:
            self._acknowledged += count

    async def _send_probes(self) -> None:
        turn = 0
        while await self._until(turn / PROBES_A_SECOND):
            number = self._first + turn
            value = probe(number, time.time_ns() // 1_000_000)
            _tell("probe", number, time.monotonic_ns())
            partition = number % self._partitions
            await self._producer.send(EVENTS.name, value, token(number).encode(), partition=partition)
            turn += 1

    async def _until(self, after_s: float) -> bool:
        """Wait for a moment after the begin; False when the end comes before it."""
        due_ns = self._begin_ns + int(after_s * 1e9)
        await asyncio.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
        return max(due_ns, time.monotonic_ns()) < self._end_ns


def _tell(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def run(asked: argparse.Namespace) -> None:
    """Send one load."""
    producer = AIOKafkaProducer(
        bootstrap_servers=asked.bootstrap, acks="all", max_request_size=_REQUEST_BYTES, max_batch_size=_REQUEST_BYTES
    )
    await producer.start()
    try:
        await Load(producer, asked).run()
    finally:
        await producer.stop()


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--bootstrap", required=True, help="the broker, host:port")
    parser.add_argument("--partitions", type=int, required=True, help="of the topic")
    parser.add_argument("--rate", type=int, required=True, help="events a second, probes aside")
    parser.add_argument("--warm-up", type=float, required=True, help="seconds before it counts")
    parser.add_argument("--seconds", type=float, required=True, help="seconds that it counts")
    parser.add_argument("--first", type=int, required=True, help="the first probe's number; no other load may have it")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
