"""Records that must be refused, and near-misses that must not be: each case by name.

Whoever decodes records can be held to these without a Kafka, and the whole stack with one.
"""

from collections.abc import Iterator
from dataclasses import replace

from tests.oracle import bad_fields, bad_values, near_misses
from tests.oracle.cases import ACCEPTED, COMMON_KEY, HOUR_MS, Case, Corpus


def corpus(now_ms: int) -> list[Case]:
    """Every case, right for append times from ``now_ms`` (ms since the epoch) to ten minutes later."""
    made = Corpus(now_ms)
    cases = [*bad_values.cases(made), *bad_fields.cases(made), *near_misses.cases(made)]
    # Keys of their own spread the cases over the partitions.
    return [replace(one, key=f"other:{one.name}".encode()) if one.key == COMMON_KEY else one for one in cases]


def future_edges(append_ms: int) -> Iterator[tuple[int, Case]]:
    """Cases on both sides of ``event_time``'s bound; right only for a record appended at exactly ``append_ms``."""
    made = Corpus(append_ms)
    for ahead_ms, expected in ((24 * HOUR_MS, ACCEPTED), (24 * HOUR_MS + 1, "future")):
        yield ahead_ms, made.changed(f"{ahead_ms} ms ahead", expected, event_time=append_ms + ahead_ms)
