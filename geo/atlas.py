"""The atlas: every layer of a city in one index, which says exactly and at once where a point lies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo import border_kernels, kernels
from geo.border_tree import border_tree
from geo.layers import Layer
from geo.plane import LocalPlane
from geo.raster import rasterise
from geo.rings import Rings, cut_bands, flatten

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]

TILE_POINTS = 64
"""Points that a tile of the visiting order should hold, roughly."""
MOST_TILES_A_SIDE = 128
MOST_OWN_BANDS = 64
"""Bands up to which the nearest border is sought in the point's own polygon instead of the layer's tree."""


class Place(NamedTuple):
    """Where one point lies, layer by layer: polygon (-1 outside), metres to the nearest border, polygon across it."""

    indices: tuple[int, ...]
    border_m: tuple[float, ...]
    other: tuple[int, ...]


class Borders(NamedTuple):
    """The nearest border of each layer (rows) for each point (columns): metres to it, the polygon across it or -1."""

    distance_m: Floats
    other: Ints


@dataclass(frozen=True, eq=False)
class Atlas:
    """An index over layers, made by `Atlas.build`.

    All answers are those of exact plane geometry on the longitudes and latitudes, equal to GEOS ``intersects``: a
    point on a border belongs to the polygon, and where several polygons of a layer cover a point (a shared border, an
    overlap) the one of lowest index has it. A coordinate that is not a number lies nowhere.
    """

    layers: tuple[Layer, ...]
    plane: LocalPlane
    bounds: tuple[float, float, float, float]
    """West, south, east, north of all layers, degrees; zeros where there is no polygon."""
    _head: Longs = field(repr=False)
    _frame: Floats = field(repr=False)
    _ints: Ints = field(repr=False)
    _floats: Floats = field(repr=False)

    @staticmethod
    def build(layers: Sequence[Layer], progress: Progress | None = None) -> "Atlas":
        """Indexes layers.

        Parameters
        ----------
        layers : sequence of Layer
            Any number, in the order in which answers are given.
        progress : callable, optional
            Told the layer's name and how much of the whole is done, 0 to 1.
        """
        rings = [flatten(layer.polygons) for layer in layers]
        bounds = _bounds(rings)
        plane = LocalPlane((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
        sizes = np.array([len(r.vertices) + 1 for r in rings])
        parts = []
        for k, layer in enumerate(layers):

            def tell(done: float, k: int = k, name: str = layer.name) -> None:
                if progress is not None:
                    progress(name, float((sizes[:k].sum() + done * sizes[k]) / sizes.sum()))

            parts.append(_index(rings[k], plane, tell))
            tell(1.0)
        return Atlas(tuple(layers), plane, bounds, *_join(parts))

    @property
    def names(self) -> tuple[str, ...]:
        """The layers' names, in order."""
        return tuple(layer.name for layer in self.layers)

    def locate(self, lng: ArrayLike, lat: ArrayLike) -> Ints:
        """The polygon that each point lies in, for each layer.

        Parameters
        ----------
        lng, lat : array_like of float, length n
            Degrees, EPSG:4326.

        Returns
        -------
        int32 array (layers, n)
            Index of the polygon within its layer, -1 outside.
        """
        x, y = _points(lng, lat)
        where = np.empty((len(self.layers), len(x)), np.int32)
        kernels.locate_bulk(self._head, self._frame, self._ints, self._floats, x, y, self._order(x, y), where)
        return where

    def border(self, lng: ArrayLike, lat: ArrayLike, where: Ints) -> Borders:
        """How far each point is from the nearest border of each layer, and what lies across it.

        Parameters
        ----------
        lng, lat : array_like of float, length n
            Degrees, EPSG:4326.
        where : int32 array (layers, n)
            What `locate` said of these points.

        Returns
        -------
        Borders
            Metres in the atlas's plane, uncapped (infinite for a layer without polygons, NaN for a point that is
            none), and the polygon found 0.1 m beyond the nearest point of the border, -1 if none or the same.
        """
        x, y = _points(lng, lat)
        distance_m = np.empty((len(self.layers), len(x)))
        other = np.empty((len(self.layers), len(x)), np.int32)
        index = (self._head, self._frame, self._ints, self._floats)
        scale = (self.plane.lng_m, self.plane.lat_m)
        where = np.ascontiguousarray(where, np.int32)
        border_kernels.border_bulk(*index, x, y, self._order(x, y), where, *scale, distance_m, other)
        return Borders(distance_m, other)

    def locate_one(self, lng: float, lat: float) -> Place:
        """What `locate` and `border` say of one point, in a few microseconds."""
        place, border_m = np.empty((2, len(self.layers)), np.int32), np.empty(len(self.layers))
        index = (self._head, self._frame, self._ints, self._floats)
        border_kernels.locate_one(*index, float(lng), float(lat), self.plane.lng_m, self.plane.lat_m, place, border_m)
        indices, other = place.tolist()
        return Place(tuple(indices), tuple(border_m.tolist()), tuple(other))

    def _order(self, x: Floats, y: Floats) -> Ints:
        """The order in which to visit points: tile by tile, so that they find their neighbours' data in the cache."""
        west, south, east, north = self.bounds
        tiles = int(np.clip(np.sqrt(len(x) / TILE_POINTS), 1, MOST_TILES_A_SIDE))
        width, height = max(east - west, 1e-12), max(north - south, 1e-12)
        order: Ints = kernels.tile_order(x, y, west, south, tiles / width, tiles / height, tiles)
        return order


