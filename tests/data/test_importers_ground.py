"""The ground in the base: an import again changes what differs and nothing else; walls and workers are told."""

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from data.database import Connection, connect, open_pool
from data.importers.ground import import_ground, read_ground
from data.importers.osm import import_osm
from data.stores.announcing import GROUND_CHANNEL
from data.stores.ground import Change, Import, load_attributions
from data.stores.layers import load_layers
from data.stores.streets import load_streets
from data.stores.tiles import tiles_version
from geo.errors import NeedleError
from geo.ground import BuildingRow, LandscapeRow, StreetRow
from geo.osm import ATTRIBUTION
from tests.patience import PATIENCE_S

LINE = shapely.LineString([(116.0, 39.9), (116.01, 39.9)])
SQUARE = shapely.box(116.0, 39.9, 116.001, 39.901)


def building(code: str, floors: int = 6, shape: shapely.Polygon = SQUARE) -> BuildingRow:
    return BuildingRow(code, None, "长安街1号", "residential", floors, 3.0 * floors, shape)


def bring(
    connection: Connection, rows: Sequence[BuildingRow], source: str = "survey", *, keep: bool = False
) -> tuple[int, ...]:
    """Import buildings; how many were read, added, updated, removed."""
    with connection.transaction():
        work = Import(connection, source, "file, EPSG:4326", "", ["building"])
        work.add("building", rows)
        (change,) = work.finish(keep=keep)
    return (change.read, change.added, change.updated, change.removed)


def codes(connection: Connection) -> list[tuple[str, int]]:
    return connection.execute("select code, floors from building order by code").fetchall()


def test_an_import_again_changes_nothing(connection: Connection) -> None:
    rows = [building("a"), building("b")]
    assert bring(connection, rows) == (2, 2, 0, 0)
    ids = connection.execute("select id, xmin::text from building order by id").fetchall()
    assert bring(connection, rows) == (2, 0, 0, 0)
    assert connection.execute("select id, xmin::text from building order by id").fetchall() == ids


def test_what_differs_is_changed_in_place_and_what_is_gone_is_removed(connection: Connection) -> None:
    bring(connection, [building("a"), building("b"), building("c")])
    moved = shapely.box(116.0, 39.9, 116.001, 39.9010000001)
    assert bring(connection, [building("a", 7), building("b", shape=moved), building("d")]) == (3, 1, 2, 1)
    assert codes(connection) == [("a", 7), ("b", 6), ("d", 6)]
    found = connection.execute("select st_asbinary(geom) from building where code = 'b'").fetchone()
    assert found is not None
    assert shapely.from_wkb(bytes(found[0])).equals_exact(moved, 0)


def test_what_is_gone_can_be_kept(connection: Connection) -> None:
    bring(connection, [building("a"), building("b")])
    assert bring(connection, [building("b", 9)], keep=True) == (1, 0, 1, 0)
    assert codes(connection) == [("a", 6), ("b", 9)]


def test_sources_leave_each_other_alone(connection: Connection) -> None:
    bring(connection, [building("a")], "survey")
    assert bring(connection, [building("b")], "osm") == (1, 1, 0, 0)
    assert bring(connection, [], "osm") == (0, 0, 0, 1)
    assert codes(connection) == [("a", 6)]
    with pytest.raises(NeedleError) as refused:
        bring(connection, [building("a")], "osm")
    assert refused.value.code == "ground.code_taken"
    assert codes(connection) == [("a", 6)]


def test_streets_and_landscape_of_two_sources_may_share_codes(connection: Connection) -> None:
    for source in ("one", "two"):
        with connection.transaction():
            work = Import(connection, source, "file", "", ["street", "landscape"])
            work.add("street", [StreetRow("1", "长安街", "primary", 50.0, True, LINE)])
            work.add("landscape", [LandscapeRow("1", "water", None, shapely.MultiPolygon([SQUARE]))])
            assert work.finish() == [Change("street", 1, 1, 0, 0), Change("landscape", 1, 1, 0, 0)]
    streets = load_streets(connection)
    assert streets is not None
    assert (len(streets.lines), streets.oneway.tolist()) == (2, [True, True])


def test_an_import_of_buildings_does_not_touch_the_streets_of_its_source(connection: Connection) -> None:
    with connection.transaction():
        work = Import(connection, "osm", "file", "", ["street"])
        work.add("street", [StreetRow("1", None, "path", 5.0, False, LINE)])
        work.finish()
    bring(connection, [building("a")], "osm")
    assert connection.execute("select count(*) from street").fetchone() == (1,)


