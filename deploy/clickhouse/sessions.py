"""Sessions of the HTTP interface: a connection kept between requests, with its settings and temporary tables."""

import json
import threading
import time
from collections.abc import Mapping

from chdb.state.sqlitelike import Connection

from deploy.clickhouse.engine import Engine, apply_settings, literal, quoted
from deploy.clickhouse.errors import INVALID_SESSION_TIMEOUT, SESSION_IS_LOCKED, SESSION_NOT_FOUND, ServerError
from deploy.clickhouse.statement import Statement

DEFAULT_TIMEOUT_S = 60
MAX_TIMEOUT_S = 3600


class Session:
    """One session. Only the request that holds ``lock`` may use its connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lock = threading.Lock()
        self.expires_s = 0.0
        self._own: dict[str, str | None] = {}
        self._borrowed: set[str] = set()
        self._database = ""

    def borrow(self, settings: Mapping[str, str], database: str | None) -> None:
        """Set a request's settings and database for now; ``give_back`` undoes it, also when this fails half-way."""
        unknown = ", ".join(literal(name) for name in settings if name not in self._own)
        if unknown:
            known = f"SELECT name, if(changed, value, NULL) FROM system.settings WHERE name IN ({unknown})"
            self._own.update(_pairs(self.connection, known))
        if database:
            self._database = next(iter(_pairs(self.connection, "SELECT currentDatabase(), NULL")))
            self.connection.query(f"USE {quoted(database)}")
        self._borrowed = {name for name in settings if name in self._own}
        apply_settings(self.connection, settings)

    def keep(self, statement: Statement) -> None:
        """After a SET or USE: what it changed is the session's own now."""
        if statement.verb == "SET":
            named = {token.text.decode(errors="replace") for token in statement.tokens}
            self._borrowed -= named
            self._own = {name: value for name, value in self._own.items() if name not in named}
        if statement.verb == "USE":
            self._database = ""

    def give_back(self) -> None:
        """Back to the session's own settings and database."""
        for name in self._borrowed:
            own = self._own[name]
            self.connection.query(f"SET {name} = {'DEFAULT' if own is None else literal(own)}")
        if self._database:
            self.connection.query(f"USE {quoted(self._database)}")
        self._borrowed, self._database = set(), ""


class Sessions:
    """All sessions by user and id; thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions: dict[tuple[str, str], Session] = {}
        self._guard = threading.Lock()

    def acquire(self, key: tuple[str, str], timeout: str | None, *, must_exist: bool) -> Session:
        """The session, locked for the caller, made when new. Raises ``ServerError`` when another request holds it."""
        timeout_s = _timeout_s(timeout)
        self.expire()
        with self._guard:
            session = self._sessions.get(key)
            if session is None:
                if must_exist:
                    raise ServerError(SESSION_NOT_FOUND, f"Session {key[1]} not found.")
                session = self._sessions[key] = Session(self._engine.connect())
            if not session.lock.acquire(blocking=False):
                raise ServerError(SESSION_IS_LOCKED, f"Session {key[1]} is locked by a concurrent client.")
        session.expires_s = time.monotonic() + timeout_s
        return session

    def release(self, key: tuple[str, str], *, end: bool) -> None:
        """Let the next request have it, or ``end`` it."""
        with self._guard:
            session = self._sessions[key]
            session.lock.release()
            if end:
                del self._sessions[key]
                session.connection.close()

    def expire(self, now_s: float | None = None) -> None:
        """Close those whose time is over and that no request holds."""
        now_s = time.monotonic() if now_s is None else now_s
        with self._guard:
            for key, session in list(self._sessions.items()):
                if session.expires_s < now_s and not session.lock.locked():
                    del self._sessions[key]
                    session.connection.close()

    def close(self) -> None:
        """Close them all; no request may be running."""
        self.expire(float("inf"))


def _pairs(connection: Connection, sql: str) -> dict[str, str | None]:
    return dict(json.loads(connection.query(sql, "JSONCompact").bytes())["data"])


def _timeout_s(text: str | None) -> int:
    if text is None:
        return DEFAULT_TIMEOUT_S
    if not text.isascii() or not text.isdigit() or int(text) > MAX_TIMEOUT_S:
        raise ServerError(
            INVALID_SESSION_TIMEOUT, f"Invalid session timeout: '{text}', at most {MAX_TIMEOUT_S} seconds."
        )
    return int(text)
