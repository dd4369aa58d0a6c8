"""The page in a real browser, on a real stack into which a launch is played."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec import Struct

from deploy.stack import Stack
from streams.cli.demo import Player
from streams.launch import CAMPAIGN, CAMPAIGNS
from streams.settings import Settings
from tests.dashboards.page.browser import Tab, chromium, tab
from tests.stack_fixture import ask, stack_settings, wait_until_counted

pytestmark = pytest.mark.stack

PLAYED_S = 8.0
PATIENCE_S = 60.0
MENTIONS = "('mention', 'reply', 'quote', 'video')"
THEMES = ("dark", "light")
SCREENS = ((1920, 1080), (3840, 2160))


class Playing(Struct):
    """A stack, and the launch that is played into it."""

    stack: Stack
    settings: Settings
    player: Player
    browser: Any
    url: str

    def play(self) -> None:
        """Another launch, to its end, all counted."""
        player = Player(self.settings, 1.0)
        player.start()
        while player.playing:
            time.sleep(0.05)


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    settings = stack_settings(tmp_path_factory.mktemp("page"), partitions=2)
    settings = settings.model_copy(update={"campaigns": CAMPAIGNS})
    with chromium() as browser, Stack(settings, workers=1, progress=print) as stack:
        yield Playing(stack, settings, Player(settings, PLAYED_S), browser, stack.addresses()["Live page"])


def becomes(tab: Tab, condition: Callable[[], bool], what: str) -> None:
    """Waits until it is so; the page goes on meanwhile."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s, f"{what}; it says: {tab.text('body')}"
        tab.page.wait_for_timeout(50)


def counted(settings: Settings, name: str, view: str, condition: str, measure: str = "quantity") -> dict[str, int]:
    """Sums by name, of all time, the ten largest: straight from the view."""
    rows = ask(
        settings,
        f"SELECT {name} AS one, sum({measure}) AS number FROM groundswell.{view} WHERE campaign = '{CAMPAIGN}' AND "
        f"{condition} GROUP BY one HAVING number > 0 ORDER BY number DESC, one LIMIT 10",
    )
    return {one: int(number) for one, number in (row.split("\t") for row in rows.splitlines())}


# One after the other, as the launch goes: the order of a file's tests is random, and a stack takes its time to start.
def test_page_fills_while_a_launch_is_played_and_tells_what_is_wrong(playing: Playing) -> None:
    with tab(playing.browser, f"{playing.url}/?range=24h") as page:
        nothing_yet(page)
        playing.player.start()
        becomes(page, lambda: page.mentions() > 0, "the first mentions are seen")
        seen = page.mentions()
        becomes(page, lambda: page.mentions() > seen, "more mentions are seen")
        assert playing.player.playing, "the page filled only after the launch was over"
        while playing.player.playing:
            page.page.wait_for_timeout(100)
        assert playing.player.failure is None
        wait_until_counted(playing.settings, playing.player.sent)
        numbers_are_the_views(page, playing.settings)
        fits_without_scrolling(page)
        a_dead_worker_is_told(page, playing)
        a_dead_page_is_told(page, playing)
    reads_well_to_everybody(playing)
    works_by_keyboard(playing)


def nothing_yet(page: Tab) -> None:
    becomes(page, lambda: page.page.locator("#mentions .how").is_visible(), "the empty state is seen")
    assert "No mentions yet" in page.text("#mentions")
    assert "groundswell replay FILE" in page.text("#mentions")
    assert "End violence" in page.text("h1")
    assert page.problems() == ""


