"""Failpoints: where a worker kills or stops itself, without a hook in the product.

``FAULTS_AT`` is ``POINT:NTH:ACTION``: the ``NTH`` time that the worker passes ``POINT`` it gets SIGKILL (``kill``) or
SIGSTOP (``stop``). With the action ``seek``, which is for ``after begin``, it seeks anew then and the next few times,
as a rebalance does: while records are being fetched, delivered and counted. Points: ``before PLACE`` and
``after PLACE``, with a place of ``PLACES``.
"""

import asyncio
import functools
import inspect
import itertools
import os
import signal
from collections.abc import Callable
from typing import Any

from streams import compact
from streams.partition import Partition
from streams.sink import Sink
from streams.transport import Consumer
from streams.worker import Worker
from tests.faults import journal

AT = "FAULTS_AT"
_TABLES = ("token_counter", "engagement_counter", "spelling_counter", "archive", "segments")
PLACES = (*(f"write {table}" for table in _TABLES), "commit", "first commit", "begin", "take", "seek", "dead letters")
COMPACTION = "compaction"
"""A place of its own: each of the statements that compact a unit."""
POINTS = tuple(f"{when} {place}" for place in PLACES for when in ("before", "after"))
_SEEKS = 4
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def install() -> None:
    """Wrap the product's functions; passes nothing on, changes nothing but by the signal."""
    Sink.write = _around(Sink.write, lambda arguments: f"write {arguments[1]}")  # type: ignore[method-assign]
    for owner, method, place in (
        (Consumer, "_commit", "commit"),
        (Consumer, "commit_start", "first commit"),
        (Consumer, "perform_seek", "seek"),
        (Worker, "_begin", "begin"),
        (Worker, "_forward", "dead letters"),
        (Partition, "take", "take"),
        (compact, "_written", COMPACTION),
    ):
        setattr(owner, method, _around(getattr(owner, method), functools.partial(_named, place)))


def _named(place: str, _: tuple[Any, ...]) -> str:
    return place


def _around(function: Callable[..., Any], place_of: Callable[[tuple[Any, ...]], str]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def passing(*arguments: Any, **named: Any) -> Any:
            place = place_of(arguments)
            _pass(f"before {place}", arguments)
            result = await function(*arguments, **named)
            _pass(f"after {place}", arguments)
            return result
    else:

        @functools.wraps(function)
        def passing(*arguments: Any, **named: Any) -> Any:
            place = place_of(arguments)
            _pass(f"before {place}", arguments)
            result = function(*arguments, **named)
            _pass(f"after {place}", arguments)
            return result

    return passing


_passed = itertools.count(1)
_seeking: list["asyncio.Future[None]"] = []


def _pass(point: str, arguments: tuple[Any, ...]) -> None:
    asked = os.environ.get(AT, "")
    if not asked:
        return
    wanted, nth, action = asked.split(":")
    if point != wanted:
        return
    passed = next(_passed)
    if action == "seek":
        if 0 <= passed - int(nth) < _SEEKS:
            _seeking.append(asyncio.ensure_future(arguments[0]._consumer.perform_seek()))
    elif passed == int(nth):
        journal.note("failpoint", point=point, action=action)
        os.kill(os.getpid(), _SIGNALS[action])
