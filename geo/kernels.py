"""The atlas's inner loops, compiled by Numba and free of the GIL: exact point in polygon, and look-up in the raster.

The whole index of an atlas is one array of 64-bit words, which ``parts`` cuts into four: all polygons' numbers in
``ints`` and ``floats``; a row of ``head`` says where each layer's parts begin there (the constants below) and a row of
``frame`` where its pixels lie. So one compiled signature serves every layer and one call with one array serves them all,
which is what makes a single point cheap: to hand an array over takes as long as to look a pixel up.

Numba renews a cached kernel when its own file changes, not when a file that it calls changes: after work on this file,
touch the files that import it.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.predicates import side

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

# Columns of head: where a layer's parts begin.
BANDS, RUNS_OF_BAND, RUNS, VERTICES, BAND_FRAME = range(5)
PIXELS, COLUMNS, ROWS, CANDIDATES = range(5, 9)
NODES, LISTS = range(9, 11)
HEAD_WIDTH = 11
# Columns of frame: u = (lng - WEST) * PER_LNG counts pixels eastward, likewise northward; then metres to a degree, and the
# border tree's corner (degrees) and half its side (metres).
WEST, SOUTH, PER_LNG, PER_LAT, LNG_M, LAT_M, TREE_WEST, TREE_SOUTH, TREE_HALF = range(9)
FRAME_WIDTH = 9
# The first words of an index: how many layers, and where its ints and floats end.
PREFIX = 3

MOST_NEAR_EDGES = 7
"""Edges of one polygon that a border pixel lists; with more, all of the polygon's are tested."""

BLOCK = 128
"""Border points whose edges are fetched together."""


@njit(cache=True, nogil=True)
def parts(index: Longs) -> tuple[Longs, Floats, Ints, Floats]:
    """An index as its head, frame, ints and floats."""
    layers = index[0]
    a = PREFIX + layers * HEAD_WIDTH
    b = a + layers * FRAME_WIDTH
    head = index[PREFIX:a].reshape((layers, HEAD_WIDTH))
    frame = index[a:b].view(np.float64).reshape((layers, FRAME_WIDTH))
    return head, frame, index[b : index[1]].view(np.int32), index[index[1] : index[2]].view(np.float64)


@njit(cache=True, nogil=True)
def band_of(y: float, south: float, per_lat: float, bands: int) -> int:
    """The band of a polygon that latitude y falls into; monotone in y, so that no edge at y can be missed."""
    t = (y - south) * per_lat
    if not t > 0.0:
        return 0
    return bands - 1 if t >= bands else int(t)


@njit(cache=True, nogil=True)
def covers(head: Longs, ints: Ints, floats: Floats, polygon: int, px: float, py: float) -> bool:
    """Whether a polygon covers a point, its border included: a ray to the east crosses an odd number of edges.

    ``head`` is one layer's row. Only the runs of edges in the polygon's band at latitude ``py`` are looked at.
    """
    at = head[BANDS] + polygon
    band = np.int64(ints[at])
    bands = ints[at + 1] - band
    if bands > 1:
        f = head[BAND_FRAME] + 2 * polygon
        band += band_of(py, floats[f], floats[f + 1], bands)
    at = head[RUNS_OF_BAND] + band
    vertices = head[VERTICES]
    inside = False
    for run in range(ints[at], ints[at + 1]):
        r = head[RUNS] + 2 * run
        v = vertices + 2 * np.int64(ints[r])
        end = vertices + 2 * np.int64(ints[r + 1])
        x1 = floats[v]
        y1 = floats[v + 1]
        while v < end:
            v += 2
            x2 = floats[v]
            y2 = floats[v + 1]
            if (y1 > py) != (y2 > py):
                if x1 > px and x2 > px:
                    inside = not inside
                elif x1 >= px or x2 >= px:
                    s = side(x1, y1, x2, y2, px, py)
                    if s == 0:
                        return True
                    if (s > 0) == (y2 > y1):
                        inside = not inside
            elif y2 == py and (x2 == px or (y1 == py and min(x1, x2) <= px <= max(x1, x2))):
                return True
            x1 = x2
            y1 = y2
    return inside


