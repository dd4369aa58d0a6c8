"""Segments: how a partition's log is cut, the same by every reader of it.

A segment ends before the first record that lies ``size`` offsets after its start, or whose append time is ``age_ms``
past its start's. Its name is the offset of its first delivered record. The cut depends on the log alone, so whoever
starts at a segment's start finds the same segments again.
"""

from msgspec import Struct

from streams.arrays import Int64s, int64s


class SegmentRule(Struct, frozen=True):
    """N (offsets) and T (ms of append time): fixed for a topic, see ``streams.pinned``."""

    size: int
    age_ms: int


class Segment(Struct, frozen=True):
    """A segment that has begun: its first record's offset, which names it, and that record's append time."""

    start: int
    start_time_ms: int


def cut(
    rule: SegmentRule, current: Segment | None, offsets: Int64s, append_times_ms: Int64s
) -> list[tuple[Segment, int]]:
    """Where consecutive records fall into segments.

    ``current`` is the segment that the record before belongs to, None at a true segment start. Offsets ascend.
    Returns (segment, index of its first record in the arrays) in order; the first index is 0, and it is ``current``
    unless its end was reached.
    """
    pieces: list[tuple[Segment, int]] = []
    index = 0
    if len(offsets) == 0:
        return pieces
    if current is None:
        current = Segment(int(offsets[0]), int(append_times_ms[0]))
    while True:
        beyond = (offsets[index:] >= current.start + rule.size) | (
            append_times_ms[index:] >= current.start_time_ms + rule.age_ms
        )
        length = int(beyond.argmax()) if beyond.any() else len(beyond)
        if length:
            pieces.append((current, index))
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
