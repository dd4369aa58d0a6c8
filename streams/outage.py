"""Kafka away: a metric and one line a minute, in place of the driver's thousands; and a lag that is right meanwhile.

An outage begins with the driver's first complaint that a broker does not answer (it tries again ten times a second, and
logs every attempt), or when a question of ours has had no answer for a while, as a broker that hangs is not complained
of. It ends when a question has its answer.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping

import structlog
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, RequestTimedOutError
from faust import App
from faust.types import TP
from faust.types.transports import ConsumerT

from schemas.topics import EVENTS
from streams import metrics

_NO_ANSWER = (OSError, KafkaConnectionError, NodeNotReadyError, RequestTimedOutError)
_SILENCE_S = 10.0
_SAY_EVERY_S = 60.0
_MOST_WORDS = 300

log = structlog.get_logger()


class KafkaWatch(logging.Handler):
    """Knows whether Kafka answers; what aiokafka logs comes here, and what it says of an outage goes no further."""

    def __init__(self) -> None:
        super().__init__()
        self._away_since_s: float | None = None
        self._said_s = -_SAY_EVERY_S
        self._said = False
        self._one = threading.RLock()

    def install(self) -> None:
        """Stand between aiokafka and the log; kafka-python, which raises what it meets as well, is silenced."""
        driver = logging.getLogger("aiokafka")
        driver.addHandler(self)
        driver.propagate = False
        logging.getLogger("kafka").setLevel(logging.CRITICAL)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a complaint of the driver, from any thread, or pass the record on."""
        words = record.args if isinstance(record.args, tuple) else ()
        error = next((word for word in words if isinstance(word, _NO_ANSWER)), None)
        if error is not None:
            self._complain(str(error))
        elif self._away_since_s is None or record.exc_info:
            logging.getLogger().callHandlers(record)

    def _complain(self, reason: str) -> None:
        with self._one:
            now_s = time.monotonic()
            if self._away_since_s is None:
                self._away_since_s = now_s
                metrics.WAITING_FOR_KAFKA.set(1)
            if now_s - self._said_s >= _SAY_EVERY_S:
                self._said_s, self._said = now_s, True
                log.warning("Kafka does not answer; waiting, nothing is lost", reason=reason[:_MOST_WORDS])

    def _answered(self) -> None:
        with self._one:
            if self._away_since_s is None:
                return
            metrics.WAITING_FOR_KAFKA.set(0)
            if self._said:
                log.info("Kafka answers again", away_s=round(time.monotonic() - self._away_since_s, 1))
            self._away_since_s, self._said = None, False

    async def look_every(self, interval_s: float, app: App, positions: Callable[[], Mapping[TP, int]]) -> None:
        """Look again and again, until the app stops: no timer, as Faust would log that it takes long."""
        while not app.should_stop:
            await app.sleep(interval_s)
            await self.look(app.consumer, positions())

    async def look(self, consumer: ConsumerT, positions: Mapping[TP, int]) -> None:
        """Ask Kafka where the log ends, for the lag of what is to be counted from ``positions`` on.

        Returns when it has answered, or when the driver has given up waiting for that.
        """
        begun_s = time.monotonic()
        asked = asyncio.ensure_future(consumer.highwaters(*(positions or [TP(EVENTS.name, 0)])))
        try:
            while not (await asyncio.wait({asked}, timeout=_SILENCE_S))[0]:
                self._complain(f"no answer for {time.monotonic() - begun_s:.0f} s")
            ends = asked.result()
        except KafkaTimeoutError:
            return  # still away
        finally:
            asked.cancel()
        self._answered()
        for tp, position in positions.items():
            metrics.LAG.labels(str(tp.partition)).set(max(0, ends[tp] - position))
