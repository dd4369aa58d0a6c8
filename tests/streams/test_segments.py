"""How a log is cut into segments: against a reader that takes one record at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.segments import Segment, SegmentRule, cut, segment_of_each

Log = list[tuple[int, int, int]]
"""(offset, append time in ms, bytes of the value), offsets ascending."""


def one_by_one(log: Log, rule: SegmentRule) -> list[int]:
    """The segment of each record, by the definition: it ends before the first record beyond its size, age or bytes."""
    names: list[int] = []
    start = start_ms = None
    held = 0
    for offset, time_ms, size in log:
        ended = start is None or start_ms is None or offset - start >= rule.size or time_ms - start_ms >= rule.age_ms
        if ended or held >= rule.bytes:
            start, start_ms, held = offset, time_ms, 0
        assert start is not None
        held += size
        names.append(start)
    return names


def in_batches(log: Log, rule: SegmentRule, sizes: list[int]) -> list[int]:
    names: list[int] = []
    current: Segment | None = None
    while len(names) < len(log):
        batch = log[len(names) : len(names) + sizes[len(names) % len(sizes)]]
        offsets, times_ms, lengths = (np.array(column, dtype=np.int64) for column in zip(*batch, strict=True))
        pieces = cut(rule, current, offsets, times_ms, lengths)
        assert pieces[0][1] == 0
        assert [index for _, index in pieces] == sorted({index for _, index in pieces})
        current = pieces[-1][0]
        names += segment_of_each(pieces, len(batch)).tolist()
    return names


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Offsets with holes; append times that also stand still and step back, as at a change of leader."""
    step = st.tuples(st.sampled_from((1, 1, 1, 2, 7)), st.integers(-3, 9), st.integers(0, 50))
    log, offset, time_ms = [], draw(st.integers(0, 100)), 1_000
    for gap, tick, size in draw(st.lists(step, max_size=80)):
        offset, time_ms = offset + gap, time_ms + tick
        log.append((offset, time_ms, size))
    return log


rules = st.builds(SegmentRule, size=st.integers(1, 30), age_ms=st.integers(1, 60), bytes=st.integers(1, 400))


@given(logs(), rules, st.lists(st.integers(1, 25), min_size=1, max_size=5))
def test_segments_do_not_depend_on_the_batches(log: Log, rule: SegmentRule, sizes: list[int]) -> None:
    assert in_batches(log, rule, sizes) == one_by_one(log, rule)


@given(logs(), rules, st.lists(st.integers(1, 25), min_size=1, max_size=5))
def test_segments_are_found_again_from_the_start_of_any_of_them(log: Log, rule: SegmentRule, sizes: list[int]) -> None:
    names = one_by_one(log, rule)
    for start in set(names):
        index = names.index(start)
        assert in_batches(log[index:], rule, sizes) == names[index:]


@given(logs(), rules)
def test_segments_are_bounded_named_by_their_first_record_and_whole(log: Log, rule: SegmentRule) -> None:
    names = in_batches(log, rule, [len(log) or 1])
    assert names == sorted(names)
    times_ms = {offset: time_ms for offset, time_ms, _ in log}
    sizes = {offset: size for offset, _, size in log}
    for name in set(names):
        members = [offset for offset, found in zip(times_ms, names, strict=True) if found == name]
        assert members[0] == name
        assert members[-1] < name + rule.size
        assert all(times_ms[offset] < times_ms[name] + rule.age_ms for offset in members)
        assert sum(sizes[offset] for offset in members[:-1]) < rule.bytes


@pytest.mark.parametrize(
    ("log", "names"),
    [
        # size 4 [----)
        # 0 1 2 3 | 4 5
        ([(0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0), (5, 0, 0)], [0, 0, 0, 0, 4, 4]),
        # [----)            a hole: the next segment begins at the first record that is there
        # 0 . . . . . 6 7
        ([(0, 0, 0), (6, 0, 0), (7, 0, 0)], [0, 6, 6]),
        # [----)[----)      named by the first *delivered* record, not by a grid
        # 2 3 5 | 6 9 | 10
        ([(2, 0, 0), (3, 0, 0), (5, 0, 0), (6, 0, 0), (9, 0, 0), (10, 0, 0)], [2, 2, 2, 6, 6, 10]),
        # age 100 ms [---------)
        # 0 ms, 99 ms | 100 ms
        ([(0, 0, 0), (1, 99, 0), (2, 100, 0)], [0, 0, 2]),
        # The age is measured from the segment's own first record: 50 [---------) 150
        ([(0, 50, 0), (1, 149, 0), (2, 150, 0), (3, 249, 0), (4, 250, 0)], [0, 0, 2, 2, 4]),
        # An append time that steps back ends nothing.
        ([(0, 500, 0), (1, 0, 0), (2, 599, 0), (3, 600, 0)], [0, 0, 0, 3]),
        # A segment takes the record that brings it to its bytes, and no more.
        ([(0, 0, 9), (1, 0, 30), (2, 0, 10), (3, 0, 1)], [0, 0, 2, 3]),
        ([], []),
    ],
)
def test_segment_is_half_open_in_offsets_and_in_append_time(log: Log, names: list[int]) -> None:
    rule = SegmentRule(size=4, age_ms=100, bytes=10)
    assert in_batches(log, rule, [2]) == one_by_one(log, rule) == names
