"""Workers are supervised: started again when they fall, believed when they refuse, and measured as one.

What is supervised here is a small program in the worker's place, so that it can be made to fall or refuse.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.ports import free_port
from deploy.workers import Workers, environment
from streams.errors import GroundswellError
from streams.settings import load
from tests.stack_fixture import eventually

COUNTING = """
import time
from prometheus_client import Counter, Gauge
Counter("test_starts_total", "Starts").inc()
Gauge("test_alive", "Alive", multiprocess_mode="livesum").set(1)
print("up", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def supervised(
    folder: Path, code: str, count: int, monkeypatch: pytest.MonkeyPatch, port: int | None = None
) -> Iterator[tuple[Workers, list[str]]]:
    """``count`` workers that run ``code``, and the lines that the user is given."""
    monkeypatch.setattr("deploy.workers._COMMAND", (sys.executable, "-c", code))
    (folder / "metrics").mkdir()
    lines: list[str] = []
    settings = load(metrics_port=port or free_port())
    workers = Workers(count, settings, metrics_folder=folder / "metrics", logs=folder / "logs", progress=lines.append)
    try:
        workers.start()
        yield workers, lines
    finally:
        workers.stop()


def check_until_it_raises(workers: Workers) -> None:
    for _ in range(600):
        workers.check()
        time.sleep(0.1)


def metric(workers: Workers, name: str) -> float | None:
    """The value of a metric without labels on the page of all workers; None when it is not there."""
    with urllib.request.urlopen(workers.metrics_url) as page:
        lines = page.read().decode().splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{name} ")), None)


def test_killed_worker_is_started_again_and_the_metrics_are_those_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with supervised(tmp_path, COUNTING, 2, monkeypatch) as (workers, lines):
        assert eventually(lambda: metric(workers, "test_starts_total") == 2)
        killed = workers.running()["Worker 1"].pid
        kept = workers.running()["Worker 2"].pid
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: metric(workers, "test_starts_total") == 3)
        assert metric(workers, "test_alive") == 2
        assert workers.running()["Worker 1"].pid != killed
        assert workers.running()["Worker 2"].pid == kept
        workers.check()
    assert lines == ["Worker 1 ended with signal SIGKILL: started again in 0.5 s"]
    assert workers.running() == {}


def test_worker_that_falls_again_and_again_is_started_ever_more_slowly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with supervised(tmp_path, "raise SystemExit(3)", 1, monkeypatch) as (workers, lines):
        assert eventually(lambda: len(lines) >= 3)
        workers.check()
    assert lines[:3] == [f"Worker 1 ended with exit code 3: started again in {pause} s" for pause in ("0.5", "1", "2")]


def test_worker_that_refuses_ends_the_command_with_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import sys; print('loading'); sys.exit('groundswell: The topic is not ours: use another.')"
    with supervised(tmp_path, code, 2, monkeypatch) as (workers, lines):
        with pytest.raises(GroundswellError, match=r"^The topic is not ours: use another\.$"):
            check_until_it_raises(workers)
        assert lines == []


def test_workers_that_were_asked_to_end_stay_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with supervised(tmp_path, "", 2, monkeypatch) as (workers, lines):
        assert eventually(workers.ended)
        workers.check()
        assert workers.running() == {}
    assert lines == []


def test_metrics_move_on_from_a_port_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        with supervised(tmp_path, COUNTING, 1, monkeypatch, port) as (workers, _):
            assert eventually(lambda: metric(workers, "test_starts_total") == 1)
            assert workers.metrics_url != f"http://127.0.0.1:{port}/metrics"


def test_workers_get_the_settings_of_their_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(kafka_bootstrap="127.0.0.1:1", data_dir=tmp_path, flush_interval_s=0.25, archive="all")
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load() == settings


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_of_several_workers_ends_them_in_order_when_it_is_asked_to_end(number: signal.Signals) -> None:
    worker = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('flushed', flush=True)));"
        "print('up', flush=True); time.sleep(600)"
    )
    code = (
        "import sys; from deploy import workers; from streams.settings import load\n"
        f"workers._COMMAND = (sys.executable, '-c', {worker!r})\n"
        f"workers.run(load(metrics_port={free_port()}), 2)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        try:
            said = ""
            while said.count("up") < 2:
                said += command.stdout.readline()  # the workers share a pipe: a line may hold two of them
            command.send_signal(number)
            assert command.stdout.read().count("flushed") == 2
            command.wait(60)
        finally:
            command.kill()
    assert command.returncode == 0
