"""Who looks at what: viewers of one choice share one round of questions and its answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import msgspec
import structlog
from msgspec import Struct

from dashboards.page.choice import Choice, Known
from dashboards.page.numbers import Asker, Drawn, Frame, Numbers, key
from dashboards.page.source import Problem, Source
from dashboards.page.watch import Watch
from dashboards.panel import Dashboard, Mark, Panel

EVERY_S = 1.0
"""From the end of one round of questions to the next, unless that round took longer: asking takes half of the time at
most. And how often viewers hear that the page lives."""


_ROUNDS_AT_ONCE = 2
MOST_CHOICES = 32

_T = TypeVar("_T")
log = structlog.get_logger()


class Push(Struct, frozen=True, omit_defaults=True):
    """A message to a browser: ``numbers`` only where they are new to it."""

    now_s: float
    problems: list[Problem]
    numbers: Numbers | None = None


class TooManyError(Exception):
    """More choices than the page asks for at once."""


class Viewer:
    """One browser: it is told the newest message; what it was too slow for is left out."""

    def __init__(self) -> None:
        self._message: bytes | None = None
        self._news = asyncio.Event()

    def tell(self, message: bytes | None) -> None:
        """Put the newest message in place of one that was not yet taken; None is the last."""
        self._message = message
        self._news.set()

    def beat(self, message: bytes) -> None:
        """A message that can be done without where another waits."""
        if not self._news.is_set():
            self.tell(message)

    async def next(self) -> bytes | None:
        """Waits for a message that this viewer has not had; None when there will be no more."""
        await self._news.wait()
        self._news.clear()
        return self._message


class _Group:
    """The viewers of one choice."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()
        self.newest: Numbers | None = None
        self.task: asyncio.Task[None] | None = None


class Viewers:
    """Made and used on one event loop. While nobody looks, nothing is asked."""

    def __init__(self, dashboard: Dashboard, asker: Asker, source: Source, watch: Watch) -> None:
        self._asked: tuple[Panel | Mark, ...] = (*dashboard.panels, *dashboard.marks)
        self._asker = asker
        self._source = source
        self._watch = watch
        self._groups: dict[Choice, _Group] = {}
        self._watching: asyncio.Task[None] | None = None
        self._asking = ThreadPoolExecutor(_ROUNDS_AT_ONCE, thread_name_prefix="rounds")
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="watch")

    async def known(self) -> tuple[Known, ...]:
        """The campaigns that can be chosen."""
        return await _in(self._asking, partial(self._asker.known, _now_s()))

    def join(self, viewer: Viewer, choice: Choice) -> None:
        """Begin to tell the viewer; it hears at once what others already see. Raises ``TooManyError``."""
        if choice not in self._groups and len(self._groups) >= MOST_CHOICES:
            raise TooManyError
        group = self._groups.setdefault(choice, _Group())
        group.viewers.add(viewer)
        if group.task is None:
            group.task = asyncio.create_task(self._tell(choice, group))
            group.task.add_done_callback(lambda task: _ended(task, group))
        if self._watching is None:
            self._watching = asyncio.create_task(self._look())
        viewer.tell(self._message(group.newest))

    def leave(self, viewer: Viewer, choice: Choice) -> None:
        """Stop telling it; with the last viewer of a choice its questions end."""
        group = self._groups[choice]
        group.viewers.discard(viewer)
        if not group.viewers:
            del self._groups[choice]
            if group.task is not None:
                group.task.cancel()
        if not self._groups and self._watching is not None:
            self._watching.cancel()
            self._watching = None

    def close(self) -> None:
        """Ask nothing any more; questions under way are not waited for."""
        for pool in (self._asking, self._looking):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _tell(self, choice: Choice, group: _Group) -> None:
        while True:
            begun_s = time.monotonic()
            await self._round(choice, group)
            rest_s = max(EVERY_S, time.monotonic() - begun_s)
            await self._waited(group, asyncio.sleep(rest_s))

    async def _round(self, choice: Choice, group: _Group) -> None:
        """Each panel once. What is answered is told every second, so that a slow panel keeps no other waiting."""
        frame = await self._waited(group, _in(self._asking, partial(self._asker.frame, choice, _now_s())))
        answered: dict[str, Drawn] = {}
        told_s = time.monotonic()
        for one in self._asked:
            drawn = await self._waited(group, _in(self._asking, partial(self._asker.drawn, one, frame)))
            if drawn is None:
                break
            answered[key(one)] = drawn
            if time.monotonic() - told_s >= EVERY_S:
                self._publish(group, frame, answered)
                answered, told_s = {}, time.monotonic()
        if answered:
            self._publish(group, frame, answered)

    def _publish(self, group: _Group, frame: Frame, answered: dict[str, Drawn]) -> None:
        before = group.newest.drawn if group.newest else {}
        group.newest = Numbers(frame, {**before, **answered})
        message = self._message(group.newest)
        for viewer in group.viewers:
            viewer.tell(message)

    async def _waited(self, group: _Group, awaited: Awaitable[_T]) -> _T:
        """Its result; while it is waited for, the viewers hear every second that the page lives, and of problems."""
        future = asyncio.ensure_future(awaited)
        while not (await asyncio.wait({future}, timeout=EVERY_S))[0]:
            message = self._message(None)
            for viewer in group.viewers:
                viewer.beat(message)
        return future.result()

    def _message(self, numbers: Numbers | None) -> bytes:
        found = (self._source.problem(), self._watch.problem())
        return msgspec.json.encode(Push(_now_s(), [one for one in found if one is not None], numbers))

    async def _look(self) -> None:
        while True:
            await _in(self._looking, self._watch.look)
            await asyncio.sleep(EVERY_S)


async def _in(pool: ThreadPoolExecutor, call: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(pool, call)


def _ended(task: "asyncio.Task[None]", group: _Group) -> None:
    """A fault of ours ends a choice's task; its viewers are let go, and come again by themselves."""
    if not task.cancelled() and task.exception() is not None:
        log.error("the page failed", exc_info=task.exception())
        for viewer in group.viewers:
            viewer.tell(None)


def _now_s() -> float:
    return time.time_ns() / 1e9
