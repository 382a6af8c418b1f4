"""How many persons, households and enterprises the registry holds in each building, cell, hexagon and area, drawn on tiles.

What is sent is suppressed here: a number of fewer than ``least`` records leaves as the mark ``few``, and with it the shares of
what is missing or stale; no caller can forget it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from data.mirror.coverage import CoverageRows, GroundRows, degrees
from data.mirror.ground import DrawnLayer, GroundMirror, Tile, rectangle
from data.mirror.hexes import Outlines, draw_cells
from geo.mvt import BUFFER, OMIT, POLYGONS, Shapes, encode_shapes
from geo.mvt_columns import UNITS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

KINDS: Final = ("person", "household", "enterprise")
ENTITIES, INCOMPLETE, STALE = range(3)
WIDTH: Final = 3 * len(KINDS)
LEAST: Final = 5
"""Fewer records than this are never told as a number."""
HEXES: Final = ("hex7", "hex8", "hex9", "hex10")
HEX_OF_ZOOM: Final = ((10, "hex7"), (12, "hex8"), (14, "hex9"))
"""Below which zoom which hexagons are drawn; ``hex10`` from there on."""
TOLERANCE: Final = 2.0
EARTH_KM: Final = 40_075.016686
NUMBERS: Final = ("n", "d", "m", "s", "few")
"""Of a feature: records, records a km², percent with something missing, percent gone stale, 1 where there are too few to tell."""


@dataclass(frozen=True)
class Within:
    """What is counted: places in one of ``own`` (areas of one layer; empty: the whole city), and in ``chosen`` where named."""

    own: frozenset[tuple[str, str]] = frozenset()
    chosen: tuple[str, str] | None = None

    @property
    def everywhere(self) -> bool:
        """Whether it narrows nothing."""
        return not self.own and self.chosen is None


@dataclass(frozen=True, eq=False)
class Level:
    """The places of one layer. ``counts``: shape (n, ``WIDTH``), for each kind records, incomplete, stale.

    ``areas``: by layer, for each place the index into ``codes[layer]``, -1: none. ``places``: codes; ``buildings``: their ids.
    """

    places: tuple[str, ...]
    counts: NDArray[np.int32]
    areas: Mapping[str, NDArray[np.int32]]
    codes: Mapping[str, list[str]]
    buildings: Ints

    def mask(self, within: Within) -> NDArray[np.bool_]:
        """The places of a scope."""
        fits = np.ones(len(self.places), np.bool_)
        if within.own:
            fits &= np.any([self._in(area) for area in within.own], axis=0)
        return fits & self._in(within.chosen) if within.chosen else fits

    def _in(self, area: tuple[str, str]) -> NDArray[np.bool_]:
        layer, code = area
        column, codes = self.areas.get(layer), self.codes.get(layer, [])
        if column is None or code not in codes:
            return np.zeros(len(self.places), np.bool_)
        return np.asarray(column == codes.index(code))


@dataclass
class DensityMirror:
    """The density of one moment. ``levels``: by layer; ``building`` and every area layer are there."""

    version: str
    levels: Mapping[str, Level]
    _outlines: dict[tuple[str, Within], tuple[Outlines, Ints, Floats]] = field(default_factory=dict)
    _km2: dict[str, Floats] = field(default_factory=dict)
    _grounds: dict[str, GroundRows] = field(default_factory=dict)
    _ground: GroundMirror | None = None

    def total(self, within: Within) -> Ints:
        """Counts of a whole scope, shape (``WIDTH``,)."""
        if within.everywhere and "" in self.levels:
            return np.asarray(self.levels[""].counts.sum(axis=0, dtype=np.int64))
        level = self.levels["building"]
        return np.asarray(level.counts[level.mask(within)].sum(axis=0, dtype=np.int64))

    def by_place(self, layer: str, within: Within) -> dict[str, Ints]:
        """Counts by the places of a layer, of a scope: a narrower scope is added up from its buildings."""
        level = self.levels.get(layer)
        if level is None:
            return {}
        if within.everywhere:
            return dict(zip(level.places, level.counts.astype(np.int64), strict=True))
        return self._from_buildings(layer, within)

    def _from_buildings(self, layer: str, within: Within) -> dict[str, Ints]:
        level = self.levels["building"]
        column, codes = level.areas.get(layer), level.codes.get(layer, [])
        if column is None:
            return {}
        fits = level.mask(within) & (column >= 0)
        sums = np.zeros((len(codes), WIDTH), np.int64)
        np.add.at(sums, column[fits], level.counts[fits])
        return {codes[at]: sums[at] for at in np.flatnonzero(sums.any(axis=1))}

    # --- tiles --------------------------------------------------------------------------------------------------

    def on(self, ground: GroundMirror, layer: str) -> GroundRows:
        """Which shape of the ground each place has."""
        if self._ground is not ground:
            self._ground, self._grounds, self._km2 = ground, {}, {}
        if layer not in self._grounds:
            level = self.levels[layer]
            rows = CoverageRows(level.buildings, level.counts, {}, {layer: list(level.places)})
            self._grounds[layer] = GroundRows(ground, rows)
        return self._grounds[layer]

    def draw(self, ground: GroundMirror, tile: Tile, layer: str, kind: str, within: Within) -> bytes:
        """A layer on a tile: ``building``, ``cell``, a layer of areas, or ``hex7`` … ``hex10``."""
        if layer in HEXES:
            return self._draw_hexes(tile, layer, kind, within)
        if layer == "building":
            return self._draw_buildings(ground, tile, kind, within)
        name, of_shape = self.on(ground, layer).areas(layer)
        drawn, sums = ground.layer(name), self._sums(layer, within)
        found = drawn.tree.touching(*rectangle(tile, BUFFER))
        found = found[of_shape[found] >= 0]
        rows = of_shape[found]
        fits = sums[rows].any(axis=1)
        found, rows = found[fits], rows[fits]
        shapes, tolerance = (
            drawn.coarse.get(tile[0], drawn.columns.shapes),
            0.0 if tile[0] in drawn.coarse else TOLERANCE,
        )
        numbers = suppressed(sums[rows], kind, self._areas(drawn)[found])
        return encode(layer, tile, shapes, found, drawn.columns.ids[found], numbers, tolerance)

    def _sums(self, layer: str, within: Within) -> Ints:
        level, found = self.levels[layer], self.by_place(layer, within)
        if within.everywhere:
            return level.counts.astype(np.int64)
        nothing = np.zeros(WIDTH, np.int64)
        return np.array([found.get(place, nothing) for place in level.places], np.int64).reshape(-1, WIDTH)

    def _draw_buildings(self, ground: GroundMirror, tile: Tile, kind: str, within: Within) -> bytes:
        level, drawn = self.levels["building"], ground.layer("building")
        found = drawn.tree.touching(*rectangle(tile, BUFFER))
        rows = self.on(ground, "building").row_of_building[found]
        fits = rows >= 0
        fits[fits] = level.mask(within)[rows[fits]]
        found, rows = found[fits], rows[fits]
        numbers = suppressed(level.counts[rows].astype(np.int64), kind, self._areas(drawn)[found])
        return encode("building", tile, drawn.columns.shapes, found, drawn.columns.ids[found], numbers, TOLERANCE)

    def _draw_hexes(self, tile: Tile, layer: str, kind: str, within: Within) -> bytes:
        key = (layer, within)
        if key not in self._outlines:
            found = {place: counts for place, counts in self.by_place(layer, within).items() if place}
            cells = np.array([int(place, 16) for place in found], np.int64)
            counts = np.array(list(found.values()), np.int64).reshape(-1, WIDTH)
            outlines = draw_cells(cells)
            self._outlines[key] = (outlines, counts, areas_km2(outlines.shapes))
        outlines, counts, km2 = self._outlines[key]
        there = np.flatnonzero(outlines.touching(*tile, BUFFER / 4096))
        numbers = suppressed(counts[there], kind, km2[there])
        return encode("hex", tile, outlines.shapes, there, there, numbers, 0.0)

    def _areas(self, drawn: DrawnLayer) -> Floats:
        name = drawn.layer.name
        if name not in self._km2:
            self._km2[name] = areas_km2(drawn.columns.shapes)
        return self._km2[name]

    def bounds(self, ground: GroundMirror, within: Within) -> tuple[float, float, float, float] | None:
        """West, south, east, north of the buildings of a scope in degrees; None without any."""
        level, rows = self.levels["building"], self.on(ground, "building").row_of_building
        fits = rows >= 0
        fits[fits] = level.mask(within)[rows[fits]]
        if not fits.any():
            return None
        boxes = ground.layer("building").boxes[fits]
        west, south = degrees(int(boxes[:, 0].min()), int(boxes[:, 3].max()))
        east, north = degrees(int(boxes[:, 2].max()), int(boxes[:, 1].min()))
        return west, south, east, north


def encode(
    name: str,
    tile: Tile,
    shapes: Shapes,
    found: Ints,
    ids: Ints,
    numbers: Mapping[str, NDArray[Any]],
    tolerance: float,
) -> bytes:
    """A layer of polygons with its numbers."""
    if not len(found):
        return b""
    return encode_shapes(name, POLYGONS, tile, shapes, found, ids, dict(numbers), None, tolerance=tolerance)


def suppressed(counts: Ints, kind: str, km2: Floats, least: int = LEAST) -> dict[str, Ints]:
    """What features say (``NUMBERS``) of counts of shape (n, ``WIDTH``); zeros and what may not be told are left out."""
    at = 3 * KINDS.index(kind)
    entities, incomplete, stale = (counts[:, at + part] for part in (ENTITIES, INCOMPLETE, STALE))
    told = entities >= least
    known = np.maximum(entities, 1)
    density = np.rint(entities / np.maximum(km2, 1e-6)).astype(np.int64)
    return {
        "n": np.where(told, entities, OMIT),
        "d": np.where(told, density, OMIT),
        "m": np.where(told, np.rint(100 * incomplete / known).astype(np.int64), OMIT),
        "s": np.where(told, np.rint(100 * stale / known).astype(np.int64), OMIT),
        "few": np.where((entities > 0) & ~told, 1, OMIT),
    }


def areas_km2(shapes: Shapes) -> Floats:
    """The area of each polygon in km², from its Mercator units, by Gauss's formula at the scale of its own latitude."""
    starts = shapes.part_points[:-1]
    if not len(starts):
        return np.zeros(len(shapes.shape_parts) - 1)
    size = np.diff(shapes.part_points)
    x = shapes.x - np.repeat(shapes.x[starts].astype(np.float64), size)
    y = shapes.y - np.repeat(shapes.y[starts].astype(np.float64), size)
    cross = np.zeros(len(x))
    cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    cross[shapes.part_points[1:] - 1] = 0.0
    latitude = np.arctan(np.sinh(np.pi * (1 - 2 * shapes.y[starts] / UNITS)))
    km = EARTH_KM / UNITS * np.cos(latitude)
    rings = np.abs(np.add.reduceat(cross, starts)) / 2 * km**2
    total = np.concatenate(([0.0], np.cumsum(np.where(shapes.holes, -rings, rings))))
    return np.asarray(total[shapes.shape_parts[1:]] - total[shapes.shape_parts[:-1]])


def hex_of(zoom: int) -> str:
    """The hexagons that a zoom shows."""
    return next((layer for below, layer in HEX_OF_ZOOM if zoom < below), HEXES[-1])
