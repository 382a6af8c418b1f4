"""Indicators and hotspots as a person uses them: what is asked stands in the address, every number is a way to its cases."""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.conftest import watched

pytestmark = pytest.mark.browser
READY = "() => document.body.dataset.ready"


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_indicators_from_a_month_to_the_cases_of_one_number(browser: Browser, served_city: str) -> None:
    with watched(browser, 1440, 900) as page:
        page.goto(f"{served_city}/indicators?lang=en")
        page.wait_for_function(READY)
        expect(page.locator(".indicators-card")).to_have_count(12)
        expect(page.locator(".indicators-card.is-chosen")).to_have_attribute("data-code", "ontime_dispose_rate")
        expect(page.locator(".indicators-table tbody tr").first).to_be_visible()

        page.get_by_role("button", name="Quarter", exact=True).click()
        expect(page.locator(".indicators-period b")).to_have_text(re.compile(r"\d{4}, quarter \d"))
        page.get_by_role("button", name="By report", exact=True).click()
        page.locator(".indicators-card[data-code='close_rate'] .indicators-card-name").click()
        expect(page.locator(".indicators-card.is-chosen")).to_have_attribute("data-code", "close_rate")
        assert query(page)["basis"] == ["opened"]
        assert query(page)["rank"] == ["close_rate"]

        page.get_by_label("By", exact=True).select_option("department")
        first = page.locator(".indicators-table tbody tr[data-code]").first
        expect(page.locator(".indicators-table th[scope='row']").first).to_be_visible()
        page.wait_for_function("() => new URLSearchParams(location.search).get('by') === 'department'")
        code = first.get_attribute("data-code")
        first.locator(".is-name button").click()
        expect(page.locator(".indicators-asked .desk-chip")).to_have_count(1)
        assert query(page)["department"] == [code]

        page.locator(".indicators-definitions summary").click()
        expect(page.locator(".indicators-definitions dl").first).to_contain_text("close_rate · version 1")

        link = page.locator(".indicators-card[data-code='close_rate'] .indicators-counts a").first
        said = int((link.text_content() or "").replace(",", ""))
        address = link.get_attribute("href") or ""
        assert "judged=closed" in address
        total = httpx.get(f"{served_city}/api/desk/rows?{urlsplit(address).query}&end=1").json()["total"]
        assert total == said
        page.goto(f"{served_city}{address}&lang=en")
        page.wait_for_function(READY)
        expect(page.locator(".desk-chips")).to_contain_text("Closed")

        page.goto(f"{served_city}/indicators?lang=zh&department={code}")
        page.wait_for_function(READY)
        with page.expect_download() as download:
            page.get_by_role("button", name="月报 PDF").click()
        assert download.value.suggested_filename.endswith(".pdf")


def test_hotspots_from_a_question_to_a_saved_analysis(browser: Browser, served_city: str) -> None:
    with watched(browser, 1440, 900) as page:
        page.goto(f"{served_city}/hotspots?lang=zh&grid=h3-9")
        page.wait_for_function(READY)
        verdict = page.locator(".spots-verdict")
        expect(verdict).to_contain_text(re.compile("处热点|没有显著的热点"))
        expect(page.locator(".cells-legend")).to_contain_text("不显著")
        page.wait_for_selector(".spots-map canvas")

        for view, words in (("与上期对比", "新增热点"), ("时空趋势", "消退"), ("密度", "核密度只描述疏密")):
            page.get_by_role("button", name=view).click()
            expect(page.locator(".cells-legend")).to_contain_text(words)
        assert query(page)["view"] == ["density"]

        page.get_by_label("方法").select_option("moran")
        page.wait_for_function("() => new URLSearchParams(location.search).get('method') === 'moran'")
        page.get_by_label("时段").select_option("")
        expect(page.locator(".spots-dates")).to_be_visible()
        # A minute of the last century: no case, and it says so.
        page.goto(f"{served_city}/hotspots?lang=zh&grid=h3-9&since=900000000&until=900000060")
        page.wait_for_function(READY)
        expect(verdict).to_contain_text("这些条件下没有案件")

        page.goto(f"{served_city}/hotspots?lang=en&grid=h3-9&measure=rate&days=90")
        page.wait_for_function(READY)
        page.get_by_role("button", name="Saved").click()
        page.get_by_label("Name of the analysis").fill("Rates of a quarter")
        page.get_by_role("button", name="Save", exact=True).click()
        saved = page.get_by_role("link", name="Rates of a quarter")
        expect(saved).to_be_visible()
        assert {"grid=h3-9", "measure=rate", "days=90"} <= set(
            (saved.get_attribute("href") or "").split("?")[1].split("&")
        )
        page.keyboard.press("Escape")
        expect(page.locator(".spots-menu")).to_be_hidden()
        with page.expect_download() as download:
            page.get_by_role("button", name="GEOJSON").click()
        assert download.value.suggested_filename == "needle-hotspots.geojson"
