"""``/tiles``: vector tiles over HTTP, with ETags from the city's version and the busiest tiles kept compressed in memory."""

import gzip
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Response

from dashboard.wall_state import Wall, wall_of
from data.stores.reading import reading
from data.stores.tiles import SOURCES, is_tile, load_tile

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"

router = APIRouter()


@router.get("/tiles/{source}/{zoom}/{column}/{row}.mvt")
async def tile(
    source: str,
    zoom: int,
    column: int,
    row: int,
    wall: Annotated[Wall, Depends(wall_of)],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One tile; 204 where it is empty, 304 where the browser's copy is still right, 404 where there is no such tile."""
    if source not in SOURCES or not is_tile(zoom, column, row):
        return Response(status_code=404)
    version = await wall.version()
    headers = {"ETag": f'"{version}"', "Cache-Control": "private, max-age=60", "Vary": "Accept-Encoding"}
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    key = (source, zoom, column, row)
    packed = wall.shelf.get(version, key)
    if packed is None:
        async with reading(wall.pool) as connection:
            raw = await load_tile(connection, *key)
        packed = gzip.compress(raw, 5, mtime=0) if raw else b""
        wall.shelf.put(version, key, packed)
    if not packed:
        return Response(status_code=204, headers=headers)
    return Response(packed, media_type=MEDIA_TYPE, headers=headers | {"Content-Encoding": "gzip"})
