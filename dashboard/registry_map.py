"""``/tiles/registry/{unit}/{kind}/…``: the density of one kind of record, as far as its account sees it."""

import asyncio
from typing import Final
from zlib import crc32

from fastapi import APIRouter, Request, Response

from dashboard.accounts import require
from dashboard.coverage_api import Area
from dashboard.registry_state import Held, drawn_layers, registry_scope
from dashboard.sessions import Asker
from dashboard.tiles import REVISIT
from data.mirror.ground import Tile
from data.mirror.registry_density import KINDS, hex_of
from data.stores.tiles import is_tile
from geo.errors import NeedleError

UNITS: Final = ("building", "cell", "hex")
CELLS_FROM, BUILDINGS_FROM = 12, 14
MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"

router = APIRouter()


@router.get("/tiles/registry/{unit}/{kind}/{zoom}/{column}/{row}.mvt")
async def tile(
    unit: str, kind: str, zoom: int, column: int, row: int, request: Request, held: Held, account: Asker, area: Area
) -> Response:
    """Density by building (areas and cells from afar), by cell, or by hexagon. 304 where the browser's copy is right."""
    require(account, "page.registry")
    if not is_tile(zoom, column, row) or kind not in KINDS or unit not in UNITS:
        return Response(status_code=404)
    mirror, ground, scope = await held.mirror(), held.drawn_ground(), registry_scope(account, area)
    if ground is None:
        raise NeedleError("registry.loading")
    layer = layer_of(unit, zoom, drawn_layers(await held.wall.ground()))
    tag = f'"{ground.version}-{mirror.version}-{layer}-{kind}-{crc32(repr(scope).encode()):08x}"'
    headers = {"etag": tag, "cache-control": REVISIT.decode(), "vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    at: Tile = (zoom, column, row)
    await asyncio.to_thread(mirror.hidden, scope)
    drawn = mirror.draw(ground, at, layer, kind, scope)
    return Response(drawn, 200 if drawn else 204, headers, MEDIA_TYPE if drawn else None)


def layer_of(unit: str, zoom: int, layers: list[str]) -> str:
    """What a tile shows: ``building``, a layer of areas from wide to narrow, or hexagons as large as the zoom wants them."""
    if unit == "hex":
        return hex_of(zoom)
    if (unit == "building" and zoom >= BUILDINGS_FROM) or not layers:
        return "building"
    return layers[-1] if zoom >= CELLS_FROM else layers[0]
