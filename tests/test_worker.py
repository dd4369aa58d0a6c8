"""A worker started by hand against servers at other addresses: settings only, and it never counts on in silence."""

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from schemas.topics import EVENTS
from streams import topics
from streams.campaigns import load
from streams.declare import declared
from streams.settings import Settings
from tests.stack_fixture import (
    Ledger,
    ask,
    wait_until,
)
from tests.worker_fixture import (
    HALF,
    PARTITIONS,
    metric,
    refusal,
    stack,
    worker,
)

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A topic of which some is counted, and no worker that runs."""
    with stack(tmp_path_factory.mktemp("worker")) as (_, ledger):
        ledger.send(ledger.generate(HALF, seed=0))
        with worker(ledger.settings) as running:
            ledger.check()
            assert running.end(signal.SIGTERM) == 0
        yield ledger


def test_second_worker_joins_and_leaves_and_totals_are_exact(counted: Ledger) -> None:
    records = counted.generate(2 * HALF, seed=1)
    with worker(counted.settings, "first") as first:
        counted.send(records[:HALF])
        wait_until(lambda: metric(counted.settings.metrics_port, "groundswell_records_read_total"), "the first counts")
        with worker(counted.settings, "second") as second:
            wait_until(lambda: "next free one used" in second.said(), "the second has found the metrics port taken")
            found = re.search(r"taken=(\d+) used=(\d+)", second.said())
            assert found
            assert int(found[1]) == counted.settings.metrics_port < int(found[2])
            port = int(found[2])
            wait_until(lambda: counts_more(counted, port), "the second counts")
            counted.send(records[HALF : HALF + HALF // 2])
            assert second.end(signal.SIGTERM) == 0
        counted.send(records[HALF + HALF // 2 :])
        counted.check()
        assert first.end(signal.SIGINT) == 0


def test_workers_declare_what_their_campaign_files_say_and_the_same_only_once(counted: Ledger) -> None:
    # The second worker of this stack.
    with worker(counted.settings) as running:
        counted.send(counted.generate(100, seed=5))
        counted.check()
        # What the libraries would import at their first use, for nothing.
        assert "/pandas/" not in Path(f"/proc/{running.process.pid}/maps").read_text(encoding="utf-8")
    declarations = "SELECT uniqExact(declaration), countIf(kind != '') FROM groundswell.declaration"
    expected = len(list(declared(load(counted.settings.campaigns))))
    assert expected
    assert ask(counted.settings, declarations) == f"1\t{expected}\n"


def counts_more(ledger: Ledger, port: int) -> bool:
    """Send a little; whether the worker with these metrics has had a share of what was sent so far."""
    ledger.send(ledger.generate(20, seed=len(ledger.truth)))
    return metric(port, "groundswell_records_read_total") > 0


def test_worker_refuses_another_segment_size_than_the_topic_is_counted_by(counted: Ledger) -> None:
    said = refusal(counted.settings.model_copy(update={"segment_size": 1024}), "worker")
    assert "GROUNDSWELL_SEGMENT_SIZE is 1024, but" in said
    assert "set it back to 512" in said


def test_worker_refuses_a_group_that_knows_nothing_of_what_is_counted(counted: Ledger) -> None:
    said = refusal(counted.settings.model_copy(update={"group": "another"}), "worker")
    assert "Consumer group 'another' has no commit for partition 0, 1" in said
    assert "set GROUNDSWELL_GROUP back" in said


@pytest.mark.parametrize(
    ("name", "value", "what", "mend"),
    [
        ("message.timestamp.type", "CreateTime", "has message.timestamp.type=CreateTime", "set it to LogAppendTime"),
        ("retention.ms", "35999000", "keeps records for 35999 s", "raise retention.ms to 36000000 at least"),
    ],
)
def test_worker_refuses_a_topic_that_counting_cannot_be_exact_on(
    counted: Ledger, name: str, value: str, what: str, mend: str
) -> None:
    def configure(chosen: str) -> None:
        with topics.admin(counted.settings) as client:
            client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, EVENTS.name, {name: chosen})])

    configure(value)
    try:
        said = refusal(counted.settings, "worker")
    finally:
        configure(EVENTS.config[name])
    assert what in said
    assert mend in said


def test_records_of_aborted_transactions_are_not_counted(counted: Ledger) -> None:
    with worker(counted.settings) as running:
        asyncio.run(transactions(counted.settings))
        counted.check()
        rows = ask(
            counted.settings,
            "SELECT token, sum(posts) FROM groundswell.token_counts WHERE campaign = '*' AND token LIKE 'transaction%' "
            "GROUP BY token ORDER BY token",
        )
        assert rows == "transaction_committed\t20\ntransaction_tried_again\t10\n"
        assert running.end(signal.SIGTERM) == 0


async def transactions(settings: Settings) -> None:
    """Ten events in a transaction that is aborted; they and ten others in one that is committed; ten more aborted."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap, transactional_id="test")
    await producer.start()
    try:
        for tag, numbers, good in (
            ("transaction_aborted", range(10), False),
            ("transaction_tried_again", range(10), True),
            ("transaction_committed", range(10, 30), True),
            ("transaction_aborted", range(30, 40), False),
        ):
            await producer.begin_transaction()
            for number in numbers:
                event = {"event_id": f"t-{number}", "source": "web", "event_type": "mention", "text": f"#{tag}"}
                value = json.dumps({**event, "event_time": 1_763_700_000_000}).encode()
                await producer.send_and_wait(EVENTS.name, value, partition=number % PARTITIONS)
            await (producer.commit_transaction() if good else producer.abort_transaction())
    finally:
        await producer.stop()
