"""Administrators look after accounts: by the API within their bounds and never locking anybody out, and on the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from dashboard.cast import Cast
from dashboard.sessions import COOKIE
from data.cluster import Cluster
from data.database import connect
from data.stores.accounts import AccountRow, add_account
from tests.dashboard.conftest import Served

HANDLER = {"username": "wang.li", "name": "王力", "role": "handler", "areas": []}


@dataclass
class Office:
    """A served city, with what its administrator is answered."""

    address: str
    url: str
    cast: Cast
    department: str

    def client(self, actor: str = "admin") -> httpx.Client:
        return httpx.Client(base_url=self.address, headers=self.cast.headers(actor), trust_env=False)

    def audited(self) -> list[tuple[Any, ...]]:
        with connect(self.url) as base:
            return base.execute(
                "select actor, action, object, detail from audit_entry where action like 'account.%' order by id"
            ).fetchall()


@pytest.fixture(scope="module")
def office(cluster: Cluster, block_template: str) -> Iterator[Office]:
    url = cluster.copy_database(block_template, "accounts_office")
    with connect(url) as base:
        row = base.execute("select code from department where level = 'district' order by code limit 1").fetchone()
    assert row is not None
    with Served(url, signed_in=False) as server:
        yield Office(server.address, url, Cast(url), row[0])
    cluster.drop_database("accounts_office")


def listed(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {row["username"]: row for row in client.get("/api/accounts").json()["accounts"]}


def signs_in(office: Office, username: str, password: str) -> bool:
    with httpx.Client(base_url=office.address, trust_env=False) as browser:
        form = {"username": username, "password": password, "next": "/"}
        answer = browser.post("/login", data=form, headers={"Origin": office.address})
        return COOKIE in answer.cookies


def test_an_account_is_made_changed_reset_and_switched_and_all_of_it_is_audited(office: Office) -> None:
    with office.client() as admin:
        before, own = len(office.audited()), admin.get("/api/accounts").json()["own"]
        made = admin.post("/api/accounts", json={**HANDLER, "department": office.department})
        assert made.status_code == 201
        password = made.json()["password"]
        assert signs_in(office, "wang.li", password)
        assert admin.post("/api/accounts", json={**HANDLER, "department": office.department}).status_code == 409
        assert listed(admin)["wang.li"]["department"][0] == office.department
        assert listed(admin)["wang.li"]["seen"] is not None
        change = {"name": "王力", "role": "operator", "areas": []}
        assert admin.put("/api/accounts/wang.li", json=change).status_code == 200
        assert (listed(admin)["wang.li"]["role"], listed(admin)["wang.li"]["department"]) == ("operator", None)
        again = admin.post("/api/accounts/wang.li/reset", json={}).json()["password"]
        assert (signs_in(office, "wang.li", password), signs_in(office, "wang.li", again)) == (False, True)
        assert admin.post("/api/accounts/wang.li/active", json={"active": False}).json()["active"] is False
        assert not signs_in(office, "wang.li", again)
        assert admin.post("/api/accounts/wang.li/active", json={"active": True}).status_code == 200
        assert signs_in(office, "wang.li", again)
    done = [action for _, action, thing, _ in office.audited()[before:] if thing == "account:wang.li"]
    assert done == [f"account.{what}" for what in ("add", "change", "reset", "disable", "enable")]
    assert {actor for actor, _, _, _ in office.audited()[before:]} == {own}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"username": "Ä"}, "account.invalid"),
        ({"name": " "}, "account.invalid"),
        ({"role": "king"}, "account.invalid"),
        ({"department": None}, "account.invalid"),
        ({"department": "nowhere"}, "account.invalid"),
        ({"role": "operator"}, "account.invalid"),
        ({"team": True}, "account.invalid"),
        ({"areas": ["subdistrict"]}, "account.invalid"),
        ({"areas": ["subdistrict:1", "district:1"]}, "account.invalid"),
    ],
)
def test_what_is_no_account_is_refused(said: dict[str, Any], code: str, office: Office) -> None:
    with office.client() as admin:
        body = {**HANDLER, "username": "somebody", "department": office.department} | said
        answer = admin.post("/api/accounts", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert "somebody" not in listed(admin)


def test_nobody_locks_himself_out_and_one_administrator_stays(office: Office) -> None:
    with office.client() as admin:
        own = admin.get("/api/accounts").json()["own"]
        demote = {"name": "x", "role": "operator", "areas": []}
        narrow = {"name": "x", "role": "admin", "areas": ["subdistrict:1"]}
        assert admin.post(f"/api/accounts/{own}/active", json={"active": False}).json()["code"] == "account.own"
        assert admin.put(f"/api/accounts/{own}", json=demote).json()["code"] == "account.own"
        assert admin.put(f"/api/accounts/{own}", json=narrow).json()["code"] == "account.own"
        assert listed(admin)[own]["active"]
        assert (
            admin.put(f"/api/accounts/{own}", json={"name": "管理员", "role": "admin", "areas": []}).status_code == 200
        )


def test_an_administrator_of_a_street_gives_no_more_than_the_street(office: Office) -> None:
    with connect(office.url) as base:
        streets = [
            row[0]
            for row in base.execute(
                "select code from area join generation g on g.id = generation_id "
                "where g.layer = 'subdistrict' order by code limit 2"
            )
        ]
        row = AccountRow(0, "admin-street", "街道管理员", "admin", None, None, "subdistrict", (streets[0],))
        add_account(base, row)
    with office.client("admin:street") as admin:
        body = {"username": "street.clerk", "name": "街道受理", "role": "operator"}
        assert admin.post("/api/accounts", json={**body, "areas": []}).json()["code"] == "account.beyond"
        assert (
            admin.post("/api/accounts", json={**body, "areas": [f"subdistrict:{streets[1]}"]}).json()["code"]
            == "account.beyond"
        )
        assert admin.post("/api/accounts", json={**body, "areas": [f"subdistrict:{streets[0]}"]}).status_code == 201
        assert set(listed(admin)) == {"admin-street", "street.clerk"}
        assert admin.post("/api/accounts/admin/reset", json={}).json()["code"] == "account.unknown"


def test_only_administrators_and_only_from_their_own_page(office: Office) -> None:
    with office.client("operator:01") as clerk:
        for method, path in (("GET", ""), ("POST", ""), ("PUT", "/x"), ("POST", "/x/reset"), ("POST", "/x/active")):
            answer = clerk.request(method, f"/api/accounts{path}", json={} if method != "GET" else None)
            assert answer.json()["code"] == "account.forbidden"
    cookie = {"Cookie": office.cast.headers("admin")["Cookie"]}
    with httpx.Client(base_url=office.address, headers=cookie, trust_env=False) as forged:
        assert forged.post("/api/accounts/admin/reset", json={}).json()["code"] == "account.csrf"


def test_a_screens_link_signs_it_in_and_the_one_before_ends(office: Office) -> None:
    with office.client() as admin:
        body = {"username": "hall", "name": "大厅", "role": "screen", "areas": []}
        assert admin.post("/api/accounts", json=body).json()["password"] is None
        first, second = (admin.post("/api/accounts/hall/screen", json={}).json()["link"] for _ in range(2))
        assert admin.post("/api/accounts/hall/reset", json={}).json()["code"] == "account.invalid"
    with httpx.Client(trust_env=False) as screen:
        assert COOKIE not in screen.get(first).cookies
        assert COOKIE in screen.get(second).cookies


def test_on_the_page_somebody_is_given_an_account_and_a_password_once(office: Office, browser: Browser) -> None:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    context.add_cookies([{"name": COOKIE, "value": office.cast.token("admin"), "url": office.address}])
    page = context.new_page()
    page.goto(f"{office.address}/accounts")
    page.wait_for_function("() => document.body.dataset.ready")
    page.get_by_role("button", name="新增账号").click()
    form = page.get_by_role("dialog")
    form.get_by_label("登录名").fill("sun.handler")
    form.get_by_label("姓名").fill("孙处置")
    form.get_by_label("角色").select_option("handler")
    form.get_by_role("button", name="新增").click()
    expect(form.get_by_role("alert")).to_contain_text("账号信息不完整")
    form.get_by_role("combobox", name="部门", exact=True).press_sequentially("城管执法")
    page.wait_for_function("() => document.querySelector('datalist[id^=choices-department] option')")
    name = page.evaluate("document.querySelector('datalist[id^=choices-department] option').value")
    form.get_by_role("combobox", name="部门", exact=True).fill(name)
    form.get_by_role("button", name="新增").click()
    told = page.get_by_role("dialog", name="“孙处置”的密码")
    password = told.locator("output").inner_text()
    assert signs_in(office, "sun.handler", password)
    told.get_by_role("button", name="已记下").click()
    expect(told).to_have_count(0)
    assert password not in page.content()
    page.get_by_label("按姓名、账号、角色或辖区查找").fill("sun.h")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(name)
    page.get_by_role("button", name="停用 孙处置").click()
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(page.locator("tbody tr")).to_contain_text("已停用")
    assert not signs_in(office, "sun.handler", password)
    context.close()
