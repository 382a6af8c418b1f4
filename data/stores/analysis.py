"""What analyses ask the database for: the streets that cross some cells, and the areas that a place lies in."""

from collections.abc import Sequence
from typing import Any, Final

import shapely
from psycopg import AsyncConnection

Connection = AsyncConnection[Any]
Ring = Sequence[Sequence[float]]

STREETS: Final = """
select name, round(sum(ST_Length(ST_Intersection(street.geom, wanted.geom)::geography))::numeric)::float8 as length_m
  from (select ST_SetSRID(ST_GeomFromWKB(%s), 4326) as geom) as wanted join street on ST_Intersects(street.geom, wanted.geom)
 where coalesce(name, '') <> '' group by name order by 2 desc, 1 limit %s
"""
AREAS: Final = """
select layer.name, layer.title_zh, layer.title_en, area.name
  from area join generation on generation.id = area.generation_id and generation.valid_to is null
       join layer on layer.name = generation.layer
 where ST_Intersects(area.geom, ST_SetSRID(ST_MakePoint(%s, %s), 4326)) order by layer.rank, layer.name
"""


async def load_streets_near(connection: Connection, rings: Sequence[Ring], most: int) -> list[list[Any]]:
    """Streets by the metres that run through some cells (rings in EPSG:4326, longitude first): [name, length], longest first."""
    wanted = shapely.union_all([shapely.Polygon(ring) for ring in rings])
    rows = await (await connection.execute(STREETS, (shapely.to_wkb(wanted), most))).fetchall()
    return [[name, length] for name, length in rows]


async def load_area_at(connection: Connection, at: Sequence[float]) -> list[list[str]]:
    """The areas in force that a place (longitude, latitude) lies in: [layer, its titles, name], from wide to narrow."""
    return [list(row) for row in await (await connection.execute(AREAS, (at[0], at[1]))).fetchall()]
