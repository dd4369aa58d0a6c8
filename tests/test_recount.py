"""`groundswell recount`: closed segments by today's rules, all else as it was, and all of it at once or nothing."""

import json
import threading
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from streams import recount
from tests.oracle.log import Campaign
from tests.recount_fixture import NEW, OLD, RECORDS, Counted, counting
from tests.stack_fixture import (
    ask,
    groundswell,
    wait_until,
)

pytestmark = pytest.mark.stack

TOTAL = "SELECT sum(events) FROM groundswell.engagement WHERE campaign = 'kindness'"
NOTHING = Campaign("kindness", hashtags=("nobodywritesthiseither",))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    with counting(tmp_path_factory.mktemp("recount")) as made:
        yield made


@pytest.fixture
def counted(shared: Counted) -> Counted:
    return shared.by_the_old_rules()


def test_recount_switches_closed_segments_to_todays_rules_at_once_and_nothing_else(counted: Counted) -> None:
    end = counted.commits()
    counted.write(NEW)
    before, seen, done = ask(counted.settings, TOTAL), set(), threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(ask(counted.settings, TOTAL))

    watching = threading.Thread(target=watch)
    watching.start()
    report = counted.recount("kindness")
    done.set()
    watching.join()
    after = ask(counted.settings, TOTAL)
    assert seen == {before, after}
    assert before != after
    counted.check(NEW, end=end)
    (one,) = report["campaigns"]
    assert (one["campaign"], one["segments"]) == ("kindness", counted.between(end))
    assert one["records"] == sum(at < end[partition] for partition, found in counted.log.items() for at in found)
    assert (one["events_before"], one["events_after"]) == (int(before), int(after))
    assert report["out_of_reach"] == []
    # The worker goes by the files as they were when it started.
    assert report["behind"] == ["kindness"]


def test_recount_under_load_is_exact_whatever_rules_stood_before(counted: Counted) -> None:
    open_before = counted.commits()
    sending = threading.Thread(target=counted.ledger.send, args=(counted.ledger.generate(RECORDS, seed=41),))
    sending.start()
    wait_until(lambda: counted.open() != open_before, "the load is being counted")
    for campaign in (NEW, NOTHING, OLD["kindness"], NEW):
        counted.write(campaign)
        counted.recount("kindness")
    sending.join()
    counted.remember()
    end = counted.same_rules("kindness")
    assert all(end[partition] > start for partition, start in open_before.items())
    counted.check(NEW, end=end)


def test_campaign_that_now_matches_nothing_has_no_counts_in_closed_segments(counted: Counted) -> None:
    end = counted.commits()
    counted.write(NOTHING)
    assert counted.recount("kindness")["campaigns"][0]["segments"] == counted.between(end)
    counted.check(NOTHING, end=end)


def test_recount_under_the_rules_that_stand_changes_nothing(counted: Counted) -> None:
    end = counted.commits()
    report = counted.recount("*", "peace", "kindness")
    assert report["behind"] == []
    assert {one["campaign"]: one["segments"] for one in report["campaigns"]} == dict.fromkeys(
        ("*", "peace", "kindness"), counted.between(end)
    )
    assert all(one["events_before"] == one["events_after"] > 0 for one in report["campaigns"])
    versions = "SELECT uniqExact(rules) FROM groundswell.segments WHERE campaign IN ('*', 'peace') GROUP BY campaign"
    assert ask(counted.settings, versions) == "1\n1\n"
    counted.check()


def test_since_recounts_from_the_segment_that_the_moment_falls_in(counted: Counted) -> None:
    end = counted.commits()
    names = counted.segments()[0]
    middle = counted.log[0][names[len(names) // 2] + 1]
    since_ms = middle.append_time_ms
    begin = {}
    for partition, found in counted.log.items():
        first = min(at for at, record in found.items() if record.append_time_ms >= since_ms)
        names = counted.segments()[partition]
        begin[partition] = names[bisect_right(names, first) - 1]
    counted.write(NEW)
    since = datetime.fromtimestamp(since_ms / 1000, UTC).isoformat()
    report = json.loads(groundswell(counted.settings, "recount", "kindness", "--since", since, "--json").stdout)
    segments = counted.between(end, begin)
    assert report["campaigns"][0]["segments"] == segments
    assert 0 < segments < counted.between(end)
    assert report["out_of_reach"] == []
    counted.check(NEW, begin, end)
    now = recount.recount(counted.settings, ["kindness"], datetime.now(UTC), lambda *_: None)
    assert now.campaigns[0].segments == 0
