"""``needle locate`` and ``needle audit boundaries`` over files, as a user runs them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner, Result

from dashboard.cli import app
from dashboard.cli.layer_args import LayerSource, declare, parse_sources
from data.database import Connection
from data.settings import get_settings
from data.stores.layers import save_layer
from geo.datums import wgs84_to_gcj02
from geo.errors import NeedleError
from geo.layers import Layer, make_layer


def needle(*arguments: object) -> Result:
    """Run a command; an error of the catalogue comes through as it is."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if isinstance(result.exception, NeedleError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def files(tmp_path: Path, two_by_two: gpd.GeoDataFrame) -> Path:
    """Districts in WGS84, the same in GCJ-02 in a Shapefile that does not say so, and points in GCJ-02."""
    two_by_two.to_file(tmp_path / "districts.geojson")
    shifted = shapely.transform(two_by_two.geometry.to_numpy(), wgs84_to_gcj02, interleaved=False)
    gpd.GeoDataFrame({"code": list("abcd")}, geometry=shifted, crs=4326).to_file(tmp_path / "gcj.shp")
    (tmp_path / "gcj.prj").unlink()
    lng, lat = wgs84_to_gcj02(np.array([116.305, 116.31004, 116.5]), np.array([39.905, 39.915, 39.9]))
    points = pd.DataFrame({"单号": ["007", "008", "009"], "经度": lng, "纬度": lat, "acc": [None, 3, None]})
    points.to_csv(tmp_path / "points.csv", index=False)
    return tmp_path


def locate(files: Path, *options: object, out: str = "out.parquet") -> pd.DataFrame:
    """The result of ``needle locate`` on the CSV."""
    columns = ("--x", "经度", "--y", "纬度", "--crs", "gcj02")
    needle("locate", files / "points.csv", *columns, *options, "--out", files / out)
    return pd.read_csv(files / out, dtype={"单号": str}) if out.endswith(".csv") else pd.read_parquet(files / out)


def test_locate_writes_what_the_manual_says(files: Path) -> None:
    located = locate(files, "--layer", f"district={files}/districts.geojson:code")
    assert located["单号"].tolist() == ["007", "008", "009"]
    assert located["district"].tolist()[:2] == ["a", "d"]
    assert located["district_ambiguous"].tolist() == [False, True, False]
    assert located["district_other"].tolist()[1] == "c"
    assert located["problem"].tolist()[2] == "coordinate.outside"
    assert located["lng"].to_numpy() == pytest.approx([116.305, 116.31004, 116.5], abs=1e-8)


def test_locate_takes_layers_that_only_the_user_can_declare(files: Path) -> None:
    layers = ("--layer", f"wgs={files}/districts.geojson:code", "--layer", f"gcj={files}/gcj.shp:code")
    located = locate(files, *layers, "--layer-crs", "gcj=gcj02", out="out.csv")
    assert located["wgs"].tolist()[:2] == located["gcj"].tolist()[:2] == ["a", "d"]
    with pytest.raises(NeedleError, match=r"gcj\.shp declares no coordinate system"):
        locate(files, *layers)


def test_locate_takes_the_accuracy_of_a_column(files: Path) -> None:
    layer = ("--layer", f"district={files}/districts.geojson:code")
    assert locate(files, *layer, "--accuracy-m", "acc")["district_ambiguous"].tolist() == [False, False, False]
    assert locate(files, *layer, "--accuracy-m", "5000")["district_ambiguous"].tolist() == [True, True, False]


def test_locate_reads_the_points_of_a_map_file_and_writes_one(files: Path) -> None:
    points = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(116.305, 39.905)], crs=4326)
    points.to_file(files / "points.gpkg")
    needle("locate", files / "points.gpkg", "--cells", f"{files}/districts.geojson:code", "--out", files / "o.geojson")
    written = gpd.read_file(files / "o.geojson")
    assert written["cell"].tolist() == ["a"]
    assert written.geometry[0].equals(points.geometry[0])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--x", "经度", "--y", "纬度"), "crs.missing"),
        (("--x", "经度", "--y", "纬度", "--crs", "mars"), "crs.unknown"),
        (("--x", "LON", "--y", "纬度", "--crs", "gcj02"), "file.column"),
        (("--x", "经度"), "locate.columns"),
        ((), "locate.columns"),
        (("--x", "纬度", "--y", "经度", "--crs", "gcj02"), "coordinate.swapped"),
        (("--x", "经度", "--y", "纬度", "--crs", "EPSG:32650"), "crs.contradicted"),
    ],
)
def test_locate_refuses_what_it_would_have_to_guess(files: Path, options: tuple[str, ...], code: str) -> None:
    layer = ("--layer", f"district={files}/districts.geojson:code")
    with pytest.raises(NeedleError) as refused:
        needle("locate", files / "points.csv", *layer, *options, "--out", files / "o.csv")
    assert refused.value.code == code


