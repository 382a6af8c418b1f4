"""What the process holds of coverage: the askings that somebody looks at, patched as the database tells, and who is told of it.

``Coverages`` hears ``needle_coverage`` on a connection of its own and reads the places that changed, once for everybody; a socket
gets only what its account sees: features of the map that changed, rows of areas, and the total. What was missed in a gap is read
anew whole.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from secrets import token_hex
from typing import Any, Final, cast

import structlog
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from dashboard.accounts import Account
from dashboard.background import beside
from dashboard.reader import Message, Reader, packed
from dashboard.wall_state import Ground, Wall
from data.mirror.coverage import CoverageMirror, Ints, Scope, feature_rows
from data.mirror.coverage_loading import load_changed, load_coverage
from data.mirror.ground import GroundMirror
from data.stores.coverage import CHANNEL, MANY
from data.stores.notices import Connected, Lost, listen
from data.stores.reading import reading
from geo.errors import NeedleError

KEPT: Final = 4
COALESCE_SECONDS: Final = 0.15
RETRY_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 3.0
"""So long a request waits for an asking that is being read."""
NOBODY: Final = Scope(frozenset({("", "")}))

RELOAD: Final[Message] = {"kind": "reload"}

log = structlog.get_logger("coverage")


def coverage_scope(account: Account, chosen: tuple[str, str] | None = None) -> Scope:
    """What an account sees of an asking, in an area where it names one; the database says the same (policy of ``link``).

    A member of a team goes to the doors of their own areas; one without areas, to nobody's.
    """
    if account.department is not None or (account.team is not None and not account.areas):
        return NOBODY
    return Scope(frozenset(account.areas), chosen)


class CoverageReader(Reader):
    """A socket that follows one asking."""

    def __init__(self, outreach: int, scope: Scope) -> None:
        super().__init__()
        self.outreach, self.seen = outreach, scope


class Coverages:
    """The coverage of askings in one process. ``drawn_ground``: what tiles are drawn from, once it is loaded."""

    def __init__(self, wall: Wall, drawn_ground: Callable[[], GroundMirror | None]) -> None:
        self.wall, self.drawn_ground = wall, drawn_ground
        self.process = token_hex(3)
        self.readers: set[CoverageReader] = set()
        self.mirrors: OrderedDict[int, CoverageMirror] = OrderedDict()
        self.loads = count(1)
        self.marks: dict[int, int] = {}
        self._loading: dict[int, asyncio.Task[None]] = {}
        self._changed: defaultdict[int, set[str]] = defaultdict(set)
        self._wake = asyncio.Event()

    # --- reading ------------------------------------------------------------------------------------------------

    async def mirror(self, outreach: int) -> CoverageMirror:
        """An asking's coverage.

        Raises
        ------
        NeedleError
            ``coverage.loading`` while it is being read.
        """
        if outreach not in self.mirrors:
            await self._load(outreach)
        self.mirrors.move_to_end(outreach)
        return self.mirrors[outreach]

    async def _load(self, outreach: int) -> None:
        if outreach not in self._loading:
            self._loading[outreach] = asyncio.create_task(self._read(outreach))
        task = self._loading[outreach]
        try:
            await asyncio.wait_for(asyncio.shield(task), PATIENCE_SECONDS)
        except TimeoutError:
            raise NeedleError("coverage.loading") from None

    async def _read(self, outreach: int) -> None:
        try:
            layers = [layer.name for layer in (await self.wall.ground()).layers]
            async with reading(self.wall.pool) as connection:
                self.mirrors[outreach] = await load_coverage(connection, outreach, layers)
            self.marks[outreach] = next(self.loads)
            wanted = {reader.outreach for reader in self.readers}
            for old in [known for known in self.mirrors if known not in wanted | {outreach}][: -KEPT or None]:
                del self.mirrors[old]
        finally:
            del self._loading[outreach]

    def etag(self, mirror: CoverageMirror, ground: GroundMirror, scope: Scope) -> str:
        """Changes whenever a tile may look different."""
        mark = f"{self.marks[mirror.outreach]}.{mirror.version}"
        return f'"{ground.version}-{self.process}-{mirror.outreach}-{mark}-{abs(hash(scope)):x}"'

    # --- changes ------------------------------------------------------------------------------------------------

    async def follow(self) -> None:
        """Hear what changed, and tell it; runs until cancelled."""
        await asyncio.gather(self._listen(), self._publish())

    async def _listen(self) -> None:
        async for notice in listen(str(self.wall.pool.conninfo), (CHANNEL,)):
            if isinstance(notice, Lost):
                continue
            if isinstance(notice, Connected):
                for outreach in self.mirrors:
                    self._changed[outreach].add(MANY)
            else:
                number, *places = notice.payload.split("\n")
                self._changed[int(number)].update(places)
            self._wake.set()

    async def _publish(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                for outreach in list(self._changed):
                    await self._take(outreach)
            except NeedleError as error:
                log.warning("coverage.interrupted", code=error.code)
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()
            await asyncio.sleep(COALESCE_SECONDS)

    async def _take(self, outreach: int) -> None:
        """Bring one asking up to now; what cannot be patched is read anew."""
        if outreach in self._loading:
            await asyncio.wait({self._loading[outreach]})
        places = self._changed.pop(outreach)
        mirror = self.mirrors.get(outreach)
        if mirror is None:
            return
        rows = None
        try:
            if MANY not in places:
                async with reading(self.wall.pool) as connection:
                    rows = mirror.patch(*await load_changed(connection, outreach, sorted(places)))
            if rows is None:
                await self._read_anew(outreach)
        except NeedleError:
            self._changed[outreach] |= places
            raise
        await self._tell(outreach, rows)

    async def _read_anew(self, outreach: int) -> None:
        self._loading[outreach] = task = asyncio.create_task(self._read(outreach))
        await task

    async def _tell(self, outreach: int, rows: Ints | None) -> None:
        ground, drawn = await self.wall.ground(), self.drawn_ground()
        texts: dict[Scope, str] = {}
        for reader in [reader for reader in self.readers if reader.outreach == outreach]:
            if reader.seen not in texts:
                told = RELOAD
                if rows is not None and drawn is not None:
                    told = self._news(outreach, rows, reader.seen, ground, drawn)
                texts[reader.seen] = packed(told)
            reader.put(texts[reader.seen])
        self.readers = {reader for reader in self.readers if not reader.dropped}

    def _news(self, outreach: int, rows: Ints, scope: Scope, ground: Ground, drawn: GroundMirror) -> Message:
        mirror = self.mirrors[outreach]
        known = mirror.rows
        seen = rows[mirror.mask(scope)[rows]]
        buildings = seen[known.building[seen] >= 0]
        told = {"building": feature_rows(known.building[buildings], known.counts[buildings])}
        areas: dict[str, list[list[Any]]] = {}
        for layer in drawn_layers(ground):
            sums, ids = mirror.by_area(layer, scope), mirror.on(drawn).ids(layer)
            codes = sorted({int(k) for k in known.areas[layer][seen] if k >= 0})
            there = [k for k in codes if known.codes[layer][k] in ids]
            told[layer] = feature_rows([ids[known.codes[layer][k]] for k in there], sums[there])
            areas[layer] = [[known.codes[layer][k], *sums[k].tolist()] for k in codes]
        return {"kind": "coverage", "features": told, "areas": areas, "total": mirror.total(scope).tolist()}


def drawn_layers(ground: Ground) -> list[str]:
    """The layers that coverage is shown by, from wide to narrow: neighbourhoods, communities, cells, as far as there are any."""
    there = [layer.name for layer in ground.layers if layer.kind != "jurisdiction"]
    wanted = [ground.place_layer, "community", *(layer.name for layer in ground.layers if layer.kind == "grid")]
    return [name for name in dict.fromkeys(wanted) if name in there]


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The coverages of the application, drawn on the ground that its tiles have."""
    app.state.coverages = held = Coverages(app.state.wall, lambda: app.state.ground_tiles.mirror)
    async with beside(held.follow()):
        yield


def coverages_of(connection: HTTPConnection) -> Coverages:
    """The process's coverages (a FastAPI dependency)."""
    return cast(Coverages, connection.app.state.coverages)
