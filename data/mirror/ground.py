"""The ground in memory: areas, cells, streets, landscape and buildings as columns, drawn on tiles without the database.

Loaded whole for one version of the city (``data.stores.tiles.tiles_version``), and anew when that changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from geo.mvt import BUFFER, EXTENT, LINES, POINTS, POLYGONS, Shapes, Texts, encode_points, encode_shapes
from geo.mvt_columns import boxes_of, merged_lines, simplified
from geo.packed_tree import PackedTree, packed_tree

Tile = tuple[int, int, int]
Column = NDArray[Any]

LAST_ZOOM: Final = 30
PRECISE_FROM: Final = 13
"""Farther out than this, shapes were simplified for each zoom when they were loaded."""
TOLERANCE: Final = 2.0
"""Of simplification, in tile units."""


@dataclass(frozen=True)
class GroundLayer:
    """What a layer of tiles shows.

    Attributes
    ----------
    source, name : str
        ``/tiles/{source}/…``, and the layer's name in its tiles.
    kind : int
        ``POINTS``, ``LINES`` or ``POLYGONS``.
    rows : str
        A ``select`` of ``id``, ``geom`` (EPSG:4326), ``from_zoom`` and the properties.
    numbers, texts : tuple[str, ...]
        Names of integer and of text properties.
    text_from : Mapping[str, int]
        From which zoom a text is said, where that is not every zoom.
    """

    source: str
    name: str
    kind: int
    rows: str
    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    text_from: Mapping[str, int] | None = None


AREAS_IN_FORCE: Final = """
    area join generation on generation.id = area.generation_id and generation.valid_to is null
         join layer on layer.name = generation.layer
