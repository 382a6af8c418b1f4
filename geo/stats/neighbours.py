"""Which cells touch which: columns of neighbours in compressed rows, for H3 cells and for polygons."""

from dataclasses import dataclass
from typing import Final

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array

Longs = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Neighbours of n cells, a cell never its own: those of cell k are ``others[starts[k]:starts[k + 1]]``, ascending."""

    starts: Longs
    others: Longs

    @property
    def count(self) -> int:
        """How many cells."""
        return len(self.starts) - 1

    @property
    def degrees(self) -> Longs:
        """How many neighbours each cell has, shape (n,)."""
        return np.diff(self.starts)

    def matrix(self) -> csr_array:
        """As a sparse matrix of ones."""
        ones = np.ones(len(self.others))
        return csr_array((ones, self.others, self.starts), shape=(self.count, self.count))

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of each cell's neighbours' values; ``values`` of shape (n,) or (n, m)."""
        return np.asarray(self.matrix() @ values)


def neighbours_of(pairs: NDArray[np.int64], count: int) -> Neighbours:
    """From ordered pairs (cell, its neighbour), shape (m, 2); pairs that stand twice count once."""
    keys = np.unique(pairs[:, 0] * count + pairs[:, 1])
    rows, others = keys // max(count, 1), keys % max(count, 1)
    return Neighbours(np.searchsorted(rows, np.arange(count + 1)).astype(np.int64), others)


#: Steps along the axes for each digit of an index (k, j, jk, i, ik, ij), and thereby to each neighbour.
STEPS: Final = np.array([(0, 0), (-1, -1), (0, 1), (-1, 0), (1, 0), (0, -1), (1, 1)], np.int64)
PENTAGONS: Final = frozenset({4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117})
JK, IK = 3, 5
FINEST: Final = 15
FAR: Final = 1 << 31


def h3_axes(cells: Longs) -> Longs:
    """Places of H3 cells of one resolution on the two axes of their base cell's lattice, shape (n, 2): read off the digits alone.

    Each digit is a step on a lattice seven times as fine, turned one way at odd resolutions and the other at even ones
    (``_downAp7``, ``_downAp7r`` of the H3 library). Cells of one base cell only; around a pentagon, of one side of the wedge that
    it lacks.
    """
    resolution = int(cells[0]) >> 52 & 0xF
    a, b = np.zeros(len(cells), np.int64), np.zeros(len(cells), np.int64)
    for level in range(1, resolution + 1):
        digit = cells >> 3 * (FINEST - level) & 7
        a, b = (2 * a + b, 3 * b - a) if level % 2 else (3 * a - b, a + 2 * b)
        a, b = a + STEPS[digit, 0], b + STEPS[digit, 1]
    return np.column_stack((a, b))


def h3_neighbours(cells: Longs) -> Neighbours:
    """Neighbours among distinct H3 cells of one resolution, shape (n,)."""
    return neighbours_of(_by_axes(cells) if len(cells) and _on_one_plane(cells) else _by_library(cells), len(cells))


def _on_one_plane(cells: Longs) -> bool:
    """Whether the axes of all cells agree: one base cell, and not both sides of the wedge that a pentagon lacks."""
    bases = np.unique(cells >> 45 & 0x7F).tolist()
    if len(bases) > 1:
        return False
    return bases[0] not in PENTAGONS or not {JK, IK} <= set(np.unique(_first_digits(cells)).tolist())


def _first_digits(cells: Longs) -> Longs:
    """The first digit of each cell that is not 0: its sixth of the base cell; 0 in the middle."""
    first = np.zeros(len(cells), np.int64)
    for level in range(int(cells[0]) >> 52 & 0xF, 0, -1):
        digit = cells >> 3 * (FINEST - level) & 7
        first = np.where(digit > 0, digit, first)
    return first


def _by_axes(cells: Longs) -> Longs:
    axes = h3_axes(cells)
    keys = axes[:, 0] * FAR + axes[:, 1]
    order = np.argsort(keys)
    ordered, found = keys[order], []
    for a, b in STEPS[1:].tolist():
        wanted = keys + a * FAR + b
        at = np.searchsorted(ordered, wanted).clip(max=len(cells) - 1)
        known = ordered[at] == wanted
        found.append(np.column_stack((np.flatnonzero(known), order[at[known]])))
    return np.concatenate(found)


def _by_library(cells: Longs) -> Longs:
    """Across base cells, where the axes turn: a call a cell."""
    index = {cell: at for at, cell in enumerate(cells.tolist())}
    around = ((at, int(other)) for cell, at in index.items() for other in h3.grid_disk(cell, 1) if other != cell)
    found = [(at, index[other]) for at, other in around if other in index]
    return np.array(found, np.int64).reshape(-1, 2)


def polygon_neighbours(polygons: NDArray[np.object_]) -> Neighbours:
    """Polygons that touch or overlap, shape (n,): a shared corner is enough (queen)."""
    tree = shapely.STRtree(polygons)
    own, other = tree.query(polygons, predicate="intersects")
    apart = own != other
    return neighbours_of(np.column_stack((own[apart], other[apart])).astype(np.int64), len(polygons))
