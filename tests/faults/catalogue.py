"""The faults, by name. Each is given an entered run, makes its load, does its harm, and leaves the verdict to others.

Every choice comes from ``run.rng``; ``scale`` lengthens load and harm (1 is what a test has time for).
"""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.failpoints import POINTS
from tests.faults.load import old_events
from tests.faults.proxy import Harm
from tests.faults.run import Run

BEYOND_SESSION_S = 13.0
"""Longer than the group's session time-out, 10 s."""
_LOOK_EVERY_S = 0.2
# What ends a flush, and what begins one: the places between two systems.
TELLING_POINTS = (
    "before commit",
    "after commit",
    "before write segments",
    "after write segments",
    "before write token_counter",
    "after write engagement_counter",
    "after begin",
    "before dead letters",
)


def kill(run: Run, scale: float = 1) -> None:
    """Row 1: ``kill -9`` of any worker at any moment, under load."""
    run.load.begin(run.load.more(int(4000 * scale)), per_s=300)
    run.wait_until_working()
    while run.load.sending():
        _kill_one(run)
        time.sleep(run.rng.choice((run.rng.uniform(0.05, 2), run.rng.uniform(6, 12))))


def _kill_one(run: Run) -> None:
    seat = run.rng.choice([seat for seat in run.fleet.seats() if run.fleet.alive(seat)] or run.fleet.seats())
    run.say(f"kill -9 {seat} (pid {run.fleet.send(seat, signal.SIGKILL)})")


def failpoint(run: Run, scale: float = 1, points: tuple[str, ...] = ()) -> None:
    """Rows 2 and 3: killed between write and commit, before a write, in the middle of the tables."""
    seats = run.fleet.seats()
    rounds = max(1, round(2 * scale))
    run.load.begin(run.load.more(int(2500 * scale) + 2500), per_s=150)
    for _ in range(rounds):
        run.wait_until_working()
        for seat in seats:
            point = run.rng.choice(points or (*TELLING_POINTS, *POINTS))
            at = f"{point}:{run.rng.randrange(1, 3)}:kill"
            run.fleet.leave(seat)
            run.fleet.start(seat, at)
            run.say(f"{seat} is to die {at}")
        before = run.fleet.killed
        give_up_s = time.monotonic() + 25
        # Some points are not passed that often in the time.
        while run.fleet.killed < before + len(seats) and time.monotonic() < give_up_s:
            time.sleep(_LOOK_EVERY_S)


def torn_flush(run: Run, scale: float = 1) -> None:
    """Row 2 again: killed where a flush has written one table and not yet the next."""
    failpoint(run, scale / 2, points=("before write engagement_counter",))


def zombie(run: Run, scale: float = 1) -> None:
    """Row 7: a worker stops, in the middle of a flush or anywhere, for longer than its session, and goes on."""
    run.load.begin(run.load.more(int(5000 * scale)), per_s=150)
    run.wait_until_working()
    for _ in range(max(1, round(scale))):
        seat = run.fleet.seats()[0]
        point = run.rng.choice((*TELLING_POINTS[2:7], "after take"))
        run.fleet.leave(seat)
        pid = run.fleet.start(seat, f"{point}:{run.rng.randrange(1, 3)}:stop")
        run.wait(lambda pid=pid: _stopped(pid), f"{seat} stops {point}")  # type: ignore[misc]  # bound here
        run.say(f"{seat} has stopped {point}")
        time.sleep(BEYOND_SESSION_S)
        run.fleet.send(seat, signal.SIGCONT)
        run.say(f"{seat} goes on")
        time.sleep(2)


def seeks(run: Run, scale: float = 1) -> None:
    """Reading starts again from the last commit once a second, in the middle of everything, and a worker dies."""
    run.load.begin(run.load.more(int(3000 * scale)), per_s=250)
    for seat in run.fleet.seats():
        run.fleet.leave(seat, signal.SIGKILL)
        run.fleet.start(seat, "after begin:2:seek")
    run.wait_until_working()
    time.sleep(3)
    _kill_one(run)
    run.load.join()


def _stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()[0] == "T"


def storm(run: Run, scale: float = 1) -> None:
    """Row 8: workers join and leave, by SIGTERM and by kill -9, while others count."""
    run.load.begin(run.load.more(int(3000 * scale)), per_s=200)
    run.wait_until_working()
    for number in range(3, 3 + max(4, round(4 * scale))):
        run.fleet.start(f"worker {number}")
        run.say(f"worker {number} joins")
        time.sleep(run.rng.uniform(0.5, 4))
        seats = run.fleet.seats()
        if len(seats) > 3:
            seat = run.rng.choice(seats)
            number_sent = run.rng.choice((signal.SIGTERM, signal.SIGTERM, signal.SIGKILL))
            run.say(f"{seat} leaves by {number_sent.name}, exit code {run.fleet.leave(seat, number_sent)}")


