"""The atlas's inner loops, compiled by Numba and free of the GIL: exact point in polygon, look-up, nearest border.

The whole index of an atlas lies in two flat arrays, ``ints`` and ``floats``; a row of ``head`` says where each layer's
parts begin (the constants below) and a row of ``frame`` where its pixels lie. So one compiled signature serves every
layer and one call serves them all, which is what makes a single point cheap.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

# Columns of head: where a layer's parts begin.
BANDS, RUNS_OF_BAND, RUNS, VERTICES, BAND_FRAME = range(5)
PIXELS, COLUMNS, ROWS, CANDIDATES = range(5, 9)
FIRST_CHILD, INNER, LEAVES, BOXES, NODES = range(9, 14)
HEAD_WIDTH = 14
# Columns of frame: u = (lng - WEST) * PER_LNG counts pixels eastward, likewise northward.
WEST, SOUTH, PER_LNG, PER_LAT = range(4)
FRAME_WIDTH = 4

ACROSS_M = 0.1
"""How far beyond a border the polygon across it is looked for; narrower slivers are stepped over."""

STACK = 256
FILTER = 1e-15


@njit(cache=True, nogil=True)
def product(a: float, b: float) -> tuple[float, float]:
    """The product of two doubles and its rounding error (Dekker 1971, by Veltkamp's split)."""
    p = a * b
    c = 134217729.0 * a
    ah = c - (c - a)
    al = a - ah
    c = 134217729.0 * b
    bh = c - (c - b)
    bl = b - bh
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)


@njit(cache=True, nogil=True)
def total(a: float, b: float) -> tuple[float, float]:
    """The sum of two doubles and its rounding error (Knuth's two-sum)."""
    s = a + b
    bb = s - a
    return s, (a - (s - bb)) + (b - bb)


