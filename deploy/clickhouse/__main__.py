"""``python -m deploy.clickhouse --data DIR --port PORT``."""

import argparse
import sys
from pathlib import Path

from deploy.clickhouse.engine import Engine
from deploy.clickhouse.server import serve
from streams import settings
from streams.errors import GroundswellError
from streams.migrate import migrate


def main() -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean end, 1 and one sentence when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m deploy.clickhouse", description="ClickHouse's engine over HTTP.")
    parser.add_argument("--data", type=Path, required=True, help="the data folder; made when it is missing")
    parser.add_argument("--port", type=int, required=True, help="the port on 127.0.0.1")
    arguments = parser.parse_args()
    try:
        archive_days = settings.load().archive_days

        def prepare(engine: Engine) -> None:
            migrate(engine.execute, engine.query_rows, archive_days)

        serve(arguments.data, arguments.port, prepare)
    except GroundswellError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
