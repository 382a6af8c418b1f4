"""A layer's raster: a pixel that no border touches carries its answer, a border pixel the few edges that decide.

Borders are stamped a millionth of a pixel too wide, so that rounding can never put a point on the wrong side of that
promise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.kernels import MOST_NEAR_EDGES, PER_LAT, PER_LNG, SOUTH, WEST, centre, covers, pixel_at
from geo.plane import LocalPlane
from geo.predicates import side
from geo.rings import Rings, edge_hashes

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Index = tuple[Longs, Ints, Floats]

TOUCH = 1e-6
"""Pixels by which a border is widened when it is stamped."""
BORDER_SHARE = 0.12
"""The share of pixels that borders should touch, as far as memory allows."""
PIXELS_PER_VERTEX = 64
FEWEST_PIXELS, MOST_PIXELS = 1 << 20, 16 << 20
CHUNK = 16384
"""Polygons stamped between two reports of progress."""


@dataclass(frozen=True)
class Raster:
    """``pixels[pixel_at(columns, column, row)]`` is a polygon, -1 (none) or -2 - the place of its list in ``candidates``."""

    frame: Floats
    columns: int
    rows: int
    pixels: Ints
    candidates: Ints


def frame_of(rings: Rings, plane: LocalPlane) -> tuple[Floats, int, int]:
    """Where the pixels lie (west, south, pixels to a degree of longitude and latitude), columns and rows (both multiples of 16).

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
    return frame, (int((east - west) * per_lng) + 4 | 15) + 1, (int((north - south) * per_lat) + 4 | 15) + 1


@njit(cache=True, nogil=True)
def _stamp_edge(
    ends: tuple[float, float, float, float],
    polygon: int,
    vertex: int,
    twin_hash: int,
    columns: int,
    stamp: Ints,
    room: Ints,
    twins: Longs,
    listing: Ints,
) -> None:
    """Stamps the pixels that an edge touches: counts their entries or, given a listing, writes them.

    A pixel's entries are each polygon followed by its edges there, an edge as -1 - its first vertex.
    """
    u1, v1, u2, v2 = ends
    low, high = min(v1, v2), max(v1, v2)
    rise = v2 - v1
    for row in range(int(low - TOUCH), int(high + TOUCH) + 1):
        t1, t2 = 0.0, 1.0
        if high > low:
            ta, tb = (row - TOUCH - v1) / rise, (row + 1 + TOUCH - v1) / rise
            t1, t2 = max(min(ta, tb), 0.0), min(max(ta, tb), 1.0)
        ua, ub = u1 + t1 * (u2 - u1), u1 + t2 * (u2 - u1)
        for column in range(int(min(ua, ub) - TOUCH), int(max(ua, ub) + TOUCH) + 1):
            pixel = pixel_at(columns, column, row)
            fresh = stamp[pixel] != polygon
            stamp[pixel] = polygon
            if len(listing) == 0:
                room[pixel] += 1 + int(fresh)
                twins[pixel] += twin_hash
                continue
            if fresh:
                listing[room[pixel]] = polygon
                room[pixel] += 1
            listing[room[pixel]] = -1 - vertex
            room[pixel] += 1


@njit(cache=True, nogil=True)
def _stamp_borders(
    vertices: Floats,
    ring_at: Longs,
    of_polygon: Longs,
    hashes: Longs,
    polygons: tuple[int, int],
    frame: Floats,
    columns: int,
    stamp: Ints,
    room: Ints,
    twins: Longs,
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
                    ends = (u1, v1, u2, v2)
                    _stamp_edge(ends, p, v - 1, hashes[v - 1], columns, stamp, room, twins, listing)
                u1, v1 = u2, v2


@njit(cache=True, nogil=True)
def _fill(shape: Index, frame: Floats, box: Ints, polygon: int, columns: int, stamp: Ints, filled: Ints) -> None:
    """Marks the pixels that a polygon fills, unless a lower one did; between border pixels of a row all are alike."""
    for row in range(box[1], box[3] + 1):
        known = inside = False
        for column in range(box[0], box[2] + 1):
            pixel = pixel_at(columns, column, row)
            if stamp[pixel] == polygon:
                known = False
                continue
            if not known:
                lng, lat = centre(frame, column, row)
                known, inside = True, covers(shape[0], shape[1], shape[2], polygon, lng, lat)
            if inside and filled[pixel] < 0:
                filled[pixel] = polygon


@njit(cache=True, nogil=True)
def _stamp_and_fill(
    vertices: Floats,
    ring_at: Longs,
    of_polygon: Longs,
    hashes: Longs,
    polygons: tuple[int, int],
    frame: Floats,
    columns: int,
    stamp: Ints,
    room: Ints,
    twins: Longs,
    filled: Ints,
    shape: Index,
) -> None:
    """Counts the entries of each border pixel and marks what each of a range of polygons fills."""
    box = np.empty(4, np.int32)
    none = room[:0]
    for p in range(*polygons):
        a, b = ring_at[of_polygon[p]], ring_at[of_polygon[p + 1]]
        if a == b:
            continue
        one = (p, p + 1)
        _stamp_borders(vertices, ring_at, of_polygon, hashes, one, frame, columns, stamp, room, twins, none)
        box[0] = (vertices[a:b, 0].min() - frame[WEST]) * frame[PER_LNG]
        box[1] = (vertices[a:b, 1].min() - frame[SOUTH]) * frame[PER_LAT]
        box[2] = (vertices[a:b, 0].max() - frame[WEST]) * frame[PER_LNG]
        box[3] = (vertices[a:b, 1].max() - frame[SOUTH]) * frame[PER_LAT]
        _fill(shape, frame, box, p, columns, stamp, filled)


@njit(cache=True, nogil=True)
def _open_lists(room: Ints) -> int:
    """Turns counts into the places where each border pixel's entries begin, with one to spare each; -1 elsewhere."""
    total = 0
    for pixel in range(len(room)):
        count = room[pixel]
        room[pixel] = total if count > 0 else -1
        total += count + 1 if count > 0 else 0
    return total


@njit(cache=True, nogil=True)
def _touches(vertices: Floats, v: int, x: float, y: float) -> bool:
    """Whether the edge from vertex v passes through a point."""
    x1, y1, x2, y2 = vertices[v, 0], vertices[v, 1], vertices[v + 1, 0], vertices[v + 1, 1]
    if not (min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2)):
        return False
    return bool(side(x1, y1, x2, y2, x, y) == 0)


