"""Chunks that wait to be counted: when they are enough, and that they are counted as one."""

import pytest

from streams import owned
from streams.chunk import Start
from streams.dead_letters import RefusalLimit
from streams.owned import Owned
from tests.streams.test_partition import chunk_of, event, log_of, partition


def waiting(position: int = 0) -> Owned:
    start = Start(assignment=1, generation=1, committed=position, log_start=0, log_end=99, position=position)
    return Owned(start, partition(start=position, size=100), RefusalLimit(0, 0.5))


def test_chunks_wait_until_there_are_records_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned, "_ENOUGH_RECORDS", 3)
    one = waiting(position=7)
    assert one.next_offset == 7
    assert not one.put(chunk_of(log_of(event("a"), event("b"), first=7)))
    assert (one.next_offset, one.partition.next_offset) == (9, 7)
    assert one.put(chunk_of(log_of(event("c"), first=9)))


def test_chunks_wait_until_there_are_bytes_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned, "_ENOUGH_BYTES", 2 * len(event("a")))
    one = waiting()
    assert not one.put(chunk_of(log_of(event("a"))))
    assert one.put(chunk_of(log_of(event("b"), first=1)))


def test_what_waits_is_counted_as_one_chunk_and_then_nothing_waits() -> None:
    one = waiting()
    one.put(chunk_of(log_of(event("a"), b"{")))
    one.put(chunk_of(log_of(event("a"), event("b"), first=2)))
    taken = one.take_waiting()
    assert (taken.read, taken.counted, taken.duplicates, len(taken.refused)) == (4, 2, 1, 1)
    assert taken.chunk.offsets.tolist() == [0, 1, 2, 3]
    assert not one.waiting
    assert one.next_offset == one.partition.next_offset == 4