@njit(cache=True, nogil=True)
def pixel_at(columns: int, column: int, row: int) -> int:
    """Where a pixel lies: in squares of 16 by 16, one after the other, so that neighbours share pages of memory."""
    return (((row >> 4) * (columns >> 4) + (column >> 4)) << 8) + ((row & 15) << 4) + (column & 15)


@njit(cache=True, nogil=True)
def centre(frame: Floats, column: int, row: int) -> tuple[float, float]:
    """The middle of a pixel: builder and reader must agree on it to the last bit."""
    return frame[WEST] + (column + 0.5) / frame[PER_LNG], frame[SOUTH] + (row + 0.5) / frame[PER_LAT]


@njit(cache=True, nogil=True)
def covers_near(
    ints: Ints,
    floats: Floats,
    vertices: int,
    near: int,
    edges: int,
    inside: bool,
    cx: float,
    cy: float,
    px: float,
    py: float,
) -> int:
    """Whether a polygon covers a point, from the few edges in its pixel: 1 or 0, -1 where that needs all edges.

    Walks from the middle of the pixel, which the polygon covers or not (``inside``), along its latitude and then along
    the point's longitude, and counts crossings by the half-open rule. Only a corner of that walk on an edge is
    undecided.
    """
    for k in range(near, near + edges):
        v = vertices + 2 * np.int64(ints[k])
        x1, y1, x2, y2 = floats[v], floats[v + 1], floats[v + 2], floats[v + 3]
        if (y1 > cy) != (y2 > cy):
            turn = side(x1, y1, x2, y2, px, cy)
            if turn == 0:
                return -1
            inside = inside != (side(x1, y1, x2, y2, cx, cy) != turn)
        if (x1 > px) != (x2 > px):
            turn, goal = side(x1, y1, x2, y2, px, cy), side(x1, y1, x2, y2, px, py)
            if goal == 0:
                return 1
            if turn == 0:
                return -1
            inside = inside != (turn != goal)
        elif (x2 == px and y2 == py) or (x1 == px and (y1 == py or (x2 == px and min(y1, y2) <= py <= max(y1, y2)))):
            return 1
    return int(inside)


@njit(cache=True, nogil=True)
def first_cover(head: Longs, frame: Floats, ints: Ints, floats: Floats, pixel: int, px: float, py: float) -> int:
    """The lowest polygon that covers a point in a border pixel: candidates in order, closed by a certain answer.

    A candidate is a polygon's index (shifted by 4 bits), whether it covers the pixel's middle (bit 3), and how many of
    its edges follow (bits 0 to 2; 0: too many, test all). The last entry is -1 (none) or -2 - the polygon that is left.
    """
    u = int((px - frame[WEST]) * frame[PER_LNG])
    v = int((py - frame[SOUTH]) * frame[PER_LAT])
    cx, cy = centre(frame, u, v)
    at = head[CANDIDATES] - 2 - pixel
    while True:
        candidate = ints[at]
        if candidate < 0:
            return -1 if candidate == -1 else -2 - int(candidate)
        edges = candidate & MOST_NEAR_EDGES
        polygon = candidate >> 4
        answer = -1
        if edges > 0:
            inside = (candidate & 8) > 0
            answer = covers_near(ints, floats, head[VERTICES], at + 1, edges, inside, cx, cy, px, py)
        if answer == 1 or (answer < 0 and covers(head, ints, floats, polygon, px, py)):
            return int(polygon)
        at += 1 + edges


