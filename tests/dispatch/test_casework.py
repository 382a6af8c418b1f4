"""Commands on cases over HTTP: one transaction each, no lost update, refusals from the catalogue, the row always the fold."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import httpx
import orjson
import psycopg
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from dashboard.api import Api
from data.chain import verify
from data.database import Connection, connect, open_pool
from data.demo.city import make_city
from data.demo.live import reports_live
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.stores.cases import load_events
from data.stores.workbench import Workbench
from dispatch.case import fold, row
from dispatch.matters import matters
from dispatch.reference import load_reference
from dispatch.worker import Worker
from geo.errors import NeedleError
from tests.signed_in import behind_sessions

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


class Desk:
    """The API over a small city in which one case has just been dispatched."""

    def __init__(self, client: httpx.AsyncClient, connection: Connection, case: dict[str, Any]) -> None:
        self.client, self.connection, self.case = client, connection, case
        self.id = case["id"]
        self.team, self.department = f"team:{case['team_id']}", f"department:{case['department_code']}"
        query = "select 'team:' || id from team where id <> %s order by id limit 1"
        self.other_team = str(connection.execute(query, (case["team_id"],)).fetchall()[0][0])

    async def give(self, action: str, actor: str, **more: Any) -> httpx.Response:
        body = {"action": action, **more}
        return await self.client.post(f"/api/cases/{self.id}/commands", json=body, headers={"X-Actor": actor})

    async def state(self) -> str:
        return str((await self.client.get(f"/api/cases/{self.id}")).json()["case"]["state"])

    def tasks(self) -> list[tuple[Any, ...]]:
        found = self.connection.execute(
            "select team_id, outcome, accepted_at is not null from task where case_id = %s order by id", (self.id,)
        ).fetchall()
        self.connection.commit()
        return found

    def check_fold(self) -> None:
        events = load_events(self.connection, self.id)
        case = fold(self.id, events)
        expected = row(case)
        query = f"select {', '.join(expected)} from cases where id = %s"
        assert self.connection.execute(query, (self.id,)).fetchone() == tuple(expected.values())
        assert verify(events, case.hash) is None
        self.connection.commit()


def dispatched_case(url: str, connection: Connection) -> int:
    """The newest dispatched case of a worker's first batch of live reports."""
    for report in islice(reports_live(connection, 5, NOW), 20):
        connection.execute(
            "insert into report (channel, idempotency_key, body, reported_at) values (%s, %s, %s, %s)",
            (report["channel"], report["key"], orjson.dumps(report).decode(), report["reported_at"]),
        )
    connection.commit()
    with Workbench(url) as bench:
        worker = Worker(bench)
        worker.refresh()
        worker.handle_batch()
    found = connection.execute(
        "select c.id from cases c join report r on r.case_id = c.id where c.state = 'dispatched' order by c.id desc"
    ).fetchone()
    connection.commit()
    assert found is not None
    return int(found[0])


async def answer_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NeedleError)
    return JSONResponse(error.as_dict(), status_code=error.entry.http_status)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    load_reference(database_url)
    with connect(database_url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), NOW)
        connection.commit()
        case_id = dispatched_case(database_url, connection)
        async with open_pool(database_url) as pool, Api(pool) as api:
            app = FastAPI()
            app.include_router(api.router)
            app.add_exception_handler(NeedleError, answer_error)
            transport = httpx.ASGITransport(behind_sessions(app, pool, database_url))
            async with httpx.AsyncClient(transport=transport, base_url="http://needle") as client:
                case = (await client.get(f"/api/cases/{case_id}")).json()["case"]
                yield Desk(client, connection, case)


async def test_a_case_is_worked_until_it_is_closed(desk: Desk) -> None:
    steps = [
        ("sign", desk.team, "signed"),
        ("assign", desk.department, "handling"),
        ("finish", desk.team, "handled"),
        ("confirm", desk.department, "answered"),
        ("request_check", "operator:li", "checking"),
        ("pass_check", "grid_worker:zhao", "pending_close"),
        ("close", "operator:li", "closed"),
    ]
    for action, actor, state in steps:
        answer = await desk.give(action, actor)
        assert (answer.status_code, answer.json()["state"]) == (200, state)
        desk.check_fold()
    assert desk.tasks() == [(desk.case["team_id"], "done", True)]


async def test_rework_gives_the_team_the_task_again(desk: Desk) -> None:
    for action, actor in (
        ("sign", desk.team),
        ("assign", desk.department),
        ("finish", desk.team),
        ("confirm", desk.department),
        ("request_check", "operator:li"),
    ):
        assert (await desk.give(action, actor)).status_code == 200
    assert (await desk.give("fail_check", "grid_worker:zhao", reason="没有清理干净")).status_code == 200
    assert [(team, outcome) for team, outcome, _ in desk.tasks()] == [
        (desk.case["team_id"], "done"),
        (desk.case["team_id"], None),
    ]
    desk.check_fold()


async def test_a_return_frees_the_team_and_goes_to_another_department(desk: Desk) -> None:
    assert (await desk.give("request_return", desk.department, reason="不属本部门")).status_code == 200
    assert (await desk.give("approve_return", "dispatcher:wang", reason="属实")).status_code == 200
    assert [outcome for _, outcome, _ in desk.tasks()] == ["returned"]
    same = await desk.give("reassign", "dispatcher:wang", department=desk.case["department_code"])
    assert (same.status_code, same.json()["code"]) == (409, "case.same_department")
    desk.check_fold()


async def test_a_refusal_changes_nothing(desk: Desk) -> None:
    before = await desk.state()
    for action, actor, status, code in (
        ("close", "operator:li", 409, "case.illegal_transition"),
        ("sign", desk.other_team, 404, "case.unknown"),
        ("sign", "operator:li", 403, "account.forbidden"),
        ("request_return", desk.department, 422, "case.reason_missing"),
    ):
        answer = await desk.give(action, actor)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await desk.state() == before
    desk.check_fold()


async def test_who_saw_an_older_case_is_told(desk: Desk) -> None:
    seen = desk.case["seq"]
    assert (await desk.give("sign", desk.team, seq=seen)).status_code == 200
    late = await desk.give("sign", desk.team, seq=seen)
    assert (late.status_code, late.json()["code"]) == (409, "case.conflict")


async def test_of_many_at_once_exactly_one_signs(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.give("sign", desk.team) for _ in range(12)))
    assert sorted(a.status_code for a in answers) == [200] + [409] * 11
    desk.check_fold()


async def test_a_team_that_does_not_exist_is_refused(desk: Desk) -> None:
    await desk.give("sign", desk.team)
    answer = await desk.give("assign", desk.department, team=999999)
    assert (answer.status_code, answer.json()["code"]) == (422, "case.command_invalid")
    desk.check_fold()


async def test_unknown_cases_and_broken_commands_are_told(desk: Desk) -> None:
    assert (await desk.client.get("/api/cases/999999999")).json()["code"] == "case.unknown"
    for content in (b"", b"[]", b'{"actor": "team:1"}', b'{"action": "sign", "seq": "1"}'):
        answer = await desk.client.post(f"/api/cases/{desk.id}/commands", content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "case.command_invalid")


async def test_the_database_itself_refuses_an_illegal_move(desk: Desk) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="fk_case_event_transition"):
        desk.connection.execute(
            "insert into case_event (case_id, seq, at, actor, action, from_state, to_state, previous_hash, hash) "
            "select id, seq + 1, now(), 'operator:li', 'close', state, 'closed', hash, hash from cases where id = %s",
            (desk.id,),
        )
    desk.connection.rollback()
