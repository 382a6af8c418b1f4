"""``/api/wall``: the snapshot that a wall opens with, the cases behind each of its figures, series, and places for its tour.

Every address takes a filter as its query (``data.mirror.where``) and answers for the cases that fit.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Response

from dashboard import alarms_api
from dashboard.asking import Filter, Scope
from dashboard.scoping import cases_seen, teams_within
from dashboard.view_models.numbers import hot_as_json, series_as_json, summary_as_json
from dashboard.view_models.snapshot import alarm_as_json, case_as_json, ground_as_json, teams_as_json
from dashboard.wall_state import Ground, Wall, this_second, wall_of
from data.mirror.alarms import Alarm, alarms
from data.mirror.behind import RULES, behind
from data.mirror.figures import DAY
from data.mirror.hot import hot_places
from data.mirror.series import series
from data.mirror.where import Where
from data.stores import overview
from data.stores.event_log import Connection
from data.stores.reading import reading
from geo.errors import NeedleError

FEED_ROWS: Final = 80
BEHIND_ROWS: Final = 200
ALARMS_SHOWN: Final = 20
PATIENCE_SECONDS: Final = 2.0
"""So long a snapshot waits for the mirror of a server that has just started; a small city's is there by then."""

router = APIRouter(prefix="/api/wall")
router.include_router(alarms_api.router)


Process = Annotated[Wall, Depends(wall_of)]


@router.get("/snapshot")
async def snapshot(wall: Process, where: Filter, scope: Scope) -> Response:
    """Everything a wall shows at first: ground and its words, figures, the newest rows, teams, alarms.

    ``event`` is the last event that the rest certainly contains: the live socket goes on from there. While the server still
    reads the cases, ``mirror.ready`` is false and what is counted over them is absent.
    """
    await following(wall)
    ground, event = await wall.ground(), wall.event
    async with reading(wall.pool) as connection:
        counted = await everything_counted(wall, connection, where, scope, ground)
        teams = await overview.load_team_rows(connection, datetime.now(UTC), ground.timezone)
    return as_json(
        {
            **ground_as_json(ground),
            "now": datetime.now(UTC).timestamp(),
            "event": event,
            "mirror": {"ready": wall.mirror is not None, "loaded": wall.loaded, "total": wall.total},
            "teams": teams_within(wall, scope, teams_as_json(teams)),
            **counted,
        }
    )


async def following(wall: Wall) -> None:
    """Wait until the hub follows the event log, and, for a while, until the mirror is there.

    Raises
    ------
    NeedleError
        ``database.unreachable``.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await wall.following.wait()
    except TimeoutError:
        raise NeedleError("database.unreachable", reason="the event log cannot be followed") from None
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await wall.ready.wait()


async def everything_counted(
    wall: Wall, connection: Connection, where: Where, scope: Where, ground: Ground
) -> dict[str, Any]:
    """Figures, rows and alarms; without figures while the mirror is being read."""
    now = this_second()
    if wall.mirror is None:
        return {"rows": [], "alarms": []}
    ids = behind(wall.cases, wall.fitting(where, now), "latest", now, ground.timezone, FEED_ROWS)
    sounding = {alarm.case_id: alarm for alarm in sounding_within(wall, scope, now)}
    alarming = await overview.load_rows(connection, list(sounding))
    return {
        **summary_as_json(await wall.summary(where, now)),
        "rows": as_rows(await overview.load_rows(connection, ids), ground),
        "alarms": [alarm_as_json(sounding[row.id], row, ground.place_layer) for row in alarming],
    }


def sounding_within(wall: Wall, scope: Where, now: int) -> list[Alarm]:
    """The newest alarms that nobody has acknowledged, of cases within a scope."""
    found = alarms(wall.cases, wall.acknowledged.keys(), now)
    seen = cases_seen(wall, scope, [alarm.case_id for alarm in found])
    return [alarm for alarm in found if alarm.case_id in seen][:ALARMS_SHOWN]


def as_rows(rows: list[overview.CaseRow], ground: Ground) -> list[dict[str, Any]]:
    """Cases as lists carry them."""
    return [case_as_json(row, ground.place_layer) for row in rows]


@router.get("/behind/{figure}")
async def cases_behind(figure: str, wall: Process, where: Filter) -> Response:
    """The cases behind a key figure, the most pressing first."""
    if figure not in RULES:
        return Response(status_code=404)
    ground, now = await wall.ground(), this_second()
    ids = behind(wall.cases, wall.fitting(where, now), figure, now, ground.timezone, BEHIND_ROWS)
    async with reading(wall.pool) as connection:
        rows = await overview.load_rows(connection, ids)
    return as_json({"rows": as_rows(rows, ground)})


@router.get("/series")
async def counts_over_time(wall: Process, where: Filter, step: int = 900) -> Response:
    """Counts from ``from`` to ``to`` (by default the last 24 hours) in steps of seconds, of the cases that fit otherwise."""
    now = this_second()
    start = now - DAY if where.reported_from is None else where.reported_from
    end = now if where.reported_to is None else where.reported_to
    fits = wall.fitting(Where(**{**vars(where), "reported_from": None, "reported_to": None}), now)
    return as_json(series_as_json(series(wall.cases, fits, start, end, step)))


@router.get("/hot")
async def hot(wall: Process, where: Filter) -> Response:
    """Places for the automatic tour: where open and overdue cases crowd."""
    ground, now = await wall.ground(), this_second()
    places = hot_places(wall.cases, wall.fitting(where, now), now, ground.place_layer)
    async with reading(wall.pool) as connection:
        rows = await overview.load_rows(connection, [id for place in places for id in place.pressing])
    by_id = {row.id: row for row in rows}
    return as_json(
        {
            "places": [
                hot_as_json(
                    place, ground.areas, [by_id[id] for id in place.pressing if id in by_id], ground.place_layer
                )
                for place in places
            ]
        }
    )


def as_json(content: dict[str, Any]) -> Response:
    """A JSON answer that no one keeps."""
    return Response(orjson.dumps(content), media_type="application/json", headers={"Cache-Control": "no-store"})