@njit(cache=True, nogil=True)
def find(head: Longs, frame: Floats, ints: Ints, floats: Floats, px: float, py: float) -> int:
    """The lowest polygon of a layer that covers a point, -1 where none does (or the point is not a number)."""
    u = (px - frame[WEST]) * frame[PER_LNG]
    v = (py - frame[SOUTH]) * frame[PER_LAT]
    if not (0.0 <= u < head[COLUMNS] and 0.0 <= v < head[ROWS]):
        return -1
    pixel = ints[head[PIXELS] + pixel_at(head[COLUMNS], int(u), int(v))]
    return int(pixel) if pixel >= -1 else first_cover(head, frame, ints, floats, pixel, px, py)


@njit(cache=True, nogil=True)
def tile_order(x: Floats, y: Floats, west: float, south: float, per_lng: float, per_lat: float, tiles: int) -> Ints:
    """The order that visits points tile by tile (a counting sort), so that neighbours share what they fetch."""
    n = len(x)
    tile = np.empty(n, np.int32)
    begin = np.zeros(tiles * tiles + 1, np.int32)
    last = tiles - 1.0
    for i in range(n):
        u = min(max((x[i] - west) * per_lng, 0.0), last)
        v = min(max((y[i] - south) * per_lat, 0.0), last)
        t = np.int32(v) * tiles + np.int32(u) if u == u and v == v else 0
        tile[i] = t
        begin[t + 1] += 1
    for t in range(tiles * tiles):
        begin[t + 1] += begin[t]
    order = np.empty(n, np.int32)
    for i in range(n):
        t = tile[i]
        order[begin[t]] = i
        begin[t] += 1
    return order


@njit(cache=True, nogil=True)
def fetch_ahead(head: Longs, ints: Ints, floats: Floats, pixels: Ints, ahead: Floats) -> None:
    """Touches the first edges of border pixels, all at once, so that the memory's latencies overlap."""
    for k in range(len(pixels)):
        ahead[k] = ints[head[CANDIDATES] - 1 - pixels[k]]
    last = (head[BAND_FRAME] - head[VERTICES]) // 2 - 1
    for k in range(len(pixels)):
        v = np.int64(min(max(ahead[k], 0.0), last))
        ahead[k] = floats[head[VERTICES] + 2 * v]


@njit(cache=True, nogil=True)
def locate_bulk(index: Longs, x: Floats, y: Floats, order: Ints, out: Ints) -> None:
    """Many points in every layer, in the given order: a straight pass over pixels, then a pass over border points."""
    head, frame, ints, floats = parts(index)
    n = len(order)
    sx = np.empty(n, np.float64)
    sy = np.empty(n, np.float64)
    for k in range(n):
        sx[k] = x[order[k]]
        sy[k] = y[order[k]]
    doubt = np.empty(n, np.int32)
    pixel_of = np.empty(n, np.int32)
    ahead = np.empty(BLOCK, np.float64)
    for layer in range(len(head)):
        h = head[layer]
        west, south, per_lng, per_lat = (
            frame[layer, WEST],
            frame[layer, SOUTH],
            frame[layer, PER_LNG],
            frame[layer, PER_LAT],
        )
        columns = h[COLUMNS]
        rows = h[ROWS]
        m = 0
        for k in range(n):
            u = (sx[k] - west) * per_lng
            v = (sy[k] - south) * per_lat
            pixel = -1
            if 0.0 <= u < columns and 0.0 <= v < rows:
                pixel = int(ints[h[PIXELS] + pixel_at(columns, int(u), int(v))])
            out[layer, order[k]] = pixel
            doubt[m] = k
            pixel_of[m] = pixel
            m += int(pixel < -1)
        for begin in range(0, m, BLOCK):
            end = min(begin + BLOCK, m)
            fetch_ahead(h, ints, floats, pixel_of[begin:end], ahead)
            for d in range(begin, end):
                k = doubt[d]
                out[layer, order[k]] = first_cover(h, frame[layer], ints, floats, pixel_of[d], sx[k], sy[k])
