"""A real Chromium with patience, started in one way for every test that needs one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboard.cli.chromium import ARGUMENTS, CHROMIUM
from tests.patience import PATIENCE_MS

AXE: Final = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
LEAST_TOUCH_PX: Final = 44


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Debian's Chromium with a software renderer; its pages and what is expected of them are waited for with patience.

    ``more``: arguments besides the usual ones.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more], timeout=PATIENCE_MS)
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE_MS))
        yield browser
        browser.close()


def faults(phone: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, and what is too small to touch or too wide to see."""
    phone.evaluate(AXE.read_text(encoding="utf-8"))
    phone.evaluate("() => Promise.all(document.getAnimations().map((a) => a.finished))")
    found: list[str] = phone.evaluate(
        """() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) =>
            violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary}`)))"""
    )
    small: list[str] = phone.evaluate(
        """(least) => [...document.querySelectorAll('button, .button, .option-wrapper > label, input')]
            .filter((e) => e.offsetParent && !e.matches('.hidden-file, [type=radio], [type=checkbox]')
                && e.getBoundingClientRect().height < least)
            .map((e) => e.outerHTML)""",
        LEAST_TOUCH_PX,
    )
    wide = phone.evaluate("document.documentElement.scrollWidth > innerWidth")
    return found + small + ["too wide"] * wide