def numbers_are_the_views(page: Tab, settings: Settings) -> None:
    (mentions,) = counted(settings, "campaign", "engagement", f"event_type IN {MENTIONS}").values()
    becomes(page, lambda: page.mentions() == mentions, f"{mentions} mentions are seen")
    expected = {
        "what-people-do": ("dt", "dd", counted(settings, "event_type", "engagement", "1")),
        "platforms": ("bdi", ".value", counted(settings, "source", "engagement", f"event_type IN {MENTIONS}")),
        "top-emojis": ("bdi", ".value", counted(settings, "token", "token_counts", "kind = 'emoji'", "posts")),
    }
    for panel, (name, value, numbers) in expected.items():
        becomes(page, lambda: page.pairs(panel, name, value) == numbers, f"{panel} shows {numbers}")  # noqa: B023 - called here
    hashtags = counted(settings, "token", "token_counts", "kind = 'hashtag'", "posts")
    shown = page.pairs("top-hashtags", "bdi", ".value")
    assert {name.lower().removeprefix("#"): posts for name, posts in shown.items()} == hashtags
    read = int(ask(settings, "SELECT sum(read) FROM groundswell.records"))
    becomes(page, lambda: page.pairs("account-of-the-log", "dt", "dd")["read"] == read, f"{read} records are seen")


def fits_without_scrolling(page: Tab) -> None:
    for width, height in SCREENS:
        page.page.set_viewport_size({"width": width, "height": height})
        page.page.wait_for_timeout(100)
        root = "document.documentElement"
        size = page.page.evaluate(f"[{root}.scrollWidth, {root}.scrollHeight]")
        assert size == [width, height]


def a_dead_worker_is_told(page: Tab, playing: Playing) -> None:
    worker = playing.stack.pids()["Worker 1"]
    os.kill(worker, signal.SIGSTOP)
    try:
        playing.play()
        becomes(page, lambda: "Nothing has been counted" in page.problems(), "the dead worker is told")
        assert "groundswell worker" in page.problems()
        assert page.text("#announced").startswith("Nothing has been counted")
    finally:
        os.kill(worker, signal.SIGCONT)
    becomes(page, lambda: page.problems() == "", "it is live again")


def a_dead_page_is_told(page: Tab, playing: Playing) -> None:
    server = playing.stack.pids()["Live page"]
    os.kill(server, signal.SIGSTOP)
    try:
        becomes(page, lambda: "does not answer" in page.problems(), "the dead page is told")
        assert page.text("#state").startswith("Not live")
        assert page.mentions() > 0
    finally:
        os.kill(server, signal.SIGKILL)
    becomes(page, lambda: page.problems() == "", "the page that was started again is live")


def reads_well_to_everybody(playing: Playing) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for theme in THEMES:
        with tab(playing.browser, playing.url, color_scheme=theme) as page:
            becomes(page, lambda: page.mentions() > 0, "numbers are seen")
            assert page.page.evaluate("document.documentElement.dataset.theme") == theme
            page.page.locator("summary").click()
            found = axe.run(page.page)
            assert found.violations_count == 0, found.generate_report()


def works_by_keyboard(playing: Playing) -> None:
    with tab(playing.browser, f"{playing.url}/?range=24h", color_scheme="dark") as page:
        becomes(page, lambda: page.mentions() > 0, "numbers are seen")
        page.page.keyboard.press("Tab")
        assert page.page.evaluate("document.activeElement.className") == "skip"
        page.page.locator("[name=range]").focus()
        page.page.keyboard.press("Home")
        becomes(page, lambda: "range=15m" in page.page.url, "the chosen range stands in the address")
        page.page.locator("summary").focus()
        page.page.keyboard.press("Enter")
        page.page.locator("[name=platform][value=x]").focus()
        page.page.keyboard.press("Space")
        becomes(page, lambda: set(page.pairs("platforms", "bdi", ".value")) == {"x"}, "one platform is left")
        page.page.keyboard.press("Escape")
        assert page.page.evaluate("document.activeElement.localName") == "summary"
        page.page.locator("#theme").focus()
        page.page.keyboard.press("Enter")
        assert page.page.evaluate("document.documentElement.dataset.theme") == "light"
        assert re.search(r"[?&]theme=light", page.page.url)
        page.page.reload()
        becomes(page, lambda: set(page.pairs("platforms", "bdi", ".value")) == {"x"}, "the address brings it back")
        assert page.page.evaluate("document.documentElement.dataset.theme") == "light"
