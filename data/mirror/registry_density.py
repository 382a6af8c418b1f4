"""How many persons, households and enterprises the registry holds in each building, cell, hexagon and area, drawn on tiles.

What is sent is suppressed here: a number of fewer than ``LEAST`` records leaves as the mark ``few``, and so do as many others as
keep it from being reckoned (`data.mirror.suppression`), and with them the shares of what is missing or stale; no caller can
forget it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data.mirror.coverage import EVERYTHING, CoverageRows, GroundRows, Scope, encode
from data.mirror.ground import DrawnLayer, GroundMirror, Tile, rectangle
from data.mirror.hexes import Outlines, draw_cells
from data.mirror.suppression import Bools, Layer, protect, too_few
from geo.mvt import BUFFER, OMIT, POLYGONS, Shapes, encode_shapes
from geo.mvt_columns import UNITS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

KINDS: Final = ("person", "household", "enterprise")
ENTITIES, INCOMPLETE, STALE = range(3)
WIDTH: Final = 3 * len(KINDS)
LEAST: Final = 5
"""Fewer records than this are never told as a number."""
MOST_SCOPES: Final = 64
"""So many scopes are kept in mind: areas that somebody chose."""
HEXES: Final = ("hex7", "hex8", "hex9", "hex10")
HEX_OF_ZOOM: Final = ((10, "hex7"), (12, "hex8"), (14, "hex9"))
"""Below which zoom which hexagons are drawn; ``hex10`` from there on."""
EARTH_KM: Final = 40_075.016686
NUMBERS: Final = ("n", "d", "m", "s", "few")
"""Of a feature: records, records a km², percent with something missing, percent gone stale, 1 where there are too few to tell."""


@dataclass(frozen=True, eq=False)
class Level(CoverageRows):
    """The places of one layer. ``counts``: shape (n, ``WIDTH``), for each kind records, incomplete, stale. ``places``: codes."""

    places: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Hidden:
    """What is not told of a scope, by kind in the last axis: its total, its buildings, places of each layer by code.

    Places of which everything is told are left out.
    """

    total: Bools
    buildings: Bools
    places: Mapping[str, Mapping[str, Bools]]

    def of(self, layer: str, places: Sequence[str]) -> Bools:
        """Of some places of a layer, shape (n, kinds)."""
        known, told = self.places.get(layer, {}), np.zeros(len(KINDS), np.bool_)
        return np.array([known.get(place, told) for place in places], np.bool_).reshape(-1, len(KINDS))


@dataclass
class DensityMirror:
    """The density of one moment. ``levels``: by layer; ``building`` and every area layer are there."""

    version: str
    levels: Mapping[str, Level]
    _outlines: dict[tuple[str, Scope], tuple[Outlines, Ints, Floats, Bools]] = field(default_factory=dict)
    _hidden: dict[Scope, Hidden] = field(default_factory=dict)
    _hidden_rows: dict[tuple[str, Scope], Bools] = field(default_factory=dict)
    _km2: dict[str, Floats] = field(default_factory=dict)
    _grounds: dict[str, GroundRows] = field(default_factory=dict)
    _ground: GroundMirror | None = None

    def total(self, scope: Scope) -> Ints:
        """Counts of a whole scope, shape (``WIDTH``,)."""
        if scope == EVERYTHING and "" in self.levels:
            return np.asarray(self.levels[""].counts.sum(axis=0, dtype=np.int64))
        level = self.levels["building"]
        return np.asarray(level.counts[level.mask(scope)].sum(axis=0, dtype=np.int64))

    def by_place(self, layer: str, scope: Scope) -> dict[str, Ints]:
        """Counts by the places of a layer, of a scope: a narrower scope is added up from its buildings."""
        level = self.levels.get(layer)
        if level is None:
            return {}
        if scope == EVERYTHING:
            return dict(zip(level.places, level.counts.astype(np.int64), strict=True))
        return self._from_buildings(layer, scope)

    def _from_buildings(self, layer: str, scope: Scope) -> dict[str, Ints]:
        level = self.levels["building"]
        column, codes = level.areas.get(layer), level.codes.get(layer, [])
        if column is None:
            return {}
        fits = level.mask(scope) & (column >= 0)
        sums = np.zeros((len(codes), WIDTH), np.int64)
        np.add.at(sums, column[fits], level.counts[fits])
        return {codes[at]: sums[at] for at in np.flatnonzero(sums.any(axis=1))}

    # --- what is not told ---------------------------------------------------------------------------------------

    def hidden(self, scope: Scope) -> Hidden:
        """What is not told of a scope. What is kept back of the whole that an account sees is kept back of an area in it too."""
        if scope not in self._hidden:
            if len(self._hidden) > MOST_SCOPES:
                for held in (self._hidden, self._hidden_rows, self._outlines):
                    held.clear()
            self._hidden[scope] = self._hide(scope)
        return self._hidden[scope]

    def _hide(self, scope: Scope) -> Hidden:
        level = self.levels["building"]
        counts = np.where(level.mask(scope)[:, None], level.counts, 0).astype(np.int64)
        before = self.hidden(Scope(scope.own)) if scope.chosen else None
        total = self.total(scope)
        parts = [self._hide_kind(counts, at, int(total[3 * at]), scope, before) for at in range(len(KINDS))]
        codes = level.codes
        kept = {name: np.stack([one[2][name] for one in parts], axis=1) for name in parts[0][2]}
        places = {
            name: {codes[name][at]: rows[at] for at in np.flatnonzero(rows.any(axis=1))} for name, rows in kept.items()
        }
        return Hidden(np.array([one[0] for one in parts]), np.stack([one[1] for one in parts], axis=1), places)

    def _hide_kind(
        self, counts: Ints, kind: int, total: int, scope: Scope, before: Hidden | None
    ) -> tuple[bool, Bools, dict[str, Bools]]:
        """Of one kind: whether the total is not told, which buildings, which places of each layer."""
        level, leaves = self.levels["building"], counts[:, 3 * kind]
        hidden = too_few(leaves, LEAST) | (before.buildings[:, kind] if before else False)
        top = np.array([total])
        crown = Layer(top, np.array([-1]), too_few(top, LEAST) | is_kept(before, scope, kind))
        layers = {name: level.areas[name].astype(np.int64) for name in level.areas if len(level.codes[name])}
        sums = {name: added_up(column, leaves, len(level.codes[name])) for name, column in layers.items()}
        marks = {name: too_few(values, LEAST) for name, values in sums.items()}
        if before is not None:
            for name in marks:
                marks[name] |= before.of(name, level.codes[name])[:, kind]
        protect([[crown, *chain(layers, sums, marks, leaves, hidden, names)] for names in orders(layers)], LEAST)
        return bool(crown.hidden[0]), hidden, marks

    def hidden_rows(self, layer: str, scope: Scope) -> Bools:
        """What is not told of the places of a layer, in their order, shape (n, kinds)."""
        if (layer, scope) not in self._hidden_rows:
            found = self.hidden(scope)
            rows = found.buildings if layer == "building" else found.of(layer, self.levels[layer].places)
            self._hidden_rows[layer, scope] = rows
        return self._hidden_rows[layer, scope]

    # --- tiles --------------------------------------------------------------------------------------------------

    def on(self, ground: GroundMirror, layer: str) -> GroundRows:
        """Which shape of the ground each place has."""
        if self._ground is not ground:
            self._ground, self._grounds, self._km2 = ground, {}, {}
        if layer not in self._grounds:
            level = self.levels[layer]
            rows = CoverageRows(level.building, level.counts, {}, {layer: list(level.places)})
            self._grounds[layer] = GroundRows(ground, rows)
        return self._grounds[layer]

    def draw(self, ground: GroundMirror, tile: Tile, layer: str, kind: str, scope: Scope) -> bytes:
        """A layer on a tile: ``building``, ``cell``, a layer of areas, or ``hex7`` … ``hex10``."""
        if layer in HEXES:
            return self._draw_hexes(tile, layer, kind, scope)
        if layer == "building":
            return self._draw_buildings(ground, tile, kind, scope)
        name, of_shape = self.on(ground, layer).areas(layer)
        drawn, sums = ground.layer(name), self._sums(layer, scope)
        found = drawn.tree.touching(*rectangle(tile, BUFFER))
        found = found[of_shape[found] >= 0]
        rows = of_shape[found]
        fits = sums[rows].any(axis=1)
        found, rows = found[fits], rows[fits]
        numbers = suppressed(sums[rows], self.hidden_rows(layer, scope)[rows], kind, self._areas(drawn)[found])
        return encode(layer, drawn, tile, found, numbers)

    def _sums(self, layer: str, scope: Scope) -> Ints:
        level = self.levels[layer]
        if scope == EVERYTHING:
            return level.counts.astype(np.int64)
        found, nothing = self._from_buildings(layer, scope), np.zeros(WIDTH, np.int64)
        return np.array([found.get(place, nothing) for place in level.places], np.int64).reshape(-1, WIDTH)

    def _draw_buildings(self, ground: GroundMirror, tile: Tile, kind: str, scope: Scope) -> bytes:
        level, drawn = self.levels["building"], ground.layer("building")
        found, rows = self.on(ground, "building").buildings_on(tile, level.mask(scope))
        hidden = self.hidden_rows("building", scope)[rows]
        numbers = suppressed(level.counts[rows].astype(np.int64), hidden, kind, self._areas(drawn)[found])
        return encode("building", drawn, tile, found, numbers)

    def _draw_hexes(self, tile: Tile, layer: str, kind: str, scope: Scope) -> bytes:
        key = (layer, scope)
        if key not in self._outlines:
            found = {place: counts for place, counts in self.by_place(layer, scope).items() if place}
            cells = np.array([int(place, 16) for place in found], np.int64)
            counts = np.array(list(found.values()), np.int64).reshape(-1, WIDTH)
            outlines = draw_cells(cells)
            self._outlines[key] = (
                outlines,
                counts,
                areas_km2(outlines.shapes),
                self.hidden(scope).of(layer, list(found)),
            )
        outlines, counts, km2, hidden = self._outlines[key]
        there = np.flatnonzero(outlines.touching(*tile, BUFFER / 4096))
        numbers = suppressed(counts[there], hidden[there], kind, km2[there])
        if not len(there):
            return b""
        return encode_shapes("hex", POLYGONS, tile, outlines.shapes, there, there, numbers, None, tolerance=0.0)

    def _areas(self, drawn: DrawnLayer) -> Floats:
        name = drawn.layer.name
        if name not in self._km2:
            self._km2[name] = areas_km2(drawn.columns.shapes)
        return self._km2[name]

    def bounds(self, ground: GroundMirror, scope: Scope) -> tuple[float, float, float, float] | None:
        """West, south, east, north of the buildings of a scope in degrees; None without any."""
        return self.on(ground, "building").bounds(self.levels["building"].mask(scope))


def is_kept(before: Hidden | None, scope: Scope, kind: int) -> bool:
    """Whether the area that is chosen is not told in the table that it is chosen from."""
    if before is None or scope.chosen is None:
        return False
    layer, code = scope.chosen
    return bool(before.of(layer, [code])[0, kind])


def added_up(column: Ints, leaves: Ints, size: int) -> Ints:
    """The counts of a layer's places."""
    there = column >= 0
    return np.bincount(column[there], weights=leaves[there], minlength=size).astype(np.int64)