def test_walls_and_workers_are_told_and_tiles_change(connection: Connection, database_url: str) -> None:
    async def version() -> str:
        async with open_pool(database_url) as pool, pool.connection() as asking:
            return await tiles_version(asking)

    with connect(database_url, autocommit=True) as ear:
        ear.execute(f"listen {GROUND_CHANNEL}")
        before = asyncio.run(version())
        bring(connection, [building("a")])
        connection.commit()
        assert [notice.channel for notice in ear.notifies(timeout=PATIENCE_S, stop_after=1)] == [GROUND_CHANNEL]
    after = asyncio.run(version())
    bring(connection, [building("b")])
    connection.commit()
    assert len({before, after, asyncio.run(version())}) == 3


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".parquet"])
def test_streets_of_every_format(connection: Connection, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"roads{suffix}"
    table = gpd.GeoDataFrame(
        {"name": ["长安街", "支路"], "class": ["primary", "支路"]}, geometry=[LINE, LINE], crs=4326
    )
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_file(path, encoding="utf-8")
    file = read_ground(path, "streets", None, {}, {})
    change = import_ground(connection, file, path.name, "roads", "© 市测绘院", lambda *_: None)
    assert change == Change("street", 2, 2, 0, 0)
    found = connection.execute("select name, class, speed_kmh from street order by id").fetchall()
    assert found == [("长安街", "primary", 50.0), ("支路", "tertiary", 30.0)]


def test_the_coordinate_system_is_never_guessed(tmp_path: Path) -> None:
    table = gpd.GeoDataFrame({"name": ["x"]}, geometry=[LINE], crs=4326)
    table.to_file(tmp_path / "roads.shp")
    (tmp_path / "roads.prj").unlink()
    with pytest.raises(NeedleError) as refused:
        read_ground(tmp_path / "roads.shp", "streets", None, {}, {})
    assert refused.value.code == "crs.missing"
    with pytest.raises(NeedleError) as refused:
        read_ground(tmp_path / "roads.shp", "streets", "EPSG:4547", {}, {})
    assert refused.value.code == "crs.contradicted"
    shifted = read_ground(tmp_path / "roads.shp", "streets", "gcj02", {}, {}).rows[0][-1]
    assert 0.002 < shapely.hausdorff_distance(shifted, LINE) < 0.01


def test_the_map_says_where_its_ground_came_from(connection: Connection, database_url: str) -> None:
    async def attributions() -> list[str]:
        async with open_pool(database_url) as pool, pool.connection() as asking:
            return await load_attributions(asking)

    assert asyncio.run(attributions()) == []
    for source, said in (("osm", ATTRIBUTION), ("osm-north", ATTRIBUTION), ("survey", "© 市测绘院"), ("own", "")):
        with connection.transaction():
            Import(connection, source, "file", said, ["building"]).finish()
    connection.commit()
    assert asyncio.run(attributions()) == sorted([ATTRIBUTION, "© 市测绘院"])


@pytest.mark.real_data
def test_helsinki_comes_in_whole_and_again_without_a_change(connection: Connection, real_data: Path) -> None:
    path = real_data / "helsinki" / "Helsinki.osm.pbf"
    said: list[tuple[str, float | None]] = []
    first = import_osm(connection, path, "osm", {}, date(2026, 1, 1), lambda what, done: said.append((what, done)))
    counts = {change.table: (change.read, change.added) for change in first.changes}
    assert counts == {"street": (2302, 2302), "landscape": (246, 246), "building": (444, 444)}
    assert {what.partition(":")[0] for what, _ in said} >= {"streets", "buildings", "changing the base"}
    again = import_osm(connection, path, "osm", {}, date(2026, 1, 1), lambda *_: None)
    assert [(c.added, c.updated, c.removed, c.unchanged) for c in again.changes] == [
        (0, 0, 0, 2302),
        (0, 0, 0, 246),
        (0, 0, 0, 444),
    ]
    assert connection.execute("select bool_and(st_isvalid(geom)) from building").fetchone() == (True,)


@pytest.mark.real_data
def test_levels_that_an_extract_cuts_are_not_taken_for_whole(connection: Connection, real_data: Path) -> None:
    path = real_data / "helsinki" / "Helsinki.osm.pbf"
    with pytest.raises(NeedleError) as refused:
        import_osm(connection, path, "osm", {"8": "district"}, date(2026, 1, 1), lambda *_: None)
    assert refused.value.code == "osm.level_missing"
    assert load_layers(connection) == []
    assert connection.execute("select count(*) from street").fetchone() == (0,)
