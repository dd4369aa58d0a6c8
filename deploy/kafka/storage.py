"""The broker's folder: what is in it, whether it is ours, and its formatting.

::

    kafka/
      .lock               held while a broker uses the folder
      server.properties   written anew at every start
      kafka.log           what the broker says; java.out: what the JVM itself says
      tmp/                the JVM's temporary files, emptied at every start
      log/                Kafka's data, with meta.properties and our stamp, groundswell.json
"""

import base64
import json
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from deploy.kafka.jars import VERSION
from streams.errors import GroundswellError

_LAYOUT = 1
_STAMP = "groundswell.json"


class Storage:
    """The paths of a broker's folder, which the caller holds locked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.properties = self.folder / "server.properties"
        self.broker_log = self.folder / "kafka.log"
        self.java_out = self.folder / "java.out"
        self.temporary = self.folder / "tmp"
        self.log_dir = self.folder / "log"
        self._formatting = self.folder / "formatting"

    def prepare(self, format_log_dir: Callable[[Path, str], None]) -> None:
        """Makes the folder ready for a broker of this version.

        ``format_log_dir(empty folder, cluster id)`` is called when there is no data yet. Raises ``GroundswellError``
        when what is there was written by another layout, by a later Kafka, or not by groundswell.
        """
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()
        if self.log_dir.exists():
            self._check_stamp()
        else:
            # Formatted aside and moved into place with its stamp, so that an interrupted formatting leaves no trace.
            shutil.rmtree(self._formatting, ignore_errors=True)
            self._formatting.mkdir()
            format_log_dir(self._formatting, _new_cluster_id())
            self._write_stamp(self._formatting)
            self._formatting.rename(self.log_dir)

    def _check_stamp(self) -> None:
        advice = "move that folder away to begin anew, or set GROUNDSWELL_DATA_DIR to another one"
        try:
            stamp = json.loads((self.log_dir / _STAMP).read_text(encoding="utf-8"))
            layout, version = int(stamp["layout"]), str(stamp["kafka"])
            theirs = _release(version)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GroundswellError(f"{self.log_dir} holds data that groundswell did not write: {advice}.") from error
        if layout != _LAYOUT:
            raise GroundswellError(
                f"{self.log_dir} was written by a groundswell with another cluster layout "
                f"({layout}, this one has {_LAYOUT}): {advice}."
            )
        ours = _release(VERSION)
        # Kafka reads what an earlier release of its major version wrote, and nothing else is promised.
        if theirs > ours or theirs[0] != ours[0]:
            raise GroundswellError(
                f"{self.log_dir} was written by Kafka {version}, which Kafka {VERSION} cannot go on with: "
                f"use the groundswell that wrote it, or {advice}."
            )
        if theirs < ours:
            self._write_stamp(self.log_dir)

    def _write_stamp(self, log_dir: Path) -> None:
        new = log_dir / f"{_STAMP}.new"
        new.write_text(json.dumps({"layout": _LAYOUT, "kafka": VERSION}) + "\n", encoding="utf-8")
        new.replace(log_dir / _STAMP)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _new_cluster_id() -> str:
    """A random id as Kafka makes them: 16 bytes in URL-safe base64, not beginning with a dash."""
    while True:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        if not cluster_id.startswith("-"):
            return cluster_id
