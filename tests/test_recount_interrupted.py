"""`groundswell recount` cut short, twice at once, refused, and what it says to people."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.workers import environment
from tests.recount_fixture import NEW, Counted, counting
from tests.stack_fixture import (
    PATIENCE_S,
    ask,
    groundswell,
)

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    with counting(tmp_path_factory.mktemp("recount")) as made:
        yield made


@pytest.fixture
def counted(shared: Counted) -> Counted:
    return shared.by_the_old_rules()


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
