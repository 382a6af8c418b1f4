"""Patrols: which of a cell's streets and buildings somebody passed within sight. Pure; a plane in metres.

What can be seen are *units*: pieces of streets some fifteen metres long, and buildings. A street between two cells is of both.
A track is the places that somebody shared while on duty; between two of them that follow closely the way is taken as straight.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.patrol_kernels import by_cell, see, weigh

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

SIGHT_M: Final = 30.0
PIECE_M: Final = 15.0
SIDE_M: Final = 12.0
"""So far to either side of a street it is asked which cell lies there."""
WORST_M: Final = 60.0
"""A place known less well than this shows nothing."""
LONGEST_S: Final = 240.0
FARTHEST_M: Final = 400.0
"""Two places farther apart than these are not joined by a straight way."""
SQUARE_M: Final = 50.0


class Pieces(NamedTuple):
    """Streets cut up: middles, unit vectors along, metres."""

    x: Floats
    y: Floats
    dx: Floats
    dy: Floats
    metres: Floats


def cut_streets(starts: Longs, x: Floats, y: Floats, piece_m: float = PIECE_M) -> Pieces:
    """Lines cut into equal pieces of at most ``piece_m`` metres.

    Parameters
    ----------
    starts : NDArray[int64]
        Vertices of line k are ``starts[k]:starts[k + 1]``.
    x, y : NDArray[float64]
        Metres.
    """
    stepped = np.hypot(np.diff(x, prepend=x[:1]), np.diff(y, prepend=y[:1]))
    stepped[starts[:-1][starts[:-1] < len(x)]] = 0.0
    travelled = np.cumsum(stepped)
    first, final = starts[:-1], np.maximum(starts[1:] - 1, 0)
    lengths = np.where(starts[1:] > first, travelled[final] - travelled[np.minimum(first, len(x) - 1)], 0.0)
    counts = np.ceil(lengths / piece_m).astype(np.int64)
    line = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts)
    metres = lengths[line] / counts[line]
    along = travelled[first[line]] + (number + 0.5) * metres
    ahead = np.clip(np.searchsorted(travelled, along), first[line] + 1, final[line])
    stretch = np.maximum(stepped[ahead], 1e-9)
    part = (along - travelled[ahead - 1]) / stretch
    dx, dy = (x[ahead] - x[ahead - 1]) / stretch, (y[ahead] - y[ahead - 1]) / stretch
    return Pieces(x[ahead - 1] + part * stretch * dx, y[ahead - 1] + part * stretch * dy, dx, dy, metres)


@dataclass(frozen=True, eq=False)
class Sights:
    """What can be seen, by cell.

    Attributes
    ----------
    source : NDArray[int64]
        Which of the units that were given each unit is; units are sorted by cell.
    cell_of : NDArray[int32]
        The cell of each unit.
    cell_starts : NDArray[int64]
        Units of cell k are ``cell_starts[k]:cell_starts[k + 1]``.
    weight : NDArray[float64]
        What a unit counts: metres, or one.
    """

    source: Longs
    cell_of: Ints
    cell_starts: Longs
    weight: Floats
    _points: Floats
    _unit: Ints
    _squares: Longs
    _frame: Floats
    _shape: tuple[int, int]

    @property
    def whole(self) -> Floats:
        """What all units of each cell count, shape (cells,)."""
        found: Floats = np.bincount(self.cell_of, self.weight, len(self.cell_starts) - 1).astype(np.float64)
        return found

    def seen_weight(self, bits: NDArray[np.uint8]) -> Floats:
        """What the seen units of each cell count. ``bits``: a character 0 or 1 for each unit."""
        found: Floats = weigh(bits, self.weight, self.cell_starts)
        return found


def sights_of(cells: int, cell: Ints, weight: Floats, points: Floats, point_unit: Longs) -> Sights:
    """Units made ready to be seen.

    Parameters
    ----------
    cells : int
        How many cells there are.
    cell, weight : NDArray, shape (units,)
        The cell of each unit, -1 for none (it is left out), and what it counts.
    points, point_unit : NDArray, shapes (n, 2) and (n,)
        Points in metres; a unit is seen where one of its points is.
    """
    order = np.argsort(cell, kind="stable")
    order = order[cell[order] >= 0]
    number = np.full(len(cell) + 1, -1, np.int64)
    number[order] = np.arange(len(order))
    unit = number[point_unit]
    points, unit = points[unit >= 0], unit[unit >= 0]
    low = points.min(axis=0, initial=np.inf) if len(points) else np.zeros(2)
    square = np.floor((points - low) / SQUARE_M).astype(np.int64)
    columns, rows = (square.max(axis=0) + 1).tolist() if len(points) else (0, 0)
    key = square[:, 1] * columns + square[:, 0]
    by_square = np.argsort(key, kind="stable")
    squares = np.searchsorted(key[by_square], np.arange(columns * rows + 1)).astype(np.int64)
    of = cell[order].astype(np.int32)
    return Sights(
        order,
        of,
        np.searchsorted(of, np.arange(cells + 1)).astype(np.int64),
        weight[order],
        np.ascontiguousarray(points[by_square]),
        unit[by_square].astype(np.int32),
        squares,
        np.array([*low, SQUARE_M]),
        (columns, rows),
    )


@dataclass(frozen=True, eq=False)
class Tracks:
    """Tracks one after the other: places (x, y, seconds; in order of time) of track k are ``starts[k]:starts[k + 1]``."""

    starts: Longs
    places: Floats
    joined: Bools


def tracks_of(key: Longs, x: Floats, y: Floats, at_s: Floats, accuracy_m: Floats) -> tuple[Longs, Tracks]:
    """Places as tracks, by ``key``: the keys in ascending order, and their tracks. Places known too badly are left out."""
    good = accuracy_m <= WORST_M
    key, x, y, at_s = key[good], x[good], y[good], at_s[good]
    order = np.lexsort((at_s, key))
    key, places = key[order], np.column_stack((x, y, at_s))[order]
    keys, starts = np.unique(key, return_index=True)
    step = np.diff(places, axis=0, prepend=places[:1])
    joined = (np.hypot(step[:, 0], step[:, 1]) <= FARTHEST_M) & (step[:, 2] <= LONGEST_S)
    joined[starts] = False
    return keys, Tracks(np.append(starts, len(key)).astype(np.int64), places, joined)


@dataclass(frozen=True, eq=False)
class Seen:
    """What tracks saw, a row for each track and cell, ascending. The characters of row k: ``bits[offsets[k]:offsets[k + 1]]``."""

    track: Longs
    cell: Longs
    last_s: Floats
    offsets: Longs
    bits: NDArray[np.uint8]


def seen_by(sights: Sights, tracks: Tracks, sight_m: float = SIGHT_M) -> Seen:
    """The units that each track passed within ``sight_m`` metres, by track and cell."""
    columns, rows = sights._shape
    ends, units, when = see(
        sights._squares,
        sights._frame,
        columns,
        rows,
        sights._points,
        sights._unit,
        len(sights.cell_of),
        tracks.starts,
        tracks.places,
        tracks.joined,
        sight_m,
    )
    return Seen(*by_cell(ends, units, when, sights.cell_of, sights.cell_starts))


class Stop(NamedTuple):
    """Where somebody stayed: middle in metres, from when to when in seconds."""

    x: float
    y: float
    from_s: float
    to_s: float


STAY_M: Final = 40.0
STAY_S: Final = 180.0


def stops_of(places: Floats, within_m: float = STAY_M, least_s: float = STAY_S) -> list[Stop]:
    """Where a track stayed: runs of places within ``within_m`` metres of their first one that last ``least_s`` seconds or more.

    ``places`` has shape (n, 3): x, y, seconds, in order of time. A gap in the track ends a stay.
    """
    found, begin = [], 0
    while begin < len(places):
        end = begin + 1
        while end < len(places) and _stays(places[begin], places[end - 1], places[end], within_m):
            end += 1
        if places[end - 1, 2] - places[begin, 2] >= least_s:
            x, y = places[begin:end, :2].mean(axis=0).tolist()
            found.append(Stop(x, y, float(places[begin, 2]), float(places[end - 1, 2])))
            begin = end
        else:
            begin += 1
    return found


def _stays(first: Floats, before: Floats, place: Floats, within_m: float) -> bool:
    near = np.hypot(place[0] - first[0], place[1] - first[1]) <= within_m
    return bool(near and place[2] - before[2] <= LONGEST_S)
