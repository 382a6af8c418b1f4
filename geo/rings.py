"""Polygons as flat rings, and rings cut into bands of latitude: what makes an exact point-in-polygon test short."""

from dataclasses import dataclass

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

from geo.kernels import band_of

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

EDGES_IN_ONE_BAND = 24
EDGES_PER_BAND = 4


@dataclass(frozen=True)
class Rings:
    """Polygons as flat rings: ring r is vertices ring_at[r] to [r + 1], polygon p is rings of_polygon[p] to [p + 1].

    ``outer[r]`` tells whether ring r is the outline of a part, not a hole.
    """

    vertices: Floats
    ring_at: Longs
    of_polygon: Longs
    outer: NDArray[np.bool_]

    @property
    def polygons(self) -> int:
        """How many polygons there are."""
        return len(self.of_polygon) - 1


def flatten(polygons: NDArray[np.object_]) -> Rings:
    """The rings of polygons and multipolygons, holes and parts alike; an empty geometry has none."""
    if len(polygons) == 0:
        return Rings(np.empty((0, 2)), np.zeros(1, np.int64), np.zeros(1, np.int64), np.ones(0, np.bool_))
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    vertices, ring_of = shapely.get_coordinates(rings, return_index=True)
    ring_at = np.searchsorted(ring_of, np.arange(len(rings) + 1))
    of_polygon = np.searchsorted(owner[part_of], np.arange(len(polygons) + 1))
    outer = np.diff(part_of, prepend=-1) != 0
    return Rings(np.ascontiguousarray(vertices), ring_at.astype(np.int64), of_polygon.astype(np.int64), outer)


@njit(cache=True, nogil=True)
def _mix(h: int) -> int:
    """Scrambles 64 bits (the finaliser of SplitMix64)."""
    h = (h ^ (h >> 30)) * -4658895280553007687
    h = (h ^ (h >> 27)) * -7723592293110705685
    return h ^ (h >> 31)


@njit(cache=True, nogil=True)
def _hash_edges(vertices: Floats, bits: Longs, ring_at: Longs, outer: NDArray[np.bool_], hashes: Longs) -> None:
    """A number for each edge, such that an edge and the same edge of the polygon on its other side sum to nothing."""
    for r in range(len(outer)):
        a, b = ring_at[r], ring_at[r + 1]
        area = 0.0
        for v in range(a, b - 1):
            x1, y1 = vertices[v, 0] - vertices[a, 0], vertices[v, 1] - vertices[a, 1]
            x2, y2 = vertices[v + 1, 0] - vertices[a, 0], vertices[v + 1, 1] - vertices[a, 1]
            area += x1 * y2 - x2 * y1
        sign = 1 if (area > 0.0) == outer[r] else -1
        here = _mix(_mix(bits[a, 0]) + bits[a, 1])
        for v in range(a, b - 1):
            there = _mix(_mix(bits[v + 1, 0]) + bits[v + 1, 1])
            hashes[v] = sign * (_mix(3 * here + there) - _mix(3 * there + here))
            here = there


def edge_hashes(rings: Rings) -> Longs:
    """For the edge from each vertex a number that its twin, the same edge of the polygon across it, cancels."""
    hashes = np.zeros(len(rings.vertices), np.int64)
    bits = (rings.vertices + 0.0).view(np.int64)
    _hash_edges(rings.vertices, bits, rings.ring_at, rings.outer, hashes)
    return hashes


@njit(cache=True, nogil=True)
def _frame_bands(vertices: Floats, ring_at: Longs, of_polygon: Longs, band_at: Ints, band_frame: Floats) -> None:
    """Cuts each polygon into bands of latitude: one when it has few edges, else some four edges to a band."""
    for p in range(len(of_polygon) - 1):
        a, b = ring_at[of_polygon[p]], ring_at[of_polygon[p + 1]]
        edges = b - a - (of_polygon[p + 1] - of_polygon[p])
        bands = 1 if edges <= EDGES_IN_ONE_BAND else edges // EDGES_PER_BAND
        south, north = 0.0, 0.0
        if b > a:
            south, north = vertices[a:b, 1].min(), vertices[a:b, 1].max()
        if not north > south:
            bands = 1
        band_at[p + 1] = band_at[p] + bands
        band_frame[p, 0] = south
        band_frame[p, 1] = bands / (north - south) if bands > 1 else 0.0


@njit(cache=True, nogil=True)
def _fill_bands(
    vertices: Floats,
    ring_at: Longs,
    of_polygon: Longs,
    band_at: Ints,
    band_frame: Floats,
    end_of: Ints,
    fill: Ints,
    runs: Ints,
) -> None:
    """Puts each edge into every band it reaches, consecutive edges as one run; with no room in ``runs`` it counts."""
    writing = len(runs) > 0
    for p in range(len(of_polygon) - 1):
        bands = band_at[p + 1] - band_at[p]
        south, per_lat = band_frame[p]
        for r in range(of_polygon[p], of_polygon[p + 1]):
            for v in range(ring_at[r], ring_at[r + 1] - 1):
                y1, y2 = vertices[v, 1], vertices[v + 1, 1]
                low = band_at[p] + band_of(min(y1, y2), south, per_lat, bands)
                high = band_at[p] + band_of(max(y1, y2), south, per_lat, bands)
                for band in range(low, high + 1):
                    if end_of[band] != v:
                        if writing:
                            runs[fill[band], 0] = v
                        fill[band] += 1
                    end_of[band] = v + 1
                    if writing:
                        runs[fill[band] - 1, 1] = v + 1


@dataclass(frozen=True)
class Bands:
    """Polygon p has bands band_at[p] to [p + 1]; band b has runs runs_of[b] to [b + 1], each a first and a last vertex.

    ``frame[p]`` is the polygon's southernmost latitude and its bands to a degree (0 where there is one band).
    """

    band_at: Ints
    frame: Floats
    runs_of: Ints
    runs: Ints


def cut_bands(rings: Rings) -> Bands:
    """The bands of every polygon."""
    band_at, frame = np.zeros(rings.polygons + 1, np.int32), np.zeros((rings.polygons, 2))
    shape = (rings.vertices, rings.ring_at, rings.of_polygon)
    _frame_bands(*shape, band_at, frame)
    end_of, count = np.full(band_at[-1], -1, np.int32), np.zeros(band_at[-1], np.int32)
    _fill_bands(*shape, band_at, frame, end_of, count, np.empty((0, 2), np.int32))
    runs_of = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    runs = np.empty((runs_of[-1], 2), np.int32)
    end_of.fill(-1)
    if len(runs) > 0:
        _fill_bands(*shape, band_at, frame, end_of, runs_of[:-1].copy(), runs)
    return Bands(band_at, frame, runs_of, runs)
