"""The people of the demo city: residents report through the real intake, teams and officers move cases by real commands.

Everything goes over HTTP, as it would from other systems; nothing here touches the database.
"""

import asyncio
import random
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import structlog

from dispatch.rehearsal_joint import next_joint_move, whistle_move
from dispatch.rehearsal_moves import Move

Report = Mapping[str, Any]
HeadersOf = Callable[[str], Mapping[str, str]]
#: Who posts for everybody and looks how things stand.
WATCHING = "operator:01"

AT_ONCE = 300
"""At most so many cases are played at a time; the others wait for a real person."""
LOOK_AGAIN_S = 2.0
LOOKS = 30
PATIENCE_S = 10.0
RETURN_SHARE, REWORK_SHARE, LEFT_SHARE, WHISTLE_SHARE = 0.05, 0.06, 0.25, 0.04

THE_DEPARTMENTS = frozenset({"dispatched", "signed", "handling", "handled", "rework"})
"""States in which the department's move is next."""

log = structlog.get_logger()


def next_move(case: Mapping[str, Any], chance: random.Random) -> Move | None:
    """What the people do with a case in its state; None where they leave it to a real person.

    Parameters
    ----------
    case : mapping
        ``state``, ``team_id`` and ``returns`` as ``GET /api/cases/{id}`` gives them.
    chance : random.Random
        Who returns, who does it badly.
    """
    team = f"team:{case['team_id']}" if case.get("team_id") else None
    state = case["state"]
    if state in ("dispatched", "signed", "handling", "rework") and team is None:
        return None
    if state == "dispatched" and not case.get("returns") and chance.random() < RETURN_SHARE:
        return Move("request_return", str(team), "现场不在本队辖区")
    if state == "checking" and chance.random() < REWORK_SHARE:
        return Move("fail_check", "grid_worker:01", "现场仍有残留")
    usual = {
        "dispatched": ("sign", team),
        "signed": ("assign", team),
        "handling": ("finish", team),
        "rework": ("resume_work", team),
        "return_requested": ("refuse_return", "dispatcher:01"),
        "handled": ("confirm", f"department:{case.get('department_code')}"),
        "answered": ("request_check", "operator:01"),
        "checking": ("pass_check", "grid_worker:01"),
        "pending_close": ("close", "operator:01"),
    }
    if state not in usual:
        return None
    action, actor = usual[state]
    return Move(action, str(actor), "经核对属于该队职责" if action == "refuse_return" else None)


class People:
    """Everybody in the demo city, over one HTTP client.

    Parameters
    ----------
    client : httpx.AsyncClient
        With the operators' server as its base address.
    headers_of : callable
        Actor of the state table -> what a request of theirs carries, so that the server knows who it is.
    step_s : float
        Mean time between two moves on a case, in seconds.
    elsewhere : frozenset of str
        Departments that work in systems of their own: their cases move by what those systems say.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        headers_of: HeadersOf,
        step_s: float,
        seed: int = 0,
        elsewhere: frozenset[str] = frozenset(),
    ) -> None:
        self.client = client
        self.elsewhere = elsewhere
        self.headers_of = headers_of
        self.step_s = step_s
        self.chance = random.Random(seed)
        self.places = asyncio.Semaphore(AT_ONCE)
        self.departments: set[str] = set()

    async def live(self, reports: Iterator[Report]) -> None:
        """Post each report at its time, and play the case that comes of it, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for report in reports:
                due = datetime.fromisoformat(report["reported_at"])
                await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
                group.create_task(self.play(report))

    async def play(self, report: Report) -> None:
        """Post one report and move its case as far as the people would."""
        try:
            answer = await self.client.post("/api/reports", json=dict(report), headers=self.headers_of(WATCHING))
            if answer.is_error or self.places.locked():
                return
            async with self.places:
                case_id = await self.case_of(answer.json()["id"])
                if case_id is not None and self.chance.random() > LEFT_SHARE:
                    await self.handle(case_id)
        except httpx.HTTPError as error:
            log.warning("a report or case was left", reason=repr(error))

    async def case_of(self, report_id: int) -> int | None:
        """The case that a report became; None when the worker takes longer than a minute."""
        for _ in range(LOOKS):
            await asyncio.sleep(LOOK_AGAIN_S)
            answer = await self.client.get(f"/api/reports/{report_id}", headers=self.headers_of(WATCHING))
            if answer.is_success and answer.json()["case_id"] is not None:
                return int(answer.json()["case_id"])
        return None

    async def handle(self, case_id: int) -> None:
        """Move a case step by step until it rests."""
        while True:
            await asyncio.sleep(self.chance.expovariate(1.0 / self.step_s))
            answer = await self.client.get(f"/api/cases/{case_id}", headers=self.headers_of(WATCHING))
            if answer.is_success and self.works_elsewhere(answer.json()["case"]):
                continue
            move = self.next(answer.json()) if answer.is_success else None
            if move is None or (await self.make(case_id, move)).is_error:
                return

    def works_elsewhere(self, case: Mapping[str, Any]) -> bool:
        """Whether a case's next move is one of a system of its department's own."""
        return case["department_code"] in self.elsewhere and case["state"] in THE_DEPARTMENTS

    def next(self, told: Mapping[str, Any]) -> Move | None:
        """What is done next with a case as ``GET /api/cases/{id}`` tells it."""
        case, whistles = told["case"], told["whistles"]
        if case["department_code"] and case["department_code"] not in self.elsewhere:
            self.departments.add(case["department_code"])
        if whistles and whistles[-1]["ended_at"] is None:
            return next_joint_move(case, whistles[-1], self.chance)
        if case["state"] == "handling" and not whistles and self.chance.random() < WHISTLE_SHARE:
            blown = whistle_move(case, self.departments, self.chance, datetime.now(UTC))
            return blown or next_move(case, self.chance)
        return next_move(case, self.chance)

    async def make(self, case_id: int, move: Move) -> httpx.Response:
        """Give one command."""
        said = {"action": move.action, **move.data} | ({"reason": move.reason} if move.reason else {})
        headers = self.headers_of(move.actor)
        return await self.client.post(f"/api/cases/{case_id}/commands", json=said, headers=headers)


async def rehearse(
    url: str,
    reports: Iterator[Report],
    headers_of: HeadersOf,
    step_s: float = 20.0,
    elsewhere: frozenset[str] = frozenset(),
) -> None:
    """Let the people of the demo live on the server at ``url`` until SIGTERM or SIGINT."""
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, trust_env=False) as client:
        life = asyncio.ensure_future(People(client, headers_of, step_s, elsewhere=elsewhere).live(reports))
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, life.cancel)
        with suppress(asyncio.CancelledError):
            await life
