"""Default spots: the one point where a geocoder puts every address that it does not find."""

import numpy as np
from numpy.typing import NDArray

LEAST_POINTS = 500
LEAST_SHARE = 0.02
"""A default spot holds at least this many points and this share of them. A busy address holds far less: Boston's
default holds 15 % of 58,119 requests, its busiest real address 0.2 %."""


def default_spots(
    lng: NDArray[np.float64],
    lat: NDArray[np.float64],
    least_points: int = LEAST_POINTS,
    least_share: float = LEAST_SHARE,
) -> NDArray[np.bool_]:
    """Which points sit on a geocoder's default spot, so that their location is unknown.

    Parameters
    ----------
    lng, lat : ndarray of float, shape (n,)
        Coordinates in any system; NaN is never a spot. All points of one source together: a small sample shows no spot.
    least_points, least_share : int, float
        How many of the points, and what share of those that have coordinates, must be identical.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    known = np.isfinite(lng) & np.isfinite(lat)
    spots = np.zeros(len(lng), dtype=bool)
    if known.any():
        points = lng[known] + 1j * lat[known]
        _, which, counts = np.unique(points, return_inverse=True, return_counts=True)
        crowded = counts >= max(least_points, least_share * len(points))
        spots[known] = crowded[which]
    return spots
