"""The phone's page in a browser with a phone's screen: a case reported without a network is there once, and goes its way.

A grid worker reports in a dead spot, closes the page, comes back: exactly one case, and who was found for it. The team found
accepts it, arrives, takes pictures from before and after, and hands it back, half of that without a network.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import qrcode
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from dashboard.cast import Cast
from dashboard.sessions import COOKIE, CSRF_COOKIE, csrf_of
from data.database import connect
from data.settings import get_settings
from data.stores.cases import load_events
from data.stores.workbench import Workbench
from dispatch.worker import Worker
from forms.identity.vault import open_vault
from forms.identity.visiting import Visitor, seal_visitor
from tests.browsing import faults
from tests.patience import PATIENCE_S, until

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
MATTER = "2026:event:09006"
SPOT = """
select st_x(geom), st_y(geom) from cases join matter on matter.id = matter_id
 where team_id is not null and edition || ':' || kind || ':' || code = %s order by cases.id limit 1
"""
VISIT = """
insert into identity_check (begun_id, mail_id, reply_key, subject, way, code_hash, sealed, expires_at)
values ('a', 'a', 'k', 'person:li', 'worker', sha256('12345678'), %s, now() + interval '1 day')
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Photos of a test lie in a folder of its own."""
    monkeypatch.setenv("NEEDLE_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def city(home: None, served: str) -> str:
    """The address of the server over the demo block."""
    return served


@pytest.fixture
def worker(block_url: str) -> Iterator[None]:
    """A worker that opens the cases of what is reported."""
    stop = threading.Event()

    def work() -> None:
        with Workbench(block_url) as bench:
            Worker(bench).work(stop)

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(PATIENCE_S)


@contextmanager
def phone(browser: Browser, city: str, url: str, actor: str) -> Iterator[BrowserContext]:
    """A phone whose owner is signed in and stands where a case like ours was."""
    with connect(url) as connection:
        place = connection.execute(SPOT, (MATTER,)).fetchone()
    assert place is not None
    here = {"longitude": place[0], "latitude": place[1], "accuracy": 12}
    context = browser.new_context(**PHONE, geolocation=here, permissions=["geolocation"], locale="zh-CN")  # type: ignore[arg-type]
    token = Cast(url).token(actor)
    context.add_cookies(
        [
            {"name": COOKIE, "value": token, "url": city},
            {"name": CSRF_COOKIE, "value": csrf_of(token), "url": city},
        ]
    )
    yield context
    context.close()


def opened(context: BrowserContext, city: str, problems: list[str]) -> Page:
    """The page, once it is drawn and kept for the road."""
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{city}/m")
    page.wait_for_selector("body[data-ready]")
    page.wait_for_function("() => navigator.serviceWorker.ready.then((ready) => ready.active !== null)")
    return page


def picture(colour: str) -> FilePayload:
    out = io.BytesIO()
    Image.new("RGB", (900, 700), colour).save(out, "JPEG")
    return {"name": "spot.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def take(page: Page, row: str, colour: str) -> None:
    """Take a picture in the row of this name, as the camera would give it."""
    field = page.locator(".field", has=page.get_by_role("heading", name=row)).last
    field.locator("input[capture]").set_input_files(picture(colour))
    field.locator("img").first.wait_for()


def sync_in_background(context: BrowserContext, city: str) -> None:
    """Let the browser fire the sync that the page asked for, twice, as it does when a network is there again."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    found: list[str] = []

    def registered(event: dict[str, Any]) -> None:
        found.extend(one["registrationId"] for one in event["registrations"] if one["scopeURL"].startswith(city))

    session.on("ServiceWorker.workerRegistrationUpdated", registered)
    session.send("ServiceWorker.enable")
    until(lambda: bool(page.evaluate("1") and found), "the service worker known")
    for last in (False, True):
        asked = {"origin": city, "registrationId": found[0], "tag": "outbox", "lastChance": last}
        session.send("ServiceWorker.dispatchSyncEvent", asked)
    page.close()


