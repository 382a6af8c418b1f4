"""What of the ground a patrol can see: pieces of streets and buildings by unit cell, made of the ground's columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final
from zlib import crc32

import numpy as np
import shapely
from numpy.typing import NDArray

from data.mirror.ground import DrawnLayer, GroundMirror
from data.mirror.inside import mercator_degrees
from geo.atlas import Atlas
from geo.layers import Layer
from geo.mvt import Shapes
from geo.patrol import SIDE_M, Pieces, Sights, cut_streets, sights_of
from geo.plane import LocalPlane
from geo.stats.neighbours import Neighbours, polygon_neighbours

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
CELL: Final = "cell"


@dataclass(frozen=True, eq=False)
class PatrolGround:
    """Unit cells and what is to be seen in each.

    Attributes
    ----------
    codes : list of str
        Of the cells, in the order of the ground's shapes; ``number`` finds them.
    middles : NDArray[float64]
        A point in each cell, degrees WGS 84, shape (n, 2).
    areas : Mapping[str, NDArray[int64]]
        By layer of areas: index of each cell's area into ``names[layer]``, -1: none.
    shapes : Mapping[str, NDArray[int64]]
        By layer: index (cell, area) of each shape of the ground's layer, -1: of another.
    pieces : Pieces
        Of streets, as ``streets.source`` counts them, one for each side.
    street_ground, building_ground : NDArray[int64]
        Checksums of each cell's units.
    """

    ground: GroundMirror
    plane: LocalPlane
    codes: list[str]
    number: dict[str, int]
    middles: Floats
    areas: dict[str, Ints]
    names: dict[str, list[str]]
    shapes: dict[str, Ints]
    pieces: Pieces
    streets: Sights
    buildings: Sights
    street_ground: Ints
    building_ground: Ints
    around: Neighbours


def patrol_ground(ground: GroundMirror, layers: Sequence[str]) -> PatrolGround:
    """The ground of patrols. ``layers``: those of areas that cells are added up by."""
    drawn = ground.layer(CELL)
    codes, polygons = texts_of(drawn, "code"), polygons_of(drawn.columns.shapes)
    middles = shapely.get_coordinates(shapely.point_on_surface(polygons)).reshape(-1, 2)
    plane = LocalPlane(*(middles.mean(axis=0).tolist() if len(middles) else (0.0, 0.0)))
    atlas = Atlas.build([Layer(CELL, tuple(codes), tuple(codes), (None,) * len(codes), polygons)])
    pieces, streets = see_streets(ground.layer("street"), plane, atlas, len(codes))
    buildings = see_buildings(ground.layer("building"), plane, atlas, len(codes))
    areas, names, shapes = areas_of(ground.layer("area"), layers, middles)
    ends = np.column_stack((pieces.x, pieces.y))
    houses = ground.layer("building").columns
    return PatrolGround(
        ground,
        plane,
        codes,
        {code: at for at, code in enumerate(codes)},
        middles,
        areas,
        names,
        {**shapes, CELL: np.arange(len(codes))},
        pieces,
        streets,
        buildings,
        checksums(streets, np.round(ends[streets.source % max(len(ends), 1)]).astype(np.int32)),
        checksums(buildings, houses.ids[buildings.source].astype(np.int64)),
        polygon_neighbours(polygons),
    )


def texts_of(drawn: DrawnLayer, name: str) -> list[str]:
    """A text of each shape of a layer; empty where it has none."""
    words = drawn.columns.words
    data = words.data.tobytes()
    known = [*(data[a:b].decode() for a, b in pairwise(words.offsets.tolist())), ""]
    return [known[code] for code in drawn.columns.texts[name].tolist()]


def degrees_of(shapes: Shapes) -> Floats:
    """The points of shapes in degrees, shape (n, 2)."""
    return mercator_degrees(np.column_stack((shapes.x, shapes.y)).astype(np.float64))


def polygons_of(shapes: Shapes) -> NDArray[np.object_]:
    """Shapes of polygons as Shapely's, EPSG:4326."""
    if len(shapes.shape_parts) < 2:
        return np.empty(0, object)
    outer = np.flatnonzero(~shapes.holes)
    polygons = np.append(outer, len(shapes.holes)).astype(np.int64)
    of_shape = np.searchsorted(outer, shapes.shape_parts).astype(np.int64)
    offsets = (shapes.part_points, polygons, of_shape)
    made = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, degrees_of(shapes), offsets)
    return np.asarray(shapely.make_valid(made), object)


def see_streets(drawn: DrawnLayer, plane: LocalPlane, atlas: Atlas, cells: int) -> tuple[Pieces, Sights]:
    """Streets as pieces, each a unit of the cell on its left and of that on its right where that is another.

    Unit k of the left is piece k, unit k of the right is piece k - n.
    """
    shapes = drawn.columns.shapes
    lng, lat = degrees_of(shapes).T
    x, y = plane.to_xy(lng, lat)
    pieces = cut_streets(shapes.part_points, x, y)
    left, right = (
        atlas.locate(*plane.to_lnglat(pieces.x - side * pieces.dy, pieces.y + side * pieces.dx))[0]
        for side in (SIDE_M, -SIDE_M)
    )
    cell = np.concatenate((left, np.where(right == left, -1, right))).astype(np.int32)
    points = np.tile(np.column_stack((pieces.x, pieces.y)), (2, 1))
    return pieces, sights_of(cells, cell, np.tile(pieces.metres, 2), points, np.arange(len(cell)))


def see_buildings(drawn: DrawnLayer, plane: LocalPlane, atlas: Atlas, cells: int) -> Sights:
    """Buildings, each a unit of the cell that the middle of its box lies in; seen where a corner is."""
    columns = drawn.columns
    middle = mercator_degrees((drawn.boxes[:, :2] + drawn.boxes[:, 2:]).astype(np.float64) / 2)
    cell = atlas.locate(*middle.T)[0].astype(np.int32)
    lng, lat = degrees_of(columns.shapes).T
    x, y = plane.to_xy(lng, lat)
    points_a_part = np.diff(columns.shapes.part_points)
    part_of = np.repeat(np.arange(len(cell)), np.diff(columns.shapes.shape_parts))
    return sights_of(cells, cell, np.ones(len(cell)), np.column_stack((x, y)), np.repeat(part_of, points_a_part))


def areas_of(
    drawn: DrawnLayer, layers: Sequence[str], middles: Floats
) -> tuple[dict[str, Ints], dict[str, list[str]], dict[str, Ints]]:
    """Of each layer of areas: the area of each cell, the codes of areas, and the area of each shape of the ground's layer."""
    of, codes = np.array(texts_of(drawn, "layer"), object), np.array(texts_of(drawn, "code"), object)
    polygons = polygons_of(drawn.columns.shapes)
    areas, names, shapes = {}, {}, {}
    for layer in layers:
        own = np.flatnonzero(of == layer)
        names[layer] = codes[own].tolist()
        atlas = Atlas.build([Layer(layer, tuple(names[layer]), ("",) * len(own), (None,) * len(own), polygons[own])])
        areas[layer] = atlas.locate(*middles.T)[0].astype(np.int64)
        shapes[layer] = np.full(len(of), -1, np.int64)
        shapes[layer][own] = np.arange(len(own))
    return areas, names, shapes


def checksums(sights: Sights, marks: NDArray[Any]) -> Ints:
    """A checksum of each cell's units. ``marks``: of each unit, what tells it from others."""
    data, starts = np.ascontiguousarray(marks), sights.cell_starts.tolist()
    return np.array([crc32(data[a:b].tobytes()) for a, b in pairwise(starts)], np.int64)
