"""Episodes: what follows from readings and the recorded history: to fire, to resolve, whom to notify. Pure.

Everything is decided from what is recorded, so another worker, or this one after a crash, decides the same. Ids follow
from the history alone: two that fire one alert at once give it one id.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from msgspec import Struct

from schemas.campaign import AnyAlert, Campaign
from streams.alerts.judge import Reading

_FIRST_BACK_OFF_S = 5
_LONGEST_BACK_OFF_S = 3600

Key = tuple[str, str]
"""Campaign and alert."""


def id_of(campaign: str, alert: str, ordinal: int) -> str:
    """The id of an episode: the same for whoever comes to it."""
    return f"{campaign}/{alert}/{ordinal}"


class Sending(Struct, frozen=True):
    """How telling one recipient of an episode went: when it was taken, and how often and when last it failed."""

    taken: datetime | None = None
    failures: int = 0
    last_failure: datetime | None = None


class Episode(Struct, frozen=True):
    """One time that an alert held, as it is recorded; ``sendings`` by recipient."""

    campaign: str
    alert: str
    ordinal: int
    severity: str
    started: datetime
    message: str
    resolved: datetime | None = None
    acknowledged: datetime | None = None
    sendings: Mapping[str, Sending] = {}

    @property
    def key(self) -> Key:
        """Whose it is."""
        return self.campaign, self.alert

    @property
    def alert_id(self) -> str:
        """The id that every notification of it carries."""
        return id_of(self.campaign, self.alert, self.ordinal)


class Silenced(Struct, frozen=True):
    """A campaign (``alert`` is ``''``) or one of its alerts notifies nobody in ``[start, until)``."""

    campaign: str
    alert: str
    start: datetime
    until: datetime

    def covers(self, key: Key, moment: datetime) -> bool:
        """Whether an alert is silenced at a moment."""
        return self.campaign == key[0] and self.alert in ("", key[1]) and self.start <= moment < self.until


class History(Struct, frozen=True):
    """What is recorded, as of ``now``, ClickHouse's clock; episodes by their ordinals."""

    now: datetime
    episodes: Mapping[Key, Sequence[Episode]]
    silences: Sequence[Silenced]

    def current(self, key: Key) -> Episode | None:
        """The alert's episode that has not been resolved."""
        last = self.episodes.get(key, ())[-1:]
        return last[0] if last and last[0].resolved is None else None


class Change(Struct, frozen=True):
    """A transition to record: ``fired``, or ``resolved``, of an alert's episode."""

    campaign: str
    alert: str
    ordinal: int
    transition: str
    kind: str = ""
    severity: str = ""
    value: float = 0.0
    limit: float = 0.0
    message: str = ""


def changes(campaigns: Sequence[Campaign], readings: Mapping[Key, Reading], history: History) -> Iterator[Change]:
    """What readings change. Alerts without one stay as they are; those that no file declares any more are resolved."""
    declared = {(campaign.name, alert.name): alert for campaign in campaigns for alert in campaign.alerts}
    for key, reading in readings.items():
        current = history.current(key)
        if current is None and reading.holds:
            yield _fired(key, declared[key], reading, history)
        elif current is not None and reading.eased:
            yield Change(*key, current.ordinal, "resolved", message=reading.message)
    for key in history.episodes:
        current = history.current(key)
        if current is not None and key not in declared:
            yield Change(*key, current.ordinal, "resolved", message="No campaign file declares this alert any more.")


def _fired(key: Key, alert: AnyAlert, reading: Reading, history: History) -> Change:
    before = history.episodes.get(key, ())
    ordinal = before[-1].ordinal + 1 if before else 1
    kind = str(alert.__struct_config__.tag)
    return Change(*key, ordinal, "fired", kind, alert.severity, reading.value, reading.limit, reading.message)


def due(campaigns: Sequence[Campaign], history: History, *, patient: bool = True) -> Iterator[tuple[Episode, str]]:
    """Which recipients are to be told of which episodes now; ``patient`` waits between attempts that failed.

    An episode that nobody was to be told of while it lasted, for it was silenced or came too soon after another, is
    told of no more; any other is told of also when it is over.
    """
    for campaign in campaigns:
        for alert in campaign.alerts:
            episodes = history.episodes.get((campaign.name, alert.name), ())
            for episode, first in zip(episodes, to_be_told_at(episodes, alert, history.silences), strict=True):
                if first is None or first > history.now or episode.acknowledged is not None:
                    continue
                for recipient in dict.fromkeys(alert.notify):
                    sending = episode.sendings.get(recipient, Sending())
                    if sending.taken is None and not (patient and _must_wait(sending, history.now)):
                        yield episode, recipient


def to_be_told_at(
    episodes: Sequence[Episode], alert: AnyAlert, silences: Sequence[Silenced]
) -> Iterator[datetime | None]:
    """The first moment of each of an alert's episodes at which telling of it is wanted; None where there was none.

    It is no silence then, and not too soon after such a moment of an episode before. How sending went does not matter:
    after an outage of a service it is told of all that was wanted meanwhile.
    """
    earliest = datetime.min.replace(tzinfo=UTC)
    for episode in episodes:
        moment = max(episode.started, earliest)
        while over := [one.until for one in silences if one.covers(episode.key, moment)]:
            moment = max(over)
        if episode.resolved is not None and moment >= episode.resolved:
            yield None
        else:
            yield moment
            earliest = moment + timedelta(seconds=alert.at_most_every_s)


def _must_wait(sending: Sending, now: datetime) -> bool:
    if sending.last_failure is None:
        return False
    pause_s = min(_FIRST_BACK_OFF_S * 2 ** min(sending.failures - 1, 30), _LONGEST_BACK_OFF_S)
    return now < sending.last_failure + timedelta(seconds=pause_s)


def in_force(noted: Sequence[Silenced]) -> list[Silenced]:
    """Silences as they really lasted: one that was given later for the same campaign and alert replaces it."""
    ordered = sorted(noted, key=lambda one: (one.campaign, one.alert, one.start, one.until))
    found = []
    for one, later in zip_longest(ordered, ordered[1:]):
        replaced = later is not None and (later.campaign, later.alert) == (one.campaign, one.alert)
        until = min(one.until, later.start) if replaced and later is not None else one.until
        found.append(Silenced(one.campaign, one.alert, one.start, until))
    return found
