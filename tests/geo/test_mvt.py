"""Tiles that we write are read as what was put in: by our reader, by GDAL, and beside what PostGIS writes."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.database import Connection
from geo.mvt import BUFFER, EXTENT, LINES, OMIT, POINTS, POLYGONS, Shapes, Texts, encode_points, encode_shapes
from geo.mvt_reading import TileLayer, read_tile, twice_area

WORLD = 1 << 32
ZOOM, COLUMN, ROW = TILE = (14, 13489, 6208)
SHIFT = 32 - ZOOM - 12
LEFT, TOP = COLUMN << (32 - ZOOM), ROW << (32 - ZOOM)
numbers = st.integers(-(1 << 62), 1 << 62) | st.integers(-3, 300) | st.just(OMIT)
place = st.tuples(st.integers(-700, EXTENT + 700), st.integers(-700, EXTENT + 700))


def units(points: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Web Mercator units of points on the tile's grid."""
    grid = np.asarray(points, np.int64).reshape(-1, 2)
    return (LEFT + (grid[:, 0] << SHIFT)).astype(np.uint32), (TOP + (grid[:, 1] << SHIFT)).astype(np.uint32)


def shapes_of(shapes: list[list[tuple[bool, list[tuple[int, int]]]]]) -> Shapes:
    parts = [part for shape in shapes for part in shape]
    points = [point for _, part in parts for point in part]
    x, y = units(points)
    return Shapes(
        np.cumsum([0, *map(len, shapes)]).astype(np.int64),
        np.cumsum([0, *(len(part) for _, part in parts)]).astype(np.int64),
        np.array([hole for hole, _ in parts], np.bool_),
        x,
        y,
    )


def layer(tile: bytes) -> TileLayer:
    (found,) = read_tile(tile).values()
    assert (found.version, found.extent) == (2, EXTENT)
    return found


@given(
    st.lists(st.tuples(place, st.integers(-1, 1 << 62), numbers, numbers, st.integers(-1, 3)), min_size=1, max_size=50)
)
def test_points_come_back(rows: list[tuple[tuple[int, int], int, int, int, int]]) -> None:
    words = ["工地扬尘", "", "a", "路"]
    x, y = units([row[0] for row in rows])
    ids, a, b, word = (np.array([row[k] for row in rows], np.int64) for k in range(1, 5))
    found = layer(encode_points("case", TILE, x, y, ids, {"a": a, "b": b}, {"w": word}, Texts.of(words)))
    for feature, (point, id_, first, second, text) in zip(found.features, rows, strict=True):
        wanted = {"a": first, "b": second, "w": words[text] if text >= 0 else OMIT}
        assert feature.kind == POINTS
        assert feature.id == (None if id_ < 0 else id_)
        assert feature.parts == [[point]]
        assert feature.properties == {key: value for key, value in wanted.items() if value != OMIT}


def test_no_points_no_bytes() -> None:
    nothing = np.empty(0, np.uint32)
    assert encode_points("case", TILE, nothing, nothing) == b""


ring = st.lists(place, min_size=3, max_size=12, unique=True)


@settings(max_examples=300)
@given(st.lists(ring, min_size=1, max_size=5))
def test_polygons_are_clipped_as_geos_clips_them(rings: list[list[tuple[int, int]]]) -> None:
    hulls = [shapely.MultiPoint(points).convex_hull for points in rings]
    solid = [hull for hull in hulls if hull.geom_type == "Polygon"]
    shapes = shapes_of([[(False, [(int(x), int(y)) for x, y in hull.exterior.coords])] for hull in solid])
    numbers = {"k": np.arange(len(solid))}
    tile = encode_shapes("p", POLYGONS, TILE, shapes, np.arange(len(solid)), numbers=numbers)
    drawn = {f.properties["k"]: f for f in (layer(tile).features if tile else [])}
    box = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    for k, hull in enumerate(solid):
        wanted = shapely.intersection(hull, box)
        if k not in drawn:
            assert wanted.area < wanted.length + 1  # thinner than the grid
            continue
        (found,) = drawn[k].parts
        assert drawn[k].kind == POLYGONS
        assert twice_area(found) > 0
        polygon = shapely.Polygon(found)
        assert box.covers(polygon)
        assert shapely.symmetric_difference(polygon.buffer(0), wanted).area <= wanted.length + 2


SQUARE = [(0, 0), (1000, 0), (1000, 1000), (0, 1000), (0, 0)]
HOLE = [(200, 200), (300, 200), (300, 300), (200, 300), (200, 200)]


@pytest.mark.parametrize("outer", [SQUARE, SQUARE[::-1]])
@pytest.mark.parametrize("hole", [HOLE, HOLE[::-1]])
def test_rings_wind_as_the_standard_says(outer: list[tuple[int, int]], hole: list[tuple[int, int]]) -> None:
    shapes = shapes_of([[(False, outer), (True, hole), (False, [(x + 2000, y) for x, y in outer])]])
    (feature,) = layer(encode_shapes("p", POLYGONS, TILE, shapes, np.array([0]))).features
    assert [np.sign(twice_area(part)) for part in feature.parts] == [1, -1, 1]
    assert [set(part) for part in feature.parts[:2]] == [set(outer), set(hole)]


