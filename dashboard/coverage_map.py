"""The map of coverage: ``/tiles/coverage/{asking}/…`` and ``/ws/coverage/{asking}``, each as far as its account sees."""

import asyncio
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response, WebSocket, WebSocketDisconnect

from dashboard.accounts import Account, require
from dashboard.coverage_state import CoverageReader, Coverages, coverage_scope, coverages_of, drawn_layers, running
from dashboard.sessions import Asker, account_of_request
from dashboard.tiles import REVISIT
from data.mirror.coverage import CoverageMirror, Scope
from data.mirror.ground import GroundMirror
from data.stores.tiles import is_tile
from geo.errors import NeedleError

CELLS_FROM, BUILDINGS_FROM = 12, 14
MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"

router = APIRouter(lifespan=running)
Held = Annotated[Coverages, Depends(coverages_of)]


def ground_of(held: Coverages) -> GroundMirror:
    """The ground that the map is drawn from; ``coverage.loading`` until it is there."""
    ground = held.drawn_ground()
    if ground is None:
        raise NeedleError("coverage.loading")
    return ground


@router.get("/tiles/coverage/{outreach}/{zoom}/{column}/{row}.mvt")
async def tile(
    outreach: int, zoom: int, column: int, row: int, request: Request, held: Held, account: Asker
) -> Response:
    """Coverage on a tile: neighbourhoods from afar, then cells, then buildings. 304 where the browser's copy is right."""
    require(account, "page.cells")
    if not is_tile(zoom, column, row):
        return Response(status_code=404)
    mirror, ground, scope = await held.mirror(outreach), ground_of(held), coverage_scope(account)
    headers = {"etag": held.etag(mirror, ground, scope), "cache-control": REVISIT.decode(), "vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    drawn = draw(mirror, ground, (zoom, column, row), scope, drawn_layers(await held.wall.ground()))
    return Response(drawn, 200 if drawn else 204, headers, MEDIA_TYPE if drawn else None)


def draw(
    mirror: CoverageMirror, ground: GroundMirror, at: tuple[int, int, int], scope: Scope, layers: list[str]
) -> bytes:
    """The tile's one layer, bearing the name of what it shows."""
    if at[0] >= BUILDINGS_FROM or not layers:
        return mirror.draw_buildings(ground, at, scope)
    return mirror.draw_areas(ground, at, layers[-1] if at[0] >= CELLS_FROM else layers[0], scope)


@router.websocket("/ws/coverage/{outreach}")
async def live(socket: WebSocket, outreach: int) -> None:
    """What changes of an asking, as far as the account sees it: ``coverage`` with features, areas and the total; ``reload``."""
    held: Coverages = socket.app.state.coverages
    account: Account = account_of_request(socket)
    require(account, "page.cells")
    await socket.accept()
    reader = CoverageReader(outreach, coverage_scope(account))
    held.readers.add(reader)
    sending = asyncio.create_task(send(socket, reader))
    try:
        while (await socket.receive())["type"] == "websocket.receive":
            pass
    finally:
        held.readers.discard(reader)
        sending.cancel()


async def send(socket: WebSocket, reader: CoverageReader) -> None:
    """Send what waits for a socket until it was dropped."""
    with suppress(WebSocketDisconnect):
        while (text := await reader.get()) is not None:
            await socket.send_text(text)
        await socket.close(code=1013)
