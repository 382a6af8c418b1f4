"""The whistle board lives, and deliveries that failed are tried again, as people see it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from psycopg.types.json import Jsonb

from data.cluster import Cluster
from data.database import connect
from data.stores import deliveries
from dispatch.delivery.connectors import as_settings, parse_connector

pytestmark = pytest.mark.browser

HOOK = 'name = "chengguan"\nkind = "webhook"\nurl = "https://cg.example.gov.cn/hooks"\n'


def give(api: httpx.Client, case: int, actor: str, action: str, **data: Any) -> None:
    """Somebody else's command."""
    answer = api.post(f"/api/cases/{case}/commands", json={"action": action, **data}, headers={"X-Actor": actor})
    assert answer.status_code == 200, answer.text


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("() => document.body.dataset.ready")


def test_a_whistle_is_blown_answered_arrived_and_ended_on_the_board(page: Page, served: str, api: httpx.Client) -> None:
    row = api.get("/api/desk/rows", params={"state": "handling", "end": 1, "sort": "queue"}).json()["rows"][0]
    case = api.get(f"/api/cases/{row['id']}").json()["case"]
    street, lead = f"street:{case['areas']['subdistrict']}", case["department_code"]
    known = [code for code, _, _ in api.get("/api/department").json()["departments"]]
    helper = next(code for code in known if code != lead)
    page.set_extra_http_headers({"X-Actor": street})
    open_page(page, f"{served}/whistles?lang=en")
    expect(page.locator(".board-none").first).to_be_visible()

    page.keyboard.press("+")
    page.locator(".act-line").first.wait_for()
    page.keyboard.type(row["number"])
    expect(page.locator("dialog .act-line")).to_have_count(1)
    page.keyboard.press("Enter")
    page.locator('.act-checks input[value="' + helper + '"]').check()
    page.select_option('[name="purpose"]', "hard_matter")
    page.locator('[data-act="send"]').click()

    def card(column: str) -> Locator:
        return page.locator(f'.column-{column} .whistle[data-case="{row["id"]}"]')

    expect(card("blown")).to_contain_text("Hard matter")
    expect(card("blown").locator(".party")).to_have_count(2)

    give(api, row["id"], f"department:{lead}", "answer_whistle")
    expect(card("answering").locator(".party-answered")).to_have_count(1)
    at = {"lng": case["lng"], "lat": case["lat"], "crs": "wgs84"} if "lng" in case else None
    place = at or {"lng": row["at"][0], "lat": row["at"][1], "crs": "wgs84"}
    give(api, row["id"], f"department:{lead}", "arrive", **place)
    expect(card("on_site").locator(".party-arrived")).to_contain_text("0 m")
    give(api, row["id"], f"department:{helper}", "refuse_whistle", reason="Not ours", code="not_ours")
    expect(card("silent").locator(".party-refused")).to_contain_text("declined")
    give(api, row["id"], "centre:duty", "release_whistle", reason="Others suffice", department=helper)
    give(api, row["id"], f"department:{lead}", "finish_jointly")
    expect(card("finished").locator(".whistle-left")).to_have_text("street to confirm")
    card("finished").click()
    page.locator('.act-button[data-act="confirm"]').wait_for()
    page.keyboard.press("c")
    expect(card("finished").locator(".whistle-left")).to_have_text(re.compile("^ended"))
    open_page(page, f"{served}/whistles?lang=en")
    expect(page.locator(".score tbody tr").first).to_be_visible()


#: A letter of a resident that could not be filed.
PARKED = """
insert into parked_letter (mail_id, kind, key_id, sealed, received_at, reason, detail)
values (md5(random()::text), %s, '0123456789abcdef', '\\x00', now(), %s, %s)
"""


def test_dead_letters_show_request_and_answer_and_are_tried_again(
    page: Page, served: str, api: httpx.Client, cluster: Cluster
) -> None:
    connector, now = parse_connector(HOOK), datetime.now(UTC)
    with connect(cluster.url("wall_copy"), autocommit=True) as connection:
        deliveries.save_subscription(connection, connector.name, connector.kind, None, as_settings(connector))
    row = api.get("/api/desk/rows", params={"state": "reported", "end": 1}).json()["rows"][0]
    give(api, row["id"], "operator:li", "accept")
    with connect(cluster.url("wall_copy"), autocommit=True) as connection:
        connection.execute(
            "update delivery set given_up_at = %s, tries = 11, problem = %s, created_at = %s",
            (now, "HTTP 400: unknown matter", now - timedelta(hours=3)),
        )
        connection.execute(PARKED, ["answer", "letter.form_unknown", Jsonb({"form": "visit", "version": "7"})])
        connection.execute(PARKED, ["report", "letter.unreadable", Jsonb({"key_id": "0123456789abcdef"})])
    open_page(page, f"{served}/deliveries?lang=en")
    expect(page.locator(".is-parked")).to_have_count(2)
    unknown = page.locator(".is-parked", has_text="Version 7 of the form visit was never published")
    unknown.locator('[data-act="parked-retry"]').click()
    expect(unknown).to_contain_text("Will be tried again")
    page.locator(".is-parked", has_text="0123456789abcdef").locator('[data-act="parked-settle"]').click()
    expect(page.locator(".is-parked")).to_have_count(1)
    expect(page.locator(".system-stuck .system-said")).to_have_text("Has dead letters")
    expect(page.locator(".letter.is-dead")).to_contain_text("HTTP 400: unknown matter")
    page.click('[data-act="show"]')
    expect(page.locator(".exchange pre").first).to_contain_text("POST https://cg.example.gov.cn/hooks")
    expect(page.locator(".exchange pre").first).to_contain_text(row["number"])
    page.click('[data-act="retry"]')
    expect(page.locator(".letter.is-dead")).to_have_count(0)
    page.click('[data-act="pause"]')
    expect(page.locator(".system-paused .system-said")).to_have_text("Paused")
    page.click('[data-act="resume"]')
    expect(page.locator('[data-act="pause"]')).to_be_visible()
    health = api.get("/api/deliveries").json()["systems"][0]
    assert (health["waiting"], health["given_up"], health["active"]) == (1, 0, True)


def test_a_department_signs_for_its_case_on_its_own_page(page: Page, served: str, api: httpx.Client) -> None:
    row = api.get("/api/desk/rows", params={"state": "dispatched", "end": 1}).json()["rows"][0]
    own = api.get(f"/api/cases/{row['id']}").json()["case"]["department_code"]
    page.set_extra_http_headers({"X-Actor": f"department:{own}"})
    open_page(page, f"{served}/department?lang=en")
    expect(page.locator(".sheet-chooser select")).to_have_count(0)
    expect(page.locator(".work-row").first).to_contain_text("Dispatched")
    page.keyboard.press("j")
    page.locator('.act-button[data-act="sign"]').wait_for()
    page.keyboard.press("s")
    expect(page.locator(f'.work-row[data-case="{row["id"]}"] .work-state')).to_have_text("Signed for")
    expect(page.locator(".work-list h2").first).to_contain_text("To sign for0")