def confirm_somebody(page: Page, url: str) -> None:
    """A resident shows their QR code; who they say they are is compared with their document, and confirmed."""
    vault = open_vault(get_settings().home / "secrets")
    with connect(url) as connection:
        sealed = seal_visitor(vault, Visitor("王建国", "131502196501048132"), "a")
        connection.execute(VISIT, [sealed])
    code = qrcode.QRCode(box_size=12)
    code.add_data("needle:visit:12345678")
    out = io.BytesIO()
    code.make_image().get_image().convert("RGB").rotate(8, expand=True, fillcolor="white").save(out, "JPEG")
    page.click("#visit-begin")
    page.set_input_files("#visit-picture", picture("white"))
    expect(page.locator("dialog .problem")).to_contain_text("二维码")
    page.set_input_files("#visit-picture", {"name": "qr.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    expect(page.locator(".visitor")).to_contain_text("131502********8132")
    expect(page.locator(".visitor")).to_contain_text("王建国")
    assert faults(page) == []
    page.click("#visit-confirm")
    page.get_by_text("已确认：王建国").wait_for()
    with connect(url) as connection:
        row = connection.execute("select state, by is not null, reply ? 'pass', sealed from identity_check").fetchone()
    assert row == ("passed", True, True, None)


def newest(url: str) -> tuple[int, int, int | None, str]:
    """How many cases there are; the newest one, its team, its state."""
    with connect(url) as connection:
        row = connection.execute(
            "select (select count(*) from cases), id, team_id, state from cases order by id desc limit 1"
        ).fetchone()
    assert row is not None
    return row


def test_what_was_reported_in_a_dead_spot_is_one_case_and_goes_its_way(
    browser: Browser, city: str, block_url: str, worker: None
) -> None:
    problems: list[str] = []
    before = newest(block_url)[0]
    with phone(browser, city, block_url, "grid_worker:li") as context:
        page = opened(context, city, problems)
        page.get_by_role("button", name="上报", exact=True).click()
        page.locator(".chip").first.wait_for()
        context.set_offline(True)
        take(page, "现场照片", "#c7522a")
        page.locator("[data-open=search]").click()
        page.get_by_placeholder("拼音").fill("zdjy")
        page.locator(f".hit[data-matter='{MATTER}']").click()
        expect(page.locator(f".chip[data-matter='{MATTER}']")).to_have_attribute("aria-pressed", "true")
        page.locator("#report-words").fill("占了半条人行道")
        expect(page.locator("#report-words")).to_have_value("占了半条人行道")
        page.reload()
        page.wait_for_selector("body[data-ready]")
        page.get_by_role("button", name="上报", exact=True).click()
        expect(page.locator("#report-words")).to_have_value("占了半条人行道")
        page.get_by_text("误差约 12 米").wait_for()
        page.locator("#report-send").click()
        expect(page.locator("[data-how=waiting]")).to_have_count(1)
        page.close()
        assert newest(block_url)[0] == before
        page = context.new_page()
        page.goto(f"{city}/m")
        page.wait_for_selector("body[data-ready]")
        expect(page.locator("[data-badge=sent]")).to_have_text("1")
        page.close()
        context.set_offline(False)
        sync_in_background(context, city)
        until(lambda: newest(block_url)[0] > before, "the service worker sent it, with no page open")
        page = opened(context, city, problems)
        page.evaluate("dispatchEvent(new Event('online'))")
        page.get_by_role("button", name="记录").click()
        page.get_by_text("已找到责任单位").wait_for()
        expect(page.locator("[data-badge=sent]")).to_be_hidden()
    count, case_id, team, state = newest(block_url)
    assert (count, state) == (before + 1, "dispatched")

    with phone(browser, city, block_url, f"team:{team}") as context:
        page = opened(context, city, problems)
        card = page.locator(f"[data-case='{case_id}']")
        page.get_by_role("button", name="按距离").click()
        expect(page.locator("[data-case]").first).to_have_attribute("data-case", str(case_id))
        card.get_by_role("button", name="接单").click()
        card.get_by_role("button", name="到场").click()
        page.get_by_text("距案件").last.wait_for()
        take(page, "处置前照片", "#555555")
        page.locator("[data-submit=arrive]").click()
        card.get_by_role("button", name="处置完成").wait_for()
        context.set_offline(True)
        card.get_by_role("button", name="处置完成").click()
        page.locator("[data-submit=finish]").click()
        page.get_by_text("请先拍一张现场照片").wait_for()
        take(page, "处置后照片", "#77aa77")
        page.locator("#step-words").fill("已劝离")
        page.locator("[data-submit=finish]").click()
        card.locator(".waits").wait_for()
        context.set_offline(False)
        page.evaluate("dispatchEvent(new Event('online'))")
        card.wait_for(state="detached")
    with connect(block_url) as connection:
        events = load_events(connection, case_id)
    actions = [event.action for event in events]
    assert actions == ["submit", "accept", "file", "dispatch", "sign", "assign", "remark", "finish"]
    assert events[-2].payload["distance_m"] < 20
    assert [len(events[-2].payload["photos_before"]), len(events[-1].payload["photos"])] == [1, 1]
    assert problems == []


def test_duty_shares_a_place_until_it_ends_and_the_page_speaks_both_languages(
    browser: Browser, city: str, block_url: str
) -> None:
    problems: list[str] = []
    with connect(block_url) as connection:
        connection.execute("update team set position = null, position_at = null")
        found = connection.execute("select min(id) from team").fetchone()
    team = found[0] if found else 0

    def kept() -> int:
        with connect(block_url) as connection:
            row = connection.execute("select count(*) from whereabouts").fetchone()
        return row[0] if row else 0

    with phone(browser, city, block_url, f"team:{team}") as context:
        page = opened(context, city, problems)
        pill = page.locator("#duty")
        expect(pill).to_have_attribute("aria-pressed", "false")
        assert kept() == 0
        pill.click()
        expect(pill).to_have_attribute("data-duty", "on")
        with page.expect_response(lambda answer: answer.url.endswith("/api/m/positions") and answer.ok):
            context.set_geolocation({"longitude": 116.93, "latitude": 39.77, "accuracy": 5})
        page.get_by_role("button", name="我", exact=True).click()
        page.get_by_role("switch").click()
        expect(pill).to_have_attribute("data-duty", "off")
        told = kept()
        assert told > 0
        context.set_geolocation({"longitude": 116.9, "latitude": 39.7, "accuracy": 5})
        page.get_by_role("button", name="任务").click()
        page.get_by_role("button", name="我", exact=True).click()
        page.get_by_role("button", name="全部删除").click()
        page.get_by_text("没有保存任何位置").wait_for()
        assert kept() == 0
        page.get_by_role("button", name="深色").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_role("button", name="大字").click()
        confirm_somebody(page, block_url)
        with page.expect_navigation():
            page.get_by_role("button", name="English").click()
        page.wait_for_selector("body[data-ready]")
        expect(page.get_by_role("heading", name="Tasks").first).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        context.set_offline(True)
        page.reload()
        page.wait_for_selector("body[data-ready]")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        wide = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert wide, "something is wider than the phone"
    assert problems == []
