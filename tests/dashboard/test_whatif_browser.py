"""A planner at /whatif: from a period to a saved comparison, by mouse and by keyboard, and places that become teams."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.conftest import reading, watched

pytestmark = pytest.mark.browser
READY = "() => document.body.dataset.ready"


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_from_a_period_to_a_saved_comparison(browser: Browser, served_city: str) -> None:
    with reading(served_city), watched(browser, 1440, 900) as page:
        page.goto(f"{served_city}/whatif?lang=zh&days=365")
        page.wait_for_function(READY)
        run = page.get_by_role("button", name="开始推演")
        expect(run).to_be_disabled()
        expect(page.locator(".whatif-foot")).to_contain_text("方案还没有改动")
        expect(page.get_by_role("button", name="结果", exact=True)).to_be_disabled()

        # With the keyboard's ways: a team goes to the middle of the map. With the mouse: from there on.
        page.locator("[data-kind='teams'] select").nth(1).select_option(index=1)
        page.wait_for_selector(".spots-map canvas")
        page.get_by_role("button", name="移到地图中心").click()
        chips = page.locator("[data-kind='teams'] .desk-chip")
        expect(chips).to_have_count(1)
        moved = query(page)["moved"]
        box = page.locator(".spots-map canvas").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.wait_for_function("() => document.querySelector('.spots-map canvas').style.cursor === 'grab'")
        page.mouse.down()
        page.mouse.move(x + 60, y + 40, steps=4)
        page.mouse.up()
        page.wait_for_function("(was) => new URLSearchParams(location.search).get('moved') !== was", arg=moved[0])
        expect(chips).to_have_count(1)
        expect(run).to_be_enabled()

        page.locator("[data-kind='hours'] summary").click()
        page.get_by_label("下班").fill("22:00")
        page.get_by_role("button", name="采用这个班次").click()
        expect(page.locator("[data-kind='hours'] .desk-chip")).to_contain_text("08:00–22:00")
        page.locator("[data-kind='rules'] summary").click()
        page.get_by_role("button", name="以现行规则为底稿").click()
        page.get_by_role("button", name="检查").click()
        expect(page.locator(".whatif-told b")).to_have_text(re.compile(r"\d+ 条规则都没有问题"))
        page.locator(".whatif-rules").fill("[[rule]]")
        page.get_by_role("button", name="检查").click()
        expect(page.locator(".whatif-told .is-wrong").first).to_be_visible()
        page.get_by_role("button", name="用回现行规则").click()

        run.click()
        expect(page.locator(".whatif-figures tbody tr")).to_have_count(7)
        expect(page.locator(".whatif .spots-verdict b").first).to_have_text(re.compile("变好|变差|看不出"))
        expect(page.locator("[data-figure='nobody']")).to_contain_text(re.compile("分不开|变好|变差"))
        expect(page.locator(".cells-legend")).to_contain_text("看不出差别")
        expect(page.locator(".whatif-teams tbody tr").first).to_be_visible()
        kept = query(page)["whatif"]

        page.get_by_role("button", name="已存分析").click()
        page.get_by_label("分析名称").fill("延长班次")
        page.get_by_role("button", name="保存", exact=True).click()
        saved = page.get_by_role("link", name="延长班次")
        expect(saved).to_be_visible()
        address = saved.get_attribute("href") or ""
        page.keyboard.press("Escape")
        with page.expect_download() as download:
            page.get_by_role("button", name="XLSX").click()
        assert download.value.suggested_filename == "needle-whatif.xlsx"

        # In another language, with nothing but the link: the same plan and the same figures; a change is owned up to.
        page.goto(f"{served_city}{address.replace('lang=zh', 'lang=en')}")
        page.wait_for_function(READY)
        assert query(page)["whatif"] == kept
        expect(page.locator(".whatif-figures tbody tr")).to_have_count(7)
        page.keyboard.press("1")
        expect(page.locator("[data-kind='hours'] .whatif-count")).to_have_text("1 changed")
        page.locator("[data-kind='teams'] .desk-chip").click()
        page.keyboard.press("3")
        expect(page.locator(".whatif-stale")).to_be_visible()

        page.keyboard.press("2")
        page.get_by_label("How many more").fill("2")
        page.get_by_label("How many more").press("Enter")
        expect(page.locator(".whatif-site")).to_have_count(2)
        expect(page.locator(".spots-verdict")).to_contain_text(re.compile("Proved|Not proved"))
        expect(page.locator(".spots-verdict")).to_contain_text("by road")
        page.get_by_role("button", name="Use these").click()
        expect(page.locator("[data-kind='teams'] .desk-chip")).to_have_count(2)

        page.goto(f"{served_city}/whatif?lang=en&since=900000000&until=900000060&gone=1")
        page.wait_for_function(READY)
        expect(page.locator(".whatif-foot")).to_contain_text("No case fits")
        expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
