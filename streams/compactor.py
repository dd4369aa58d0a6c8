"""The compactor: a thread of the worker that compacts what is due, and retires what can be, every few minutes.

One worker of the group does it, the one that has partition 0; two at once, as when partitions move, do no harm. It may
end anywhere, and what it cannot do now it does later: counting never waits for it.
"""

import threading
import time
from collections.abc import Callable

import structlog
from msgspec import Struct

from schemas.topics import EVENTS
from streams import compact, retire, topics
from streams.compact import Progress
from streams.settings import Settings

EVERY_S = 120.0

log = structlog.get_logger()


class Round(Struct, frozen=True):
    """What one round did: units that were due, how many of them are compacted now, how many are retired now."""

    due: int
    compacted: int
    retired: int
    seconds: float


def once(settings: Settings, progress: Progress = lambda *_: None) -> Round:
    """Compact what is due, and retire what Kafka has deleted.

    Raises ``GroundswellError`` and the drivers' errors; what is done by then stays so.
    """
    begun_s = time.monotonic()
    client = compact.connect(settings)
    try:
        done = compact.compact(client, progress)
        with topics.admin(settings) as admin:
            # The id first: were the topic made anew in between, the new log has deleted nothing.
            topic = topics.describe(admin, EVENTS)
            bounds = topics.log_bounds(admin, topic.partitions) if topic else {}
        starts = {partition: bound.start for partition, bound in bounds.items()}
        retired = retire.retire(client, topic.topic_id, starts) if topic else 0
    finally:
        client.close()
    return Round(done.due, done.compacted, retired, round(time.monotonic() - begun_s, 3))


def start(settings: Settings, is_ours: Callable[[], bool]) -> None:
    """Begin the thread, which lives as long as the process; ``is_ours`` tells, each time, whether it is to compact."""
    threading.Thread(target=_run, args=(settings, is_ours), name="compactor", daemon=True).start()


def _run(settings: Settings, is_ours: Callable[[], bool]) -> None:
    pause = threading.Event()
    while not pause.wait(EVERY_S):
        try:
            if is_ours():
                done = once(settings)
                if done.due or done.retired:
                    log.info(
                        "compacted", units=done.compacted, due=done.due, retired=done.retired, seconds=done.seconds
                    )
        except Exception as error:  # noqa: BLE001 - whatever it is, counting goes on
            log.warning("compaction failed, and is tried again later; counts are right without it", error=str(error))