@njit(cache=True, nogil=True)
def _survey(
    listing: Ints, begin: int, end: int, middle: tuple[float, float], vertices: Floats, shape: Index
) -> tuple[int, bool]:
    """Writes a border pixel's candidates as ``first_cover`` reads them, the polygon's bits above its number of edges.

    Returns how many candidates cover the pixel's middle, and whether no edge runs through it.
    """
    covering, clear = 0, True
    k = begin
    while k < end:
        polygon, at = listing[k], k
        sound = True
        k += 1
        while k < end and listing[k] < 0:
            sound = sound and not _touches(vertices, -1 - listing[k], middle[0], middle[1])
            k += 1
        edges = k - at - 1
        inside = covers(shape[0], shape[1], shape[2], polygon, middle[0], middle[1])
        listing[at] = polygon << 4 | int(inside) << 3 | (edges if sound and edges <= MOST_NEAR_EDGES else 0)
        covering += int(inside)
        clear = clear and sound
    return covering, clear


@njit(cache=True, nogil=True)
def _rewrite(listing: Ints, begin: int, end: int, write: int, filled: int) -> tuple[int, int]:
    """Moves a pixel's candidates to where its list belongs, without those that the polygon that fills it forestalls.

    Returns the end of the list and where its last candidate begins.
    """
    last_at, k = write, begin
    while k < end:
        head, edges = listing[k], listing[k] & MOST_NEAR_EDGES
        k += 1
        kept = filled < 0 or head >> 4 < filled
        if kept:
            last_at = write
            listing[write] = head
            write += 1
        while k < end and listing[k] < 0:
            if kept and edges > 0:
                listing[write] = -1 - listing[k]
                write += 1
            k += 1
    return write, last_at


@njit(cache=True, nogil=True)
def _close_lists(
    listing: Ints,
    room: Ints,
    twins: Longs,
    filled: Ints,
    frame: Floats,
    columns: int,
    vertices: Floats,
    shape: Index,
    pixels: Ints,
) -> int:
    """Closes every border pixel's list with the answer left when no candidate covers; returns the lists' length.

    Where edges cancel (each is an edge of two polygons, one on either side) as many polygons cover any point of the
    pixel as cover its middle; if that is one or more, the last candidate needs no test: it is the answer that is left.
    """
    begin = write = 0
    for pixel in range(len(room)):
        pixels[pixel] = filled[pixel]
        if room[pixel] < 0:
            continue
        start, end, full = write, room[pixel], filled[pixel]
        square = pixel >> 8
        row, column = square // (columns >> 4), square % (columns >> 4)
        middle = centre(frame, column << 4 | pixel & 15, row << 4 | pixel >> 4 & 15)
        covering, clear = _survey(listing, begin, end, middle, vertices, shape)
        cancelled = clear and twins[pixel] == 0
        write, last_at = _rewrite(listing, begin, end, write, full)
        rest = full
        if full < 0 and cancelled and covering >= 1:
            rest, write = listing[last_at] >> 4, last_at
        listing[write] = -2 - rest if rest >= 0 else -1
        write += 1
        pixels[pixel] = -2 - start
        begin = end + 1
    return write


def rasterise(
    rings: Rings, plane: LocalPlane, head: Longs, ints: Ints, floats: Floats, progress: Callable[[float], None]
) -> Raster:
    """The raster of one layer; ``head``, ``ints`` and ``floats`` hold its bands already, for the exact tests."""
    frame, columns, rows = frame_of(rings, plane)
    area, shape = rows * columns, (head, ints, floats)
    stamp, filled, room = np.full(area, -1, np.int32), np.full(area, -1, np.int32), np.zeros(area, np.int32)
    twins = np.zeros(area, np.int64)
    borders = (rings.vertices, rings.ring_at, rings.of_polygon, edge_hashes(rings))
    for a in range(0, rings.polygons, CHUNK):
        chunk = (a, min(a + CHUNK, rings.polygons))
        _stamp_and_fill(*borders, chunk, frame, columns, stamp, room, twins, filled, shape)
        progress(0.5 * chunk[1] / rings.polygons)
    listing = np.empty(_open_lists(room), np.int32)
    stamp.fill(-1)
    if len(listing) > 0:
        _stamp_borders(*borders, (0, rings.polygons), frame, columns, stamp, room, twins, listing)
    progress(0.7)
    pixels = stamp
    length = _close_lists(listing, room, twins, filled, frame, columns, rings.vertices, shape, pixels)
    return Raster(frame, columns, rows, pixels, listing[:length])
