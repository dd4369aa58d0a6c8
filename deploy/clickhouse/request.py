"""A request of ClickHouse's HTTP interface, read: who asks, what, with which settings, and the spooled body."""

import binascii
import re
import tempfile
import uuid
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from aiohttp import BodyPartReader, web

from deploy.clickhouse.compression import decompressed
from deploy.clickhouse.errors import AUTHENTICATION_FAILED, BAD_ARGUMENTS, NOT_IMPLEMENTED, ServerError
from deploy.clickhouse.external import ARGUMENT_SUFFIXES, ExternalTable, external_table

READER = "reader"
USERS = frozenset({"default", READER})

SPOOL_IN_MEMORY_BYTES = 1 << 20
CHUNK_BYTES = 1 << 20

# What the interface takes for itself; every other parameter is a setting, or a query's parameter with its prefix.
_RESERVED = frozenset(
    {"", "buffer_size", "close_session", "client_protocol_version", "compress", "database", "decompress"}
    | {"default_format", "password", "query", "query_id", "quota_key", "role", "session_check", "session_id"}
    | {"session_timeout", "stacktrace", "user", "wait_end_of_query"}
)
_PARAMETER = "param_"
_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True)
class Request:
    """One query as asked. ``text`` holds the SQL and, for an insert, its data after it, at offset 0."""

    user: str
    method: str
    arguments: Mapping[str, str]
    text: IO[bytes]
    query_id: str
    database: str | None
    default_format: str | None
    from_web_page: bool
    settings: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    external_tables: list[ExternalTable] = field(default_factory=list)

    @property
    def read_only(self) -> bool:
        """Readers, GET, ``readonly=1``; and what a web page sends, which a person's browser would send unasked."""
        asked = self.settings.get("readonly", "0") != "0"
        return self.user == READER or self.method != "POST" or asked or self.from_web_page

    def flag(self, name: str) -> bool:
        """Whether an argument of the interface is on."""
        return self.arguments.get(name, "0").lower() in {"1", "true"}

    def close(self) -> None:
        """Give the spooled files back."""
        self.text.close()
        for table in self.external_tables:
            table.rows.close()


async def read_request(request: web.Request, spool: Path) -> Request:
    """Read all of it, the body to ``spool`` when it is large. Raises ``ServerError``."""
    user = _authenticate(request)
    arguments = dict(request.query)
    for name in ("compress", "decompress"):
        if arguments.get(name, "0") not in {"0", "false"}:
            message = f"{name}=1 is not supported here: use Content-Encoding and Accept-Encoding (lz4, zstd, gzip)."
            raise ServerError(NOT_IMPLEMENTED, message)
    read = Request(
        user=user,
        method=request.method,
        arguments=arguments,
        text=spooled(spool),
        query_id=arguments.get("query_id") or request.headers.get("X-ClickHouse-Query-Id") or str(uuid.uuid4()),
        database=request.headers.get("X-ClickHouse-Database") or arguments.get("database") or None,
        default_format=request.headers.get("X-ClickHouse-Format") or arguments.get("default_format") or None,
        from_web_page="Origin" in request.headers,
    )
    try:
        await _read_body(request, read, spool)
        _sort_arguments(read)
    except BaseException:
        read.close()
        raise
    return read


def spooled(folder: Path) -> IO[bytes]:
    """A file in ``folder`` once it is large, in memory before."""
    # No name on disk: a spooled body is gone when its request is, even after a kill -9.
    return tempfile.SpooledTemporaryFile(max_size=SPOOL_IN_MEMORY_BYTES, dir=str(folder))


def _authenticate(request: web.Request) -> str:
    ways: list[str] = []
    if "X-ClickHouse-User" in request.headers or "X-ClickHouse-Key" in request.headers:
        ways.append(request.headers.get("X-ClickHouse-User", "default"))
    if "Authorization" in request.headers:
        ways.append(_basic_user(request.headers["Authorization"]))
    if "user" in request.query or "password" in request.query:
        ways.append(request.query.get("user", "default"))
    if len(ways) > 1:
        raise ServerError(
            AUTHENTICATION_FAILED, "Invalid authentication: it is not allowed to use several ways at once."
        )
    user = (ways or ["default"])[0] or "default"
    if user not in USERS:
        message = f"{user}: Authentication failed: password is incorrect, or there is no user with such name."
        raise ServerError(AUTHENTICATION_FAILED, message)
    return user


def _basic_user(header: str) -> str:
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        raise ServerError(
            AUTHENTICATION_FAILED, f"Invalid authentication: '{scheme}' HTTP Authorization is not supported."
        )
    try:
        return b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ServerError(AUTHENTICATION_FAILED, "Invalid authentication: malformed credentials.") from error


def _sort_arguments(read: Request) -> None:
    external = {table.name + suffix for table in read.external_tables for suffix in ARGUMENT_SUFFIXES}
    for name, value in read.arguments.items():
        if name.startswith(_PARAMETER):
            read.params[name.removeprefix(_PARAMETER)] = value
        elif name not in _RESERVED and name not in external:
            read.settings[name] = value
    for name in (*read.settings, *read.params):
        if not _SETTING_NAME.fullmatch(name):
            raise ServerError(BAD_ARGUMENTS, f"'{name}' is no name of a setting or parameter.")


async def _read_body(request: web.Request, read: Request, spool: Path) -> None:
    if request.content_type == "multipart/form-data":
        read.arguments = {**read.arguments, **await _read_form(request, read, spool)}
    query = read.arguments.get("query", "")
    if query:
        read.text.write(query.encode() + b"\n")
    if request.content_type != "multipart/form-data":
        body = request.content.iter_chunked(CHUNK_BYTES)
        async for chunk in decompressed(body, request.headers.get("Content-Encoding", "")):
            read.text.write(chunk)
    read.text.seek(0)


async def _read_form(request: web.Request, read: Request, spool: Path) -> dict[str, str]:
    """Form fields are arguments; a part with a file name is an external table."""
    fields: dict[str, str] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or not part.name:
            raise ServerError(BAD_ARGUMENTS, "Every part of a multipart request must have a name.")
        if part.filename is None:
            fields[part.name] = (await part.read(decode=True)).decode()
            continue
        rows = spooled(spool)
        read.external_tables.append(external_table(part.name, read.arguments, rows))
        while chunk := await part.read_chunk(CHUNK_BYTES):
            rows.write(chunk)
        rows.seek(0)
    return fields
