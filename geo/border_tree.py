"""A packed tree of edge boxes: how the nearest border is found among millions of edges."""

from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.rings import Rings

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAF_EDGES = 8
FANOUT = 8


@njit(cache=True, nogil=True)
def _cut_leaves(ring_at: Longs, leaves: Ints) -> int:
    """Cuts rings into runs of at most ``LEAF_EDGES`` edges. With no room in ``leaves`` it only counts."""
    n = 0
    for r in range(len(ring_at) - 1):
        v, end = ring_at[r], ring_at[r + 1] - 1
        while v < end:
            stop = min(v + LEAF_EDGES, end)
            if len(leaves) > 0:
                leaves[n, 0] = v
                leaves[n, 1] = stop
            n += 1
            v = stop
    return n


@njit(cache=True, nogil=True)
def _box_leaves(vertices: Floats, leaves: Ints, boxes: Floats) -> None:
    """The box of each leaf: west, south, east, north."""
    for k in range(len(leaves)):
        box = boxes[k]
        box[0], box[1], box[2], box[3] = np.inf, np.inf, -np.inf, -np.inf
        for v in range(leaves[k, 0], leaves[k, 1] + 1):
            box[0], box[1] = min(box[0], vertices[v, 0]), min(box[1], vertices[v, 1])
            box[2], box[3] = max(box[2], vertices[v, 0]), max(box[3], vertices[v, 1])


def _morton(x: Floats, y: Floats) -> NDArray[np.uint64]:
    """The Morton number of points in the unit square, 16 bits an axis."""

    def spread(values: Floats) -> NDArray[np.uint64]:
        bits = (np.clip(values, 0.0, 1.0) * 65535).astype(np.uint64)
        for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
        return bits

    return spread(x) | (spread(y) << np.uint64(1))


def border_tree(rings: Rings) -> tuple[Ints, Ints, Floats]:
    """A packed tree of edge boxes: leaves in Morton order, ``FANOUT`` to a node, the root first.

    Returns
    -------
    first_child : int32, one more than there are inner nodes
        Children of inner node i are nodes first_child[i] to first_child[i + 1]; nodes beyond the inner ones are leaves.
    leaves : int32 (n, 2)
        First and last vertex of each leaf's run of edges.
    boxes : float64 (nodes, 4)
    """
    leaves = np.empty((_cut_leaves(rings.ring_at, np.empty((0, 2), np.int32)), 2), np.int32)
    _cut_leaves(rings.ring_at, leaves)
    boxes = np.empty((len(leaves), 4))
    _box_leaves(rings.vertices, leaves, boxes)
    if len(leaves) == 0:
        return np.zeros(1, np.int32), leaves, boxes
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    low, high = centre.min(axis=0), centre.max(axis=0)
    unit = (centre - low) / np.where(high > low, high - low, 1.0)
    order = np.argsort(_morton(unit[:, 0], unit[:, 1]), kind="stable")
    leaves, boxes = leaves[order], boxes[order]
    levels = [boxes]
    while len(levels[-1]) > 1:
        below, cuts = levels[-1], np.arange(0, len(levels[-1]), FANOUT)
        low = np.minimum.reduceat(below[:, :2], cuts)
        levels.append(np.hstack([low, np.maximum.reduceat(below[:, 2:], cuts)]))
    return _children([len(level) for level in reversed(levels)]), leaves, np.concatenate(levels[::-1])


def _children(sizes: list[int]) -> Ints:
    """First children of a packed tree's inner nodes, level by level from the root, and the end of the last."""
    first, begin = [np.zeros(0, np.int64)], 0
    for size, below in pairwise(sizes):
        begin += size
        first.append(np.minimum(begin + FANOUT * np.arange(size), begin + below))
    return np.append(np.concatenate(first), begin + sizes[-1]).astype(np.int32)
