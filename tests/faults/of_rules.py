"""A fault of operators: rules that change while workers count."""

import time
from functools import partial
from pathlib import Path

from tests.faults.run import Run
from tests.oracle.log import Campaign
from tests.stack_fixture import ask, eventually

LATER = (
    Campaign("kindness", hashtags=("Kindness", "TeamGB", "5k"), keywords=("peace",)),
    # What nobody writes: from now on it matches nothing, and what it had matched must not stay.
    Campaign("peace", hashtags=("nobodywritesthis",)),
    # "partners" is gone, "friends" has come: neither may keep a part of a segment.
    Campaign("friends", accounts=("ana_1", "launch.example.org")),
    Campaign("everywhere", hashtags=("#Love", "İstanbul", "STRASSE"), accounts=("teamgb",), keywords=("MÜNCHEN",)),
    Campaign("quiet", hashtags=("love", "мир"), keywords=("平和",)),
)
_COUNTED_BY_BOTH = (
    "SELECT countIf(versions > 1), countIf(versions > 1 AND first = last) FROM (SELECT uniqExact(rules) AS versions, "
    "argMin(rules, generation) AS first, argMax(rules, generation) AS last FROM groundswell.segments "
    "WHERE campaign = 'peace' GROUP BY partition, segment)"
)


def rules(run: Run, scale: float = 1) -> None:
    """Row 27: campaigns change, workers are restarted one by one, some go back; partitions wander between rules."""
    earlier, later = str(run.settings.campaigns), str(later_rules(run))
    run.keep_loading(per_s=60, at_most_s=200 * scale)
    run.wait_until_working()
    first, second = run.fleet.seats()
    for _ in range(max(1, round(scale))):
        for seat, folder in ((first, later), (second, later), (first, earlier), (second, earlier), (first, later)):
            code = run.fleet.leave(seat)
            run.fleet.start(seat, env={"GROUNDSWELL_CAMPAIGNS": folder})
            _wait_for_share(run, seat)
            run.say(f"{seat} ended with exit code {code}, its next has the {_name(folder, later)} rules")
            time.sleep(run.rng.uniform(0.5, 3))
        run.kill_one()
        for seat in (first, second):
            _wait_for_share(run, seat)
    run.load.stop()
    went_back = eventually(lambda: _counted_by_both(run)[1] > 0, timeout_s=30)
    both, back = _counted_by_both(run)
    run.must(went_back, f"segments counted by both rules, {both}, of which {back} last by those that were first")


def _counted_by_both(run: Run) -> tuple[int, int]:
    both, back = ask(run.direct, _COUNTED_BY_BOTH).split()
    return int(both), int(back)


def _wait_for_share(run: Run, seat: str) -> None:
    run.wait(partial(run.owns, seat), f"{seat} has partitions")


def later_rules(run: Run) -> Path:
    """A folder of other campaign files, known to the run."""
    folder = run.engines.folder / f"{run.settings.group}-campaigns"
    folder.mkdir()
    for campaign in LATER:
        (folder / f"{campaign.name}.toml").write_text(campaign.toml(), encoding="utf-8")
    run.campaigns[str(folder)] = LATER
    return folder


def _name(folder: str, later: str) -> str:
    return "later" if folder == later else "earlier"
