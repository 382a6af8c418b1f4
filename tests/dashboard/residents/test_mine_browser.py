"""A resident with a small phone: says who they are, sees what is held, corrects it, takes a consent back, and leaves nothing."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from forms.identity.vault import open_vault
from tests.browsing import faults
from tests.dashboard.residents.conftest import Zones, courier_of
from tests.dashboard.residents.test_mine import NAME, NUMBER, PHONE, register
from tests.dashboard.residents.town import Town
from tests.patience import until

pytestmark = pytest.mark.browser
PHONE_SIZE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def town(zones: Zones) -> Iterator[Town]:
    """Both zones at work, a person in the registry."""

    async def prepare() -> None:
        async with courier_of(zones) as courier:
            await register(courier)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, prepare()).result()
    with Town(zones) as town:
        yield town


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone of 390 × 844; an error in a page fails the test."""
    context = browser.new_context(**PHONE_SIZE)
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda said: errors.append(said.text) if said.type == "error" and "ERR_" not in said.text else None
    )
    yield page
    context.close()
    assert errors == []


def code_of(zones: Zones) -> str:
    """The code that a message would bring."""
    query = "select sealed, begun_id from identity_check where way = 'sms' and state = 'asked'"
    sealed, mail = until(lambda: next(iter(zones.rows(query)), None), "a code")
    return open_vault(zones.home / "secrets").open(sealed, f"code:{mail}").decode()


def acted(phone: Page, shown: int) -> None:
    """Wait until the record was drawn so many times: with the office's answer to what was asked last."""
    phone.wait_for_function(f"() => Number(document.body.dataset.shown) === {shown}")


def test_a_resident_sees_corrects_and_takes_back_what_is_held_of_them(town: Town, phone: Page) -> None:
    phone.goto(f"{town.address}/mine")
    phone.wait_for_selector("body[data-ready]")
    phone.fill("#name", NAME)
    phone.fill("#number", "131502")
    phone.click("#who button")
    expect(phone.locator("#number-told")).to_contain_text("18")
    phone.fill("#number", NUMBER.lower())
    phone.click("#who button")
    expect(phone.locator("[data-way]")).to_have_count(2)
    assert phone.locator("[data-way]").evaluate_all("(all) => all.map((e) => e.dataset.way)") == ["sms", "worker"]
    assert faults(phone) == []

    # A worker's code outlives the page; then another way after all.
    phone.click("[data-way=worker]")
    expect(phone.locator("#visit-code")).to_be_visible()
    shown = phone.inner_text("#visit-code")
    expect(phone.locator(".visit-qr")).to_be_visible()
    assert faults(phone) == []
    phone.reload()
    expect(phone.locator("#visit-code")).to_have_text(shown)
    # This way by the keyboard alone.
    phone.locator(".identity .ways button").press("Enter")
    phone.locator("[data-way=sms]").press("Enter")
    phone.wait_for_selector("#typed")
    phone.reload()
    phone.locator("#typed").press_sequentially(code_of(town.zones))
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")

    acted(phone, 1)
    expect(phone.locator("[data-field=phone] .value")).to_have_text(PHONE)
    expect(phone.locator("[data-field=address] .soft").first).to_contain_text("派出所人口台账")
    expect(phone.locator("#relations")).to_contain_text("住在")
    expect(phone.locator("#readers li").nth(1)).to_contain_text("养老服务")
    phone.click("[data-field=phone] summary")
    assert faults(phone) == []
    phone.click("#large")
    assert faults(phone) == []
    phone.click("#large")

    phone.click("[data-field=phone] .doing button")
    phone.fill("#new-phone", "13912345678")
    assert faults(phone) == []
    # What was asked is kept: the page is left before the answer is there.
    phone.click("[data-field=phone] .editor .main")
    phone.wait_for_function("() => document.querySelector('#told').textContent")
    phone.goto(f"{town.address}/mine?lang=en")
    acted(phone, 1)
    expect(phone.locator("[data-field=phone] .value")).to_have_text("13912345678")
    expect(phone.locator("[data-field=phone] .soft").first).to_contain_text("the resident")
    expect(phone.locator("#news")).to_contain_text("Corrected")

    phone.click("[data-field=diseases] summary")
    phone.click("[data-field=diseases] [data-consent] button")
    expect(phone.locator("[data-field=diseases] [role=alert]")).to_contain_text("Mobile")
    phone.click("[data-field=diseases] .ways .main")
    acted(phone, 2)
    expect(phone.locator("#news")).to_contain_text("Receipt")
    expect(phone.locator("[data-field=diseases] .value")).to_have_text("(empty)")
    assert faults(phone) == []

    phone.click(".ends .main")
    expect(phone.locator("#who")).to_be_visible()
    assert phone.locator("#record > *").count() == 0
    kept = """() => new Promise((done) => { const opening = indexedDB.open('needle-mine');
        opening.onsuccess = () => { const all = opening.result.transaction('state').objectStore('state').getAll();
            all.onsuccess = () => done(all.result.length); }; })"""
    assert phone.evaluate(kept) == 0
    assert not any(secret in str(phone.evaluate("() => ({ ...localStorage })")) for secret in (NUMBER, PHONE, NAME))
    assert Path(phone.url).name == "mine?lang=en"
