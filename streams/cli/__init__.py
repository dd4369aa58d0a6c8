"""The command line, ``groundswell``: it reads arguments and prints; what it does is elsewhere."""

import os
import signal
import sys

from streams.cli.commands import app
from streams.errors import GroundswellError, UsageError

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


def main() -> None:
    """Run the command line; exits 0 done, 1 failed (one sentence on stderr), 2 wrong usage, 130 interrupted."""
    try:
        app()
    except UsageError as error:
        sys.exit(_say(error, WRONG_USAGE))
    except GroundswellError as error:
        sys.exit(_say(error, FAILED))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe has gone (`groundswell query … | head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


def _say(error: Exception, code: int) -> int:
    sys.stderr.write(f"groundswell: {error}\n")
    return code
