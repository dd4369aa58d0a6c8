"""A TCP proxy before ClickHouse that does to inserts what networks and servers do.

It reads HTTP just far enough to tell one request from the next, so that a fault hits one chosen insert: only
requests that insert are harmed, so that a worker can start at any time.
"""

import asyncio
import threading
from collections.abc import Coroutine
from enum import StrEnum
from random import Random
from typing import Any, Self

from deploy.ports import LOOPBACK, free_port

_PIECE_BYTES = 2048
_LIMIT_BYTES = 64 * 1024


class Harm(StrEnum):
    """What can be done to an insert."""

    REFUSE = "the connection is refused"
    DELAY = "the request is held for a while"
    HALF_REQUEST = "the connection breaks after half the request"
    ANSWER_LOST = "the rows are taken, the answer never arrives"
    THROTTLE = "the request trickles"
    STATUS_500 = "answer 500, nothing taken"
    STATUS_429 = "answer 429, nothing taken"
    STATUS_500_TAKEN = "answer 500, though the rows are taken"
    ERROR_IN_200 = "answer 200 with an error for a body, nothing taken"


_ERROR = b"Code: 241. DB::Exception: Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)\n"
_STATUS = {Harm.STATUS_500: b"500 Internal Server Error", Harm.STATUS_429: b"429 Too Many Requests"}


class Proxy:
    """A context manager; listens on ``port`` and forwards to ``to_port``. ``harmed`` counts by harm."""

    def __init__(self, to_port: int) -> None:
        self.port = free_port()
        self.harmed: dict[Harm, int] = {}
        self._to_port = to_port
        self._harms: tuple[Harm, ...] = ()
        self._share = 0.0
        self._rng = Random(0)
        self._delay_s = 0.0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def harm(self, *harms: Harm, share: float = 1.0, seed: int = 0, delay_s: float = 0.5) -> None:
        """From now on do one of ``harms`` to ``share`` of all inserts; replaces what was asked before."""
        self._harms, self._share, self._rng, self._delay_s = harms, share, Random(seed), delay_s

    def heal(self) -> None:
        """From now on forward everything."""
        self._harms = ()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port, limit=_LIMIT_BYTES)

    async def _close(self) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._one_request(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # either side has gone, which is what happens to connections, or the proxy ends
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _one_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await _body(head, reader)
        harm = self._choose(head + body[:200])
        if harm is Harm.REFUSE:
            return False
        if harm is Harm.ERROR_IN_200:
            await _answer(writer, b"200 OK", _ERROR)
            return True
        if harm in _STATUS:
            await _answer(writer, _STATUS[harm], _ERROR)
            return True
        if harm is Harm.DELAY:
            await asyncio.sleep(self._delay_s)
        return await self._forward(head, body, harm, writer)

    def _choose(self, begin: bytes) -> Harm | None:
        if not self._harms or b"INSERT" not in begin.upper() or self._rng.random() >= self._share:
            return None
        harm = self._rng.choice(self._harms)
        self.harmed[harm] = self.harmed.get(harm, 0) + 1
        return harm

    async def _forward(self, head: bytes, body: bytes, harm: Harm | None, writer: asyncio.StreamWriter) -> bool:
        above, onward = await asyncio.open_connection(LOOPBACK, self._to_port)
        self._open.add(onward)
        try:
            request = head + body
            if harm is Harm.HALF_REQUEST:
                onward.write(request[: len(head) + len(body) // 2])
                await onward.drain()
                return False
            if harm is Harm.THROTTLE:
                for begin in range(0, len(request), _PIECE_BYTES):
                    onward.write(request[begin : begin + _PIECE_BYTES])
                    await onward.drain()
                    await asyncio.sleep(0.02)
            else:
                onward.write(request)
                await onward.drain()
            answer_head = await above.readuntil(b"\r\n\r\n")
            answer = await _body(answer_head, above)
            if harm is Harm.ANSWER_LOST:
                return False
            if harm is Harm.STATUS_500_TAKEN:
                await _answer(writer, b"500 Internal Server Error", _ERROR)
                return True
            writer.write(answer_head + answer)
            await writer.drain()
            return True
        finally:
            self._open.discard(onward)
            onward.transport.abort()


async def _answer(writer: asyncio.StreamWriter, status: bytes, body: bytes) -> None:
    head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nX-ClickHouse-Exception-Code: 241\r\n\r\n"
    if status.startswith(b"200"):
        head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % (status, len(body)) + body)
    await writer.drain()


async def _body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    """The body as it stands on the wire, chunk lines included."""
    fields = dict(_fields(head))
    if fields.get(b"transfer-encoding") == b"chunked":
        whole = []
        while True:
            line = await reader.readline()
            piece = await reader.readexactly(int(line.split(b";")[0], 16) + 2)
            whole += [line, piece]
            if int(line.split(b";")[0], 16) == 0:
                return b"".join(whole)
    return await reader.readexactly(int(fields.get(b"content-length", b"0")))


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    lines = [line.partition(b":") for line in head.split(b"\r\n")[1:] if line]
    return [(name.strip().lower(), value.strip()) for name, _, value in lines]
