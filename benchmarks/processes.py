"""A contender as a process: run to its end, with its time, processor time and memory up to the word ``counted``."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from benchmarks.contenders.protocol import COUNTED
from deploy.children import dying_with_us

_LOOK_EVERY_S = 0.1
_END_S = 120.0
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Usage(Struct, frozen=True):
    """What a contender and its children took, start-up included: seconds, processor seconds, bytes resident at most.

    ``broker_cpu_s`` is what the broker took in that time.
    """

    wall_s: float
    cpu_s: float
    broker_cpu_s: float
    peak_bytes: int


class FailedError(Exception):
    """A contender that did not say ``counted`` in time, or did not end well."""


def measure(command: Sequence[str], *, env: Mapping[str, str], log: Path, broker: int, timeout_s: float) -> Usage:
    """Run ``command`` to its end; what it prints goes to ``log``, and ``broker`` is the broker's process id.

    Raises ``FailedError``; nothing that was started is left then, nor when this process is killed.
    """
    with log.open("wb") as output:
        broker_before_s = cpu_s([broker])
        started_s = time.monotonic()
        process = subprocess.Popen(
            dying_with_us(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            env={**os.environ, **env},
            start_new_session=True,
        )
        said = threading.Event()
        reader = threading.Thread(target=_listen, args=(process, output, said), daemon=True)
        reader.start()
        try:
            peak_bytes = _watch(process, said, timeout_s)
            wall_s = time.monotonic() - started_s
            usage = Usage(wall_s, cpu_s(tree(process.pid)), cpu_s([broker]) - broker_before_s, peak_bytes)
            if process.wait(_END_S) != 0:
                raise FailedError(f"ended with exit code {process.returncode} after it had counted")
        except subprocess.TimeoutExpired as error:
            raise FailedError(f"did not end within {_END_S:.0f} s after it had counted") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            reader.join()
        return usage


def _listen(process: "subprocess.Popen[bytes]", output: BinaryIO, said: threading.Event) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == COUNTED.encode():
            said.set()
        else:
            output.write(line)


def _watch(process: "subprocess.Popen[bytes]", said: threading.Event, timeout_s: float) -> int:
    """Wait for the word; returns the most bytes that were resident."""
    peak_bytes = 0
    give_up_s = time.monotonic() + timeout_s
    while not said.wait(_LOOK_EVERY_S):
        if process.poll() is not None and not said.wait(_LOOK_EVERY_S):
            raise FailedError(f"ended with exit code {process.returncode} before it had counted")
        if time.monotonic() > give_up_s:
            raise FailedError(f"had not counted all after {timeout_s:.0f} s")
        peak_bytes = max(peak_bytes, _resident_bytes(tree(process.pid)))
    return max(peak_bytes, _resident_bytes(tree(process.pid)))


def tree(root: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` from the process's state on; none when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def cpu_s(pids: Iterable[int]) -> float:
    """Processor seconds of these, and of their children that have ended."""
    return sum(int(ticks) for pid in pids for ticks in _stat(pid)[11:15]) / _TICKS_A_SECOND


def _resident_bytes(pids: Iterable[int]) -> int:
    return sum(int(fields[21]) for pid in pids if (fields := _stat(pid))) * _PAGE_BYTES
