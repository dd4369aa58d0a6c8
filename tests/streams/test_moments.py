"""Moments and lengths of time as people write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from streams.errors import UsageError
from streams.moments import moment, span

NOW = datetime(2026, 7, 30, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("1.5h", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        (" 0s ", timedelta(0)),
    ],
)
def test_span_is_a_number_and_a_unit(text: str, length: timedelta) -> None:
    assert span(text) == length


@pytest.mark.parametrize("text", ["", "90", "s", "-5m", "5 m", "1h30m", "5M", "1e3s", ".5h", "5y", "999999999999w"])
def test_span_refuses_anything_else_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"^'[^']*' is .*: write .* such as 90s or 2h\.$"):
        span(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("15m", datetime(2026, 7, 30, 17, 45, tzinfo=UTC)),
        ("7d", datetime(2026, 7, 23, 18, 0, tzinfo=UTC)),
        ("2026-07-30T18:00+02:00", datetime(2026, 7, 30, 16, 0, tzinfo=UTC)),
        ("2026-07-30T18:00:30.5Z", datetime(2026, 7, 30, 18, 0, 30, 500_000, tzinfo=UTC)),
        ("2026-07-30 18:00", NOW),
        ("2026-07-30", datetime(2026, 7, 30, tzinfo=UTC)),
    ],
)
def test_moment_is_so_long_ago_or_an_iso_time_in_utc(text: str, found: datetime) -> None:
    assert moment(text, NOW) == found
    assert moment(text, NOW).tzinfo is UTC
    assert moment(text, NOW.astimezone(timezone(timedelta(hours=9)))).tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["", "yesterday", "15", "2026-13-01", "30.07.2026", "9999999d", "99999999999w", "0001-01-01T00:00+05:00"]
)
def test_moment_refuses_anything_else_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"^'[^']*' is no moment: write how long ago .* or an ISO time .*\.$"):
        moment(text, NOW)
