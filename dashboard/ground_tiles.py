"""Tiles of the ground for HTTP: from memory when the ground of this version is loaded, from PostGIS and a shelf until then."""

import asyncio
from typing import Final

import structlog

from dashboard.garbage import settle
from dashboard.wall_state import Wall
from data.mirror.ground import GroundMirror, Tile
from data.mirror.ground_loading import load_ground
from data.stores.reading import reading
from data.stores.tiles import load_tile
from geo.errors import NeedleError

LOOK_SECONDS: Final = 2.0

log = structlog.get_logger()


class GroundTileServer:
    """Draws tiles of one wall's ground."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.mirror: GroundMirror | None = None

    async def keep(self) -> None:
        """Load the ground, and again whenever its version changed; runs until cancelled."""
        await self.wall.ready.wait()  # the cases first: they are what everyone waits for
        while True:
            try:
                version = await self.wall.version()
                if self.mirror is None or self.mirror.version != version:
                    async with reading(self.wall.pool) as connection:
                        self.mirror = await load_ground(connection)
                    settle()
            except NeedleError as error:
                log.warning("ground.interrupted", code=error.code)
            await asyncio.sleep(LOOK_SECONDS)

    def holds(self, version: str) -> bool:
        """Whether the ground of a version of the city is in memory."""
        return self.mirror is not None and self.mirror.version == version

    async def draw(self, version: str, source: str, tile: Tile) -> bytes:
        """A tile of a source of ``data.stores.tiles.SOURCES`` as of a version of the city."""
        if self.mirror is not None and self.holds(version):
            return self.mirror.draw(source, tile)
        key = (source, *tile)
        drawn = self.wall.shelf.get(version, key)
        if drawn is None:
            async with reading(self.wall.pool) as connection:
                drawn = await load_tile(connection, *key)
            self.wall.shelf.put(version, key, drawn)
        return drawn
