"""H3 cells of many points. h3 4.5 has no vectorised call, so the loop is a plain ``map``: 0.5 s a million."""

from itertools import repeat

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray

RESOLUTION = 9
"""0.1 km² a cell: for density and joins. Accountability stays on the irregular unit grid."""


def h3_cells(lng: NDArray[np.float64], lat: NDArray[np.float64], resolution: int = RESOLUTION) -> NDArray[np.int64]:
    """The H3 cell of each point, as the integer that the database stores (a bigint); 0 where a coordinate is NaN.

    Parameters
    ----------
    lng, lat : ndarray of float, shape (n,)
        WGS84 degrees.
    """
    known = np.isfinite(lng) & np.isfinite(lat)
    found = map(h3.latlng_to_cell, lat[known].tolist(), lng[known].tolist(), repeat(resolution))
    cells = np.zeros(len(lng), dtype=np.int64)
    cells[known] = np.fromiter(found, dtype=np.int64, count=int(known.sum()))
    return cells


def h3_texts(cells: NDArray[np.int64]) -> NDArray[np.object_]:
    """H3's usual spelling, 15 hexadecimal digits, of each integer cell; None for 0."""
    return np.array([format(cell, "x") if cell else None for cell in cells.tolist()], dtype=object)
