"""What of the base database everybody may see: the city, its matters, counts of cases, a sketch of its streets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

AsyncConnection = psycopg.AsyncConnection[tuple[Any, ...]]
SHEET_ZOOM: Final = 14

#: Of the national editions the newest, and the city's own.
MATTERS: Final = """
select edition || ':' || kind || ':' || code, name_zh, name_en, major_name from matter
 where kind = 'event' and edition <> 'needle'
   and (edition !~ '^[0-9]{4}$' or edition = (select max(edition) from matter where edition ~ '^[0-9]{4}$'))
 order by edition desc, code
"""
CITY: Final = """
select name_zh, name_en, timezone, ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east,
       ST_YMax(box) as north
  from city, (select ST_Extent(geom) as box from area join generation on generation.id = generation_id
               where valid_to is null) as ground
"""

#: What happened lately enough to matter and long enough ago to hide who was just there.
PUBLIC: Final = """
  from cases join matter on matter.id = matter_id
 where reported_at between now() - make_interval(days => %(days)s) and now() - make_interval(mins => %(delay)s)
   and not (matter.edition || ':' || matter.kind || ':' || matter.code = any(%(sensitive)s))
   and state not in ('rejected', 'void', 'merged', 'draft')
"""
COUNTS: Final = (
    "select h3_9, count(*), count(*) filter (where closed_at is null)"
    + PUBLIC
    + """
   and h3_9 is not null group by h3_9
"""
)
AROUND: Final = (
    "select ST_X(centre), ST_Y(centre), key, count(*) from (select cell_code, matter.edition || ':' || matter.kind || ':' ||"
    " matter.code as key"
    + PUBLIC
    + """ and closed_at is null and cell_code is not null) as open
  join (select grid_cell.code, ST_Centroid(geom) as centre from grid_cell
          join generation on generation.id = generation_id and valid_to is null) as cell on cell.code = cell_code
 group by centre, key
"""
)
GROUND_VERSION: Final = """
select coalesce(max(generation.id), 0) || '-' || (select coalesce(sum(imports), 0) from ground_source) || '-' ||
       (select count(*) from street) from generation
"""
#: One sheet: shapes in its own units (4096 a side), clipped, simplified to about two pixels of a phone.
SKETCH: Final = """
with frame as (select ST_TileEnvelope(14, %(x)s, %(y)s) as box),
     here as (select box, ST_Transform(ST_Expand(box, 60), 4326) as near from frame)
select 'street' as what, class as kind, case when length(name) < 20 then name end as name,
       ST_AsGeoJSON(ST_AsMVTGeom(ST_Simplify(ST_Transform(geom, 3857), 3), box, 4096, 64), 0) as geometry
  from street, here where geom && near
union all
select 'land', kind, null, ST_AsGeoJSON(ST_AsMVTGeom(ST_Simplify(ST_Transform(geom, 3857), 4), box, 4096, 64), 0)
  from landscape, here where geom && near
"""
#: One sheet: a point on each building, by what it is called, in the sheet's units; each on the sheet that its point lies on.
DOORS: Final = """
with frame as (select ST_TileEnvelope(14, %(x)s, %(y)s) as box)
select least(floor((ST_X(door) - ST_XMin(box)) / (ST_XMax(box) - ST_XMin(box)) * 4096), 4095)::integer,
       least(floor((ST_YMax(box) - ST_Y(door)) / (ST_YMax(box) - ST_YMin(box)) * 4096), 4095)::integer, label
  from frame, building,
       lateral (select ST_Transform(ST_PointOnSurface(geom), 3857) as door, coalesce(nullif(address, ''), name) as label) as at
 where geom && ST_Transform(box, 4326) and door && box and label <> ''
 order by label
"""


@dataclass(frozen=True, slots=True)
class CityRow:
    """The city and its box in degrees (None without a ground)."""

    name_zh: str
    name_en: str
    timezone: str
    west: float | None
    south: float | None
    east: float | None
    north: float | None


@dataclass(frozen=True, slots=True)
class Shape:
    """One line or surface of a sketch; ``geometry``: GeoJSON in the units of its sheet, 4096 a side, y downward."""

    what: str
    kind: str
    name: str | None
    geometry: str


async def load_city(connection: AsyncConnection) -> CityRow | None:
    """The city; None before one is loaded."""
    async with connection.cursor(row_factory=class_row(CityRow)) as cursor:
        await cursor.execute(CITY)
        return await cursor.fetchone()


async def load_matters(connection: AsyncConnection) -> list[tuple[str, str, str, str]]:
    """Matters that a person may choose among: key, names in Chinese and English, name of the major class."""
    return await (await connection.execute(MATTERS)).fetchall()


async def load_counts(
    connection: AsyncConnection, days: int, delay_min: int, left_out: Sequence[str]
) -> list[tuple[int, int, int]]:
    """Cases by H3 cell of resolution 9: cell, all, open; nothing younger than ``delay_min`` nor of the matters left out."""
    parameters = {"days": days, "delay": delay_min, "sensitive": list(left_out)}
    return await (await connection.execute(COUNTS, parameters)).fetchall()


async def load_around(
    connection: AsyncConnection, days: int, delay_min: int, left_out: Sequence[str]
) -> list[tuple[float, float, str, int]]:
    """Open cases at the centres of their grid cells: lng, lat (EPSG:4326), matter's key, how many."""
    parameters = {"days": days, "delay": delay_min, "sensitive": list(left_out)}
    return await (await connection.execute(AROUND, parameters)).fetchall()


async def ground_version(connection: AsyncConnection) -> str:
    """Changes when streets, landscape or boundaries do."""
    row = await (await connection.execute(GROUND_VERSION)).fetchone()
    return str(row[0]) if row else ""


async def load_sketch(connection: AsyncConnection, x: int, y: int) -> list[Shape]:
    """Streets and landscape on one map sheet of zoom ``SHEET_ZOOM``."""
    async with connection.cursor(row_factory=class_row(Shape)) as cursor:
        await cursor.execute(SKETCH, {"x": x, "y": y})
        return [shape for shape in await cursor.fetchall() if shape.geometry]


async def load_doors(connection: AsyncConnection, x: int, y: int) -> list[tuple[int, int, str]]:
    """Buildings on one map sheet of zoom ``SHEET_ZOOM``: a point (units of the sheet, 4096 a side, y downward) and an address."""
    return await (await connection.execute(DOORS, {"x": x, "y": y})).fetchall()
