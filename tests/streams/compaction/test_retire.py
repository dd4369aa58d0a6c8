"""Retirement: rows go when nobody can count them again, and every sum stays what it was."""

import pytest
from clickhouse_connect.driver import Client

from schemas.counters import DATABASE
from streams import retire
from streams.compact import Unit, compact_unit
from tests.streams.compaction.database import KINDS, PLACE, Database

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retire, "GRACE_S", 0)


def retired(database: Database, log_start: int) -> int:
    """Retire with Kafka's log starting there; a grace of 0 s is over after a second."""
    database.client.command("SELECT sleep(1.1)")
    return retire.retire(database.compactor, "t", {0: log_start})


def rows(database: Database, counter: int = 0) -> int:
    ((count,),) = database.query(f"SELECT count() FROM {KINDS[counter].table}")
    return int(count)


def runs(database: Database) -> int:
    ((count,),) = database.query(f"SELECT uniqExact(run) FROM {KINDS[0].totals}")
    return int(count)


def test_rows_of_compacted_units_below_kafkas_log_go_and_counts_stay(counted: Database) -> None:
    counted.compact()
    assert retired(counted, 300) == 1
    assert [rows(counted, number) for number in range(len(KINDS))] == [6] * len(KINDS)
    assert counted.posts() == {"*": 56}
    assert retired(counted, 10_000) == 2
    assert [rows(counted, number) for number in range(len(KINDS))] == [2] * len(KINDS)
    assert counted.posts() == {"*": 56}
    assert counted.compact() == 0
    assert retired(counted, 10_000) == 0


@pytest.mark.parametrize("starts", [{}, {0: 0}, {0: 100}, {1: 10_000}])
def test_unit_that_kafka_still_has_a_record_of_keeps_its_rows(counted: Database, starts: dict[int, int]) -> None:
    counted.compact()
    counted.client.command("SELECT sleep(1.1)")
    assert retire.retire(counted.compactor, "t", starts) == 0
    assert rows(counted) == 8


def test_unit_keeps_its_rows_until_no_query_reads_them_any_more(
    counted: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.compact()
    monkeypatch.setattr(retire, "GRACE_S", 5)
    assert retired(counted, 10_000) == 0
    assert rows(counted) == 8


def test_unit_that_is_not_compacted_as_its_accounts_are_now_keeps_its_rows(counted: Database) -> None:
    counted.compact()
    counted.vouch(0, read=20)
    assert retired(counted, 10_000) == 2
    assert rows(counted) == 4
    assert counted.posts() == {"*": 56}


def test_segment_that_joins_a_retired_unit_counts_from_its_rows(counted: Database) -> None:
    counted.compact()
    assert retired(counted, 10_000) == 3
    counted.count(990, 5, unit_s=0)
    account = {**PLACE, "segment": 990, "unit": 0, "campaign": "*", "rules": 1, "generation": 1, "read": 5}
    counted.insert("segments", {**account, "last_offset": 995})
    assert counted.posts() == {"*": 61}
    assert counted.compact() == 0
    assert retired(counted, 10_000) == 0
    assert counted.posts() == {"*": 61}


def test_compactor_that_slept_through_a_retirement_does_not_sum_up_what_is_left(counted: Database) -> None:
    counted.compact()
    ((fingerprint,),) = counted.query("SELECT fingerprint FROM units WHERE unit = 0")
    assert retired(counted, 10_000) == 3
    assert not compact_unit(counted.compactor, Unit("t", 0, fingerprint))
    assert counted.posts() == {"*": 56}


class KilledError(Exception):
    """Here the process ends."""


def test_rows_that_a_killed_round_has_left_are_read_by_nobody_and_go_in_the_next(
    counted: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.compact()

    def killed(*_: object) -> None:
        raise KilledError

    delete = retire._delete
    for statement in range(2 * len(KINDS)):
        done = 0

        def some(client: Client, *which: object) -> None:
            nonlocal done
            if done == statement:  # noqa: B023 - called within the turn
                killed()
            done += 1
            delete(client, *which)  # type: ignore[arg-type]  # as it was given

        monkeypatch.setattr(retire, "_delete", some)
        with pytest.raises(KilledError):
            retired(counted, 10_000)
        assert counted.posts() == {"*": 56}
    monkeypatch.setattr(retire, "_delete", delete)
    assert retired(counted, 10_000) == 0
    assert [rows(counted, number) for number in range(len(KINDS))] == [2] * len(KINDS)
    assert counted.posts() == {"*": 56}


def test_totals_of_earlier_runs_go_as_well(counted: Database) -> None:
    counted.compact()
    counted.vouch(0, read=20)
    counted.compact()
    before = runs(counted)
    assert retired(counted, 10_000) == 3
    assert (before, runs(counted)) == (4, 3)
    assert counted.posts() == {"*": 56}


def test_accounts_stay(counted: Database) -> None:
    before = counted.query("SELECT sum(read), count() FROM records")
    counted.compact()
    retired(counted, 10_000)
    assert counted.query("SELECT sum(read), count() FROM records") == before
    assert counted.client.query(f"SELECT count() FROM {DATABASE}.coverage").result_rows == [(1,)]
