"""A walk past many doors: nearest neighbour first, then shortened by 2-opt and Or-opt until neither helps.

An open path over straight lines. 2-opt turns a stretch round (Croes 1958), Or-opt moves up to three stops elsewhere (Or 1976);
both only ever shorten it, so that the walk ends where no such step helps, typically within 5 % of the best.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.plane import LocalPlane

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_STOPS: Final = 200
"""As many as somebody walks in a day; 2-opt over them takes milliseconds."""
GAIN_M: Final = 1e-6


@dataclass(frozen=True)
class Walk:
    """The order of the stops, and metres in straight lines from the start (the first stop where there is none) to the last."""

    order: tuple[int, ...]
    length_m: float


def walking_route(
    lng: Floats, lat: Floats, start: tuple[float, float] | None = None, at_most: int = MOST_STOPS
) -> Walk:
    """A short walk past stops.

    Parameters
    ----------
    lng, lat : NDArray[float64]
        EPSG:4326, shape (n,).
    start : (lng, lat), optional
        Where the walk begins; None: at the westernmost stop.
    at_most : int
        With more stops than that, the first so many of the way from nearest to nearest: they lie together.
    """
    if not len(lng):
        return Walk((), 0.0)
    plane = LocalPlane(float(lng.mean()), float(lat.mean()))
    x, y = plane.to_xy(lng, lat)
    if start is None:
        order = _nearest(x, y, int(np.argmin(x)), at_most)
        way = order
    else:
        here = plane.to_xy(*start)
        x, y = np.append(x, here[0]), np.append(y, here[1])
        way = _nearest(x, y, len(lng), at_most + 1)
    way = _shortened(x[way], y[way], way)
    stops = way if start is None else way[1:]
    return Walk(tuple(stops.tolist()), _length(x[way], y[way]))


@njit(cache=True, nogil=True)
def _nearest(x: Floats, y: Floats, first: int, at_most: int) -> Ints:
    """From ``first`` always on to the nearest that is left."""
    count = min(len(x), at_most)
    way = np.empty(count, np.int64)
    free = np.ones(len(x), np.bool_)
    here = first
    for at in range(count):
        way[at] = here
        free[here] = False
        best, nearest = -1, np.inf
        for other in range(len(x)):
            if free[other]:
                away = (x[other] - x[here]) ** 2 + (y[other] - y[here]) ** 2
                if away < nearest:
                    best, nearest = other, away
        here = best
    return way


@njit(cache=True, nogil=True)
def _away(x: Floats, y: Floats, a: int, b: int) -> float:
    return float(np.hypot(x[a] - x[b], y[a] - y[b]))


@njit(cache=True, nogil=True)
def _length(x: Floats, y: Floats) -> float:
    total = 0.0
    for at in range(1, len(x)):
        total += _away(x, y, at - 1, at)
    return total


@njit(cache=True, nogil=True)
def _shortened(x: Floats, y: Floats, way: Ints) -> Ints:
    """The way with its first stop kept, shortened until no step helps; ``x``, ``y`` in the way's order."""
    x, y, way = x.copy(), y.copy(), way.copy()
    better = True
    while better:
        better = _turn_round(x, y, way) or _move(x, y, way)
    return way


@njit(cache=True, nogil=True)
def _turn_round(x: Floats, y: Floats, way: Ints) -> bool:
    """2-opt: the first stretch that is shorter the other way round."""
    n = len(way)
    for a in range(1, n - 1):
        for b in range(a + 1, n):
            before = _away(x, y, a - 1, a)
            after = _away(x, y, a - 1, b)
            if b + 1 < n:
                before += _away(x, y, b, b + 1)
                after += _away(x, y, a, b + 1)
            if after < before - GAIN_M:
                for column in (x, y):
                    column[a : b + 1] = column[a : b + 1][::-1].copy()
                way[a : b + 1] = way[a : b + 1][::-1].copy()
                return True
    return False


@njit(cache=True, nogil=True)
def _move(x: Floats, y: Floats, way: Ints) -> bool:
    """Or-opt: the first one to three stops that lie better between two others."""
    n = len(way)
    for size in range(1, 4):
        for a in range(1, n - size + 1):
            b = a + size - 1
            saved = _away(x, y, a - 1, a)
            if b + 1 < n:
                saved += _away(x, y, b, b + 1) - _away(x, y, a - 1, b + 1)
            for to in range(n):
                if a - 1 <= to <= b:
                    continue
                cost = _away(x, y, to, a)
                if to + 1 < n:
                    cost += _away(x, y, b, to + 1) - _away(x, y, to, to + 1)
                if cost < saved - GAIN_M:
                    order = _moved(n, a, b, to)
                    x[:], y[:], way[:] = x[order], y[order], way[order]
                    return True
    return False


@njit(cache=True, nogil=True)
def _moved(n: int, a: int, b: int, to: int) -> Ints:
    """Positions with ``a..b`` behind position ``to``, which is outside of it."""
    order = np.empty(n, np.int64)
    at = 0
    for k in range(n):
        if a <= k <= b:
            continue
        order[at] = k
        at += 1
        if k == to:
            for inside in range(a, b + 1):
                order[at] = inside
                at += 1
    return order
