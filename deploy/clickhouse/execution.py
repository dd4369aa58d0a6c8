"""Runs one request on the engine, in a worker thread: rows out in chunks, or data in."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from typing import IO, Any

from chdb.state.sqlitelike import Connection

from deploy.clickhouse import readonly
from deploy.clickhouse.engine import Engine, apply_settings, literal, quoted
from deploy.clickhouse.errors import SYNTAX_ERROR, EngineError, ServerError
from deploy.clickhouse.external import ExternalTable
from deploy.clickhouse.request import CHUNK_BYTES, READER, Request
from deploy.clickhouse.sessions import Session, Sessions
from deploy.clickhouse.statement import InlineData, parse

DEFAULT_FORMAT = "TabSeparated"
READER_TIME_S = 60

# An insert's statement must end within this; ClickHouse's own limit (max_query_size) is a quarter of it.
_HEAD_BYTES = 1 << 20

# The engine streams blocks, each encoded on its own: only these formats stay the same, and only without totals.
_STREAMED_FORMATS = frozenset({"Native", "TabSeparated", "TSV", "CSV", "RowBinary", "JSONEachRow"})
_UNSTREAMED_WORDS = frozenset({"TOTALS", "EXTREMES", "OUTPUT_FORMAT_JSON_ARRAY_OF_ROWS"})


class Execution:
    """One running query. ``chunk`` until it gives none, then ``summary`` is complete; ``close`` in any case.

    All methods block and may be called from different threads, one at a time. They raise ``ServerError``.
    """

    def __init__(self, engine: Engine, sessions: Sessions, request: Request) -> None:
        self._started_s = time.perf_counter()
        self._counts = dict.fromkeys(("read_rows", "read_bytes", "written_rows", "written_bytes", "result_rows"), 0)
        self._bytes = 0
        self._cleanup = contextlib.ExitStack()
        try:
            self.statement = parse(request.text.read(_HEAD_BYTES))
            if request.read_only:
                readonly.check(self.statement, request.settings, request.params, engine)
            self.format = self.statement.format or request.default_format or DEFAULT_FORMAT
            connection = self._connection(engine, sessions, request)
            self._chunks = self._run(connection, request)
        except ServerError:
            self.close()
            raise
        except RuntimeError as error:
            self.close()
            raise EngineError(error) from error

    @property
    def summary(self) -> dict[str, str]:
        """What ClickHouse tells in ``X-ClickHouse-Summary``."""
        elapsed_ns = int((time.perf_counter() - self._started_s) * 1e9)
        counts = {**self._counts, "total_rows_to_read": self._counts["read_rows"], "result_bytes": self._bytes}
        return {name: str(count) for name, count in {**counts, "elapsed_ns": elapsed_ns}.items()}

    def chunk(self) -> bytes | memoryview | None:
        """The next bytes of the answer, None after the last."""
        try:
            chunk = next(self._chunks, None)
        except RuntimeError as error:
            raise EngineError(error) from error
        self._bytes += 0 if chunk is None else len(chunk)
        return chunk

    def close(self) -> None:
        """Free the connection or give the session back; ends a query that still runs."""
        self._cleanup.close()

    def _connection(self, engine: Engine, sessions: Sessions, request: Request) -> Connection:
        session_id = request.arguments.get("session_id")
        # A read-only request has nothing to keep, and a session's connection could not be made writable again.
        if session_id and not request.read_only:
            connection = self._session(sessions, request, session_id).connection
        else:
            connection = engine.connect()
            self._cleanup.callback(connection.close)
            if request.database:
                connection.query(f"USE {quoted(request.database)}")
            time_limit = {"max_execution_time": str(READER_TIME_S)} if request.user == READER else {}
            settings = {name: value for name, value in request.settings.items() if name != "readonly"}
            apply_settings(connection, {**time_limit, **settings})
        for table in request.external_tables:
            self._create(connection, request, table)
        if request.read_only:
            apply_settings(connection, {"readonly": "1"})
        return connection

    def _session(self, sessions: Sessions, request: Request, session_id: str) -> Session:
        key = (request.user, session_id)
        must_exist = request.flag("session_check")
        session = sessions.acquire(key, request.arguments.get("session_timeout"), must_exist=must_exist)
        self._cleanup.callback(self._release, sessions, key, session, end=request.flag("close_session"))
        session.borrow(request.settings, request.database)
        return session

    def _release(self, sessions: Sessions, key: tuple[str, str], session: Session, *, end: bool) -> None:
        try:
            session.keep(self.statement)
            session.give_back()
        except RuntimeError:
            # It has locked its own settings (SET readonly = 1): the next request begins a new one.
            end = True
        sessions.release(key, end=end)

    def _create(self, connection: Connection, request: Request, table: ExternalTable) -> None:
        connection.query(f"CREATE TEMPORARY TABLE {quoted(table.name)} ({table.structure})")
        if not request.read_only:
            self._cleanup.callback(lambda: connection.query(f"DROP TEMPORARY TABLE IF EXISTS {quoted(table.name)}"))
        _insert(connection, f"INSERT INTO {quoted(table.name)}", "", table.format, table.rows)

    def _run(self, connection: Connection, request: Request) -> Iterator[bytes | memoryview]:
        statement = self.statement
        if statement.data is not None:
            self._insert(connection, request, statement.data)
            return iter(())
        text = _whole(request.text)
        words = {token.word for token in statement.tokens} | {name.upper() for name in request.settings}
        if statement.is_select and self.format in _STREAMED_FORMATS and not words & _UNSTREAMED_WORDS:
            stream = connection.send_query(text, self.format, params=request.params)
            self._cleanup.callback(stream.close)
            return self._streamed(stream)
        result = connection.query(text, self.format, params=request.params)
        self._count(result)
        return _sliced(result)

    def _streamed(self, stream: Any) -> Iterator[bytes]:
        for result in stream:
            self._count(result)
            yield result.bytes()

    def _count(self, result: Any) -> None:
        self._counts["read_rows"] += result.storage_rows_read()
        self._counts["read_bytes"] += result.storage_bytes_read()
        if self.statement.has_result:
            self._counts["result_rows"] += result.rows_read()
        else:
            self._counts["written_rows"] += result.rows_written()
            self._counts["written_bytes"] += result.bytes_written()

    def _insert(self, connection: Connection, request: Request, data: InlineData) -> None:
        for name, value in request.params.items():
            connection.query(f"SET param_{name} = {literal(value)}")
        request.text.seek(data.start)
        target, settings = data.head[: data.settings].decode(), data.head[data.settings :].decode()
        written = _insert(connection, target, settings, self.format, request.text)
        self._counts["written_rows"] = self._counts["read_rows"] = written.rows_written()
        self._counts["written_bytes"] = self._counts["read_bytes"] = written.bytes_written()


def _insert(connection: Connection, target: str, settings: str, data_format: str, data: IO[bytes]) -> Any:
    # Not by chDB's streaming insert: what the table refuses (too many parts, no space) it keeps to itself, and says
    # that rows were written. A statement raises it. The file is memory's, as the disk may be what is full.
    descriptor = os.memfd_create("insert")
    with os.fdopen(descriptor, "wb") as held:
        shutil.copyfileobj(data, held, CHUNK_BYTES)
        held.flush()
        path = f"/proc/self/fd/{descriptor}"
        return connection.query(f"{target} FROM INFILE '{path}' {settings} FORMAT {data_format}", "Null")


def _whole(text: IO[bytes]) -> str:
    text.seek(0)
    try:
        return text.read().decode()
    except UnicodeDecodeError as error:
        raise ServerError(SYNTAX_ERROR, "Syntax error: a statement must be valid UTF-8.") from error


def _sliced(result: Any) -> Iterator[memoryview]:
    view = memoryview(result.get_memview().view())
    for start in range(0, len(view), CHUNK_BYTES):
        yield view[start : start + CHUNK_BYTES]
