"""Finding a record by any word of it: what is written out in full by the database, everything else by an index of this process.

The index lies in a folder of its own, holds nothing that the database does not have, and goes with the process. It is filled in
the background after the desk stands, and follows what changes; until it is full, it finds what it already holds.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

import structlog
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from dashboard.background import beside
from data.database import AsyncPool
from data.search.index import SearchIndex
from data.settings import get_settings
from data.stores.notices import Connected, Lost, listen
from data.stores.reading import reading
from data.stores.registry_reading import find_exact
from data.stores.registry_search import load_findable, load_findable_after
from geo.errors import NeedleError

CHANNEL: Final = "needle_registry"
MOST: Final = 60
"""So many candidates are read again under the account's own rights; more than are shown, since some are not its own."""
REST_SECONDS: Final = 0.5
"""Changes are gathered for so long: a hundred cost one writing, and what failed is not tried sooner."""

log = structlog.get_logger("registry")


class Finder:
    """Numbers of entities by what somebody types."""

    def __init__(self, pool: AsyncPool, folder: Path) -> None:
        self.pool, self.index = pool, SearchIndex(folder)
        self._known: set[str] = set()
        self._changed: set[int] = set()
        self._anew = False
        self._wake = asyncio.Event()

    async def find(self, text: str) -> list[int]:
        """The best first; at most ``MOST``."""
        async with reading(self.pool) as connection:
            exact = await find_exact(connection, text, MOST)
        hits = await asyncio.to_thread(self.index.find, text, MOST)
        return list(dict.fromkeys([*exact, *(int(hit.code) for hit in hits)]))[:MOST]

    async def listen(self) -> None:
        """Hear what changed; runs until cancelled. After every connection everything is read anew."""
        async for notice in listen(str(self.pool.conninfo), (CHANNEL,)):
            if isinstance(notice, Lost):
                continue
            if isinstance(notice, Connected) or notice.payload == "*":
                self._anew = True
            else:
                self._changed |= {int(number) for number in notice.payload.split(",") if number.isdecimal()}
            self._wake.set()

    async def follow(self, desk_prepared: asyncio.Event) -> None:
        """Write what changed into the index, from when the desk stands; runs until cancelled."""
        await desk_prepared.wait()
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._write()
            except (NeedleError, OSError, ValueError) as error:
                self._anew = True
                self._wake.set()
                log.warning("registry.unsearchable", reason=str(error))
            await asyncio.sleep(REST_SECONDS)

    async def _write(self) -> None:
        if self._anew:
            self._anew = False
            self._changed.clear()
            await self._write_all()
        if self._changed:
            numbers, self._changed = sorted(self._changed), set()
            async with reading(self.pool) as connection:
                entries = await load_findable(connection, numbers)
            there = {entry.code for entry in entries}
            gone = {str(number) for number in numbers} - there
            await asyncio.to_thread(self.index.update, entries, gone)
            self._known = (self._known | there) - gone

    async def _write_all(self) -> None:
        """Read every entity anew, piece by piece, and forget those that are no more."""
        seen: set[str] = set()
        last = 0
        while True:
            async with reading(self.pool) as connection:
                entries = await load_findable_after(connection, last)
            if not entries:
                break
            await asyncio.to_thread(self.index.update, entries)
            seen |= {entry.code for entry in entries}
            last = int(entries[-1].code)
        if gone := self._known - seen:
            await asyncio.to_thread(self.index.update, (), gone)
        self._known = seen


@asynccontextmanager
async def finding(app: FastAPI) -> AsyncIterator[None]:
    """The finder of the application."""
    home = get_settings().home / "search"
    sweep(home)
    folder = home / f"{os.getpid()}-{id(app)}"
    app.state.finder = finder = Finder(app.state.pool, folder)
    async with beside(finder.listen(), finder.follow(app.state.desk.prepared)):
        yield
    shutil.rmtree(folder, ignore_errors=True)


def sweep(home: Path) -> None:
    """Remove what processes left that are no more."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in home.iterdir():
        try:
            os.kill(int(folder.name.split("-")[0]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            continue


def finder_of(connection: HTTPConnection) -> Finder:
    """The process's finder (a FastAPI dependency)."""
    return cast(Finder, connection.app.state.finder)
