"""`groundswell recount`: closed segments by today's rules, all else as it was, and all of it at once or nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from deploy.stack import Stack
from deploy.workers import environment
from streams import recount
from tests.oracle import vocabulary
from tests.oracle.log import Campaign
from tests.recount_fixture import NEW, OLD, Counted
from tests.stack_fixture import (
    PATIENCE_S,
    Ledger,
    ask,
    groundswell,
    stack_settings,
    wait_until,
)

pytestmark = pytest.mark.stack

PARTITIONS = 2
RECORDS = 2_400
SEGMENT_RECORDS = 256
HORIZON_RECORDS = 500
TOTAL = "SELECT sum(events) FROM groundswell.engagement WHERE campaign = 'kindness'"
NOTHING = Campaign("kindness", hashtags=("nobodywritesthiseither",))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    settings = stack_settings(
        tmp_path_factory.mktemp("recount"),
        vocabulary.CAMPAIGNS,
        partitions=PARTITIONS,
        segment_size=SEGMENT_RECORDS,
        horizon_records=HORIZON_RECORDS,
        batch_records=400,
    )
    with Stack(settings, workers=1, progress=print):
        made = Counted(Ledger(settings, vocabulary.CAMPAIGNS))
        made.ledger.send(made.ledger.generate(RECORDS, seed=40))
        made.remember()
        made.check()
        yield made


@pytest.fixture
def counted(shared: Counted) -> Counted:
    """Whatever the tests before have recounted, it stands by the old rules again: recounted under the old files."""
    changed = (shared.settings.campaigns / "kindness.toml").read_text(encoding="utf-8") != OLD["kindness"].toml()
    if changed:
        shared.write(OLD["kindness"])
        shared.commits()
        shared.recount("kindness")
        shared.check()
    return shared


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


# All is counted again and written, but for the accounts.
CUT_SHORT = """
import time
from streams.recount_accounts import Accounts
def stop(*_):
    print("stopped", flush=True)
    time.sleep(600)
Accounts.events = stop
from streams.cli import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_recount_cut_short_changes_nothing_and_is_repeated(counted: Counted, number: signal.Signals) -> None:
    end = counted.commits()
    counted.write(NEW)
    with subprocess.Popen(
        [sys.executable, "-c", CUT_SHORT, "recount", "kindness"],
        env={**os.environ, **environment(counted.settings)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopped\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE_S)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert said.endswith("groundswell: Stopped: nothing has changed for readers; the same command begins anew.\n")
        assert "Traceback" not in said
    written = "SELECT uniqExact(rules) FROM groundswell.engagement_counter WHERE campaign = 'kindness'"
    assert int(ask(counted.settings, written)) > 1
    counted.check()
    counted.recount("kindness")
    counted.check(NEW, end=end)


def test_two_recounts_at_once_are_exact(counted: Counted) -> None:
    end = counted.commits()
    counted.write(NEW)
    with ThreadPoolExecutor(2) as pool:
        for report in pool.map(counted.recount, ("kindness", "kindness")):
            assert report["campaigns"][0]["segments"] == counted.between(end)
    counted.check(NEW, end=end)


def test_recount_refuses_in_one_sentence_what_it_cannot_do(counted: Counted) -> None:
    other = counted.settings.model_copy(update={"segment_size": 1024})
    for settings, name, code, what in (
        (
            counted.settings,
            "kindnes",
            2,
            "There is no campaign 'kindnes' in .*: choose from '\\*', 'any', 'everywhere', 'kind",
        ),
        (other, "kindness", 1, "GROUNDSWELL_SEGMENT_SIZE is 1024, but .* set it back to 256"),
    ):
        done = groundswell(settings, "recount", name)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1)
        assert re.search(what, done.stderr), done.stderr


def test_report_for_people_says_what_was_counted_again(counted: Counted) -> None:
    segments = counted.between(counted.commits())
    counted.write(NEW)
    done = groundswell(counted.settings, "recount", "kindness", "peace")
    assert re.search(rf"kindness +\S+ +{segments} ", done.stdout), done.stdout
    assert "Workers count kindness by other rules still: restart them, then repeat this with --since 20" in done.stdout
    # On a slow machine it says how far it is.
    assert re.fullmatch(r"(recount: [\d,]+ of [\d,]+ records read\n)*", done.stderr), done.stderr
