"""Worker processes of one run: each sits in a seat and is replaced when it dies, as ``groundswell up`` would."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from deploy.children import Child
from deploy.workers import environment
from streams.settings import Settings
from tests.faults import failpoints, journal
from tests.faults.engines import ROOT

_AGAIN_AFTER_S = 0.5
_STOP_S = 40.0


class Fleet:
    """A context manager; leaving it kills what still runs. ``died`` counts ends that nobody asked for, by exit code."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        without: str | None,
        env: Mapping[str, str],
        module: str = "tests.faults.worker",
    ) -> None:
        """``env`` is added to every worker's environment; ``module`` is what they run."""
        self._command = (sys.executable, "-m", module)
        self.journal_path = folder / f"{settings.group}.jsonl"
        self.died: list[tuple[str, int]] = []
        self.killed = 0
        self._log = folder / f"{settings.group}.log"
        self._env = environment(settings) | {"PYTHONPATH": str(ROOT), journal.PATH: str(self.journal_path)}
        # Faust's name: new partitions are noticed after this long, by default 5 minutes.
        self._env["CONSUMER_METADATA_MAX_AGE_MS"] = "5000"
        # The supervisor's way of saying that it serves the metrics; here nobody does.
        self._env["GROUNDSWELL_METRICS_PORT"] = "0"
        self._env |= env
        if without:
            self._env["FAULTS_WITHOUT"] = without
        self._seats: dict[str, Child] = {}
        self._seat_env: dict[str, Mapping[str, str]] = {}
        self._peak_bytes = 0
        self._asked: set[int] = set()
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="fleet", daemon=True)

    def __enter__(self) -> Self:
        self._supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._supervisor.join()
        for child in self._seats.values():
            if child.exit_code() is None:
                os.kill(child.pid, signal.SIGKILL)
                child.wait(_STOP_S)

    def start(self, seat: str, at: str = "", env: Mapping[str, str] | None = None) -> int:
        """Start a worker in a seat, with a failpoint if asked; returns its process id.

        ``env`` is added to its environment, and to that of those who replace it; None leaves it as it was.
        """
        with self._lock:
            if env is not None:
                self._seat_env[seat] = env
            whole = {**self._env, failpoints.AT: at, **self._seat_env.get(seat, {})}
            child = self._seats[seat] = Child(seat, self._command, log=self._log, env=whole)
            child.start()
            return child.pid

    def pid(self, seat: str) -> int:
        return self._seats[seat].pid

    def seats(self) -> list[str]:
        return sorted(self._seats)

    def alive(self, seat: str) -> bool:
        return self._seats[seat].exit_code() is None

    def send(self, seat: str, number: signal.Signals) -> int:
        """Send a signal to the worker in a seat; returns its process id. One that is ended is replaced soon."""
        with self._lock:
            child = self._seats[seat]
            if number == signal.SIGTERM:
                self._asked.add(child.pid)
            if child.exit_code() is None:
                self._note_peak(child.pid)
                os.kill(child.pid, number)
                self.killed += number == signal.SIGKILL
                if number == signal.SIGKILL:
                    self._asked.add(child.pid)
                    child.wait(_STOP_S)
            return child.pid

    def replace(self, seat: str, at: str = "") -> int:
        """``kill -9`` of the worker in a seat, unless it has ended, and another one with a failpoint if asked."""
        with self._lock:
            self.send(seat, signal.SIGKILL)
            return self.start(seat, at)

    def leave(self, seat: str, number: signal.Signals = signal.SIGTERM) -> int | None:
        """End the worker in a seat for good; returns its exit code."""
        with self._lock:
            child = self._seats.pop(seat)
        self._note_peak(child.pid)
        os.kill(child.pid, number)
        self.killed += number == signal.SIGKILL
        code = child.wait(_STOP_S)
        if code is None:
            os.kill(child.pid, signal.SIGKILL)
            child.wait(_STOP_S)
        return code

    def peak_bytes(self) -> int:
        """The most resident memory that a worker has held, but for those that ended by themselves."""
        with self._lock:
            for child in self._seats.values():
                self._note_peak(child.pid)
        return self._peak_bytes

    def _note_peak(self, pid: int) -> None:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
            # One that has ended and waits to be noticed has no such line.
            found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
            self._peak_bytes = max(self._peak_bytes, *found, 0)

    def words(self) -> str:
        """The end of what the workers have said."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-4000:] if self._log.exists() else ""

    def _supervise(self) -> None:
        while not self._stopping.wait(0.05):
            with self._lock:
                dead = [(seat, child) for seat, child in self._seats.items() if child.exit_code() is not None]
            for seat, child in dead:
                code = child.exit_code()
                assert code is not None
                if code == -signal.SIGKILL and child.pid not in self._asked:
                    self.killed += 1  # by its failpoint
                elif child.pid not in self._asked:
                    self.died.append((seat, code))
                time.sleep(_AGAIN_AFTER_S)
                with self._lock:
                    if self._seats.get(seat) is child and not self._stopping.is_set():
                        self.start(seat)
