"""Making a layer: what is repaired is said, what cannot be repaired safely is refused."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from geo.errors import NeedleError
from geo.files import read_layer_file
from geo.layers import Layer, make_layer
from geo.repair import SENTENCES, RepairReport

Square = Callable[[float, float], shapely.Polygon]


def kinds(report: RepairReport) -> list[str]:
    """The kinds of repair, in order."""
    return [repair.kind for repair in report.repairs]


def test_a_clean_layer_needs_no_repair(two_by_two: gpd.GeoDataFrame) -> None:
    layer, report = make_layer(two_by_two, "district", "code", "name")
    assert (layer.codes, layer.names, layer.parents) == (tuple("abcd"), tuple("甲乙丙丁"), (None,) * 4)
    assert report == RepairReport("district", 4, 4, ())


def test_a_ring_that_crosses_itself_is_repaired(squares: Square, two_by_two: gpd.GeoDataFrame) -> None:
    west, south, east, north = squares(0, 0).bounds
    bow_tie = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    frame = two_by_two.assign(geometry=gpd.GeoSeries([bow_tie, *two_by_two.geometry[1:]], crs=4326))
    layer, report = make_layer(frame, "district", "code")
    assert kinds(report) == ["repaired_ring"]
    assert report.repairs[0].codes == ("a",)
    assert layer.polygons[0].is_valid
    assert layer.polygons[0].area == pytest.approx(squares(0, 0).area / 2)


def test_pieces_of_one_code_are_united_and_repeats_dropped(squares: Square) -> None:
    shapes = [squares(0, 0), squares(5, 5), squares(1, 0), squares(5, 5)]
    frame = gpd.GeoDataFrame({"id": [7, 8, 7, 8], "name": ["东", None, None, "西"]}, geometry=shapes, crs=4326)
    layer, report = make_layer(frame, "building", "id", "name")
    assert layer.codes == ("7", "8")
    assert layer.names == ("东", "西")
    assert layer.polygons[0].equals(shapely.union(squares(0, 0), squares(1, 0)))
    assert kinds(report) == ["dropped_duplicate", "united_pieces"]
    assert [repair.rows for repair in report.repairs] == [(4,), (1, 3)]


@given(st.sets(st.integers(50, 950), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_an_area_cut_at_tile_edges_becomes_whole_again(cuts: set[int], random: Random) -> None:
    whole = shapely.Point(116.35, 39.95).buffer(0.04)
    edges = [116.3, *(116.31 + cut * 0.00008 for cut in sorted(cuts)), 116.4]
    pieces = [shapely.clip_by_rect(whole, west, 39.9, east, 40.0) for west, east in pairwise(edges)]
    random.shuffle(pieces)
    frame = gpd.GeoDataFrame({"id": [1] * len(pieces)}, geometry=pieces, crs=4326)
    layer, report = make_layer(frame, "building", "id")
    assert layer.polygons[0].area == pytest.approx(whole.area, rel=1e-9)
    assert layer.polygons[0].symmetric_difference(whole).area < 1e-12
    assert kinds(report) == ["united_pieces"]


def test_rows_that_are_no_areas_are_left_out(squares: Square) -> None:
    line = shapely.LineString([(116.3, 39.9), (116.4, 39.9)])
    flat = shapely.Polygon([(116.3, 39.9), (116.4, 39.9), (116.3, 39.9)])
    shapes = [squares(0, 0), Point(116.3, 39.9), None, line, shapely.Polygon(), flat]
    frame = gpd.GeoDataFrame({"code": ["a", None, None, "d", "e", "f"]}, geometry=shapes, crs=4326)
    layer, report = make_layer(frame, "district", "code")
    assert layer.codes == ("a",)
    assert {repair.kind: repair.rows for repair in report.repairs} == {
        "dropped_empty": (3, 5),
        "dropped_not_polygon": (2, 4),
        "dropped_collapsed": (6,),
    }


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([1, 2, 3, 4], "1234"), ([1.0, 2.0, 3.0, 4.0], "1234"), ([" a", "b ", "c", "d"], "abcd")],
)
def test_codes_become_trimmed_text(two_by_two: gpd.GeoDataFrame, codes: list[object], expected: str) -> None:
    layer, report = make_layer(two_by_two.assign(code=codes), "district", "code")
    assert layer.codes == tuple(expected)
    assert kinds(report) == (["trimmed_code"] if " a" in codes else [])


@pytest.mark.parametrize("blank", [None, "", "  ", float("nan")])
def test_an_area_without_code_is_refused_with_its_row(two_by_two: gpd.GeoDataFrame, blank: object) -> None:
    with pytest.raises(NeedleError, match=r"1 areas .* \(rows 3\)") as refused:
        make_layer(two_by_two.assign(code=["a", "b", blank, "d"]), "district", "code")
    assert refused.value.code == "layer.blank_code"


def test_one_code_on_two_areas_is_refused(two_by_two: gpd.GeoDataFrame) -> None:
    with pytest.raises(NeedleError, match=r"code a .*rows 1, 3") as refused:
        make_layer(two_by_two.assign(code=list("abad")), "district", "code", "name")
    assert refused.value.code == "layer.duplicate_code"


def test_an_absent_field_names_those_there_are(two_by_two: gpd.GeoDataFrame) -> None:
    with pytest.raises(NeedleError, match="It has code, name"):
        make_layer(two_by_two, "district", "DISTRICT")


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (shapely.box(39.9, 116.3, 40.0, 116.4), "coordinate.swapped"),
        (shapely.box(775000, 2956000, 776000, 2957000), "coordinate.range"),
    ],
)
def test_polygons_off_the_earth_are_refused(two_by_two: gpd.GeoDataFrame, shape: shapely.Polygon, code: str) -> None:
    frame = two_by_two.assign(geometry=gpd.GeoSeries([*two_by_two.geometry[:3], shape], crs=4326))
    with pytest.raises(NeedleError) as refused:
        make_layer(frame, "district", "code")
    assert refused.value.code == code


def test_points_alone_make_no_layer() -> None:
    frame = gpd.GeoDataFrame({"code": ["a"]}, geometry=[Point(116.3, 39.9)], crs=4326)
    with pytest.raises(NeedleError) as refused:
        make_layer(frame, "district", "code")
    assert refused.value.code == "layer.no_areas"


def test_every_kind_of_repair_has_a_sentence_in_both_languages(squares: Square) -> None:
    frame = gpd.GeoDataFrame({"code": [" a"] * 7}, geometry=[squares(i, 0) for i in range(7)], crs=4326)
    _, report = make_layer(frame, "district", "code")
    assert set(kinds(report)) < set(SENTENCES)
    assert report.sentences("en")[0] == "7 codes had blanks around them, which were removed: a"
    assert report.sentences("zh")[1] == "7 块同编码的面(如被瓦片切开)已合并为 1 个:a"
    assert report.as_dict()["repairs"][1]["rows"] == (1, 2, 3, 4, 5, 6, 7)


def test_columns_of_different_lengths_are_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        Layer("district", ("a",), (), (None,), make_polygons())


def make_polygons() -> shapely.Geometry:
    """One polygon in an array."""
    return shapely.box([116.3], [39.9], [116.4], [40.0])


REAL = [
    ("boston/police_districts.geojson.gz", "DISTRICT", 12, {}),
    ("boston/fire_districts.geojson.gz", "DISTRICT", 9, {}),
    ("boston/neighborhoods.geojson.gz", "Name", 26, {"repaired_ring": 1}),
    ("boston/city_boundary.geojson.gz", "OBJECTID", 1, {"repaired_ring": 1}),
    ("beijing/subdistricts_2024.geojson.gz", "code", 343, {}),
    ("beijing/districts_2024.parquet", "code", 16, {"repaired_ring": 1}),
    (
        "shanghai/lujiazui_buildings.geojson.gz",
        "id",
        1450,
        {"dropped_not_polygon": 409, "dropped_duplicate": 97, "united_pieces": 50},
    ),
]


@pytest.mark.real_data
@pytest.mark.parametrize(("path", "field", "areas", "repairs"), REAL)
def test_real_layers(real_data: Path, path: str, field: str, areas: int, repairs: dict[str, int]) -> None:
    layer, report = make_layer(read_layer_file(real_data / path), "layer", field)
    assert len(layer) == areas
    assert {repair.kind: len(repair.rows) for repair in report.repairs} == repairs
    assert shapely.is_valid(layer.polygons).all()
    assert set(shapely.get_type_id(layer.polygons)) <= {shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON}
    assert all(code == code.strip() != "" for code in layer.codes)


@pytest.mark.real_data
def test_a_real_column_of_blanks_is_refused(real_data: Path) -> None:
    frame = read_layer_file(real_data / "boston/city_boundary.geojson.gz")
    with pytest.raises(NeedleError) as refused:
        make_layer(frame, "city", "CITY")
    assert refused.value.code == "layer.blank_code"
