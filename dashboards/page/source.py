"""ClickHouse as the page asks it: read-only, values as parameters only, and whether it answers."""

import itertools
import threading
import time
from collections.abc import Mapping

import msgspec
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from msgspec import Raw, Struct

from streams import clickhouse
from streams.errors import GroundswellError
from streams.settings import Settings

_PATIENCE_S = 30
_SILENT_S = 4.0
"""So long may pass without an answer before viewers are told."""


class Problem(Struct, frozen=True):
    """What a viewer must know before reading a number: of what, and a sentence with what to do."""

    subject: str
    sentence: str


class _Column(Struct):
    name: str


class _Answer(Struct):
    meta: list[_Column]
    data: Raw


class Table(Struct, frozen=True):
    """An answer: the columns' names, and the rows as ClickHouse wrote them, a JSON array of arrays."""

    columns: list[str]
    rows: Raw


class RefusedError(Exception):
    """ClickHouse answered, and said no; the words are its own."""


class Source:
    """Several threads may ask at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._asked: dict[int, float] = {}
        self._numbers = itertools.count()
        self._failure = ""
        self._answered_s = time.monotonic()

    def ask(self, sql: str, parameters: Mapping[str, object]) -> Table | None:
        """The answer; None where there is none, which ``problem`` then explains. Raises ``RefusedError``."""
        number = next(self._numbers)
        self._asked[number] = time.monotonic()
        try:
            text = self._connected().raw_query(sql, parameters=dict(parameters), fmt="JSONCompact")
            self._failure = ""
        except (ClickHouseError, GroundswellError, OSError) as error:
            if isinstance(error, ClickHouseError) and getattr(error, "code", None) is not None:
                self._failure = ""
                raise RefusedError(clickhouse.reason(error)) from error
            self._failure = str(error) if isinstance(error, GroundswellError) else self._gone(error)
            return None
        finally:
            del self._asked[number]
            self._answered_s = time.monotonic()
        answer = msgspec.json.decode(text, type=_Answer)
        return Table([column.name for column in answer.meta], answer.data)

    def problem(self) -> Problem | None:
        """Why the latest numbers are old, if they are."""
        if self._failure:
            return Problem("ClickHouse", self._failure)
        asked = [*self._asked.values()]
        silent_s = time.monotonic() - max(self._answered_s, min(asked)) if asked else 0.0
        if silent_s < _SILENT_S:
            return None
        where = clickhouse.shown(self._settings)
        return Problem(
            "ClickHouse",
            f"ClickHouse at {where} has not answered for {silent_s:.0f} s: see whether its machine is overloaded, "
            "and its log.",
        )

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = clickhouse.connect_read_only(self._settings, _PATIENCE_S)
            return self._client

    def _gone(self, error: BaseException) -> str:
        return (
            f"ClickHouse does not answer at {clickhouse.shown(self._settings)} ({clickhouse.reason(error)}): "
            "start it again; nothing that was counted is lost."
        )
