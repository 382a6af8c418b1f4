"""The atlas says what GEOS says: for every point, on every kind of layer, one by one and in bulk."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.atlas import Atlas
from geo.layers import Layer

Floats = NDArray[np.float64]


def layer(polygons: list[shapely.Geometry], name: str = "area") -> Layer:
    array = np.empty(len(polygons), object)
    array[:] = polygons
    codes = tuple(str(k) for k in range(len(polygons)))
    return Layer(name, codes, codes, (None,) * len(codes), array)


def oracle(of: Layer, lng: Floats, lat: Floats) -> NDArray[np.int64]:
    """The lowest polygon that GEOS says intersects each point, -1 for none."""
    point, polygon = shapely.STRtree(of.polygons).query(shapely.points(lng, lat), predicate="intersects")
    lowest = np.full(len(lng), len(of), np.int64)
    np.minimum.at(lowest, point, polygon)
    return np.where(lowest == len(of), -1, lowest)


def coverage(seed: int, n: int, lng0: float, lat0: float, step: float) -> list[shapely.Geometry]:
    """n by n quadrilaterals that share crooked borders."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(lng0 + np.arange(n + 1) * step, lat0 + np.arange(n + 1) * step)
    x, y = x + rng.uniform(-0.3, 0.3, x.shape) * step, y + rng.uniform(-0.3, 0.3, y.shape) * step
    corner = np.stack([x, y], -1)
    ring = ((0, 0), (0, 1), (1, 1), (1, 0))
    return [shapely.Polygon([corner[j + b, i + a] for b, a in ring]) for j in range(n) for i in range(n)]


