"""How far the nearest border is, and what lies across it: the inner loops, compiled by Numba, without the GIL."""

import numpy as np
from numba import njit

from geo.kernels import (
    LAT_M,
    LISTS,
    LNG_M,
    NODES,
    TREE_HALF,
    TREE_SOUTH,
    TREE_WEST,
    VERTICES,
    Floats,
    Ints,
    Longs,
    find,
    parts,
)

ACROSS_M = 0.1
"""How far beyond a border the polygon across it is looked for; narrower slivers are stepped over."""

LEVELS = 16
"""How often a square of the border tree may be parted."""
WAITING = 3 * LEVELS + 4
"""Squares that can wait at a time while the tree is walked: three a level."""

Nearest = tuple[float, float, float, int]
"""Squared metres to an edge, the way there (east, north) and the edge's first vertex in ``floats``, -1 for no edge."""


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
def nearest_in_list(
    head: Longs, frame: Floats, ints: Ints, floats: Floats, at: int, px: float, py: float, best: Nearest
) -> Nearest:
    """The nearest edge of a list of the border tree, if it is nearer than the best so far."""
    d2, x, y, found = best
    lng_m, lat_m = frame[LNG_M], frame[LAT_M]
    vertices = head[VERTICES]
    for run in range(at + 1, at + 1 + 2 * ints[at], 2):
        v = vertices + 2 * np.int64(ints[run])
        end = vertices + 2 * np.int64(ints[run + 1])
        x1 = (floats[v] - px) * lng_m
        y1 = (floats[v + 1] - py) * lat_m
        while v < end:
            x2 = (floats[v + 2] - px) * lng_m
            y2 = (floats[v + 3] - py) * lat_m
            d, cx, cy = edge_distance(x1, y1, x2, y2)
            if d < d2:
                d2, x, y, found = d, cx, cy, int(v)
            x1, y1 = x2, y2
            v += 2
    return d2, x, y, found


@njit(cache=True, nogil=True)
def list_at(head: Longs, ints: Ints, u: float, v: float) -> int:
    """The list of the square at a place of the border tree, both coordinates from 0 to 1."""
    bit = 1 << LEVELS - 1
    column = min(max(int(u * 2 * bit), 0), 2 * bit - 1)
    row = min(max(int(v * 2 * bit), 0), 2 * bit - 1)
    node = np.int64(ints[head[NODES]])
    while node >= 0:
        node = np.int64(ints[head[NODES] + node + 2 * int(row & bit > 0) + int(column & bit > 0)])
        bit >>= 1
    return int(head[LISTS] - 1 - node)


@njit(cache=True, nogil=True)
def nearest_from_outside(
    head: Longs, frame: Floats, ints: Ints, floats: Floats, px: float, py: float, best: Nearest
) -> Nearest:
    """The nearest edge from a point outside the border tree: walks all squares that are nearer than the best so far."""
    x = (px - frame[TREE_WEST]) * frame[LNG_M]
    y = (py - frame[TREE_SOUTH]) * frame[LAT_M]
    waiting = np.empty((WAITING, 3), np.int64)
    corner = np.empty((WAITING, 2))
    waiting[0, 0], waiting[0, 1], top = 0, 0, 1
    corner[0] = 0.0
    while top > 0:
        top -= 1
        node, level, west, south = waiting[top, 0], waiting[top, 1], corner[top, 0], corner[top, 1]
        side = 2.0 * frame[TREE_HALF] / (1 << level)
        dx = max(west - x, 0.0, x - west - side)
        dy = max(south - y, 0.0, y - south - side)
        if dx * dx + dy * dy > best[0]:
            continue
        first = np.int64(ints[head[NODES] + node])
        if first < 0:
            best = nearest_in_list(head, frame, ints, floats, head[LISTS] - 1 - first, px, py, best)
            continue
        for quarter in range(4):
            waiting[top, 0], waiting[top, 1] = first + quarter, level + 1
            corner[top, 0], corner[top, 1] = west + (quarter & 1) * side / 2, south + (quarter >> 1) * side / 2
            top += 1
    return best


@njit(cache=True, nogil=True)
def nearest_edge(head: Longs, frame: Floats, ints: Ints, floats: Floats, px: float, py: float) -> Nearest:
    """The nearest edge of a layer: one of those that the point's square lists; of a point outside, that is a bound."""
    side = 2.0 * frame[TREE_HALF]
    u = (px - frame[TREE_WEST]) * frame[LNG_M] / side
    v = (py - frame[TREE_SOUTH]) * frame[LAT_M] / side
    at = list_at(head, ints, min(max(u, 0.0), 1.0), min(max(v, 0.0), 1.0))
    best = nearest_in_list(head, frame, ints, floats, at, px, py, (np.inf, 0.0, 0.0, -1))
    if best[3] >= 0 and not (0.0 <= u <= 1.0 and 0.0 <= v <= 1.0):
        best = nearest_from_outside(head, frame, ints, floats, px, py, best)
    return best


@njit(cache=True, nogil=True)
def border_of(
    head: Longs, frame: Floats, ints: Ints, floats: Floats, px: float, py: float, where: int
) -> tuple[float, int]:
    """Metres to the nearest border of a layer and the polygon across it, found ``ACROSS_M`` beyond."""
    if not (abs(px) < np.inf and abs(py) < np.inf):
        return np.nan, -1
    lng_m, lat_m = frame[LNG_M], frame[LAT_M]
    d2, x, y, v = nearest_edge(head, frame, ints, floats, px, py)
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
def locate_one(index: Longs, px: float, py: float, out: Floats) -> None:
    """One point in every layer: metres to the borders, then as int32 the polygons and those across the borders."""
    head, frame, ints, floats = parts(index)
    layers = len(head)
    places = out[layers:].view(np.int32)
    for k in range(layers):
        places[k] = find(head[k], frame[k], ints, floats, px, py)
    for k in range(layers):
        out[k], places[layers + k] = border_of(head[k], frame[k], ints, floats, px, py, places[k])


@njit(cache=True, nogil=True)
def border_bulk(index: Longs, x: Floats, y: Floats, order: Ints, where: Ints, border_m: Floats, other: Ints) -> None:
    """Metres to the nearest border of every layer, and the polygon across it, for many points in the given order."""
    head, frame, ints, floats = parts(index)
    for layer in range(len(head)):
        h, f = head[layer], frame[layer]
        for i in order:
            border_m[layer, i], other[layer, i] = border_of(h, f, ints, floats, x[i], y[i], where[layer, i])
