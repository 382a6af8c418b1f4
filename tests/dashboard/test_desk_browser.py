"""What a dispatcher sees and does at the desk, in a real browser over a block of the demo city."""

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.conftest import watched

pytestmark = pytest.mark.browser

FIRST = '.ag-row[row-index="0"]'
TOTAL = '[data-slot="total"]'


@pytest.fixture
def desk(browser: Browser, served: str, api: httpx.Client) -> Iterator[Page]:
    """The desk, open on all cases, in English; whatever the browser complains about fails the test."""
    with watched(browser, 1366, 768, accept_downloads=True) as page:
        page.goto(f"{served}/desk?lang=en")
        page.wait_for_selector(f"{FIRST} .cell-number .cell:not(:empty)")
        yield page


def found(page: Page) -> int:
    """How many cases the page says it found."""
    return int(re.sub(r"\D", "", page.locator(TOTAL).inner_text()))


def wait_for_total(page: Page, total: int) -> None:
    expect(page.locator(TOTAL)).to_have_text(re.compile(rf"^{total:,} cases"))


def ask(api: httpx.Client, **query: Any) -> dict[str, Any]:
    said = {"end": "5", "lang": "en", "sort": "queue"} | {key: str(value) for key, value in query.items()}
    answer: dict[str, Any] = api.get("/api/desk/rows", params=said).json()
    return answer


def test_filters_sorts_and_says_so_in_the_address(desk: Page, api: httpx.Client) -> None:
    whole = ask(api)["total"]
    wait_for_total(desk, whole)
    desk.click('[data-flag="open"]')
    wait_for_total(desk, ask(api, open=1)["total"])
    desk.click('[data-facet="channel"]')
    first = desk.locator('[data-slot="facet-channel"] .desk-choice').first
    count = int(first.locator(".desk-n").inner_text().replace(",", ""))
    first.locator("input").check()
    wait_for_total(desk, count)
    desk.keyboard.press("Escape")
    desk.click('.ag-header-cell[col-id="due"] .ag-header-cell-text') if desk.locator(
        '.ag-header-cell[col-id="due"]'
    ).count() else desk.click('.ag-header-cell[col-id="left"] .ag-header-cell-text')
    expect(desk).to_have_url(re.compile("open=1.*sort=|sort=.*open=1"))
    expect(desk).to_have_url(re.compile("channel="))
    address = desk.url
    desk.reload()
    wait_for_total(desk, count)
    assert desk.url.split("#")[0] == address.split("#")[0]


def test_the_first_row_is_the_first_of_the_order(desk: Page, api: httpx.Client) -> None:
    desk.click('.ag-header-cell[col-id="title"] .ag-header-cell-text')
    expect(desk.locator(f"{FIRST} .cell-title .cell")).to_have_text(ask(api, sort="title")["rows"][0]["title"])
    desk.click('.ag-header-cell[col-id="title"] .ag-header-cell-text')
    expect(desk.locator(f"{FIRST} .cell-title .cell")).to_have_text(ask(api, sort="-title")["rows"][0]["title"])


def test_searches_as_one_types_and_says_when_nothing_fits(desk: Page, api: httpx.Client) -> None:
    whole, number = found(desk), ask(api)["rows"][3]["number"]
    desk.keyboard.press("/")
    desk.keyboard.type(number)
    wait_for_total(desk, 1)
    expect(desk.locator(f"{FIRST} .cell-number .cell")).to_have_text(number)
    desk.fill(".desk-search input", "no such case anywhere")
    expect(desk.locator(".state-empty")).to_contain_text("No case fits")
    desk.click(".state-empty .button")
    wait_for_total(desk, whole)


def test_opens_a_case_by_keyboard_with_the_decision_and_its_candidates_on_the_map(
    desk: Page, api: httpx.Client
) -> None:
    for _ in range(2):
        desk.keyboard.press("j")
    desk.keyboard.press("k")
    desk.keyboard.press("Enter")
    opened = ask(api)["rows"][0]
    expect(desk.locator(".case-number")).to_have_text(opened["number"])
    expect(desk.locator(".timeline li").first).to_be_visible()
    expect(desk.locator(".no-photos")).to_be_visible()
    expect(desk).to_have_url(re.compile(f"case={opened['id']}"))
    desk.keyboard.press("Escape")
    expect(desk.locator(".drawer")).to_be_hidden()


