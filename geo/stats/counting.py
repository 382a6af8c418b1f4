"""Counts by H3 cell, taken part by part and added: the sum over the parts is the count over all, however they are cut."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.h3grid import h3_cells

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CellCounts:
    """How many points lie in each cell.

    Attributes
    ----------
    cells : ndarray of int64, shape (n,)
        H3 cells, ascending, each once.
    counts : ndarray of int64, shape (n,)
        Above zero.
    """

    cells: Longs
    counts: Longs


def count_cells(lng: Floats, lat: Floats, resolution: int) -> CellCounts:
    """Count points, WGS84 degrees, shape (n,), by H3 cell; NaN counts nowhere."""
    cells = h3_cells(lng, lat, resolution)
    return CellCounts(*np.unique(cells[cells != 0], return_counts=True))


def add_counts(parts: Sequence[CellCounts]) -> CellCounts:
    """The counts of all parts together."""
    if not parts:
        return CellCounts(np.zeros(0, np.int64), np.zeros(0, np.int64))
    cells, at = np.unique(np.concatenate([part.cells for part in parts]), return_inverse=True)
    counts = np.zeros(len(cells), np.int64)
    np.add.at(counts, at, np.concatenate([part.counts for part in parts]))
    return CellCounts(cells, counts)
