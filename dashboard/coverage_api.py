"""``/api/coverage``: who has answered an asking and who has not, by area, building and door; routes, targets.

Counts travel as lists in the order of ``forms.coverage.FIELDS``, features of the map as lists in that of ``NUMBERS``.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Body, Depends, Query, Request, Response

from dashboard.accounts import may, require
from dashboard.audit_log import audit_of, deed_of
from dashboard.coverage_map import Held, ground_of
from dashboard.coverage_state import coverage_scope, drawn_layers
from dashboard.desk_state import as_json
from dashboard.sessions import Asker
from dashboard.view_models.coverage_view import (
    area_rows,
    asking_as_json,
    building_rows,
    cell_name,
    recipient_as_json,
    workers_as_json,
)
from dashboard.view_models.snapshot import ground_as_json
from data.mirror.coverage import CoverageMirror, Scope, codes_left
from data.stores import coverage as store
from data.stores.reading import reading, scoped
from forms.coverage import VISITS
from geo.errors import NeedleError
from geo.route import MOST_STOPS, walking_route

ASKINGS: Final = 100
ROWS: Final = 200
RECIPIENTS: Final = 500
WALKED: Final = 3_000
"""A route is looked for among at most so many buildings."""

router = APIRouter(prefix="/api/coverage")


def area_of(area: str | None = None) -> tuple[str, str] | None:
    """``area=layer:code`` of a query (a FastAPI dependency)."""
    layer, colon, code = (area or "").partition(":")
    return (layer, code) if colon else None


Area = Annotated[tuple[str, str] | None, Depends(area_of)]


# --- what there is ----------------------------------------------------------------------------------------------


@router.get("")
async def askings(held: Held, account: Asker) -> Response:
    """Askings that somebody in the account's area was asked by, the newest first, with their totals."""
    require(account, "page.cells")
    async with scoped(held.wall.pool, account.id) as connection:
        found = await store.load_askings(connection, ASKINGS)
        totals = await store.load_totals(connection, [row.id for row in found])
    ground = await held.wall.ground()
    listed = [{**asking_as_json(row), "counts": totals.get(row.id, [])} for row in found]
    now, whole = datetime.now(UTC).timestamp(), ground_as_json(ground)
    drawn = {name: whole[name] for name in ("version", "city", "layers", "attributions")}
    return as_json({"now": now, "timezone": ground.timezone, "ground": drawn, "askings": listed})


@router.get("/{outreach}")
async def coverage(
    outreach: int, held: Held, account: Asker, area: Area, level: str = "", sort: str = "left"
) -> Response:
    """Totals of an asking in the account's area (or in ``area`` of it), rows of a level by what is left, workers and targets."""
    require(account, "page.cells")
    mirror, ground = await held.mirror(outreach), await held.wall.ground()
    drawn = ground_of(held)
    scope, layers = coverage_scope(account, area), drawn_layers(ground)
    level = level if level in (*layers, "building") else layers[-1] if layers else "building"
    async with reading(held.wall.pool) as connection:
        names = {layer: await store.load_area_names(connection, layer) for layer in layers}
        rows = await table_rows(connection, mirror, level, scope, sort, names)
        workers = await store.load_workers(connection)
        targets = await store.load_targets(connection, outreach)
    today = datetime.now(ZoneInfo(ground.timezone)).date()
    mine = workers if may(account, "coverage.target") else [worker for worker in workers if worker.id == account.id]
    return as_json(
        {
            "now": datetime.now(UTC).timestamp(),
            "timezone": ground.timezone,
            "outreach": outreach,
            "levels": [*layers, "building"],
            "level": level,
            "total": mirror.total(scope).tolist(),
            "bounds": mirror.bounds(drawn, scope),
            "area": None if area is None else {"layer": area[0], "code": area[1], "name": named(area, names)},
            "rows": rows,
            "workers": workers_as_json(mirror, mine, targets, coverage_scope(account), today),
            "may": [right for right in ("record", "target", "export") if may(account, f"coverage.{right}")],
        }
    )


async def table_rows(
    connection: store.AsyncConnection, mirror: CoverageMirror, level: str, scope: Scope, sort: str, names: Any
) -> list[dict[str, Any]]:
    """Rows of the table: code, name, counts; of a building its id and place too."""
    if level != "building":
        found = area_rows(mirror, level, scope, sort, ROWS)
        return [{"code": code, "name": named((level, code), names), "counts": counts} for code, counts in found]
    buildings = building_rows(mirror, scope, sort, ROWS)
    known = await store.load_buildings(connection, [building for building, _ in buildings])
    return [
        {"code": row.code, "id": row.id, "name": row.label, "at": [row.lng, row.lat], "counts": counts}
        for building, counts in buildings
        if (row := known.get(building)) is not None
    ]


def named(area: tuple[str, str], names: dict[str, dict[str, str]]) -> str:
    """The name of an area or a cell."""
    layer, code = area
    return names.get(layer, {}).get(code) or cell_name(code, names.get("community", {}))


@router.get("/{outreach}/at/{place:path}")
async def recipients(outreach: int, place: str, held: Held, account: Asker) -> Response:
    """The recipients of a building (by code), with what was met at each door."""
    require(account, "page.cells")
    async with scoped(held.wall.pool, account.id) as connection:
        found = await store.load_recipients(connection, outreach, place, RECIPIENTS)
        visits = await store.load_visits(connection, [row.id for row in found], RECIPIENTS)
        building = await store.load_building_id(connection, place)
        known = {} if building is None else await store.load_buildings(connection, [building])
    label = known[building].label if building is not None else place
    at = [known[building].lng, known[building].lat] if building is not None else None
    listed = [recipient_as_json(row, visits) for row in found]
    return as_json({"place": place, "id": building, "name": label, "at": at, "recipients": listed})


