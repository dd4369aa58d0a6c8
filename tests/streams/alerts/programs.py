"""Debian's Prometheus and Alertmanager: real servers on free ports, for tests that need them."""

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import pytest

WAIT_S = 60
NAMES = ("prometheus", "promtool", "prometheus-alertmanager", "amtool")


def program(name: str) -> str:
    """The program's path: of the folder `PROMETHEUS_BIN`, else of `PATH`. Skips the test where there is none."""
    found = shutil.which(name, path=os.environ.get("PROMETHEUS_BIN") or None)
    if found is None:
        pytest.skip(f"{name} is not here: .ci/install-prometheus gets it")
    return found


def run(*command: str | Path) -> str:
    """What a program prints; it must succeed."""
    name, *arguments = map(str, command)
    done = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


class Server:
    """A program that serves HTTP; entered once its ``ready`` page answers."""

    def __init__(self, name: str, arguments: Sequence[str], ready: str, log: Path) -> None:
        self._command = [program(name), *arguments]
        self._ready = ready
        self._log = log

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline_s = time.monotonic() + WAIT_S
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline_s, self._log.read_text(encoding="utf-8")
            time.sleep(0.1)
        return self

    def _answers(self) -> bool:
        try:
            return httpx.get(self._ready, trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
