"""What wall and desk say while the server still reads its cases, and when it fails; and that they go on after it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from data.database import connect
from tests.dashboard.conftest import Served

LAPTOP = {"width": 1366, "height": 768}


@pytest.fixture
def pages(browser: Browser) -> Iterator[tuple[Page, Page]]:
    context = browser.new_context(locale="zh-CN", viewport=LAPTOP)  # type: ignore[arg-type]
    yield context.new_page(), context.new_page()
    context.close()


def test_while_cases_are_read_nothing_is_called_empty_and_all_appears_by_itself(
    block_url: str, pages: tuple[Page, Page]
) -> None:
    wall, desk = pages
    with connect(block_url) as barrier:
        barrier.execute("lock table whistle_party in access exclusive mode")  # the mirror waits for it, a page does not
        with Served(block_url) as server:
            wall.goto(f"{server.address}/wall")
            expect(wall.locator("[data-slot=filling]")).to_have_text(re.compile(r"正在读取案件 \d+%"))
            expect(wall.locator("[data-slot=feed-empty]")).to_be_hidden()
            desk.goto(f"{server.address}/desk")
            loading = desk.locator("[data-slot=state] .state-loading")
            expect(loading).to_contain_text(re.compile(r"正在读取全市案件，已完成 \d+%"))
            expect(loading.locator("progress")).to_be_visible()
            barrier.rollback()
            expect(loading).to_be_hidden()
            expect(desk.locator(".ag-row").first).to_be_visible()
            expect(wall.locator("[data-slot=filling]")).to_be_hidden()
            expect(wall.locator(".feed-list .row").first).to_be_visible()
            layers = wall.locator(".layers")
            assert layers.evaluate("layers => layers.scrollHeight <= layers.clientHeight"), "the legend stands whole"


def test_a_server_that_fails_says_so_in_a_sentence_and_is_tried_again(block_url: str, pages: tuple[Page, Page]) -> None:
    wall, desk = pages
    with Served(block_url) as server:
        with connect(block_url) as base:
            base.execute("alter table cases rename column address to address_gone")
        wall.goto(f"{server.address}/wall")
        desk.goto(f"{server.address}/desk")
        curtain, state = wall.locator("[data-slot=curtain]"), desk.locator("[data-slot=state] .state-failed")
        for said in (curtain, state):
            expect(said).to_contain_text("服务器处理这一请求时出错")
        expect(curtain).to_have_attribute("data-state", "failed")
        with connect(block_url) as base:
            base.execute("alter table cases rename column address_gone to address")
        wall.get_by_role("button", name="再试一次").click()
        expect(curtain).to_have_attribute("data-state", "open")
        state.get_by_role("button").click()
        expect(desk.locator(".ag-row").first).to_be_visible()
