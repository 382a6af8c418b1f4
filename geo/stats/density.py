"""Kernel density of points: how many a square kilometre around a place, smooth, without any claim of significance."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

Floats = NDArray[np.float64]
PIXELS_A_BANDWIDTH = 4.0
MOST_PIXELS = 3_000_000


def kernel_density(
    x_m: Floats, y_m: Floats, weights: Floats, at_x_m: Floats, at_y_m: Floats, bandwidth_m: float
) -> Floats:
    """Gaussian kernel density at some places, by km².

    Points are gathered on a raster of a quarter of the bandwidth, smoothed, and read off: to a few per cent what the sum over all
    points would be, at no cost that grows with them.

    Parameters
    ----------
    x_m, y_m : ndarray of float, shape (n,)
        Points in a plane, metres.
    weights : ndarray of float, shape (n,)
        What each counts.
    at_x_m, at_y_m : ndarray of float, shape (m,)
        Where the density is wanted.
    bandwidth_m : float
        Standard deviation of the kernel.

    Returns
    -------
    ndarray of float, shape (m,)
    """
    if not len(x_m):
        return np.zeros(len(at_x_m))
    reach = 4 * bandwidth_m
    west, south = min(x_m.min(), at_x_m.min()) - reach, min(y_m.min(), at_y_m.min()) - reach
    width, height = max(x_m.max(), at_x_m.max()) + reach - west, max(y_m.max(), at_y_m.max()) + reach - south
    pixel = max(bandwidth_m / PIXELS_A_BANDWIDTH, float(np.sqrt(width * height / MOST_PIXELS)))
    shape = (int(height / pixel) + 1, int(width / pixel) + 1)
    bins = ((y_m - south) / pixel).astype(np.int64) * shape[1] + ((x_m - west) / pixel).astype(np.int64)
    raster = np.bincount(bins, weights, minlength=shape[0] * shape[1]).reshape(shape)
    smooth = gaussian_filter(raster, bandwidth_m / pixel, mode="constant", truncate=4.0)
    places = np.vstack(((at_y_m - south) / pixel - 0.5, (at_x_m - west) / pixel - 0.5))
    found: Floats = map_coordinates(smooth, places, order=1, mode="nearest") / (pixel / 1000) ** 2
    return found
