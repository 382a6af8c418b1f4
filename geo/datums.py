"""China's three datums: WGS84 (= CGCS2000 at this scale), GCJ-02 and BD-09, converted exactly and vectorised.

GCJ-02 is WGS84 moved by a published smooth shift of 100-700 m on the Krasovsky ellipsoid; BD-09 is GCJ-02 moved once
more. Neither has an EPSG code. The forward formulas are the ones that every public implementation shares (PRCoords,
eviltransform, gcoord); the inverses are fixed-point iterations, since the shifts are contractions (factor below
0.02), and are exact to better than a micrometre.

Every function takes degrees, longitude first, floats or arrays of shape (n,), and answers in the same form. NaN stays
NaN.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Degrees = TypeVar("Degrees", float, FloatArray)

SEMI_MAJOR_M = 6378245.0
"""Krasovsky 1940, as the published shift uses it."""
ECCENTRICITY_SQUARED = 0.00669342162296594323

SHIFTED_BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north: outside it GCJ-02 equals WGS84. The box is coarse: Hong Kong, Macau, Taiwan, Seoul and
Hanoi lie inside, so maps of those places that are WGS84 must be declared as WGS84."""

BD_RADIANS = np.pi * 3000.0 / 180.0
GCJ_ITERATIONS = 7
BD_ITERATIONS = 9


def wgs84_to_gcj02(lng: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift WGS84 degrees to GCJ-02 degrees; points outside ``SHIFTED_BOX`` come back unchanged."""
    x, y = as_arrays(lng, lat)
    dlng, dlat = gcj_shift(x, y)
    shifted = in_shifted_box(x, y)
    return like(lng, np.where(shifted, x + dlng, x), np.where(shifted, y + dlat, y))


def gcj02_to_wgs84(lng: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Undo ``wgs84_to_gcj02``: the WGS84 degrees whose shift is exactly this GCJ-02 point.

    On the outermost kilometre of ``SHIFTED_BOX`` a point may have two origins, a shifted and an unshifted one; the
    shifted one is meant there.
    """
    x, y = as_arrays(lng, lat)
    origin_x, origin_y = x, y
    for _ in range(GCJ_ITERATIONS):
        dlng, dlat = gcj_shift(origin_x, origin_y)
        origin_x, origin_y = x - dlng, y - dlat
    shifted = in_shifted_box(origin_x, origin_y)
    return like(lng, np.where(shifted, origin_x, x), np.where(shifted, origin_y, y))


def gcj02_to_bd09(lng: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift GCJ-02 degrees to BD-09 degrees; outside ``SHIFTED_BOX`` BD-09 is not defined: NaN."""
    x, y = as_arrays(lng, lat)
    dlng, dlat = bd_shift(x, y)
    return like(lng, *blank_outside(x + dlng, y + dlat, x, y))


def bd09_to_gcj02(lng: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Undo ``gcj02_to_bd09``; an origin outside ``SHIFTED_BOX`` is NaN."""
    x, y = as_arrays(lng, lat)
    origin_x, origin_y = x, y
    for _ in range(BD_ITERATIONS):
        dlng, dlat = bd_shift(origin_x, origin_y)
        origin_x, origin_y = x - dlng, y - dlat
    return like(lng, *blank_outside(origin_x, origin_y, origin_x, origin_y))


def wgs84_to_bd09(lng: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift WGS84 degrees to BD-09 degrees, through GCJ-02."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lng, lat))


def bd09_to_wgs84(lng: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Shift BD-09 degrees to WGS84 degrees, through GCJ-02."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lng, lat))


def in_shifted_box(lng: FloatArray, lat: FloatArray) -> NDArray[np.bool_]:
    """Whether GCJ-02 shifts a WGS84 point; False for NaN."""
    west, south, east, north = SHIFTED_BOX
    return (lng >= west) & (lng <= east) & (lat >= south) & (lat <= north)


def gcj_shift(lng: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Degrees that GCJ-02 adds to a WGS84 point, box or not: a polynomial and sine waves, in metres."""
    x, y = lng - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    waves_x = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += waves_x * 2.0 / 3.0
    east_m += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
    east_m += (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += waves_x * 2.0 / 3.0
    north_m += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    return metres_to_degrees(east_m, north_m, lat)


def metres_to_degrees(east_m: FloatArray, north_m: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Metres on the Krasovsky ellipsoid as degrees, by its radii of curvature at ``lat``."""
    phi = np.radians(lat)
    magic = 1.0 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED) / (magic * np.sqrt(magic))
    parallel_m = SEMI_MAJOR_M / np.sqrt(magic) * np.cos(phi)
    return np.degrees(east_m / parallel_m), np.degrees(north_m / meridian_m)


def bd_shift(lng: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Degrees that BD-09 adds to a GCJ-02 point: a wobble in polar form and a constant."""
    radius = np.hypot(lng, lat) + 0.00002 * np.sin(lat * BD_RADIANS)
    angle = np.arctan2(lat, lng) + 0.000003 * np.cos(lng * BD_RADIANS)
    return radius * np.cos(angle) + 0.0065 - lng, radius * np.sin(angle) + 0.006 - lat


def blank_outside(x: FloatArray, y: FloatArray, lng: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``x, y`` where ``lng, lat`` lies in the shifted box, NaN elsewhere."""
    inside = in_shifted_box(lng, lat)
    return np.where(inside, x, np.nan), np.where(inside, y, np.nan)


def as_arrays(lng: Degrees, lat: Degrees) -> tuple[FloatArray, FloatArray]:
    """Both coordinates as float64 arrays."""
    return np.asarray(lng, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def like(model: Degrees, x: FloatArray, y: FloatArray) -> tuple[Degrees, Degrees]:
    """``x, y`` in the form of ``model``: floats for a float, arrays for an array."""
    if isinstance(model, np.ndarray):
        return x, y
    return float(x), float(y)
