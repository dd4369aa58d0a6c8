"""Notify: an episode to the services of one recipient, through apprise.

A recipient is an environment variable that holds apprise URLs, by white space. They are secrets: no message and no log
of ours has them, and apprise's own log, which may, is off.
"""

import logging
import os
from collections.abc import Collection
from importlib import import_module
from types import ModuleType
from typing import Any

from streams.alerts.episodes import Episode
from streams.errors import GroundswellError

_PATIENCE_S = 20
_SEVERITIES = {"info": "info", "warning": "warning", "critical": "failure"}
"""Ours, as apprise calls them."""

logging.getLogger("apprise").disabled = True


class NotifyError(GroundswellError):
    """A recipient was not told, and why."""


def check_installed() -> None:
    """Raise ``NotifyError`` where apprise is missing."""
    _apprise()


def check(recipients: Collection[str]) -> None:
    """Raise ``NotifyError`` where one of them could not be told: apprise is missing, or a variable is not set."""
    unset = sorted(recipient for recipient in set(recipients) if not os.environ.get(recipient, "").split())
    if unset:
        raise _unset(*unset)
    if recipients:
        check_installed()


def send(recipient: str, episode: Episode) -> None:
    """Tell a recipient of an episode; its id is in the title and in the body.

    Raises ``NotifyError`` unless every service of the recipient has taken it.
    """
    over = f"\nOver since {episode.resolved:%Y-%m-%d %H:%M:%S} UTC." if episode.resolved else ""
    body = f"{episode.message}\nSince {episode.started:%Y-%m-%d %H:%M:%S} UTC.{over}\nAlert {episode.alert_id}"
    _send(recipient, f"[{episode.severity}] {episode.alert_id}", body, _SEVERITIES[episode.severity])


def send_test(recipient: str, alert_id: str, severity: str) -> None:
    """Tell a recipient that this is a test of an alert. Raises ``NotifyError`` as ``send`` does."""
    body = f"A test of Groundswell: nothing has happened, and nothing is to be done.\nAlert {alert_id}"
    _send(recipient, f"[test] {alert_id}", body, _SEVERITIES[severity])


def _send(recipient: str, title: str, body: str, kind: str) -> None:
    urls = os.environ.get(recipient, "").split()
    if not urls:
        raise _unset(recipient)
    apprise = _apprise()
    missed = []
    for place, url in enumerate(urls, 1):
        called = apprise.Apprise()
        which = f"URL {place} of {recipient}"
        if not called.add(url):
            missed.append(f"{which} is none that apprise knows")
        elif not _taken(called, title, body, kind):
            missed.append(f"{called[0].service_name} ({which}) did not take it")
    if missed:
        raise NotifyError(f"{'; '.join(missed)}: correct it, or look at that service.")


def _unset(*names: str) -> NotifyError:
    are, it = ("is", "it") if len(names) == 1 else ("are", "each")
    return NotifyError(f"{', '.join(names)} {are} not set: give {it} an apprise URL in the environment of the workers.")


def _taken(called: Any, title: str, body: str, kind: str) -> bool:
    try:
        return bool(called.notify(title=title, body=body, notify_type=kind, body_format="text", timeout=_PATIENCE_S))
    except Exception as error:  # noqa: BLE001 - whatever a service's module raises; its words may hold the URL
        raise NotifyError(f"Sending failed within apprise ({type(error).__name__}): look at the URL.") from None


def _apprise() -> ModuleType:
    try:
        return import_module("apprise")  # of the extra `alerts`
    except ImportError as error:
        raise NotifyError(
            "Alerts that name someone in `notify` need apprise: install Groundswell with its extra `alerts`."
        ) from error
