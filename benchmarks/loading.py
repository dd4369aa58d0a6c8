"""One load from its start to its last probe seen: the producer's process, the reader, and who used the processor."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue

from msgspec import Struct

from benchmarks import environments
from benchmarks.probes import Latency, Reader
from benchmarks.processes import FailedError, cpu_s, tree
from benchmarks.product import Running
from benchmarks.topic import Log
from deploy.children import dying_with_us
from streams import topics
from streams.settings import Settings

_PATIENCE_S = 180.0


class Plan(Struct, frozen=True):
    """Events a second, seconds before it is measured, seconds that it is, and the number of its first probe."""

    rate: int
    warm_up_s: float
    seconds: float
    first_probe: int


class Outcome(Struct, frozen=True):
    """Events a second that were acknowledged, and that came into the view meanwhile.

    ``behind`` is how many records were not there yet when it ended, ``cores`` how many each part kept busy.
    """

    reached: float
    counted: float
    behind: int
    latency: Latency
    cores: dict[str, float]


def run(topic: Log, settings: Settings, running: Running, plan: Plan) -> Outcome:
    """Send a load and read its probes; raises ``FailedError`` when it cannot be sent."""
    options = {
        "bootstrap": topic.broker.bootstrap,
        "partitions": topic.shape.partitions,
        "rate": plan.rate,
        "warm-up": plan.warm_up_s,
        "seconds": plan.seconds,
        "first": plan.first_probe,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = dying_with_us([sys.executable, "-m", "benchmarks.load", *words])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=environments.ROOT) as process:
        try:
            roots = {
                "workers": running.workers.pid,
                "ClickHouse": running.clickhouse.pid,
                "broker": topic.broker_pid,
            }
            return _Watch(process, plan, running, roots).outcome(lambda: records(topic, settings) - running.read())
        finally:
            process.kill()


class _Watch:
    """What the producer tells, line by line, and what follows from it."""

    def __init__(
        self, process: "subprocess.Popen[str]", plan: Plan, running: Running, roots: Mapping[str, int]
    ) -> None:
        self._process = process
        self._plan = plan
        self._running = running
        self._reader = Reader(running)
        self._roots = roots
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._measure_ns = self._end_ns = 0
        self._ended: tuple[int, float] | None = None
        self._used: list[tuple[float, int, dict[str, float]]] = []

    def outcome(self, behind: Callable[[], int]) -> Outcome:
        """Follow it to its end; ``behind`` is asked when the producer has ended."""
        threading.Thread(target=self._listen, daemon=True).start()
        while self._ended is None:
            self._turn()
            if self._process.poll() and self._lines.empty():
                raise FailedError(f"the producer ended with exit code {self._process.returncode}")
        left = behind()
        give_up_s = time.monotonic() + _PATIENCE_S
        while self._reader.outstanding and time.monotonic() < give_up_s:
            self._turn()
        acknowledged, producer_s = self._ended
        (begun_s, read_before, before), (ended_s, read, after) = self._used
        cores = {name: (after[name] - before[name]) / (ended_s - begun_s) for name in before}
        cores["producer"] = producer_s / self._plan.seconds
        latency = self._reader.latency(self._measure_ns, self._end_ns)
        counted = (read - read_before) / (ended_s - begun_s)
        return Outcome(acknowledged / self._plan.seconds, counted, left, latency, cores)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def _turn(self) -> None:
        while not self._lines.empty():
            self._hear(*self._lines.get().split())
        if len(self._used) < 2 and time.monotonic_ns() >= (self._measure_ns, self._end_ns)[len(self._used)] > 0:
            used = {name: cpu_s(tree(root)) for name, root in self._roots.items()}
            self._used.append((time.monotonic(), self._running.read(), used))
        self._reader.look()

    def _hear(self, word: str, *numbers: str) -> None:
        if word == "begin":
            self._measure_ns = int(numbers[0]) + int(self._plan.warm_up_s * 1e9)
            self._end_ns = self._measure_ns + int(self._plan.seconds * 1e9)
        elif word == "probe":
            self._reader.made(int(numbers[0]), int(numbers[1]))
        else:
            self._ended = int(numbers[0]), float(numbers[1])


def records(topic: Log, settings: Settings) -> int:
    """How many records the topic has."""
    with topics.admin(settings) as admin:
        return sum(bound.end for bound in topics.log_bounds(admin, topic.shape.partitions).values())
