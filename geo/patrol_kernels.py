"""Which points a track passes within sight, compiled: points lie sorted in squares, a stretch of the track asks those near it."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
ZERO, ONE = 48, 49
"""The characters 0 and 1, as PostgreSQL reads bits."""


@njit(cache=True, nogil=True)
def distance_squared(px: float, py: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Of a point from a stretch between two points, square metres."""
    dx, dy = bx - ax, by - ay
    along = dx * dx + dy * dy
    part = 0.0 if along == 0.0 else min(1.0, max(0.0, ((px - ax) * dx + (py - ay) * dy) / along))
    return float((px - ax - part * dx) ** 2 + (py - ay - part * dy) ** 2)


@njit(cache=True, nogil=True)
def see(
    starts: Longs,
    frame: Floats,
    columns: int,
    rows: int,
    points: Floats,
    unit: Ints,
    units: int,
    track_starts: Longs,
    track: Floats,
    joined: NDArray[np.bool_],
    sight_m: float,
) -> tuple[Longs, Longs, Floats]:
    """The units that each track passes: where each track's begin in the answer, the units, and the last moment of each.

    ``points``: metres, shape (n, 2), sorted by square (``starts``); ``frame``: west, south, side. ``track``: metres east, metres
    north, seconds, shape (m, 3); ``joined``: whether a place is reached in a straight line from the one before it.
    """
    stamp, last = np.full(units, -1, np.int64), np.zeros(units)
    room, found = 1024, 0
    seen, when, ends = np.empty(room, np.int64), np.empty(room), np.zeros(len(track_starts), np.int64)
    west, south, side = frame[0], frame[1], frame[2]
    for k in range(len(track_starts) - 1):
        for at in range(track_starts[k], track_starts[k + 1]):
            bx, by, t = track[at, 0], track[at, 1], track[at, 2]
            ax, ay = (track[at - 1, 0], track[at - 1, 1]) if joined[at] else (bx, by)
            left = max(0, int(np.floor((min(ax, bx) - sight_m - west) / side)))
            right = min(columns - 1, int(np.floor((max(ax, bx) + sight_m - west) / side)))
            low = max(0, int(np.floor((min(ay, by) - sight_m - south) / side)))
            high = min(rows - 1, int(np.floor((max(ay, by) + sight_m - south) / side)))
            for row in range(low, high + 1 if left <= right else low):
                for p in range(starts[row * columns + left], starts[row * columns + right + 1]):
                    if distance_squared(points[p, 0], points[p, 1], ax, ay, bx, by) > sight_m * sight_m:
                        continue
                    u = unit[p]
                    if stamp[u] != k:
                        stamp[u] = k
                        if found == room:
                            seen, when, room = np.append(seen, seen), np.append(when, when), 2 * room
                        seen[found] = u
                        found += 1
                    last[u] = t
        for at in range(ends[k], found):
            when[at] = last[seen[at]]
        ends[k + 1] = found
    return ends, seen[:found], when[:found]


@njit(cache=True, nogil=True)
def by_cell(
    ends: Longs, seen: Longs, when: Floats, cell_of: Ints, cell_starts: Longs
) -> tuple[Longs, Longs, Floats, Longs, Bytes]:
    """What was seen, gathered by track and cell: track, cell, last moment, and the cell's units as characters 0 and 1.

    The characters of row k are ``bits[offsets[k]:offsets[k + 1]]``.
    """
    most = len(seen)
    tracks, cells, moments = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    offsets = np.zeros(most + 1, np.int64)
    rows = 0
    for k in range(len(ends) - 1):
        part = np.sort(seen[ends[k] : ends[k + 1]])
        before = -1
        for u in part:
            cell = cell_of[u]
            if cell != before:
                tracks[rows], cells[rows], moments[rows] = k, cell, 0.0
                offsets[rows + 1] = offsets[rows] + cell_starts[cell + 1] - cell_starts[cell]
                before, rows = cell, rows + 1
    bits = np.full(offsets[rows], ZERO, np.uint8)
    row = -1
    for k in range(len(ends) - 1):
        order = np.argsort(seen[ends[k] : ends[k + 1]])
        before = -1
        for o in order:
            u = seen[ends[k] + o]
            cell = cell_of[u]
            if cell != before:
                before, row = cell, row + 1
            bits[offsets[row] + u - cell_starts[cell]] = ONE
            moments[row] = max(moments[row], when[ends[k] + o])
    return tracks[:rows], cells[:rows], moments[:rows], offsets[: rows + 1], bits


@njit(cache=True, nogil=True)
def weigh(bits: Bytes, weight: Floats, cell_starts: Longs) -> Floats:
    """The weight of each cell's units whose character is 1; shape (cells,)."""
    sums = np.zeros(len(cell_starts) - 1)
    for cell in range(len(sums)):
        for u in range(cell_starts[cell], cell_starts[cell + 1]):
            if bits[u] == ONE:
                sums[cell] += weight[u]
    return sums


@njit(cache=True, nogil=True)
def passed(track: Floats, joined: NDArray[np.bool_], points: Floats, sight_m: float) -> Floats:
    """When a track (as ``see`` takes it) first came within sight of each point, in its seconds; NaN where it never did."""
    found = np.full(len(points), np.nan)
    for p in range(len(points)):
        for at in range(len(track)):
            before = at - 1 if joined[at] else at
            ax, ay = track[before, 0], track[before, 1]
            if distance_squared(points[p, 0], points[p, 1], ax, ay, track[at, 0], track[at, 1]) <= sight_m * sight_m:
                found[p] = track[at, 2]
                break
    return found
