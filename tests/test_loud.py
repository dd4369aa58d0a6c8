"""What cannot be exact stops the worker with one sentence, and the doctor says what to do."""

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from schemas.topics import DEAD_LETTERS, EVENTS
from streams import gaps, topics
from streams.errors import GroundswellError
from streams.migrate import migrations
from streams.settings import Settings
from streams.topics import Bounds
from tests.oracle import vocabulary
from tests.oracle.views import views
from tests.stack_fixture import PATIENCE_S, Ledger, Running, account, ask, log_ends, wait_until_counted
from tests.worker_fixture import HALF, create_anew, empty, here, interrupted, refusal, stack, worker

pytestmark = pytest.mark.stack

VERSION = migrations()[-1].version


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with stack(tmp_path_factory.mktemp("loud")) as (_, ledger):
        yield ledger.settings


@pytest.fixture
def ledger(engines: Settings) -> Ledger:
    empty(engines)
    return Ledger(engines, vocabulary.CAMPAIGNS)


def unwell(settings: Settings) -> Mapping[str, str]:
    """What the doctor finds to mend, by subject."""
    findings = json.loads(here(settings, "doctor", "--json").stdout)
    return {one["subject"]: one["message"] for one in findings if not one["well"]}


def last_sentence(running: Running) -> str:
    """Wait for a worker to refuse to go on; returns the one sentence it ends with."""
    assert running.process.wait(PATIENCE_S) == 1, running.said()
    assert re.fullmatch(r"(\[?\d{4}-[^\n]+\n)*groundswell: [^\n]+\n", running.said()), running.said()
    return running.said().splitlines()[-1]


def test_topic_created_again_under_a_running_worker_ends_it_before_it_counts_anything_of_the_new_one(
    ledger: Ledger,
) -> None:
    settings = ledger.settings
    with worker(settings) as running:
        ledger.send(ledger.generate(HALF, seed=1))
        wait_until_counted(settings, HALF)
        before = account(settings), views(settings.clickhouse_url)
        create_anew(settings)
        ledger.send(ledger.generate(HALF // 4, seed=2))
        said = last_sentence(running)
    assert re.search(r"Topic events.v1 was deleted and created again while it was counted \(id \S+ in place of", said)
    assert "`groundswell gaps accept` counts the new one" in said
    assert (account(settings), views(settings.clickhouse_url)) == before


def test_topic_deleted_under_a_running_worker_ends_it(ledger: Ledger) -> None:
    settings = ledger.settings
    with worker(settings) as running:
        ledger.send(ledger.generate(100, seed=3))
        wait_until_counted(settings, 100)
        with topics.admin(settings) as client:
            client.delete_topics([EVENTS.name])
        said = last_sentence(running)
    assert "Topic events.v1 was deleted while it was counted: run `groundswell migrate`" in said
    assert unwell(settings)["kafka"].startswith("The broker has no topic events.v1: run `groundswell migrate`")


def test_missing_topic_of_dead_letters_is_told_at_the_start_and_migrate_mends_it(ledger: Ledger) -> None:
    settings = ledger.settings
    with topics.admin(settings) as client:
        client.delete_topics([DEAD_LETTERS.name])
    sentence = "The broker has no topic events.v1.dlq: run `groundswell migrate` to create it."
    assert refusal(settings, "worker") == f"groundswell: {sentence}"
    assert unwell(settings)["kafka"] == sentence
    assert here(settings, "migrate").stdout == "created topic events.v1.dlq\n"
    assert unwell(settings) == {}


NEWER = (
    f"ClickHouse's tables were written by a newer Groundswell (migration {VERSION + 1}, this one knows {VERSION}): "
    "upgrade this one."
)
OLDER = (
    f"ClickHouse's tables are at migration {VERSION - 1} of {VERSION}: run `groundswell migrate` to bring them up to "
    "date."
)


@pytest.mark.parametrize(("there", "sentence"), [(VERSION + 1, NEWER), (VERSION - 1, OLDER)])
def test_tables_of_another_version_are_refused(ledger: Ledger, there: int, sentence: str) -> None:
    settings = ledger.settings
    recorded = "groundswell.migrations"
    ask(settings, f"CREATE TABLE groundswell.kept ENGINE = Memory AS SELECT * FROM {recorded}")
    ask(settings, f"INSERT INTO {recorded} (version, name) VALUES ({there}, 'another')")
    ask(settings, f"ALTER TABLE {recorded} DELETE WHERE version > {there} SETTINGS mutations_sync = 2")
    try:
        assert refusal(settings, "worker") == f"groundswell: {sentence}"
        assert unwell(settings)["clickhouse"] == sentence
    finally:
        ask(settings, f"TRUNCATE TABLE {recorded}")
        ask(settings, f"INSERT INTO {recorded} SELECT * FROM groundswell.kept")
        ask(settings, "DROP TABLE groundswell.kept")
    assert unwell(settings) == {}


@pytest.mark.parametrize("commit", [0, 1])
def test_more_counted_than_the_log_holds_is_refused_and_explained(ledger: Ledger, commit: int) -> None:
    """By the commit, or by the account of the open segment."""
    settings = ledger.settings
    interrupted(ledger, seed=4)
    end = log_ends(settings)[0]
    with topics.admin(settings) as client:
        topic = topics.check_events_topic(client, settings)
        if commit:
            topics.commit(client, settings, {0: end + 7})
    if not commit:
        columns = "topic_id, partition, segment, campaign, rules, generation, last_offset"
        ask(
            settings,
            f"INSERT INTO groundswell.segments ({columns}) VALUES ('{topic.topic_id}', 0, 0, '*', 1, 1, {end + 6})",
        )
    said = refusal(settings, "worker")
    assert f"Partition 0 of events.v1 was counted up to offset {end + 7}, but its log ends at {end}" in said
    assert "`groundswell gaps accept` cannot help" in said
    found = unwell(settings)
    assert found["fixed settings"] == said.removeprefix("groundswell: ")
    assert ("log" in found) == bool(commit)
    assert isinstance(here(settings, "gaps", "accept", "--yes").exception, GroundswellError)


def test_commit_of_a_partition_that_is_no_more_is_refused() -> None:
    with pytest.raises(GroundswellError, match=r"^Partition 7 of events.v1 was counted up to offset 5, but the topic"):
        gaps.check_end(7, 5, None)
    gaps.check_end(7, 5, Bounds(0, 5))
