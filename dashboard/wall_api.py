"""``/api/wall``: the snapshot that a wall opens with, and the cases behind each of its figures."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Response

from dashboard.view_models.snapshot import case_as_json, figures_as_json, ground_as_json, teams_as_json
from dashboard.wall_state import Wall, wall_of
from data.stores import overview
from data.stores.reading import reading

FEED_ROWS: Final = 80

router = APIRouter(prefix="/api/wall")


@router.get("/snapshot")
async def snapshot(wall: Annotated[Wall, Depends(wall_of)]) -> Response:
    """Everything a wall shows at first: ground, figures, open cases and those of the last 24 hours, teams, the newest rows.

    ``event`` is the last event that the rest certainly contains: the live socket goes on from there.
    """
    ground = await wall.ground()
    now = datetime.now(UTC)
    async with reading(wall.pool) as connection:
        event = await overview.last_event_id(connection)
        figures = await overview.load_figures(connection, now, ground.timezone)
        points = await overview.load_points(connection, now)
        rows = await overview.load_behind(connection, "latest", ground.place_layer, now, ground.timezone, FEED_ROWS)
        teams = await overview.load_team_rows(connection, now, ground.timezone)
    return as_json(
        {
            **ground_as_json(ground),
            **figures_as_json(figures),
            "now": now.timestamp(),
            "event": event,
            "points": points,
            "rows": [case_as_json(row) for row in rows],
            "teams": teams_as_json(teams),
        }
    )


@router.get("/behind/{figure}")
async def behind(figure: str, wall: Annotated[Wall, Depends(wall_of)]) -> Response:
    """The cases behind a key figure, the most pressing first."""
    if figure not in overview.BEHIND:
        return Response(status_code=404)
    ground = await wall.ground()
    async with reading(wall.pool) as connection:
        rows = await overview.load_behind(connection, figure, ground.place_layer, datetime.now(UTC), ground.timezone)
    return as_json({"rows": [case_as_json(row) for row in rows]})


def as_json(content: dict[str, Any]) -> Response:
    """A JSON answer that no one keeps."""
    return Response(orjson.dumps(content), media_type="application/json", headers={"Cache-Control": "no-store"})
