"""The producer: events onto Kafka, in order, and a count of those that every in-sync replica has acknowledged."""

import logging
from collections import Counter, deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError
from msgspec import Struct

from schemas.event import MAX_VALUE_BYTES, Event, record_key
from schemas.topics import EVENTS, MAX_RECORD_BYTES, Topic
from streams import topics
from streams.errors import GroundswellError
from streams.settings import Settings
from streams.sources.outcome import Refused

MAX_PENDING_RECORDS = 20_000
MAX_PENDING_BYTES = 32 * 1024 * 1024
"""What may wait for its acknowledgement at once: kafka-python itself takes in without a bound."""


# kafka-python warns about every attempt. A person is told once, by the error raised here; a program that wants its
# log configures the logger as any other.
logging.getLogger("kafka").addHandler(logging.NullHandler())


class _Pending(Struct, gc=False):
    future: Any
    size: int


class Producer:
    """Publishes events to ``topic``; for one thread. Use it in a ``with`` block: leaving it flushes.

    ``sent`` counts acknowledged records. An event that can be no record (too large) is counted in ``refused`` by
    reason, told to ``on_refused(event_id, refusal)``, and does not stop the rest. ``on_progress(sent)`` is called
    whenever records were acknowledged: often, so it should be quick.

    Raises ``GroundswellError`` when no broker answers, when the topic does not exist, and when a record is not
    acknowledged within ``delivery_timeout_s``, retries included.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        topic: Topic = EVENTS,
        on_progress: Callable[[int], None] | None = None,
        on_refused: Callable[[str, Refused], None] | None = None,
        delivery_timeout_s: float = 120,
    ) -> None:
        self.sent = 0
        self.refused: Counter[str] = Counter()
        self._bootstrap = settings.kafka_bootstrap
        self._on_progress = on_progress
        self._on_refused = on_refused
        self._pending: deque[_Pending] = deque()
        self._pending_bytes = 0
        self._encoder = msgspec.json.Encoder()
        self._patience_s = delivery_timeout_s + 10  # kafka-python gives up first, and knows why
        self._topic = topic.name
        _require(topic, settings)
        try:
            self._kafka = KafkaProducer(
                bootstrap_servers=self._bootstrap.split(","),
                client_id="groundswell-producer",
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                batch_size=128 * 1024,
                linger_ms=20,
                delivery_timeout_ms=int(delivery_timeout_s * 1000),
                request_timeout_ms=int(min(30, delivery_timeout_s / 2) * 1000),
                reconnect_backoff_max_ms=2000,
                allow_auto_create_topics=False,
            )
        except KafkaError as error:
            raise topics.no_broker(settings) from error

    @property
    def pending(self) -> int:
        """Records that were published and are neither acknowledged nor refused yet."""
        return len(self._pending)

    def publish(self, event: Event) -> None:
        """Queue one event; blocks while as many records wait as may. Order holds within a post's partition."""
        try:
            value = self._encoder.encode(event)
            key = record_key(event)
        except UnicodeEncodeError:
            self._refuse(event.event_id, Refused("surrogate", "a text has a lone surrogate"))
            return
        if len(value) > MAX_VALUE_BYTES:
            message = f"the event has {len(value)} bytes; at most {MAX_VALUE_BYTES} are taken"
            self._refuse(event.event_id, Refused("too_large", message))
            return
        while self._pending and (
            len(self._pending) >= MAX_PENDING_RECORDS or self._pending_bytes + len(value) > MAX_PENDING_BYTES
        ):
            self._wait_for_first()
        try:
            future = self._kafka.send(self._topic, value=value, key=key)
        except KafkaError as error:
            raise self._lost(error) from error
        self._pending.append(_Pending(future, len(value)))
        self._pending_bytes += len(value)
        self._settle()

    def flush(self) -> None:
        """Wait until every record published so far is acknowledged or refused."""
        while self._pending:
            self._wait_for_first()

    def close(self) -> None:
        """Flush and hang up."""
        self.flush()
        self._kafka.close()

    def abort(self) -> None:
        """Hang up at once: what is pending may or may not arrive."""
        try:
            self._kafka.close(timeout=0)
        except KafkaTimeoutError:
            # With records left, close() gives up before it comes to stopping its thread.
            self._kafka._sender.force_close()  # noqa: SLF001  # for that there is no public way

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _wait_for_first(self) -> None:
        first = self._pending[0]
        if not first.future.is_done:
            try:
                first.future.get(timeout=self._patience_s)
            except KafkaError as error:
                if not first.future.is_done:
                    raise self._lost(error) from error
        self._settle()

    def _settle(self) -> None:
        """Take what is acknowledged off the head of the queue.

        A failure ends it: for an idempotent producer, kafka-python fails all that is pending along with one record.
        """
        pending, before = self._pending, self.sent
        while pending and pending[0].future.is_done:
            first = pending[0]
            if first.future.exception is not None:
                raise self._lost(first.future.exception) from first.future.exception
            pending.popleft()
            self._pending_bytes -= first.size
            self.sent += 1
        if self._on_progress and self.sent != before:
            self._on_progress(self.sent)

    def _refuse(self, event_id: str, refused: Refused) -> None:
        self.refused[refused.reason] += 1
        if self._on_refused:
            self._on_refused(event_id, refused)

    def _lost(self, error: BaseException) -> GroundswellError:
        if isinstance(error, MessageSizeTooLargeError):
            return GroundswellError(
                f"Topic {self._topic} takes no events of {MAX_VALUE_BYTES} bytes; {self.sent} were acknowledged: raise "
                f"its max.message.bytes to {MAX_RECORD_BYTES}, then send the same input again; "
                "what arrived already counts once."
            )
        return GroundswellError(
            f"Kafka at {self._bootstrap} no longer acknowledges records ({type(error).__name__}); {self.sent} were: "
            "check the broker, then send the same input again; what arrived already counts once."
        )


def _require(topic: Topic, settings: Settings) -> None:
    """The producer by itself would wait for a topic that does not exist, and not say so."""
    with topics.admin(settings) as client:
        state = topics.describe(client, topic)
    if state is None:
        raise GroundswellError(
            f"Kafka at {settings.kafka_bootstrap} has no topic {topic.name}: "
            "run `groundswell migrate`, which creates it."
        )