def test_layer_arguments() -> None:
    sources = parse_sources(["police=a/b.geojson:ID", "fire=C:/x.shp:NO"], "grid.gpkg:code", named=True)
    assert declare(sources, ["gcj02", "fire=EPSG:2249"]) == [
        LayerSource("police", Path("a/b.geojson"), "ID", "gcj02"),
        LayerSource("fire", Path("C:/x.shp"), "NO", "EPSG:2249"),
        LayerSource("cell", Path("grid.gpkg"), "code", "gcj02"),
    ]
    assert parse_sources(["a/districts.geojson.gz:code"], None, named=False)[0].name == "districts"


@pytest.mark.parametrize(
    ("layers", "tags", "code"),
    [
        (["districts.geojson"], [], "layer.argument"),
        (["districts.geojson:code"], [], "layer.argument"),
        (["a=x.shp:code", "a=y.shp:code"], [], "layer.name_taken"),
        (["a=x.shp:code"], ["b=gcj02"], "layer.unknown"),
    ],
)
def test_layer_arguments_that_are_refused(layers: list[str], tags: list[str], code: str) -> None:
    with pytest.raises(NeedleError) as refused:
        declare(parse_sources(layers, None, named=True), tags)
    assert refused.value.code == code


def test_locate_without_layers_is_refused(files: Path) -> None:
    with pytest.raises(NeedleError) as refused:
        needle("locate", files / "points.csv", "--out", files / "o.csv")
    assert refused.value.code == "layer.none"


def test_audit_of_files_writes_a_map_and_a_page(files: Path, two_by_two: gpd.GeoDataFrame) -> None:
    moved = two_by_two.assign(geometry=two_by_two.geometry.translate(-0.002, 0))
    gpd.GeoDataFrame(pd.concat([two_by_two.head(1), moved.tail(3)])).to_file(files / "loose.gpkg")
    result = needle("audit", "boundaries", f"{files}/loose.gpkg:code", "--out", files / "audit.geojson")
    assert "overlap" in result.output
    assert set(gpd.read_file(files / "audit.geojson")["kind"]) == {"overlap"}
    assert "<svg" in (files / "audit.html").read_text(encoding="utf-8")


@pytest.fixture
def this_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The test's database as the one that commands use."""
    monkeypatch.setenv("NEEDLE_DATABASE_URL", database_url)
    get_settings.cache_clear()
    yield database_url
    get_settings.cache_clear()


def test_audit_of_an_empty_database_says_what_to_do(tmp_path: Path, this_database: str) -> None:
    with pytest.raises(NeedleError) as refused:
        needle("audit", "boundaries", "--out", tmp_path / "audit.geojson")
    assert refused.value.code == "layer.none"


def test_audit_of_the_database(
    tmp_path: Path, this_database: str, connection: Connection, two_by_two: gpd.GeoDataFrame
) -> None:
    areas, report = make_layer(two_by_two, "district", "code", "name")
    save_layer(connection, areas, "area", "区", "District", 0, "test", date(2026, 1, 1), report.as_dict())
    square = two_by_two.geometry[0]
    half = shapely.box(square.bounds[0], square.bounds[1], square.centroid.x, square.bounds[3])
    cells = Layer("cell", ("110117001001001",), ("",), (None,), np.array([half], dtype=object))
    save_layer(connection, cells, "grid", "单元网格", "Unit grid cell", 9, "test", date(2026, 1, 1))
    connection.commit()
    result = needle("audit", "boundaries", "--out", tmp_path / "audit.gpkg")
    assert "district" in result.output
    found = gpd.read_file(tmp_path / "audit.gpkg")
    assert sorted(zip(found["kind"], found["codes"], strict=True)) == [("uncovered", code) for code in "abcd"]
