"""Faults of clocks: a worker's, far off; the broker's, which steps back."""

import signal
import time
from itertools import pairwise

from schemas.topics import EVENTS
from tests.faults.machine import shifted_clock
from tests.faults.run import Run
from tests.oracle.log import read_log
from tests.stack_fixture import account

BROKER_BEHIND_S = 120
"""More than a start takes on a busy machine, so that what the broker appends is earlier than what stands there."""
_QUIET_SEGMENTS = 12
"""Three for each of four partitions."""


def worker_clocks(run: Run, scale: float = 1) -> None:
    """Row 23: one worker's clock is a day fast, the other's a day slow; the topic is busy, then idle, then busy."""
    records = run.load.more(int(3000 * scale))
    half = len(records) // 2
    _shift(run, "+1d", "-1d")
    run.load.begin(records[:half], per_s=200)
    run.wait_until_working()
    run.kill_one()
    run.load.join()
    run.wait(lambda: _markers(run) > 0, "a fast clock makes a worker close idle segments early")
    run.say(f"{_markers(run)} markers")
    run.load.begin(records[half:], per_s=200)
    run.kill_one()


def broker_clock(run: Run, scale: float = 1) -> None:
    """Row 28: append times step back, as when a leader's clock is behind; a worker's is a day fast."""
    run.load.begin(run.load.more(int(4000 * scale)), per_s=150)
    _shift(run, "+1d")
    run.wait_until_working()
    for _ in range(max(1, round(scale / 2))):
        for clock in (shifted_clock(f"-{BROKER_BEHIND_S}"), None):
            run.engines.kill_broker()
            run.engines.start_broker(clock)
            run.say(f"the broker was killed, and is back {'with a clock behind' if clock else 'with its own clock'}")
            time.sleep(run.rng.uniform(3, 6))
    run.load.join()
    run.wait(lambda: _markers(run) > 0, "a fast clock makes a worker close idle segments early")
    back = sum(
        later.append_time_ms < earlier.append_time_ms
        for records in read_log(run.direct.kafka_bootstrap, EVENTS.name).values()
        for earlier, later in pairwise(records)
    )
    run.must(back > 0, f"append times step back, {back} times; {_markers(run)} markers")
    run.kill_one()


def quiet(run: Run, scale: float = 1) -> None:
    """A topic without an event for longer than a segment lasts; retention removes what it may; workers start again."""
    run.wait(run.owners, "a worker has partitions")
    deleted = 0
    for end in (signal.SIGTERM, signal.SIGKILL) * max(1, round(scale)):
        run.load.send(run.load.more(400))
        run.wait(lambda: run.read() == len(run.load.acknowledged) + _markers(run), "all is counted")
        markers, before = _markers(run), deleted
        run.wait(lambda markers=markers: _markers(run) >= markers + _QUIET_SEGMENTS, "idle segments are closed")  # type: ignore[misc]  # bound here
        deleted = run.retain()
        run.must(deleted > before, f"{deleted} records are no longer on the log, {_markers(run)} markers")
        for seat in run.fleet.seats():
            run.fleet.leave(seat, end)
            run.fleet.start(seat)
        run.say(f"both workers ended by {end.name} and started again")
    run.wait_until_working()


def _shift(run: Run, *offsets: str) -> None:
    """Restart workers, the first with the first clock."""
    for seat, offset in zip(run.fleet.seats(), offsets, strict=False):
        clock = shifted_clock(offset)
        run.fleet.leave(seat, signal.SIGKILL)
        run.fleet.start(seat, env=clock)
        run.say(f"{seat} with a clock of {offset}")


def _markers(run: Run) -> int:
    return sum(found["markers"] for found in account(run.direct).values())
