"""``/api/patrol`` and ``/tiles/patrol``: what of the cells was seen, when last, by whom; a cell's days and gaps.

Figures by worker need ``patrol.workers``, and the worker's cells within the account's; a worker sees their own.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Depends, Request, Response

from dashboard.accounts import Account, AccountRole, may, require
from dashboard.coverage_state import coverage_scope, drawn_layers
from dashboard.desk_state import as_json
from dashboard.patrol_state import Held, Patrols, patrols_of, running
from dashboard.sessions import Asker
from dashboard.tiles import REVISIT
from dashboard.view_models import patrol_view as view
from dashboard.view_models.coverage_view import cell_name
from dashboard.view_models.snapshot import ground_as_json
from dashboard.wall_state import this_second
from data.mirror.coverage import Area, Scope
from data.mirror.patrol import PatrolPicture
from data.mirror.patrol_ground import CELL
from data.stores import patrols as store
from data.stores.coverage import WorkerRow, load_area_names, load_workers
from data.stores.reading import reading
from data.stores.tiles import is_tile
from geo.errors import NeedleError

SPANS: Final = (1, 7, 28)
ROWS: Final = 200
CELLS_FROM, COMMUNITIES_FROM = 12, 10
NEAREST: Final = 8
MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"

router = APIRouter(lifespan=running)
Here = Annotated[Patrols, Depends(patrols_of)]


@dataclass(frozen=True)
class Asked:
    """The period of an address: ``days`` that end on ``to``, today where that is left out."""

    days: int
    last: date | None


def asked_of(days: int = 7, to: str | None = None) -> Asked:
    """The period of an address (a FastAPI dependency)."""
    if days not in SPANS:
        raise NeedleError("request.invalid", problem=f"days: {', '.join(map(str, SPANS))}")
    try:
        return Asked(days, None if to is None else date.fromisoformat(to))
    except ValueError:
        raise NeedleError("request.invalid", problem="to: YYYY-MM-DD") from None


Period = Annotated[Asked, Depends(asked_of)]


async def shown(here: Patrols, asked: Asked) -> Held:
    """The picture that an address asks for."""
    return await here.picture(await here.period(asked.last, asked.days))


# --- the city ---------------------------------------------------------------------------------------------------


@router.get("/api/patrol")
async def patrol(
    here: Here, account: Asker, asked: Period, level: str = CELL, sort: str = "streets", area: str | None = None
) -> Response:
    """A period's figures: of everything that the account sees (or of ``area`` in it), by area, by worker."""
    require(account, "page.cells")
    held, ground = await shown(here, asked), await here.wall.ground()
    picture, whole, layers = held.picture, ground_as_json(ground), drawn_layers(ground)
    level, sort = level if level in layers else layers[-1], sort if sort in view.SORTS else "streets"
    scope = coverage_scope(account, area_of(area))
    fits = picture.mask(scope)
    async with reading(here.wall.pool) as connection:
        names = {layer: await load_area_names(connection, layer) for layer in layers}
        workers = await load_workers(connection) if may(account, "patrol.workers") else []
        worked = {row.account_id: row for row in await store.load_worked(connection, *days_of(picture))}
    return as_json(
        {
            "now": this_second(),
            "timezone": ground.timezone,
            "ground": {name: whole[name] for name in ("version", "city", "layers", "attributions")},
            "period": {"first": picture.period.first, "last": picture.period.last, "days": picture.period.days},
            "mark": held.mark,
            "levels": layers,
            "level": level,
            "sort": sort,
            "area": None if scope.chosen is None else {"key": area, "name": named(scope.chosen, names)},
            "bounds": view.bounds(picture.ground, fits),
            "total": view.total(picture, fits),
            "rows": area_rows(picture, level, scope, sort, names),
            "workers": [
                worker_as_json(picture, worker, worked.get(worker.id)) for worker in mine(account, picture, workers)
            ],
            "may": [right for right in ("workers", "replay") if may(account, f"patrol.{right}")],
        }
    )


def area_of(key: str | None) -> Area | None:
    """``layer:code`` of an address."""
    layer, colon, code = (key or "").partition(":")
    return (layer, code) if colon else None


def days_of(picture: PatrolPicture) -> tuple[date, date]:
    """The first and the last day of a picture."""
    return picture.period.first, picture.period.last


def area_rows(picture: PatrolPicture, level: str, scope: Scope, sort: str, names: Any) -> list[dict[str, Any]]:
    """Areas of a level, those that want attention first."""
    rows, codes = picture.rows(level, scope), picture.codes(level)
    found = view.order_of(rows, sort)[:ROWS].tolist()
    return [{"code": codes[at], "name": named((level, codes[at]), names), **view.figures(rows, at)} for at in found]


def named(area: Area, names: dict[str, dict[str, str]]) -> str:
    """The name of an area or a cell."""
    layer, code = area
    return names.get(layer, {}).get(code) or cell_name(code, names.get("community", {}))


