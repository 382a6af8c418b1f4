"""Live changes: one LISTEN connection a process, fanned out to every open wall over ``/ws/live``.

A message is one JSON object: ``cases`` (rows that changed), ``pulse`` (key figures and teams), ``source`` (whether the database
is reachable), ``reload`` (too much was missed: read the snapshot anew). Nothing is lost in a gap of the database connection or of
the socket: whoever comes back says the last event it knows, and gets every case that changed since.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from dashboard.view_models.snapshot import case_as_json, figures_as_json, teams_as_json
from dashboard.wall_state import Wall
from data.stores import overview
from data.stores.notices import Connected, Lost, listen
from data.stores.reading import reading
from geo.errors import NeedleError

CHANNEL: Final = "needle_case"
GATHER_SECONDS: Final = 0.15
PULSE_SECONDS: Final = 5.0
PULSE_LEAST_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 1.0
CATCH_UP_CASES: Final = 1_000
LATE_COMMITS: Final = 200
"""How far back of the last seen event a catch-up starts: transactions may commit in another order than their ids."""
QUEUE_MESSAGES: Final = 500

log = structlog.get_logger()
router = APIRouter()


class Hub:
    """Listens, gathers what changed, reads it once, and tells every socket."""

    def __init__(self, wall: Wall, url: str) -> None:
        self.wall = wall
        self.url = url
        self.sockets: set[asyncio.Queue[bytes]] = set()
        self.connected = False
        self.event = 0
        self._changed: set[int] = set()
        self._wake = asyncio.Event()
        self._pulsed_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start listening in the background."""
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._forever(self._publish)),
            asyncio.create_task(self._forever(self._pulse)),
        ]

    async def stop(self) -> None:
        """Stop and wait until everything has stopped."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message for every socket; one that cannot keep up is dropped and will come back for what it missed."""
        packed = orjson.dumps(message)
        for queue in tuple(self.sockets):
            try:
                queue.put_nowait(packed)
            except asyncio.QueueFull:
                self.sockets.discard(queue)

    async def missed(self, since: int) -> dict[str, Any]:
        """The message that brings a reader up to date that has seen events up to ``since``."""
        async with reading(self.wall.pool) as connection:
            ids = await overview.load_changed_since(connection, max(0, since - LATE_COMMITS), CATCH_UP_CASES)
        return {"kind": "reload"} if len(ids) >= CATCH_UP_CASES else await self._cases_message(ids)

    async def _listen(self) -> None:
        async for notice in listen(self.url, CHANNEL):
            if isinstance(notice, Connected):
                await self._on_connected()
            elif isinstance(notice, Lost):
                self._tell_source(connected=False)
            else:
                self._changed |= {int(part) for part in notice.split(",") if part.strip().isdigit()}
                self._wake.set()

    async def _on_connected(self) -> None:
        with suppress(NeedleError):
            if self.event:
                self.send(await self.missed(self.event))
            self._tell_source(connected=True)

    def _tell_source(self, *, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            self.send({"kind": "source", "connected": connected})

    async def _forever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except NeedleError as error:
                log.warning("live.interrupted", code=error.code)
                await asyncio.sleep(RETRY_SECONDS)

    async def _publish(self) -> None:
        await self._wake.wait()
        await asyncio.sleep(GATHER_SECONDS)
        self._wake.clear()
        changed, self._changed = self._changed, set()
        try:
            self.send(await self._cases_message(sorted(changed)))
            if asyncio.get_running_loop().time() - self._pulsed_at >= PULSE_LEAST_SECONDS:
                await self._send_pulse()
        except NeedleError:
            self._changed |= changed
            self._wake.set()
            raise

    async def _cases_message(self, ids: list[int]) -> dict[str, Any]:
        ground = await self.wall.ground()
        async with reading(self.wall.pool) as connection:
            self.event = max(self.event, await overview.last_event_id(connection))
            rows = await overview.load_rows(connection, ids, ground.place_layer)
        return {"kind": "cases", "event": self.event, "rows": [case_as_json(row) for row in rows]}

    async def _pulse(self) -> None:
        await asyncio.sleep(PULSE_SECONDS)
        await self._send_pulse()

    async def _send_pulse(self) -> None:
        if not self.sockets:
            return
        self._pulsed_at = asyncio.get_running_loop().time()
        ground, now = await self.wall.ground(), datetime.now(UTC)
        async with reading(self.wall.pool) as connection:
            figures = await overview.load_figures(connection, now, ground.timezone)
            teams = await overview.load_team_rows(connection, now, ground.timezone)
        self.send(
            {"kind": "pulse", "version": ground.version, **figures_as_json(figures), "teams": teams_as_json(teams)}
        )


@router.websocket("/ws/live")
async def live(socket: WebSocket, since: int = 0) -> None:
    """A wall's socket. It first gets what changed after event ``since``, then everything as it happens."""
    hub: Hub = socket.app.state.hub
    await socket.accept()
    queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_MESSAGES)
    hub.sockets.add(queue)
    sender = asyncio.create_task(_send(socket, hub, queue, since))
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        pass
    finally:
        hub.sockets.discard(queue)
        sender.cancel()


async def _send(socket: WebSocket, hub: Hub, queue: asyncio.Queue[bytes], since: int) -> None:
    await _say(socket, {"kind": "source", "connected": hub.connected})
    with suppress(NeedleError):
        if since:
            await _say(socket, await hub.missed(since))
    while queue in hub.sockets or not queue.empty():
        await socket.send_text((await queue.get()).decode())
    await socket.close(code=1013)


async def _say(socket: WebSocket, message: dict[str, Any]) -> None:
    await socket.send_text(orjson.dumps(message).decode())
