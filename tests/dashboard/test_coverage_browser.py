"""Coverage and askings as people see them: a door is noted, an answer comes, the map takes its colour; links are made."""

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from data.cluster import Cluster
from data.database import connect
from data.settings import get_settings
from tests.dashboard.asked import answer, ask_block
from tests.dashboard.conftest import Served
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.browser

#: The colours of a building's outcome in the dark theme (palette.mjs), nearly: the ground shines through a little.
COLOURS = {"refused": (255, 106, 42), "answered": (127, 220, 196)}
TOLERANCE = 45
BUILDING = """
select coverage_place(kind, target, areas), array_agg(id order by id), min(ST_X(geom)), min(ST_Y(geom)) from link
 where kind = 'household' group by 1 order by 1 limit 1
"""


@pytest.fixture(scope="module")
def asked(cluster: Cluster, block_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and database of a served block in which somebody was asked."""
    url = cluster.copy_database(block_template, "asked_browser")
    home = tmp_path_factory.mktemp("asked_browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEEDLE_HOME", str(home))
        get_settings.cache_clear()
        ask_block(url, Path(home))
        with Served(url) as server:
            yield server.address, url
    get_settings.cache_clear()
    cluster.drop_database("asked_browser")


def middle(page: Page) -> tuple[int, ...]:
    """The colour in the middle of the map."""
    box = page.locator(".cells-map").bounding_box()
    assert box is not None
    clip = {"x": box["x"] + box["width"] / 2 - 1, "y": box["y"] + box["height"] / 2 - 1, "width": 2, "height": 2}
    pixel = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB").getpixel((1, 1))  # type: ignore[arg-type]
    assert isinstance(pixel, tuple)
    return pixel


def expect_colour(page: Page, outcome: str) -> None:
    """Until the building in the middle of the map has an outcome's colour."""
    deadline = time.monotonic() + PATIENCE_S
    while max(abs(a - b) for a, b in zip(middle(page), COLOURS[outcome], strict=True)) > TOLERANCE:
        assert time.monotonic() < deadline, (middle(page), outcome)


def test_the_map_follows_what_a_worker_notes_and_what_a_household_answers(page: Page, asked: tuple[str, str]) -> None:
    address, url = asked
    with connect(url) as connection:
        row = connection.execute(BUILDING).fetchone()
        assert row is not None
        code, links, lng, lat = row
        page.goto(f"{address}/cells?lang=en&theme=dark&at={code}#18/{lat:.5f}/{lng:.5f}")
        page.wait_for_function("() => document.body.dataset.ready")
        expect(page.locator(".door")).to_have_count(2)
        for link in links:
            page.click(f'.door-act[data-act="refused"][data-link="{link}"]')
            expect(page.locator(f'.door[data-link="{link}"]')).to_have_attribute("data-outcome", "refused")
        expect(page.locator(".door-visits").first).to_contain_text("Refused")
        page.keyboard.press("Escape")
        expect(page.locator(".cells-doors")).to_be_hidden()
        expect(page.locator('.cells-bar:not(.is-doors) [data-outcome="refused"] .cells-n')).to_have_text("2")
        expect_colour(page, "refused")
        for link in links:
            answer(connection, link)
        expect(page.locator(".cells-share")).to_contain_text("2 of 120 answered")
        expect_colour(page, "answered")

    page.keyboard.press("r")
    expect(page.locator(".route-head")).to_contain_text("stops")
    assert page.locator(".route-stop").count() == 89
    page.keyboard.press("w")
    worker = page.locator(".worker").first
    worker.locator('[name="target"]').fill("7")
    worker.locator('[name="due"]').fill("2099-01-01")
    worker.locator('[type="submit"]').click()
    expect(page.locator(".worker-said").first).to_contain_text("by 2099-01-01")
    page.keyboard.press("a")
    page.locator(".cells-table tbody tr").first.click()
    expect(page.locator(".cells-crumb")).to_be_visible()
    assert re.search(r"[?&]area=cell(:|%3A)", page.url)
    page.reload()
    page.wait_for_function("() => document.body.dataset.ready")
    expect(page.locator(".cells-crumb")).to_be_visible()
    page.locator(".file-menu summary").click()
    with page.expect_download() as saving:
        page.locator('.file-menu [data-format="xlsx"]').click()
    assert saving.value.suggested_filename.endswith(".xlsx")
    expect(page.locator(".file-menu")).not_to_have_attribute("open", "")


def test_an_operator_asks_an_area_and_looks_after_its_links_and_messages(page: Page, asked: tuple[str, str]) -> None:
    address, url = asked
    with connect(url) as connection:
        connection.execute(
            "insert into message (link_id, round, state, problem) select id, 0, 'dead', 'gateway: 500' from link"
            " join recipient on link_id = id order by id limit 1"
        )
    page.goto(f"{address}/outreach?lang=en")
    page.wait_for_function("() => document.body.dataset.ready")
    page.click('[data-tab="messages"]')
    expect(page.locator(".message.is-dead summary")).to_contain_text("139****5678")
    page.locator(".message summary").first.click()
    expect(page.locator(".message-words").first).to_contain_text("••••")
    page.keyboard.press("+")
    page.fill('[name="asks"]', "Committee")
    page.locator('.outreach-areas input[type="checkbox"]').first.check()
    page.click('[data-act="ask"]')
    expect(page.locator(".asking")).to_have_count(2)
    rows = page.locator(".outreach-table tbody tr")
    expect(rows.first).to_be_visible()
    rows.first.locator('[data-act="revoke"]').click()
    expect(rows.first).to_contain_text("revoked")
    rows.first.locator('[data-act="reissue"]').click()
    page.click('dialog [data-act="sure"]')
    expect(rows.first).to_contain_text("on its way")