@router.get("/tiles/patrol/{days}/{last}/{zoom}/{column}/{row}.mvt")
async def tile(
    days: int, last: date, zoom: int, column: int, row: int, request: Request, here: Here, account: Asker
) -> Response:
    """A period on a tile: subdistricts from afar, then communities, then cells. 304 where the browser's copy is right."""
    require(account, "page.cells")
    if not is_tile(zoom, column, row) or days not in SPANS:
        return Response(status_code=404)
    held, scope = await shown(here, Asked(days, last)), coverage_scope(account)
    drawn = held.picture.ground.ground.version
    etag = f'"{drawn}-{here.coverages.process}-{days}-{last}-{held.mark}-{abs(hash(scope)):x}"'
    headers = {"etag": etag, "cache-control": REVISIT.decode(), "vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    layer = layer_at(zoom, drawn_layers(await here.wall.ground()))
    content = held.picture.draw((zoom, column, row), layer, scope, this_second())
    return Response(content, 200 if content else 204, headers, MEDIA_TYPE if content else None)


def layer_at(zoom: int, layers: list[str]) -> str:
    """What a zoom is drawn by: cells near by, the layers above them farther out."""
    if zoom >= CELLS_FROM:
        return layers[-1]
    return layers[-2 if zoom >= COMMUNITIES_FROM else 0] if len(layers) > 1 else layers[0]


# --- whose figures are seen -----------------------------------------------------------------------------------


def own_cells(worker: WorkerRow | store.WatcherRow) -> Scope:
    """The cells that a worker watches."""
    return Scope(frozenset((worker.layer, code) for code in worker.codes) if worker.layer else frozenset())


def oversees(account: Account, picture: PatrolPicture, worker: WorkerRow | store.WatcherRow) -> bool:
    """Whether a worker's cells lie within an account's area; nobody else's way is shown."""
    own, seen = picture.mask(own_cells(worker)), picture.mask(coverage_scope(account))
    return bool(own.any()) and not bool((own & ~seen).any())


def mine(account: Account, picture: PatrolPicture, workers: list[WorkerRow]) -> list[WorkerRow]:
    """The workers whose figures an account may see: those of its area, for a worker their own."""
    if account.role is AccountRole.GRID_WORKER:
        return [worker for worker in workers if worker.id == account.id]
    return [worker for worker in workers if oversees(account, picture, worker)]


def worker_as_json(picture: PatrolPicture, worker: WorkerRow, worked: store.WorkedRow | None) -> dict[str, Any]:
    """A worker: the cells that are theirs and how these stand, and how much they patrolled."""
    fits = picture.mask(own_cells(worker))
    return {
        "account": worker.id,
        "name": worker.name,
        "areas": [f"{worker.layer}:{code}" for code in worker.codes] if worker.layer else [],
        "days": worked.days if worked else 0,
        "seen_cells": worked.cells if worked else 0,
        "last_seen": round(worked.last_at.timestamp()) if worked else None,
        **view.total(picture, fits),
    }


# --- a cell -----------------------------------------------------------------------------------------------------


@router.get("/api/patrol/cells/{number}")
async def cell_code(number: int, here: Here, account: Asker) -> Response:
    """The code of a cell of the map."""
    require(account, "page.cells")
    ids = here.ground.ground.layer(CELL).columns.ids
    at = int(np.searchsorted(ids, number))
    if at >= len(ids) or int(ids[at]) != number:
        raise NeedleError("patrol.no_cell", cell=number)
    return as_json({"code": here.ground.codes[at]})


@router.get("/api/patrol/cell/{code}")
async def cell(code: str, here: Here, account: Asker, asked: Period) -> Response:
    """A cell: its figures, its neighbours, its days, who was there, and the pieces of streets that nobody saw."""
    require(account, "page.cells")
    held = await shown(here, asked)
    picture, ground = held.picture, held.picture.ground
    at = ground.number.get(code, -1)
    if at < 0 or not picture.mask(coverage_scope(account))[at]:
        raise NeedleError("patrol.no_cell", cell=code)
    first, last = days_of(picture)
    async with reading(here.wall.pool) as connection:
        rows = await store.load_cell_days(connection, code, first - timedelta(days=picture.period.days), last)
        names = await load_area_names(connection, "community")
        workers = await load_workers(connection) if may(account, "patrol.workers") else []
    known = {worker.id: worker.name for worker in mine(account, picture, workers)}
    days = [first + timedelta(days=k) for k in range(-picture.period.days, picture.period.days)]
    told = view.daily(ground, at, rows, days)
    around = ground.around.others[ground.around.starts[at] : ground.around.starts[at + 1]].tolist()
    return as_json(
        {
            "id": int(ground.ground.layer(CELL).columns.ids[at]),
            "code": code,
            "name": cell_name(code, names),
            "at": ground.middles[at].round(6).tolist(),
            **view.figures(picture.cells, at),
            "days": [{**one, "by": [known[by] for by in one["by"] if by in known]} for one in told],
            "visitors": view.visitors(ground, at, [row for row in rows if row.day >= first], known),
            "neighbours": [
                {"code": ground.codes[k], "name": cell_name(ground.codes[k], names), **view.figures(picture.cells, k)}
                for k in around[:NEAREST]
            ],
            "gaps": view.gaps(picture, at),
        }
    )
