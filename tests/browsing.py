"""A real Chromium with patience, started in one way for every test that needs one."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from dashboard.cli.chromium import ARGUMENTS, CHROMIUM
from tests.patience import PATIENCE_MS


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium with a software renderer; its pages and what is expected of them are waited for with patience."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS), timeout=PATIENCE_MS)
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE_MS))
        yield browser
        browser.close()
