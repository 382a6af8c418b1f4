"""Points of the mirror inside a polygon that somebody drew on the map."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

UNITS: Final = float(1 << 32)
"""Mercator units around the earth: the mirror's x eastward from 180° west, y southward from the north."""
HIGHEST_LAT: Final = 85.0511287798066


def mercator_units(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points in WGS84 degrees, longitude first, shape (n, 2), as Web Mercator units of the mirror, clipped to its square.

    Spherical Mercator (EPSG:3857): x = (lng + 180) / 360, y = (1 - asinh(tan lat) / pi) / 2, times 2**32.
    """
    lat = np.radians(np.clip(degrees[:, 1], -HIGHEST_LAT, HIGHEST_LAT))
    x = (degrees[:, 0] + 180.0) / 360.0
    y = 0.5 - np.arcsinh(np.tan(lat)) / (2.0 * np.pi)
    return np.clip(np.column_stack((x, y)) * UNITS, 0.0, UNITS - 1.0)


@njit(cache=True, nogil=True)
def inside(
    x: NDArray[np.uint32], y: NDArray[np.uint32], vertices: NDArray[np.float64], fits: NDArray[np.bool_]
) -> None:
    """Take out of ``fits`` what lies outside a polygon.

    A ray to the east crosses an odd number of edges from inside; a polygon that crosses itself is read by the same rule.

    Parameters
    ----------
    x, y : NDArray[uint32]
        Points, shape (n,).
    vertices : NDArray[float64]
        Shape (m, 2), same units; the last is joined to the first.
    fits : NDArray[bool]
        Shape (n,); only what is True is tested.
    """
    west, east = vertices[:, 0].min(), vertices[:, 0].max()
    north, south = vertices[:, 1].min(), vertices[:, 1].max()
    for i in range(len(fits)):
        if not fits[i]:
            continue
        px, py = np.float64(x[i]), np.float64(y[i])
        if px < west or px > east or py < north or py > south:
            fits[i] = False
            continue
        odd = False
        before = len(vertices) - 1
        for at in range(len(vertices)):
            ay, by = vertices[before, 1], vertices[at, 1]
            if (ay > py) != (by > py):
                ax, bx = vertices[before, 0], vertices[at, 0]
                if px < (bx - ax) * (py - ay) / (by - ay) + ax:
                    odd = not odd
            before = at
        fits[i] = odd


def mercator_degrees(units: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of ``mercator_units``: points in WGS84 degrees, longitude first, shape (n, 2)."""
    lng = units[:, 0] / UNITS * 360.0 - 180.0
    lat = np.degrees(np.arctan(np.sinh((0.5 - units[:, 1] / UNITS) * 2.0 * np.pi)))
    return np.column_stack((lng, lat))
