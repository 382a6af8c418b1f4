"""``/api/wall/alarms``: somebody has seen an alarm, and no wall sounds it again."""

from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Request, Response

from dashboard.wall_state import Wall, this_second, wall_of
from data.mirror.alarms import causes_of
from data.stores.alarms import acknowledge
from data.stores.reading import reading
from geo.errors import NeedleError

LONGEST_NAME: Final = 80

router = APIRouter()


@router.post("/alarms/{case_id}/acknowledge")
async def acknowledge_alarms(case_id: int, request: Request, wall: Annotated[Wall, Depends(wall_of)]) -> Response:
    """Acknowledge what a case sounds now, {"by": who}; every wall of every process is told. Answers what is acknowledged."""
    actor = read_actor(await request.body())
    causes = causes_of(wall.cases, case_id, this_second())
    async with reading(wall.pool) as connection:
        known = await acknowledge(connection, case_id, causes, actor)
    said = [{"cause": seen.cause, "at": seen.at.timestamp(), "by": seen.actor} for seen in known]
    return Response(orjson.dumps({"case": case_id, "acknowledged": said}), media_type="application/json")


def read_actor(body: bytes) -> str:
    """Who acknowledges.

    Raises
    ------
    NeedleError
        ``alarm.actor_missing``.
    """
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    actor = said.get("by") if isinstance(said, dict) else None
    if not isinstance(actor, str) or not actor.strip() or "\0" in actor:
        raise NeedleError("alarm.actor_missing")
    return actor.strip()[:LONGEST_NAME]
