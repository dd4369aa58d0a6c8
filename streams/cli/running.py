"""``up``, ``demo`` and ``page``: the commands that run servers."""

import os
import signal
import sys
import time
import webbrowser
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Self

import msgspec
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from streams import clickhouse, moments, settings
from streams.cli.demo import Counts, Player, demo_settings, differences, look, start_afresh, wait_until_counted
from streams.cli.demo_view import render
from streams.errors import GroundswellError
from streams.listening import listen

if TYPE_CHECKING:
    from deploy.stack import Stack

_LOOK_EVERY_S = 0.5
_PLAIN_EVERY_S = 5.0
_MOST_DIFFERENCES = 20

Workers = Annotated[int, typer.Option(min=0, max=256, help="Worker processes; 0 for none.")]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open the live page in the browser, on a terminal.")]


def up(workers: Workers = 1, *, open_page: Open = True) -> None:
    """Run everything on this machine: Kafka, ClickHouse, workers, a live page. Ctrl-C stops it; the next `up` goes on.

    Nothing needs to be installed before. The first start fetches Kafka (about 120 MB).
    """
    from deploy.stack import Stack  # noqa: PLC0415 - of the extra `embedded`

    _stop_on_sigterm()
    console = Console(stderr=True)
    try:
        with Stack(settings.load(), workers=workers, progress=lambda line: console.print(line, style="dim")) as stack:
            show(stack.addresses())
            if open_page:
                _open(stack.addresses()["Live page"])
            stack.wait()
    except KeyboardInterrupt:
        console.print("Stopped; the next `groundswell up` goes on with the same data.", style="dim")


def page(
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 lets every machine that reaches this one look.")
    ] = ("127.0.0.1"),
) -> None:
    """Serve the live page alone, for the configured ClickHouse and Kafka; `up` has one of its own.

    It reads and never writes, and asks nobody who they are: for people outside, put it behind a proxy that does.
    """
    from dashboards.page.server import serve  # noqa: PLC0415 - of the extra `page`
    from deploy.ports import LOOPBACK  # noqa: PLC0415 - needed only here

    chosen = settings.load()
    with listen(host, chosen.web_port, "--host and GROUNDSWELL_WEB_PORT") as listening:
        show({"Live page": f"http://{host}:{listening.getsockname()[1]}"})
        serve(chosen, listening, local=host == LOOPBACK)


def _open(url: str) -> None:
    """Show a page to whoever sits at a terminal with a screen around it; a browser for text would take the terminal."""
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.stdout.isatty() and screen and "CI" not in os.environ:
        webbrowser.open(url)


def _stop_on_sigterm() -> None:
    """Take SIGTERM for Ctrl-C: the parts are stopped in order, and nothing is left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def show(addresses: dict[str, str]) -> None:
    """Print what listens where."""
    table = Table(title="Groundswell is up. Ctrl-C stops it; nothing is lost.", title_justify="left", show_header=False)
    for name, address in addresses.items():
        table.add_row(name, address)
    Console(file=sys.stdout).print(table)


def demo(
    duration: Annotated[str, typer.Option(help="How long the launch is played: 60s, 5m.")] = "60s",
    leave: Annotated[bool, typer.Option("--exit", help="Stop after the duration, print a summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    *,
    open_page: Open = True,
) -> None:
    """Watch a launch being counted: runs everything, plays #ENDviolence + #FriendshipDay, and shows the counts live.

    It keeps a data folder of its own and begins afresh each time.
    """
    from deploy.stack import Stack  # noqa: PLC0415 - of the extra `embedded`

    _stop_on_sigterm()
    duration_s = moments.span(duration).total_seconds()
    chosen = demo_settings(settings.load())
    start_afresh(chosen)
    console = Console(stderr=True)
    with Stack(chosen, workers=1, progress=lambda line: console.print(line, style="dim")) as stack:
        if open_page:
            _open(stack.addresses()["Live page"] + "/?range=15m")
        _play(stack, chosen, duration_s, leave=leave, as_json=as_json)


def _play(stack: "Stack", chosen: settings.Settings, duration_s: float, *, leave: bool, as_json: bool) -> None:
    client = clickhouse.connect_read_only(chosen)
    player = Player(chosen, duration_s)
    started_s = time.monotonic()
    with Screen(stack.addresses(), duration_s) as screen:

        def show(counts: Counts) -> None:
            stack.check()
            screen.show(counts, player.sent, time.monotonic() - started_s)

        player.start()
        try:
            while player.playing:
                show(look(client))
                time.sleep(_LOOK_EVERY_S)
            if player.failure is None and not leave:
                while True:
                    show(look(client))
                    time.sleep(_LOOK_EVERY_S)
        except KeyboardInterrupt:
            player.stop()
        if player.failure is not None:
            raise player.failure
        counts = wait_until_counted(client, player.sent, show)
    _summary(counts, player, differences(client, player.truth), as_json=as_json)


class Screen:
    """The live view on a terminal; elsewhere a line every few seconds."""

    def __init__(self, addresses: dict[str, str], duration_s: float) -> None:
        self._addresses = addresses
        self._duration_s = duration_s
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, screen=True, auto_refresh=False) if self._console.is_terminal else None
        self._said_s = 0.0

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, counts: Counts, sent: int, elapsed_s: float) -> None:
        """Show what is counted by now."""
        if self._live:
            view = render(counts, sent, elapsed_s, self._duration_s, self._addresses)
            self._live.update(view, refresh=True)
        elif elapsed_s - self._said_s >= _PLAIN_EVERY_S:
            self._said_s = elapsed_s
            self._console.print(f"{elapsed_s:.0f} s: {sent:,} sent, {counts.read:,} read, {counts.counted:,} counted")


def _summary(counts: Counts, player: Player, wrong: list[str], *, as_json: bool) -> None:
    truth = player.truth
    totals = {
        "sent": player.sent,
        "events": truth.events,
        "read": counts.read,
        "counted": counts.counted,
        "duplicates": counts.duplicates,
        "dead_letters": counts.dead,
        "markers": counts.markers,
        "differences": len(wrong),
    }
    if as_json:
        sys.stdout.write(msgspec.json.encode(totals).decode() + "\n")
    else:
        sys.stdout.write(
            f"Sent {player.sent:,} records: {truth.events:,} events and {truth.duplicates:,} of them sent twice.\n"
            f"Read {counts.read:,} = {counts.counted:,} counted + {counts.duplicates:,} duplicates"
            f" + {counts.dead:,} dead letters + {counts.markers:,} markers.\n"
        )
        keys = len(truth.events_by) + len(truth.posts_by)
        if not wrong:
            sys.stdout.write(f"Every one of {keys:,} totals equals what was played.\n")
    if wrong or counts.read != player.sent or counts.counted != truth.events:
        for line in wrong[:_MOST_DIFFERENCES]:
            sys.stderr.write(line + "\n")
        raise GroundswellError(f"{len(wrong)} totals differ from what was played: this is a fault of ours, report it.")