"""

LAYERS: Final = (
    GroundLayer(
        "base",
        "landscape",
        POLYGONS,
        "select id, geom, case when ST_Area(geom) > 1e-6 then 8 else 12 end as from_zoom, kind, name from landscape",
        texts=("kind", "name"),
    ),
    GroundLayer(
        "base",
        "street",
        LINES,
        "select id, geom, case class when 'motorway' then 8 when 'primary' then 9 when 'secondary' then 11"
        " when 'tertiary' then 12 when 'residential' then 13 else 14 end as from_zoom, class, name from street",
        texts=("class", "name"),
        text_from={"name": 13},
    ),
    GroundLayer(
        "base",
        "building",
        POLYGONS,
        "select id, geom, 13 as from_zoom, use, name, round(height_m)::int as height from building",
        numbers=("height",),
        texts=("use", "name"),
        text_from={"name": 16},
    ),
    GroundLayer(
        "area",
        "area",
        POLYGONS,
        "select area.id, area.geom, case layer.name when 'community' then 12 else 6 end as from_zoom,"
        f" layer.name as layer, area.code, area.name from {AREAS_IN_FORCE}",
        texts=("layer", "code", "name"),
    ),
    GroundLayer(
        "area",
        "label",
        POINTS,
        "select area.id, ST_PointOnSurface(area.geom) as geom, case layer.name when 'community' then 13 else 8 end as from_zoom,"
        f" layer.name as layer, area.name, (ST_Area(area.geom) * 1e8)::int as size from {AREAS_IN_FORCE}",
        numbers=("size",),
        texts=("layer", "name"),
    ),
    GroundLayer(
        "cell",
        "cell",
        POLYGONS,
        "select grid_cell.id, geom, 14 as from_zoom, code, right(code, 3) as serial from grid_cell"
        " join generation on generation.id = grid_cell.generation_id and generation.valid_to is null",
        texts=("code", "serial"),
    ),
)


@dataclass(frozen=True, eq=False)
class LayerColumns:
    """The rows of a layer, ascending by ``ids``. Texts are codes into ``words``, -1: none."""

    ids: Column
    shapes: Shapes
    from_zoom: Column
    numbers: Mapping[str, Column]
    texts: Mapping[str, Column]
    words: Texts


class DrawnLayer:
    """A layer ready to be drawn."""

    def __init__(self, layer: GroundLayer, columns: LayerColumns) -> None:
        self.layer, self.columns = layer, columns
        self.boxes = boxes_of(columns.shapes)
        self.tree: PackedTree = packed_tree(self.boxes)
        self.coarse: dict[int, Shapes] = {}
        self.least_zoom = int(columns.from_zoom.min(initial=LAST_ZOOM))
        self.whole_from = int(columns.from_zoom.max(initial=0))
        for zoom in range(PRECISE_FROM - 1, self.least_zoom - 1, -1):
            if layer.kind != POINTS:
                self.coarse[zoom] = simplified(self.coarse.get(zoom + 1, columns.shapes), TOLERANCE * 2 ** (20 - zoom))

    def draw(self, tile: Tile) -> bytes:
        """The layer of a tile; empty bytes where it shows nothing."""
        zoom, columns = tile[0], self.columns
        if zoom < self.least_zoom:
            return b""
        buffer = 0 if self.layer.kind == POINTS else BUFFER
        found = self.tree.touching(*rectangle(tile, buffer))
        if zoom < self.whole_from:
            found = found[columns.from_zoom[found] <= zoom]
        if not len(found):
            return b""
        numbers = {name: column[found] for name, column in columns.numbers.items()}
        said = self.layer.text_from or {}
        texts = {name: column[found] for name, column in columns.texts.items() if zoom >= said.get(name, 0)}
        name, kind, words, shapes = self.layer.name, self.layer.kind, columns.words, columns.shapes
        if kind == POINTS:
            return encode_points(name, tile, shapes.x[found], shapes.y[found], None, numbers, texts, words)
        shapes, tolerance = self.coarse.get(zoom, shapes), 0.0 if zoom in self.coarse else TOLERANCE
        return encode_shapes(name, kind, tile, shapes, found, None, numbers, texts, words, tolerance)


class DrawnLines(DrawnLayer):
    """Lines ready to be drawn: far out, what says the same and meets end to end is one line."""

    def __init__(self, layer: GroundLayer, columns: LayerColumns) -> None:
        near = np.maximum(columns.from_zoom, PRECISE_FROM)
        super().__init__(layer, replace(columns, from_zoom=near))
        self.far = DrawnLayer(layer, far_lines(columns))

    def draw(self, tile: Tile) -> bytes:
        """The layer of a tile; empty bytes where it shows nothing."""
        return self.far.draw(tile) if tile[0] < PRECISE_FROM else super().draw(tile)


def far_lines(columns: LayerColumns) -> LayerColumns:
    """The lines that are drawn farther out than ``PRECISE_FROM``, merged; the id of each is that of one of its pieces."""
    said = np.column_stack([columns.from_zoom, *columns.numbers.values(), *columns.texts.values()])
    _, first, group = np.unique(said, axis=0, return_index=True, return_inverse=True)
    shapes, group = merged_lines(columns.shapes, np.where(columns.from_zoom < PRECISE_FROM, group, -1))
    of = first[group]
    return LayerColumns(
        columns.ids[of],
        shapes,
        columns.from_zoom[of],
        {name: column[of] for name, column in columns.numbers.items()},
        {name: column[of] for name, column in columns.texts.items()},
        columns.words,
    )


class GroundMirror:
    """The ground of one version of the city."""

    def __init__(self, version: str, layers: list[DrawnLayer]) -> None:
        self.version = version
        self.sources: dict[str, list[DrawnLayer]] = {}
        for layer in layers:
            self.sources.setdefault(layer.layer.source, []).append(layer)

    def layer(self, name: str) -> DrawnLayer:
        """A layer of ``LAYERS`` by its name."""
        return next(layer for layers in self.sources.values() for layer in layers if layer.layer.name == name)

    def draw(self, source: str, tile: Tile) -> bytes:
        """A tile of a source of ``LAYERS``; raises ``KeyError`` for another one."""
        return b"".join(layer.draw(tile) for layer in self.sources[source])


def rectangle(tile: Tile, buffer: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a tile with so many of its units around, in Mercator units."""
    zoom, column, row = tile
    side = 1 << (32 - zoom)
    margin = side * buffer // EXTENT
    left, top = column * side, row * side
    return left - margin, top - margin, left + side - 1 + margin, top + side - 1 + margin
