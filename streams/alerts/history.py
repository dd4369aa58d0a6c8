"""History: the recorded transitions of alerts in ClickHouse, read and added to. Its clock is the only one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
from clickhouse_connect.driver import Client
from msgspec import Struct

from schemas.alert_log import COLUMNS, VIEW, Transition
from schemas.counters import DATABASE
from streams import clickhouse
from streams.alerts.episodes import Change, Episode, History, Key, Sending, Silenced, in_force
from streams.errors import GroundswellError
from streams.settings import Settings

_PATIENCE_S = 30
_SETTINGS = {"async_insert": 0, "wait_end_of_query": 1}
_KEPT_DAYS = 90
"""How far back episodes matter: an alert calls at most so seldom, and what nobody could be told of is given up then."""

_EPISODES = f"""
SELECT campaign, alert, ordinal, severity, started, message, resolved, acknowledged
FROM {DATABASE}.alerts
WHERE started > now() - toIntervalDay({_KEPT_DAYS}) OR resolved IS NULL
    OR (campaign, alert, ordinal) IN
        (SELECT campaign, alert, max(ordinal) FROM {DATABASE}.alert_log GROUP BY campaign, alert)
ORDER BY campaign, alert, ordinal
"""

_FIRED = f"""
SELECT {", ".join(COLUMNS)}
FROM {DATABASE}.{VIEW}
WHERE campaign = if({{campaign:String}} = '', campaign, {{campaign:String}})
    AND (resolved IS NULL OR started >= {{since:DateTime('UTC')}})
ORDER BY started DESC, alert_id
"""

_SENDINGS = f"""
SELECT
    campaign, alert, ordinal, toString(recipient),
    minOrNullIf(at, transition = 'notified'), countIf(transition = 'failed'), maxOrNullIf(at, transition = 'failed')
FROM {DATABASE}.alert_log
WHERE transition IN ('notified', 'failed') AND at > now() - toIntervalDay({_KEPT_DAYS})
GROUP BY campaign, alert, ordinal, recipient
"""

_SILENCES = f"""
SELECT campaign, alert, at, until
FROM {DATABASE}.alert_log
WHERE transition = 'silenced' AND until > now() - toIntervalDay({_KEPT_DAYS})
"""

_COLUMNS = ("campaign", "alert", "ordinal", "transition", "kind", "severity", "value", "limit", "message")


def connect(settings: Settings) -> Client:
    """A client for alerts. Raises ``GroundswellError``."""
    client = clickhouse.connect(settings, _PATIENCE_S, **_SETTINGS)
    clickhouse.check_version(client)
    return client


def read(client: Client) -> History:
    """What is recorded of all campaigns' alerts, and ClickHouse's clock. Raises the driver's errors."""
    now = _now(client)
    sendings: defaultdict[tuple[str, str, int], dict[str, Sending]] = defaultdict(dict)
    for campaign, alert, ordinal, recipient, *how in _rows(client, _SENDINGS, {}):
        sendings[campaign, alert, ordinal][recipient] = Sending(*how)
    episodes: defaultdict[Key, list[Episode]] = defaultdict(list)
    for row in _rows(client, _EPISODES, {}):
        one = Episode(*row)
        told = sendings.get((*one.key, one.ordinal), {})
        episodes[one.key].append(msgspec.structs.replace(one, sendings=told))
    noted = [Silenced(*row) for row in _rows(client, _SILENCES, {})]
    return History(now, episodes, in_force(noted))


def _now(client: Client) -> datetime:
    ((now,),) = _rows(client, "SELECT now64(3, 'UTC')", {})
    return cast("datetime", now)


def _rows(client: Client, sql: str, asked: dict[str, Any]) -> Sequence[Sequence[Any]]:
    """Rows whose times know that they are UTC."""
    return client.query(sql, parameters=asked, tz_mode="aware").result_rows


def record(client: Client, found: Iterable[Change]) -> None:
    """Add transitions; each is in the history when this returns. Raises the driver's errors."""
    rows = [[getattr(one, column) for column in _COLUMNS] for one in found]
    if rows:
        client.insert(f"{DATABASE}.alert_log", rows, column_names=_COLUMNS)


class Fired(Struct, frozen=True):
    """A row of view ``alerts``, whose columns ``schemas/alert_log.py`` explains."""

    alert_id: str
    campaign: str
    alert: str
    ordinal: int
    kind: str
    severity: str
    started: datetime
    value: float
    limit: float
    message: str
    notified: datetime | None
    recipients: list[str]
    failures: int
    resolved: datetime | None
    acknowledged: datetime | None
    acknowledged_by: str


def fired(client: Client, campaign: str, since: datetime) -> list[Fired]:
    """What still fires, and what has fired since then, the newest first; of all campaigns where none is named."""
    return [Fired(*row) for row in _rows(client, _FIRED, {"campaign": campaign, "since": since})]


def record_sending(client: Client, episode: Episode, recipient: str, failure: str | None) -> None:
    """Add that a recipient was told of an episode, or could not be, and why. Raises the driver's errors."""
    transition: Transition = "notified" if failure is None else "failed"
    row = [*episode.key, episode.ordinal, transition, recipient, failure or ""]
    columns = ("campaign", "alert", "ordinal", "transition", "recipient", "message")
    client.insert(f"{DATABASE}.alert_log", [row], column_names=columns)


def acknowledge(client: Client, alert_id: str, by: str) -> None:
    """Record that somebody takes an episode on: nobody else is told of it.

    Raises ``GroundswellError`` where no such alert has fired.
    """
    found = client.query(
        f"SELECT campaign, alert, ordinal FROM {DATABASE}.alerts WHERE alert_id = {{alert_id:String}}",
        parameters={"alert_id": alert_id},
    ).result_rows
    if not found:
        raise GroundswellError(f"No alert {alert_id!r} has fired: `groundswell alerts list` has their ids.")
    columns = ("campaign", "alert", "ordinal", "transition", "by")
    client.insert(f"{DATABASE}.alert_log", [[*found[0], "acknowledged", by]], column_names=columns)


def silence(client: Client, campaign: str, alert: str, lasts: timedelta, by: str) -> datetime:
    """Record that a campaign (``alert`` is ``''``) or one of its alerts notifies nobody for so long.

    Returns until when. It replaces an earlier silence of the same; no length at all ends that.
    """
    now = _now(client)
    until = now + lasts
    columns = ("campaign", "alert", "transition", "at", "by", "until")
    client.insert(f"{DATABASE}.alert_log", [[campaign, alert, "silenced", now, by, until]], column_names=columns)
    return until
