"""Counting stands still when records wait and none is counted; not while it moves, and not when nothing is there."""

from dashboards.page.standstill import Progress, Standstill
from streams.topics import Bounds


def log(*ends: int) -> dict[int, Bounds]:
    return {number: Bounds(0, end) for number, end in enumerate(ends)}


def test_progress_of_an_empty_log_is_no_standstill() -> None:
    progress = Progress()
    assert progress.look(log(0, 0), {}, 0) is None
    assert progress.look(log(0, 0), {}, 60) is None


def test_progress_that_keeps_up_is_no_standstill() -> None:
    progress = Progress()
    assert [progress.look(log(10 * now), {0: 10 * now}, now) for now in range(10)] == [None] * 10


def test_progress_of_a_worker_that_is_behind_and_moves_has_stood_for_no_time() -> None:
    progress = Progress()
    for now in range(1, 10):
        assert progress.look(log(1000 * now), {0: 10 * now}, now) == Standstill(990 * now, 0)


def test_progress_that_stops_counts_from_the_last_movement() -> None:
    progress = Progress()
    progress.look(log(100), {0: 50}, 0)
    progress.look(log(200), {0: 60}, 10)
    assert progress.look(log(300), {0: 60}, 13) == Standstill(240, 3)
    assert progress.look(log(400), {0: 400}, 20) is None


def test_progress_after_a_quiet_hour_counts_from_the_first_record_that_waits() -> None:
    progress = Progress()
    progress.look(log(100), {0: 100}, 0)
    progress.look(log(100), {0: 100}, 3600)
    assert progress.look(log(101), {0: 100}, 3601) == Standstill(1, 0)
    assert progress.look(log(101), {0: 100}, 3606) == Standstill(1, 5)


def test_progress_finds_a_worker_that_was_dead_before_anybody_looked() -> None:
    progress = Progress()
    progress.look(log(100), {0: 50}, 0)
    assert progress.look(log(100), {0: 50}, 5) == Standstill(50, 5)


def test_progress_does_not_wait_for_the_mark_at_the_end_of_a_transaction() -> None:
    progress = Progress()
    progress.look(log(100), {0: 100}, 0)
    progress.look(log(104), {0: 103}, 1)
    assert progress.look(log(104), {0: 103}, 60) is None


def test_progress_of_one_partition_does_not_hide_another_that_was_never_counted() -> None:
    progress = Progress()
    progress.look({0: Bounds(0, 10), 1: Bounds(40, 50)}, {0: 10}, 0)
    assert progress.look({0: Bounds(0, 10), 1: Bounds(40, 50)}, {0: 10}, 7) == Standstill(10, 7)


def test_progress_of_one_worker_does_not_hide_that_another_stands_still() -> None:
    progress = Progress()
    for now in range(10):
        found = progress.look(log(10 * now, 10 * now), {0: 10 * now, 1: 0}, now)
    assert found == Standstill(90, 8)
