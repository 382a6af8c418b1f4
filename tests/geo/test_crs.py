"""Coordinate systems are declared, and a declaration that the values belie is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import check_lnglat, parse_crs, refuse_contradiction
from geo.errors import NeedleError


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [
        ("WGS84", "wgs84"),
        ("wgs-84", "wgs84"),
        ("CGCS2000", "cgcs2000"),
        ("GCJ-02", "gcj02"),
        (" bd09 ", "bd09"),
        ("epsg:4490", "EPSG:4490"),
        ("EPSG:2249", "EPSG:2249"),
    ],
)
def test_tags_in_any_spelling(tag: str, canonical: str) -> None:
    assert parse_crs(tag).tag == canonical


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        (None, "crs.missing"),
        ("  ", "crs.missing"),
        ("4326", "crs.unknown"),
        ("EPSG:99", "crs.unknown"),
        ("EPSG:5773", "crs.unknown"),  # EGM96 heights: places nothing
        ("EPSG:4978", "crs.unknown"),  # geocentric
        ("火星坐标", "crs.unknown"),
    ],
)
def test_what_is_not_a_declaration_is_refused(tag: str | None, code: str) -> None:
    with pytest.raises(NeedleError) as refused:
        parse_crs(tag)
    assert refused.value.code == code


@pytest.mark.parametrize("tag", ["wgs84", "cgcs2000", "EPSG:4326", "EPSG:4490"])
def test_wgs84_and_its_equal_come_through_unchanged(tag: str) -> None:
    lng, lat = parse_crs(tag).to_wgs84(np.array([116.391083, np.nan]), np.array([39.907333, 39.9]))
    assert (lng[0], lat[0]) == (116.391083, 39.907333)
    assert np.isnan([lng[1], lat[1]]).all()


@pytest.mark.parametrize(
    ("tag", "x", "y", "lng", "lat"),
    [
        ("gcj02", 116.397324046, 39.908734164, 116.391083, 39.907333),
        ("bd09", 116.403697139, 39.915077070, 116.391083, 39.907333),
        ("EPSG:2249", 774946.04, 2956297.72, -71.0605, 42.3594),  # Boston in US survey feet
        ("EPSG:4527", 39414480.7, 4418908.7, 116.0, 39.9),  # CGCS2000 3-degree zone 39, which writes easting second
    ],
)
def test_conversion_takes_x_first(tag: str, x: float, y: float, lng: float, lat: float) -> None:
    found = parse_crs(tag).to_wgs84(np.array([x]), np.array([y]))
    assert np.array(found).ravel() == pytest.approx([lng, lat], abs=5e-4)


@pytest.mark.parametrize(
    ("lng", "lat", "code"),
    [
        (116.4, 39.9, ""),
        (-71.06, 42.36, ""),
        (39.9, 116.4, "coordinate.swapped"),
        (42.36, -71.06, "coordinate.swapped"),  # both in range, but nobody reports from Antarctica
        (775000.0, 2956000.0, "coordinate.range"),
        (0.0, 0.0, "coordinate.missing"),
        (np.nan, 39.9, "coordinate.missing"),
        (116.4, np.inf, "coordinate.missing"),
    ],
)
def test_what_is_wrong_with_a_point(lng: float, lat: float, code: str) -> None:
    assert check_lnglat(np.array([lng]), np.array([lat])).tolist() == [code]


@given(st.floats(-180, 180), st.floats(-60, 90))
def test_every_inhabited_place_is_good(lng: float, lat: float) -> None:
    expected = "coordinate.missing" if (lng, lat) == (0, 0) else ""
    assert check_lnglat(np.array([lng]), np.array([lat]))[0] == expected


@pytest.mark.parametrize(
    ("tag", "x", "y", "code"),
    [
        ("EPSG:26986", 775000.0, 2956000.0, "crs.contradicted"),  # feet declared as metres
        ("EPSG:32650", 116.4, 39.9, "crs.contradicted"),  # degrees declared as metres
        ("wgs84", 775000.0, 2956000.0, "coordinate.range"),
        ("wgs84", 39.9, 116.4, "coordinate.swapped"),
        ("bd09", -71.06, 42.36, "crs.contradicted"),  # BD-09 is not defined in Boston
    ],
)
def test_a_file_that_belies_its_declaration_is_refused(tag: str, x: float, y: float, code: str) -> None:
    with pytest.raises(NeedleError) as refused:
        refuse_contradiction(parse_crs(tag), np.full(3, x), np.full(3, y), "x.csv")
    assert refused.value.code == code


def test_one_wrong_point_does_not_refuse_a_file() -> None:
    refuse_contradiction(parse_crs("wgs84"), np.array([116.4, 39.9]), np.array([39.9, 116.4]), "x.csv")
    refuse_contradiction(parse_crs("wgs84"), np.array([0.0, np.nan]), np.array([0.0, np.nan]), "x.csv")
