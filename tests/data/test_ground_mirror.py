"""Tiles of the ground from memory show what PostGIS shows, in every layer and at every zoom."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely

from data.cluster import Cluster
from data.database import SESSION, connect
from data.demo.city import make_city
from data.demo.load import load_city
from data.demo.size import BLOCK
from data.mirror.ground import LAYERS, DrawnLines, GroundMirror, LayerColumns
from data.mirror.ground_loading import load_ground
from data.mirror.inside import mercator_units
from data.stores.tiles import SOURCES, load_tile, tiles_version
from dispatch.matters import matters
from dispatch.reference import load_reference
from geo.mvt_columns import merged_lines, shapes_of
from geo.mvt_reading import Feature, read_tile

ZOOMS = (8, 9, 10, 11, 12, 13, 14, 15, 16)


@pytest.fixture(scope="module")
def city_url(cluster: Cluster) -> Iterator[str]:
    url = cluster.copy_database("template", "grounded")
    load_reference(url)
    with connect(url) as connection:
        load_city(connection, make_city(BLOCK), matters().values(), datetime(2026, 11, 24, tzinfo=UTC))
    yield url
    cluster.drop_database("grounded")


def said(feature: Feature) -> tuple[Any, ...]:
    """What a feature says, apart from how large it is in PostGIS's unit."""
    return tuple(sorted((key, value) for key, value in feature.properties.items() if key != "size"))


def size(feature: Feature) -> float:
    """Area of polygons, length of lines, in tile units."""
    if feature.kind == 3:
        return float(sum(shapely.Polygon(part).area for part in feature.parts))
    return float(sum(shapely.LineString(part).length for part in feature.parts)) if feature.kind == 2 else 0.0


def length(columns: LayerColumns, word: int) -> float:
    """Of all lines whose class is a word, in Mercator units."""
    shapes, total = columns.shapes, 0.0
    for at in np.flatnonzero(columns.texts["class"] == word).tolist():
        first, last = shapes.part_points[shapes.shape_parts[[at, at + 1]]]
        x, y = (values[first:last].astype(float) for values in (shapes.x, shapes.y))
        total += float(np.hypot(np.diff(x), np.diff(y)).sum())
    return total


def test_the_layers_are_those_of_the_database() -> None:
    assert {(layer.source, layer.name) for layer in LAYERS} == {
        (source, layer.name) for source, layers in SOURCES.items() for layer in layers
    }


async def drawn(url: str) -> tuple[GroundMirror, dict[tuple[str, int, int, int], bytes]]:
    """The ground, and PostGIS's tiles of the middle of the city."""
    async with await psycopg.AsyncConnection.connect(url, options=SESSION) as connection:
        row = await (
            await connection.execute(
                "select ST_X(c), ST_Y(c) from (select ST_Centroid(ST_Collect(geom)) as c from building) as q"
            )
        ).fetchone()
        assert row is not None
        x, y = (int(value) for value in mercator_units(np.array([row]))[0])
        keys = [(source, zoom, x >> (32 - zoom), y >> (32 - zoom)) for source in SOURCES for zoom in ZOOMS]
        theirs = {key: await load_tile(connection, *key) for key in keys}
        version = await tiles_version(connection)
        await connection.rollback()
        told: list[str] = []
        ground = await load_ground(connection, told.append)
    assert told == [layer.name for layer in LAYERS]
    assert ground.version == version
    return ground, theirs


async def test_memory_draws_what_postgis_draws(city_url: str) -> None:
    ground, theirs = await drawn(city_url)
    seen: set[str] = set()
    for (source, *tile), expected in theirs.items():
        wanted, found = read_tile(expected), read_tile(ground.draw(source, (tile[0], tile[1], tile[2])))
        for name in wanted.keys() | found.keys():
            seen.add(name)
            ours = sorted(map(said, found[name].features)) if name in found else []
            theirs_said = sorted(map(said, wanted[name].features)) if name in wanted else []
            if tile[0] >= 13 or name == "label":
                assert ours == theirs_said, (source, tile, name)
            total = [sum(map(size, layers[name].features)) if name in layers else 0.0 for layers in (found, wanted)]
            assert total[0] == pytest.approx(total[1], rel=0.05, abs=400), (source, tile, name)
    assert seen == {layer.name for layer in LAYERS}
    with pytest.raises(KeyError):
        ground.draw("nothing", (1, 0, 0))


async def test_streets_keep_their_whole_length_when_drawn_far_out(city_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(city_url, options=SESSION) as connection:
        ground = await load_ground(connection)
    streets = ground.layer("street")
    assert isinstance(streets, DrawnLines)
    near, far = streets.columns, streets.far.columns
    shown = near.texts["class"][np.isin(near.texts["class"], far.texts["class"])]
    assert len(shown)
    for code in np.unique(shown).tolist():
        assert length(far, code) == pytest.approx(length(near, code), rel=1e-6)


def test_lines_that_meet_are_merged_within_their_group_alone() -> None:
    wkt = ["LINESTRING (0 0, 1 0)", "LINESTRING (2 0, 1 0)", "LINESTRING (2 0, 3 0)", "LINESTRING (1 0, 1 1)"]
    shapes = shapes_of(np.array(shapely.from_wkt(wkt), object))
    merged, group = merged_lines(shapes, np.array([7, 7, 7, 2]))
    assert group.tolist() == [2, 7]
    assert np.diff(merged.part_points).tolist() == [2, 4]
    apart, group = merged_lines(shapes, np.array([7, 7, -1, 7]))
    assert group.tolist() == [7, 7, 7], "where three meet, chains end"
    assert np.diff(apart.part_points).tolist() == [2, 2, 2]


async def test_an_empty_city_is_an_empty_ground(database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, options=SESSION) as connection:
        ground = await load_ground(connection)
    assert [ground.draw(source, (12, 3373, 1552)) for source in SOURCES] == [b"", b"", b""]
