"""One asking's coverage in memory: counts by building as columns, added up by area, drawn on tiles, patched by place.

The geometry is the ground's (``data.mirror.ground``); a million buildings are some 80 MB here and are counted in milliseconds.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from data.mirror.arrays import joined_codes
from data.mirror.ground import DrawnLayer, GroundMirror, Tile, rectangle
from geo.mvt import BUFFER, OMIT, POLYGONS, encode_shapes
from geo.mvt_columns import UNITS

Ints = NDArray[np.int64]
Counts = NDArray[np.int32]
Bools = NDArray[np.bool_]
Area = tuple[str, str]
"""Layer and code."""

ANSWERED, REFUSED, NOT_REACHABLE, VACANT, UNKNOWN = range(5)
DOORS: Final = 5
"""From here on the same outcomes of buildings with nobody knows how many households behind their link."""
ANSWERS: Final = 10
WIDTH: Final = 11
LEFT: Final = [UNKNOWN, NOT_REACHABLE, DOORS + UNKNOWN, DOORS + NOT_REACHABLE]
TOLERANCE: Final = 2.0
NUMBERS: Final = ("s", "a", "k", "l", "d", "e", "t")
"""Of a feature: state (index of the outcome that most are in, ties in favour of what is left), answered, recipients, left, doors,
doors with an answer, answers."""
STATE_ORDER: Final = [UNKNOWN, NOT_REACHABLE, ANSWERED, REFUSED, VACANT]


@dataclass(frozen=True)
class Scope:
    """What is counted: places in one of ``own`` (areas of one layer; empty: the whole city), and in ``chosen`` where named."""

    own: frozenset[Area] = frozenset()
    chosen: Area | None = None


EVERYTHING: Final = Scope()


@dataclass(frozen=True, eq=False)
class CoverageRows:
    """Places as columns.

    Attributes
    ----------
    building : NDArray[int64]
        Id of the building, ascending; negative for a place that is none (-1 downwards).
    counts : NDArray[int32]
        Shape (n, ``WIDTH``): recipients by outcome, doors by outcome, answers.
    areas : Mapping[str, NDArray[int32]]
        By layer: index into ``codes[layer]``, -1: none.
    """

    building: Ints
    counts: Counts
    areas: Mapping[str, NDArray[np.int32]]
    codes: Mapping[str, list[str]]

    def mask(self, scope: Scope) -> Bools:
        """The places of a scope."""
        fits = self._inside(scope.own) if scope.own else np.ones(len(self.building), np.bool_)
        return fits & self._inside({scope.chosen}) if scope.chosen else fits

    def _inside(self, areas: Collection[Area]) -> Bools:
        fits = np.zeros(len(self.building), np.bool_)
        for layer in {layer for layer, _ in areas}.intersection(self.areas):
            index = {code: at for at, code in enumerate(self.codes[layer])}
            wanted = [index.get(code, -2) for name, code in areas if name == layer]
            fits |= np.isin(self.areas[layer], wanted)
        return fits


@dataclass
class CoverageMirror:
    """The coverage of one asking. ``version`` grows with every change."""

    outreach: int
    rows: CoverageRows
    version: int = 0
    _masks: dict[Scope, Bools] = field(default_factory=dict)
    _sums: dict[tuple[str, Scope], Ints] = field(default_factory=dict)
    _ground: "GroundRows | None" = None

    # --- which places -------------------------------------------------------------------------------------------

    def mask(self, scope: Scope) -> Bools:
        """The places of a scope."""
        if scope not in self._masks:
            self._masks[scope] = self.rows.mask(scope)
        return self._masks[scope]

    # --- counts -------------------------------------------------------------------------------------------------

    def total(self, scope: Scope) -> Ints:
        """Counts of all places of a scope, shape (``WIDTH``,)."""
        total: Ints = self.rows.counts[self.mask(scope)].sum(axis=0, dtype=np.int64)
        return total

    def by_area(self, layer: str, scope: Scope) -> Ints:
        """Counts by area of a layer, shape (codes, ``WIDTH``); kept, and patched with every change."""
        key = (layer, scope)
        if key not in self._sums:
            size, column = len(self.rows.codes.get(layer, ())), self.rows.areas.get(layer)
            if column is None:
                return np.zeros((size, WIDTH), np.int64)
            fits = self.mask(scope) & (column >= 0)
            codes, counts = column[fits], self.rows.counts[fits]
            sums = [np.bincount(codes, weights=counts[:, at], minlength=size) for at in range(WIDTH)]
            self._sums[key] = np.stack(sums, axis=1).astype(np.int64)
        return self._sums[key]

    def patch(self, building: Ints, counts: Counts) -> Ints | None:
        """Take in the counts of places that changed; their rows, or None where one is new: read everything anew then."""
        rows = np.searchsorted(self.rows.building, building)
        known = rows < len(self.rows.building)
        if not known.all() or (self.rows.building[rows] != building).any():
            return None
        change = counts.astype(np.int64) - self.rows.counts[rows]
        self.rows.counts[rows] = counts
        self.version += 1
        for (layer, scope), sums in self._sums.items():
            column = self.rows.areas[layer][rows]
            fits = self.mask(scope)[rows] & (column >= 0)
            np.add.at(sums, column[fits], change[fits])
        return rows

    # --- tiles --------------------------------------------------------------------------------------------------

    def on(self, ground: GroundMirror) -> "GroundRows":
        """Which shape of the ground each place has."""
        if self._ground is None or self._ground.ground is not ground:
            self._ground = GroundRows(ground, self.rows)
        return self._ground

    def bounds(self, ground: GroundMirror, scope: Scope) -> tuple[float, float, float, float] | None:
        """West, south, east, north of the buildings of a scope in degrees; None without any."""
        return self.on(ground).bounds(self.mask(scope))

    def draw_buildings(self, ground: GroundMirror, tile: Tile, scope: Scope) -> bytes:
        """The buildings of a tile that were asked, with their counts."""
        found, rows = self.on(ground).buildings_on(tile, self.mask(scope))
        return encode("building", ground.layer("building"), tile, found, feature_numbers(self.rows.counts[rows]))

    def draw_areas(self, ground: GroundMirror, tile: Tile, layer_name: str, scope: Scope) -> bytes:
        """The areas (or cells) of a layer on a tile in which somebody was asked, with their counts."""
        name, codes = self.on(ground).areas(layer_name)
        layer, sums = ground.layer(name), self.by_area(layer_name, scope)
        found = layer.tree.touching(*rectangle(tile, BUFFER))
        rows = codes[found]
        fits = rows >= 0
        fits[fits] = sums[rows[fits]].any(axis=1)
        return encode(layer_name, layer, tile, found[fits], feature_numbers(sums[rows[fits]]))


def degrees(x: int, y: int) -> tuple[float, float]:
    """Longitude and latitude of Mercator units."""
    return x / UNITS * 360.0 - 180.0, math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * y / UNITS))))


class GroundRows:
    """Where an asking's places and areas are in the columns of the ground."""

    def __init__(self, ground: GroundMirror, rows: CoverageRows) -> None:
        self.ground, self.rows = ground, rows
        ids = ground.layer("building").columns.ids
        at = np.minimum(np.searchsorted(rows.building, ids), max(len(rows.building) - 1, 0))
        same = rows.building[at] == ids if len(rows.building) else np.zeros(len(ids), np.bool_)
        self.row_of_building = np.where(same, at, -1)
        self._areas: dict[str, tuple[str, Ints]] = {}

    def areas(self, layer_name: str) -> tuple[str, Ints]:
        """The ground's layer that draws a layer of areas, and for each of its shapes the index of its code, -1: none."""
        if layer_name not in self._areas:
            name = "cell" if layer_name == "cell" else "area"
            columns, known = (
                self.ground.layer(name).columns,
                {c: k for k, c in enumerate(self.rows.codes.get(layer_name, ()))},
            )
            data, offsets = columns.words.data.tobytes(), columns.words.offsets.tolist()
            words = [data[a:b].decode() for a, b in pairwise(offsets)]
            of_word = np.array([known.get(word, -1) for word in words] + [-1], np.int64)
            found = of_word[columns.texts["code"]]
            if name == "area":
                own = np.array([word == layer_name for word in words] + [False])[columns.texts["layer"]]
                found = np.where(own, found, -1)
            self._areas[layer_name] = (name, found)
        return self._areas[layer_name]

    def buildings_on(self, tile: Tile, mask: Bools) -> tuple[Ints, Ints]:
        """The shapes of a tile whose place is of a mask over the places, and the rows of these places."""
        found = self.ground.layer("building").tree.touching(*rectangle(tile, BUFFER))
        fits = self._fitting(self.row_of_building[found], mask)
        return found[fits], self.row_of_building[found[fits]]

    def bounds(self, mask: Bools) -> tuple[float, float, float, float] | None:
        """West, south, east, north of the buildings of a mask over the places, in degrees; None without any."""
        fits = self._fitting(self.row_of_building, mask)
        if not fits.any():
            return None
        boxes = self.ground.layer("building").boxes[fits]
        west, south = degrees(int(boxes[:, 0].min()), int(boxes[:, 3].max()))
        east, north = degrees(int(boxes[:, 2].max()), int(boxes[:, 1].min()))
        return west, south, east, north

    @staticmethod
    def _fitting(rows: Ints, mask: Bools) -> Bools:
        """Of shapes' rows, -1 for a shape without a place, those of a mask."""
        fits = rows >= 0
        fits[fits] = mask[rows[fits]]
        return fits

    def ids(self, layer_name: str) -> Mapping[str, int]:
        """Ids of the shapes of a layer of areas, by code."""
        name, codes = self.areas(layer_name)
        there = np.flatnonzero(codes >= 0)
        known, ids = self.rows.codes[layer_name], self.ground.layer(name).columns.ids
        return {known[k]: int(i) for k, i in zip(codes[there], ids[there], strict=True)}


