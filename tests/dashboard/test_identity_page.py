"""Identity on the operators' side: nothing opens out of turn, everything is audited, a worker confirms, the page shows it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, expect

from dashboard.cast import Cast
from dashboard.sessions import COOKIE
from data.cluster import Cluster
from data.database import connect
from data.settings import get_settings
from forms.identity.vault import open_vault
from forms.identity.visiting import Visitor, seal_visitor
from tests.dashboard.conftest import Served, watched

ASKED: Final[dict[str, Any]] = {
    "name": "补贴认领核验", "legal_basis": "PIPL 13", "necessity": "冒领多发", "owner": "民政科", "contact": "12345",
    "kept_days": "30", "until": f"{datetime.now(UTC) + timedelta(days=200):%Y-%m-%d}", "notice_zh": "告知", "notice_en": "Notice",
}  # fmt: skip
CALIBRATE: Final = """
insert into identity_calibration (model, detector, library, data, genuine, impostors, wanted_fmr, threshold, fmr, fmr_upper, fnmr,
                                  eer, curve, by)
values ('Dlib', 'dlib', 'deepface', 'ORL', 900, 19000, 0.001, 0.4, 0.0009, 0.0015, 0.1, 0.015,
        '[[0.2, 0, 0.6], [0.4, 0.0009, 0.1], [0.6, 0.1, 0.01]]', 'test')
"""
CHECK: Final = """
insert into identity_check (begun_id, mail_id, reply_key, subject, way, code_hash, sealed, expires_at)
values ('a', 'a', 'k', 'person:li', 'worker', sha256('12345678'), %s, now() + interval '1 day')
"""


@pytest.fixture(scope="module")
def office(cluster: Cluster, block_template: str) -> Iterator[tuple[str, str, Cast]]:
    url = cluster.copy_database(block_template, "identity_office")
    with Served(url, signed_in=False) as server:
        yield server.address, url, Cast(url)
    cluster.drop_database("identity_office")


def client(office: tuple[str, str, Cast], actor: str) -> httpx.Client:
    return httpx.Client(base_url=office[0], headers=office[2].headers(actor), trust_env=False)


@pytest.fixture(scope="module")
def opened(office: tuple[str, str, Cast]) -> int:
    """A purpose that is open, a code that waits; its number."""
    with client(office, "admin") as admin:
        number = admin.post("/api/identity/propose", json=ASKED).json()["purpose"]
        assert "标定" in admin.post("/api/identity/open", json={"purpose": number}).json()["zh"]
        with connect(office[1], autocommit=True) as base:
            base.execute(CALIBRATE)
            vault = open_vault(get_settings().home / "secrets")
            base.execute(CHECK, [seal_visitor(vault, Visitor("李", ""), "a")])
        for act in ("approve", "open"):
            assert admin.post(f"/api/identity/{act}", json={"purpose": number}).status_code == 200
    return int(number)


def test_purposes_open_in_turn_and_workers_confirm(office: tuple[str, str, Cast], opened: int) -> None:
    with client(office, "admin") as admin, client(office, "grid_worker:1") as worker:
        assert worker.get("/api/identity").json().keys() == {"may", "timezone"}
        assert worker.post("/api/identity/propose", json=ASKED).status_code == 403
        assert (
            admin.post("/api/identity/propose", json={**ASKED, "owner": " "}).json()["code"]
            == "identity.purpose_refused"
        )
        said = admin.get("/api/identity").json()
        assert [(one["id"], one["state"]) for one in said["purposes"]] == [(opened, "open")]
        assert (said["filing"], said["calibration"]["threshold"]) == (
            {"stored": 0, "level": "quiet", "due_on": None},
            0.4,
        )
        assert len(said["assessment"]) == 4
        assert worker.post("/api/identity/confirm", json={"code": "00000000"}).json()["code"] == "identity.code_wrong"
        found = worker.post("/api/identity/visit", json={"code": "1234 5678"})
        assert found.json() == {"name": "李", "id_number": ""}
        assert worker.post("/api/identity/scan", content=b"no picture").json()["code"] == "identity.no_code"
        assert worker.post("/api/identity/confirm", json={"code": "1234 5678"}).status_code == 200
        assert worker.post("/api/identity/confirm", json={"code": "12345678"}).status_code == 422
    with connect(office[1]) as base:
        rows = base.execute("select action from audit_entry where action like 'identity.%' order by id").fetchall()
        assert [row[0] for row in rows] == [f"identity.{act}" for act in ("propose", "approve", "open", "confirm")]
        assert base.execute("select state, by is not null from identity_check").fetchone() == ("passed", True)


@pytest.mark.browser
@pytest.mark.usefixtures("opened")
def test_the_page_shows_it_in_both_languages(office: tuple[str, str, Cast], browser: Browser) -> None:
    for lang, theme, name in (("zh", "light", "启用中"), ("en", "dark", "Open")):
        with watched(browser, 1360, 1500) as page:
            page.context.add_cookies([{"name": COOKIE, "value": office[2].token("admin"), "url": office[0]}])
            page.goto(f"{office[0]}/identity?lang={lang}&theme={theme}")
            page.wait_for_selector("body[data-ready]")
            expect(page.locator(".identity-state")).to_have_text(name)
            expect(page.locator(".identity-plot .main-svg").first).to_be_visible()
            assert page.locator(".identity-assessment h3").count() == 4
            assert "identity." not in page.inner_text("main")


def test_leaks_and_changes_become_tasks(office: tuple[str, str, Cast], opened: int) -> None:
    def tasks(admin: httpx.Client) -> dict[str, dict[str, Any]]:
        return {one["kind"]: one for one in admin.get("/api/identity").json()["duties"] if not one["done"]}

    with client(office, "admin") as admin, client(office, "grid_worker:1") as worker:
        assert worker.post("/api/identity/incident", json={"words": "U 盘丢失"}).status_code == 403
        assert admin.post("/api/identity/incident", json={"words": " "}).status_code == 422
        assert admin.post("/api/identity/incident", json={"words": "U 盘丢失"}).status_code == 201
        leak = tasks(admin)["incident"]
        assert (leak["words"], leak["due_on"]) == ("U 盘丢失", str(datetime.now(UTC).date()))
        assert admin.post("/api/identity/done", json={"duty": leak["id"]}).status_code == 200
        assert admin.post("/api/identity/done", json={"duty": leak["id"]}).status_code == 422
        # Filed with the authority; then another purpose takes the first one's place.
        with connect(office[1], autocommit=True) as base:
            base.execute("insert into identity_duty (kind, done_at, by) values ('file', now(), 'admin')")
        number = admin.post("/api/identity/propose", json=ASKED).json()["purpose"]
        for act in ("approve", "open"):
            assert admin.post(f"/api/identity/{act}", json={"purpose": number}).status_code == 200
        found = tasks(admin)
        assert found.keys() == {"change_filing", "cancel_filing"}
        for one in found.values():
            assert 40 <= (date.fromisoformat(one["due_on"]) - datetime.now(UTC).date()).days <= 60
        states = {one["id"]: one["state"] for one in admin.get("/api/identity").json()["purposes"]}
        assert (states[opened], states[number]) == ("ended", "open")
