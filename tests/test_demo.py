"""The demo as a newcomer runs it: a launch played and counted, in a pipe and on a terminal."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.ports import is_free
from deploy.workers import environment
from streams.settings import Settings
from tests.stack_fixture import COMMAND, PATIENCE_S, Running, groundswell, stack_settings, wait_until

pytestmark = pytest.mark.stack

# The terminal of a session of its own, as a shell gives one: its Ctrl-C goes to whoever runs in the foreground.
ON_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
ROWS, COLUMNS = 40, 120
CTRL_C = b"\x03"
CONTROL_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-B])")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return stack_settings(tmp_path)


def test_demo_ends_after_its_duration_with_totals_that_equal_what_was_played(settings: Settings) -> None:
    output = settings.data_dir.with_name("demo.log")
    with Running(settings, "demo", "--duration", "8s", "--exit", "--json", output=output) as running:
        wait_until(lambda: "ClickHouse answers" in running.said() or running.process.poll() is not None, "it is up")
        second = groundswell(settings, "demo", "--duration", "8s", "--exit")
        assert second.returncode == 1
        assert re.fullmatch(r"groundswell: \S+ is in use by another `groundswell demo` [^\n]+\n", second.stderr)
        assert running.process.wait(PATIENCE_S) == 0, running.said()
        assert "Traceback" not in running.said()
        totals = json.loads(next(line for line in running.said().splitlines() if line.startswith("{")))
    assert totals["sent"] == totals["read"] == totals["events"] + totals["duplicates"] > 0
    assert totals["counted"] == totals["events"]
    assert (totals["dead_letters"], totals["markers"], totals["differences"]) == (0, 0, 0)
    assert ports_are_free(settings)


NUMBERS = (
    r"[1-9][\d,]* counted .*[1-9][\d,]* duplicates recognised",
    r"ENDviolence +[1-9]",
    r"💜 +[1-9]",
    r"(bluesky|tiktok|instagram|x) +[1-9][\d,]* +█",
)


class Terminal:
    """A terminal in which a program runs, and all that it has shown on it."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        # Rich believes these variables before it asks the terminal, and a test runner may set them.
        size = {"COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        env = {**os.environ, **environment(settings), **size, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", ON_ITS_TERMINAL, *COMMAND, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            start_new_session=True,
        )
        os.close(slave)
        self._shown = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        try:
            while True:
                self._shown += os.read(self._master, 65_536)
        except OSError:
            return  # nobody holds the terminal any more

    def text(self) -> str:
        """All that it has shown, without colours and cursor movements."""
        return CONTROL_SEQUENCES.sub("", self._shown.decode("utf-8", "replace"))

    def draws(self, patterns: tuple[str, ...]) -> bool:
        """Whether all of these were shown."""
        text = self.text()
        return all(re.search(pattern, text) for pattern in patterns)

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE_S)
        os.close(self._master)


@contextmanager
def terminal(settings: Settings, *arguments: str) -> Iterator[Terminal]:
    made = Terminal(settings, *arguments)
    try:
        yield made
    finally:
        made.close()


def test_demo_on_a_terminal_draws_the_numbers_and_ctrl_c_ends_it_with_the_summary(settings: Settings) -> None:
    with terminal(settings, "demo", "--duration", "60s") as screen:
        wait_until(lambda: screen.draws(NUMBERS) or screen.process.poll() is not None, "the numbers are drawn")
        assert screen.draws(NUMBERS), screen.text()[-4000:]
        for word in ("mentions", "likes", "shares", "by platform", "Top hashtags", "Top emojis"):
            assert word in screen.text(), word
        for address in (settings.kafka_bootstrap, settings.clickhouse_url, f":{settings.metrics_port}/metrics"):
            assert address in screen.text()
        screen.type(CTRL_C)
        assert screen.process.wait(PATIENCE_S) == 0, screen.text()[-4000:]
        summary = (
            r"Sent [1-9][\d,]* records: ",
            r"Read [1-9][\d,]* = [1-9][\d,]* counted \+ [\d,]+ duplicates \+ 0 dead letters \+ 0 markers\.",
            r"Every one of [1-9][\d,]* totals equals what was played\.",
        )
        wait_until(lambda: screen.draws(summary), "the summary is shown")
        assert "Traceback" not in screen.text()
    assert ports_are_free(settings)


def ports_are_free(settings: Settings) -> bool:
    engines = (int(address.rsplit(":", 1)[1]) for address in (settings.kafka_bootstrap, settings.clickhouse_url))
    return all(is_free(port) for port in engines)
