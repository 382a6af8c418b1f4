"""Vector tiles of the city: the SQL behind ``/tiles``, one statement a source.

Tables are in EPSG:4326 (longitude first); a tile is in EPSG:3857. Each layer is filtered by ``&&`` on the 4326 index against the
tile's box in degrees, and only what remains is transformed, simplified to half a tile unit and clipped. Each layer has the zoom
from which it is drawn, so that no tile of a large city is slow.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection

EXTENT: Final = 4096
BUFFER: Final = 64
WORLD_M: Final = 40_075_016.685578488
MAX_ZOOM: Final = 16

STREET_CLASSES: Final = (
    (0, ("motorway",)),
    (9, ("motorway", "primary")),
    (11, ("motorway", "primary", "secondary")),
    (12, ("motorway", "primary", "secondary", "tertiary")),
    (13, ("motorway", "primary", "secondary", "tertiary", "residential")),
    (14, ("motorway", "primary", "secondary", "tertiary", "residential", "path")),
)


@dataclass(frozen=True)
class TileLayer:
    """One layer of a tile: ``rows`` selects the ``columns`` and ``shape`` (3857) of what touches the tile's box."""

    name: str
    min_zoom: int
    columns: str
    rows: str


BOX: Final = "ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)"
FLAT: Final = "ST_Transform({0}, 3857)"
COARSE: Final = "ST_Simplify(ST_Transform({0}, 3857), %(tolerance_m)s)"

AREAS_IN_FORCE: Final = """
    from area join generation on generation.id = area.generation_id and generation.valid_to is null
         join layer on layer.name = generation.layer
"""

SOURCES: Final[Mapping[str, tuple[TileLayer, ...]]] = {
    "base": (
        TileLayer(
            "landscape",
            8,
            "kind, name",
            f"select kind, name, {COARSE.format('geom')} as shape from landscape where geom && {BOX}"
            " and (%(zoom)s > 11 or ST_Area(geom) > 1e-6)",
        ),
        TileLayer(
            "street",
            8,
            "class, name",
            f"select class, case when %(zoom)s >= 13 then name end as name, {COARSE.format('geom')} as shape"
            f" from street where geom && {BOX} and class = any(%(classes)s)",
        ),
        TileLayer(
            "building",
            13,
            "use, height, name",
            f"select use, round(height_m)::int as height, case when %(zoom)s >= 16 then name end as name,"
            f" {COARSE.format('geom')} as shape from building where geom && {BOX}",
        ),
    ),
    "area": (
        TileLayer(
            "area",
            6,
            "layer, code, name",
            f"select layer.name as layer, area.code, area.name, {COARSE.format('area.geom')} as shape {AREAS_IN_FORCE}"
            f" where area.geom && {BOX} and (layer.name <> 'community' or %(zoom)s >= 12)",
        ),
        TileLayer(
            "label",
            8,
            "layer, name, size",
            "select layer.name as layer, area.name, ST_Area(area.geom) as size,"
            f" {FLAT.format('ST_PointOnSurface(area.geom)')} as shape {AREAS_IN_FORCE}"
            f" where area.geom && {BOX} and (layer.name <> 'community' or %(zoom)s >= 13)"
            f" and ST_PointOnSurface(area.geom) && ST_Transform(ST_TileEnvelope(%(zoom)s, %(column)s, %(row)s), 4326)",
        ),
    ),
    "cell": (
        TileLayer(
            "cell",
            14,
            "code, serial",
            f"select code, right(code, 3) as serial, {FLAT.format('grid_cell.geom')} as shape from grid_cell"
            " join generation on generation.id = grid_cell.generation_id and generation.valid_to is null"
            f" where grid_cell.geom && {BOX}",
        ),
    ),
}


def tile_box(zoom: int, column: int, row: int) -> tuple[float, float, float, float]:
    """The box (west, south, east, north; degrees) of an XYZ tile, widened by the tile's drawing buffer."""
    side = 2.0**zoom
    margin = BUFFER / EXTENT

    def longitude(x: float) -> float:
        return x / side * 360.0 - 180.0

    def latitude(y: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / side))))

    return (
        longitude(column - margin),
        latitude(row + 1 + margin),
        longitude(column + 1 + margin),
        latitude(row - margin),
    )


def is_tile(zoom: int, column: int, row: int) -> bool:
    """Whether such a tile exists and is one we draw (zoom up to ``MAX_ZOOM``)."""
    return 0 <= zoom <= MAX_ZOOM and 0 <= column < 1 << zoom and 0 <= row < 1 << zoom


async def load_tile(connection: AsyncConnection[Any], source: str, zoom: int, column: int, row: int) -> bytes:
    """One Mapbox vector tile of a source of ``SOURCES``; empty bytes where it shows nothing.

    Raises
    ------
    KeyError
        The source is unknown.
    """
    layers = [layer for layer in SOURCES[source] if layer.min_zoom <= zoom]
    if not layers:
        return b""
    statement = "select " + " || ".join(_layer_sql(layer) for layer in layers)
    cursor = await connection.execute(statement, _parameters(zoom, column, row), binary=True)
    found = await cursor.fetchone()
    return bytes(found[0]) if found and found[0] else b""


def _layer_sql(layer: TileLayer) -> str:
    envelope = "ST_TileEnvelope(%(zoom)s, %(column)s, %(row)s)"
    return (
        f"(select coalesce(ST_AsMVT(tile, '{layer.name}', {EXTENT}, 'shape'), ''::bytea) from ("
        f" select {layer.columns}, ST_AsMVTGeom(shape, {envelope}, {EXTENT}, {BUFFER}, true) as shape"
        f" from ({layer.rows}) as found) as tile where shape is not null)"
    )


def _parameters(zoom: int, column: int, row: int) -> dict[str, Any]:
    west, south, east, north = tile_box(zoom, column, row)
    classes = next(list(names) for least, names in reversed(STREET_CLASSES) if zoom >= least)
    return {
        "zoom": zoom,
        "column": column,
        "row": row,
        "west": max(west, -180.0),
        "south": south,
        "east": min(east, 180.0),
        "north": north,
        "tolerance_m": WORLD_M / 2**zoom / EXTENT * 2,
        "classes": classes,
    }


async def tiles_version(connection: AsyncConnection[Any]) -> str:
    """A word that changes whenever the city's ground or a layer's generation changes: the base of every tile's ETag."""
    cursor = await connection.execute(
        "select coalesce((select extract(epoch from loaded_at)::bigint from city), 0),"
        " coalesce((select max(id) from generation), 0), coalesce((select count(*) from generation where valid_to is null), 0),"
        " coalesce((select sum(imports) from ground_source), 0)"
    )
    found = await cursor.fetchone()
    return "-".join(str(part) for part in found or (0,))
