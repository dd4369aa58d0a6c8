"""The formats that ``groundswell replay`` reads, each declared once."""

from msgspec import Struct

from streams.errors import UsageError
from streams.sources import events, jetstream
from streams.sources.outcome import Convert


class Format(Struct, frozen=True):
    """A format of input lines. ``tables``: whether CSV and Parquet can hold it (one column a field)."""

    name: str
    summary: str
    convert: Convert
    tables: bool


EVENTS = Format("events", "Groundswell's own events (JSON lines, CSV or Parquet)", events.convert, tables=True)
JETSTREAM = Format("jetstream", "frames of Bluesky's Jetstream, v1 or v2 (JSON lines)", jetstream.convert, tables=False)

FORMATS: dict[str, Format] = {one.name: one for one in (EVENTS, JETSTREAM)}


def named(name: str) -> Format:
    """The format of that name, or ``UsageError`` with the names there are."""
    if name not in FORMATS:
        raise UsageError(f"There is no format {name!r}: choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]
