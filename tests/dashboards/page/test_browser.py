"""The page in a real browser, on a real stack into which a launch is played."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.stack import Stack
from streams.cli.demo import Player
from streams.launch import CAMPAIGN, CAMPAIGNS
from streams.settings import Settings
from tests.dashboards.page.browser import Tab, chromium, tab
from tests.stack_fixture import ask, stack_settings, wait_until_counted

pytestmark = pytest.mark.stack

LAUNCH_S = 3.0
PATIENCE_S = 60.0
MENTIONS = "('mention', 'reply', 'quote', 'video')"
THEMES = ("dark", "light")
SCREENS = ((1920, 1080), (3840, 2160))


class Playing:
    """A stack, and the launches that are played into it."""

    def __init__(self, stack: Stack, settings: Settings, browser: Any) -> None:
        self.stack = stack
        self.settings = settings
        self.browser = browser
        self.url = stack.addresses()["Live page"]
        self._sent = 0

    def play(self, duration_s: float) -> None:
        """A launch, to its end; every event is of now."""
        player = Player(self.settings, duration_s)
        player.start()
        while player.playing:
            time.sleep(0.05)
        assert player.failure is None
        self._sent += player.sent

    def wait(self) -> None:
        """Until all that was played is counted."""
        wait_until_counted(self.settings, self._sent)


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    settings = stack_settings(tmp_path_factory.mktemp("page"), partitions=2)
    settings = settings.model_copy(update={"campaigns": CAMPAIGNS})
    with chromium() as browser, Stack(settings, workers=1, progress=print) as stack:
        found = Playing(stack, settings, browser)
        found.play(LAUNCH_S)
        found.wait()
        yield found


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


def test_page_fills_while_a_launch_is_played(playing: Playing) -> None:
    with tab(playing.browser, f"{playing.url}/?range=24h") as page:
        becomes(page, lambda: page.mentions() > 0, "mentions are seen")
        assert "End violence" in page.text("h1")
        seen = page.mentions()
        playing.play(1.0)
        becomes(page, lambda: page.mentions() > seen, "more mentions are seen")
        assert page.problems() == ""


def test_numbers_on_the_page_are_those_of_the_views(playing: Playing) -> None:
    settings = playing.settings
    playing.wait()
    posts = f"event_type IN {MENTIONS}"
    (mentions,) = counted(settings, "campaign", "engagement", posts).values()
    read = int(ask(settings, "SELECT sum(read) FROM groundswell.records"))
    expected = {
        "what-people-do": ("dt", "dd", counted(settings, "event_type", "engagement", "1")),
        "platforms": ("bdi", ".value", counted(settings, "source", "engagement", posts)),
        "top-emojis": (
            "bdi",
            ".value",
            counted(settings, "token", "token_counts", f"kind = 'emoji' AND {posts}", "posts"),
        ),
    }
    hashtags = counted(settings, "token", "token_counts", f"kind = 'hashtag' AND {posts}", "posts")
    with tab(playing.browser, f"{playing.url}/?range=24h") as page:
        becomes(page, lambda: page.mentions() == mentions, f"{mentions} mentions are seen")
        for panel, (name, value, numbers) in expected.items():
            becomes(page, lambda: page.pairs(panel, name, value) == numbers, f"{panel} shows {numbers}")  # noqa: B023 - called here
        shown = page.pairs("top-hashtags", "bdi", ".value")
        assert {name.lower().removeprefix("#"): posts for name, posts in shown.items()} == hashtags
        becomes(page, lambda: page.pairs("account-of-the-log", "dt", "dd")["read"] == read, f"{read} are read")


def test_page_of_a_campaign_without_mentions_says_how_to_begin(playing: Playing) -> None:
    with tab(playing.browser, f"{playing.url}/?campaign=nobody") as page:
        becomes(page, lambda: page.page.locator("#panel-mentions .how").is_visible(), "the empty state is seen")
        assert "No mentions yet" in page.text("#panel-mentions")
        assert "groundswell replay FILE" in page.text("#panel-mentions")
        assert page.text("h1") == "nobody"
        assert page.page.locator("[name=campaign]").input_value() == "nobody"


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_page_fits_a_wall_without_scrolling(playing: Playing, width: int, height: int) -> None:
    with tab(playing.browser, playing.url, width=width, height=height) as page:
        becomes(page, lambda: page.mentions() > 0, "mentions are seen")
        size = page.page.evaluate("(({scrollWidth, scrollHeight}) => [scrollWidth, scrollHeight])(document.body)")
        assert size == [width, height]
        # The numbers grow with the wall: the largest takes a tenth of its height.
        assert page.page.locator("#panel-mentions dd").first.bounding_box()["height"] > height / 10


def test_worker_that_hangs_is_told_until_it_counts_again(playing: Playing) -> None:
    worker = playing.stack.pids()["Worker 1"]
    with tab(playing.browser, playing.url) as page:
        becomes(page, lambda: page.mentions() > 0, "mentions are seen")
        os.kill(worker, signal.SIGSTOP)
        try:
            playing.play(1.0)
            becomes(page, lambda: "Nothing has been counted" in page.problems(), "the dead worker is told")
            assert "groundswell worker" in page.problems()
            assert page.text("#announced").startswith("Nothing has been counted")
        finally:
            os.kill(worker, signal.SIGCONT)
        becomes(page, lambda: page.problems() == "", "it is live again")


def test_page_that_has_lost_its_server_says_so_and_comes_back_by_itself(playing: Playing) -> None:
    server = playing.stack.pids()["Live page"]
    with tab(playing.browser, playing.url, color_scheme="light") as page:
        becomes(page, lambda: page.mentions() > 0, "mentions are seen")
        os.kill(server, signal.SIGSTOP)
        try:
            becomes(page, lambda: "does not answer" in page.problems(), "the dead page is told")
            assert page.text("#state").startswith("Not live")
            assert page.mentions() > 0
            assert faults(page) == ""
        finally:
            os.kill(server, signal.SIGKILL)
        becomes(page, lambda: page.problems() == "", "the page that was started again is live")


def faults(page: Tab) -> str:
    """What axe finds wrong, in words; '' for nothing."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page.page)
    return str(found.generate_report()) if found.violations_count else ""


