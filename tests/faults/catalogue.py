"""The faults, by name. Each is given an entered run, makes its load, does its harm, and leaves the verdict to others.

Every choice comes from ``run.rng``; ``scale`` lengthens load and harm (1 is what a test has time for).
"""

import contextlib
from collections.abc import Callable

from tests.faults import of_compaction, of_engines, of_log, of_rules, of_time, of_workers
from tests.faults.engines import Engines
from tests.faults.judge import Verdict
from tests.faults.run import Conditions, Run
from tests.faults.worker import COMPACT_EVERY, MOST_PENDING

FAULTS: dict[str, Callable[..., None]] = {
    "kill": of_workers.kill,
    "slow-kill": of_workers.slow_kill,
    "failpoint": of_workers.failpoint,
    "torn-flush": of_workers.torn_flush,
    "zombie": of_workers.zombie,
    "seeks": of_workers.seeks,
    "storm": of_workers.storm,
    "back-pressure": of_workers.back_pressure,
    "broker": of_engines.broker,
    "broker-away": of_engines.broker_away,
    "broker-full": of_engines.broker_full,
    "clickhouse-answers": of_engines.clickhouse_answers,
    "clickhouse-kill": of_engines.clickhouse_kill,
    "clickhouse-full": of_engines.clickhouse_full,
    "parts": of_engines.parts,
    "partitions": of_engines.partitions,
    "repeats": of_log.repeats,
    "transactions": of_log.transactions,
    "spam": of_log.spam,
    "rules": of_rules.rules,
    "quiet": of_time.quiet,
    "worker-clocks": of_time.worker_clocks,
    "broker-clock": of_time.broker_clock,
    "compaction": of_compaction.compaction,
}
SOAK_FAULTS: dict[str, Callable[..., None]] = {"crowd": of_workers.crowd}
"""Too much for a test: they run where they are asked for by name."""

_CONDITIONS = {
    "back-pressure": Conditions(env={MOST_PENDING: "20000"}),
    "broker-full": Conditions(small_disk="kafka"),
    "clickhouse-full": Conditions(small_disk="clickhouse"),
    # Of spam, whole segments and batches must find room.
    "spam": Conditions(
        settings={"segment_size": 65_536, "batch_records": 20_000, "horizon_records": 1_048_576},
        ceiling_bytes=1_500_000_000,
    ),
    # So long that a segment lasts through restarts.
    "rules": Conditions(settings={"segment_size": 2048}),
    "quiet": Conditions(settings={"segment_age_s": 3, "horizon_s": 4}),
    "worker-clocks": Conditions(settings={"segment_age_s": 20}),
    "broker-clock": Conditions(settings={"segment_age_s": 8, "horizon_s": 20}),
    "compaction": Conditions(settings={"segment_age_s": 3}, env={COMPACT_EVERY: "0.5"}),
}

CONTROL_FAULTS = {
    "segment starts": "slow-kill",
    "whole segments": "slow-kill",
    "one step": "slow-kill",
    "accounts last": "torn-flush",
    "warm-up": "repeats",
    "read committed": "transactions",
    "vain fetches": "seeks",
    "retry": "clickhouse-answers",
    "letters awaited": "slow-kill",
    "cumulative rows": "slow-kill",
    "ended assignments": "back-pressure",
    "rules versions": "rules",
}
"""By the guard that is taken out: the fault that must then be found out."""

VIEW_CONTROLS = {
    "maximum of a chain": ("slow-kill", r"\bmax\((\w+)\) AS", r"sum(\1) AS"),
    "wholly counted": ("rules", r"one\.2\.3 = whole", "one.2.3 <= whole"),
    "highest generation": ("rules", r"\(generation, rules, read\)", "(toUInt64(0), rules, read)"),
}
"""By what the views must do: the fault that is found out when they do not, what in them is replaced, by what."""


def control(engines: Engines, guard: str, seed: int) -> Verdict:
    """The verdict on a run without one guard of the workers or of the views."""
    with contextlib.ExitStack() as stack:
        if guard in VIEW_CONTROLS:
            fault, pattern, instead = VIEW_CONTROLS[guard]
            stack.enter_context(engines.altered_views(pattern, instead))
            run = stack.enter_context(prepare(engines, fault, seed))
        else:
            fault = CONTROL_FAULTS[guard]
            run = stack.enter_context(prepare(engines, fault, seed, guard))
        FAULTS[fault](run)
        return run.finish()


def prepare(engines: Engines, fault: str, seed: int, without: str | None = None) -> Run:
    """A run of the fault under its conditions, to be entered."""
    return Run(engines, fault, seed, without, _CONDITIONS.get(fault))
