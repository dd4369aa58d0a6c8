"""The way to ClickHouse: a client of the configured server, with one clear sentence where there is none."""

import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from schemas.counters import DATABASE
from streams.errors import GroundswellError, UnreachableError
from streams.migrate import migrations
from streams.settings import Settings

# What goes wrong is raised as well, and said once, by us.
for _name in ("clickhouse_connect", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_PORTS = {"http": 8123, "https": 8443}
_REFUSED_USER = {192, 193, 194, 497, 516}
"""ClickHouse error codes: unknown user, wrong or missing password, missing rights."""
_SERVER_WORDS = re.compile(r"DB::\w*Exception: (?!Code: )(.+?)(?: \(version |$)", re.DOTALL)
_MOST_WORDS = 300


def connect(settings: Settings, patience_s: int = 300, **client_settings: Any) -> Client:
    """A client, which waits for an answer for ``patience_s``; ``client_settings`` go with every query.

    Raises ``UnreachableError`` when no server answers.
    """
    url = urlsplit(settings.clickhouse_url)
    try:
        return clickhouse_connect.get_client(
            interface=url.scheme,
            host=url.hostname or "",
            port=url.port or _PORTS[url.scheme],
            username=unquote(url.username or "default"),
            password=unquote(url.password or ""),
            settings=client_settings,
            send_receive_timeout=patience_s,
            autogenerate_session_id=False,
            query_limit=0,
        )
    except (ClickHouseError, OSError) as error:
        if getattr(error, "code", None) in _REFUSED_USER:
            raise GroundswellError(
                f"ClickHouse at {shown(settings)} refuses the user ({reason(error)}): correct user and password in "
                "GROUNDSWELL_CLICKHOUSE_URL, or grant what is missing."
            ) from error
        raise UnreachableError(
            f"ClickHouse does not answer at {shown(settings)} ({reason(error)}): start it with `groundswell up`, "
            "or set GROUNDSWELL_CLICKHOUSE_URL to where yours is."
        ) from error


def connect_read_only(settings: Settings, patience_s: int = 300) -> Client:
    """A client whose queries can change nothing, on a real server and on the embedded one."""
    client = connect(settings, patience_s)
    # Not among the client's settings: it would send them after this one has locked them.
    client.set_client_setting("readonly", "1")
    return client


def shown(settings: Settings) -> str:
    """The server's address without its password, for messages."""
    url = urlsplit(settings.clickhouse_url)
    return f"{url.scheme}://{url.hostname}:{url.port or ''}".rstrip(":")


def reason(error: BaseException) -> str:
    """Why a query or a connection failed, without what the driver says around it: for messages of one sentence."""
    found = _SERVER_WORDS.search(str(error))
    if found:
        return " ".join(found[1].split()).rstrip(".")[:_MOST_WORDS]
    system = [one for one in _causes(error) if isinstance(one, OSError)]
    words = (system[-1].strerror or str(system[-1])) if system else str(error).strip().split("\n", maxsplit=1)[0]
    return words[:_MOST_WORDS].lower() if system else words[:_MOST_WORDS]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def check_schema(client: Client) -> None:
    """Raise ``GroundswellError`` when the views are not there."""
    found = client.query(
        "SELECT count() FROM system.tables WHERE database = {database:String} AND name = 'token_counts'",
        parameters={"database": DATABASE},
    ).result_rows
    if not found[0][0]:
        raise GroundswellError("ClickHouse has no database of Groundswell's yet: run `groundswell migrate`.")


def check_version(client: Client) -> int:
    """Refuse tables that this version does not write to as they are meant; returns their migration's number."""
    check_schema(client)
    ((version,),) = client.query(f"SELECT max(version) FROM {DATABASE}.migrations").result_rows
    newest = migrations()[-1].version
    if version > newest:
        raise GroundswellError(
            f"ClickHouse's tables were written by a newer Groundswell (migration {version}, this one knows {newest}): "
            "upgrade this one."
        )
    if version < newest:
        raise GroundswellError(
            f"ClickHouse's tables are at migration {version} of {newest}: run `groundswell migrate` to bring them up "
            "to date."
        )
    return int(version)