def blobs(seed: int, n: int) -> list[shapely.Geometry]:
    """Overlapping stars, some with a hole, some of two parts."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(n):
        angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 80)))
        radius = rng.uniform(0.3, 1.0, len(angle)) * 0.02
        ring = np.stack([116 + rng.uniform(0, 0.05) + radius * np.cos(angle), 39.9 + radius * np.sin(angle)], 1)
        star = shapely.make_valid(shapely.Polygon(ring))
        if k % 3 == 0:
            star = star.difference(star.centroid.buffer(0.004))
        if k % 4 == 0:
            star = star.union(shapely.box(116.06, 39.9 + 0.01 * k, 116.07, 39.905 + 0.01 * k))
        made += [part for part in [star] if part.geom_type in ("Polygon", "MultiPolygon") and not part.is_empty]
    return made


def hugging(of: Layer, seed: int, n: int = 400) -> tuple[Floats, Floats]:
    """Points anywhere, on vertices, on edges as near as doubles come, and a billionth of a degree beside them."""
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(of.polygons)
    pad = 0.05 * max(east - west, north - south)
    anywhere = rng.uniform((west - pad, south - pad), (east + pad, north + pad), (n, 2))
    corners = shapely.get_coordinates(of.polygons)
    corner = corners[rng.integers(0, len(corners) - 1, n)]
    at = rng.integers(0, len(corners) - 1, n)
    on_edge = corners[at] + rng.random((n, 1)) * (corners[at + 1] - corners[at])
    middle = (corners[at] + corners[at + 1]) / 2
    beside = np.concatenate([corner, on_edge]) + rng.choice([-1e-9, 0.0, 1e-9], (2 * n, 2))
    level = np.stack([rng.uniform(west - pad, east + pad, n), corner[:, 1]], 1)
    points = np.concatenate([anywhere, corner, on_edge, middle, beside, level])
    return points[:, 0].copy(), points[:, 1].copy()


def assert_exact(of: Layer, seed: int) -> None:
    lng, lat = hugging(of, seed)
    np.testing.assert_array_equal(Atlas.build([of]).locate(lng, lat)[0], oracle(of, lng, lat))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 12),
    origin=st.sampled_from([(116.0, 39.9), (-71.1, 42.3), (0.0, 0.0), (179.0, -45.0), (1e6, -1e7)]),
    step=st.sampled_from([1.0, 1e-2, 1e-3, 1e-5]),
)
def test_coverages_equal_geos(seed: int, n: int, origin: tuple[float, float], step: float) -> None:
    assert_exact(layer(coverage(seed, n, *origin, step)), seed)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 12))
def test_overlaps_holes_and_parts_equal_geos(seed: int, n: int) -> None:
    made = blobs(seed, n)
    if made:
        assert_exact(layer(made), seed)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6), side=st.integers(2, 9))
def test_borders_on_whole_numbers_equal_geos(seed: int, side: int) -> None:
    """Borders along the axes and points on a lattice: every tie there is, middles of pixels among them."""
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.choice(np.arange(1, 40), side, replace=False)).astype(float)
    boxes = [shapely.box(a, c, b, d) for a, b in pairwise(cuts) for c, d in [(0, 7), (7, 20)]]
    of = layer([*boxes, shapely.box(3, 3, 30, 9)])
    lng, lat = (g.ravel() for g in np.meshgrid(np.arange(-2, 84) / 2, np.arange(-2, 44) / 2))
    np.testing.assert_array_equal(Atlas.build([of]).locate(lng, lat)[0], oracle(of, lng, lat))


def test_a_shared_border_belongs_to_the_lowest() -> None:
    two = layer([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    assert Atlas.build([two]).locate([1.0, 1.0, 1.0 + 1e-12], [0.5, 1.0, 0.5]).tolist() == [[0, 0, 1]]


@pytest.mark.parametrize(("lng", "lat"), [(np.nan, 0.5), (0.5, np.nan), (np.inf, 0.5), (1e300, -1e300), (5.0, 5.0)])
def test_what_is_no_place_lies_nowhere(lng: float, lat: float) -> None:
    atlas = Atlas.build([layer([shapely.box(0, 0, 1, 1)])])
    assert atlas.locate([lng], [lat]).tolist() == [[-1]]
    assert atlas.locate_one(lng, lat).indices == (-1,)


def test_layers_without_polygons() -> None:
    atlas = Atlas.build([layer([]), layer([shapely.box(0, 0, 1, 1)])])
    where = atlas.locate([0.5], [0.5])
    assert where.tolist() == [[-1], [0]]
    assert atlas.border([0.5], [0.5], where).distance_m[0, 0] == np.inf
    assert Atlas.build([]).locate([0.5], [0.5]).shape == (0, 1)
    assert Atlas.build([layer([])]).locate_one(1.0, 2.0).other == (-1,)


@pytest.mark.parametrize("make", [lambda s: coverage(s, 9, 116.0, 39.9, 1e-2), lambda s: blobs(s, 9)])
def test_borders_are_the_nearest_edges_of_all(make: Callable[[int], list[shapely.Geometry]]) -> None:
    of = layer(make(5))
    atlas = Atlas.build([of])
    lng, lat = hugging(of, 5)
    where = atlas.locate(lng, lat)
    found = atlas.border(lng, lat, where)
    scale = (atlas.plane.lng_m, atlas.plane.lat_m)
    lines = shapely.union_all(shapely.boundary(shapely.transform(of.polygons, lambda c: (c - (116, 39.9)) * scale)))
    points = shapely.points((lng - 116) * scale[0], (lat - 39.9) * scale[1])
    np.testing.assert_allclose(found.distance_m[0], shapely.distance(lines, points), atol=1e-6)


def test_the_polygon_across_the_border() -> None:
    atlas = Atlas.build([layer([shapely.box(0, 0, 0.01, 0.01), shapely.box(0.01, 0, 0.02, 0.01)])])
    places = [atlas.locate_one(lng, 0.005) for lng in (0.009, 0.0101, 0.0199, -0.001, 0.01)]
    assert [p.indices[0] for p in places] == [0, 1, 1, -1, 0]
    assert [p.other[0] for p in places] == [1, 0, -1, 0, 1]
    assert places[0].border_m[0] == pytest.approx(0.001 * atlas.plane.lng_m)


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_one_by_one_is_in_bulk(seed: int) -> None:
    layers = [layer(coverage(seed, 7, 116.0, 39.9, 1e-2)), layer(coverage(seed + 1, 2, 116.0, 39.9, 0.03), "wide")]
    atlas = Atlas.build(layers)
    lng, lat = hugging(layers[0], seed, 40)
    where = atlas.locate(lng, lat)
    border = atlas.border(lng, lat, where)
    for k in range(len(lng)):
        place = atlas.locate_one(lng[k], lat[k])
        assert place.indices == tuple(where[:, k].tolist())
        assert place.border_m == tuple(border.distance_m[:, k].tolist())
        assert place.other == tuple(border.other[:, k].tolist())


def test_building_tells_how_far_it_is() -> None:
    told: list[tuple[str, float]] = []
    Atlas.build([layer([shapely.box(0, 0, 1, 1)], "a"), layer([], "b")], lambda name, done: told.append((name, done)))
    shares = [done for _, done in told]
    assert shares == sorted(shares)
    assert told[-1] == ("b", 1.0)


def test_coordinates_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes"):
        Atlas.build([]).locate([1.0, 2.0], [1.0])


@pytest.mark.real_data
@pytest.mark.parametrize("file", ["beijing/subdistricts_2024.geojson.gz", "boston/police_districts.geojson.gz"])
def test_real_boundaries_equal_geos(real_data: Path, file: str) -> None:
    path = real_data / file
    frame = gpd.read_file(f"/vsigzip/{path}" if path.suffix == ".gz" else path)
    of = layer(shapely.make_valid(frame.geometry.to_numpy()).tolist())
    lng, lat = hugging(of, 1, 20_000)
    np.testing.assert_array_equal(Atlas.build([of]).locate(lng, lat)[0], oracle(of, lng, lat))
