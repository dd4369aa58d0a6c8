"""A fault of compaction: units are compacted by several at once, who are killed between their steps, and recounted."""

import time
from functools import partial

from streams import compact, recount, rules
from streams.settings import Settings
from tests.faults import journal
from tests.faults.fleet import Fleet
from tests.faults.of_rules import later_rules
from tests.faults.run import Run
from tests.stack_fixture import ask, log_ends

_POINTS = ("before compaction", "after compaction")
_STATEMENTS = 4
"""That compact a unit."""
_TURNS = 12
_RECOUNTED = ("kindness", "peace")


def compaction(run: Run, scale: float = 1) -> None:
    """Workers compact, and compactors beside them; all are killed, at chosen places and anywhere, and rules change."""
    changed = run.settings.model_copy(update={"campaigns": later_rules(run)})
    run.keep_loading(per_s=100, at_most_s=200 * scale)
    folder = run.engines.folder / "compactors"
    folder.mkdir(exist_ok=True)
    with Fleet(run.settings, folder, run.without, {}, "tests.faults.compactor") as compactors:
        for seat in ("compactor 1", "compactor 2"):
            compactors.start(seat)
        run.wait_until_working()
        run.wait(partial(_compacted, run), "a unit is compacted")
        for turn in range(round(_TURNS * scale)):
            seat = compactors.seats()[turn % 2]
            compactors.replace(seat, f"{run.rng.choice(_POINTS)}:{run.rng.randrange(1, 1 + _STATEMENTS)}:kill")
            time.sleep(run.rng.uniform(1, 5))
            if run.rng.random() < 0.2:
                run.kill_one()
            # A recount makes totals that lack something read no more: not in the last turns, which must show them.
            if turn % 3 == 2 and turn < _TURNS * scale / 2:
                _recount(run, run.settings if turn % 2 else changed)
        run.load.stop()
        run.must(_compacted(run) > _TURNS, f"units were compacted {_compacted(run)} times")
        by_failpoint = sum(event["what"] == "failpoint" for event in journal.read(compactors.journal_path))
        run.must(by_failpoint > 0, f"{compactors.killed} compactors were killed, {by_failpoint} between their steps")
    # Idle segments last so short here that workers would go on writing markers while the verdict is found.
    run.wait(lambda: run.read() >= sum(log_ends(run.direct).values()), "all is counted")
    for seat in run.fleet.seats():
        run.fleet.leave(seat)
    first = run.finish()
    run.must(first.exact, "exact before the last compaction")
    done = compact.compact(compact.connect(run.direct))
    run.say(f"{done.compacted} of {done.due} units were compacted in the end")


def _compacted(run: Run) -> int:
    return int(ask(run.direct, "SELECT count() FROM groundswell.compaction"))


def _recount(run: Run, settings: Settings) -> None:
    """Count closed segments again by the rules in a folder; what they say is noted as a worker would."""
    _, versions = rules.load(settings)
    journal.note_in(run.fleet.journal_path, "rules", campaigns=str(settings.campaigns), versions=versions)
    report = recount.recount(settings, _RECOUNTED, None, lambda *_: None)
    run.say(f"recounted by {settings.campaigns.name}: {report.campaigns[0].segments} segments")
