"""The whole stack on this machine: Kafka, its topics, ClickHouse, workers, the live page, started in this order.

They are stopped in reverse. What runs here is reached by the same addresses in the same settings as a cluster would be.
"""

import contextlib
import http.client
import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from deploy.children import Child
from deploy.kafka.broker import Broker
from deploy.lock import FolderLock
from deploy.page import Page
from deploy.ports import LOOPBACK, require_free
from deploy.workers import Workers, environment
from streams.errors import GroundswellError
from streams.settings import Settings
from streams.topics import create_topics

_CLICKHOUSE_READY_S = 120.0
_CLICKHOUSE_STOP_S = 60.0
_POLL_S = 0.2
_KAFKA_DEFAULT_PORT = 9092
_CLICKHOUSE_DEFAULT_PORT = 8123


class Stack:
    """A context manager: inside it everything runs. Only the main thread may use it.

    ``workers`` may be 0. ``progress`` is given lines for the user, also from other threads. Entering raises
    ``GroundswellError`` when a part cannot start, and an exception of any kind (Ctrl-C too) stops what has started.
    """

    def __init__(self, settings: Settings, *, workers: int, progress: Callable[[str], None]) -> None:
        kafka_port = _local_port(f"//{settings.kafka_bootstrap}", _KAFKA_DEFAULT_PORT, "GROUNDSWELL_KAFKA_BOOTSTRAP")
        self._clickhouse_port = _local_port(
            settings.clickhouse_url, _CLICKHOUSE_DEFAULT_PORT, "GROUNDSWELL_CLICKHOUSE_URL"
        )
        self._settings = settings
        self._folder = settings.data_dir.absolute()
        self._progress = progress
        self._resources = contextlib.ExitStack()
        self._kafka = Broker(self._folder / "kafka", kafka_port, progress)
        self._clickhouse = self._clickhouse_child()
        self._metrics_folder = self._folder / "metrics"
        self._workers = (
            Workers(
                workers,
                settings,
                metrics_folder=self._metrics_folder,
                logs=self._folder / "logs",
                progress=progress,
            )
            if workers
            else None
        )
        reader = f"http://reader@{LOOPBACK}:{self._clickhouse_port}"
        self._page = Page(
            settings.model_copy(update={"clickhouse_url": reader}),
            log=self._folder / "logs" / "page.log",
            progress=progress,
        )

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops everything in order: the page, workers, which write what they have counted, ClickHouse, Kafka."""
        self._resources.close()

    def check(self) -> None:
        """Raises ``GroundswellError`` when a part has ended that should run."""
        self._page.check()
        if self._workers is not None:
            self._workers.check()
        for child, log in ((self._kafka.child, self._folder / "kafka"), (self._clickhouse, self._clickhouse.log)):
            if child is not None and child.exit_code() is not None:
                raise GroundswellError(
                    f"{child.name} ended unexpectedly ({child.ending()}): see {log}, and start again; "
                    "nothing that was counted is lost."
                )

    def wait(self, timeout_s: float | None = None) -> None:
        """Waits for ``timeout_s`` seconds, or until Ctrl-C; raises as ``check`` does as soon as a part has ended."""
        give_up_s = None if timeout_s is None else time.monotonic() + timeout_s
        while give_up_s is None or time.monotonic() < give_up_s:
            self.check()
            time.sleep(_POLL_S)

    def addresses(self) -> dict[str, str]:
        """What listens where: name → address."""
        found = {"Kafka": self._kafka.bootstrap, "ClickHouse": f"http://{LOOPBACK}:{self._clickhouse_port}"}
        if self._workers is not None:
            found["Metrics"] = self._workers.metrics_url
        return found | {"Live page": self._page.url}

    def pids(self) -> dict[str, int]:
        """The processes that run now: name → process id."""
        return {name: child.pid for name, child in self._running().items()}

    def memory_bytes(self) -> dict[str, int]:
        """Resident memory by process: name → bytes."""
        return {name: child.memory_bytes() for name, child in self._running().items()}

    def _running(self) -> dict[str, Child]:
        children = [child for child in (self._kafka.child, self._clickhouse) if child is not None]
        found = {child.name: child for child in children}
        if self._workers is not None:
            found |= self._workers.running()
        return found | self._page.running()

    def _start(self) -> None:
        advice = "stop that one first, or set GROUNDSWELL_DATA_DIR to another folder"
        self._resources.enter_context(
            FolderLock(self._folder, "another `groundswell up` or `groundswell demo`", advice)
        )
        # Before Kafka takes its seconds: a port that is taken should be heard of at once.
        require_free(self._clickhouse_port, "ClickHouse", "GROUNDSWELL_CLICKHOUSE_URL")
        self._progress("Starting Kafka")
        self._resources.callback(self._kafka.stop)
        self._kafka.start()
        for topic in create_topics(self._settings):
            self._progress(f"Created topic {topic}")
        self._start_clickhouse()
        if self._workers is not None:
            shutil.rmtree(self._metrics_folder, ignore_errors=True)
            self._metrics_folder.mkdir()
            self._resources.callback(self._workers.stop)
            self._workers.start()
            self._progress(f"Started workers: {', '.join(self._workers.running())}")
        self._resources.callback(self._page.stop)
        self._page.start()

    def _clickhouse_child(self) -> Child:
        command = [sys.executable, "-m", "deploy.clickhouse", "--data", str(self._folder / "clickhouse")]
        return Child(
            "ClickHouse",
            [*command, "--port", str(self._clickhouse_port)],
            log=self._folder / "logs" / "clickhouse.log",
            env=environment(self._settings),
        )

    def _start_clickhouse(self) -> None:
        self._progress("Starting ClickHouse")
        started_s = time.monotonic()
        self._resources.callback(self._clickhouse.stop, _CLICKHOUSE_STOP_S)
        self._clickhouse.start()
        self._clickhouse.wait_ready(self._clickhouse_answers, _CLICKHOUSE_READY_S)
        took_s = time.monotonic() - started_s
        self._progress(f"ClickHouse answers on http://{LOOPBACK}:{self._clickhouse_port} ({took_s:.1f} s)")

    def _clickhouse_answers(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._clickhouse_port, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _local_port(url: str, default: int, setting: str) -> int:
    """The port of an address that ``up`` can serve: one, in plain text, on this machine."""
    with contextlib.suppress(ValueError):  # of a malformed one, which is refused below as well
        parts = urlsplit(url)
        if parts.scheme in ("", "http") and parts.hostname in (LOOPBACK, "localhost"):
            return parts.port or default
    raise GroundswellError(
        f"{setting} does not name one address on {LOOPBACK}, and the embedded stack serves this machine alone: correct "
        "it, or run `groundswell worker` against the servers that you have."
    )
