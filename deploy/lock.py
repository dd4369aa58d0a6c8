"""One owner at a time for a folder of data."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.errors import GroundswellError


class FolderLock:
    """Holds ``folder`` (made when missing) for this process, and for every child that inherits ``fd``.

    The kernel lets go when the last holder has ended, however it ended, so a lock is never left behind.
    ``what`` names the owner in the error of a second one, and ``advice`` tells that one what to do instead.
    """

    def __init__(self, folder: Path, what: str, advice: str) -> None:
        self._path = folder / ".lock"
        self._what = what
        self._advice = advice
        self.fd = -1

    def __enter__(self) -> Self:
        """Takes the lock; raises ``GroundswellError`` when another process holds it or the folder is not ours."""
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise GroundswellError(
                f"The folder {folder} cannot be used ({error.strerror}): "
                "give this user the right to write there, or choose another one with GROUNDSWELL_DATA_DIR."
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(fd, 32, 0).decode().strip()
            os.close(fd)
            raise GroundswellError(
                f"{folder} is in use by {self._what} (process {owner or 'unknown'}): {self._advice}."
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        self.fd = fd
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.fd)
        self.fd = -1
