"""`groundswell recount` of a log whose beginning Kafka has deleted: it says what is out of reach."""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

import streams.recount_log
from deploy.stack import Stack
from streams import recount
from streams.recount_log import Log as Reachable
from tests.oracle import vocabulary
from tests.recount_fixture import NEW, OLD, Bounds, Counted
from tests.stack_fixture import Ledger, Running, groundswell, stack_settings, wait_until_counted

pytestmark = pytest.mark.stack

SEGMENT_RECORDS = 512
DELETED = 100


@pytest.fixture
def truncated(tmp_path: Path) -> Iterator[Counted]:
    """A stack of one partition with 3,000 records, of which Kafka has deleted the first 100.

    Thereby the second segment, which is there, has lost some of its horizon; the third was appended long after it.
    """
    settings = stack_settings(
        tmp_path, vocabulary.CAMPAIGNS, partitions=1, segment_size=SEGMENT_RECORDS, horizon_s=1, batch_records=700
    )
    with Stack(settings, workers=0, progress=print):
        made = Counted(Ledger(settings, vocabulary.CAMPAIGNS))
        early = groundswell(settings, "recount", "kindness")
        assert (early.returncode, early.stderr.count("\n")) == (1, 1)
        assert "Nothing of events.v1 has been counted yet" in early.stderr
        records = made.ledger.generate(3000, seed=42)
        made.ledger.send(records[:1000])
        sent_s = time.monotonic()
        with Running(settings, "worker", output=tmp_path / "worker.log"):
            wait_until_counted(settings, 1000)
            time.sleep(max(0, sent_s + 2 * settings.horizon_s + 0.5 - time.monotonic()))
            made.ledger.send(records[1000:])
            made.remember()
            made.commits()
            made.delete(DELETED)
            yield made


def test_recount_of_a_truncated_log_says_what_is_out_of_reach_and_is_exact_in_the_rest(truncated: Counted) -> None:
    end = truncated.commits()
    names = truncated.segments()[0]
    log = truncated.log[0]
    whole_ms = log[DELETED].append_time_ms + 2 * 1000 * truncated.settings.horizon_s
    later = next(at for at in names if at >= DELETED and log[at].append_time_ms > whole_ms)
    truncated.write(NEW)
    report = truncated.recount("kindness")
    assert report["campaigns"][0]["segments"] == truncated.between(end, {0: later}) > 0
    (gone,) = report["out_of_reach"]
    until_ms = datetime.fromisoformat(gone["until"]).timestamp() * 1000
    assert (gone["partition"], gone["since"], round(until_ms)) == (0, None, log[later].append_time_ms)
    truncated.check(NEW, {0: later}, end)
    check_reach(truncated, names, end)
    check_retention_meanwhile(truncated, names)
    truncated.delete(end[0])
    truncated.write(OLD["kindness"])
    done = groundswell(truncated.settings, "recount", "kindness", "--since", "1h")
    assert done.stdout.startswith("Nothing to count again: no segment has been closed since then that Kafka still has")
    assert re.search(r"Out of reach in partition 0: what was appended from \S+ \S+ until \S+ \S+ UTC\. ", done.stdout)
    truncated.check(NEW, {0: later}, end)


def check_reach(truncated: Counted, names: list[int], end: Bounds) -> None:
    """By offsets the horizon is whole as well; and what was appended later is wholly in reach."""
    long = truncated.settings.model_copy(update={"horizon_s": 3600, "horizon_records": 600})
    with Reachable(long) as log:
        stretch = log.stretch(0, names[:-1], end[0], None)
        assert stretch.segments == [at for at in names[:-1] if at >= DELETED + 600]
        assert (stretch.position, stretch.end, stretch.cut_short) == (stretch.segments[0] - 600, end[0], True)
        last = names[-2]
        since_ms = truncated.log[0][last].append_time_ms + 1
        assert not log.stretch(0, names[:-1], end[0], since_ms).cut_short


def check_retention_meanwhile(truncated: Counted, names: list[int]) -> None:
    """What Kafka deletes while it is being read is out of reach; the rest is recounted."""
    with pytest.MonkeyPatch.context() as patch:
        # So that the log is fetched in many pieces, not in one.
        patch.setattr(streams.recount_log, "_FETCH_BYTES", 16 * 1024)
        deleted = names[-2] - 10

        def progress(done: int, total: int) -> None:
            assert 0 < done <= total
            if deleted not in log_starts:
                log_starts.append(deleted)
                truncated.delete(deleted)

        log_starts: list[int] = []
        report = recount.recount(truncated.settings, ["kindness"], None, progress)
    assert len(log_starts) == 1
    assert [one.segments for one in report.campaigns] == [0]
    assert len(report.out_of_reach) == 1
