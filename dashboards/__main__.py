"""``python -m dashboards``: write what is not as its code says; ``--check`` only says which.

That is every dashboard, and Grafana's alert rules.
"""

import sys
from pathlib import Path

from dashboards import alerting
from dashboards.boards import DASHBOARDS
from dashboards.grafana import document
from schemas.generated import Files, run

HERE = Path(__file__).parent
ALERTING = HERE.parent / "deploy" / "grafana" / "provisioning" / "alerting" / "groundswell.yaml"


def files() -> Files:
    """The files that follow from what is declared in this package."""
    boards = {
        HERE / f"{one.name}.json": document(one, [other for other in DASHBOARDS if other is not one])
        for one in DASHBOARDS
    }
    return boards | {ALERTING: alerting.document()}


if __name__ == "__main__":
    sys.exit(run(files(), sys.argv[1:]))
