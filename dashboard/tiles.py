"""``/tiles``: vector tiles over HTTP. Cases from the mirror, the ground from memory, and from PostGIS until it is there.

Every tile has an ETag: of the ground the city's version, of cases the version of the tile itself, so that a browser that comes
back to it gets 304 without anything being drawn. ``/tiles/cases`` takes the filter of ``data.mirror.where`` as its query; a key
that says nothing there, like ``after``, is passed over: with another value a browser asks anew.

A map asks for dozens of tiles at once and most are drawn in less time than routes, request objects and three layers of middleware
take. They are therefore answered by ``Tiles``, a few lines of ASGI just behind the session's gate.
"""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Final, cast
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.accounts import Account, require, within
from dashboard.background import beside
from dashboard.case_tiles import CaseTileServer
from dashboard.ground_tiles import GroundTileServer
from dashboard.wall_state import this_second
from data.mirror.case_tiles import Tile
from data.mirror.where import parse_where
from data.stores.tiles import SOURCES, is_tile
from geo.errors import NeedleError

ADDRESS: Final = re.compile(r"/tiles/([a-z]+)/(\d{1,2})/(\d{1,8})/(\d{1,8})\.mvt")
MEDIA_TYPE: Final = (b"content-type", b"application/vnd.mapbox-vector-tile")
GZIP: Final = (b"content-encoding", b"gzip")
VARY: Final = (b"vary", b"Accept-Encoding")
REVISIT, KEPT = b"private, no-cache", b"private, max-age=60"
PACKED_FROM_BYTES: Final = 1_400
LOOP_BYTES: Final = 65_536
"""What takes longer to compress (gzip level 1: 12 ms a megabyte) does not hold up the loop."""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold what tiles are drawn from; load the ground in the background."""
    app.state.case_tiles, app.state.ground_tiles = CaseTileServer(app.state.wall), GroundTileServer(app.state.wall)
    async with beside(app.state.ground_tiles.keep()):
        yield


router = APIRouter(lifespan=lifespan)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. ``headers``: those of this answer, names in lower case, without the length."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


class Tiles:
    """ASGI middleware that answers for tiles and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A tile, or whatever else was asked for."""
        found = ADDRESS.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if found is None or (found[1] != "cases" and found[1] not in SOURCES):
            await self.app(scope, receive, send)
            return
        tile = (int(found[2]), int(found[3]), int(found[4]))
        try:
            answer = await (case_tile(scope, tile) if found[1] == "cases" else ground_tile(scope, found[1], tile))
        except NeedleError as error:
            answer = refusal(error)
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers + length_of(answer)}
        )
        await send({"type": "http.response.body", "body": answer.body})


def length_of(answer: Answer) -> list[tuple[bytes, bytes]]:
    """How long the body is; 204 and 304 have none (RFC 9110, 8.6)."""
    return [] if answer.status in (204, 304) else [(b"content-length", str(len(answer.body)).encode())]


async def case_tile(scope: Scope, tile: Tile) -> Answer:
    """The cases of a tile that fit the query and the account's scope; 503 with ``Retry-After`` while they are being loaded."""
    if not is_tile(*tile):
        return Answer(404, [])
    account = cast(Account, scope["state"]["account"])
    require(account, "case.list")
    asked = dict(parse_qsl(scope["query_string"].decode("latin-1"))) if scope["query_string"] else {}
    now, where = this_second(), within(account, parse_where(asked))
    cases = cast(CaseTileServer, scope["app"].state.case_tiles)
    tiles = await cases.tiles()
    etag = cases.etag(tiles, tile, where, now).encode()
    if header(scope, b"if-none-match") == etag:
        return unchanged(etag, REVISIT)
    start = perf_counter()
    return await answered(scope, cases.draw(tiles, tile, where, now), etag, REVISIT, timing(start, "memory"))


async def ground_tile(scope: Scope, source: str, tile: Tile) -> Answer:
    """One tile of the ground; 204 where it is empty, 304 where the browser's copy is right, 404 where there is no such tile."""
    if not is_tile(*tile):
        return Answer(404, [])
    ground = cast(GroundTileServer, scope["app"].state.ground_tiles)
    version = await ground.wall.version()
    etag = f'"{version}"'.encode()
    if header(scope, b"if-none-match") == etag:
        return unchanged(etag, KEPT)
    start, drawn_by = perf_counter(), "memory" if ground.holds(version) else "database"
    drawn = await ground.draw(version, source, tile)
    return await answered(scope, drawn, etag, KEPT, timing(start, drawn_by))


def header(scope: Scope, wanted: bytes) -> bytes:
    """A header of the request by its name in lower case; empty where there is none."""
    return next((value for name, value in scope["headers"] if name == wanted), b"")


def unchanged(etag: bytes, cache: bytes) -> Answer:
    """304: the browser's copy is right."""
    return Answer(304, [(b"etag", etag), (b"cache-control", cache), VARY])


def timing(start: float, drawn_by: str) -> bytes:
    """How long the tile took, and from what it was drawn, as ``Server-Timing`` says it to a browser's tools."""
    return f'draw;dur={(perf_counter() - start) * 1000:.2f};desc="{drawn_by}"'.encode()


async def answered(scope: Scope, tile: bytes, etag: bytes, cache: bytes, timed: bytes) -> Answer:
    """A tile, compressed for whoever takes that; 204 where it is empty."""
    headers = [(b"etag", etag), (b"cache-control", cache), VARY, (b"server-timing", timed)]
    if not tile:
        return Answer(204, headers)
    headers.append(MEDIA_TYPE)
    if len(tile) < PACKED_FROM_BYTES or b"gzip" not in header(scope, b"accept-encoding"):
        return Answer(200, headers, tile)
    packed = gzip.compress(tile, 1) if len(tile) < LOOP_BYTES else await asyncio.to_thread(gzip.compress, tile, 1)
    return Answer(200, [*headers, GZIP], packed)


def refusal(error: NeedleError) -> Answer:
    """An error of the catalogue; with 503 a browser is told to come again at once."""
    status = error.entry.http_status
    later = [(b"retry-after", b"1")] if status == 503 else []
    return Answer(status, [(b"content-type", b"application/json"), *later], orjson.dumps(error.as_dict()))