def _points(lng: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Coordinates as the kernels take them: one-dimensional, contiguous, writeable (Numba compiles any other anew)."""
    x, y = (np.require(np.atleast_1d(v), np.float64, ["C", "W"]) for v in (lng, lat))
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"longitudes and latitudes of shapes {x.shape} and {y.shape}")
    return x, y


def _bounds(rings: Sequence[Rings]) -> tuple[float, float, float, float]:
    vertices = [r.vertices for r in rings if len(r.vertices) > 0]
    if not vertices:
        return 0.0, 0.0, 0.0, 0.0
    low = np.min([v.min(axis=0) for v in vertices], axis=0)
    high = np.max([v.max(axis=0) for v in vertices], axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


class _Part(NamedTuple):
    """One layer's rows and arrays; its head counts from the beginning of its own arrays."""

    head: Longs
    frame: Floats
    ints: Ints
    floats: Floats


INT_OFFSETS = [kernels.BANDS, kernels.RUNS_OF_BAND, kernels.RUNS, kernels.PIXELS, kernels.CANDIDATES]
INT_OFFSETS += [kernels.FIRST_CHILD, kernels.LEAVES, kernels.ALONE]
FLOAT_OFFSETS = [kernels.VERTICES, kernels.BAND_FRAME, kernels.BOXES]


def _index(rings: Rings, plane: LocalPlane, progress: Callable[[float], None]) -> _Part:
    """Builds one layer's part."""
    head = np.zeros(kernels.HEAD_WIDTH, np.int64)
    bands = cut_bands(rings)
    ints, head[[kernels.BANDS, kernels.RUNS_OF_BAND, kernels.RUNS]] = _pack([bands.band_at, bands.runs_of, bands.runs])
    floats, head[[kernels.VERTICES, kernels.BAND_FRAME]] = _pack([rings.vertices, bands.frame])
    progress(0.1)
    raster = rasterise(rings, plane, head, ints, floats, lambda done: progress(0.1 + 0.8 * done))
    head[[kernels.COLUMNS, kernels.ROWS]] = raster.columns, raster.rows
    first_child, leaves, boxes = border_tree(rings)
    head[[kernels.INNER, kernels.NODES]] = len(first_child) - 1, len(boxes)
    alone = (raster.alone & (np.diff(bands.band_at) <= MOST_OWN_BANDS)).astype(np.int32)
    ints, offsets = _pack([ints, raster.pixels, raster.candidates, first_child, leaves, alone])
    head[[kernels.PIXELS, kernels.CANDIDATES, kernels.FIRST_CHILD, kernels.LEAVES, kernels.ALONE]] = offsets[1:]
    floats, offsets = _pack([floats, boxes])
    head[kernels.BOXES] = offsets[1]
    return _Part(head, raster.frame, ints, floats)


def _pack(arrays: list[NDArray[Any]]) -> tuple[NDArray[Any], list[int]]:
    """Arrays end to end, and where each begins."""
    ends = np.cumsum([a.size for a in arrays])
    return np.concatenate([a.ravel() for a in arrays]), [0, *ends[:-1].tolist()]


def _join(parts: list[_Part]) -> _Part:
    """The parts of all layers end to end."""
    if not parts:
        return _Part(np.zeros((0, kernels.HEAD_WIDTH), np.int64), np.zeros((0, 4)), np.zeros(0, np.int32), np.zeros(0))
    ints, int_at = _pack([p.ints for p in parts])
    floats, float_at = _pack([p.floats for p in parts])
    head = np.array([p.head for p in parts])
    head[:, INT_OFFSETS] += np.array(int_at)[:, None]
    head[:, FLOAT_OFFSETS] += np.array(float_at)[:, None]
    return _Part(head, np.array([p.frame for p in parts]), ints, floats)
