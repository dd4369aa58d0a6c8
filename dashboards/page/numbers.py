"""All numbers of a choice: each panel's query, asked once; and the campaigns that can be chosen."""

import re
import time
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw, Struct

from dashboards.page import choice as choices
from dashboards.page.choice import Choice, Known
from dashboards.page.source import RefusedError, Source
from dashboards.panel import Panel
from dashboards.variables import CAMPAIGN
from schemas.counters import EVERY_CAMPAIGN
from streams import campaigns
from streams.settings import Settings

_LISTED_EVERY_S = 15.0
_EVERYTHING = "Everything"


class Drawn(Struct, frozen=True, omit_defaults=True):
    """What a panel shows: its rows, or why there are none."""

    columns: list[str] = []
    rows: Raw = Raw(b"[]")
    failed: str = ""


class Numbers(Struct, frozen=True):
    """What a choice's viewers see: as of ``at_s``, of ``[from_s, to_s)``, all in seconds since the epoch."""

    at_s: float
    from_s: int
    to_s: int
    granularity_s: int
    choice: Choice
    campaigns: tuple[Known, ...]
    panels: dict[str, Drawn]


class Asker:
    """Asks for the numbers of any choice, for all its viewers at once."""

    def __init__(self, settings: Settings, source: Source, panels: Sequence[Panel]) -> None:
        self._settings = settings
        self._source = source
        self._panels = panels
        self._known: tuple[Known, ...] = ()
        self._listed_s = -_LISTED_EVERY_S

    def numbers(self, choice: Choice, now_s: float) -> Numbers | None:
        """The numbers as of ``now_s``; None where ClickHouse does not answer."""
        known = self.known(now_s)
        from_s, to_s = choices.span(choice, known, now_s)
        step_s = choices.granularity_s(choice, to_s - from_s)
        parameters = {
            "from": str(from_s),
            "to": str(to_s),
            "campaign": choice.campaign,
            "platforms": list(choice.platforms),
            "granularity_s": step_s,
        }
        drawn: dict[str, Drawn] = {}
        for panel in self._panels:
            found = self._drawn(panel, parameters)
            if found is None:
                return None
            drawn[key(panel)] = found
        return Numbers(now_s, from_s, to_s, step_s, choice, known, drawn)

    def known(self, now_s: float) -> tuple[Known, ...]:
        """Every event, the campaigns that are declared in files here, and those counted in the last two days."""
        if not self._known or time.monotonic() - self._listed_s >= _LISTED_EVERY_S:
            self._known = self._listed(int(now_s))
            self._listed_s = time.monotonic()
        return self._known

    def _listed(self, now_s: int) -> tuple[Known, ...]:
        declared, _ = campaigns.check(self._settings.campaigns)
        found = {EVERY_CAMPAIGN: Known(EVERY_CAMPAIGN, _EVERYTHING)}
        for one in declared:
            windows = tuple(choices.window(window.name, window.start, window.end) for window in one.launch_windows)
            found[one.name] = Known(one.name, one.title, windows)
        for name in self._counted(now_s):
            found.setdefault(name, Known(name, name))
        return tuple(found.values())

    def _counted(self, now_s: int) -> list[str]:
        try:
            answer = self._source.ask(CAMPAIGN.query, {"from": str(now_s - 24 * 3600), "to": str(now_s)})
        except RefusedError:
            return []
        return [] if answer is None else [str(name) for (name,) in msgspec.json.decode(answer.rows)]

    def _drawn(self, panel: Panel, parameters: Mapping[str, object]) -> Drawn | None:
        try:
            answer = self._source.ask(panel.query, parameters)
        except RefusedError as error:
            return Drawn(failed=f"ClickHouse refuses this panel's query ({error}): see its log.")
        return None if answer is None else Drawn(answer.columns, answer.rows)


def key(panel: Panel) -> str:
    """The panel's name on the page, in lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", panel.title.lower())
