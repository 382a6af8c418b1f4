"""Days are typed as ISO 8601 and picked from a calendar in the page's language, whatever language the browser has."""

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.patience import PATIENCE_S

MOMENT = re.compile(r"^\d{4}-\d\d-\d\d 09:00$")
MODULES = Path(__file__).parents[2] / "dashboard" / "assets" / "modules"


@pytest.mark.parametrize(
    ("typed", "time", "day"),
    [
        ("2026-11-24", False, "2026-11-24"),
        ("2026/1/4", False, "2026-01-04"),
        ("20261104", False, "2026-11-04"),
        ("2026年11月4日", False, "2026-11-04"),
        (" ", False, ""),
        ("2026-02-30", False, None),
        ("24.11.2026", False, None),
        ("2026-11-24 8:05", True, "2026-11-24T08:05"),
        ("2026-11-24", True, "2026-11-24T00:00"),
        ("2026-11-24 25:00", True, None),
        ("2026-11-24 08:00", False, None),
    ],
)
def test_what_is_typed_is_one_day_or_none(typed: str, time: bool, day: str | None) -> None:
    script = (
        f"import {{ normal }} from '{MODULES}/date_field.mjs';"
        f"console.log(JSON.stringify(normal({typed!r}, {str(time).lower()})));"
    )
    said = subprocess.run(
        ["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    assert said.stdout.strip() == ("null" if day is None else f'"{day}"')


def test_a_day_is_picked_by_the_keyboard_in_the_pages_language(served_city: str, browser: Browser) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{served_city}/audit?lang=en&from=2026-11-24")
    page.wait_for_function("() => document.body.dataset.ready")
    since = page.locator("input[name=from]")
    expect(since).to_have_value("2026-11-24")
    since.press("Alt+ArrowDown")
    calendar = page.get_by_role("dialog", name="Choose a day")
    expect(calendar).to_contain_text("November 2026")
    expect(calendar.locator("[aria-current=date]")).to_have_accessible_name(re.compile(r"Tuesday,? 24 November 2026"))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    with page.expect_response(lambda answer: "from=2026-10-18" in answer.url):
        page.keyboard.press("Enter")
    expect(since).to_have_value("2026-10-18")
    expect(since).to_be_focused()
    expect(calendar).to_have_count(0)
    since.fill("18/10/2026")
    since.press("Tab")
    assert since.evaluate("field => field.validationMessage") == "Write it like 2026-11-24"
    assert "from=2026-10-18" in page.url
    page.goto(f"{served_city}/desk?lang=zh")
    page.wait_for_function("() => document.body.dataset.ready")
    page.locator("[data-facet=time]").click()
    page.get_by_role("button", name="选择日期").first.click()
    expect(page.get_by_role("dialog", name="选择日期")).to_contain_text("年")
    page.keyboard.press("Enter")
    field = page.locator(".desk-field input").first
    expect(field).to_have_value(MOMENT)
    context.close()
