"""The atlas: every layer of a city in one index, which says exactly and at once where a point lies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from struct import Struct
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
    _index: Longs = field(repr=False)
    _answer: Struct = field(repr=False)
    """How ``border_kernels.locate_one`` writes a place."""

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
        indexed = []
        for k, layer in enumerate(layers):

            def tell(done: float, k: int = k, name: str = layer.name) -> None:
                if progress is not None:
                    progress(name, float((sizes[:k].sum() + done * sizes[k]) / sizes.sum()))

            indexed.append(_index(rings[k], plane, tell))
            tell(1.0)
        return Atlas(tuple(layers), plane, bounds, _join(indexed), Struct(f"={len(layers)}d{2 * len(layers)}i"))

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
        kernels.locate_bulk(self._index, x, y, self._order(x, y), where)
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
        where = np.require(where, np.int32, ["C", "W"])
        border_kernels.border_bulk(self._index, x, y, self._order(x, y), where, distance_m, other)
        return Borders(distance_m, other)

    def locate_one(self, lng: float, lat: float) -> Place:
        """What `locate` and `border` say of one point, in a few microseconds."""
        layers = len(self.layers)
        written = np.empty(2 * layers)
        border_kernels.locate_one(self._index, float(lng), float(lat), written)
        values = self._answer.unpack(written.data)
        return Place(values[layers:-layers], values[:layers], values[-layers:])

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
INT_OFFSETS += [kernels.NODES, kernels.LISTS]
FLOAT_OFFSETS = [kernels.VERTICES, kernels.BAND_FRAME]


def _index(rings: Rings, plane: LocalPlane, progress: Callable[[float], None]) -> _Part:
    """Builds one layer's part."""
    head = np.zeros(kernels.HEAD_WIDTH, np.int64)
    bands = cut_bands(rings)
    ints, head[[kernels.BANDS, kernels.RUNS_OF_BAND, kernels.RUNS]] = _pack([bands.band_at, bands.runs_of, bands.runs])
    floats, head[[kernels.VERTICES, kernels.BAND_FRAME]] = _pack([rings.vertices, bands.frame])
    progress(0.1)
    raster = rasterise(rings, plane, head, ints, floats, lambda done: progress(0.1 + 0.6 * done))
    head[[kernels.COLUMNS, kernels.ROWS]] = raster.columns, raster.rows
    tree = border_tree(rings, plane)
    ints, offsets = _pack([ints, raster.pixels, raster.candidates, tree.nodes, tree.lists])
    head[[kernels.PIXELS, kernels.CANDIDATES, kernels.NODES, kernels.LISTS]] = offsets[1:]
    return _Part(head, np.array([*raster.frame, plane.lng_m, plane.lat_m, *tree.frame]), ints, floats)


def _pack(arrays: list[NDArray[Any]]) -> tuple[NDArray[Any], list[int]]:
    """Arrays end to end, and where each begins."""
    ends = np.cumsum([a.size for a in arrays])
    return np.concatenate([a.ravel() for a in arrays]), [0, *ends[:-1].tolist()]


def _join(layers: list[_Part]) -> Longs:
    """The parts of all layers as one index, in the form that ``kernels.parts`` reads."""
    ints_at = np.cumsum([0, *(len(p.ints) for p in layers)])
    floats_at = np.cumsum([0, *(len(p.floats) for p in layers)])
    first = kernels.PREFIX + len(layers) * (kernels.HEAD_WIDTH + kernels.FRAME_WIDTH)
    middle = first + (int(ints_at[-1]) + 1) // 2
    index = np.empty(middle + int(floats_at[-1]), np.int64)
    index[: kernels.PREFIX] = len(layers), middle, len(index)
    head, frame, ints, floats = kernels.parts(index)
    for k, part in enumerate(layers):
        head[k], frame[k] = part.head, part.frame
        head[k, INT_OFFSETS] += ints_at[k]
        head[k, FLOAT_OFFSETS] += floats_at[k]
        ints[ints_at[k] : ints_at[k + 1]] = part.ints
        floats[floats_at[k] : floats_at[k + 1]] = part.floats
    return index
