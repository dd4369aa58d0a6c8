"""Child processes: started, watched until they answer, and stopped, each by its own id.

A child lives in a session of its own, so that a terminal's Ctrl-C reaches only the parent, which then stops its
children in order. Should the parent be killed, the kernel kills the child (``launcher.py``). The kernel ties a child
to the *thread* that forked it, so one thread, which lives as long as the interpreter, forks them all.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from streams.errors import GroundswellError

_FORKING_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="children")
_LAUNCHER = Path(__file__).with_name("launcher.py")
_MAX_LOG_BYTES = 16 * 1024 * 1024
_TAIL_BYTES = 8192
_POLL_S = 0.05


def dying_with_us(command: Sequence[str]) -> list[str]:
    """The command as the kernel ends it when the thread of this process that starts it has ended."""
    return [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), *command]


class Child:
    """One child process; ``start`` it once, and ``stop`` it, which is allowed at any time.

    ``log`` takes its stdout and stderr (appended; one that has grown past 16 MiB is set aside as ``….1``), or they go
    where the parent's go. ``env`` is added to the parent's environment. ``inherit`` are file descriptors that it
    keeps open, such as a lock's.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path | None,
        env: Mapping[str, str] | None = None,
        inherit: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        self._command = dying_with_us(command)
        self._env = {**os.environ, **(env or {})}
        self._inherit = tuple(inherit)
        self._log_start_bytes = 0
        self._popen: subprocess.Popen[bytes] | None = None
        self._asked_to_end = False

    def start(self) -> None:
        """Starts the process; returns at once, before it is ready."""
        # The forking thread keeps the process's handle itself: a Ctrl-C, which hits only the main thread, cannot
        # come between the fork and the assignment and leave a child that nobody stops.
        _FORKING_THREAD.submit(self._fork).result()

    def _fork(self) -> None:
        if self.log is None:
            self._popen = self._open(None)
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _MAX_LOG_BYTES:
            self.log.replace(self.log.with_name(self.log.name + ".1"))
        with self.log.open("ab") as log:
            self._log_start_bytes = log.tell()
            self._popen = self._open(log.fileno())

    def _open(self, output: int | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self._env,
            pass_fds=self._inherit,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process's id; raises ``RuntimeError`` before ``start``."""
        if self._popen is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._popen.pid

    def exit_code(self) -> int | None:
        """None while it runs; the exit code, or minus the signal that ended it."""
        return None if self._popen is None else self._popen.poll()

    def ending(self) -> str:
        """How it ended, in words: ``exit code 3`` or ``signal SIGKILL``."""
        code = self.exit_code()
        if code is not None and code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit code {code}"

    def wait_ready(self, check: Callable[[], bool], timeout_s: float) -> None:
        """Returns once ``check()`` is true.

        Raises ``GroundswellError`` as soon as the process has ended, with the last line of its log, or when
        ``timeout_s`` seconds have passed.
        """
        give_up_s = time.monotonic() + timeout_s
        while not check():
            if self.exit_code() is not None:
                raise GroundswellError(f"{self.name} ended before it was ready ({self.ending()}): {self.last_words()}")
            if time.monotonic() > give_up_s:
                raise GroundswellError(
                    f"{self.name} did not answer within {timeout_s:.0f} s: see its log, {self.log}, and try again."
                )
            time.sleep(_POLL_S)

    def wait(self, timeout_s: float) -> int | None:
        """Waits for its end, ``timeout_s`` seconds at most; returns its exit code as ``exit_code`` does."""
        assert self._popen is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout_s)
        return self.exit_code()

    def terminate(self) -> None:
        """Asks the process to end (SIGTERM) and returns at once; once only, so that its last steps are undisturbed."""
        if self._popen is not None and not self._asked_to_end:
            self._asked_to_end = True
            self._popen.terminate()

    def stop(self, timeout_s: float) -> None:
        """Ends the process: SIGTERM, and SIGKILL when it still runs after ``timeout_s`` seconds or on a Ctrl-C."""
        # Behind a fork that may be under way, so that what was started is also what is stopped.
        _FORKING_THREAD.submit(lambda: None).result()
        if self._popen is None:
            return
        self.terminate()
        try:
            self.wait(timeout_s)
        finally:
            if self._popen.poll() is None:
                self._popen.kill()
                self._popen.wait()

    def last_words(self) -> str:
        """The last line that it has written to its log since it was started; '' when there is none."""
        if self.log is None or not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(self._log_start_bytes, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = log.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def memory_bytes(self) -> int:
        """Resident memory; 0 when it does not run."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        except FileNotFoundError:
            return 0
        return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:")), 0)
