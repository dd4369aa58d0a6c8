"""A real browser for tests: Debian's Chromium, driven by Playwright; skipped in one line where there is none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SKIPPED = "Chromium is not installed: .ci/install-chromium installs it"


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser; what is opened in it is closed with it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: make setup")
    if CHROMIUM is None:
        pytest.skip(SKIPPED)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A page in the browser, and what it has done that it should not."""

    def __init__(self, browser: Any, url: str, *, width: int = 1920, height: int = 1080, **context: Any) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": height}, **context)
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._went(request.url))
        self.page.on("websocket", lambda socket: self._went(socket.url))
        self.page.goto(url)

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _went(self, url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1":
            self.elsewhere.append(url)

    def text(self, selector: str) -> str:
        """What the first such node says."""
        return str(self.page.locator(selector).first.inner_text())

    def pairs(self, panel: str, name: str, value: str) -> dict[str, int]:
        """Names and numbers of a panel, as they stand there."""
        # In one step, as the page draws in between.
        script = "([panel, ...kinds]) => kinds.map(kind => [...panel.querySelectorAll(kind)].map(one => one.innerText))"
        section = self.page.locator(f"#panel-{panel}").element_handle()
        names, values = self.page.evaluate(script, [section, name, value])
        return {one: int(number.replace(",", "")) for one, number in zip(names, values, strict=True)}

    def mentions(self) -> int:
        """The largest number of the page; 0 while there is none."""
        found = self.page.locator("#panel-mentions .figure:first-child dd").all_inner_texts()
        return int(found[0].replace(",", "")) if found else 0

    def problems(self) -> str:
        """What stands above the numbers; '' while all is well."""
        box = self.page.locator("#problems")
        return str(box.inner_text()) if box.is_visible() else ""


@contextmanager
def tab(browser: Any, url: str, **how: Any) -> Iterator[Tab]:
    """A page that must not complain on the console, nor ask anything of another machine."""
    opened = Tab(browser, url, **how)
    try:
        yield opened
        assert opened.complaints == []
        assert opened.elsewhere == []
    finally:
        opened.page.close()