@njit(cache=True, nogil=True)
def side_exactly(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """The sign of the orientation determinant in double-double arithmetic, the precision that GEOS falls back to."""
    x1, x1e = total(bx, -ax)
    y1, y1e = total(by, -ay)
    x2, x2e = total(px, -bx)
    y2, y2e = total(py, -by)
    left, left_e = product(x1, y2)
    right, right_e = product(y1, x2)
    left_e += x1 * y2e + x1e * y2
    right_e += y1 * x2e + y1e * x2
    left, left_e = total(left, left_e)
    right, right_e = total(right, right_e)
    d, e = total(left, -right)
    e += left_e - right_e
    d += e
    return 1 if d > 0.0 else (-1 if d < 0.0 else 0)


@njit(cache=True, nogil=True)
def side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """1 where p lies left of the line a to b, -1 right, 0 on it: a filtered determinant (Shewchuk 1997)."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    d = left - right
    bound = FILTER * (abs(left) + abs(right))
    if d > bound:
        return 1
    if d < -bound:
        return -1
    return side_exactly(ax, ay, bx, by, px, py)


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
def first_cover(head: Longs, ints: Ints, floats: Floats, pixel: int, px: float, py: float) -> int:
    """The lowest polygon that covers a point in a border pixel: candidates in order, closed by a certain answer.

    A candidate is a polygon's index; the last entry is -1 (no other polygon) or -2 - the polygon that fills the pixel.
    """
    at = head[CANDIDATES] - 2 - pixel
    while True:
        candidate = ints[at]
        if candidate < 0:
            return -1 if candidate == -1 else -2 - int(candidate)
        if covers(head, ints, floats, candidate, px, py):
            return int(candidate)
        at += 1


@njit(cache=True, nogil=True)
def find(head: Longs, frame: Floats, ints: Ints, floats: Floats, px: float, py: float) -> int:
    """The lowest polygon of a layer that covers a point, -1 where none does (or the point is not a number)."""
    u = (px - frame[WEST]) * frame[PER_LNG]
    v = (py - frame[SOUTH]) * frame[PER_LAT]
    if not (0.0 <= u < head[COLUMNS] and 0.0 <= v < head[ROWS]):
        return -1
    pixel = ints[head[PIXELS] + int(v) * head[COLUMNS] + int(u)]
    return int(pixel) if pixel >= -1 else first_cover(head, ints, floats, pixel, px, py)


@njit(cache=True, nogil=True)
def edge_distance(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float]:
    """Squared distance from the origin to a segment, and its nearest point."""
    dx = x2 - x1
    dy = y2 - y1
    length2 = dx * dx + dy * dy
    t = 0.0
    if length2 > 0.0:
        t = min(max(-(x1 * dx + y1 * dy) / length2, 0.0), 1.0)
    cx = x1 + t * dx
    cy = y1 + t * dy
    return cx * cx + cy * cy, cx, cy


@njit(cache=True, nogil=True)
def box_distance(floats: Floats, box: int, px: float, py: float, lng_m: float, lat_m: float) -> float:
    """Squared distance in metres from a point to a box (west, south, east, north) of the border tree."""
    dx = max(floats[box] - px, 0.0, px - floats[box + 2]) * lng_m
    dy = max(floats[box + 1] - py, 0.0, py - floats[box + 3]) * lat_m
    d2: float = dx * dx + dy * dy
    return d2


@njit(cache=True, nogil=True)
def nearest_edge(
    head: Longs,
    ints: Ints,
    floats: Floats,
    px: float,
    py: float,
    lng_m: float,
    lat_m: float,
    nodes: Longs,
    near: Floats,
) -> tuple[float, float, float, int]:
    """Squared metres to the nearest edge of a layer, the way there (east, north) and the edge's first vertex.

    Walks the tree of edge boxes, nearest child first, and leaves what cannot be nearer. ``nodes`` and ``near`` are its
    stack.
    """
    best = np.inf
    best_x = 0.0
    best_y = 0.0
    best_v = -1
    inner = head[INNER]
    vertices = head[VERTICES]
    nodes[0] = 0
    near[0] = 0.0
    top = min(head[NODES], 1)
    while top > 0:
        top -= 1
        node = nodes[top]
        if near[top] >= best:
            continue
        if node >= inner:
            leaf = head[LEAVES] + 2 * (node - inner)
            v = vertices + 2 * np.int64(ints[leaf])
            end = vertices + 2 * np.int64(ints[leaf + 1])
            x1 = (floats[v] - px) * lng_m
            y1 = (floats[v + 1] - py) * lat_m
            while v < end:
                x2 = (floats[v + 2] - px) * lng_m
                y2 = (floats[v + 3] - py) * lat_m
                d, cx, cy = edge_distance(x1, y1, x2, y2)
                if d < best:
                    best, best_x, best_y, best_v = d, cx, cy, int(v)
                x1, y1 = x2, y2
                v += 2
            continue
        first = ints[head[FIRST_CHILD] + node]
        bottom = top
        for child in range(first, ints[head[FIRST_CHILD] + node + 1]):
            d = box_distance(floats, head[BOXES] + 4 * child, px, py, lng_m, lat_m)
            if d < best:
                at = top
                while at > bottom and near[at - 1] < d:
                    near[at] = near[at - 1]
                    nodes[at] = nodes[at - 1]
                    at -= 1
                near[at] = d
                nodes[at] = child
                top += 1
    return best, best_x, best_y, best_v


@njit(cache=True, nogil=True)
def border_of(
    head: Longs,
    frame: Floats,
    ints: Ints,
    floats: Floats,
    px: float,
    py: float,
    where: int,
    lng_m: float,
    lat_m: float,
    nodes: Longs,
    near: Floats,
) -> tuple[float, int]:
    """Metres to the nearest border of a layer and the polygon across it, found ``ACROSS_M`` beyond."""
    if not (abs(px) < np.inf and abs(py) < np.inf):
        return np.nan, -1
    d2, x, y, v = nearest_edge(head, ints, floats, px, py, lng_m, lat_m, nodes, near)
    if v < 0:
        return np.inf, -1
    d = np.sqrt(d2)
    if d > 1e-6:
        step = (d + ACROSS_M) / d
        other = find(head, frame, ints, floats, px + x * step / lng_m, py + y * step / lat_m)
        return d, (other if other != where else -1)
    east = (floats[v + 2] - floats[v]) * lng_m
    north = (floats[v + 3] - floats[v + 1]) * lat_m
    step = ACROSS_M / max(np.hypot(east, north), 1e-12)
    other = find(head, frame, ints, floats, px - north * step / lng_m, py + east * step / lat_m)
    if other == where:
        other = find(head, frame, ints, floats, px + north * step / lng_m, py - east * step / lat_m)
    return d, (other if other != where else -1)


@njit(cache=True, nogil=True)
def locate_one(
    head: Longs,
    frame: Floats,
    ints: Ints,
    floats: Floats,
    px: float,
    py: float,
    lng_m: float,
    lat_m: float,
    place: Ints,
    border_m: Floats,
) -> None:
    """One point in every layer: its polygon in ``place[0]``, the one across the nearest border in ``place[1]``."""
    nodes = np.empty(STACK, np.int64)
    near = np.empty(STACK, np.float64)
    for k in range(len(head)):
        where = find(head[k], frame[k], ints, floats, px, py)
        place[0, k] = where
        border_m[k], place[1, k] = border_of(head[k], frame[k], ints, floats, px, py, where, lng_m, lat_m, nodes, near)


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
def locate_bulk(
    head: Longs, frame: Floats, ints: Ints, floats: Floats, x: Floats, y: Floats, order: Ints, out: Ints
) -> None:
    """Many points in every layer, in the given order: a straight pass over pixels, then a pass over border points."""
    n = len(order)
    sx = np.empty(n, np.float64)
    sy = np.empty(n, np.float64)
    for k in range(n):
        sx[k] = x[order[k]]
        sy[k] = y[order[k]]
    doubt = np.empty(n, np.int32)
    pixel_of = np.empty(n, np.int32)
    for layer in range(len(head)):
        h = head[layer]
        west, south, per_lng, per_lat = frame[layer]
        columns = h[COLUMNS]
        rows = h[ROWS]
        m = 0
        for k in range(n):
            u = (sx[k] - west) * per_lng
            v = (sy[k] - south) * per_lat
            pixel: np.int32 | int = -1
            if 0.0 <= u < columns and 0.0 <= v < rows:
                pixel = ints[h[PIXELS] + np.int64(v) * columns + np.int64(u)]
            out[layer, order[k]] = pixel
            doubt[m] = k
            pixel_of[m] = pixel
            m += int(pixel < -1)
        for d in range(m):
            k = doubt[d]
            out[layer, order[k]] = first_cover(h, ints, floats, pixel_of[d], sx[k], sy[k])


@njit(cache=True, nogil=True)
def border_bulk(
    head: Longs,
    frame: Floats,
    ints: Ints,
    floats: Floats,
    x: Floats,
    y: Floats,
    order: Ints,
    where: Ints,
    lng_m: float,
    lat_m: float,
    border_m: Floats,
    other: Ints,
) -> None:
    """Metres to the nearest border of every layer, and the polygon across it, for many points in the given order."""
    nodes = np.empty(STACK, np.int64)
    near = np.empty(STACK, np.float64)
    for layer in range(len(head)):
        for k in range(len(order)):
            i = order[k]
            border_m[layer, i], other[layer, i] = border_of(
                head[layer], frame[layer], ints, floats, x[i], y[i], where[layer, i], lng_m, lat_m, nodes, near
            )
