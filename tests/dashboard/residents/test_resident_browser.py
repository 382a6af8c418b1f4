"""A resident with a small phone: reports with a photo, is told at every step, and says that it is not solved."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from forms.words import sensitive
from tests.dashboard.residents.conftest import Zones
from tests.dashboard.residents.test_courier import REPORTS, close, photo
from tests.dashboard.residents.town import Town

pytestmark = pytest.mark.browser
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SMALLEST_PX = 44


@pytest.fixture
def town(zones: Zones) -> Iterator[Town]:
    """Both zones at work."""
    with Town(zones) as town:
        yield town


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A small phone that knows where it is; an error in a page fails the test."""
    context = browser.new_context(**PHONE, permissions=["geolocation"])
    context.set_geolocation({"longitude": 116.930, "latitude": 39.770, "accuracy": 35})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda said: errors.append(said.text) if said.type == "error" and "ERR_" not in said.text else None
    )
    yield page
    context.close()
    assert errors == []


def fill_in(phone: Page, words: str) -> None:
    """The form as a resident fills it in."""
    phone.click("#locate")
    expect(phone.locator("#place-told")).to_contain_text("35")
    phone.click("button.choice >> nth=0")
    phone.fill("#words-field", words)


def test_a_resident_reports_with_a_photo_and_follows_it_until_it_is_reopened(town: Town, phone: Page) -> None:
    phone.goto(f"{town.address}/report")
    phone.wait_for_selector("body[data-ready]")
    fill_in(phone, "楼下垃圾两天没清")
    phone.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    phone.wait_for_selector("#photos img")
    phone.click("#send")
    phone.wait_for_selector("#done:not([hidden])")
    assert "已发送" in phone.inner_text("#done-title")
    phone.click("#follow")
    phone.wait_for_selector("#story .steps")

    assert town.courier is not None
    ((mail,),) = town.zones.rows("select id from resident_mail")
    ((_, _, body),) = town.zones.rows(REPORTS, "snap", mail)
    assert body["text"] == "楼下垃圾两天没清"
    assert body["accuracy_m"] == 35
    assert len(body["photos"]) == 1
    town.do(close(town.zones, town.courier, mail))
    expect(phone.locator("#story .now")).to_contain_text("已结案")
    told = phone.locator("#story .steps li span").all_inner_texts()
    assert told[0] == "已结案"
    assert told[-1] == "已收到，等待受理"

    phone.fill("#why", "今天早上又满了")
    phone.click("#unsolved button")
    expect(phone.locator("#story .now")).to_contain_text("已按您的反馈重新办理")


def test_what_was_written_offline_is_kept_and_sent_once_later(town: Town, phone: Page) -> None:
    phone.goto(f"{town.address}/report?lang=en")
    phone.wait_for_selector("body[data-ready]")
    fill_in(phone, "rubbish by the gate")
    phone.reload()
    phone.wait_for_selector("body[data-ready]")
    assert phone.input_value("#words-field") == "rubbish by the gate"
    assert "35" in phone.inner_text("#place-told")
    phone.context.set_offline(True)
    phone.click("#send")
    phone.wait_for_selector("#done:not([hidden])")
    assert "Kept on your phone" in phone.inner_text("#done-title")
    assert town.zones.rows("select from resident_mail") == []
    phone.context.set_offline(False)
    phone.goto(f"{town.address}/track?lang=en")
    phone.wait_for_selector("#mine a")
    phone.click("#mine a")
    phone.wait_for_selector("#story .steps")
    assert len(town.zones.rows("select from resident_mail")) == 1


@pytest.mark.parametrize("name", ["report", "track", "map", "mine"])
@pytest.mark.parametrize("large", [False, True])
def test_every_page_fits_a_small_phone_and_is_named_for_a_screen_reader(
    town: Town, phone: Page, name: str, large: bool
) -> None:
    phone.goto(f"{town.address}/{name}?lang=en")
    phone.wait_for_selector("body[data-ready]")
    if large:
        phone.click("#large")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
    unnamed = phone.evaluate(
        """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), textarea, canvas, img')]
            .filter((e) => e.offsetParent && !(e.ariaLabel || e.getAttribute('aria-label') || e.textContent.trim()
                || e.labels?.length || e.hasAttribute('alt'))).map((e) => e.outerHTML)"""
    )
    assert unnamed == []
    small = phone.evaluate(
        """(least) => [...document.querySelectorAll('button, .button, nav a, input')]
            .filter((e) => e.offsetParent && !e.classList.contains('hidden-file') && e.getBoundingClientRect().height < least)
            .map((e) => e.outerHTML)""",
        SMALLEST_PX,
    )
    assert small == []
    levels = [int(tag[1]) for tag in phone.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((h) => h.tagName)")]
    assert levels[0] == 1
    assert levels.count(1) == 1


def test_a_neighbours_open_case_is_offered_as_me_too(town: Town, phone: Page) -> None:
    phone.goto(f"{town.address}/report")
    phone.wait_for_selector("body[data-ready]")
    lng, lat, key = town.zones.rows(
        "select ST_X(ST_Centroid(grid_cell.geom)), ST_Y(ST_Centroid(grid_cell.geom)),"
        " matter.edition || ':' || matter.kind || ':' || matter.code from cases join matter on matter.id = matter_id"
        " join grid_cell on grid_cell.code = cell_code where closed_at is null and edition = '2026'"
        " and reported_at < now() - interval '40 minutes' and state not in ('merged', 'reported')"
        " and matter.edition || ':' || matter.kind || ':' || matter.code <> all(%s) limit 1",
        list(sensitive()),
    )[0]
    name = phone.evaluate(
        "(key) => fetch('/api/papers/matters.json').then((r) => r.json()).then((m) => m.find(([k]) => k === key)?.[1])",
        key,
    )
    assert name
    phone.context.set_geolocation({"longitude": lng, "latitude": lat, "accuracy": 10})
    phone.click("#locate")
    expect(phone.locator("#place-told")).to_contain_text("10")
    phone.fill("#search", name)
    phone.click("#hits button")
    phone.click("#near button")
    assert phone.get_attribute("#near button", "aria-pressed") == "true"
