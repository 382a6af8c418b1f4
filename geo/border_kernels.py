"""How far the nearest border is, and what lies across it: the inner loops, compiled by Numba, without the GIL."""

import numpy as np
from numba import njit

from geo.kernels import (
    ALONE,
    BAND_FRAME,
    BANDS,
    BOXES,
    FIRST_CHILD,
    INNER,
    LEAVES,
    NODES,
    RUNS,
    RUNS_OF_BAND,
    VERTICES,
    Floats,
    Ints,
    Longs,
    band_of,
    find,
)

ACROSS_M = 0.1
"""How far beyond a border the polygon across it is looked for; narrower slivers are stepped over."""

NEARLY = 1.0 - 1e-9
"""Bounds are loosened by this much, so that rounding never hides the nearest edge."""
STACK = 256
"""Nodes of the border tree that can wait at a time: seven a level."""


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
def own_edge(
    head: Longs, ints: Ints, floats: Floats, polygon: int, px: float, py: float, lng_m: float, lat_m: float
) -> tuple[float, float, float, int]:
    """As ``nearest_edge``, but only of one polygon: band by band away from the point's latitude, until none is nearer."""
    best, best_x, best_y, best_v = np.inf, 0.0, 0.0, -1
    at = head[BANDS] + polygon
    first = np.int64(ints[at])
    bands = ints[at + 1] - first
    f = head[BAND_FRAME] + 2 * polygon
    south = floats[f]
    height = 1.0 / floats[f + 1] if bands > 1 else 0.0
    low = band_of(py, south, floats[f + 1], bands)
    high = low + 1
    while low >= 0 or high < bands:
        below = (py - south - (low + 1) * height) * lat_m if low >= 0 else np.inf
        above = (south + high * height - py) * lat_m if high < bands else np.inf
        gap = max(min(below, above), 0.0)
        if gap * gap * NEARLY > best:
            break
        if below <= above:
            band, low = low, low - 1
        else:
            band, high = high, high + 1
        at = head[RUNS_OF_BAND] + first + band
        for run in range(ints[at], ints[at + 1]):
            r = head[RUNS] + 2 * run
            v = head[VERTICES] + 2 * np.int64(ints[r])
            end = head[VERTICES] + 2 * np.int64(ints[r + 1])
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
    if where >= 0 and ints[head[ALONE] + where] > 0:
        d2, x, y, v = own_edge(head, ints, floats, where, px, py, lng_m, lat_m)
    else:
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
