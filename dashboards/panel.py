"""What a panel, a mark and a dashboard are, whoever draws them."""

from typing import Literal

from msgspec import Struct

# Okabe and Ito's palette: told apart with every common kind of colour blindness.
SKY_BLUE = "#56B4E9"
ORANGE = "#E69F00"
BLUISH_GREEN = "#009E73"
VERMILLION = "#D55E00"
BLUE = "#0072B2"
PURPLE = "#CC79A7"
GREY = "#999999"

Unit = Literal[
    "posts", "events", "events per minute", "records", "records per second", "rows per second", "seconds", "share",
    "authors", "followers", "impressions", "score", "times", "bytes", "text", "time",
]  # fmt: skip
"""``text`` and ``time`` (an instant) are of a table's columns only."""

Drawing = Literal["numbers", "tiles", "bars", "series", "table", "map"]
"""``numbers``: one row, a number for each column. ``tiles``, ``bars``: a row each, its name in the first column.
``series``: over the column ``time``. ``table``: as it comes. ``map``: a row for each country, its ISO 3166-1 code in
the first column."""


class Column(Struct, frozen=True):
    """A measure of a query: its name there, which is also what people read.

    ``promql``: its query, where the panel asks Prometheus.
    """

    name: str
    unit: Unit
    colour: str = SKY_BLUE
    limits: tuple[tuple[float | None, str], ...] = ()
    """From this value on (None: from below) this colour, rising; empty: always ``colour``."""
    look: Literal["bar", "faint bar", "dashed line", "line"] = "bar"
    empty: str | None = None
    """What stands there for NULL."""
    promql: str = ""


class Panel(Struct, frozen=True):
    """What a panel says and how; ``width`` of the dashboard's 24 columns, ``height`` in its rows.

    ``query`` is of ClickHouse, with the parameters of ``dashboards.variables``; empty where Prometheus is asked. All
    its columns but the first, which names the row or its time, are declared; of ``numbers`` all.
    """

    title: str
    question: str
    definition: str
    columns: tuple[Column, ...]
    query: str
    drawing: Drawing
    empty: str
    width: int
    height: int

    @property
    def unit(self) -> Unit:
        """The unit of the first column, which the panel is about."""
        return self.columns[0].unit


class Mark(Struct, frozen=True):
    """What is marked in everything that is drawn over time.

    ``query`` gives a row each: ``time``, ``time_end`` (of a region; else NULL), ``title``, ``text``.
    """

    name: str
    meaning: str
    query: str
    colour: str


class Dashboard(Struct, frozen=True):
    """Panels from left to right and top to bottom, each row of panels 24 columns wide.

    ``since``: the beginning of the time range that is shown at first, as ``now-1h``; ``granularity_s`` likewise.
    ``refresh``: how often it asks anew, ``""`` for never. ``marks``: what is marked in it.
    """

    name: str
    title: str
    meaning: str
    panels: tuple[Panel, ...]
    since: str = "now-1h"
    granularity_s: int = 60
    refresh: str = "30s"
    marks: tuple[Mark, ...] = ()
