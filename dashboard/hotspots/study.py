"""The ground of an analysis: its cells, which of them touch, and how they lie on the map. Counted over, never counted itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.mirror.columns import CaseMirror
from data.mirror.ground import GroundMirror
from data.mirror.hexes import ancestors, draw_cells
from data.mirror.inside import mercator_degrees
from geo.mvt import Shapes
from geo.mvt_columns import UNITS, boxes_of
from geo.packed_tree import PackedTree, packed_tree
from geo.stats.neighbours import Neighbours, h3_neighbours, polygon_neighbours

Longs = NDArray[np.int64]
CELLS: Final = "cell"
RESOLUTIONS: Final = {"h3-9": 9, "h3-8": 8, "h3-7": 7}
GRIDS: Final = (*RESOLUTIONS, CELLS)
EARTH_M: Final = 40_075_016.686


@dataclass(frozen=True, eq=False)
class Study:
    """The cells of one grid.

    Attributes
    ----------
    grid : str
        One of ``GRIDS``.
    codes : sequence of str
        H3 cells in their usual spelling, or codes of unit cells; shape (n,).
    index : NDArray[int64]
        Cells as numbers, ascending: H3 cells, or places in the mirror's vocabulary of cells.
    x, y : NDArray[float64]
        Centres in Web Mercator units.
    shapes : Shapes
        Outlines.
    """

    grid: str
    codes: Sequence[str]
    index: Longs
    neighbours: Neighbours
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    shapes: Shapes

    @property
    def count(self) -> int:
        """How many cells."""
        return len(self.index)

    @cached_property
    def tree(self) -> PackedTree:
        """Which cells touch a rectangle."""
        return packed_tree(boxes_of(self.shapes))

    @cached_property
    def metres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Centres in metres on a plane that fits the middle of the study."""
        middle = mercator_degrees(np.array([[self.x.mean(), self.y.mean()]]))[0, 1] if self.count else 0.0
        scale = EARTH_M / UNITS * np.cos(np.radians(middle))
        return self.x * scale, -self.y * scale

    def rows(self, mirror: CaseMirror, count: int) -> Longs:
        """For each of the mirror's first rows the cell it lies in, -1: none."""
        where = mirror.cell[:count] if self.grid == CELLS else ancestors(mirror.hex[:count], RESOLUTIONS[self.grid])
        at = np.searchsorted(self.index, where).clip(max=max(0, self.count - 1))
        known = self.index[at] == where if self.count else np.zeros(count, np.bool_)
        return np.where(known, at, -1)

    def polygon(self, cell: int) -> list[list[float]]:
        """A cell's outer ring in degrees."""
        part = self.shapes.shape_parts[cell]
        a, b = self.shapes.part_points[part], self.shapes.part_points[part + 1]
        points = np.column_stack((self.shapes.x[a:b], self.shapes.y[a:b])).astype(np.float64)
        return np.asarray(mercator_degrees(points)).round(6).tolist()  # type: ignore[no-any-return]


def hex_study(mirror: CaseMirror, grid: str, fits: NDArray[np.bool_]) -> Study:
    """The hexagons in which there ever was a case: a place where nothing can happen is no cold place."""
    seen = np.unique(mirror.hex[: len(fits)][fits & mirror.placed[: len(fits)]])
    cells = np.unique(ancestors(seen[seen != 0], RESOLUTIONS[grid]))
    drawn = draw_cells(cells)
    codes = [format(cell, "x") for cell in cells.tolist()]
    around = h3_neighbours(cells) if len(cells) else Neighbours(np.zeros(1, np.int64), np.zeros(0, np.int64))
    x, y = drawn.x.astype(np.float64), drawn.y.astype(np.float64)
    return Study(grid, codes, cells, around, x, y, drawn.shapes)


def cell_study(mirror: CaseMirror, ground: GroundMirror, fits: NDArray[np.bool_]) -> Study:
    """The unit cells in which there ever was a case."""
    columns = ground.layer(CELLS).columns
    place = {code: at for at, code in enumerate(mirror.cells)}
    seen = np.unique(mirror.cell[: len(fits)][fits])
    data, offsets = columns.words.data.tobytes(), columns.words.offsets.tolist()
    words = np.array([place.get(data[a:b].decode(), -1) for a, b in pairwise(offsets)] + [-1], np.int64)
    index = words[columns.texts["code"]]
    chosen = np.flatnonzero(np.isin(index, seen) & (index >= 0))
    chosen = chosen[np.argsort(index[chosen])]
    shapes = picked(columns.shapes, chosen)
    boxes = boxes_of(shapes)
    codes = [mirror.cells[at] for at in index[chosen].tolist()]
    x, y = boxes[:, ::2].mean(axis=1), boxes[:, 1::2].mean(axis=1)
    return Study(CELLS, codes, index[chosen], polygon_neighbours(outlines(shapes)), x, y, shapes)


def picked(shapes: Shapes, chosen: Longs) -> Shapes:
    """Some shapes of a column, in their order."""
    parts = [np.arange(shapes.shape_parts[k], shapes.shape_parts[k + 1]) for k in chosen.tolist()]
    part = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    lengths = shapes.part_points[part + 1] - shapes.part_points[part]
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    at = np.arange(int(starts[-1])) + np.repeat(shapes.part_points[part] - starts[:-1], lengths)
    shape_parts = np.concatenate(([0], np.cumsum([len(p) for p in parts]))).astype(np.int64)
    return Shapes(shape_parts, starts, shapes.holes[part], shapes.x[at], shapes.y[at])


def outlines(shapes: Shapes) -> NDArray[Any]:
    """The first ring of each shape as a polygon, in Mercator units."""
    first = shapes.shape_parts[:-1]
    starts, ends = shapes.part_points[first], shapes.part_points[first + 1]
    lengths = ends - starts
    own = np.repeat(np.arange(len(first)), lengths)
    begins = np.cumsum(lengths) - lengths
    at = np.arange(int(lengths.sum())) + np.repeat(starts - begins, lengths)
    points = np.column_stack((shapes.x[at], shapes.y[at])).astype(np.float64)
    return np.asarray(shapely.polygons(shapely.linearrings(points, indices=own)))
