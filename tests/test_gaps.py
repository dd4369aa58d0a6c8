"""Records that Kafka deleted before they were counted: the worker refuses, and counting goes on once it is accepted."""

import json
import re
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from schemas.topics import EVENTS
from streams import clickhouse, gaps, topics
from streams.settings import Settings
from streams.topics import Bounds
from tests.oracle import vocabulary
from tests.oracle.log import Record, read_log
from tests.oracle.oracle import Expected, expect
from tests.oracle.views import added, additive, compare, views
from tests.stack_fixture import Ledger, account, ask, groundswell, log_ends, wait_until, wait_until_counted
from tests.worker_fixture import (
    HALF,
    PARTITIONS,
    committed,
    create_anew,
    empty,
    here,
    interrupted,
    refusal,
    stack,
    vouch,
    worker,
)

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with stack(tmp_path_factory.mktemp("gaps")) as (_, ledger):
        yield ledger.settings


@pytest.fixture
def ledger(engines: Settings) -> Ledger:
    empty(engines)
    return Ledger(engines, vocabulary.CAMPAIGNS)


def count_half(ledger: Ledger, seed: int) -> dict[int, int]:
    """Count some, and send more when no worker runs; returns where each partition is counted to."""
    with worker(ledger.settings) as running:
        ledger.send(ledger.generate(HALF, seed=seed))
        wait_until_counted(ledger.settings, HALF)
        assert running.end(signal.SIGTERM) == 0
    counted_to = log_ends(ledger.settings)
    ledger.send(ledger.generate(HALF, seed=seed + 1))
    return counted_to


def delete_before(settings: Settings, offsets: Mapping[int, int]) -> None:
    with topics.admin(settings) as client:
        client.delete_records({TopicPartition(EVENTS.name, number): offset for number, offset in offsets.items()})


def listed(settings: Settings) -> dict[str, Any]:
    shown = here(settings, "gaps", "list", "--json")
    assert (shown.exit_code, shown.stderr) == (0, ""), shown
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def counted(ledger: Ledger, log: Mapping[int, list[Record]]) -> Expected:
    return expect(
        log,
        ledger.campaigns,
        horizon_records=ledger.settings.horizon_records,
        horizon_ms=ledger.settings.horizon_s * 1000,
        truth=ledger.truth,
    )


def check(settings: Settings, *parts: tuple[int, Expected]) -> None:
    """Wait until all is counted that several parts of the log, each times its sign, come to; and look at every key."""
    want: dict[int, Counter[str]] = {}
    for sign, part in parts:
        for partition, numbers in part.account.items():
            want.setdefault(partition, Counter()).update({name: sign * number for name, number in numbers.items()})
    wait_until_counted(settings, sum(numbers["read"] for numbers in want.values()))
    assert compare({"account": want}, {"account": account(settings)}) == []
    expected = added(*((sign, part.views) for sign, part in parts))
    assert compare(expected, additive(views(settings.clickhouse_url))) == []


