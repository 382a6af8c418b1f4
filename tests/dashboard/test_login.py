"""Who is let in: sessions, passwords and guessing, forged requests, ended sessions, screens; and what of it is written down."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_socket

from dashboard.accounts import AccountRole
from dashboard.cast import Cast
from dashboard.door import PER_ACCOUNT
from dashboard.login import own_address
from dashboard.passwords import hash_password, is_dated
from dashboard.sessions import SCREEN, SIGNED_OUT, csrf_of, new_token
from data.cluster import Cluster
from data.database import Connection, connect
from data.stores.accounts import AccountRow, add_account, change_account, load_account
from data.stores.sessions import close_sessions, hash_token, open_session_now
from tests.dashboard.conftest import Served
from tests.patience import PATIENCE_S

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def base(cluster: Cluster, block_template: str) -> Iterator[Connection]:
    url = cluster.copy_database(block_template, "signing_in")
    with connect(url, autocommit=True) as connection:
        for name, role in (("li", AccountRole.DISPATCHER), ("wang", AccountRole.OPERATOR), ("zhao", AccountRole.ADMIN)):
            add_account(connection, AccountRow(0, name, name.title(), role), hash_password(PASSWORD))
        yield connection
    cluster.drop_database("signing_in")


@pytest.fixture(scope="module")
def address(base: Connection, cluster: Cluster) -> Iterator[str]:
    with Served(cluster.url("signing_in"), signed_in=False) as server:
        yield server.address


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def sign_in(client: httpx.Client, username: str, password: str = PASSWORD, wanted: str = "/desk") -> httpx.Response:
    return client.post("/login", data={"username": username, "password": password, "next": wanted})


def deeds(base: Connection, action: str) -> list[tuple[str, ...]]:
    """Actors and objects of the audit's entries, once the last is written."""
    return base.execute("select actor, object from audit_entry where action = %s order by id", (action,)).fetchall()


def until_written(base: Connection, action: str, count: int) -> list[tuple[str, ...]]:
    deadline = time.monotonic() + PATIENCE_S
    while len(found := deeds(base, action)) < count:
        assert time.monotonic() < deadline, found
    return found


# --- nobody ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/wall", "/desk?open=1", "/", "/audit", "/nothing-here"])
def test_a_page_shows_the_way_to_sign_in_and_back(path: str, client: httpx.Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert httpx.URL(answer.headers["location"]).path == "/login"
    assert httpx.URL(answer.headers["location"]).params["next"] == path


@pytest.mark.parametrize(
    "path",
    [
        "/api/wall/snapshot",
        "/api/wall/behind/open",
        "/api/cases/1",
        "/api/desk/rows",
        "/api/desk/exports/x/file",
        "/api/photos/" + "a" * 64,
        "/api/whistles",
        "/api/deliveries",
        "/api/hours",
        "/tiles/cases/0/0/0.mvt",
        "/tiles/base/0/0/0.mvt",
        "/_dash-layout",
        "/_dash-dependencies",
    ],
)
def test_scripts_are_told_to_sign_in(path: str, client: httpx.Client) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "account.login_required")
    assert client.get(path, headers={"Cookie": "needle_session=invented"}).status_code == 401


def test_reports_need_a_key_or_a_session(client: httpx.Client) -> None:
    assert client.post("/api/reports", json={}).json()["code"] == "report.key_required"
    refused = client.post("/api/reports", json={}, headers={"Authorization": "Bearer invented"})
    assert (refused.status_code, refused.json()["code"]) == (401, "report.key_required")


def live(address: str, token: str | None) -> ClientConnection:
    headers = {} if token is None else {"Cookie": f"needle_session={token}"}
    return connect_socket(
        f"ws://{urlsplit(address).netloc}/ws/live", additional_headers=headers, open_timeout=PATIENCE_S
    )


def closed_with(socket: ClientConnection) -> int | None:
    """The code that a socket is closed with, whatever it says before."""
    while True:
        try:
            socket.recv(timeout=PATIENCE_S)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


def test_a_socket_without_a_session_is_closed(address: str) -> None:
    with live(address, None) as socket:
        assert closed_with(socket) == SIGNED_OUT


# --- somebody ---------------------------------------------------------------------------------------------------