def test_an_address_with_a_case_shows_its_row_and_its_drawer(desk: Page, api: httpx.Client, served: str) -> None:
    far = ask(api, start=150, end=151)["rows"][0]
    desk.goto(f"{served}/desk?lang=en&case={far['id']}")
    expect(desk.locator(".case-number")).to_have_text(far["number"])
    expect(desk.locator(".ag-row-selected .cell-number .cell").first).to_have_text(far["number"])


def test_a_lasso_on_the_map_filters_the_table(desk: Page, api: httpx.Client) -> None:
    whole = found(desk)
    desk.click('[data-tool="lasso"]')
    box = desk.locator(".desk-map .map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.mouse.move(x + 90, y)
    desk.mouse.down()
    for step in range(1, 25):
        desk.mouse.move(x + 90 * math.cos(step / 4), y + 90 * math.sin(step / 4))
    desk.mouse.up()
    expect(desk.locator(".desk-chip")).to_have_text("Lasso")
    expect(desk).to_have_url(re.compile("polygon="))
    polygon = httpx.URL(desk.url).params["polygon"]
    inside = ask(api, polygon=polygon)["total"]
    assert 0 < inside < whole
    wait_for_total(desk, inside)
    desk.click(".desk-chip")
    wait_for_total(desk, whole)


def test_sends_another_team_and_must_say_why(desk: Page, api: httpx.Client) -> None:
    case = next(row for row in ask(api, state="dispatched", end=50)["rows"] if others(api, row["id"]))
    desk.goto(f"{desk.url.split('?')[0]}?lang=en&case={case['id']}")
    desk.click(".candidate-choose >> nth=0")
    desk.click('.act-reason[data-code="other"]')
    desk.click('[data-act="send"]')
    expect(desk.locator(".act-told")).to_contain_text("Say which reason")
    desk.click('.act-reason[data-code="nearer"]')
    desk.fill('[name="reason"]', "The bridge is closed")
    desk.click('[data-act="send"]')
    expect(desk.locator(".timeline li").first).to_contain_text("Is nearer than it seems · The bridge is closed")
    expect(desk.locator(".part-why .sentence")).to_contain_text("by hand")
    told = api.get(f"/api/cases/{case['id']}").json()
    assert told["events"][-1]["action"] == "override"
    assert told["events"][-1]["payload"]["code"] == "nearer"
    assert told["decisions"][-1]["outcome"] == "overridden"
    assert told["case"]["team_id"] == told["decisions"][-1]["candidates"][0]["team"]
    assert [task["outcome"] for task in told["tasks"]][-2:] == ["reassigned", None]


def others(api: httpx.Client, case_id: int) -> bool:
    """Whether the decision on a case looked at more than one team."""
    decisions = api.get(f"/api/cases/{case_id}").json()["decisions"]
    return bool(decisions) and len(decisions[-1]["candidates"]) > 1


def test_saves_a_view_opens_it_and_deletes_it(desk: Page, api: httpx.Client) -> None:
    desk.click('[data-flag="overdue"]')
    total = ask(api, overdue=1)["total"]
    wait_for_total(desk, total)
    desk.click('[data-menu="views"]')
    desk.fill('.desk-saving [name="name"]', "Late ones")
    desk.click(".desk-saving button")
    expect(desk.locator(".desk-view a")).to_have_text("Late ones")
    desk.keyboard.press("Escape")
    desk.click('[data-slot="clear"]')
    desk.click('[data-menu="views"]')
    desk.click(".desk-view a")
    desk.wait_for_selector('[data-flag="overdue"][aria-pressed="true"]')
    wait_for_total(desk, total)
    desk.click('[data-menu="views"]')
    desk.click('.desk-view [title="Delete the view"]')
    expect(desk.locator(".desk-view")).to_have_count(0)
    assert api.get("/api/desk/views").json() == {"views": []}


def test_exports_what_is_filtered(desk: Page, api: httpx.Client, tmp_path: Path) -> None:
    desk.click('[data-flag="open"]')
    total = ask(api, open=1)["total"]
    wait_for_total(desk, total)
    desk.click('[data-menu="export"]')
    with desk.expect_download() as download:
        desk.click('[data-slot="menu-export"] .desk-choice >> text=CSV')
    path = tmp_path / "cases.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == total
    assert {row["Number"] for row in rows[:5]} == {row["number"] for row in ask(api, open=1)["rows"]}


def test_speaks_chinese_without_being_asked(browser: Browser, served: str, api: httpx.Client) -> None:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(f"{served}/desk")
    expect(page.locator("h1").first).to_have_text("处置工作台")
    context.close()
