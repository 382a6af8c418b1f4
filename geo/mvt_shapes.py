"""Shapes on a tile's grid: projected, simplified, clipped, wound, and written as the commands of a vector tile.

Coordinates come in Web Mercator with 2**32 units around the earth (x eastward, y southward); a tile has ``EXTENT`` units a side,
y southward too. Exterior rings get a positive area by the surveyor's formula, interior ones a negative one (MVT 2.1, 4.3.4.4).
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Units = NDArray[np.uint32]
Commands = NDArray[np.uint32]

EXTENT: Final = 4096
EXTENT_BITS: Final = 12
WORLD_BITS: Final = 32
MOVE_TO, CLOSE_PATH = 9, 15
LINE_TO: Final = 2


@njit(cache=True, nogil=True)
def point_commands(x: Units, y: Units, zoom: int, column: int, row: int) -> tuple[Commands, Longs]:
    """Commands and their starts for points; each lies in the cell of the tile's grid that it is cut down to."""
    shift = WORLD_BITS - zoom - EXTENT_BITS
    left, top = column << EXTENT_BITS, row << EXTENT_BITS
    commands = np.empty(3 * len(x), np.uint32)
    for k in range(len(x)):
        across, down = (np.int64(x[k]) >> shift) - left, (np.int64(y[k]) >> shift) - top
        commands[3 * k] = MOVE_TO
        commands[3 * k + 1] = (across << 1) ^ (across >> 63)
        commands[3 * k + 2] = (down << 1) ^ (down >> 63)
    return commands, np.arange(0, 3 * len(x) + 1, 3)


@njit(cache=True, nogil=True)
def shape_commands(
    chosen: Longs,
    shape_parts: Longs,
    part_points: Longs,
    holes: NDArray[np.bool_],
    x: Units,
    y: Units,
    zoom: int,
    column: int,
    row: int,
    closed: bool,
    tolerance: float,
    buffer: int,
) -> tuple[Commands, Longs]:
    """Commands and their starts for polygons (``closed``) or lines.

    Parameters
    ----------
    chosen : NDArray[int64]
        Which shapes; the result has one entry for each, empty where nothing of it is on the tile.
    shape_parts, part_points : NDArray[int64]
        Parts of shape k: ``shape_parts[k]:shape_parts[k + 1]``; points of part p: ``part_points[p]:part_points[p + 1]``.
        Rings are closed: their last point is their first.
    holes : NDArray[bool]
        For each part whether it is an interior ring; it follows its exterior ring.
    tolerance : float
        Of Douglas-Peucker, in tile units; 0: none.
    buffer : int
        Drawn beyond the tile's edge, in tile units.
    """
    total = longest = 0
    for k in chosen:
        for part in range(shape_parts[k], shape_parts[k + 1]):
            size = part_points[part + 1] - part_points[part]
            longest = max(longest, size)
            total += 4 * size + 8
    commands = np.empty(total + 16, np.uint32)
    starts = np.zeros(len(chosen) + 1, np.int64)
    one, other = np.empty((6 * longest + 16, 2), np.int64), np.empty((6 * longest + 16, 2), np.int64)
    kept, stack = np.empty(longest + 1, np.bool_), np.empty((longest + 1, 2), np.int64)
    cursor = np.zeros(2, np.int64)
    at = 0
    for k in range(len(chosen)):
        cursor[:] = 0
        outer_drawn = False
        for part in range(shape_parts[chosen[k]], shape_parts[chosen[k] + 1]):
            if closed and holes[part] and not outer_drawn:
                continue
            points = _on_grid(x, y, part_points[part], part_points[part + 1], zoom, column, row, one)
            if tolerance > 0 and points > 5:
                points = _simplified(one, points, tolerance, kept, stack)
            before = at
            if 12 * points + 32 > len(commands) - at:  # each of four edges may add half as many points
                commands = _longer(commands, at + 12 * points + 32)
            if closed:
                at = _ring(one, other, points, buffer, holes[part], cursor, commands, at)
            else:
                at = _lines(one, points, buffer, cursor, commands, at)
            if not holes[part]:
                outer_drawn = at > before
        starts[k + 1] = at
    return commands[:at].copy(), starts


@njit(cache=True, nogil=True)
def _longer(commands: Commands, least: int) -> Commands:
    longer = np.empty(max(2 * len(commands), least), np.uint32)
    longer[: len(commands)] = commands
    return longer