def test_what_has_no_area_or_is_elsewhere_is_left_out() -> None:
    far = [(x + 9000, y) for x, y in SQUARE]
    shapes = shapes_of(
        [
            [(False, [(5, 5), (900, 5), (5, 5)])],
            [(False, far), (True, [(x + 9000, y) for x, y in HOLE])],
            [(False, SQUARE), (True, [(7, 7), (7, 7), (7, 7)])],
        ]
    )
    tile = encode_shapes("p", POLYGONS, TILE, shapes, np.arange(3), np.array([1, 2, 3]))
    assert [(feature.id, len(feature.parts)) for feature in layer(tile).features] == [(3, 1)]
    assert encode_shapes("p", POLYGONS, TILE, shapes, np.array([0, 1])) == b""


@settings(max_examples=300)
@given(st.lists(place, min_size=2, max_size=9))
def test_lines_are_cut_where_they_leave(points: list[tuple[int, int]]) -> None:
    tile = encode_shapes("l", LINES, TILE, shapes_of([[(False, points)]]), np.array([0]))
    box = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    shared = shapely.get_parts(shapely.intersection(shapely.LineString(points), box))
    # Where a line only touches, nothing is drawn.
    wanted = shapely.union_all(shared[shapely.get_dimensions(shared) == 1])
    pieces = layer(tile).features[0].parts if tile else []
    found = shapely.MultiLineString(list(pieces))
    assert found.is_empty or box.covers(found)
    assert wanted.length <= 3 or pieces
    if pieces:
        assert shapely.hausdorff_distance(found, wanted, 0.2) < 3 or wanted.length <= 6


def test_simplifying_stays_within_the_tolerance() -> None:
    angle = np.linspace(0, 2 * np.pi, 400)
    circle = [(int(2000 + 1500 * np.cos(a)), int(2000 + 1500 * np.sin(a))) for a in angle[:-1]]
    shapes = shapes_of([[(False, [*circle, circle[0]])]])
    (feature,) = layer(encode_shapes("p", POLYGONS, TILE, shapes, np.array([0]), tolerance=4.0)).features
    assert len(feature.parts[0]) < 70
    assert shapely.hausdorff_distance(shapely.LinearRing(feature.parts[0]), shapely.LinearRing(circle), 0.1) <= 5


def test_gdal_reads_the_tile(tmp_path: Path) -> None:
    x, y = units([(10, 20), (4000, 4095)])
    tile = encode_points(
        "case", TILE, x, y, np.array([7, 8]), {"n": np.array([5, -6])}, {"w": np.array([0, 1])}, Texts.of(["甲", "乙"])
    )
    tile += encode_shapes(
        "house", POLYGONS, TILE, shapes_of([[(False, SQUARE), (True, HOLE)]]), np.array([0]), np.array([9])
    )
    file = tmp_path / str(ZOOM) / str(COLUMN) / f"{ROW}.mvt"
    file.parent.mkdir(parents=True)
    file.write_bytes(gzip.compress(tile))
    points = pyogrio.read_dataframe(file, layer="case", X=str(COLUMN), Y=str(ROW), Z=str(ZOOM))
    assert points[["mvt_id", "n", "w"]].values.tolist() == [[7, 5, "甲"], [8, -6, "乙"]]
    house = pyogrio.read_dataframe(file, layer="house", X=str(COLUMN), Y=str(ROW), Z=str(ZOOM)).geometry[0]
    side = 40_075_016.685578488 / 2**ZOOM / EXTENT
    assert shapely.get_num_interior_rings(house).sum() == 1 or house.geom_type == "MultiPolygon"
    assert house.area == pytest.approx((1000**2 - 100**2) * side**2, rel=1e-6)


def test_postgis_writes_the_same_polygons(connection: Connection) -> None:
    generator = np.random.default_rng(3)
    centres = generator.integers(-300, EXTENT + 300, (200, 2))
    boxes = [
        shapely.box(*(c - size), *(c + size))
        for c, size in zip(centres, generator.integers(1, 200, (200, 2)), strict=True)
    ]
    side = 40_075_016.685578488 / 2**ZOOM / EXTENT
    west = -20_037_508.342789244 + COLUMN * EXTENT * side
    north = 20_037_508.342789244 - ROW * EXTENT * side
    in_metres = [
        shapely.transform(b, lambda p: np.column_stack((west + p[:, 0] * side, north - p[:, 1] * side))) for b in boxes
    ]
    row = connection.execute(
        "select ST_AsMVT(q, 'p', 4096, 'g') from (select k, ST_AsMVTGeom(ST_SetSRID(w::geometry, 3857),"
        " ST_TileEnvelope(%s, %s, %s), 4096, 64, true) as g from unnest(%s::text[]) with ordinality as t(w, k)) as q"
        " where g is not null",
        [*TILE, [shapely.to_wkt(g, rounding_precision=9) for g in in_metres]],
    ).fetchone()
    assert row is not None
    theirs = {f.properties["k"]: shapely.Polygon(f.parts[0]) for f in layer(bytes(row[0])).features}
    shapes = shapes_of([[(False, [(int(x), int(y)) for x, y in b.exterior.coords])] for b in boxes])
    tile = encode_shapes("p", POLYGONS, TILE, shapes, np.arange(200), numbers={"k": np.arange(1, 201)})
    ours = {f.properties["k"]: shapely.Polygon(f.parts[0]) for f in layer(tile).features}
    assert ours.keys() == theirs.keys()
    for k, polygon in ours.items():
        assert shapely.equals(polygon, theirs[k]), k
