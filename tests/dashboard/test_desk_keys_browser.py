"""A dispatcher works at the desk with the keyboard alone: accept, file, dispatch, take back, dispatch again, all of it."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.conftest import watched

pytestmark = pytest.mark.browser

CURRENT = ".ag-row-selected .cell-state .cell"
OUTCOME = '[data-slot="act-told"]'


@pytest.fixture
def desk(browser: Browser, served: str, api: httpx.Client) -> Iterator[Page]:
    """The desk in English; whatever the browser complains about fails the test."""
    with watched(browser, 1440, 900) as page:
        page.goto(f"{served}/desk?lang=en&state=reported")
        page.wait_for_function("() => document.body.dataset.ready")
        yield page


def press(page: Page, letter: str) -> None:
    """A letter, once the desk knows what may be done with the chosen case."""
    page.locator(f'.act-button:has(kbd:text-is("{letter.upper()}"))').wait_for()
    page.keyboard.press(letter)


def state_is(page: Page, state: str) -> None:
    expect(page.locator(CURRENT).first).to_have_text(state)


def teams(api: httpx.Client, case: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/api/desk/cases/{case}/teams", params={"lang": "en"}).json()["teams"]
    return found


def come_as(page: Page, actor: str, case: int) -> None:
    """Somebody else sits down at the desk, on the same case."""
    page.context.clear_cookies()
    page.set_extra_http_headers({"X-Actor": actor})
    page.goto(f"{page.url.split('?')[0]}?lang=en&open=1&case={case}")
    page.wait_for_function("() => document.body.dataset.ready")


def events(api: httpx.Client, case: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/api/cases/{case}").json()["events"]
    return found


def test_a_case_goes_from_accepted_to_closed_by_the_keyboard(desk: Page, api: httpx.Client) -> None:
    first = api.get("/api/desk/rows", params={"state": "reported", "sort": "queue", "end": 1}).json()["rows"][0]
    case, before = first["id"], len(events(api, first["id"]))
    desk.keyboard.press("j")
    press(desk, "a")
    state_is(desk, "Accepted")
    expect(desk.locator(OUTCOME)).to_contain_text(f"Accepted: {first['number']}")

    press(desk, "f")
    desk.locator("dialog.act-form").wait_for()
    desk.keyboard.press("Enter")
    state_is(desk, "Filed")
    desk.keyboard.press("Control+z")
    state_is(desk, "Accepted")
    press(desk, "f")
    desk.locator("dialog.act-form").wait_for()
    desk.keyboard.press("Enter")
    state_is(desk, "Filed")

    press(desk, "p")
    desk.locator(".act-line").first.wait_for()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    state_is(desk, "Dispatched")

    had = next(event["payload"]["department"] for event in events(api, case) if event["action"] == "dispatch")
    come_as(desk, f"department:{had}", case)
    press(desk, "r")
    desk.locator("dialog.act-form").wait_for()
    desk.keyboard.press("2")
    desk.keyboard.press("Enter")
    state_is(desk, "Return requested")
    come_as(desk, "admin", case)
    press(desk, "r")
    desk.locator("dialog.act-form").wait_for()
    desk.keyboard.press("Enter")
    state_is(desk, "Returned")

    other = next(team for team in teams(api, case) if team["department"] != had)
    press(desk, "p")
    desk.locator(".act-line").first.wait_for()
    desk.keyboard.type(other["name"])
    desk.locator(f'.act-line[data-team="{other["id"]}"]').wait_for()
    desk.wait_for_function("n => document.querySelectorAll('.act-line').length <= n", arg=3)
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    state_is(desk, "Dispatched")

    press(desk, "t")
    expect(desk.locator("dialog.act-form textarea")).to_be_focused()
    desk.keyboard.type("The gate is locked after six")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(OUTCOME)).to_contain_text("Words added")
    desk.keyboard.press("Enter")
    expect(desk.locator(".timeline")).to_contain_text("The gate is locked after six")
    expect(desk.locator(".timeline")).to_contain_text("Outside the jurisdiction")

    done = [(event["action"], event["payload"].get("code")) for event in events(api, case)[before:]]
    assert [action for action, _ in done] == [
        "accept",
        "file",
        "send_back",
        "file",
        "dispatch",
        "request_return",
        "approve_return",
        "reassign",
        "remark",
    ]
    assert ("request_return", "wrong_place") in done


def test_several_cases_are_reopened_at_once_and_each_has_its_outcome(desk: Page, api: httpx.Client) -> None:
    desk.goto(f"{desk.url.split('?')[0]}?lang=en&state=closed")
    desk.wait_for_function("() => document.body.dataset.ready")
    rows = api.get("/api/desk/rows", params={"state": "closed", "sort": "queue", "end": 3}).json()["rows"]
    desk.keyboard.press("j")
    desk.keyboard.press("Shift+J")
    desk.keyboard.press("Shift+J")
    expect(desk.locator(".act-chosen")).to_have_text("3 chosen")
    faster = api.post(f"/api/cases/{rows[0]['id']}/commands", json={"action": "reopen", "reason": "It is back"})
    assert faster.status_code == 200
    press(desk, "r")
    desk.locator("dialog.act-form").wait_for()
    desk.keyboard.press("Enter")
    expect(desk.locator(".act-done")).to_have_text("Reopened: 2 cases")
    expect(desk.locator(".ag-row-selected .cell-state .cell").nth(2)).to_have_text("Reopened")
    histories = [[event["payload"].get("code") for event in events(api, row["id"])[-1:]] for row in rows]
    assert histories == [[None], ["not_solved"], ["not_solved"]]


def test_digits_open_queues_and_the_question_mark_lists_the_letters(desk: Page, api: httpx.Client) -> None:
    queues = api.get("/api/desk/queues", params={"lang": "en"}).json()["queues"]
    desk.locator(".desk-queue").first.wait_for()
    desk.keyboard.press("8")
    expect(desk.locator('[data-slot="total"]')).to_have_text(re.compile(rf"^{queues[7]['n']:,} cases"))
    expect(desk.locator('[data-queue="open"]')).to_have_attribute("aria-pressed", "true")
    desk.keyboard.press("?")
    expect(desk.locator('[data-frame="keys-list"]')).to_contain_text("Accept")
    expect(desk.locator('[data-frame="keys-list"]')).to_contain_text("Override the team")
