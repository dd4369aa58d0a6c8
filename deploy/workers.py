"""N Faust workers as child processes of one command: supervised, and with one page of metrics for all.

A worker that is killed or crashes is started again after a back-off. One that refuses to go on (exit code 1, or 2 for
a wrong call, with a sentence on its stderr) would refuse again, so its sentence becomes the command's. One that ends
with 0 was asked to.
"""

import signal
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from deploy.children import Child
from deploy.ports import LOOPBACK
from streams import metrics
from streams.errors import FAILED, WRONG_USAGE, GroundswellError
from streams.settings import PREFIX, Settings

_COMMAND = (sys.executable, "-m", "streams", "worker")
_BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_WELL_AFTER_S = 60.0
_STOP_S = 30.0
_POLL_S = 0.1
_TRIES = 20


def run(settings: Settings, count: int) -> None:
    """Runs ``count`` workers until SIGTERM or Ctrl-C, or until all have been asked to end; they write to our stderr.

    Raises ``GroundswellError`` when a worker refuses to go on.
    """
    # A list, not an Event: a handler runs in the main thread, maybe in the middle of that Event's wait, whose lock it
    # would then wait for for ever.
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: asked.append(received))
    log = structlog.get_logger()
    with tempfile.TemporaryDirectory(prefix="groundswell-metrics-") as folder:
        workers = Workers(count, settings, metrics_folder=Path(folder), logs=None, progress=log.warning)
        try:
            workers.start()
            log.info("workers started", count=count, metrics=workers.metrics_url)
            while not asked and not workers.ended():
                workers.check()
                time.sleep(_POLL_S)
        finally:
            workers.stop()


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables that give a child exactly these settings."""
    return {PREFIX + name.upper(): str(value) for name, value in settings.model_dump(exclude_none=True).items()}


class Workers:
    """``count`` workers, at least 1; ``start`` them once, and ``stop`` them, which is allowed at any time.

    ``metrics_folder`` is an empty folder of the caller's, through which the workers hand over their metrics. ``logs``
    is the folder of their logs; None sends what they say to where this process's own output goes. ``progress`` is
    given lines for the user, from a thread of its own.
    """

    def __init__(
        self,
        count: int,
        settings: Settings,
        *,
        metrics_folder: Path,
        logs: Path | None,
        progress: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._metrics_folder = metrics_folder
        self._progress = progress
        env = {**environment(settings), "PROMETHEUS_MULTIPROC_DIR": str(metrics_folder)}
        self._seats = [_Seat(number, env, logs) for number in range(1, count + 1)]
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="workers", daemon=True)
        self._metrics: WSGIServer | None = None
        self._failure: BaseException | None = None
        self.metrics_url = ""

    def start(self) -> None:
        """Starts the workers and serves their metrics; returns before they have joined their group."""
        self._serve_metrics()
        for seat in self._seats:
            seat.start()
        self._supervisor.start()

    def check(self) -> None:
        """Raises what ended the supervision: the sentence of a worker that refuses, as ``GroundswellError``."""
        if self._failure is not None:
            raise self._failure

    def running(self) -> dict[str, Child]:
        """The workers that run now, by name."""
        return {seat.child.name: seat.child for seat in self._seats if seat.child.exit_code() is None}

    def ended(self) -> bool:
        """Whether every worker has ended because it was asked to."""
        return all(seat.child.exit_code() == 0 for seat in self._seats)

    def stop(self) -> None:
        """Ends all workers at once; each writes what it has counted before it goes."""
        self._stopping.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        for seat in self._seats:
            seat.child.terminate()
        for seat in self._seats:
            seat.child.stop(_STOP_S)
        if self._metrics is not None:
            self._metrics.shutdown()
            self._metrics.server_close()
            self._metrics = None

    def _serve_metrics(self) -> None:
        registry = CollectorRegistry()
        _Merged(registry, path=str(self._metrics_folder))  # type: ignore[no-untyped-call]  # as it ships
        self._metrics = metrics.serve(self._settings.metrics_port, registry, self._settings.metrics_host)
        self.metrics_url = f"http://{LOOPBACK}:{self._metrics.server_port}/metrics"

    def _supervise(self) -> None:
        try:
            while not self._stopping.wait(_POLL_S):
                for seat in self._seats:
                    self._look_after(seat)
        except BaseException as error:  # noqa: BLE001  check() raises it in the thread that owns the workers
            self._failure = error

    def _look_after(self, seat: "_Seat") -> None:
        code = seat.child.exit_code()
        if code is None or code == 0:
            return
        if code in (FAILED, WRONG_USAGE):
            words = seat.child.last_words().removeprefix("groundswell: ")
            raise GroundswellError(words or f"{seat.child.name} refused to go on: what it has said above tells why.")
        if seat.restart_at_s is None:
            mark_process_dead(seat.child.pid, str(self._metrics_folder))  # type: ignore[no-untyped-call]  # as it ships
            pause_s = seat.plan_restart()
            self._progress(f"{seat.child.name} ended with {seat.child.ending()}: started again in {pause_s:g} s")
        elif time.monotonic() >= seat.restart_at_s:
            seat.start()


class _Merged(MultiProcessCollector):
    """The metrics of all workers; one that is just starting has an empty file for a moment, which is waited for."""

    def collect(self) -> Iterable[Metric]:
        for _ in range(_TRIES):
            try:
                return list(super().collect())  # type: ignore[no-untyped-call]  # as it ships
            except struct.error:
                time.sleep(_POLL_S)
        return []


class _Seat:
    """The place of one worker: the child that holds it, and when the next one may."""

    def __init__(self, number: int, env: dict[str, str], logs: Path | None) -> None:
        self._name = f"Worker {number}"
        self._env = env
        self._log = None if logs is None else logs / f"worker-{number}.log"
        self._failures = 0
        self._started_s = 0.0
        self.restart_at_s: float | None = None
        self.child = self._new_child()

    def _new_child(self) -> Child:
        return Child(self._name, _COMMAND, log=self._log, env=self._env)

    def start(self) -> None:
        """Starts the worker, or the next one in its place."""
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