def broker(run: Run, scale: float = 1) -> None:
    """Rows 9 and 11: the broker is killed under load, is away, and comes back."""
    run.load.begin(run.load.more(int(2500 * scale)), per_s=250)
    run.wait_until_working()
    for _ in range(max(1, round(scale))):
        if run.rng.random() < 0.7:
            run.engines.kill_broker()
            run.say("the broker is killed")
            time.sleep(run.rng.uniform(0, 3 * scale))
            run.engines.start_broker()
        else:
            run.engines.signal_broker(signal.SIGSTOP)
            run.say("the broker is stopped")
            time.sleep(run.rng.uniform(2, 12))
            run.engines.signal_broker(signal.SIGCONT)
        run.say("the broker is back")
        time.sleep(3)


def clickhouse_answers(run: Run, scale: float = 1) -> None:
    """Rows 4, 5 and 12 to 15: ClickHouse refuses, is slow, breaks off, errs in every way; each while load goes on."""
    run.load.begin(run.load.more(int(5000 * scale)), per_s=150)
    run.wait_until_working()
    proxy = run.engines.proxy
    for harm in run.rng.sample(list(Harm), len(Harm)) * max(1, round(scale / 3)):
        before = proxy.harmed.get(harm, 0)
        proxy.harm(harm, share=0.6, seed=run.rng.randrange(2**31))
        while run.load.sending() and proxy.harmed.get(harm, 0) < before + 3:
            time.sleep(_LOOK_EVERY_S)
        run.say(f"{proxy.harmed.get(harm, 0) - before} times: {harm}")
    proxy.heal()


def clickhouse_kill(run: Run, scale: float = 1) -> None:
    """Rows 6 and 16: ClickHouse is killed while it takes inserts of 120 days and merges them, and comes back."""
    days = old_events(int(1500 * scale), 120, time.time_ns() // 1_000_000)
    run.load.begin(run.load.more(int(1500 * scale)), per_s=200)
    run.wait_until_working()
    for index in range(max(1, round(scale))):
        run.load.send(days[index::2], batch=1500)
        time.sleep(run.rng.uniform(0.2, 1.5))
        run.engines.kill_clickhouse()
        run.say("ClickHouse is killed")
        time.sleep(run.rng.uniform(0, 2 * scale))
        run.engines.start_clickhouse()
        run.say("ClickHouse is back")
        time.sleep(1)
    run.load.send(days, batch=1500)


def partitions(run: Run, scale: float = 1) -> None:
    """Row 22: the topic grows from 4 to 8 partitions while workers run, one of which is killed."""
    records = run.load.more(int(2500 * scale))
    half = len(records) // 2
    run.load.begin(records[:half], per_s=300)
    run.wait_until_working()
    run.load.join()
    run.engines.add_partitions(8)
    run.say("8 partitions")
    run.load.begin(records[half:], per_s=300)
    _kill_one(run)
    run.load.join()


def repeats(run: Run, scale: float = 1) -> None:
    """Row 24: what was counted before both workers died is sent again, within the horizon, and counts once."""
    records = run.load.more(int(2000 * scale))
    run.load.begin(records, per_s=400)
    run.wait_until_working()
    run.load.join()
    run.wait(lambda: run.read() >= len(records), "all is counted")
    for seat in run.fleet.seats():
        run.say(f"kill -9 {seat} (pid {run.fleet.send(seat, signal.SIGKILL)})")
    run.load.send(records[-len(records) // 2 :])
    run.say("half is sent again")


def transactions(run: Run, scale: float = 1) -> None:
    """Records of aborted transactions between the others, and a kill: nobody may count them, before or after."""
    run.load.begin(run.load.more(int(2000 * scale)), per_s=200)
    run.wait_until_working()
    for _ in range(max(3, round(3 * scale))):
        run.load.abort(run.load.more(200))
        run.say("a transaction is aborted")
    _kill_one(run)


def slow_kill(run: Run, scale: float = 1) -> None:
    """Both workers are killed while ClickHouse is slow: what is read, counted, written and committed lie far apart."""
    run.load.begin(run.load.more(int(3000 * scale)), per_s=250)
    run.wait_until_working()
    run.engines.proxy.harm(Harm.DELAY, delay_s=0.3)
    run.say("every insert is held for 0.3 s")
    time.sleep(run.rng.uniform(3, 4))
    for seat in run.fleet.seats():
        run.say(f"kill -9 {seat} (pid {run.fleet.send(seat, signal.SIGKILL)})")
    time.sleep(1)
    run.engines.proxy.heal()


FAULTS: dict[str, Callable[..., None]] = {
    "kill": kill,
    "slow-kill": slow_kill,
    "failpoint": failpoint,
    "torn-flush": torn_flush,
    "zombie": zombie,
    "seeks": seeks,
    "storm": storm,
    "broker": broker,
    "clickhouse-answers": clickhouse_answers,
    "clickhouse-kill": clickhouse_kill,
    "partitions": partitions,
    "repeats": repeats,
    "transactions": transactions,
}

CONTROL_FAULTS = {
    "segment starts": "slow-kill",
    "whole segments": "slow-kill",
    "one step": "slow-kill",
    "accounts last": "torn-flush",
    "warm-up": "repeats",
    "read committed": "transactions",
    "vain fetches": "slow-kill",
    "retry": "clickhouse-answers",
    "letters awaited": "slow-kill",
    "cumulative rows": "slow-kill",
}
"""By the guard that is taken out: the fault that must then be found out."""
