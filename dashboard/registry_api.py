"""``/api/registry``: how much is held where, who lives in a building, the pyramid of ages, and finding a record by any word."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from dashboard.accounts import may, require
from dashboard.coverage_api import Area
from dashboard.desk_state import as_json
from dashboard.i18n import Words, language_of, words
from dashboard.registry_ages import load_bands
from dashboard.registry_finding import Finder, finder_of
from dashboard.registry_state import Held, drawn_layers, registry_scope, running
from dashboard.sessions import Asker
from dashboard.view_models.coverage_view import cell_name
from dashboard.view_models.registry_view import (
    added,
    counts_as_json,
    filling_as_json,
    line_as_json,
    rows_of,
)
from dashboard.view_models.snapshot import ground_as_json
from data.mirror.coverage import EVERYTHING, Scope
from data.mirror.registry_density import KINDS, LEAST, DensityMirror
from data.registry.fields import KINDS as ENTITY_KINDS
from data.stores import registry_reading as store
from data.stores.coverage import AsyncConnection, load_area_names, load_buildings
from data.stores.reading import reading, scoped
from geo.errors import NeedleError

ROWS: Final = 200
FOUND: Final = 12
AT_ONE_PLACE: Final = 300
RIGHTS: Final = (
    "page.registry",
    "registry.read",
    "registry.correct",
    "registry.review",
    "registry.import",
    "registry.keys",
)
GROUND: Final = ("version", "city", "layers", "attributions")

router = APIRouter(prefix="/api/registry", lifespan=running)


def say_of(request: Request) -> Words:
    """The words of the language that is asked for (a FastAPI dependency)."""
    return words(language_of(request.query_params.get("lang")))


Say = Annotated[Words, Depends(say_of)]
TheFinder = Annotated[Finder, Depends(finder_of)]


@router.get("")
async def overview(
    held: Held, account: Asker, area: Area, kind: str = "person", level: str = "", sort: str = "n"
) -> Response:
    """Totals of the account's area (or of ``area`` in it), rows of a level, the two figures of what filled itself in."""
    require(account, "page.registry")
    ground = await held.wall.ground()
    rights = [right for right in RIGHTS if may(account, right)]
    told: dict[str, Any] = {
        "now": datetime.now(UTC).timestamp(),
        "timezone": ground.timezone,
        "ground": {name: value for name, value in ground_as_json(ground).items() if name in GROUND},
        "may": rights,
        "least": LEAST,
    }
    mirror, scope = await held.mirror(), registry_scope(account, area)
    layers = drawn_layers(ground)
    kind, level = kind if kind in KINDS else KINDS[0], level if level in layers else (layers or [""])[0]
    async with scoped(held.wall.pool, account.id) as connection:
        names = {layer: await load_area_names(connection, layer) for layer in layers}
        filling = await store.load_filling(connection)
    found, hidden = mirror.by_place(level, scope), await asyncio.to_thread(mirror.hidden, scope)
    if level not in names or level == layers[-1]:
        named = {code: names.get(level, {}).get(code) or cell_name(code, names.get("community", {})) for code in found}
    else:
        named = names[level]
    drawn = held.drawn_ground()
    return as_json(
        told
        | {
            "levels": layers,
            "level": level,
            "kind": kind,
            "total": counts_as_json(total_of(mirror, scope), hidden.total),
            "rows": rows_of(found, hidden.places.get(level, {}), named, kind, sort, ROWS),
            "area": None if area is None else {"layer": area[0], "code": area[1], "name": name_of(area, names)},
            "bounds": None if drawn is None else mirror.bounds(drawn, scope),
            "filling": filling_as_json(filling),
        }
    )


def total_of(mirror: DensityMirror, scope: Scope) -> Any:
    """Counts of a scope; of chosen areas by their own rows, where there are such."""
    wanted = [scope.chosen] if scope.chosen and not scope.own else list(scope.own) if not scope.chosen else []
    if wanted and len({layer for layer, _ in wanted}) == 1 and wanted[0][0] in mirror.levels:
        rows = mirror.by_place(wanted[0][0], EVERYTHING)
        return added({code: rows[code] for _, code in wanted if code in rows})
    return mirror.total(scope)


def name_of(area: tuple[str, str], names: dict[str, dict[str, str]]) -> str:
    """The name of an area or a cell."""
    layer, code = area
    return names.get(layer, {}).get(code) or cell_name(code, names.get("community", {}))


@router.get("/pyramid")
async def pyramid(held: Held, account: Asker, area: Area) -> Response:
    """Persons by sex in bands of five years, in the account's area or in ``area`` of it."""
    require(account, "page.registry")
    return as_json({"bands": await load_bands(held.wall, account, area)})


# --- records ----------------------------------------------------------------------------------------------------


@router.get("/search")
async def search(
    held: Held, account: Asker, finder: TheFinder, say: Say, q: Annotated[str, Query(max_length=80)] = ""
) -> Response:
    """Records by name, initials, address, the last digits of a telephone, a whole identity number or credit code."""
    require(account, "registry.read")
    numbers = await finder.find(q.strip()) if q.strip() else []
    async with scoped(held.wall.pool, account.id) as connection:
        known = await store.load_lines(connection, numbers)
    lines = [line_as_json(known[number], say) for number in numbers if number in known][:FOUND]
    return as_json({"q": q, "found": lines})


@router.get("/at/{building}")
async def at_building(building: int, held: Held, account: Asker, say: Say) -> Response:
    """Who and what the registry holds in a building of the map, by unit and room."""
    require(account, "registry.read")
    async with scoped(held.wall.pool, account.id) as connection:
        found = await building_of(connection, building)
        kinds = [kind for kind in ENTITY_KINDS if kind != "building"]
        rows = await store.load_at_building(connection, found.code, kinds, AT_ONE_PLACE + 1)
    lines = [line_as_json(row, say) for row in rows[:AT_ONE_PLACE]]
    return as_json(
        {
            "code": found.code,
            "name": found.label,
            "at": [found.lng, found.lat],
            "lines": lines,
            "more": len(rows) > AT_ONE_PLACE,
        }
    )


async def building_of(connection: AsyncConnection, number: int) -> Any:
    """A building of the map; ``request.unknown_address`` where there is none of this number."""
    known = await load_buildings(connection, [number])
    if number not in known:
        raise NeedleError("request.unknown_address")
    return known[number]


@router.get("/purposes")
async def purposes(held: Held, account: Asker, say: Say) -> Response:
    """What the registry may be called for."""
    require(account, "registry.read")
    async with reading(held.wall.pool) as connection:
        found = await store.load_purposes(connection)
    return as_json(
        {
            "purposes": [
                {
                    "code": each.code,
                    "name": say.pick(each.zh, each.en),
                    "basis": each.basis,
                    "needs": sorted(each.needs),
                }
                for each in found.values()
                if each.active
            ]
        }
    )
