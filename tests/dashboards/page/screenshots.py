"""``python -m tests.dashboards.page.screenshots``: the live page of a launch that goes on, in pictures for the README.

A whole stack counts the demo's launch, which began two hours ago. The pictures go to ``docs/``.
"""

import base64
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.stack import Stack
from streams.launch import CAMPAIGN, CAMPAIGNS, Launch
from streams.producer import Producer
from streams.settings import Settings
from tests.dashboards.page.browser import chromium, tab
from tests.dashboards.page.test_browser import becomes
from tests.stack_fixture import stack_settings, wait_until_counted

DOCS = Path(__file__).parents[3] / "docs"
SCREENS = ((1920, 1080), (3840, 2160), (1366, 768))
BEGAN_MINUTES = 120
LASTS_MINUTES = 175
RATE_PER_S = 25.0
QUALITY = 82
# What a team would declare for such a launch; times are put in.
DECLARED = """
[[launch_windows]]
name = "first hour"
start = {start}
end = {end}

[[goals]]
name = "50,000 mentions"
metric = "mentions"
value = 50000
by = {tonight}

[[goals]]
name = "2,000 videos"
metric = "videos"
value = 2000
by = {tonight}
"""


def main() -> int:
    """Play, count, take the pictures."""
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
        settings = stack_settings(Path(folder))
        _declare(settings)
        with Stack(settings, workers=1, progress=print) as stack:
            wait_until_counted(settings, _play(settings), timeout_s=600)
            with chromium() as browser:
                for width, height in SCREENS:
                    for theme in ("dark", "light"):
                        _take(browser, stack.addresses()["Live page"], width, height, theme)
    return 0


def _declare(settings: Settings) -> None:
    now = datetime.now(UTC)
    times = {
        "start": now - timedelta(minutes=55),
        "end": now + timedelta(minutes=5),
        "tonight": now + timedelta(hours=4),
    }
    declared = DECLARED.format(**{name: f"{when:%Y-%m-%dT%H:%M:00Z}" for name, when in times.items()})
    file = f"{CAMPAIGN}.toml"
    (settings.campaigns / file).write_text((CAMPAIGNS / file).read_text(encoding="utf-8") + declared, encoding="utf-8")


def _play(settings: Settings) -> int:
    """What of the launch is past by now; returns how many records that is."""
    now_ms = time.time_ns() // 1_000_000
    launch = Launch(1, now_ms - BEGAN_MINUTES * 60_000, LASTS_MINUTES * 60, RATE_PER_S)
    with Producer(settings, on_progress=lambda _: None) as producer:
        for due_ms, event in launch:
            if due_ms > time.time_ns() // 1_000_000:
                break
            producer.publish(event)
    return producer.sent


def _take(browser: Any, url: str, width: int, height: int, theme: str) -> None:
    with tab(browser, f"{url}/?range=1h", width=width, height=height, color_scheme=theme) as page:
        becomes(page, lambda: page.page.locator(".empty").count() == 0, "every panel is filled")
        page.page.wait_for_timeout(1000)
        session = page.page.context.new_cdp_session(page.page)
        taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        picture = DOCS / f"live-page-{width}x{height}-{theme}.webp"
        picture.write_bytes(base64.b64decode(taken["data"]))
        sys.stdout.write(f"{picture.name}: {picture.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    sys.exit(main())
