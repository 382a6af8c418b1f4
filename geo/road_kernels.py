"""The road network's inner loops, compiled by Numba and free of the GIL: Dijkstra from many sources, nearest crossing."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@njit(cache=True, nogil=True)
def push(keys: Floats, nodes: Ints, size: int, key: float, node: int) -> int:
    """Adds to a binary heap; returns its new size."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] <= key:
            break
        keys[at], nodes[at] = keys[above], nodes[above]
        at = above
    keys[at], nodes[at] = key, node
    return size + 1


@njit(cache=True, nogil=True)
def pop(keys: Floats, nodes: Ints, size: int) -> int:
    """Removes the least of a binary heap; returns its new size."""
    size -= 1
    key, node = keys[size], nodes[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and keys[below + 1] < keys[below]:
            below += 1
        if keys[below] >= key:
            break
        keys[at], nodes[at] = keys[below], nodes[below]
        at = below
    keys[at], nodes[at] = key, node
    return size


@njit(cache=True, nogil=True)
def spread(
    first: Ints,
    head: Ints,
    seconds: Floats,
    sources: Ints,
    labels: Ints,
    wanted: Bools,
    reached_s: Floats,
    label: Ints,
    keys: Floats,
    nodes: Ints,
) -> None:
    """Dijkstra from all sources at once: seconds to every node and the label of the source that is there first.

    Of two sources there at once the lower label counts. With ``wanted`` (one flag a node; empty: all) it stops when every
    wanted node is settled. ``keys`` and ``nodes`` are room for the heap: as many as there are arcs and sources.
    """
    reached_s[:] = np.inf
    label[:] = -1
    size = left = 0
    for k in range(len(wanted)):
        left += int(wanted[k])
    for k in range(len(sources)):
        node = sources[k]
        if reached_s[node] > 0.0 or labels[k] < label[node]:
            if reached_s[node] > 0.0:
                size = push(keys, nodes, size, 0.0, node)
            reached_s[node], label[node] = 0.0, labels[k]
    while size > 0:
        key, node = keys[0], nodes[0]
        size = pop(keys, nodes, size)
        if key > reached_s[node]:
            continue
        if len(wanted) > 0 and wanted[node]:
            wanted[node] = False
            left -= 1
            if left == 0:
                return
        for arc in range(first[node], first[node + 1]):
            there, at_s = head[arc], key + seconds[arc]
            if at_s < reached_s[there]:
                reached_s[there], label[there] = at_s, label[node]
                size = push(keys, nodes, size, at_s, there)
            elif at_s == reached_s[there] and label[node] < label[there]:
                label[there] = label[node]


@njit(cache=True, nogil=True)
def nearest_nodes(
    x: Floats,
    y: Floats,
    node_x: Floats,
    node_y: Floats,
    west: float,
    south: float,
    cell: float,
    columns: int,
    at: Ints,
    found: Ints,
) -> None:
    """The nearest node of each point, ring by ring through a grid; nodes are sorted by cell, ``at`` says where each begins.

    Points beyond the grid begin at its edge. A point that is not a number finds -1.
    """
    rows = (len(at) - 1) // columns
    for i in range(len(x)):
        best, best_d = -1, np.inf
        if not (abs(x[i]) < np.inf and abs(y[i]) < np.inf):
            found[i] = -1
            continue
        column = int(min(max((x[i] - west) / cell, 0.0), columns - 1.0))
        row = int(min(max((y[i] - south) / cell, 0.0), rows - 1.0))
        ring = 0
        while ring <= max(columns, rows):
            for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
                step = 1 if abs(r - row) == ring else max(2 * ring, 1)
                for c in range(column - ring, column + ring + 1, step):
                    if c < 0 or c >= columns:
                        continue
                    for k in range(at[r * columns + c], at[r * columns + c + 1]):
                        d = (node_x[k] - x[i]) ** 2 + (node_y[k] - y[i]) ** 2
                        if d < best_d:
                            best, best_d = k, d
            inside = min(x[i] - west - (column - ring) * cell, west + (column + ring + 1) * cell - x[i])
            inside = min(inside, y[i] - south - (row - ring) * cell, south + (row + ring + 1) * cell - y[i])
            if best >= 0 and inside > 0.0 and inside * inside >= best_d:
                break
            ring += 1
        found[i] = best
