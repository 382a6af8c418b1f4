"""``/api/surges``: sudden rises of similar reports, looked for all the time over the mirror and offered as one incident."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast

import numpy as np
import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.requests import HTTPConnection

from dashboard.accounts import require
from dashboard.asking import Scope
from dashboard.background import beside
from dashboard.desk_state import Desk, as_json, desk_of
from dashboard.hotspots.study import EARTH_M
from dashboard.i18n import language_of
from dashboard.sessions import Asker
from dashboard.wall_state import this_second
from data.mirror.columns import CaseMirror
from data.mirror.inside import mercator_degrees
from data.mirror.where import Where, write_where
from geo.errors import NeedleError
from geo.mvt_columns import UNITS
from geo.stats.surges import LongRun, Reports, surges

EVERY_S: Final = 20.0
RECENT_S: Final = 3_600
LONG_S: Final = 28 * 86_400
MARGIN: Final = 1e-5
log = structlog.get_logger("surges")


@dataclass(frozen=True)
class Found:
    """A surge among the city's cases. ``rows``: of the mirror, oldest report first."""

    rows: tuple[int, ...]
    radius_m: float
    expected: float


class Watch:
    """Looks for surges again and again; ``found`` is what stands now."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.found: list[Found] = []

    async def follow(self) -> None:
        """Look now and then; runs until cancelled."""
        while True:
            try:
                self.found = await self.look(this_second())
            except NeedleError as error:
                log.debug("surges.waiting", code=error.code)
            await asyncio.sleep(EVERY_S)

    async def look(self, now: int) -> list[Found]:
        """The surges of the last hour."""
        mirror = self.desk.wall.cases
        rows, recent, before = self.gathered(mirror, now)
        judged = await asyncio.to_thread(surges, recent, before)
        return [Found(tuple(rows[list(one.rows)].tolist()), one.radius_m, one.expected) for one in judged]

    def gathered(self, mirror: CaseMirror, now: int) -> tuple[np.ndarray[Any, Any], Reports, LongRun]:
        """The open cases of the last hour, and all of the four weeks before it."""
        count = mirror.count
        reported, placed = mirror.reported[:count], mirror.placed[:count]
        rows = np.flatnonzero(placed & (reported > now - RECENT_S) & (reported <= now) & (mirror.closed[:count] == 0))
        rows = rows[np.argsort(reported[rows], kind="stable")]
        earlier = np.flatnonzero(placed & (reported > now - LONG_S) & (reported <= now - RECENT_S))
        scale = metres_a_unit(mirror, rows)
        x, y = mirror.x.astype(np.float64), mirror.y.astype(np.float64)
        recent = Reports(
            x[rows] * scale, y[rows] * scale, mirror.matter[rows].astype(np.int64), self.titles(rows.tolist())
        )
        known = min(LONG_S, now - int(reported[earlier].min(initial=now)))
        windows = max(1.0, known / RECENT_S)
        return (
            rows,
            recent,
            LongRun(x[earlier] * scale, y[earlier] * scale, mirror.matter[earlier].astype(np.int64), windows),
        )

    def titles(self, rows: list[int]) -> list[str]:
        """What the cases are called, as far as their words are read."""
        ordering = self.desk.ordering
        texts = None if ordering is None else ordering.words
        return ["" if texts is None or row >= texts.count else texts.fields(row)[1] for row in rows]


def metres_a_unit(mirror: CaseMirror, rows: np.ndarray[Any, Any]) -> float:
    """How long a Web Mercator unit is where these rows lie."""
    if not len(rows):
        return EARTH_M / UNITS
    middle = np.array([[mirror.x[rows].mean(), mirror.y[rows].mean()]])
    return float(EARTH_M / UNITS * np.cos(np.radians(mercator_degrees(middle)[0, 1])))


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The watch of the application, beside its desk."""
    app.state.surges = watch = Watch(app.state.desk)
    async with beside(watch.follow()):
        yield


router = APIRouter(prefix="/api/surges", lifespan=running)


def watch_of(connection: HTTPConnection) -> Watch:
    """The process's watch (a FastAPI dependency)."""
    return cast(Watch, connection.app.state.surges)


@router.get("")
async def standing(
    request: Request,
    watch: Annotated[Watch, Depends(watch_of)],
    desk: Annotated[Desk, Depends(desk_of)],
    scope: Scope,
    account: Asker,
) -> Response:
    """The surges that the account sees: what, how many, where, since when, and the filter of their cases."""
    require(account, "case.list")
    now, mirror = this_second(), desk.wall.cases
    fits = desk.wall.fitting(scope, now)
    name = (await desk.names()).namer(language_of(request.query_params.get("lang")))
    told = []
    for one in watch.found:
        rows = np.array([row for row in one.rows if row < len(fits) and fits[row]], np.int64)
        if len(rows):
            told.append(surge_as_json(mirror, rows, one, name))
    return as_json({"now": now, "surges": told})


def surge_as_json(mirror: CaseMirror, rows: np.ndarray[Any, Any], one: Found, name: Any) -> dict[str, Any]:
    """A surge with its commonest matter, and the filter that shows its cases."""
    places = mercator_degrees(np.column_stack((mirror.x[rows], mirror.y[rows])).astype(np.float64))
    (west, south), (east, north) = places.min(axis=0) - MARGIN, places.max(axis=0) + MARGIN
    matters = np.bincount(mirror.matter[rows])
    since = int(mirror.reported[rows].min())
    where = Where(
        matters=frozenset(mirror.matters[at] for at in np.flatnonzero(matters).tolist()),
        reported_from=since,
        open=True,
        box=(round(float(west), 6), round(float(south), 6), round(float(east), 6), round(float(north), 6)),
    )
    return {
        "matter": name("matter", mirror.matters[int(matters.argmax())]),
        "cases": mirror.id[rows].tolist(),
        "expected": round(one.expected, 2),
        "since": since,
        "last": int(mirror.reported[rows].max()),
        "radius_m": round(one.radius_m),
        "at": np.median(places, axis=0).round(6).tolist(),
        "where": write_where(where),
    }
