"""Pushed answers of a department's system: signed, known, and harmless when they come twice."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest

from data.database import connect
from data.stores import deliveries
from dispatch.delivery.connectors import as_settings, make_connector
from dispatch.delivery.signing import sign

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four b").decode()
AT_WORK = """
select id, department_code from cases
 where state = 'handling' and team_id is not null and department_code is not null order by id limit 1
"""


@pytest.fixture
def case_there(block_url: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """A case in hand that the department's system calls CG-1."""
    monkeypatch.setenv("NEEDLE_SECRET_CG", SECRET)
    with connect(block_url) as connection:
        case_id, department = connection.execute(AT_WORK).fetchone() or (0, "")
        said = {"name": "cg", "kind": "open311", "url": "https://cg.cn/v2", "department": department, "secret": "cg"}
        id = deliveries.save_subscription(connection, "cg", "open311", department, as_settings(make_connector(said)))
        connection.execute(
            "insert into remote_case (subscription_id, case_id, remote_id) values (%s, %s, 'CG-1')", (id, case_id)
        )
    return int(case_id)


@pytest.fixture
def client(case_there: int, served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served, trust_env=False) as client:
        yield client


def push(client: httpx.Client, said: object, at: datetime | None = None, secret: str = SECRET) -> httpx.Response:
    body = orjson.dumps(said)
    headers = sign(secret, "msg_1", at or datetime.now(UTC), body)
    return client.post("/api/connectors/cg/updates", content=body, headers=headers)


def test_a_pushed_status_moves_the_case_once(client: httpx.Client, case_there: int) -> None:
    done = {"service_request_id": "CG-1", "status": "FIXED"}
    assert push(client, done).json() == {"steps": 2}
    assert client.get(f"/api/cases/{case_there}").json()["case"]["state"] == "answered"
    assert push(client, done).json() == {"steps": 0}


def test_an_unknown_status_changes_nothing(client: httpx.Client, case_there: int) -> None:
    assert push(client, {"service_request_id": "CG-1", "status": "painted"}).json() == {"steps": 0}
    assert client.get(f"/api/cases/{case_there}").json()["case"]["state"] == "handling"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"service_request_id": "CG-2", "status": "fixed"}, "delivery.remote_unknown"),
        ({"service_request_id": "CG-1"}, "delivery.update_malformed"),
        ([], "delivery.update_malformed"),
        ({"service_request_id": 1, "status": "fixed"}, "delivery.update_malformed"),
    ],
)
def test_what_means_nothing_is_refused(client: httpx.Client, said: object, code: str) -> None:
    assert push(client, said).json()["code"] == code


def test_only_the_system_itself_is_believed(client: httpx.Client) -> None:
    done = {"service_request_id": "CG-1", "status": "fixed"}
    other = "whsec_" + base64.b64encode(b"another secret of 24 bytes").decode()
    old = datetime.now(UTC) - timedelta(minutes=10)
    unsigned = client.post("/api/connectors/cg/updates", json=done)
    for answer in (push(client, done, secret=other), push(client, done, at=old), unsigned):
        assert (answer.status_code, answer.json()["code"]) == (401, "delivery.signature")
    assert client.post("/api/connectors/nobody/updates", json=done).status_code == 404
