"""What the process holds for its pages: the pool, the tile shelf, and the city's ground as long as its version stands."""

import time
from dataclasses import dataclass, field
from typing import Final, cast

from starlette.requests import HTTPConnection

from dashboard.shelf import TileShelf
from data.database import AsyncPool
from data.stores import overview
from data.stores.reading import reading
from data.stores.tiles import tiles_version

VERSION_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Ground:
    """What changes only with the city: its layers, and the names behind codes. ``city``: None before one is loaded.

    Attributes
    ----------
    place_layer : str
        The layer whose area names a case's neighbourhood in lists and in the ranking.
    """

    version: str
    city: overview.City | None
    layers: list[overview.LayerRow]
    place_layer: str
    areas: dict[str, str]
    channels: dict[str, tuple[str, str]]
    matters: dict[str, tuple[str, str]]
    states: list[overview.StateRow]

    @property
    def timezone(self) -> str:
        """The city's time zone."""
        return self.city.timezone if self.city else "Asia/Shanghai"


def choose_place_layer(layers: list[overview.LayerRow]) -> str:
    """The layer that names a neighbourhood: subdistricts, else the finest administrative layer, else any layer."""
    names = [layer.name for layer in layers]
    areas = [layer.name for layer in layers if layer.kind == "area"]
    return "subdistrict" if "subdistrict" in names else (areas or names or ["subdistrict"])[-1]


@dataclass
class Wall:
    """The state of one process, made once by ``create_app``."""

    pool: AsyncPool
    shelf: TileShelf = field(default_factory=TileShelf)
    _version: str = ""
    _version_until: float = 0.0
    _ground: Ground | None = None

    async def version(self) -> str:
        """The city's version, at most ``VERSION_SECONDS`` old."""
        if time.monotonic() >= self._version_until:
            async with reading(self.pool) as connection:
                self._version = await tiles_version(connection)
            self._version_until = time.monotonic() + VERSION_SECONDS
        return self._version

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
            words = await overview.load_words(connection)
            return Ground(
                version=version,
                city=await overview.load_city(connection),
                layers=layers,
                place_layer=place_layer,
                areas=await overview.load_area_names(connection, place_layer),
                channels=words["channel"],
                matters=words["matter"],
                states=await overview.load_states(connection),
            )


def wall_of(connection: HTTPConnection) -> Wall:
    """The process's state, for routes (a FastAPI dependency)."""
    return cast(Wall, connection.app.state.wall)
