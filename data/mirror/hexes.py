"""The hexagons of the pyramid: H3 cells as numbered slots, level by level, with their outlines as shapes for tiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray

from data.mirror.inside import mercator_units
from geo.mvt import Shapes

Ints = NDArray[np.int64]

FINEST: Final = 9
"""The resolution of ``cases.h3_9``."""
LEVELS: Final = (4, 5, 6, 7, 8)
LEVEL_OF_ZOOM: Final[Mapping[int, int]] = {0: 4, 1: 4, 2: 4, 3: 4, 4: 4, 5: 4, 6: 4, 7: 5, 8: 6, 9: 7, 10: 7, 11: 8}
"""Which resolution a tile shows: cells some 20 to 45 pixels across on a map of 512 pixels a tile, at 40° north."""
RESOLUTION_BIT, DIGIT_BITS, LAST_DIGIT = 52, 3, 15


def ancestors(cells: Ints, resolution: int) -> Ints:
    """The cell of a coarser resolution around each cell, by H3's bits: the resolution, and 7 for each digit out of use."""
    unused = (1 << DIGIT_BITS * (LAST_DIGIT - resolution)) - 1
    kept = cells & ~(15 << RESOLUTION_BIT) | (resolution << RESOLUTION_BIT)
    return np.asarray(kept | unused, np.int64)


@dataclass(frozen=True, eq=False)
class Outlines:
    """The cells of a level on the map, by slot: outlines, centres and boxes (left, top, right, bottom), in Mercator units."""

    shapes: Shapes
    x: NDArray[np.uint32]
    y: NDArray[np.uint32]
    boxes: Ints

    def touching(self, zoom: int, column: int, row: int, buffer: float) -> NDArray[np.bool_]:
        """Which cells touch a tile widened by a share ``buffer`` of its side."""
        side = 1 << (32 - zoom)
        left, top, margin = column * side, row * side, int(buffer * side)
        boxes = self.boxes
        across = (boxes[:, 2] >= left - margin) & (boxes[:, 0] <= left + side + margin)
        return np.asarray(across & (boxes[:, 3] >= top - margin) & (boxes[:, 1] <= top + side + margin))

    def centred(self, zoom: int, column: int, row: int) -> NDArray[np.bool_]:
        """Which cells have their centre in a tile."""
        shift = 32 - zoom
        return np.asarray((self.x >> np.uint32(shift) == column) & (self.y >> np.uint32(shift) == row))


class Hexes:
    """Numbers cells: base slots for those of the finest resolution, slots of each level for those around them.

    ``around[level][base slot]`` is the slot of the level; its last element stands for no cell (-1 in both).
    """

    def __init__(self) -> None:
        self.base: dict[int, int] = {}
        self.around: dict[int, Ints] = {level: np.array([-1]) for level in LEVELS}
        self.slots: dict[int, dict[int, int]] = {level: {} for level in LEVELS}
        self._outlines: dict[int, Outlines] = {}

    def base_of(self, cells: Ints) -> NDArray[np.int32]:
        """The base slot of each cell of resolution ``FINEST``, new ones numbered; -1 for 0."""
        distinct, inverse = np.unique(cells, return_inverse=True)
        new = [cell for cell in distinct.tolist() if cell and cell not in self.base]
        if new:
            self._add(np.array(new, np.int64))
        slots = [self.base[cell] if cell else -1 for cell in distinct.tolist()]
        return np.array(slots, np.int32)[inverse]

    def _add(self, cells: Ints) -> None:
        for cell in cells.tolist():
            self.base[cell] = len(self.base)
        for level in LEVELS:
            slots = self.slots[level]
            slot = [slots.setdefault(parent, len(slots)) for parent in ancestors(cells, level).tolist()]
            self.around[level] = np.array([*self.around[level][:-1], *slot, -1], np.int64)

    def cells(self, level: int) -> Ints:
        """The cells of a level by slot."""
        return np.fromiter(self.slots[level], np.int64, len(self.slots[level]))

    def outlines(self, level: int) -> Outlines:
        """The cells of a level on the map; drawn anew when there are new ones."""
        known = self._outlines.get(level)
        if known is None or len(known.x) < len(self.slots[level]):
            known = self._outlines[level] = draw_cells(self.cells(level))
        return known


def draw_cells(cells: Ints) -> Outlines:
    """The outlines, centres and boxes of H3 cells, in their order."""
    rings = list(map(h3.cell_to_boundary, cells.tolist()))
    ends = np.cumsum([0, *map(len, rings)]).astype(np.int64)
    corners = mercator_units(np.array(list(chain.from_iterable(rings)), np.float64).reshape(-1, 2)[:, ::-1])
    points = corners[np.insert(np.arange(len(corners)), ends[1:], ends[:-1])]
    starts = ends + np.arange(len(ends))
    middles = np.array(list(map(h3.cell_to_latlng, cells.tolist())), np.float64).reshape(-1, 2)
    centres = mercator_units(middles[:, ::-1])
    units = points.astype(np.int64)
    boxes = np.empty((len(cells), 4), np.int64)
    if len(cells):
        boxes[:, :2] = np.minimum.reduceat(units, starts[:-1])
        boxes[:, 2:] = np.maximum.reduceat(units, starts[:-1])
    x, y = points[:, 0].astype(np.uint32), points[:, 1].astype(np.uint32)
    shapes = Shapes(np.arange(len(cells) + 1), starts, np.zeros(len(cells), np.bool_), x, y)
    return Outlines(shapes, centres[:, 0].astype(np.uint32), centres[:, 1].astype(np.uint32), boxes)
