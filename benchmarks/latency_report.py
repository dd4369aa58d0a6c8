"""The latency results, and their table."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from benchmarks import readme
from benchmarks.loading import Outcome
from benchmarks.machine import Machine
from benchmarks.readme import number

GOAL_S = 1.5
"""What p99 shall stay below, up to ``GOAL_SHARE`` of the highest rate."""
GOAL_SHARE = 0.8

_HEADER = (
    "| workers | archive | asked, events/s | sent | counted | p50 | p90 | p99 | most | looked every | "
    "not yet visible at the end | busy cores: workers, ClickHouse, broker, producer |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)


class Measurement(Struct, frozen=True):
    """One load: events a second asked for, and ``share`` of the highest where it was asked as one."""

    workers: int
    archive: str
    highest: float
    share: float | None
    asked: int
    outcome: Outcome

    @property
    def within_goal(self) -> bool | None:
        """Whether p99 is what it shall be; None where the rate is beyond the goal's."""
        latency = self.outcome.latency
        if self.asked > GOAL_SHARE * self.highest + 1:
            return None
        return not latency.unseen and latency.p99_s < GOAL_S


class Results(Struct, frozen=True):
    """A whole run: ``latency.json``."""

    machine: Machine
    command: str
    seconds: float
    measurements: list[Measurement]


def text(results: Results) -> str:
    """The part of the README that follows from the results."""
    rows = "".join(_row(one) for one in results.measurements)
    about = readme.about(msgspec.to_builtins(results.machine), results.command)
    return f"{_HEADER}{rows}\n{_verdict(results.measurements)}\n\n{about}\n"


def _row(one: Measurement) -> str:
    outcome, latency = one.outcome, one.outcome.latency
    share = "" if one.share is None else f" ({one.share:.0%} of the highest)"
    median, long = latency.interval_s
    unseen = f", **{latency.unseen} of {latency.probes} never seen**" if latency.unseen else ""
    cells = (
        str(one.workers),
        one.archive,
        f"{number(one.asked)}{share}",
        number(outcome.reached),
        number(outcome.counted),
        *(f"{seconds:.2f} s" for seconds in (latency.p50_s, latency.p90_s, latency.p99_s)),
        f"{latency.most_s:.2f} s{unseen}",
        f"{median:.2f} s, p99 {long:.2f} s",
        f"{outcome.behind:,}",
        ", ".join(f"{outcome.cores[name]:.2f}" for name in ("workers", "ClickHouse", "broker", "producer")),
    )
    return f"| {' | '.join(cells)} |\n"


def _verdict(measurements: Sequence[Measurement]) -> str:
    held = [one.within_goal for one in measurements if one.within_goal is not None]
    goal = f"p99 below {GOAL_S} s at up to {GOAL_SHARE:.0%} of the highest rate"
    if all(held):
        return f"The goal, {goal}, is met in all {len(held)} rows that it is about."
    return f"The goal, {goal}, is met in {sum(held)} of the {len(held)} rows that it is about."
