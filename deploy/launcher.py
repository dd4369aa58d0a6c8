"""Becomes another program that dies with the process that started it: ``launcher.py PARENT_PID PROGRAM ARGUMENT…``.

A fresh interpreter sets this up rather than code between fork and exec, because that is unsafe when the parent has
threads. It runs on its own, isolated, and imports nothing of the project, so that it costs some 20 ms.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ties this process to its parent, then turns into the program."""
    parent, *command = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    # SIGKILL, because no engine may outlive `up` by hanging in its own shutdown; all of them recover from it.
    if libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL)) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != int(parent):
        sys.exit("the parent ended first")
    os.execvp(command[0], command)  # noqa: S606  the program is named by our own code


if __name__ == "__main__":
    main()
