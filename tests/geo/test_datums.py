"""WGS84, GCJ-02 and BD-09 against published points, against 332 cities, and against their own laws."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.datums import (
    SHIFTED_BOX,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

# Points on which three independent public implementations agree to 1e-9 degrees: WGS84, GCJ-02, BD-09 (lng, lat).
PUBLISHED = [
    ("天安门", 116.391083, 39.907333, 116.397324046, 39.908734164, 116.403697139, 39.915077070),
    ("人民广场", 121.474722, 31.228611, 121.479241562, 31.226665114, 121.485804220, 31.232500473),
    ("布达拉宫", 91.11702, 29.657589, 91.118580726, 29.654883712, 91.125132731, 29.660769337),
    ("漠河", 122.349722, 53.484444, 122.357231582, 53.486474562, 122.363813029, 53.492239158),
    ("105E 35N", 105.0, 35.0, 105.003286241, 34.999098632, 105.009666828, 35.005403668),
]
METRE_DEG = 1 / 111_000

WEST, SOUTH, EAST, NORTH = SHIFTED_BOX
inland_lng = st.floats(WEST + 0.1, EAST - 0.1)
inland_lat = st.floats(SOUTH + 0.1, NORTH - 0.1)


@pytest.mark.parametrize(("name", "lng", "lat", "lng_gcj02", "lat_gcj02", "lng_bd09", "lat_bd09"), PUBLISHED)
def test_published_points(
    name: str, lng: float, lat: float, lng_gcj02: float, lat_gcj02: float, lng_bd09: float, lat_bd09: float
) -> None:
    assert wgs84_to_gcj02(lng, lat) == pytest.approx((lng_gcj02, lat_gcj02), abs=1e-9)
    assert wgs84_to_bd09(lng, lat) == pytest.approx((lng_bd09, lat_bd09), abs=1e-9)
    assert gcj02_to_wgs84(lng_gcj02, lat_gcj02) == pytest.approx((lng, lat), abs=2e-9)
    assert bd09_to_wgs84(lng_bd09, lat_bd09) == pytest.approx((lng, lat), abs=2e-9)


@given(inland_lng, inland_lat)
def test_gcj02_round_trip_is_under_a_millimetre(lng: float, lat: float) -> None:
    back = gcj02_to_wgs84(*wgs84_to_gcj02(lng, lat))
    assert back == pytest.approx((lng, lat), abs=0.001 * METRE_DEG)


@given(inland_lng, inland_lat)
def test_bd09_round_trip_is_under_a_millimetre(lng: float, lat: float) -> None:
    assert bd09_to_gcj02(*gcj02_to_bd09(lng, lat)) == pytest.approx((lng, lat), abs=0.001 * METRE_DEG)
    assert bd09_to_wgs84(*wgs84_to_bd09(lng, lat)) == pytest.approx((lng, lat), abs=0.001 * METRE_DEG)


@given(inland_lng, inland_lat)
def test_the_gcj02_shift_is_that_of_a_wrong_street(lng: float, lat: float) -> None:
    lng_gcj02, lat_gcj02 = wgs84_to_gcj02(lng, lat)
    shift_m = np.hypot((lng_gcj02 - lng) * np.cos(np.radians(lat)), lat_gcj02 - lat) / METRE_DEG
    assert 1 < shift_m < 2000


@pytest.mark.parametrize(
    ("lng", "lat"), [(139.767125, 35.681236), (-73.9855, 40.758), (151.2153, -33.8568), (0.0, 0.0)]
)
def test_outside_the_box_gcj02_is_wgs84_and_bd09_is_not_defined(lng: float, lat: float) -> None:
    assert wgs84_to_gcj02(lng, lat) == (lng, lat)
    assert gcj02_to_wgs84(lng, lat) == (lng, lat)
    assert np.isnan(wgs84_to_bd09(lng, lat)).all()
    assert np.isnan(bd09_to_wgs84(lng, lat)).all()


@given(st.lists(st.tuples(inland_lng, inland_lat), min_size=1, max_size=20))
def test_arrays_and_single_points_agree(points: list[tuple[float, float]]) -> None:
    lng, lat = np.array(points).T
    for convert in (wgs84_to_gcj02, gcj02_to_wgs84, wgs84_to_bd09, bd09_to_wgs84):
        one_by_one = np.array([convert(x, y) for x, y in points]).T
        np.testing.assert_array_equal(np.array(convert(lng, lat)), one_by_one)


def test_nan_stays_nan() -> None:
    assert np.isnan(wgs84_to_gcj02(np.array([np.nan]), np.array([39.9]))[0]).all()
    assert np.isnan(bd09_to_wgs84(np.array([116.4]), np.array([np.nan]))[1]).all()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("convert", "source", "target"),
    [
        (wgs84_to_gcj02, "WGS84", "GCJ02"),
        (gcj02_to_wgs84, "GCJ02", "WGS84"),
        (gcj02_to_bd09, "GCJ02", "BD09"),
        (bd09_to_gcj02, "BD09", "GCJ02"),
        (wgs84_to_bd09, "WGS84", "BD09"),
        (bd09_to_wgs84, "BD09", "WGS84"),
    ],
)
def test_332_cities(real_data: Path, convert: Callable[..., tuple[float, float]], source: str, target: str) -> None:
    cities = json.loads((real_data / "coordinates/china_cities_even.json").read_text(encoding="utf-8"))
    given_, wanted = (np.array([city["coords"][name] for city in cities]).T for name in (source, target))
    assert len(cities) == 332
    np.testing.assert_allclose(np.array(convert(*given_)), wanted, rtol=0, atol=1e-5)
