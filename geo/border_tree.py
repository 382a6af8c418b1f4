"""A quadtree of squares, each of which lists every edge that can be the nearest border of a point in it."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.border_kernels import LEVELS, edge_distance
from geo.plane import LocalPlane
from geo.rings import Rings, edge_hashes

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Square = tuple[float, float, float]
"""Middle (metres east and north of the tree's corner) and half a side."""

FEW_EDGES = 24
"""A square with no more edges is not parted."""
WORTHWHILE = 0.6
"""How short a quarter's list should be on average, measured by the whole's, for the parting to be worth it."""
MANY_EDGES = 256
"""With more edges a square is parted ``PATIENCE`` times in a row even if that is not worth it."""
PATIENCE = 2
WORK_WIDTH = 6
"""A square that waits to be parted: node, begin and end of its edges, column, row, and level << 8 | patience."""


class BorderTree(NamedTuple):
    """``nodes[k]`` is the first of four children, or -1 - where in ``lists`` a square's runs of edges begin.

    A list is the number of its runs and each run's first and last vertex. ``frame`` is the corner (west, south, degrees)
    and half the side of the whole square, metres.
    """

    nodes: Ints
    lists: Ints
    frame: tuple[float, float, float]


def border_tree(rings: Rings, plane: LocalPlane) -> BorderTree:
    """The tree over all edges of a layer; of two edges that lie on one another, one is kept."""
    edges = _distinct_edges(rings)
    if len(edges) == 0:
        return BorderTree(np.array([-1], np.int32), np.zeros(1, np.int32), (0.0, 0.0, 1.0))
    west, south = rings.vertices.min(axis=0).tolist()
    metres = np.ascontiguousarray((rings.vertices - (west, south)) * (plane.lng_m, plane.lat_m))
    rounding = 4 * np.spacing(np.abs(rings.vertices).max()) * max(plane.lng_m, plane.lat_m)
    half = max(float(metres.max()) / 2 * 1.000001, 1e-3)
    nodes, lists = _grow(metres, edges, half, 1e-9 * half + rounding)
    return BorderTree(nodes, lists, (west, south, half))


def _distinct_edges(rings: Rings) -> Ints:
    """The first vertices of edges, without the last vertex of each ring and without the twin of an edge seen before."""
    hashes = np.abs(edge_hashes(rings))
    first = np.delete(np.arange(len(hashes)), rings.ring_at[1:] - 1)
    _, kept = np.unique(hashes[first], return_index=True)
    return np.sort(first[kept]).astype(np.int32)


@njit(cache=True, nogil=True)
def _distance2(metres: Floats, edge: int, x: float, y: float) -> float:
    """Squared metres from a point to an edge."""
    a, b = metres[edge], metres[edge + 1]
    return float(edge_distance(a[0] - x, a[1] - y, b[0] - x, b[1] - y)[0])


@njit(cache=True, nogil=True)
def _box_distance2(metres: Floats, edge: int, square: Square) -> float:
    """Squared metres between a square and the box around an edge: no more than to the edge, and cheap."""
    x, y, half = square
    a, b = metres[edge], metres[edge + 1]
    dx = max(abs((a[0] + b[0]) / 2 - x) - abs(a[0] - b[0]) / 2 - half, 0.0)
    dy = max(abs((a[1] + b[1]) / 2 - y) - abs(a[1] - b[1]) / 2 - half, 0.0)
    return float(dx * dx + dy * dy)


@njit(cache=True, nogil=True)
def _reach(metres: Floats, edges: Ints, square: Square) -> float:
    """How far from anywhere in a square the nearest edge is at most: the distance to the edge nearest to its middle."""
    x, y, half = square
    best, nearest = np.inf, edges[0]
    for edge in edges:
        if _box_distance2(metres, edge, (x, y, 0.0)) < best:
            d2 = _distance2(metres, edge, x, y)
            if d2 < best:
                best, nearest = d2, edge
    farthest = 0.0
    for dx in (-half, half):
        for dy in (-half, half):
            farthest = max(farthest, _distance2(metres, nearest, x + dx, y + dy))
    return float(np.sqrt(farthest))


@njit(cache=True, nogil=True)
def _select(metres: Floats, edges: Ints, square: Square, slack: float, chosen: Ints) -> int:
    """Writes the edges that can be the nearest of some point in a square; returns how many they are.

    They come as near to the square as ``_reach``: by the box around the edge, then by the circle around the square.
    """
    x, y, half = square
    reach = _reach(metres, edges, square) + slack
    around = reach + half * np.sqrt(2.0)
    n = 0
    for edge in edges:
        if _box_distance2(metres, edge, square) <= reach * reach and _distance2(metres, edge, x, y) <= around * around:
            chosen[n] = edge
            n += 1
    return n


@njit(cache=True, nogil=True)
def _roomy(array: Ints, used: int, needed: int) -> Ints:
    """The array, or a longer one with the same beginning, with room for ``needed`` more."""
    if used + needed <= len(array):
        return array
    longer = np.empty(2 * (used + needed), np.int32)
    longer[:used] = array[:used]
    return longer


@njit(cache=True, nogil=True)
def _write_list(edges: Ints, lists: Ints, at: int) -> int:
    """Writes edges (in order) as runs of vertices behind their number; returns the list's end."""
    end = at + 1
    for k in range(len(edges)):
        if k == 0 or edges[k] != edges[k - 1] + 1:
            lists[end] = edges[k]
            end += 2
        lists[end - 1] = edges[k] + 1
    lists[at] = (end - at - 1) // 2
    return end


@njit(cache=True, nogil=True)
def _grow(metres: Floats, edges: Ints, half: float, slack: float) -> tuple[Ints, Ints]:
    """Parts squares until they hold few edges or parting gains nothing; the last found is parted first.

    So the edges of the squares that wait lie one behind the other in ``held``, and what lies behind the one in hand is
    free.
    """
    nodes, lists, held = np.empty(1024, np.int32), np.empty(4096, np.int32), edges.copy()
    waiting = np.empty((4 * LEVELS + 4, WORK_WIDTH), np.int64)
    waiting[0] = 0, 0, len(edges), 0, 0, PATIENCE
    used, written, top = 1, 0, 1
    ends = np.empty(5, np.int64)
    while top > 0:
        top -= 1
        node, begin, end, column, row = waiting[top, :5]
        level, patience = waiting[top, 5] >> 8, waiting[top, 5] & 255
        count = end - begin
        ends[0] = end
        if count > FEW_EDGES and level < LEVELS:
            held = _roomy(held, end, 4 * count)
            size = half / (2 << level)
            for quarter in range(4):
                x = ((2 * column + (quarter & 1)) * 2 + 1) * size
                y = ((2 * row + (quarter >> 1)) * 2 + 1) * size
                room = held[ends[quarter] :]
                ends[quarter + 1] = ends[quarter] + _select(metres, held[begin:end], (x, y, size), slack, room)
            worth = ends[4] - end <= 4 * count * WORTHWHILE
            patience = PATIENCE if worth else (patience - 1 if count > MANY_EDGES else -1)
        if count <= FEW_EDGES or level == LEVELS or patience < 0:
            lists = _roomy(lists, written, 2 * count + 1)
            nodes[node] = -1 - written
            written = _write_list(held[begin:end], lists, written)
            continue
        nodes = _roomy(nodes, used, 4)
        nodes[node] = used
        for q in range(4):
            place = (2 * column + (q & 1), 2 * row + (q >> 1), (level + 1) << 8 | patience)
            waiting[top] = used + q, ends[q], ends[q + 1], place[0], place[1], place[2]
            top += 1
        used += 4
    return nodes[:used].copy(), lists[:written].copy()
