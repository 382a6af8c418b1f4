"""Where a building lies: its areas by layer, its hexagons, its middle; what everybody in it is counted by."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg

from geo.h3grid import h3_cells, h3_texts

AsyncConnection = psycopg.AsyncConnection[Any]

HEXAGONS: Final = (7, 8, 9, 10)
"""Resolutions of H3 that density is counted in."""

#: A place that an entity of the building has already is as good as the ground's own, and needs no look at the areas.
KNOWN: Final = """
select distinct on (building) building, areas, ST_X(geom), ST_Y(geom)
  from registry_entity where building = any (%s) and kind = 'building' and geom is not null
"""
#: By layer, in what is in force: the same words as ``cases.areas``.
LOCATE: Final = """
select building.code, coalesce((select jsonb_object_agg(layer, code) from (
           select generation.layer, area.code from area join generation on generation.id = generation_id and valid_to is null
            where ST_Covers(area.geom, place)
           union all
           select generation.layer, grid_cell.code from grid_cell
             join generation on generation.id = generation_id and valid_to is null
            where ST_Covers(grid_cell.geom, place)) as covering), '{}'), ST_X(place), ST_Y(place)
  from building, lateral (select ST_PointOnSurface(building.geom) as place) as middle
 where building.code = any (%s)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a building lies. ``areas``: by layer and hexagon, the building's own code included; degrees, longitude first."""

    areas: dict[str, str]
    lng: float
    lat: float


async def find_places(connection: AsyncConnection, codes: Collection[str]) -> dict[str, Place]:
    """Places of buildings by code; one that the ground does not have is absent."""
    rows = await (await connection.execute(KNOWN, (list(codes),))).fetchall()
    found = {code: Place(areas, lng, lat) for code, areas, lng, lat in rows}
    rest = [code for code in codes if code not in found]
    if rest:
        found |= placed(await (await connection.execute(LOCATE, (rest,))).fetchall())
    return found


def find_places_now(connection: psycopg.Connection[Any], codes: Collection[str]) -> dict[str, Place]:
    """``find_places`` on the ground, for bulk work."""
    return placed(connection.execute(LOCATE, (list(codes),)).fetchall())


def placed(rows: list[tuple[Any, ...]]) -> dict[str, Place]:
    """Rows of ``LOCATE`` with their hexagons."""
    if not rows:
        return {}
    lng, lat = np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
    hexes = {f"hex{level}": h3_texts(h3_cells(lng, lat, level)) for level in HEXAGONS}
    return {
        code: Place(areas | {"building": code} | {name: str(cells[at]) for name, cells in hexes.items()}, x, y)
        for at, (code, areas, x, y) in enumerate(rows)
    }