def encode(name: str, layer: DrawnLayer, tile: Tile, found: Ints, numbers: dict[str, Ints]) -> bytes:
    """A layer of polygons of the ground with their numbers."""
    if not len(found):
        return b""
    shapes = layer.coarse.get(tile[0], layer.columns.shapes)
    tolerance = 0.0 if tile[0] in layer.coarse else TOLERANCE
    return encode_shapes(
        name, POLYGONS, tile, shapes, found, layer.columns.ids[found], numbers, None, tolerance=tolerance
    )


def feature_numbers(counts: NDArray[Any]) -> dict[str, NDArray[np.int64]]:
    """What a feature says (``NUMBERS``), from counts of shape (n, ``WIDTH``); zeros are left out, but for the state."""
    wide = counts.astype(np.int64)
    doors = wide[:, DOORS:ANSWERS]
    columns = (
        wide[:, ANSWERED],
        wide[:, :DOORS].sum(axis=1),
        wide[:, LEFT].sum(axis=1),
        doors.sum(axis=1),
        doors[:, ANSWERED],
        wide[:, ANSWERS],
    )
    found = {name: np.where(column == 0, OMIT, column) for name, column in zip(NUMBERS[1:], columns, strict=True)}
    return {"s": states(wide), **found}


def feature_rows(ids: Any, counts: NDArray[Any]) -> list[list[int]]:
    """Features as lists: id, then ``NUMBERS``, zeros as they are."""
    columns = feature_numbers(counts).values()
    plain = np.stack([ids, *(np.where(column == OMIT, 0, column) for column in columns)], axis=1)
    return cast(list[list[int]], plain.astype(np.int64).tolist())


