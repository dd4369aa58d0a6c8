"""What a panel is: the question that it answers, its definition in words, its unit, its query and its looks."""

from typing import Literal

from msgspec import Struct

# Okabe and Ito's palette: told apart with every common kind of colour blindness.
SKY_BLUE = "#56B4E9"
ORANGE = "#E69F00"
BLUISH_GREEN = "#009E73"
VERMILLION = "#D55E00"
GREY = "#999999"

Unit = Literal["posts", "events", "events per minute", "records", "seconds", "share"]
Drawing = Literal["numbers", "tiles", "bars", "series"]
"""``numbers``: one row, a number for each column. ``tiles``, ``bars``: a row each, its name in the first column.
``series``: over the column ``time``."""


class Column(Struct, frozen=True):
    """A measure of a query: its name there, which is also what people read."""

    name: str
    unit: Unit
    colour: str = SKY_BLUE
    limits: tuple[tuple[float | None, str], ...] = ()
    """From this value on (None: from below) this colour, rising; empty: always ``colour``."""
    look: Literal["bar", "faint bar", "dashed line"] = "bar"
    empty: str | None = None
    """What stands there for NULL."""


class Panel(Struct, frozen=True):
    """What a panel says and how; ``width`` of the dashboard's 24 columns, ``height`` in its rows."""

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
