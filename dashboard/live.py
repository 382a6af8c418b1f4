"""Live changes: one LISTEN connection a process, fanned out to every open wall over ``/ws/live``.

A message is one JSON object, told apart by ``kind``:

* ``cases``: rows that changed, each case once, with its ``seq``; ``event``: everything up to this event is told;
* ``pulse``: figures, hours and ranking under the socket's own filter; it also proves that the line is alive;
* ``teams``: those that changed and the ids of those that are ``gone``; the first time ``all``;
* ``alarm``, ``acknowledged``: a case sounds an alarm; somebody has seen it;
* ``source``: whether the database can be heard; ``reload``: too much was missed, read the snapshot anew.

A notice only wakes the hub: what changed is read from the event log (``data.stores.event_log``), once for all walls, so that
nothing is lost in a gap of the database connection or of a socket, whatever order transactions end in. A wall that comes back
says the last ``event`` that it was told, and gets every case that changed since.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from dashboard.accounts import Account, scope_of, within
from dashboard.live_pulse import LEAST_SECONDS, MOST_SECONDS, Pulse
from dashboard.reader import Message, Reader, packed
from dashboard.scoping import cases_seen, message_within
from dashboard.sessions import Gate, account_of_request
from dashboard.view_models.snapshot import case_as_json
from dashboard.wall_state import Wall
from data.mirror.patching import patch
from data.mirror.where import EVERYTHING, Where, parse_where
from data.stores import accounts, alarms, overview
from data.stores.announcing import GROUND_CHANNEL
from data.stores.event_log import Connection, Follower, load_changed_since
from data.stores.notices import Connected, Lost, listen
from data.stores.reading import reading
from geo.errors import NeedleError

CASES_CHANNEL: Final = "needle_case"
COALESCE_SECONDS: Final = 0.1
RETRY_SECONDS: Final = 1.0
CATCH_UP_CASES: Final = 1_000
PATCH_CASES: Final = 5_000
TRY_AGAIN_LATER: Final = 1013

log = structlog.get_logger()
router = APIRouter()


class Hub:
    """Listens, reads once what changed, patches the mirror, and tells every wall.

    ``_lock`` makes reading and telling one step, so that no row of a case overtakes a newer one on any socket.
    """

    def __init__(self, wall: Wall, url: str, gate: Gate) -> None:
        self.wall = wall
        self.url = url
        self.gate = gate
        self.readers: set[Reader] = set()
        self.connected = False
        self.pulse = Pulse(wall)
        self.log = Follower()
        self._changed: set[int] = set()
        self._unread: set[int] | None = None
        self._acknowledging = False
        self._mirror_version: str | None = None
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._told_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start listening in the background."""
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._forever(self._publish)),
            asyncio.create_task(self._forever(self._beat)),
            asyncio.create_task(self._forever(self._read_mirror)),
        ]

    async def stop(self) -> None:
        """Stop and wait until everything has stopped."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, message: Message) -> None:
        """Queue a message for every wall."""
        self._send_each(lambda _scope: message)

    def _send_each(self, told: Callable[[Where], Message | None]) -> None:
        """Queue what each scope is told (None: nothing), made once for equal scopes."""
        texts: dict[Where, str | None] = {}
        for reader in self.readers:
            if reader.scope not in texts:
                message = told(reader.scope)
                texts[reader.scope] = None if message is None else packed(message)
            text = texts[reader.scope]
            if text is not None:
                reader.put(text)
        self.readers = {reader for reader in self.readers if not reader.dropped}

    # --- walls come and go --------------------------------------------------------------------------------------

    async def join(self, reader: Reader, since: int | None) -> None:
        """Let a wall hear everything from now on, after what it missed since an event (None: it needs nothing).

        While the database is away it waits: the wall learns that the source is lost, and is told what it missed later.
        """
        told = self.connected
        reader.put(packed({"kind": "source", "connected": told}))
        while True:
            try:
                async with self._lock:
                    if since is not None:
                        reader.put(packed(message_within(self.wall, reader.scope, await self._missed(since))))
                    self.readers.add(reader)
                if self.connected != told:
                    reader.put(packed({"kind": "source", "connected": self.connected}))
                return
            except NeedleError:
                told = False
                reader.put(packed({"kind": "source", "connected": told}))
                await asyncio.sleep(RETRY_SECONDS)

    async def ask(self, reader: Reader, account: Account, query: str) -> None:
        """A wall says which cases its figures are about, as the query of an address; it is answered at once."""
        with suppress(NeedleError):
            reader.where = within(account, parse_where(dict(parse_qsl(query))))
            await self.pulse.figures([reader])

    async def _missed(self, since: int) -> Message:
        async with reading(self.wall.pool) as connection:
            ids = await load_changed_since(connection, since, CATCH_UP_CASES + 1)
            return await self._cases_message(connection, ids)

    async def _cases_message(self, connection: Connection, ids: Sequence[int]) -> Message:
        if len(ids) > CATCH_UP_CASES:
            return {"kind": "reload"}
        place_layer = (await self.wall.ground()).place_layer
        rows = await overview.load_rows(connection, ids)
        return {"kind": "cases", "event": self.wall.event, "rows": [case_as_json(row, place_layer) for row in rows]}

    # --- what happens in the database ---------------------------------------------------------------------------

    async def _listen(self) -> None:
        async for notice in listen(self.url, (CASES_CHANNEL, GROUND_CHANNEL, alarms.CHANNEL, accounts.CHANNEL)):
            if isinstance(notice, Lost):
                self._tell_source(connected=False)
                continue
            if isinstance(notice, Connected):
                self._tell_source(connected=True)
            elif notice.channel == GROUND_CHANNEL:
                self.wall.forget_version()
            elif notice.channel == accounts.CHANNEL:
                self.gate.forget()
            self._acknowledging |= isinstance(notice, Connected) or notice.channel == alarms.CHANNEL
            self._wake.set()

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
            except Exception:  # walls must not go dark because of one unforeseen row
                log.exception("live.failed")
                await asyncio.sleep(RETRY_SECONDS)

    async def _publish(self) -> None:
        """Tell what changed, at most every ``COALESCE_SECONDS``; the first change after a rest is told at once."""
        await self._wake.wait()
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._told_at + COALESCE_SECONDS - loop.time()))
        self._wake.clear()
        self._told_at = loop.time()
        try:
            async with self._lock, reading(self.wall.pool) as connection:
                news = await self._tell_changes(connection)
                if self._acknowledging:
                    await self._tell_acknowledged(connection)
        except NeedleError:
            self._wake.set()
            raise
        if news and self.readers and self.pulse.is_due(LEAST_SECONDS):
            await self.pulse.figures(self.readers)
            await self._tell_alarms()

    async def _tell_changes(self, connection: Connection) -> bool:
        if self.wall.following.is_set():
            await self.log.catch_up(connection, self._changed)
        else:
            await self.log.begin(connection)
        ids = sorted(self._changed)
        before = self._seen_by_scopes(ids)
        await self._patch(connection, ids)
        self.wall.event = self.log.event
        self.wall.following.set()
        if ids:
            message, after = await self._cases_message(connection, ids), self._seen_by_scopes(ids)
            self._send_each(lambda scope: message_within(self.wall, scope, message, before[scope] - after[scope]))
            self._changed.clear()
        return bool(ids)

    def _seen_by_scopes(self, ids: Sequence[int]) -> Mapping[Where, frozenset[int]]:
        """Which of these cases each scope that somebody listens with sees now."""
        parts = {reader.scope for reader in self.readers} - {EVERYTHING}
        return defaultdict(frozenset, {scope: cases_seen(self.wall, scope, ids) for scope in parts})

    async def _patch(self, connection: Connection, ids: Sequence[int]) -> None:
        if self._unread is not None:
            self._unread.update(ids)
        if self.wall.mirror is not None and ids:
            for start in range(0, len(ids), PATCH_CASES):
                await patch(self.wall.mirror, connection, ids[start : start + PATCH_CASES])
            self.wall.changes += 1

    async def _tell_acknowledged(self, connection: Connection) -> None:
        known = self.wall.acknowledged
        self.wall.acknowledged = {(a.case_id, a.cause): a for a in await alarms.load_of_open(connection)}
        for key in self.wall.acknowledged.keys() - known.keys():
            seen = self.wall.acknowledged[key]
            told = {"kind": "acknowledged", "case": seen.case_id, "cause": seen.cause, "by": seen.actor}
            self._send_each(partial(self._of_case, seen.case_id, told))
        self._acknowledging = False

    def _of_case(self, case_id: int, message: Message, scope: Where) -> Message | None:
        """A message about one case, for those who see it."""
        return message if cases_seen(self.wall, scope, [case_id]) else None

    # --- from time to time --------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Look at the log even when nobody notifies; tell teams, figures and alarms."""
        await asyncio.sleep(MOST_SECONDS)
        self._wake.set()
        await self._tell_alarms()
        if self.readers:
            await self.pulse.figures(self.readers)
            await self.pulse.teams(self.readers)

    async def _tell_alarms(self) -> None:
        for message in await self.pulse.new_alarms():
            self._send_each(partial(self._of_case, message["row"]["id"], message))

    async def _read_mirror(self) -> None:
        """Read every case, once the log is followed; again when the city's layers changed."""
        await self.wall.following.wait()
        version = await self.wall.version()
        if version == self._mirror_version:
            await asyncio.sleep(MOST_SECONDS)
            return
        self._unread = set()
        mirror = await self.wall.read_mirror()
        async with self._lock, reading(self.wall.pool) as connection:
            await patch(mirror, connection, sorted(self._unread))
            self.wall.mirror, self._unread, self._mirror_version = mirror, None, version
            self.wall.changes += 1
        await self.pulse.new_alarms()
        self.wall.ready.set()


@router.websocket("/ws/live")
async def live(socket: WebSocket, since: int | None = None) -> None:
    """A wall's socket. It first gets what changed after event ``since``, then everything as it happens.

    Whatever it sends is the query of a filter: its figures are counted under it from then on. It hears only of what its account
    sees; when a case leaves that, it is told to read everything anew.
    """
    hub: Hub = socket.app.state.hub
    account = account_of_request(socket)
    await socket.accept()
    reader = Reader(scope_of(account))
    tasks = [asyncio.create_task(hub.join(reader, since)), asyncio.create_task(_send(socket, reader))]
    try:
        while (message := await socket.receive())["type"] == "websocket.receive":
            await hub.ask(reader, account, message.get("text") or "")
    finally:
        hub.readers.discard(reader)
        for task in tasks:
            task.cancel()


async def _send(socket: WebSocket, reader: Reader) -> None:
    with suppress(WebSocketDisconnect):
        while (text := await reader.get()) is not None:
            await socket.send_text(text)
        await socket.close(code=TRY_AGAIN_LATER)
