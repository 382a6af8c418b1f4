"""What the process holds for its pages: the pool, the tile shelf, the city's ground as long as its version stands, its cases."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, cast

import numpy as np
from starlette.requests import HTTPConnection

from dashboard.shelf import TileShelf
from data.database import AsyncPool
from data.mirror.columns import CaseMirror
from data.mirror.figures import Summary, summarise
from data.mirror.loading import load_mirror
from data.mirror.where import EVERYTHING, TextSearch, Where, matching
from data.stores import overview
from data.stores.alarms import Acknowledgement
from data.stores.ground import load_attributions
from data.stores.reading import reading
from data.stores.tiles import tiles_version
from geo.errors import NeedleError

VERSION_SECONDS: Final = 10.0
Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Ground:
    """What changes only with the city: its layers, and the names behind codes. ``city``: None before one is loaded.

    Attributes
    ----------
    place_layer : str
        The layer whose area names a case's neighbourhood in lists and in the ranking.
    attributions : list of str
        What the map must say of where its ground came from.
    """

    version: str
    city: overview.City | None
    layers: list[overview.LayerRow]
    place_layer: str
    areas: dict[str, str]
    words: overview.Words
    states: list[overview.StateRow]
    attributions: list[str]

    @property
    def timezone(self) -> str:
        """The city's time zone."""
        return self.city.timezone if self.city else "Asia/Shanghai"

    @property
    def channels(self) -> dict[str, tuple[str, str]]:
        """Names of channels by code."""
        return self.words.channels


def choose_place_layer(layers: list[overview.LayerRow]) -> str:
    """The layer that names a neighbourhood: subdistricts, else the finest administrative layer, else any layer."""
    names = [layer.name for layer in layers]
    areas = [layer.name for layer in layers if layer.kind == "area"]
    return "subdistrict" if "subdistrict" in names else (areas or names or ["subdistrict"])[-1]


@dataclass
class Wall:
    """The state of one process, made once by ``create_app``.

    Attributes
    ----------
    mirror : CaseMirror or None
        Every case; None until it is read, which begins when the server starts. The hub patches it.
    loaded, total : int
        How many cases are read, of how many, while it is None.
    texts : TextSearch or None
        What finds words in the mirror's rows, when somebody keeps it.
    changes : int
        Grows with every change of the mirror.
    event : int
        Everything up to this ``case_event.id`` has been told to the walls; a wall that opens goes on from there.
    following, ready : asyncio.Event
        Set once ``event`` is known; once the mirror is there.
    acknowledged : dict
        (case id, cause) -> who saw the alarm.
    """

    pool: AsyncPool
    shelf: TileShelf = field(default_factory=TileShelf)
    mirror: CaseMirror | None = None
    loaded: int = 0
    total: int = 0
    texts: TextSearch | None = None
    changes: int = 0
    event: int = 0
    following: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: dict[tuple[int, str], Acknowledgement] = field(default_factory=dict)
    _version: str = ""
    _version_until: float = 0.0
    _ground: Ground | None = None
    _summaries: dict[Where, Summary] = field(default_factory=dict)
    _summaries_at: tuple[int, int] = (0, 0)

    async def version(self) -> str:
        """The city's version, at most ``VERSION_SECONDS`` old."""
        if time.monotonic() >= self._version_until:
            async with reading(self.pool) as connection:
                self._version = await tiles_version(connection)
            self._version_until = time.monotonic() + VERSION_SECONDS
        return self._version

    def forget_version(self) -> None:
        """The ground changed: read its version anew when it is next asked for."""
        self._version_until = 0.0

    async def ground(self) -> Ground:
        """The city's ground, read anew when its version changed."""
        version = await self.version()
        if self._ground is None or self._ground.version != version:
            self._ground = await self._read_ground(version)
        return self._ground

    async def _read_ground(self, version: str) -> Ground:
        async with reading(self.pool) as connection:
            layers = await overview.load_layer_rows(connection)
            place_layer = choose_place_layer(layers)
            return Ground(
                version=version,
                city=await overview.load_city(connection),
                layers=layers,
                place_layer=place_layer,
                areas=await overview.load_area_names(connection, place_layer),
                words=await overview.load_words(connection),
                states=await overview.load_states(connection),
                attributions=await load_attributions(connection),
            )

    async def read_mirror(self) -> CaseMirror:
        """Read every case; the caller sets ``mirror`` when it has brought in what changed meanwhile.

        Raises
        ------
        NeedleError
            ``database.unreachable``.
        """

        def progress(loaded: int, total: int) -> None:
            self.loaded, self.total = loaded, total

        async with reading(self.pool) as connection:
            return await load_mirror(connection, progress)

    @property
    def cases(self) -> CaseMirror:
        """The mirror.

        Raises
        ------
        NeedleError
            ``mirror.loading``.
        """
        if self.mirror is None:
            raise NeedleError("mirror.loading", loaded=self.loaded, total=self.total)
        return self.mirror

    def fitting(self, where: Where, now: int) -> Bools:
        """Which of the mirror's rows fit; raises as ``cases`` and ``data.mirror.where.matching`` do."""
        if where == EVERYTHING:
            return np.ones(self.cases.count, np.bool_)
        return cast(Bools, matching(self.cases, where, now, self.texts))

    async def summary(self, where: Where, now: int) -> Summary:
        """Figures, hours and ranking of the cases that fit, counted once a change and second for each filter asked for."""
        ground = await self.ground()
        if self._summaries_at != (now, self.changes):
            self._summaries, self._summaries_at = {}, (now, self.changes)
        if where not in self._summaries:
            fits = self.fitting(where, now)
            self._summaries[where] = summarise(self.cases, fits, now, ground.timezone, ground.place_layer)
        return self._summaries[where]


def wall_of(connection: HTTPConnection) -> Wall:
    """The process's state, for routes (a FastAPI dependency)."""
    return cast(Wall, connection.app.state.wall)


def this_second() -> int:
    """Now, in whole Unix seconds."""
    return int(datetime.now(UTC).timestamp())