def states(counts: NDArray[Any]) -> NDArray[np.int64]:
    """The outcome that most recipients and doors of each place are in; of equals what is left comes first."""
    together = counts[:, :DOORS] + counts[:, DOORS:ANSWERS]
    order = np.array(STATE_ORDER)
    found: NDArray[np.int64] = order[np.argmax(together[:, order], axis=1)]
    return found


def codes_left(mirror: CoverageMirror, scope: Scope, most: int) -> Ints:
    """Rows of a scope's buildings with somebody left to see, those with most first."""
    left = mirror.rows.counts[:, LEFT].sum(axis=1)
    rows = np.flatnonzero(mirror.mask(scope) & (left > 0) & (mirror.rows.building >= 0))
    return rows[np.argsort(-left[rows], kind="stable")][:most]


def joined(parts: Sequence[CoverageRows], layers: Sequence[str]) -> CoverageRows:
    """Chunks one after the other, sorted by building."""
    if not parts:
        none = np.empty(0, np.int64)
        areas = {layer: none.astype(np.int32) for layer in layers}
        return CoverageRows(none, np.empty((0, WIDTH), np.int32), areas, {layer: [] for layer in layers})
    building = np.concatenate([part.building for part in parts])
    order = np.argsort(building, kind="stable")
    areas, codes = {}, {}
    for layer in layers:
        column, codes[layer] = joined_codes([(part.areas[layer], part.codes[layer]) for part in parts])
        areas[layer] = column[order]
    counts = np.concatenate([part.counts for part in parts])[order]
    return CoverageRows(building[order], counts, areas, codes)
