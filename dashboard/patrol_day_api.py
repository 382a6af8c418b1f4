"""``/api/patrol/worker``: a worker's day, as far as its places are still kept.

Who was where is a person's: it needs ``patrol.replay`` and the worker's cells within the account's, and every look at it is
written into the audit before it is shown. A worker sees their own.
"""

from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Final

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray

from dashboard.accounts import Account, AccountRole, require
from dashboard.audit_log import deed_of
from dashboard.desk_state import as_json
from dashboard.patrol_api import Asked, Here, oversees, shown
from dashboard.patrol_state import Patrols
from dashboard.sessions import Asker
from dashboard.view_models import patrol_view as view
from data.mirror.patrol import PatrolPicture
from data.stores import patrols as store
from data.stores.audit import add_entries
from data.stores.reading import reading, scoped
from geo.errors import NeedleError
from geo.patrol import Tracks, stops_of, tracks_of

WIDER: Final = 0.0004
"""Degrees; more than anybody sees."""

router = APIRouter(prefix="/api/patrol/worker")


def leads(account: Account, picture: PatrolPicture, worker: store.WatcherRow) -> bool:
    """Whether a worker is another's to look after."""
    return account.role is not AccountRole.GRID_WORKER and oversees(account, picture, worker)


async def watched(here: Patrols, account: Account, picture: PatrolPicture, account_id: int) -> store.WatcherRow:
    """A worker whose days an account may see.

    Raises
    ------
    NeedleError
        ``account.forbidden``, ``patrol.not_yours``.
    """
    require(account, "patrol.replay")
    async with reading(here.wall.pool) as connection:
        worker = await store.load_watcher(connection, account_id)
    if worker is None or not (account.id == account_id or leads(account, picture, worker)):
        raise NeedleError("patrol.not_yours")
    return worker


@router.get("/{account_id}")
async def worker_days(account_id: int, here: Here, account: Asker) -> Response:
    """The days of a worker whose places are still kept."""
    picture = (await shown(here, Asked(7, None))).picture
    worker = await watched(here, account, picture, account_id)
    async with reading(here.wall.pool) as connection:
        days = await store.load_track_days(connection, worker.actor)
    listed = [
        {"day": day, "places": count, "from": round(first.timestamp()), "to": round(last.timestamp())}
        for day, count, first, last in days
    ]
    return as_json({"account": worker.id, "name": worker.name, "days": listed})


@router.get("/{account_id}/{day}")
async def worker_day(account_id: int, day: date, request: Request, here: Here, account: Asker) -> Response:
    """A worker's day: the way, where they stayed, the cases they found and those they passed. Written into the audit first."""
    picture = (await shown(here, Asked(7, None))).picture
    worker = await watched(here, account, picture, account_id)
    zone = await here.zone()
    start, end = (datetime.combine(at, clock(), zone) for at in (day, day + timedelta(days=1)))
    async with reading(here.wall.pool) as connection:
        detail = {"day": day.isoformat(), "worker": worker.username}
        await add_entries(connection, [deed_of(request, account, "patrol.replay", f"account:{worker.id}", detail)])
        track = await store.load_track(connection, worker.actor, start, end)
        own = await store.load_own_cases(connection, worker.actor, start, end)
    tracks = whole_track(picture, track)
    async with scoped(here.wall.pool, account.id) as connection:
        near = await store.load_on_way(connection, own, box_of(track), start, end)
    ground = picture.ground
    return as_json(
        {
            "account": worker.id,
            "name": worker.name,
            "day": day,
            "start": round(start.timestamp()),
            "timezone": zone.key,
            "track": view.track_as_json(ground, tracks),
            "walked_m": round(view.walked_m(tracks)),
            "stops": [view.stop_as_json(ground, stop) for stop in stops_of(tracks.places)],
            "cases": view.cases_on_way(ground, tracks, near, own),
        }
    )


def whole_track(picture: PatrolPicture, track: NDArray[np.float64]) -> Tracks:
    """The places of a day as one track of the plane."""
    x, y = picture.ground.plane.to_xy(track[:, 1], track[:, 2])
    return tracks_of(np.zeros(len(track), np.int64), x, y, track[:, 0], track[:, 3])[1]


def box_of(track: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """West, south, east, north of places, some thirty metres wider; of nothing a box on nothing."""
    if not len(track):
        return 0.0, 0.0, 0.0, 0.0
    (west, south), (east, north) = track[:, 1:3].min(axis=0) - WIDER, track[:, 1:3].max(axis=0) + WIDER
    return float(west), float(south), float(east), float(north)
