"""Tiles of the database kept in memory, until the ground itself is."""

from collections import OrderedDict
from typing import Final

TileKey = tuple[str, int, int, int]
KEPT_BYTES: Final = 96 * 1024 * 1024


class TileShelf:
    """Tiles of one version of the city, the longest unused dropped first."""

    def __init__(self, capacity_bytes: int = KEPT_BYTES) -> None:
        self.capacity_bytes = capacity_bytes
        self.held_bytes = 0
        self.version = ""
        self.tiles: OrderedDict[TileKey, bytes] = OrderedDict()

    def get(self, version: str, key: TileKey) -> bytes | None:
        """The tile, or None; a new version of the city empties the shelf."""
        if version != self.version:
            self.version, self.held_bytes = version, 0
            self.tiles.clear()
        if key in self.tiles:
            self.tiles.move_to_end(key)
        return self.tiles.get(key)

    def put(self, version: str, key: TileKey, tile: bytes) -> None:
        """Keep a tile, unless the city changed while it was made."""
        if version != self.version or key in self.tiles:
            return
        self.tiles[key] = tile
        self.held_bytes += len(tile)
        while self.held_bytes > self.capacity_bytes:
            self.held_bytes -= len(self.tiles.popitem(last=False)[1])
