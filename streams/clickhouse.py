"""The way to ClickHouse: a client of the configured server, with one clear sentence where there is none."""

from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from schemas.counters import DATABASE
from streams.errors import GroundswellError
from streams.settings import Settings


def connect(settings: Settings, **client_settings: Any) -> Client:
    """A client; ``client_settings`` go with every query. Raises ``GroundswellError`` when no server answers."""
    url = urlsplit(settings.clickhouse_url)
    try:
        return clickhouse_connect.get_client(
            interface=url.scheme,
            host=url.hostname or "127.0.0.1",
            port=url.port or (8443 if url.scheme == "https" else 8123),
            username=url.username or "default",
            password=url.password or "",
            settings=client_settings,
            autogenerate_session_id=False,
            query_limit=0,
        )
    except (ClickHouseError, OSError) as error:
        raise GroundswellError(
            f"ClickHouse does not answer at {shown(settings)} ({_first_line(error)}): start it with `groundswell up`, "
            "or set GROUNDSWELL_CLICKHOUSE_URL to where yours is."
        ) from error


def connect_read_only(settings: Settings) -> Client:
    """A client whose queries can change nothing, on a real server and on the embedded one."""
    client = connect(settings)
    # Not among the client's settings: it would send them after this one has locked them.
    client.set_client_setting("readonly", "1")
    return client


def shown(settings: Settings) -> str:
    """The server's address without its password, for messages."""
    url = urlsplit(settings.clickhouse_url)
    return f"{url.scheme}://{url.hostname}:{url.port or ''}".rstrip(":")


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0][:200]


def check_schema(client: Client) -> None:
    """Raise ``GroundswellError`` when the views are not there."""
    found = client.query(
        "SELECT count() FROM system.tables WHERE database = {database:String} AND name = 'token_counts'",
        parameters={"database": DATABASE},
    ).result_rows
    if not found[0][0]:
        raise GroundswellError("ClickHouse has no database of Groundswell's yet: run `groundswell migrate`.")
