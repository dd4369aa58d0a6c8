"""What campaign files declare and dashboards ask for, for ClickHouse to have it.

Launch windows, goals, bench-marks, hashtags: a *declaration* is all of it at once, of every campaign of a folder. Only
the latest one stands, so what has gone from the files has gone from the views.
"""

from msgspec import Struct

TABLE = "declaration"

_TIME = "DateTime64(3, 'UTC')"
_NAME = "LowCardinality(String)"


class Declared(Struct, frozen=True):
    """A row of table ``declaration`` but for its version; what a kind has no use for is empty."""

    campaign: str
    kind: str
    name: str
    of: str
    metric: str
    value: int
    start: float
    end: float


class View(Struct, frozen=True):
    """A view of the latest declaration: its columns, each with ClickHouse type and meaning."""

    name: str
    meaning: str
    columns: dict[str, tuple[str, str]]


LAUNCH_WINDOWS = View(
    "launch_windows",
    "The launch windows that campaign files declare.",
    {
        "campaign": (_NAME, "the campaign whose file declares it"),
        "name": ("String", "its name there"),
        "start": (_TIME, "when it begins"),
        "end": (_TIME, "when it is over: half-open"),
    },
)
GOALS = View(
    "goals",
    "The goals that campaign files declare.",
    {
        "campaign": (_NAME, "the campaign whose file declares it"),
        "name": ("String", "its name there"),
        "metric": (_NAME, "what is counted, as docs/metrics.md defines it"),
        "value": ("UInt64", "how many are wanted"),
        "since": (f"Nullable({_TIME})", "from when on it counts, NULL where that is the campaign's first event"),
        "by": (_TIME, "until when: half-open"),
    },
)
BENCHMARKS = View(
    "benchmarks",
    "The earlier launch window that a campaign file names to compare with.",
    {
        "campaign": (_NAME, "the campaign whose file names it"),
        "of": (_NAME, "the campaign that had the window"),
        "name": ("String", "the window's name"),
        "start": (_TIME, "when it began"),
        "end": (_TIME, "when it was over: half-open"),
    },
)
CAMPAIGN_HASHTAGS = View(
    "campaign_hashtags",
    "The hashtags by which an event belongs to a campaign.",
    {
        "campaign": (_NAME, "the campaign whose file names it"),
        "pattern": ("String", "as `token` has it, for LIKE: `%` where the file has `*`"),
    },
)
VIEWS = (LAUNCH_WINDOWS, GOALS, BENCHMARKS, CAMPAIGN_HASHTAGS)