@pytest.mark.parametrize("theme", THEMES)
def test_page_has_no_fault_that_axe_finds(playing: Playing, theme: str) -> None:
    with tab(playing.browser, playing.url, color_scheme=theme) as page:
        becomes(page, lambda: page.mentions() > 0, "mentions are seen")
        assert page.page.evaluate("document.documentElement.dataset.theme") == theme
        page.page.locator("summary").click()
        assert faults(page) == ""


def test_page_works_by_keyboard_and_its_address_keeps_what_was_chosen(playing: Playing) -> None:
    with tab(playing.browser, f"{playing.url}/?range=24h", color_scheme="dark") as page:
        becomes(page, lambda: page.mentions() > 0, "mentions are seen")
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
        page.page.reload()
        becomes(page, lambda: set(page.pairs("platforms", "bdi", ".value")) == {"x"}, "the address brings it back")
        assert page.page.evaluate("document.documentElement.dataset.theme") == "light"


def test_times_are_the_viewers_own(playing: Playing) -> None:
    with tab(playing.browser, playing.url, timezone_id="Australia/Eucla") as page:
        becomes(page, lambda: page.mentions() > 0, "mentions are seen")
        assert page.text("#zone") == "Australia/Eucla"
        shown = datetime.strptime(page.text("#clock"), "%H:%M:%S").replace(tzinfo=UTC)
        # Eight hours and three quarters ahead of UTC; read a moment ago.
        late = datetime.now(UTC) + timedelta(hours=8, minutes=45) - shown
        assert late.seconds < PATIENCE_S
        ticks = page.page.locator("#panel-velocity .of-x")
        becomes(page, lambda: ticks.count() > 0, "the time axis is drawn")
        assert all(int(tick[-2:]) % 5 == 0 for tick in ticks.all_text_contents())