def test_counting_goes_on_behind_a_gap_and_is_exact_over_what_was_counted_and_what_is_left(ledger: Ledger) -> None:
    settings = ledger.settings
    counted_to = count_half(ledger, seed=1)
    log = read_log(settings.kafka_bootstrap, EVENTS.name)
    # Of partition 0 only the beginning of the open segment is deleted, of partition 1 also what nobody has counted.
    starts = {0: committed(settings)[0] + 1, 1: counted_to[1] + 300}
    assert starts[0] < counted_to[0]
    delete_before(settings, starts)

    said = refusal(settings, "worker")
    assert re.search(r"Records \d+ to \d+ of events.v1, partition \d, are gone from Kafka", said)
    assert "`groundswell gaps list`" in said
    doctor = here(settings, "doctor")
    assert (doctor.exit_code, doctor.stderr) == (1, "")
    assert re.search(
        r"\nMEND  log: Partition 0 was counted up to \d+, but Kafka .*`groundswell gaps accept`", doctor.stdout
    )
    shown = here(settings, "gaps", "list").stdout.splitlines()
    lost = f"300 records are lost, offsets {counted_to[1]:,} to {starts[1] - 1:,}"
    assert shown == [
        f"partition 0: nothing is lost; counting can go on at {counted_to[0]:,}",
        f"partition 1: {lost}; counting can go on at {starts[1]:,}",
        "`groundswell gaps accept` counts on.",
    ]
    assert [gap["lost"] for gap in listed(settings)["gaps"]] == [0, 300]

    done = groundswell(settings, "gaps", "accept", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [*shown[:2], "accepted: start the workers again"]
    again = here(settings, "gaps", "accept", "--yes")
    assert (again.exit_code, again.stdout) == (0, "nothing to accept: workers can count on\n")

    behind = {0: counted_to[0], 1: starts[1]}
    with worker(settings) as running:
        ledger.send(ledger.generate(HALF, seed=3))
        log_now = read_log(settings.kafka_bootstrap, EVENTS.name)
        kept = {one: [record for record in log[one] if record.offset < counted_to[one]] for one in log}
        # Read again for its ids alone, as far as it is left.
        known = {one: [record for record in log_now[one] if record.offset < behind[one]] for one in log}
        check(settings, (1, counted(ledger, kept)), (1, counted(ledger, log_now)), (-1, counted(ledger, known)))
        assert running.end(signal.SIGTERM) == 0
    shown = here(settings, "gaps", "list").stdout.splitlines()
    assert [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "then", line) for line in shown] == [
        "accepted then UTC: partition 0: nothing is lost",
        f"accepted then UTC: partition 1: {lost}",
        "no gaps: workers can count on",
    ]
    doctor = here(settings, "doctor")
    assert doctor.exit_code == 0
    assert f"; accepted as lost: offsets {counted_to[1]} to {starts[1] - 1} of partition 1\n" in doctor.stdout


