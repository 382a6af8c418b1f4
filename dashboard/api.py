"""``/api/reports`` and ``/api/cases``: the door for channels, and commands on cases.

``Api`` belongs to one server process: put ``router`` into the application and enter the object in its lifespan.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dashboard.accounts import actor_of, movers_of, require
from dashboard.asgi import answer, answer_error, read_body
from dashboard.audit_log import deed_of
from dashboard.garbage import settle
from dashboard.report_door import ReportDoor
from dashboard.sessions import Asker
from data.database import AsyncPool
from data.stores.reports import Receipt
from dispatch.casework import CaseDesk
from dispatch.commands import Command
from dispatch.intake import MAX_BATCH_BYTES, MAX_REPORT_BYTES, IncomingReport, Intake, read_batch, read_report
from geo.errors import NeedleError


class Api:
    """The addresses of intake and casework over one pool."""

    def __init__(self, pool: AsyncPool) -> None:
        self.intake = Intake(pool)
        self.desk = CaseDesk(pool)
        self.router = APIRouter()
        door = ReportDoor(pool)
        self.router.routes.append(Route("/api/reports", ReceiveReport(self.intake, door), methods=["POST"]))
        self.router.routes.append(Route("/api/reports/batch", ReceiveBatch(self.intake, door), methods=["POST"]))
        self.router.add_api_route("/api/reports/{report_id}", self.get_report, methods=["GET"])
        self.router.add_api_route("/api/cases/{case_id}", self.get_case, methods=["GET"])
        self.router.add_api_route("/api/cases/{case_id}/commands", self.command, methods=["POST"])

    async def __aenter__(self) -> "Api":
        await self.intake.__aenter__()
        settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.intake.__aexit__()

    async def get_report(self, report_id: int, account: Asker) -> Response:
        """What became of a report: its case, or why it has none yet."""
        require(account, "case.list")
        return as_json(await self.desk.follow(report_id, account.id))

    async def get_case(self, case_id: int, account: Asker) -> Response:
        """A case with its events, decisions and tasks."""
        require(account, "case.read")
        return as_json(await self.desk.read(case_id, account.id))

    async def command(self, case_id: int, request: Request, account: Asker) -> Response:
        """Give a command: {"action", "reason"?, "seq"?, …}; what else the object holds goes into the event.

        Who gives it is the account; a name in the body says nothing.
        """
        action, reason, seq, data = read_command(await request.body())
        _, actor = actor_of(account, movers_of(action) or None)
        given, deed = (
            Command(action, actor, reason, data),
            deed_of(request, account, f"case.{action}", f"case:{case_id}"),
        )
        return as_json(await self.desk.give(case_id, given, datetime.now(UTC), seq, by=account.id, deed=deed))


class ReceiveReport:
    """``POST /api/reports``: one report; 201 with its id once it is committed, 200 when it was there before."""

    def __init__(self, intake: Intake, door: ReportDoor) -> None:
        self.intake, self.door = intake, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            key = await self.door.sender(scope)
            report = read_report(await read_body(receive, MAX_REPORT_BYTES), await self.intake.datums())
            self.door.admit(key, (report,))
            receipt = await self.intake.receive(report)
        except NeedleError as error:
            await answer_error(send, error)
            return
        await answer(send, 200 if receipt.duplicate else 201, {"id": receipt.id, "duplicate": receipt.duplicate})


class ReceiveBatch:
    """``POST /api/reports/batch``: a JSON array or NDJSON.

    The good ones are kept, each bad one is answered by its error.
    """

    def __init__(self, intake: Intake, door: ReportDoor) -> None:
        self.intake, self.door = intake, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            key = await self.door.sender(scope)
            items = read_batch(await read_body(receive, MAX_BATCH_BYTES), await self.intake.datums())
            good = [item for item in items if isinstance(item, IncomingReport)]
            self.door.admit(key, good)
            stored = iter(await self.intake.receive_batch(good))
        except NeedleError as error:
            await answer_error(send, error)
            return
        await answer(send, 200, batch_answer([next(stored) if isinstance(i, IncomingReport) else i for i in items]))


def batch_answer(outcomes: list[Receipt | NeedleError]) -> dict[str, Any]:
    """What a batch is told: counts, the id of each item (null for a refused one), and the errors by their index."""
    receipts = [o for o in outcomes if isinstance(o, Receipt)]
    duplicates = sum(r.duplicate for r in receipts)
    errors = [{"index": i, **o.as_dict()} for i, o in enumerate(outcomes) if isinstance(o, NeedleError)]
    return {
        "stored": len(receipts) - duplicates,
        "duplicates": duplicates,
        "ids": [o.id if isinstance(o, Receipt) else None for o in outcomes],
        "errors": errors,
    }


def read_command(raw: bytes) -> tuple[str, str | None, int | None, dict[str, Any]]:
    """Action, reason, the seq that the sender saw (None: whatever it is now), and the rest of a command's JSON.

    Raises
    ------
    NeedleError
        ``case.command_invalid``.
    """
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NeedleError("case.command_invalid", problem=str(error)) from None
    if not isinstance(said, dict) or not isinstance(said.get("action"), str) or not said["action"]:
        raise NeedleError("case.command_invalid", problem='{"action": text, …}')
    action, reason, seq, _ = (said.pop(name, None) for name in ("action", "reason", "seq", "actor"))
    if not isinstance(reason, str | None) or not isinstance(seq, int | None):
        raise NeedleError("case.command_invalid", problem="reason: text, seq: integer")
    return str(action), reason, seq, said


def as_json(content: Any) -> Response:
    """A JSON answer that no one keeps."""
    return Response(orjson.dumps(content), media_type="application/json", headers={"Cache-Control": "no-store"})
