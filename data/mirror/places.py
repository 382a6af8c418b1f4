"""Where the mirror's cases lie: rows by tile without a walk over all, and a version of each tile that changes with its cases.

Rows are kept sorted by Morton key (the bits of x and y interleaved), so that a tile is one slice; rows that came or moved
since the last merge are a short unsorted tail. A row's key is that of its place now: sorted entries with another are stale.
"""

import secrets
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror, Rows

Keys = NDArray[np.uint64]

NOWHERE: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
TAIL: Final = 8_192
"""Rows in the tail before they are merged: a merge of a million takes some 20 ms."""
FINEST: Final = 12
"""Tiles of this zoom have a version of their own; deeper ones share it."""


@njit(cache=True, nogil=True)
def _spread(value: int) -> np.uint64:
    """The 32 bits of a number, each followed by a zero bit."""
    bits = np.uint64(value)
    bits = (bits | (bits << np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    bits = (bits | (bits << np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    bits = (bits | (bits << np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    bits = (bits | (bits << np.uint64(2))) & np.uint64(0x3333333333333333)
    return (bits | (bits << np.uint64(1))) & np.uint64(0x5555555555555555)


@njit(cache=True, nogil=True)
def morton(x: NDArray[np.uint32], y: NDArray[np.uint32], placed: NDArray[np.bool_]) -> Keys:
    """Keys of points in Mercator units, ``NOWHERE`` where not placed; the first 2z bits name the tile of zoom z."""
    keys = np.empty(len(x), np.uint64)
    for k in range(len(x)):
        keys[k] = _spread(x[k]) | (_spread(y[k]) << np.uint64(1)) if placed[k] else NOWHERE
    return keys


class Places:
    """The index; follows its mirror."""

    def __init__(self, mirror: CaseMirror) -> None:
        self.mirror = mirror
        self.versions = TileVersions()
        with mirror.lock:
            count = mirror.count
            self._key = np.full(len(mirror.id), NOWHERE, np.uint64)
            self._key[:count] = morton(mirror.x[:count], mirror.y[:count], mirror.placed[:count])
            self._tail: list[int] = []
            self._sort(np.flatnonzero(self._key[:count] != NOWHERE))
            mirror.followers.append(self.follow)

    def follow(self, rows: Rows) -> None:
        """Take in rows that were written."""
        mirror = self.mirror
        if len(self._key) < len(mirror.id):
            longer = np.full(len(mirror.id), NOWHERE, np.uint64)
            longer[: len(self._key)] = self._key
            self._key = longer
        before, keys = self._key[rows], morton(mirror.x[rows], mirror.y[rows], mirror.placed[rows])
        self._key[rows] = keys
        moved = keys != before
        self._stale |= bool((moved & (before != NOWHERE)).any())
        self._tail += rows[moved & (keys != NOWHERE)].tolist()
        self.versions.touch(np.concatenate((before, keys)))
        if len(self._tail) > TAIL:
            self._merge()

    def in_tile(self, zoom: int, column: int, row: int) -> Rows:
        """The rows whose place is in a tile (XYZ, zoom at least 1), in no particular order."""
        span = 2 * (32 - zoom)
        prefix = _prefix(column, row)
        first, last = np.uint64(prefix << span), np.uint64((prefix << span) + (1 << span) - 1)
        start, end = np.searchsorted(self._keys, first), np.searchsorted(self._keys, last, side="right")
        rows = self._rows[start:end]
        if self._stale:
            rows = rows[self._key[rows] == self._keys[start:end]]
        if not self._tail:
            return rows
        tail = np.array(self._tail, np.int64)
        tail = tail[(self._key[tail] >= first) & (self._key[tail] <= last)]
        return np.union1d(rows, tail) if len(tail) else rows

    def version_of(self, zoom: int, column: int, row: int) -> str:
        """A word that changes whenever a case in or beside a tile does, and with every process."""
        return self.versions.of(zoom, column, row)

    def _sort(self, rows: Rows) -> None:
        self._stale = False
        order = np.argsort(self._key[rows], kind="stable")
        self._rows = rows[order]
        self._keys = self._key[self._rows]

    def _merge(self) -> None:
        """Bring the tail into the order, leave out what is stale."""
        tail = np.unique(np.array(self._tail, np.int64))
        stays = self._key[self._rows] == self._keys
        stays &= ~np.isin(self._rows, tail)
        rows, keys = self._rows[stays], self._keys[stays]
        tail = tail[self._key[tail] != NOWHERE]
        tail = tail[np.argsort(self._key[tail], kind="stable")]
        at = np.searchsorted(keys, self._key[tail])
        self._rows, self._keys = np.insert(rows, at, tail), np.insert(keys, at, self._key[tail])
        self._tail, self._stale = [], False


class TileVersions:
    """A counter for every tile that was ever touched, up to zoom ``FINEST``."""

    def __init__(self) -> None:
        self.process = secrets.token_hex(4)
        self.changes = 0
        self._last: list[dict[int, int]] = [{} for _ in range(FINEST + 1)]

    def touch(self, keys: Keys) -> None:
        """Something changed at these places."""
        self.changes += 1
        tiles = np.unique(keys[keys != NOWHERE] >> np.uint64(2 * (32 - FINEST)))
        for zoom in range(FINEST, -1, -1):
            self._last[zoom].update(dict.fromkeys(tiles.tolist(), self.changes))
            tiles = np.unique(tiles >> np.uint64(2))

    def of(self, zoom: int, column: int, row: int) -> str:
        """The version of a tile; below ``FINEST`` its neighbours count too, as the pyramid's cells reach over the border."""
        if zoom >= FINEST:
            beyond = zoom - FINEST
            return f"{self.process}-{self._last[FINEST].get(_prefix(column >> beyond, row >> beyond), 0)}"
        last, side = self._last[zoom], 1 << zoom
        around = [
            last.get(_prefix((column + dx) % side, row + dy), 0)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            if 0 <= row + dy < side
        ]
        return f"{self.process}-{max(around)}"


def _prefix(column: int, row: int) -> int:
    return int(_spread(column)) | int(_spread(row)) << 1
