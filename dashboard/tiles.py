"""``/tiles``: vector tiles over HTTP. Cases from the mirror, the ground from memory, and from PostGIS until it is there.

Every tile has an ETag: of the ground the city's version, of cases the version of the tile itself, so that a browser that comes
back to it gets 304 without anything being drawn. ``/tiles/cases`` takes the filter of ``data.mirror.where`` as its query; a key
that says nothing there, like ``after``, is passed over: with another value a browser asks anew.
"""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection

from dashboard.case_tiles import CaseTileServer
from dashboard.ground_tiles import GroundTileServer
from dashboard.wall_state import Wall, this_second, wall_of
from data.mirror.where import parse_where
from data.stores.tiles import SOURCES, is_tile
from geo.errors import NeedleError

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
REVISIT, KEPT = "private, no-cache", "private, max-age=60"
PACKED_FROM_BYTES: Final = 1_400
LOOP_BYTES: Final = 65_536
"""What takes longer to compress (gzip level 1: 12 ms a megabyte) does not hold up the loop."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold what tiles are drawn from; load the ground in the background."""
    app.state.case_tiles, app.state.ground_tiles = CaseTileServer(app.state.wall), GroundTileServer(app.state.wall)
    keeping = asyncio.create_task(app.state.ground_tiles.keep())
    yield
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


router = APIRouter(lifespan=lifespan)


def cases_of(connection: HTTPConnection) -> CaseTileServer:
    """The process's tiles of cases (a FastAPI dependency)."""
    return cast(CaseTileServer, connection.app.state.case_tiles)


def ground_of(connection: HTTPConnection) -> GroundTileServer:
    """The process's tiles of the ground (a FastAPI dependency)."""
    return cast(GroundTileServer, connection.app.state.ground_tiles)


@router.get("/tiles/cases/{zoom}/{column}/{row}.mvt")
async def case_tile(
    request: Request,
    zoom: int,
    column: int,
    row: int,
    cases: Annotated[CaseTileServer, Depends(cases_of)],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The cases of a tile that fit the query; 503 with ``Retry-After`` while they are being loaded."""
    if not is_tile(zoom, column, row):
        return Response(status_code=404)
    try:
        tile, now, where = (zoom, column, row), this_second(), parse_where(request.query_params)
        tiles = await cases.tiles()
        etag = cases.etag(tiles, tile, where, now)
        if if_none_match == etag:
            return unchanged(etag, REVISIT)
        start = perf_counter()
        return await answer(request, cases.draw(tiles, tile, where, now), etag, REVISIT, timing(start, "memory"))
    except NeedleError as error:
        headers = {"Retry-After": "1"} if error.entry.http_status == 503 else None
        return JSONResponse(error.as_dict(), status_code=error.entry.http_status, headers=headers)


@router.get("/tiles/{source}/{zoom}/{column}/{row}.mvt")
async def ground_tile(
    request: Request,
    source: str,
    zoom: int,
    column: int,
    row: int,
    wall: Annotated[Wall, Depends(wall_of)],
    ground: Annotated[GroundTileServer, Depends(ground_of)],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One tile of the ground; 204 where it is empty, 304 where the browser's copy is right, 404 where there is no such tile."""
    if source not in SOURCES or not is_tile(zoom, column, row):
        return Response(status_code=404)
    version = await wall.version()
    etag = f'"{version}"'
    if if_none_match == etag:
        return unchanged(etag, KEPT)
    start, drawn_by = perf_counter(), "memory" if ground.holds(version) else "database"
    tile = await ground.draw(version, source, (zoom, column, row))
    return await answer(request, tile, etag, KEPT, timing(start, drawn_by))


def unchanged(etag: str, cache: str) -> Response:
    """304: the browser's copy is right."""
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": cache, "Vary": "Accept-Encoding"})


def timing(start: float, drawn_by: str) -> str:
    """How long the tile took, and from what it was drawn, as ``Server-Timing`` says it to a browser's tools."""
    return f'draw;dur={(perf_counter() - start) * 1000:.2f};desc="{drawn_by}"'


async def answer(request: Request, tile: bytes, etag: str, cache: str, timed: str) -> Response:
    """A tile, compressed for whoever takes that; 204 where it is empty."""
    headers = {"ETag": etag, "Cache-Control": cache, "Vary": "Accept-Encoding", "Server-Timing": timed}
    if not tile:
        return Response(status_code=204, headers=headers)
    if len(tile) >= PACKED_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        packed = gzip.compress(tile, 1) if len(tile) < LOOP_BYTES else await asyncio.to_thread(gzip.compress, tile, 1)
        return Response(packed, media_type=MEDIA_TYPE, headers=headers)
    return Response(tile, media_type=MEDIA_TYPE, headers=headers)
