"""The formats that ``groundswell replay`` reads, each declared once."""

from importlib import import_module

from msgspec import Struct

from streams.errors import UsageError
from streams.sources.outcome import Convert


class Format(Struct, frozen=True):
    """A format of input lines. ``tables``: whether CSV and Parquet can hold it (one column a field)."""

    name: str
    summary: str
    tables: bool

    def converter(self) -> Convert:
        """Its ``convert``, of the module that has its name: loaded here, as what decodes takes long to load."""
        convert: Convert = import_module(f"streams.sources.{self.name}").convert
        return convert


EVENTS = Format("events", "Groundswell's own events (JSON lines, CSV or Parquet)", tables=True)
JETSTREAM = Format("jetstream", "frames of Bluesky's Jetstream, v1 or v2 (JSON lines)", tables=False)

FORMATS: dict[str, Format] = {one.name: one for one in (EVENTS, JETSTREAM)}


def named(name: str) -> Format:
    """The format of that name, or ``UsageError`` with the names there are."""
    if name not in FORMATS:
        raise UsageError(f"There is no format {name!r}: choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]
