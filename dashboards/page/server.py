"""The page's server: the document, its files, and a WebSocket that tells numbers and hears nothing."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from dashboards.boards import DASHBOARDS
from dashboards.page import choice as choices
from dashboards.page.document import STATIC, document
from dashboards.page.numbers import Asker
from dashboards.page.source import Problem, Source
from dashboards.page.viewers import Push, TooManyError, Viewer, Viewers
from dashboards.page.watch import Watch
from dashboards.panel import Dashboard
from streams.settings import Settings

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A wall is opened once and reloaded after an upgrade; the files are small.
    "Cache-Control": "no-cache",
}
_LAUNCH = next(one for one in DASHBOARDS if one.name == "launch")
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_FULL = 1013  # WebSocket's "try again later"
_SLOW_S = 20.0
_MOST_HEARD_BYTES = 1024

_VIEWERS = web.AppKey("viewers", Viewers)


def application(settings: Settings, *, local: bool, dashboard: Dashboard = _LAUNCH) -> web.Application:
    """The application; ``local``: it is served on this machine alone, and answers to this machine's names only."""
    page = document(dashboard)

    async def index(_request: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    async def viewers(app: web.Application) -> AsyncIterator[None]:
        source = Source(settings)
        watch = Watch(settings, source)
        app[_VIEWERS] = Viewers(dashboard, Asker(settings, source), source, watch)
        yield
        app[_VIEWERS].close()

    app = web.Application(middlewares=[_guard(local=local)])
    app.router.add_get("/", index)
    app.router.add_get("/live", _live)
    app.router.add_static("/static", STATIC)
    app.cleanup_ctx.append(viewers)
    return app


def serve(settings: Settings, listening: socket.socket, *, local: bool) -> None:
    """Serve on a socket that listens, until SIGTERM or Ctrl-C."""
    app = application(settings, local=local)
    web.run_app(app, sock=listening, print=None, access_log=None, handle_signals=True, shutdown_timeout=1.0)


def _guard(*, local: bool) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        # Another site's name can be pointed at this machine, and its pages would then read ours.
        if local and _name(f"//{request.host}") not in _LOCAL_NAMES:
            raise web.HTTPMisdirectedRequest(text="This page answers to 127.0.0.1 and localhost only.\n")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    return guard


def _name(url: str) -> str | None:
    with contextlib.suppress(ValueError):
        return urlsplit(url).hostname
    return None


async def _live(request: web.Request) -> web.StreamResponse:
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="Only this page's own scripts may listen here.\n")
    told = web.WebSocketResponse(heartbeat=_SLOW_S, compress=False, max_msg_size=_MOST_HEARD_BYTES)
    await told.prepare(request)
    viewers = request.app[_VIEWERS]
    choice = choices.read(request.query, await viewers.known())
    viewer = Viewer()
    try:
        viewers.join(viewer, choice)
    except TooManyError:
        full = Problem(
            "Page", "Too many different choices are looked at just now: choose what others look at, or wait."
        )
        await told.send_str(msgspec.json.encode(Push(time.time_ns() / 1e9, [full])).decode())
        await told.close(code=_FULL)
        return told
    telling = asyncio.create_task(_tell(told, viewer))
    try:
        async for _ in told:
            break  # a page says nothing
    finally:
        telling.cancel()
        viewers.leave(viewer, choice)
    return told


async def _tell(told: web.WebSocketResponse, viewer: Viewer) -> None:
    with contextlib.suppress(ConnectionError, TimeoutError):
        while (message := await viewer.next()) is not None:
            async with asyncio.timeout(_SLOW_S):
                await told.send_str(message.decode())
    await told.close()
