"""What ClickHouse's answers carry beside rows: headers, an error after the first byte, the hello of clickhouse-go."""

import json
import re
import secrets
from collections.abc import Mapping

_CONTENT_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "Parquet": "application/octet-stream",
    "Arrow": "application/octet-stream",
    "ArrowStream": "application/octet-stream",
}

_HELLO = re.compile(
    rb"\s*SELECT\s+displayName\(\),\s*version\(\),\s*revision\(\),\s*timezone\(\)\s*;?\s*", re.IGNORECASE
)
_REVISION_WITH_BLOCK_INFO = 51903
_REVISION_WITH_CUSTOM_SERIALIZATION = 54454


def format_headers(output_format: str) -> dict[str, str]:
    """What tells the format of an answer that has one."""
    kind = _CONTENT_TYPES.get(output_format, "text/plain; charset=UTF-8")
    return {"X-ClickHouse-Format": output_format, "Content-Type": kind}


def result_headers(summary: Mapping[str, str], tag: str) -> dict[str, str]:
    """What every answer that is no error tells; ``tag`` marks an error that comes after its first bytes."""
    compact = json.dumps(summary, separators=(",", ":"))
    return {"X-ClickHouse-Summary": compact, "X-ClickHouse-Exception-Tag": tag}


def exception_tag() -> str:
    """A tag for ``X-ClickHouse-Exception-Tag``: what no data can hold by chance."""
    return secrets.token_hex(8)


def tagged_exception(text: str, tag: str) -> bytes:
    """What a server appends when a query fails after the first bytes of its answer were sent."""
    message = text.encode() + b"\n"
    mark = tag.encode()
    return b"\r\n__exception__\r\n%b\r\n%b%d %b\r\n__exception__\r\n" % (mark, message, len(message), mark)


def is_hello(text: bytes, arguments: Mapping[str, str]) -> bool:
    """Whether this is the query that clickhouse-go (Grafana's plugin) opens a connection with."""
    asks_native = arguments.get("default_format") == "Native" and arguments.get("client_protocol_version", "").isdigit()
    return asks_native and _HELLO.fullmatch(text) is not None


def hello(client_revision: int, display_name: str, version: str) -> bytes:
    """The answer to it: a Native block in the client's revision.

    It tells revision 0, so that the client reads every later block as plain Native, which is what the engine writes.
    """
    block = b"\x01\x00\x02\xff\xff\xff\xff\x00" if client_revision >= _REVISION_WITH_BLOCK_INFO else b""
    block += bytes([4, 1])
    plain = b"\x00" if client_revision >= _REVISION_WITH_CUSTOM_SERIALIZATION else b""
    columns = (
        ("displayName()", "String", _string(display_name)),
        ("version()", "String", _string(version)),
        ("revision()", "UInt32", bytes(4)),
        ("timezone()", "String", _string("UTC")),
    )
    return block + b"".join(_string(name) + _string(type_name) + plain + value for name, type_name, value in columns)


def _string(text: str) -> bytes:
    encoded, prefix = text.encode(), b""
    length = len(encoded)
    while length > 127:
        prefix += bytes([length & 127 | 128])
        length >>= 7
    return prefix + bytes([length]) + encoded
