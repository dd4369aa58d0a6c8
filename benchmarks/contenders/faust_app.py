"""What both Faust contenders share: an app and a worker that keep their web server to a free port of this machine."""

import socket

import faust

from benchmarks.contenders.protocol import Task


def application(given: Task) -> faust.App:
    """An app with Faust's own defaults, but for its folder, which would be one of the current folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return faust.App(
        given.group,
        broker=f"kafka://{given.bootstrap}",
        datadir=given.out / "faust",
        web_enabled=False,
        web_host="127.0.0.1",
        web_port=port,
    )


def run(app: faust.App) -> None:
    """Run one worker."""
    faust.Worker(app, loglevel="WARNING").execute_from_commandline()
