"""``/api/wall/alarms``: somebody has seen an alarm, and no wall sounds it again."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request, Response

from dashboard.accounts import require, scope_of
from dashboard.audit_log import deed_of
from dashboard.scoping import cases_seen
from dashboard.sessions import Asker
from dashboard.wall_state import Wall, this_second, wall_of
from data.mirror.alarms import causes_of
from data.stores.alarms import acknowledge
from data.stores.audit import add_entries
from data.stores.reading import reading
from geo.errors import NeedleError

router = APIRouter()


@router.post("/alarms/{case_id}/acknowledge")
async def acknowledge_alarms(
    case_id: int, request: Request, account: Asker, wall: Annotated[Wall, Depends(wall_of)]
) -> Response:
    """Acknowledge what a case sounds now; every wall of every process is told who did. Answers what is acknowledged."""
    require(account, "alarm.acknowledge")
    if not cases_seen(wall, scope_of(account), [case_id]):
        raise NeedleError("case.unknown", case_id=case_id)
    causes = causes_of(wall.cases, case_id, this_second())
    async with reading(wall.pool) as connection:
        known = await acknowledge(connection, case_id, causes, account.name)
        await add_entries(connection, [deed_of(request, account, "alarm.acknowledge", f"case:{case_id}")])
    said = [{"cause": seen.cause, "at": seen.at.timestamp(), "by": seen.actor} for seen in known]
    return Response(orjson.dumps({"case": case_id, "acknowledged": said}), media_type="application/json")
