"""Signing in through a real identity provider in its own process: PKCE, state and nonce, claims to role, and every refusal."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from dashboard.accounts import AccountRole
from dashboard.oidc import Provider, account_of_claims, read_attempt
from data.cluster import Cluster
from data.database import Connection, connect
from data.settings import get_settings
from data.stores.accounts import load_account
from geo.errors import NeedleError
from tests.dashboard.conftest import Served
from tests.patience import until

ROLES = {"centre": AccountRole.DISPATCHER, "bureau": AccountRole.HANDLER, "it": AccountRole.ADMIN}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider's address; users and their claims are set over HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        until(
            lambda: process.poll() is not None or answers(f"{address}/.well-known/openid-configuration"), "the provider"
        )
        yield httpx.get(f"{address}/.well-known/openid-configuration", trust_env=False).json()["issuer"]
    finally:
        process.terminate()
        process.wait()


def answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def address(cluster: Cluster, block_template: str, issuer: str) -> Iterator[str]:
    url = cluster.copy_database(block_template, "oidc")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (
            ("OIDC_ISSUER", issuer),
            ("OIDC_NAME", "City ID"),
            ("OIDC_ROLES", "centre=dispatcher, bureau=handler, it=admin"),
            ("SECRET_OIDC", "between us"),
        ):
            environment.setenv(f"NEEDLE_{name}", value)
        get_settings.cache_clear()
        with Served(url, signed_in=False) as server:
            yield server.address
    get_settings.cache_clear()
    cluster.drop_database("oidc")


@pytest.fixture
def base(cluster: Cluster, address: str) -> Iterator[Connection]:
    with connect(cluster.url("oidc"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def browser_like(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client


def user(issuer: str, sub: str, **claims: object) -> None:
    httpx.put(f"{issuer.rstrip('/')}/users/{sub}", json=claims, trust_env=False).raise_for_status()


def through(client: httpx.Client, sub: str, wanted: str = "/desk") -> str:
    """Go to the provider, sign in there, and give the address that it sends the browser back to."""
    page = client.get("/login").text
    assert "City ID" in page
    there = client.get("/login/oidc", params={"next": wanted})
    assert there.status_code == 303
    asked = dict(parse_qsl(urlsplit(there.headers["location"]).query))
    assert asked["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    back = httpx.post(there.headers["location"], data={"sub": sub}, trust_env=False)
    return str(back.headers["location"])


def test_a_person_comes_in_as_what_the_provider_claims_and_is_followed(
    browser_like: httpx.Client, issuer: str, base: Connection
) -> None:
    user(
        issuer,
        "u-17",
        roles=["centre"],
        preferred_username="Wang.Fang",
        name="王芳",
        areas=["subdistrict:131502002000"],
    )
    answer = browser_like.get(through(browser_like, "u-17", "/desk?open=1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?open=1"), answer.text
    assert browser_like.get("/api/desk/views").status_code == 200
    row = load_account(base, "wang.fang")
    assert (row.role, row.name, row.area_layer, list(row.area_codes)) == (
        "dispatcher", "王芳", "subdistrict", ["131502002000"],
    )  # fmt: skip
    user(issuer, "u-17", roles=["it"], preferred_username="other", name="王芳")
    browser_like.get(through(browser_like, "u-17"))
    changed = load_account(base, "wang.fang")
    assert (changed.id, changed.role, changed.area_layer) == (row.id, "admin", None)
    deeds = "select action, detail ->> 'role' from audit_entry where object = 'account:wang.fang' order by id"
    assert base.execute(deeds).fetchall() == [("account.add", "dispatcher"), ("account.change", "admin")]
    base.execute("update account set active = false where id = %s", (row.id,))
    assert browser_like.get(through(browser_like, "u-17")).status_code == 403


@pytest.mark.parametrize("claims", [{}, {"roles": ["stranger"]}, {"roles": ["bureau"]}, {"roles": [None]}])
def test_who_has_no_role_here_stays_outside(
    claims: dict[str, object], browser_like: httpx.Client, issuer: str, base: Connection
) -> None:
    user(issuer, "nobody", **claims)
    answer = browser_like.get(through(browser_like, "nobody"))
    assert answer.status_code == 403
    assert "needle_session" not in browser_like.cookies
    assert base.execute("select count(*) from account where username = 'nobody'").fetchone() == (0,)


def test_an_answer_counts_once_for_the_browser_that_asked_with_its_own_state_and_verifier(
    browser_like: httpx.Client, address: str, issuer: str
) -> None:
    user(issuer, "li", roles=["centre"])
    back = through(browser_like, "li")
    with httpx.Client(base_url=address, trust_env=False) as other:
        assert other.get(back).status_code == 502, "another browser has no attempt"
        through(other, "li")
        assert other.get(back).status_code == 502, "nor this one"
    forged = back.replace("state=", "state=x")
    assert browser_like.get(forged).status_code == 502
    assert browser_like.get("/login/oidc/callback", params={"error": "access_denied"}).status_code == 502
    assert browser_like.get(back).status_code == 303
    assert browser_like.get(back).status_code == 502, "the attempt is over"


def test_a_code_of_another_attempt_fails_at_the_verifier(browser_like: httpx.Client, address: str, issuer: str) -> None:
    user(issuer, "li", roles=["centre"])
    with httpx.Client(base_url=address, trust_env=False) as thief:
        stolen = dict(parse_qsl(urlsplit(through(browser_like, "li")).query))
        own = dict(parse_qsl(urlsplit(through(thief, "li")).query))
        answer = thief.get("/login/oidc/callback", params={"state": own["state"], "code": stolen["code"]})
    assert answer.status_code == 502


def test_a_handler_needs_a_department_and_areas_a_single_layer() -> None:
    provider = Provider("https://id", "needle", "", "ID", "roles", ROLES)
    handler = account_of_claims({"sub": "x", "roles": "bureau", "department": "cg01"}, provider)
    assert (handler.role, handler.department_code) == ("handler", "cg01")
    for claims in ({"roles": "centre", "areas": ["district:1", "subdistrict:2"]}, {"roles": "centre", "areas": ["x"]}):
        with pytest.raises(NeedleError) as refused:
            account_of_claims({"sub": "x", **claims}, provider)
        assert refused.value.code == "account.not_entitled"


@pytest.mark.parametrize("packed", ["", "zz", "5b5d", "6e756c6c", "5b312c322c332c345d"])
def test_a_broken_attempt_is_none(packed: str) -> None:
    assert read_attempt(packed) is None
