"""The transport's own state, apart from Faust: what a seek that Faust cancels leaves behind.

Everything else of the transport is tested with a real broker: tests/test_worker.py, tests/faults.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from faust.types import TP

from streams.transport import Consumer

TP0 = TP("events.v1", 0)
FOUND = {TP0: (7, 0, 90, 3)}


class SlowThread:
    """In place of aiokafka's thread: answers a seek when it is let."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def call_thread(self, _: Callable[..., Any]) -> dict[TP, tuple[int, int, int, int]]:
        self.asked.set()
        await self.let.wait()
        return FOUND

    seek_to_segments = None


class App:
    consumer_generation_id = 4


def consumer_of(thread: SlowThread) -> Consumer:
    consumer = cast(Any, object.__new__(Consumer))
    consumer.app, consumer._thread = App(), thread
    consumer.starts, consumer.committable, consumer._delivered = {}, {TP0: 9}, {}
    consumer._read_offset, consumer._committed_offset = {}, {}
    consumer._one_seek, consumer._seeks, consumer._fetched_in_vain = asyncio.Lock(), 0, True
    return cast(Consumer, consumer)


async def _cancelled_seek() -> Consumer:
    thread = SlowThread()
    consumer = consumer_of(thread)
    seek = asyncio.ensure_future(consumer.perform_seek())
    await thread.asked.wait()
    seek.cancel()
    await asyncio.gather(seek, return_exceptions=True)
    again = asyncio.ensure_future(consumer.perform_seek())
    thread.let.set()
    await again
    return consumer


def test_seek_that_faust_cancels_leaves_a_consumer_that_delivers() -> None:
    consumer = asyncio.run(_cancelled_seek())
    assert consumer._seeks % 2 == 0, "every fetch would be taken for one from before a seek, for ever"
    assert (consumer.starts[TP0].committed, consumer.starts[TP0].position) == (7, 3)
    assert not consumer._fetched_in_vain
    assert consumer.committable == {}
