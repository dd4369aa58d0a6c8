"""The engine: ClickHouse in this process, on one data folder that no other process may have open."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import chdb
from chdb.state.sqlitelike import Connection

from deploy.clickhouse.errors import EngineError
from deploy.lock import FolderLock
from streams.errors import GroundswellError

_GIB = 1024**3

# The engine's own defaults are a command-line tool's; these are a server's, and a laptop's.
_CONNECTION_SETTINGS = {
    "implicit_select": "0",
    "allow_introspection_functions": "0",
    "allow_python_table_function": "0",
    "session_timezone": "UTC",
}

# Functions that read a file, or ask a model of another host.
_OUTSIDE_FUNCTIONS = """
    WITH (SELECT groupArray(name) FROM system.functions WHERE name = 'file' OR categories = 'AI') AS outside
    SELECT lower(name) FROM system.functions WHERE name IN outside OR alias_to IN outside
"""


class Engine:
    """ClickHouse's engine on ``data``; one per process. ``close`` it, so that everything is on disk."""

    def __init__(self, data: Path) -> None:
        """Open or make the folder. Raises ``GroundswellError`` when it is in use or of another engine version."""
        lock = FolderLock(data, "ClickHouse", "stop that one, or choose another folder with --data")
        with contextlib.ExitStack() as opened:
            opened.enter_context(lock)
            self.spool = data / "spool"
            self.spool.mkdir(exist_ok=True)
            _stamp(data, str(chdb.engine_version))
            self._address = _address(data / "engine")
            # The engine lives for as long as one connection is open.
            self._root = chdb.connect(self._address)
            opened.callback(self._root.close)
            version, host = self.query_rows("SELECT version(), displayName()")[0]
            self.version, self.display_name = str(version), str(host)
            self.table_functions = self._names("SELECT lower(name) FROM system.table_functions")
            self.outside_functions = self._names(_OUTSIDE_FUNCTIONS)
            self._opened = opened.pop_all()

    def connect(self) -> Connection:
        """A fresh connection: a session of its own, with settings, current database and temporary tables."""
        return chdb.connect(self._address)

    def execute(self, sql: str) -> None:
        """Run one statement. Raises ``EngineError``."""
        try:
            self._root.query(sql, "Null")
        except RuntimeError as error:
            raise EngineError(error) from error

    def query_rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of one SELECT, values as in JSON (times are text). Raises ``EngineError``."""
        try:
            answer = self._root.query(sql, "JSONCompact").bytes()
        except RuntimeError as error:
            raise EngineError(error) from error
        return [tuple(row) for row in json.loads(answer)["data"]]

    def _names(self, sql: str) -> frozenset[str]:
        return frozenset(str(name) for (name,) in self.query_rows(sql))

    def cancel_queries(self) -> None:
        """Ask every running query to end."""
        self.execute("KILL QUERY WHERE 1 ASYNC")

    def close(self) -> None:
        """End the engine; every connection must be closed before."""
        self._opened.close()


def apply_settings(connection: Connection, settings: Mapping[str, str]) -> None:
    """SET them all, for this connection. The names must be words."""
    if settings:
        assigned = ", ".join(f"{name} = {literal(value)}" for name, value in settings.items())
        connection.query(f"SET {assigned}")


def literal(value: str) -> str:
    """A string literal of ClickHouse's SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def quoted(name: str) -> str:
    """A quoted identifier of ClickHouse's SQL."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _address(folder: Path) -> str:
    memory = _memory_bytes()
    # What the server may hold in all, and one query of it: the rest of a laptop is for Kafka, workers and people.
    limits = {"max_server_memory_usage": memory, "mark_cache_size": _GIB // 8, "index_mark_cache_size": _GIB // 8}
    options = {**limits, **_CONNECTION_SETTINGS, "max_memory_usage": memory * 3 // 4}
    return f"{folder.resolve()}?" + "&".join(f"{name}={value}" for name, value in options.items())


def _stamp(data: Path, version: str) -> None:
    stamp = data / "engine-version"
    if stamp.exists():
        made_by = stamp.read_text(encoding="utf-8").strip()
        if made_by.split(".")[0] != version.split(".", maxsplit=1)[0]:
            raise GroundswellError(
                f"ClickHouse's data folder {data} was made by engine {made_by}, and this is {version}: install a "
                "Groundswell of that engine, or choose another folder with --data."
            )
    stamp.write_text(version + "\n", encoding="utf-8")


def _memory_bytes() -> int:
    """A quarter of this machine's memory, at least 1 GiB and at most 8."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(max(physical // 4, _GIB), 8 * _GIB)
