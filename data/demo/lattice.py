"""The bent lattice under the demo city: its lines, their rank, and where its nodes lie on the earth.

Lattice coordinates are (u, v): columns from the west, rows from the south, whole numbers at the nodes. Everything that
shares a border shares nodes, so the areas of the city fit each other bit by bit.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.demo.size import DemoSize
from geo.plane import LocalPlane

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]

ORIGIN_LNG, ORIGIN_LAT = 116.93, 39.77
"""Middle of the lattice: open country of the North China plain, where no such city is."""

MINOR, SECONDARY, PRIMARY, CANAL, RIVER = 0, 1, 2, 3, 4
"""Rank of a lattice line. Every rank from SECONDARY up bounds blocks; water lines carry no street."""

DECIMALS = 7  # about a centimetre: what a survey delivers


@dataclass(frozen=True)
class Lattice:
    """Lines, ranks and node positions.

    Attributes
    ----------
    columns, rows : ndarray of int, shape (n + 1,)
        Rank of each line u = i and v = j.
    river_v, canal_u, ring : int, int, (west, east, south, north)
        Lines that the river, the canal (north of the river) and the ring road follow.
    lng, lat : ndarray, shape (n + 1, n + 1)
        Degrees in WGS84 of node [v, u].
    """

    size: DemoSize
    columns: Ints
    rows: Ints
    river_v: int
    canal_u: int
    ring: tuple[int, int, int, int]
    lng: Floats
    lat: Floats

    @property
    def n(self) -> int:
        """Squares a side."""
        return self.size.lines

    def at(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Degrees at any lattice coordinate, by bilinear interpolation between nodes (so lines pass through them)."""
        i = np.clip(np.floor(u), 0, self.n - 1).astype(np.int64)
        j = np.clip(np.floor(v), 0, self.n - 1).astype(np.int64)
        s, t = u - i, v - j
        lng, lat = (
            (1 - s) * (1 - t) * a[j, i]
            + s * (1 - t) * a[j, i + 1]
            + s * t * a[j + 1, i + 1]
            + (1 - s) * t * a[j + 1, i]
            for a in (self.lng, self.lat)
        )
        return np.asarray(lng), np.asarray(lat)


def waves(rng: np.random.Generator, wavelength_m: float, count: int = 5) -> Floats:
    """Random plane waves of about one wavelength; rows (kx, ky, phase) for `ripple`."""
    turn = rng.uniform(0, 2 * np.pi, count)
    k = 2 * np.pi / (wavelength_m * rng.uniform(0.75, 1.4, count))
    return np.column_stack([k * np.cos(turn), k * np.sin(turn), rng.uniform(0, 2 * np.pi, count)])


def ripple(x: Floats, y: Floats, w: Floats) -> Floats:
    """Sum of the waves at points in metres, about within -1..1."""
    total = np.zeros(np.broadcast(x, y).shape)
    for kx, ky, phase in w:
        total += np.sin(kx * x + ky * y + phase)
    return np.asarray(total / np.sqrt(2.0 * len(w)))


def rank_lines(n: int, rng: np.random.Generator) -> Ints:
    """Rank of n + 1 parallel lines: arterials 5 to 9 apart, a secondary street between two of them."""
    rank = np.zeros(n + 1, np.int32)
    at = int(rng.integers(2, 5))
    arterials = []
    while at < n - 1:
        arterials.append(at)
        at += int(rng.integers(5, 10))
    rank[arterials] = PRIMARY
    for a, b in zip([arterials[0] - 7, *arterials], [*arterials, arterials[-1] + 7], strict=True):
        middle = (a + b) // 2
        if 1 < middle < n - 1:
            rank[middle] = SECONDARY
    return rank


def nearest_arterial(rank: Ints, share: float) -> int:
    """The arterial nearest to a share of the lattice's width."""
    arterials = np.flatnonzero(rank == PRIMARY)
    return int(arterials[np.argmin(np.abs(arterials - share * (len(rank) - 1)))])


def bend(x: Floats, y: Floats, y_river: float, extent_m: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Bend a square grid (metres) as a river, old paths and the survey's north bend a real one."""
    meander = ripple(x, np.zeros_like(x), waves(rng, extent_m * 0.55, 3))
    reach = 0.24 * extent_m
    y = y + 0.088 * extent_m * meander * np.exp(-(((y - y_river) / reach) ** 2))
    from_centre = np.clip(np.hypot(x, y) / (0.5 * extent_m), 0, 1.3)
    wide, narrow = min(0.021 * extent_m, 520.0), 13.0
    for w, amplitude in ((0.38 * extent_m, wide), (max(620.0, 0.05 * extent_m), 2.2 * narrow)):
        push = amplitude * (0.25 + from_centre**2)
        x, y = x + push * ripple(x, y, waves(rng, w)), y + push * ripple(x, y, waves(rng, w))
    turn = np.radians(6.5)
    return x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)


def make_lattice(size: DemoSize) -> Lattice:
    """The lattice of a size, deterministic by its seed."""
    rng = np.random.default_rng([size.seed, 1])
    n = size.lines
    columns, rows = rank_lines(n, rng), rank_lines(n, rng)
    ring = (
        nearest_arterial(columns, 0.24),
        nearest_arterial(columns, 0.80),
        nearest_arterial(rows, 0.16),
        nearest_arterial(rows, 0.80),
    )
    river_v, canal_u = nearest_arterial(rows, 0.37), nearest_arterial(columns, 0.66)
    rows[river_v], columns[canal_u] = RIVER, CANAL
    extent = n * size.spacing_m
    u, v = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0))
    x, y = ((a - n / 2) * size.spacing_m for a in (u, v))
    x, y = bend(x, y, (river_v - n / 2) * size.spacing_m, extent, rng)
    lng, lat = LocalPlane(ORIGIN_LNG, ORIGIN_LAT).to_lnglat(x, y)
    return Lattice(size, columns, rows, river_v, canal_u, ring, np.round(lng, DECIMALS), np.round(lat, DECIMALS))
