"""Tiles of the cases for HTTP: drawn from the wall's mirror, under a filter, with a filter's rows kept for a picture."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import urlencode
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dashboard.wall_state import Wall, this_second
from data.mirror.case_tiles import POINTS_FROM, CaseTiles, Tile
from data.mirror.pyramid import Counts
from data.mirror.where import EVERYTHING, Where, matching, write_where

Bools = NDArray[np.bool_]
KEPT_FILTERS: Final = 16


class CaseTileServer:
    """Draws tiles of one wall's cases."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self._tiles: CaseTiles | None = None
        self._making = asyncio.Lock()
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    async def tiles(self) -> CaseTiles:
        """What tiles are made of, made anew when there is another mirror.

        Raises
        ------
        NeedleError
            ``mirror.loading`` until there is one.
        """
        async with self._making:
            if self._tiles is None or self._tiles.mirror is not self.wall.cases:
                self._kept.clear()
                self._tiles = await asyncio.to_thread(CaseTiles, self.wall.cases, this_second())
            return self._tiles

    def etag(self, tiles: CaseTiles, tile: Tile, where: Where, now: int) -> str:
        """Changes whenever the tile may look different; each minute too, where the filter depends on time or on texts.

        The filter is part of it: MapLibre keeps a tile whose ETag stays, even when it asks for it under another address.
        """
        minute = f"-{now // 60}" if where.overdue is not None or where.text is not None else ""
        asked = "" if where == EVERYTHING else f"-{crc32(urlencode(write_where(where)).encode()):08x}"
        return f'"{tiles.version(tile, now)}{asked}{minute}"'

    def draw(self, tiles: CaseTiles, tile: Tile, where: Where, now: int) -> bytes:
        """A tile of the cases that fit; of a stretch of time with what an earlier moment's picture needs."""
        if tile[0] >= POINTS_FROM:
            stretch = (where.reported_from, where.reported_to) != (None, None) and where.open is not False
            return tiles.points(tile, None if where == EVERYTHING else self._fits(tiles, where, now), course=stretch)
        return tiles.hexes(tile, now, None if where == EVERYTHING else self._counts(tiles, where, tile[0], now))

    def _fits(self, tiles: CaseTiles, where: Where, now: int) -> Bools:
        """Which rows fit, as of the last change and minute."""
        key = (where, self.wall.changes, now // 60)
        return cast(Bools, self._keep(key, lambda: matching(tiles.mirror, where, now, self.wall.texts)))

    def _counts(self, tiles: CaseTiles, where: Where, zoom: int, now: int) -> Counts:
        """The pyramid's counts of those rows."""
        key = (where, self.wall.changes, now // 60, zoom)
        return cast(Counts, self._keep(key, lambda: tiles.of_filter(zoom, self._fits(tiles, where, now))))

    def _keep(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > KEPT_FILTERS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
