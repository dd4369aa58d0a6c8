"""Compaction of units on the engine: the same sums before and after, whatever happens between its steps."""

import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from schemas.counter_tables import compaction_sql, coverage_ddl, view_ddl
from schemas.counters import DATABASE, SPELLINGS
from streams import clickhouse, compact
from tests.streams.compaction.database import KINDS, T_S, Database

pytestmark = pytest.mark.stack

_PAUSE_MS = 400
_READS, _RUNS = 50, 5
STEPS = len(KINDS) + 1


def test_closed_units_are_read_from_totals_and_the_open_one_from_rows(counted: Database) -> None:
    assert counted.rows_read() == 8
    assert counted.compact() == 3
    assert counted.rows_read() == 2
    assert counted.posts() == {"*": 56}
    for counter in KINDS:
        counted.client.command(
            f"ALTER TABLE {DATABASE}.{counter.table} DELETE WHERE segment < 600 SETTINGS mutations_sync = 1"
        )
    assert counted.posts() == {"*": 56}
    assert counted.query("SELECT sum(posts), sum(occurrences) FROM token_counts") == [(56, 112)]
    assert counted.query("SELECT sum(events), sum(quantity) FROM authors") == [(72, 56)]
    # Of the highest there is no sum, over units no more than over segments.
    assert counted.query("SELECT max(followers) FROM authors") == [(8,)]
    assert counted.compact() == 0


def test_unit_is_closed_when_every_partition_has_gone_beyond_it(database: Database) -> None:
    for segment in (0, 200, 400):
        database.whole(segment, 1)
    database.insert(
        "segments", {"topic_id": "t", "partition": 1, "segment": 7, "unit": T_S, "campaign": "*", "read": 1}
    )
    assert [unit.unit_s for unit in compact.due(database.compactor)] == [0]


def test_recount_is_seen_at_once_and_compacted_again(counted: Database) -> None:
    counted.compact()
    for segment in (0, 100, 200):
        counted.count(segment, 5, rules=2)
    assert counted.posts() == {"*": 56}
    counted.vouch(0, 100, 200, generation=2, rules=2)
    assert counted.posts() == {"*": 56 - 3 * 7 + 3 * 5}
    assert counted.rows_read() == 2 + 4
    assert counted.compact() == 2
    assert counted.posts() == {"*": 50}
    assert counted.rows_read() == 2
    # And back, under the rules whose totals were valid before.
    counted.vouch(0, 100, 200, generation=3, rules=1)
    assert counted.posts() == {"*": 56}
    assert counted.compact() == 2
    assert counted.posts() == {"*": 56}


def test_campaign_that_is_added_or_matches_nothing_any_more_changes_compacted_units(counted: Database) -> None:
    counted.compact()
    for segment in (0, 100):
        counted.count(segment, 3, campaign="new", rules=7)
    counted.vouch(0, 100, campaign="new", rules=7, generation=2)
    assert counted.posts() == {"*": 56, "new": 6}
    assert counted.compact() == 1
    assert counted.posts() == {"*": 56, "new": 6}
    counted.vouch(0, 100, campaign="new", rules=8, generation=3)
    assert counted.posts() == {"*": 56}
    assert counted.compact() == 1
    assert counted.posts() == {"*": 56}


def test_late_write_into_a_compacted_unit_counts_once_it_is_vouched_for(counted: Database) -> None:
    counted.compact()
    counted.count(0, 11, removed=1)
    assert counted.posts() == {"*": 56}
    counted.vouch(0, read=14)
    assert counted.posts() == {"*": 59}
    assert counted.compact() == 1
    assert counted.posts() == {"*": 59}


def test_row_without_its_totals_would_show(counted: Database) -> None:
    """A negative control: what a run leaves that writes its row first, and is killed then."""
    unit = compact.due(counted.compactor)[0]
    assert compact.note(counted.compactor, unit, 1)
    assert counted.posts() == {"*": 56 - 14}


class Interrupted(Exception):  # noqa: N818 - what a test throws, not an error
    """A compactor's end."""


