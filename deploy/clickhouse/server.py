"""The server: ClickHouse's HTTP interface on 127.0.0.1, from start to a clean end."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import ClientPayloadError, web

from deploy.clickhouse import reply
from deploy.clickhouse.compression import choose_encoding, encoder
from deploy.clickhouse.engine import Engine
from deploy.clickhouse.errors import ABORTED, ServerError
from deploy.clickhouse.execution import Execution
from deploy.clickhouse.request import CHUNK_BYTES, Request, read_request, spooled
from deploy.clickhouse.sessions import Sessions
from deploy.ports import LOOPBACK
from streams.errors import GroundswellError

# Blocked threads cost little, and the engine itself shares the cores out.
QUERIES_AT_ONCE = 64
STOP_GRACE_S = 10
_SWEEP_S = 5
# An answer begins when this much of it is there: a query that fails earlier gets an error's status.
_HELD_BACK_BYTES = 1 << 20
_MAX_URL_BYTES = 1 << 20


def serve(data: Path, port: int, prepare: Callable[[Engine], None] | None = None) -> None:
    """Serve the folder ``data`` until SIGTERM or SIGINT; blocks, and must run in the main thread.

    ``prepare`` runs on the engine before the port answers (migrations). Raises ``GroundswellError`` when the port or
    the folder is taken.
    """
    listener = _bind(port)
    try:
        engine = Engine(data)
        try:
            if prepare is not None:
                prepare(engine)
            asyncio.run(Server(engine).run(listener))
        finally:
            engine.close()
    finally:
        listener.close()


def _bind(port: int) -> socket.socket:
    """Bound, not listening: a taken port is told before the engine starts, and nobody is let in before it is ready."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise GroundswellError(
            f"Port {port} for ClickHouse is not free ({error.strerror}): stop the program that holds it, or set "
            "GROUNDSWELL_CLICKHOUSE_URL to another port."
        ) from error
    return listener


class Server:
    """The handlers of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions = Sessions(engine)
        self._threads = ThreadPoolExecutor(QUERIES_AT_ONCE, thread_name_prefix="clickhouse")
        self._stopping = asyncio.Event()

    async def run(self, listener: socket.socket) -> None:
        """Answer until told to stop; then let running queries end, and cancel those that take longer."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        app = web.Application(client_max_size=sys.maxsize)
        app.router.add_get("/ping", _ok)
        app.router.add_get("/replicas_status", _ok)
        app.router.add_route("*", "/", self._answer)
        runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,
            max_line_size=_MAX_URL_BYTES,
            shutdown_timeout=2 * STOP_GRACE_S,
        )
        await runner.setup()
        await web.SockSite(runner, listener, backlog=512).start()
        sweeper = asyncio.create_task(self._sweep())
        await self._stopping.wait()
        sweeper.cancel()
        cancelling = loop.call_later(STOP_GRACE_S, self._threads.submit, self._engine.cancel_queries)
        await runner.cleanup()
        cancelling.cancel()
        self._threads.shutdown(wait=True)
        self._sessions.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._sessions.expire()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.method in {"GET", "HEAD"} and not request.query_string:
            return await _ok(request)
        if self._stopping.is_set():
            return self._error(ServerError(ABORTED, "The server is stopping."), "")
        query_id = request.headers.get("X-ClickHouse-Query-Id", "")
        try:
            asked = await read_request(request, self._engine.spool)
            query_id = asked.query_id
            try:
                return await self._run(request, asked)
            finally:
                asked.close()
        except ServerError as error:
            return self._error(error, query_id)
        except (ConnectionResetError, ClientPayloadError):
            # Whoever asked has left, with half a request sent or half an answer read; this reaches nobody.
            return self._error(ServerError(ABORTED, "The client has closed its connection."), query_id)

    async def _run(self, request: web.Request, asked: Request) -> web.StreamResponse:
        start = asked.text.read(256)
        asked.text.seek(0)
        if reply.is_hello(start, asked.arguments):
            revision = int(asked.arguments["client_protocol_version"])
            block = reply.hello(revision, self._engine.display_name, self._engine.version)
            return web.Response(body=block, headers=self._headers(asked.query_id) | {"X-ClickHouse-Format": "Native"})
        loop = asyncio.get_running_loop()
        execution = await loop.run_in_executor(self._threads, Execution, self._engine, self._sessions, asked)
        try:
            return await self._send(request, asked, execution)
        finally:
            await loop.run_in_executor(self._threads, execution.close)

    async def _send(self, request: web.Request, asked: Request, execution: Execution) -> web.StreamResponse:
        hold_all = asked.flag("wait_end_of_query")
        with spooled(self._engine.spool) as held:
            chunk = await self._next(execution)
            while chunk is not None and (hold_all or held.tell() < _HELD_BACK_BYTES):
                held.write(chunk)
                chunk = await self._next(execution)
            encoding = choose_encoding(request.headers.get("Accept-Encoding", "")) if held.tell() else ""
            if asked.settings.get("enable_http_compression") == "0":
                encoding = ""
            tag = reply.exception_tag()
            response = web.StreamResponse(headers=self._headers(asked.query_id))
            response.headers.update(reply.result_headers(execution.summary, tag))
            if execution.statement.has_result:
                response.headers.update(reply.format_headers(execution.format))
            if encoding:
                response.headers["Content-Encoding"] = encoding
            elif chunk is None:
                response.content_length = held.tell()
            await response.prepare(request)
            out = _Out(response, encoding)
            held.seek(0)
            while piece := held.read(CHUNK_BYTES):
                await out.write(piece)
        try:
            while chunk is not None:
                await out.write(chunk)
                chunk = await self._next(execution)
        except ServerError as error:
            await out.end(reply.tagged_exception(self._text(error), tag))
            if request.transport is not None:
                # Without the last chunk of HTTP's framing every client sees that the answer is cut short.
                request.transport.close()
            return response
        await out.end()
        await response.write_eof()
        return response

    async def _next(self, execution: Execution) -> bytes | memoryview | None:
        return await asyncio.get_running_loop().run_in_executor(self._threads, execution.chunk)

    def _headers(self, query_id: str) -> dict[str, str]:
        return {
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Server-Display-Name": self._engine.display_name,
        }

    def _text(self, error: ServerError) -> str:
        return error.text if "(version " in error.text else f"{error.text} (version {self._engine.version})"

    def _error(self, error: ServerError, query_id: str) -> web.Response:
        headers = self._headers(query_id) | {"X-ClickHouse-Exception-Code": str(error.code)}
        return web.Response(status=error.status, text=self._text(error) + "\n", headers=headers)


class _Out:
    """A response's body, compressed when it has an encoding."""

    def __init__(self, response: web.StreamResponse, encoding: str) -> None:
        self._response = response
        self._encoder = encoder(encoding) if encoding else None

    async def write(self, piece: bytes | memoryview) -> None:
        await self._response.write(self._encoder.compress(piece) if self._encoder else piece)

    async def end(self, last: bytes = b"") -> None:
        if self._encoder:
            last = self._encoder.compress(last) + self._encoder.flush()
        await self._response.write(last)


async def _ok(_request: web.Request) -> web.Response:
    return web.Response(text="Ok.\n")
