"""``python -m tests.streams.alerts.evaluating``: the evaluator's thread alone, which kills its process where told.

``KILL_AT`` is the step after which it does: ``read`` (the history), ``record`` (what fired), ``show`` (to Prometheus),
``send``, ``note`` (that it was sent).
"""

import functools
import os
import signal
from collections.abc import Callable
from typing import Any

from streams import campaigns, settings
from streams.alerts import evaluator, gauges, history, notify

STEPS = ("read", "record", "show", "send", "note")
KILL_AT = "KILL_AT"


def _around(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def passing(*arguments: Any) -> Any:
        result = function(*arguments)
        if os.environ.get(KILL_AT) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return passing


def main() -> None:
    """Evaluate every fifth of a second until killed."""
    history.read = _around("read", history.read)
    history.record = _around("record", history.record)
    gauges.show = _around("show", gauges.show)
    history.record_sending = _around("note", history.record_sending)
    notify.send = _around("send", notify.send)
    evaluator.Evaluator.__init__.__defaults__ = (notify.send,)
    evaluator.EVERY_S = 0.2
    chosen = settings.load()
    evaluator._run(chosen, campaigns.load(chosen.campaigns), lambda: True)


if __name__ == "__main__":
    main()
