"""What a fault asks of the machine itself: small disks and shifted clocks. ``NotHere`` where it cannot be had."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

_FAKETIME = "faketime/libfaketimeMT.so.1"
_LIBRARIES = Path("/usr/lib")
_STEP_BYTES = 64 * 1024


class NotHere(Exception):  # noqa: N818 - no error, but a reason to skip
    """This machine cannot do what a fault needs; the message says in one line what it lacks."""


class Disk:
    """A small file system of its own, in memory; it behaves as a full disk does once ``fill`` has been called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, left_bytes: int = 0) -> None:
        """Take all room but ``left_bytes``; ENOSPC from then on."""
        with self._ballast.open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:  # until the system says that nothing is left
                ballast.write(b"\0" * _STEP_BYTES)
        os.truncate(self._ballast, max(0, self._ballast.stat().st_size - left_bytes))

    def free_up(self) -> None:
        """Give the room back."""
        self._ballast.unlink()


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a tmpfs of this size on ``folder``, which must not be in use any more when the block is left."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "faults", str(folder)]
    mounted = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if mounted.returncode:
        folder.rmdir()
        raise NotHere(f"a small disk cannot be mounted here ({mounted.stderr.strip()})")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def shifted_clock(offset: str) -> dict[str, str]:
    """Variables that make a process take the wall clock for ``offset`` (``+1d``, ``-2s``) other than it is.

    Monotonic time and the times of files stay true.
    """
    found = sorted(_LIBRARIES.glob(f"*/{_FAKETIME}"))
    if not found:
        raise NotHere("libfaketime is not installed (Debian: apt-get install libfaketime)")
    true = dict.fromkeys(("FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT", "FAKETIME_DISABLE_SHM"), "1")
    # Its mend for an old C library takes a newer one's monotonic waits for wrong ones, and a JVM spins then.
    return {"LD_PRELOAD": str(found[0]), "FAKETIME": offset, **true, "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
