"""A seeded producer that keeps a ledger of what the broker has acknowledged."""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from random import Random
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.topics import EVENTS
from streams.settings import Settings
from tests.oracle.generate import Produced, generate
from tests.oracle.log import Sendable
from tests.oracle.produce import produce
from tests.oracle.tokens import Tokens

# A broker that is away is waited for, and nobody need be told each time.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

CODECS = ("lz4", "zstd", "snappy", "gzip", None)
DAY_MS = 24 * 3600 * 1000


class Load:
    """Events with repetitions near and far, late ones and bad records, in small batches of several codecs.

    ``acknowledged`` is the ledger; ``truth`` tells what the texts hold.
    """

    def __init__(self, settings: Settings, seed: int) -> None:
        self.acknowledged: list[Sendable] = []
        self.truth: dict[bytes, Tokens] = {}
        self.records: list[Produced] = []
        self._settings = settings
        self._rng = Random(seed)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def more(self, count: int) -> list[Produced]:
        """Make records; they are not sent yet. Ids repeat from call to call, and so do events."""
        made = generate(count, self._rng.randrange(2**31), time.time_ns() // 1_000_000, share_bad=0.02)
        self.truth |= made.truth
        self.records += made.records
        return made.records

    def send(self, records: Sequence[Sendable], batch: int = 400) -> None:
        """Send, and return when the broker has all of them; a broker that is away is waited for."""
        for begin in range(0, len(records), batch):
            if self._stopped.is_set():
                return
            self._send_one(records[begin : begin + batch])

    def _send_one(self, records: Sequence[Sendable]) -> None:
        while True:
            try:
                produce(self._settings.kafka_bootstrap, EVENTS.name, records, self._rng.choice(CODECS))
            except (KafkaError, OSError):
                time.sleep(0.5)  # some may be on the log, none is in the ledger: they are sent again
            else:
                self.acknowledged += records
                return

    def abort(self, records: Sequence[Produced]) -> None:
        """Write records in a transaction that is aborted: nobody may count them."""
        asyncio.run(_abort(self._settings.kafka_bootstrap, records, self._rng.randrange(2**31)))

    def begin(self, records: Sequence[Sendable], per_s: float) -> None:
        """Send in the background at about this rate."""
        self._thread = threading.Thread(target=self._paced, args=(records, per_s), name="load", daemon=True)
        self._thread.start()

    def _paced(self, records: Sequence[Sendable], per_s: float) -> None:
        batch = max(50, int(per_s / 4))
        try:
            for begin in range(0, len(records), batch):
                begun_s = time.monotonic()
                self.send(records[begin : begin + batch], batch)
                if self._stopped.wait(max(0.0, batch / per_s - (time.monotonic() - begun_s))):
                    return
        except BaseException as error:  # noqa: BLE001 - join() raises it in the thread that asked
            self._failure = error

    def stop(self) -> None:
        """Send nothing more."""
        self._stopped.set()

    def sending(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def join(self) -> None:
        """Wait until all is sent; raises what went wrong."""
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()


async def _abort(bootstrap: str, records: Sequence[Produced], number: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"aborting-{number}")
    await producer.start()
    try:
        await producer.begin_transaction()
        for record in records:
            if record.key is not None and record.value is not None:
                await producer.send(EVENTS.name, record.value, record.key)
        await producer.flush()
        await producer.abort_transaction()
    finally:
        await producer.stop()


def old_events(count: int, days: int, now_ms: int) -> list[Produced]:
    """Events that happened on ``days`` different days, days before today, one after the other."""
    made = []
    for number in range(count):
        time_ms = now_ms - (1 + number % days) * DAY_MS
        value = f'{{"event_id": "old-{number}", "source": "web", "event_type": "like", "event_time": {time_ms}}}'
        made.append(Produced(f"web:old-{number}".encode(), value.encode()))
    return made