@njit(cache=True, nogil=True)
def _on_grid(x: Units, y: Units, start: int, end: int, zoom: int, column: int, row: int, out: Longs) -> int:
    """Points rounded to the tile's grid, repeated ones left out; how many."""
    shift = WORLD_BITS - zoom - EXTENT_BITS
    half = (1 << shift) >> 1
    left, top = column << EXTENT_BITS, row << EXTENT_BITS
    count = 0
    for k in range(start, end):
        across = ((np.int64(x[k]) + half) >> shift) - left
        down = ((np.int64(y[k]) + half) >> shift) - top
        if count == 0 or across != out[count - 1, 0] or down != out[count - 1, 1]:
            out[count, 0], out[count, 1] = across, down
            count += 1
    return count


@njit(cache=True, nogil=True)
def _simplified(points: Longs, count: int, tolerance: float, kept: NDArray[np.bool_], stack: Longs) -> int:
    """Douglas-Peucker in place; the first and the last point stay. How many are left."""
    kept[:count] = False
    kept[0] = kept[count - 1] = True
    stack[0, 0], stack[0, 1] = 0, count - 1
    depth = 1
    while depth:
        depth -= 1
        first, last = stack[depth]
        farthest, at = tolerance * tolerance, -1
        for k in range(first + 1, last):
            away = _squared_distance(points, k, first, last)
            if away > farthest:
                farthest, at = away, k
        if at >= 0:
            kept[at] = True
            stack[depth, 0], stack[depth, 1] = first, at
            stack[depth + 1, 0], stack[depth + 1, 1] = at, last
            depth += 2
    left = 0
    for k in range(count):
        if kept[k]:
            points[left] = points[k]
            left += 1
    return left


@njit(cache=True, nogil=True)
def simplify(part_points: Longs, x: Units, y: Units, tolerance: float) -> tuple[NDArray[np.bool_], Longs]:
    """Which points Douglas-Peucker keeps of each part, and where the parts begin then."""
    kept_all = np.ones(len(x), np.bool_)
    starts = np.zeros(len(part_points), np.int64)
    for part in range(len(part_points) - 1):
        start, end = part_points[part], part_points[part + 1]
        size = end - start
        if size > 5:
            points = np.empty((size, 2), np.int64)
            for k in range(size):
                points[k, 0], points[k, 1] = x[start + k], y[start + k]
            kept, stack = np.empty(size, np.bool_), np.empty((size + 1, 2), np.int64)
            size = _simplified(points, size, tolerance, kept, stack)
            kept_all[start:end] = kept
        starts[part + 1] = starts[part] + size
    return kept_all, starts


@njit(cache=True, nogil=True)
def _squared_distance(points: Longs, k: int, first: int, last: int) -> float:
    """From point k to the segment between two others."""
    dx, dy = np.float64(points[last, 0] - points[first, 0]), np.float64(points[last, 1] - points[first, 1])
    px, py = np.float64(points[k, 0] - points[first, 0]), np.float64(points[k, 1] - points[first, 1])
    length = dx * dx + dy * dy
    if length > 0:
        along = min(1.0, max(0.0, (px * dx + py * dy) / length))
        px, py = px - along * dx, py - along * dy
    return px * px + py * py


@njit(cache=True, nogil=True)
def _ring(
    one: Longs,
    other: Longs,
    count: int,
    buffer: int,
    hole: bool,
    cursor: Longs,
    commands: Commands,
    at: int,
) -> int:
    """Write a ring, clipped to the buffered tile; one without area is left out. The offset behind it."""
    low, high = -buffer, EXTENT + buffer
    inside = True
    for k in range(count):
        if one[k, 0] < low or one[k, 0] > high or one[k, 1] < low or one[k, 1] > high:
            inside = False
            break
    ring = one
    if not inside:
        for axis in range(2):
            if count:
                count = _clip(one, other, count, axis, low, 1)
                count = _clip(other, one, count, axis, high, -1)
    while count > 1 and ring[0, 0] == ring[count - 1, 0] and ring[0, 1] == ring[count - 1, 1]:
        count -= 1
    twice = 0
    for k in range(count):
        after = k + 1 if k + 1 < count else 0
        twice += ring[k, 0] * ring[after, 1] - ring[after, 0] * ring[k, 1]
    if count < 3 or twice == 0:
        return at
    backwards = (twice > 0) == hole
    for k in range(count):
        point = ring[count - 1 - k] if backwards else ring[k]
        if k == 0:
            commands[at] = MOVE_TO
            at += 1
        elif k == 1:
            commands[at] = ((count - 1) << 3) | LINE_TO
            at += 1
        at = _step(point, cursor, commands, at)
    commands[at] = CLOSE_PATH
    return at + 1


