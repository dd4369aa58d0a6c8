"""Compaction on a whole stack, next to the oracle: every key of every view, before, after, and after a recount."""

import json
import signal
import time
from collections.abc import Iterator

import pytest

from deploy.stack import Stack
from streams import compactor, retire
from streams.settings import Settings
from tests.oracle import vocabulary
from tests.oracle.log import Campaign
from tests.recount_fixture import NEW, OLD, Counted
from tests.stack_fixture import Ledger, ask, groundswell, stack_settings
from tests.worker_fixture import empty, worker

pytestmark = pytest.mark.stack

T_S = 3
BURSTS = 4
BURST = 500
TOKEN_ROWS = "SELECT count() FROM groundswell.token_counter"
ROWS_READ = "SELECT length(rows) FROM groundswell.coverage"


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = stack_settings(
        tmp_path_factory.mktemp("compaction"),
        vocabulary.CAMPAIGNS,
        partitions=2,
        segment_size=160,
        segment_age_s=T_S,
        horizon_records=1_000,
    )
    with Stack(settings, workers=0, progress=print):
        yield settings


@pytest.fixture
def counted(engines: Settings) -> Counted:
    """A log of several units, counted by a worker that has ended, so that nothing closes a segment any more."""
    empty(engines)
    made = Counted(Ledger(engines, vocabulary.CAMPAIGNS))
    for of_another_test in engines.campaigns.iterdir():
        of_another_test.unlink()
    made.write(*vocabulary.CAMPAIGNS)
    with worker(engines) as running:
        for burst in range(BURSTS):
            made.ledger.send(made.ledger.generate(BURST, seed=50 + burst))
            time.sleep(T_S)
        made.remember()
        running.end(signal.SIGTERM)
    made.remember()
    return made


def test_every_count_is_the_same_through_compactions_and_recounts(counted: Counted) -> None:
    counted.check()
    rows = int(ask(counted.settings, ROWS_READ))
    done = compacted(counted)
    assert done["compacted"] == done["due"] >= BURSTS - 1
    assert int(ask(counted.settings, ROWS_READ)) < rows / 2
    counted.check()

    counted.write(NEW)
    end = counted.commits()
    counted.recount("kindness")
    counted.check(NEW, end=end)
    assert int(ask(counted.settings, ROWS_READ)) == rows
    assert compacted(counted)["compacted"] >= BURSTS - 1
    counted.check(NEW, end=end)

    counted.write(OLD["kindness"])
    counted.recount("*", "kindness")
    counted.check()
    compacted(counted)
    counted.check()
    said = groundswell(counted.settings, "compact").stdout
    assert said == "Nothing to compact: what is closed is compacted, and what is open is still being counted.\n"


def test_campaign_that_is_added_counts_in_compacted_units_too(counted: Counted) -> None:
    compacted(counted)
    added = Campaign("later", hashtags=("love",))
    counted.write(added)
    assert counted.recount("later")["campaigns"][0]["events_after"] > 0
    sums = "SELECT campaign, sum(events), sum(quantity) FROM groundswell.engagement GROUP BY campaign ORDER BY campaign"
    before = ask(counted.settings, sums)
    assert compacted(counted)["compacted"] >= BURSTS - 1
    assert ask(counted.settings, sums) == before


def test_rows_go_once_kafka_has_deleted_their_records_and_every_count_stays(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = compacted(counted)["compacted"]
    rows = int(ask(counted.settings, TOKEN_ROWS))
    assert compactor.once(counted.settings).retired == 0
    for partition, end in counted.commits().items():
        counted.delete(end, partition)
    assert compactor.once(counted.settings).retired == 0
    assert int(ask(counted.settings, TOKEN_ROWS)) == rows

    monkeypatch.setattr(retire, "GRACE_S", 0)
    time.sleep(1.1)
    assert compactor.once(counted.settings).retired == units
    assert int(ask(counted.settings, TOKEN_ROWS)) < rows / 2
    counted.check()
    assert compactor.once(counted.settings).retired == 0


def compacted(counted: Counted) -> dict[str, int]:
    done: dict[str, int] = json.loads(groundswell(counted.settings, "compact", "--json").stdout)
    return done