def test_the_form_leads_to_the_wanted_page_with_cookies_that_only_this_host_gets(
    client: httpx.Client, base: Connection
) -> None:
    answer = sign_in(client, " Li ", wanted="/desk?open=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?open=1")
    session, csrf = sorted(answer.headers.get_list("set-cookie"), reverse=True)
    assert session.startswith("needle_session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(session.split("; "))
    assert "HttpOnly" not in csrf
    assert client.get("/desk").status_code == 200
    token = client.cookies["needle_session"]
    assert base.execute("select count(*) from session where token = %s", (hash_token(token),)).fetchone() == (1,)
    assert ("li", "") in until_written(base, "sign_in", 1)


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(client: httpx.Client) -> None:
    known, unknown = sign_in(client, "wang", "not this one"), sign_in(client, "nobody", "not this one")
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("wang", "X") == unknown.text.replace("nobody", "X")
    assert "<script>" not in sign_in(client, "<script>", "x").text
    assert "set-cookie" not in known.headers


def test_who_guesses_must_wait_even_with_the_right_password(client: httpx.Client, base: Connection) -> None:
    before = len(deeds(base, "sign_in_failed"))
    for _ in range(PER_ACCOUNT):
        assert sign_in(client, "zhao", "guess").status_code == 401
    assert sign_in(client, "zhao").status_code == 429
    assert sign_in(client, "li").status_code == 303, "nobody else is held up"
    found = until_written(base, "sign_in_failed", before + PER_ACCOUNT)
    assert found[-1][0] == "zhao"
    base.execute("update sign_in_failure set at = at - interval '16 minutes'")
    assert sign_in(client, "zhao").status_code == 303


def test_a_password_is_kept_as_argon2id_and_must_be_long(base: Connection) -> None:
    row = base.execute("select password from account where username = 'li'").fetchone()
    assert row is not None
    assert row[0].startswith("$argon2id$")
    assert not is_dated(row[0])
    assert is_dated(row[0].replace("m=65536", "m=8192"))


def test_a_page_of_another_site_cannot_sign_in_nor_command(client: httpx.Client) -> None:
    form = {"username": "li", "password": PASSWORD}
    assert client.post("/login", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    sign_in(client, "li")
    command = {"action": "remark", "text": "x"}
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": csrf_of(new_token())}):
        answer = client.post("/api/cases/1/commands", json=command, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "account.csrf")
    for method, path in (("POST", "/logout"), ("DELETE", "/api/desk/views/1"), ("POST", "/_dash-update-component")):
        assert client.request(method, path).json()["code"] == "account.csrf"
    genuine = client.post("/api/cases/999999999/commands", json=command, headers=own(client))
    assert genuine.json()["code"] == "case.unknown"


def own(client: httpx.Client) -> dict[str, str]:
    """What a page of the session sends along."""
    return {"X-CSRF-Token": client.cookies["needle_csrf"]}


@pytest.mark.parametrize(
    ("wanted", "followed"),
    [
        ("/wall?screen=1", "/wall?screen=1"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/login?next=/x", "/"),
        ("/wall\r\nSet-Cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_to_no_other_host(wanted: str, followed: str) -> None:
    assert own_address(wanted) == followed


def test_signing_out_ends_the_session_for_whoever_has_copied_it(client: httpx.Client, base: Connection) -> None:
    sign_in(client, "li")
    copied = {"Cookie": f"needle_session={client.cookies['needle_session']}"}
    assert client.post("/logout", headers=own(client)).headers["location"] == "/login"
    assert "needle_session" not in client.cookies
    assert client.get("/api/hours", headers=copied).status_code == 401
    assert ("li", "") in until_written(base, "sign_out", 1)


def test_a_command_is_the_accounts_own_whatever_the_body_says(client: httpx.Client, base: Connection) -> None:
    sign_in(client, "li")
    row = base.execute(
        "select id from cases where closed_at is null and state <> 'draft' order by id limit 1"
    ).fetchone()
    assert row is not None
    said = {"action": "remark", "actor": "operator:somebody", "text": "看过现场"}
    assert client.post(f"/api/cases/{row[0]}/commands", json=said, headers=own(client)).status_code == 200
    events = client.get(f"/api/cases/{row[0]}").json()["events"]
    assert events[-1]["actor"] == "dispatcher:li"
    assert until_written(base, "case.remark", 1)[-1] == ("li", f"case:{row[0]}")
    refused = client.post(f"/api/cases/{row[0]}/commands", json={"action": "sign"}, headers=own(client))
    assert (refused.status_code, refused.json()["code"]) == (403, "account.forbidden")
    assert "department handler, grid worker" in refused.json()["en"]


def test_an_account_that_is_disabled_or_changed_is_out_at_once(
    client: httpx.Client, address: str, base: Connection
) -> None:
    sign_in(client, "wang")
    with live(address, client.cookies["needle_session"]) as socket:
        socket.recv(timeout=PATIENCE_S)
        row = load_account(base, "wang")
        change_account(
            base, AccountRow(**{name: getattr(row, name) for name in AccountRow.__slots__} | {"active": False})
        )
        assert closed_with(socket) == SIGNED_OUT
    assert client.get("/api/hours").status_code == 401
    assert sign_in(client, "wang").status_code == 401


def test_a_session_ends_by_itself(client: httpx.Client, base: Connection) -> None:
    for change in ("seen_at = now() - interval '3 hours'", "ends_at = now() - interval '1 second'"):
        sign_in(client, "li")
        token = hash_token(client.cookies["needle_session"])
        base.execute(f"update session set {change} where token = %s".encode(), (token,))
        assert client.get("/api/hours").status_code == 401


# --- screens and roles ---------------------------------------------------------------------------------------------


def test_a_screens_link_signs_in_for_long_shows_the_wall_and_changes_nothing(
    client: httpx.Client, address: str, base: Connection
) -> None:
    token = new_token()
    account = add_account(base, AccountRow(0, "hall", "hall", AccountRole.SCREEN))
    open_session_now(base, hash_token(token), account, SCREEN)
    answer = client.get(f"/screen/{token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/wall?screen=1")
    assert f"Max-Age={365 * 24 * 3600}" in answer.headers["set-cookie"]
    assert client.get("/wall?screen=1").status_code == 200
    assert client.get("/api/wall/snapshot").status_code == 200
    for path in ("/api/cases/1", "/api/photos/" + "a" * 64):
        assert client.get(path).json()["code"] == "account.forbidden"
    for path in ("/api/cases/1/commands", "/api/wall/alarms/1/acknowledge", "/api/desk/exports?format=csv"):
        told = client.post(path, json={"action": "remark"}, headers=own(client))
        assert told.json()["code"] == "account.forbidden"
    assert client.post("/api/reports", json={}, headers=own(client)).json()["code"] == "account.forbidden"
    with live(address, token) as socket:
        socket.recv(timeout=PATIENCE_S)
        close_sessions(base, account)
        assert closed_with(socket) == SIGNED_OUT
    assert client.get(f"/screen/{token}").json()["code"] == "account.screen_link"


def test_a_persons_session_is_no_screens_link(client: httpx.Client) -> None:
    sign_in(client, "li")
    assert client.get(f"/screen/{client.cookies['needle_session']}").status_code == 404


def test_pages_open_by_role_and_the_way_to_others_is_not_shown(client: httpx.Client, cluster: Cluster) -> None:
    cast = Cast(cluster.url("signing_in"))
    body = {
        "output": "page.children",
        "outputs": {"id": "page", "property": "children"},
        "inputs": [
            {"id": "address", "property": "pathname", "value": "/audit"},
            {"id": "address", "property": "search", "value": "?lang=en"},
        ],
        "changedPropIds": ["address.pathname"],
    }
    for actor, opens in (("admin", True), ("operator:x", False)):
        shown = client.post("/_dash-update-component", json=body, headers=cast.headers(actor)).json()
        assert ("'href': '/audit'" in str(shown)) is opens


# --- the audit --------------------------------------------------------------------------------------------------------


def test_administrators_read_the_audit_by_who_what_and_when_and_nobody_else_does(
    client: httpx.Client, base: Connection, cluster: Cluster
) -> None:
    base.execute(
        "insert into audit_entry (at, actor, action, object) values ('2026-01-02T03:00Z', '=cmd', 'case.x', 'case:7')"
    )
    admin = Cast(cluster.url("signing_in")).headers("admin")

    def found(**query: str) -> list[tuple[str, str]]:
        told = client.get("/api/audit", params=query, headers=admin).json()["entries"]
        return [(entry["actor"], entry["action"]) for entry in told]

    assert found(action="case", **{"from": "2026-01-02", "to": "2026-01-02"}) == [("=cmd", "case.x")]
    assert found(actor="=cmd") == found(object="case:7") == [("=cmd", "case.x")]
    assert found(to="2026-01-01") == []
    file = client.get("/api/audit/file.csv", params={"actor": "=cmd"}, headers=admin)
    assert "'=cmd,case.x,case:7" in file.text, "no spreadsheet takes it for a formula"
    assert until_written(base, "audit.export", 1)
    assert client.get("/api/audit", params={"from": "x"}, headers=admin).json()["code"] == "filter.invalid"
    sign_in(client, "li")
    assert (
        client.get("/api/audit").json()["code"]
        == client.get("/api/audit/file.csv").json()["code"]
        == "account.forbidden"
    )
