"""Faults of workers: killed, stopped, joining and leaving, at any moment or at a chosen one."""

import signal
import time
from functools import partial
from pathlib import Path

from tests.faults.failpoints import POINTS
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
        run.kill_one()
        time.sleep(run.rng.choice((run.rng.uniform(0.05, 2), run.rng.uniform(6, 12))))


def slow_kill(run: Run, scale: float = 1) -> None:
    """Both workers are killed while ClickHouse is slow: what is read, counted, written and committed lie far apart."""
    run.load.begin(run.load.more(int(3000 * scale)), per_s=250)
    run.wait_until_working()
    run.engines.proxy.harm(Harm.DELAY, delay_s=0.3)
    run.say("every insert is held for 0.3 s")
    time.sleep(run.rng.uniform(3, 4))
    run.kill_all()
    time.sleep(1)
    run.engines.proxy.heal()


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
    run.keep_loading(per_s=150, at_most_s=200 * scale)
    run.wait_until_working()
    for _ in range(max(1, round(scale))):
        seat = run.fleet.seats()[0]
        point = run.rng.choice((*TELLING_POINTS[2:7], "after take"))
        run.fleet.leave(seat)
        pid = run.fleet.start(seat, f"{point}:{run.rng.randrange(1, 3)}:stop")
        run.wait(partial(_stopped, pid), f"{seat} stops {point}")
        run.say(f"{seat} has stopped {point}")
        time.sleep(BEYOND_SESSION_S)
        run.fleet.send(seat, signal.SIGCONT)
        run.say(f"{seat} goes on")
        time.sleep(2)
    run.load.stop()


def _stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()[0] == "T"


def seeks(run: Run, scale: float = 1) -> None:
    """Reading starts again from the last commit, four times in as many seconds, and a worker dies."""
    run.load.begin(run.load.more(int(3000 * scale)), per_s=250)
    for seat in run.fleet.seats():
        run.fleet.leave(seat, signal.SIGKILL)
        run.fleet.start(seat, "after begin:2:seek")
    run.wait_until_working()
    time.sleep(3)
    run.kill_one()
    run.load.join()


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


def crowd(run: Run, scale: float = 1) -> None:
    """Row 8 at length: up to 20 workers join and leave, by SIGTERM and by kill -9, while others count."""
    run.engines.add_partitions(24)
    run.load.begin(run.load.more(int(6000 * scale)), per_s=50)
    run.wait_until_working()
    number = len(run.fleet.seats())
    while run.load.sending():
        if len(run.fleet.seats()) < 20:
            number += 1
            run.fleet.start(f"worker {number}")
            run.say(f"worker {number} joins, as one of {len(run.fleet.seats())}")
        time.sleep(run.rng.uniform(0.2, 4))
        if len(run.fleet.seats()) > run.rng.randrange(2, 24):
            seat = run.rng.choice(run.fleet.seats())
            sent = run.rng.choice((signal.SIGTERM, signal.SIGKILL))
            run.say(f"{seat} leaves by {sent.name}, exit code {run.fleet.leave(seat, sent)}")


def back_pressure(run: Run, scale: float = 1) -> None:
    """Workers that wait for room, because ClickHouse is slow, give partitions away and are given others."""
    run.keep_loading(per_s=200, at_most_s=120 * scale)
    run.wait_until_working()
    run.engines.proxy.harm(Harm.DELAY, delay_s=0.8)
    run.say("every insert is held for 0.8 s")
    for _ in range(max(2, round(2 * scale))):
        seat = run.rng.choice(run.fleet.seats())
        run.say(f"{seat} leaves, exit code {run.fleet.leave(seat)}")
        time.sleep(run.rng.uniform(1, 4))
        run.fleet.start(seat)
        run.wait(partial(run.owns, seat), f"{seat} has partitions")
        run.say(f"{seat} has joined")
        time.sleep(run.rng.uniform(1, 4))
    run.load.stop()
    run.must_have_lived()
