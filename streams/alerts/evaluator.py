"""The evaluator: a thread of the elected worker that evaluates every alert every few seconds.

A round records what fires before it sends, and what was sent after that: killed anywhere in between, the next owner
finds it fired and not notified, and sends again under the same id. One worker of the group does it, the one that has
partition 0; two at once, as when partitions move, do no harm. Whatever fails here, counting goes on.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from clickhouse_connect.driver import Client

from schemas.campaign import AnyAlert, Campaign, Hijack, Pace
from streams import clickhouse, metrics
from streams.alerts import episodes, gauges, history, judge, notify, series
from streams.alerts.episodes import Episode, Key
from streams.alerts.judge import Reading
from streams.alerts.measure import measure
from streams.alerts.rising import rising
from streams.campaigns import benchmarks
from streams.settings import Settings

EVERY_S = 5.0
_ROUNDS_A_PACE = 12
"""A projection moves slowly, and takes the whole launch: once a minute."""

_SENT_AT_ONCE = 8
_SAY_EVERY_S = 60.0

Send = Callable[[str, Episode], None]
"""Tells a recipient, or raises ``NotifyError``."""

log = structlog.get_logger()


class Evaluator:
    """Rounds, one after the other, of the campaigns that have alerts."""

    def __init__(self, client: Client, campaigns: Sequence[Campaign], send: Send = notify.send) -> None:
        self._client = client
        self._campaigns = [campaign for campaign in campaigns if campaign.alerts]
        self._benchmarks = benchmarks(campaigns)
        self._send = send
        self._rounds = 0
        self._taken: set[tuple[str, str]] = set()

    def round(self) -> None:
        """Measure, judge, record, notify. The first one waits for no back-off. Raises the driver's errors."""
        found = history.read(self._client)
        readings = self._readings(found.now.timestamp())
        changed = list(episodes.changes(self._campaigns, readings, found))
        if changed:
            history.record(self._client, changed)
            found = history.read(self._client)  # also what another worker has recorded meanwhile
        gauges.show(self._campaigns, readings, found)
        for change in changed:
            alert_id = episodes.id_of(change.campaign, change.alert, change.ordinal)
            log.info("alert", alert=alert_id, transition=change.transition, message=change.message)
        self._notify(list(episodes.due(self._campaigns, found, patient=self._rounds > 0)))
        self._rounds += 1

    def _readings(self, now_s: float) -> dict[Key, Reading]:
        judged = list(self._judged_now())
        asked = {
            (campaign.name, alert.name): series.wanted(campaign, alert, now_s, self._benchmarks.get(campaign.name))
            for campaign, alert in judged
            if not isinstance(alert, Hijack)
        }
        counts = measure(self._client, [one for parts in asked.values() for one in parts.values()])
        hijacks = [(campaign, alert) for campaign, alert in judged if isinstance(alert, Hijack)]
        new = rising(self._client, hijacks, now_s)
        readings = {}
        for campaign, alert in judged:
            key = campaign.name, alert.name
            if isinstance(alert, Hijack):
                readings[key] = judge.judge_hijack(campaign, alert, new[key])
            else:
                readings[key] = judge.judge(campaign, alert, asked[key], counts, now_s)
        return readings

    def _judged_now(self) -> Iterator[tuple[Campaign, AnyAlert]]:
        for campaign in self._campaigns:
            for alert in campaign.alerts:
                if not isinstance(alert, Pace) or self._rounds % _ROUNDS_A_PACE == 0:
                    yield campaign, alert

    def _notify(self, due: Sequence[tuple[Episode, str]]) -> None:
        """Send all at once: a service that hangs keeps no other waiting. Each is recorded when it is done.

        What was sent and could not be recorded is not sent again by this process.
        """
        if due:
            with ThreadPoolExecutor(_SENT_AT_ONCE, thread_name_prefix="notify") as pool:
                sent = [(episode, recipient, pool.submit(self._tell, recipient, episode)) for episode, recipient in due]
                for episode, recipient, future in sent:
                    failed = future.exception()
                    if failed is not None and not isinstance(failed, notify.NotifyError):
                        raise failed
                    self._record(episode, recipient, failed)

    def _tell(self, recipient: str, episode: Episode) -> None:
        if (recipient, episode.alert_id) not in self._taken:
            self._send(recipient, episode)
            self._taken.add((recipient, episode.alert_id))

    def _record(self, episode: Episode, recipient: str, failed: notify.NotifyError | None) -> None:
        history.record_sending(self._client, episode, recipient, None if failed is None else str(failed))
        metrics.NOTIFICATIONS.labels("taken" if failed is None else "failed").inc()
        if failed is not None:
            log.warning("alert not taken, and sent again later", alert=episode.alert_id, error=str(failed))


def start(settings: Settings, campaigns: Sequence[Campaign], is_ours: Callable[[], bool]) -> None:
    """Begin the thread, which lives as long as the process; ``is_ours`` tells, each time, whether it is to evaluate.

    Without any alert it ends after one round, which resolves what no file declares any more.
    """
    try:
        notify.check([recipient for campaign in campaigns for alert in campaign.alerts for recipient in alert.notify])
    except notify.NotifyError as error:
        log.warning(str(error))
    threading.Thread(target=_run, args=(settings, campaigns, is_ours), name="alerts", daemon=True).start()


def _run(settings: Settings, campaigns: Sequence[Campaign], is_ours: Callable[[], bool]) -> None:
    pause, evaluator, said_s, took_s = threading.Event(), None, -_SAY_EVERY_S, 0.0
    # Measuring takes no more than half of the time, however much there is to be measured.
    while not pause.wait(max(EVERY_S - took_s, took_s)):
        begun_s = time.monotonic()
        try:
            if is_ours():
                evaluator = evaluator or Evaluator(history.connect(settings), campaigns)
                evaluator.round()
                if not any(campaign.alerts for campaign in campaigns):
                    return
            elif evaluator is not None:
                evaluator = None  # what it takes over again, it looks at anew
                gauges.forget(campaigns)
        except Exception as error:  # noqa: BLE001 - whatever it is, counting goes on
            if begun_s - said_s >= _SAY_EVERY_S:
                said_s = begun_s
                log.warning("alerts were not evaluated, and are soon again", error=clickhouse.reason(error))
        took_s = time.monotonic() - begun_s