@router.get("/buildings/{building}")
async def building_code(building: int, held: Held, account: Asker) -> Response:
    """The code of a building of the map."""
    require(account, "page.cells")
    async with reading(held.wall.pool) as connection:
        known = await store.load_buildings(connection, [building])
    if building not in known:
        raise NeedleError("request.unknown_address")
    return as_json({"code": known[building].code})


# --- at the doors -----------------------------------------------------------------------------------------------


@router.post("/visits")
async def visit(held: Held, account: Asker, said: Annotated[dict[str, Any], Body()]) -> Response:
    """Note what was met at a door: {"link", "outcome": of ``VISITS``, "note"}."""
    require(account, "coverage.record")
    outcome, link = said.get("outcome"), said.get("link")
    if outcome not in VISITS or not isinstance(link, int):
        raise NeedleError("coverage.unknown_outcome", outcome=outcome, known=", ".join(VISITS))
    note = str(said.get("note") or "").strip()
    async with scoped(held.wall.pool, account.id) as connection:
        number = await store.add_visit(connection, link, outcome, account.id, account.name, note)
    return as_json({"visit": number}, 201)


@router.post("/households")
async def households(held: Held, account: Asker, said: Annotated[dict[str, Any], Body()]) -> Response:
    """Say how many households are behind a building's link: {"link", "households": number or null}."""
    require(account, "coverage.record")
    link, number = said.get("link"), said.get("households")
    if not isinstance(link, int) or not (number is None or (isinstance(number, int) and 0 < number < 100_000)):
        raise NeedleError("request.invalid", problem='{"link": number, "households": number | null}')
    async with scoped(held.wall.pool, account.id) as connection:
        await store.set_households(connection, link, number)
    return as_json({"households": number})


@router.get("/{outreach}/route")
async def route(
    outreach: int,
    held: Held,
    account: Asker,
    area: Area,
    lng: Annotated[float | None, Query(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Query(ge=-85, le=85)] = None,
) -> Response:
    """A walk past an area's buildings where somebody is left to see: ``stops`` in order, ``length_m`` in straight lines."""
    require(account, "page.cells")
    mirror = await held.mirror(outreach)
    rows = codes_left(mirror, coverage_scope(account, area), WALKED + 1)
    if len(rows) > WALKED:
        raise NeedleError("coverage.too_wide")
    async with scoped(held.wall.pool, account.id) as connection:
        known = await store.load_buildings(connection, mirror.rows.building[rows].tolist())
        doors = [known[building] for building in mirror.rows.building[rows].tolist() if building in known]
        left = await store.load_left(connection, outreach, [door.code for door in doors])
    start = None if lng is None or lat is None else (lng, lat)
    points = np.array([[door.lng, door.lat] for door in doors]).reshape(-1, 2)
    walk = await asyncio.to_thread(walking_route, points[:, 0], points[:, 1], start)
    stops = [doors[at] for at in walk.order]
    return as_json(
        {
            "length_m": round(walk.length_m),
            "beyond": len(doors) - len(stops),
            "most": MOST_STOPS,
            "stops": [
                {
                    "id": stop.id,
                    "code": stop.code,
                    "name": stop.label,
                    "at": [stop.lng, stop.lat],
                    "doors": [within(label, stop.label) for label in left.get(stop.code, [])],
                }
                for stop in stops
            ],
        }
    )


def within(label: str, building: str) -> str:
    """What a door is called within its building: without the building's own address."""
    return label.removeprefix(building).strip() or label


# --- targets ---------------------------------------------------------------------------------------------------


@router.post("/{outreach}/targets")
async def target(
    outreach: int, request: Request, held: Held, account: Asker, said: Annotated[dict[str, Any], Body()]
) -> Response:
    """Set a worker's target, or take it away: {"account", "target": number or null, "due": "2026-12-31"}."""
    require(account, "coverage.target")
    wanted, number, due = read_target(said)
    mirror = await held.mirror(outreach)
    async with reading(held.wall.pool) as connection:
        worker = next((row for row in await store.load_workers(connection) if row.id == wanted), None)
        own = Scope(
            frozenset((worker.layer, code) for code in worker.codes) if worker and worker.layer else frozenset()
        )
        if worker is None or (mirror.mask(own) & ~mirror.mask(coverage_scope(account))).any():
            raise NeedleError("coverage.not_yours", what=worker.name if worker else wanted)
        await store.save_target(connection, outreach, worker.id, number, due, account.name)
    told = {"account": worker.id, "target": number, "due": None if due is None else due.isoformat()}
    audit_of(request).tell(deed_of(request, account, "coverage.target", f"outreach:{outreach}", told))
    return as_json(told)


def read_target(said: dict[str, Any]) -> tuple[int, int | None, date | None]:
    """Account, number and day of a target.

    Raises
    ------
    NeedleError
        ``request.invalid``.
    """
    account, number = said.get("account"), said.get("target")
    with suppress(ValueError, TypeError):
        due = date.fromisoformat(str(said.get("due"))) if number is not None else None
        if isinstance(account, int) and (number is None or (isinstance(number, int) and 0 < number < 10_000_000)):
            return account, number, due
    raise NeedleError("request.invalid", problem='{"account": number, "target": number | null, "due": "YYYY-MM-DD"}')
