"""Child processes that are to run for as long as a command does: supervised, and started again.

One that is killed or crashes is started again after a back-off. One that refuses to go on (exit code 1, or 2 for a
wrong call, with a sentence on its stderr) would refuse again, so its sentence becomes the command's. One that ends
with 0 was asked to.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.children import Child
from streams.errors import FAILED, WRONG_USAGE, GroundswellError

_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_WELL_AFTER_S = 60.0
_POLL_S = 0.1


class Seat:
    """The place of one process: the child that holds it, and when the next one may.

    ``log``, ``env`` and ``inherit`` as ``Child`` takes them.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path | None,
        env: Mapping[str, str],
        inherit: Sequence[int] = (),
    ) -> None:
        self._name = name
        self._command = command
        self._env = env
        self._log = log
        self._inherit = inherit
        self._failures = 0
        self._started_s = 0.0
        self.restart_at_s: float | None = None
        self.child = self._new_child()

    def _new_child(self) -> Child:
        return Child(self._name, self._command, log=self._log, env=self._env, inherit=self._inherit)

    def start(self) -> None:
        """Starts the process, or the next one in its place."""
        child = self.child if self.restart_at_s is None else self._new_child()
        self._started_s = time.monotonic()
        child.start()
        self.child, self.restart_at_s = child, None

    def plan_restart(self) -> float:
        """Sets when the next one starts; returns in how many seconds that is."""
        now_s = time.monotonic()
        if now_s - self._started_s > _WELL_AFTER_S:
            self._failures = 0
        pause_s = _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
        self._failures += 1
        self.restart_at_s = now_s + pause_s
        return pause_s


class Supervisor:
    """``start`` the processes once, and ``stop`` them, which is allowed at any time.

    ``progress`` is given lines for the user, and ``crashed`` each child that has crashed, from a thread of its own.
    """

    def __init__(
        self, seats: Sequence[Seat], *, progress: Callable[[str], None], crashed: Callable[[Child], None]
    ) -> None:
        self._seats = seats
        self._progress = progress
        self._crashed = crashed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Starts the processes; returns before they are ready."""
        for seat in self._seats:
            seat.start()
        self._thread.start()

    def check(self) -> None:
        """Raises what ended the supervision: the sentence of a process that refuses, as ``GroundswellError``."""
        if self._failure is not None:
            raise self._failure

    def running(self) -> dict[str, Child]:
        """The processes that run now, by name."""
        return {seat.child.name: seat.child for seat in self._seats if seat.child.exit_code() is None}

    def ended(self) -> bool:
        """Whether every process has ended because it was asked to."""
        return all(seat.child.exit_code() == 0 for seat in self._seats)

    def stop(self, timeout_s: float) -> None:
        """Ends all processes at once; kills what still runs after ``timeout_s`` seconds."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for seat in self._seats:
            seat.child.terminate()
        for seat in self._seats:
            seat.child.stop(timeout_s)

    def _supervise(self) -> None:
        try:
            while not self._stopping.wait(_POLL_S):
                for seat in self._seats:
                    self._look_after(seat)
        except BaseException as error:  # noqa: BLE001  check() raises it in the thread that owns the processes
            self._failure = error

    def _look_after(self, seat: Seat) -> None:
        code = seat.child.exit_code()
        if code is None or code == 0:
            return
        if code in (FAILED, WRONG_USAGE):
            words = seat.child.last_words().removeprefix("groundswell: ")
            raise GroundswellError(words or f"{seat.child.name} refused to go on: what it has said above tells why.")
        if seat.restart_at_s is None:
            self._crashed(seat.child)
            pause_s = seat.plan_restart()
            self._progress(f"{seat.child.name} ended with {seat.child.ending()}: started again in {pause_s:g} s")
        elif time.monotonic() >= seat.restart_at_s:
            seat.start()
