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
from typing import Final, cast

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from dashboard.asking import where_of
from dashboard.case_tiles import CaseTileServer
from dashboard.ground_tiles import GroundTileServer
from dashboard.sessions import account_of_request
from dashboard.wall_state import this_second
from data.mirror.case_tiles import Tile
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


async def case_tile(request: Request) -> Response:
    """The cases of a tile that fit the query; 503 with ``Retry-After`` while they are being loaded."""
    tile, cases = asked(request), cast(CaseTileServer, request.app.state.case_tiles)
    if not is_tile(*tile):
        return Response(status_code=404)
    try:
        now, where = this_second(), where_of(request, account_of_request(request))
        tiles = await cases.tiles()
        etag = cases.etag(tiles, tile, where, now)
        if request.headers.get("if-none-match") == etag:
            return unchanged(etag, REVISIT)
        start = perf_counter()
        return await answer(request, cases.draw(tiles, tile, where, now), etag, REVISIT, timing(start, "memory"))
    except NeedleError as error:
        headers = {"Retry-After": "1"} if error.entry.http_status == 503 else None
        return JSONResponse(error.as_dict(), status_code=error.entry.http_status, headers=headers)


async def ground_tile(request: Request) -> Response:
    """One tile of the ground; 204 where it is empty, 304 where the browser's copy is right, 404 where there is no such tile."""
    source, tile = request.path_params["source"], asked(request)
    if source not in SOURCES or not is_tile(*tile):
        return Response(status_code=404)
    ground = cast(GroundTileServer, request.app.state.ground_tiles)
    version = await ground.wall.version()
    etag = f'"{version}"'
    if request.headers.get("if-none-match") == etag:
        return unchanged(etag, KEPT)
    start, drawn_by = perf_counter(), "memory" if ground.holds(version) else "database"
    drawn = await ground.draw(version, source, tile)
    return await answer(request, drawn, etag, KEPT, timing(start, drawn_by))


# Plain routes: FastAPI's reading of parameters would cost more than most tiles.
ADDRESS: Final = "{zoom:int}/{column:int}/{row:int}.mvt"
router.add_route(f"/tiles/cases/{ADDRESS}", case_tile, methods=["GET"])
router.add_route(f"/tiles/{{source}}/{ADDRESS}", ground_tile, methods=["GET"])


def asked(request: Request) -> Tile:
    """Zoom, column and row of the address."""
    at = request.path_params
    return at["zoom"], at["column"], at["row"]


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
