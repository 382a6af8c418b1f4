"""Files of every kind end as the same table, or as the same geometry in EPSG:4326, or are refused with a reason."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.datums import wgs84_to_gcj02
from geo.errors import NeedleError
from geo.files import check_columns, read_layer_file, read_table, write_table

TABLE = pd.DataFrame({"编号": ["007", "12"], "名称": ["占道经营", None], "lng": ["116.31", "116.32"]})
FEET = "EPSG:2249"


def write(table: pd.DataFrame, path: Path) -> Path:
    """A table in the format of the suffix, as another program would have written it."""
    writers: dict[str, Callable[[], Any]] = {
        ".csv": lambda: path.write_text(table.to_csv(index=False), encoding="utf-8"),
        ".gbk.csv": lambda: path.write_text(table.to_csv(index=False), encoding="gbk"),
        ".bom.csv": lambda: path.write_text(table.to_csv(index=False), encoding="utf-8-sig"),
        ".tsv": lambda: path.write_text(table.to_csv(index=False, sep="\t"), encoding="utf-8"),
        ".csv.gz": lambda: path.write_bytes(gzip.compress(table.to_csv(index=False).encode())),
        ".xlsx": lambda: table.to_excel(path, index=False),
        ".parquet": lambda: table.to_parquet(path),
        ".json": lambda: path.write_text(table.to_json(orient="records", force_ascii=False), encoding="utf-8"),
    }
    writers["".join(path.suffixes)]()
    return path


@pytest.mark.parametrize("suffix", [".csv", ".gbk.csv", ".bom.csv", ".tsv", ".csv.gz", ".xlsx", ".parquet", ".json"])
def test_a_table_in_any_format(tmp_path: Path, suffix: str) -> None:
    table = read_table(write(TABLE, tmp_path / f"table{suffix}"))
    assert list(table.columns) == list(TABLE.columns)
    assert table["编号"].tolist() == ["007", "12"]
    assert table["名称"].isna().tolist() == [False, True]


def geojson(path: Path, frame: gpd.GeoDataFrame, crs: object = "absent") -> Path:
    """GeoJSON with a crs member of our choice."""
    content = json.loads(frame.to_json(drop_id=True))
    content.pop("crs", None)
    if crs != "absent":
        content["crs"] = crs
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def shapefile(path: Path, frame: gpd.GeoDataFrame) -> Path:
    """A Shapefile in GBK without .cpg, as older Chinese programs write it."""
    frame.to_file(path, encoding="gb18030")
    path.with_suffix(".cpg").unlink()
    return path


@pytest.mark.parametrize("name", ["a.geojson", "a.geojson.gz", "a.json", "a.gpkg", "a.shp", "a.parquet"])
def test_geometry_in_any_format(tmp_path: Path, two_by_two: gpd.GeoDataFrame, name: str) -> None:
    path = tmp_path / name
    if name.endswith(("json", "gz")):
        geojson(path, two_by_two)
    elif name.endswith("shp"):
        shapefile(path, two_by_two)
    else:
        two_by_two.to_parquet(path) if name.endswith("parquet") else two_by_two.to_file(path)
    frame = read_layer_file(path)
    assert frame.crs.to_epsg() == 4326
    assert frame["name"].tolist() == ["甲", "乙", "丙", "丁"]
    assert shapely.equals_exact(frame.geometry.to_numpy(), two_by_two.geometry.to_numpy(), 1e-9, normalize=True).all()
    assert read_table(path)["code"].tolist() == list("abcd")


def test_projected_feet_come_back_to_degrees(tmp_path: Path) -> None:
    boston = gpd.GeoDataFrame({"code": ["A1"]}, geometry=[shapely.box(-71.07, 42.35, -71.05, 42.36)], crs=4326)
    boston.to_crs(FEET).to_file(tmp_path / "feet.shp")
    read = read_layer_file(tmp_path / "feet.shp")
    assert np.abs(shapely.get_coordinates(read.geometry[0]) - [-71.06, 42.355]).max() < 0.0101
    assert read.attrs["crs"] == "EPSG:2249 (feet.shp)"


def test_gcj02_is_declared_by_the_caller_and_overrules_the_file(tmp_path: Path, two_by_two: gpd.GeoDataFrame) -> None:
    shifted = shapely.transform(two_by_two.geometry.to_numpy(), wgs84_to_gcj02, interleaved=False)
    two_by_two.set_geometry(gpd.GeoSeries(shifted, crs=4326)).to_file(tmp_path / "gcj.gpkg")
    frame = read_layer_file(tmp_path / "gcj.gpkg", "gcj02")
    assert shapely.equals_exact(frame.geometry.to_numpy(), two_by_two.geometry.to_numpy(), 1e-8, normalize=True).all()


@pytest.mark.parametrize(
    ("crs", "outcome"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, "EPSG:4326"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}, "EPSG:4490"),
        ({"type": "name", "properties": {"name": "gcj02"}}, "gcj02"),
        (None, "crs.missing"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2249"}}, "crs.contradicted"),
        ({"type": "name", "properties": {"name": "my local grid"}}, "crs.unknown"),
        ({"type": "link", "properties": {"href": "http://example.org/crs"}}, "crs.unknown"),
    ],
)
def test_the_legacy_crs_member_of_geojson(
    tmp_path: Path, two_by_two: gpd.GeoDataFrame, crs: object, outcome: str
) -> None:
    path = geojson(tmp_path / "a.geojson", two_by_two, crs)
    if "." in outcome:
        with pytest.raises(NeedleError) as refused:
            read_layer_file(path)
        assert refused.value.code == outcome
    else:
        assert read_layer_file(path).attrs["crs"] == f"{outcome} (a.geojson)"


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("name", ["a.shp", "a.gpkg", "a.parquet"])
def test_undeclared_geometry_is_refused_until_declared(tmp_path: Path, two_by_two: gpd.GeoDataFrame, name: str) -> None:
    path = tmp_path / name
    bare = gpd.GeoDataFrame(two_by_two.drop(columns="geometry"), geometry=two_by_two.geometry.to_numpy())
    if name.endswith("parquet"):
        bare.to_wkb().to_parquet(path)
    else:
        bare.to_file(path)
    with pytest.raises(NeedleError) as refused:
        read_layer_file(path)
    assert refused.value.code == "crs.missing"
    assert len(read_layer_file(path, "cgcs2000")) == 4


def test_ids_that_repeat_stay_as_they_are(tmp_path: Path, two_by_two: gpd.GeoDataFrame) -> None:
    content = json.loads(two_by_two.to_json())
    for feature in content["features"]:
        feature["id"] = 40778072
    (tmp_path / "tiles.geojson").write_text(json.dumps(content), encoding="utf-8")
    assert read_layer_file(tmp_path / "tiles.geojson")["id"].tolist() == [40778072] * 4


def test_unclosed_rings_are_closed_and_nonsense_is_none(tmp_path: Path) -> None:
    ring = [[116.3, 39.9], [116.4, 39.9], [116.4, 40.0]]
    shapes = [{"type": "Polygon", "coordinates": [ring]}, {"type": "Polygon", "coordinates": [ring[:2]]}, None]
    features = [{"type": "Feature", "properties": {"n": [1, 2]}, "geometry": shape} for shape in shapes]
    path = tmp_path / "rings.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    frame = read_layer_file(path)
    assert frame.geometry[0].is_valid
    assert frame.geometry.isna().tolist()[2]
    assert frame["n"].tolist() == ["[1,2]"] * 3


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("absent.csv", None, "file.missing"),
        ("a.docx", b"", "file.format"),
        ("a.xlsx.gz", b"", "file.format"),
        ("a.geojson", b"{]", "file.unreadable"),
        ("a.parquet", b"PAR", "file.unreadable"),
        ("a.gpkg", b"no database", "file.unreadable"),
        ("a.zip", b"no archive", "file.unreadable"),
        ("a.geojson.gz", b"not gzipped", "file.unreadable"),
        ("a.csv", b"x,y\n1,2\n", "file.no_geometry"),
        ("a.json", b"[]", "file.no_geometry"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(NeedleError) as refused:
        read_layer_file(tmp_path / name)
    assert refused.value.code == code


def test_a_geopackage_of_several_layers_is_not_guessed_at(tmp_path: Path, two_by_two: gpd.GeoDataFrame) -> None:
    for layer in ("police", "fire"):
        two_by_two.to_file(tmp_path / "two.gpkg", layer=layer)
    with pytest.raises(NeedleError, match="police, fire"):
        read_layer_file(tmp_path / "two.gpkg")


def test_an_absent_column_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(NeedleError, match=r"LONGITUDE.*编号"):
        check_columns(TABLE, ["LONGITUDE"], tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.parquet", "o.geojson", "o.geojson.gz", "o.gpkg"])
def test_what_is_written_reads_back(tmp_path: Path, name: str) -> None:
    table = pd.DataFrame({"code": ["a", None], "lng": [116.3, np.nan], "lat": [39.9, np.nan]})
    write_table(table, tmp_path / "new" / name)
    read = read_table(tmp_path / "new" / name)
    assert read["code"].isna().tolist() == [False, True]
    assert pd.to_numeric(read["lng"]).isna().tolist() == [False, True]


def test_writing_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(NeedleError) as refused:
        write_table(TABLE, tmp_path / "o.xlsx")
    assert refused.value.code == "file.format"
