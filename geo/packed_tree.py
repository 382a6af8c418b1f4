"""A packed tree of boxes: which of a million shapes touch a rectangle, in microseconds, from a few flat arrays."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FANOUT: Final = 16


@dataclass(frozen=True, eq=False)
class PackedTree:
    """Boxes in levels: the leaves in Hilbert-like (Morton) order, then every ``FANOUT`` of them joined, up to one.

    Attributes
    ----------
    boxes : NDArray[int64]
        Left, top, right, bottom of all nodes, leaves first, shape (nodes, 4).
    starts : NDArray[int64]
        Where each level begins in ``boxes``; the last element is the number of nodes.
    members : NDArray[int64]
        Which shape each leaf is.
    """

    boxes: Ints
    starts: Ints
    members: Ints

    def touching(self, left: int, top: int, right: int, bottom: int) -> Ints:
        """The shapes whose box touches a rectangle (borders included), ascending."""
        found = self.members[_touching(self.boxes, self.starts, left, top, right, bottom)]
        found.sort()
        return found


def packed_tree(boxes: Ints) -> PackedTree:
    """A tree over boxes (left, top, right, bottom; coordinates from 0 to below 2**32), shape (n, 4)."""
    order = np.argsort(_codes(boxes), kind="stable")
    levels = [boxes[order]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        starts = np.arange(0, len(below), FANOUT)
        least = np.minimum.reduceat(below[:, :2], starts)
        levels.append(np.concatenate((least, np.maximum.reduceat(below[:, 2:], starts)), axis=1))
    starts = np.cumsum([0, *map(len, levels)]).astype(np.int64)
    return PackedTree(np.concatenate(levels), starts, order)


@njit(cache=True, nogil=True)
def _codes(boxes: Ints) -> NDArray[np.uint64]:
    """Morton codes of the boxes' centres, 16 bits an axis."""
    codes = np.empty(len(boxes), np.uint64)
    for k in range(len(boxes)):
        x, y = (boxes[k, 0] + boxes[k, 2]) >> 17, (boxes[k, 1] + boxes[k, 3]) >> 17
        code = np.uint64(0)
        for bit in range(16):
            code |= np.uint64((x >> bit) & 1) << np.uint64(2 * bit)
            code |= np.uint64((y >> bit) & 1) << np.uint64(2 * bit + 1)
        codes[k] = code
    return codes


@njit(cache=True, nogil=True)
def _touching(boxes: Ints, starts: Ints, left: int, top: int, right: int, bottom: int) -> Ints:
    """Offsets of the leaves that touch, found from the top level down, a level at a time."""
    levels = len(starts) - 1
    nodes = np.arange(starts[levels - 1], starts[levels])
    for level in range(levels - 1, -1, -1):
        hits = np.empty(len(nodes), np.int64)
        count = 0
        for node in nodes:
            box = boxes[node]
            if box[0] <= right and box[2] >= left and box[1] <= bottom and box[3] >= top:
                hits[count] = node
                count += 1
        if level == 0:
            return hits[:count].copy()
        below, size = starts[level - 1], starts[level] - starts[level - 1]
        nodes = np.empty(count * FANOUT, np.int64)
        found = 0
        for k in range(count):
            first = (hits[k] - starts[level]) * FANOUT
            for child in range(first, min(first + FANOUT, size)):
                nodes[found] = below + child
                found += 1
        nodes = nodes[:found]
    return nodes[:0]
