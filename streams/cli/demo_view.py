"""What the demo looks like in a terminal. Pure: counts in, a Rich renderable out."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.align import Align
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.event import WINDOW_S
from streams.cli.demo import MENTIONS, Counts
from streams.top import Ranked

# Okabe and Ito's colours: told apart by colour-blind people too.
_ORANGE, _BLUE, _GREEN, _PURPLE = "#E69F00", "#56B4E9", "#009E73", "#CC79A7"
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_CHART_ROWS = 4


def render(counts: Counts, sent: int, elapsed_s: float, duration_s: float, addresses: dict[str, str]) -> RenderableType:
    """The whole screen: the numbers that a launch team asks for first, then where they come from."""
    layout = Layout()
    layout.split_column(
        Layout(_headline(counts, elapsed_s, duration_s), size=_CHART_ROWS + 7),
        Layout(name="rankings"),
        Layout(_pipeline(counts, sent, addresses), size=4 + len(addresses)),
    )
    layout["rankings"].split_row(
        Layout(_platforms(counts)),
        Layout(_ranking("Top hashtags, by posts", counts.hashtags, _BLUE)),
        Layout(_ranking("Top emojis, by posts", counts.emojis, _PURPLE)),
    )
    return layout


def _headline(counts: Counts, elapsed_s: float, duration_s: float) -> Panel:
    grid = Table.grid(expand=True)
    for _ in range(4):
        grid.add_column(justify="center", ratio=1)
    grid.add_row(
        _figure(_sum(counts, MENTIONS), "mentions", _ORANGE),
        _figure(_velocity(counts), "mentions a minute", _BLUE),
        _figure(_sum(counts, ("like",)), "likes", _PURPLE),
        _figure(_sum(counts, ("share",)), "shares", _GREEN),
    )
    legend = Text("mentions by 10 s of event time; the last bar is still filling", style="dim")
    body = Group(grid, Text(), Align.center(_chart([quantity for _, quantity in counts.series])), Align.center(legend))
    played = min(elapsed_s, duration_s)
    title = f"[bold]#ENDviolence · #FriendshipDay[/] [dim]a played launch, {played:.0f} of {duration_s:.0f} s[/]"
    return Panel(body, title=title, border_style=_ORANGE)


def _figure(value: int, unit: str, colour: str) -> Text:
    return Text.assemble((f"{value:,}", f"bold {colour}"), "\n", (unit, "dim"), justify="center")


def _sum(counts: Counts, types: Iterable[str]) -> int:
    wanted = set(types)
    return sum(quantity for (_, event_type), quantity in counts.by_kind.items() if event_type in wanted)


def _velocity(counts: Counts) -> int:
    """Mentions a minute, by the newest window that is over."""
    whole = counts.series[:-1]
    return whole[-1][1] * (60 // WINDOW_S) if whole else 0


def _chart(values: Sequence[int]) -> Text:
    """Columns of ``_CHART_ROWS`` rows; the last one, still filling, is drawn pale."""
    most = max(values, default=0)
    heights = [round(max(0, value) / most * _CHART_ROWS * 8) if most else 0 for value in values]
    chart = Text()
    for row in reversed(range(_CHART_ROWS)):
        for index, height in enumerate(heights):
            style = f"dim {_BLUE}" if index == len(heights) - 1 else _BLUE
            chart.append(_EIGHTHS[min(8, max(0, height - 8 * row))] * 2 + " ", style=style)
        chart.append("\n" if row else "")
    return chart


def _platforms(counts: Counts) -> Panel:
    by_platform: Counter[str] = Counter()
    for (source, event_type), quantity in counts.by_kind.items():
        if event_type in MENTIONS:
            by_platform[source] += quantity
    return _bars("Mentions by platform", by_platform.most_common(), _GREEN)


def _ranking(title: str, ranking: Sequence[Ranked], colour: str) -> Panel:
    return _bars(title, [(line.spelling, line.posts) for line in ranking], colour)


def _bars(title: str, lines: Sequence[tuple[str, int]], colour: str) -> Panel:
    if not lines:
        return Panel(Align.center(Text("nothing yet", style="dim"), vertical="middle"), title=title)
    most = max(value for _, value in lines)
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=2)
    table.add_column(justify="right")
    table.add_column(ratio=2)
    for name, value in lines:
        table.add_row(name, f"{value:,}", Bar(size=most, begin=0, end=value, color=colour))
    return Panel(table, title=title, border_style="dim")


def _pipeline(counts: Counts, sent: int, addresses: dict[str, str]) -> Panel:
    account = Text.assemble(
        (f"{sent:,}", "bold"), " sent to Kafka   ",
        (f"{counts.counted:,}", f"bold {_GREEN}"), " counted   ",
        (f"{counts.duplicates:,}", "bold"), " duplicates recognised   ",
        (f"{counts.dead:,}", "bold"), " dead letters   ",
        (f"{max(0, sent - counts.read):,}", "bold"), " waiting",
    )  # fmt: skip
    table = Table.grid(padding=(0, 2))
    for name, address in addresses.items():
        table.add_row(Text(name, style="dim"), Text(address))
    return Panel(Group(account, table), title="From Kafka to ClickHouse", border_style="dim")
