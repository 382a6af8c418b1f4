"""A layer's raster: a pixel that no border touches carries its answer, a border pixel the few polygons in question.

Borders are stamped a millionth of a pixel too wide, so that rounding can never put a point on the wrong side of that
promise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels import PER_LAT, PER_LNG, SOUTH, WEST, covers
from geo.plane import LocalPlane
from geo.rings import Rings

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

TOUCH = 1e-6
"""Pixels by which a border is widened when it is stamped."""
BORDER_SHARE = 0.15
"""The share of pixels that borders should touch, as far as memory allows."""
PIXELS_PER_VERTEX = 64
FEWEST_PIXELS, MOST_PIXELS = 1 << 20, 10 << 20
CHUNK = 16384
"""Polygons stamped between two reports of progress."""


@dataclass(frozen=True)
class Raster:
    """``pixels[row * columns + column]`` is a polygon, -1 (none) or -2 - the place of its list in ``candidates``."""

    frame: Floats
    columns: int
    rows: int
    pixels: Ints
    candidates: Ints


def frame_of(rings: Rings, plane: LocalPlane) -> tuple[Floats, int, int]:
    """Where the pixels lie (west, south, pixels to a degree of longitude and latitude), columns and rows.

    Square pixels as small as it takes for borders to touch ``BORDER_SHARE`` of them, within bounds on their number. A
    border of length L crosses about 4/pi L / s pixels of side s; each border is counted half because two polygons
    share it.
    """
    if len(rings.vertices) == 0:
        return np.array([0.0, 0.0, 1.0, 1.0]), 0, 0
    metres = rings.vertices * (plane.lng_m, plane.lat_m)
    (west, south), (east, north) = rings.vertices.min(axis=0), rings.vertices.max(axis=0)
    width, height = np.ptp(metres, axis=0)
    longest = max(width, height, 1e-6)
    area = max(width, longest / 1000) * max(height, longest / 1000)
    steps = np.hypot(*np.diff(metres, axis=0).T)
    steps[rings.ring_at[1:-1] - 1] = 0.0
    border = max(float(steps.sum()) / 2, longest)
    fewest = min(PIXELS_PER_VERTEX * len(metres), FEWEST_PIXELS)
    pixel = min(BORDER_SHARE * area / (1.27 * border), sqrt(area / fewest))
    pixel = max(pixel, sqrt(area / MOST_PIXELS))
    per_lng, per_lat = plane.lng_m / pixel, plane.lat_m / pixel
    frame = np.array([west - 1.5 / per_lng, south - 1.5 / per_lat, per_lng, per_lat])
    return frame, int((east - west) * per_lng) + 4, int((north - south) * per_lat) + 4


@njit(cache=True, nogil=True)
def _stamp_edge(
    u1: float,
    v1: float,
    u2: float,
    v2: float,
    polygon: int,
    columns: int,
    stamp: Ints,
    count: Ints,
    at: Ints,
    listing: Ints,
) -> None:
    """Stamps the pixels that an edge touches, once a polygon: counts them or, given a listing, lists the polygon."""
    low, high = min(v1, v2), max(v1, v2)
    rise = v2 - v1
    for row in range(int(low - TOUCH), int(high + TOUCH) + 1):
        t1, t2 = 0.0, 1.0
        if high > low:
            ta, tb = (row - TOUCH - v1) / rise, (row + 1 + TOUCH - v1) / rise
            t1, t2 = max(min(ta, tb), 0.0), min(max(ta, tb), 1.0)
        ua, ub = u1 + t1 * (u2 - u1), u1 + t2 * (u2 - u1)
        for column in range(int(min(ua, ub) - TOUCH), int(max(ua, ub) + TOUCH) + 1):
            pixel = row * columns + column
            if stamp[pixel] != polygon:
                stamp[pixel] = polygon
                if len(listing) == 0:
                    count[pixel] += 1
                else:
                    listing[at[pixel]] = polygon
                    at[pixel] += 1


@njit(cache=True, nogil=True)
def _stamp_borders(
    vertices: Floats,
    ring_at: Longs,
    of_polygon: Longs,
    polygons: tuple[int, int],
    frame: Floats,
    columns: int,
    stamp: Ints,
    count: Ints,
    at: Ints,
    listing: Ints,
) -> None:
    """Stamps the borders of a range of polygons, in order."""
    u1 = v1 = 0.0
    for p in range(*polygons):
        for r in range(of_polygon[p], of_polygon[p + 1]):
            for v in range(ring_at[r], ring_at[r + 1]):
                u2 = (vertices[v, 0] - frame[WEST]) * frame[PER_LNG]
                v2 = (vertices[v, 1] - frame[SOUTH]) * frame[PER_LAT]
                if v > ring_at[r]:
                    _stamp_edge(u1, v1, u2, v2, p, columns, stamp, count, at, listing)
                u1, v1 = u2, v2


@njit(cache=True, nogil=True)
def _fill(
    head: Longs,
    ints: Ints,
    floats: Floats,
    box: Ints,
    polygon: int,
    frame: Floats,
    columns: int,
    stamp: Ints,
    filled: Ints,
) -> None:
    """Marks the pixels that a polygon fills, unless a lower one did; between border pixels of a row all are alike."""
    for row in range(box[1], box[3] + 1):
        lat = frame[SOUTH] + (row + 0.5) / frame[PER_LAT]
        known = inside = False
        for column in range(box[0], box[2] + 1):
            pixel = row * columns + column
            if stamp[pixel] == polygon:
                known = False
                continue
            if not known:
                lng = frame[WEST] + (column + 0.5) / frame[PER_LNG]
                known, inside = True, covers(head, ints, floats, polygon, lng, lat)
            if inside and filled[pixel] < 0:
                filled[pixel] = polygon


@njit(cache=True, nogil=True)
def _stamp_and_fill(
    vertices: Floats,
    ring_at: Longs,
    of_polygon: Longs,
    polygons: tuple[int, int],
    frame: Floats,
    columns: int,
    stamp: Ints,
    count: Ints,
    filled: Ints,
    head: Longs,
    ints: Ints,
    floats: Floats,
) -> None:
    """Counts the borders in each pixel and marks what each of a range of polygons fills."""
    box = np.empty(4, np.int32)
    for p in range(*polygons):
        a, b = ring_at[of_polygon[p]], ring_at[of_polygon[p + 1]]
        if a == b:
            continue
        _stamp_borders(vertices, ring_at, of_polygon, (p, p + 1), frame, columns, stamp, count, count[:0], count[:0])
        box[0] = (vertices[a:b, 0].min() - frame[WEST]) * frame[PER_LNG]
        box[1] = (vertices[a:b, 1].min() - frame[SOUTH]) * frame[PER_LAT]
        box[2] = (vertices[a:b, 0].max() - frame[WEST]) * frame[PER_LNG]
        box[3] = (vertices[a:b, 1].max() - frame[SOUTH]) * frame[PER_LAT]
        _fill(head, ints, floats, box, p, frame, columns, stamp, filled)


@njit(cache=True, nogil=True)
def _open_lists(count: Ints, at: Ints) -> int:
    """Gives every border pixel room for its candidates and a closing answer; ``at`` is where, -1 for other pixels."""
    room = 0
    for i in range(len(count)):
        at[i] = -1
        if count[i] > 0:
            at[i] = room
            room += count[i] + 1
    return room


@njit(cache=True, nogil=True)
def _close_lists(count: Ints, filled: Ints, at: Ints, listing: Ints, pixels: Ints) -> None:
    """Closes every list with the polygon that fills the pixel, before any candidate of higher index, or with -1."""
    for i in range(len(pixels)):
        pixels[i] = filled[i]
        if count[i] > 0:
            begin = at[i] - count[i]
            end = at[i]
            if filled[i] >= 0:
                end = begin
                while end < at[i] and listing[end] < filled[i]:
                    end += 1
            listing[end] = -1 if filled[i] < 0 else -2 - filled[i]
            pixels[i] = -2 - begin


def rasterise(
    rings: Rings, plane: LocalPlane, head: Longs, ints: Ints, floats: Floats, progress: Callable[[float], None]
) -> Raster:
    """The raster of one layer; ``head``, ``ints`` and ``floats`` hold its bands already, for the exact tests."""
    frame, columns, rows = frame_of(rings, plane)
    stamp, filled = np.full(rows * columns, -1, np.int32), np.full(rows * columns, -1, np.int32)
    count, at = np.zeros(rows * columns, np.int32), np.empty(rows * columns, np.int32)
    shape = (rings.vertices, rings.ring_at, rings.of_polygon)
    chunks = [(a, min(a + CHUNK, rings.polygons)) for a in range(0, rings.polygons, CHUNK)]
    for chunk in chunks:
        _stamp_and_fill(*shape, chunk, frame, columns, stamp, count, filled, head, ints, floats)
        progress(0.7 * chunk[1] / rings.polygons)
    listing = np.empty(_open_lists(count, at), np.int32)
    stamp.fill(-1)
    if len(listing) > 0:
        _stamp_borders(*shape, (0, rings.polygons), frame, columns, stamp, count, at, listing)
    pixels = stamp
    _close_lists(count, filled, at, listing, pixels)
    return Raster(frame, columns, rows, pixels, listing)