def interrupted(database: Database, patch: pytest.MonkeyPatch, step: int, then: Callable[[], None]) -> None:
    """Have ``then`` happen before the step of the next unit, or after the last one."""
    passed = itertools.count()
    command = type(database.compactor).command

    def passing(client: Client, sql: str, **more: Any) -> Any:
        if "INSERT INTO" in sql and next(passed) == step:
            then()
        return command(client, sql, **more)

    patch.setattr(type(database.compactor), "command", passing)


def fail() -> None:
    raise Interrupted


@pytest.mark.parametrize("step", range(STEPS))
def test_compactor_that_ends_between_two_steps_changes_nothing(
    counted: Database, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with monkeypatch.context() as patch:
        interrupted(counted, patch, step, fail)
        with pytest.raises(Interrupted):
            counted.compact()
    assert counted.rows_read() == 8
    assert counted.posts() == {"*": 56}
    assert counted.compact() == 3
    assert counted.posts() == {"*": 56}


@pytest.mark.parametrize("step", range(STEPS))
def test_accounts_that_change_between_two_steps_leave_the_unit_as_it_was(
    counted: Database, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    def recount() -> None:
        counted.count(0, 100, rules=2)
        counted.vouch(0, rules=2, generation=2)

    with monkeypatch.context() as patch:
        interrupted(counted, patch, step, recount)
        assert counted.compact() == 2
    assert counted.posts() == {"*": 56 - 7 + 100}
    assert counted.compact() == 1
    assert counted.posts() == {"*": 56 - 7 + 100}


@pytest.mark.parametrize("step", range(STEPS))
def test_two_compactors_in_each_others_midst_agree(
    counted: Database, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    other = Database.__new__(Database)
    other.__dict__.update(counted.__dict__, compactor=compact.connect(counted.settings))
    with monkeypatch.context() as patch:
        interrupted(counted, patch, step, lambda: assert_compacts(other, 3))
        assert counted.compact() == 3
    assert counted.query("SELECT count(), uniqExact(run) FROM compaction") == [(6, 6)]
    assert counted.posts() == {"*": 56}


def assert_compacts(database: Database, units: int) -> None:
    assert database.compact() == units
    assert database.posts() == {"*": 56}


def test_answer_that_does_not_say_how_many_rows_were_written_is_no_success(
    counted: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in ("", "<html>Bad gateway</html>"):
        with monkeypatch.context() as patch:
            patch.setattr(type(counted.compactor), "command", lambda *_, answer=answer, **__: answer)
            with pytest.raises(OperationalError, match="how many rows"):
                counted.compact()
    assert counted.rows_read() == 8


def test_answer_that_is_lost_ends_the_run_and_the_next_one_counts_nothing_twice(
    counted: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = type(counted.compactor).command

    def losing(client: Client, sql: str, **more: Any) -> Any:
        answer = command(client, sql, **more)
        if SPELLINGS.totals in sql:
            raise OperationalError("connection reset")
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(type(counted.compactor), "command", losing)
        with pytest.raises(OperationalError):
            counted.compact()
    assert counted.compact() == 3
    assert counted.query("SELECT count(), uniqExact(run) FROM spelling_totals") == [(4, 4)]
    assert counted.posts() == {"*": 56}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_flushes_recounts_and_compactors_steps_shows_what_stands(database: Database, seed: int) -> None:
    """A model of what stands, next to the views after each step; compactors run in steps of one statement."""
    rng = Random(seed)
    counts: Counter[tuple[int, int]] = Counter()
    newest: dict[int, tuple[int, int]] = {}
    running: list[Iterator[None]] = []
    for _ in range(80):
        segment = rng.randrange(0, 1000, 100)
        what = rng.choice(("flush", "flush", "recount", "begin", *["step"] * 8))
        if what in {"flush", "recount"}:
            generation, rules = newest.get(segment, (1, 1))
            if what == "recount":
                generation, rules = generation + 1, rng.randrange(1, 4)
            counts[segment, rules] += rng.randrange(1, 9)
            database.count(segment, counts[segment, rules], rules=rules)
            database.vouch(segment, generation=generation, rules=rules, read=counts[segment, rules])
            newest[segment] = generation, rules
        elif what == "begin":
            running.append(stepwise(database))
        elif running:
            one = rng.choice(running)
            if next(one, "end") == "end":
                running.remove(one)
        stands = sum(counts[segment, rules] for segment, (_, rules) in newest.items())
        assert database.posts() == ({"*": stands} if stands else {})
    database.compact()
    assert database.posts() == {"*": stands}


def stepwise(database: Database) -> Iterator[None]:
    """A compactor that pauses after each of its statements."""

    for unit in compact.due(database.compactor):
        run = compact._new_run()
        parameters = {"topic_id": unit.topic_id, "unit": unit.unit_s, "run": run}
        for counter in KINDS:
            compact._written(database.compactor, compaction_sql(counter), parameters)
            yield
        compact.note(database.compactor, unit, run)
        yield


def noted(database: Database) -> int:
    """How many runs have ended under the fingerprint that they began with."""
    ((count,),) = database.query("SELECT count() FROM compaction")
    return int(count)


def torn(database: Database, seconds: float) -> tuple[int, Counter[int]]:
    """How often a view was read while all of it switched between two truths, 80 and 160, and what else was seen.

    It goes on for so long, and until the switches, the runs of a compactor and the reads are many.
    """
    everything = range(0, 800, 100)
    database.count_all(everything, 10, rules=1)
    database.count_all(everything, 20, rules=2)
    database.vouch(*everything, generation=1, rules=1)
    done, found, failures = threading.Event(), Counter[int](), list[BaseException]()

    def repeat(action: Callable[[Client], object], client: Client) -> threading.Thread:
        def run() -> None:
            while not done.is_set():
                try:
                    action(client)
                except ClickHouseError as error:
                    failures.append(error)
                    return

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def read(client: Client) -> None:
        ((posts,),) = client.query(f"SELECT sum(posts) FROM {DATABASE}.spellings").result_rows
        found[posts] += 1

    # One reader pauses whenever it has come upon a table: so much can happen between two of them.
    slow = clickhouse.connect(database.settings, merge_tree_storage_snapshot_sleep_ms=_PAUSE_MS)
    threads = [repeat(read, client) for client in (clickhouse.connect(database.settings), slow)]
    threads.append(repeat(compact.compact, compact.connect(database.settings)))
    generation = itertools.count(2)
    enough_s = time.monotonic() + seconds
    while not failures and (time.monotonic() < enough_s or found.total() <= _READS or noted(database) <= _RUNS):
        number = next(generation)
        database.vouch(*everything, generation=number, rules=1 + number % 2)
        before, patience = noted(database), 4
        # On a slow machine a run would else never end under the fingerprint that it began with.
        while not done.wait(0.7) and patience and noted(database) == before:
            patience -= 1
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
    return found.total(), Counter({posts: times for posts, times in found.items() if posts not in {80, 160}})


@pytest.mark.parametrize("seconds", [6, pytest.param(15, marks=pytest.mark.long)])
def test_readers_see_one_truth_or_the_other_while_all_is_switched_and_compacted(
    database: Database, seconds: float
) -> None:
    reads, other = torn(database, seconds)
    assert not other
    assert reads > _READS
    assert noted(database) > _RUNS


_READ_TWICE = (r"\(SELECT one.1 AS topic_id, one.2 AS unit, one.3 AS partition.*\)", "groundswell.standing")
_TOTALS_FIRST = (r"SELECT default[^;]*?UNION ALL", "")
_ANY_RUN = (r"if\(one\.1 = fingerprint, one\.2, 0\)", "one.2")


@pytest.mark.race
@pytest.mark.parametrize("guard", [_READ_TWICE, _TOTALS_FIRST, _ANY_RUN], ids=("once", "first", "fingerprint"))
def test_views_without_a_guard_are_found_out(database: Database, guard: tuple[str, str]) -> None:
    views = (coverage_ddl(), view_ddl(SPELLINGS))
    altered = [re.sub(*guard, view) for view in views]
    assert altered != list(views)
    try:
        for view in altered:
            database.client.command(view)
        assert any(torn(database, 15)[1] for _ in range(4))
    finally:
        for view in views:
            database.client.command(view)
