"""``python -m dashboards``: write every dashboard that is not as its code says; ``--check`` only says which."""

import sys
from pathlib import Path

from dashboards import launch
from schemas.generated import Files, run

HERE = Path(__file__).parent


def files() -> Files:
    """The files that follow from the panels declared in this package."""
    return {HERE / "launch.json": launch.document()}


if __name__ == "__main__":
    sys.exit(run(files(), sys.argv[1:]))
