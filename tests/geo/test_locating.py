"""Locating a whole table: codes, borders, both sides of a border, and what is wrong with a row."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import parse_crs
from geo.datums import gcj02_to_bd09, wgs84_to_gcj02
from geo.errors import NeedleError
from geo.files import read_layer_file, read_table
from geo.layers import Layer, make_layer
from geo.locating import locate_table, points_of_columns, points_of_geometry

METRE_LNG = 1 / 85_400  # degrees of longitude at 39.9 north
MIDDLE = 116.31  # the border between a and b, c and d
WGS84 = parse_crs("wgs84")


@pytest.fixture
def districts(two_by_two: gpd.GeoDataFrame) -> Layer:
    """Four districts: a b below c d, borders at 116.31 east and 39.91 north."""
    return make_layer(two_by_two, "district", "code")[0]


def locate(
    layers: Layer | list[Layer], lng: list[float], lat: list[float], crs: str = "wgs84", accuracy_m: float = 10.0
) -> pd.DataFrame:
    """The located rows of some coordinates."""
    table = pd.DataFrame({"x": lng, "y": lat})
    points = points_of_columns(table, "x", "y", parse_crs(crs), "test")
    return locate_table(table, points, layers if isinstance(layers, list) else [layers], accuracy_m)


def test_each_point_gets_its_area_its_border_and_its_cell(districts: Layer) -> None:
    located = locate(districts, [116.305, 116.315, 116.5], [39.905, 39.917, 39.905])
    assert located["district"].tolist()[:2] == ["a", "d"]
    assert located["district"].isna().tolist() == [False, False, True]
    assert located["district_border_m"][0] == pytest.approx(0.005 / METRE_LNG, rel=0.01)
    assert located["district_ambiguous"].tolist() == [False, False, False]
    assert located["problem"].isna().tolist() == [True, True, False]
    assert located["problem"][2] == "coordinate.outside"
    assert located["h3_9"].str.fullmatch("[0-9a-f]{15}").all()


@pytest.mark.parametrize(
    ("east_m", "accuracy_m", "area", "other"),
    [
        (-5, 10, "a", "b"),
        (5, 10, "b", "a"),
        (-15, 10, "a", None),
        (-15, 20, "a", "b"),
    ],
)
def test_near_a_border_both_sides_are_named(
    districts: Layer, east_m: float, accuracy_m: float, area: str, other: str | None
) -> None:
    row = locate(districts, [MIDDLE + east_m * METRE_LNG], [39.905], accuracy_m=accuracy_m).iloc[0]
    assert row["district"] == area
    assert row["district_border_m"] == pytest.approx(abs(east_m), rel=0.01)
    assert row["district_ambiguous"] == (other is not None)
    assert row["district_other"] == other if other else pd.isna(row["district_other"])


def test_just_outside_the_city_is_ambiguous_not_lost(districts: Layer) -> None:
    row = locate(districts, [116.30 - 5 * METRE_LNG], [39.905]).iloc[0]
    assert pd.isna(row["district"])
    assert row["district_ambiguous"]
    assert row["district_other"] == "a"
    assert pd.isna(row["problem"])


def test_just_inside_the_city_nobody_else_can_be_meant(districts: Layer) -> None:
    row = locate(districts, [116.30 + 5 * METRE_LNG], [39.905]).iloc[0]
    assert (row["district"], bool(row["district_ambiguous"])) == ("a", False)


@pytest.mark.parametrize(
    ("x", "y", "problem"),
    [
        ("", "39.9", "coordinate.missing"),
        ("0", "0", "coordinate.missing"),
        ("east", "39.9", "coordinate.missing"),
        ("39.905", "116.305", "coordinate.swapped"),
        ("775000", "2956000", "coordinate.range"),
        ("121.5", "31.2", "coordinate.outside"),
    ],
)
def test_what_is_wrong_with_a_row(districts: Layer, x: str, y: str, problem: str) -> None:
    table = pd.DataFrame({"x": [x, "116.305"], "y": [y, "39.905"]})
    located = locate_table(table, points_of_columns(table, "x", "y", WGS84, "test"), [districts])
    assert located["problem"][0] == problem
    assert pd.isna(located["problem"][1])
    results = ["district", "district_border_m", "district_ambiguous", "district_other", "h3_9", "lng", "lat"]
    if problem != "coordinate.outside":
        assert located.loc[0, results].isna().all()


def test_swapped_axes_are_known_by_the_layers_where_the_range_allows_both() -> None:
    boston = Layer("city", ("1",), ("",), (None,), shapely.box([-71.2], [42.2], [-70.9], [42.4]))
    located = locate(boston, [-71.06, -71.1], [42.36, 42.3])
    assert located["problem"].isna().all()
    with pytest.raises(NeedleError) as refused:
        locate(boston, [42.36, 42.3], [-71.06, -71.1])
    assert refused.value.code == "coordinate.swapped"


@given(st.floats(116.301, 116.319), st.floats(39.901, 39.919))
def test_one_place_in_three_datums_is_one_place(lng: float, lat: float) -> None:
    layer = Layer("all", ("1",), ("",), (None,), shapely.box([116.3], [39.9], [116.32], [39.92]))
    x, y = wgs84_to_gcj02(lng, lat)
    bd_x, bd_y = gcj02_to_bd09(x, y)
    for crs, place in (("wgs84", (lng, lat)), ("gcj02", (x, y)), ("bd09", (bd_x, bd_y))):
        row = locate(layer, [place[0]], [place[1]], crs).iloc[0]
        assert row["all"] == "1"
        assert (row["lng"], row["lat"]) == pytest.approx((lng, lat), abs=1e-8)


def test_bd09_outside_china_is_refused_point_by_point(districts: Layer) -> None:
    located = locate(districts, [116.3115, -71.06], [39.9125, 42.36], "bd09")
    assert located["problem"][1] == "coordinate.bd09"


def test_a_default_spot_is_no_location(districts: Layer) -> None:
    lng = [116.305] * 600 + list(np.linspace(116.301, 116.319, 50))
    located = locate(districts, lng, [39.905] * 650)
    assert (located["problem"][:600] == "coordinate.default_spot").all()
    assert located["district"][:600].isna().all()
    assert located["lng"][0] == 116.305
    assert located["district"][600:].notna().all()


def test_columns_of_the_file_are_kept_beside_the_results(districts: Layer) -> None:
    table = pd.DataFrame({"lng": ["116.305"], "lat": ["39.905"], "district": ["甲"], "problem": ["占道"]})
    located = locate_table(table, points_of_columns(table, "lng", "lat", WGS84, "test"), [districts])
    kept = located[["lng_in", "lat_in", "district_in", "problem_in"]]
    assert kept.iloc[0].tolist() == ["116.305", "39.905", "甲", "占道"]
    assert located["lng"][0] == 116.305


def test_accuracy_may_differ_from_row_to_row(districts: Layer) -> None:
    table = pd.DataFrame({"x": [MIDDLE + 20 * METRE_LNG] * 2, "y": [39.905] * 2})
    points = points_of_columns(table, "x", "y", WGS84, "test")
    assert locate_table(table, points, [districts], np.array([5.0, 50.0]))["district_ambiguous"].tolist() == [
        False,
        True,
    ]


def test_the_files_own_geometry_serves_as_points(
    districts: Layer, squares: Callable[[float, float], shapely.Polygon]
) -> None:
    shapes = [shapely.Point(116.305, 39.905), squares(1, 1), None]
    frame = gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=shapes, crs=4326)
    located = locate_table(frame, points_of_geometry(frame, "test"), [districts])
    assert located["district"].tolist()[:2] == ["a", "d"]
    assert located["problem"][2] == "coordinate.missing"
    assert isinstance(located, gpd.GeoDataFrame)


@pytest.mark.real_data
def test_boston_agrees_with_what_the_city_recorded(real_data: Path) -> None:
    folder = real_data / "boston"
    files = {"police": "police_districts.geojson.gz", "fire": "fire_districts.geojson.gz"}
    layers = [make_layer(read_layer_file(folder / file), name, "DISTRICT")[0] for name, file in files.items()]
    requests = read_table(folder / "service_requests_2015h1.parquet")
    located = locate_table(requests, points_of_columns(requests, "LONGITUDE", "LATITUDE", WGS84, "boston"), layers)
    assert located["problem"].value_counts().to_dict() == {"coordinate.default_spot": 8752}
    recorded = {
        "police": requests["police_district"].str.strip().replace("", None),
        "fire": pd.to_numeric(requests["fire_district"]).astype("Int64").astype("string"),
    }
    for layer, bar in (("police", 0.994), ("fire", 0.964)):
        known = located["problem"].isna() & recorded[layer].notna()
        assert known.sum() > 49_000
        assert (located[layer][known] == recorded[layer][known]).mean() >= bar


@pytest.mark.real_data
def test_beijings_shelters_are_in_gcj02(real_data: Path) -> None:
    layer, _ = make_layer(read_layer_file(real_data / "beijing/subdistricts_2024.geojson.gz"), "subdistrict", "code")
    shelters = read_table(real_data / "beijing/emergency_shelters_gcj02.json")
    located, misread = (
        locate_table(
            shelters, points_of_columns(shelters, "longitude", "latitude", parse_crs(tag), "shelters"), [layer]
        )
        for tag in ("gcj02", "wgs84")
    )
    assert located["problem"].isna().all()
    assert (located["subdistrict"] != misread["subdistrict"]).mean() > 0.1  # what guessing the datum would cost