@njit(cache=True, nogil=True)
def _step(point: Longs, cursor: Longs, commands: Commands, at: int) -> int:
    for axis in range(2):
        delta = point[axis] - cursor[axis]
        commands[at + axis] = (delta << 1) ^ (delta >> 63)
        cursor[axis] = point[axis]
    return at + 2


@njit(cache=True, nogil=True)
def _clip(ring: Longs, out: Longs, count: int, axis: int, limit: int, sign: int) -> int:
    """Sutherland-Hodgman against one edge: what lies where ``sign * (coordinate - limit) >= 0``. How many points are left."""
    left = 0
    if count == 0:
        return 0
    before = count - 1
    for k in range(count):
        was, now = sign * (ring[before, axis] - limit), sign * (ring[k, axis] - limit)
        if (was < 0) != (now < 0):
            share = np.float64(was) / np.float64(was - now)
            across = ring[before, 1 - axis] + np.int64(np.round(share * (ring[k, 1 - axis] - ring[before, 1 - axis])))
            left = _push(out, left, axis, limit, across)
        if now >= 0:
            left = _push(out, left, axis, ring[k, axis], ring[k, 1 - axis])
        before = k
    return left


@njit(cache=True, nogil=True)
def _push(out: Longs, count: int, axis: int, along: int, across: int) -> int:
    if count and out[count - 1, axis] == along and out[count - 1, 1 - axis] == across:
        return count
    out[count, axis], out[count, 1 - axis] = along, across
    return count + 1


@njit(cache=True, nogil=True)
def _lines(points: Longs, count: int, buffer: int, cursor: Longs, commands: Commands, at: int) -> int:
    """Write a line, cut into what of it lies on the buffered tile. The offset behind it."""
    piece = np.empty((count + 1, 2), np.int64)
    size = 0
    segment = np.empty((2, 2), np.int64)
    for k in range(1, count):
        segment[0], segment[1] = points[k - 1], points[k]
        if not _clip_segment(segment, -buffer, EXTENT + buffer):
            at = _piece(piece, size, cursor, commands, at)
            size = 0
            continue
        if size and (segment[0, 0] != piece[size - 1, 0] or segment[0, 1] != piece[size - 1, 1]):
            at = _piece(piece, size, cursor, commands, at)
            size = 0
        if not size:
            piece[0] = segment[0]
            size = 1
        if segment[1, 0] != piece[size - 1, 0] or segment[1, 1] != piece[size - 1, 1]:
            piece[size] = segment[1]
            size += 1
    return _piece(piece, size, cursor, commands, at)


@njit(cache=True, nogil=True)
def _piece(piece: Longs, size: int, cursor: Longs, commands: Commands, at: int) -> int:
    if size < 2:
        return at
    commands[at] = MOVE_TO
    at = _step(piece[0], cursor, commands, at + 1)
    commands[at] = ((size - 1) << 3) | LINE_TO
    at += 1
    for k in range(1, size):
        at = _step(piece[k], cursor, commands, at)
    return at


@njit(cache=True, nogil=True)
def _clip_segment(segment: Longs, low: int, high: int) -> bool:
    """Liang-Barsky in place; whether anything of the segment is inside."""
    start, end = 0.0, 1.0
    ax, ay = np.float64(segment[0, 0]), np.float64(segment[0, 1])
    dx, dy = np.float64(segment[1, 0]) - ax, np.float64(segment[1, 1]) - ay
    for side in range(4):
        step = dx if side < 2 else dy
        origin = ax if side < 2 else ay
        toward, room = (-step, origin - low) if side % 2 == 0 else (step, high - origin)
        if toward == 0:
            if room < 0:
                return False
        elif toward < 0:
            start = max(start, room / toward)
        else:
            end = min(end, room / toward)
    if start > end:
        return False
    if end < 1.0:
        segment[1, 0], segment[1, 1] = np.int64(np.round(ax + end * dx)), np.int64(np.round(ay + end * dy))
    if start > 0.0:
        segment[0, 0], segment[0, 1] = np.int64(np.round(ax + start * dx)), np.int64(np.round(ay + start * dy))
    return True
