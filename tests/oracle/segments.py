"""Segments by the design's words: where each partition of a log is cut."""

from collections.abc import Sequence

from tests.oracle.log import Record


def cut(records: Sequence[Record], size: int, age_ms: int, most_bytes: int) -> list[list[Record]]:
    """One partition's records by segment.

    A segment ends before the first record that lies ``size`` offsets after its start, or whose append time is
    ``age_ms`` past its start's, or when the values in it have ``most_bytes`` or more.
    """
    segments: list[list[Record]] = []
    held = 0
    for record in records:
        first = segments[-1][0] if segments else None
        if (
            first is None
            or record.offset - first.offset >= size
            or record.append_time_ms - first.append_time_ms >= age_ms
            or held >= most_bytes
        ):
            segments.append([])
            held = 0
        segments[-1].append(record)
        held += len(record.value or b"")
    return segments
