"""The compactor: a thread of the worker that compacts what is due, every few minutes.

One worker of the group does it, the one that has partition 0; two at once, as when partitions move, do no harm. It may
end anywhere, and what it cannot do now it does later: counting never waits for it.
"""

import threading
from collections.abc import Callable

import structlog

from streams import compact
from streams.settings import Settings

EVERY_S = 120.0

log = structlog.get_logger()


def start(settings: Settings, is_ours: Callable[[], bool]) -> None:
    """Begin the thread, which lives as long as the process; ``is_ours`` tells, each time, whether it is to compact."""
    threading.Thread(target=_run, args=(settings, is_ours), name="compactor", daemon=True).start()


def _run(settings: Settings, is_ours: Callable[[], bool]) -> None:
    pause = threading.Event()
    while not pause.wait(EVERY_S):
        try:
            if is_ours():
                _round(settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, counting goes on
            log.warning("compaction failed, and is tried again later; counts are right without it", error=str(error))


def _round(settings: Settings) -> None:
    client = compact.connect(settings)
    try:
        done = compact.compact(client)
    finally:
        client.close()
    if done.due:
        log.info("compacted", units=done.compacted, due=done.due, seconds=done.seconds)
