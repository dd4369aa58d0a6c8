"""The command line, ``groundswell``: it reads arguments and prints; what it does is elsewhere."""

import os
import sys

import structlog
from clickhouse_connect.driver.exceptions import ClickHouseError
from kafka.errors import KafkaError

from streams import clickhouse
from streams.cli.commands import app
from streams.errors import FAILED, WRONG_USAGE, GroundswellError, UsageError


def main() -> None:
    """Run the command line; exits 0 done, 1 failed (one sentence on stderr), 2 wrong usage, 130 interrupted."""
    code: str | int | None
    # Standard output is for answers; the log goes beside it, to whatever standard error is when a line is written.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    try:
        app(prog_name="groundswell")
        code = 0
    except UsageError as error:
        code = _say(error, WRONG_USAGE)
    except GroundswellError as error:
        code = _say(error, FAILED)
    except ClickHouseError as error:
        code = _say(f"ClickHouse failed ({clickhouse.reason(error)}): see its log, and try again.", FAILED)
    except KafkaError as error:
        code = _say(f"Kafka failed ({error}): see its log, and try again.", FAILED)
    except SystemExit as ended:
        code = ended.code
    sys.exit(code if _flushed() else FAILED)


def _say(sentence: object, code: int) -> int:
    sys.stderr.write(f"groundswell: {sentence}\n")
    return code


def _flushed() -> bool:
    """Whether all that was printed was taken: the reader of a pipe may have gone (`groundswell query … | head`)."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more when it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True
