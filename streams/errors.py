"""What a person is told when something cannot go on, and what a supervisor is."""

FAILED, WRONG_USAGE = 1, 2
"""Exit codes of commands: of ``GroundswellError`` and ``UsageError``."""

CRASHED = 3
"""Exit code of a worker that ended by a fault, or found a server away: its supervisor starts it again."""


class GroundswellError(Exception):
    """A failure that a person can mend.

    Its text is one clear sentence that says what is wrong and what to do next; the command line prints it on
    stderr, without a traceback, and exits with 1.
    """


class UnreachableError(GroundswellError):
    """A server does not answer now; the same call may succeed later."""


class UsageError(GroundswellError):
    """A wrong call: the command line exits with 2."""
