"""``python -m tests.faults.compactor``: a process that compacts without end, and dies where it is asked to."""

import os
import time

import structlog

from streams import compactor, settings
from tests.faults import controls, failpoints

_PAUSE_S = 0.1


def main() -> None:
    """Compact until killed."""
    without = os.environ.get(controls.WITHOUT)
    if without:
        controls.CONTROLS[without]()
    failpoints.install()
    given = settings.load()
    while True:
        try:
            compactor.once(given)
        except Exception as error:  # noqa: BLE001 - as the product's thread does
            structlog.get_logger().warning("not compacted", error=repr(error)[:300])
        time.sleep(_PAUSE_S)


if __name__ == "__main__":
    main()
