"""The desk's actions and its sister pages over HTTP, held against SQL; and what each account may see and do of them."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dashboard.view_models.department_board import JOINT, LISTS
from data.cluster import Cluster
from data.database import Connection, connect


@pytest.fixture
def stored(cluster: Cluster, served: str) -> Iterator[Connection]:
    """A connection to the same database."""
    assert served
    with connect(cluster.url("wall_copy"), autocommit=True) as connection:
        yield connection


def count(stored: Connection, condition: str) -> int:
    row = stored.execute(f"select count(*) from cases where {condition}".encode()).fetchone()
    assert row is not None
    return int(row[0])


def case_in(api: httpx.Client, state: str) -> dict[str, Any]:
    row: dict[str, Any] = api.get("/api/desk/rows", params={"state": state, "end": 1}).json()["rows"][0]
    return row


def test_queues_count_what_waits(api: httpx.Client, stored: Connection) -> None:
    queues = {queue["key"]: queue["n"] for queue in api.get("/api/desk/queues").json()["queues"]}
    assert queues["intake"] == count(stored, "state in ('reported', 'verifying_info', 'accepted')")
    assert queues["check"] == count(stored, "state in ('answered', 'checking', 'pending_close')")
    assert queues["open"] == count(stored, "closed_at is null")
    operator = api.get("/api/desk/queues", headers={"X-Actor": "operator:li"}).json()["queues"][0]
    assert operator["key"] == "mine"
    assert operator["n"] == count(stored, "state in ('reported', 'accepted', 'answered', 'pending_close')")
    watching = api.get("/api/desk/queues", headers={"X-Actor": "planner"}).json()["queues"]
    assert "mine" not in {queue["key"] for queue in watching}, "nothing waits for who only looks on"
    row = stored.execute(
        "select areas ->> 'subdistrict', count(*) from whistle join cases on cases.id = case_id "
        "where ended_at is null and state = 'handled' group by 1 order by 1 limit 1"
    ).fetchone()
    assert row is not None
    street = api.get("/api/desk/queues", headers={"X-Actor": f"street:{row[0]}"}).json()["queues"][0]
    assert (street["key"], street["n"]) == ("mine", row[1]), "what the street must confirm"
    for queue in watching:
        assert queue["n"] == api.get(f"/api/desk/rows?{queue['query']}&end=1").json()["total"], queue


def test_the_actions_of_several_cases_name_whom_each_allows(api: httpx.Client) -> None:
    filed, closed = case_in(api, "filed"), case_in(api, "closed")
    said = api.get("/api/desk/actions", params={"case": [filed["id"], closed["id"], 999_999_999]}).json()
    assert [one["id"] for one in said["cases"]] == [filed["id"], closed["id"]]
    assert "dispatch" in said["cases"][0]["actions"]
    assert "dispatch" not in said["cases"][1]["actions"]
    assert {action["code"] for action in said["actions"]} >= {"dispatch", "reopen"}


def test_any_team_may_be_chosen_those_with_the_power_first(api: httpx.Client, stored: Connection) -> None:
    case = case_in(api, "dispatched")
    teams = api.get(f"/api/desk/cases/{case['id']}/teams").json()["teams"]
    powers = [team["empowered"] for team in teams]
    assert powers == sorted(powers, reverse=True)
    row = stored.execute("select name from team order by id desc limit 1").fetchone()
    assert row is not None
    found = api.get(f"/api/desk/cases/{case['id']}/teams", params={"q": row[0]}).json()["teams"]
    assert row[0] in {team["name"] for team in found}
    assert api.get(f"/api/desk/cases/{case['id']}/teams", params={"q": "%_"}).json()["teams"] == []


@pytest.mark.parametrize("path", ["teams", "choices", "duplicates", "matters"])
def test_nothing_is_told_of_a_case_that_is_not_there(api: httpx.Client, path: str) -> None:
    answer = api.get(f"/api/desk/cases/999999999/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "case.unknown")


def test_a_handler_sees_one_department_and_nothing_of_the_others(api: httpx.Client, stored: Connection) -> None:
    case = case_in(api, "dispatched")
    row = stored.execute("select department_code from cases where id = %s", [case["id"]]).fetchone()
    assert row is not None
    own, other = str(row[0]), stored.execute("select code from department where code <> %s", [row[0]]).fetchone()
    assert other is not None
    handler = {"X-Actor": f"department:{own}"}
    assert [code for code, _, _ in api.get("/api/department", headers=handler).json()["departments"]] == [own]
    lists = {part["key"]: part for part in api.get(f"/api/department/{own}", headers=handler).json()["lists"]}
    assert lists["sign"]["total"] == count(stored, f"department_code = '{own}' and state = 'dispatched'")
    for key, states in LISTS.items():
        helping = f"department_code = '{own}' and not lead and state <> 'released'"
        helps = f"id in (select case_id from whistle_party where {helping})"
        whose = f"department_code = '{own}'" + (f" or {helps}" if key == JOINT else "")
        listed = f"state in {states} and ({whose})".replace(",)", ")")
        assert lists[key]["total"] == count(stored, listed), key
        assert lists[key]["overdue"] == count(stored, f"{listed} and due_at < now()"), key
    assert api.get(f"/api/department/{other[0]}", headers=handler).json()["code"] == "department.unknown"
    stranger = {"X-Actor": f"department:{other[0]}"}
    assert api.get("/api/desk/actions", params={"case": case["id"]}, headers=stranger).json()["cases"] == []
    assert api.get("/api/desk/rows/of", params={"case": case["id"]}, headers=stranger).json()["rows"] == []


def test_an_appeal_against_a_delay_stands_in_the_queue_of_whoever_judges_next(
    api: httpx.Client, stored: Connection
) -> None:
    late = (
        "select id, department_code from cases where state = 'closed' and answered_at > due_at and team_id is not null"
    )
    row = stored.execute(f"{late} limit 1".encode()).fetchone()
    assert row is not None
    case, department = row

    def waiting(actor: str) -> list[int]:
        told = api.get("/api/desk/queues", headers={"X-Actor": actor}).json()["queues"]
        queries = [queue["query"] for queue in told if queue["key"] == "appeals"]
        return [found["id"] for query in queries for found in api.get(f"/api/desk/rows?{query}").json()["rows"]]

    for actor, action, judges in (
        (f"department:{department}", "appeal_timeout", ["dispatcher:wang"]),
        ("dispatcher:wang", "back_appeal", ["operator:li"]),
        ("operator:li", "exempt_timeout", []),
    ):
        body = {"action": action, "reason": "连日暴雨"}
        answer = api.post(f"/api/cases/{case}/commands", json=body, headers={"X-Actor": actor})
        assert answer.is_success, answer.text
        for judge in ("dispatcher:wang", "operator:li"):
            assert waiting(judge) == ([case] if judge in judges else []), (action, judge)


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "/api/deliveries/1/retry", {}),
        ("POST", "/api/deliveries/systems/cg/retry", {}),
        ("POST", "/api/deliveries/systems/cg/active", {"active": False}),
        ("POST", "/api/hours", {"calendar": "china", "periods": [["08:00", "12:00"]]}),
        ("GET", "/api/hours", None),
    ],
)
def test_an_operator_may_not(api: httpx.Client, method: str, address: str, body: Any) -> None:
    answer = api.request(method, address, json=body, headers={"X-Actor": "operator:li"})
    assert (answer.status_code, answer.json()["code"]) == (403, "account.forbidden")


def test_hours_are_edited_and_turned_ones_refused(api: httpx.Client) -> None:
    asked = {"calendar": "weekdays", "periods": [["07:30", "11:30"], ["13:00", "17:00"]]}
    said = api.post("/api/hours", json=asked).json()
    assert (said["calendar"], said["periods"], said["day_h"]) == ("weekdays", asked["periods"], 8.0)
    assert api.get("/api/hours").json() == said
    turned = api.post("/api/hours", json={"calendar": "china", "periods": [["12:00", "08:00"]]})
    assert (turned.status_code, turned.json()["code"]) == (422, "clock.invalid")
    assert api.get("/api/hours").json() == said


def test_matters_are_found_by_name_for_a_case_that_nobody_could_classify(api: httpx.Client) -> None:
    case = case_in(api, "reported")
    found = api.get(f"/api/desk/cases/{case['id']}/matters", params={"q": "占道经营"}).json()["matters"]
    assert found[0][:2] == ["2026:event:09006", "占道经营"]
    suggested = api.get(f"/api/desk/cases/{case['id']}/matters").json()["matters"]
    assert all(key.startswith("2026:") for key, _, _ in suggested)