def orders(layers: Mapping[str, Ints]) -> list[list[str]]:
    """The two hierarchies: areas from few to many with cells last, and hexagons from large to small."""
    areas = sorted((name for name in layers if name not in HEXES), key=lambda name: int(layers[name].max(initial=-1)))
    return [areas, [name for name in HEXES if name in layers]]


def chain(
    layers: Mapping[str, Ints],
    sums: Mapping[str, Ints],
    marks: Mapping[str, Bools],
    leaves: Ints,
    hidden: Bools,
    names: Sequence[str],
) -> list[Layer]:
    """A hierarchy below its whole: layer by layer, then the buildings. A place is part of what its buildings lie in."""
    found = []
    columns = [np.zeros(len(leaves), np.int64), *(layers[name] for name in names)]
    for above, name in zip(columns, names, strict=False):
        of_place = np.full(len(sums[name]), -1, np.int64)
        there = (layers[name] >= 0) & (leaves > 0)
        of_place[layers[name][there]] = above[there]
        found.append(Layer(sums[name], of_place, marks[name]))
    return [*found, Layer(leaves, columns[-1], hidden)]


def suppressed(counts: Ints, hidden: Bools, kind: str, km2: Floats) -> dict[str, Ints]:
    """What features say (``NUMBERS``) of counts of shape (n, ``WIDTH``); zeros and what is hidden (n, kinds) are left out."""
    at = 3 * KINDS.index(kind)
    entities, incomplete, stale = (counts[:, at + part] for part in (ENTITIES, INCOMPLETE, STALE))
    told = (entities > 0) & ~hidden[:, KINDS.index(kind)]
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
