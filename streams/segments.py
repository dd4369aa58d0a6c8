"""Segments: how a partition's log is cut, the same by every reader of it.

A segment ends before the first record that lies ``size`` offsets after its start, or whose append time is ``age_ms``
past its start's, or before which it already holds ``bytes`` of record values: that bounds the memory that counting it
takes, whatever the records are. Its name is the offset of its first delivered record. The cut depends on the log
alone, so whoever starts at a segment's start finds the same segments again.
"""

import numpy as np
from msgspec import Struct

from streams.arrays import Int64s, int64s


class SegmentRule(Struct, frozen=True):
    """N (offsets), T (ms of append time) and bytes of record values: fixed for a topic, see ``streams.pinned``."""

    size: int
    age_ms: int
    bytes: int


class Segment(Struct, frozen=True):
    """A segment that has begun: its first record's offset, which names it, that record's append time, its bytes yet."""

    start: int
    start_time_ms: int
    bytes: int = 0

    def unit_s(self, rule: SegmentRule) -> int:
        """The unit that it is compacted with, by its start in seconds since the epoch: all that begin within one T."""
        age_s = rule.age_ms // 1000
        return self.start_time_ms // 1000 // age_s * age_s


def cut(
    rule: SegmentRule, current: Segment | None, offsets: Int64s, append_times_ms: Int64s, sizes: Int64s
) -> list[tuple[Segment, int]]:
    """Where consecutive records fall into segments.

    ``current`` is the segment that the record before belongs to, None at a true segment start. Offsets ascend;
    ``sizes`` are bytes of values. Returns (segment as it stands after these records, index of its first record in the
    arrays) in order; the first index is 0, and it is ``current``'s unless its end was reached.
    """
    pieces: list[tuple[Segment, int]] = []
    index = 0
    if len(offsets) == 0:
        return pieces
    before = np.concatenate(([0], np.cumsum(sizes)))
    if current is None:
        current = Segment(int(offsets[0]), int(append_times_ms[0]))
    while True:
        beyond = (
            (offsets[index:] >= current.start + rule.size)
            | (append_times_ms[index:] >= current.start_time_ms + rule.age_ms)
            | (before[index:-1] - before[index] + current.bytes >= rule.bytes)
        )
        length = int(beyond.argmax()) if beyond.any() else len(beyond)
        if length:
            held = current.bytes + int(before[index + length] - before[index])
            pieces.append((Segment(current.start, current.start_time_ms, held), index))
        index += length
        if index == len(offsets):
            return pieces
        current = Segment(int(offsets[index]), int(append_times_ms[index]))


def segment_of_each(pieces: list[tuple[Segment, int]], length: int) -> Int64s:
    """The segment's name for each of ``length`` records, from what :func:`cut` gave."""
    names = int64s(length)
    ends = [index for _, index in pieces[1:]] + [length]
    for (segment, begin), end in zip(pieces, ends, strict=True):
        names[begin:end] = segment.start
    return names
