"""Webhooks over real HTTP: signed, in order within a case, tried again under the same id, given up loudly."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from data.database import AsyncPool, connect, open_pool
from data.stores import deliveries
from data.stores.deliveries import DeliveryRow, HealthRow
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.delivery.addresses import networks
from dispatch.delivery.connectors import as_settings, make_connector
from dispatch.delivery.deliverer import Deliverer, Surroundings
from dispatch.delivery.signing import verify
from tests.patience import PATIENCE_S

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four b").decode()
CASE_AT_WORK = "select id from cases where state = 'handling' and team_id is not null order by id limit 1"


@dataclass
class Receiver:
    """A subscriber that keeps what it hears, and answers as the test says."""

    answers: list[int] = field(default_factory=list)
    heard: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def hear(self, request: Request) -> Response:
        body = await request.body()
        message_id = verify(SECRET, dict(request.headers), body, datetime.now(UTC))
        self.heard.append((message_id, orjson.loads(body)))
        self.told.set()
        return Response(status_code=self.answers.pop(0) if self.answers else 204)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.hear, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    receiver.port = server.servers[0].sockets[0].getsockname()[1]
    yield receiver
    server.should_exit = True
    await serving


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not done():
            await asyncio.sleep(0.02)


@pytest.fixture
async def pool(city_url: str) -> AsyncIterator[AsyncPool]:
    async with open_pool(city_url) as pool:
        yield pool


@pytest.fixture
async def delivering(
    city_url: str, pool: AsyncPool, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[int]:
    """The deliverer at work with one subscriber of every case; the subscription's id."""
    monkeypatch.setenv("NEEDLE_SECRET_HOOK", SECRET)
    said = {"name": "hook", "kind": "webhook", "url": f"http://127.0.0.1:{receiver.port}/hook", "secret": "hook"}
    with connect(city_url) as connection:
        id = deliveries.save_subscription(connection, "hook", "webhook", None, as_settings(make_connector(said)))
    around = Surroundings(pool, tmp_path, networks("127.0.0.1"), poll_s=60, look_again_s=0.1)
    work = asyncio.create_task(Deliverer(city_url, around).run())
    yield id
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


async def move(pool: AsyncPool, *actions: str) -> int:
    """Let the team and department of a case in hand take some steps with it; the case."""
    desk = CaseDesk(pool)
    async with pool.connection() as connection:
        (case_id,) = await (await connection.execute(CASE_AT_WORK)).fetchone() or (0,)
    case = (await desk.read(case_id))["case"]
    actors = {"finish": f"team:{case['team_id']}", "confirm": f"department:{case['department_code']}"}
    for action in actions:
        await desk.give(case_id, Command(action, actors[action]), datetime.now(UTC))
    return int(case_id)


async def undelivered(pool: AsyncPool) -> list[DeliveryRow]:
    async with pool.connection() as connection:
        return await deliveries.load_undelivered(connection, 10)


async def health(pool: AsyncPool) -> HealthRow:
    async with pool.connection() as connection:
        return (await deliveries.load_health(connection))[0]


async def test_events_of_a_case_arrive_signed_and_in_order(
    receiver: Receiver, delivering: int, pool: AsyncPool
) -> None:
    case_id = await move(pool, "finish", "confirm")
    await until(lambda: len(receiver.heard) == 2)
    first, second = (event for _, event in receiver.heard)
    assert [first["type"], second["type"]] == ["cn.needle.case.finish", "cn.needle.case.confirm"]
    assert first["specversion"] == "1.0"
    data = first["data"]
    assert isinstance(data, dict)
    assert (data["case"], data["from_state"], data["to_state"], data["by"]) == (case_id, "handling", "handled", "team")
    assert [message for message, _ in receiver.heard] == [
        f"evt_{delivering}_{event['id']}" for event in (first, second)
    ]


async def test_what_failed_is_sent_again_under_the_same_id_and_holds_back_what_follows(
    receiver: Receiver, delivering: int, pool: AsyncPool
) -> None:
    receiver.answers = [503]
    await move(pool, "finish", "confirm")
    await until(lambda: len(receiver.heard) == 3)
    assert [event["type"] for _, event in receiver.heard] == [
        "cn.needle.case.finish",
        "cn.needle.case.finish",
        "cn.needle.case.confirm",
    ]
    assert receiver.heard[0][0] == receiver.heard[1][0]


async def test_what_is_refused_for_good_is_given_up_loudly_and_may_be_tried_again(
    receiver: Receiver, delivering: int, pool: AsyncPool
) -> None:
    receiver.answers = [400]
    await move(pool, "finish")
    await until(lambda: len(receiver.heard) == 1)
    async with asyncio.timeout(PATIENCE_S):
        while (await health(pool)).given_up == 0:
            await asyncio.sleep(0.02)
    (dead,) = await undelivered(pool)
    assert (dead.tries, dead.action) == (1, "finish")
    assert "HTTP 400" in (dead.problem or "")
    async with pool.connection() as connection:
        await deliveries.retry(connection, dead.id)
    await until(lambda: len(receiver.heard) == 2)
    async with asyncio.timeout(PATIENCE_S):
        while (await health(pool)).delivered == 0:
            await asyncio.sleep(0.02)
    assert await undelivered(pool) == []
