"""Finding a record by any word of it: what is written out in full by the database, everything else by an index on disk.

The index lies under the home, holds nothing that the database does not have, and outlives its process: a server that starts
reads what was written since. It is filled in the background after the desk stands; until then it finds what it already holds.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import structlog
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from dashboard.background import beside
from data.database import AsyncPool
from data.search.kept import KeptIndex, hold_index
from data.settings import get_settings
from data.stores.notices import Lost, listen
from data.stores.reading import reading
from data.stores.registry_changes import count_standing, database_mark, load_changes, load_position
from data.stores.registry_reading import find_exact
from data.stores.registry_search import PIECE, load_findable, load_findable_after
from geo.errors import NeedleError

CHANNEL: Final = "needle_registry"
MOST: Final = 60
"""So many candidates are read again under the account's own rights; more than are shown, since some are not its own."""
REST_SECONDS: Final = 0.5
"""Changes are gathered for so long: a hundred cost one writing, and what failed is not tried sooner."""

log = structlog.get_logger("registry")


class Finder:
    """Numbers of entities by what somebody types. ``kept``: the index, once the database was asked which one."""

    def __init__(self, pool: AsyncPool) -> None:
        self.pool = pool
        self.kept: KeptIndex | None = None
        self._wake = asyncio.Event()
        self._is_counted = False

    async def find(self, text: str) -> list[int]:
        """The best first; at most ``MOST``."""
        async with reading(self.pool) as connection:
            exact = await find_exact(connection, text, MOST)
        hits = await asyncio.to_thread(self.kept.index.find, text, MOST) if self.kept else []
        return list(dict.fromkeys([*exact, *(int(hit.code) for hit in hits)]))[:MOST]

    async def listen(self) -> None:
        """Hear that something was written; runs until cancelled."""
        async for notice in listen(str(self.pool.conninfo), (CHANNEL,)):
            if not isinstance(notice, Lost):
                self._wake.set()

    async def follow(self, desk_prepared: asyncio.Event) -> None:
        """Hold the index and write into it what was written, from when the desk stands; runs until cancelled."""
        with hold_index(get_settings().home / "search", await self._database()) as self.kept:
            await desk_prepared.wait()
            while True:
                await self._wake.wait()
                self._wake.clear()
                try:
                    await self._write(self.kept)
                except (NeedleError, OSError, ValueError) as error:
                    self._wake.set()
                    log.warning("registry.unsearchable", reason=str(error))
                await asyncio.sleep(REST_SECONDS)

    async def _database(self) -> str:
        while True:
            try:
                async with reading(self.pool) as connection:
                    return await database_mark(connection)
            except NeedleError as error:
                log.warning("registry.unsearchable", reason=str(error))
                await asyncio.sleep(REST_SECONDS)

    async def _write(self, kept: KeptIndex) -> None:
        """Write what is new; all of it, where the index is not full yet."""
        if kept.state is None or kept.state.filled_to is not None:
            await self._fill(kept)
        await self._catch_up(kept)
        if not self._is_counted:
            await self._count(kept)

    async def _count(self, kept: KeptIndex) -> None:
        """Once, when all that was written is in it: an index with more or fewer entries than there are is not trusted."""
        assert kept.state is not None
        async with reading(self.pool) as connection:
            standing = await count_standing(connection)
            if await load_changes(connection, kept.state.position, 1):
                self._wake.set()
                return
        self._is_counted = True
        if len(kept.index) != standing:
            log.warning("registry.search_anew", held=len(kept.index), standing=standing)
            await asyncio.to_thread(kept.begin_anew)
            self._wake.set()

    async def _fill(self, kept: KeptIndex) -> None:
        """Read every entity, piece by piece; one that was cut off goes on where it was."""
        last = kept.state.filled_to if kept.state and kept.state.filled_to is not None else 0
        async with reading(self.pool) as connection:
            position = kept.state.position if kept.state else await load_position(connection)
        while True:
            async with reading(self.pool) as connection:
                entries = await load_findable_after(connection, last)
            if not entries:
                break
            await asyncio.to_thread(kept.index.update, entries)
            last = int(entries[-1].code)
            await asyncio.to_thread(kept.note, position, last)
        await asyncio.to_thread(kept.note, position, None)

    async def _catch_up(self, kept: KeptIndex) -> None:
        """Write what was written since, piece by piece."""
        assert kept.state is not None
        since, last = kept.state.position, 0
        async with reading(self.pool) as connection:
            position = await load_position(connection)
        while True:
            async with reading(self.pool) as connection:
                changes = await load_changes(connection, since, PIECE, last)
                entries = await load_findable(connection, [change.entity for change in changes if change.stands])
            if not changes:
                break
            gone = {str(change.entity) for change in changes} - {entry.code for entry in entries}
            await asyncio.to_thread(kept.index.update, entries, gone)
            last = changes[-1].entity
        if position != since:
            await asyncio.to_thread(kept.note, position, None)


@asynccontextmanager
async def finding(app: FastAPI) -> AsyncIterator[None]:
    """The finder of the application."""
    app.state.finder = finder = Finder(app.state.pool)
    async with beside(finder.listen(), finder.follow(app.state.desk.prepared)):
        yield


def finder_of(connection: HTTPConnection) -> Finder:
    """The process's finder (a FastAPI dependency)."""
    return cast(Finder, connection.app.state.finder)
