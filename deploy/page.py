"""The live page as a child process of `groundswell up`: counting goes on whatever becomes of it."""

import contextlib
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.children import Child
from deploy.ports import LOOPBACK
from deploy.supervisor import Seat, Supervisor
from deploy.workers import environment
from streams.listening import listen
from streams.settings import Settings

_COMMAND = (sys.executable, "-m", "dashboards.page")
_STOP_S = 5.0


class Page:
    """``start`` it once, and ``stop`` it, which is allowed at any time; ``progress`` as ``Supervisor`` has it.

    This process listens, and the page's inherits the socket: whoever comes while it starts, or is started again, waits
    a moment instead of being refused.
    """

    def __init__(self, settings: Settings, *, log: Path, progress: Callable[[str], None]) -> None:
        self._settings = settings
        self._log = log
        self._progress = progress
        self._socket: socket.socket | None = None
        self._supervisor: Supervisor | None = None
        self.url = ""

    def start(self) -> None:
        """Starts the page; its address answers from now on. Raises ``GroundswellError`` where no port can be had."""
        self._socket = listen(LOOPBACK, self._settings.web_port, "GROUNDSWELL_WEB_PORT")
        self.url = f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"
        number = self._socket.fileno()
        seat = Seat(
            "Live page",
            [*_COMMAND, str(number)],
            log=self._log,
            env=environment(self._settings),
            inherit=[number],
        )
        self._supervisor = Supervisor([seat], progress=self._progress, crashed=lambda _: None)
        self._supervisor.start()

    def check(self) -> None:
        """Raises ``GroundswellError`` with the page's words when it refuses to go on."""
        if self._supervisor is not None:
            self._supervisor.check()

    def running(self) -> dict[str, Child]:
        """The page's process by its name, while it runs."""
        return {} if self._supervisor is None else self._supervisor.running()

    def stop(self) -> None:
        """Ends it."""
        with contextlib.ExitStack() as last:
            if self._socket is not None:
                last.enter_context(self._socket)
            if self._supervisor is not None:
                self._supervisor.stop(_STOP_S)
