"""A Kafka broker as a child process, from an empty folder to a clean stop."""

import contextlib
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.children import Child
from deploy.kafka import jars
from deploy.kafka.config import java_command, server_properties
from deploy.kafka.startup import StartupCache
from deploy.kafka.storage import Storage
from deploy.lock import FolderLock
from deploy.ports import LOOPBACK, free_port, require_free
from streams.errors import GroundswellError

_FORMAT_S = 60.0
_READY_S = 120.0
_STOP_S = 60.0
_ANSWER_MS = 2000
_CAUSE = re.compile(r"^(?:Caused by: )?[\w.$]+(?:Exception|Error): (.+)$", re.MULTILINE)


class Broker:
    """One Kafka node on ``127.0.0.1:port`` that keeps its data in ``folder``; a context manager, or start and stop.

    ``progress`` is given lines for the user. ``stop`` is allowed at any time; then ``start`` goes on with the data.
    """

    def __init__(self, folder: Path, port: int, progress: Callable[[str], None]) -> None:
        self.bootstrap = f"{LOOPBACK}:{port}"
        self._port = port
        self._progress = progress
        self._storage = Storage(folder)
        self._resources = contextlib.ExitStack()
        self._log_start_bytes = 0
        self.child: Child | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when a Kafka client gets an answer.

        Raises ``GroundswellError``: folder in use or of another version, port taken, jars missing or wrong, Java
        failing.
        """
        started_s = time.monotonic()
        storage = self._storage
        lock = self._resources.enter_context(
            FolderLock(storage.folder, "another broker", "stop that one, or set GROUNDSWELL_DATA_DIR to another folder")
        )
        require_free(self._port, "Kafka", "GROUNDSWELL_KAFKA_BOOTSTRAP")
        class_path = jars.class_path(self._progress)
        startup = StartupCache(class_path, storage.temporary)
        storage.prepare(
            lambda log_dir, cluster_id: self._format(class_path, startup.flags_of_a_tool(), log_dir, cluster_id)
        )
        self._write_properties(storage.log_dir)
        child = Child(
            "Kafka",
            java_command(
                class_path,
                storage.broker_log,
                storage.temporary,
                startup.flags(),
                ["kafka.Kafka", str(storage.properties)],
            ),
            log=storage.java_out,
            # It holds the folder's lock as well: should its parent be killed, the lock goes when the broker has.
            inherit=[lock.fd],
        )
        self.child = child
        self._log_start_bytes = storage.broker_log.stat().st_size if storage.broker_log.exists() else 0
        self._resources.callback(self._end, child, startup)
        child.start()
        self._wait_ready(child)
        self._progress(f"Kafka answers on {self.bootstrap} ({time.monotonic() - started_s:.1f} s)")

    def stop(self) -> None:
        """A controlled shutdown; also after a failed start, and without one."""
        self._resources.close()

    def _end(self, child: Child, startup: StartupCache) -> None:
        if startup.training and child.exit_code() is None:
            self._progress("Stopping Kafka, and preparing faster starts (once, some seconds)")
        child.stop(_STOP_S)
        startup.install(self._storage.java_out)

    def _write_properties(self, log_dir: Path) -> None:
        self._storage.properties.write_text(server_properties(log_dir, self._port, free_port()), encoding="utf-8")

    def _format(self, class_path: list[Path], flags: list[str], log_dir: Path, cluster_id: str) -> None:
        storage = self._storage
        self._write_properties(log_dir)
        main = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(storage.properties)]
        child = Child(
            "Kafka's formatting",
            java_command(class_path, storage.broker_log, storage.temporary, flags, main),
            log=storage.java_out,
        )
        with contextlib.ExitStack() as stack:
            stack.callback(child.stop, _STOP_S)
            child.start()
            if child.wait(_FORMAT_S) != 0:
                raise GroundswellError(
                    f"Kafka's storage tool failed ({child.ending()}): {child.last_words()}; "
                    f"see {storage.java_out} and {storage.broker_log}."
                )

    def _wait_ready(self, child: Child) -> None:
        try:
            child.wait_ready(self._answers, _READY_S)
        except GroundswellError as error:
            if child.exit_code() is None:
                raise
            raise GroundswellError(
                f"Kafka ended before it was ready ({child.ending()}): {self._reason() or child.last_words()} "
                f"(more in {self._storage.broker_log} and {self._storage.java_out})."
            ) from error

    def _answers(self) -> bool:
        """Whether a client's round trip works and the cluster has its broker; an open port alone says neither."""
        try:
            # First the cheap question: a client's costs 0.1 s of processor time that the starting broker needs.
            socket.create_connection((LOOPBACK, self._port), timeout=1).close()
            client = KafkaAdminClient(bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=_ANSWER_MS)
            try:
                return bool(client.describe_cluster()["brokers"])
            finally:
                client.close()
        except (KafkaError, OSError):
            return False

    def _reason(self) -> str:
        """The cause of the last exception that this run has logged; '' when there is none."""
        log = self._storage.broker_log
        if not log.exists():
            return ""
        causes = _CAUSE.findall(log.read_bytes()[self._log_start_bytes :].decode("utf-8", "replace"))
        return str(causes[-1]) if causes else ""
