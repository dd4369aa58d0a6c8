"""N Faust workers as child processes of one command: supervised, and with one page of metrics for all."""

import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from deploy.children import Child
from deploy.ports import LOOPBACK
from deploy.supervisor import Seat, Supervisor
from streams import metrics
from streams.settings import PREFIX, Settings

_COMMAND = (sys.executable, "-m", "streams", "worker")
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
        env = {**environment(settings), "PROMETHEUS_MULTIPROC_DIR": str(metrics_folder)}
        seats = [
            Seat(f"Worker {number}", _COMMAND, log=None if logs is None else logs / f"worker-{number}.log", env=env)
            for number in range(1, count + 1)
        ]
        self._supervisor = Supervisor(seats, progress=progress, crashed=self._forget)
        self._metrics: WSGIServer | None = None
        self.metrics_url = ""

    def start(self) -> None:
        """Starts the workers and serves their metrics; returns before they have joined their group."""
        self._serve_metrics()
        self._supervisor.start()

    def check(self) -> None:
        """Raises what ended the supervision: the sentence of a worker that refuses, as ``GroundswellError``."""
        self._supervisor.check()

    def running(self) -> dict[str, Child]:
        """The workers that run now, by name."""
        return self._supervisor.running()

    def ended(self) -> bool:
        """Whether every worker has ended because it was asked to."""
        return self._supervisor.ended()

    def stop(self) -> None:
        """Ends all workers at once; each writes what it has counted before it goes."""
        self._supervisor.stop(_STOP_S)
        if self._metrics is not None:
            self._metrics.shutdown()
            self._metrics.server_close()
            self._metrics = None

    def _serve_metrics(self) -> None:
        registry = CollectorRegistry()
        _Merged(registry, path=str(self._metrics_folder))  # type: ignore[no-untyped-call]  # as it ships
        self._metrics = metrics.serve(self._settings.metrics_port, registry)
        self.metrics_url = f"http://{LOOPBACK}:{self._metrics.server_port}/metrics"

    def _forget(self, worker: Child) -> None:
        """The metrics that say how a worker is, not what it has done, end with it."""
        mark_process_dead(worker.pid, str(self._metrics_folder))  # type: ignore[no-untyped-call]  # as it ships


class _Merged(MultiProcessCollector):
    """The metrics of all workers; one that is just starting has an empty file for a moment, which is waited for."""

    def collect(self) -> Iterable[Metric]:
        for _ in range(_TRIES):
            try:
                return list(super().collect())  # type: ignore[no-untyped-call]  # as it ships
            except struct.error:
                time.sleep(_POLL_S)
        return []
