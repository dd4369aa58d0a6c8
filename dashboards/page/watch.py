"""The watch over counting: whether Kafka answers, and whether what arrives there is counted."""

import contextlib
import logging
import time
from typing import Any

import msgspec
from kafka.errors import KafkaError

from dashboards.page.source import Problem, RefusedError, Source
from dashboards.page.standstill import Progress, Standstill
from schemas.counters import DATABASE
from schemas.topics import EVENTS
from streams import topics
from streams.errors import GroundswellError
from streams.settings import Settings

# What goes wrong is raised as well, and told to viewers.
logging.getLogger("kafka").setLevel(logging.CRITICAL)

_SILENT_S = 4.0
"""So long may pass without an answer, and, beside the time between two flushes, without anything counted."""

_POSITIONS = f"""
SELECT partition, max(last_offset) + 1 FROM {DATABASE}.records
WHERE topic_id = {{topic_id:String}} GROUP BY partition
"""


class Watch:
    """One thread looks, any may ask for the problem."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self._settings = settings
        self._source = source
        self._resources = contextlib.ExitStack()
        self._progress = Progress()
        self._admin: Any = None
        self._topic: topics.TopicState | None = None
        self._standstill: Standstill | None = None
        self._failure = ""
        self._seen = False
        self._asked_s: float | None = None

    def look(self) -> None:
        """Look once; takes up to half a minute where Kafka is away."""
        self._asked_s = time.monotonic()
        try:
            self._look()
            self._failure, self._seen = "", True
        except (GroundswellError, KafkaError, OSError) as error:
            self.close()
            self._failure = str(error) if isinstance(error, GroundswellError) else f"Kafka failed ({error})."
        finally:
            self._asked_s = None

    def close(self) -> None:
        """Let go of the broker; the next look connects anew."""
        self._admin = self._topic = None
        self._resources.close()

    def problem(self) -> Problem | None:
        """Why new events may be missing, if they are.

        A Kafka that has never answered is none: a viewer's machine need not reach it.
        """
        if not self._seen:
            return None
        silent_s = time.monotonic() - self._asked_s if self._asked_s is not None else 0.0
        if self._failure or silent_s >= _SILENT_S:
            where = self._settings.kafka_bootstrap
            return Problem(
                "Kafka",
                f"Kafka does not answer at {where}: what people post now is counted once it does; see its log.",
            )
        found = self._standstill
        if found is None or found.seconds < _SILENT_S + self._settings.flush_interval_s:
            return None
        records = "1 record waits" if found.waiting == 1 else f"{found.waiting:,} records wait"
        return Problem(
            "Workers",
            f"Nothing has been counted for {found.seconds:.0f} s, and {records}: start a worker with "
            "`groundswell worker`, or see the workers' logs; `groundswell doctor` says what is wrong.",
        )

    def _look(self) -> None:
        if self._admin is None:
            self._admin = self._resources.enter_context(topics.admin(self._settings))
        if self._topic is None:
            self._topic = topics.describe(self._admin, EVENTS)
        if self._topic is None:
            raise GroundswellError(f"Kafka has no topic {EVENTS.name}.")
        # First the account: what is counted in between is then no standstill.
        positions = self._positions(self._topic.topic_id)
        log = topics.log_bounds(self._admin, self._topic.partitions)
        if positions is not None:
            self._standstill = self._progress.look(log, positions, time.monotonic())

    def _positions(self, topic_id: str) -> dict[int, int] | None:
        try:
            answer = self._source.ask(_POSITIONS, {"topic_id": topic_id})
        except RefusedError:
            return None
        if answer is None:
            return None
        return {int(partition): int(after) for partition, after in msgspec.json.decode(answer.rows)}
