"""All numbers of a choice: each panel's query, asked once; and the campaigns that can be chosen."""

import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from dashboards.page import choice as choices
from dashboards.page.choice import Choice, Known, Window
from dashboards.page.source import RefusedError, Source
from dashboards.panel import Mark, Panel
from dashboards.variables import CAMPAIGN
from schemas.counters import DATABASE, EVERY_CAMPAIGN
from streams import campaigns
from streams.settings import Settings

_LISTED_EVERY_S = 15.0
_DAY_S = 24 * 3600
_EVERYTHING = "Everything"

_WINDOWS = f"""
SELECT campaign, name, toUInt32(toUnixTimestamp(start)), toUInt32(toUnixTimestamp(end))
FROM {DATABASE}.launch_windows ORDER BY campaign, start
"""


class Drawn(Struct, frozen=True, omit_defaults=True):
    """What a panel shows: its rows, or why there are none."""

    columns: list[str] = []
    rows: Raw = Raw(b"[]")
    failed: str = ""


class Frame(Struct, frozen=True):
    """What a round of questions is about: as of ``at_s``, ``[from_s, to_s)``, all in seconds since the epoch."""

    at_s: float
    from_s: int
    to_s: int
    granularity_s: int
    choice: Choice
    campaigns: tuple[Known, ...]


class Numbers(Struct, frozen=True):
    """What a choice's viewers see, by the keys of panels and marks; of a long round, what is answered so far."""

    frame: Frame
    drawn: dict[str, Drawn]


class Asker:
    """Asks for the numbers of any choice, for all its viewers at once."""

    def __init__(self, settings: Settings, source: Source) -> None:
        self._settings = settings
        self._source = source
        self._known: tuple[Known, ...] = ()
        self._listed_s = -_LISTED_EVERY_S

    def frame(self, choice: Choice, now_s: float) -> Frame:
        """What the round of questions that begins ``now_s`` is about."""
        known = self.known(now_s)
        from_s, to_s = choices.span(choice, known, now_s)
        return Frame(now_s, from_s, to_s, choices.granularity_s(choice, to_s - from_s), choice, known)

    def drawn(self, what: Panel | Mark, frame: Frame) -> Drawn | None:
        """What a panel or a mark shows; None where ClickHouse does not answer."""
        parameters = {
            "from": str(frame.from_s),
            "to": str(frame.to_s),
            "campaign": frame.choice.campaign,
            "platforms": list(frame.choice.platforms),
            "granularity_s": frame.granularity_s,
        }
        try:
            answer = self._source.ask(what.query, parameters)
        except RefusedError as error:
            return Drawn(failed=f"ClickHouse refuses this panel's query ({error}): see its log.")
        return None if answer is None else Drawn(answer.columns, answer.rows)

    def known(self, now_s: float) -> tuple[Known, ...]:
        """Every event, the campaigns of the files here, those with launch windows and those counted since yesterday."""
        if not self._known or time.monotonic() - self._listed_s >= _LISTED_EVERY_S:
            self._known = self._listed(int(now_s))
            self._listed_s = time.monotonic()
        return self._known

    def _listed(self, now_s: int) -> tuple[Known, ...]:
        titles = {EVERY_CAMPAIGN: _EVERYTHING}
        titles |= {one.name: one.title for one in campaigns.check(self._settings.campaigns)[0]}
        windows: dict[str, list[Window]] = {}
        for name, window, start_s, end_s in self._rows(_WINDOWS, {}):
            windows.setdefault(name, []).append(Window(window, start_s, end_s))
        counted = [name for (name,) in self._rows(CAMPAIGN.query, {"from": str(now_s - _DAY_S), "to": str(now_s)})]
        names = dict.fromkeys([*titles, *windows, *counted])
        return tuple(Known(name, titles.get(name, name), tuple(windows.get(name, ()))) for name in names)

    def _rows(self, sql: str, parameters: Mapping[str, object]) -> list[Any]:
        try:
            answer = self._source.ask(sql, parameters)
        except RefusedError:
            return []
        rows: list[Any] = [] if answer is None else msgspec.json.decode(answer.rows)
        return rows


def key(what: Panel | Mark) -> str:
    """Its name on the page, in lower-case letters, digits and hyphens."""
    title = what.title if isinstance(what, Panel) else what.name
    return re.sub(r"[^a-z0-9]+", "-", title.lower())
