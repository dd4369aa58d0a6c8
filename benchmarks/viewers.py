"""``python -m benchmarks.viewers``: what viewers of the live page cost, by how many look at how many choices.

A ClickHouse engine with a launch counted into it, the page as `groundswell page` runs it, and viewers that listen as a
browser does. Nothing goes over Kafka. Prints a Markdown table.
"""

import argparse
import asyncio
import contextlib
import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from msgspec import Struct

from benchmarks import product
from benchmarks.processes import cpu_s
from deploy.page import Page
from deploy.ports import LOOPBACK, free_port
from schemas.event import SOURCES
from streams import clickhouse
from streams.migrate import migrate
from streams.settings import Settings, load
from tests.dashboards.counted import inserts

_WARM_S = 5.0
_CASES = ((1, 1), (10, 1), (100, 1), (100, 4))


class Heard(Struct):
    """Messages with numbers, of all viewers."""

    messages: int = 0
    bytes: int = 0


class Cost(Struct, frozen=True):
    """Over a span of time: what ClickHouse was asked, what viewers heard, the page's processor time and memory."""

    queries_per_s: float
    messages_per_s: float
    bytes_per_s: float
    processor: float
    memory_bytes: int


def main(words: Sequence[str] | None = None) -> int:
    """Measure each case, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewers", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each case is measured (default 20)")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="viewers-") as folder:
        settings = load(
            clickhouse_url=f"http://127.0.0.1:{free_port()}",
            kafka_bootstrap=f"127.0.0.1:{free_port()}",
            campaigns=Path(folder) / "none",
            data_dir=Path(folder),
            web_port=0,
        )
        with product.engine(settings):
            _fill(settings)
            sys.stdout.write("| viewers | choices | queries/s | messages/s | bytes/s | CPU of the page | memory |\n")
            sys.stdout.write("|---|---|---|---|---|---|---|\n")
            for viewers, choices in _CASES:
                cost = asyncio.run(_cost(settings, viewers, choices, asked.seconds))
                sys.stdout.write(
                    f"| {viewers} | {choices} | {cost.queries_per_s:.1f} | {cost.messages_per_s:.0f} | "
                    f"{cost.bytes_per_s:,.0f} | {cost.processor:.1%} | {cost.memory_bytes / 2**20:.0f} MiB |\n"
                )
                sys.stdout.flush()
    return 0


def _fill(settings: Settings) -> None:
    client = clickhouse.connect(settings)
    migrate(client.command, lambda sql: client.query(sql).result_rows, 90)
    now_s = time.time_ns() // 10**9 // 10 * 10
    for statement in inserts(now_s - 100, now_s + 7200):
        client.command(statement)


class Counter:
    """Stands before ClickHouse and counts what it is asked; for one event loop."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.requests = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: what comes goes on, and back."""
        there_reader, there_writer = await asyncio.open_connection(LOOPBACK, self._port)
        both = self._copy(reader, there_writer, asks=True), self._copy(there_reader, writer, asks=False)
        with contextlib.suppress(asyncio.CancelledError):  # of one that is still open in the end
            await asyncio.gather(*both)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(1 << 16):
                # A client waits for its answer, so that each request begins a chunk.
                self.requests += asks and chunk.startswith((b"POST ", b"GET "))
                writer.write(chunk)
                await writer.drain()
        writer.close()


async def _cost(settings: Settings, viewers: int, choices: int, seconds: float) -> Cost:
    counter = Counter(int(settings.clickhouse_url.rsplit(":", 1)[1]))
    server = await asyncio.start_server(counter.pass_on, LOOPBACK, 0)
    address = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    page = Page(
        settings.model_copy(update={"clickhouse_url": address}),
        log=settings.data_dir / "page.log",
        progress=structlog.get_logger().warning,
    )
    try:
        page.start()
        async with ClientSession() as session:
            return await _measured(session, page, counter, viewers, choices, seconds)
    finally:
        page.stop()
        server.close()


async def _measured(
    session: ClientSession, page: Page, counter: Counter, viewers: int, choices: int, seconds: float
) -> Cost:
    heard = Heard()
    listening = []
    for source in itertools.islice(itertools.cycle(SOURCES[:choices]), viewers):
        told = await session.ws_connect(f"{page.url}/live?campaign=*&platform={source}", max_msg_size=0)
        listening.append(asyncio.create_task(_listen(told, heard)))
    await asyncio.sleep(_WARM_S)
    (child,) = page.running().values()
    before = Heard(heard.messages, heard.bytes)
    requests, processor_s, begun_s = counter.requests, cpu_s([child.pid]), time.monotonic()
    await asyncio.sleep(seconds)
    took_s = time.monotonic() - begun_s
    for task in listening:
        task.cancel()
    return Cost(
        queries_per_s=(counter.requests - requests) / took_s,
        messages_per_s=(heard.messages - before.messages) / took_s,
        bytes_per_s=(heard.bytes - before.bytes) / took_s,
        processor=(cpu_s([child.pid]) - processor_s) / took_s,
        memory_bytes=child.memory_bytes(),
    )


async def _listen(told: ClientWebSocketResponse, heard: Heard) -> None:
    async for message in told:
        if message.type is WSMsgType.TEXT and '"numbers":' in message.data:
            heard.messages += 1
            heard.bytes += len(message.data)


if __name__ == "__main__":
    sys.exit(main())