def test_accepting_may_be_cut_short_and_repeated_after_more_was_lost(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ledger.settings
    interrupted(ledger, seed=4)
    delete_before(settings, {0: 510})
    with monkeypatch.context() as patched:
        patched.setattr(topics, "commit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            gaps.accept(settings, gaps.find(settings))
    assert committed(settings)[0] == 0
    delete_before(settings, {0: 525})
    assert here(settings, "gaps", "accept", "--yes").exit_code == 0
    found = listed(settings)
    assert found["gaps"] == []
    assert [(one["from_offset"], one["lost"]) for one in found["accepted"]] == [(500, 25)]
    assert committed(settings) == {0: 525, 1: 0}


def test_accepting_is_refused_while_the_group_has_members_and_where_nobody_can_be_asked(ledger: Ledger) -> None:
    settings = ledger.settings
    interrupted(ledger, seed=6)
    delete_before(settings, {0: 1, 1: 600})
    unasked = groundswell(settings, "gaps", "accept")
    assert (unasked.returncode, unasked.stdout) == (2, "")
    assert "give --yes" in unasked.stderr
    member = KafkaConsumer(
        EVENTS.name,
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=settings.group,
        enable_auto_commit=False,
        metadata_max_age_ms=1000,  # one that has joined before it knows the topic's partitions joins again then
    )
    try:
        wait_until(lambda: member.poll(timeout_ms=100) is not None and member.assignment(), "it is a member")
        said = refusal(settings, "gaps", "accept", "--yes")
        assert "Workers of consumer group 'groundswell' are running: stop them" in said
    finally:
        member.close()
    assert committed(settings) == {0: 0, 1: 0}
    assert listed(settings)["accepted"] == []
    assert len(listed(settings)["gaps"]) == PARTITIONS


def test_a_topic_created_again_is_refused_until_it_is_accepted_and_then_counts_next_to_the_old_one(
    ledger: Ledger,
) -> None:
    settings = ledger.settings
    with worker(settings) as running:
        ledger.send(ledger.generate(HALF, seed=8))
        ledger.check()
        assert running.end(signal.SIGTERM) == 0
    before = counted(ledger, read_log(settings.kafka_bootstrap, EVENTS.name))
    create_anew(settings)
    ledger.send(ledger.generate(HALF, seed=9))
    said = refusal(settings, "worker")
    assert "was deleted and created again" in said
    assert "`groundswell gaps accept`" in said
    assert f"\nMEND  fixed settings: {said.removeprefix('groundswell: ')}" in here(settings, "doctor").stdout
    assert len(listed(settings)["replaces"]) == 1
    done = here(settings, "gaps", "accept", "--yes", "--json")
    assert json.loads(done.stdout)["gaps"] == []
    with worker(settings) as running:
        wait_until_counted(settings, 2 * HALF)
        check(settings, (1, before), (1, counted(ledger, read_log(settings.kafka_bootstrap, EVENTS.name))))
        assert running.end(signal.SIGTERM) == 0


def engage(settings: Settings, segment: int, events: int, rules: int = 1) -> None:
    ask(
        settings,
        "INSERT INTO groundswell.engagement_counter (topic_id, partition, segment, campaign, rules, events) "
        f"VALUES ('t', 0, {segment}, '*', {rules}, {events})",
    )


def gap(settings: Settings, log_start: int, commit: int = 100) -> tuple[int, int, bool]:
    (found,) = gaps._gaps(clickhouse.connect(settings), "t", {0: commit}, {0: Bounds(log_start, 1000)})
    return found.from_offset, found.to_offset, found.torn


def test_gap_begins_behind_all_that_accounts_vouch_for(ledger: Ledger) -> None:
    settings = ledger.settings
    client = clickhouse.connect(settings)
    assert gaps._gaps(client, "t", {0: 100}, {0: Bounds(100, 1000)}) == []
    assert gap(settings, 101) == (100, 101, False)  # nothing of the segment is vouched for
    vouch(settings, 0, 99)
    vouch(settings, 100, 149, generation=7)
    engage(settings, 100, events=1)
    assert gap(settings, 101) == (150, 150, False)
    assert gap(settings, 170) == (150, 170, False)
    # Whole segments may be written behind the commit, and an owner after that one may not have come as far again.
    vouch(settings, 164, 190)
    engage(settings, 164, events=1)
    vouch(settings, 100, 120, generation=8)
    assert gap(settings, 150) == (191, 191, False)
    assert gap(settings, 300) == (191, 300, False)


def test_gap_begins_where_the_rules_that_readers_read_have_not_come_to(ledger: Ledger) -> None:
    settings = ledger.settings
    for campaign in ("*", "launch", "ended"):
        vouch(settings, 100, 149, campaign=campaign)
    engage(settings, 100, events=1)
    vouch(settings, 100, 120, generation=2)
    assert gap(settings, 130) == (150, 150, False)
    vouch(settings, 100, 120, generation=2, rules=2, campaign="launch")
    # Counting from 121 on would count under `*` again what it has.
    assert gap(settings, 130) == (121, 150, False)


def test_gap_behind_a_write_that_was_cut_short_is_told_as_such(ledger: Ledger) -> None:
    settings = ledger.settings
    vouch(settings, 100, 149, counted=50)
    engage(settings, 100, events=50)
    assert gap(settings, 130) == (150, 150, False)
    engage(settings, 100, events=60)
    assert gap(settings, 130) == (150, 150, True)
    vouch(settings, 100, 170, counted=60)
    assert gap(settings, 130) == (171, 171, False)
    ask(
        settings,
        "INSERT INTO groundswell.token_counter (topic_id, partition, segment, campaign, rules, token, posts_added) "
        "VALUES ('t', 0, 100, '*', 1, 'love', 1)",
    )
    assert gap(settings, 130) == (171, 171, True)
