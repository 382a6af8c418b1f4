"""The registry as people see it: the map and its side, finding a record, why a value stands, deciding a pair by keys."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from data.cluster import Cluster
from tests.dashboard.conftest import Served
from tests.dashboard.registry_block import Block, fill

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def filled(cluster: Cluster, block_template: str) -> Iterator[tuple[str, Block]]:
    url = cluster.copy_database(block_template, "registry_browser")
    block = fill(url)
    with Served(url) as server:
        yield server.address, block
    cluster.drop_database("registry_browser")


def test_a_steward_looks_finds_reads_corrects_and_decides(page: Page, filled: tuple[str, Block]) -> None:
    address, _ = filled
    page.goto(f"{address}/registry?lang=en&theme=dark")
    page.wait_for_function("() => document.body.dataset.ready")
    expect(page.locator('.registry-card[data-kind="person"] b')).to_have_text("20")
    expect(page.locator('.registry-card[data-kind="household"] b')).to_have_text("< 5")
    page.keyboard.press("u")
    expect(page.locator('[data-switch="unit:cell"]')).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("g")
    expect(page.locator(".registry-graph .main-svg").first).to_be_visible()
    page.reload()
    expect(page.locator('[data-switch="unit:cell"]')).to_have_attribute("aria-pressed", "true")

    page.wait_for_function("() => document.body.dataset.ready")
    page.keyboard.press("/")
    page.keyboard.type("王建国")
    expect(page.locator(".registry-hit")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".record-who h2")).to_have_text("王建国")
    phone = page.locator('[data-field="phone"]')
    expect(phone.locator("b.is-masked")).to_have_text("138••••2222")
    phone.locator("summary").click()
    expect(phone.locator(".record-claim.is-outdated")).to_have_count(1)
    page.select_option(".record-purpose select", "elderly_care")
    expect(phone.locator("summary b")).to_have_text("13811112222")
    phone.locator(".record-correct").click()
    page.fill('.record-edit [name="value"]', "13700001111")
    page.fill('.record-edit [name="reason"]', "seen at a visit")
    page.click('.record-edit [type="submit"]')
    expect(phone.locator("summary b")).to_have_text("13700001111")

    page.goto(f"{address}/registry/review?lang=en")
    expect(page.locator(".review-pair")).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator(".review-pair")).to_have_count(0)
    page.keyboard.press("u")
    expect(page.locator(".review-pair")).to_be_visible()
