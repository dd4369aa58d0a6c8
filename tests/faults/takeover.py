"""How long nobody counts after a worker's end: from its death to the first visible record of its partitions."""

import functools
import signal
import time
from typing import Any

from tests.faults.run import Run

TAKE_OVERS = {"take-over-kill": signal.SIGKILL, "take-over-term": signal.SIGTERM}
_PER_S = 60.0
_ROUND_S = 40


def measure(run: Run, number: signal.Signals, rounds: int) -> list[float]:
    """Seconds, one a round: under load one of two workers is ended, and joins again when the other has taken over.

    For a worker that is asked to end, its death is when it is asked.
    """
    run.load.begin(run.load.more(int(_PER_S * _ROUND_S * rounds)), per_s=_PER_S)
    found_s = []
    for _ in range(rounds):
        run.wait_until_working()
        # One that was alone until now is listed with everything until the other has its share.
        run.wait(functools.partial(_shared, run), "each has its share")
        seat = run.rng.choice(run.fleet.seats())
        lost = run.owners()[run.fleet.pid(seat)]
        died_s = time.monotonic()
        victim = run.fleet.pid(seat)
        run.fleet.leave(seat, number)
        run.wait(functools.partial(_taken_over, run, victim, lost, died_s), f"{sorted(lost)} are taken over")
        first_s = min(event["at_s"] for event in _of_others(run, victim, died_s) if lost & {*event["partitions"]})
        found_s.append(first_s - died_s)
        run.say(f"{number.name} to {seat} with partitions {sorted(lost)}: taken over after {found_s[-1]:.1f} s")
        run.fleet.start(seat)
    run.load.stop()
    return found_s


def _shared(run: Run) -> bool:
    owners = run.owners()
    shares = [owners.get(run.fleet.pid(seat), set()) for seat in run.fleet.seats()]
    return all(shares) and sum(map(len, shares)) == len(set().union(*shares))


def _of_others(run: Run, victim: int, since_s: float) -> list[dict[str, Any]]:
    return [
        event
        for event in run.events()
        if event["what"] == "visible" and event["at_s"] > since_s and event["pid"] != victim
    ]


def _taken_over(run: Run, victim: int, lost: set[int], since_s: float) -> bool:
    return lost <= {number for event in _of_others(run, victim, since_s) for number in event["partitions"]}
