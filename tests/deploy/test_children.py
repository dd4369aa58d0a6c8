"""Children are started, noticed when they die, stopped by their own id, and never outlive their parent."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.children import Child
from deploy.ports import free_port
from streams.errors import GroundswellError
from tests.stack_fixture import alive, eventually

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]

ORDERLY = """
import signal, sys, time
def end(*_):
    print('asked', flush=True)
    time.sleep(1)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print('up', flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def running(child: Child) -> Iterator[Child]:
    try:
        child.start()
        yield child
    finally:
        child.stop(5)


def test_child_is_ready_when_the_check_says_so_and_writes_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    with running(Child("child", SLEEP, log=log)) as child:
        child.wait_ready(lambda: log.read_text() == "up\n", 60)
        assert child.exit_code() is None
        assert child.memory_bytes() > 1_000_000
    assert child.exit_code() == -signal.SIGTERM
    assert child.ending() == "signal SIGTERM"
    assert not alive(child.pid)


def test_child_leads_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    with running(Child("child", SLEEP, log=tmp_path / "log")) as child:
        assert os.getsid(child.pid) == child.pid != os.getsid(0)


def test_child_that_dies_early_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("from an earlier run\n")
    command = [sys.executable, "-c", "import sys; sys.exit('the reason')"]
    with (
        running(Child("Engine", command, log=log)) as child,
        pytest.raises(GroundswellError, match=r"^Engine ended before it was ready \(exit code 1\): the reason$"),
    ):
        child.wait_ready(lambda: False, 60)
    assert log.read_text().startswith("from an earlier run\n")


def test_child_says_nothing_of_what_an_earlier_run_wrote(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("from an earlier run\n")
    with running(Child("Engine", [sys.executable, "-c", ""], log=log)) as child:
        child.wait(60)
        assert child.last_words() == ""


def test_child_that_is_not_ready_in_time_is_an_error(tmp_path: Path) -> None:
    with (
        running(Child("Engine", SLEEP, log=tmp_path / "log")) as child,
        pytest.raises(GroundswellError, match="Engine did not answer within 0 s"),
    ):
        child.wait_ready(lambda: False, 0.1)


def test_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child("child", STUBBORN, log=log)
    child.start()
    child.wait_ready(lambda: log.read_text() == "up\n", 60)
    child.stop(0.2)
    assert child.exit_code() == -signal.SIGKILL


def test_child_is_asked_to_end_once_however_often_it_is_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(Child("child", [sys.executable, "-c", ORDERLY], log=log)) as child:
        child.wait_ready(lambda: log.read_text() == "up\n", 60)
        child.terminate()
        child.wait_ready(lambda: "asked" in log.read_text(), 60)
        child.terminate()
    assert child.exit_code() == 0
    assert log.read_text() == "up\nasked\n"


def test_child_that_was_never_started_may_be_stopped(tmp_path: Path) -> None:
    child = Child("child", SLEEP, log=tmp_path / "log")
    child.stop(1)
    assert child.exit_code() is None


def test_child_is_given_environment_and_open_files(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with socket.socket() as held:
        code = f"import os, socket; print(os.environ['GREETING'], socket.socket(fileno={held.fileno()}).type)"
        command = [sys.executable, "-c", code]
        with running(Child("child", command, log=log, env={"GREETING": "hello"}, inherit=[held.fileno()])) as child:
            assert child.wait(60) == 0
    assert log.read_text() == "hello 1\n"


def test_child_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    # The kernel's signal on a parent's death is tied to the forking thread: a child started from a passing thread
    # would die with that one.
    log = tmp_path / "log"
    child = Child("child", SLEEP, log=log)
    thread = threading.Thread(target=child.start)
    thread.start()
    thread.join()
    try:
        child.wait_ready(lambda: log.read_text() == "up\n", 60)
        assert child.wait(0.3) is None
    finally:
        child.stop(5)


@pytest.mark.parametrize("killed_by", [signal.SIGKILL, signal.SIGTERM])
def test_children_die_with_their_parent_however_it_dies(tmp_path: Path, killed_by: signal.Signals) -> None:
    code = (
        "import sys, time, pathlib; from deploy.children import Child\n"
        f"child = Child('child', {STUBBORN!r}, log=pathlib.Path({str(tmp_path / 'log')!r}))\n"
        "child.start(); print(child.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        try:
            assert eventually(lambda: (tmp_path / "log").read_text() == "up\n")
            assert alive(pid)
            parent.send_signal(killed_by)
            parent.wait(60)
            assert eventually(lambda: not alive(pid))
        finally:
            parent.kill()


def test_log_that_has_grown_large_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with running(Child("child", [sys.executable, "-c", "print('new')"], log=log)) as child:
        child.wait(60)
    assert log.read_text() == "new\n"
    assert (tmp_path / "log.1").stat().st_size == 17 * 1024 * 1024


def test_free_ports_are_below_those_of_outgoing_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    assert all(1024 < free_port() < max(lowest, 32_768) for _ in range(20))
