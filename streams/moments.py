"""Moments as people write them: ``15m`` (ago), ``2026-07-30T18:00+02:00``; and lengths of time: ``90s``, ``2h``."""

import re
from datetime import UTC, datetime, timedelta

from streams.errors import UsageError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str) -> timedelta:
    """A length of time, such as ``90s``, ``15m``, ``2h``, ``7d``; raises ``UsageError``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text.strip())
    if not found:
        raise UsageError(f"{text!r} is no length of time: write a number and s, m, h, d or w, such as 90s or 2h.")
    try:
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError as error:
        raise UsageError(f"{text!r} is longer than any calendar: write a shorter time, such as 90s or 2h.") from error


def moment(text: str, now: datetime) -> datetime:
    """A moment in UTC: a length of time before ``now``, or an ISO 8601 time (UTC where it names no offset)."""
    try:
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            return (now - span(text)).astimezone(UTC)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (UsageError, OverflowError) as error:
        raise UsageError(
            f"{text!r} is no moment: write how long ago (15m, 2h, 7d) or an ISO time (2026-07-30T18:00+02:00)."
        ) from error
