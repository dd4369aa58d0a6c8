"""Record batches made ahead: to send one, only the moment and the ids are put into it, all of its events at once.

So a producer of generated events in real time takes some 0.6 µs of processor time an event, not several, on a machine
that it shares with what is measured.
"""

import re
import struct
from collections.abc import Sequence
from typing import Any

from aiokafka.codec import lz4_encode
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

_HEADER = struct.Struct(">qiibIhiqqqhii")
"""Of a record batch of Kafka's, magic 2: all that stands before its records."""
_CRC_FROM = 21
_LENGTH_FROM = 12
_MAGIC = 2
_LZ4 = 3
_LZ4_LEVEL = 1
_MOST_BYTES = 64 * 1024 * 1024

_NO_TIME = b'"event_time":0000000000000'
_NO_MARK = b'"event_id":"########'
_TIME = re.compile(rb'"event_time":\d{13}')
_ID = re.compile(rb'"event_id":"')


class Mould:
    """Consecutive records of one partition, without their moment."""

    def __init__(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        self.count = len(values)
        builder = DefaultRecordBatchBuilder(_MAGIC, 0, False, -1, -1, -1, _MOST_BYTES)
        for place, (key, value) in enumerate(zip(keys, values, strict=True)):
            empty = _ID.sub(_NO_MARK, _TIME.sub(_NO_TIME, value, count=1), count=1)
            builder.append(place, 0, key, empty, [])
        self._records = bytes(builder.build())[_HEADER.size :]

    def cast(self, event_time_ms: int, mark: int) -> "Cast":
        """The batch as it is sent: every event happened then, and has ``mark`` (below 2³²) in front of its id."""
        stamped = self._records.replace(_NO_TIME, b'"event_time":%d' % event_time_ms)
        packed = lz4_encode(stamped.replace(_NO_MARK, b'"event_id":"%08x' % mark), _LZ4_LEVEL)
        length = _HEADER.size - _LENGTH_FROM + len(packed)
        last = self.count - 1
        facts = (_LZ4, last, event_time_ms, event_time_ms, -1, -1, -1, self.count)
        checked = _HEADER.pack(0, length, -1, _MAGIC, 0, *facts)[_CRC_FROM:] + packed
        head = _HEADER.pack(0, length, -1, _MAGIC, calc_crc32c(checked), *facts)[:_CRC_FROM]
        return Cast(head + checked, self.count)


class Cast(BatchBuilder):  # type: ignore[misc]  # aiokafka has no types
    """A batch that aiokafka's producer sends as one that its own builder has made."""

    def __init__(self, buffer: bytes, count: int) -> None:
        self.buffer = buffer
        self._count = count

    def append(self, **_: Any) -> None:
        """Nothing more: it is full."""

    def close(self) -> None:
        """Nothing: it is closed."""

    def closed(self) -> bool:
        """It is, so that it is sent at once."""
        return True

    def size(self) -> int:
        """Bytes."""
        return len(self.buffer)

    def record_count(self) -> int:
        """How many records it has."""
        return self._count

    def _build(self) -> bytes:
        return self.buffer
